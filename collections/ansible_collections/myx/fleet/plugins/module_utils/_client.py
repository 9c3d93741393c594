# SPDX-License-Identifier: GPL-3.0-or-later
"""How is the control plane asked? One place for addresses, retries, paging and errors."""

from __future__ import annotations

import http.client
import json
import socket
import ssl
import time
import typing as t
import urllib.error
from http import HTTPStatus
from urllib.parse import quote, urlencode, urlsplit

from ansible.module_utils.urls import Request
from ansible_collections.myx.fleet.plugins.module_utils._errors import (
    ApiError,
    FleetError,
    NotFoundError,
    UnreachableError,
)
from ansible_collections.myx.fleet.plugins.module_utils._settings import Settings
from ansible_collections.myx.fleet.plugins.module_utils._tls import make_pinned_context

MAX_ANSWER_BYTES = 256 * 1024 * 1024
"""More than the inventory of any fleet; whoever sends more is not a control plane."""

MAX_RETRY_AFTER_S = 60.0
"""The longest wait that an answer can ask for."""

PAGE_SIZE = 500
"""Rows asked for at once; the most that the API gives."""

USER_AGENT = "ansible-collection-myx.fleet"

_IDEMPOTENT = frozenset(("GET", "PUT", "DELETE"))
_NOT_DONE = frozenset((429, 503))
"""With these the control plane, or what is in front of it, says that nothing was done."""
_PERHAPS_DONE = frozenset((500, 502, 504))
_REDIRECTS = range(300, 400)

Json = t.Any


