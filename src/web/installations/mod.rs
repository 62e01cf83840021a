//! `/installations` and `/installations/{id}`: where the App is, what it did there, and how it is doing.

mod doing;
mod list;
mod overview;

pub(super) use list::list;
pub(super) use overview::show;
