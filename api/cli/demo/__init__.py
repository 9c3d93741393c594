# SPDX-License-Identifier: GPL-3.0-or-later
"""``myx demo``: control plane and agent as ordinary processes, and a playbook that runs live."""
