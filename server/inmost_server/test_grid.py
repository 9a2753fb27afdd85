"""Each no of the grid is really said, and nobody learns by asking whether what is not theirs is there."""

import os
from typing import Any

import httpx2
import msgspec
import pytest

from inmost_protocol import REQUESTS
from inmost_protocol.acts import ACTS
from inmost_protocol.conversations import (
    Commit,
    CreateConversation,
    FetchGroup,
    FetchLinks,
    FetchLog,
    Sync,
    TakeWelcome,
)
from inmost_protocol.devices import ClaimKeyPackages, FetchVault, PublishKeyPackages, PutVaultRows
from inmost_protocol.directory import AppendEntry
from inmost_protocol.frames import Open
from inmost_protocol.messages import Delete, PutReceipt, Signal
from inmost_server.access import Caller
from inmost_server.app import create_app
from inmost_server.refusals import NotAllowed, NotSignedIn
from inmost_server.test_access import actions_of, rest_actions
from server.kit.callers import Called, callers
from server.kit.mls import group_of_one, key_package
from server.kit.people import entry
from server.kit.wire import WasRefused, Wire, new_id

PASSING = 16  # bytes of an id
EVERY_NUMBER = range(6)
# What a proxy in front says: so nobody here is the operator for being on the same machine.
FORWARDED = {"X-Forwarded-For": "192.0.2.7"}


def example(kind: type[msgspec.Struct], **given: Any) -> Any:
    """A frame that is well formed and says nothing."""
    values: dict[str, Any] = {}
    for field in msgspec.structs.fields(kind):
        if field.name in given:
            values[field.name] = given[field.name]
        elif field.name == "id":
            values["id"] = new_id()
        elif field.default is msgspec.NODEFAULT and field.default_factory is msgspec.NODEFAULT:
            values[field.name] = nothing_of(field.type)
    return kind(**values)


def nothing_of(type_: Any) -> Any:
    """The emptiest value of a type; 16 zero bytes for bytes, which an id may be."""
    plain = {bytes: bytes(PASSING), int: 0, bool: False, str: ""}
    if type_ in plain:
        return plain[type_]
    origin = getattr(type_, "__origin__", None)
    return [] if origin in (list, tuple) else None


async def answer_to(wire: Wire, frame: Any) -> str:
    """The code of a refusal, or the name of the answer."""
    try:
        return type(await wire.ask(frame)).__name__
    except WasRefused as refused:
        return refused.code


async def wire_of(running: Any, caller: Called) -> Wire:
    """A connection of theirs; where there is no session, one on which opening was tried in vain."""
    wire: Wire = await running.wire()
    if caller.has_session:
        await wire.open(caller.token)
    else:
        with pytest.raises(WasRefused, match=NotSignedIn.__name__):
            await wire.open(caller.token or "not a token")
    return wire


async def test_each_frame_that_the_grid_denies_is_refused_to_each_caller_that_tries(team):
    actions = await actions_of(team)
    tried = 0
    for name, caller in (await callers(team)).items():
        wire = await wire_of(team, caller)
        for kind in (kind for kind in REQUESTS if kind is not Open):
            access = actions[f"frame {kind.__name__}"]
            if caller.has_session and Caller(name) in access.callers:
                continue
            code = await answer_to(wire, example(kind))
            expected = NotAllowed.__name__ if caller.has_session else NotSignedIn.__name__
            assert code == expected, f"{name} sent {kind.__name__}"
            tried += 1
    denied = [kind for kind in REQUESTS if kind is not Open]
    assert tried >= 3 * len(denied), "whoever has no session was refused everything, and others something"


async def test_each_frame_that_the_grid_allows_gets_past_it(team):
    """So that a refusal of everything to everybody would not pass for a rule."""
    actions = await actions_of(team)
    for name, caller in (await callers(team)).items():
        if not caller.has_session:
            continue
        wire = await wire_of(team, caller)
        for kind in (kind for kind in REQUESTS if kind is not Open):
            if Caller(name) in actions[f"frame {kind.__name__}"].callers:
                code = await answer_to(wire, example(kind))
                assert code not in {NotAllowed.__name__, NotSignedIn.__name__}, f"{name} sent {kind.__name__}"


def filled(path: str, ids: dict[str, str]) -> str:
    """A route's path with something in the place of each parameter."""
    parts = path.split("/")
    named = [part.strip("{}").split(":")[0] if part.startswith("{") else "" for part in parts]
    return "/".join(ids.get(name, "x") if name else part for name, part in zip(named, parts, strict=True))


