# SPDX-License-Identifier: GPL-3.0-or-later
from pathlib import Path

import pytest

from api.core.errors import SettingsError
from api.core.settings import Settings, load_settings


def test_every_setting_says_what_it_is_for() -> None:
    """Each setting has a sentence, and each duration and size names its unit."""
    for name, field in Settings.model_fields.items():
        assert field.description, name
        assert field.description.endswith("."), name
        for suffix, unit in (("_s", "second"), ("_bytes", "bytes")):
            if name.endswith(suffix):
                assert unit in field.description.lower(), name


def test_settings_come_from_the_environment(monkeypatch: pytest.MonkeyPatch) -> None:
    """MYX_* variables set the fields of the same name, and paths become absolute."""
    monkeypatch.setenv("MYX_LISTEN", "[::1]:9000")
    monkeypatch.setenv("MYX_DATA_DIR", "~/myx")
    settings = load_settings()
    assert (settings.listen_host, settings.listen_port) == ("::1", 9000)
    assert settings.data_dir == Path.home() / "myx"
    assert settings.database_file == Path.home() / "myx/myx.db"


def test_settings_do_not_change() -> None:
    """The settings object is frozen."""
    with pytest.raises(ValueError, match=r"frozen"):
        load_settings().listen = "127.0.0.1:1"  # type: ignore[misc]


@pytest.mark.parametrize(
    "address", ["0.0.0.0:8000", "192.0.2.1:8000", "[::]:8000", "myx.example:80"]
)
def test_what_others_can_reach_needs_tls(address: str) -> None:
    """An address beyond loopback is refused without TLS, with the remedy."""
    with pytest.raises(SettingsError, match=r"MYX_TLS_CERT and MYX_TLS_KEY, or MYX_ALLOW"):
        load_settings(listen=address)
    assert load_settings(listen=address, allow_plaintext=True).listen == address


@pytest.mark.parametrize("address", ["127.0.0.1:0", "localhost:8000", "[::1]:8000", "127.9.9.9:1"])
def test_loopback_needs_no_tls(address: str) -> None:
    """An address that only this machine reaches is served as it is."""
    assert load_settings(listen=address).listen == address


@pytest.mark.parametrize("address", ["8000", "127.0.0.1", ":8000", "::1:8000", "a:b", "a:70000"])
def test_an_address_has_a_port(address: str) -> None:
    """MYX_LISTEN of another form is refused with an example."""
    with pytest.raises(SettingsError, match=r"MYX_LISTEN does not fit: .*127\.0\.0\.1:8000"):
        load_settings(listen=address)


def test_certificate_and_key_belong_together(tmp_path: Path) -> None:
    """One of the two alone is refused, and so is a file that is not there."""
    certificate = tmp_path / "tls.crt"
    certificate.touch()
    with pytest.raises(SettingsError, match=r"set both or none"):
        load_settings(tls_cert=certificate)
    with pytest.raises(SettingsError, match=r"MYX_TLS_KEY=.*missing.key is not a file"):
        load_settings(tls_cert=certificate, tls_key=tmp_path / "missing.key")


def test_a_folder_without_a_python_is_refused(tmp_path: Path) -> None:
    """Nobody learns only at an install that MYX_AGENT_STANDALONE_PYTHON is wrong."""
    with pytest.raises(SettingsError, match=r"MYX_AGENT_STANDALONE_PYTHON=.* holds no Python"):
        load_settings(agent_standalone_python=tmp_path)
    (tmp_path / "bin").mkdir()
    (tmp_path / "bin/python3").touch()
    assert load_settings(agent_standalone_python=tmp_path).agent_standalone_python == tmp_path


def test_a_bad_value_names_its_variable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What does not fit is named as the variable that the administrator wrote."""
    monkeypatch.setenv("MYX_MAX_CONCURRENT_EXECUTIONS", "many")
    with pytest.raises(
        SettingsError, match=r"MYX_MAX_CONCURRENT_EXECUTIONS does not fit: .*integer"
    ):
        load_settings()


@pytest.mark.parametrize("place", ["data", "."])
def test_secrets_do_not_lie_in_the_content(tmp_path: Path, place: str) -> None:
    """A data folder that would be packed for the hosts is refused; a hidden one is not packed."""
    with pytest.raises(SettingsError, match="sent to hosts"):
        load_settings(content_dir=tmp_path, data_dir=tmp_path / place)
    hidden = tmp_path / ".myx" / "data"
    assert load_settings(content_dir=tmp_path, data_dir=hidden).data_dir == hidden
