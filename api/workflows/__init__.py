# SPDX-License-Identifier: GPL-3.0-or-later
"""How runs are carried out, durably: from the first call of an agent to the end of the run."""
