# SPDX-License-Identifier: GPL-3.0-or-later
"""What does the content say of a run before it starts?"""
