"""The SDK against a real server: talking, reading back, being offline, being shut out, and bots."""

import asyncio
import contextlib
import signal
import subprocess
import sys
from collections.abc import AsyncIterator

import pytest

from inmost import Bot, Client, InmostError, Message, host
from inmost.connection import Connection
from inmost.errors import (
    InsecureAddress,
    NotAServer,
    NotFound,
    Offline,
    ProfileInUse,
    Refused,
    WrongPassphrase,
)
from inmost.server import Address, Rest
from sdk.tests.conftest import Town, home, passphrase
from tests.story.world import Person

SOON_S = 30.0


@contextlib.asynccontextmanager
async def at(person: Person, connect: bool = True) -> AsyncIterator[Client]:
    """A client on a person's computer, synced if it connects."""
    async with Client(home=home(person), passphrase=passphrase(person), wait_s=20, connect=connect) as client:
        if connect:
            await client.ready(SOON_S)
        yield client


async def next_text(messages: AsyncIterator[Message], text: str) -> Message:
    async with asyncio.timeout(SOON_S):
        async for message in messages:
            if message.text == text:
                return message
    raise AssertionError(text)


async def test_a_conversation_with_edits_reactions_and_deletions_looks_the_same_to_both(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Harbour", ["bob"])
        heard = bob.messages()
        waiting = asyncio.ensure_future(next_text(heard, "The lights go out at ten."))
        await asyncio.sleep(0)
        first = await anna.send(room, "The lights go out at nine.")
        slip = await anna.send(room, "A slip.")
        await anna.edit(await anna.message(room, first.n), "The lights go out at ten.")
        await anna.delete(await anna.message(room, slip.n))
        change = await waiting
        assert (change.type, change.target) == ("edit", (first_device(await anna.me()), first.id))
        seen = await bob.message("Harbour", first.n)
        await seen.react("🕯️")
        answer = await seen.reply("I bring a torch.")
        for client in (anna, bob):
            await arrived(client, "Harbour", answer.n)
            shown = [message for message in await client.history("Harbour") if message.type == "text"]
            assert [(each.text, each.is_edited, each.is_deleted) for each in shown] == [
                ("The lights go out at ten.", True, False),
                (None, False, True),
                ("I bring a torch.", False, False),
            ]
            assert [reaction.emoji for reaction in shown[0].reactions] == ["🕯️"]
            assert shown[2].reply_to == shown[0].reference
            assert [hit.n for hit in await client.search("out at")] == [first.n]
            assert await client.search("slip") == []


def first_device(me) -> str:
    return me.device


async def arrived(client: Client, conversation: str, n: int) -> None:
    async with asyncio.timeout(SOON_S):
        while True:
            with contextlib.suppress(NotFound):
                await client.message(conversation, n)
                return
            await asyncio.sleep(0.05)


async def test_what_is_written_offline_goes_out_by_itself_after_a_restart(town: Town):
    async with at(town.anna) as anna:
        room = await anna.create("Offline", ["bob"])
    async with at(town.anna, connect=False) as anna:
        sending = asyncio.ensure_future(anna.send(room, "written in the tunnel"))
        while (await anna.me()).waiting == 0:
            await asyncio.sleep(0.02)
        assert [message.n for message in await anna.history(room) if message.text][-1:] == [None]
        sending.cancel()
    async with at(town.anna) as anna:
        async with asyncio.timeout(SOON_S):
            while (await anna.me()).waiting:
                await asyncio.sleep(0.05)
    async with at(town.bob) as bob:
        assert "written in the tunnel" in [message.text for message in await bob.history("Offline")]


async def test_a_client_outlives_its_server(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Restart", ["bob"])
        heard = bob.messages()
        waiting = asyncio.ensure_future(next_text(heard, "after the restart"))
        await asyncio.to_thread(town.world.server.stop, signal.SIGKILL)
        sending = asyncio.ensure_future(anna.send(room, "after the restart"))
        await asyncio.sleep(0.5)
        assert not anna.is_online
        assert not sending.done()
        await asyncio.to_thread(town.world.server.start)
        async with asyncio.timeout(60):
            sent = await sending
            assert (await waiting).n == sent.n


async def test_a_session_is_renewed_on_the_connection_that_is_open(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    monkeypatch.setattr(
        host, "RENEW_BEFORE_S", 15 * 60 - 1.0
    )  # As if it ran out in a second, again and again.
    async with at(town.anna) as anna:
        room = await anna.create("Renewal")
        connections = {id(anna.host._connection)}
        tokens = set()
        for n in range(8):
            assert anna.host._session is not None
            tokens.add(anna.host._session.token)
            connections.add(id(anna.host._connection))
            await anna.send(room, f"{n}")
            await asyncio.sleep(0.5)
        assert len(tokens) > 2
        assert len(connections) == 1
        assert anna.is_online


async def test_many_messages_at_once_arrive_in_the_order_they_were_said(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Many", ["bob"])
        words = [f"number {n}" for n in range(300)]
        sent = await asyncio.gather(*(anna.send(room, text) for text in words))
        assert [each.n for each in sent] == sorted(each.n for each in sent)
        await arrived(bob, "Many", sent[-1].n)
        heard = [message.text for message in await bob.history("Many", limit=400) if message.type == "text"]
        assert heard == words
        page = await bob.history("Many", before=sent[100].n, limit=50)
        assert [message.text for message in page] == words[50:100]


async def test_a_conversation_is_called_what_it_was_called_last_or_after_its_people(town: Town):
    async with at(town.anna) as anna:
        room = await anna.create("Harbour", ["bob"])
        assert await anna.title(room.id) == "Harbour"
        await anna.set_title(room, "Harbour at night")
        assert await anna.title(room.id) == "Harbour at night"
        direct = await anna.direct("bob")
        assert await anna.title(direct.id) == direct.title == (await anna.person("bob")).name
        with pytest.raises(NotFound):
            await anna.title("00" * 16)


async def test_a_follower_that_was_away_gets_what_it_missed_once(town: Town):
    async with at(town.anna) as anna, at(town.bob) as bob:
        await anna.create("Missed", ["bob"])
        heard = bob.messages(missed="test")
        waiting = asyncio.ensure_future(next_text(heard, "while here"))
        await asyncio.sleep(0.2)
        await anna.send("Missed", "while here")
        await waiting
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(0.5):  # Asking for the next one says that this one is done.
                await anext(heard)
    async with at(town.anna) as anna:
        for n in range(250):
            await anna.send("Missed", f"while away {n}")
    async with at(town.bob) as bob:
        got: list[str | None] = []
        async with asyncio.timeout(SOON_S):
            async for message in bob.messages(missed="test"):
                if message.type == "text":
                    got.append(message.text)
                if message.text == "while away 249":
                    break
        assert got == [f"while away {n}" for n in range(250)]


async def test_who_comes_in_hears_what_was_sealed_before_and_numbered_after(
    town: Town, monkeypatch: pytest.MonkeyPatch
):
    async with at(town.anna) as anna, at(town.bob) as bob:
        room = await anna.create("Late", ["bob"])
        before = await anna.send(room, "long before")
        await arrived(bob, "Late", before.n)
        open_again = hold_what_comes_to(bob, monkeypatch)
        async with at(town.helper) as helper:
            heard = helper.messages()
            first = asyncio.ensure_future(texts_until(heard, "sealed before"))
            await asyncio.sleep(0)
            await anna.add(room, ["helper"])
            # Bob's device has not seen that: what it seals is for those who were there before.
            sending = asyncio.ensure_future(bob.send(room, "sealed before"))
            assert "long before" not in await first, "it begins where it came in"
            open_again.set()
            late = await helper.message("Late", (await sending).n)
            assert late.sender is not None
            assert (late.text, late.sender.account) == ("sealed before", "bob")
            after = await anna.send(room, "sealed after")
            assert (await next_text(heard, "sealed after")).n == after.n


async def texts_until(messages: AsyncIterator[Message], last: str) -> list[str | None]:
    texts: list[str | None] = []
    async with asyncio.timeout(SOON_S):
        async for message in messages:
            texts.append(message.text)
            if message.text == last:
                break
    return texts


def hold_what_comes_to(client: Client, monkeypatch: pytest.MonkeyPatch) -> asyncio.Event:
    """From here on nothing reaches a client until the event is set; what it sends goes out."""
    is_open, put = asyncio.Event(), client.host._inputs.put

    async def later(entry: host.Entry) -> None:
        if entry.input.kind == "frame":
            await is_open.wait()
        await put(entry)

    monkeypatch.setattr(client.host._inputs, "put", later)
    return is_open


async def test_one_process_has_a_profile_and_the_next_is_told_which(town: Town):
    async with at(town.anna, connect=False):
        with pytest.raises(ProfileInUse) as refused:
            async with Client(home=home(town.anna), passphrase=passphrase(town.anna), wait_s=0.1):
                pass
        assert refused.value.pid
    with pytest.raises(WrongPassphrase):
        async with Client(home=home(town.anna), passphrase="not this"):
            pass


async def test_commands_that_need_the_server_say_so_offline(town: Town):
    async with at(town.anna, connect=False) as anna:
        with pytest.raises(Offline):
            await anna.create("Nowhere")
        with pytest.raises(NotFound):
            await anna.conversation("no such thing")


BOT = """
from inmost import Bot
bot = Bot.open()

@bot.on_message
async def answer(message):
    if message.text == "ping":
        await message.reply("pong")

bot.run()
"""


async def test_a_bot_in_ten_lines_answers_also_what_came_while_it_was_away(town: Town):
    assert len(BOT.strip().splitlines()) <= 10
    bot = await asyncio.to_thread(start_bot, town.helper)
    try:
        async with at(town.anna) as anna:
            room = await anna.create("Pings", ["helper"])
            heard = anna.messages()
            pong = asyncio.ensure_future(next_text(heard, "pong"))
            ping = await anna.send(room, "ping")
            answer = await pong
            assert answer.reply_to == ((await anna.me()).device, ping.id)
            assert answer.sender is not None
            assert answer.sender.is_bot
            bot.send_signal(signal.SIGTERM)
            assert await asyncio.to_thread(bot.wait, 30) == 0
            await anna.send(room, "ping")
            pong = asyncio.ensure_future(next_text(anna.messages(), "pong"))
            bot = await asyncio.to_thread(start_bot, town.helper)
            await pong
    finally:
        bot.kill()
        bot.wait()


def start_bot(person: Person) -> subprocess.Popen[bytes]:
    """The bot in ten lines and, for the test only, a line that says when it is there."""
    told = "@bot.on_start\nasync def ready():\n    print('ready', flush=True)\n\nbot.run()"
    bot = subprocess.Popen(
        [sys.executable, "-c", BOT.replace("bot.run()", told)], env=person.environment, stdout=subprocess.PIPE
    )
    assert bot.stdout is not None
    with bot.stdout:
        assert bot.stdout.readline() == b"ready\n"
    return bot


async def test_a_handler_that_fails_does_not_stop_the_bot(town: Town, caplog: pytest.LogCaptureFixture):
    bot = Bot.open(home=home(town.helper), passphrase=passphrase(town.helper))
    seen: asyncio.Queue[str] = asyncio.Queue()

    @bot.on_message
    async def fail_then_work(message: Message) -> None:
        seen.put_nowait(message.text or "")
        if message.text == "stumble":
            raise ValueError("over a stone")

    serving = asyncio.ensure_future(bot.serve())
    async with at(town.anna) as anna:
        await bot_is_ready(bot)
        room = await anna.create("Stumbles", ["helper"])
        await anna.send(room, "stumble")
        await anna.send(room, "walk on")
        async with asyncio.timeout(SOON_S):
            while await seen.get() != "walk on":
                pass
    serving.cancel()
    with contextlib.suppress(asyncio.CancelledError):
        await serving
    assert "A handler failed" in caplog.text


async def bot_is_ready(bot: Bot) -> None:
    async with asyncio.timeout(SOON_S):
        while bot.client._profile is None:
            await asyncio.sleep(0.05)
        await bot.client.ready(SOON_S)


async def test_addresses_that_are_none_and_servers_that_are_not_there_have_names(town: Town):
    for wrong in ("ftp://example.org", "", "http://"):
        with pytest.raises(NotAServer):
            Address.of(wrong)
    with pytest.raises(InsecureAddress):
        Address.of("http://chat.example.org")
    assert Address.of("chat.example.org/join#x").origin == "https://chat.example.org"
    nobody = Rest(Address.of("http://localhost:1"))
    with pytest.raises(Offline):
        await nobody.organisation()
    await nobody.close()
    with pytest.raises(Refused, match="Sign in"):
        await Connection.open(Address.of(town.world.server.origin), "no token")
    here = Rest(Address.of(town.world.server.origin))
    with pytest.raises(InmostError):
        await here.claim(b"not an entry")
    await here.close()
