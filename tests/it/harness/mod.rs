//! What every test stands on: real services, a database of its own, the simulator.

pub(crate) mod database;
pub(crate) mod house;
pub(crate) mod sight;
pub(crate) mod services;
