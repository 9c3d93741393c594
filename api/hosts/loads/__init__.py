# SPDX-License-Identifier: GPL-3.0-or-later
"""How busy were hosts over time? A sample of each in five minutes, and what is read of them."""
