//! A model plans: how many issues, part by part what they are, what is still missing, and titles that collide.

use std::sync::Arc;
use std::sync::atomic::AtomicUsize;
use std::time::Duration;

use futures_util::future;
use tokio::sync::Semaphore;
use tokio::time::Instant;
use tracing::debug;

use super::ask::{Asking, Purpose};
use super::choice::Model;
use super::{Stop, availability};
use crate::ai::Provider;
use crate::domain::comment;
use crate::domain::fingerprint::UniqueBy;
use crate::domain::plan::Plan;
use crate::domain::planning::{
    self, Assembled, Brief, Degraded, Drafts, Part, Surroundings, count_question, issues_question,
    missing_part, missing_question, read_count, read_issues, read_missing, read_varied,
    vary_question,
};
use crate::domain::settings::Settings;
use crate::domain::structure::Wishes;
use crate::flows::asked::Asked;
use crate::flows::{FlowResult, Services};
use crate::github::{GitHubError, IssueState, Repo};
use crate::store::runs::Run;

/// Characters of the spec in one question: a model writes the issues of so much within a minute.
const PART: usize = 16_000;
/// Of an own server, whose models often read less.
const SMALL_PART: usize = 8_000;
/// In smaller parts nothing can be planned.
const LEAST_PART: usize = 2_000;
/// How long the repository may take to say what it is like; without it a plan is made as well.
const A_LOOK: Duration = Duration::from_secs(20);
/// Parts of one plan that are asked for at once.
const AT_ONCE: usize = 4;

/// Everything that a plan's questions are made of.
struct Matter {
    title: String,
    wishes: Wishes,
    surroundings: Surroundings,
    instructions: Vec<String>,
    nonce: String,
    structural: Plan,
}

impl Matter {
    fn brief(&self) -> Brief<'_> {
        Brief {
            spec: &self.structural.spec,
            title: &self.title,
            wishes: &self.wishes,
            surroundings: &self.surroundings,
            instructions: &self.instructions,
            nonce: &self.nonce,
        }
    }
}

/// The model's plan of what was asked, with structure's for what it left out.
pub(super) async fn plan(
    services: &Services,
    run: &Run,
    asked: &Asked,
    (wishes, settings): (&Wishes, &Settings),
    structural: &Plan,
    model: &Model,
) -> Result<Plan, Stop> {
    let ends = Instant::now() + services.ai.patience;
    let fresh = asked.replans > 0;
    let seen = availability::look(services, run.installation, &model.choice, fresh).await;
    if let Some(says) = seen.and_then(|seen| seen.trouble) {
        let model = model.name();
        return Err(Stop::Why(Degraded::Unavailable { model, says }));
    }
    let known = tokio::time::timeout(
        A_LOOK,
        Box::pin(surroundings(services, run, asked, settings)),
    )
    .await;
    let surroundings = known.unwrap_or(Ok(Surroundings::default()));
    let mut secret = services.ai.fence.to_vec();
    secret.extend(run.installation.0.to_le_bytes());
    let matter = Arc::new(Matter {
        nonce: planning::nonce(&secret, &asked.title, &asked.text),
        title: asked.title.clone(),
        wishes: wishes.clone(),
        surroundings: surroundings.map_err(Stop::Flow)?,
        instructions: asked.instructions.clone(),
        structural: structural.clone(),
    });
    let asking = Asking {
        services,
        run,
        brief: &matter.brief(),
        model,
        replans: asked.replans,
        ends,
        sent: AtomicUsize::new(0),
    };
    let mut size = match model.choice.provider {
        Provider::Custom => SMALL_PART,
        _ => PART,
    };
    let assembled = loop {
        match Box::pin(in_parts(&asking, &matter, size)).await {
            Err(Stop::TooLong) if size / 2 >= LEAST_PART => size /= 2,
            other => break other?,
        }
    };
    let plan = Box::pin(varied(&asking, asked, assembled)).await?;
    super::planned_by(run, model, &plan, asking.sent());
    Ok(plan)
}

