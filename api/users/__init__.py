# SPDX-License-Identifier: GPL-3.0-or-later
"""Users: who signs in, and what they may."""
