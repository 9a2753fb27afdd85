"""How the store is kept: nothing readable on the disk, by passkey or passphrase, and what a changed or wrong one leads to."""

import shutil
from pathlib import Path

import pytest

from web.tests.host.browser import PASSPHRASE, Browsers, Refused, Tab
from web.tests.host.conftest import Town

SECRET = "the anchor lies below the third lamp"
CONTROL = "written beside the store as it is"


def files_with(folder: Path, text: str) -> list[Path]:
    found = []
    for file in folder.rglob("*"):
        if file.is_file():
            content = file.read_bytes()
            if text.encode() in content or text.encode("utf-16-le") in content:
                found.append(file)
    return found


def authenticator(tab: Tab, has_prf: bool = True) -> None:
    devtools = tab.page.context.new_cdp_session(tab.page)
    devtools.send("WebAuthn.enable")
    options = {
        "protocol": "ctap2",
        "ctap2Version": "ctap2_1",
        "transport": "internal",
        "hasResidentKey": True,
        "hasUserVerification": True,
        "isUserVerified": True,
        "hasPrf": has_prf,
        "automaticPresenceSimulation": True,
    }
    devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})


def stored(folder: Path) -> list[Path]:
    """The store's own files, of a browser that is closed."""
    return [
        file for file in folder.rglob("File System/**/*") if file.is_file() and file.stat().st_size > 4096
    ]


def test_the_disk_shows_nothing_that_was_said_while_the_same_search_finds_a_control(
    town: Town, at_browsers: Browsers
):
    profile = at_browsers.profile("gesa")
    tab = profile.tab()
    tab.join(town.anna.invite("gesa"), "Gesa")
    group = tab.ask("create", "group", "Hidden places", [], {})
    tab.say(group, SECRET)
    tab.hears(group, SECRET)
    tab.page.evaluate(
        """async (text) => {
             const file = await (await navigator.storage.getDirectory()).getFileHandle("control", {create: true});
             const writing = await file.createWritable(); await writing.write(text); await writing.close(); }""",
        CONTROL,
    )
    profile.close()
    assert stored(profile.folder)
    assert files_with(profile.folder, CONTROL)
    assert not files_with(profile.folder, SECRET)
    assert not files_with(profile.folder, "Hidden places")
    assert not files_with(profile.folder, PASSPHRASE)


def test_a_changed_store_is_said_to_be_damaged_and_kept_until_it_is_forgotten(
    town: Town, at_browsers: Browsers
):
    profile = at_browsers.profile("hugo")
    tab = profile.tab()
    tab.join(town.anna.invite("hugo"), "Hugo")
    group = tab.ask("create", "group", "Wreck", [], {})
    tab.say(group, SECRET)
    tab.hears(group, SECRET)
    profile.close()
    largest = max(stored(profile.folder), key=lambda file: file.stat().st_size)
    content = bytearray(largest.read_bytes())
    for at in range(4096 + 2000, len(content), 4096):
        content[at] ^= 1
    largest.write_bytes(content)

    profile = at_browsers.profile("hugo")
    tab = profile.tab()
    tab.stands("locked")
    assert tab.ask("unlock", {"passphrase": PASSPHRASE})["kind"] == "damaged"
    tab.page.reload()
    tab.stands("locked")
    assert tab.ask("unlock", {"passphrase": PASSPHRASE})["kind"] == "damaged"
    assert tab.ask("forget", False)["kind"] == "nobody"
    tab.page.reload()
    tab.stands("nobody")


def test_a_store_copied_without_its_note_opens_for_nobody(town: Town, at_browsers: Browsers):
    profile = at_browsers.profile("inge")
    tab = profile.tab()
    tab.join(town.anna.invite("inge"), "Inge")
    profile.close()
    for folder in profile.folder.rglob("IndexedDB"):
        shutil.rmtree(folder)
    tab = at_browsers.profile("inge").tab()
    assert tab.stands("nobody")


