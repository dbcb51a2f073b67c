"""A small web server for the dashboard. It listens on this machine only, and knows three addresses.

``/``         the page
``/runs``     the list of runs and how each is doing; with an ETag, so that an unchanged list costs nothing
``/records``  ``?run=NAME&metrics=CURSOR&telemetry=CURSOR``: what was added to the files of a run since the cursors,
              each as ``{"records", "cursor", "anew", "more", "damaged"}`` (see :class:`nn.training.Chunk`)

The server keeps no state: the page holds the cursors. So it may be restarted while the page is open.
"""

from __future__ import annotations

import base64
import errno
import hashlib
import json
import math
import re
import webbrowser
from collections.abc import Callable
from http import HTTPStatus
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import parse_qs, urlsplit

from autograd.errors import ArgumentError, GlassgradError
from glassgrad.watch.page import dashboard
from glassgrad.watch.runs import FILES, Runs, is_run

__all__ = ["ServerError", "Watch", "serve"]

_ADDRESS = "127.0.0.1"


class ServerError(GlassgradError, OSError):
    """The port cannot be listened on; the message says why, and what to do."""


class Watch(ThreadingHTTPServer):
    """The server of the dashboard on ``127.0.0.1``; ``port`` 0 takes any that is free.

    Raises ``ServerError`` if the port is taken or not allowed.
    """

    daemon_threads = True

    def __init__(self, runs: Runs, port: int = 0):
        self.runs = runs
        self.page = dashboard().encode()
        self.policy = _policy(self.page.decode())
        try:
            super().__init__((_ADDRESS, port), _Handler)
        except (OSError, OverflowError) as error:
            raise ServerError(_refusal(port, error)) from error

    @property
    def port(self) -> int:
        """The port that it listens on."""
        return int(self.server_address[1])

    @property
    def url(self) -> str:
        """Where the page is."""
        return f"http://{_ADDRESS}:{self.port}/"

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A browser that closes a connection is nothing to report."""


def serve(runs: Runs, port: int = 0, *, open_browser: bool = True, say: Callable[[str], None] = print) -> None:
    """Serve the dashboard until Ctrl-C. ``open_browser`` shows it in the browser of this machine."""
    with Watch(runs, port) as server:
        count = sum(map(is_run, server.runs.folders().values()))
        waiting = "" if count else "; none is there yet"
        say(f"watching {count} run{'s' * (count != 1)} at {server.url}{waiting} (Ctrl-C ends it)")
        if open_browser:
            webbrowser.open(server.url)
        try:
            server.serve_forever(poll_interval=0.2)
        except KeyboardInterrupt:
            say("no longer watching; the runs go on")


class _Handler(BaseHTTPRequestHandler):
    server: Watch
    server_version = "glassgrad"
    sys_version = ""
    timeout = 60

    def do_GET(self) -> None:
        # A page elsewhere whose name was pointed to this machine (DNS rebinding) gives itself away by its Host.
        if self.headers.get("Host", "") not in (f"{_ADDRESS}:{self.server.port}", f"localhost:{self.server.port}"):
            self._refuse(HTTPStatus.MISDIRECTED_REQUEST, f"This server answers to {self.server.url} only.")
            return
        try:
            address = urlsplit(self.path)
        except ValueError:  # such as http://[
            self._refuse(HTTPStatus.BAD_REQUEST, "That is no address.")
            return
        if address.path == "/":
            self._send(self.server.page, "text/html; charset=utf-8")
        elif address.path == "/runs":
            self._send_json({"runs": self.server.runs.listing()})
        elif address.path == "/records":
            self._send_records(parse_qs(address.query))
        else:
            self._refuse(HTTPStatus.NOT_FOUND, "There are /, /runs and /records.")

    do_HEAD = do_GET

    def _send_records(self, query: dict[str, list[str]]) -> None:
        given = {key: values[-1] for key, values in query.items()}
        try:
            chunks = self.server.runs.read(given.get("run", ""), {kind: given.get(kind, "") for kind in FILES})
        except ArgumentError as error:
            self._refuse(HTTPStatus.BAD_REQUEST, str(error))
            return
        except OSError as error:
            self._refuse(HTTPStatus.SERVICE_UNAVAILABLE, f"The run cannot be read: {error.strerror}.")
            return
        if chunks is None:
            self._refuse(HTTPStatus.NOT_FOUND, "There is no such run; /runs lists those that there are.")
            return
        self._send_json({kind: vars(chunk) for kind, chunk in chunks.items()})

    def _send_json(self, value: Any) -> None:
        self._send(json.dumps(_finite(value), separators=(",", ":"), allow_nan=False).encode(), "application/json")

    def _refuse(self, status: HTTPStatus, words: str) -> None:
        self._send(json.dumps({"error": words}).encode(), "application/json", status)

    def _send(self, body: bytes, kind: str, status: HTTPStatus = HTTPStatus.OK) -> None:
        tag = f'"{hashlib.sha256(body).hexdigest()[:32]}"'
        if status == HTTPStatus.OK and self.headers.get("If-None-Match") == tag:
            status, body = HTTPStatus.NOT_MODIFIED, b""
        self.send_response(status)
        headers = {
            "Content-Type": kind, "Content-Length": str(len(body)), "ETag": tag, "Cache-Control": "no-store",
            "Content-Security-Policy": self.server.policy, "X-Content-Type-Options": "nosniff",
            "Referrer-Policy": "no-referrer", "Cross-Origin-Resource-Policy": "same-origin",
        }  # fmt: skip
        for name, value in headers.items():
            self.send_header(name, value)
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """A line for each poll would bury what the terminal is for."""


def _finite(value: Any) -> Any:
    """The value with ``"NaN"``, ``"Infinity"`` and ``"-Infinity"`` in quotes, as telemetry has them.

    Python reads them bare and writes them bare, but they are no JSON, and a browser would refuse the whole answer.
    """
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    return [_finite(item) for item in value] if isinstance(value, list) else value


def _policy(page: str) -> str:
    """The page may run its own script and style, known by their hashes, and talk to this server; nothing else."""

    def hashes(tag: str) -> str:
        texts = re.findall(f"<{tag}>(.*?)</{tag}>", page, re.DOTALL)
        return " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(t.encode()).digest()).decode()}'" for t in texts)

    return (
        f"default-src 'none'; script-src {hashes('script')}; style-src {hashes('style')}; img-src data:; "
        "connect-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
    )


def _refusal(port: int, error: Exception) -> str:
    if isinstance(error, OSError) and error.errno == errno.EADDRINUSE:
        return f"port {port} is taken by another program. Give another --port, or --port 0 for any that is free."
    if isinstance(error, OSError) and error.errno in (errno.EACCES, errno.EPERM):
        return f"port {port} may not be used without special rights. Give a --port from 1024 on, or 0 for any."
    return f"cannot listen on port {port}: {error}. Give a --port between 1024 and 65535, or 0 for any that is free."
