# SPDX-License-Identifier: GPL-3.0-or-later
"""Where do benchmarks run? Real hosts and a control plane that are made when they are needed."""
