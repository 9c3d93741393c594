# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a playbook start in milliseconds? It is forked from what has loaded Ansible.

Its supervisor is forked from a resident process that has, and forks ``ansible-playbook`` from
itself. ``pool`` is the agent's side of it: one resident process for each ``profile``. ``resident``
is that process, ``loading`` what it loads, ``freshness`` how it knows that it is out of date, and
``program`` and ``becoming`` how a fork becomes exactly what a new ``ansible-playbook`` would be.
Whatever cannot be done so is done the stock way, with a new process.

``modules`` is the other half: the modules of a playbook run in forks of a ready interpreter.
"""
