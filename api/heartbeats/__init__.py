# SPDX-License-Identifier: GPL-3.0-or-later
"""All agents are asked every now and then whether they are there, and how busy their hosts are."""
