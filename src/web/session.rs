//! Who is signed in, and whether a form came from our own page.

use std::fmt;
use std::sync::Arc;

use axum::extract::{Form, FromRequest, FromRequestParts, Request};
use axum::http::request::Parts;
use axum::response::{IntoResponse as _, Response};
use serde::de::DeserializeOwned;

use super::Shared;
use super::error::PageError;
use crate::flows::access::Person;

/// Somebody who signed in with GitHub. As an extractor it leads the signed out to `/login`, or answers 401 to what is no page.
#[derive(Debug, Clone)]
pub(crate) struct SignedIn {
    pub(crate) person: Person,
    pub(crate) csrf: Csrf,
}

/// What every form of this session carries in its hidden field `csrf`; templates print it.
#[derive(Clone)]
pub(crate) struct Csrf(String);

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

impl FromRequestParts<Arc<Shared>> for SignedIn {
    type Rejection = Response;

    async fn from_request_parts(
        parts: &mut Parts,
        _shared: &Arc<Shared>,
    ) -> Result<Self, Response> {
        Err(PageError::signed_out(parts).into_response())
    }
}

/// The fields of a form whose hidden `csrf` was this session's.
pub(crate) struct CsrfForm<T>(pub(crate) T);

impl<T: DeserializeOwned> FromRequest<Arc<Shared>> for CsrfForm<T> {
    type Rejection = Response;

    async fn from_request(request: Request, shared: &Arc<Shared>) -> Result<Self, Response> {
        let (mut parts, body) = request.into_parts();
        let _signed = SignedIn::from_request_parts(&mut parts, shared).await?;
        let form = Form::from_request(Request::from_parts(parts, body), shared).await;
        let Form(fields) = form.map_err(|refused| refused.into_response())?;
        Ok(Self(fields))
    }
}
