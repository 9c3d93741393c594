# SPDX-License-Identifier: GPL-3.0-or-later
"""What every part of the control plane stands on; imports nothing else of ``api``."""
