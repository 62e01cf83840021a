//! How long planning takes: a specification of 60,000 characters, and how much a character of a large one costs beside it.

#![expect(clippy::print_stdout, reason = "a benchmark tells what it measured")]

use std::hint::black_box;
use std::time::{Duration, Instant};

use openproducer::domain::structure::{Wishes, plan};

const EXAMPLES: &str = concat!(
    include_str!("../docs/examples/team-inbox-prd.md"),
    "\n",
    include_str!("../docs/examples/billing-migration.md"),
    "\n",
);

fn main() {
    let small = spec_of(60_000);
    let large = spec_of(1_000_000);
    let (one, other) = (fastest(&small, 9), fastest(&large, 3));
    let per_byte = |time: Duration, text: &str| {
        time.as_secs_f64() / f64::from(u32::try_from(text.len()).unwrap_or(u32::MAX))
    };
    println!(
        "{:>9} characters: {:.1} ms",
        small.chars().count(),
        one.as_secs_f64() * 1e3
    );
    println!(
        "{:>9} characters: {:.1} ms",
        large.chars().count(),
        other.as_secs_f64() * 1e3
    );
    println!(
        "a byte of the large one costs {:.2} times a byte of the small one (1 is linear)",
        per_byte(other, &large) / per_byte(one, &small)
    );
}

/// The examples, again and again, up to so many bytes.
fn spec_of(bytes: usize) -> String {
    EXAMPLES
        .lines()
        .cycle()
        .scan(0, |length, line| {
            *length += line.len() + 1;
            (*length <= bytes).then_some(line)
        })
        .flat_map(|line| [line, "\n"])
        .collect()
}

fn fastest(text: &str, rounds: usize) -> Duration {
    let wishes = Wishes {
        maximum: 100,
        ..Wishes::default()
    };
    (0..rounds)
        .map(|_| {
            let start = Instant::now();
            black_box(plan("Large", black_box(text), &wishes));
            start.elapsed()
        })
        .min()
        .unwrap_or_default()
}
