# SPDX-License-Identifier: GPL-3.0-or-later
"""What can be set, by what it is about; ``api.core.settings`` puts it together."""
