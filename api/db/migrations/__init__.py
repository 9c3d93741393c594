# SPDX-License-Identifier: GPL-3.0-or-later
"""Alembic's revisions of the tables."""
