"""Runs one server from its settings: opens the data, gets TLS ready, says where it listens, and stops when told."""

import asyncio
import contextlib
import fcntl
import os
import signal
import socket
import ssl
import sys
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack
from typing import Any, TextIO

import msgspec
import uvloop

from inmost_server import logs
from inmost_server.app import create_app, open_server, owner_link
from inmost_server.edge.serving import Serving, config
from inmost_server.features.accounts.keys import KeyLost
from inmost_server.settings import Settings
from inmost_server.store import CannotUse, Store, store_when_there
from inmost_server.tls.asking import AcmeServer, NotIssued
from inmost_server.tls.certificate import Certificate
from inmost_server.tls.http_port import HttpPort
from inmost_server.tls.renewal import AcmeCertificate, watch

TLS_FOLDER = "tls"
LOCK_FILE = "lock"
CANNOT_START = 1
INTERRUPTED = 130


class CannotStart(Exception):
    """The server cannot run like this; the text tells the operator what to do."""


def run(settings: Settings, out: TextIO = sys.stdout) -> int:
    """Serve until SIGTERM or SIGINT; the process's exit code. What it says to the operator goes to `out`, logs to standard error."""
    logs.configure(settings.log_level)
    try:
        uvloop.run(_run(settings, out))
    except CannotStart as reason:
        _say(out, f"Cannot start: {reason}")
        return CANNOT_START
    except KeyboardInterrupt:  # before it served: from then on SIGINT stops it in good order
        return INTERRUPTED
    return 0


async def _run(settings: Settings, out: TextIO) -> None:
    async with AsyncExitStack() as stack:
        stack.enter_context(_locked(settings))
        # Before it listens: who comes too early is turned away at once, not left waiting.
        store = await _store(settings, out)
        listening = _listen(settings)
        stack.callback(listening.close)
        # With port 0 the system chose; origins and links name the real one.
        settings = msgspec.structs.replace(settings, port=listening.getsockname()[1])
        tls = await _tls(settings, stack, out)
        try:
            server = await open_server(settings, store=store)
            app = create_app(server)
        except KeyLost as lost:
            raise CannotStart(f"{lost}. Put it back from the backup of the data directory.") from None
        greeting = _greeting(settings, await owner_link(server))
        await _Main(app, settings, tls, lambda: _say(out, greeting)).serve([listening])
        _say(out, "Stopped.")


async def _store(settings: Settings, out: TextIO) -> Store:
    def waiting(reason: str) -> None:
        _say(out, f"Waiting for the database: {reason}")

    try:
        return await store_when_there(settings.database_at, waiting)
    except CannotUse as reason:
        raise CannotStart(f"{reason}.") from None


class _Main(Serving):
    """Serving with this process's signals: SIGTERM and SIGINT stop it, SIGHUP loads the certificate again."""

    def __init__(
        self, app: Any, settings: Settings, tls: Certificate | None, started: Callable[[], None]
    ) -> None:
        given: dict[str, Any] = {"proxy_headers": False}
        if settings.tls == "proxy":
            given = {"proxy_headers": True, "forwarded_allow_ips": list(settings.trusted_proxies)}
        if tls is not None:
            context = tls.context

            def ready(*_: Any) -> ssl.SSLContext:
                return context

            given["ssl_context_factory"] = ready
        super().__init__(config(app, **given))
        self._tls, self._started = tls, started

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets)
        self._started()

    @contextlib.contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Instead of uvicorn's, which ends the process by the signal once more when all is done."""
        loop = asyncio.get_running_loop()
        for number in (signal.SIGTERM, signal.SIGINT):
            loop.add_signal_handler(number, self._stop)
        if self._tls is not None:
            loop.add_signal_handler(signal.SIGHUP, self._tls.reload)
        try:
            yield
        finally:
            for number in (signal.SIGTERM, signal.SIGINT, signal.SIGHUP):
                loop.remove_signal_handler(number)

    def _stop(self) -> None:
        """A second signal doesn't wait for connections any more."""
        self.force_exit = self.should_exit
        self.should_exit = True


async def _tls(settings: Settings, stack: AsyncExitStack, out: TextIO) -> Certificate | None:
    """The certificate to serve, kept good in the background; None where no TLS is done here."""
    if settings.tls == "files":
        assert settings.certificate is not None
        try:
            certificate, acme = Certificate(settings.certificate, settings.key), None
        except (OSError, ssl.SSLError) as error:
            raise CannotStart(f"the certificate or its key cannot be read ({error}).") from None
    elif settings.tls == "acme":
        acme = await _acme(settings, stack, out)
        certificate = acme.certificate
    else:
        return None
    watching = asyncio.get_running_loop().create_task(watch(certificate, acme))
    stack.callback(watching.cancel)
    return certificate


async def _acme(settings: Settings, stack: AsyncExitStack, out: TextIO) -> AcmeCertificate:
    assert settings.domain is not None
    port = HttpPort(settings.accepted_origins[0])
    try:
        await port.start(settings.host, settings.acme_http_port)
    except OSError as error:
        raise CannotStart(
            f"port {settings.acme_http_port} is needed to prove the domain to the ACME server ({error.strerror})."
        ) from None
    stack.push_async_callback(port.stop)
    server = AcmeServer(settings.acme_directory, settings.acme_ca, settings.acme_contact)
    acme = AcmeCertificate(server, settings.domain, settings.data / TLS_FOLDER, port)
    try:
        if not acme.has_one():
            _say(out, f"Getting a certificate for {settings.domain} …")
        await acme.first()
    except NotIssued as reason:
        raise CannotStart(
            f"no certificate for {settings.domain}: {reason}\n"
            f"The name must lead to this machine, and port 80 of it must reach this server."
        ) from None
    return acme


def _greeting(settings: Settings, owner_fragment: str | None) -> str:
    """Where it listens, what is not protected, and the owner's link while there is no owner."""
    origin = settings.accepted_origins[0] if settings.accepted_origins else "the proxy's address"
    lines = [f"Inmost listens at {origin}"]
    if settings.tls == "none":
        lines.append(
            "Only this machine can reach it: without TLS it listens on loopback only. "
            "For others, start it with --domain NAME or with a certificate."
        )
    if owner_fragment is not None:
        lines.append("Nobody owns this organisation yet. This link makes you its owner, once:")
        lines.append(f"{origin}/join#{owner_fragment}")
    return "\n".join(lines)


def _listen(settings: Settings) -> socket.socket:
    host, port = settings.listen_host, settings.listen_port
    try:
        if host is None:
            both = socket.has_dualstack_ipv6()
            family = socket.AF_INET6 if both else socket.AF_INET
            return socket.create_server(("", port), family=family, backlog=2048, dualstack_ipv6=both)
        family = socket.AF_INET6 if ":" in host else socket.AF_INET
        return socket.create_server((host, port), family=family, backlog=2048)
    except OSError as error:
        raise CannotStart(f"port {port} cannot be used ({error.strerror}).") from None


@contextlib.contextmanager
def _locked(settings: Settings) -> Iterator[None]:
    """The data directory, for one server at a time and its owner's eyes only."""
    settings.data.mkdir(parents=True, exist_ok=True, mode=0o700)
    descriptor = os.open(settings.data / LOCK_FILE, os.O_RDWR | os.O_CREAT, 0o600)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except OSError:
        os.close(descriptor)
        raise CannotStart(f"another server is using {settings.data}.") from None
    try:
        yield
    finally:
        os.close(descriptor)


def _say(out: TextIO, words: str) -> None:
    out.write(words + "\n")
    out.flush()
