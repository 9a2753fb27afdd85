"""The web app's files go out as they were built, and nothing else of the disk does."""

import gzip
import hashlib
import json

import pytest
from litestar import Litestar
from litestar.testing import TestClient

from inmost_server.headers import SecurityHeaders
from inmost_server.problems import HANDLERS
from inmost_server.web import POLICY, Files, web_routes

PAGE = b"<!doctype html><title>Inmost</title>" + b" " * 2000
SCRIPT = b"console.log('talk')" * 100


def _digest(content):
    return hashlib.sha256(content).hexdigest()


@pytest.fixture
def built(tmp_path):
    """A build of two files, one of them smaller as gzip, and a file beside it that is not of the build."""
    dist = tmp_path / "dist"
    (dist / "assets").mkdir(parents=True)
    (dist / "index.html").write_bytes(PAGE)
    (dist / "assets" / "app-1.js").write_bytes(SCRIPT)
    (dist / "assets" / "app-1.js.gz").write_bytes(gzip.compress(SCRIPT))
    (dist / "assets" / "left-behind.js").write_bytes(b"old")
    (tmp_path / "secret.txt").write_text("secret")
    files = {"index.html": _digest(PAGE), "assets/app-1.js": _digest(SCRIPT)}
    (dist / "files.json").write_text(json.dumps({"version": "1", "files": files}))
    return dist


def _client(folder):
    app = Litestar(
        route_handlers=web_routes(Files.load(folder)),
        openapi_config=None,
        exception_handlers=HANDLERS,
        logging_config=None,
    )
    app.asgi_handler = SecurityHeaders(app.asgi_handler)
    return TestClient(app)


@pytest.mark.parametrize("path", ["/", "/join"])
def test_the_page_comes_with_the_policy_that_lets_nothing_foreign_run(built, path):
    with _client(built) as client:
        answer = client.get(path)
    assert answer.content == PAGE
    assert answer.headers["content-security-policy"] == POLICY
    assert "unsafe-inline" not in POLICY
    assert "unsafe-eval" not in POLICY.replace("'wasm-unsafe-eval'", "")
    assert answer.headers["cross-origin-opener-policy"] == "same-origin"
    assert answer.headers["cache-control"] == "no-cache"


def test_a_script_has_the_policy_too_and_is_kept_for_ever(built):
    with _client(built) as client:
        answer = client.get("/assets/app-1.js")
    assert answer.content == SCRIPT
    assert answer.headers["content-encoding"] == "gzip"
    assert answer.headers["content-type"].startswith("text/javascript")
    assert answer.headers["content-security-policy"] == POLICY
    assert "immutable" in answer.headers["cache-control"]


def test_who_takes_no_encoding_gets_the_file_as_it_is(built):
    with _client(built) as client:
        answer = client.get("/assets/app-1.js", headers={"accept-encoding": "identity"})
    assert "content-encoding" not in answer.headers
    assert answer.content == SCRIPT


def test_what_a_browser_has_already_is_not_sent_again(built):
    with _client(built) as client:
        tag = client.get("/").headers["etag"]
        again = client.get("/", headers={"if-none-match": tag})
    assert again.status_code == 304
    assert again.content == b""


@pytest.mark.parametrize(
    "path",
    [
        "/assets/left-behind.js",
        "/assets/app-1.js.gz",
        "/assets/..%2f..%2fsecret.txt",
        "/assets/%2e%2e/%2e%2e/secret.txt",
        "/assets/..%5c..%5csecret.txt",
        "/sw.js",
    ],
)
def test_what_is_not_of_the_build_is_not_there(built, path):
    with _client(built) as client:
        answer = client.get(path)
    assert answer.status_code == 404
    assert answer.json()["code"] == "NotFound"


def test_a_server_without_the_web_app_says_so(tmp_path):
    with _client(tmp_path) as client:
        answer = client.get("/")
    assert answer.status_code == 404
    assert answer.json()["code"] == "NoWebApp"


def test_anybody_can_compare_what_is_served_with_the_list_of_the_build(built):
    with _client(built) as client:
        listed = client.get("/files.json").json()["files"]
        for path, digest in listed.items():
            assert _digest(client.get("/" if path == "index.html" else f"/{path}").content) == digest
