//! How the server is reached from outside, and by whom.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};

use axum::http::HeaderMap;
use url::{Host, Url};

/// The server's own address as people and GitHub know it.
#[derive(Debug, Clone)]
pub struct Public {
    /// Without a slash at the end.
    url: Url,
    trusted_proxies: usize,
}

/// From where a connection comes.
#[derive(Debug, Clone, Copy)]
pub(super) struct Peer(pub(super) SocketAddr);

impl Public {
    /// `url: None`: at the address it listens on. `trusted_proxies`: how many stand in front and add to `X-Forwarded-For`.
    pub fn new(url: Option<&Url>, listens: SocketAddr, trusted_proxies: usize) -> Self {
        let here = || {
            let address = if listens.ip().is_unspecified() {
                format!("http://localhost:{}", listens.port())
            } else {
                format!("http://{listens}")
            };
            Url::parse(&address).expect("a socket's address is one of a URL")
        };
        Self {
            url: url.cloned().unwrap_or_else(here),
            trusted_proxies,
        }
    }

    /// A page of ours, by its path.
    pub fn page(&self, path: &str) -> Url {
        let base = self.base();
        Url::parse(&format!("{base}{path}")).expect("a path of ours under an address")
    }

    /// Without a slash at the end.
    pub(super) fn base(&self) -> String {
        self.url.as_str().trim_end_matches('/').to_owned()
    }

    /// Is it an address that means this machine or network to everybody?
    pub(super) fn is_local(&self) -> bool {
        match self.url.host() {
            Some(Host::Ipv4(ip)) => ip.is_loopback() || ip.is_private() || ip.is_unspecified(),
            Some(Host::Ipv6(ip)) => ip.is_loopback() || ip.is_unspecified(),
            Some(Host::Domain(name)) => name == "localhost" || !name.contains('.'),
            None => true,
        }
    }

    /// Is everything sent encrypted? Then cookies go no other way.
    pub(super) fn is_secure(&self) -> bool {
        self.url.scheme() == "https"
    }

    /// Who is asking, for counting: an address, or the network of one where everybody has many.
    pub(super) fn visitor(&self, peer: Option<Peer>, headers: &HeaderMap) -> String {
        let forwarded = self.forwarded(headers);
        match forwarded.or(peer.map(|peer| peer.0.ip())) {
            Some(address) => network(address),
            None => "unknown".to_owned(),
        }
    }

    /// Each proxy adds the address that it was asked from, so the last ones are the operator's own words.
    fn forwarded(&self, headers: &HeaderMap) -> Option<IpAddr> {
        if self.trusted_proxies == 0 {
            return None;
        }
        let all: Vec<&str> = headers
            .get_all("x-forwarded-for")
            .into_iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .collect();
        let at = all.len().checked_sub(self.trusted_proxies)?;
        let text = all[at];
        let with_port = || text.parse::<SocketAddr>().ok().map(|a| a.ip());
        text.parse().ok().or_else(with_port)
    }
}

fn network(address: IpAddr) -> String {
    match address.to_canonical() {
        IpAddr::V4(address) => address.to_string(),
        IpAddr::V6(address) => {
            let mut parts = address.segments();
            parts[4..].fill(0);
            format!("{}/64", Ipv6Addr::from(parts))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn visitor(trusted: usize, peer: &str, forwarded: &[&'static str]) -> String {
        let public = Public::new(None, ([0, 0, 0, 0], 80).into(), trusted);
        let mut headers = HeaderMap::new();
        for value in forwarded {
            headers.append("x-forwarded-for", value.parse().unwrap());
        }
        public.visitor(Some(Peer(peer.parse().unwrap())), &headers)
    }

    #[test]
    fn nobody_says_who_they_are_unless_a_proxy_is_trusted() {
        assert_eq!(visitor(0, "10.0.0.9:1", &["1.2.3.4"]), "10.0.0.9");
        assert_eq!(visitor(1, "10.0.0.9:1", &["1.2.3.4"]), "1.2.3.4");
        assert_eq!(
            visitor(1, "10.0.0.9:1", &["6.6.6.6, 1.2.3.4"]),
            "1.2.3.4",
            "what stands before was sent along by the visitor"
        );
        assert_eq!(
            visitor(2, "10.0.0.9:1", &["6.6.6.6", "1.2.3.4, 10.0.0.2"]),
            "1.2.3.4"
        );
        assert_eq!(visitor(2, "10.0.0.9:1", &["1.2.3.4"]), "10.0.0.9");
        assert_eq!(visitor(1, "10.0.0.9:1", &["nonsense"]), "10.0.0.9");
        assert_eq!(visitor(1, "10.0.0.9:1", &["1.2.3.4:55"]), "1.2.3.4");
    }

    #[test]
    fn one_network_of_the_newer_kind_is_one_visitor() {
        assert_eq!(
            visitor(0, "[2001:db8:1:2:3:4:5:6]:1", &[]),
            "2001:db8:1:2::/64"
        );
        assert_eq!(visitor(0, "[::ffff:9.8.7.6]:1", &[]), "9.8.7.6");
    }

    #[test]
    fn pages_hang_under_the_public_address() {
        let under = Url::parse("https://tools.example/producer/").unwrap();
        let public = Public::new(Some(&under), ([127, 0, 0, 1], 80).into(), 0);
        assert_eq!(
            public.page("/login").as_str(),
            "https://tools.example/producer/login"
        );
        assert!(public.is_secure());
        let here = Public::new(None, ([0, 0, 0, 0], 8080).into(), 0);
        assert_eq!(here.page("/setup").as_str(), "http://localhost:8080/setup");
    }
}
