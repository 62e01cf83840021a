//! One file a story: what happens from a delivery to a result.

pub mod receive;
