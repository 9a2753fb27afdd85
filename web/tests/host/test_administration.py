"""An administrator in a browser: a dangerous act wants a fresh factor, and who is suspended is out everywhere."""

import pytest

from web.tests.host.browser import PASSWORD, Browsers, Refused
from web.tests.host.conftest import Town


def test_suspending_wants_a_fresh_factor_and_erases_what_the_other_browser_keeps(
    town: Town, at_browsers: Browsers
):
    olga = at_browsers.profile("olga").tab()
    shown = olga.join(town.anna.invite("olga", "--role", "administrator", *town.anna.factor(0)), "Olga")
    olga.online()
    assert olga.ask("standing")["me"]["role"] == "administrator"
    olga.ask("rename", "Olga the Second")
    olga.until(
        lambda: (
            "Olga the Second"
            in [
                each["standing"]["me"]["name"]
                for each in olga.told()
                if each.get("standing", {}).get("kind") == "open"
            ]
        ),
        "the own new name is told",
    )
    invitation = olga.ask("invite", "pepe", "member", False, "Pepe", 4_000_000_000_000)
    assert invitation["link"].startswith(town.site.origin + "/join#")
    pepe = at_browsers.profile("pepe").tab()
    pepe.join(invitation["link"], "Pepe")
    assert [each["state"] for each in olga.ask("invitations") if each["account"] == "pepe"] == ["claimed"]
    assert {each["account"] for each in olga.ask("accounts")} >= {"olga", "pepe"}
    person = olga.until(
        lambda: next((each for each in olga.ask("people") if each["account"] == "pepe"), None),
        "Pepe is known",
    )
    assert olga.ask("safetyNumber", person["id"]) == pepe.ask(
        "safetyNumber", olga.ask("standing")["me"]["user"]
    )
    with pytest.raises(Refused) as refused:
        olga.ask("suspend", person["id"], True)
    assert (refused.value.code, refused.value.act) == ("StepUpRequired", "suspend")
    assert olga.ask("stepUpOptions", "suspend") is None
    with pytest.raises(Refused) as refused:
        olga.ask("stepUp", "suspend", {"password": PASSWORD, "code": "not a code"})
    assert refused.value.code == "SignInRefused"
    olga.ask("stepUp", "suspend", {"password": PASSWORD, "code": shown["backupCodes"][0]})
    olga.ask("suspend", person["id"], True)
    assert pepe.stands("ended")["code"] in ("suspended", "revoked")
    pepe.page.reload()
    assert pepe.stands("nobody")
    olga.until(lambda: olga.person("pepe")["isSuspended"], "suspended")
