# SPDX-License-Identifier: GPL-3.0-or-later
"""The MyX agent: runs playbooks and commands on the host it lives on, and serves their logs."""

__version__ = "0.1.0"
