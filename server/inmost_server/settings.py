"""What the operator decides: defaults, then inmost.toml in the data directory, then INMOST_* in the environment."""

import os
import tomllib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import msgspec

FILE_NAME = "inmost.toml"
PREFIX = "INMOST_"


class Settings(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """data is the one directory that holds everything; back that up and you have it all.

    domain         the name people reach the server by; with it and without certificate files, ACME gets a certificate
    certificate    PEM chain, with key beside it
    origins        what clients may give as the server's address when they sign in; derived when empty
    metrics_token  whoever has it may read /metrics and /health from elsewhere; None: loopback only
    """

    data: Path
    host: str = "127.0.0.1"
    port: int = 8080
    domain: str | None = None
    certificate: Path | None = None
    key: Path | None = None
    acme_directory: str = "https://acme-v02.api.letsencrypt.org/directory"
    acme_contact: str | None = None
    origins: tuple[str, ...] = ()
    metrics_token: str | None = None
    organisation_name: str = "Inmost"
    log_level: str = "info"

    @property
    def database(self) -> Path:
        return self.data / "inmost.db"

    @property
    def accepted_origins(self) -> tuple[str, ...]:
        if self.origins:
            return self.origins
        if self.domain is not None:
            return (f"https://{self.domain}", f"https://{self.domain}:{self.port}")
        scheme = "https" if self.certificate else "http"
        return tuple(f"{scheme}://{host}:{self.port}" for host in ("localhost", "127.0.0.1", "[::1]"))


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
            found[field.name] = value.split(",") if field.name == "origins" else value
    found.update({name: value for name, value in (given or {}).items() if value is not None})
    found["data"] = data
    return msgspec.convert(found, Settings, strict=False, dec_hook=_path)


def _path(kind: type, value: Any) -> Any:
    if kind is Path:
        return Path(value)
    raise NotImplementedError(kind)
