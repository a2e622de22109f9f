"""Which addresses a webhook may be posted to: public ones, and those the operator names."""

import socket
from collections.abc import Sequence
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from aiohttp.abc import AbstractResolver, ResolveResult
from aiohttp.resolver import ThreadedResolver

_NAT64 = IPv6Network("64:ff9b::/96")
"""Leads to any IPv4 address (RFC 6052)."""


class NetworkRefused(OSError):
    """The name leads, at least in part, to a network that is not allowed."""


class Networks:
    """Public addresses and the given networks (CIDR). Raises ValueError for what is no network."""

    def __init__(self, allowed: Sequence[str] = ()) -> None:
        self._allowed: tuple[IPv4Network | IPv6Network, ...] = tuple(ip_network(text) for text in allowed)

    def allow(self, address: str) -> bool:
        found = _unwrapped(ip_address(address.partition("%")[0]))
        if any(found.version == network.version and found in network for network in self._allowed):
            return True
        return found.is_global and not found.is_multicast

    def check_literal(self, host: str) -> None:
        """An address in the URL itself, which no resolver sees. Raises NetworkRefused."""
        try:
            ip_address(host)
        except ValueError:
            return
        if not self.allow(host):
            raise NetworkRefused("the address is in a network that is not allowed")


def _unwrapped(address: IPv4Address | IPv6Address) -> IPv4Address | IPv6Address:
    """The IPv4 address that an IPv6 one stands for."""
    if isinstance(address, IPv4Address):
        return address
    if address in _NAT64:
        return IPv4Address(int(address) & 0xFFFFFFFF)
    return address.ipv4_mapped or address.sixtofour or address


class GuardedResolver(AbstractResolver):
    """Resolves names and refuses those with an address outside the allowed networks.

    The connection is made to the very addresses that were checked, so that a name cannot change in between.
    """

    def __init__(self, networks: Networks) -> None:
        self._networks = networks
        self._resolver = ThreadedResolver()

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_INET
    ) -> list[ResolveResult]:
        found = await self._resolver.resolve(host, port, family)
        if not all(self._networks.allow(entry["host"]) for entry in found):
            raise NetworkRefused("the name leads to a network that is not allowed")
        return found

    async def close(self) -> None:
        await self._resolver.close()
