"""What was said before somebody came: page by page, to a date, to a message; channels that are found and left."""

from web.tests.host.browser import Browsers, Tab
from web.tests.host.conftest import Town

BROWSER = {"custody": "browser"}
MANY = 230


def joined(town: Town, browsers: Browsers, account: str) -> Tab:
    tab = browsers.profile(account).tab()
    tab.join(town.anna.invite(account), account.title(), BROWSER)
    tab.online()
    return tab


def test_who_comes_later_pages_back_to_the_beginning_and_goes_to_any_place(town: Town, at_browsers: Browsers):
    ludo = joined(town, at_browsers, "ludo")
    channel = ludo.ask("create", "channel", "Log book", [], {"open": True, "topic": "all that was said"})
    ludo.page.evaluate(
        """async ([channel, many]) => {
             for (let n = 0; n < many; n++) await ask("send", [channel, {type: "text", text: "entry " + n, mentions: []}]); }""",
        [channel, MANY],
    )
    last = ludo.hears(channel, f"entry {MANY - 1}")

    mara = joined(town, at_browsers, "mara")
    listed = mara.until(
        lambda: next(
            (each for each in mara.ask("openChannels")["channels"] if each["title"] == "Log book"), None
        ),
        "the channel is listed",
    )
    assert (listed["topic"], listed["isJoined"]) == ("all that was said", False)
    mara.ask("joinChannel", listed["id"])
    assert mara.conversation("Log book")["unread"] == 0

    # The keys to what was said before come from Ludo's device.
    mara.until(lambda: not mara.ask("timeline", channel, None, 60)["isWaiting"], "history")

    pages: list[list[str]] = []
    before = None
    while True:
        stretch = mara.ask("timeline", channel, before, 60)
        said = [each for each in stretch["messages"] if each["type"] == "text"]
        pages.insert(0, [each["text"] for each in said])
        numbers = [each["n"] for each in stretch["messages"] if each["n"] is not None]
        assert numbers == sorted(numbers)
        if not stretch["hasMore"]:
            break
        before = numbers[0]
    assert [text for page in pages for text in page] == [f"entry {n}" for n in range(MANY)]
    assert max(len(page) for page in pages) <= 60

    middle = next(
        each for each in ludo.ask("timeline", channel, None, 400)["messages"] if each["text"] == "entry 100"
    )
    around = mara.ask("timelineFrom", channel, middle["n"], 3)
    assert [each["text"] for each in around["messages"]] == ["entry 100", "entry 101", "entry 102"]
    assert around["hasMore"]
    at = mara.ask("numberAt", channel, middle["atMs"])
    assert at is not None
    assert at <= middle["n"]
    assert mara.ask("numberAt", channel, last["atMs"] + 60_000) is None
    ref = {"device": middle["device"], "id": middle["id"]}
    ludo.ask("send", channel, {"type": "pin", "target": ref, "on": True})
    mara.until(lambda: [each["text"] for each in mara.ask("pinned", channel)] == ["entry 100"], "pinned")
    mara.say(channel, "about that", thread=ref)
    [thread] = ludo.until(lambda: ludo.ask("threads", channel), "the thread")
    assert (thread["message"]["text"], thread["answers"]) == ("entry 100", 1)


def test_what_is_here_is_shown_without_asking_the_server(town: Town, at_browsers: Browsers):
    nora = joined(town, at_browsers, "nora")
    group = nora.ask("create", "group", "Small", [], {})
    for n in range(3):
        nora.say(group, f"line {n}")
    nora.hears(group, "line 2")

    def costs_nothing() -> bool:
        """Other duties of the client may fall in between: then it is looked at again."""
        before = town.site.asked_bytes
        for _ in range(3):
            nora.ask("timeline", group, None, 50)
            nora.ask("conversations")
        return town.site.asked_bytes == before

    nora.until(costs_nothing, "a look that costs nothing")
