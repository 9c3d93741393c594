# SPDX-License-Identifier: GPL-3.0-or-later
"""What is ``site`` in pyinfra's words? The same files and commands, in the same order."""

from io import StringIO
from pathlib import Path

from pyinfra.context import host
from pyinfra.operations import files, server

D = "/var/tmp/myx-bench"  # noqa: S108 - a folder of the test host
PLAYBOOKS = Path(host.data.playbooks)


def _render(name: str) -> None:
    files.template(
        str(PLAYBOOKS / "templates/bench.j2"),
        f"{D}/{name}",
        mode="644",
        mark=host.data.mark,
    )


files.directory(D, mode="755")
server.shell("true")
files.put(StringIO("alpha\nbeta\n"), f"{D}/a", mode="644")
files.line(f"{D}/a", "gamma=1")
_render("x")
server.shell(f"stat {D}/x")
server.shell("echo hello")
files.put(StringIO("k=v\n"), f"{D}/b", mode="644")
files.line(f"{D}/b", "z=2")
_render("y")
server.shell(f"stat {D}/y")
server.shell("uname -r")
files.file(f"{D}/flag", mode="600")
files.put(str(PLAYBOOKS / "files/bench.bin"), f"{D}/blob", mode="644")
files.line(f"{D}/a", "^beta.*$", replace="beta=3")
_render("z")
server.shell(f"cat {D}/a")
server.shell("id -u")
server.shell(f"stat {D}/a")
server.shell("echo done")
