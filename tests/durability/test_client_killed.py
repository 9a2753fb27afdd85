"""A client that dies between any two of its effects, in everything it does: what it had promised itself is done, once."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from itertools import count
from pathlib import Path
from typing import Any

import pytest

from inmost.server import Session
from tests.durability.device import Device, Died
from tests.durability.organisation import Organisation, organisation

pytestmark = pytest.mark.timeout(600)
FEWEST_DEATHS = 3
MORE_THAN_ONE_PAGE = 450

Act = Callable[[Device], Awaitable[Any]]
Fact = Callable[[], Any]


class Company:
    """Somebody who keeps dying, a witness who stays, and a room with both."""

    def __init__(self, there: Organisation, witness: Device, guest: Device, room: bytes) -> None:
        self.there = there
        self.mortal = there.owner
        self.witness = witness
        self.guest = guest
        self.room = room

    async def dies_everywhere(
        self,
        act: Callable[[int], Act],
        is_done: Callable[[int], Fact],
        before: Callable[[int], Awaitable[None]] | None = None,
    ) -> int:
        """Have the mortal do something and die before its first effect; then again, before the second; until it lives through all.

        act, is_done, before: for the how-manieth time, what it does, what is true when that is done, and what is needed first. After
        a death the next process does what had been written down; what had not, the person asks for again. Gives how often it died.
        """
        for time in count():
            if before is not None:
                await before(time)
            self.mortal.die_after = self.mortal.effects + time
            with suppress(Died):
                await act(time)(self.mortal)
            self.mortal.die_after = self.mortal.die_after if self.mortal.is_dead else None
            has_died = self.mortal.is_dead
            if has_died:
                was_promised = self.mortal.has_taken
                await self.is_reborn()
                if not was_promised and not is_done(time)():
                    await act(time)(self.mortal)
            await self.mortal.until(is_done(time))
            if not has_died:
                return time
        raise AssertionError

    async def is_reborn(self) -> None:
        self.is_now(await self.mortal.reborn())
        await self.mortal.connect()

    def is_now(self, device: Device) -> None:
        """The mortal goes on as this device."""
        self.mortal = self.there.devices[0] = self.there.owner = device


@asynccontextmanager
async def company(folder: Path) -> AsyncIterator[Company]:
    async with organisation(folder) as there:
        witness, guest = await there.join("witness"), await there.join("guest")
        await there.owner.until(lambda: len(there.owner.view("people")) == 3)
        made = await there.owner.command(
            "create", kind="group", title="Before", users=[there.user("witness")]
        )
        room = bytes(made["conversation"])
        await witness.until(lambda: room in rooms_of(witness))
        yield Company(there, witness, guest, room)
        alarms = [f"{alarm['kind']}: {alarm['words']}" for device in there.devices for alarm in device.alarms]
        assert alarms == []


def rooms_of(device: Device) -> dict[bytes, str | None]:
    """The conversations this device is a member of, with their titles."""
    return {
        each["conversation"]: each["title"]
        for each in device.view("conversations")
        if each["state"] == "member"
    }


def titled(device: Device) -> dict[bytes, str]:
    return {room: title for room, title in rooms_of(device).items() if title}


def devices_of(device: Device) -> dict[bytes, bool]:
    """The person's devices, and whether they are active."""
    return {each["device"]: each["active"] for each in device.view("devices")}


def text(words: str) -> dict[str, Any]:
    return {"type": "text", "text": words, "reply_to": None, "mentions": []}


async def agree(there: Company) -> None:
    """Both say something and read the same."""
    for device, words in ((there.mortal, "I am still here"), (there.witness, "So am I")):
        await device.command("send", conversation=there.room, content=text(words))
    await there.mortal.until(lambda: there.mortal.texts(there.room)[-1][1] == "So am I")
    assert there.mortal.texts(there.room) == there.witness.texts(there.room)
    ends = [device.conversation(there.room) for device in (there.mortal, there.witness)]
    assert ends[0]["epoch"] == ends[1]["epoch"]


async def test_a_message_is_there_once_wherever_its_sender_dies(tmp_path: Path) -> None:
    async with company(tmp_path) as there:
        deaths = await there.dies_everywhere(
            lambda time: (
                lambda device: device.command("send", conversation=there.room, content=text(f"{time}"))
            ),
            lambda time: lambda: any(words == f"{time}" for _, words in there.mortal.texts(there.room)),
        )
        assert deaths >= FEWEST_DEATHS
        await agree(there)
        said = [words for _, words in there.witness.texts(there.room)]
        assert said[:-2] == [f"{time}" for time in range(deaths + 1)]


async def test_a_message_whose_answer_was_lost_is_settled_after_a_long_absence(tmp_path: Path) -> None:
    async with company(tmp_path) as there:
        there.mortal.is_deaf = True
        sending = asyncio.ensure_future(
            there.mortal.command("send", conversation=there.room, content=text("Did you get this?"))
        )
        await there.witness.until(lambda: there.witness.texts(there.room))
        await there.mortal.die()
        with suppress(Died):
            await sending
        meanwhile = [f"number {number}" for number in range(MORE_THAN_ONE_PAGE)]
        for words in meanwhile:
            await there.witness.command("send", conversation=there.room, content=text(words))
        await there.is_reborn()
        await there.mortal.until(lambda: there.mortal.view("me")["outbox"] == 0)
        assert [words for _, words in there.witness.texts(there.room)] == ["Did you get this?", *meanwhile]
        assert "Did you get this?" in [words for _, words in there.mortal.texts(there.room)]
        await there.mortal.command("send", conversation=there.room, content=text("I am back"))


