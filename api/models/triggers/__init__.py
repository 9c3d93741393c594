# SPDX-License-Identifier: GPL-3.0-or-later
"""The tables of what happens without anybody at the keyboard: runs that start, news that go out."""
