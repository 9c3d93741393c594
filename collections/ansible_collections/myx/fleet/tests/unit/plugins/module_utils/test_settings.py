# SPDX-License-Identifier: GPL-3.0-or-later
from __future__ import annotations

import typing as t

import pytest
from ansible_collections.myx.fleet.plugins.module_utils._errors import OptionError
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings

OPTIONS = {
    "myx_url": "https://myx.example.org",
    "myx_token": "myx_t",
    "myx_ca_file": None,
    "myx_fingerprint": None,
    "myx_timeout": 30.0,
    "myx_retries": 3,
}


def read(**options: t.Any) -> Settings:
    """Read the options, some of them others."""
    return Settings.from_options({**OPTIONS, **options})


def test_a_url_may_have_a_port_a_path_and_a_slash() -> None:
    """A control plane may lie behind a path of a reverse proxy."""
    assert read(myx_url=" https://a.example:8443/myx/ ").url == "https://a.example:8443/myx"


@pytest.mark.parametrize(
    ("option", "value", "remedy"),
    [
        ("myx_url", None, "MYX_URL"),
        ("myx_url", "myx.example.org", "Begin it with https://"),
        ("myx_url", "ftp://myx.example.org", "Begin it with https://"),
        ("myx_url", "https://myx.example.org:port", "Begin it with https://"),
        ("myx_url", "https://[::1", "Begin it with https://"),
        ("myx_url", "https://me:secret@myx.example.org", "myx_token"),
        ("myx_url", "https://myx.example.org/api/v1", "leave out"),
        ("myx_token", "", "MYX_TOKEN"),
        ("myx_token", "two lines\n of a token", "wrapped"),
        ("myx_ca_file", "/nowhere/ca.pem", "/nowhere/ca.pem is not a file"),
        ("myx_fingerprint", "12:34", "openssl x509"),
        ("myx_timeout", 0, "more than 0"),
        ("myx_retries", -1, "0 to 10"),
    ],
)
def test_what_cannot_be_used_is_named_with_the_remedy(
    option: str, value: t.Any, remedy: str
) -> None:
    """Nothing is sent with half of the options."""
    with pytest.raises(OptionError) as caught:
        read(**{option: value})
    assert str(caught.value).startswith(f"{option}: ")
    assert remedy in str(caught.value)


def test_an_empty_path_is_none(tmp_path: t.Any, monkeypatch: t.Any) -> None:
    """AWX's credential sets the variable in any case; ``~`` is the home of who runs it."""
    assert read(myx_ca_file=" ").ca_file is None
    (tmp_path / "ca.pem").write_text("")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert read(myx_ca_file="~/ca.pem").ca_file == str(tmp_path / "ca.pem")


def test_a_token_is_never_repeated() -> None:
    """An error about a token ends up in logs."""
    with pytest.raises(OptionError) as caught:
        read(myx_token="geheim\u00e9")
    assert "geheim" not in str(caught.value)


@pytest.mark.parametrize("prefix", ["", "SHA256=", "sha256="])
def test_a_fingerprint_may_be_written_as_openssl_does(prefix: str) -> None:
    """Colons, case and openssl's prefix mean nothing."""
    assert read(myx_fingerprint=prefix + ":".join(["AB"] * 32)).fingerprint == "ab" * 32
