"""The certificate in use: loads it, loads it again when the file changes, and knows when to renew it.

A reload changes the certificate of the one SSLContext: new handshakes get the new one, and open connections go on.
"""

import ssl
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path

import structlog
from cryptography import x509

log = structlog.get_logger("inmost.tls")


@dataclass(frozen=True, slots=True)
class Validity:
    """When a certificate begins and ends, and for which names it is."""

    not_before: datetime
    not_after: datetime
    names: frozenset[str]

    @property
    def renew_at(self) -> datetime:
        """At two thirds of its lifetime, whatever that is: 30 days before the end of 90, 2 before the end of 6."""
        return self.not_before + (self.not_after - self.not_before) * 2 / 3

    def is_good(self, name: str, now: datetime, left: timedelta = timedelta(0)) -> bool:
        return name in self.names and self.not_before <= now < self.not_after - left


def validity_of(chain: bytes) -> Validity:
    """Of the first certificate in a PEM chain. ValueError when there is none."""
    leaf = x509.load_pem_x509_certificate(chain)
    try:
        names = leaf.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
        found = frozenset(names.get_values_for_type(x509.DNSName))
    except x509.ExtensionNotFound:
        found = frozenset()
    return Validity(leaf.not_valid_before_utc, leaf.not_valid_after_utc, found)


class Certificate:
    """A chain and key in files (key None: in the same file), and the SSLContext that serves them."""

    def __init__(self, chain: Path, key: Path | None) -> None:
        self._chain, self._key = chain, key
        self.context = new_context()
        self._loaded = self._state()
        self.context.load_cert_chain(chain, key)

    def reload(self) -> bool:
        """Load the files again. Broken ones are said in the log, and the old certificate stays; True when it worked."""
        state = self._state()
        try:
            # Tried on a context of its own first: a key that does not fit must not spoil the one in use.
            new_context().load_cert_chain(self._chain, self._key)
            self.context.load_cert_chain(self._chain, self._key)
        except (OSError, ssl.SSLError) as error:
            log.error("certificate_not_loaded", error=type(error).__name__)
            return False
        self._loaded = state
        log.info("certificate_loaded", until=validity_of(self._chain.read_bytes()).not_after.isoformat())
        return True

    def reload_if_changed(self) -> bool:
        return self._state() != self._loaded and self.reload()

    def _state(self) -> tuple[tuple[int, int, int], ...]:
        paths = [path for path in (self._chain, self._key) if path is not None]
        return tuple(_stamp(path) for path in paths)


def new_context() -> ssl.SSLContext:
    """TLS 1.3 only: every client there is of Inmost speaks it."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.minimum_version = ssl.TLSVersion.TLSv1_3
    context.options |= ssl.OP_NO_RENEGOTIATION
    context.set_alpn_protocols(["http/1.1"])
    return context


def now() -> datetime:
    return datetime.now(UTC)


def _stamp(path: Path) -> tuple[int, int, int]:
    try:
        found = path.stat()
    except OSError:
        return (0, 0, 0)
    return (found.st_mtime_ns, found.st_size, found.st_ino)
