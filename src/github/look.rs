//! One look at how GitHub takes us: asked anew each time, with what its answer says beside its content.

use chrono::TimeDelta;

use super::{AppIdentity, GitHub, GitHubError, Person, RateState, call::Call, person};

/// As whom GitHub knows us.
#[derive(Debug, Clone)]
pub enum Who {
    App(AppIdentity),
    Person(Person),
}

/// What one answer told.
#[derive(Debug, Clone)]
pub struct Look {
    pub who: Who,
    /// What is left of the hour of the App itself, or of the person; installations have their own.
    pub rate: Option<RateState>,
}

impl GitHub {
    /// Asks who we are, past everything that is known already.
    pub async fn look(&self) -> Result<Look, GitHubError> {
        if self.is_person() {
            let call = Call::get("/user".to_owned());
            let answer = self.client().as_person(&call).await?;
            let who = Who::Person(person::read(&answer)?);
            let rate = RateState::read(&answer.headers);
            return Ok(Look { who, rate });
        }
        let answer = self.client().as_app(&Call::get("/app".to_owned())).await?;
        let rate = RateState::read(&answer.headers);
        let who = Who::App(answer.json()?);
        Ok(Look { who, rate })
    }

    /// By how much GitHub's clock is ahead of ours, by its last answer; differences of a header's rounding are none.
    pub fn ahead(&self) -> TimeDelta {
        self.client().ahead()
    }
}
