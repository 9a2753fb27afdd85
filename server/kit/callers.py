"""Somebody of each kind who may call: with a session as theirs is, or was."""

from dataclasses import dataclass

from inmost_server.access import OUT, Caller
from inmost_server.clock import now_ms
from server.kit.people import Device, Person
from server.kit.running import Running

SUSPENDED, REVOKED = OUT
# Who has no session: whatever asks for one is refused to them.
WITHOUT_SESSION = (Caller.ANYONE.value, SUSPENDED, REVOKED)


@dataclass(frozen=True)
class Called:
    """One caller. token: of a session, of one that was ended, or None."""

    name: str
    token: str | None
    person: Person | None = None
    device: Device | None = None

    @property
    def has_session(self) -> bool:
        return self.name not in WITHOUT_SESSION


async def callers(team: Running) -> dict[str, Called]:
    """One of each kind but the operator, by name; the owner is the one that `team` began with."""
    owner = team.people["owner"]
    made = {Caller.ANYONE.value: Called(Caller.ANYONE.value, None)}

    def named(name: str, person: Person, device: Device | None = None) -> Called:
        device = device or person.device
        return Called(name, team.token(device), person, device)

    made[Caller.OWNER.value] = named(Caller.OWNER.value, owner)
    for role in (Caller.ADMINISTRATOR, Caller.MEMBER, Caller.GUEST):
        made[role.value] = named(role.value, await team.invited(role.value, role.value))
    made[Caller.BOT.value] = named(Caller.BOT.value, await team.invited("robot", is_bot=True))
    lost = await team.invited("lost")
    recovering = team.server.sessions.open_for_recovery(lost.user)
    made[Caller.RECOVERING.value] = Called(Caller.RECOVERING.value, recovering.token, lost)
    suspended = await team.invited(SUSPENDED)
    made[SUSPENDED] = named(SUSPENDED, suspended)
    await team.append(owner.entry(team.directory, "suspend", [suspended.user, True], now_ms()))
    stolen = await team.invited("stolen")
    device = await team.further_device(stolen)
    made[REVOKED] = named(REVOKED, stolen, device)
    await team.append(stolen.revoke(team.directory, device.id, now_ms()))
    return made
