//! OpenProducer turns a specification in a GitHub issue into a graph of small issues.
//!
//! The house, from the ground up. A room may use any lower floor; never a neighbour on its own floor, never a
//! floor above (`tests/it/house.rs` holds it).
//!
//! | floor | rooms |
//! |---|---|
//! | 1 | [`domain`]: pure thinking, no IO, no clock, no chance; [`config`] and [`clock`] |
//! | 2 | [`github`], [`ai`], [`store`], [`cache`]: one outside each |
//! | 3 | [`flows`]: one file a story |
//! | 4 | [`web`] and [`worker`]: the two doors through which work comes in |
//! | 5 | [`cli`]: the process |
//! | annex | [`simulator`]: GitHub and AI over real HTTP for the demo and the tests; imports nothing of the house |

pub mod domain;

pub mod clock;
pub mod config;

pub mod ai;
pub mod cache;
pub mod github;
pub mod store;

pub mod flows;

pub mod web;
pub mod worker;

pub mod cli;

pub mod simulator;
