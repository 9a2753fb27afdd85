"""Everything by keys alone."""

from web.tests.pages.looks import Looks

READ = """(() => {
    const at = document.activeElement;
    return at ? (at.getAttribute('aria-label') || at.textContent || at.getAttribute('placeholder') || at.tagName).trim().slice(0, 60) : '';
})()"""


def walked(looks: Looks, steps: int) -> list[str]:
    seen = []
    for _ in range(steps):
        looks.page.keyboard.press("Tab")
        seen.append(looks.run(READ))
    return seen


def test_tab_reaches_every_part_of_the_page(looks: Looks):
    page = looks.show("conversation")
    page.get_by_role("log").wait_for()
    seen = "\n".join(walked(looks, 90))
    for part in (
        "To the messages",
        "Studio Nordlicht",
        "New conversation",
        "Search",
        "Pinned",
        "Harbour hall",
        "Kitchen",
        "Bob Okafor",
        "Go to a date",
        "Threads",
        "Who can read this",
        "Messages in Harbour hall",
        "Write to Harbour hall",
        "Emoji",
    ):
        assert part in seen, part


def test_a_conversation_is_gone_to_by_a_few_letters(looks: Looks):
    page = looks.show("conversation")
    page.get_by_role("log").wait_for()
    page.keyboard.press("Control+k")
    page.get_by_role("dialog").wait_for()
    page.keyboard.type("kitch")
    page.get_by_role("option", name="Kitchen").wait_for()
    page.keyboard.press("Enter")
    page.get_by_role("heading", name="Kitchen", level=1).wait_for()
    page.keyboard.press("Alt+ArrowUp")
    page.get_by_role("heading", name="Everybody", level=1).wait_for()


def test_the_arrows_walk_through_messages_and_their_menu_opens(looks: Looks):
    page = looks.show("conversation")
    log = page.get_by_role("log")
    log.get_by_role("article").last.wait_for()
    log.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("ArrowUp")
    page.get_by_role("toolbar", name="What to do with this message").wait_for()
    for _ in range(12):
        page.keyboard.press("Tab")
        if looks.run(READ) == "More":
            break
    page.keyboard.press("Enter")
    page.get_by_role("menuitem", name="Copy the words").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("menu").wait_for(state="detached")


def test_escape_leads_from_the_messages_to_where_one_writes(looks: Looks):
    page = looks.show("conversation")
    log = page.get_by_role("log")
    log.get_by_role("article").last.wait_for()
    log.focus()
    page.keyboard.press("ArrowUp")
    page.keyboard.press("Escape")
    assert looks.run(READ) == "Write to Harbour hall"


def test_arrow_up_edits_ones_last_message_and_escape_stops(looks: Looks):
    page = looks.show("conversation")
    field = page.get_by_role("textbox", name="Write to Harbour hall")
    field.focus()
    page.keyboard.press("ArrowUp")
    page.get_by_text("Editing your message").wait_for()
    assert "permit is ours" in field.input_value()
    page.keyboard.press("Escape")
    page.get_by_text("Editing your message").wait_for(state="detached")
    assert field.input_value() == ""


def test_what_is_written_is_sent_by_enter_and_names_are_completed(looks: Looks):
    page = looks.show("conversation")
    field = page.get_by_role("textbox", name="Write to Harbour hall")
    field.focus()
    page.keyboard.type("Thanks @ann")
    page.get_by_role("option", name="Anna Lindqvist").wait_for()
    page.keyboard.press("Enter")
    page.keyboard.type("and")
    page.keyboard.press("Shift+Enter")
    page.keyboard.type("all")
    assert field.input_value() == "Thanks @Anna Lindqvist and\nall"
    page.keyboard.press("Enter")
    page.get_by_role("log").get_by_text("and all").or_(
        page.get_by_role("log").get_by_text("Thanks")
    ).last.wait_for()
    assert field.input_value() == ""


def test_a_question_mark_shows_all_keys_and_escape_closes_the_innermost(looks: Looks):
    page = looks.show("details")
    page.get_by_role("complementary").get_by_text("can read what is said here").wait_for()
    page.get_by_role("heading", name="Who can read this").click()
    page.keyboard.press("?")
    page.get_by_role("dialog", name="Keys").wait_for()
    page.keyboard.press("Escape")
    page.get_by_role("dialog").wait_for(state="detached")
    assert page.get_by_role("complementary").count() == 1
    page.keyboard.press("Escape")
    page.get_by_role("complementary").wait_for(state="detached")
