//! Who is signed in, and whether a form came from our own page.

use std::fmt;
use std::sync::Arc;

use aws_lc_rs::{constant_time, hmac};
use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::http::{HeaderMap, header};
use axum::response::{IntoResponse as _, Response};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use secrecy::{ExposeSecret as _, SecretString};
use serde::de::DeserializeOwned;
use url::form_urlencoded;

use super::Shared;
use super::cookies::Cookie;
use super::error::PageError;
use super::frame::Frame;
use crate::flows::access::Person;
use crate::flows::sessions;

/// Holds the session's secret.
pub(super) const SESSION: Cookie = Cookie::new("session", sessions::LONGEST.num_seconds());

/// The longest form that is read; what a page of settings needs fits many times.
const LONGEST_FORM: usize = 256 * 1024;

/// Somebody who signed in with GitHub. As an extractor it leads the signed out to `/login`, or answers 401 to what is no page.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) csrf: Csrf,
}

impl SignedIn {
    /// Around a page of theirs.
    pub(crate) fn frame(&self) -> Frame {
        Frame::signed_in(&self.person.login, self.csrf.to_string())
    }
}

/// What every form of this session carries in its hidden field `csrf`; templates print it.
#[derive(Clone)]
pub(crate) struct Csrf(String);

impl Csrf {
    /// What belongs to a secret that the browser holds in a cookie: nobody else can compute it.
    pub(super) fn of(secret: &SecretString) -> Self {
        let key = hmac::Key::new(hmac::HMAC_SHA256, secret.expose_secret().as_bytes());
        let tag = hmac::sign(&key, b"openproducer forms");
        Self(URL_SAFE_NO_PAD.encode(tag))
    }

    /// Is this the one? Takes the same time wherever they differ.
    pub(super) fn is(&self, sent: &str) -> bool {
        constant_time::verify_slices_are_equal(self.0.as_bytes(), sent.as_bytes()).is_ok()
    }
}

impl fmt::Display for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Csrf {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Csrf")
    }
}

impl Shared {
    /// Is everything there that sign-in needs?
    pub(super) fn can_sign_in(&self) -> bool {
        self.services.seal.is_some() && self.services.oauth.is_set_up()
    }
}

/// What the browser's cookie holds, whether it is good for anything or not.
pub(super) fn secret(shared: &Shared, headers: &HeaderMap) -> Option<SecretString> {
    let held = SESSION.find(headers, shared.public.is_secure())?;
    Some(held.into())
}

/// Who is signed in; `None`: nobody.
pub(super) async fn find(
    shared: &Shared,
    headers: &HeaderMap,
) -> Result<Option<SignedIn>, PageError> {
    let Some(secret) = secret(shared, headers) else {
        return Ok(None);
    };
    let person = sessions::find(&shared.services, &secret).await?;
    Ok(person.map(|person| SignedIn {
        person,
        csrf: Csrf::of(&secret),
    }))
}

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, PageError> {
        // A form asks once for itself and once for its handler.
        if let Some(signed) = parts.extensions.get::<Self>() {
            return Ok(signed.clone());
        }
        let signed = find(shared, &parts.headers).await?;
        let signed = signed.ok_or_else(|| PageError::signed_out(parts))?;
        parts.extensions.insert(signed.clone());
        Ok(signed)
    }
}

/// Who is signed in, for pages that everybody may see.
pub(crate) struct MaybeSignedIn(pub(crate) Option<SignedIn>);

impl FromRequestParts<Arc<Shared>> for MaybeSignedIn {
    type Rejection = PageError;

    async fn from_request_parts(
        parts: &mut Parts,
        shared: &Arc<Shared>,
    ) -> Result<Self, PageError> {
        find(shared, &parts.headers).await.map(Self)
    }
}

/// The fields of a form whose hidden `csrf` was this session's.
pub(crate) struct CsrfForm<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for CsrfForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let signed = SignedIn::from_request_parts(&mut parts, shared)
            .await
            .map_err(PageError::into_response)?;
        let form = Request::from_parts(parts, body);
        read_form(form, &signed.csrf).await.map(Self)
    }
}

/// The form, if its hidden field is right and it came from a page of ours.
pub(super) async fn read_form<T: DeserializeOwned>(
    request: Request,
    csrf: &Csrf,
) -> Result<T, Response> {
    let (parts, body) = request.into_parts();
    if came_from_elsewhere(&parts.headers) {
        return Err(forged().into_response());
    }
    let bytes = axum::body::to_bytes(body, LONGEST_FORM)
        .await
        .map_err(|_| too_long().into_response())?;
    let sent = form_urlencoded::parse(&bytes)
        .find(|(name, _)| name == "csrf")
        .map(|(_, value)| value.into_owned());
    if !sent.is_some_and(|sent| csrf.is(&sent)) {
        return Err(forged().into_response());
    }
    if form_urlencoded::parse(&bytes).any(|(_, value)| value.contains('\0')) {
        return Err(unreadable().into_response());
    }
    let request = Request::from_parts(parts, bytes.into());
    match Form::from_request(request, &()).await {
        Ok(Form(fields)) => Ok(fields),
        Err(error) => {
            tracing::debug!(%error, "a form could not be read");
            Err(unreadable().into_response())
        }
    }
}

/// Browsers say so; those that do not are held to the hidden field alone.
fn came_from_elsewhere(headers: &HeaderMap) -> bool {
    let site = headers.get("sec-fetch-site").and_then(|s| s.to_str().ok());
    let is_form = headers
        .get(header::CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .is_some_and(|kind| kind.starts_with("application/x-www-form-urlencoded"));
    !is_form || site.is_some_and(|site| !matches!(site, "same-origin" | "none"))
}

fn forged() -> PageError {
    PageError::Forbidden(
        "This form is not from this sign-in",
        "It was opened before you signed in, or it comes from another site. Nothing was changed. Go back, load the page again and send it once more.".to_owned(),
    )
}

fn too_long() -> PageError {
    PageError::Refused(
        "The form is too long",
        format!(
            "At most {} KB are read. Nothing was changed.",
            LONGEST_FORM / 1024
        ),
    )
}

fn unreadable() -> PageError {
    PageError::Refused(
        "The form cannot be read",
        "A field is missing, or its value is of the wrong kind. Nothing was changed. Go back, load the page again and send it once more.".to_owned(),
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_secret_has_its_own_token() {
        let csrf = Csrf::of(&"one".into());
        assert!(csrf.is(&csrf.to_string()));
        assert!(!csrf.is(&Csrf::of(&"two".into()).to_string()));
        assert!(!csrf.is(""));
        assert_eq!(format!("{csrf:?}"), "Csrf");
    }
}
