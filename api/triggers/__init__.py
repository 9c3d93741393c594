# SPDX-License-Identifier: GPL-3.0-or-later
"""What do schedules, webhooks and notifications share? Whose they are, and what they ask for."""
