# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which public key belongs to a private key of REALITY?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: reality_public_key
short_description: Compute the public key of a REALITY private key
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Computes with X25519 the key that clients need of the one that the server keeps, as C(xray
    x25519 -i) does. It needs no program and no library.
options:
  _input:
    description: The private key, in unpadded URL-safe base64.
    type: str
    required: true
"""

EXAMPLES = r"""
- name: Show the key that clients need
  ansible.builtin.debug:
    msg: "{{ server_private_key | myx.fleet.reality_public_key }}"
"""

RETURN = r"""
_value:
  description: The public key, in unpadded URL-safe base64.
  type: str
  sample: hSDwCYkwp1R0i33ctD73Wg2_Og0mOBr066SpjqqbTmo
"""

import typing as t

from ansible.errors import AnsibleFilterError
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._xray.curve import read_public_key


def reality_public_key(private_key: str) -> str:
    """Return the public key of a private one.

    Raises:
        AnsibleFilterError: it is no private key.
    """
    if not isinstance(private_key, str):
        raise AnsibleFilterError("reality_public_key: The private key is no text.")
    try:
        return read_public_key(private_key)
    except OptionError as error:
        raise AnsibleFilterError(f"reality_public_key: {error}") from error


class FilterModule:
    """Brings the filter to Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by its name."""
        return {"reality_public_key": reality_public_key}
