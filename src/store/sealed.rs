//! Secrets at rest: XChaCha20-Poly1305 under the operator's key, each bound to the place that it was sealed for.

use std::fmt;
use std::sync::Arc;

use chacha20poly1305::aead::{Aead, Payload};
use chacha20poly1305::{Key, KeyInit, XChaCha20Poly1305, XNonce};
use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};

use crate::clock::Chance;
use crate::config::EncryptionKey;

/// In front of everything sealed, so that another format can follow.
const FORMAT: u8 = 1;
const ID: usize = 4;
const NONCE: usize = 24;

/// Why a sealed secret cannot be had.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SealError {
    #[error("sealed with another ENCRYPTION_KEY")]
    OtherKey,
    #[error("damaged, or sealed for another place")]
    Damaged,
}

/// Where a secret belongs. What was sealed for one place cannot be opened for another.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Place<'a> {
    /// `table.column`.
    pub column: &'static str,
    /// What else it is bound to, such as the installation.
    pub owner: &'a str,
}

/// Seals and opens with the operator's key. Cheap to clone.
#[derive(Clone)]
pub struct Seal(Arc<Keyed>);

struct Keyed {
    id: [u8; ID],
    cipher: XChaCha20Poly1305,
}

impl Seal {
    /// With the key of the config.
    pub fn new(key: &EncryptionKey) -> Self {
        let hash = Sha256::new()
            .chain_update(b"openproducer encryption key id")
            .chain_update(key.expose())
            .finalize();
        let mut id = [0; ID];
        id.copy_from_slice(&hash[..ID]);
        let cipher = XChaCha20Poly1305::new(&Key::from(*key.expose()));
        Self(Arc::new(Keyed { id, cipher }))
    }

    /// The secret as bytes for the database.
    pub fn seal(&self, place: Place<'_>, secret: &SecretString, chance: &Chance) -> Vec<u8> {
        let nonce: [u8; NONCE] = chance.random_bytes();
        let payload = Payload {
            msg: secret.expose_secret().as_bytes(),
            aad: &bound_to(place),
        };
        let sealed = self.0.cipher.encrypt(&XNonce::from(nonce), payload);
        let sealed = sealed.expect("only texts of 256 GiB are too long");
        [&[FORMAT], self.0.id.as_slice(), &nonce, &sealed].concat()
    }

    /// What was sealed for this place.
    pub fn open(&self, place: Place<'_>, sealed: &[u8]) -> Result<SecretString, SealError> {
        let rest = sealed.strip_prefix(&[FORMAT]).ok_or(SealError::Damaged)?;
        let (id, rest) = rest.split_at_checked(ID).ok_or(SealError::Damaged)?;
        if id != self.0.id {
            return Err(SealError::OtherKey);
        }
        let (nonce, text) = rest.split_first_chunk().ok_or(SealError::Damaged)?;
        let payload = Payload {
            msg: text,
            aad: &bound_to(place),
        };
        let open = self.0.cipher.decrypt(&XNonce::from(*nonce), payload);
        let open = open.map_err(|_| SealError::Damaged)?;
        let text = String::from_utf8(open).map_err(|_| SealError::Damaged)?;
        Ok(SecretString::from(text))
    }
}

/// Neither key nor cipher.
impl fmt::Debug for Seal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Seal({})", hex::encode(self.0.id))
    }
}

fn bound_to(place: Place<'_>) -> Vec<u8> {
    // A column's name has no zero byte, so two places are never the same bytes.
    [place.column.as_bytes(), &[0], place.owner.as_bytes()].concat()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn seal(byte: u8) -> Seal {
        Seal::new(&EncryptionKey::from_bytes([byte; 32]))
    }

    const HERE: Place<'_> = Place {
        column: "ai_keys.sealed",
        owner: "7",
    };

    #[test]
    fn a_secret_comes_back_in_its_own_place_only() {
        let sealed = seal(1).seal(HERE, &"sk-one".into(), &Chance::system());
        let back = seal(1).open(HERE, &sealed).unwrap();
        assert_eq!(back.expose_secret(), "sk-one");

        let of_another = Place { owner: "8", ..HERE };
        let elsewhere = Place {
            column: "sessions.sealed",
            ..HERE
        };
        for place in [of_another, elsewhere] {
            assert_eq!(
                seal(1).open(place, &sealed).unwrap_err(),
                SealError::Damaged
            );
        }
    }

    #[test]
    fn another_key_is_told_apart_from_damage() {
        let sealed = seal(1).seal(HERE, &"sk-one".into(), &Chance::system());
        assert_eq!(
            seal(2).open(HERE, &sealed).unwrap_err(),
            SealError::OtherKey
        );
        for at in [0, ID + 2, sealed.len() - 1] {
            let mut broken = sealed.clone();
            broken[at] ^= 1;
            assert_eq!(seal(1).open(HERE, &broken).unwrap_err(), SealError::Damaged);
        }
        for length in 0..sealed.len() {
            assert!(seal(1).open(HERE, &sealed[..length]).is_err());
        }
    }

    #[test]
    fn nothing_of_it_can_be_read_and_no_two_are_alike() {
        let chance = Chance::system();
        let one = seal(1).seal(HERE, &"sk-one".into(), &chance);
        let two = seal(1).seal(HERE, &"sk-one".into(), &chance);
        assert_ne!(one, two);
        assert!(!one.windows(6).any(|bytes| bytes == b"sk-one"));
    }
}
