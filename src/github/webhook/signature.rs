//! `X-Hub-Signature-256`: HMAC-SHA256 over the raw bytes, checked as they come in.

use std::fmt;

use aws_lc_rs::{constant_time, hmac};
use secrecy::{ExposeSecret, SecretString};

/// Knows the webhook secrets: the App's, and the Marketplace listing's if there is one. The two hooks are separate:
/// neither's secret is good for the other's events.
#[derive(Clone)]
pub struct Verifier {
    app: Vec<hmac::Key>,
    marketplace: Option<hmac::Key>,
}

/// The one event that comes from the Marketplace listing's hook, besides its `ping`.
const OF_MARKETPLACE: &str = "marketplace_purchase";

impl Verifier {
    /// Any of the App's `secrets` makes a signature right. `None` unless there is one, and none of them is empty.
    pub fn new(secrets: &[SecretString]) -> Option<Self> {
        let app = secrets.iter().map(key).collect::<Option<Vec<_>>>()?;
        (!app.is_empty()).then_some(Self {
            app,
            marketplace: None,
        })
    }

    /// With the Marketplace listing's secret; `None` if it is empty.
    pub fn with_marketplace(self, secret: &SecretString) -> Option<Self> {
        Some(Self {
            marketplace: Some(key(secret)?),
            ..self
        })
    }

    /// Whether there is any secret at all for such an event.
    pub fn has_secret_for(&self, event: &str) -> bool {
        event != OF_MARKETPLACE || self.marketplace.is_some()
    }

    /// Begins to check a body against the header's value, with the secrets of the hook that `event` comes from. That the
    /// event is not signed itself does not matter: it only chooses which secret has to have been used.
    /// `None`: the header is not of the form `sha256=<64 hex>`.
    pub fn begin(&self, event: &str, header: &[u8]) -> Option<Check> {
        let digits = header.strip_prefix(b"sha256=")?;
        let mut claimed = [0; 32];
        hex::decode_to_slice(digits, &mut claimed).ok()?;
        let app = self.app.iter().filter(|_| event != OF_MARKETPLACE);
        let listing = self.marketplace.iter();
        let listing = listing.filter(|_| matches!(event, OF_MARKETPLACE | "ping"));
        let sums = app.chain(listing).map(hmac::Context::with_key).collect();
        Some(Check { claimed, sums })
    }

    /// Checks a body that is there as a whole.
    pub fn verify(&self, event: &str, header: &[u8], body: &[u8]) -> bool {
        self.begin(event, header).is_some_and(|mut check| {
            check.update(body);
            check.matches()
        })
    }
}

impl fmt::Debug for Verifier {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let secrets = self.app.len() + usize::from(self.marketplace.is_some());
        write!(f, "Verifier({secrets} secrets)")
    }
}

fn key(secret: &SecretString) -> Option<hmac::Key> {
    let secret = secret.expose_secret().as_bytes();
    (!secret.is_empty()).then(|| hmac::Key::new(hmac::HMAC_SHA256, secret))
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
        assert!(verifier(&["It's a Secret to Everybody"]).verify(
            "issues",
            VECTOR,
            b"Hello, World!"
        ));
    }

    #[test]
    fn a_body_in_pieces_is_the_same_body() {
        let mut check = verifier(&["It's a Secret to Everybody"])
            .begin("issues", VECTOR)
            .unwrap();
        for piece in [&b"Hel"[..], b"", b"lo, World", b"!"] {
            check.update(piece);
        }
        assert!(check.matches());
    }

    #[test]
    fn another_body_or_secret_is_wrong() {
        assert!(!verifier(&["It's a Secret to Everybody"]).verify(
            "issues",
            VECTOR,
            b"Hello, World?"
        ));
        assert!(!verifier(&["another"]).verify("issues", VECTOR, b"Hello, World!"));
    }

    #[test]
    fn any_one_of_several_secrets_will_do() {
        assert!(verifier(&["former", "It's a Secret to Everybody"]).verify(
            "issues",
            VECTOR,
            b"Hello, World!"
        ));
        assert!(verifier(&["It's a Secret to Everybody", "former"]).verify(
            "issues",
            VECTOR,
            b"Hello, World!"
        ));
    }

    #[test]
    fn each_hook_has_its_own_secret() {
        const OURS: &str = "It's a Secret to Everybody";
        let right = |verifier: &Verifier| {
            ["issues", "marketplace_purchase", "ping", ""]
                .map(|event| verifier.verify(event, VECTOR, b"Hello, World!"))
        };
        let app = verifier(&[OURS]);
        assert_eq!(right(&app), [true, false, true, true]);
        assert!(!app.has_secret_for("marketplace_purchase") && app.has_secret_for("issues"));
        let listing = verifier(&["another"])
            .with_marketplace(&OURS.into())
            .unwrap();
        assert_eq!(right(&listing), [false, true, true, false]);
        assert!(listing.has_secret_for("marketplace_purchase"));
        assert!(verifier(&[OURS]).with_marketplace(&"".into()).is_none());
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
            assert!(
                !verifier.verify("issues", header, b"Hello, World!"),
                "{header:?}"
            );
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
