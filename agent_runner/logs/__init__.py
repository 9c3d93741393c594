# SPDX-License-Identifier: GPL-3.0-or-later
"""How is what an execution left on disk read by offset and by number?"""
