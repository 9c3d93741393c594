# SPDX-License-Identifier: GPL-3.0-or-later
# GNU General Public License v3.0 or later (see https://www.gnu.org/licenses/gpl-3.0.txt)
"""What is documented of ``myx.fleet.run``? The action plugin of this name carries it out."""

from __future__ import annotations

DOCUMENTATION = r"""
module: run
short_description: Run a playbook, a command or a script through a MyX control plane
version_added: 0.1.0
author:
  - MyX contributors (@myx)
description:
  - Starts a run on the hosts themselves, shows its log as it comes, and waits for its end.
  - It works where Ansible runs, not on the host of the task, which needs neither Python nor a way
    to the control plane. Use it with C(hosts=localhost).
  - When Ansible is interrupted, or AWX or Semaphore cancel the job, the run is canceled too.
extends_documentation_fragment:
  - myx.fleet.api
  - myx.fleet.attributes
attributes:
  action_group: {}
  action:
    description: Indicates this has a corresponding action plugin so some parts of the options can
      be executed on the controller.
    support: full
  check_mode:
    support: full
    details:
      - Nothing is started. The hosts are found out, and what keeps some of them from running it.
      - To have the playbook itself run in check mode on the hosts, use O(check=true).
  diff_mode:
    support: none
    details:
      - See O(diff) for the differences on the hosts, which are in the log.
  idempotent:
    support: partial
    details:
      - A run is started each time, but for the same O(idempotency_key) once only.
options:
  playbook:
    description: Path of a playbook below the content folder, or name of a template.
    type: str
  command:
    description: Program and arguments; no shell is involved.
    type: list
    elements: str
  script:
    description: A script that is sent along; its first line names the interpreter.
    type: str
  args:
    description: Arguments of O(script).
    type: list
    elements: str
    default: []
  limit:
    description: Only hosts that this Ansible pattern names. O(command) and O(script) need one.
    type: str
  labels:
    description: Only hosts with these labels, all of them, in Kubernetes' syntax.
    type: list
    elements: str
    default: []
  states:
    description: Only hosts whose agent is in one of these states.
    type: list
    elements: str
    choices: [not_installed, online, offline, failed]
    default: []
  extra_vars:
    description: Variables of O(playbook), which must fit the template's arguments.
    type: dict
    default: {}
  bundle_digest:
    description: Content that was sent before; else the control plane's own folder.
    type: str
  check:
    description: Whether O(playbook) changes nothing on the hosts and says what would change.
    type: bool
    default: false
  diff:
    description: Whether O(playbook) shows what changes in files.
    type: bool
    default: false
  tags:
    description: Only tasks with these tags.
    type: list
    elements: str
    default: []
  skip_tags:
    description: No tasks with these tags.
    type: list
    elements: str
    default: []
  verbosity:
    description: As many C(-v) for O(playbook).
    type: int
    default: 0
  accept_differences:
    description: Run O(playbook) though C(serial), C(run_once) or C(delegate_to) mean other things.
    type: bool
    default: false
  user:
    description: Account on the hosts for O(command) and O(script).
    type: str
  timeout:
    description: Seconds that the run may take on each host; then it is ended there.
    type: float
  rollout:
    description:
      - How the run goes through its hosts, in the words of the API, such as C(waves), C(forks),
        C(max_failures), C(order), C(offline) and C(maintenance).
    type: dict
    default: {}
  wait:
    description: Whether to wait for the run's end. Else the task is done when the run has started.
    type: bool
    default: true
  wait_timeout:
    description:
      - Seconds to wait for the run's end; for ever where left out. Then the task fails.
    type: float
  cancel_on_timeout:
    description: Whether the run is canceled when O(wait_timeout) is over.
    type: bool
    default: true
  cancel_on_interrupt:
    description: Whether the run is canceled when Ansible is interrupted while it waits.
    type: bool
    default: true
  stream:
    description:
      - Whether the hosts' logs are shown as they come, each line behind its host's name. Nothing is
        shown with C(no_log).
    type: bool
    default: true
  idempotency_key:
    description:
      - Starts nothing twice; the run that was started with the same key is waited for instead.
      - In a job of AWX or Semaphore it is made of the job's number and the task, so that a request
        whose answer was lost starts nothing twice. V("") means none there either.
    type: str
seealso:
  - module: myx.fleet.run_info
  - module: myx.fleet.template_info
"""

EXAMPLES = r"""
- name: Roll out in waves, and stop when more than two hosts fail
  myx.fleet.run:
    playbook: playbooks/deploy_caddy.yml
    limit: web:&eu
    extra_vars:
      caddy_email: admin@example.org
    rollout:
      waves: [1, 10%, 100%]
      max_failures: 2
  register: deployed

- name: Show where it changed something
  ansible.builtin.debug:
    msg: "{{ deployed.executions | selectattr('recap.changed') | map(attribute='host') }}"

- name: Restart a service on what is online, for five minutes at most
  myx.fleet.run:
    command: [systemctl, restart, caddy]
    limit: web
    states: [online]
    timeout: 300
"""

RETURN = r"""
run:
  description:
    - The run at its end, or as it was when it was not waited for any more.
    - See the return value RV(myx.fleet.run_info#module:runs).
  returned: when a run was started
  type: dict
executions:
  description:
    - What the run did on each host.
    - See the return value RV(myx.fleet.run_info#module:executions).
  returned: when it was waited for
  type: list
  elements: dict
preview:
  description: On which hosts and in which waves the run would go, and what is against it.
  returned: in check mode
  type: dict
  contains:
    hosts_total:
      description: Number of hosts.
      returned: success
      type: int
    waves:
      description: The hosts of each wave.
      returned: success
      type: list
      elements: dict
    objections:
      description: Which hosts would not, or not yet, run it, and why.
      returned: success
      type: list
      elements: dict
"""
