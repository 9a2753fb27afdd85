"""Port 80: answers the ACME server's HTTP-01 challenges and sends everybody else to https. Reads one request line, nothing more."""

import asyncio
import re
import socket

PREFIX = "/.well-known/acme-challenge/"
MAX_HEAD_BYTES = 8_192
READ_WITHIN_S = 5.0
MAX_AT_ONCE = 256
_TARGET = re.compile(r"^(?:GET|HEAD) (/[!-~]*) HTTP/1\.[01]$")


class HttpPort:
    """Challenges by token while an order is open; a redirect to `origin` for all else."""

    def __init__(self, origin: str) -> None:
        self._origin = origin
        self._answers: dict[str, str] = {}
        self._server: asyncio.Server | None = None
        self._at_once = asyncio.Semaphore(MAX_AT_ONCE)

    def answer(self, token: str, key_authorization: str) -> None:
        self._answers[token] = key_authorization

    def forget(self, token: str) -> None:
        self._answers.pop(token, None)

    async def start(self, host: str | None, port: int) -> int:
        """Listen, and return the port."""
        self._server = await asyncio.start_server(self._serve, host, port, limit=MAX_HEAD_BYTES)
        found: socket.socket = self._server.sockets[0]
        return int(found.getsockname()[1])

    async def stop(self) -> None:
        if self._server is not None:
            self._server.close()
            await self._server.wait_closed()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            async with self._at_once, asyncio.timeout(READ_WITHIN_S):
                head = await reader.readuntil(b"\r\n\r\n")
                writer.write(self._response(head.split(b"\r\n", 1)[0].decode("ascii", "replace")))
                await writer.drain()
        except (TimeoutError, ConnectionError, asyncio.IncompleteReadError, asyncio.LimitOverrunError):
            pass  # whoever that was does not speak HTTP, or is gone
        finally:
            writer.close()

    def _response(self, request_line: str) -> bytes:
        found = _TARGET.match(request_line)
        if found is None:
            return _message("400 Bad Request", "", "")
        target = found[1]
        if target.startswith(PREFIX):
            answer = self._answers.get(target.removeprefix(PREFIX))
            return _message("404 Not Found", "", "") if answer is None else _message("200 OK", "", answer)
        return _message("308 Permanent Redirect", f"Location: {self._origin}{target}\r\n", "")


def _message(status: str, headers: str, body: str) -> bytes:
    return (
        f"HTTP/1.1 {status}\r\n{headers}Content-Type: text/plain\r\nContent-Length: {len(body)}\r\n"
        f"X-Content-Type-Options: nosniff\r\nConnection: close\r\n\r\n{body}"
    ).encode("ascii")
