//! Which network an IP address is of: the public internet, somebody's own, or none that anybody may be sent to.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Network {
    Public,
    /// Loopback, private, shared by a carrier, unique local.
    Private,
    /// Link-local (where clouds keep their secrets), multicast, documentation, reserved.
    Special,
}

pub(super) fn of(address: IpAddr) -> Network {
    match address {
        IpAddr::V4(address) => of_v4(address),
        IpAddr::V6(address) => of_v6(address),
    }
}

fn of_v4(address: Ipv4Addr) -> Network {
    match address.octets() {
        [10 | 127, ..] | [192, 168, ..] | [172, 16..=31, ..] | [100, 64..=127, ..] => {
            Network::Private
        }
        // "This" network, link-local, protocol assignments, 6to4 relays, benchmarks, documentation; multicast,
        // reserved, broadcast.
        [0 | 224..=255, ..]
        | [169, 254, ..]
        | [192, 0, 0 | 2, _]
        | [192, 88, 99, _]
        | [198, 18 | 19, ..]
        | [198, 51, 100, _]
        | [203, 0, 113, _] => Network::Special,
        _ => Network::Public,
    }
}

fn of_v6(address: Ipv6Addr) -> Network {
    if let Some(embedded) = embedded(address) {
        return of_v4(embedded);
    }
    if address == Ipv6Addr::LOCALHOST {
        return Network::Private;
    }
    match address.segments() {
        // Unique local.
        [0xfc00..=0xfdff, ..] => Network::Private,
        // Protocol assignments with Teredo, documentation, 6to4.
        [0x2001, 0..=0x01ff | 0x0db8, ..] | [0x2002 | 0x3ffe, ..] | [0x3fff, 0..=0x0fff, ..] => {
            Network::Special
        }
        // Global unicast; everything outside is for some purpose or for nobody.
        [0x2000..=0x3fff, ..] => Network::Public,
        _ => Network::Special,
    }
}

/// The IPv4 address that this one only wraps: mapped, or for a NAT64.
fn embedded(address: Ipv6Addr) -> Option<Ipv4Addr> {
    let segments = address.segments();
    let last = || {
        let [a, b] = segments[6].to_be_bytes();
        let [c, d] = segments[7].to_be_bytes();
        Ipv4Addr::new(a, b, c, d)
    };
    match segments {
        [0, 0, 0, 0, 0, 0xffff, _, _] | [0x64, 0xff9b, 0, 0, 0, 0, _, _] => Some(last()),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_special_range_is_known() {
        for (network, addresses) in [
            (
                Network::Public,
                "8.8.8.8 1.1.1.1 172.15.0.1 172.32.0.1 100.63.0.1 100.128.0.1 192.0.1.1 198.17.0.1 198.20.0.1 223.255.255.255 \
                 2606:4700::1111 2001:4860:4860::8888 2a00:1450::1 ::ffff:8.8.8.8 64:ff9b::8.8.8.8",
            ),
            (
                Network::Private,
                "127.0.0.1 127.255.255.254 10.0.0.1 172.16.0.1 172.31.255.255 192.168.1.1 100.64.0.1 100.127.255.255 ::1 \
                 fc00::1 fd12:3456::1 ::ffff:127.0.0.1 ::ffff:10.0.0.1 64:ff9b::10.0.0.1 64:ff9b::127.0.0.1",
            ),
            (
                Network::Special,
                "0.0.0.0 0.1.2.3 169.254.169.254 192.0.0.8 192.0.2.1 192.88.99.1 198.18.0.1 198.19.255.255 198.51.100.7 \
                 203.0.113.9 224.0.0.1 239.1.1.1 240.0.0.1 255.255.255.255 :: fe80::1 fec0::1 ff02::1 2001::1 2001:db8::1 \
                 2002:7f00:1::1 2002:808:808::1 3fff::1 100::1 5f00::1 ::ffff:169.254.169.254 64:ff9b::169.254.169.254 ::7f00:1 \
                 64:ff9b:1::7f00:1",
            ),
        ] {
            for text in addresses.split_whitespace() {
                assert_eq!(of(text.parse().unwrap()), network, "{text}");
            }
        }
    }
}
