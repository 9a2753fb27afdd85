"""A second browser of the same person, and a device that is shut out."""

import pytest

from web.tests.host.browser import PASSWORD, Browsers, Refused
from web.tests.host.conftest import Town

BROWSER = {"custody": "browser"}


def test_the_recovery_key_brings_everything_back_in_another_browser_and_a_revoked_one_is_erased(
    town: Town, at_browsers: Browsers
):
    old = at_browsers.profile("karl")
    first = old.tab()
    other = old.tab()
    shown = first.join(town.anna.invite("karl"), "Karl", BROWSER)
    first.online()
    group = first.ask("create", "group", "Old harbour", [first.person(town.anna.account)["id"]], {})
    for n in range(5):
        first.say(group, f"before {n}")
    first.hears(group, "before 4")
    town.anna.run("send", "Old harbour", "by Anna")
    first.hears(group, "by Anna")
    other.stands("open")

    second = at_browsers.profile("karls other").tab()
    by_code = {"account": "karl", "password": PASSWORD, "code": shown["backupCodes"][0]}
    with pytest.raises(Refused) as refused:
        second.ask(
            "recover",
            BROWSER,
            {**by_code, "password": "not the password at all"},
            shown["recoveryKey"],
            False,
        )
    assert refused.value.code == "SignInRefused"
    with pytest.raises(Refused) as refused:
        second.ask("recover", BROWSER, by_code, "ABCD-EFGH", False)
    assert refused.value.code == "BadRecoveryKey"
    # The code is used up at the server, and the session that it gave is still good.
    assert second.ask("recover", BROWSER, by_code, shown["recoveryKey"], False)["kind"] == "open"
    # What the vault did not have yet comes from the device that is still there, without anybody asking for it.
    said = [f"before {n}" for n in range(5)] + ["by Anna"]
    second.until(
        lambda: [each["message"]["text"] for each in second.ask("search", "Anna", None, 5)], "history"
    )
    assert second.texts(group) == said
    assert sorted(each["isThis"] for each in second.ask("devices")) == [False, True]
    first.until(lambda: len(first.ask("devices")) == 2, "both know of it")

    lost = next(each["id"] for each in second.ask("devices") if not each["isThis"])
    second.ask("revoke", lost)
    assert first.stands("ended")["code"] == "revoked"
    assert other.stands("ended")
    files = "async () => { const all = []; for await (const [name] of (await navigator.storage.getDirectory()).entries()) all.push(name); return all }"
    assert first.page.evaluate(files) in ([], [".inmost"])
    first.page.reload()
    first.stands("nobody")


def test_who_forgets_a_browser_may_shut_its_device_out_first_unless_it_is_the_only_one(
    town: Town, at_browsers: Browsers
):
    first = at_browsers.profile("leif").tab()
    shown = first.join(town.anna.invite("leif"), "Leif", BROWSER)
    first.online()
    with pytest.raises(Refused) as refused:
        first.ask("forget", True)
    assert refused.value.code == "LastDevice"
    assert first.stands("open")
    second = at_browsers.profile("leifs other").tab()
    by_code = {"account": "leif", "password": PASSWORD, "code": shown["backupCodes"][1]}
    second.ask("recover", BROWSER, by_code, shown["recoveryKey"], False)
    first.until(lambda: len(first.ask("devices")) == 2, "both are known")
    assert first.ask("forget", True)["kind"] == "nobody"
    second.until(
        lambda: [each["isThis"] for each in second.ask("devices") if each["isActive"]] == [True], "shut out"
    )
    first.page.reload()
    assert first.stands("nobody")
