"""The whole way with a thumb on a phone, and with a keyboard and nothing else."""

import re

from playwright.sync_api import expect

from inmost_cli import totp
from web.tests.journeys.conftest import Town
from web.tests.journeys.member import PASSPHRASE, PASSWORD, Member

MOST_TABS = 60
# What somebody who tabs along hears: the name of what has the focus.
FOCUSED = """() => {
    const at = document.activeElement;
    const named = (at?.getAttribute("aria-labelledby") ?? "").split(" ").map((id) => document.getElementById(id)?.textContent);
    const names = [at?.getAttribute("aria-label"), ...named, ...[...(at?.labels ?? [])].map((each) => each.textContent), at?.textContent];
    return names.find((name) => name?.trim())?.trim() ?? "";
}"""


def test_somebody_joins_and_talks_on_a_phone_by_touch(town: Town):
    anna, ida = town.anna, town.joined("ida", "Ida Novak", phone=True)
    anna.begin("On the road", "Ida").say("Where are you?")
    ida.conversations.get_by_role("link", name=re.compile("On the road")).tap()
    asked = ida.sees("Where are you?")
    asked.tap()
    asked.get_by_role("button", name="React with ❤️").tap()
    ida.composer.tap()
    ida.page.keyboard.type("At the lock")
    ida.button("Send").tap()
    anna.sees("At the lock")
    expect(anna.sees("Where are you?").get_by_role("button", name=re.compile("❤️.*Ida"))).to_be_visible()
    ida.button("Back").tap()
    expect(ida.conversations.get_by_role("link", name=re.compile("On the road"))).to_be_visible()
    # Nothing is wider than the phone.
    assert ida.page.evaluate("() => document.documentElement.scrollWidth <= innerWidth")
    assert ida.complaints == []


def test_somebody_joins_and_talks_by_keys_alone(town: Town):
    anna, jo = town.anna, town.browser("jo")
    jo.page.goto(anna.invite("jo"))
    keys = Keys(jo)
    keys.type_into("Name", "Jo Lind")
    keys.press_on("Continue")
    keys.press_on("With a password and codes")
    keys.type_into("Password", PASSWORD)
    secret = jo.page.get_by_test_id("totp-secret").inner_text().replace(" ", "")
    keys.type_into("The six figures it shows now", totp.code_of(totp.of_base32(secret)))
    keys.press_on("Continue")
    keys.go_to("A passphrase")
    jo.page.keyboard.press("Space")
    keys.type_into("Passphrase for this browser", PASSPHRASE)
    keys.type_into("The same once more", PASSPHRASE)
    keys.press_on("Continue")
    last = re.sub(r"[^0-9A-Z]", "", jo.page.get_by_test_id("recovery-key").inner_text())[-4:]
    with jo.page.expect_download():
        keys.press_on("Download")
    keys.type_into("Its last four characters", last)
    keys.press_on("Finish")
    expect(jo.heading("Ten codes for a lost phone")).to_be_visible()
    keys.press_on("To your conversations")
    jo.is_in()

    anna.begin("Keys only", "Jo").say("Can you hear me?")
    expect(jo.conversations.get_by_role("link", name=re.compile("Keys only"))).to_be_visible()
    jo.page.keyboard.press("Control+k")
    expect(jo.page.get_by_role("dialog")).to_be_visible()
    jo.page.keyboard.type("keys o")
    expect(jo.page.get_by_role("option", name=re.compile("Keys only"))).to_be_visible()
    jo.page.keyboard.press("Enter")
    expect(jo.heading("Keys only")).to_be_visible()
    jo.sees("Can you hear me?")
    keys.type_into("Write to Keys only", "Loud and clear")
    jo.page.keyboard.press("Enter")
    anna.sees("Loud and clear")
    assert jo.complaints == []


class Keys:
    """Tabs along until something has the focus."""

    def __init__(self, member: Member) -> None:
        self._page = member.page

    def go_to(self, name: str) -> None:
        self._page.get_by_text(name, exact=True).or_(self._page.get_by_label(name)).first.wait_for()
        heard = []
        for _ in range(MOST_TABS):
            heard.append(self._page.evaluate(FOCUSED))
            if heard[-1].startswith(name):
                return
            self._page.keyboard.press("Tab")
        raise AssertionError(f"Tab does not reach {name}: {heard}")

    def press_on(self, name: str) -> None:
        self.go_to(name)
        self._page.keyboard.press("Enter")

    def type_into(self, name: str, text: str) -> None:
        self.go_to(name)
        self._page.keyboard.type(text)
