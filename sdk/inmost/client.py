"""The SDK's front door: one account on one device, online or off."""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Final, Self, TypeVar, cast

import msgspec

from inmost import following
from inmost.errors import InmostError, NotFound, Offline, Refused
from inmost.factors import AskFactor, StepUp
from inmost.host import Host
from inmost.models import (
    Alarm,
    Conversation,
    Device,
    Me,
    Message,
    OpenChannel,
    People,
    Person,
    Sent,
    device_of,
    message_of_row,
    message_of_shown,
)
from inmost.naming import find_channel, find_conversation, find_person, title_of
from inmost.profile import Passphrase, Profile
from inmost.server import Rest, Session
from inmost.sharing import Sharing, placed, reference
from inmost.store import SearchHit, ShownRow
from inmost_protocol.acts import Act

PAGE = 200
TITLED = ("group", "channel")
CONNECT_TIMEOUT_S = 30.0
LEAVING_POLL_S = 0.2
# Commands that the server may answer with StepUpRequired, and the act that is then meant.
ACTS: Final[dict[str, Act]] = {
    "suspend": "suspend",
    "set_role": "role",
    "invite": "invite_administrator",
    "add_passkey": "add_passkey",
    "remove_passkey": "remove_passkey",
}

Result = TypeVar("Result")

ConversationLike = Conversation | str
PersonLike = Person | str
MessageLike = Message


