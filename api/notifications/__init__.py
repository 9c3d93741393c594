# SPDX-License-Identifier: GPL-3.0-or-later
"""Other systems that are told what happens."""
