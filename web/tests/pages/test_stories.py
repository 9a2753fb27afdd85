"""Every page and state of the app: shown in light and dark, wide and narrow, without barriers, and in German on the smallest phone."""

import pytest
from playwright.sync_api import Browser

from web.tests.pages.looks import Looks, routes, standings, window

SIZES = {"wide": (1280, 800), "narrow": (390, 844)}


def test_every_route_and_every_standing_has_a_story(looks: Looks):
    stories = looks.stories()
    assert len(routes()) > 10
    assert len(standings()) > 5
    assert {each.name for each in stories if each.kind == "route"} == routes()
    assert {each.name for each in stories if each.kind == "standing"} == standings()


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
@pytest.mark.timeout(600)
def test_no_page_has_a_barrier_that_axe_calls_serious(browser: Browser, address: str, scheme: str, size: str):
    width, height = SIZES[size]
    with window(browser, address, width=width, height=height, scheme=scheme) as looks:
        found = {}
        for story in [*(each.id for each in looks.stories()), "gallery"]:
            looks.show(story)
            looks.picture(f"{story}-{size}-{scheme}")
            if problems := looks.axe():
                found[story] = problems
        assert found == {}
        assert looks.complaints == []


@pytest.mark.timeout(600)
def test_every_page_fits_a_phone_of_320_pixels_in_german(narrow: Looks):
    too_wide = {}
    for story in narrow.stories():
        narrow.show(story.id, "de")
        # What scrolls sideways on purpose is code and tables in a message.
        wide = narrow.run(
            """JSON.stringify([...document.querySelectorAll('*')].filter(each => {
                const style = getComputedStyle(each);
                const scrolls = each === document.scrollingElement || ['auto', 'scroll'].includes(style.overflowX);
                return scrolls && each.scrollWidth > each.clientWidth + 1 && !each.closest('pre, [tabindex="0"]:has(table), [role=tablist]');
            }).map(each => each.outerHTML.slice(0, 120)))"""
        )
        if wide != "[]":
            too_wide[story.id] = wide
    assert too_wide == {}


def test_high_contrast_and_compact_pages_have_no_barrier_either(looks: Looks):
    for story in ("conversation", "details", "settings", "joining-secret"):
        for wish in ("contrast", "compact"):
            looks.show(story, wish)
            looks.picture(f"{story}-{wish}")
            assert looks.axe() == []


def test_read_from_right_to_left_the_page_is_mirrored(looks: Looks):
    page = looks.show("conversation", "rtl")
    looks.picture("conversation-rtl")
    list_box = page.get_by_role("navigation", name="Conversations").bounding_box()
    main_box = page.get_by_role("main").bounding_box()
    assert list_box is not None
    assert main_box is not None
    assert list_box["x"] > main_box["x"]
