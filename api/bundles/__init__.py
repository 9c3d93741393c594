# SPDX-License-Identifier: GPL-3.0-or-later
"""Content bundles: playbooks, roles and all they need as one tar.gz, named by its SHA-256."""
