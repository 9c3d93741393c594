# SPDX-License-Identifier: GPL-3.0-or-later
"""The audit: who did what, from where, with which result; chained, so that tampering shows."""
