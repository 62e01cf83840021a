//! The program: arguments to the command line's room, its answer to an exit code.

fn main() {}
