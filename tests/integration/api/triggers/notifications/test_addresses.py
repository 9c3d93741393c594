# SPDX-License-Identifier: GPL-3.0-or-later
"""Where notifications are sent: to the internet and what is allowed, over verified TLS."""

import socket
from collections.abc import Sequence
from datetime import UTC, datetime
from ipaddress import ip_network
from pathlib import Path

import pytest
from aiohttp import web
from aiohttp.abc import AbstractResolver, ResolveResult
from https_receiver import HttpsReceiver
from manual_clock import ManualClock

from api.core.errors import SettingsError
from api.notifications.deliveries import Parcel, Result
from api.notifications.sender import Sender

LOOPBACK = [ip_network("127.0.0.0/8"), ip_network("::1/128")]


class LyingResolver(AbstractResolver):
    """Answers with other addresses each time, as a DNS server of somebody's own may."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self._answers = iter(answers)

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        """Return the next answer."""
        del family
        return [
            ResolveResult(
                hostname=host, host=each, port=port, family=family_of(each), proto=0, flags=0
            )
            for each in next(self._answers)
        ]

    async def close(self) -> None:
        """Have nothing to close."""


def family_of(address: str) -> socket.AddressFamily:
    """Return the family of an address."""
    return socket.AF_INET6 if ":" in address else socket.AF_INET


async def send(sender: Sender, url: str) -> Result:
    """Send something once."""
    at = datetime(2026, 1, 1, tzinfo=UTC)
    return await sender.send(Parcel(1, 1, "key", "test", at, b"{}", url, {}, ["secret"]))


@pytest.mark.parametrize(
    "host", ["localhost", "127.0.0.1", "0x7f.1", "[::1]", "[::ffff:127.0.0.1]", "[::]"]
)
async def test_the_loopback_is_refused(receiver: HttpsReceiver, host: str) -> None:
    """However it is written, and at once: another attempt would not help."""
    sender = Sender(ManualClock(), ca_file=receiver.ca_file)
    result = await send(sender, receiver.url.replace("localhost", host))
    assert result.outcome == "final"
    assert "MYX_NOTIFICATION_NETWORKS" in (result.reason or "")
    assert receiver.received == []


async def test_a_name_that_changes_its_address_is_refused(receiver: HttpsReceiver) -> None:
    """What counts is the address that is connected to, in each attempt anew."""
    resolver = LyingResolver(["127.0.0.1"], ["::ffff:127.0.0.1", "169.254.169.254", "10.0.0.1"])
    sender = Sender(ManualClock(), ca_file=receiver.ca_file, resolver=resolver)
    for address in ("127.0.0.1", "169.254.169.254"):
        result = await send(sender, receiver.url.replace("localhost", "rebinding.example"))
        assert result.outcome == "final"
        assert address in (result.reason or "")
    assert receiver.received == []


async def test_a_redirect_leads_nowhere(receiver: HttpsReceiver) -> None:
    """Not even to where it could be sent."""
    sender = Sender(ManualClock(), LOOPBACK, receiver.ca_file)
    headers = {"Location": f"https://127.0.0.1:{receiver.port}/latest/meta-data"}
    receiver.answers.append(web.Response(status=302, headers=headers))
    result = await send(sender, receiver.url)
    assert (result.outcome, result.status_code) == ("final", 302)
    assert len(receiver.received) == 1


async def test_certificates_are_verified(receiver: HttpsReceiver) -> None:
    """By authority and by name; the reason says which of it is wrong, and not the path."""
    unknown = await send(Sender(ManualClock(), LOOPBACK), receiver.url)
    resolver = LyingResolver(["127.0.0.1"])
    sender = Sender(ManualClock(), LOOPBACK, receiver.ca_file, resolver)
    misnamed = await send(sender, receiver.url.replace("localhost", "other.example"))
    assert "self-signed" in (unknown.reason or "")
    assert "other.example" in (misnamed.reason or "")
    assert receiver.received == []
    for result in (unknown, misnamed):
        assert result.outcome == "passing"
        assert "s3cret" not in (result.reason or "")


async def test_an_answer_without_end_is_cut_off(receiver: HttpsReceiver) -> None:
    """A header that is too long is an attempt that failed; a body is not even read."""
    sender = Sender(ManualClock(), LOOPBACK, receiver.ca_file)
    receiver.answers.append(web.Response(status=200, headers={"X-Long": "x" * 10_000}))
    receiver.answers.append(web.Response(status=200, body=b"x" * 50_000_000))
    assert (await send(sender, receiver.url)).outcome == "passing"
    assert (await send(sender, receiver.url)).outcome == "delivered"


async def test_a_receiver_that_is_not_there(receiver: HttpsReceiver) -> None:
    """Is tried again."""
    sender = Sender(ManualClock(), LOOPBACK, receiver.ca_file)
    await receiver.close()
    assert (await send(sender, receiver.url)).outcome == "passing"


def test_a_file_without_certificates_is_refused(tmp_path: Path) -> None:
    """Before anything starts, with the name of the setting."""
    with pytest.raises(SettingsError, match="MYX_NOTIFICATION_CA_FILE"):
        Sender(ManualClock(), ca_file=tmp_path / "none.pem")
