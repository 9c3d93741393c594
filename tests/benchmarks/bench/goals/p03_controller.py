# SPDX-License-Identifier: GPL-3.0-or-later
"""P3: what does one more host cost the controller, where 20 tasks run on each?

The cost of one more host is the slope of the controller's processor time over the hosts; and the
same over the bytes of the logs, with tasks that say much and with tasks that say little.
"""

from collections.abc import Callable, Sequence

from bench.goals import Effort, Goal
from bench.harness.accounts import Account, open_account
from bench.harness.measuring import Figures, Measured, Way, measure, timed
from bench.harness.results import Guard, Result, Series, Verdict, divide
from bench.peers import ansible
from bench.peers.pyinfra import Pyinfra
from bench.testbed import workload
from bench.testbed.testbed import Testbed
from bench.testbed.workload import SITE_TASKS
from lab.hosts import Host

OURS, SSH, MITOGEN, PYINFRA = "MyX", "ansible over SSH", "ansible, mitogen", "pyinfra over SSH"
OUR_HOSTS = (1, 5, 10, 20)
PEER_HOSTS = (1, 8)
"""More would only take longer: theirs grows in a straight line too."""
LOG_MIB = (0, 4, 16, 64)
_MIB = 2**20

Work = Callable[[Sequence[Host], str], None]


def run(testbed: Testbed, effort: Effort) -> Result:
    """Measure how each way grows with the hosts, and ours with the bytes."""
    testbed.hosts(OUR_HOSTS[-1])
    result = Result()
    grown = {
        OURS: _grow(testbed, OURS, _Ours(testbed).play, testbed.controller, OUR_HOSTS, effort.few),
        **_grow_peers(testbed, effort.few),
    }
    for measured, series in grown.values():
        result.ways += measured
        result.series.append(series)
    by_bytes = _grow_by_bytes(testbed)
    result.series.append(by_bytes)
    _judge(result, {name: series.slope for name, (_, series) in grown.items()}, by_bytes)
    return result


def _grow_peers(testbed: Testbed, rounds: int) -> dict[str, tuple[list[Measured], Series]]:
    key, playbooks = testbed.lab.key_path, testbed.plane.content_dir / "playbooks"
    grown = {}
    for name, make_variables in ((SSH, dict[str, str]), (MITOGEN, ansible.make_mitogen)):
        account = open_account(f"p3-{name.split()[-1]}")
        peer = ansible.Ansible(testbed.folder, key, account)

        def play(
            hosts: Sequence[Host],
            mark: str,
            peer: ansible.Ansible = peer,
            make: Callable[[], dict[str, str]] = make_variables,
        ) -> None:
            peer.play(playbooks / "bench_site.yml", hosts, make(), ok=SITE_TASKS, mark=mark)

        grown[name] = _grow(testbed, name, play, account, PEER_HOSTS, rounds)
    account = open_account("p3-pyinfra")
    pyinfra = Pyinfra(key, account)

    def deploy(hosts: Sequence[Host], mark: str) -> None:
        pyinfra.deploy(hosts, mark=mark, playbooks=str(playbooks))

    grown[PYINFRA] = _grow(testbed, PYINFRA, deploy, account, PEER_HOSTS, rounds)
    return grown


class _Ours:
    def __init__(self, testbed: Testbed) -> None:
        self._testbed = testbed

    def play(self, hosts: Sequence[Host], mark: str) -> None:
        """Run ``site`` on hosts, and read all logs to the end."""
        body = {"kind": "playbook", "playbook": "playbooks/bench_site.yml"}
        body |= {"limit": ",".join(host.name for host in hosts), "extra_vars": {"mark": mark}}
        followed = self._testbed.triggers.follow(body).expect()
        for pieces in followed.logs.values():
            assert f"ok={SITE_TASKS} ".encode() in b"".join(pieces)
        assert len(followed.logs) == len(hosts)


def _grow(
    testbed: Testbed, name: str, work: Work, account: Account, counts: Sequence[int], rounds: int
) -> tuple[list[Measured], Series]:
    """Measure a way with one host, with more, and with most."""

    def make_way(count: int) -> Way:
        return Way(f"{name}, {count} hosts", lambda: _do(testbed.hosts(count), work, account))

    measured = measure([make_way(count) for count in counts], rounds, warm_ups=0)
    points = [
        (count, used)
        for count, one in zip(counts, measured, strict=True)
        if (used := one.find("controller_cpu_s")) is not None
    ]
    return measured, Series(f"controller's processor time of {name}", "hosts", "s", points)


def _do(hosts: Sequence[Host], work: Work, account: Account) -> Figures:
    workload.clear(*hosts)
    mark = workload.make_mark()

    def once() -> None:
        work(hosts, mark)

    figures = timed({"controller": account}, once)
    workload.check_site(mark, *hosts)
    return figures


def _grow_by_bytes(testbed: Testbed) -> Series:
    """Measure what the bytes of a log cost the controller, on one host."""
    points = []
    for mib in LOG_MIB:
        body = {"kind": "command", "limit": testbed.host.name}
        body |= {"command": ["sh", "-c", f"yes {'x' * 79} | head -c {mib * _MIB}"]}
        before = testbed.controller.used_s
        followed = testbed.triggers.follow(body).expect()
        used_s = testbed.controller.used_s - before
        assert len(followed.log) == mib * _MIB
        points.append((float(mib), used_s))
    return Series("controller's processor time of MyX", "MiB of log", "s", points)


def _judge(result: Result, slopes: dict[str, float | None], by_bytes: Series) -> None:
    ours = slopes[OURS]
    result.verdicts.append(
        Verdict("controller CPU per host", "most", 10.0, ours and ours * 1000, "ms")
    )
    for peer, wanted in ((SSH, 200.0), (MITOGEN, 1.0), (PYINFRA, 10.0)):
        reached = divide(slopes[peer], ours)
        result.verdicts.append(Verdict(f"times less than {peer}", "least", wanted, reached, "x"))
    result.guards.append(Guard("p3_cpu_per_host_of_ssh_to_ours", divide(slopes[SSH], ours)))
    if ours is not None and by_bytes.slope is not None:
        law = f"{ours * 1000:.3g} ms x hosts + {by_bytes.slope * 1000:.3g} ms x MiB of log"
        result.notes.append(f"Controller's processor time of MyX: {law}.")


GOAL = Goal(
    "p3",
    "controller CPU per host, 20 tasks, 20 hosts",
    "at most 10 ms: 200x less than SSH, 10x less than pyinfra; independent of tasks",
    run,
)
