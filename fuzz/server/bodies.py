"""Requests over REST: every route with a valid body and changes to it, raw bodies, queries, headers, and who asks."""

import os
from typing import Any

import msgspec

from fuzz.server.inside import Found, Inside
from fuzz.server.script import TEXTS, Script
from inmost_server import base64url
from server.kit.people import Key, Person

JSON = b"application/json"
KINDS = (
    JSON,
    JSON,
    JSON,
    b"application/json; charset=utf-8",
    b"text/plain",
    b"application/x-www-form-urlencoded",
    b"",
    b"\xff",
)
NAMES = (
    b"Authorization",
    b"Content-Length",
    b"Cookie",
    b"Transfer-Encoding",
    b"X-Forwarded-For",
    b"Accept",
    b"Host",
)


class Bodies:
    """The target: `run` takes one input."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        device = inside.fuzzed
        nonce = base64url.text(bytes(32))
        id_, signature = base64url.text(device.id), base64url.text(bytes(64))
        user = base64url.text(device.user)
        person = Person(inside.server.organisation.org, "nobody")
        entry = person.claim(inside.directory, os.urandom(16), device.user, Key(), inside.clock())
        secret = {"password": "violet anchor parade tundra", "code": "123456"}
        claim = {
            "entry": base64url.text(entry), "password": secret["password"], "totp_secret": base64url.text(bytes(20)),
            "totp_code": "123456",
        }  # fmt: skip
        signed = {
            "device": id_, "server_nonce": nonce, "client_nonce": nonce, "time_ms": inside.clock(), "signature": signature,
        }  # fmt: skip
        reset = {"account": "owner", **claim, "reset_code": "AAAA-AAAA"}
        self.routes: list[tuple[str, str, Any]] = [
            ("GET", "/api/v1/organisation", None),
            ("POST", "/api/v1/claims", claim),
            ("POST", "/api/v1/challenges", {"device": id_}),
            ("POST", "/api/v1/sessions", signed),
            ("DELETE", "/api/v1/sessions", None),
            ("POST", "/api/v1/recoveries", {"account": "owner", **secret}),
            ("POST", "/api/v1/password", {**secret, "new_password": "another " + secret["password"]}),
            ("GET", "/api/v1/people", None),
            ("POST", f"/api/v1/people/{user}/second-factor-reset", secret),
            ("POST", "/api/v1/second-factor", reset),
            ("GET", "/api/v1/schema/openapi.json", None),
            ("GET", "/api/v1/schema", None),
            ("GET", "/health", None),
        ]
        self.others: list[Any] = [id_, nonce, user, "owner", *TEXTS]

    def run(self, data: bytes) -> None:
        """Route, who asks, content type, query, header, path; how many bytes change the body, the changes or the raw body."""
        script = Script(data)
        method, path, body = self.routes[script.below(len(self.routes))]
        headers = self._who(script.byte())
        headers.append((b"content-type", KINDS[script.below(len(KINDS))]))
        options = script.byte()
        query = b""
        if options & 1:
            query = b"&".join(script.take(script.byte() % 24) for _ in range(1 + script.below(3)))
        elif options & 2:
            query = b"limit=" + script.take(4) + b"&after=" + script.take(12)
        if options & 4:
            headers.append((NAMES[script.below(len(NAMES))].lower(), script.take(script.byte() % 48)))
        if options & 8:
            path = script.scratched(path.encode()).decode(errors="replace")
        if options & 16:
            method = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X")[script.below(8)]
        content = script.rest() if options & 32 else self._changed(body, script)
        headers.append((b"content-length", str(len(content)).encode()))
        status, sent, answer = self.inside.run(self.inside.request(method, path, query, headers, content))
        self._look_at(status, sent, answer, (method, path, query, headers, content))

    def _who(self, which: int) -> list[tuple[bytes, bytes]]:
        inside = self.inside
        if which % 4 == 0:
            return []
        if which % 4 == 1:
            return [(b"authorization", b"Bearer " + inside.token(inside.fuzzed).encode())]
        if which % 4 == 2:
            return [(b"authorization", b"Bearer " + inside.token(inside.people["owner"].device).encode())]
        opened = inside.server.sessions.open_for_recovery(inside.people["owner"].user)
        return [(b"authorization", b"Bearer " + opened.token.encode())]

    def _changed(self, body: Any, script: Script) -> bytes:
        if body is None:
            return b""
        while not script.is_over():
            body = script.edit(body, self.others)
        return msgspec.json.encode(body, enc_hook=str)

    def _look_at(self, status: int, headers: dict[bytes, bytes], answer: bytes, asked: object) -> None:
        if status >= 500:
            raise Found(f"{status} for {asked}: {answer!r}")
        for telling in (b"Traceback", b'.py"', b"site-packages", b"msgspec."):
            if telling in answer:
                raise Found(f"{telling!r} in the answer to {asked}: {answer!r}")
        if b"content-security-policy" not in headers or headers.get(b"x-content-type-options") != b"nosniff":
            raise Found(f"an answer without its headers to {asked}")
        is_page_of_schema = headers.get(b"content-type", b"").startswith(b"text/html")
        if status >= 400 and not is_page_of_schema and answer:
            problem = msgspec.json.decode(answer)
            if (
                not headers[b"content-type"].startswith(b"application/problem+json")
                or problem["status"] != status
            ):
                raise Found(f"no problem for {asked}: {answer!r}")
