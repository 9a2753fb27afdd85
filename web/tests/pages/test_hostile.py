"""What somebody writes or calls themselves to deceive or to break: it is shown, and nothing of it runs."""

from web.tests.pages.looks import Looks


def test_nothing_that_a_message_says_runs_or_is_fetched(looks: Looks):
    page = looks.show("conversation-hostile")
    page.get_by_role("log").wait_for()
    page.get_by_text("fine.example").first.wait_for()
    for _ in range(6):
        page.mouse.move(700, 300)
        page.mouse.wheel(0, -1500)
        page.wait_for_timeout(150)
    inside = page.get_by_role("log")
    assert inside.locator("script, img, iframe, object, embed, form, svg script").count() == 0
    assert all(each.startswith((looks.address, "about:")) for each in looks.requests)


def links_of(looks: Looks) -> list[tuple[str, str, str]]:
    """(address, words, rel) of every link that was shown while going through the messages."""
    page = looks.show("conversation-hostile")
    page.get_by_role("log").wait_for()
    page.get_by_text("fine.example").first.wait_for()
    read = "links => links.map(each => [each.getAttribute('href'), each.textContent, each.rel])"
    found: set[tuple[str, str, str]] = set()
    page.mouse.move(700, 300)
    for _ in range(8):
        found |= {tuple(each) for each in page.get_by_role("log").locator("a").evaluate_all(read)}
        page.mouse.wheel(0, -500)
        page.wait_for_timeout(120)
    return sorted(found)


def test_links_lead_to_ordinary_addresses_only_and_say_where(looks: Looks):
    links = links_of(looks)
    assert links
    assert all(href.startswith(("https://", "http://", "mailto:")) for href, _, _ in links)
    assert all("noreferrer" in rel and "noopener" in rel for _, _, rel in links)
    assert all("@" not in href for href, _, _ in links)
    liar = next(words for href, words, _ in links if href == "https://evil.example/login")
    assert "(evil.example)" in liar.replace("\xa0", " ")


def test_a_host_of_mixed_scripts_is_marked_and_a_foreign_one_named(looks: Looks):
    links = links_of(looks)
    mixed = next(words for href, words, _ in links if "xn--pple" in href)
    assert "may imitate another address" in mixed
    foreign = next(words for href, words, _ in links if "xn--bcher" in href)
    assert "another script" in foreign
    assert "imitate" not in foreign


def test_characters_that_turn_or_hide_text_are_shown_by_their_number(looks: Looks):
    page = looks.show("conversation-hostile")
    page.get_by_text("fine.example").first.wait_for()
    page.mouse.move(700, 300)
    shown = ""
    for _ in range(8):
        shown += page.get_by_role("log").inner_text()
        page.mouse.wheel(0, -500)
        page.wait_for_timeout(120)
    assert "U+202E" in shown
    assert "U+200B" in shown
    # In no place does one of them still turn what stands after it.
    assert "\u202e" not in shown


def test_a_name_that_looks_like_another_is_marked(looks: Looks):
    page = looks.show("conversation-hostile")
    page.get_by_text("fine.example").first.wait_for()
    warned = page.get_by_text("has characters that are not seen or look like others")
    assert warned.count() > 0
