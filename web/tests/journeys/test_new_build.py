"""What the server hands out changes only when the person says so, and only into a whole build."""

import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import Playwright, expect

from web.tests.host.site import Site
from web.tests.journeys.member import Member

DIST = Path(__file__).parents[2] / "dist"


@pytest.fixture
def dist(tmp_path: Path) -> Path:
    return Path(shutil.copytree(DIST, tmp_path / "dist"))


@pytest.fixture
def visitor(dist: Path, playwright: Playwright, tmp_path: Path) -> Iterator[Member]:
    """Somebody whose browser keeps the build."""
    with Site(dist) as site:
        member = Member(playwright, tmp_path / "browser", site.origin)
        member.page.goto(site.origin)
        expect(member.heading("Welcome")).to_be_visible()
        member.is_kept_offline()
        yield member
        member.close()


def _renamed(dist: Path) -> str:
    """The page under another name, as a later build would have it; its digest."""
    page = dist / "index.html"
    page.write_text(page.read_text().replace("<title>Inmost</title>", "<title>Inmost, later</title>"))
    return hashlib.sha256(page.read_bytes()).hexdigest()


def _list_anew(dist: Path, digest: str) -> None:
    """The service worker of a build that has this page."""
    worker = dist / "sw.js"
    source = worker.read_text()
    listed = re.sub(r'(index\.html\\?",\\?")[0-9a-f]{64}', rf"\g<1>{digest}", source)
    assert listed != source
    worker.write_text(listed)


def _looks_for_another(member: Member) -> None:
    member.page.evaluate(
        "async () => { await (await navigator.serviceWorker.ready).update().catch(() => {}); }"
    )


def test_another_build_is_shown_and_used_when_the_person_says_so(visitor: Member, dist: Path):
    _list_anew(dist, _renamed(dist))
    _looks_for_another(visitor)
    expect(visitor.page.get_by_text("A new version is here.")).to_be_visible()
    visitor.page.reload()
    expect(visitor.page).to_have_title("Inmost")
    visitor.button("Use it now").click()
    expect(visitor.page).to_have_title("Inmost, later")


def test_a_file_that_is_not_the_one_its_build_lists_is_not_taken(visitor: Member, dist: Path):
    _renamed(dist)
    _list_anew(dist, hashlib.sha256(b"another page").hexdigest())
    _looks_for_another(visitor)
    visitor.page.evaluate(
        "async () => { const of = await navigator.serviceWorker.ready;"
        " while (of.installing) await new Promise((done) => setTimeout(done, 20)); }"
    )
    assert visitor.page.evaluate("async () => (await navigator.serviceWorker.ready).waiting === null")
    visitor.page.reload()
    expect(visitor.heading("Welcome")).to_be_visible()
    expect(visitor.page).to_have_title("Inmost")


def test_what_a_build_lists_is_what_it_is(dist: Path):
    listed = json.loads((dist / "files.json").read_text())["files"]
    kept = dict(
        json.loads(
            re.search(r'JSON\.parse\([`"\'](.*?)[`"\']\)', (dist / "sw.js").read_text())[1].replace(
                '\\"', '"'
            )
        )
    )
    assert {path: digest for path, digest in listed.items() if path != "sw.js"} == kept
