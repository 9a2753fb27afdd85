"""The command with a security key: a software authenticator stands where the USB port's would, everything else is real."""

import contextlib
import json
import sqlite3
import time

import pytest
import typer
from fido2.hid import CtapHidDevice

from inmost_cli.main import make_app
from server.kit.authenticator import Authenticator
from tests.story.world import Person, World

TWO_BOXES = 2 * 1_120  # bytes of encapsulation


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    with World(tmp_path_factory.mktemp("keys")) as world:
        world.owner("anna")
        yield world


@pytest.fixture
def at_the_keyboard(monkeypatch, capsys):
    """Runs the command in this process, as a person whose security key is plugged in. Returns what it printed."""
    key = Authenticator()
    monkeypatch.setattr(CtapHidDevice, "list_devices", lambda: iter([key]))

    def run(person: Person, *arguments: str) -> str:
        for name, value in person.environment.items():
            monkeypatch.setenv(name, value)
        with pytest.raises((SystemExit, typer.Exit)) as ended:
            make_app()(list(arguments))
        said = capsys.readouterr()
        code = getattr(ended.value, "exit_code", getattr(ended.value, "code", None))
        assert code in (0, None), said.err
        return said.out

    return run


def keeps_everything(world: World, person: Person) -> None:
    """Let the person's device run until recovery key and passkey open a vault row of each conversation."""
    user = bytes.fromhex(person.run("status", "--json").records[0]["user"])
    count = len(person.run("conversations", "--json").records) + 1  # and the personal group
    with person.listening(), contextlib.closing(sqlite3.connect(world.server.data / "inmost.db")) as database:
        asked = "SELECT count(*) FROM vault_rows WHERE user = ? AND length(row) > ?"
        while database.execute(asked, (user, TWO_BOXES)).fetchone()[0] < count:
            time.sleep(0.05)


def test_a_security_key_joins_deactivates_and_brings_everything_back(world, at_the_keyboard):
    anna = world.people[0]
    link = anna.invite("petra", "--role", "administrator", *anna.factor(0))
    petra, again = world.person("petra"), world.person("petra", computer="petra's new laptop")
    at_the_keyboard(
        petra, "join", link, "--passkey", "--name", "Petra", "--recovery-key-file", str(petra.recovery_file), "--yes"
    )  # fmt: skip
    (listed,) = [
        json.loads(line) for line in at_the_keyboard(petra, "passkey", "list", "--json").splitlines()
    ]
    assert (listed["name"], listed["opens_vault"]) == ("Security key", True)
    world.invited("bob", anna)
    # Neither password nor code is there to be asked for: the key is the fresh factor.
    assert "deactivated" in at_the_keyboard(petra, "people", "deactivate", "bob", "--yes")
    petra.run("send", f"@{anna.account}", "said before the laptop sank")
    keeps_everything(world, petra)
    said = at_the_keyboard(again, "recover", world.server.origin, "--passkey", "--revoke-others")
    assert "Welcome back, petra" in said
    assert "said before the laptop sank" in [each["text"] for each in again.history(f"@{anna.account}")]
    at_the_keyboard(again, "passkey", "rename", "Security key", "Blue key")
    assert "Blue key" in at_the_keyboard(again, "passkey", "list")


def test_a_passkey_is_added_beside_a_password_and_removed(world, at_the_keyboard):
    carol = world.invited("carol", world.people[0])
    at_the_keyboard(carol, "passkey", "add", "--name", "Green key", *carol.factor(0))
    assert "account and history" in at_the_keyboard(carol, "passkey", "list")
    at_the_keyboard(carol, "passkey", "remove", "Green key", "--yes")
    assert carol.run("passkey", "list", "--json").records == []


def test_a_password_is_changed_done_without_and_set_again(world, at_the_keyboard):
    dora = world.invited("dora", world.people[0])
    words, again, totp = (dora.folder / name for name in ("words", "again", "new-totp"))
    words.write_text("nine brass lamps along a quay\n")
    again.write_text("two grey herons under a bridge\n")
    dora.run("password", *dora.factor(0), "--new-password-file", str(words))
    dora.password = words.read_text().strip()
    (dora.folder / "password").write_text(words.read_text())
    alone = dora.try_to("password", "remove", "--yes", *dora.factor(1))
    assert (alone.code, "Without it you could not come back" in alone.err) == (7, True), alone.err
    at_the_keyboard(dora, "passkey", "add", "--name", "Red key", *dora.factor(2))
    # From here on the key is the fresh factor.
    at_the_keyboard(dora, "password", "remove", "--yes")
    gone = dora.try_to("password", *dora.factor(3), "--new-password-file", str(again))
    assert gone.code == 7, gone.err
    said = at_the_keyboard(
        dora, "password", "set", "--new-password-file", str(again), "--new-totp-secret-file", str(totp)
    )
    assert totp.stat().st_mode & 0o077 == 0
    backup_code = said.split("New backup codes:")[1].split()[0]
    dora.run("passkey", "remove", "Red key", "--yes", "--password-file", str(again), "--code", backup_code)
    assert dora.run("passkey", "list", "--json").records == []
