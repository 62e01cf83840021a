//! Time and chance: the only place that asks the machine for either, so that tests can say what they are.

use std::fmt;
use std::sync::{Arc, Mutex, PoisonError};

use chrono::{DateTime, TimeDelta, Utc};
use rand::rngs::StdRng;
use rand::{Rng as _, SeedableRng as _};

/// What time it is. Cheap to clone; clones of a clock set by hand move together.
#[derive(Clone)]
pub struct Clock(Time);

#[derive(Clone)]
enum Time {
    Machine,
    ByHand(Arc<Mutex<DateTime<Utc>>>),
}

impl Clock {
    /// The machine's own time.
    pub fn system() -> Self {
        Self(Time::Machine)
    }

    /// Stands still at `at` until [`Clock::advance`] or [`Clock::set`] moves it.
    pub fn fixed(at: DateTime<Utc>) -> Self {
        Self(Time::ByHand(Arc::new(Mutex::new(at))))
    }

    /// Now, in UTC.
    pub fn now(&self) -> DateTime<Utc> {
        match &self.0 {
            Time::Machine => machine_time(),
            Time::ByHand(at) => *at.lock().unwrap_or_else(PoisonError::into_inner),
        }
    }

    /// The time that was set by hand; `None`: the machine's, which other machines need not share.
    pub fn set_by_hand(&self) -> Option<DateTime<Utc>> {
        match &self.0 {
            Time::Machine => None,
            Time::ByHand(_) => Some(self.now()),
        }
    }

    /// Moves a clock set by hand; the machine's own time moves for nobody.
    pub fn advance(&self, by: TimeDelta) {
        self.set(self.now() + by);
    }

    /// Sets a clock set by hand to `at`; the machine's own time stays what it is.
    pub fn set(&self, to: DateTime<Utc>) {
        if let Time::ByHand(at) = &self.0 {
            *at.lock().unwrap_or_else(PoisonError::into_inner) = to;
        }
    }
}

impl fmt::Debug for Clock {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Time::Machine => f.write_str("Clock(system)"),
            Time::ByHand(_) => write!(f, "Clock(fixed at {})", self.now()),
        }
    }
}

#[expect(clippy::disallowed_methods, reason = "this is the clock")]
fn machine_time() -> DateTime<Utc> {
    Utc::now()
}

/// Chance for run ids, one-time links and states. Cheap to clone; clones of a seeded one share its sequence.
#[derive(Clone)]
pub struct Chance(Source);

#[derive(Clone)]
enum Source {
    Machine,
    Seeded(Arc<Mutex<StdRng>>),
}

impl Chance {
    /// Chance good enough for secrets.
    pub fn system() -> Self {
        Self(Source::Machine)
    }

    /// The same sequence every time; for tests only.
    pub fn seeded(seed: u64) -> Self {
        Self(Source::Seeded(Arc::new(Mutex::new(StdRng::seed_from_u64(
            seed,
        )))))
    }

    /// `N` bytes of chance.
    pub fn random_bytes<const N: usize>(&self) -> [u8; N] {
        let mut bytes = [0; N];
        match &self.0 {
            Source::Machine => rand::rng().fill_bytes(&mut bytes),
            Source::Seeded(rng) => rng
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
                .fill_bytes(&mut bytes),
        }
        bytes
    }
}

impl fmt::Debug for Chance {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Source::Machine => f.write_str("Chance(system)"),
            Source::Seeded(_) => f.write_str("Chance(seeded)"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn clones_of_a_fixed_clock_move_together() {
        let start = DateTime::UNIX_EPOCH;
        let clock = Clock::fixed(start);
        let other = clock.clone();
        assert_eq!(other.now(), start);
        clock.advance(TimeDelta::minutes(5));
        assert_eq!(other.now(), start + TimeDelta::minutes(5));
    }

    #[test]
    fn system_clock_ignores_being_set() {
        let clock = Clock::system();
        clock.set(DateTime::UNIX_EPOCH);
        assert!(clock.now() > DateTime::UNIX_EPOCH);
    }

    #[test]
    fn seeded_chance_repeats_itself_and_system_chance_does_not() {
        let first: [u8; 8] = Chance::seeded(7).random_bytes();
        assert_eq!(Chance::seeded(7).random_bytes(), first);
        let chance = Chance::system();
        assert_ne!(chance.random_bytes::<16>(), chance.random_bytes::<16>());
    }
}
