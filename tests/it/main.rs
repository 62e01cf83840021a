//! The one integration test binary: everything that is shown through the door.

#![expect(clippy::unwrap_used, reason = "what helps tests may fail as they do")]

mod ai;
mod api;
mod browser;
mod cache;
mod cli;
mod cli_token;
mod crash;
mod demo;
mod doctor;
mod embedded;
mod flows;
mod github;
mod harness;
mod house;
mod ingest;
mod limits;
mod planner;
mod settings;
mod simulator;
mod store;
mod sweep;
mod walls;
mod web;