class Client(Sharing):
    """One profile: use as `async with Client("anna") as client:`.

    profile     its name on this computer
    home        instead of INMOST_HOME or ~/.local/share/inmost
    passphrase  of a store protected by one: the words, or a function that asks; None: INMOST_PASSPHRASE
    what        who has the profile open, told to other processes that want it
    wait_s      seconds to wait for another process that has it open
    connect     False: stay offline, only read what is here
    factor      asks the person for password and code, or a passkey, when a dangerous act needs a fresh one; None: Refused(StepUpRequired)

    Entering raises NoProfile, ProfileInUse, PassphraseNeeded, WrongPassphrase, KeyUnavailable, StoreDamaged. It does not wait for the
    server: ready() does. A conversation is given as a Conversation, its id (or the beginning of it), its title, or `@account`; a person
    as a Person, `@account`, account or id. What cannot be found raises NotFound.
    """

    def __init__(
        self,
        profile: str = "default",
        *,
        home: Path | None = None,
        passphrase: Passphrase = None,
        what: str = "",
        wait_s: float = 2.0,
        connect: bool = True,
        factor: AskFactor | None = None,
    ) -> None:
        self._name = profile
        self._home = home
        self._passphrase = passphrase
        self._what = what
        self._wait_s = wait_s
        self._connects = connect
        self._factor = factor
        self._profile: Profile | None = None
        self._people: People | None = None

    async def __aenter__(self) -> Self:
        self._profile = await Profile.open(self._name, self._home, self._passphrase, self._what, self._wait_s)
        try:
            await self._profile.address()
            self.host.subscribe(self._forget_people)
            if self._connects:
                await self._profile.connect()
        except BaseException:
            await self._profile.close()
            raise
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if kind is None and self.is_online:
            await self.host.settle()
        await self.profile.close()

    @property
    def profile(self) -> Profile:
        assert self._profile is not None, "use `async with Client(...)`"
        return self._profile

    @property
    def host(self) -> Host:
        return self.profile.host

    async def ready(self, timeout_s: float | None = CONNECT_TIMEOUT_S, tries: int | None = None) -> None:
        """Wait until connected and synced. tries: give up after so many failed connections.

        Raises Offline, CertificateRefused, SignedOut, StoreDamaged.
        """
        await self.host.ready(timeout_s, tries)

    @property
    def is_online(self) -> bool:
        """Connected and synced."""
        return self.host.is_ready

    @property
    def trouble(self) -> InmostError | None:
        """Why there is no connection: what the last try ended with. None while there is one, or before the first try."""
        return self.host.trouble

    # Who is there

    async def me(self) -> Me:
        seen = await self.host.view("me")
        return Me(
            user=seen["user"].hex(),
            device=seen["device"].hex(),
            account=seen["account"],
            name=seen["name"],
            role=seen["role"] or "",
            is_bot=seen["is_bot"],
            phase=seen["phase"],
            waiting=seen["outbox"],
            server=(await self.profile.address()).origin,
        )

    async def people(self) -> list[Person]:
        """Everybody this device knows, bots and deactivated ones too, by account."""
        return sorted((await self._everybody()).by_id.values(), key=lambda person: person.account)

    async def person(self, who: PersonLike) -> Person:
        """Raises NotFound."""
        return who if isinstance(who, Person) else find_person(who, await self._everybody())

    async def _everybody(self) -> People:
        if self._people is None:
            me = await self.host.view("me")
            seen = await self.host.view("people")
            self._people = People([Person.of(each, me["device"]) for each in seen], me["user"].hex())
        return self._people

    def _forget_people(self, event: tuple[str, dict[str, Any]]) -> None:
        if event[0] in ("directory", "ready", "presence", "mark"):
            self._people = None

    async def devices(self) -> list[Device]:
        """One's own devices."""
        me = await self.host.view("me")
        return [device_of(each, me["device"]) for each in await self.host.view("devices")]

    async def revoke(self, device: str) -> None:
        """Shut one of one's own devices out, for ever. device: its id or the beginning of it. Raises NotFound, Refused, Offline."""
        fitting = [each for each in await self.devices() if each.id.startswith(device.lower())]
        if not device or len(fitting) != 1:
            raise NotFound(
                f"No device of yours is “{device}”."
                if not fitting
                else f"Several devices begin with “{device}”."
            )
        await self._command("revoke", device=bytes.fromhex(fitting[0].id))

    async def safety_number(self, who: PersonLike) -> str:
        """The number to compare with a person, the same on both sides."""
        person = await self.person(who)
        return str((await self.host.view("safety", user=bytes.fromhex(person.id)))["number"])

    async def mark_verified(self, who: PersonLike, number: str) -> None:
        """Note that the safety number was compared. Raises Refused when it is not this person's."""
        await self._command("mark_verified", user=bytes.fromhex((await self.person(who)).id), number=number)
        self._people = None

    async def alarms(self) -> list[Alarm]:
        """What had to be shown since this device exists, oldest first."""
        return [
            Alarm(
                kind=each["kind"],
                words=each["words"],
                at_ms=each["at_ms"],
                conversation=_hex(each.get("conversation")),
                person=_hex(each.get("user")),
                device=_hex(each.get("device")),
            )
            for each in await self.host.view("alarms")
        ]

    # Administration

    async def invite(
        self, account: str, *, role: str = "member", is_bot: bool = False, name: str = "", expires_ms: int
    ) -> str:
        """Invite a person or bot. Returns the link, which is good once and until expires_ms. Raises Refused, Offline."""
        made = await self._command(
            "invite", account=account, role=role, is_bot=is_bot, expires_ms=expires_ms, name=name or account
        )
        fragment: str = made["fragment"]
        return (
            fragment
            if "://" in fragment
            else f"{(await self.profile.address()).origin}/join#{fragment.lstrip('#')}"
        )

    async def set_role(self, who: PersonLike, role: str) -> None:
        """Change what a person may do in the organisation: "owner", "administrator", "member" or "guest". Raises Refused, Offline.

        Whoever becomes a guest leaves the general channel and every conversation without guests.
        """
        await self._command("set_role", user=bytes.fromhex((await self.person(who)).id), role=role)

    async def suspend(self, who: PersonLike, suspended: bool = True) -> None:
        """Deactivate a person everywhere, or let one in again. Raises Refused, Offline."""
        await self._command("suspend", user=bytes.fromhex((await self.person(who)).id), suspended=suspended)

    async def rename(self, name: str) -> None:
        """Change one's own name."""
        await self._command("rename", name=name)

    async def rest(self) -> Rest:
        """The server's REST routes; close it after use. With (await host.session()) for those that need one."""
        return Rest(await self.profile.address(), await self.profile.trust())

    @contextlib.asynccontextmanager
    async def signed_in(self) -> AsyncIterator[tuple[Rest, Session]]:
        """The server's REST routes, and this device's session for them."""
        rest = await self.rest()
        try:
            yield rest, await self.host.session()
        finally:
            await rest.close()

    async def stepping_up(self, act: Act, ask: Callable[[Rest, Session], Awaitable[Result]]) -> Result:
        """What `ask` gives; if the server wants a fresh factor for it, once more after one was shown."""
        async with self.signed_in() as (rest, session):
            try:
                return await ask(rest, session)
            except Refused as refused:
                if refused.code != "StepUpRequired" or self._factor is None:
                    raise
            await self._show_factor(rest, session, act, self._factor)
            return await ask(rest, session)

    async def _show_factor(self, rest: Rest, session: Session, act: Act, ask: AskFactor) -> None:
        try:
            options = await rest.step_up_options(session, act)
        except Refused as refused:
            if refused.code != "PasskeysNeedAName":
                raise
            options = {}
        has_passkey = bool(options.get("publicKey", {}).get("allowCredentials"))
        await rest.step_up(
            session, act, await ask(StepUp(act, rest.address.origin, options if has_passkey else None))
        )

    # Conversations

    async def conversations(self, personal: bool = False) -> list[Conversation]:
        """Those this device is or was in: pinned ones first, then the most recent.

        personal: with the one that only syncs one's own devices.
        """
        found = await self._conversations(personal)
        return await self.host.in_thread(self._counted, found, (await self._everybody()).me)

    async def _conversations(self, personal: bool) -> list[Conversation]:
        people = await self._everybody()
        seen = await self._titled(await self.host.view("conversations"))
        shown = [each for each in seen if personal or each["kind"] != "personal"]
        shown.sort(
            key=lambda each: (each["is_pinned"], each.get("last_at_ms") or each.get("last_n") or 0),
            reverse=True,
        )
        return [_conversation(each, people) for each in shown]

    def _counted(self, found: list[Conversation], me: str) -> list[Conversation]:
        """With what is unread, from the store; only where something may be."""
        counted = []
        for each in found:
            if each.last_n is not None and each.last_n > each.unread_after:
                unread, mentions = self.host.core.database.unread(
                    bytes.fromhex(each.id), each.unread_after, bytes.fromhex(me)
                )
                counted.append(msgspec.structs.replace(each, unread=unread, mentions=mentions))
            else:
                counted.append(each)
        return counted

    async def _titled(self, seen: list[dict[str, Any]]) -> list[dict[str, Any]]:
        """A title is a message: after a long absence, or as somebody new, read back to it."""
        nameless = [each for each in seen if _is_nameless(each)]
        if not nameless or not self.is_online:
            return seen
        for each in nameless:
            await self._read_back_to_title(each["conversation"])
        return cast(list[dict[str, Any]], await self.host.view("conversations"))

    async def _read_back_to_title(self, conversation: bytes) -> None:
        before: int | None = None
        with contextlib.suppress(Refused):  # Offline again, or out: then it is shown by its people's names.
            while (await self.host.view("conversation", conversation=conversation))["title"] is None:
                page = await self.host.command("page", conversation=conversation, before=before, limit=PAGE)
                before = page["first"]
                if not page["more"] or page["waiting"] or not before:
                    return

    async def conversation(self, which: ConversationLike) -> Conversation:
        """As it is now. Raises NotFound, also when a title fits several."""
        found = await self._find(which.id if isinstance(which, Conversation) else which)
        return (await self.host.in_thread(self._counted, [found], (await self._everybody()).me))[0]

    async def title(self, conversation: str) -> str:
        """What the conversation of this id is called now. Raises NotFound."""
        id_ = bytes.fromhex(conversation)
        try:
            seen = await self.host.view("conversation", conversation=id_)
        except Refused:
            raise NotFound(f"There is no conversation “{conversation}” here.") from None
        if _is_nameless(seen) and self.is_online:
            await self._read_back_to_title(id_)
            seen = await self.host.view("conversation", conversation=id_)
        users = [user.hex() for user in seen["users"]]
        return title_of(seen["kind"], seen["title"], users, await self._everybody())

    async def _find(self, which: str) -> Conversation:
        return find_conversation(which, await self._conversations(personal=True), await self._everybody())

    async def create(
        self,
        title: str,
        people: Sequence[PersonLike] = (),
        kind: str = "group",
        *,
        topic: str | None = None,
        is_open: bool = False,
        announcement: bool = False,
    ) -> Conversation:
        """A new conversation. kind: "group" or "channel". Raises Refused, Offline, NotFound.

        is_open       a channel that every member of the organisation finds and may join; guests may not
        announcement  a channel in which only its owners and moderators write
        """
        return await self._create(kind, title, people, topic=topic, open=is_open, announcement=announcement)

    async def open_channels(self) -> list[OpenChannel]:
        """Every open channel, by title. What they are called is read back in the general channel, once. Raises Offline, Refused."""
        seen = await self.host.view("open_channels")
        if not seen["is_whole"] and self.is_online:
            await self._read_back_to_the_start()
            seen = await self.host.view("open_channels")
        channels = [
            OpenChannel(
                id=each["conversation"].hex(),
                title=each["title"],
                topic=each["topic"],
                by=each["by"].hex(),
                is_joined=each["joined"],
            )
            for each in seen["channels"]
        ]
        return sorted(channels, key=lambda channel: channel.title.casefold())

    async def _read_back_to_the_start(self) -> None:
        general = next((one for one in await self.conversations() if one.kind == "general"), None)
        if general is None:
            return
        before: int | None = None
        while True:
            page = await self.host.command(
                "page", conversation=bytes.fromhex(general.id), before=before, limit=PAGE
            )
            before = page["first"]
            if not page["more"] or page["waiting"] or not before:
                return

    async def join_channel(self, which: OpenChannel | str) -> Conversation:
        """Come into an open channel, by its title or id; what was said there before can be read. Raises NotFound, Refused, Offline."""
        found = which if isinstance(which, OpenChannel) else find_channel(which, await self.open_channels())
        await self._command("join_channel", conversation=bytes.fromhex(found.id))
        return await self.conversation(found.id)

    async def change_settings(
        self,
        conversation: ConversationLike,
        *,
        is_open: bool | None = None,
        announcement: bool | None = None,
        guests: bool | None = None,
        moderated: bool | None = None,
    ) -> None:
        """Change what holds in a conversation; None leaves it. For its owners and moderators. Raises NotFound, Refused, Offline.

        guests     guests of the organisation may be added
        moderated  only owners and moderators add people and name the conversation
        """
        await self._command(
            "set_settings",
            conversation=await self._id(conversation),
            open=is_open,
            announcement=announcement,
            guests=guests,
            moderated=moderated,
        )

    async def set_conversation_role(self, conversation: ConversationLike, who: PersonLike, role: str) -> None:
        """role: "owner", "moderator", "member" or "guest". For the conversation's owners. Raises NotFound, Refused, Offline."""
        await self._command(
            "set_conversation_role",
            conversation=await self._id(conversation),
            user=bytes.fromhex((await self.person(who)).id),
            role=role,
        )

    async def direct(self, who: PersonLike) -> Conversation:
        """The conversation of two with this person, made if there is none. Raises Refused, Offline, NotFound."""
        person = await self.person(who)
        try:
            return await self.conversation("@" + person.account)
        except NotFound:
            return await self._create("direct", None, [person])

    async def _create(
        self, kind: str, title: str | None, people: Sequence[PersonLike], **settings: Any
    ) -> Conversation:
        made = await self._command(
            "create", kind=kind, title=title, users=await self._ids(people), **settings
        )
        return await self.conversation(made["conversation"].hex())

    async def add(self, conversation: ConversationLike, people: Sequence[PersonLike]) -> None:
        await self._command("add", conversation=await self._id(conversation), users=await self._ids(people))

    async def remove(self, conversation: ConversationLike, people: Sequence[PersonLike]) -> None:
        await self._command(
            "remove", conversation=await self._id(conversation), users=await self._ids(people)
        )

    async def leave(self, conversation: ConversationLike) -> bool:
        """Leave. False: the wish is with the server, and takes effect when another member's device is online.

        Until then nobody can write there, so nothing is missed or overheard. Raises Refused, Offline.
        """
        id_ = await self._id(conversation)
        leaving = asyncio.ensure_future(self._command("leave", conversation=id_))
        while not (await asyncio.wait([leaving], timeout=LEAVING_POLL_S))[0]:
            if (await self.host.view("conversation", conversation=id_))["removal_pending"]:
                leaving.cancel()
                return False
        leaving.result()
        return True

    async def rotate(self, conversation: ConversationLike) -> None:
        """Renew this device's keys in a conversation, so that what was stolen before opens nothing after."""
        await self._command("rotate", conversation=await self._id(conversation))

    # Messages

    async def send(
        self,
        conversation: ConversationLike,
        text: str,
        *,
        reply_to: MessageLike | None = None,
        mentions: Sequence[PersonLike] = (),
        thread: MessageLike | None = None,
        expires_in_s: float | None = None,
        kept: asyncio.Event | None = None,
    ) -> Sent:
        """Send a text (CommonMark, 65,536 bytes at most). Returns when it is on the server's disk.

        thread: in the thread of this message. expires_in_s: every device deletes it that long after now, a second to 366 days.
        While offline the message waits in the store and goes out by itself, also after a restart. kept: set as soon as it is in the
        store, and can be shown. Raises Refused (TooLarge, NotAMember, Expired, ...).
        """
        content = {
            "type": "text",
            "text": text,
            "reply_to": reference(reply_to) if reply_to else None,
            "mentions": await self._ids(mentions),
        }
        return await self._say(await self._id(conversation), content | placed(thread, expires_in_s), kept)

    async def edit(self, message: MessageLike, text: str, kept: asyncio.Event | None = None) -> Sent:
        """Replace the text of one's own message. kept: as for send."""
        content = {"type": "edit", "target": reference(message), "text": text, "mentions": []}
        return await self._say(bytes.fromhex(message.conversation), content, kept)

    async def delete(self, message: MessageLike, kept: asyncio.Event | None = None) -> Sent:
        """Take a message away for everybody: one's own, or as moderator. kept: as for send."""
        content = {"type": "delete", "target": reference(message)}
        return await self._say(bytes.fromhex(message.conversation), content, kept)

    async def react(
        self, message: MessageLike, emoji: str, on: bool = True, kept: asyncio.Event | None = None
    ) -> Sent:
        """React with an emoji, or take it back. kept: as for send."""
        content = {"type": "react", "target": reference(message), "emoji": emoji, "on": on}
        return await self._say(bytes.fromhex(message.conversation), content, kept)

    async def set_title(self, conversation: ConversationLike, title: str) -> Sent:
        return await self._say(await self._id(conversation), {"type": "title", "text": title})

    async def set_topic(self, conversation: ConversationLike, topic: str) -> Sent:
        return await self._say(await self._id(conversation), {"type": "topic", "text": topic})

    async def _say(
        self, conversation: bytes, content: dict[str, Any], kept: asyncio.Event | None = None
    ) -> Sent:
        done = await self.host.command("send", kept, conversation=conversation, content=content)
        return Sent(done["id"].hex(), done["n"], done["at_ms"])

    async def mark_read(self, conversation: ConversationLike, n: int) -> None:
        """Tell the others that everything up to number n was read."""
        await self._command("read", conversation=await self._id(conversation), n=n)

    async def history(
        self,
        conversation: ConversationLike,
        *,
        before: int | None = None,
        limit: int = 50,
        load: bool = True,
    ) -> list[Message]:
        """The newest `limit` messages before number `before`, oldest first. Loads what is missing when online.

        Offline, or with load False, it gives what is here. Raises NotFound, Refused.
        """
        id_ = await self._id(conversation)
        if load and self.is_online:
            await self._load(id_, before, limit)
        rows = await self.host.in_thread(self.host.core.database.shown, id_, before, limit)
        people = await self._everybody()
        return [self._message(row, people) for row in rows]

    def _message(self, row: ShownRow, people: People) -> Message:
        return message_of_shown(row, people, self)

    async def _load(self, conversation: bytes, before: int | None, limit: int) -> None:
        """Page back until `limit` messages are here, the beginning is reached, or history waits for another device."""
        place = before
        while True:
            try:
                page = await self.host.command(
                    "page", conversation=conversation, before=place, limit=min(PAGE, max(limit, 50))
                )
            except Refused as refused:
                if refused.code in ("Offline", "NotAMember"):
                    return
                raise
            rows = await self.host.in_thread(self.host.core.database.shown, conversation, before, limit)
            place = page["first"]
            enough = len(rows) >= limit and place is not None and (rows[0].n is None or rows[0].n >= place)
            if enough or not page["more"] or page["waiting"] or place is None:
                return

    async def search(
        self, query: str, conversation: ConversationLike | None = None, limit: int = 50
    ) -> list[SearchHit]:
        """Messages on this device whose text has every word of the query, newest first; any script, pieces of words too."""
        id_ = await self._id(conversation) if conversation is not None else None
        return await self.host.in_thread(self.host.core.database.search, query, id_, limit)

    async def message(self, conversation: ConversationLike, n: int) -> Message:
        """The message at number n; loaded from the server if it is not here. Raises NotFound."""
        id_ = await self._id(conversation)
        row = await self.host.in_thread(self.host.core.database.shown_at, id_, n)
        if row is None and self.is_online:
            await self._load(id_, n + 1, 1)
            row = await self.host.in_thread(self.host.core.database.shown_at, id_, n)
        if row is None:
            raise NotFound(f"There is no message {n} here.")
        return message_of_shown(row, await self._everybody(), self)

    async def written(self, conversation: bytes, n: int) -> Message | None:
        """What stands at number n just as it was written, changes to other messages included; None if it is not here."""
        row = await self.host.in_thread(self.host.core.database.row, conversation, n)
        return message_of_row(row, await self._everybody(), self) if row is not None else None

    # What happens

    def messages(self, *, missed: str | None = None) -> AsyncIterator[Message]:
        """New messages and changes of all conversations, in each conversation's order, each once; ends with SignedOut or StoreDamaged.

        missed: a name under which the position is kept: first comes what was missed since this name's last position. It is kept when the
        next message is asked for, so a crash while handling a message shows it again.
        """
        return following.follow(self, missed)

    async def events(self) -> AsyncIterator[tuple[str, dict[str, Any]]]:
        """Every event of the engine as it is (docs/protocol/engine.md)."""
        queue: asyncio.Queue[tuple[str, dict[str, Any]]] = asyncio.Queue()
        stop: Callable[[], None] = self.host.subscribe(queue.put_nowait)
        try:
            while True:
                yield await queue.get()
        finally:
            stop()

    async def _command(self, name: str, /, **arguments: Any) -> dict[str, Any]:
        """The engine's command; a dangerous one after a fresh factor. Raises Refused, Offline."""
        try:
            return await self.host.command(name, **arguments)
        except Refused as refused:
            if refused.code == "StepUpRequired" and name in ACTS and self._factor is not None:
                async with self.signed_in() as (rest, session):
                    await self._show_factor(rest, session, ACTS[name], self._factor)
                return await self.host.command(name, **arguments)
            if refused.code == "Offline":
                raise Offline(
                    "The server cannot be reached now.", "Try again when you are connected."
                ) from None
            raise

    async def _id(self, conversation: ConversationLike) -> bytes:
        found = conversation if isinstance(conversation, Conversation) else await self._find(conversation)
        return bytes.fromhex(found.id)

    async def _ids(self, people: Sequence[PersonLike]) -> list[bytes]:
        return [bytes.fromhex((await self.person(who)).id) for who in people]


