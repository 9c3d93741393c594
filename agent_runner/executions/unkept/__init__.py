# SPDX-License-Identifier: GPL-3.0-or-later
"""What becomes of commands of which nothing is to stay on this host?

They lie in a spool of their own, in memory where the host has a runtime directory, so that all
else is as with the others: supervisor, scope, log, cancel. What differs is when they go.
"""
