"""Read positions, typing and presence: played again by the server, handed over as somebody else's, or sealed in another's name."""

import secrets
from collections import defaultdict

from inmost.client import Client
from inmost_engine.public import general_conversation
from inmost_protocol import decode_told, encode
from inmost_protocol.frames import Frame, Refused
from inmost_protocol.messages import PutReceipt, Receipt, Signal, Signalled
from protocol.vectors import by_document as formats
from tests.adversary.test_commits import life_goes_on
from tests.adversary.test_server_lies import room_of_three
from tests.adversary.world import World, hears, is_in, until


async def test_a_read_position_played_again_or_handed_over_as_somebody_elses_is_nothing(world: World) -> None:
    alice, bob, carol, room = await room_of_three(world)
    conversation = bytes.fromhex(room)
    me, other = world.device("bob"), world.device("carol")
    heard: list[tuple[bytes, int]] = []
    alice.host.subscribe(
        lambda event: heard.append((event[1]["user"], event[1]["n"])) if event[0] == "receipt" else None
    )
    sealed, numbers = [], []
    for words in ("the first", "the second"):
        await alice.send(room, words)
        numbers.append((await hears(bob, room, words)).n or 0)
        mark = await world.mark()
        await bob.mark_read(room, numbers[-1])
        put = [one.frame for one in await world.seen(mark, "bob", "asked")]
        sealed += [one.sealed for one in put if isinstance(one, PutReceipt)]
    old, new = sealed
    right = [(me.user, n) for n in numbers]

    async def is_heard() -> bool:
        return heard == right

    await until(is_heard)
    await tells_alice(world, Receipt(conversation, me.device, old), Receipt(conversation, other.device, new))
    await carol.send(room, "and on")
    await hears(alice, room, "and on")
    assert right[0] not in heard[2:], "ATTACK SUCCEEDED: what Bob has read is unread again"
    assert other.user not in [user for user, _ in heard], (
        "ATTACK SUCCEEDED: what Bob read counts as read by Carol"
    )
    assert (await alice.conversation(room)).read_by == {me.user.hex(): numbers[1]}


async def test_typing_played_again_or_handed_over_as_somebody_elses_is_nothing(world: World) -> None:
    alice, bob, carol, room = await room_of_three(world)
    elsewhere = await alice.create("elsewhere", ["bob", "carol"])
    await is_in(bob, elsewhere.id)
    heard = typing_heard_by(alice)
    mark = await world.mark()
    me, other = world.device("bob"), world.device("carol")
    for on in (True, False):
        await bob.typing(room, on)
        await until(lambda on=on: last_was(heard, me.user, on))
    typed, _ = [
        one.frame.sealed
        for one in await world.seen(mark, "bob", "asked")
        if isinstance(one.frame, Signal) and one.frame.conversation.hex() == room
    ]
    await tells_alice(
        world,
        Signalled(bytes.fromhex(room), me.device, typed),
        Signalled(bytes.fromhex(room), other.device, typed),
        Signalled(bytes.fromhex(elsewhere.id), me.device, typed),
    )
    await life_goes_on(room, alice, carol)
    assert heard[me.user] == [True, False], "ATTACK SUCCEEDED: Bob is shown to type what he typed long ago"
    assert not heard[other.user], "ATTACK SUCCEEDED: Bob's typing is shown as Carol's"


async def test_a_member_says_nothing_beside_the_log_in_somebody_elses_name(world: World) -> None:
    alice, bob, carol, room = await room_of_three(world)
    conversation, general = bytes.fromhex(room), general_conversation(world.known().org)
    victim = world.device("bob")
    n = (await hears(carol, room, "before")).n
    await world.sleep("carol")
    mallory = await world.connected("carol")

    async def sealed(where: bytes, content: list[object], kind: int) -> bytes:
        seen = world.head(where)
        made = await mallory.do(
            "seal", conversation=where, content=content, device=victim.device, seen=seen, kind=kind
        )
        return bytes(made["sealed"])

    position = await sealed(conversation, ["receipt", n], formats.RECEIPT)
    typed = await sealed(conversation, ["typing", True], formats.EPHEMERAL)
    present = await sealed(general, ["presence", True], formats.EPHEMERAL)
    request = encode(PutReceipt(secrets.token_bytes(16), conversation, position))
    answer = decode_told(await mallory.do("ask", frame=request))
    assert isinstance(answer, Refused), "ATTACK SUCCEEDED: the server takes a read position in Bob's name"
    # And now the server helps her.
    heard = typing_heard_by(alice)
    await tells_alice(
        world,
        Receipt(conversation, victim.device, position),
        Signalled(conversation, victim.device, typed),
        Signalled(general, victim.device, present),
    )
    await life_goes_on(room, alice, bob)
    assert not heard[victim.user], "ATTACK SUCCEEDED: Carol types as Bob"
    assert victim.user.hex() not in (await alice.conversation(room)).read_by, (
        "ATTACK SUCCEEDED: Carol reads as Bob"
    )
    assert (await alice.person("bob")).presence is None, "ATTACK SUCCEEDED: Carol is there as Bob"


async def tells_alice(world: World, *frames: Frame) -> None:
    for frame in frames:
        assert await world.lies.do("tell", person="alice", frame=encode(frame)) == 1


def typing_heard_by(client: Client) -> dict[bytes, list[bool]]:
    """By person: each time they were shown to type, or to have stopped."""
    heard: dict[bytes, list[bool]] = defaultdict(list)
    client.host.subscribe(
        lambda event: heard[event[1]["user"]].append(event[1]["typing"]) if event[0] == "typing" else None
    )
    return heard


async def last_was(heard: dict[bytes, list[bool]], user: bytes, on: bool) -> bool:
    return heard[user][-1:] == [on]
