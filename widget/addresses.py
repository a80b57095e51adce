"""Addresses of the network: which of them lead out into the public internet.

A partner names the address that its webhook is called at. Without this rule it could have us call
machines that only we can reach. Source: the IANA special-purpose address registries, for IPv4 and
IPv6; RFC 6052, 3056 and 4380 for IPv6 addresses that carry an IPv4 address.
"""

from __future__ import annotations

from ipaddress import IPv4Address, IPv6Address, IPv6Network, ip_address

#: Ways to spell, or to reach, an IPv4 address or a local network inside IPv6, which Python's
#: `is_global` does not see through in all of its versions.
_NOT_PUBLIC = tuple(
    map(
        IPv6Network,
        (
            "::/96",  # IPv4-compatible
            "::ffff:0:0/96",  # IPv4-mapped
            "64:ff9b::/96",  # NAT64
            "64:ff9b:1::/48",  # NAT64 of a local network
            "100::/64",  # discarded
            "2001::/23",  # protocol assignments, Teredo among them
            "2001:db8::/32",  # documentation
            "2002::/16",  # 6to4
            "3fff::/20",  # documentation
            "5f00::/16",  # segment routing
            "fec0::/10",  # site-local
        ),
    )
)


def is_public(address: str) -> bool:
    """Tell whether a numeric address is one of the public internet, of one machine.

    Raises:
        ValueError: It is not an address.
    """
    ip = ip_address(address)
    if isinstance(ip, IPv4Address):
        return _is_global(ip)
    if ip.scope_id is not None or any(ip in network for network in _NOT_PUBLIC):
        return False
    return _is_global(ip)


def _is_global(ip: IPv4Address | IPv6Address) -> bool:
    return ip.is_global and not ip.is_multicast and not ip.is_reserved
