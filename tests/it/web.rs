//! What people see and do in a browser: signing in, setting up, installing, and what nobody may.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod access;
mod answers;
mod command;
mod install;
mod runs;
pub(crate) mod setup;
mod sign_in;
