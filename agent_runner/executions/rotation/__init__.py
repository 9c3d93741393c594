# SPDX-License-Identifier: GPL-3.0-or-later
"""How long is an execution kept on this host after its end, and what is remembered of it?"""
