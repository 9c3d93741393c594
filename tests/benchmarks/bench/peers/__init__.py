# SPDX-License-Identifier: GPL-3.0-or-later
"""Which other ways are there to do the same work? One module a peer."""