async def http_answer(
    http: httpx2.AsyncClient, action: str, token: str | None, ids: dict[str, str]
) -> tuple[int, str]:
    method, path = action.split(" ", 1)
    headers = FORWARDED | ({"Authorization": f"Bearer {token}"} if token else {})
    body = {} if method in {"POST", "PUT", "PATCH"} else None
    answer = await http.request(method, filled(path, ids), json=body, headers=headers)
    is_problem = answer.headers.get("content-type", "").startswith("application/problem+json")
    return answer.status_code, answer.json()["code"] if is_problem else ""


async def test_each_route_that_the_grid_denies_is_refused_to_each_caller_that_tries(team):
    routes = [
        (action, access)
        for action, access in rest_actions(create_app(team.server))
        if access is not None and not action.startswith(("SOCKET", "OPTIONS"))
    ]
    tried = 0
    async with httpx2.AsyncClient(base_url=team.address, timeout=30) as http:
        for name, caller in (await callers(team)).items():
            for action, access in routes:
                is_allowed = Caller.ANYONE in access.callers or (
                    caller.has_session and Caller(name) in access.callers
                )
                if is_allowed:
                    continue
                is_operators = Caller.OPERATOR in access.callers
                expected = (
                    (403, NotAllowed.__name__)
                    if caller.has_session or is_operators
                    else (401, NotSignedIn.__name__)
                )
                theirs = {"user": text(caller.person.user if caller.person else os.urandom(32))}
                owners = {"user": text(team.people["owner"].user)}
                nobodys = {"user": text(os.urandom(32))}
                for ids in (theirs, owners, nobodys):
                    assert await http_answer(http, action, caller.token, ids) == expected, f"{name}: {action}"
                tried += 1
    assert tried > len(routes)


def text(data: bytes) -> str:
    from inmost_server import base64url

    return base64url.text(data)


class Private:
    """A conversation of the owner's with everything in it that a server keeps of one."""

    def __init__(self, owner: Any, room: bytes) -> None:
        self.owner, self.id, self.group = owner, room, owner.groups[room]

    @classmethod
    async def of(cls, team: Any) -> "Private":
        owner = await team.connect(team.people["owner"])
        room = await owner.create()
        for _ in range(3):
            await owner.send(room)
        receipt = owner.device.sealed(room, owner.groups[room], 0, 2, 100)[1]
        await owner.wire.ask(PutReceipt(new_id(), room, receipt))
        await owner.wire.ask(
            PublishKeyPackages(
                new_id(), [key_package(owner.device)], key_package(owner.device, last_resort=True)
            )
        )
        await owner.wire.ask(PutVaultRows(new_id(), [(room, b"the owner's row")]))
        return cls(owner, room)


def about(private: Private, caller: Called, kind: type[Any]) -> list[dict[str, Any]]:
    """What somebody would put beside the id of a conversation that is not theirs: the right things, and every number."""
    assert caller.device is not None
    fields = {field.name for field in msgspec.structs.fields(kind)}
    sealed_kind = {PutReceipt: 2, Signal: 3}.get(kind, 1)
    message, sealed = caller.device.sealed(private.id, private.group, 0, sealed_kind, 100)
    right: dict[str, Any] = {"group": private.group, "sealed": sealed, "limit": 10, "last_epoch": 3}
    if kind.__name__ == "Send":
        right["id"] = message
    given = {name: value for name, value in right.items() if name in fields or name == "id"}
    numbers = [name for name in ("n", "first", "epoch", "first_epoch") if name in fields]
    found = [dict(given) for _ in EVERY_NUMBER] if numbers else [given]
    for number, one in zip(EVERY_NUMBER, found, strict=False):
        one.update(dict.fromkeys(numbers, number))
    return found


