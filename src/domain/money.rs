//! What a model costs: US dollars in whole billionths, so that sums are exact.

use std::fmt;
use std::ops::{Add, AddAssign};

use serde::{Deserialize, Serialize};

/// An amount in US dollars.
#[derive(
    Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize,
)]
#[serde(transparent)]
pub struct Money {
    /// Billionths of a dollar.
    pub nanos: i64,
}

/// What a model's tokens cost, in dollars for a million of them.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct Price {
    pub input: f64,
    pub output: f64,
}

const A_DOLLAR: f64 = 1e9;

impl Money {
    pub const ZERO: Self = Self { nanos: 0 };

    /// To the nearest billionth; what is not a number, or below nothing, is nothing.
    pub fn dollars(dollars: f64) -> Self {
        Self::whole((dollars * A_DOLLAR).round())
    }

    fn whole(nanos: f64) -> Self {
        #[expect(
            clippy::cast_possible_truncation,
            reason = "a float beyond the range becomes the range's end"
        )]
        let nanos = nanos as i64;
        Self {
            nanos: nanos.max(0),
        }
    }

    /// For forms and JSON.
    pub fn to_dollars(self) -> f64 {
        #[expect(
            clippy::cast_precision_loss,
            reason = "exact up to nine million dollars"
        )]
        let nanos = self.nanos as f64;
        nanos / A_DOLLAR
    }
}

impl Price {
    /// What so many tokens cost, rounded up to the next billionth.
    pub fn of(self, tokens_in: u64, tokens_out: u64) -> Money {
        #[expect(clippy::cast_precision_loss, reason = "exact up to 2^53 tokens")]
        let cost = |tokens: u64, price: f64| Money::whole((tokens as f64 * price * 1e3).ceil());
        cost(tokens_in, self.input) + cost(tokens_out, self.output)
    }
}

impl Add for Money {
    type Output = Self;

    fn add(self, other: Self) -> Self {
        Self {
            nanos: self.nanos.saturating_add(other.nanos),
        }
    }
}

impl AddAssign for Money {
    fn add_assign(&mut self, other: Self) {
        *self = *self + other;
    }
}

impl std::iter::Sum for Money {
    fn sum<I: Iterator<Item = Self>>(amounts: I) -> Self {
        amounts.fold(Self::ZERO, Add::add)
    }
}

/// `$1.25`; below ten cents with as many places as show it, never `$0.00` for something.
impl fmt::Display for Money {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let dollars = self.to_dollars();
        match self.nanos {
            0 | 100_000_000.. => write!(f, "${dollars:.2}"),
            100_000.. => write!(f, "${dollars:.4}"),
            _ => write!(f, "less than $0.0001"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_cost_what_the_table_says_to_the_billionth() {
        let price = Price {
            input: 0.25,
            output: 2.0,
        };
        assert_eq!(price.of(1_000_000, 0), Money::dollars(0.25));
        assert_eq!(price.of(1_000, 500).nanos, 250_000 + 1_000_000);
        let odd = Price {
            input: 0.0375,
            output: 0.0,
        };
        assert_eq!(odd.of(1, 0).nanos, 38, "rounded up, never free");
        assert_eq!(odd.of(0, 9), Money::ZERO);
    }

    #[test]
    fn it_is_shown_as_people_write_it() {
        let shown: Vec<String> = [0.0, 12.345, 0.1, 0.0123, 0.000_1, 0.000_000_5]
            .map(|dollars| Money::dollars(dollars).to_string())
            .into();
        assert_eq!(
            shown,
            [
                "$0.00",
                "$12.35",
                "$0.10",
                "$0.0123",
                "$0.0001",
                "less than $0.0001"
            ]
        );
    }

    #[test]
    fn nonsense_costs_nothing_and_too_much_does_not_wrap() {
        assert_eq!(Money::dollars(f64::NAN), Money::ZERO);
        assert_eq!(Money::dollars(-1.0), Money::ZERO);
        let most = Money { nanos: i64::MAX };
        assert_eq!(most + most, most);
    }
}
