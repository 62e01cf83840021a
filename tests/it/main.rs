//! The one integration test binary: everything that is shown through the door.
#![allow(missing_docs, reason = "tests explain themselves by their names")]
