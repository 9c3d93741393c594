# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What does one read of the API answer, within a template?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: fleet
short_description: Read something of a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Answers reads of the API, for what is needed once in a template. Where a module fits, it is
    better.
  - It reads where Ansible runs, each time that the template is rendered.
extends_documentation_fragment:
  - myx.fleet.api.plugin
  - myx.fleet.api.retries
options:
  _terms:
    description:
      - Paths below C(/api/v1), for example V(hosts/web1) or V(runs). Of a list all rows are
        answered.
    type: list
    elements: str
    required: true
  query:
    description: What lists are narrowed and sorted by, as the API's reference tells.
    type: dict
    default: {}
  missing_ok:
    description: Whether V(null) is answered for what is not there. Else it is an error.
    type: bool
    default: false
  myx_url:
    vars:
      - name: myx_url
  myx_token:
    vars:
      - name: myx_token
"""

EXAMPLES = r"""
- name: Tell the address of a host
  ansible.builtin.debug:
    msg: "{{ lookup('myx.fleet.fleet', 'hosts/web1').address }}"

- name: Name the hosts that are offline
  ansible.builtin.debug:
    msg: "{{ lookup('myx.fleet.fleet', 'hosts', query=offline) | map(attribute='name') }}"
  vars:
    offline:
      state: offline
"""

RETURN = r"""
_raw:
  description: For each path what the API answers; for a list its rows.
  type: list
  elements: raw
"""

import typing as t

from ansible.errors import AnsibleLookupError
from ansible.plugins.lookup import LookupBase
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    FleetError,
    NotFoundError,
    OptionError,
)
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings


class LookupModule(LookupBase):  # type: ignore[misc]
    """Reads one path after the other."""

    def run(self, terms: list[str], variables: t.Any = None, **options: t.Any) -> list[t.Any]:
        """Return the answers.

        Raises:
            AnsibleLookupError: the control plane was not reached, or refused.
        """
        self.set_options(var_options=variables, direct=options)
        try:
            client = Client(Settings.from_options(self.get_options()))
            return [self._read(client, str(term)) for term in terms]
        except FleetError as error:
            # Ansible prints causes one behind the other, and this one says it all.
            raise AnsibleLookupError(str(error)) from None

    def _read(self, client: Client, term: str) -> t.Any:
        path = "/" + term.strip("/")
        if "?" in path or "#" in path or ".." in path.split("/"):
            raise OptionError(f"'{term}' is not a path of the API. Pass what is asked as 'query'.")
        try:
            answer = client.get(path, **self.get_option("query"))
            if not (isinstance(answer, dict) and {"count", "next", "results"} <= answer.keys()):
                return answer
            rows = client.list_all(path, **self.get_option("query")) if answer["next"] else None
        except NotFoundError:
            if self.get_option("missing_ok"):
                return None
            raise
        return answer["results"] if rows is None else rows
