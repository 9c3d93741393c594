# SPDX-License-Identifier: GPL-3.0-or-later
"""Until when is a certificate valid? Reads X.509 as far as that needs, without other packages."""

from __future__ import annotations

import datetime as dt
import socket
import ssl
import typing as t

SEQUENCE, VERSION, UTC_TIME = 0x30, 0xA0, 0x17
"""Tags of DER: a list, the explicit version of a certificate, and a year of two digits."""

_FIELDS_BEFORE_VALIDITY = 3  # serial number, algorithm, issuer
_LONG_LENGTH = 0x80
_CENTURY_PIVOT = 50  # RFC 5280: 50 to 99 are of the 20th century


class Element(t.NamedTuple):
    """An element of DER: its tag, what it holds, and where the next one begins."""

    tag: int
    content: bytes
    end: int


def read_end_of_validity(certificate: bytes) -> dt.datetime:
    """Return when a certificate in DER form ends, in UTC.

    Raises:
        ValueError: it is no certificate.
    """
    try:
        signed = _read(_read(certificate, 0).content, 0).content
        field = _read(signed, 0)
        if field.tag == VERSION:
            field = _read(signed, field.end)
        for _unused in range(_FIELDS_BEFORE_VALIDITY):
            field = _read(signed, field.end)
        begin = _read(field.content, 0)
        return _decode_time(_read(field.content, begin.end))
    except (IndexError, UnicodeDecodeError) as error:
        raise ValueError("it is no X.509 certificate") from error


def load_certificate(path: str) -> bytes:
    """Return the first certificate of a PEM file in DER form.

    Raises:
        OSError: the file cannot be read.
        ValueError: there is no certificate in it.
    """
    with open(path, encoding="ascii", errors="replace") as file:
        text = file.read()
    begin = text.find(ssl.PEM_HEADER)
    end = text.find(ssl.PEM_FOOTER, begin)
    if begin < 0 or end < 0:
        raise ValueError("there is no PEM certificate in it")
    return ssl.PEM_cert_to_DER_cert(text[begin : end + len(ssl.PEM_FOOTER)])


def fetch_certificate(address: str, port: int, server_name: str, timeout_s: float) -> bytes:
    """Return the certificate that a TLS server shows, in DER form, whoever signed it.

    Raises:
        OSError: there is no server, or it does not speak TLS.
    """
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
    context.check_hostname = False  # its age is asked for; whether it fits is a URL's business
    context.verify_mode = ssl.CERT_NONE
    connection = socket.create_connection((address, port), timeout=timeout_s)
    with connection, context.wrap_socket(connection, server_hostname=server_name) as secured:
        return secured.getpeercert(binary_form=True) or b""


def _read(data: bytes, offset: int) -> Element:
    """Return the element at an offset."""
    tag, length, begin = data[offset], data[offset + 1], offset + 2
    if length & _LONG_LENGTH:
        size = length & ~_LONG_LENGTH
        length, begin = int.from_bytes(data[begin : begin + size], "big"), begin + size
    if begin + length > len(data):
        raise IndexError("it is cut off")
    return Element(tag, data[begin : begin + length], begin + length)


def _decode_time(element: Element) -> dt.datetime:
    """Return a moment as certificates write it."""
    text = element.content.decode("ascii")
    if element.tag == UTC_TIME:
        century = "19" if int(text[:2]) >= _CENTURY_PIVOT else "20"
        text = century + text
    return dt.datetime.strptime(text, "%Y%m%d%H%M%SZ").replace(tzinfo=dt.timezone.utc)
