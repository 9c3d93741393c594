# SPDX-License-Identifier: GPL-3.0-or-later
"""What does a person see: logs, tables, times, colours?"""
