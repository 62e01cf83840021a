//! One value each: from text to type, or what would have been right.

use std::net::SocketAddr;
use std::ops::RangeInclusive;
use std::sync::Arc;

use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD};
use secrecy::{ExposeSecret as _, SecretBox, SecretString};
use url::Url;

/// Says what would be right.
pub(super) type Right<T> = Result<T, String>;

/// 32 bytes that lock stored secrets; never shown.
#[derive(Debug, Clone)]
pub struct EncryptionKey(Arc<SecretBox<[u8; 32]>>);

impl EncryptionKey {
    /// A key that was made here.
    pub fn from_bytes(bytes: [u8; 32]) -> Self {
        Self(Arc::new(SecretBox::new(Box::new(bytes))))
    }

    /// The bytes, for the one place that locks and unlocks.
    pub fn expose(&self) -> &[u8; 32] {
        self.0.expose_secret()
    }
}

pub(super) fn boolean(text: &str) -> Right<bool> {
    match text.to_ascii_lowercase().as_str() {
        "true" | "yes" | "on" | "1" => Ok(true),
        "false" | "no" | "off" | "0" => Ok(false),
        _ => Err("must be true or false (yes/no, on/off, 1/0)".to_owned()),
    }
}

pub(super) fn whole(text: &str, range: RangeInclusive<u64>) -> Right<u64> {
    let (low, high) = range.clone().into_inner();
    let right = if high >= u64::from(u32::MAX) {
        format!("must be a whole number, {low} or more")
    } else {
        format!("must be a whole number from {low} to {high}")
    };
    let number: u64 = text.parse().map_err(|_| right.clone())?;
    range.contains(&number).then_some(number).ok_or(right)
}

pub(super) fn fraction(text: &str, range: RangeInclusive<f64>) -> Right<f64> {
    let right = format!("must be a number from {} to {}", range.start(), range.end());
    let number: f64 = text.parse().map_err(|_| right.clone())?;
    range.contains(&number).then_some(number).ok_or(right)
}

/// One of a few words, in any case, with the nearest named when it is none.
pub(super) fn one_of<T: Copy>(text: &str, words: &[(&str, T)]) -> Right<T> {
    if let Some((_, value)) = words
        .iter()
        .find(|(word, _)| word.eq_ignore_ascii_case(text))
    {
        return Ok(*value);
    }
    let list: Vec<&str> = words.iter().map(|(word, _)| *word).collect();
    let (final_word, others) = list.split_last().expect("there is at least one word");
    let list = format!("{} or {final_word}", others.join(", "));
    let nearest = words
        .iter()
        .map(|(word, _)| {
            let distance = strsim::damerau_levenshtein(&word.to_lowercase(), &text.to_lowercase());
            (distance, *word)
        })
        .filter(|(distance, word)| *distance * 2 < word.len() + 1)
        .min();
    Err(match nearest {
        Some((_, word)) => format!("must be {list}; did you mean {word}?"),
        None => format!("must be {list}"),
    })
}

pub(super) fn web_address(text: &str) -> Right<Url> {
    let right = "must be an address that begins with http:// or https://";
    let url = Url::parse(text).map_err(|error| format!("{right} ({error})"))?;
    if !matches!(url.scheme(), "http" | "https") || url.host_str().is_none() {
        return Err(right.to_owned());
    }
    if !url.username().is_empty() || url.password().is_some() {
        return Err("must not hold a user name or a password".to_owned());
    }
    Ok(url)
}

/// Where the server itself is reached: cookies, links and the App's addresses all begin at its root.
pub(super) fn public_address(text: &str) -> Right<Url> {
    let url = web_address(text)?;
    if url.path() == "/" && url.query().is_none() && url.fragment().is_none() {
        return Ok(url);
    }
    let root = url.origin().ascii_serialization();
    Err(format!(
        "must be the server's own address and nothing behind it, such as {root}: it is not served under a path"
    ))
}

