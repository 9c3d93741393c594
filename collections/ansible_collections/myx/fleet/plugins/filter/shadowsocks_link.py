# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which link brings a client to a server that speaks Shadowsocks?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: shadowsocks_link
short_description: Make the link of a Shadowsocks client
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Makes of what is known of a client the link that its program imports.
  - The link holds the client's key. Whoever has it can use the server as this client.
options:
  _input:
    description: What is known of the client and of the way to its server.
    type: dict
    required: true
    suboptions:
      password:
        description:
          - The client's password. With the methods of 2022 the server's and the client's, with a
            colon between.
        type: str
        required: true
      address:
        description: The server's name or address.
        type: str
        required: true
      port:
        description: The server's TCP port.
        type: int
        required: true
      name:
        description: How the client's program shows the server.
        type: str
      method:
        description: How it is sealed.
        type: str
        required: true
        choices:
          - 2022-blake3-aes-128-gcm
          - 2022-blake3-aes-256-gcm
          - aes-128-gcm
          - aes-256-gcm
          - chacha20-ietf-poly1305
"""

EXAMPLES = r"""
- name: Show the link of a client
  ansible.builtin.debug:
    msg: "{{ client | myx.fleet.shadowsocks_link }}"
  vars:
    client:
      method: aes-256-gcm
      password: "{{ shadowsocks_password }}"
      address: vpn.example.org
      port: 8388
      name: alice
"""

RETURN = r"""
_value:
  description: The link.
  type: str
  sample: ss://YWVzLTI1Ni1nY206c2VjcmV0@vpn.example.org:8388#alice
"""

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._xray.links import make_shadowsocks_link
from ansible_collections.myx.fleet.plugins.plugin_utils._filters import make_filter

shadowsocks_link = make_filter("shadowsocks_link", make_shadowsocks_link)


class FilterModule:
    """Brings the filter to Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by its name."""
        return {"shadowsocks_link": shadowsocks_link}
