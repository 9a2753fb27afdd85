"""A device signs in: it signs a challenge with its `auth` key (docs/protocol/sign-in.md). No person is needed, and nobody else's failures slow it down."""

from dataclasses import dataclass

from inmost_engine.public import DeviceView, Refused, verify_sign_in
from inmost_protocol.limits import CLOCK_SKEW_MS
from inmost_server.clock import Clock
from inmost_server.features.accounts import store as accounts
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.sessions.challenges import Challenges
from inmost_server.features.sessions.open_sessions import Opened, OpenSessions
from inmost_server.pace import SIGN_IN, Pace
from inmost_server.refusals import ClockSkewed, Refusal, SlowDown
from inmost_server.store import Store

# Checked in place of an unknown device's key: the point of order 1, for which no signature verifies.
NO_KEY = bytes([1]) + bytes(31)


class ChallengeRefused(Refusal):
    """The nonce is not this server's, not this device's, used or older than a minute. Get a new one and sign again."""

    status = 401
    words = "That challenge is not, or no longer, good."


class SignatureRefused(Refusal):
    """The signature is not by this device's key over this server's own address and these nonces. Check the address; don't repeat it."""

    status = 401
    words = "That signature is not this device's for this server."


class DeviceInactive(Refusal):
    """The device was revoked or its person suspended. Tell the person; nothing opens it again but an administrator or a new device."""

    status = 403
    words = "This device has been revoked, or its account suspended."


@dataclass(frozen=True, slots=True)
class SignIn:
    """What a device sends: the challenge, its own nonce and time, and the signature over them."""

    device: bytes
    server_nonce: bytes
    client_nonce: bytes
    time_ms: int
    signature: bytes


@dataclass(slots=True)
class Door:
    """What signing in works with. origins: the addresses this server answers for. seen: whose day is written already."""

    store: Store
    directory: DirectoryService
    sessions: OpenSessions
    challenges: Challenges
    clock: Clock
    origins: tuple[str, ...]
    seen: dict[bytes, int]
    pace: Pace

    def refuse_fast_challenges(self, host: str, device: bytes) -> None:
        """A challenge costs less than refusing it: the limit keeps one address from filling the door. Refused with SlowDown."""
        try:
            self.pace.address(host, SIGN_IN)
        except SlowDown:
            known = self.directory.state.device(device)
            if known is None or not known.is_active:
                raise
            self.pace.device_at(host, device, SIGN_IN)


async def sign_in(door: Door, given: SignIn, host: str) -> Opened:
    """Refused with SlowDown, ChallengeRefused, ClockSkewed, SignatureRefused, DeviceInactive; only who has the key learns the last.

    Its address pays for what is not signed; who signed is counted by its device, however others at its address carry on.
    """
    try:
        device = _signed(door, given)
    except Refusal:
        door.pace.address(host, SIGN_IN)
        raise
    now_ms = door.clock()
    door.challenges.use(given.server_nonce, now_ms)
    if not device.is_active:
        raise DeviceInactive
    door.pace.account(device.device, SIGN_IN)
    opened = door.sessions.open_for_device(device.user, device.device)
    await _note_the_day(door, device.user, now_ms)
    return opened


def _signed(door: Door, given: SignIn) -> DeviceView:
    """The device that signed this for this server, active or not."""
    now_ms = door.clock()
    if not door.challenges.is_fresh(given.device, given.server_nonce, now_ms):
        raise ChallengeRefused
    if abs(now_ms - given.time_ms) > CLOCK_SKEW_MS:
        raise ClockSkewed
    device = door.directory.state.device(given.device)
    if not _is_signed(door, given, device.auth_public if device else NO_KEY) or device is None:
        raise SignatureRefused
    return device


def _is_signed(door: Door, given: SignIn, auth_public: bytes) -> bool:
    """For one of this server's addresses. A signature made for another server's address is worth nothing here."""
    for origin in door.origins:
        try:
            verify_sign_in(
                door.directory.state.org,
                origin,
                given.server_nonce,
                given.client_nonce,
                given.device,
                given.time_ms,
                auth_public,
                given.signature,
            )
        except Refused:
            continue
        return True
    return False


async def _note_the_day(door: Door, user: bytes, now_ms: int) -> None:
    """Once a day for each user, not once in a quarter of an hour."""
    day = now_ms // accounts.DAY_MS
    if door.seen.get(user) != day:
        door.seen[user] = day
        await door.store.write(lambda tx: accounts.saw(tx, user, now_ms))
