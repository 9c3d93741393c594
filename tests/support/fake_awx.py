# SPDX-License-Identifier: GPL-3.0-or-later
"""What do the modules of ``awx.awx`` talk to in a test? As much of AWX's API as they need.

Everything is kept as it was sent. Secrets of credentials are answered as AWX does. It knows no
rules of AWX: what AWX refuses is checked where the objects are made.
"""

import json
import re
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from types import TracebackType
from typing import Any, Self
from urllib.parse import parse_qsl, urlsplit

Json = dict[str, Any]

ENCRYPTED = "$encrypted$"

_PATH = re.compile(r"/api/v2/(?P<kind>\w+)/(?:(?P<id>\d+)/)?(?:(?P<part>\w+)/)?")


class FakeAwx:
    """The objects of an AWX, which has an organization to begin with."""

    def __init__(self) -> None:
        self.objects: dict[str, dict[int, Json]] = {}
        self.parts: dict[tuple[str, int, str], Any] = {}
        self.changes: list[str] = []
        """Each request that was no question, as method and path."""
        self.add("organizations", {"name": "Default"})
        self._server = ThreadingHTTPServer(("127.0.0.1", 0), _make_handler(self))
        self._thread = threading.Thread(target=self._server.serve_forever)

    @property
    def url(self) -> str:
        """Where it serves."""
        return f"http://127.0.0.1:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()

    def list(self, kind: str) -> list[Json]:
        """Return the objects of a kind, such as ``job_templates``."""
        return list(self.objects.get(kind, {}).values())

    def get(self, kind: str, name: str) -> Json:
        """Return the object of this name."""
        [found] = [each for each in self.list(kind) if each["name"] == name]
        return found

    def add(self, kind: str, fields: Json) -> Json:
        """Keep a new object, and return it with its address."""
        number = sum(map(len, self.objects.values())) + 1
        url = f"/api/v2/{kind}/{number}/"
        related = {"survey_spec": f"{url}survey_spec/"}
        head = {"id": number, "url": url, "type": kind.removesuffix("s"), "related": related}
        made = {**head, "summary_fields": {}, "scm_revision": "", **fields}
        self.objects.setdefault(kind, {})[number] = made
        return made

    def answer(self, method: str, path: str, query: Json, body: Json) -> tuple[int, Any]:
        """Answer a request with a status and a body."""
        match = _PATH.fullmatch(path)
        if match is None:
            return 404, {"detail": "Not found."}
        if method != "GET":
            self.changes.append(f"{method} {path}")
        kind, number, part = match["kind"], int(match["id"] or 0), match["part"]
        if part is not None:
            return self._answer_part(method, (kind, number, part), body)
        if number:
            return self._answer_one(method, kind, number, body)
        if method == "POST":
            return 201, _hide(kind, self.add(kind, body))
        found = [_hide(kind, each) for each in self.list(kind) if _matches(each, query)]
        return 200, {"count": len(found), "next": None, "previous": None, "results": found}

    def _answer_one(self, method: str, kind: str, number: int, body: Json) -> tuple[int, Any]:
        known = self.objects.get(kind, {})
        if number not in known:
            return 404, {"detail": "Not found."}
        if method == "DELETE":
            del known[number]
            return 204, None
        if method == "PATCH":
            known[number] |= body
        return 200, _hide(kind, known[number])

    def _answer_part(self, method: str, key: tuple[str, int, str], body: Json) -> tuple[int, Any]:
        if key[2] == "survey_spec":
            if method == "POST":
                self.parts[key] = body
            return 200, self.parts.get(key, {})
        linked = self.parts.setdefault(key, [])
        if method == "POST":
            linked.append({"id": body["id"]})
            return 204, None
        return 200, {"count": len(linked), "next": None, "previous": None, "results": linked}


def _matches(item: Json, query: Json) -> bool:
    return all(str(item.get(name)) == value for name, value in query.items())


def _hide(kind: str, item: Json) -> Json:
    if kind != "credentials" or "token" not in item.get("inputs", {}):
        return item
    return {**item, "inputs": {**item["inputs"], "token": ENCRYPTED}}


def _make_handler(awx: FakeAwx) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def _serve(self) -> None:
            parts = urlsplit(self.path)
            size = int(self.headers.get("Content-Length") or 0)
            body = json.loads(self.rfile.read(size) or b"{}")
            query = dict(parse_qsl(parts.query))
            status, answer = awx.answer(self.command, parts.path, query, body)
            content = b"" if answer is None else json.dumps(answer).encode()
            self.send_response(status)
            self.send_header("Content-Type", "application/json")
            self.send_header("Content-Length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        do_GET = do_POST = do_PATCH = do_DELETE = _serve  # noqa: N815 - http.server's names

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name
            """Say nothing: pytest shows what failed."""

    return Handler
