//! The App's own list of webhook deliveries, and asking for one once more.

use chrono::{DateTime, Utc};
use http::Method;
use serde::Deserialize;

use super::{GitHub, GitHubError, call::Call};

/// One attempt to deliver an event to us, as GitHub lists it for three days.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct HookDelivery {
    pub id: i64,
    /// `X-GitHub-Delivery`; a redelivery keeps it.
    pub guid: String,
    /// By GitHub's clock.
    pub delivered_at: DateTime<Utc>,
    #[serde(default)]
    pub redelivery: bool,
    /// `OK`, or what went wrong.
    #[serde(default)]
    pub status: String,
    /// The HTTP status of the answer; 0: there was none.
    #[serde(default)]
    pub status_code: u16,
    pub event: String,
    #[serde(default)]
    pub action: Option<String>,
    #[serde(default)]
    pub installation_id: Option<i64>,
    #[serde(default)]
    pub repository_id: Option<i64>,
}

impl HookDelivery {
    /// Whether it was taken in with a 2xx.
    pub fn got_through(&self) -> bool {
        self.status.eq_ignore_ascii_case("ok")
    }
}

/// The newest part of the list.
#[derive(Debug, Clone)]
pub struct HookDeliveries {
    /// Newest first.
    pub items: Vec<HookDelivery>,
    /// How many pages were read.
    pub pages: usize,
    /// False: there were more pages than we asked for.
    pub complete: bool,
}

impl GitHub {
    /// The App's deliveries, newest first, back to `floor` or a little further; at most `max_pages` of 100.
    pub async fn list_hook_deliveries(
        &self,
        floor: DateTime<Utc>,
        max_pages: usize,
    ) -> Result<HookDeliveries, GitHubError> {
        let mut found = HookDeliveries {
            items: Vec::new(),
            pages: 0,
            complete: true,
        };
        let mut call = Call::get("/app/hook/deliveries?per_page=100".to_owned());
        loop {
            let answer = self.client().as_app(&call).await?;
            let page: Vec<HookDelivery> = answer.json()?;
            let at_floor = page.last().is_none_or(|oldest| oldest.delivered_at < floor);
            found.items.extend(page);
            found.pages += 1;
            match answer.next_page(self.client().base()) {
                Some(next) if !at_floor => call.path = next,
                _ => return Ok(found),
            }
            if found.pages >= max_pages {
                found.complete = false;
                return Ok(found);
            }
        }
    }

    /// Has GitHub send a delivery once more, under its GUID; it does so a moment after this answer.
    pub async fn redeliver(&self, delivery: i64) -> Result<(), GitHubError> {
        let path = format!("/app/hook/deliveries/{delivery}/attempts");
        let call = Call::bare(Method::POST, path);
        self.client().as_app(&call).await.map(drop)
    }
}
