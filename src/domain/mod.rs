//! The ground floor: what the product thinks, with no IO, no async, no clock and no chance.
//!
//! Invariant: nothing in this folder waits, reads a file or asks for the time.

pub mod command;
pub mod comment;
pub mod coverage;
pub mod defuse;
pub mod edit;
pub mod event;
pub mod fingerprint;
pub mod grouping;
pub mod ids;
pub mod manifest;
pub mod markdown;
pub mod money;
pub mod plan;
pub mod planning;
pub mod policy;
pub mod present;
pub mod prices;
pub mod quality;
pub mod rejection;
pub mod request;
pub mod run;
pub mod settings;
pub mod similarity;
pub mod spec;
pub mod structure;
pub mod sync;
pub mod trigger;
