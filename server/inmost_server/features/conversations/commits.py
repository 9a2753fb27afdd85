"""Creating conversations and changing who is in them: check against the group, write, tell."""

import asyncio
from collections.abc import Callable
from dataclasses import dataclass

from inmost_engine import public
from inmost_engine.public import Checked, Directory, Group, ServerKey
from inmost_protocol.conversations import Accepted, Commit, CreateConversation, Propose, WaitingWelcome
from inmost_server.clock import Clock
from inmost_server.features.conversations import log, policy
from inmost_server.features.conversations import store as rows
from inmost_server.features.conversations.live import Conversation, LiveConversations
from inmost_server.features.conversations.log import LogBook, NewItem, Placed
from inmost_server.features.conversations.store import Change
from inmost_server.features.conversations.telling import Teller
from inmost_server.features.directory.service import DirectoryService
from inmost_server.peer import Peer
from inmost_server.refusals import ConversationExists, Malformed, StaleEpoch
from inmost_server.store import Store, Tx

# A check of a group this small is done before a thread would have been woken.
LEAVES_CHECKED_AT_ONCE = 16


@dataclass(frozen=True, slots=True)
class Written:
    """A commit's items in order: the commit, its link, removals proposed anew; and the Welcome it made."""

    items: list[Placed]
    welcome: WaitingWelcome | None


