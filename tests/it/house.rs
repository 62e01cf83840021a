//! Placeholder until its author merges.
