# SPDX-License-Identifier: GPL-3.0-or-later
"""How requests come in over HTTPS: the socket, its connections, and what a caller gets to hear."""
