# SPDX-License-Identifier: GPL-3.0-or-later
"""The groups of hosts: nested, with variables, and what they are called."""