class Commits:
    """One conversation at a time: everything here happens under its lock."""

    def __init__(
        self,
        store: Store,
        live: LiveConversations,
        book: LogBook,
        directory: DirectoryService,
        teller: Teller,
        key: ServerKey,
        clock: Clock,
    ) -> None:
        self._store, self._live, self._book = store, live, book
        self._directory, self._teller, self._key, self._clock = directory, teller, key, clock

    async def create(self, peer: Peer, frame: CreateConversation) -> Accepted | None:
        async with self._live.held(frame.conversation, may_be_new=True) as conversation:
            before = await self.answered(peer, frame.id)
            if before is not None:
                return before
            now_ms = self._clock()
            async with self._directory.reading() as directory:
                group, changes = Group.create(
                    frame.conversation,
                    frame.group,
                    frame.group_info,
                    frame.tree,
                    peer.device,
                    directory,
                    now_ms,
                )
            # Only after the rules: whoever may not make it does not learn whether it is there.
            if conversation.exists:
                raise ConversationExists
            settings = group.settings
            entry = public.create_entry(frame.group, frame.group_info, peer.device)
            found = rows.Found(frame.group, 0, settings.kind, settings.open, 0, settings.encode())
            device, user = peer.device, peer.user

            def write(tx: Tx) -> None:
                item = NewItem(frame.conversation, frame.group, log.KIND_CREATE, entry, 0, device, frame.id)
                (placed,) = self._book.append(tx, [item])
                rows.put(tx, frame.conversation, found, frame.group_info, now_ms)
                rows.change_group(tx, frame.conversation, changes)
                rows.add_member(tx, frame.conversation, device, user, 0)
                rows.set_away(tx, frame.conversation, settings.away)
                tx.after_commit(lambda: told(placed))

            def told(placed: Placed) -> None:
                conversation.exists = True
                conversation.group_id, conversation.epoch = frame.group, 0
                conversation.kind, conversation.open = settings.kind, settings.open
                conversation.settings = settings
                conversation.since_epoch, conversation.user_of = {device: 0}, {device: user}
                conversation.group = group
                self._live.keep_group(conversation)
                self._answer(peer, frame.id, placed)
                self._teller.followers.follow_if_synced(device, frame.conversation)
                self._teller.item(placed)

            await self._store.write(write)
        return None

    async def commit(self, peer: Peer, frame: Commit) -> Accepted | None:
        async with self._live.held(frame.conversation) as conversation:
            before = await self.answered(peer, frame.id)
            if before is not None:
                return before
            group = await self._live.group(conversation)
            async with self._directory.reading() as directory:
                has_leaf = conversation.is_member(peer.device)
                policy.may_commit(has_leaf, not has_leaf and group.may_join(peer.device, directory))
                if frame.group != conversation.group_id:
                    raise Malformed("That is not this conversation's group.")
                if frame.epoch != conversation.epoch:
                    raise StaleEpoch(current_epoch=conversation.epoch)
                checked = await self._checked(conversation, group, directory, frame)
                if checked.committer != peer.device:
                    raise Malformed("That is somebody else's commit.")
                try:
                    changes = group.merge(checked)
                    again = self._propose_again(group, directory)
                except BaseException:
                    conversation.forget()
                    raise
            try:
                await self._write(conversation, group, peer, frame, checked, changes, again)
            except BaseException:
                # The group in memory is an epoch ahead of what is stored.
                conversation.forget()
                raise
        return None

    async def _write(
        self,
        conversation: Conversation,
        group: Group,
        peer: Peer,
        frame: Commit,
        checked: Checked,
        changes: list[Change],
        again: list[tuple[bytes, list[Change]]],
    ) -> None:
        settings = group.settings
        for _, proposed in again:
            changes += proposed
        # Built only when somebody waits for it: a thousand leaves are a megabyte.
        tree = group.tree() if frame.welcome is not None and checked.adds else b""
        removal_epoch = checked.epoch if checked.removes else conversation.removal_epoch
        found = rows.Found(
            conversation.group_id,
            checked.epoch,
            settings.kind,
            settings.open,
            removal_epoch,
            settings.encode(),
        )
        pending = [device for device, _ in group.pending()]
        items = self._items(frame, peer.device, [entry for entry, _ in again])
        now_ms = self._clock()

        def write(tx: Tx) -> None:
            placed = self._book.append(tx, items)
            rows.put(tx, frame.conversation, found, frame.group_info, now_ms)
            rows.change_group(tx, frame.conversation, changes)
            self._write_members(tx, frame.conversation, checked, placed[0])
            if checked.settings_changed or checked.removes or checked.joiner:
                rows.set_away(tx, frame.conversation, settings.away)
            rows.set_pending(tx, frame.conversation, pending)
            welcome = self._write_welcome(tx, frame, conversation.group_id, checked, tree, placed[0])
            tx.after_commit(lambda: told(Written(placed, welcome)))

        def told(written: Written) -> None:
            conversation.epoch, conversation.removal_epoch = checked.epoch, removal_epoch
            conversation.kind, conversation.open = settings.kind, settings.open
            conversation.settings = settings
            self._answer(peer, frame.id, written.items[0])
            self._tell(conversation, checked, written)
            # An entry that became durable while this commit was being written has shut out more.
            is_active = self._directory.state.is_active
            shut_out = [device for device in conversation.since_epoch if not is_active(device)]
            conversation.pending = {*pending, *shut_out}

        await self._store.write(write)

    async def _checked(
        self, conversation: Conversation, group: Group, directory: Directory, frame: Commit
    ) -> Checked:
        now_ms = self._clock()

        def check() -> Checked:
            return group.check(frame.commit, directory, now_ms, frame.group_info, frame.welcome, frame.link)

        if len(conversation.since_epoch) <= LEAVES_CHECKED_AT_ONCE:
            return check()
        return await asyncio.to_thread(check)

    def _propose_again(self, group: Group, directory: Directory) -> list[tuple[bytes, list[Change]]]:
        """Log entries and group changes for everybody who still has to go in this epoch."""
        proposed = []
        for device in group.uncovered(directory):
            proposal, changes = group.propose_remove(device, self._key)
            entry = public.proposal_entry(group.epoch, proposal, directory.cause(device))
            proposed.append((entry, changes))
        return proposed

    def _items(self, frame: Commit, device: bytes, proposals: list[bytes]) -> list[NewItem]:
        place = (frame.conversation, frame.group)
        entry = public.commit_entry(frame.epoch, frame.commit)
        items = [NewItem(*place, log.KIND_COMMIT, entry, frame.epoch, device, frame.id)]
        if frame.link is not None:
            items.append(NewItem(*place, log.KIND_LINK, frame.link, frame.epoch + 1, device))
        items += [NewItem(*place, log.KIND_PROPOSAL, one, frame.epoch + 1) for one in proposals]
        return items

    def _write_members(self, tx: Tx, conversation: bytes, checked: Checked, placed: Placed) -> None:
        for device, _ in checked.removes:
            rows.remove_member(tx, conversation, device, placed.n)
        for device, user in checked.adds:
            rows.add_member(tx, conversation, device, user, checked.epoch)
        if checked.joiner is not None:
            device, user = checked.joiner
            rows.add_member(tx, conversation, device, user, checked.epoch)
            rows.drop_welcome(tx, conversation, device)

    def _write_welcome(
        self, tx: Tx, frame: Commit, group: bytes, checked: Checked, tree: bytes, placed: Placed
    ) -> WaitingWelcome | None:
        if frame.welcome is None or not checked.adds:
            return None
        waiting = WaitingWelcome(frame.conversation, group, checked.epoch, placed.n, frame.welcome)
        rows.put_welcome(tx, waiting, [device for device, _ in checked.adds], tree, placed.hash)
        return waiting

    def _tell(self, conversation: Conversation, checked: Checked, written: Written) -> None:
        came = [*checked.adds, *([checked.joiner] if checked.joiner else [])]
        for device, user in came:
            conversation.since_epoch[device] = checked.epoch
            conversation.user_of[device] = user
            self._teller.followers.follow_if_synced(device, conversation.id)
        self._teller.item(written.items[0])
        for device, _ in checked.removes:
            conversation.since_epoch.pop(device, None)
            conversation.user_of.pop(device, None)
            self._teller.followers.unfollow(device, conversation.id)
        if written.welcome is not None:
            self._teller.welcomed(written.welcome, tuple(device for device, _ in checked.adds))
        for item in written.items[1:]:
            self._teller.item(item)

    async def propose(self, peer: Peer, frame: Propose) -> Accepted | None:
        """A member's wish to leave; everybody is refused until somebody commits it."""
        async with self._live.held(frame.conversation) as conversation:
            before = await self.answered(peer, frame.id)
            if before is not None:
                return before
            policy.may_commit(conversation.is_member(peer.device), may_join=False)
            group = await self._live.group(conversation)
            changes = group.accept_proposal(frame.proposal, peer.device)
            entry = public.proposal_entry(frame.epoch, frame.proposal, None)
            item = NewItem(
                frame.conversation,
                conversation.group_id,
                log.KIND_PROPOSAL,
                entry,
                frame.epoch,
                peer.device,
                frame.id,
            )
            await self.write_proposals(
                conversation, group, [item], changes, lambda placed: self._answer(peer, frame.id, placed[0])
            )
        return None

    async def propose_removals(self, id_: bytes) -> None:
        """Propose the removal of everybody here whom the directory has shut out."""
        async with self._live.held(id_) as conversation:
            group = await self._live.group(conversation)
            async with self._directory.reading() as directory:
                proposed = self._propose_again(group, directory)
            if not proposed:
                return
            place = (id_, conversation.group_id)
            items = [NewItem(*place, log.KIND_PROPOSAL, entry, group.epoch) for entry, _ in proposed]
            changes = [change for _, of_one in proposed for change in of_one]
            await self.write_proposals(conversation, group, items, changes, lambda placed: None)

    async def write_proposals(
        self,
        conversation: Conversation,
        group: Group,
        items: list[NewItem],
        changes: list[Change],
        answer: Callable[[list[Placed]], None],
    ) -> None:
        """Append proposals that the group has taken in already; if that fails, memory forgets them."""
        pending = {device for device, _ in group.pending()}

        def write(tx: Tx) -> None:
            placed = self._book.append(tx, items)
            rows.change_group(tx, conversation.id, changes)
            rows.set_pending(tx, conversation.id, pending)
            tx.after_commit(lambda: told(placed))

        def told(placed: list[Placed]) -> None:
            conversation.pending |= pending
            answer(placed)
            for item in placed:
                self._teller.item(item)

        try:
            await self._store.write(write)
        except BaseException:
            conversation.forget()
            raise

    async def answered(self, peer: Peer, request: bytes) -> Accepted | None:
        """What this request got when it came first."""
        device = peer.device
        before = await self._store.read(lambda reader: log.answered(reader, device, request))
        return Accepted(request, *before) if before else None

    def _answer(self, peer: Peer, re: bytes, placed: Placed) -> None:
        peer.send(Accepted(re, placed.conversation, placed.n, placed.at_ms))