def _is_nameless(seen: dict[str, Any]) -> bool:
    return seen["title"] is None and seen["kind"] in TITLED and seen["state"] == "member"


def _conversation(seen: dict[str, Any], people: People) -> Conversation:
    users = tuple(user.hex() for user in seen["users"])
    # Who came later has what was said before them to read back to, and not to read.
    after = seen["joined_n"] - 1 if seen["read_n"] is None else seen["read_n"]
    return Conversation(
        id=seen["conversation"].hex(),
        kind=seen["kind"],
        title=title_of(seen["kind"], seen["title"], users, people),
        topic=seen["topic"] or "",
        state=seen["state"],
        people=users,
        device_count=seen["devices"] if isinstance(seen["devices"], int) else len(seen["devices"]),
        last_n=seen["last_n"],
        read_n=seen["read_n"],
        is_removal_pending=bool(seen["removal_pending"]),
        unread_is_least=(seen["loaded_first"] or 0) > after + 1,
        unread_after=after,
        is_pinned=seen["is_pinned"],
        is_muted=seen["is_muted"],
        draft=seen["draft"] or "",
        typing=tuple(user.hex() for user in seen["typing"]),
        read_by={
            each["user"].hex(): each["n"] for each in seen["receipts"] if each["user"].hex() != people.me
        },
        **_settings(seen.get("settings")),
    )


def _settings(seen: dict[str, Any] | None) -> dict[str, Any]:
    if seen is None:  # not in it yet
        return {}
    return {
        "role": seen["role"] or "",
        "roles": {each["user"].hex(): each["role"] for each in seen["roles"]},
        "is_open": seen["open"],
        "announcement": seen["announcement"],
        "guests": seen["guests"],
        "moderated": seen["moderated"],
        "may_post": seen["may_post"],
    }


def _hex(data: bytes | None) -> str | None:
    return data.hex() if data else None
