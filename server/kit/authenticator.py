"""A software authenticator: CTAP 2.1 at the level of its CBOR commands, with real P-256 keys, resident keys, user verification by
itself and hmac-secret. A real client (Yubico's fido2) drives it as it drives a security key."""

import hashlib
import hmac
import os
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field
from threading import Event
from typing import Any

from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from fido2 import cbor
from fido2.cose import ES256
from fido2.ctap import CtapDevice
from fido2.ctap2.pin import PinProtocolV2
from fido2.hid import CAPABILITY, CTAPHID

MAKE_CREDENTIAL, GET_ASSERTION, GET_INFO, CLIENT_PIN, GET_NEXT_ASSERTION = 0x01, 0x02, 0x04, 0x06, 0x08
OK, INVALID_COMMAND, UNSUPPORTED_ALGORITHM = b"\x00", b"\x01", b"\x26"
CREDENTIAL_EXCLUDED, NO_CREDENTIALS, PIN_AUTH_INVALID = b"\x19", b"\x2e", b"\x33"
USER_PRESENT, USER_VERIFIED, ATTESTED, EXTENSIONS = 0x01, 0x04, 0x40, 0x80
GET_KEY_AGREEMENT = 0x02
AAGUID = hashlib.sha256(b"inmost software authenticator").digest()[:16]


@dataclass
class Resident:
    """One credential in the authenticator."""

    id: bytes
    rp_id: str
    user: Mapping[str, Any]
    key: ec.EllipticCurvePrivateKey
    secret: bytes  # hmac-secret's CredRandomWithUV
    count: int = 0


@dataclass
class Authenticator(CtapDevice):
    """One security key. verifies: whether its person presents the finger; counts: whether it has a signature counter."""

    verifies: bool = True
    counts: bool = True
    has_secret: bool = True
    residents: list[Resident] = field(default_factory=list)

    def __post_init__(self) -> None:
        self._agreement = ec.generate_private_key(ec.SECP256R1())
        self._next: list[bytes] = []

    capabilities = CAPABILITY.CBOR

    @classmethod
    def list_devices(cls) -> Iterator[CtapDevice]:
        return iter(())

    def call(
        self,
        cmd: int,
        data: bytes = b"",
        event: Event | None = None,
        on_keepalive: Callable[[Any], None] | None = None,
    ) -> bytes:
        assert cmd == CTAPHID.CBOR
        given = cbor.decode(data[1:]) if len(data) > 1 else {}
        match data[0]:
            case 0x01:
                return self._make(given)
            case 0x02:
                return self._assert(given)
            case 0x04:
                return OK + cbor.encode(self._info())
            case 0x06 if given[2] == GET_KEY_AGREEMENT:
                public = ES256.from_cryptography_key(self._agreement.public_key())
                return OK + cbor.encode({1: {**public, 3: -25}})
            case 0x08 if self._next:
                return self._next.pop(0)
            case _:
                return INVALID_COMMAND

    def _info(self) -> dict[int, Any]:
        return {
            1: ["FIDO_2_0", "FIDO_2_1"],
            2: ["hmac-secret"] if self.has_secret else [],
            3: AAGUID,
            4: {"rk": True, "up": True, "uv": True, "plat": False},
            6: [PinProtocolV2.VERSION],
        }

    def _make(self, given: dict[int, Any]) -> bytes:
        client_data_hash, rp, user, algorithms = given[1], given[2], given[3], given[4]
        if not any(each["alg"] == -7 for each in algorithms):
            return UNSUPPORTED_ALGORITHM
        if any(each["id"] == one.id for each in given.get(5, []) for one in self.residents):
            return CREDENTIAL_EXCLUDED
        made = Resident(
            os.urandom(32), rp["id"], user, ec.generate_private_key(ec.SECP256R1()), os.urandom(32)
        )
        # One resident credential for each account of a relying party: a new one replaces it.
        self.residents = [
            one for one in self.residents if (one.rp_id, one.user["id"]) != (made.rp_id, user["id"])
        ]
        self.residents.append(made)
        asked = given.get(6) or {}
        extensions = {"hmac-secret": True} if asked.get("hmac-secret") and self.has_secret else {}
        public = cbor.encode(ES256.from_cryptography_key(made.key.public_key()))
        attested = AAGUID + len(made.id).to_bytes(2) + made.id + public
        data = self._data(made, extensions, attested)
        signature = made.key.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256()))
        # It attests for itself, as many do; what the relying party wants of that is the client's business.
        return OK + cbor.encode({1: "packed", 2: data, 3: {"alg": -7, "sig": signature}})

    def _assert(self, given: dict[int, Any]) -> bytes:
        rp_id, client_data_hash, allowed = given[1], given[2], given.get(3)
        found = [one for one in self.residents if one.rp_id == rp_id]
        if allowed:
            found = [one for one in found if one.id in [each["id"] for each in allowed]]
        if not found:
            return NO_CREDENTIALS
        asked = (given.get(4) or {}).get("hmac-secret")
        is_silent = (given.get(5) or {}).get("up") is False
        answers = []
        for one in reversed(found):
            extensions: dict[str, Any] = {}
            if asked:
                output = self._secret(one, asked)
                if output is None:
                    return PIN_AUTH_INVALID
                extensions["hmac-secret"] = output
            data = self._data(one, extensions, None, is_silent=is_silent)
            answer = {
                1: {"type": "public-key", "id": one.id},
                2: data,
                3: one.key.sign(data + client_data_hash, ec.ECDSA(hashes.SHA256())),
            }
            if not allowed:
                answer[4] = {"id": one.user["id"]}
            if len(found) > 1 and not answers:
                answer[5] = len(found)
            answers.append(OK + cbor.encode(answer))
        self._next = answers[1:]
        return answers[0]

    def _secret(self, one: Resident, asked: dict[int, Any]) -> bytes | None:
        """hmac-secret (CTAP 2.1, section 12.5): HMAC of each salt, encrypted to the platform. None: its MAC is wrong."""
        protocol = PinProtocolV2()
        numbers = ec.EllipticCurvePublicNumbers(
            int.from_bytes(asked[1][-2]), int.from_bytes(asked[1][-3]), ec.SECP256R1()
        )
        shared = protocol.kdf(self._agreement.exchange(ec.ECDH(), numbers.public_key()))
        if not hmac.compare_digest(protocol.authenticate(shared, asked[2]), asked[3]):
            return None
        salts = protocol.decrypt(shared, asked[2])
        outputs = [
            hmac.digest(one.secret, salts[start : start + 32], hashlib.sha256)
            for start in range(0, len(salts), 32)
        ]
        return protocol.encrypt(shared, b"".join(outputs))

    def _data(
        self, one: Resident, extensions: dict[str, Any], attested: bytes | None, is_silent: bool = False
    ) -> bytes:
        if self.counts and not is_silent:
            one.count += 1
        flags = 0 if is_silent else USER_PRESENT
        flags |= USER_VERIFIED if self.verifies and not is_silent else 0
        flags |= (ATTESTED if attested else 0) | (EXTENSIONS if extensions else 0)
        rp_hash = hashlib.sha256(one.rp_id.encode()).digest()
        data = rp_hash + bytes([flags]) + one.count.to_bytes(4) + (attested or b"")
        return data + (cbor.encode(extensions) if extensions else b"")
