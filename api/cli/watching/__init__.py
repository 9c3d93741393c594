# SPDX-License-Identifier: GPL-3.0-or-later
"""How is a run watched to its end, and what is made of the end?"""
