"""The site as a browser sees it: the built page with the product's policy, everything else forwarded to a real server, until it is cut."""

import contextlib
import mimetypes
import re
import select
import socket
import socketserver
import threading
from pathlib import Path
from typing import Self

from inmost_server.web import POLICY

HEAD_BYTES = 65_536
CHUNK_BYTES = 65_536


class Site:
    """At `origin` while it runs. port: where the server listens, once it does."""

    def __init__(self, files: Path) -> None:
        self.files = files
        self.port = 0
        # How much browsers have sent to the server.
        self.asked_bytes = 0
        self._is_cut = False
        self._open: set[socket.socket] = set()
        site = self

        class Visit(socketserver.BaseRequestHandler):
            def handle(self) -> None:
                with contextlib.suppress(OSError):
                    site._answer(self.request)

        class Visits(socketserver.ThreadingTCPServer):
            daemon_threads = True

        self._server = Visits(("127.0.0.1", 0), Visit)
        self.origin = f"http://localhost:{self._server.server_address[1]}"

    def __enter__(self) -> Self:
        threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True
        ).start()
        return self

    def __exit__(self, *_: object) -> None:
        self.cut()
        self._server.shutdown()
        self._server.server_close()

    def cut(self) -> None:
        """The server is out of reach from here on; the page itself still comes."""
        self._is_cut = True
        for each in list(self._open):
            with contextlib.suppress(OSError):
                each.shutdown(socket.SHUT_RDWR)

    def mend(self) -> None:
        self._is_cut = False

    def _answer(self, browser: socket.socket) -> None:
        head = b""
        while b"\r\n\r\n" not in head and len(head) < HEAD_BYTES:
            more = browser.recv(CHUNK_BYTES)
            if not more:
                return
            head += more
        path = head.split(b" ", 2)[1].decode().partition("?")[0]
        if path.startswith(("/api/", "/v1/")):
            if not self._is_cut:
                self._forward(browser, head)
        else:
            self._give(browser, path)

    def _forward(self, browser: socket.socket, head: bytes) -> None:
        if b"upgrade: websocket" not in head.lower():
            head = re.sub(rb"(?im)^connection:.*\r\n", b"", head, count=1)
            head = head.replace(b"\r\n", b"\r\nConnection: close\r\n", 1)
        with socket.create_connection(("127.0.0.1", self.port)) as server:
            self._open |= {browser, server}
            try:
                server.sendall(head)
                other = {browser: server, server: browser}
                while True:
                    for ready in select.select([browser, server], [], [])[0]:
                        chunk = ready.recv(CHUNK_BYTES)
                        if not chunk:
                            return
                        if ready is browser:
                            self.asked_bytes += len(chunk)
                        other[ready].sendall(chunk)
            finally:
                self._open -= {browser, server}

    def _give(self, browser: socket.socket, path: str) -> None:
        file = self.files / (path.lstrip("/") or "index.html")
        # Asked for by the browser itself, and a complaint in its console when it is not there.
        missing = "204 No Content" if path == "/favicon.ico" else "404 Not Found"
        status = "200 OK" if file.is_file() else missing
        body = file.read_bytes() if file.is_file() else b""
        kind = mimetypes.guess_type(file.name)[0] or "application/octet-stream"
        head = [
            f"HTTP/1.1 {status}",
            f"Content-Type: {kind}",
            f"Content-Length: {len(body)}",
            f"Content-Security-Policy: {POLICY}",
            "Cache-Control: no-cache",
            "Connection: close",
        ]
        browser.sendall("\r\n".join(head).encode() + b"\r\n\r\n" + body)
