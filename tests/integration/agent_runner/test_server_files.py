# SPDX-License-Identifier: GPL-3.0-or-later
"""Files that come to a host and from it, over the real listener and with real rights."""

import hashlib
import json
import os
from pathlib import Path
from typing import Any

import msgspec
import pytest

from agent_runner.protocol import errors
from agent_runner.protocol.files import MAX_FILE_PIECE_BYTES
from agent_runner.protocol.framing import FRAMED_TYPE, join_frame, split_frame

needs_root = pytest.mark.skipif(os.geteuid() != 0, reason="only root becomes other accounts")

DATA = os.urandom(700_001)


async def _call(agent: Any, method: str, data: bytes = b"", **params: Any) -> tuple[Any, bytes]:
    """Call a method with raw bytes behind the JSON; return the reply and those behind it."""
    request = {"jsonrpc": "2.0", "id": 1, "method": method, "params": params}
    headers = {**agent.headers, "Content-Type": FRAMED_TYPE}
    body = msgspec.json.encode(request) + b"\n" + data
    response = await agent.post(body, headers=headers)
    assert response.status_code == 200, response.text
    head, trailing = split_frame(response.content)
    return json.loads(head), trailing


async def _put(agent: Any, path: Path | str, data: bytes, **params: Any) -> Any:
    """Send one piece, by default the whole."""
    given = {"size": len(data), "sha256": hashlib.sha256(data).hexdigest(), "transfer_id": "t-1"}
    reply, trailing = await _call(agent, "put_file", data, path=str(path), **{**given, **params})
    assert trailing == b""
    return reply.get("result") or reply["error"]


def _names(folder: Path) -> set[str]:
    return {each.name for each in folder.iterdir()}


def _open_to_all(folder: Path, mode: int) -> None:
    folder.chmod(mode)


def _read_audit(agent: Any) -> list[dict[str, Any]]:
    text: str = (agent.config.state_dir / "audit.log").read_text()
    return [json.loads(line) for line in text.splitlines()]


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """Return a folder that files may be put into."""
    made = tmp_path / "files"
    made.mkdir()
    return made


async def test_a_file_appears_whole(agent: Any, folder: Path) -> None:
    """Pieces are raw; there is nothing under the name before the last, and nothing else after."""
    path, sum_ = folder / "a file", hashlib.sha256(DATA).hexdigest()
    at = 0
    for end in (1, 300_000, len(DATA)):
        assert not path.exists()
        piece = DATA[at:end]
        answer = await _put(agent, path, piece, size=len(DATA), sha256=sum_, offset=at)
        assert answer == {"received": end, "complete": end == len(DATA), "changed": True}
        at = end
    assert path.read_bytes() == DATA
    assert path.stat().st_mode & 0o7777 == 0o644
    assert _names(folder) == {path.name}


