"""The part of the client that is for a conversation's life beside talking: polls, pins, threads, who is there and who types."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import msgspec

from inmost.models import Conversation, Message, People, Person, Sent

if TYPE_CHECKING:
    from inmost.host import Host

ConversationLike = Conversation | str
PAGE = 200


class Thread(msgspec.Struct, frozen=True):
    """A thread: the message it hangs on (None where that is not here), how many answers, the number of the last one."""

    root: Message | None
    reference: tuple[str, str]
    replies: int
    last_n: int | None


class Sharing:
    """Mixed into Client, which has everything this needs."""

    if TYPE_CHECKING:

        @property
        def host(self) -> Host: ...
        @property
        def is_online(self) -> bool: ...
        async def _id(self, conversation: ConversationLike) -> bytes: ...
        async def _say(self, conversation: bytes, content: dict[str, Any]) -> Sent: ...
        async def _command(self, name: str, /, **arguments: Any) -> dict[str, Any]: ...
        async def _everybody(self) -> People: ...
        async def _load(self, conversation: bytes, before: int | None, limit: int) -> None: ...
        def _message(self, row: Any, people: People) -> Message: ...
        async def person(self, who: Person | str) -> Person: ...

    # Polls

    async def poll(
        self,
        conversation: ConversationLike,
        question: str,
        options: Sequence[str],
        *,
        multiple: bool = False,
        thread: Message | None = None,
        expires_in_s: float | None = None,
    ) -> Sent:
        """Ask: 2 to 20 options, one line each. multiple: several may be chosen. Raises as send()."""
        content = {"type": "poll", "text": question, "options": list(options), "multiple": multiple}
        return await self._say(await self._id(conversation), content | placed(thread, expires_in_s))

    async def vote(self, poll: Message, choices: Sequence[int]) -> Sent:
        """Choose options by their numbers from 0, instead of what was chosen before; none takes the vote back.

        A vote for what the poll does not have, for several where one may be chosen, or after its end is not counted by anybody.
        """
        content = {"type": "vote", "target": reference(poll), "choices": sorted(set(choices))}
        return await self._say(bytes.fromhex(poll.conversation), content)

    async def close_poll(self, poll: Message) -> Sent:
        """End one's own poll."""
        return await self._say(bytes.fromhex(poll.conversation), {"type": "close", "target": reference(poll)})

    # Pins

    async def pin(self, message: Message, on: bool = True) -> Sent:
        """Pin a message for everybody in its conversation, or take the pin off. Guests may not: others do not see it."""
        content = {"type": "pin", "target": reference(message), "on": on}
        return await self._say(bytes.fromhex(message.conversation), content)

    async def pinned(self, conversation: ConversationLike) -> list[Message]:
        """What is pinned, oldest first, as far as it was read on this device. Raises NotFound."""
        rows = await self.host.in_thread(self.host.core.database.pinned, await self._id(conversation))
        people = await self._everybody()
        return [self._message(row, people) for row in rows]

    # Threads

    async def threads(self, conversation: ConversationLike) -> list[Thread]:
        """The threads of a conversation, newest answer first, as far as they were read on this device. Raises NotFound."""
        id_ = await self._id(conversation)
        people = await self._everybody()
        database = self.host.core.database
        found = []
        for each in await self.host.in_thread(database.threads, id_):
            root = await self.host.in_thread(database.shown_one, id_, each.device, each.id)
            shown = self._message(root, people) if root is not None else None
            found.append(Thread(shown, (each.device.hex(), each.id.hex()), each.replies, each.last_n))
        return found

    async def thread(self, root: Message, *, before: int | None = None, limit: int = 50) -> list[Message]:
        """The newest `limit` answers in the thread that hangs on root, before number `before`, oldest first.

        root may be any message of the thread. Loads the conversation back to the root when online.
        """
        conversation = bytes.fromhex(root.conversation)
        device, id_ = (bytes.fromhex(part) for part in root.thread or root.reference)
        if self.is_online and root.thread is None and root.n is not None:
            await self._load_back_to(conversation, root.n)
        rows = await self.host.in_thread(
            self.host.core.database.thread, conversation, device, id_, before, limit
        )
        people = await self._everybody()
        return [self._message(row, people) for row in rows]

    async def _load_back_to(self, conversation: bytes, n: int) -> None:
        first = (await self.host.view("conversation", conversation=conversation))["loaded_first"]
        while first is not None and first > n:
            page = await self.host.command("page", conversation=conversation, before=first, limit=PAGE)
            if not page["more"] or page["waiting"] or page["first"] is None or page["first"] >= first:
                return
            first = page["first"]

    # Who is there

    async def typing(self, conversation: ConversationLike, on: bool = True) -> None:
        """Say that one types, or stopped. Call it with each key: it goes out every few seconds at most. Raises Refused, Offline.

        Others' typing is an event (events(): "typing") and Conversation.typing; it is over by itself.
        """
        await self._command("signal", conversation=await self._id(conversation), typing=on)

    async def presence(self, active: bool | None) -> None:
        """True: at the screen; False: away from it; None: say nothing, which is how every client begins.

        Said to the general channel, again every minute while this client runs. Others': Person.presence, and the event "presence".
        """
        await self._command("presence", active=active)

    # One's own devices

    async def set_draft(self, conversation: ConversationLike, text: str) -> None:
        """Keep what was begun, on all of one's devices; empty for nothing. Works offline. Raises Refused (TooLarge)."""
        await self._command("set_draft", conversation=await self._id(conversation), text=text)

    async def mute(self, conversation: ConversationLike, on: bool = True) -> None:
        """No notices of this conversation on any of one's devices. Nobody else learns of it. Works offline."""
        await self._command("mute", conversation=await self._id(conversation), on=on)

    async def pin_conversation(self, conversation: ConversationLike, on: bool = True) -> None:
        """Keep a conversation at the top of one's own list, on all devices. Works offline."""
        await self._command("pin_conversation", conversation=await self._id(conversation), on=on)


def placed(thread: Message | None, expires_in_s: float | None) -> dict[str, Any]:
    """The fields of content said in a thread or for a time: a thread hangs on its first message, wherever one answers in it."""
    root = None if thread is None else thread.thread or thread.reference
    return {
        "thread": [bytes.fromhex(part) for part in root] if root else None,
        "expires_after_ms": None if expires_in_s is None else round(expires_in_s * 1000),
    }


def reference(message: Message) -> list[bytes]:
    """(device, id) as the engine takes it."""
    return [bytes.fromhex(part) for part in message.reference]
