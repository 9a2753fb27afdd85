"""Keeps an ACME certificate good: gets one before the first connection, renews it at two thirds of its lifetime, in the background."""

import asyncio
from datetime import timedelta
from pathlib import Path

import structlog

from inmost_server.tls.asking import CERTIFICATE, AcmeServer, NotIssued, Publish
from inmost_server.tls.certificate import Certificate, now, validity_of
from inmost_server.tls.http_port import HttpPort

LOOK_EVERY_S = 60.0  # at the files, for a change; also how exactly renewal is on time
RETRY_AFTER = timedelta(hours=1)

log = structlog.get_logger("inmost.tls")


class AcmeCertificate:
    """The certificate of one domain. `port` must be listening where the domain leads to on port 80."""

    def __init__(self, server: AcmeServer, domain: str, folder: Path, port: HttpPort) -> None:
        self._server, self._domain, self._folder, self._port = server, domain, folder, port
        self._published: list[str] = []
        self._next_try = now()
        self.certificate: Certificate

    def has_one(self) -> bool:
        """There is a certificate that still counts."""
        path = self._folder / CERTIFICATE
        return path.exists() and validity_of(path.read_bytes()).is_good(self._domain, now())

    async def first(self) -> Certificate:
        """The one in the folder if it still counts, else a new one. Refused with NotIssued."""
        self._folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        if not self.has_one():
            await self._issue()
        self.certificate = Certificate(self._folder / CERTIFICATE, None)
        return self.certificate

    async def renew_when_due(self) -> bool:
        """Renew if it is time, and not RETRY_AFTER a failure; True when there is a new certificate."""
        validity = validity_of((self._folder / CERTIFICATE).read_bytes())
        if now() < max(validity.renew_at, self._next_try):
            return False
        try:
            await self._issue()
        except NotIssued as error:
            self._next_try = now() + RETRY_AFTER
            log.error("certificate_not_renewed", until=validity.not_after.isoformat(), reason=str(error))
            return False
        return self.certificate.reload()

    async def _issue(self) -> None:
        loop = asyncio.get_running_loop()

        def publish(token: str, answer: str) -> None:
            self._published.append(token)
            asyncio.run_coroutine_threadsafe(self._answer(token, answer), loop).result()

        try:
            await asyncio.to_thread(_issue, self._server, self._domain, self._folder, publish)
        finally:
            for token in self._published:
                self._port.forget(token)
            self._published.clear()

    async def _answer(self, token: str, answer: str) -> None:
        self._port.answer(token, answer)


def _issue(server: AcmeServer, domain: str, folder: Path, publish: Publish) -> None:
    # Tens of megabytes of imports, wanted once in weeks: a good certificate starts without them.
    from inmost_server.tls.issuing import issue

    issue(server, domain, folder, publish)


async def watch(certificate: Certificate, acme: AcmeCertificate | None) -> None:
    """For ever: load changed files, renew what is due. A failure is logged and tried again."""
    while True:
        await asyncio.sleep(LOOK_EVERY_S)
        try:
            certificate.reload_if_changed()
            if acme is not None:
                await acme.renew_when_due()
        except Exception:
            log.exception("certificate_watch_failed")
