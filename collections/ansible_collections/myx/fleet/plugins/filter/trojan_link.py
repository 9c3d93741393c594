# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""Which link brings a client to a server that speaks Trojan?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: trojan_link
short_description: Make the link of a Trojan client
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
        description: The client's password.
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
      network:
        description: What carries it.
        type: str
        choices: [tcp, ws, grpc, xhttp]
        default: tcp
      path:
        description: The path of V(ws) and V(xhttp).
        type: str
        default: /
      host:
        description: The C(Host) header of V(ws) and V(xhttp).
        type: str
      service_name:
        description: The service's name of V(grpc).
        type: str
      mode:
        description: The mode of V(xhttp).
        type: str
        default: auto
      security:
        description: How it is sealed.
        type: str
        choices: [none, tls, reality]
        default: none
      server_name:
        description: The name that the client asks for when it opens TLS or REALITY.
        type: str
      alpn:
        description: The protocols that the client offers in TLS.
        type: list
        elements: str
      fingerprint:
        description: The browser whose TLS the client imitates.
        type: str
        default: chrome
      public_key:
        description: The server's public key of REALITY.
        type: str
      short_id:
        description: One of the server's short ids of REALITY.
        type: str
      flow:
        description: The flow, V(xtls-rprx-vision) or none.
        type: str
"""

EXAMPLES = r"""
- name: Show the link of a client
  ansible.builtin.debug:
    msg: "{{ client | myx.fleet.trojan_link }}"
  vars:
    client:
      password: "{{ trojan_password }}"
      address: vpn.example.org
      port: 443
      name: alice
      security: tls
      server_name: vpn.example.org
"""

RETURN = r"""
_value:
  description: The link.
  type: str
  sample: trojan://...@vpn.example.org:443?type=tcp&security=tls&...
"""

import typing as t

from ansible_collections.myx.fleet.plugins.module_utils._xray.links import make_trojan_link
from ansible_collections.myx.fleet.plugins.plugin_utils._filters import make_filter

trojan_link = make_filter("trojan_link", make_trojan_link)


class FilterModule:
    """Brings the filter to Ansible."""

    def filters(self) -> dict[str, t.Callable[..., t.Any]]:
        """Return the filter by its name."""
        return {"trojan_link": trojan_link}
