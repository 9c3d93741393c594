# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser interface: its TypeScript sources, and the route of what is built of them."""