def test_who_joins_with_a_passkey_unlocks_with_it_and_lets_it_open_the_vault(
    town: Town, at_browsers: Browsers
):
    tab = at_browsers.profile("jana").tab()
    authenticator(tab)
    link = town.anna.invite("jana")
    shown = tab.ask("joinBegin", link, "Jana")
    assert len(shown["recoveryKey"].split("-")) == 7
    made = tab.make_passkey("phone", tab.ask("joinPasskeyOptions"))
    assert (made["opens"], made["keeps"]) == (True, True)
    keep = {"custody": "passkey", "credential": made["id"], "secret": "stored:phone"}
    assert tab.ask("joinClaim", keep, {"passkey": "passkey:phone"}) == {"backupCodes": []}
    assert tab.ask("joinFinish")["kind"] == "open"
    assert [each["opensVault"] for each in tab.ask("passkeys")] == [False]
    tab.use_passkey("again", tab.ask("stepUpOptions", "add_passkey"))
    tab.ask("stepUp", "add_passkey", {"passkey": "passkey:again"})
    assert [(each["name"], each["opensVault"]) for each in tab.ask("passkeys")] == [("phone", True)]
    group = tab.ask("create", "group", "By passkey", [tab.person(town.anna.account)["id"]], {})
    tab.say(group, "kept by a passkey")
    tab.hears(group, "kept by a passkey")

    tab.page.reload()
    locked = tab.stands("locked")
    assert (locked["custody"], locked["credentials"]) == ("passkey", [made["id"]])
    with pytest.raises(Refused) as refused:
        tab.ask("unlock", {"passphrase": PASSPHRASE})
    assert refused.value.code == "WrongKey"
    assert tab.unlock_with_passkey(locked["credentials"])["kind"] == "open"
    assert tab.texts(group) == ["kept by a passkey"]

    tab.online()
    tab.ask("forget", False)
    assert tab.stands("nobody")
    tab.use_passkey("back", tab.ask("recoverOptions"))
    keep = {"custody": "passkey", "credential": made["id"], "secret": "stored:back"}
    assert tab.ask("recover", keep, {"passkey": "passkey:back"}, None, True)["kind"] == "open"
    assert tab.texts(group) == ["kept by a passkey"]
    assert [each["isActive"] for each in tab.ask("devices") if not each["isThis"]] == [False]
    steps = [each["step"] for each in tab.told() if each["kind"] == "progress"]
    assert steps[:2] == ["vault", "conversations"]
    assert set(steps[2:]) == {"history"}


def test_a_join_with_a_passkey_whose_tab_was_closed_after_the_claim_is_finished_by_unlocking(
    town: Town, at_browsers: Browsers
):
    tab = at_browsers.profile("kira").tab()
    authenticator(tab)
    link = town.anna.invite("kira")
    first = tab.ask("joinBegin", link, "Kiera")
    renamed = tab.ask("joinBegin", link, "Kira")
    assert renamed["recoveryKey"] == first["recoveryKey"]
    made = tab.make_passkey("phone", tab.ask("joinPasskeyOptions"))
    keep = {"custody": "passkey", "credential": made["id"], "secret": "stored:phone"}
    tab.ask("joinClaim", keep, {"passkey": "passkey:phone"})
    tab.page.reload()
    assert tab.unlock_with_passkey(tab.stands("locked")["credentials"])["kind"] == "open"
    tab.online()
    assert tab.ask("standing")["me"]["name"] == "Kira"


def test_a_join_that_was_not_claimed_leaves_nothing_behind(town: Town, at_browsers: Browsers):
    profile = at_browsers.profile("momo")
    tab = profile.tab()
    link = town.anna.invite("momo")
    tab.ask("joinBegin", link, "Momo")
    assert tab.stands("joining")["link"] == link
    tab.page.reload()
    assert tab.stands("nobody")
    tab.join(link, "Momo")
    assert tab.stands("open")
