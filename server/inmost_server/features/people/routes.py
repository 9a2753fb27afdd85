"""REST: the list of people for administrators."""

from collections.abc import Sequence
from datetime import UTC, datetime

import msgspec
from litestar import Controller, get
from litestar.di import NamedDependency

from inmost_server import base64url
from inmost_server.access import ADMINISTRATORS
from inmost_server.features.accounts import store
from inmost_server.features.accounts.proof import Accounts
from inmost_server.store import Reader

SECONDS_PER_DAY = 86_400


class Person(msgspec.Struct, frozen=True):
    """user: base64url. second_factor: has one. last_seen_day: YYYY-MM-DD (UTC) or null. locked: unknown networks have to wait."""

    user: str
    account: str
    second_factor: bool
    last_seen_day: str | None
    locked: bool


class PeopleController(Controller):
    """docs/protocol/sign-in.md."""

    path = ""
    tags: Sequence[str] = ["people"]

    @get("/people", opt={"access": ADMINISTRATORS})
    async def people(self, accounts: NamedDependency[Accounts]) -> list[Person]:
        """Everybody, by user id."""

        def read(reader: Reader) -> tuple[dict[bytes, int], set[bytes]]:
            return store.all_last_seen(reader), store.users_with_second_factor(reader)

        last_seen, with_factor = await accounts.store.read(read)
        now_ms = accounts.clock()
        return [
            Person(
                user=base64url.text(user.user),
                account=user.account,
                second_factor=user.user in with_factor,
                last_seen_day=_day(last_seen.get(user.user)),
                locked=accounts.slow_down.is_slowed(user.account, now_ms),
            )
            for user in accounts.directory.state.users()
        ]


def _day(day: int | None) -> str | None:
    return None if day is None else datetime.fromtimestamp(day * SECONDS_PER_DAY, UTC).date().isoformat()
