# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of what starts runs without anybody at the keyboard."""
