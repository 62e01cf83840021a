//! Vocabularies: what words mean to the planner. Data first; nothing here knows of issues.

pub(crate) mod asks;
pub(crate) mod columns;
pub(crate) mod headings;
pub(crate) mod language;
pub(crate) mod lists;
pub(crate) mod names;
pub(crate) mod phrases;
pub(crate) mod verbs;