async def test_a_conversation_is_made_once_wherever_its_maker_dies(tmp_path: Path) -> None:
    async with company(tmp_path) as there:

        def is_made(time: int) -> Fact:
            return lambda: f"Room {time}" in rooms_of(there.mortal).values()

        deaths = await there.dies_everywhere(
            lambda time: (
                lambda device: device.command(
                    "create", kind="group", title=f"Room {time}", users=[there.there.user("witness")]
                )
            ),
            is_made,
        )
        assert deaths >= FEWEST_DEATHS
        made = sorted(["Before", *(f"Room {time}" for time in range(deaths + 1))])
        for device in (there.mortal, there.witness):
            await device.until(lambda device=device: sorted(titled(device).values()) == made)
        assert titled(there.witness) == titled(there.mortal)
        await agree(there)


async def test_a_person_is_added_and_removed_once_wherever_the_author_dies(tmp_path: Path) -> None:
    async with company(tmp_path) as there:
        guest = there.there.user("guest")

        def has_guest() -> bool:
            return guest in there.mortal.conversation(there.room)["users"]

        async def add(device: Device) -> None:
            await device.command("add", conversation=there.room, users=[guest])

        async def remove(device: Device) -> None:
            await device.command("remove", conversation=there.room, users=[guest])

        async def is_out(_: int) -> None:
            if has_guest():
                await remove(there.mortal)

        async def is_in(_: int) -> None:
            if not has_guest():
                await add(there.mortal)

        assert await there.dies_everywhere(lambda _: add, lambda _: has_guest, is_out) >= FEWEST_DEATHS
        await there.guest.until(lambda: there.room in rooms_of(there.guest))
        assert (
            await there.dies_everywhere(lambda _: remove, lambda _: lambda: not has_guest(), is_in)
            >= FEWEST_DEATHS
        )
        await there.guest.until(lambda: there.room not in rooms_of(there.guest))
        await agree(there)


async def test_a_device_is_revoked_once_wherever_the_one_that_does_it_dies(tmp_path: Path) -> None:
    async with company(tmp_path) as there:
        session, arguments = await there.mortal.recovery("owner")
        lost: list[bytes] = []

        async def loses_another(_: int) -> None:
            other = Device(there.mortal.origin)
            await other.recover(session, arguments | {"revoke_others": False}, there.mortal.recovery_key)
            await other.close()
            lost.append(other.id)
            await there.mortal.until(lambda: lost[-1] in devices_of(there.mortal))

        def is_shut_out(time: int) -> Fact:
            return lambda: devices_of(there.mortal).get(lost[time]) is False

        deaths = await there.dies_everywhere(
            lambda time: lambda device: device.command("revoke", device=lost[time]),
            is_shut_out,
            loses_another,
        )
        assert deaths >= FEWEST_DEATHS
        active = [device for device, is_active in devices_of(there.mortal).items() if is_active]
        assert active == [there.mortal.id]
        await there.witness.until(lambda: there.witness.conversation(there.room)["devices"] == 2)
        await agree(there)


async def test_who_dies_while_coming_back_comes_back_with_the_whole_history(tmp_path: Path) -> None:
    async with company(tmp_path) as there:
        told = there.mortal.texts(there.room)
        key, (session, arguments) = there.mortal.recovery_key, await there.mortal.recovery("owner")
        for deaths in count():
            returning = Device(there.mortal.origin)
            returning.die_after = deaths
            with suppress(Died):
                await comes_back(returning, session, arguments, key, there.room)
            has_died = returning.is_dead
            if has_died:
                # What the dead process had finished counts; before that a return begins anew, with the same key.
                returning = await returning.reborn()
                if not returning.is_settled:
                    returning = Device(there.mortal.origin)
                await comes_back(returning, session, arguments, key, there.room)
            returning.die_after = None
            assert returning.texts(there.room) == told
            await there.mortal.close()
            there.is_now(returning)
            await agree(there)
            told = there.mortal.texts(there.room)
            if not has_died:
                break
        assert deaths >= FEWEST_DEATHS
        assert list(devices_of(there.mortal).values()).count(True) == 1


async def comes_back(
    device: Device, session: Session, arguments: dict[str, Any], key: str | None, room: bytes
) -> None:
    """With the recovery key if that is not done yet; then into the room, and back to its beginning."""
    if device.is_settled:
        await device.connect()
    else:
        await device.recover(session, arguments | {"revoke_others": True}, key)
    await device.until(lambda: room in rooms_of(device))
    before, more = None, True
    while more:
        page = await device.command("page", conversation=room, before=before, limit=200)
        if page["waiting"]:
            # An epoch that was made while the person had no device: a colleague's device, which is online, hands the link in.
            await device.until(lambda: "history" in device.heard)
            device.heard.clear()
        else:
            before, more = page["first"], page["more"]