async def test_nobody_learns_whether_a_conversation_of_others_is_there(team):
    """Every frame that names a conversation, by every caller, with every small number: the same answer as for one that is not there."""
    private = await Private.of(team)
    kinds = [
        kind
        for kind in REQUESTS
        if "conversation" in {field.name for field in msgspec.structs.fields(kind)}
        and kind is not CreateConversation  # an id is taken or free; who could guess one, see the next test
    ]
    assert {Commit, FetchGroup, FetchLinks, FetchLog, Delete, Signal} <= set(kinds)
    everybody = await callers(team)
    tried = 0
    for name, caller in everybody.items():
        if caller.person is team.people["owner"] or caller.device is None:
            continue
        wire = await wire_of(team, caller)
        for kind in kinds:
            for given in about(private, caller, kind):
                there = await answer_to(wire, example(kind, **given, conversation=private.id))
                given.pop("id", None)
                nowhere = await answer_to(wire, example(kind, **given, conversation=new_id()))
                assert there == nowhere, f"{name} sent {kind.__name__} {given}: {there}, else {nowhere}"
                is_refused = there in {"NotAMember", NotSignedIn.__name__, "Malformed"}
                assert is_refused or kind is TakeWelcome, f"{name} sent {kind.__name__}: {there}"
                tried += 1
        if caller.has_session:
            listed = (await wire.ask(Sync(new_id(), None))).conversations
            assert private.id not in {one.conversation for one in listed}
        assert not wire.events, f"{name} was told something"
    assert tried > 6 * len(kinds)
    await private.owner.send(private.id)


async def test_a_conversation_with_an_id_that_can_be_computed_is_taken_by_nobody_else(team):
    """The personal group of each person and the general channel: made or not, who may not make them hears the same."""
    from inmost_engine.public import general_conversation, personal_conversation

    org, owner = team.server.organisation.org, await team.connect(team.people["owner"])
    made = personal_conversation(org, team.people["owner"].user)
    await owner.create("personal", made)
    not_made = personal_conversation(org, (await team.invited("new")).user)
    key = team.server.organisation.server_key.public
    for name, caller in (await callers(team)).items():
        if not caller.has_session or caller.device is None or name == "owner":
            continue
        wire = await wire_of(team, caller)
        for kind in ("personal", "group", "direct"):
            group = group_of_one(caller.device, kind, key)
            codes = {
                await answer_to(
                    wire, CreateConversation(new_id(), id_, group.id, group.group_info, group.tree)
                )
                for id_ in (made, not_made)
            }
            assert codes == {"NotAllowed"}, name
        group = group_of_one(caller.device, "general", key)
        frame = CreateConversation(
            new_id(), general_conversation(org), group.id, group.group_info, group.tree
        )
        assert await answer_to(wire, frame) == "NotAllowed"


async def test_a_guest_makes_no_conversation_and_uses_up_nobodys_key_packages(team):
    private = await Private.of(team)
    everybody = await callers(team)
    guest = await wire_of(team, everybody["guest"])
    owner = team.people["owner"].user
    for users in ([owner], [os.urandom(32)], [everybody["guest"].person.user, owner]):
        assert await answer_to(guest, ClaimKeyPackages(new_id(), users)) == "NotAllowed"
    own = await guest.ask(ClaimKeyPackages(new_id(), [everybody["guest"].person.user]))
    assert own.packages == []
    for kind in ("group", "channel", "direct", "general"):
        group = group_of_one(everybody["guest"].device, kind, private.owner.server_key)
        frame = CreateConversation(new_id(), new_id(), group.id, group.group_info, group.tree)
        assert await answer_to(guest, frame) == "NotAllowed"
    member = await wire_of(team, everybody["member"])
    assert len((await member.ask(ClaimKeyPackages(new_id(), [owner]))).packages) == 1


async def test_a_vault_is_its_persons_and_rows_of_one_name_are_kept_apart(team):
    private = await Private.of(team)
    for caller in (await callers(team)).values():
        if not caller.has_session or caller.person is team.people["owner"]:
            continue
        wire = await wire_of(team, caller)
        if caller.device is not None:
            await wire.ask(PutVaultRows(new_id(), [(private.id, b"somebody else's")]))
        found = await wire.ask(FetchVault(new_id(), None))
        assert found.vault is None
        assert [row for _, row in found.rows] in ([], [b"somebody else's"])
    found = await private.owner.wire.ask(FetchVault(new_id(), None))
    assert found.rows == [(private.id, b"the owner's row")]


DIRECTORY_GRID = """\
                              guest  bot  member  administrator  owner
member becomes guest            .     .     .           x          x
guest becomes member            .     .     .           x          x
member becomes administrator    .     .     .           .          x
administrator becomes member    .     .     .           .          x
member becomes owner            .     .     .           .          x
the last owner becomes member   .     .     .           .          .
suspend a member                .     .     .           x          x
reinstate a member              .     .     .           x          x
suspend an administrator        .     .     .           .          x
suspend the last owner          .     .     .           .          .
invite a guest                  .     .     .           x          x
invite a member                 .     .     .           x          x
invite an administrator         .     .     .           .          x
invite an owner                 .     .     .           .          .
withdraw another's invitation   .     .     .           x          x
the policy                      .     .     .           x          x
the server's key                .     .     .           .          x
rename itself                   x     x     x           x          x
rename somebody else            .     .     .           .          .
"""


