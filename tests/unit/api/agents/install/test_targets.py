# SPDX-License-Identifier: GPL-3.0-or-later
from dataclasses import replace

from api.agents.install.targets import InstallTarget


def test_secrets_are_not_in_the_printed_form(target: InstallTarget) -> None:
    """A target in a log line or an assertion shows no credential."""
    shown = repr(replace(target, private_key="PRIVATE"))
    assert not any(secret in shown for secret in ("PRIVATE", "sesame", "t" * 32, "s" * 32))
