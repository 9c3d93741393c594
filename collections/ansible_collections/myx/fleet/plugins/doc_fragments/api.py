# SPDX-License-Identifier: GPL-3.0-or-later
"""Which options does everything have that talks to the control plane?"""

from __future__ import annotations


class ModuleDocFragment:
    """How the control plane is reached, for modules and for plugins."""

    DOCUMENTATION = r"""
options:
  myx_url:
    description:
      - URL of the control plane, without C(/api/v1), for example V(https://myx.example.org).
      - If not set, the environment variable E(MYX_URL) is used.
    type: str
  myx_token:
    description:
      - API token; C(myx token create) makes one.
      - If not set, the environment variable E(MYX_TOKEN) is used.
    type: str
  myx_ca_file:
    description:
      - PEM file with the certificates that the control plane's certificate is checked against,
        instead of those of the machine.
      - If not set, the environment variable E(MYX_CA_FILE) is used.
    type: path
  myx_fingerprint:
    description:
      - SHA-256 fingerprint of the control plane's certificate, as hexadecimal digits with or
        without colons. Then this very certificate is accepted and no other, whoever signed it and
        for whatever name, and nothing is sent before it has been seen.
      - If not set, the environment variable E(MYX_FINGERPRINT) is used.
    type: str
  myx_timeout:
    description:
      - Seconds to wait for an answer of the control plane.
      - If not set, the environment variable E(MYX_TIMEOUT) is used.
    type: float
    default: 30.0
  myx_retries:
    description:
      - How often a request is sent again where that can do no harm, after 1, 2, 4 and so on
        seconds, because the control plane was not reached or was too busy.
      - If not set, the environment variable E(MYX_RETRIES) is used.
    type: int
    default: 3
"""

    PLUGIN = r"""
options:
  myx_url:
    description:
      - URL of the control plane, without C(/api/v1), for example V(https://myx.example.org).
    type: str
    env:
      - name: MYX_URL
  myx_token:
    description:
      - API token; C(myx token create) makes one.
    type: str
    env:
      - name: MYX_TOKEN
  myx_ca_file:
    description:
      - Path of a PEM file with the certificates that the control plane's certificate is checked
        against, instead of those of the machine. An empty one is none.
    type: str
    env:
      - name: MYX_CA_FILE
  myx_fingerprint:
    description:
      - SHA-256 fingerprint of the control plane's certificate, as hexadecimal digits with or
        without colons. Then this very certificate is accepted and no other, whoever signed it and
        for whatever name, and nothing is sent before it has been seen.
    type: str
    env:
      - name: MYX_FINGERPRINT
  myx_timeout:
    description:
      - Seconds to wait for an answer of the control plane.
    type: float
    default: 30.0
    env:
      - name: MYX_TIMEOUT
"""

    RETRIES = r"""
options:
  myx_retries:
    description:
      - How often a request is sent again where that can do no harm, after 1, 2, 4 and so on
        seconds, because the control plane was not reached or was too busy.
    type: int
    default: 3
    env:
      - name: MYX_RETRIES
"""
