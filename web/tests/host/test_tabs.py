"""Several tabs of one browser: one leads, the others ask it, and nothing is lost or doubled when it ends."""

import pytest

from web.tests.host.browser import PASSPHRASE, Browsers, Refused
from web.tests.host.conftest import Town

MANY = 60


@pytest.fixture
def two_tabs(town: Town, at_browsers: Browsers, request: pytest.FixtureRequest):
    """The tab that leads, one that asks it, and a group with Anna."""
    account = f"frida{abs(hash(request.node.name)) % 10_000}"
    profile = at_browsers.profile("frida")
    first = profile.tab()
    first.join(town.anna.invite(account), "Frida")
    first.online()
    group = first.ask("create", "group", account, [first.person(town.anna.account)["id"]], {})
    second = profile.tab()
    assert second.stands("open")["me"]["account"] == account
    return first, second, group


def test_the_leader_closed_in_the_middle_of_writes_loses_and_doubles_nothing(town: Town, two_tabs):
    first, second, group = two_tabs
    second.page.evaluate(
        """([group, many]) => { window.saying = (async () => {
             for (let n = 0; n < many; n++) {
               const said = await ask("send", [group, {type: "text", text: "line " + n, mentions: []}]);
               if (said.refusal) throw new Error(said.refusal.code);
               window.said = n + 1;
             } })(); }""",
        [group, MANY],
    )
    second.until(lambda: second.page.evaluate("() => window.said > 5"), "some are said")
    first.close()
    second.page.evaluate("() => window.saying")
    lines = [f"line {n}" for n in range(MANY)]
    assert second.ask("standing")["kind"] == "open"
    assert second.texts(group) == lines
    second.hears(group, lines[-1])
    account = second.ask("standing")["me"]["account"]
    assert [
        each["text"] for each in town.anna.history(account, "--limit", "200") if each["type"] == "text"
    ] == lines


def test_a_conversation_that_was_being_made_when_the_leader_closed_is_made_once(two_tabs):
    first, second, _ = two_tabs
    second.page.evaluate("() => { window.making = ask('create', ['group', 'Made once', [], {}]) }")
    first.close()
    made = second.page.evaluate("() => window.making")
    assert "refusal" not in made, made
    assert made["value"] == second.conversation("Made once")["id"]
    assert [each["title"] for each in second.ask("conversations")].count("Made once") == 1


def test_what_one_tab_locks_is_locked_in_all_and_no_later_leader_has_the_key(two_tabs):
    first, second, _ = two_tabs
    second.ask("lock")
    assert first.stands("locked")
    with pytest.raises(Refused) as refused:
        second.ask("conversations")
    assert refused.value.code == "Locked"
    first.close()
    assert second.stands("locked")
    second.ask("unlock", {"passphrase": PASSPHRASE})
    assert second.stands("open")


def test_a_foreign_or_malformed_word_on_the_channel_does_nothing(two_tabs):
    first, second, group = two_tabs
    second.page.evaluate(
        """() => {
             const channel = new BroadcastChannel("inmost");
             const id = "00".repeat(16);
             for (const word of [null, 7, "x", [], {}, {kind: "key"}, {kind: "key", from: id, key: new Uint8Array(3)},
                 {kind: "key", from: id, key: new Uint8Array(32)}, {kind: "call", from: id, call: {id, name: "constructor", given: []}},
                 {kind: "call", from: id, call: {id: "x", name: "forget", given: [false]}}, {kind: "call", from: id, call: {id, name: "forget"}},
                 {kind: "told", from: id, told: {kind: "standing", standing: {kind: "nobody"}}},
                 {kind: "outcome", to: id, id, outcome: {}}, {kind: "leads", from: 5}, {kind: "__proto__", from: id}]) channel.postMessage(word);
             channel.close();
           }"""
    )
    first.say(group, "still here")
    assert second.texts(group)[-1] == "still here"
    assert second.stands("open") == first.stands("open")
    assert not [each for each in second.told() if each.get("standing", {}).get("kind") == "nobody"]
    assert not first.complaints + second.complaints
