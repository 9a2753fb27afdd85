"""From an invitation link to talking, and back after a reload."""

import pytest

from web.tests.host.browser import PASSPHRASE, Browsers, Refused
from web.tests.host.conftest import Town


def test_who_joins_in_a_browser_talks_and_finds_everything_again_after_a_reload(
    town: Town, at_browsers: Browsers
):
    tab = at_browsers.profile("bea").tab()
    assert tab.stands("nobody")
    tab.join(town.anna.invite("bea"), "Bea")
    tab.online()
    harbour = tab.ask("create", "group", "The harbour", [tab.person(town.anna.account)["id"]], {})
    tab.say(harbour, "said in a browser")
    tab.hears(harbour, "said in a browser")
    assert [each["text"] for each in town.anna.history("The harbour") if each["type"] == "text"] == [
        "said in a browser"
    ]
    town.anna.run("send", "The harbour", "said in a terminal")
    tab.hears(harbour, "said in a terminal")

    tab.page.reload()
    locked = tab.stands("locked")
    assert (locked["custody"], locked["account"]) == ("passphrase", "bea")
    with pytest.raises(Refused) as refused:
        tab.ask("unlock", {"passphrase": "another"})
    assert refused.value.code == "WrongPassphrase"
    assert tab.ask("unlock", {"passphrase": PASSPHRASE})["kind"] == "open"
    assert tab.texts(harbour) == ["said in a browser", "said in a terminal"]
    assert not tab.complaints
