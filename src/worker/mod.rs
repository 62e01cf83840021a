//! Claims jobs and runs their flow; a job that fails comes again later, the last failure is told to people.

mod jobs;
mod supervise;

pub use supervise::run;
