# SPDX-License-Identifier: GPL-3.0-or-later
"""The MyX control plane: triggers runs on agents, follows them live and remembers them."""