/// Plans in parts of at most so many characters.
async fn in_parts(
    asking: &Asking<'_>,
    matter: &Arc<Matter>,
    size: usize,
) -> Result<Assembled, Stop> {
    let brief = asking.brief;
    let (count, reason) = count(asking, size).await?;
    let parts = planning::parts(brief, size);
    let shares = count.map(|count| planning::share(count, &parts, &matter.structural));
    let places = Semaphore::new(AT_ONCE);
    let asked = parts.iter().enumerate().map(|(n, part)| {
        let share = shares.as_ref().map(|shares| shares[n]);
        let places = &places;
        async move {
            let _place = places.acquire().await;
            Box::pin(one_part(asking, part, share, brief.wishes.count.is_some())).await
        }
    });
    let mut drafts = Vec::with_capacity(parts.len() + 1);
    let mut lost = Vec::new();
    for (part, drafted) in parts.iter().zip(future::join_all(asked).await) {
        let drafted = match drafted {
            Ok(drafted) => drafted,
            Err(Stop::Why(why)) => {
                lost.push((lines_of(brief, part), why));
                Drafts::default()
            }
            Err(stop) => return Err(stop),
        };
        drafts.push((part.clone(), drafted));
    }
    let with_text = parts.iter().filter(|part| !part.is_empty()).count();
    if lost.len() >= with_text
        && let Some((_, why)) = lost.pop()
    {
        return Err(Stop::Why(why));
    }
    if lost.is_empty() {
        Box::pin(missing(asking, matter, size, &mut drafts)).await?;
    }
    let name = asking.model.name();
    let mut assembled = off_the_reactor(matter, move |matter| {
        let brief = matter.brief();
        planning::assemble(
            &brief,
            &drafts,
            &matter.structural,
            &name,
            reason.as_deref(),
        )
    })
    .await?;
    let said = lost
        .iter()
        .map(|(lines, why)| comment::partly_degraded(*lines, why));
    assembled.plan.warnings.splice(0..0, said);
    Ok(assembled)
}

/// A long spec and a long reply take their time to compare.
async fn off_the_reactor<T: Send + 'static>(
    matter: &Arc<Matter>,
    work: impl FnOnce(&Matter) -> T + Send + 'static,
) -> Result<T, Stop> {
    let matter = matter.clone();
    tokio::task::spawn_blocking(move || work(&matter))
        .await
        .map_err(|error| Stop::Flow(anyhow::Error::from(error).into()))
}

/// How many issues and why; the person's number, the model's, or none where the model gives none that can be used.
async fn count(asking: &Asking<'_>, size: usize) -> Result<(Option<u32>, Option<String>), Stop> {
    let brief = asking.brief;
    if brief.wishes.count.is_some() {
        return Ok((brief.wishes.count, None));
    }
    let question = count_question(brief, size);
    let read = |reply: &str, _| read_count(reply, brief);
    match asking.ask(Purpose::Count, &question, read).await {
        Ok((count, _)) => Ok((Some(count.count), Some(count.reason))),
        Err(Stop::Why(Degraded::BeyondRepair { .. })) => Ok((None, None)),
        Err(stop) => Err(stop),
    }
}

async fn one_part(
    asking: &Asking<'_>,
    part: &Part,
    share: Option<u32>,
    is_persons: bool,
) -> Result<Drafts, Stop> {
    if part.is_empty() {
        return Ok(Drafts::default());
    }
    let brief = asking.brief;
    let question = issues_question(brief, part, share);
    let read = |reply: &str, is_last: bool| {
        // A good plan is not thrown away because the model changed its mind about its own number.
        let share = share.filter(|_| is_persons || !is_last);
        read_issues(reply, brief, part, share)
    };
    let (mut drafts, repairs) = asking.ask(Purpose::Issues, &question, read).await?;
    drafts.repairs = repairs;
    Ok(drafts)
}

