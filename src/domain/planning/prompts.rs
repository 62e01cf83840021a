//! The questions, filled into the files in `prompts/`.

use super::draft::Drafts;
use super::parts::{Part, digest};
use super::{Brief, Prompt, fence, schema};

pub(super) const PLANNER: &str = include_str!("prompts/planner.md");
pub(super) const COUNT: &str = include_str!("prompts/count.md");
pub(super) const ISSUES: &str = include_str!("prompts/issues.md");
pub(super) const MISSING: &str = include_str!("prompts/missing.md");
pub(super) const VARY: &str = include_str!("prompts/vary.md");
pub(super) const REPAIR: &str = include_str!("prompts/repair.md");

/// Names from the repository that a question holds at most, and how long each may be.
const NAMES_MOST: usize = 60;
const NAME_LONGEST: usize = 100;
const ASKED_MOST: usize = 20;
const ASKED_LONGEST: usize = 1_000;
/// Characters of a faulty reply that are shown again.
const REPLY_MOST: usize = 40_000;
const COMPLAINTS_MOST: usize = 30;

/// How many issues does the whole spec need? A long one is shown with the beginning of each block, in `budget` characters.
pub fn count_question(brief: &Brief<'_>, budget: usize) -> Prompt {
    let maximum = brief.most().to_string();
    let spec = spec_fence(brief, &digest(brief, budget));
    let fields = [
        ("maximum", maximum.as_str()),
        ("context", &context(brief)),
        ("spec", &spec),
    ];
    question(brief, fill(COUNT, &fields), "issue_count", schema::count())
}

/// The issues of one part. `count` is how many there must be; `None` leaves it to the model.
pub fn issues_question(brief: &Brief<'_>, part: &Part, count: Option<u32>) -> Prompt {
    let count = match count {
        Some(1) => "exactly 1 issue".to_owned(),
        Some(n) => format!("exactly {n} issues, those that group others included"),
        None => format!("as many issues as its work needs, at most {}", brief.most()),
    };
    let count = if part.of > 1 {
        format!(
            "{count}. This is part {} of {}; plan only the blocks shown in full here",
            part.number, part.of
        )
    } else {
        count
    };
    let fields = [
        ("count", count.as_str()),
        ("context", &context(brief)),
        ("spec", &spec_fence(brief, &part.text)),
        ("rest", &rest_fence(brief, part)),
        ("components", &components(brief)),
        ("labels", &labels(brief)),
    ];
    question(brief, fill(ISSUES, &fields), "issues", schema::issues())
}

/// Asks again for blocks that nothing traces; `part` comes from [`super::missing_part`].
pub fn missing_question(brief: &Brief<'_>, part: &Part, so_far: &[(Part, Drafts)]) -> Prompt {
    let line = |key: String, title: &str, covers: &[String]| {
        let covers: Vec<&str> = covers.iter().take(20).map(String::as_str).collect();
        let words = format!("{title} (covers {})", covers.join(", "));
        format!("{key}: {}", fence::line(&words, brief.nonce, 240))
    };
    let lines: Vec<String> = so_far
        .iter()
        .flat_map(|(of, drafts)| drafts.issues.iter().map(move |i| (of.number, i)))
        .map(|(n, i)| line(format!("{n}.{}", i.key), &i.title, &i.covers))
        .collect();
    let lines = if lines.is_empty() {
        "(none)".to_owned()
    } else {
        lines.join("\n")
    };
    let fields = [
        ("so_far", fence::fenced("ISSUES", brief.nonce, &lines)),
        ("context", context(brief)),
        ("spec", spec_fence(brief, &part.text)),
        ("components", components(brief)),
        ("labels", labels(brief)),
    ];
    let fields: Vec<(&str, &str)> = fields.iter().map(|(n, v)| (*n, v.as_str())).collect();
    question(
        brief,
        fill(MISSING, &fields),
        "missing_issues",
        schema::missing(),
    )
}

/// The same question once more, with the reply that could not be used and what was wrong with it.
pub fn repair_question(
    brief: &Brief<'_>,
    asked: &Prompt,
    reply: &str,
    complaints: &[String],
) -> Prompt {
    let mut lines: Vec<String> = complaints
        .iter()
        .take(COMPLAINTS_MOST)
        .map(|c| format!("- {}", fence::line(c, brief.nonce, 400)))
        .collect();
    if complaints.len() > COMPLAINTS_MOST {
        lines.push(format!(
            "- … and {} more of the same kind",
            complaints.len() - COMPLAINTS_MOST
        ));
    }
    let complaints = fence::fenced("COMPLAINTS", brief.nonce, &lines.join("\n"));
    let shown = fence::indented(&fence::cut(reply.trim(), REPLY_MOST), brief.nonce);
    let answer = fence::fenced("ANSWER", brief.nonce, &shown);
    let fields = [
        ("question", asked.prompt.trim_end()),
        ("complaints", &complaints),
        ("answer", &answer),
    ];
    Prompt {
        prompt: fill(REPAIR, &fields),
        ..asked.clone()
    }
}

