# SPDX-License-Identifier: GPL-3.0-or-later
"""Which program of ours runs on the host during an install? It travels in the agent bundle."""
