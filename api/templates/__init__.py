# SPDX-License-Identifier: GPL-3.0-or-later
"""Templates: the playbooks of the content, with what each does and which variables it takes."""
