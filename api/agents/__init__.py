# SPDX-License-Identifier: GPL-3.0-or-later
"""The agents as the control plane sees them: how they are called, and how they are installed."""
