//! GitHub over real HTTP, in memory, on the loopback: for the demo and the tests. Imports nothing of the house.
//!
//! | file | |
//! |---|---|
//! | `door` | the socket: faults, authentication, limits, then a route; records every request |
//! | `world/` | what exists: accounts, repositories, issues, installations, tokens |
//! | `deeds/` | what can happen to it, by whomever; each deed queues its webhooks |
//! | `routes/` | the REST API, one file a topic |
//! | `shapes/` | the JSON in which GitHub tells of each thing |
//! | `webhooks` | deliveries: signed, sent in order, kept, redelivered |
//! | `faults`, `limits` | the refusals and accidents that tests ask for |
//! | `pages/` | the web pages |
//! | `handle/` | what tests and the demo hold in their hands |
//! | [`models`] | another house: AI providers over real HTTP |
//!
//! Known differences from GitHub: no search, no GraphQL, no entity tags; the App's key is a fixed test key.

mod call;
mod clock;
mod deeds;
mod door;
mod faults;
mod handle;
mod happening;
mod limits;
pub mod models;
mod pages;
mod routes;
mod shapes;
mod webhooks;
mod world;

pub use call::Actor;
pub use door::Recorded;
pub use faults::{Effect, Fault, Faults};
pub use handle::{
    CommentRef, CommentView, IssueRef, IssueView, Person, Purchase, ReactionView,
    RepositorySelection, RepositoryView, Setup, Simulator,
};
pub use happening::{Happening, What};
pub use limits::Limits;
pub use webhooks::{Delivery, Hook};
pub use world::{App, Role};
