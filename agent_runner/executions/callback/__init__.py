# SPDX-License-Identifier: GPL-3.0-or-later
"""The folder of callback plugins that ansible-playbook loads; the agent imports nothing of it."""
