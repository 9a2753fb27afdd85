"""Passkeys through the SDK against a real server, with a software authenticator at the end of the WebAuthn client."""

import asyncio
import contextlib
import sqlite3

import pytest
from fido2.hid import CtapHidDevice

from inmost import (
    Answers,
    Client,
    Credential,
    Custody,
    Me,
    Passkeys,
    Password,
    StepUp,
    join,
    recover_with_passkey,
)
from inmost.errors import Refused
from inmost_cli.security_key import NoSecurityKey, SecurityKey, plugged_in
from sdk.tests.conftest import Town, home, passphrase
from server.kit.authenticator import Authenticator
from tests.story.world import Person

SOON_S = 30.0
TWO_BOXES = 2 * 1_120  # bytes of encapsulation


async def nobody_is_asked(*_: object) -> str:
    raise AssertionError("a passkey was to be enough")


def at(person: Person, factor=None) -> Client:
    return Client(home=home(person), passphrase=passphrase(person), wait_s=20, factor=factor)


@pytest.fixture
def key(town: Town) -> SecurityKey:
    return SecurityKey(Authenticator(), town.world.server.origin)


def is_password(person: Person, number: int):
    codes = person.recovery_file.read_text().partition("Backup codes:")[2].split()

    async def factor(step_up: StepUp) -> Password:
        return Password(person.password, codes[number])

    return factor


async def is_kept(town: Town, me: Me, conversations: int) -> None:
    """Wait until the server has a vault row for each conversation that the recovery key and a passkey open."""
    with contextlib.closing(sqlite3.connect(town.world.server.data / "inmost.db")) as database:
        asked = "SELECT count(*) FROM vault_rows WHERE user = ? AND length(row) > ?"
        while database.execute(asked, (bytes.fromhex(me.user), TWO_BOXES)).fetchone()[0] < conversations:
            await asyncio.sleep(0.05)


async def test_who_joined_with_a_passkey_alone_loses_everything_and_comes_back_with_it(town, tmp_path, key):
    custody = Custody("passphrase", passphrase=lambda: "eleven lanterns")
    made: list[Credential] = []

    async def create(options) -> Credential:
        made.append(await key.create(options, "Phone"))
        return made[-1]

    joined = await join(
        town.anna.invite("petra"),
        name="Petra",
        custody=custody,
        answers=Answers(nobody_is_asked, nobody_is_asked, create),
        home=tmp_path / "laptop",
    )
    assert joined.backup_codes == []
    async with Client(home=tmp_path / "laptop", passphrase="eleven lanterns") as petra:
        await petra.ready(SOON_S)
        await petra.create("The harbour", [town.anna.account])
        await petra.send("The harbour", "said before the laptop sank")
        assert not await Passkeys(petra).opens_vault(made[0].response["id"])
        assert await Passkeys(petra).open_vault(made[0].response["id"], key.sign)
        assert await Passkeys(petra).opens_vault(made[0].response["id"])
        await is_kept(town, await petra.me(), len(await petra.conversations(personal=True)))
    account = await recover_with_passkey(
        town.world.server.origin,
        sign=key.sign,
        revoke_others=True,
        custody=custody,
        home=tmp_path / "phone",
    )
    assert account == "petra"
    async with Client(home=tmp_path / "phone", passphrase="eleven lanterns") as petra:
        await petra.ready(SOON_S)
        history = await petra.history("The harbour")
        assert "said before the laptop sank" in [message.text for message in history]
        assert [each.is_active for each in await petra.devices()] == [False, True]


async def test_a_passkey_beside_a_password_is_the_fresh_factor_until_it_is_removed(town, key):
    async with at(town.anna, is_password(town.anna, 5)) as anna:
        await anna.ready(SOON_S)
        passkeys = Passkeys(anna)
        made = await passkeys.add(await key.create(await passkeys.options(), "Blue key"))
        assert await passkeys.open_vault(made.id, key.sign)
        await passkeys.rename(made.id, "Green key")
        assert [each.name for each in await passkeys.all()] == ["Green key"]

    asked: list[str] = []

    async def by_passkey(step_up: StepUp):
        asked.append(step_up.act)
        return await key.sign(step_up.options)

    async with at(town.anna, by_passkey) as anna:
        await anna.ready(SOON_S)
        await anna.suspend("bob")
        await anna.suspend("bob", suspended=False)
        await Passkeys(anna).remove(made.id)
        assert asked == ["suspend", "remove_passkey"]
        assert await Passkeys(anna).all() == []
        assert not await Passkeys(anna).opens_vault(made.id)
    with pytest.raises(Refused) as refused:
        await recover_with_passkey(
            town.world.server.origin,
            sign=key.sign,
            revoke_others=False,
            custody=Custody("passphrase", passphrase=lambda: "x"),
            home=home(town.anna).parent / "thief",
        )
    assert refused.value.code == "PasskeyRefused"


async def test_a_dangerous_act_without_anybody_to_ask_is_refused(town):
    async with at(town.anna) as anna:
        await anna.ready(SOON_S)
        with pytest.raises(Refused) as refused:
            await anna.set_role("bob", "guest")
        assert refused.value.code == "StepUpRequired"


async def test_an_authenticator_without_prf_signs_in_and_leaves_the_vault_to_the_recovery_key(town, key):
    key = SecurityKey(Authenticator(has_secret=False), town.world.server.origin)
    async with at(town.bob, is_password(town.bob, 5)) as bob:
        await bob.ready(SOON_S)
        passkeys = Passkeys(bob)
        made = await passkeys.add(await key.create(await passkeys.options(), "Old key"))
        assert not await passkeys.open_vault(made.id, key.sign)
        assert not await passkeys.opens_vault(made.id)


def test_the_terminal_says_when_there_is_no_security_key(monkeypatch):
    monkeypatch.setattr(CtapHidDevice, "list_devices", lambda: iter(()))
    with pytest.raises(NoSecurityKey):
        plugged_in("http://localhost:8080")
