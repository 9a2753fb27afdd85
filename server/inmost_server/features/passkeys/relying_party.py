"""For whom passkeys are made: the name in this server's own addresses (WebAuthn's RP ID) and the origins that may use them."""

from collections.abc import Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from urllib.parse import urlsplit

from inmost_server.features.passkeys.refusals import PasskeysNeedAName


@dataclass(frozen=True, slots=True)
class RelyingParty:
    """id: the name passkeys are bound to, None when the server has only IP numbers. title: how authenticators show it."""

    id: str | None
    origins: tuple[str, ...]
    title: str

    def named(self, host: str) -> str:
        """The id, for a request that came to this host. Refused with PasskeysNeedAName."""
        if self.id is None:
            raise PasskeysNeedAName(f"{PasskeysNeedAName.words} Set this server's domain.")
        if is_number(host):
            raise PasskeysNeedAName(f"{PasskeysNeedAName.words} Use {self.origins[0]}")
        return self.id


def relying_party(origins: Sequence[str], title: str) -> RelyingParty:
    """By the server's accepted origins: the first that has a name decides, others count if they are that name or below it."""
    named = [origin for origin in origins if not is_number(urlsplit(origin).hostname or "")]
    if not named:
        return RelyingParty(None, (), title)
    id_ = urlsplit(named[0]).hostname or ""
    return RelyingParty(id_, tuple(origin for origin in named if _is_of(origin, id_)), title)


def is_number(host: str) -> bool:
    """An IP number, or nothing at all."""
    try:
        ip_address(host.strip("[]"))
    except ValueError:
        return not host
    return True


def _is_of(origin: str, id_: str) -> bool:
    host = urlsplit(origin).hostname or ""
    return host == id_ or host.endswith("." + id_)