pub(super) fn question(
    brief: &Brief<'_>,
    prompt: String,
    schema_name: &'static str,
    schema: serde_json::Value,
) -> Prompt {
    Prompt {
        system: fill(PLANNER, &[("nonce", brief.nonce)]),
        prompt,
        schema_name,
        schema,
    }
}

/// The file with its placeholders filled, in one pass: what is filled in is not looked at again.
pub(super) fn fill(file: &str, fields: &[(&str, &str)]) -> String {
    let mut out = String::with_capacity(file.len());
    let mut rest = file;
    while let Some((before, after)) = rest.split_once("{{") {
        out.push_str(before);
        let known = after.split_once("}}").and_then(|(name, tail)| {
            let field = fields.iter().find(|(n, _)| *n == name)?;
            Some((field.1, tail))
        });
        if let Some((value, tail)) = known {
            out.push_str(value);
            rest = tail;
        } else {
            out.push_str("{{");
            rest = after;
        }
    }
    out + rest
}

fn spec_fence(brief: &Brief<'_>, text: &str) -> String {
    let title = fence::line(brief.title, brief.nonce, 300);
    let title = if title.is_empty() {
        String::new()
    } else {
        format!("[title] {title}\n")
    };
    let text = if text.is_empty() { "(nothing)" } else { text };
    fence::fenced("SPEC", brief.nonce, &format!("{title}{text}"))
}

fn rest_fence(brief: &Brief<'_>, part: &Part) -> String {
    if part.outline.is_empty() {
        return String::new();
    }
    let outline = fence::fenced("OUTLINE", brief.nonce, &part.outline);
    format!(
        "\n\nThe rest of the specification is planned separately. Its headings, so that you know the whole (use their \
         ids in `after_blocks` only):\n\n{outline}"
    )
}

/// What the maintainer asks and what the repository is like; each only where there is something.
fn context(brief: &Brief<'_>) -> String {
    let mut out: Vec<String> = Vec::new();
    let from = brief.instructions.len().saturating_sub(ASKED_MOST);
    let asked = listed(brief, &brief.instructions[from..], "- ", ASKED_LONGEST);
    if !asked.is_empty() {
        let fenced = fence::fenced("ASKED", brief.nonce, &asked);
        out.push(format!(
            "The maintainer asks of this breakdown, newest last:\n\n{fenced}\n\n"
        ));
    }
    let near = brief.surroundings;
    let parts = [
        ("label", &near.labels),
        ("milestone", &near.milestones),
        ("open issue", &near.open_issues),
    ];
    let lines: Vec<String> = parts
        .iter()
        .map(|(kind, names)| {
            let names = &names[..names.len().min(NAMES_MOST)];
            listed(brief, names, &format!("{kind}: "), NAME_LONGEST)
        })
        .filter(|lines| !lines.is_empty())
        .collect();
    if !lines.is_empty() {
        let fenced = fence::fenced("REPOSITORY", brief.nonce, &lines.join("\n"));
        out.push(format!(
            "The repository has these. Use its words; do not plan again what an open issue is about word for word:\n\n\
             {fenced}\n\n"
        ));
    }
    out.concat()
}

fn listed(brief: &Brief<'_>, names: &[String], mark: &str, longest: usize) -> String {
    let lines = names.iter().map(|n| fence::line(n, brief.nonce, longest));
    let lines: Vec<String> = lines
        .filter(|l| !l.is_empty())
        .map(|l| format!("{mark}{l}"))
        .collect();
    lines.join("\n")
}

fn components(brief: &Brief<'_>) -> String {
    if brief.wishes.parts().is_empty() {
        return "always \"\".".to_owned();
    }
    let names = quoted(brief, brief.wishes.parts());
    format!(
        "the one of {names} that the issue belongs to, spelled like this, or \"\" if none fits."
    )
}

fn labels(brief: &Brief<'_>) -> String {
    if brief.surroundings.allowed_labels.is_empty() {
        return "always [].".to_owned();
    }
    let names = quoted(brief, &brief.surroundings.allowed_labels);
    format!("those of {names} that clearly fit the issue, spelled like this, else [].")
}

fn quoted(brief: &Brief<'_>, names: &[String]) -> String {
    let one = |n: &String| format!("{:?}", fence::line(n, brief.nonce, NAME_LONGEST));
    names
        .iter()
        .take(NAMES_MOST)
        .map(one)
        .collect::<Vec<_>>()
        .join(", ")
}
