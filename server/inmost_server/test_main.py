"""The server as a process: what it says at its start, where it listens, its files, its end."""

import asyncio
import contextlib
import json
import os
import re
import signal
import socket
import ssl
import subprocess
import sys
from datetime import timedelta
from pathlib import Path

import httpx2
import pytest

from inmost_engine.public import parse_link_fragment
from inmost_server.settings import load
from inmost_server.tls.certificate import now, validity_of
from inmost_server.tls.test_acme import DOMAIN, Pebble, free_port, needs_pebble, self_made, served_chain

ROOT = Path(__file__).parents[2]
START_WITHIN_S = 120.0
STOP_WITHIN_S = 60.0
PROGRAM = """
import json, sys
from pathlib import Path
from inmost_server.main import run
from inmost_server.settings import load
code = run(load(Path(sys.argv[1]), json.loads(sys.argv[2]), {}))
print("Loaded:", *sys.modules)
sys.exit(code)
"""


class Process:
    """`inmost_server.main.run` in a process of its own."""

    def __init__(self, data: Path, **given) -> None:
        path = f"{ROOT / 'server'}:{ROOT / 'engine/python'}:{ROOT / 'protocol'}"
        self.popen = subprocess.Popen(
            [sys.executable, "-c", PROGRAM, str(data), json.dumps(given)],
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env={**os.environ, "PYTHONPATH": path},
            text=True,
        )
        self.said = ""

    async def says(self, pattern: str) -> re.Match[str]:
        """Wait until it says something that matches."""
        async with asyncio.timeout(START_WITHIN_S):
            while (found := re.search(pattern, self.said)) is None:
                line = await asyncio.to_thread(self.popen.stdout.readline)
                assert line, f"it ended: {self.said} {self.popen.stderr.read()}"
                self.said += line
        return found

    async def stop(self, number: int = signal.SIGTERM) -> int:
        self.popen.send_signal(number)
        return await self.ended()

    async def ended(self) -> int:
        said, self.logged = await asyncio.to_thread(self.popen.communicate, timeout=STOP_WITHIN_S)
        self.said += said
        return self.popen.returncode


@contextlib.asynccontextmanager
async def process(data: Path, **given):
    running = Process(data, **given)
    try:
        yield running
    finally:
        if running.popen.poll() is None:
            running.popen.kill()
        running.popen.communicate()


async def test_a_first_start_says_where_it_listens_that_only_here_and_prints_the_owners_link(tmp_path):
    async with process(tmp_path / "data", port=0) as running:
        found = await running.says(r"listens at http://localhost:(\d+)")
        await running.says("loopback only")
        link = await running.says(r"http://localhost:\d+/join#(\S+)")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{found[1]}") as http:
            organisation = (await http.get("/api/v1/organisation")).json()
            assert organisation["claimed"] is False
        assert parse_link_fragment(link[1]).account == "owner"
        assert await running.stop() == 0
    assert "Stopped." in running.said
    assert "127.0.0.1" not in running.logged


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
async def test_it_stops_in_good_order_at_a_signal_and_says_goodbye(tmp_path, number):
    async with process(tmp_path / "data", port=0) as running:
        await running.says(r"/join#")
        assert await running.stop(number) == 0


async def test_a_start_loads_nothing_that_it_does_not_use(tmp_path):
    for _ in ("first", "from then on"):
        async with process(tmp_path / "data", port=0) as running:
            await running.says(r"/join#")
            assert await running.stop() == 0
    loaded = running.said.partition("Loaded: ")[2].split()
    assert "litestar" in loaded
    assert {"acme", "requests", "alembic", "pydantic", "textual"}.isdisjoint(loaded)


async def test_what_it_keeps_is_for_its_owner_only(tmp_path):
    async with process(tmp_path / "data", port=0) as running:
        await running.says(r"/join#")
        await running.stop()
    data = tmp_path / "data"
    assert data.stat().st_mode & 0o777 == 0o700
    for path in data.rglob("*"):
        assert path.stat().st_mode & 0o077 == 0, path


