"""Two browsers and a terminal in one conversation."""

import pytest

from web.tests.host.browser import Browsers, Refused, Tab
from web.tests.host.conftest import Town


def ref(message) -> dict[str, str]:
    return {"device": message["device"], "id": message["id"]}


@pytest.fixture
def talking(town: Town, at_browsers: Browsers, request: pytest.FixtureRequest):
    """Two who have joined in browsers, and a group of theirs and Anna's."""
    name = request.node.name[5:20].replace("_", "")
    tabs: list[Tab] = []
    for each in ("carl", "dora"):
        tab = at_browsers.profile(each).tab()
        tab.join(town.anna.invite(f"{each}{name}"), each.title(), {"custody": "browser"})
        tab.online()
        tabs.append(tab)
    carl, dora = tabs
    others = [dora.ask("standing")["me"]["user"], carl.person(town.anna.account)["id"]]
    carl.until(lambda: others[0] in [each["id"] for each in carl.ask("people")], "Dora is known")
    group = carl.ask("create", "group", name, others, {"topic": "boats"})
    dora.conversation(name)
    return carl, dora, group, name


def test_two_browsers_and_a_terminal_see_the_same_edits_reactions_threads_and_polls(town: Town, talking):
    carl, dora, group, name = talking
    carl.say(group, "The ferry leaves at nine")
    first = dora.hears(group, "The ferry leaves at nine")
    dora.say(group, "Which one?", replyTo=ref(first))
    answer = carl.hears(group, "Which one?")
    assert answer["replyTo"]["text"] == "The ferry leaves at nine"
    carl.ask(
        "send",
        group,
        {"type": "edit", "target": ref(first), "text": "The ferry leaves at ten", "mentions": []},
    )
    dora.ask("send", group, {"type": "react", "target": ref(first), "emoji": "⛴", "on": True})
    dora.say(group, "In a thread", thread=ref(first))
    carl.hears(group, "In a thread")
    edited = dora.until(lambda: found(dora, group, "The ferry leaves at ten"), "edited")
    assert edited["isEdited"]
    whole = carl.until(
        lambda: (
            (each := found(carl, group, "The ferry leaves at ten"))
            and each["reactions"]
            and each["answers"]
            and each
        ),
        "everything about it",
    )
    assert [each["emoji"] for each in whole["reactions"]] == ["⛴"]
    assert whole["answers"]["count"] == 1
    assert [each["text"] for each in carl.ask("thread", group, ref(first), None, 10)["messages"]] == [
        "In a thread"
    ]
    dora.say(group, "Forget this one")
    gone = carl.hears(group, "Forget this one")
    dora.ask("send", group, {"type": "delete", "target": ref(gone)})
    carl.until(lambda: carl.ask("message", group, ref(gone))["isDeleted"], "deleted")
    assert carl.ask("message", group, ref(gone))["text"] is None
    asked = carl.ask(
        "send", group, {"type": "poll", "text": "Fish?", "options": ["Yes", "No"], "multiple": False}
    )
    poll = dora.until(lambda: found(dora, group, "Fish?"), "the poll")
    assert poll["id"] == asked["id"]
    dora.ask("send", group, {"type": "vote", "target": ref(poll), "choices": [1]})
    votes = carl.until(lambda: found(carl, group, "Fish?")["poll"]["votes"], "the vote")
    assert votes == [{"person": dora.ask("standing")["me"]["user"], "choices": [1]}]

    in_terminal = town.anna.history(name)
    assert [each["text"] for each in in_terminal if each["type"] == "text" and each["text"]] == [
        "The ferry leaves at ten", "Which one?", "In a thread",
    ]  # fmt: skip


def test_search_finds_pieces_short_words_and_other_spellings_and_forgets_what_was_deleted(talking):
    carl, dora, group, _ = talking
    for text in ("Der Müller mahlt", "日本語を話します", "an ox", "Straße am Hafen"):
        carl.say(group, text)
        dora.hears(group, text)

    def finds(query: str) -> list[str]:
        return [each["message"]["text"] for each in dora.ask("search", query, None, 10)]

    assert finds("üller") == ["Der Müller mahlt"]
    assert finds("MULLER mahl") == ["Der Müller mahlt"]
    assert finds("Mu\u0308ller") == ["Der Müller mahlt"]
    assert finds("本語") == ["日本語を話します"]
    assert finds("OX") == ["an ox"]
    assert finds('"am Hafen"') == ["Straße am Hafen"]
    assert finds("") == []
    assert finds('" OR "') == finds("100%") == []
    ox = found(dora, group, "an ox")
    carl.ask("send", group, {"type": "delete", "target": ref(ox)})
    dora.until(lambda: dora.ask("message", group, ref(ox))["isDeleted"], "deleted")
    assert finds("ox") == []


def test_what_is_unread_is_counted_told_and_read(talking):
    carl, dora, group, name = talking
    me = dora.ask("standing")["me"]["user"]
    carl.ask("send", group, {"type": "text", "text": "Look, Dora", "mentions": [me]})
    carl.say(group, "and again")
    last = dora.hears(group, "and again")
    seen = dora.conversation(name)
    assert (seen["unread"], seen["mentions"]) == (2, 1)
    assert seen["last"]["text"] == "and again"
    arrived = [
        each["n"] for each in dora.told() if each["kind"] == "arrived" and each["conversation"] == group
    ]
    assert arrived == sorted(arrived)
    assert last["n"] in arrived
    dora.ask("read", group, last["n"])
    assert dora.conversation(name)["unread"] == 0
    carl.until(lambda: carl.conversation(name)["readBy"].get(me) == last["n"], "the receipt")
    dora.ask("signal", group, True)
    carl.until(lambda: carl.conversation(name)["typing"] == [me], "typing")
    dora.ask("setDraft", group, "not yet")
    dora.ask("mute", group, True)
    assert (dora.conversation(name)["draft"], dora.conversation(name)["isMuted"]) == ("not yet", True)


def test_what_is_wrong_is_refused_by_a_stable_code_and_changes_nothing(talking):
    carl, _, group, _ = talking
    before = carl.texts(group)
    for code, call in {
        "TooLarge": ("send", group, {"type": "text", "text": "x" * 70_000, "mentions": []}),
        "Malformed": ("timeline", "../../etc", None, 10),
        "UnknownCall": ("constructor",),
        "AlreadyHere": ("joinBegin", "http://localhost/join#x", "Again"),
    }.items():
        with pytest.raises(Refused) as refused:
            assert carl.ask(*call) == code, "is not refused"
        assert refused.value.code == code
    assert carl.texts(group) == before


def found(tab: Tab, conversation: str, text: str):
    shown = tab.ask("timeline", conversation, None, 50)["messages"]
    return next((each for each in shown if each["text"] == text), None)
