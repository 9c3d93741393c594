# SPDX-License-Identifier: GPL-3.0-or-later
"""Which control plane the command line speaks to."""

from pathlib import Path

import pytest

from api.cli.errors import CliError, NoServerError, UsageError
from api.cli.remote.server import find_server


@pytest.fixture
def data_dir(tmp_path: Path) -> Path:
    """Return a data directory with a token."""
    (tmp_path / "admin-token").write_text("myx_local\n")
    return tmp_path


def test_without_anything_it_is_the_one_here(data_dir: Path) -> None:
    """The usual address, and the token of the data directory."""
    server = find_server({"MYX_DATA_DIR": str(data_dir)})
    assert (server.url, server.token, server.is_local) == (
        "http://127.0.0.1:8000",
        "myx_local",
        True,
    )
    assert "myx_local" not in repr(server)


@pytest.mark.parametrize(
    ("listen", "url"),
    [
        ("127.0.0.1:9000", "http://127.0.0.1:9000"),
        ("0.0.0.0:9000", "http://127.0.0.1:9000"),
        ("[::]:9000", "http://[::1]:9000"),
        ("192.0.2.1:80", "http://192.0.2.1:80"),
    ],
)
def test_the_address_is_the_servers_setting(data_dir: Path, listen: str, url: str) -> None:
    """MYX_LISTEN means the same to both sides; a wildcard is reached on the loopback."""
    assert find_server({"MYX_DATA_DIR": str(data_dir), "MYX_LISTEN": listen}).url == url


def test_a_local_certificate_is_pinned(data_dir: Path) -> None:
    """With MYX_TLS_CERT the server here is trusted by its certificate, not by its name."""
    environ = {"MYX_DATA_DIR": str(data_dir), "MYX_TLS_CERT": "/etc/cert.pem"}
    server = find_server(environ)
    assert server.url == "https://127.0.0.1:8000"
    assert server.pinned_certificate == Path("/etc/cert.pem")


def test_a_url_needs_its_own_token(data_dir: Path) -> None:
    """The token of this machine is never sent to another one."""
    environ = {"MYX_DATA_DIR": str(data_dir), "MYX_URL": "https://myx.example.org/"}
    with pytest.raises(NoServerError, match="MYX_TOKEN"):
        find_server(environ)
    server = find_server(environ | {"MYX_TOKEN": " myx_other\n"})
    assert (server.url, server.token) == ("https://myx.example.org", "myx_other")


def test_a_url_of_this_machine_has_the_token_here(data_dir: Path) -> None:
    """A loopback MYX_URL is this machine, perhaps through a port of one's own choice."""
    environ = {"MYX_DATA_DIR": str(data_dir), "MYX_URL": "http://localhost:9000"}
    assert find_server(environ).token == "myx_local"


@pytest.mark.parametrize(
    ("environ", "kind", "word"),
    [
        ({"MYX_URL": "myx.example.org:8000", "MYX_TOKEN": "t"}, UsageError, "MYX_URL"),
        ({"MYX_URL": "http://x:port", "MYX_TOKEN": "t"}, UsageError, "MYX_URL"),
        ({"MYX_URL": "ftp://x", "MYX_TOKEN": "t"}, UsageError, "MYX_URL"),
        ({"MYX_URL": "http://x", "MYX_TOKEN": "tök"}, UsageError, "token"),
        ({"MYX_LISTEN": "nowhere"}, UsageError, "MYX_LISTEN"),
        ({"MYX_DATA_DIR": "/nosuch"}, NoServerError, "myx serve"),
        ({"MYX_CA_FILE": "/nosuch.pem"}, UsageError, "MYX_CA_FILE"),
    ],
)
def test_what_does_not_fit_is_named(
    environ: dict[str, str], kind: type[CliError], word: str
) -> None:
    """Each error names the variable or the remedy."""
    with pytest.raises(kind, match=word):
        find_server(environ)
