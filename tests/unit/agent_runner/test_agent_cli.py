# SPDX-License-Identifier: GPL-3.0-or-later
import json
from pathlib import Path

import pytest

from agent_runner import __version__
from agent_runner.cli import main
from agent_runner.tls import read_fingerprint


@pytest.fixture
def config_path(tmp_path: Path) -> Path:
    """Return a usable configuration."""
    path = tmp_path / "config.json"
    config = {
        "rpc_port": 24351,
        "rpc_path": "a3f8b9c2d1e4f5a6",
        "agent_token": "token-of-this-agent",
        "secret_key": "secret-key-of-this-agent",
        "ssl_dir": str(tmp_path / "ssl"),
    }
    path.write_text(json.dumps(config))
    path.chmod(0o600)
    return path


def test_version(capsys: pytest.CaptureFixture[str]) -> None:
    """``version`` prints the version and nothing else."""
    assert main(["version"]) == 0
    assert capsys.readouterr().out == f"{__version__}\n"


def test_fingerprint(config_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``fingerprint`` prints what the control plane pins, and makes the certificate first."""
    assert main(["fingerprint", "--config", str(config_path)]) == 0
    printed = capsys.readouterr().out
    assert printed == f"{read_fingerprint(config_path.parent / 'ssl/agent.crt')}\n"
    assert main(["fingerprint", "--config", str(config_path)]) == 0
    assert capsys.readouterr().out == printed


def test_check_config(config_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    """``check-config`` says that a configuration is usable without showing it."""
    assert main(["check-config", "--config", str(config_path)]) == 0
    assert capsys.readouterr().out == f"{config_path} is usable\n"


@pytest.mark.parametrize("verb", ["serve", "check-config", "fingerprint"])
def test_errors_are_one_sentence(
    verb: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """What is wrong is told in one line on stderr, with a status that says it is the config."""
    assert main([verb, "--config", str(tmp_path / "none.json")]) == 78
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("myx-agent: ")
    assert captured.err.count("\n") == 1


@pytest.mark.parametrize("verb", ["serve", "check-config"])
def test_a_policy_that_others_may_write_stops_the_agent(
    verb: str, config_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    """An untrusted policy beside the configuration is told with its remedy, and nothing starts."""
    policy = config_path.with_name("policy.json")
    policy.write_text("{}")
    policy.chmod(0o666)
    assert main([verb, "--config", str(config_path)]) == 78
    assert "chmod go-w" in capsys.readouterr().err
