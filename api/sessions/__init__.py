# SPDX-License-Identifier: GPL-3.0-or-later
"""Sessions: signing in with a password, and staying so in a browser."""
