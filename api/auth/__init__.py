# SPDX-License-Identifier: GPL-3.0-or-later
"""Who asks? The admin token, the principal, and the dependency that denies by default."""
