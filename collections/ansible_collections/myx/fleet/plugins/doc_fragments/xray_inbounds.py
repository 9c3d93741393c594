# SPDX-License-Identifier: GPL-3.0-or-later
"""What may be said of the inbounds of Xray?"""

from __future__ import annotations


class ModuleDocFragment:
    """The options of an inbound; ``_xray.inbounds.SPEC`` has the same."""

    DOCUMENTATION = r"""
options:
  inbounds:
    description: What clients connect to.
    type: list
    elements: dict
    required: true
    suboptions:
      tag:
        description: Its name, which no other has.
        type: str
        required: true
      protocol:
        description: What clients speak.
        type: str
        choices: [vless, vmess, trojan, shadowsocks]
        required: true
      listen:
        description: The address that it listens on.
        type: str
        default: 0.0.0.0
      port:
        description: The port that it listens on.
        type: int
        required: true
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
        description: The only C(Host) header that V(ws) and V(xhttp) answer.
        type: str
      service_name:
        description: The service's name of V(grpc).
        type: str
      mode:
        description: The mode of V(xhttp).
        type: str
        choices: [auto, packet-up, stream-up, stream-one]
        default: auto
      security:
        description: How it is sealed.
        type: str
        choices: [none, tls, reality]
        default: none
      server_names:
        description:
          - The names that clients may ask for with V(reality). The first one is in links, there and
            with V(tls).
        type: list
        elements: str
        default: []
      alpn:
        description: The protocols that are offered in V(tls).
        type: list
        elements: str
        default: []
      certificate_file:
        description: The certificate of V(tls) with its chain, on the host.
        type: path
      key_file:
        description: The key of that certificate, on the host.
        type: path
      target:
        description: The site that V(reality) looks like, as V(www.example.com:443).
        type: str
      private_key:
        description: The private key of V(reality). One is made where it is left out.
        type: str
      short_ids:
        description: The short ids of V(reality). One is made where they are left out.
        type: list
        elements: str
        default: []
      fingerprint:
        description: The browser whose TLS clients imitate.
        type: str
        default: chrome
      vision:
        description: Whether VLESS over V(tcp) that is sealed uses the flow C(xtls-rprx-vision).
        type: bool
        default: true
      method:
        description: How V(shadowsocks) seals.
        type: str
        choices:
          - 2022-blake3-aes-128-gcm
          - 2022-blake3-aes-256-gcm
          - aes-128-gcm
          - aes-256-gcm
          - chacha20-ietf-poly1305
        default: 2022-blake3-aes-128-gcm
      sniffing:
        description: Whether names are read from what clients send, for rules about domains.
        type: bool
        default: true
      clients:
        description: Who may connect. The keys of one that is left out later are forgotten.
        type: list
        elements: dict
        required: true
        suboptions:
          name:
            description: What it is called.
            type: str
            required: true
          id:
            description: The UUID of VLESS and VMess. One is made where it is left out.
            type: str
          password:
            description:
              - The password of Trojan and Shadowsocks. One is made where it is left out. The
                methods of 2022 take 16 or 32 bytes in base64.
            type: str
      fallbacks:
        description:
          - Where those go who are no clients, with VLESS or Trojan over V(tcp) with V(tls).
        type: list
        elements: dict
        default: []
        suboptions:
          dest:
            description: The server, as V(127.0.0.1:8080).
            type: str
            required: true
          path:
            description: Only requests for this path.
            type: str
          alpn:
            description: Only connections with this protocol.
            type: str
          name:
            description: Only connections for this name.
            type: str
          xver:
            description: The version of the PROXY protocol that tells their address; V(0) is none.
            type: int
            choices: [0, 1, 2]
            default: 0
      link:
        description: How clients come to what stands before it, such as a web server; for links.
        type: dict
        suboptions:
          address:
            description: Its address; O(address) where left out.
            type: str
          port:
            description: Its port; that of the inbound where left out.
            type: int
          security:
            description: How it is sealed; as the inbound where left out.
            type: str
            choices: [none, tls]
          server_name:
            description: The name that clients ask for.
            type: str
"""
