"""The real server, run by somebody who takes its checks out: it accepts what it must not, for whom it must not.

    python -m tests.adversary.complicit_server DATA PORT

Until it is told `lax`, it is the honest server. It is spoken to as speaking.py says.
"""

import asyncio
import contextlib
import io
import secrets
import sys
from pathlib import Path
from typing import Any

from inmost_engine import public
from inmost_protocol import decode_request
from inmost_protocol.conversations import Commit
from inmost_protocol.frames import Frame
from inmost_server import app, main
from inmost_server.features.conversations import commits, live, log, policy
from inmost_server.features.conversations.log import NewItem
from inmost_server.refusals import Refusal
from inmost_server.settings import load
from tests.adversary import inmost_attacker
from tests.adversary.speaking import say, serve

Change = tuple[bytes, bytes | None]


class LaxGroup:
    """The server's group. While lax, what it refuses it follows all the same."""

    is_lax = False

    def __init__(self, honest: public.Group, org: bytes, stored: dict[bytes, bytes]) -> None:
        self._honest, self._org, self._rows = honest, org, stored

    @staticmethod
    def load(org: bytes, conversation: bytes, group: bytes, stored: list[tuple[bytes, bytes]]) -> "LaxGroup":
        return LaxGroup(public.Group.load(org, conversation, group, stored), org, dict(stored))

    @staticmethod
    def create(
        conversation: bytes,
        group: bytes,
        group_info: bytes,
        tree: bytes,
        creator: bytes,
        directory: public.Directory,
        now_ms: int,
    ) -> "tuple[LaxGroup, list[Change]]":
        honest, changes = public.Group.create(
            conversation, group, group_info, tree, creator, directory, now_ms
        )
        made = LaxGroup(honest, directory.org, {})
        return made, made._keep(changes)

    def _keep(self, changes: list[Change]) -> list[Change]:
        for key, value in changes:
            if value is None:
                self._rows.pop(key, None)
            else:
                self._rows[key] = value
        return changes

    def check(self, commit: bytes, *more: Any) -> Any:
        try:
            return self._honest.check(commit, *more)
        except public.Refused as refused:
            if not self.is_lax:
                raise
            say("accepted all the same", code=refused.code)
            return inmost_attacker.accept(self._honest.group, list(self._rows.items()), commit)

    def merge(self, checked: Any) -> list[Change]:
        if not isinstance(checked, inmost_attacker.Accepted):
            return self._keep(self._honest.merge(checked))
        changes = self._keep(checked.changes)
        of = (self._org, self._honest.conversation, self._honest.group)
        self._honest = public.Group.load(*of, list(self._rows.items()))
        return changes

    def propose_remove(self, device: bytes, key: public.ServerKey) -> tuple[bytes, list[Change]]:
        proposal, changes = self._honest.propose_remove(device, key)
        return proposal, self._keep(changes)

    def accept_proposal(self, proposal: bytes, device: bytes) -> list[Change]:
        return self._keep(self._honest.accept_proposal(proposal, device))

    def may_join(self, device: bytes, directory: public.Directory) -> bool:
        return self.is_lax or self._honest.may_join(device, directory)

    def tree_after(self, commit: Commit, directory: public.Directory, now_ms: int) -> bytes:
        """Where a commit would have led."""
        of = (self._org, self._honest.conversation, self._honest.group)
        aside = public.Group.load(*of, list(self._rows.items()))
        uploaded = (commit.group_info, commit.welcome, commit.link)
        aside.merge(aside.check(commit.commit, directory, now_ms, *uploaded))
        return aside.tree()

    def uncovered(self, directory: public.Directory) -> list[bytes]:
        """While lax it removes nobody by itself."""
        return [] if self.is_lax else self._honest.uncovered(directory)

    def __getattr__(self, name: str) -> Any:
        return getattr(self._honest, name)


