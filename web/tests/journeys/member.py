"""A person at a browser of their own, who sees what the pages say and does what they offer."""

import re
from pathlib import Path
from typing import Any, Self

from playwright.sync_api import BrowserContext, Locator, Page, Playwright, expect

from inmost_cli import totp

CHROMIUM = "/usr/bin/chromium"
PASSWORD = "seven green bottles on a wall"
PASSPHRASE = "eleven lanterns in the harbour"
SOON_MS = 30_000
WIDE = {"width": 1280, "height": 800}
PHONE = {"width": 390, "height": 844}

expect.set_options(timeout=SOON_MS)


class Member:
    """One browser profile; what it keeps stays in its folder, also when it is closed and opened again."""

    def __init__(self, playwright: Playwright, folder: Path, origin: str, phone: bool = False) -> None:
        self._playwright, self.folder, self.origin, self._phone = playwright, folder, origin, phone
        self.complaints: list[str] = []
        self.recovery_key = ""
        self.totp_secret = b""
        self.backup_codes: list[str] = []
        self.account = ""
        self.context: BrowserContext
        self.page: Page
        self.open()

    def open(self) -> Self:
        self.context = self._playwright.chromium.launch_persistent_context(
            str(self.folder),
            executable_path=CHROMIUM,
            headless=True,
            args=["--no-sandbox", "--disable-background-networking"],
            viewport=PHONE if self._phone else WIDE,
            has_touch=self._phone,
            is_mobile=self._phone,
            accept_downloads=True,
            locale="en-GB",
        )
        self.context.set_default_timeout(SOON_MS)
        self.page = self.context.pages[0]
        self._listen(self.page)
        return self

    def tab(self) -> Page:
        """One more tab, with the app in it."""
        page = self.context.new_page()
        self._listen(page)
        page.goto(self.origin)
        return page

    def close(self) -> None:
        self.context.close()

    def _listen(self, page: Page) -> None:
        page.on("pageerror", lambda error: self.complaints.append(str(error)))
        page.on("console", lambda said: self.complaints.append(said.text) if _is_complaint(said) else None)

    # What is on the page

    def button(self, name: str) -> Locator:
        return self.page.get_by_role("button", name=name, exact=True)

    def field(self, label: str) -> Locator:
        return self.page.get_by_label(label, exact=True)

    def heading(self, name: str | re.Pattern[str]) -> Locator:
        return self.page.get_by_role("heading", name=name)

    @property
    def timeline(self) -> Locator:
        return self.page.get_by_role("log")

    def said(self, text: str) -> Locator:
        """The message that shows this text."""
        return self.page.get_by_role("main").get_by_role("article").filter(has_text=text)

    # What a person does

    def press(self, what: Locator) -> None:
        """With a finger on a phone, with a mouse elsewhere."""
        if self._phone:
            what.tap()
        else:
            what.click()

    def join(self, link: str, name: str) -> Self:
        """With a password and its second factor, and a passphrase for this browser."""
        self.page.goto(link)
        self.field("Name").fill(name)
        self.press(self.button("Continue"))
        self.press(self.button("With a password and codes"))
        self.field("Password").fill(PASSWORD)
        shown = self.page.get_by_test_id("totp-secret").inner_text()
        self.totp_secret = totp.of_base32(shown.replace(" ", ""))
        self._fill_code(totp.code_of(self.totp_secret))
        self.press(self.button("Continue"))
        self.choose_passphrase()
        self.press(self.button("Continue"))
        self._save_recovery_key()
        self.press(self.button("Finish"))
        expect(self.heading("Ten codes for a lost phone")).to_be_visible()
        self.backup_codes = self.page.get_by_role("main").get_by_role("list").last.inner_text().split()
        self.press(self.button("To your conversations"))
        self.is_in()
        return self

    def choose_passphrase(self) -> None:
        self.page.get_by_role("radio", name=re.compile("^A passphrase")).check(force=True)
        self.field("Passphrase for this browser").fill(PASSPHRASE)
        self.field("The same once more").fill(PASSPHRASE)

    def has_an_authenticator(self) -> None:
        """One in software, in this tab, that computes WebAuthn's PRF; its person is always there."""
        devtools = self.context.new_cdp_session(self.page)
        devtools.send("WebAuthn.enable")
        options = {
            "protocol": "ctap2", "ctap2Version": "ctap2_1", "transport": "internal", "hasResidentKey": True,
            "hasUserVerification": True, "isUserVerified": True, "hasPrf": True, "automaticPresenceSimulation": True,
        }  # fmt: skip
        devtools.send("WebAuthn.addVirtualAuthenticator", {"options": options})

    def join_with_passkey(self, link: str, name: str) -> Self:
        self.page.goto(link)
        self.field("Name").fill(name)
        self.button("Continue").click()
        self.button("Make a passkey").click()
        self._save_recovery_key()
        self.button("Finish").click()
        self.is_in()
        return self

    def is_kept_offline(self) -> None:
        """Wait until the service worker has every file of the app."""
        self.page.evaluate("async () => { await navigator.serviceWorker.ready; }")
        self.page.wait_for_function("() => navigator.serviceWorker.controller !== null")

    def kept_files(self) -> list[str]:
        """The files in the browser's private file system that hold more than the name they were kept under (one sector)."""
        return self.page.evaluate(
            """async () => {
                const names = [];
                const walk = async (folder) => {
                    for await (const [name, handle] of folder.entries()) {
                        if (handle.kind === "directory") await walk(handle);
                        else if ((await handle.getFile()).size > 4096) names.push(name);
                    }
                };
                await walk(await navigator.storage.getDirectory());
                return names;
            }"""
        )

    def deactivate(self) -> None:
        """Whose page is open; with password and a backup code once more."""
        self.button("Deactivate").click()
        self.page.get_by_role("alertdialog").get_by_role("button", name="Deactivate").click()
        again = self.page.get_by_role("dialog", name="Show that it is you")
        again.get_by_role("button", name="With password and code instead").click()
        again.get_by_label("Password", exact=True).fill(PASSWORD)
        again.get_by_label("Code", exact=True).fill(self.backup_codes.pop())
        again.get_by_role("button", name="Go on").click()

    def _save_recovery_key(self) -> None:
        expect(self.heading("Save your recovery key")).to_be_visible()
        self.recovery_key = self.page.get_by_test_id("recovery-key").inner_text().replace("\n", "").strip()
        with self.page.expect_download() as download:
            self.press(self.button("Download"))
        assert self.recovery_key.replace(" ", "") in Path(download.value.path()).read_text().replace(" ", "")
        last = re.sub(r"[^0-9A-Z]", "", self.recovery_key)[-4:]
        self._fill_code(last, "Its last four characters")

    def _fill_code(self, code: str, label: str = "The six figures it shows now") -> None:
        self.field(label).fill(code)

    def is_in(self) -> None:
        expect(self.page.get_by_role("navigation", name="Conversations")).to_be_visible()

    def unlock(self) -> None:
        self.field("Passphrase of this browser").fill(PASSPHRASE)
        self.button("Open").click()
        self.is_in()

    def at(self, place: str) -> Self:
        """Go to a page by its address."""
        self.page.goto(f"{self.origin}/#{place}")
        return self

    def invite(self, account: str) -> str:
        """The link for somebody else, from the page of people."""
        self.at("/people")
        self.button("Invite somebody").click()
        dialog = self.page.get_by_role("dialog")
        dialog.get_by_label("Account", exact=True).fill(account)
        dialog.get_by_role("button", name="Make the invitation").click()
        link = dialog.get_by_text(f"{self.origin}/join#").inner_text()
        dialog.get_by_role("button", name="Done").click()
        return link

    def begin(self, title: str, *people: str) -> Self:
        """A group of that name with people, by their names."""
        self.at("/new")
        self.page.get_by_role("radio", name=re.compile("^With several people")).check(force=True)
        self.page.get_by_label(re.compile("^Name")).fill(title)
        for person in people:
            self.page.get_by_role("searchbox", name="Find people").fill(person)
            self.page.get_by_role("group").get_by_role("button", name=re.compile(person)).click()
        self.button("Create").click()
        expect(self.heading(title)).to_be_visible()
        return self

    def go_to(self, title: str) -> Self:
        self.conversations.get_by_role("link", name=re.compile(re.escape(title))).first.click()
        expect(self.heading(title)).to_be_visible()
        return self

    @property
    def conversations(self) -> Locator:
        return self.page.get_by_role("navigation", name="Conversations")

    @property
    def composer(self) -> Locator:
        return self.page.get_by_role("textbox", name=re.compile("^Write to"))

    def say(self, text: str, shown: str | None = None) -> Self:
        """shown: a part of what is shown, where Markdown takes its signs away."""
        self.composer.fill(text)
        self.composer.press("Enter")
        expect(self.said(shown or text)).to_be_visible()
        return self

    def act(self, text: str, what: str) -> Self:
        """Do something with the message that shows this text."""
        message = self.sees(text)
        message.hover()
        message.get_by_role("button", name=what, exact=True).click()
        return self

    @property
    def side(self) -> Locator:
        return self.page.get_by_role("complementary")

    def answer(self, text: str) -> Self:
        """Say something in the thread that is open."""
        box = self.side.get_by_role("textbox")
        box.fill(text)
        box.press("Enter")
        expect(self.side.get_by_role("article").filter(has_text=text)).to_be_visible()
        return self

    def sees(self, text: str) -> Locator:
        found = self.said(text)
        expect(found).to_be_visible()
        return found


def _is_complaint(said: Any) -> bool:
    # While the server is away the browser itself reports each try in the console.
    return said.type == "error" and "net::ERR" not in said.text and "WebSocket connection" not in said.text
