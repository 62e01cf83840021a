//! Planning with a model, tried without one.
