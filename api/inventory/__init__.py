# SPDX-License-Identifier: GPL-3.0-or-later
"""The whole inventory at once: taken over from Ansible, and given to Ansible."""