async def test_one_data_directory_has_one_server(tmp_path):
    async with process(tmp_path / "data", port=0) as first:
        await first.says(r"/join#")
        async with process(tmp_path / "data", port=0) as second:
            await second.says("another server is using")
            assert await second.ended() == 1


async def test_a_port_in_use_is_said(tmp_path):
    with socket.create_server(("127.0.0.1", 0)) as taken:
        async with process(tmp_path / "data", port=taken.getsockname()[1]) as running:
            await running.says("Cannot start: port .* cannot be used")
            assert await running.ended() == 1


@pytest.mark.parametrize(
    ("given", "listens"),
    [
        ({}, ("127.0.0.1", 8080, ("http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"))),
        ({"host": "0.0.0.0"}, ("127.0.0.1", 8080, None)),
        ({"host": "192.0.2.1", "origins": ("https://x.org",)}, ("127.0.0.1", 8080, ("https://x.org",))),
        ({"host": "::1"}, ("::1", 8080, None)),
        ({"domain": "x.org"}, (None, 443, ("https://x.org",))),
        ({"domain": "x.org", "port": 8443, "host": "0.0.0.0"}, ("0.0.0.0", 8443, ("https://x.org:8443",))),
        ({"certificate": "c", "key": "k", "domain": "x.org"}, (None, 443, ("https://x.org",))),
        ({"trusted_proxies": ("10.0.0.2",), "domain": "x.org"}, (None, 8080, ("https://x.org",))),
    ],
)
def test_without_tls_only_loopback_listens(tmp_path, given, listens):
    settings = load(tmp_path, given, {})
    assert (settings.listen_host, settings.listen_port) == listens[:2]
    if listens[2] is not None:
        assert settings.accepted_origins == listens[2]


async def failures_until_slowed(http: httpx2.AsyncClient, forwarded_for: str) -> int:
    """How many wrong passwords are looked at, of seven, when they come from there."""
    body = {"account": "nobody", "password": "wrong password altogether", "code": "000000"}
    headers = {"X-Forwarded-For": forwarded_for, "X-Forwarded-Proto": "https"}
    answers = [await http.post("/api/v1/recoveries", json=body, headers=headers) for _ in range(7)]
    return sum(answer.status_code == 401 for answer in answers)


@pytest.mark.parametrize(("proxies", "is_believed"), [(["127.0.0.1"], True), (["10.9.9.9"], False)])
async def test_only_a_trusted_proxy_says_where_somebody_comes_from(tmp_path, proxies, is_believed):
    given = {"trusted_proxies": proxies, "domain": DOMAIN, "host": "127.0.0.1", "port": free_port()}
    async with process(tmp_path / "data", **given) as running:
        await running.says(rf"https://{DOMAIN}/join#")
        async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{given['port']}", timeout=60) as http:
            assert await failures_until_slowed(http, "192.0.2.1") <= 6
            slowed_elsewhere = await failures_until_slowed(http, "198.51.100.1") < 5
            assert slowed_elsewhere != is_believed
            answer = await http.get("/api/v1/organisation", headers={"X-Forwarded-Proto": "https"})
            assert ("strict-transport-security" in answer.headers) == is_believed


async def over_https(port: int, authorities: str, path: str) -> httpx2.Response:
    """Ask for DOMAIN at a port of this machine."""
    trusted = ssl.create_default_context(cafile=authorities)
    transport = httpx2.AsyncHTTPTransport(verify=trusted)
    async with httpx2.AsyncClient(transport=transport) as http:
        return await http.get(
            f"https://127.0.0.1:{port}{path}", headers={"Host": DOMAIN}, extensions={"sni_hostname": DOMAIN}
        )


