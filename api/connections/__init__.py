# SPDX-License-Identifier: GPL-3.0-or-later
"""How do others reach a host through its agent, for one command or one file at a time?"""