/// An address of one of these schemes, kept whole and secret: it may hold a password.
pub(super) fn address_of(text: &str, schemes: &[&str], example: &str) -> Right<SecretString> {
    let right = format!("must be an address such as {example}");
    let url = Url::parse(text).map_err(|error| format!("{right} ({error})"))?;
    if schemes.contains(&url.scheme()) {
        Ok(SecretString::from(text))
    } else {
        Err(right)
    }
}

pub(super) fn listen_address(text: &str) -> Right<SocketAddr> {
    text.parse().map_err(|_| {
        let right = "must be an IP address and a port";
        match text.trim_start_matches("localhost").trim_start_matches(':') {
            port if port.parse::<u16>().is_ok() => {
                format!(
                    "{right}; did you mean 127.0.0.1:{port}, or 0.0.0.0:{port} for every network?"
                )
            }
            _ => format!("{right}, such as 127.0.0.1:8080"),
        }
    })
}

pub(super) fn mention(text: &str) -> Right<String> {
    let name = text.strip_prefix('@').unwrap_or(text);
    let is_login = !name.is_empty()
        && name.len() <= 39
        && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if is_login {
        Ok(format!("@{name}"))
    } else {
        Err(
            "must be @ and a name of letters, digits and hyphens, such as @TheOpenProducerBot"
                .to_owned(),
        )
    }
}

/// A JSON array of strings, or words and phrases with commas between.
pub(super) fn phrases(text: &str) -> Right<Vec<String>> {
    let phrases: Vec<String> = if text.starts_with('[') {
        serde_json::from_str(text).map_err(|error| {
            format!("must be a JSON array of strings, or a list with commas between ({error})")
        })?
    } else {
        text.split(',').map(str::to_owned).collect()
    };
    Ok(phrases
        .iter()
        .map(|phrase| phrase.trim().to_owned())
        .filter(|phrase| !phrase.is_empty())
        .collect())
}

pub(super) fn encryption_key(text: &str) -> Right<EncryptionKey> {
    let bytes = match hex::decode(text) {
        Ok(bytes) => Some(bytes),
        Err(_) => base64_of(text),
    };
    let right = "must be 32 bytes as base64 or hex; `openssl rand -base64 32` makes one";
    let Some(bytes) = bytes else {
        return Err(format!("{right} (this is neither base64 nor hex)"));
    };
    let length = bytes.len();
    let bytes: [u8; 32] = bytes
        .try_into()
        .map_err(|_| format!("{right} (this is {length} bytes)"))?;
    Ok(EncryptionKey::from_bytes(bytes))
}

/// An RSA private key: a PEM, one with `\n` written out, or a PEM in base64. Answers the PEM.
pub(super) fn private_key(text: &str) -> Right<SecretString> {
    let pem = if text.contains("-----BEGIN") {
        text.replace("\\n", "\n")
    } else {
        base64_of(text)
            .and_then(|bytes| String::from_utf8(bytes).ok())
            .filter(|pem| pem.contains("-----BEGIN"))
            .ok_or("must be a PEM (\"-----BEGIN RSA PRIVATE KEY-----\" …), also with \\n for line ends, or its base64")?
    };
    let not_a_key =
        "is not an RSA private key; download one on the App's settings page, Private keys";
    let key = jsonwebtoken::EncodingKey::from_rsa_pem(pem.as_bytes()).map_err(|_| not_a_key)?;
    // Only a signature proves it: the PEM may hold rubbish.
    let header = jsonwebtoken::Header::new(jsonwebtoken::Algorithm::RS256);
    jsonwebtoken::encode(&header, &serde_json::json!({}), &key).map_err(|_| not_a_key)?;
    Ok(SecretString::from(pem))
}

fn base64_of(text: &str) -> Option<Vec<u8>> {
    let text: String = text.split_whitespace().collect();
    [STANDARD, STANDARD_NO_PAD, URL_SAFE_NO_PAD]
        .iter()
        .find_map(|alphabet| alphabet.decode(&text).ok())
}
