"""REST: the list of people for administrators."""

from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Annotated

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency
from litestar.params import QueryParameter

from inmost_server import base64url
from inmost_server.access import ADMINISTRATORS
from inmost_server.features.accounts import store
from inmost_server.features.accounts.proof import Accounts
from inmost_server.features.passkeys import store as passkeys
from inmost_server.pace import ASKING
from inmost_server.store import Reader

SECONDS_PER_DAY = 86_400
MAX_PEOPLE_PAGE = 200
PEOPLE_PAGE = 100
CURSOR_BYTES = 8
MAX_CURSOR_CHARS = 16

After = Annotated[
    str | None, QueryParameter(max_length=MAX_CURSOR_CHARS, description="next of the page before")
]
Limit = Annotated[int, QueryParameter(ge=1, le=MAX_PEOPLE_PAGE, description="how many people at most")]


class Person(msgspec.Struct, frozen=True):
    """user: base64url. second_factor: has one, or a passkey, which is two by itself. last_seen_day: YYYY-MM-DD (UTC) or null. locked: unknown networks have to wait."""

    user: str
    account: str
    second_factor: bool
    last_seen_day: str | None
    locked: bool


class People(msgspec.Struct, frozen=True):
    """One page, in the order of joining. next: what to give as `after` for the next page, or null. Who joins meanwhile comes at the end."""

    people: list[Person]
    next: str | None


class PeopleController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["people"]

    @get("/people", opt={"access": ADMINISTRATORS, "rate": ASKING})
    async def people(
        self,
        accounts: NamedDependency[Accounts],
        after: After = None,
        limit: Limit = PEOPLE_PAGE,
    ) -> People:
        """Everybody, a page at a time."""
        after_n = -1 if after is None else _claimed_n(after)

        def read(reader: Reader) -> tuple[dict[bytes, int], set[bytes]]:
            with_factor = store.users_with_second_factor(reader) | passkeys.users_with_passkey(reader)
            return store.all_last_seen(reader), with_factor

        last_seen, with_factor = await accounts.store.read(read)
        now_ms = accounts.clock()
        # Nobody ever leaves the directory and each new one is claimed later: a page stays what it was.
        everybody = sorted(accounts.directory.state.users(), key=lambda user: user.claimed_n)
        left = [user for user in everybody if user.claimed_n > after_n]
        page = left[:limit]
        shown = [
            Person(
                user=base64url.text(user.user),
                account=user.account,
                second_factor=user.user in with_factor,
                last_seen_day=_day(last_seen.get(user.user)),
                locked=accounts.slow_down.is_slowed(user.account, now_ms),
            )
            for user in page
        ]
        more = len(left) > len(page)
        return People(shown, base64url.text(page[-1].claimed_n.to_bytes(CURSOR_BYTES)) if more else None)


def _claimed_n(cursor: str) -> int:
    """Where a page ended. Refused with Malformed when it is no cursor of ours."""
    return int.from_bytes(base64url.data(cursor, least=CURSOR_BYTES, most=CURSOR_BYTES))


def _day(day: int | None) -> str | None:
    return None if day is None else datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC).date().isoformat()
