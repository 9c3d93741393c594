# SPDX-License-Identifier: GPL-3.0-or-later
"""Does the API keep what its description says, whatever is sent to it?

Schemathesis makes requests that fit the description and ones that do not, here the same ones each
time. ``make fuzz`` makes far more of them, along chains of requests too, and other ones each time:
as many as there is time for.
"""

import asyncio
import os
import sys
from collections.abc import AsyncIterator
from pathlib import Path

import pytest
from direct_engine import DirectEngine
from fake_installer import FakeInstaller
from served_app import loopback_only, serve_app

from api.agents.memory import MemoryAgents
from api.composition import Composition
from api.core.clock import SystemClock
from api.core.settings import Settings
from api.main import create_app

EXAMPLES = os.environ.get("MYX_FUZZ_EXAMPLES", "4")
PHASES = os.environ.get("MYX_FUZZ_PHASES", "examples,fuzzing")
SEED = os.environ.get("MYX_FUZZ_SEED")
MAX_S = os.environ.get("MYX_FUZZ_MAX_S")

# Valid by the description and refused for what it names (an unknown host) is no fault; nor is a
# boolean that may be written as text. /hosts/install is also what /hosts/{name} would be.
CHECKS_LEFT_OUT = (
    "positive_data_acceptance",
    "negative_data_rejection",
    "unsupported_method",
    "allow_header_conformance",
)

CONFIGURATION = """\
[checks.not_a_server_error]
expected-statuses = ["2xx", "3xx", "4xx", 502, 504]
"""
"""An agent that cannot be reached is answered by 502 and 504."""


class HastyClock(SystemClock):
    """Tells the time, and makes waits short: hosts that cannot be reached are asked again."""

    async def sleep(self, delay_s: float) -> None:
        """Return soon."""
        await super().sleep(min(delay_s, 0.01))


@pytest.fixture
async def url(
    settings: Settings, fleet: MemoryAgents, installer: FakeInstaller
) -> AsyncIterator[str]:
    """Return the URL of a control plane that reaches nobody."""
    composition = Composition(settings, HastyClock(), fleet, installer)
    composition._conductor._engine = DirectEngine(composition._conductor._run_driver.drive)
    with loopback_only():
        async with serve_app(create_app(settings, composition)) as url:
            yield url


async def test_the_api_is_as_described(url: str, settings: Settings, tmp_path: Path) -> None:
    """No fault, no undocumented status, no answer of another form, no way past authentication."""
    (tmp_path / "schemathesis.toml").write_text(CONFIGURATION)
    repeatable = ["--seed", SEED] if SEED else ["--generation-deterministic"]
    bounded = ["--max-time", MAX_S] if MAX_S else []
    process = await asyncio.create_subprocess_exec(
        Path(sys.executable).with_name("schemathesis"),
        *("--config-file", "schemathesis.toml", "run", f"{url}/openapi.json"),
        *(*repeatable, *bounded),
        *("--header", f"Authorization: Bearer {settings.admin_token_file.read_text().strip()}"),
        *("--phases", PHASES, "--max-examples", EXAMPLES),
        *("--exclude-checks", ",".join(CHECKS_LEFT_OUT), "--continue-on-failure"),
        # A stream goes on as long as its run, which may wait for its hosts; archives are not made.
        *("--exclude-path-regex", "/stream$", "--exclude-operation-id", "put_bundle"),
        *("--request-timeout", "60"),
        *("--suppress-health-check", "all", "--warnings", "off", "--no-color"),
        cwd=tmp_path,
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )
    output, _ = await process.communicate()
    assert process.returncode == 0, output.decode()
