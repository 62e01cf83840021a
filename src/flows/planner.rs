//! A spec becomes a plan: by a model where one is chosen and can be asked, else by the document's structure, saying why.
//!
//! | file | |
//! |---|---|
//! | `choice` | whose model, with whose key |
//! | `ask` | one question: cache, one call in flight, budget, repair |
//! | `model` | the questions of a plan, in their order |
//! | `availability` | whether a model can be asked at all, known for five minutes |

mod ask;
mod availability;
mod choice;
mod model;

use std::time::Duration;

use chrono::TimeDelta;
use metrics::counter;
use secrecy::SecretString;
use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use tracing::{error, info, warn};
use url::Url;

use self::choice::Chosen;
use super::asked::Asked;
use super::existing::Similar;
use super::{FlowError, FlowResult, Services};
use crate::ai::Models;
use crate::cache::{Cache, Key, Lease};
use crate::domain::comment;
use crate::domain::defuse::{defuse_body, defuse_title};
use crate::domain::ids::{RepositoryId, RunKey};
use crate::domain::plan::Plan;
use crate::domain::planning::{self, Degraded, LONGEST_TITLE, PROMPT_VERSION};
use crate::domain::prices::PriceTable;
use crate::domain::settings::Settings;
use crate::domain::{coverage, structure};
use crate::store::runs::{self, Run};

pub use availability::{Availability, ask_operators_model, operators_model};
pub use choice::choice_of;

/// How long the questions of one plan may take together, within the time of a job.
pub const PATIENCE: Duration = Duration::from_mins(4);

/// Plans of one installation that ask models at the same time, in one process: a third of those that it makes at once.
const PLANS_AT_ONCE: u32 = 4;
/// When one that found no place looks again.
const LOOK_AGAIN: TimeDelta = TimeDelta::seconds(3);
/// Beyond the time of a plan, until its place is free although it was not given back.
const A_MINUTE: Duration = Duration::from_mins(1);

/// Asking models: the operator's part of it.
#[derive(Debug, Clone)]
pub struct Ai {
    pub models: Models,
    /// The operator's own; a tenant's model is asked with the tenant's.
    pub key: Option<SecretString>,
    pub base_url: Option<Url>,
    pub temperature: Option<f64>,
    pub max_tokens: Option<u32>,
    /// How long a reply answers the same question again.
    pub cache_ttl: Duration,
    /// How long it is known whether a model can be asked.
    pub availability_ttl: Duration,
    pub prices: Option<PriceTable>,
    /// What the marks around a spec depend on: nobody who writes a spec knows it, and it is the same on all replicas.
    pub fence: [u8; 32],
    /// How long the questions of one plan may take together.
    pub patience: Duration,
    /// Who plans in this process; a process that dies takes its places along.
    pub places: Cache,
}

impl Ai {
    /// Asks these models with nobody's key.
    pub fn new(models: Models, fence: [u8; 32]) -> Self {
        Self {
            models,
            key: None,
            base_url: None,
            temperature: None,
            max_tokens: None,
            cache_ttl: Duration::from_hours(1),
            availability_ttl: Duration::from_mins(5),
            prices: None,
            fence,
            patience: PATIENCE,
            places: Cache::in_process(1),
        }
    }
}

/// How a plan was made; kept with the run.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct How {
    /// Which prompts were used; none where no model was asked.
    pub prompt_version: Option<String>,
    /// Why structure planned although a model was wanted.
    pub degraded: Option<Degraded>,
    /// How many blocks look like work, and the model says that they are none.
    #[serde(default)]
    pub left_out: usize,
    /// Planned issues that are like existing ones.
    #[serde(default)]
    pub similar: Vec<Similar>,
    /// Of the repositories beside the trigger's own, those that everybody may read.
    #[serde(default)]
    pub public: Vec<RepositoryId>,
    /// The highest number that the plan ever had, where somebody edited it.
    #[serde(default)]
    pub edited_up_to: Option<u32>,
    /// The ids of issues that were added to group the others.
    #[serde(default)]
    pub groups: Vec<String>,
}

impl How {
    /// Whether readers of the run's comment may not know what stands in the repository.
    pub(super) fn hides(&self, run: &Run, repository: RepositoryId) -> bool {
        repository != run.repository && !self.public.contains(&repository)
    }

    /// How the run's plan was made; unknown where an older version kept something else.
    pub(super) async fn of(services: &Services, run: RunKey<'_>) -> FlowResult<Self> {
        let stored = runs::find_planning(services.wall(run.installation), run).await?;
        let how = stored.and_then(|how| serde_json::from_value(how).ok());
        Ok(how.unwrap_or_default())
    }
}

/// A plan before it is made to fit.
#[derive(Debug)]
pub(super) struct Planned {
    pub plan: Plan,
    pub how: How,
}

/// Why a model's planning stopped.
#[derive(Debug)]
enum Stop {
    Why(Degraded),
    /// Ask in smaller parts.
    TooLong,
    /// The run was cancelled meanwhile.
    Over,
    Flow(FlowError),
}

impl From<sqlx::Error> for Stop {
    fn from(error: sqlx::Error) -> Self {
        Self::Flow(error.into())
    }
}

