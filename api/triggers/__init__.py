# SPDX-License-Identifier: GPL-3.0-or-later
"""What do schedules and webhooks share? Whose they are, and the run that each asks for."""
