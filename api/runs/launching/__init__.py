# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of a request before it is a run: its content read, its variables checked."""
