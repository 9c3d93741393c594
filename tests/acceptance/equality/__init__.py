# SPDX-License-Identifier: GPL-3.0-or-later
"""Is the warm way exactly Ansible? A corpus of playbooks, each run both ways on one host.

``content/cases`` holds the corpus, one small file a case (``cases`` says what its head may say);
``agent`` runs a playbook through the real agent; ``footprints`` is what it leaves on the host;
``normal_form`` takes out what no two runs have in common; ``comparison`` runs both ways and tells
the differences; ``lanes`` spreads the cases over the hosts.
"""
