# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the control plane? Figures for Prometheus, and whether it is ready."""
