//! GitHub's limits: places to write, one installation over all replicas, and whole runs against a simulated clock.
#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]
#![expect(clippy::print_stdout, reason = "how much was used is printed")]

mod places;
mod runs;
