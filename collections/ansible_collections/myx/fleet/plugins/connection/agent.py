# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""How does Ansible reach a host through its agent instead of SSH?"""

from __future__ import annotations

DOCUMENTATION = r"""
name: agent
short_description: Reach hosts through their MyX agents, without SSH
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Runs each task of a playbook through the control plane and the agent of its host. It needs an
    API token that may connect to the host, and neither SSH nor a way to the host.
  - It is for playbooks that have to run in one place, with C(serial), C(run_once), C(delegate_to)
    and facts of other hosts. What runs on each host by itself is much quicker as a run, see the
    module M(myx.fleet.run).
  - Pipelining is always possible, and saves the sending of a file for each module.
extends_documentation_fragment:
  - myx.fleet.api.plugin
  - myx.fleet.api.retries
options:
  myx_host:
    description:
      - Name of the host in MyX, where it has another one in the inventory.
    type: str
    vars:
      - name: ansible_myx_host
  inventory_hostname:
    description: Name of the host in the inventory.
    type: str
    vars:
      - name: inventory_hostname
  delegate_to:
    description: Name of the host that the task is delegated to.
    type: str
    keyword:
      - name: delegate_to
  remote_user:
    description:
      - Account on the host. Without one it is the agent's own, which is C(root).
    type: str
    ini:
      - section: defaults
        key: remote_user
    env:
      - name: ANSIBLE_REMOTE_USER
    vars:
      - name: ansible_user
    keyword:
      - name: remote_user
  executable:
    description: Shell that commands are given to.
    type: str
    default: /bin/sh
    vars:
      - name: ansible_shell_executable
  myx_url:
    vars:
      - name: myx_url
  myx_token:
    vars:
      - name: myx_token
  myx_ca_file:
    vars:
      - name: myx_ca_file
  myx_fingerprint:
    vars:
      - name: myx_fingerprint
  pipelining:
    description: Whether modules are piped into the host's Python, without a file there.
    default: true
    env:
      - name: ANSIBLE_PIPELINING
    ini:
      - section: defaults
        key: pipelining
    type: boolean
    vars:
      - name: ansible_pipelining
notes:
  - The agent becomes other accounts without a password. A become password is refused, since there
    is no terminal that could ask for it; leave it out.
  - Hosts that are offline, in maintenance, or whose policy refuses it count as unreachable.
"""

EXAMPLES = r"""
# All hosts of an inventory, with MYX_URL and MYX_TOKEN in the environment:
# ansible-playbook -i fleet.myx.yml -e ansible_connection=myx.fleet.agent site.yml

- name: Update one host after the other, and take each out of the load balancer before
  hosts: web
  serial: 1
  vars:
    ansible_connection: myx.fleet.agent
  tasks:
    - name: Take it out
      ansible.builtin.file:
        path: "/etc/balancer/{{ inventory_hostname }}"
        state: absent
      delegate_to: lb1

    - name: Update it
      ansible.builtin.apt:
        upgrade: dist
"""

import typing as t

from ansible.errors import AnsibleConnectionFailure, AnsibleError, AnsibleFileNotFound
from ansible.module_utils.common.text.converters import to_text
from ansible.plugins.connection import ConnectionBase
from ansible.utils.display import Display
from ansible_collections.myx.fleet.plugins.module_utils._client import Client
from ansible_collections.myx.fleet.plugins.module_utils._errors import FleetError, OptionError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings
from ansible_collections.myx.fleet.plugins.plugin_utils._agent_channel import (
    AgentChannel,
    HostError,
    MissingFileError,
)

_display = Display()

FILE_MODE = "0600"
"""Of what Ansible lays down; it opens to others what they need."""


