# SPDX-License-Identifier: GPL-3.0-or-later
"""What ties a request to all that follows from it: its id, and spans of time."""
