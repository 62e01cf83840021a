//! Where a question may go: what an address must look like, and whose rules hold for it.

use std::net::{IpAddr, SocketAddr};

use url::{Host, Url};

use super::network::{self, Network};

/// Names that never are of the public internet.
const HOME: [&str; 9] = [
    "localhost",
    "localdomain",
    "local",
    "internal",
    "intranet",
    "lan",
    "home",
    "corp",
    "home.arpa",
];

/// Whose address it is, and so where it may point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Rules {
    /// The operator's own, or the provider's: anything.
    Any,
    /// A tenant's: https on port 443 of the public internet.
    Public,
    /// A tenant's where the operator also permits private addresses: those on any port, and without https.
    PublicOrPrivate,
}

/// The base address of an API as the library wants it, or why it is none.
pub(super) fn base(given: &Url, rules: Rules) -> Result<Url, String> {
    if !matches!(given.scheme(), "https" | "http") {
        return Err("it must begin with https://".to_owned());
    }
    if !given.username().is_empty() || given.password().is_some() {
        return Err(
            "it must not hold a user or password; the key has a setting of its own".to_owned(),
        );
    }
    if given.query().is_some() || given.fragment().is_some() {
        return Err("it must end with its path, without ? or #".to_owned());
    }
    if rules != Rules::Any {
        tenants(given, rules)?;
    }
    let mut base = given.clone();
    // Without the slash the library drops the last segment.
    if !base.path().ends_with('/') {
        base.set_path(&format!("{}/", given.path()));
    }
    Ok(base)
}

fn tenants(given: &Url, rules: Rules) -> Result<(), String> {
    let private = rules == Rules::PublicOrPrivate && may_be_private(given);
    if given.scheme() != "https" && !private {
        return Err("it must begin with https://".to_owned());
    }
    if given.port().is_some() && !private {
        return Err("it must use the usual port of https, 443".to_owned());
    }
    match given.host() {
        None => Err("it names no host".to_owned()),
        Some(Host::Domain(name)) if !private && is_home(name) => Err(not_public()),
        Some(Host::Domain(_)) => Ok(()),
        Some(Host::Ipv4(address)) => permit(address.into(), rules),
        Some(Host::Ipv6(address)) => permit(address.into(), rules),
    }
}

/// Whether the host is not known to be public: a private address, or a name whose address the gate will look at.
fn may_be_private(given: &Url) -> bool {
    match given.host() {
        Some(Host::Domain(_)) => true,
        Some(Host::Ipv4(address)) => network::of(address.into()) == Network::Private,
        Some(Host::Ipv6(address)) => network::of(address.into()) == Network::Private,
        None => false,
    }
}

fn is_home(name: &str) -> bool {
    let name = name.trim_end_matches('.').to_ascii_lowercase();
    !name.contains('.')
        || HOME
            .iter()
            .any(|home| name == *home || name.ends_with(&format!(".{home}")))
}

/// Whether a connection to this address is allowed.
pub(super) fn permit(address: IpAddr, rules: Rules) -> Result<(), String> {
    match (rules, network::of(address)) {
        (Rules::Any, _) | (_, Network::Public) | (Rules::PublicOrPrivate, Network::Private) => {
            Ok(())
        }
        _ => Err(not_public()),
    }
}

/// Whether a connection to this place is allowed: on a port of its own only what is private.
pub(super) fn permit_place(place: SocketAddr, rules: Rules) -> Result<(), String> {
    permit(place.ip(), rules)?;
    let private = network::of(place.ip()) == Network::Private;
    if rules == Rules::Any || private || place.port() == 443 {
        return Ok(());
    }
    Err("it must use https on its usual port, 443".to_owned())
}

fn not_public() -> String {
    "it must be a host of the public internet".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judged(address: &str, rules: Rules) -> bool {
        // What cannot be parsed is never asked.
        Url::parse(address).is_ok_and(|url| base(&url, rules).is_ok())
    }

    #[test]
    fn tenants_address_is_public_https() {
        for good in [
            "https://api.example.com/v1",
            "https://api.example.com:443/v1/",
            "https://8.8.8.8/v1/",
            "https://[2606:4700::1111]/",
            "https://xn--bcher-kva.example/v1",
        ] {
            assert!(judged(good, Rules::Public), "{good}");
        }
        for bad in [
            "http://api.example.com/v1/",
            "ftp://api.example.com/",
            "file:///etc/passwd",
            "https://api.example.com:8443/",
            "https://user:password@api.example.com/",
            "https://user@api.example.com/",
            "https://api.example.com/v1?key=1",
            "https://api.example.com/v1#x",
            "https://localhost/",
            "https://LOCALHOST./",
            "https://a.localhost/",
            "https://printer/",
            "https://redis.internal/",
            "https://nas.local/",
            "https://router.home.arpa/",
            "https://127.0.0.1/",
            "https://2130706433/",
            "https://0x7f000001/",
            "https://0x7f.1/",
            "https://0177.0.0.1/",
            "https://127.1/",
            "https://0/",
            "https://10.0.0.1/",
            "https://169.254.169.254/latest/meta-data/",
            "https://[::1]/",
            "https://[::]/",
            "https://[::ffff:127.0.0.1]/",
            "https://[::ffff:7f00:1]/",
            "https://[64:ff9b::7f00:1]/",
            "https://[2002:7f00:1::]/",
            "https://[fe80::1]/",
            "https://[fd00::1]/",
            "https://\u{2460}\u{2461}\u{2466}.0.0.1/",
            "https://\u{ff11}\u{ff12}\u{ff17}.0.0.1/",
        ] {
            assert!(!judged(bad, Rules::Public), "{bad}");
        }
    }

    #[test]
    fn operator_may_permit_private_addresses_but_never_special_ones() {
        for good in [
            "http://10.0.0.5:11434/v1/",
            "https://192.168.1.1:8443/",
            "http://ollama:11434/v1",
            "http://[fd00::1]:8000/",
            "https://api.example.com/",
        ] {
            assert!(judged(good, Rules::PublicOrPrivate), "{good}");
        }
        for bad in [
            "http://169.254.169.254/",
            "http://8.8.8.8/",
            "https://8.8.8.8:8443/",
            "http://[fe80::1]/",
            "http://0.0.0.0/",
            "http://u:p@10.0.0.1/",
        ] {
            assert!(!judged(bad, Rules::PublicOrPrivate), "{bad}");
        }
        // A name is looked at once more when its address is known.
        let place = |text: &str| permit_place(text.parse().unwrap(), Rules::PublicOrPrivate);
        assert!(place("10.0.0.5:11434").is_ok() && place("8.8.8.8:443").is_ok());
        assert!(place("8.8.8.8:80").is_err() && place("169.254.169.254:80").is_err());
    }

    #[test]
    fn operators_own_address_may_be_anything_and_gets_its_slash() {
        let url = Url::parse("http://127.0.0.1:11434/v1").unwrap();
        let base = base(&url, Rules::Any).unwrap();
        assert_eq!(base.as_str(), "http://127.0.0.1:11434/v1/");
    }
}
