//! The one integration test binary: everything that is shown through the door.

mod cache;
mod embedded;
mod github;
mod harness;
mod house;
mod ingest;
mod simulator;
mod store;
