"""What proves a person, added and taken away: a password with its second factor, passkeys. Something is always left."""

from inmost_server.features.accounts import proof, store
from inmost_server.features.accounts.proof import Accounts, Place
from inmost_server.features.accounts.recoveries import NewFactor
from inmost_server.features.accounts.refusals import SecondFactorRefused
from inmost_server.features.accounts.second_factor import backup_hash, new_backup_codes, used_step
from inmost_server.features.accounts.store import Credentials
from inmost_server.features.passkeys import store as passkeys
from inmost_server.features.passkeys.refusals import LastFactor
from inmost_server.refusals import NotFound
from inmost_server.sessions import Session
from inmost_server.store import Tx


async def set_password(
    accounts: Accounts, session: Session, new_password: str, factor: NewFactor, place: Place
) -> tuple[list[str], str]:
    """A password and second factor, in place of those before or for who had passkeys only. Backup codes and trust secret.

    Refused with StepUpRequired, WeakPassword, SecondFactorRefused.
    """
    accounts.step_ups.require(session, "password")
    user = session.user
    ready = proof.refuse_weak(accounts, new_password, proof.view_of(accounts, user).account)
    step = used_step(factor.totp_secret, factor.totp_code, 0, accounts.clock())
    if step is None:
        raise SecondFactorRefused
    codes, key = new_backup_codes(), accounts.keys.of("backup codes")
    hashed = await accounts.passwords.hashed(ready)

    def write(tx: Tx) -> None:
        sealed = accounts.keys.seal(user, factor.totp_secret)
        credentials = Credentials(user, hashed, sealed, step, None, None)
        store.put(tx, credentials, [backup_hash(key, code) for code in codes])
        store.remember_network(tx, user, accounts.keys.network(user, place.network), accounts.clock())
        accounts.sessions.end_recoveries(tx, user, but=session)

    await accounts.store.write(write)
    return codes, await proof.new_trust(accounts, user)


async def remove_password(accounts: Accounts, session: Session) -> None:
    """From here on only passkeys prove this person. Again is no mistake. Refused with StepUpRequired, LastFactor."""
    accounts.step_ups.require(session, "password")

    def write(tx: Tx) -> None:
        if not passkeys.of_user(tx, session.user):
            raise LastFactor
        store.remove(tx, session.user)
        accounts.sessions.end_recoveries(tx, session.user, but=session)

    await accounts.store.write(write)


async def remove_passkey(accounts: Accounts, session: Session, id_: bytes) -> None:
    """Refused with StepUpRequired, NotFound, LastFactor."""
    accounts.step_ups.require(session, "remove_passkey")

    def write(tx: Tx) -> None:
        if not passkeys.remove(tx, id_, session.user):
            raise NotFound
        if store.of_user(tx, session.user) is None and not passkeys.of_user(tx, session.user):
            raise LastFactor
        accounts.sessions.end_recoveries(tx, session.user, but=session)

    await accounts.store.write(write)
