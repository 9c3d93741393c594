# SPDX-License-Identifier: GPL-3.0-or-later
"""The database: engine, units of work, migrations."""
