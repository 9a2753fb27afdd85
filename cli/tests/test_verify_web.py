"""`inmost verify-web` finds every file that a server hands out otherwise than its release."""

import hashlib
import json
import socket
import threading
import time

import pytest
import uvicorn
from typer.testing import CliRunner

from inmost_cli.main import make_app
from inmost_server.headers import SecurityHeaders
from inmost_server.problems import HANDLERS
from inmost_server.web import Files, web_routes

CONTENTS = {"index.html": b"<!doctype html>", "assets/app-1.js": b"talk()", "sw.js": b"keep()"}


@pytest.fixture
def dist(tmp_path):
    folder = tmp_path / "dist"
    (folder / "assets").mkdir(parents=True)
    _release(folder, CONTENTS)
    return folder


def _release(folder, contents):
    for path, content in contents.items():
        (folder / path).write_bytes(content)
    files = {path: hashlib.sha256(content).hexdigest() for path, content in contents.items()}
    (folder / "files.json").write_text(json.dumps({"version": "1.0", "files": files}))


@pytest.fixture
def release(dist, tmp_path):
    """The release as published, kept apart from the server."""
    published = tmp_path / "files.json"
    published.write_bytes((dist / "files.json").read_bytes())
    return published


@pytest.fixture
def serve(dist):
    """Hands out the folder as the server does; with `without`, through something that takes the policy away."""
    from litestar import Litestar

    running = []

    def start(without=False):
        app = Litestar(
            web_routes(Files.load(dist)),
            openapi_config=None,
            exception_handlers=HANDLERS,
            logging_config=None,
        )
        asgi = _no_policy(app) if without else SecurityHeaders(app)
        listening = socket.create_server(("127.0.0.1", 0))
        server = uvicorn.Server(uvicorn.Config(asgi, log_config=None, lifespan="off"))
        thread = threading.Thread(target=server.run, args=([listening],), daemon=True)
        thread.start()
        while not server.started:
            time.sleep(0.01)
        running.append((server, thread, listening))
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    yield start
    for server, thread, listening in running:
        server.should_exit = True
        thread.join()
        listening.close()


def _no_policy(app):
    async def bare(scope, receive, send):
        async def without(message):
            if message["type"] == "http.response.start":
                headers = [pair for pair in message["headers"] if pair[0] != b"content-security-policy"]
                message = {**message, "headers": headers}
            await send(message)

        await app(scope, receive, without)

    return bare


def _verify(url, release):
    done = CliRunner().invoke(make_app(), ["verify-web", url, "--release", str(release), "--json"])
    return done.exit_code, [json.loads(line) for line in done.stdout.splitlines()]


def test_a_server_with_the_release_passes(serve, release):
    assert _verify(serve(), release) == (0, [])


def test_a_changed_script_is_found_although_the_server_s_own_list_agrees_with_it(serve, dist, release):
    _release(dist, {**CONTENTS, "assets/app-1.js": b"talk(); steal()"})
    code, found = _verify(serve(), release)
    assert code == 1
    assert found == [{"place": "/assets/app-1.js", "what": "is not the file of the release"}]


def test_a_changed_page_is_found_at_each_place(serve, dist, release):
    _release(dist, {**CONTENTS, "index.html": b"<!doctype html><script src=/assets/extra.js>"})
    _, found = _verify(serve(), release)
    assert [each["place"] for each in found] == ["/", "/join"]


def test_a_file_that_no_release_has_is_found(serve, dist, release):
    _release(dist, {**CONTENTS, "assets/extra.js": b"steal()"})
    _, found = _verify(serve(), release)
    assert found == [{"place": "/assets/extra.js", "what": "is in no release"}]


def test_a_policy_that_was_taken_away_is_found(serve, release):
    code, found = _verify(serve(without=True), release)
    assert code == 1
    assert {each["place"] for each in found} == {"/", "/join", "/assets/app-1.js", "/sw.js"}


def test_a_list_that_is_none_is_said(serve, tmp_path):
    broken = tmp_path / "broken.json"
    broken.write_text("[]")
    done = CliRunner().invoke(make_app(), ["verify-web", serve(), "--release", str(broken)])
    assert done.exit_code == 2
