"""Certificates from a real ACME server (pebble, from Debian): its validation connects to our port, nothing is waved through."""

import asyncio
import contextlib
import json
import os
import random
import shutil
import socket
import ssl
import subprocess
from datetime import timedelta

import httpx2
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from inmost_server.tls.asking import CERTIFICATE, AcmeServer, NotIssued, write_privately
from inmost_server.tls.certificate import now, validity_of
from inmost_server.tls.http_port import HttpPort
from inmost_server.tls.renewal import AcmeCertificate

DOMAIN = "chat.inmost.test"
START_WITHIN_S = 60.0

needs_pebble = pytest.mark.skipif(
    not os.environ.get("CI") and shutil.which("pebble") is None, reason="needs pebble: apt-get install pebble"
)
pytestmark = needs_pebble


def free_port() -> int:
    """Below those that the system hands out by itself, so that nobody else is given it before it is used."""
    while True:
        port = random.randrange(20_000, 32_000)
        with contextlib.suppress(OSError), socket.create_server(("127.0.0.1", port)):
            return port


def self_made(name: str, not_before, not_after) -> bytes:
    """Key and certificate in one PEM, signed by itself."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(not_before)
        .not_valid_after(not_after)
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        .sign(key, hashes.SHA256())
    )
    private = key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
    return private + certificate.public_bytes(Encoding.PEM)


class Pebble:
    """A running pebble, which believes that every name leads to 127.0.0.1 and knocks at `http_port` there."""

    def __init__(self, folder) -> None:
        self.http_port = free_port()
        self.port, self._dns, self._management = free_port(), free_port(), free_port()
        self.authorities = folder / "pebble.pem"
        self.authorities.write_bytes(self_made("localhost", now() - timedelta(1), now() + timedelta(1)))
        (folder / "pebble.json").write_text(
            json.dumps(
                {
                    "pebble": {
                        "listenAddress": f"127.0.0.1:{self.port}",
                        "managementListenAddress": f"127.0.0.1:{self._management}",
                        "certificate": str(self.authorities),
                        "privateKey": str(self.authorities),
                        "httpPort": self.http_port,
                        "tlsPort": free_port(),
                        "ocspResponderURL": "",
                        "externalAccountBindingRequired": False,
                    }
                }
            )
        )
        self._folder = folder
        self._processes: list[subprocess.Popen[bytes]] = []

    @property
    def server(self) -> AcmeServer:
        return AcmeServer(f"https://localhost:{self.port}/dir", self.authorities, "operator@inmost.test")

    async def root(self) -> str:
        """The certificate of the authority that signs today."""
        trusted = ssl.create_default_context(cafile=str(self.authorities))
        async with httpx2.AsyncClient(verify=trusted) as http:
            return (await http.get(f"https://localhost:{self._management}/roots/0")).text

    async def __aenter__(self) -> "Pebble":
        names = ["pebble-challtestsrv", "-dns01", f"127.0.0.1:{self._dns}", "-defaultIPv6", ""]
        self._run(
            [
                *names,
                "-http01",
                "",
                "-https01",
                "",
                "-tlsalpn01",
                "",
                "-management",
                f"127.0.0.1:{free_port()}",
            ]
        )
        self._run(
            ["pebble", "-config", str(self._folder / "pebble.json"), "-dnsserver", f"127.0.0.1:{self._dns}"]
        )
        async with asyncio.timeout(START_WITHIN_S):
            while not await _is_open(self.port):
                await asyncio.sleep(0.05)
        return self

    async def __aexit__(self, *_: object) -> None:
        for process in self._processes:
            process.kill()
            process.wait()

    def _run(self, command: list[str]) -> None:
        # It does not take three nonces of ten: a client asks again (RFC 8555 section 6.5).
        quick = {**os.environ, "PEBBLE_VA_NOSLEEP": "1", "PEBBLE_WFE_NONCEREJECT": "30"}
        assert "PEBBLE_VA_ALWAYS_VALID" not in quick
        with (self._folder / f"{command[0]}.log").open("wb") as log:
            self._processes.append(subprocess.Popen(command, env=quick, stdout=log, stderr=log))


async def _is_open(port: int) -> bool:
    with contextlib.suppress(OSError):
        _, writer = await asyncio.open_connection("127.0.0.1", port)
        writer.close()
        return True
    return False


@pytest.fixture
async def pebble(tmp_path):
    async with Pebble(tmp_path) as running:
        yield running


@pytest.fixture
async def http_port(pebble):
    port = HttpPort(f"https://{DOMAIN}")
    await port.start("127.0.0.1", pebble.http_port)
    yield port
    await port.stop()


async def served_chain(port: int) -> bytes:
    """The certificate that a client sees."""
    seen = ssl.create_default_context()
    seen.check_hostname, seen.verify_mode = False, ssl.CERT_NONE
    _, writer = await asyncio.open_connection("127.0.0.1", port, ssl=seen, server_hostname=DOMAIN)
    der = writer.get_extra_info("ssl_object").getpeercert(binary_form=True)
    writer.close()
    return ssl.DER_cert_to_PEM_cert(der).encode()


async def echo(reader, writer):
    while line := await reader.readline():
        writer.write(line)
    writer.close()


async def test_a_certificate_is_issued_after_the_acme_server_reached_our_port(pebble, http_port, tmp_path):
    acme = AcmeCertificate(pebble.server, DOMAIN, tmp_path / "tls", http_port)
    await acme.first()
    chain = (tmp_path / "tls" / CERTIFICATE).read_bytes()
    assert validity_of(chain).is_good(DOMAIN, now())
    assert b"Pebble Intermediate CA" in x509.load_pem_x509_certificate(chain).issuer.public_bytes()
    assert (tmp_path / "tls" / CERTIFICATE).stat().st_mode & 0o777 == 0o600


async def test_no_certificate_without_our_answer_at_the_port(pebble, tmp_path):
    silent = HttpPort(f"https://{DOMAIN}")  # never started: nobody answers where pebble knocks
    acme = AcmeCertificate(pebble.server, DOMAIN, tmp_path / "tls", silent)
    with pytest.raises(NotIssued, match=r"refused|Connection"):
        await acme.first()
    assert not (tmp_path / "tls" / CERTIFICATE).exists()


async def test_at_two_thirds_of_its_life_a_certificate_is_renewed_and_open_connections_go_on(
    pebble, http_port, tmp_path
):
    folder = tmp_path / "tls"
    folder.mkdir()
    old = self_made(DOMAIN, now() - timedelta(days=61), now() + timedelta(days=29))
    write_privately(folder / CERTIFICATE, old)
    acme = AcmeCertificate(pebble.server, DOMAIN, folder, http_port)
    certificate = await acme.first()
    server = await asyncio.start_server(echo, "127.0.0.1", 0, ssl=certificate.context)
    port = server.sockets[0].getsockname()[1]
    anyone = ssl.create_default_context(cadata=old.decode())
    reader, writer = await asyncio.open_connection("127.0.0.1", port, ssl=anyone, server_hostname=DOMAIN)

    assert await acme.renew_when_due()

    writer.write(b"still here\n")
    assert await reader.readline() == b"still here\n"
    assert x509.load_pem_x509_certificate(await served_chain(port)) == x509.load_pem_x509_certificate(
        (folder / CERTIFICATE).read_bytes()
    )
    assert validity_of(await served_chain(port)).not_before > now() - timedelta(days=1)
    assert not await acme.renew_when_due()
    writer.close()
    server.close()


async def test_a_good_certificate_is_kept_and_the_account_is_used_again(pebble, http_port, tmp_path):
    folder = tmp_path / "tls"
    await AcmeCertificate(pebble.server, DOMAIN, folder, http_port).first()
    first = (folder / CERTIFICATE).read_bytes()
    await AcmeCertificate(pebble.server, DOMAIN, folder, http_port).first()
    assert (folder / CERTIFICATE).read_bytes() == first
    (folder / CERTIFICATE).unlink()
    await AcmeCertificate(pebble.server, DOMAIN, folder, http_port).first()
    assert (folder / CERTIFICATE).read_bytes() != first


async def test_a_failed_renewal_keeps_the_old_certificate_and_is_not_tried_again_at_once(
    pebble, http_port, tmp_path
):
    folder = tmp_path / "tls"
    folder.mkdir()
    old = self_made(DOMAIN, now() - timedelta(days=61), now() + timedelta(days=29))
    write_privately(folder / CERTIFICATE, old)
    nowhere = AcmeServer(f"https://localhost:{free_port()}/dir", pebble.authorities, None)
    acme = AcmeCertificate(nowhere, DOMAIN, folder, http_port)
    await acme.first()
    assert not await acme.renew_when_due()
    assert (folder / CERTIFICATE).read_bytes() == old
    assert acme._next_try > now() + timedelta(minutes=50)
