"""The REST routes of accounts, sessions, people and organisation, with what their handlers work with."""

from collections.abc import Sequence
from dataclasses import dataclass

from litestar import Router
from litestar.di import Provide

from inmost_engine.public import ServerKey
from inmost_server.clock import Clock
from inmost_server.features.accounts.keys import AccountKeys
from inmost_server.features.accounts.known_passwords import shipped_list
from inmost_server.features.accounts.passwords import Passwords
from inmost_server.features.accounts.proof import Accounts
from inmost_server.features.accounts.routes import PATH, AccountsController
from inmost_server.features.accounts.slow_down import SlowDown
from inmost_server.features.directory.service import DirectoryService
from inmost_server.features.organisation.routes import OrganisationController, Shown
from inmost_server.features.passkeys.ceremonies import Ceremonies
from inmost_server.features.passkeys.owning import Passkeys
from inmost_server.features.passkeys.relying_party import relying_party
from inmost_server.features.passkeys.routes import PasskeysController
from inmost_server.features.people.routes import PeopleController
from inmost_server.features.sessions.challenges import Challenges
from inmost_server.features.sessions.guard import guard_of
from inmost_server.features.sessions.open_sessions import OpenSessions
from inmost_server.features.sessions.routes import SessionsController
from inmost_server.features.sessions.sign_in import Door
from inmost_server.features.step_ups.routes import StepUpsController
from inmost_server.features.step_ups.step_ups import StepUps
from inmost_server.pace import Pace
from inmost_server.problems import HANDLERS
from inmost_server.store import Store

CONTROLLERS = (
    OrganisationController,
    SessionsController,
    AccountsController,
    PasskeysController,
    StepUpsController,
    PeopleController,
)
MAX_BODY_BYTES = 64 * 1024


@dataclass(frozen=True, slots=True)
class Parts:
    """What the server as a whole hands to its REST routes.

    origins     what clients may give as this server's address when they sign in
    near_words  what no password may contain: the organisation's and the server's names
    title       the organisation's name, as authenticators show it
    """

    store: Store
    directory: DirectoryService
    sessions: OpenSessions
    pace: Pace
    clock: Clock
    server_key: ServerKey
    keys: AccountKeys
    passwords: Passwords
    origins: Sequence[str]
    near_words: Sequence[str]
    step_ups: StepUps
    title: str


def router(parts: Parts) -> Router:
    """Everything below /api/v1."""
    pace = parts.pace
    ceremonies = Ceremonies(relying_party(parts.origins, parts.title), parts.clock)
    accounts = Accounts(
        store=parts.store,
        directory=parts.directory,
        sessions=parts.sessions,
        keys=parts.keys,
        passwords=parts.passwords,
        slow_down=SlowDown(),
        known_passwords=shipped_list(),
        pace=pace,
        clock=parts.clock,
        near_words=tuple(parts.near_words),
        passkeys=Passkeys(parts.store, parts.directory, ceremonies, parts.clock),
        step_ups=parts.step_ups,
    )
    door = Door(
        store=parts.store,
        directory=parts.directory,
        sessions=parts.sessions,
        challenges=Challenges(),
        clock=parts.clock,
        origins=tuple(parts.origins),
        seen={},
        pace=pace,
    )
    shown = Shown(parts.directory, parts.server_key.public, parts.clock)
    return Router(
        path=PATH,
        route_handlers=list(CONTROLLERS),
        guards=[guard_of(parts.sessions, parts.directory, pace)],
        dependencies={
            "accounts": Provide(lambda: accounts, sync_to_thread=False),
            "door": Provide(lambda: door, sync_to_thread=False),
            "shown": Provide(lambda: shown, sync_to_thread=False),
        },
        exception_handlers=HANDLERS,
        request_max_body_size=MAX_BODY_BYTES,
    )


def described_only() -> Router:
    """The same routes with nothing behind them: to describe, never to serve."""

    provided = {
        "accounts": Provide(lambda: Accounts, sync_to_thread=False),
        "door": Provide(lambda: Door, sync_to_thread=False),
        "shown": Provide(lambda: Shown, sync_to_thread=False),
    }
    return Router(path=PATH, route_handlers=list(CONTROLLERS), dependencies=provided)
