"""A server seen from REST: people who claim with password and second factor, and devices that sign challenges."""

import base64
import os
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx2
import pyotp

from inmost_engine.public import parse_link_fragment
from inmost_server import base64url
from inmost_server.app import owner_link
from inmost_server.clock import now_ms
from server.kit.people import Device, Key, Person
from server.kit.running import Running

PASSWORD = "violet anchor parade tundra"  # noqa: S105 (of nobody)
DAY_MS = 86_400_000
STEP_MS = 30_000


class Clock:
    """Stands still until a test sets it forward, so that a slow machine does not let waits run out."""

    def __init__(self) -> None:
        self.at_ms = now_ms()

    def __call__(self) -> int:
        return self.at_ms

    def forward(self, ms: int) -> None:
        self.at_ms += ms


@dataclass
class Member:
    """A person, and what only they know."""

    person: Person
    password: str = PASSWORD
    totp_secret: bytes = field(default_factory=lambda: os.urandom(20))
    backup_codes: list[str] = field(default_factory=list)

    @property
    def account(self) -> str:
        return self.person.account

    def code(self, at_ms: int) -> str:
        return pyotp.TOTP(base64.b32encode(self.totp_secret).decode()).at(at_ms // 1000)


class Rest(Running):
    """A running server with an HTTP client and a clock to set."""

    def __init__(self, data: Path, database: str | None = None) -> None:
        self.time = Clock()
        super().__init__(data, self.time, database=database)
        self.owner_fragment: str | None = None

    async def __aenter__(self) -> "Rest":
        await self.start()
        self.owner_fragment = await owner_link(self.server)
        self.http = httpx2.AsyncClient(base_url=self.address, timeout=30)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.http.aclose()
        await self.stop()

    @property
    def org(self) -> bytes:
        return self.server.organisation.org

    async def post(
        self, path: str, body: Any, token: str | None = None, keeps_trust: bool = False
    ) -> httpx2.Response:
        """What the command would send; keeps_trust: with the cookie that earlier answers brought."""
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        if not keeps_trust:
            self.http.cookies.clear()
        return await self.http.post(f"/api/v1/{path}", json=body, headers=headers)

    def newcomer(self, account: str, *, is_bot: bool = False) -> Member:
        return Member(Person(self.org, account, is_bot))

    async def claimed_owner(self) -> Member:
        """The owner, by the link that the server printed."""
        assert self.owner_fragment is not None
        link = parse_link_fragment(self.owner_fragment)
        member = self.newcomer(link.account)
        entry = member.person.claim(self.directory, link.invitation, None, Key(link.seed), self.clock())
        return await self._claimed(member, entry)

    async def invite(
        self, inviter: Member, account: str, role: str = "member", *, is_bot: bool = False
    ) -> tuple[bytes, Key]:
        """An invitation and its seed."""
        invitation, seed = os.urandom(16), Key()
        await self.write(
            inviter, "invite", [invitation, seed.public, role, account, is_bot, self.clock() + DAY_MS]
        )
        return invitation, seed

    def claim(self, inviter: Member, invited: tuple[bytes, Key], member: Member) -> bytes:
        invitation, seed = invited
        return member.person.claim(self.directory, invitation, inviter.person.user, seed, self.clock())

    async def joined(
        self, inviter: Member, account: str, role: str = "member", *, is_bot: bool = False
    ) -> Member:
        """Somebody new, invited and claimed."""
        member = self.newcomer(account, is_bot=is_bot)
        invited = await self.invite(inviter, account, role, is_bot=is_bot)
        return await self._claimed(member, self.claim(inviter, invited, member))

    async def write(self, author: Member, kind: str, payload: list[Any]) -> None:
        """An entry of the author's in the directory."""
        await self.append(author.person.entry(self.directory, kind, payload, self.clock()))

    def claim_body(self, member: Member, entry: bytes) -> dict[str, Any]:
        if member.person.is_bot:
            return {"entry": base64url.text(entry)}
        return {
            "entry": base64url.text(entry),
            "password": member.password,
            "totp_secret": base64url.text(member.totp_secret),
            "totp_code": member.code(self.clock()),
        }

    def next_code(self, member: Member) -> str:
        """A code not used yet: time goes on by a step."""
        self.time.forward(STEP_MS)
        return member.code(self.clock())

    async def _claimed(self, member: Member, entry: bytes) -> Member:
        answer = await self.post("claims", self.claim_body(member, entry))
        assert answer.status_code == 200, answer.text
        member.backup_codes = answer.json()["backup_codes"]
        return member

    async def session(self, member: Member) -> str:
        """An access token of the member's device."""
        answer = await self.sign_in(member.person.device)
        assert answer.status_code == 201, answer.text
        return str(answer.json()["token"])

    async def sign_in(self, device: Device, **changed: Any) -> httpx2.Response:
        """Sign a challenge and send it; `changed` replaces what is signed and sent."""
        nonce = changed.pop("server_nonce", None) or await self.challenge(device.id)
        return await self.post("sessions", self.signed(device, nonce, **changed))

    def signed(self, device: Device, server_nonce: bytes, **changed: Any) -> dict[str, Any]:
        """The body of a sign-in. label, org, origin, key, client_nonce, time_ms can be changed."""
        client_nonce = changed.get("client_nonce") or os.urandom(32)
        time_ms = changed.get("time_ms", self.clock())
        signed = [changed.get("origin", self.address), server_nonce, client_nonce, device.id, time_ms]
        key: Key = changed.get("key", device.auth)
        signature = key.dev_sign(changed.get("org", self.org), changed.get("label", "sign-in"), signed)
        return {
            "device": base64url.text(device.id),
            "server_nonce": base64url.text(server_nonce),
            "client_nonce": base64url.text(client_nonce),
            "time_ms": time_ms,
            "signature": base64url.text(signature),
        }

    async def challenge(self, device: bytes) -> bytes:
        answer = await self.post("challenges", {"device": base64url.text(device)})
        assert answer.status_code == 200, answer.text
        return base64url.data(answer.json()["server_nonce"], least=32, most=32)
