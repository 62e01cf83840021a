//! Places to write, as the database gives them out.

use chrono::{DateTime, TimeDelta, Utc};
use futures_util::future::join_all;
use openproducer::domain::ids::{InstallationId, UserId};
use openproducer::flows::pace::{For, Pace, Write};
use openproducer::store::installations::{self, Account};
use openproducer::store::pace::{self, Usage};

use crate::harness::database::TestDatabase;

const ACME: InstallationId = InstallationId(7);
const ISSUE: Write = Write::Content { per_minute: 80 };
const TOGETHER: TimeDelta = TimeDelta::seconds(10);

/// One installation, and a clock that only the test moves.
struct Places {
    database: TestDatabase,
    now: DateTime<Utc>,
}

impl Places {
    async fn open() -> Self {
        let places = Self {
            database: TestDatabase::create().await,
            now: DateTime::from_timestamp(1_800_000_000, 0).unwrap(),
        };
        for id in [ACME, InstallationId(8)] {
            let account = Account {
                id: UserId(id.0),
                login: format!("account-{id}"),
                kind: "Organization".to_owned(),
            };
            installations::upsert(places.database.pool(), id, &account, places.now)
                .await
                .unwrap();
        }
        places
    }

    /// `None`: taken. Else how many milliseconds to wait.
    async fn take(&self, write: Write, by: For) -> Option<i64> {
        self.take_for(ACME, write, by).await
    }

    async fn take_for(&self, id: InstallationId, write: Write, by: For) -> Option<i64> {
        let asked = Pace::GITHUB.asked(write, by);
        let taken = pace::take(self.database.pool(), id, &asked, Some(self.now)).await;
        let later = taken.unwrap().err()?;
        Some((later - self.now).num_milliseconds())
    }

    /// Takes a place as soon as there is one; answers how long that took, in seconds.
    async fn wait(&mut self, write: Write) -> i64 {
        let begun = self.now;
        while let Some(milliseconds) = self.take(write, For::Run).await {
            self.now += TimeDelta::milliseconds(milliseconds);
        }
        (self.now - begun).num_seconds()
    }

    fn later(&mut self, seconds: i64) {
        self.now += TimeDelta::seconds(seconds);
    }
}

#[tokio::test]
async fn writes_of_an_installation_are_a_second_apart() {
    let mut t = Places::open().await;
    for write in [
        ISSUE,
        Write::Edit,
        Write::COMMENT,
        Write::Link {
            per_minute: 80,
            yields: false,
        },
    ] {
        assert_eq!(t.take(write, For::Run).await, None);
        t.now += TimeDelta::milliseconds(400);
        assert_eq!(t.take(Write::Edit, For::People).await, Some(600));
        assert_eq!(
            t.take_for(InstallationId(8), Write::Edit, For::Run).await,
            None
        );
        t.later(10);
    }
}

#[tokio::test]
async fn a_minute_and_an_hour_hold_what_github_allows() {
    let mut t = Places::open().await;
    let slow = Write::Content { per_minute: 3 };
    let waits: Vec<i64> = [t.wait(slow).await, t.wait(slow).await, t.wait(slow).await].into();
    assert_eq!(waits, [0, 1, 1]);
    assert_eq!(
        t.wait(slow).await,
        59,
        "until the first is a minute old, and a little more"
    );
    t.later(7200);
    for _ in 0..500 {
        assert!(t.wait(ISSUE).await <= 1);
    }
    assert_eq!(
        t.take(Write::Edit, For::Run).await,
        Some(1000),
        "edits are not counted"
    );
    assert_eq!(t.wait(ISSUE).await, 3605 - 499);
    let usage = pace::usage(t.database.pool(), ACME, t.now).await.unwrap();
    assert!(usage.content_in_hour <= 500, "{usage:?}");
}

#[tokio::test]
async fn a_rate_above_githubs_is_githubs() {
    let asked = Pace::GITHUB.asked(Write::Content { per_minute: 5000 }, For::Run);
    assert_eq!(asked.content, Some((80, 500)));
    let nothing = Pace::GITHUB.asked(Write::Content { per_minute: 0 }, For::Run);
    assert_eq!(nothing.content, Some((1, 500)));
}

#[tokio::test]
async fn links_leave_the_rest_of_the_hour_to_creation() {
    let mut t = Places::open().await;
    for _ in 0..400 {
        t.wait(Write::Link {
            per_minute: 80,
            yields: false,
        })
        .await;
    }
    t.later(1);
    let hour = t
        .take(
            Write::Link {
                per_minute: 80,
                yields: true,
            },
            For::Run,
        )
        .await
        .unwrap();
    assert!(hour > 3_000_000, "{hour}");
    assert_eq!(
        t.take(
            Write::Link {
                per_minute: 80,
                yields: false
            },
            For::Run
        )
        .await,
        None
    );
    t.later(1);
    assert_eq!(t.take(ISSUE, For::Run).await, None);
}

#[tokio::test]
async fn people_who_wait_go_before_runs() {
    let mut t = Places::open().await;
    assert_eq!(t.take(ISSUE, For::Run).await, None);
    assert_eq!(t.take(Write::COMMENT, For::People).await, Some(1000));
    t.later(1);
    assert_eq!(
        t.take(ISSUE, For::Run).await,
        Some(300),
        "somebody is about to come"
    );
    assert_eq!(t.take(Write::COMMENT, For::People).await, None);
}

#[tokio::test]
async fn a_refusal_halves_the_pace_and_a_quiet_hour_restores_it() {
    let mut t = Places::open().await;
    let pool = t.database.pool().clone();
    t.wait(ISSUE).await;
    let named = t.now + TimeDelta::seconds(90);
    let until = pace::slow_down(&pool, ACME, Some(named), t.now, TOGETHER)
        .await
        .unwrap();
    assert_eq!(until, named, "what GitHub says comes first");
    t.later(2);
    pace::slow_down(&pool, ACME, Some(named), t.now, TOGETHER)
        .await
        .unwrap();
    assert_eq!(t.take(Write::Edit, For::People).await, Some(88_000));
    assert_eq!(t.wait(ISSUE).await, 88);
    assert_eq!(
        t.wait(ISSUE).await,
        2,
        "requests refused together are one refusal"
    );
    t.later(3600);
    t.wait(ISSUE).await;
    assert_eq!(t.wait(ISSUE).await, 1);
    let usage = pace::usage(&pool, ACME, t.now).await.unwrap();
    assert_eq!(
        usage,
        Usage {
            content_in_hour: 2,
            slowness: 0
        }
    );
}

#[tokio::test]
async fn a_refusal_without_a_time_waits_a_minute_and_longer_each_time() {
    let mut t = Places::open().await;
    let pool = t.database.pool().clone();
    let mut waits = Vec::new();
    for _ in 0..7 {
        let until = pace::slow_down(&pool, ACME, None, t.now, TOGETHER)
            .await
            .unwrap();
        waits.push((until - t.now).num_minutes());
        t.now = until;
    }
    assert_eq!(waits, [1, 2, 4, 8, 16, 32, 32]);
}

#[tokio::test]
async fn replicas_that_ask_at_once_get_one_place() {
    let t = Places::open().await;
    let taken = join_all((0..8).map(|_| t.take(ISSUE, For::Run))).await;
    let given = taken.iter().filter(|later| later.is_none()).count();
    assert_eq!(given, 1, "{taken:?}");
}
