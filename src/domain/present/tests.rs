//! What people see of a plan, word for word.