/// Asks once more for what nobody covers; what is still missing then is structure's.
async fn missing(
    asking: &Asking<'_>,
    matter: &Arc<Matter>,
    size: usize,
    drafts: &mut Vec<(Part, Drafts)>,
) -> Result<(), Stop> {
    let brief = asking.brief;
    let so_far = drafts.clone();
    let blocks = off_the_reactor(matter, move |matter| {
        planning::uncovered(&matter.brief(), &so_far, &matter.structural)
    })
    .await?;
    if blocks.is_empty() {
        return Ok(());
    }
    let part = missing_part(brief, &blocks, drafts.len() + 1, size);
    if part.is_empty() {
        return Ok(());
    }
    let question = missing_question(brief, &part, drafts);
    let asked = asking
        .ask(Purpose::Missing, &question, |reply, _| {
            read_missing(reply, brief, &part, drafts)
        })
        .await;
    match asked {
        Ok((mut found, repairs)) => {
            found.repairs = repairs;
            drafts.push((part, found));
            Ok(())
        }
        Err(Stop::Why(_) | Stop::TooLong) => Ok(()),
        Err(stop) => Err(stop),
    }
}

/// The plan with words of the model's own where titles had to be told apart by a number.
async fn varied(asking: &Asking<'_>, asked: &Asked, assembled: Assembled) -> Result<Plan, Stop> {
    let mut plan = assembled.plan;
    let ids = assembled.told_apart;
    // Equal titles are duplicates then, and are to be left out.
    if ids.is_empty() || asked.unique_by == Some(UniqueBy::Title) {
        return Ok(plan);
    }
    let brief = asking.brief;
    let question = vary_question(brief, &plan, &ids, &[]);
    let varied = asking
        .ask(Purpose::Vary, &question, |reply, _| {
            read_varied(reply, &plan, &ids, &[])
        })
        .await;
    match varied {
        Ok((varied, _)) => planning::apply_varied(&mut plan, &varied),
        Err(Stop::Why(_) | Stop::TooLong) => {}
        Err(stop) => return Err(stop),
    }
    Ok(plan)
}

/// The first and the last line of a part.
fn lines_of(brief: &Brief<'_>, part: &Part) -> (usize, usize) {
    let blocks = brief.spec.blocks.iter();
    let lines = blocks
        .filter(|block| part.blocks.contains(&block.id))
        .map(|block| block.lines);
    lines.fold((usize::MAX, 0), |(first, last), [from, to]| {
        (first.min(from), last.max(to))
    })
}

/// What the repository is like, of the Issues API. What cannot be had is left out: it is help, not a need.
async fn surroundings(
    services: &Services,
    run: &Run,
    asked: &Asked,
    settings: &Settings,
) -> FlowResult<Surroundings> {
    let home = services
        .repository(run.installation, run.repository)
        .await?;
    let repo: Repo = services.repo(&home);
    // All of them are needed only where some may be set.
    let pages = match settings.allowed_labels.value {
        Some(_) => 10,
        None => 1,
    };
    let (labels, milestones, open_issues) = tokio::join!(
        repo.list_labels(pages),
        repo.list_open_milestones(),
        repo.list_issues_by_state(IssueState::Open, None, 1)
    );
    let labels: Vec<String> = or_none(labels, "labels")
        .into_iter()
        .map(|label| label.name)
        .collect();
    let allowed_labels = if settings.allowed_labels.value.is_some() {
        let allowed = labels.iter().filter(|label| settings.allows_label(label));
        allowed.cloned().collect()
    } else {
        Vec::new()
    };
    Ok(Surroundings {
        allowed_labels,
        labels,
        milestones: or_none(milestones, "milestones")
            .into_iter()
            .map(|milestone| milestone.title)
            .collect(),
        open_issues: or_none(open_issues.map(|listed| listed.items), "open issues")
            .into_iter()
            // The request itself, also where it was written twice.
            .filter(|issue| issue.number != run.issue && issue.title != asked.title)
            .map(|issue| issue.title)
            .collect(),
    })
}

fn or_none<T>(listed: Result<Vec<T>, GitHubError>, what: &str) -> Vec<T> {
    listed.unwrap_or_else(|error| {
        debug!(%error, "planning without the repository's {what}");
        Vec::new()
    })
}
