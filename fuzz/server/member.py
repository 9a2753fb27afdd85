"""A person with everything that REST asks for: password, second factor, a passkey and a device that signs. Put back before each request."""

import os
from dataclasses import replace
from typing import Any

import msgspec

from fuzz.server.inside import Inside
from inmost_server import base64url
from inmost_server.features.accounts import store as credentials
from inmost_server.features.passkeys import store as passkeys
from inmost_server.store import Reader, Tx
from server.kit.passkeys import Browser
from server.kit.people import Key, Person
from server.kit.signing_in import DAY_MS, Member

JSON = b"application/json"
# Every act that waits for a factor.
ACTS = ("add_passkey", "remove_passkey", "password", "reset_second_factor")


class RestMember:
    """Made once, over REST itself."""

    def __init__(self, inside: Inside) -> None:
        self.inside = inside
        self.member = Member(Person(inside.server.organisation.org, "alice"))
        self.origin = next(
            origin for origin in inside.server.settings.accepted_origins if "localhost" in origin
        )
        self.browser = Browser(self.origin)
        self.trust = b""
        claim = self.claim_of(self.member.person)
        self.asked("POST", "claims", {"entry": claim, **self.new_password()})
        self._kept = inside.run(inside.server.store.read(self._read_credentials))
        self.session = self.token(*ACTS)
        made = self.browser.create(self.asked("POST", "passkeys/options", None, self.session))
        self.passkey = self.asked("POST", "passkeys", {"credential": made, "name": "Key"}, self.session)["id"]
        self.kept_trust = self.trust
        self._passkeys = inside.run(
            inside.server.store.read(lambda reader: passkeys.of_user(reader, self.user))
        )

    @property
    def user(self) -> bytes:
        return self.member.person.user

    def _read_credentials(self, reader: Reader) -> tuple[Any, list[bytes]]:
        found = credentials.of_user(reader, self.user)
        assert found is not None
        # No code of it was used yet.
        return replace(found, totp_last_step=0), credentials.backup_hashes(reader, self.user)

    def put_back(self) -> None:
        """As it was, whatever requests changed of it; and with a new session that has shown a factor for everything."""
        self.session = self.token(*ACTS)

        def write(tx: Tx) -> None:
            credentials.put(tx, *self._kept)
            for one in passkeys.of_user(tx, self.user):
                passkeys.remove(tx, one.id, self.user)
            for one in self._passkeys:
                # An authenticator's counter goes up; its passkey's starts anew.
                passkeys.add(tx, one)

        self.inside.run(self.inside.server.store.write(write))

    def asked(self, method: str, path: str, body: Any, token: str | None = None) -> Any:
        """A request that is taken: its answer."""
        headers = [(b"content-type", JSON), (b"host", self.origin.removeprefix("http://").encode())]
        if token is not None:
            headers.append((b"authorization", b"Bearer " + token.encode()))
        content = b"" if body is None else msgspec.json.encode(body)
        headers.append((b"content-length", str(len(content)).encode()))
        request = self.inside.request(method, f"/api/v1/{path}", b"", headers, content)
        status, sent, answer = self.inside.run(request)
        assert status < 300, (path, status, answer)
        self.trust = sent.get(b"set-cookie", self.trust).partition(b";")[0]
        return msgspec.json.decode(answer) if answer else None

    def token(self, *acts: Any) -> str:
        """A session of its device, that has shown a factor for these acts."""
        device = self.member.person.device
        opened = self.inside.server.sessions.open_for_device(self.user, device.id)
        for act in acts:
            self.inside.server.step_ups.grant(opened.session, act)
        return opened.token

    def claim_of(self, person: Person) -> str:
        """A right claim of a fresh invitation by this person."""
        inside = self.inside
        invitation, seed, owner = os.urandom(16), Key(), inside.people["owner"]
        payload = [invitation, seed.public, "member", person.account, person.is_bot, inside.clock() + DAY_MS]
        inside.run(inside.append(owner.entry(inside.directory, "invite", payload, inside.clock())))
        entry = person.claim(inside.directory, invitation, owner.user, seed, inside.clock())
        return base64url.text(entry)

    def new_password(self) -> dict[str, Any]:
        """password, totp_secret and totp_code, as claims take them."""
        code = self.member.code(self.inside.clock())
        secret = base64url.text(self.member.totp_secret)
        return {"password": self.member.password, "totp_secret": secret, "totp_code": code}

    def proof(self) -> dict[str, Any]:
        """password and code."""
        return {"password": self.member.password, "code": self.member.code(self.inside.clock())}

    def signed_in(self) -> dict[str, Any]:
        """A right sign-in of its device."""
        device, inside = self.member.person.device, self.inside
        nonce = self.asked("POST", "challenges", {"device": base64url.text(device.id)})["server_nonce"]
        mine, now = os.urandom(32), inside.clock()
        signed = [self.origin, base64url.data(nonce, least=32, most=32), mine, device.id, now]
        signature = device.auth.dev_sign(inside.server.organisation.org, "sign-in", signed)
        return {
            "device": base64url.text(device.id),
            "server_nonce": nonce,
            "client_nonce": base64url.text(mine),
            "time_ms": now,
            "signature": base64url.text(signature),
        }

    def assertion(self) -> dict[str, Any]:
        """Signed with the passkey, to come back."""
        return self.browser.get(self.asked("POST", "recoveries/options", None))

    def step_up(self) -> dict[str, Any]:
        """The same for one act of its session."""
        options = self.asked("POST", "step-ups/options", {"act": "password"}, self.session)
        return {"act": "password", "assertion": self.browser.get(options)}

    def registration(self) -> dict[str, Any]:
        """One more passkey, of another authenticator, for its session."""
        options = self.asked("POST", "passkeys/options", None, self.session)
        return {"credential": Browser(self.origin).create(options), "name": "Another"}

    def claim_with_passkey(self) -> dict[str, Any]:
        person = Person(self.inside.server.organisation.org, f"p{os.urandom(4).hex()}")
        entry = self.claim_of(person)
        options = self.asked("POST", "claims/options", {"entry": entry})
        return {"entry": entry, "passkey": {"credential": Browser(self.origin).create(options), "name": "P"}}