class Client:
    """Sends requests to one control plane. Paths begin behind ``/api/v1``."""

    def __init__(self, settings: Settings, sleep: t.Callable[[float], None] = time.sleep) -> None:
        self._settings = settings
        self._sleep = sleep
        self._request = Request(
            headers={"Authorization": "Bearer " + settings.token, "Accept": "application/json"},
            http_agent=USER_AGENT,
            timeout=settings.timeout_s,
            ca_path=settings.ca_file,
            context=make_pinned_context(settings.fingerprint) if settings.fingerprint else None,
            # A token goes to nobody but the one who was named, and ~/.netrc must not replace it.
            follow_redirects="none",
            use_netrc=False,
        )

    def get(self, path: str, **query: t.Any) -> Json:
        """Ask for something.

        Raises:
            NotFoundError: there is no such thing.
            FleetError: it could not be asked for, or was refused.
        """
        return self._call("GET", path, query=query)

    def find(self, path: str) -> Json:
        """Ask for something; None where there is no such thing."""
        try:
            return self._call("GET", path)
        except NotFoundError:
            return None

    def iterate(self, path: str, **query: t.Any) -> t.Iterator[dict[str, t.Any]]:
        """Yield the rows of a list, asked for page by page as they are needed."""
        page = 1
        while True:
            answer = self._call("GET", path, query=dict(query, page=page, page_size=PAGE_SIZE))
            yield from answer["results"]
            if not answer["next"] or not answer["results"]:
                return
            page += 1

    def list_all(self, path: str, **query: t.Any) -> list[dict[str, t.Any]]:
        """Return all rows of a list."""
        return list(self.iterate(path, **query))

    def find_by_name(self, path: str, name: str, **query: t.Any) -> dict[str, t.Any] | None:
        """Look through a list for what has this very name; None where there is no such row."""
        return next((row for row in self.iterate(path, **query) if row["name"] == name), None)

    def post(self, path: str, body: Json = None, key: str | None = None) -> Json:
        """Send something; with ``key`` it is done once, however often it is sent."""
        headers = {"Idempotency-Key": key} if key else {}
        return self._call("POST", path, body=body, headers=headers)

    def put(self, path: str, body: Json) -> Json:
        """Replace something."""
        return self._call("PUT", path, body=body)

    def patch(self, path: str, body: Json) -> Json:
        """Change something."""
        return self._call("PATCH", path, body=body)

    def delete(self, path: str) -> Json:
        """Remove something; that it is not there any more is no error."""
        try:
            return self._call("DELETE", path)
        except NotFoundError:
            return None

    def open_stream(self, path: str, timeout_s: float, **query: t.Any) -> t.Any:
        """Open something that is read line by line, without retries.

        Raises:
            FleetError: it could not be opened. Reading raises what sockets raise.
        """
        headers = {"Accept": "text/event-stream"}
        try:
            return self._send("GET", self._build_url(path, query), None, headers, timeout_s)
        except _RetryableError as retryable:
            raise retryable.error from retryable

    def open_exchange(
        self,
        method: str,
        path: str,
        body: t.Any = None,
        headers: dict[str, str] | None = None,
        query: t.Mapping[str, t.Any] | None = None,
        timeout_s: float | None = None,
    ) -> t.Any:
        """Send bytes, or what an open file has left, and return the answer unread; no retries.

        Raises:
            FleetError: it was refused; ``may_pass`` tells whether to try again. Reading raises
                what sockets raise.
        """
        url, wait_s = self._build_url(path, query or {}), timeout_s or self._settings.timeout_s
        try:
            return self._send(method, url, body, headers or {}, wait_s)
        except _RetryableError as retryable:
            retryable.error.may_pass = True
            raise retryable.error from retryable

    def _call(
        self,
        method: str,
        path: str,
        query: t.Mapping[str, t.Any] | None = None,
        body: Json = None,
        headers: dict[str, str] | None = None,
    ) -> Json:
        """Send a request, again where that can do no harm, and return what is answered."""
        data = None if body is None else json.dumps(body).encode()
        headers = dict(headers or {})
        if data is not None:
            headers["Content-Type"] = "application/json"
        harmless = method in _IDEMPOTENT or "Idempotency-Key" in headers
        url = self._build_url(path, query or {})
        for waited in range(self._settings.retries + 1):
            try:
                return self._exchange(method, url, data, headers)
            except _RetryableError as retryable:  # noqa: PERF203 - a round is an exchange
                if waited == self._settings.retries or not (harmless or retryable.nothing_done):
                    raise retryable.error from retryable
                self._sleep(max(2.0**waited, retryable.wait_s))
        raise AssertionError("the last try returns or raises")

    def _exchange(self, method: str, url: str, data: bytes | None, headers: dict[str, str]) -> Json:
        with self._send(method, url, data, headers, self._settings.timeout_s) as response:
            try:
                raw = response.read(MAX_ANSWER_BYTES + 1)
            except (OSError, http.client.HTTPException) as error:
                raise _RetryableError(self._describe_failure(error)) from error
        if len(raw) > MAX_ANSWER_BYTES:
            raise UnreachableError(f"{url} answers more than {MAX_ANSWER_BYTES} bytes.")
        try:
            return json.loads(raw) if raw else None
        except ValueError as error:
            raise self._not_a_control_plane("its answer is not JSON") from error

    def _send(
        self,
        method: str,
        url: str,
        data: t.Any,
        headers: dict[str, str],
        timeout_s: float,
    ) -> t.Any:
        """Send one request and return the response, of which nothing is read yet."""
        try:
            return self._request.open(method, url, data=data, headers=headers, timeout=timeout_s)
        except urllib.error.HTTPError as error:
            raise self._read_refusal(error) from error
        except urllib.error.URLError as error:
            reason = error.reason if isinstance(error.reason, Exception) else error
            raise self._fail(reason) from error
        except (OSError, http.client.HTTPException) as error:
            raise self._fail(error) from error

    def _fail(self, cause: Exception) -> Exception:
        """Say what kept an answer away; what will not go away by itself is not tried again."""
        described = self._describe_failure(cause)
        if isinstance(cause, (ssl.SSLCertVerificationError, socket.gaierror)):
            return described
        return _RetryableError(described, nothing_done=isinstance(cause, ConnectionRefusedError))

    def _read_refusal(self, error: urllib.error.HTTPError) -> Exception:
        """Turn an answer with an error status into an exception."""
        with error:
            problem = _parse_problem(error.read(64 * 1024))
        status = error.code
        if problem is None and status in _REDIRECTS:
            return self._not_a_control_plane(
                "it redirects to {}".format(error.headers.get("Location", "elsewhere"))
            )
        if problem is None and status == HTTPStatus.NOT_FOUND:
            return self._not_a_control_plane("it answers 404")
        problem = problem or {"detail": f"{self._settings.url} answers {status}."}
        kind = NotFoundError if status == HTTPStatus.NOT_FOUND else ApiError
        refused = kind(
            _describe(problem), status, str(problem.get("code", "")), problem.get("errors") or []
        )
        if status in _NOT_DONE:
            return _RetryableError(refused, nothing_done=True, wait_s=_read_wait(error))
        return _RetryableError(refused) if status in _PERHAPS_DONE else refused

    def _describe_failure(self, cause: Exception) -> UnreachableError:
        host = urlsplit(self._settings.url).netloc
        if isinstance(cause, ssl.SSLCertVerificationError):
            return UnreachableError(
                f"The certificate of {host} is not trusted: {cause.verify_message or cause}. Name "
                "its CA with myx_ca_file (MYX_CA_FILE), pin it with myx_fingerprint "
                "(MYX_FINGERPRINT), or use in myx_url a name that it was made for."
            )
        if isinstance(cause, (socket.timeout, TimeoutError)):
            return UnreachableError(
                f"{host} did not answer within {self._settings.timeout_s:g} s. Check myx_url "
                "(MYX_URL), or raise myx_timeout."
            )
        return UnreachableError(
            f"{host} cannot be reached: {str(cause) or type(cause).__name__}. Check myx_url "
            "(MYX_URL), and that 'myx serve' runs there."
        )

    def _not_a_control_plane(self, finding: str) -> UnreachableError:
        return UnreachableError(
            f"myx_url: {self._settings.url} is not a control plane: {finding}. "
            "Check address and path."
        )

    def _build_url(self, path: str, query: t.Mapping[str, t.Any]) -> str:
        asked = [(name, _to_text(value)) for name, value in query.items() if value is not None]
        pairs = [(name, one) for name, value in asked for one in value]
        return self._settings.url + "/api/v1" + path + ("?" + urlencode(pairs) if pairs else "")


