# SPDX-License-Identifier: GPL-3.0-or-later
"""All hosts at once: as an inventory describes them."""