async def directory_attempts(team: Any, caller: Called, owners: list[bytes]) -> list[tuple[str, bytes]]:
    """Each act with somebody new as its object, signed by the caller's device."""
    owner, person, clock = team.people["owner"], caller.person, team.clock
    assert person is not None

    async def somebody(role: str = "member") -> Any:
        return await team.invited(f"subject{len(team.people)}", role)

    def invitation(role: str, signed_by: Any) -> tuple[bytes, bytes]:
        id_, account = os.urandom(16), f"invited{os.urandom(4).hex()}"
        payload = [id_, os.urandom(32), role, account, False, clock() + 86_400_000]
        return id_, signed_by.entry(team.directory, "invite", payload, clock())

    def signed(kind: str, payload: list[Any]) -> bytes:
        return bytes(person.entry(team.directory, kind, payload, clock()))

    asleep = await somebody()
    await team.append(owner.entry(team.directory, "suspend", [asleep.user, True], clock()))
    withdrawn, invited = invitation("guest", owner)
    await team.append(invited)
    policy = team.directory.policy()
    member = await somebody()
    return [
        ("member becomes guest", signed("role", [member.user, "guest"])),
        ("guest becomes member", signed("role", [(await somebody("guest")).user, "member"])),
        ("member becomes administrator", signed("role", [(await somebody()).user, "administrator"])),
        ("administrator becomes member", signed("role", [(await somebody("administrator")).user, "member"])),
        ("member becomes owner", signed("role", [(await somebody()).user, "owner"])),
        ("the last owner becomes member", signed("role", [owners[0], "member"])),
        ("suspend a member", signed("suspend", [(await somebody()).user, True])),
        ("reinstate a member", signed("suspend", [asleep.user, False])),
        ("suspend an administrator", signed("suspend", [(await somebody("administrator")).user, True])),
        ("suspend the last owner", signed("suspend", [owners[0], True])),
        ("invite a guest", invitation("guest", person)[1]),
        ("invite a member", invitation("member", person)[1]),
        ("invite an administrator", invitation("administrator", person)[1]),
        ("invite an owner", invitation("owner", person)[1]),
        ("withdraw another's invitation", signed("withdraw", [withdrawn])),
        ("the policy", signed("policy", [(policy[0] if policy else 0) + 1, None, False])),
        ("the server's key", signed("server_key", [team.server.organisation.server_key.public])),
        ("rename itself", signed("profile", ["Somebody"])),
        ("rename somebody else", entry_as(team, member, person)),
    ]


def entry_as(team: Any, author: Any, signer: Any) -> bytes:
    """In one's name, by another's key."""
    signers = [(signer.device.id, signer.device.sig)]
    return entry(team.directory, "profile", author.user, ["Renamed"], signers, team.clock())


async def test_what_each_role_may_sign_in_the_directory(team):
    """The organisation's roles as one table: every act by every role, really tried."""
    everybody = await callers(team)
    columns = ["guest", "bot", "member", "administrator", "owner"]
    verdicts: dict[str, list[str]] = {}
    for name in columns:
        caller = everybody[name]
        wire = await wire_of(team, caller)
        for act in ACTS:
            team.server.step_ups.grant(team.server.sessions.find(caller.token), act)
        for act, signed in await directory_attempts(team, caller, [team.people["owner"].user]):
            code = await answer_to(wire, AppendEntry(new_id(), signed))
            assert code in {"Appended", "NotAllowed"}, f"{name}: {act}: {code}"
            verdicts.setdefault(act, []).append("x" if code == "Appended" else ".")
            if (name, act) == ("owner", "member becomes owner"):
                await make_the_only_owner(team)
    head = " " * 30 + "  ".join(columns)
    lines = [
        act.ljust(30) + "  ".join(mark.center(len(name)) for mark, name in zip(marks, columns, strict=True))
        for act, marks in verdicts.items()
    ]
    table = "\n".join(line.rstrip() for line in [head, *lines]) + "\n"
    assert table == DIRECTORY_GRID, f"\n{table}"


async def make_the_only_owner(team: Any) -> None:
    """The owner that the table has just made goes again, so that who is left is the last."""
    owner = team.people["owner"]
    others = [one for one in team.directory.users() if one.role == "owner" and one.user != owner.user]
    for one in others:
        await team.append(owner.entry(team.directory, "role", [one.user, "member"], team.clock()))
