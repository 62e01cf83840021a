//! GitHub over HTTP: authentication, the Issues API, webhooks.

pub mod webhook;