class Connection(ConnectionBase):  # type: ignore[misc]
    """One host, through the control plane."""

    transport = "myx.fleet.agent"
    has_pipelining = True

    def __init__(self, *arguments: t.Any, **keywords: t.Any) -> None:
        super().__init__(*arguments, **keywords)
        self._channel: AgentChannel | None = None

    def _connect(self) -> Connection:
        """Get ready; nothing is sent before there is something to do."""
        if self._channel is None:
            host = self._name_host()
            try:
                client = Client(Settings.from_options(self.get_options()))
            except OptionError as error:
                raise AnsibleError(str(error)) from None
            self._channel = AgentChannel(client, host, self.get_option("remote_user"))
            _display.vvv("THROUGH THE AGENT", host=host)
            self._connected = True
        return self

    def exec_command(
        self,
        cmd: str,
        in_data: bytes | None = None,
        sudoable: bool = True,  # noqa: FBT001, FBT002 - as inherited
    ) -> tuple[int, bytes, bytes]:
        """Run a command of a shell.

        Raises:
            AnsibleConnectionFailure: the host cannot be reached.
            AnsibleError: it did not end by itself.
        """
        super().exec_command(cmd, in_data=in_data, sudoable=sudoable)
        if sudoable:
            self._refuse_password()
        channel, command = self._open(), to_text(cmd)
        _display.vvv(f"EXEC {command}", host=self._name_host())
        try:
            outcome = channel.execute_shell(self.get_option("executable"), command, in_data or b"")
        except FleetError as error:
            raise _translate(error) from None
        return outcome.return_code, outcome.stdout, outcome.stderr

    def put_file(self, in_path: str, out_path: str) -> None:
        """Send a file.

        Raises:
            AnsibleFileNotFound: it is not here.
            AnsibleConnectionFailure: the host cannot be reached.
            AnsibleError: it cannot be written there.
        """
        super().put_file(in_path, out_path)
        channel = self._open()
        _display.vvv(f"PUT {in_path} TO {out_path}", host=self._name_host())
        try:
            channel.put_file(to_text(in_path), to_text(out_path), FILE_MODE)
        except FileNotFoundError as error:
            raise AnsibleFileNotFound(f"There is no file {to_text(in_path)}.") from error
        except OSError as error:
            raise AnsibleError(f"{to_text(in_path)} cannot be read: {error.strerror}.") from error
        except FleetError as error:
            raise _translate(error) from None

    def fetch_file(self, in_path: str, out_path: str) -> None:
        """Fetch a file.

        Raises:
            AnsibleFileNotFound: it is not there.
            AnsibleConnectionFailure: the host cannot be reached.
            AnsibleError: it cannot be read there, or written here.
        """
        super().fetch_file(in_path, out_path)
        channel = self._open()
        _display.vvv(f"FETCH {in_path} TO {out_path}", host=self._name_host())
        try:
            channel.fetch_file(to_text(in_path), to_text(out_path))
        except MissingFileError as error:
            raise AnsibleFileNotFound(str(error)) from None
        except OSError as error:
            raise AnsibleError(
                f"{to_text(out_path)} cannot be written: {error.strerror}."
            ) from error
        except FleetError as error:
            raise _translate(error) from None

    def reset(self) -> None:
        """Begin anew, with the options of now."""
        self.close()
        self._connect()

    def close(self) -> None:
        """Let go; there is nothing open between two tasks."""
        self._channel, self._connected = None, False

    def _open(self) -> AgentChannel:
        self._connect()
        if self._channel is None:
            raise AnsibleError("The connection was not made.")
        return self._channel

    def _name_host(self) -> str:
        # The variables of a task that is delegated are the other host's, but for its name.
        names = (
            self.get_option(option) for option in ("myx_host", "delegate_to", "inventory_hostname")
        )
        return next(str(name) for name in names if name)

    def _refuse_password(self) -> None:
        if self.become is not None and self.become.get_option("become_pass"):
            raise AnsibleError(
                "A become password cannot be used with myx.fleet.agent, and is not needed: the "
                "agent becomes other accounts without one. Leave out ansible_become_password and "
                "--ask-become-pass."
            )


def _translate(error: FleetError) -> AnsibleError:
    """Tell a host that cannot be reached from one that could not do it."""
    kind = AnsibleError if isinstance(error, HostError) else AnsibleConnectionFailure
    return kind(str(error))
