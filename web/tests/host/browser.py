"""Real browsers with profiles of their own, and tabs in which a test asks the client."""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from playwright.sync_api import BrowserContext, Error, Page, Playwright

from inmost_cli import totp
from web.tests.host.site import Site

CHROMIUM = "/usr/bin/chromium"
SOON_S = 30.0
POLL_S = 0.03
PASSWORD = "seven green bottles on a wall"
PASSPHRASE = "eleven lanterns in the harbour"


class Refused(Exception):
    """The client refused. code: stable."""

    def __init__(self, refusal: dict[str, Any]) -> None:
        super().__init__(f"{refusal['code']}: {refusal['words']}")
        self.code = refusal["code"]
        self.act = refusal["act"]


class Tab:
    """One tab of a profile with the client in it."""

    def __init__(self, page: Page) -> None:
        self.page = page
        self.complaints: list[str] = []
        page.on(
            "console",
            lambda said: self.complaints.append(said.text) if said.type in ("error", "warning") else None,
        )
        page.on("pageerror", lambda error: self.complaints.append(str(error)))

    def ask(self, name: str, *given: Any) -> Any:
        """A call of the client. Raises Refused."""
        return self._value("([name, given]) => ask(name, given)", [name, list(given)])

    def make_passkey(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        return self._value("([name, options]) => make(name, options)", [name, options])

    def use_passkey(self, name: str, options: dict[str, Any]) -> dict[str, Any]:
        return self._value("([name, options]) => use(name, options)", [name, options])

    def unlock_with_passkey(self, credentials: list[str]) -> dict[str, Any]:
        return self._value("(credentials) => unlock(credentials)", credentials)

    def _value(self, script: str, given: Any) -> Any:
        outcome = self.page.evaluate(script, given)
        if "refusal" in outcome:
            raise Refused(outcome["refusal"])
        return outcome.get("value")

    def told(self) -> list[dict[str, Any]]:
        """Everything this tab was told."""
        return self.page.evaluate("() => told")

    def until(self, wanted: Callable[[], Any], what: str = "") -> Any:
        """The first thing that is wanted."""
        until = time.monotonic() + SOON_S
        while not (found := wanted()):
            assert time.monotonic() < until, (
                f"not in {SOON_S} s: {what}; {self.ask('standing')}; {self.complaints}"
            )
            self.page.wait_for_timeout(POLL_S * 1000)
        return found

    def stands(self, kind: str) -> dict[str, Any]:
        """Wait until the browser stands like this."""

        def standing() -> dict[str, Any] | None:
            seen = self.ask("standing")
            return seen if seen["kind"] == kind else None

        return self.until(standing, kind)

    def online(self) -> None:
        self.until(lambda: self.ask("standing")["link"]["state"] == "online", "online")

    def conversation(self, title: str) -> dict[str, Any]:
        return self.until(
            lambda: next((each for each in self.ask("conversations") if each["title"] == title), None), title
        )

    def person(self, account: str) -> dict[str, Any]:
        return next(each for each in self.ask("people") if each["account"] == account)

    def texts(self, conversation: str, limit: int = 200) -> list[str]:
        shown = self.ask("timeline", conversation, None, limit)["messages"]
        return [each["text"] for each in shown if each["type"] == "text"]

    def hears(self, conversation: str, text: str) -> dict[str, Any]:
        def heard() -> dict[str, Any] | None:
            shown = self.ask("timeline", conversation, None, 50)["messages"]
            return next((each for each in shown if each["text"] == text and each["n"] is not None), None)

        return self.until(heard, text)

    def say(self, conversation: str, text: str, **more: Any) -> str:
        return self.ask("send", conversation, {"type": "text", "text": text, "mentions": [], **more})["id"]

    def join(self, link: str, name: str, keep: dict[str, Any] | None = None) -> dict[str, Any]:
        """Join with a password and second factor. What is shown once, with the backup codes."""
        joining = self.ask("joinBegin", link, name)
        code = totp.code_of(totp.of_base32(joining["totpSecret"]))
        claimed = self.ask(
            "joinClaim",
            keep or {"custody": "passphrase", "passphrase": PASSPHRASE},
            {"password": PASSWORD, "code": code},
        )
        assert self.ask("joinFinish")["kind"] == "open"
        return joining | claimed

    def close(self) -> None:
        self.page.close()


class Profile:
    """A browser of one person's: what it keeps stays in its folder."""

    def __init__(self, playwright: Playwright, folder: Path, site: Site) -> None:
        self.folder = folder
        self.site = site
        self.context: BrowserContext = playwright.chromium.launch_persistent_context(
            str(folder), executable_path=CHROMIUM, headless=True, args=["--no-sandbox"]
        )

    def tab(self) -> Tab:
        tab = Tab(self.context.new_page())
        tab.page.goto(self.site.origin + "/")
        return tab

    def close(self) -> None:
        with contextlib.suppress(Error):
            self.context.close()


class Browsers:
    """All the browsers of one test."""

    def __init__(self, playwright: Playwright, folder: Path, site: Site) -> None:
        self._playwright, self._folder, self._site = playwright, folder, site
        self._open: dict[str, Profile] = {}

    def profile(self, name: str) -> Profile:
        """Opened, again if it was closed."""
        self._open[name] = Profile(self._playwright, self._folder / name, self._site)
        return self._open[name]

    def close(self) -> None:
        for profile in self._open.values():
            profile.close()


@contextlib.contextmanager
def browsers(playwright: Playwright, folder: Path, site: Site) -> Iterator[Browsers]:
    opened = Browsers(playwright, folder, site)
    try:
        yield opened
    finally:
        opened.close()
