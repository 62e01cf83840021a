//! Stories from a person's words on GitHub to what stands there afterwards.

mod life;
