//! Runs as they go on: one look at the database for all who watch, and a stream of the page's parts to each of them.

use std::collections::HashMap;
use std::convert::Infallible;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use axum::http::header;
use axum::response::sse::{Event, KeepAlive, Sse};
use axum::response::{IntoResponse as _, Response};
use futures_util::stream;
use sqlx::PgPool;
use tokio::sync::{OwnedSemaphorePermit, Semaphore, watch};
use tokio::time::Instant;

use crate::domain::ids::{InstallationId, RunId, RunKey, UserId};
use crate::store::runs::{self, Pulse};
use crate::web::PAGE_TIMEOUT;
use crate::web::error::{PageError, PageResult};

/// How often the database is asked how the watched runs are.
const LOOK: Duration = Duration::from_millis(400);
/// A page is sent no more often than this, however fast its run goes.
const BETWEEN_PAGES: Duration = Duration::from_millis(500);
/// Streams of one process: more are told to come back.
const MOST_STREAMS: usize = 300;
/// Streams of one person: tabs that are forgotten are many, and one person must not take all.
const MOST_OF_ONE: usize = 8;
/// After that the browser asks again, with its session: whoever has signed out since gets nothing any more.
const LONGEST: Duration = Duration::from_mins(3);
const RECONNECT: Duration = Duration::from_secs(1);

/// The next page of one stream, being drawn.
pub(super) type Drawing = Pin<Box<dyn Future<Output = Frame> + Send>>;

/// Who watches which run.
pub(crate) struct Live {
    pool: PgPool,
    watched: Arc<Mutex<Watched>>,
    room: Arc<Semaphore>,
    stopping: watch::Receiver<bool>,
}

#[derive(Default)]
struct Watched {
    runs: HashMap<RunId, WatchedRun>,
    people: HashMap<UserId, usize>,
    is_looked_after: bool,
}

struct WatchedRun {
    home: InstallationId,
    pulse: watch::Sender<Option<Pulse>>,
}

/// What a stream sends next.
pub(super) enum Frame {
    /// The page's parts as they are now.
    Page(String),
    /// The same, and nothing will change any more.
    Last(String),
    /// It is not theirs to see any more.
    Gone,
}

impl Live {
    pub(crate) fn new(pool: PgPool, stopping: watch::Receiver<bool>) -> Self {
        Self {
            pool,
            watched: Arc::default(),
            room: Arc::new(Semaphore::new(MOST_STREAMS)),
            stopping,
        }
    }

    /// Streams what `draw` gives, now and whenever the run has changed.
    pub(super) fn stream<D>(&self, person: UserId, run: RunKey<'_>, draw: D) -> PageResult<Response>
    where
        D: FnMut() -> Drawing + Send + 'static,
    {
        let Some(place) = self.place(person) else {
            return Err(PageError::Unavailable(
                "Too many pages are watching",
                "There is no room for live updates at the moment. Reload the page to see how the run is."
                    .to_owned(),
            ));
        };
        let viewer = Viewer {
            pulse: self.watch(run),
            stopping: self.stopping.clone(),
            ends: Instant::now() + LONGEST,
            is_first: true,
            is_over: false,
            draw,
            _place: place,
        };
        let events = stream::unfold(viewer, |mut viewer| async move {
            let event = viewer.next().await?;
            Some((Ok::<_, Infallible>(event), viewer))
        });
        let events =
            Sse::new(events).keep_alive(KeepAlive::new().interval(Duration::from_secs(20)));
        // The library says `no-cache`, which lets it be kept.
        let keep = [(header::CACHE_CONTROL, "no-store")];
        Ok((keep, events).into_response())
    }

    fn place(&self, person: UserId) -> Option<Place> {
        let room = Arc::clone(&self.room).try_acquire_owned().ok()?;
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let own = watched.people.entry(person).or_default();
        if *own >= MOST_OF_ONE {
            return None;
        }
        *own += 1;
        Some(Place {
            person,
            watched: Arc::clone(&self.watched),
            _room: room,
        })
    }

    fn watch(&self, run: RunKey<'_>) -> watch::Receiver<Option<Pulse>> {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        let receiver = watched
            .runs
            .entry(run.id.clone())
            .or_insert_with(|| WatchedRun {
                home: run.installation,
                pulse: watch::channel(None).0,
            })
            .pulse
            .subscribe();
        if !watched.is_looked_after {
            watched.is_looked_after = true;
            tokio::spawn(look_after(self.pool.clone(), Arc::clone(&self.watched)));
        }
        receiver
    }
}

/// A person's place among the streams; given back when the stream ends, however it ends.
struct Place {
    person: UserId,
    watched: Arc<Mutex<Watched>>,
    _room: OwnedSemaphorePermit,
}

impl Drop for Place {
    fn drop(&mut self) {
        let mut watched = self.watched.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(own) = watched.people.get_mut(&self.person) {
            *own -= 1;
            if *own == 0 {
                watched.people.remove(&self.person);
            }
        }
    }
}

/// Looks at the watched runs until nobody watches any.
async fn look_after(pool: PgPool, watched: Arc<Mutex<Watched>>) {
    loop {
        tokio::time::sleep(LOOK).await;
        let (ids, homes): (Vec<String>, Vec<i64>) = {
            let mut watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
            watched.runs.retain(|_, run| run.pulse.receiver_count() > 0);
            if watched.runs.is_empty() {
                watched.is_looked_after = false;
                return;
            }
            let named = watched.runs.iter();
            named.map(|(id, run)| (id.to_string(), run.home.0)).unzip()
        };
        let pulses = match runs::list_pulses(&pool, &ids, &homes).await {
            Ok(pulses) => pulses,
            Err(error) => {
                tracing::warn!(%error, "cannot look at the runs that people watch");
                continue;
            }
        };
        let watched = watched.lock().unwrap_or_else(PoisonError::into_inner);
        for pulse in pulses {
            if let Some(run) = watched.runs.get(&pulse.id) {
                run.pulse.send_if_modified(|known| {
                    let is_new = known.as_ref() != Some(&pulse);
                    *known = Some(pulse);
                    is_new
                });
            }
        }
    }
}

/// One stream.
struct Viewer<D> {
    pulse: watch::Receiver<Option<Pulse>>,
    stopping: watch::Receiver<bool>,
    ends: Instant,
    is_first: bool,
    is_over: bool,
    draw: D,
    _place: Place,
}

impl<D: FnMut() -> Drawing> Viewer<D> {
    async fn next(&mut self) -> Option<Event> {
        if self.is_over {
            return None;
        }
        if self.is_first {
            self.is_first = false;
        } else {
            let changed = async {
                tokio::time::sleep(BETWEEN_PAGES).await;
                self.pulse.changed().await
            };
            tokio::select! {
                changed = changed => changed.ok()?,
                () = tokio::time::sleep_until(self.ends) => return None,
                _ = self.stopping.wait_for(|stop| *stop) => return None,
            }
        }
        // A page that takes longer than any other page may is given up with the stream; the browser comes back.
        let drawn = tokio::select! {
            drawn = tokio::time::timeout(PAGE_TIMEOUT, (self.draw)()) => drawn.ok()?,
            _ = self.stopping.wait_for(|stop| *stop) => return None,
        };
        let (name, data) = match drawn {
            Frame::Page(html) => ("page", html),
            Frame::Last(html) => {
                self.is_over = true;
                ("last", html)
            }
            Frame::Gone => {
                self.is_over = true;
                ("gone", String::new())
            }
        };
        Some(Event::default().event(name).retry(RECONNECT).data(data))
    }
}