/// Plans what was asked. A model that fails costs at most its time: there is always structure's plan. `None`: the run is
/// over.
pub(super) async fn plan(
    services: &Services,
    run: &Run,
    asked: &Asked,
    settings: &Settings,
) -> FlowResult<Option<Planned>> {
    let wishes = wishes(asked, settings);
    let structural = by_structure(asked, &wishes).await?;
    let (mut plan, how) = match choice::choose(services, run, settings).await? {
        Chosen::Structure => (structural, How::default()),
        Chosen::Nothing(why) => degraded(structural, run, why, None),
        Chosen::Model(model) => {
            let version = Some(PROMPT_VERSION.to_owned());
            let Some(_place) = place(services, run).await else {
                let when = services.clock.now() + LOOK_AGAIN;
                return Err(FlowError::Later(when));
            };
            let wanted = (&wishes, settings);
            let planned = model::plan(services, run, asked, wanted, &structural, &model);
            match Box::pin(planned).await {
                Ok(plan) => {
                    let faults = coverage::check(&plan);
                    if faults.is_empty() {
                        let how = How {
                            prompt_version: version,
                            left_out: planning::left_out(&plan, &structural),
                            ..How::default()
                        };
                        (plan, how)
                    } else {
                        let faults = faults.join("; ");
                        error!(faults, "a model's plan breaks its own rules");
                        let why = Degraded::BeyondRepair {
                            model: model.name(),
                        };
                        degraded(structural, run, why, version)
                    }
                }
                Err(Stop::Flow(error)) => return Err(error),
                Err(Stop::Over) => return Ok(None),
                Err(Stop::Why(why)) => degraded(structural, run, why, version),
                Err(Stop::TooLong) => {
                    let why = Degraded::TooLong {
                        model: model.name(),
                    };
                    degraded(structural, run, why, version)
                }
            }
        }
    };
    counter!("plans_total", "planner" => if plan.planner == "structural" { "structure" } else { "model" })
        .increment(1);
    // Why no model planned comes first: what is long is cut at its end.
    let first = usize::from(how.degraded.is_some());
    plan.warnings
        .splice(first..first, asked.warnings.iter().cloned());
    let refused = settings.labels.value.iter();
    plan.warnings
        .extend(refused.filter(|l| !settings.allows_label(l)).map(|label| {
        format!(
            "The issues go without the usual label `{label}`: the settings here do not allow it."
        )
    }));
    if plan.planner == "structural" && !asked.instructions.is_empty() {
        plan.warnings.push(
            "`replan` was given words, and only a model can follow them: the plan comes from the document's structure."
                .to_owned(),
        );
    }
    let broken = coverage::check(&plan);
    if broken.is_empty() {
        Ok(Some(Planned { plan, how }))
    } else {
        Err(anyhow::anyhow!("the plan breaks its own rules: {}", broken.join("; ")).into())
    }
}

/// One of the tenant's places at models: however slow its own is, others get theirs planned.
async fn place(services: &Services, run: &Run) -> Option<Lease> {
    let key = Key::of(run.installation, &["planning"]);
    let longest = services.ai.patience + A_MINUTE;
    services.ai.places.lease(&key, PLANS_AT_ONCE, longest).await
}

fn degraded(mut plan: Plan, run: &Run, why: Degraded, version: Option<String>) -> (Plan, How) {
    warn!(run.id = %run.id, installation.id = %run.installation, why = why.kind(), "no model planned");
    counter!("plans_degraded_total", "why" => why.kind()).increment(1);
    plan.warnings.insert(0, comment::degraded(&why));
    let how = How {
        prompt_version: version,
        degraded: Some(why),
        ..How::default()
    };
    (plan, how)
}

fn wishes(asked: &Asked, settings: &Settings) -> structure::Wishes {
    let mut labels = asked.labels.clone();
    let usual = settings.labels.value.iter();
    let usual = usual.filter(|l| settings.allows_label(l) && !asked.labels.contains(l));
    labels.extend(usual.cloned());
    structure::Wishes {
        count: asked.count,
        components: asked.components.clone(),
        known_components: settings.components.value.keys().cloned().collect(),
        labels,
        assignees: asked.assignees.clone(),
        repositories: asked.repositories.clone(),
        maximum: settings.max_issues.value,
    }
}

/// Structure's plan of what was asked, for comparison.
pub(super) async fn by_structure_of(asked: &Asked, settings: &Settings) -> FlowResult<Plan> {
    by_structure(asked, &wishes(asked, settings)).await
}

/// Plans off the reactor: a megabyte of Markdown takes its time.
async fn by_structure(asked: &Asked, wishes: &structure::Wishes) -> FlowResult<Plan> {
    let (title, text, wishes) = (asked.title.clone(), asked.text.clone(), wishes.clone());
    let plan = tokio::task::spawn_blocking(move || structure::plan(&title, &text, &wishes));
    let mut plan = plan.await.map_err(anyhow::Error::from)?;
    for issue in &mut plan.issues {
        issue.title = defuse_title(&issue.title);
        // A mention that was broken may have grown it.
        if issue.title.chars().count() > LONGEST_TITLE {
            issue.title = planning::harmless_title(&issue.title);
        }
        issue.body = planning::without_mark(&defuse_body(&issue.body));
    }
    Ok(plan)
}

/// One name for all of the parts, whatever each holds.
fn digest(parts: &[&str]) -> String {
    let mut hash = Sha256::new();
    for part in parts {
        hash.update(part.len().to_le_bytes());
        hash.update(part);
    }
    hex::encode(hash.finalize())
}

/// One line in the log for a plan that a model made.
fn planned_by(run: &Run, model: &choice::Model, plan: &Plan, questions: usize) {
    info!(
        run.id = %run.id, installation.id = %run.installation, model = model.name(), questions,
        issues = plan.issues.len(), "a model planned"
    );
}
