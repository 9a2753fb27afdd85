"""From an invitation to talking, between browsers and a terminal."""

import re

from playwright.sync_api import expect

from web.tests.journeys.conftest import Town


def test_two_people_go_from_an_invitation_to_threads_reactions_edits_and_search(town: Town):
    anna, bea = town.anna, town.joined("bea", "Bea Laurent")
    anna.begin("The harbour", "Bea")
    anna.say("Who opens the **gates** on Friday?", "Who opens the gates on Friday?")

    bea.go_to("The harbour").act("Who opens the gates", "React with 👍")
    expect(anna.sees("Who opens the gates").get_by_role("button", name=re.compile("👍.*Bea"))).to_be_visible()

    bea.act("Who opens the gates", "Answer in thread")
    bea.answer("I do, at seven")
    anna.sees("Who opens the gates").get_by_role("button", name=re.compile("1 answer")).click()
    expect(anna.side.get_by_role("article").filter(has_text="I do, at seven")).to_be_visible()
    anna.answer("Then I bring the keys")
    expect(bea.side.get_by_role("article").filter(has_text="Then I bring the keys")).to_be_visible()

    anna.composer.press("Escape")
    anna.composer.press("ArrowUp")
    expect(anna.composer).to_have_value("Who opens the **gates** on Friday?")
    anna.say("Who opens the **gates** on Saturday?", "Who opens the gates on Saturday?")
    expect(bea.sees("Who opens the gates on Saturday?").get_by_text("edited")).to_be_visible()
    expect(bea.said("on Friday?")).to_have_count(0)

    bea.at("/search").page.get_by_role("searchbox").last.fill("saturday")
    expect(bea.page.get_by_role("main").get_by_text("gates on Saturday?")).to_be_visible()
    bea.page.get_by_role("searchbox").last.fill("friday")
    expect(bea.page.get_by_role("main").get_by_text("Nothing found")).to_be_visible()
    assert anna.complaints == bea.complaints == []


def test_a_browser_and_a_terminal_talk_in_one_conversation(town: Town):
    anna, carl = town.anna, town.at_a_terminal("carl", "Carl Aho")
    anna.begin("Both sides", "Carl")
    anna.say("said in a browser")
    assert [each["text"] for each in carl.history("Both sides") if each["type"] == "text"] == [
        "said in a browser"
    ]
    carl.run("send", "Both sides", "said in a terminal")
    anna.sees("said in a terminal")
    assert anna.complaints == []
