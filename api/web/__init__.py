# SPDX-License-Identifier: GPL-3.0-or-later
"""The browser page: three files of our own, no third party, nothing to build."""