async def test_who_was_cut_off_asks_and_goes_on(agent: Any, folder: Path) -> None:
    """A piece that does not fit changes nothing; the answer says where to go on."""
    path, whole = folder / "file", {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    await _put(agent, path, DATA[:1000], **whole)
    for lost in (DATA[:1000], b""):
        assert (await _put(agent, path, lost, **whole))["received"] == 1000
    assert (await _put(agent, path, DATA[1000:], offset=1000, **whole))["complete"]
    again = await _put(agent, path, DATA[1000:], offset=1000, **whole)
    assert again == {"received": len(DATA), "complete": True, "changed": False}
    assert path.read_bytes() == DATA


async def test_what_is_there_is_not_sent(agent: Any, folder: Path) -> None:
    """A question without bytes is enough where the file is as it shall be, its mode included."""
    path, whole = folder / "file", {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    path.write_bytes(DATA)
    path.chmod(0o640)
    for mode in ({}, {"mode": 0o640}):
        assert not (await _put(agent, path, b"", **whole, **mode))["changed"]
    assert not (await _put(agent, path, b"", **whole, mode=0o600))["complete"]
    assert (await _put(agent, path, DATA, **whole, mode=0o600))["changed"]
    assert path.stat().st_mode & 0o7777 == 0o600


async def test_a_mode_is_kept_unless_one_is_said(agent: Any, folder: Path) -> None:
    """New content for a file changes only its content."""
    path = folder / "file"
    path.write_bytes(b"old")
    path.chmod(0o751)
    assert (await _put(agent, path, b"new, and longer"))["changed"]
    assert (path.read_bytes(), path.stat().st_mode & 0o7777) == (b"new, and longer", 0o751)


async def test_an_empty_file_is_one(agent: Any, folder: Path) -> None:
    """A file of no bytes is there after one request."""
    assert (await _put(agent, folder / "empty", b""))["complete"]
    assert (folder / "empty").read_bytes() == b""


async def test_other_bytes_than_announced_are_refused(agent: Any, folder: Path) -> None:
    """The file stays as it was, and what came is gone."""
    path = folder / "file"
    path.write_bytes(b"old")
    refused = await _put(agent, path, DATA, sha256="0" * 64)
    assert refused["code"] == errors.FileRefusedError.code
    assert "send it again from offset 0" in refused["message"]
    assert (path.read_bytes(), _names(folder)) == (b"old", {"file"})


@pytest.mark.parametrize("kind", ["link", "dangling", "folder", "pipe"])
async def test_only_plain_files_are_written(agent: Any, folder: Path, kind: str) -> None:
    """A link at the end of the path is not followed, and nothing else is replaced."""
    path, target = folder / "path", folder / "target"
    target.write_bytes(b"target")
    {
        "link": lambda: path.symlink_to(target),
        "dangling": lambda: path.symlink_to("nowhere"),
        "folder": path.mkdir,
        "pipe": lambda: os.mkfifo(path),
    }[kind]()
    before = os.lstat(path)
    refused = await _put(agent, path, DATA)
    assert refused["code"] == errors.FileRefusedError.code
    assert "name a plain file" in refused["message"]
    assert os.lstat(path) == before
    assert target.read_bytes() == b"target"
    assert _names(folder) == {"path", "target"}


async def test_a_link_that_comes_meanwhile_is_not_followed(agent: Any, folder: Path) -> None:
    """Who may write into the folder cannot bend a file that is under way to another place."""
    path, target = folder / "path", folder / "target"
    target.write_bytes(b"target")
    whole = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    await _put(agent, path, DATA[:9], **whole)
    path.symlink_to(target)
    refused = await _put(agent, path, DATA[9:], offset=9, **whole)
    assert "a symbolic link" in refused["message"]
    assert target.read_bytes() == b"target"
    assert _names(folder) == {"path", "target"}


@pytest.mark.parametrize(
    ("params", "named"),
    [
        ({"path": "relative"}, "path"),
        ({"path": "/a\0b"}, "path"),
        ({"path": "/" + "a" * 4095}, "path"),
        ({"size": 3}, "size"),
        ({"sha256": "x"}, "sha256"),
        ({"transfer_id": "../t"}, "transfer_id"),
        ({"mode": 0o4755}, "mode"),
        ({"user": "no-such-account"}, "user"),
    ],
)
async def test_wrong_parameters_are_named(
    agent: Any, folder: Path, params: dict[str, Any], named: str
) -> None:
    """What cannot be done is refused by the name of the parameter, and leaves nothing."""
    refused = await _put(agent, **{"path": folder / "file", "data": DATA, **params})
    assert refused["code"] == errors.InvalidParamsError.code
    assert named in refused["message"]
    assert _names(folder) == set()


async def test_two_files_are_not_mixed(agent: Any, folder: Path) -> None:
    """A transfer's id belongs to one file."""
    whole = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    await _put(agent, folder / "one", DATA[:9], **whole)
    refused = await _put(agent, folder / "two", DATA[9:], offset=9, **whole)
    assert refused["code"] == errors.InvalidParamsError.code
    assert "transfer_id" in refused["message"]


async def test_no_folder_is_made(agent: Any, folder: Path) -> None:
    """The system's own words say what is wrong with a path."""
    refused = await _put(agent, folder / "none" / "file", DATA)
    assert refused["data"] == {"errno": "ENOENT"}
    assert "No such file or directory" in refused["message"]


async def test_a_file_is_read_by_pieces(agent: Any, folder: Path) -> None:
    """Raw, from any offset, with one line in the host's audit log for all of them."""
    path = folder / "file"
    path.write_bytes(DATA)
    path.chmod(0o640)
    read, version = b"", ""
    while len(read) < len(DATA):
        params = {"path": str(path), "offset": len(read), "limit": 300_000, "version": version}
        reply, data = await _call(agent, "get_file", **params, principal="ann")
        assert (reply["result"]["size"], reply["result"]["mode"]) == (len(DATA), 0o640)
        read, version = read + data, reply["result"]["version"]
    assert read == DATA
    assert (await _call(agent, "get_file", path=str(path), offset=len(DATA)))[1] == b""
    told = [line for line in _read_audit(agent) if line.get("principal") == "ann"]
    assert [(line["action"], line["path"]) for line in told] == [("get_file", str(path))]


async def test_a_file_that_changes_is_not_mixed(agent: Any, folder: Path) -> None:
    """A piece of another version than the first is refused."""
    path = folder / "file"
    path.write_bytes(b"first")
    reply, _ = await _call(agent, "get_file", path=str(path), limit=2)
    path.write_bytes(b"other and longer")
    params = {"path": str(path), "offset": 2, "version": reply["result"]["version"]}
    refused, _ = await _call(agent, "get_file", **params)
    assert refused["error"]["code"] == errors.FileRefusedError.code
    assert "changed while it was read" in refused["error"]["message"]


async def test_a_link_is_read_only_where_that_is_said(agent: Any, folder: Path) -> None:
    """What looks like a file need not be one."""
    path = folder / "link"
    (folder / "target").write_bytes(b"there")
    path.symlink_to("target")
    refused, _ = await _call(agent, "get_file", path=str(path))
    assert refused["error"]["data"] == {"kind": "a symbolic link"}
    assert (await _call(agent, "get_file", path=str(path), follow=True))[1] == b"there"


@pytest.mark.parametrize("path", ["/dev/zero", "/", "/proc/self/fd/0"])
async def test_only_plain_files_are_read(agent: Any, path: str) -> None:
    """A device would never end."""
    refused, _ = await _call(agent, "get_file", path=path, follow=True)
    assert refused["error"]["code"] == errors.FileRefusedError.code


async def test_a_file_of_no_size_has_content(agent: Any) -> None:
    """The kernel's own files say no size; they are read to an empty piece."""
    reply, data = await _call(agent, "get_file", path="/proc/self/status")
    assert reply["result"]["size"] == 0
    assert data.startswith(b"Name:")


@needs_root
async def test_an_account_has_its_own_rights_only(agent: Any, folder: Path) -> None:
    """It can neither read nor write what it could not, and what it writes is its own."""
    for parent in folder.parents[:-2]:
        _open_to_all(parent, 0o711)
    _open_to_all(folder, 0o755)
    secret = folder / "secret"
    secret.write_bytes(b"secret")
    secret.chmod(0o600)
    refused = await _put(agent, folder / "file", DATA, user="nobody")
    assert refused["data"] == {"errno": "EACCES"}
    refused, _ = await _call(agent, "get_file", path=str(secret), user="nobody")
    assert refused["error"]["data"] == {"errno": "EACCES"}
    _open_to_all(folder, 0o777)
    assert (await _put(agent, folder / "file", DATA, user="nobody"))["changed"]
    assert (folder / "file").owner() == "nobody"


async def test_the_hosts_policy_decides(agent: Any, folder: Path) -> None:
    """Files are a kind of their own, and refusals stand in the host's audit log."""
    policy = agent.config.state_dir.parent / "policy.json"
    policy.write_text('{"kinds": ["command", "script", "playbook"]}')
    policy.chmod(0o600)
    refused = await _put(agent, folder / "file", DATA, principal="ann")
    assert refused["code"] == errors.PolicyRefusedError.code
    refused, _ = await _call(agent, "get_file", path="/etc/passwd", principal="ann")
    assert refused["error"]["code"] == errors.PolicyRefusedError.code
    told = [(line["action"], line["rule"], line["principal"]) for line in _read_audit(agent)]
    assert told == [("refuse", "kinds", "ann")] * 2


async def test_a_file_that_was_put_is_told(agent: Any, folder: Path) -> None:
    """The host's audit log says who put what where."""
    await _put(agent, folder / "file", DATA, principal="ann")
    line = _read_audit(agent)[-1]
    assert (line["action"], line["principal"], line["size"]) == ("put_file", "ann", len(DATA))
    assert line["digest"] == hashlib.sha256(DATA).hexdigest()


async def test_base64_is_understood(agent: Any, folder: Path) -> None:
    """Who does not frame sends and gets the bytes in JSON."""
    params = {"path": str(folder / "file"), "size": 5, "transfer_id": "t-1"}
    sum_ = hashlib.sha256(b"hello").hexdigest()
    await agent.result("put_file", **params, sha256=sum_, data="aGVsbG8=")
    assert (await agent.result("get_file", path=params["path"]))["data"] == "aGVsbG8="


async def test_too_much_behind_the_json_is_refused(agent: Any, folder: Path) -> None:
    """A piece is bounded, and a method that takes no bytes gets none."""
    refused = await _put(agent, folder / "file", bytes(MAX_FILE_PIECE_BYTES + 1))
    assert refused["code"] == errors.InvalidParamsError.code
    reply, _ = await _call(agent, "health_check", b"more")
    assert reply["error"]["code"] == errors.InvalidParamsError.code
    assert join_frame(b"{}", b"") == b"{}"


async def test_nothing_half_is_left_when_the_agent_stops(agent: Any, folder: Path) -> None:
    """What nobody has sent to its end is gone."""
    whole = {"size": len(DATA), "sha256": hashlib.sha256(DATA).hexdigest()}
    await _put(agent, folder / "file", DATA[:9], **whole)
    assert len(_names(folder)) == 1
    await agent.files.close()
    assert _names(folder) == set()