async def test_given_files_are_served_with_security_headers_and_loaded_again_at_sighup(tmp_path):
    file = tmp_path / "both.pem"
    file.write_bytes(self_made(DOMAIN, now() - timedelta(days=1), now() + timedelta(days=5)))
    given = {"certificate": str(file), "key": str(file), "domain": DOMAIN, "host": "127.0.0.1", "port": 0}
    async with process(tmp_path / "data", **given) as running:
        port = int((await running.says(rf"listens at https://{DOMAIN}:(\d+)"))[1])
        await running.says("/join#")
        assert "loopback only" not in running.said
        for path in ("/api/v1/organisation", "/no/such/path", "/api/v1/people"):
            answer = await over_https(port, str(file), path)
            assert answer.headers["strict-transport-security"].startswith("max-age=63072000")
            assert answer.headers["x-content-type-options"] == "nosniff"
            assert answer.headers["content-security-policy"].startswith("default-src 'none'")
            assert answer.headers["referrer-policy"] == "no-referrer"
            assert "server" not in answer.headers
        file.write_bytes(self_made(DOMAIN, now() - timedelta(days=1), now() + timedelta(days=50)))
        running.popen.send_signal(signal.SIGHUP)
        async with asyncio.timeout(START_WITHIN_S):
            while validity_of(await served_chain(port)).not_after < now() + timedelta(days=40):
                await asyncio.sleep(0.05)
        assert await running.stop() == 0


async def test_an_unreadable_certificate_is_said(tmp_path):
    given = {"certificate": str(tmp_path / "none.pem"), "key": str(tmp_path / "none.pem"), "port": 0}
    async with process(tmp_path / "data", **given) as running:
        await running.says("Cannot start: the certificate or its key cannot be read")
        assert await running.ended() == 1


@needs_pebble
async def test_a_domain_is_served_with_a_certificate_from_a_real_acme_server(tmp_path):
    """The whole way: `--domain`, pebble's validation at our port, HTTPS checked against pebble's authority, the redirect."""
    (tmp_path / "pebble").mkdir()
    async with Pebble(tmp_path / "pebble") as pebble:
        given = {
            "domain": DOMAIN,
            "host": "127.0.0.1",
            "port": free_port(),
            "acme_directory": pebble.server.directory,
            "acme_ca": str(pebble.authorities),
            "acme_http_port": pebble.http_port,
        }
        async with process(tmp_path / "data", **given) as running:
            await running.says(f"Getting a certificate for {DOMAIN}")
            await running.says(rf"https://{DOMAIN}:\d+/join#")
            root = tmp_path / "root.pem"
            root.write_text(await pebble.root())
            answer = await over_https(given["port"], str(root), "/api/v1/organisation")
            assert answer.json()["claimed"] is False
            async with httpx2.AsyncClient(base_url=f"http://127.0.0.1:{pebble.http_port}") as plain:
                redirected = await plain.get("/join")
            assert redirected.status_code == 308
            assert redirected.headers["location"] == f"https://{DOMAIN}:{given['port']}/join"
            assert await running.stop() == 0
        async with process(tmp_path / "data", **given) as again:
            await again.says(rf"https://{DOMAIN}:\d+/join#")
            assert "Getting a certificate" not in again.said
            await again.stop()


@needs_pebble
async def test_a_domain_that_does_not_lead_here_is_said_with_what_to_do(tmp_path):
    (tmp_path / "pebble").mkdir()
    async with Pebble(tmp_path / "pebble") as pebble:
        given = {
            "domain": DOMAIN,
            "host": "127.0.0.1",
            "port": free_port(),
            "acme_directory": pebble.server.directory,
            "acme_ca": str(pebble.authorities),
            "acme_http_port": free_port(),
        }
        async with process(tmp_path / "data", **given) as running:
            await running.says(f"Cannot start: no certificate for {DOMAIN}")
            await running.says("must reach this server")
            assert await running.ended() == 1
