# SPDX-License-Identifier: GPL-3.0-or-later
"""What do modules promise of check mode, diff mode and where they run?"""

from __future__ import annotations


class ModuleDocFragment:
    """The attributes that each module describes, and those that they share."""

    DOCUMENTATION = r"""
options: {}
attributes:
  action_group:
    description: Use C(group/myx.fleet.fleet) in C(module_defaults) to set defaults for this module.
    support: full
    membership:
      - myx.fleet.fleet
  check_mode:
    description: Can run in C(check_mode) and return changed status prediction without modifying
      target.
  diff_mode:
    description: Will return details on what has changed (or possibly needs changing in
      C(check_mode)), when in diff mode.
  idempotent:
    description: When run twice in a row outside check mode, with the same arguments, the second
      invocation indicates no change.
"""

    INFO = r"""
options: {}
attributes:
  check_mode:
    support: full
    details:
      - This module changes nothing.
  diff_mode:
    support: N/A
    details:
      - This module changes nothing.
  idempotent:
    support: full
    details:
      - This module changes nothing.
"""
