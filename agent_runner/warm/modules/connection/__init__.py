# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder that Ansible searches for connection plugins; ``local`` is the only one."""
