"""The design system's page in a browser: its stories, and what is asked of each."""

import json
import re
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from playwright.sync_api import Browser, Page, Request

WEB = Path(__file__).parents[2]
PICTURES = WEB.parent / ".build" / "pictures"
AXE = WEB / "node_modules" / "axe-core" / "axe.min.js"
# React shows what it loaded late no sooner than 300 ms after what stood there before.
SETTLE_MS = 450
LONGEST_SETTLES = 40


@dataclass(frozen=True)
class Story:
    id: str
    kind: str
    name: str


class Looks:
    """One window on the stories. Whatever the browser complains of is kept in `complaints`."""

    def __init__(self, page: Page, address: str) -> None:
        self.page, self.address = page, address
        self.complaints: list[str] = []
        self.requests: list[str] = []
        self._at = ""
        page.on("pageerror", lambda error: self.complaints.append(f"{self._at}: {error}"))
        page.on("console", self._heard)
        page.on("dialog", lambda dialog: (self.complaints.append(f"{self._at}: a dialog"), dialog.dismiss()))
        page.on("request", self._asked)
        page.on("requestfinished", lambda _: self._came())
        page.on("requestfailed", lambda _: self._came())
        self._coming = 0

    def _heard(self, message: Any) -> None:
        if message.type in ("error", "warning"):
            self.complaints.append(f"{self._at}: {message.text}")

    def _asked(self, request: Request) -> None:
        self.requests.append(request.url)
        self._coming += 1

    def _came(self) -> None:
        self._coming -= 1

    def _settle(self) -> None:
        """Parts of a page are loaded when they are first shown, and may ask for parts of their own."""
        for _ in range(LONGEST_SETTLES):
            asked = len(self.requests)
            self.page.wait_for_timeout(SETTLE_MS)
            if self._coming == 0 and len(self.requests) == asked:
                return
        raise AssertionError(f"{self._at}: it never came to rest")

    def stories(self) -> list[Story]:
        self.show("")
        links = self.page.locator("a[data-story]")
        links.first.wait_for()
        read = "links => links.map(each => [each.dataset.story, each.dataset.kind, each.dataset.name])"
        return [Story(*each) for each in links.evaluate_all(read)]

    def show(self, story: str, *wishes: str) -> Page:
        self._at = "/".join((story, *wishes))
        # A page with another fragment only is not loaded anew.
        self.page.goto("about:blank")
        self.page.goto(f"{self.address}/looks.html#{self._at}")
        self.page.locator("#app > *").first.wait_for(state="attached")
        self._settle()
        return self.page

    def run(self, script: str) -> Any:
        """The value of an expression. By the debugger, which the policy against evaluating does not bind."""
        session = self.page.context.new_cdp_session(self.page)
        try:
            asked = {"expression": script, "awaitPromise": True, "returnByValue": True}
            answer = session.send("Runtime.evaluate", asked)
        finally:
            session.detach()
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        return answer["result"].get("value")

    def axe(self) -> list[str]:
        """What axe finds serious or critical."""
        self.run(f"void (() => {{ {AXE.read_text()} }})()")
        options = json.dumps({"resultTypes": ["violations"]})
        found = self.run(f"axe.run(document, {options}).then(found => JSON.stringify(found.violations))")
        return [
            f"{each['id']}: {node['html'][:160]} ({'; '.join(check['message'] for check in node['any'] + node['all'] + node['none'])})"
            for each in json.loads(found)
            if each["impact"] in ("serious", "critical")
            for node in each["nodes"]
        ]

    def picture(self, name: str) -> None:
        PICTURES.mkdir(parents=True, exist_ok=True)
        self.page.screenshot(path=PICTURES / f"{name}.png", animations="disabled")


@contextmanager
def window(browser: Browser, address: str, *, width: int, height: int, scheme: str) -> Iterator[Looks]:
    context = browser.new_context(
        viewport={"width": width, "height": height},
        color_scheme=scheme,  # type: ignore[arg-type]
        reduced_motion="reduce",
        locale="en-GB",
    )
    try:
        yield Looks(context.new_page(), address)
    finally:
        context.close()


def routes() -> set[str]:
    """The names in the app's one list of routes."""
    source = (WEB / "src" / "app" / "routes.ts").read_text()
    listed = source.split("export const ROUTES = {")[1].split("}")[0]
    return set(re.findall(r"^\s+(\w+):", listed, re.MULTILINE))


def standings() -> set[str]:
    """The ways in which a browser can stand."""
    source = (WEB / "src" / "client" / "api.ts").read_text()
    listed = source.split("export type Standing =")[1].split("/** The connection to the server")[0]
    return set(re.findall(r'kind: "(\w+)"', listed))
