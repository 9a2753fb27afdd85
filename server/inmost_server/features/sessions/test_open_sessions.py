"""Sessions: found by token only, a quarter of an hour, ended at once when told."""

import gc

from inmost_server.features.sessions.open_sessions import LIFETIME_MS, MAX_PER_HOLDER, OpenSessions
from inmost_server.sessions import NO_DEVICE

USER, OTHER = b"u" * 32, b"o" * 32
DEVICE, SECOND = b"d" * 16, b"e" * 16


class Committing:
    """Stands where a transaction stands: what is to be told after the commit is told now."""

    def after_commit(self, tell):
        tell()


def opened(now=None):
    clock = now or [10**12]
    return OpenSessions(lambda: clock[0]), clock


async def test_a_session_lasts_a_quarter_of_an_hour():
    sessions, clock = opened()
    made = sessions.open_for_device(USER, DEVICE)
    assert await sessions.lookup(made.token) == made.session
    assert await sessions.lookup(made.token + "x") is None
    clock[0] += LIFETIME_MS
    assert await sessions.lookup(made.token) is None
    assert len(sessions) == 0


async def test_ending_a_device_or_a_user_ends_exactly_theirs_and_says_which():
    sessions, _ = opened()
    ended = []
    sessions.on_end(ended.append)
    mine, second, others = (
        sessions.open_for_device(USER, DEVICE),
        sessions.open_for_device(USER, SECOND),
        sessions.open_for_device(OTHER, b"f" * 16),
    )
    back = sessions.open_for_recovery(USER)
    assert back.session.device == NO_DEVICE
    sessions.end_devices(Committing(), [DEVICE])
    assert ended == [mine.session]
    sessions.end_users(Committing(), [USER])
    assert ended == [mine.session, second.session, back.session]
    assert sessions.find(others.token) is not None


async def test_a_new_password_ends_recoveries_but_not_the_one_that_set_it():
    sessions, _ = opened()
    device, thief, own = (
        sessions.open_for_device(USER, DEVICE),
        sessions.open_for_recovery(USER),
        sessions.open_for_recovery(USER),
    )
    sessions.end_recoveries(Committing(), USER, but=own.session)
    assert sessions.find(thief.token) is None
    assert sessions.find(own.token) is not None
    assert sessions.find(device.token) is not None


async def test_a_device_keeps_a_bounded_number_of_sessions():
    sessions, _ = opened()
    made = [sessions.open_for_device(USER, DEVICE) for _ in range(50)]
    assert len(sessions) == MAX_PER_HOLDER
    assert sessions.find(made[-1].token) is not None
    assert sessions.find(made[0].token) is None


async def test_no_token_is_kept():
    sessions, _ = opened()
    token = sessions.open_for_device(USER, DEVICE).token
    gc.collect()
    assert token not in repr(sessions.__dict__)
