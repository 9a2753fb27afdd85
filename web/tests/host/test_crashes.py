"""A worker that is killed while it writes: what was durable before is there, whole, and nothing else."""

from web.tests.host.browser import Browsers
from web.tests.host.conftest import Town

SPILLED_BYTES = 30_000_000


def test_a_worker_killed_in_a_large_spilled_transaction_leaves_the_store_intact(
    town: Town, at_browsers: Browsers
):
    profile = at_browsers.profile("crash")
    page = profile.context.new_page()
    page.goto(town.site.origin + "/crash.html")
    for times in range(1, 4):
        assert page.evaluate("() => begin()") == "open"
        assert page.evaluate("() => say('check')") == "ok"
        assert page.evaluate("() => say('count')") == times
        assert page.evaluate("() => say('spill')") == "spilled"
        used = sum(file.stat().st_size for file in profile.folder.rglob("*") if file.is_file())
        assert used > SPILLED_BYTES, "nothing was spilled to the disk"
        page.evaluate("() => kill()")
