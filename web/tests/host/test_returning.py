"""A second browser of the same person, and a device that is shut out."""

import pytest

from inmost_cli import totp
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
    assert totp.of_base32(shown["totpSecret"])
