"""Without the server: what is here is shown, what is written goes out later."""

from web.tests.host.browser import Browsers
from web.tests.host.conftest import Town

BROWSER = {"custody": "browser"}


def test_offline_after_a_reload_the_history_is_there_and_what_is_written_goes_out_when_the_server_is_back(
    town: Town, at_browsers: Browsers
):
    profile = at_browsers.profile("emil")
    tab = profile.tab()
    tab.join(town.anna.invite("emil"), "Emil", BROWSER)
    tab.online()
    group = tab.ask("create", "group", "Far out", [tab.person(town.anna.account)["id"]], {})
    tab.say(group, "said near the shore")
    tab.hears(group, "said near the shore")

    town.site.cut()
    tab.until(lambda: tab.ask("standing")["link"]["state"] != "online", "offline")
    tab.page.reload()
    tab.stands("locked")
    tab.ask("unlock", None)
    assert tab.texts(group) == ["said near the shore"]
    assert [each["message"]["text"] for each in tab.ask("search", "shore", None, 5)] == [
        "said near the shore"
    ]
    tab.say(group, "said far out")
    tab.say(group, "and farther")
    assert tab.ask("standing")["link"]["waiting"] == 2
    assert tab.texts(group)[1:] == ["said far out", "and farther"]

    profile.close()
    tab = at_browsers.profile("emil").tab()
    tab.stands("locked")
    tab.ask("unlock", None)
    assert tab.texts(group)[1:] == ["said far out", "and farther"]
    town.site.mend()
    tab.hears(group, "and farther")
    assert tab.texts(group) == ["said near the shore", "said far out", "and farther"]
    assert [each["text"] for each in town.anna.history("Far out") if each["type"] == "text"] == tab.texts(
        group
    )
