# SPDX-License-Identifier: GPL-3.0-or-later
"""One module a page of the reference: each reads the code and returns Markdown."""
