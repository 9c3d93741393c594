# SPDX-License-Identifier: GPL-3.0-or-later
"""The key that seals secrets in the database: replaced by another one while everything goes on."""
