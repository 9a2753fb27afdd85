"""How much of the REST API one account or one address gets, and who an empty bucket never holds up.

An address pays for what proves nothing; who proves something is counted by what was proved. So nobody at the same address (an office, a proxy
that was not set up, a malicious colleague) can keep a member out: a session, a trust secret, a device's signature and an invitation's seed each get
past an address that has used up all of its own.
"""

from collections.abc import Mapping
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network
from typing import Final

from inmost_server.clock import Clock
from inmost_server.edge.rates import Rate, Rates
from inmost_server.refusals import SlowDown

ASKING: Final = "asking"
SIGN_IN: Final = "sign-in"
PROVING: Final = "proving"

# One address may be an office of a thousand devices that all come back after a restart.
ADDRESS_RATES: Final = {
    ASKING: Rate(per_second=100, burst=2_000),
    SIGN_IN: Rate(per_second=50, burst=3_000),
    PROVING: Rate(per_second=0.5, burst=120),
}
# A command signs in each time it is called; nobody changes a password twenty times a minute.
ACCOUNT_RATES: Final = {
    ASKING: Rate(per_second=20, burst=200),
    SIGN_IN: Rate(per_second=5, burst=600),
    PROVING: Rate(per_second=0.2, burst=40),
}
IPV6_HOUSEHOLD_BITS: Final = 64


class Pace:
    """All buckets of the REST API, in bounded memory. Every method is one step of the event loop."""

    def __init__(
        self,
        clock: Clock,
        of_address: Mapping[str, Rate] = ADDRESS_RATES,
        of_account: Mapping[str, Rate] = ACCOUNT_RATES,
    ) -> None:
        self._clock = clock
        self._addresses, self._accounts = Rates(dict(of_address)), Rates(dict(of_account))

    def account(self, holder: bytes, kind: str) -> None:
        """One request of this user, or of this device. Refused with SlowDown."""
        _refuse(self._accounts.wait_ms(holder, kind, self._clock()))

    def address(self, host: str, kind: str) -> None:
        """One request from this address that has proved nothing. Refused with SlowDown."""
        _refuse(self._addresses.wait_ms(household_of(host), kind, self._clock()))

    def device_at(self, host: str, device: bytes, kind: str) -> None:
        """One request that names an active device, from an address that has used up its own. Refused with SlowDown.

        Strangers don't know a device's id, so they don't get at what is kept for it here.
        """
        _refuse(self._accounts.wait_ms(household_of(host) + device, kind, self._clock()))


def _refuse(wait_ms: int) -> None:
    if wait_ms:
        raise SlowDown(retry_after_ms=wait_ms)


def household_of(host: str) -> bytes:
    """What counts as one address: an IPv4 address, or the /64 that a household gets of IPv6."""
    try:
        ip: IPv4Address | IPv6Address = ip_address(host.partition("%")[0])
    except ValueError:
        return b"unknown"
    if isinstance(ip, IPv6Address) and ip.ipv4_mapped is not None:
        ip = ip.ipv4_mapped
    if isinstance(ip, IPv4Address):
        return ip.packed
    return ip_network((ip, IPV6_HOUSEHOLD_BITS), strict=False).network_address.packed
