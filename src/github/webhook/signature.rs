//! `X-Hub-Signature-256`: HMAC-SHA256 over the raw bytes, checked as they come in.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use secrecy::{ExposeSecret, SecretString};

/// Knows the webhook secrets: the App's, and the Marketplace listing's if there is one.
#[derive(Clone)]
pub struct Verifier {
    keys: Vec<hmac::Key>,
}

impl Verifier {
    /// Any of `secrets` makes a signature right. `None` unless there is one, and none of them is empty.
    pub fn new(secrets: &[SecretString]) -> Option<Self> {
        let empty = secrets
            .iter()
            .any(|secret| secret.expose_secret().is_empty());
        let keys = secrets
            .iter()
            .map(|secret| hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes()))
            .collect::<Vec<_>>();
        (!keys.is_empty() && !empty).then_some(Self { keys })
    }

    /// Begins to check a body against the header's value. `None`: the header is not of the form `sha256=<64 hex>`.
    pub fn begin(&self, header: &[u8]) -> Option<Check> {
        let digits = header.strip_prefix(b"sha256=")?;
        let mut claimed = [0; 32];
        hex::decode_to_slice(digits, &mut claimed).ok()?;
        let sums = self.keys.iter().map(hmac::Context::with_key).collect();
        Some(Check { claimed, sums })
    }

    /// Checks a body that is there as a whole.
    pub fn verify(&self, header: &[u8], body: &[u8]) -> bool {
        self.begin(header).is_some_and(|mut check| {
            check.update(body);
            check.matches()
        })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Verifier({} secrets)", self.keys.len())
    }
}

/// A signature being checked while its body comes in, so that 25 MB never hold up the reactor at once.
pub struct Check {
    claimed: [u8; 32],
    sums: Vec<hmac::Context>,
}

impl Check {
    /// Takes in the next piece of the body.
    pub fn update(&mut self, piece: &[u8]) {
        for sum in &mut self.sums {
            sum.update(piece);
        }
    }

    /// Whether one of the secrets signed what came in; takes the same time wherever the digests differ.
    pub fn matches(self) -> bool {
        let claimed = self.claimed;
        self.sums
            .into_iter()
            .map(hmac::Context::sign)
            .fold(false, |found, tag| {
                found | constant_time::verify_slices_are_equal(tag.as_ref(), &claimed).is_ok()
            })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const VECTOR: &[u8] =
        b"sha256=757107ea0eb2509fc211221cce984b8a37570b6d7586c22c46f4379c8b043e17";

    fn verifier(secrets: &[&str]) -> Verifier {
        let secrets: Vec<_> = secrets.iter().map(|s| SecretString::from(*s)).collect();
        Verifier::new(&secrets).unwrap()
    }

    #[test]
    fn githubs_own_example_is_right() {
        assert!(verifier(&["It's a Secret to Everybody"]).verify(VECTOR, b"Hello, World!"));
    }

    #[test]
    fn a_body_in_pieces_is_the_same_body() {
        let mut check = verifier(&["It's a Secret to Everybody"])
            .begin(VECTOR)
            .unwrap();
        for piece in [&b"Hel"[..], b"", b"lo, World", b"!"] {
            check.update(piece);
        }
        assert!(check.matches());
    }

    #[test]
    fn another_body_or_secret_is_wrong() {
        assert!(!verifier(&["It's a Secret to Everybody"]).verify(VECTOR, b"Hello, World?"));
        assert!(!verifier(&["another"]).verify(VECTOR, b"Hello, World!"));
    }

    #[test]
    fn any_one_of_several_secrets_will_do() {
        assert!(
            verifier(&["marketplace", "It's a Secret to Everybody"])
                .verify(VECTOR, b"Hello, World!")
        );
        assert!(
            verifier(&["It's a Secret to Everybody", "marketplace"])
                .verify(VECTOR, b"Hello, World!")
        );
    }

    #[test]
    fn a_header_of_another_form_is_wrong() {
        let verifier = verifier(&["It's a Secret to Everybody"]);
        let bare = &VECTOR[7..];
        let long = [VECTOR, b"00"].concat();
        let sha1 = [b"sha1=", bare].concat();
        for header in [
            &b""[..],
            b"sha256=",
            bare,
            &VECTOR[..70],
            &long,
            &sha1,
            b"sha256=\xff\xfe",
        ] {
            assert!(!verifier.verify(header, b"Hello, World!"), "{header:?}");
        }
    }

    #[test]
    fn an_empty_secret_is_no_secret() {
        assert!(Verifier::new(&[]).is_none());
        assert!(Verifier::new(&[SecretString::from("")]).is_none());
        assert!(Verifier::new(&[SecretString::from("one"), SecretString::from("")]).is_none());
    }

    #[test]
    fn a_debug_print_tells_no_secret() {
        assert_eq!(format!("{:?}", verifier(&["hush"])), "Verifier(1 secrets)");
    }
}
