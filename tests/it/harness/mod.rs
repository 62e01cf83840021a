//! What every test stands on: real services, a database of its own, the simulator.

pub(crate) mod browser;
pub(crate) mod database;
pub(crate) mod house;
pub(crate) mod leaving;
pub(crate) mod port;
pub(crate) mod services;
pub(crate) mod sight;