class _RetryableError(Exception):
    """Something that may be different the next time."""

    def __init__(
        self, error: FleetError, *, nothing_done: bool = False, wait_s: float = 0.0
    ) -> None:
        super().__init__(str(error))
        self.error = error
        self.nothing_done = nothing_done
        self.wait_s = wait_s


def quote_segment(name: t.Any) -> str:
    """Quote a name for use as one part of a path."""
    return quote(str(name), safe="")


def _to_text(value: t.Any) -> list[str]:
    if isinstance(value, (list, tuple)):
        return [str(one) for one in value]
    return [str(value).lower() if isinstance(value, bool) else str(value)]


def _parse_problem(raw: bytes) -> dict[str, t.Any] | None:
    try:
        problem = json.loads(raw)
    except ValueError:
        return None
    return problem if isinstance(problem, dict) and "detail" in problem else None


def _describe(problem: t.Mapping[str, t.Any]) -> str:
    """Join what is wrong with the request and with each of its fields."""
    fields = [
        "{}: {}".format(one.get("field"), one.get("message"))
        for one in problem.get("errors") or []
        if isinstance(one, dict)
    ]
    return " ".join([str(problem["detail"]), *fields])


def _read_wait(error: urllib.error.HTTPError) -> float:
    try:
        return min(max(float(error.headers.get("Retry-After", 0)), 0.0), MAX_RETRY_AFTER_S)
    except ValueError:
        return 0.0
