# SPDX-License-Identifier: GPL-3.0-or-later
"""How does the command line speak to a control plane: which one, over what, in which form?"""