class Accomplice:
    """A device that could not sign in, as if it had."""

    session = None

    def __init__(self, device: bytes, user: bytes) -> None:
        self.device, self.user = device, user
        self.answers: list[Frame] = []
        self.refusals: list[BaseException] = []

    def send(self, frame: Frame) -> None:
        self.answers.append(frame)

    def refuse(self, re: bytes, error: BaseException) -> None:
        self.refusals.append(error)

    def begin(self) -> None: ...

    def end(self) -> None: ...


class ComplicitServer:
    """What the operator of this server can wish for."""

    server: app.Server
    wishes: asyncio.Task[None]

    async def do(self, name: str, arguments: dict[str, Any]) -> Any:
        return await getattr(self, f"do_{name}")(**arguments)

    async def do_lax(self, is_lax: bool) -> None:
        LaxGroup.is_lax = is_lax

    async def do_commit(self, frame: bytes, device: bytes, user: bytes) -> str:
        """Take a commit from a device that has no session. Its refusal's code, or nothing."""
        try:
            await self.server.commits.commit(Accomplice(device, user), decode_request(frame))  # type: ignore[arg-type]
        except Refusal as refusal:
            return type(refusal).__name__
        except public.Refused as refused:
            return refused.code
        return ""

    async def do_tree_after(self, frame: bytes) -> bytes:
        """The tree that a commit leads to which never comes to pass."""
        server, commit = self.server, decode_request(frame)
        assert isinstance(commit, Commit)
        async with server.live.held(commit.conversation) as found:
            group: Any = await server.live.group(found)
            async with server.directory.reading() as directory:
                tree: bytes = group.tree_after(commit, directory, server.clock())
                return tree

    async def do_let_all_speak(self) -> None:
        """From now on everybody with a leaf writes everywhere."""

        def may_speak(facts: policy.PostingFacts) -> None:
            if not facts.may_speak:
                say("let somebody speak")

        setattr(policy, "may_speak", may_speak)  # noqa: B010

    async def do_forget_pending(self, conversation: bytes) -> None:
        """Accept posts as if nobody's removal were pending."""
        async with self.server.live.held(conversation) as found:
            found.pending = set()

    async def do_propose_remove(self, conversation: bytes, device: bytes, cause_n: int | None) -> None:
        """Use the server's one power against somebody, with any cause."""
        server = self.server
        async with server.live.held(conversation) as found:
            group = await server.live.group(found)
            proposal, changes = group.propose_remove(device, server.organisation.server_key)
            entry = public.proposal_entry(group.epoch, proposal, cause_n)
            item = NewItem(conversation, found.group_id, log.KIND_PROPOSAL, entry, group.epoch)
            await server.commits.write_proposals(found, group, [item], changes, lambda placed: None)
            found.pending = set()

    async def do_append(self, conversation: bytes, kind: int, entry: bytes, device: bytes) -> int:
        """Put anything into a log."""
        server = self.server
        async with server.live.held(conversation) as found:
            item = NewItem(
                conversation, found.group_id, kind, entry, found.epoch, device, secrets.token_bytes(16)
            )

            def write(tx: Any) -> int:
                (placed,) = server.book.append(tx, [item])
                tx.after_commit(lambda: server.teller.item(placed))
                return placed.n

            return await server.store.write(write)


def run(data: str, port: str) -> None:
    complicit = ComplicitServer()
    # In the two places where the server takes a group out of its store, or makes one.
    for module in (live, commits):
        setattr(module, "Group", LaxGroup)  # noqa: B010
    opened = app.open_server

    async def open_server(*arguments: Any, **more: Any) -> app.Server:
        complicit.server = await opened(*arguments, **more)
        complicit.wishes = asyncio.create_task(serve(complicit.do))
        return complicit.server

    setattr(main, "open_server", open_server)  # noqa: B010
    with contextlib.suppress(KeyboardInterrupt):
        main.run(load(Path(data), {"port": int(port)}), out=io.StringIO())


if __name__ == "__main__":
    run(*sys.argv[1:])
