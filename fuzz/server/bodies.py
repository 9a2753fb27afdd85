"""Requests over REST: every route with a valid body and changes to it, raw bodies, queries, headers, and who asks."""

from collections.abc import Callable
from typing import Any

import msgspec

from fuzz.server.inside import Found, Inside
from fuzz.server.member import JSON, RestMember
from fuzz.server.script import TEXTS, Script
from inmost_server import base64url
from server.kit.people import Person

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


def _nothing() -> None:
    """No body."""


class Bodies:
    """The target: `run` takes one input."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.alice = alice = RestMember(inside)
        device = inside.fuzzed
        user, passkey = base64url.text(alice.user), alice.passkey
        nonce = base64url.text(bytes(32))
        signed = {
            "device": base64url.text(device.id), "server_nonce": nonce, "client_nonce": nonce, "time_ms": inside.clock(),
            "signature": base64url.text(bytes(64)),
        }  # fmt: skip
        credential = alice.browser.key.residents[0].id
        # What of each request is right whoever asks: made when it is needed, because codes, challenges and invitations are good once.
        self.routes: list[tuple[str, str, Callable[[], Any]]] = [
            ("GET", "/api/v1/organisation", _nothing),
            ("POST", "/api/v1/claims", self._claim),
            ("POST", "/api/v1/challenges", lambda: {"device": signed["device"]}),
            ("POST", "/api/v1/sessions", lambda: signed),
            ("DELETE", "/api/v1/sessions", _nothing),
            ("POST", "/api/v1/recoveries", lambda: {"account": "alice", **alice.proof()}),
            ("POST", "/api/v1/password", lambda: {**alice.proof(), "new_password": "lantern quarry mitten oboe"}),
            ("GET", "/api/v1/people", _nothing),
            ("POST", f"/api/v1/people/{user}/second-factor-reset", dict),
            ("POST", "/api/v1/second-factor", self._reset),
            ("GET", "/api/v1/schema/openapi.json", _nothing),
            ("GET", "/api/v1/schema", _nothing),
            ("GET", "/health", _nothing),
            ("POST", "/api/v1/sessions", alice.signed_in),
            ("POST", "/api/v1/claims/options", lambda: {"entry": self._claim()["entry"]}),
            ("POST", "/api/v1/claims", alice.claim_with_passkey),
            ("POST", "/api/v1/recoveries/options", _nothing),
            ("POST", "/api/v1/recoveries/passkey", lambda: {"assertion": alice.assertion()}),
            ("PUT", "/api/v1/password", lambda: {"new_password": "lantern quarry mitten oboe", **self._factor()}),
            ("DELETE", "/api/v1/password", _nothing),
            ("GET", "/api/v1/passkeys", _nothing),
            ("POST", "/api/v1/passkeys/options", _nothing),
            ("POST", "/api/v1/passkeys", alice.registration),
            ("PATCH", f"/api/v1/passkeys/{passkey}", lambda: {"name": "Blue key"}),
            ("DELETE", f"/api/v1/passkeys/{passkey}", _nothing),
            ("POST", "/api/v1/step-ups/options", lambda: {"act": "add_passkey"}),
            ("POST", "/api/v1/step-ups", lambda: {"act": "password", **alice.proof()}),
            ("POST", "/api/v1/step-ups", alice.step_up),
            ("GET", "/metrics", _nothing),
        ]  # fmt: skip
        self.others: list[Any] = [user, nonce, base64url.text(credential), "owner", *TEXTS]
        self.turn = 0

    def _claim(self) -> dict[str, Any]:
        self.turn += 1
        person = Person(self.inside.server.organisation.org, f"n{self.turn}")
        return {"entry": self.alice.claim_of(person), **self.alice.new_password()}

    def _factor(self) -> dict[str, Any]:
        factor = self.alice.new_password()
        return {"totp_secret": factor["totp_secret"], "totp_code": factor["totp_code"]}

    def _reset(self) -> dict[str, Any]:
        owner = self.inside.people["owner"].device
        opened = self.inside.server.sessions.open_for_device(owner.user, owner.id)
        self.inside.server.step_ups.grant(opened.session, "reset_second_factor")
        path = f"people/{base64url.text(self.alice.user)}/second-factor-reset"
        code = self.alice.asked("POST", path, {}, opened.token)["reset_code"]
        return {"account": "alice", "reset_code": code, **self.alice.new_password()}

    def run(self, data: bytes) -> None:
        """Route, who asks, content type, query, header, path; how many bytes change the body, the changes or the raw body."""
        script = Script(data)
        method, path, made = self.routes[script.below(len(self.routes))]
        self.alice.put_back()
        body = made()
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
        headers.append((b"host", self.alice.origin.removeprefix("http://").encode()))
        if options & 128:
            # With the trust secret that claiming brought, or a changed one.
            trust = self.alice.kept_trust
            headers.append((b"cookie", script.scratched(trust) if script.byte() & 1 else trust))
        if options & 8:
            path = script.scratched(path.encode()).decode(errors="replace")
        if options & 16:
            method = ("GET", "POST", "PUT", "DELETE", "HEAD", "OPTIONS", "PATCH", "X")[script.below(8)]
        content = script.rest() if options & 32 else self._changed(body, script)
        headers.append((b"content-length", str(len(content)).encode()))
        # From another network each time: who failed too often would only be told to wait.
        self.turn += 1
        network = f"10.{self.turn >> 16 & 255}.{self.turn >> 8 & 255}.{self.turn & 255}"
        address = "127.0.0.1" if options & 64 else network
        request = self.inside.request(method, path, query, headers, content, address)
        status, sent, answer = self.inside.run(request)
        self._look_at(status, sent, answer, (method, path, query, headers, content))

    def _who(self, which: int) -> list[tuple[bytes, bytes]]:
        inside = self.inside
        which %= 6
        if which == 0:
            return []
        if which == 3:
            token = inside.server.sessions.open_for_recovery(self.alice.user).token
        elif which >= 4:
            token = self.alice.session if which == 4 else self.alice.token()
        elif which == 2:
            owner = inside.people["owner"].device
            opened = inside.server.sessions.open_for_device(owner.user, owner.id)
            inside.server.step_ups.grant(opened.session, "reset_second_factor")
            token = opened.token
        else:
            token = inside.token(inside.fuzzed)
        return [(b"authorization", b"Bearer " + token.encode())]

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
