"""What the operator decides: defaults, then inmost.toml in the data directory, then INMOST_* in the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import msgspec

from inmost_server.loopback import is_loopback

FILE_NAME = "inmost.toml"
PREFIX = "INMOST_"
LISTS = ("origins", "trusted_proxies")
HTTPS_PORT = 443
PLAIN_PORT = 8080
LOOPBACK = "127.0.0.1"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """data is the one directory that holds everything (but what a PostgreSQL holds); back that up and you have it all.

    database         postgresql://… for a PostgreSQL; without it, SQLite in the data directory
    host             where to listen; by default every address with TLS, loopback without
    port             by default 443 with TLS, 8080 without; 0 takes a free one
    domain           the name people reach the server by; without certificate files or proxies, ACME gets a certificate
    certificate      PEM chain, and key its PEM private key; read again when they change, and on SIGHUP
    trusted_proxies  addresses or networks of reverse proxies that do TLS; what they say of the client's address is believed
    acme_*           the ACME server, the authorities it is checked by (None: the system's), and our port for its HTTP-01 challenge
    origins          what clients may give as the server's address when they sign in; derived when empty
    metrics_token    whoever has it may read /metrics and /health from elsewhere; None: loopback only
    """

    data: Path
    database: str | None = None
    host: str | None = None
    port: int | None = None
    domain: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    trusted_proxies: tuple[str, ...] = ()
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    acme_contact: str | None = None
    acme_ca: Path | None = None
    acme_http_port: int = 80
    origins: tuple[str, ...] = ()
    metrics_token: str | None = None
    organisation_name: str = "Inmost"
    log_level: str = "info"

    @property
    def database_at(self) -> str | Path:
        return self.data / "inmost.db" if self.database is None else self.database

    @property
    def tls(self) -> Literal["files", "proxy", "acme", "none"]:
        """Who does TLS: this server with given files, a proxy before it, this server with ACME's certificate, or nobody."""
        if self.certificate is not None:
            return "files"
        if self.trusted_proxies:
            return "proxy"
        return "acme" if self.domain is not None else "none"

    @property
    def listen_host(self) -> str | None:
        """None: every address. Without TLS only loopback, whatever was asked for."""
        if self.tls != "none":
            return self.host
        return self.host if self.host is not None and is_loopback(self.host) else LOOPBACK

    @property
    def listen_port(self) -> int:
        if self.port is not None:
            return self.port
        return HTTPS_PORT if self.tls in ("files", "acme") else PLAIN_PORT

    @property
    def accepted_origins(self) -> tuple[str, ...]:
        """The first is the one to show people."""
        if self.origins:
            return self.origins
        ending = "" if self.listen_port == HTTPS_PORT else f":{self.listen_port}"
        if self.tls == "proxy":
            return (f"https://{self.domain}",) if self.domain else ()
        if self.tls == "none":
            return tuple(f"http://{host}:{self.listen_port}" for host in ("localhost", LOOPBACK, "[::1]"))
        hosts = (self.domain,) if self.domain else ("localhost", LOOPBACK, "[::1]")
        return tuple(f"https://{host}{ending}" for host in hosts)


def load(
    data: Path, given: Mapping[str, Any] | None = None, environment: Mapping[str, str] = os.environ
) -> Settings:
    """Settings of the data directory; what the command line gave (not None) wins over all else."""
    found: dict[str, Any] = {}
    file = data / FILE_NAME
    if file.exists():
        found.update(tomllib.loads(file.read_text()))
    for field in msgspec.structs.fields(Settings):
        value = environment.get(PREFIX + field.name.upper())
        if value is not None:
            found[field.name] = value.split(",") if field.name in LISTS else value
    found.update({name: value for name, value in (given or {}).items() if value is not None})
    found["data"] = data
    return msgspec.convert(found, Settings, strict=False, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
