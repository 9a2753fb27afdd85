"""Figures of the web app, in Chromium on this machine, with the real server beside it."""

import statistics
import tempfile
from collections.abc import Iterable
from pathlib import Path

from playwright.sync_api import Page, Playwright, expect, sync_playwright

from bench.figure import Figure, bench, of_runs
from tests.story.world import World
from web.tests.journeys.member import CHROMIUM, Member

VISITS = 7
MESSAGES = 40
SWITCHES = 20
KILO = 1000
# The page's own clock, taken where it happens: from before its first script runs.
WATCHED = """
window.watched = { shifted: 0, blocked: 0 };
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) if (!each.hadRecentInput) window.watched.shifted += each.value;
}).observe({ type: "layout-shift", buffered: true });
new PerformanceObserver((list) => {
  for (const each of list.getEntries()) window.watched.blocked += Math.max(0, each.duration - 50);
}).observe({ type: "longtask", buffered: true });
"""
# When a text is first in the page, by the clock that both pages have.
SEEN = """(text) => {
  window.seenAt = null;
  const look = () => {
    if (window.seenAt === null && document.querySelector("main").textContent.includes(text)) window.seenAt = Date.now();
  };
  window.watcher?.disconnect();
  window.watcher = new MutationObserver(look);
  window.watcher.observe(document.querySelector("main"), { childList: true, subtree: true, characterData: true });
}"""
PRESSED = """() => {
  window.pressedAt = null;
  document.addEventListener("keydown", (event) => { if (event.key === "Enter") window.pressedAt = Date.now(); }, { capture: true, once: true });
}"""


@bench("web")
def web() -> Iterable[Figure]:
    """In Chromium: a first visit, what it loads, and from one person's Enter to another's eyes."""
    with (
        tempfile.TemporaryDirectory(prefix="inmost-web-") as folder,
        World(Path(folder)) as world,
        sync_playwright() as playwright,
    ):
        return [
            *_visits(playwright, world.server.origin),
            *_talk(playwright, world, Path(folder)),
        ]


def _visits(playwright: Playwright, origin: str) -> Iterable[Figure]:
    browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
    usable, painted, blocked, shifted = [], [], [], []
    script = 0
    for _ in range(VISITS):
        context = browser.new_context()
        page = context.new_page()
        page.add_init_script(WATCHED)
        page.goto(origin, wait_until="commit")
        page.get_by_role("button", name="Sign in with a passkey").wait_for()
        usable.append(page.evaluate("() => performance.now()"))
        painted.append(_first_paint(page))
        script = _script_bytes(page)
        page.wait_for_timeout(500)
        blocked.append(page.evaluate("() => window.watched.blocked"))
        shifted.append(page.evaluate("() => window.watched.shifted"))
        context.close()
    browser.close()
    yield of_runs("web_first_visit", [each / KILO for each in usable], "s", aim=1)
    yield of_runs("web_first_contentful_paint", painted, "ms")
    yield of_runs("web_total_blocking_time", blocked, "ms")
    yield Figure("web_layout_shift", statistics.median(shifted), "score", 0.0, VISITS)
    yield Figure(
        "web_script_before_sign_in", script / KILO, "kB", 0.0, VISITS, aim=250, note="as sent, compressed"
    )


def _first_paint(page: Page) -> float:
    return page.evaluate("() => performance.getEntriesByName('first-contentful-paint')[0]?.startTime ?? 0")


def _script_bytes(page: Page) -> int:
    return page.evaluate(
        "() => performance.getEntriesByType('resource').filter((each) => each.name.endsWith('.js'))"
        ".reduce((sum, each) => sum + each.encodedBodySize, 0)"
    )


def _talk(playwright: Playwright, world: World, folder: Path) -> Iterable[Figure]:
    anna = Member(playwright, folder / "anna", world.server.origin)
    anna.join(world.server.read_owner_link(), "Anna Berg")
    bea = Member(playwright, folder / "bea", world.server.origin)
    bea.join(anna.invite("bea"), "Bea Laurent")
    anna.begin("The second", "Bea").say("over there")
    anna.begin("The first", "Bea").say("over here")
    bea.go_to("The first").sees("over here")
    taken = [_sent(anna, bea, f"message number {number}.") for number in range(MESSAGES)]
    yield of_runs("web_send_to_shown", taken, "ms", aim=60)
    switched = [
        _switched(bea, *["The first", "The second"][:: 1 if turn % 2 else -1]) for turn in range(SWITCHES)
    ]
    yield of_runs("web_switch_conversation", switched[2:], "ms", aim=100)
    anna.close()
    bea.close()


def _sent(anna: Member, bea: Member, text: str) -> float:
    bea.page.evaluate(SEEN, text)
    anna.page.evaluate(PRESSED)
    anna.composer.fill(text)
    anna.composer.press("Enter")
    bea.sees(text)
    pressed, seen = anna.page.evaluate("() => window.pressedAt"), bea.page.evaluate("() => window.seenAt")
    return float(seen - pressed)


def _switched(bea: Member, _from: str, to: str) -> float:
    """From the click to the other conversation's words."""
    words = {"The first": "over here", "The second": "over there"}[to]
    bea.page.evaluate(SEEN, words)
    bea.page.evaluate(
        "() => document.addEventListener('pointerdown', () => { window.pressedAt = Date.now(); }, { capture: true, once: true })"
    )
    bea.go_to(to)
    expect(bea.said(words)).to_be_visible()
    return float(bea.page.evaluate("() => window.seenAt - window.pressedAt"))
