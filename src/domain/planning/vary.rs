//! Texts told apart: issues that would be taken for others get another title and a sentence that says the difference.

use std::collections::HashSet;

use serde_json::Value;

use super::complaints::{Complaints, brief_words, one_line};
use super::prompts::{self, VARY};
use super::read::faults_of_title;
use super::{Brief, Prompt, clean, fence, reply, schema};
use crate::domain::defuse::defuse_body;
use crate::domain::plan::Plan;

const TAKEN_MOST: usize = 200;
const NOTE_MOST: usize = 400;

/// What a model found to tell one issue from others.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Varied {
    /// The planned issue.
    pub id: String,
    pub title: String,
    /// One sentence for the beginning of its body; may be empty.
    pub note: String,
}

/// Asks for other titles for these planned issues. `taken` are the titles that they collide with.
pub fn vary_question(brief: &Brief<'_>, plan: &Plan, ids: &[String], taken: &[String]) -> Prompt {
    let issues = plan.issues.iter().filter(|i| ids.contains(&i.id));
    let lines: Vec<String> = issues
        .map(|i| {
            let title = fence::line(&i.title, brief.nonce, 100);
            format!(
                "[{}] {title}\n    {}",
                i.id,
                fence::line(&i.body, brief.nonce, 800)
            )
        })
        .collect();
    let others: Vec<String> = plan
        .issues
        .iter()
        .filter(|i| !ids.contains(&i.id))
        .map(|i| i.title.clone())
        .collect();
    let taken = taken.iter().chain(&others).take(TAKEN_MOST);
    let taken: Vec<String> = taken
        .map(|t| format!("- {}", fence::line(t, brief.nonce, 100)))
        .collect();
    let fields = [
        (
            "issues",
            fence::fenced("ISSUES", brief.nonce, &lines.join("\n")),
        ),
        (
            "taken",
            fence::fenced("TAKEN", brief.nonce, &taken.join("\n")),
        ),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    prompts::question(
        brief,
        prompts::fill(VARY, &fields),
        "varied_titles",
        schema::varied(),
    )
}

/// Reads the reply to [`vary_question`] with the same ids and titles.
pub fn read_varied(
    reply: &str,
    plan: &Plan,
    ids: &[String],
    taken: &[String],
) -> Result<Vec<Varied>, Vec<String>> {
    let value = reply::object(reply, "varied").map_err(|e| vec![e])?;
    let mut complaints = Complaints::default();
    let others = plan
        .issues
        .iter()
        .filter(|i| !ids.contains(&i.id))
        .map(|i| &i.title);
    let mut titles: HashSet<String> = taken
        .iter()
        .chain(others)
        .map(|t| clean::words_of_title(t))
        .collect();
    let mut open: Vec<&str> = ids.iter().map(String::as_str).collect();
    let mut out = Vec::new();
    for item in complaints
        .list(&value, "varied", "the answer")
        .iter()
        .take(ids.len() + 50)
    {
        if let Some(varied) = one(item, &mut complaints, &mut titles, &mut open) {
            out.push(varied);
        }
    }
    if !open.is_empty() {
        complaints.say(format!("There is no entry for {}.", open.join(", ")));
    }
    complaints.end(out)
}

fn one(
    item: &Value,
    complaints: &mut Complaints,
    titles: &mut HashSet<String>,
    open: &mut Vec<&str>,
) -> Option<Varied> {
    let id = complaints
        .text(item, "id", "an entry of `varied`")?
        .trim()
        .to_owned();
    let who = format!("`{}`", brief_words(&id));
    let Some(at) = open.iter().position(|o| *o == id) else {
        complaints.say(format!("{who} is not among the issues, or is there twice."));
        return None;
    };
    open.remove(at);
    let title = complaints.text(item, "title", &who)?.trim().to_owned();
    for fault in faults_of_title(&title) {
        complaints.say(format!("{who}: {fault}"));
    }
    if !titles.insert(clean::words_of_title(&title)) {
        complaints.say(format!(
            "{who}: the title `{}` is taken.",
            brief_words(&title)
        ));
    }
    let note = complaints.text(item, "note", &who).unwrap_or_default();
    let note = one_line(&note);
    Some(Varied { id, title, note })
}

/// Gives the issues their new titles and sentences, cleaned. A title that cleaning empties is not taken.
pub fn apply_varied(plan: &mut Plan, varied: &[Varied]) {
    for one in varied {
        let Some(issue) = plan.issues.iter_mut().find(|i| i.id == one.id) else {
            continue;
        };
        let title = clean::title(&one.title);
        if !clean::words_of_title(&title).is_empty() {
            issue.title = title;
        }
        if let Some(note) = clean::criterion(&one.note) {
            let note = defuse_body(&clean::shortened(&note, NOTE_MOST));
            issue.body = format!("{note}\n\n{}", issue.body);
        }
    }
}
