# SPDX-License-Identifier: GPL-3.0-or-later
"""How does a module of Ansible's run without a new interpreter that compiles it all again?

``connection`` is Ansible's local connection with a shorter way for modules, ``commands`` says
which commands are modules, ``interpreters`` keeps a ready interpreter for each execution, and
``target`` is what that interpreter does: it forks one process for each module.
"""
