"""Reload, offline, another tab, another device: nothing is lost, and what is shut out is gone."""

import re

from playwright.sync_api import expect

from web.tests.journeys.conftest import Town
from web.tests.journeys.member import PASSWORD


def test_without_a_network_the_history_is_there_and_what_is_written_goes_out_later(town: Town):
    anna, dora = town.anna, town.joined("dora", "Dora Nkosi")
    anna.begin("The tide", "Dora").say("High water at nine")
    dora.go_to("The tide").sees("High water at nine")
    dora.is_kept_offline()

    dora.context.set_offline(True)
    dora.page.reload()
    dora.unlock()
    dora.go_to("The tide").sees("High water at nine")
    dora.say("written without a network")
    expect(dora.page.get_by_text("You are offline.")).to_be_visible()
    expect(dora.sees("written without a network").get_by_text("Waits: goes out by itself")).to_be_visible()
    expect(anna.said("written without a network")).to_have_count(0)

    dora.context.set_offline(False)
    anna.sees("written without a network")
    expect(dora.sees("written without a network").get_by_text(re.compile("^(Sent|Read)"))).to_be_visible()


def test_two_tabs_are_one_device_and_one_takes_over_from_the_other(town: Town):
    anna, ella = town.anna, town.joined("ella", "Ella Ortiz")
    anna.begin("Two tabs", "Ella").say("for both tabs")
    ella.go_to("Two tabs").sees("for both tabs")
    first, ella.page = ella.page, ella.tab()
    ella.is_in()
    ella.go_to("Two tabs").sees("for both tabs")
    first.close()
    ella.say("after the first tab was closed")
    anna.sees("after the first tab was closed")
    anna.say("and back")
    ella.sees("and back")
    assert ella.complaints == []


def test_a_second_browser_comes_in_by_the_recovery_key_and_has_the_whole_history(town: Town):
    anna, finn = town.anna, town.joined("finn", "Finn Maro")
    anna.begin("The past", "Finn").say("long ago")
    finn.go_to("The past").sees("long ago")
    finn.say("said by the first browser")
    anna.sees("said by the first browser")
    finn.close()

    again = town.browser("finn again")
    again.page.goto(again.origin)
    again.button("Sign in with a password").click()
    again.field("Account").fill("finn")
    again.field("Password").fill(PASSWORD)
    again.field("Code").fill(finn.backup_codes[0])
    again.field("Recovery key").fill(finn.recovery_key)
    again.choose_passphrase()
    again.button("Sign in").click()
    again.is_in()
    again.go_to("The past").sees("long ago")
    again.sees("said by the first browser")
    again.say("said by the second")
    anna.sees("said by the second")


def test_a_passkey_alone_joins_opens_this_browser_and_brings_everything_back_after_it_was_erased(town: Town):
    anna, gwen = town.anna, town.browser("gwen")
    gwen.has_an_authenticator()
    gwen.join_with_passkey(anna.invite("gwen"), "Gwen Sato")
    anna.begin("Keys", "Gwen").say("no password at all")
    gwen.go_to("Keys").sees("no password at all")

    gwen.page.reload()
    gwen.button("Open with your passkey").click()
    gwen.is_in()

    gwen.page.reload()
    gwen.button("Not you? Forget this browser").click()
    gwen.button("Erase and sign out").click()
    gwen.button("Sign in with a passkey").click()
    gwen.button("Sign in").click()
    gwen.is_in()
    gwen.go_to("Keys").sees("no password at all")
    assert gwen.complaints == []


def test_a_device_that_is_shut_out_is_signed_out_and_what_it_kept_is_erased(town: Town):
    anna, hugo = town.anna, town.joined("hugo", "Hugo Brandt")
    anna.begin("Short", "Hugo").say("soon gone here")
    hugo.go_to("Short").sees("soon gone here")
    anna.at("/people").page.get_by_role("button", name=re.compile("Hugo Brandt")).click()
    anna.deactivate()
    expect(hugo.heading("This browser was signed out")).to_be_visible()
    hugo.page.reload()
    expect(hugo.heading("Welcome")).to_be_visible()
    assert hugo.kept_files() == []
