# SPDX-License-Identifier: GPL-3.0-or-later
"""What happened to runs and hosts, for who reads on where they stood."""
