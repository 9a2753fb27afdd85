"""Given certificate files: TLS 1.3 only, loaded again when they change, and never spoiled by a broken file."""

import asyncio
import ssl
from datetime import timedelta

import pytest

from inmost_server.tls.certificate import Certificate, now, validity_of
from inmost_server.tls.http_port import HttpPort
from inmost_server.tls.test_acme import DOMAIN, echo, self_made, served_chain


@pytest.fixture
def files(tmp_path):
    """A chain and its key in two files, and how to write others there."""
    chain, key = tmp_path / "chain.pem", tmp_path / "key.pem"

    def write(days: int):
        private, _, rest = self_made(
            DOMAIN, now() - timedelta(days=1), now() + timedelta(days=days)
        ).partition(b"-----BEGIN CERTIFICATE")
        key.write_bytes(private)
        chain.write_bytes(b"-----BEGIN CERTIFICATE" + rest)

    write(10)
    return chain, key, write


async def test_a_changed_file_is_served_to_new_connections_and_old_ones_go_on(files):
    chain, key, write = files
    certificate = Certificate(chain, key)
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=certificate.context)
    port = server.sockets[0].getsockname()[1]
    trusted = ssl.create_default_context(cafile=str(chain))
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=trusted, server_hostname=DOMAIN)
    assert not certificate.reload_if_changed()
    write(20)
    assert certificate.reload_if_changed()
    assert validity_of(await served_chain(port)) == validity_of(chain.read_bytes())
    writer.write(b"still here\n")
    assert await reader.readline() == b"still here\n"
    writer.close()
    server.close()


async def test_a_broken_file_leaves_the_certificate_in_use(files):
    chain, key, _ = files
    certificate = Certificate(chain, key)
    before = validity_of(chain.read_bytes())
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=certificate.context)
    chain.write_text("not a certificate")
    assert not certificate.reload()
    assert validity_of(await served_chain(server.sockets[0].getsockname()[1])) == before
    server.close()


async def test_a_key_of_another_certificate_leaves_the_one_in_use(files, tmp_path):
    chain, key, _ = files
    certificate = Certificate(chain, key)
    key.write_bytes(
        self_made(DOMAIN, now(), now() + timedelta(days=1)).partition(b"-----BEGIN CERTIFICATE")[0]
    )
    assert not certificate.reload()


@pytest.mark.parametrize("version", [ssl.TLSVersion.TLSv1_2])
async def test_older_tls_is_refused(files, version):
    chain, key, _ = files
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=Certificate(chain, key).context)
    older = ssl.create_default_context(cafile=str(chain))
    older.maximum_version = version
    with pytest.raises((ssl.SSLError, ConnectionError)):
        await asyncio.open_connection(
            "127.0.0.1", server.sockets[0].getsockname()[1], ssl=older, server_hostname=DOMAIN
        )
    server.close()


async def ask(port: int, request: bytes) -> bytes:
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    writer.write(request)
    answer = await reader.read()
    writer.close()
    return answer


@pytest.mark.parametrize(
    ("request_line", "expected"),
    [
        (
            b"GET /join?x=1 HTTP/1.1",
            b"308 Permanent Redirect\r\nLocation: https://chat.inmost.test/join?x=1\r\n",
        ),
        (b"GET /.well-known/acme-challenge/mine HTTP/1.1", b"200 OK"),
        (b"GET /.well-known/acme-challenge/other HTTP/1.1", b"404 Not Found"),
        (b"POST / HTTP/1.1", b"400 Bad Request"),
        (b"GET http://evil/ HTTP/1.1", b"400 Bad Request"),
        (b"\xff\xfe", b"400 Bad Request"),
    ],
)
async def test_the_plain_port_answers_challenges_and_redirects_only(request_line, expected):
    port = HttpPort("https://chat.inmost.test")
    port.answer("mine", "proof")
    number = await port.start("127.0.0.1", 0)
    answer = await ask(number, request_line + b"\r\nHost: x\r\n\r\n")
    assert answer.startswith(b"HTTP/1.1 " + expected)
    assert answer.endswith(b"proof") == (b"mine" in request_line)
    await port.stop()
