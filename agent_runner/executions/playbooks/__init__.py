# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook in a content bundle become a program to run? Through ansible-runner."""
