# SPDX-License-Identifier: GPL-3.0-or-later
"""Which hosts are meant: by names and groups, patterns, labels and states?"""
