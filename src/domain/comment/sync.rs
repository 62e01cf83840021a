//! The comment of a sync: the difference to be confirmed, and what came of it.

use std::collections::BTreeSet;

use super::coverage::{coverage, line_ranges};
use super::text::{count, folded, inline, lines_within, page};
use super::{About, COMMENT_MAX, Link};
use crate::domain::ids::RunId;
use crate::domain::plan::Plan;
use crate::domain::policy::Reason;
use crate::domain::sync::unified;

const LIST_ROOM: usize = 12_000;
const DIFF_ROOM: usize = 24_000;
const ONE_DIFF: usize = 6_000;

/// What a sync does with an issue.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum SyncKind {
    Add,
    Change,
    Retire,
}

/// One item of a sync.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SyncItem {
    pub number: u32,
    pub kind: SyncKind,
    /// Of an issue that changes: the new one.
    pub title: String,
    pub old_title: Option<String>,
    /// The issue; `None`: it is not there yet.
    pub link: Option<Link>,
    pub is_ticked: bool,
    /// Lines of the spec.
    pub covers: Vec<[usize; 2]>,
    /// Old and new body.
    pub bodies: Option<(String, String)>,
    /// Why it is unticked, was left as it is, or what it is like; empty for nothing.
    pub note: String,
}

/// The difference, to be confirmed.
#[derive(Debug, Clone, Copy)]
pub struct SyncPreview<'a> {
    pub about: About<'a>,
    pub items: &'a [SyncItem],
    /// How many issues stay as they are.
    pub untouched: usize,
    /// What is left to people.
    pub notes: &'a [String],
    pub reasons: &'a [Reason],
    pub plan: &'a Plan,
}

/// What is to be confirmed, by kind, each change with its old and new text.
pub fn sync_preview(p: &SyncPreview<'_>) -> String {
    let heading = format!(
        "🔄 Sync: {}, waiting for your confirmation",
        numbers(p.items, "to ")
    );
    let stay = match p.untouched {
        0 => String::new(),
        1 => " 1 issue stays as it is.".to_owned(),
        n => format!(" {} stay as they are.", count(n, "issue")),
    };
    let intro = format!(
        "The specification was edited. Nothing has been changed yet.{stay} \
         Labels, assignees, links, ticks and people's own words stay."
    );
    let reasons: Vec<String> = p
        .reasons
        .iter()
        .filter(|r| matches!(r, Reason::ProhibitedKeyword(_) | Reason::ManyIssues { .. }))
        .map(|r| format!("- {}", inline(&r.to_string())))
        .collect();
    let part = |kind, name: &str| {
        let lines: Vec<String> = p
            .items
            .iter()
            .filter(|i| i.kind == kind)
            .map(task)
            .collect();
        if lines.is_empty() {
            return String::new();
        }
        let shown = lines_within(&lines, LIST_ROOM);
        let is_whole = lines.last().is_some_and(|last| shown.ends_with(last));
        let unseen = if is_whole {
            ""
        } else {
            "\n\nWhat has no box here is left out, unless its number is confirmed, as in `confirm 1-500`."
        };
        format!("**{name}**\n{shown}{unseen}")
    };
    page(
        p.about,
        &heading,
        &[
            &intro,
            &lines_within(&reasons, LIST_ROOM),
            &part(SyncKind::Add, "To add"),
            &part(SyncKind::Change, "To change"),
            &differences(p.items),
            &part(SyncKind::Retire, "To retire (closed as not planned)"),
            &left_to_people(p.notes),
            &coverage(p.plan, &BTreeSet::new(), ""),
            &next_steps(p.about.bot),
        ],
    )
}

/// `1 to add, 2 to change`.
fn numbers(items: &[SyncItem], to: &str) -> String {
    let of = |kind, word: &str| {
        let n = items.iter().filter(|i| i.kind == kind).count();
        (n > 0).then(|| format!("{n} {to}{word}"))
    };
    let words = match to {
        "" => ["added", "changed", "retired"],
        _ => ["add", "change", "retire"],
    };
    let kinds = [SyncKind::Add, SyncKind::Change, SyncKind::Retire];
    let parts: Vec<String> = kinds
        .into_iter()
        .zip(words)
        .filter_map(|(k, w)| of(k, w))
        .collect();
    parts.join(", ")
}

fn task(item: &SyncItem) -> String {
    let mark = if item.is_ticked { 'x' } else { ' ' };
    let mut notes = Vec::new();
    if let Some(lines) = line_ranges(item.covers.iter().copied()) {
        notes.push(format!("covers {lines}"));
    }
    if !item.note.is_empty() {
        notes.push(inline(&item.note));
    }
    let notes = if notes.is_empty() {
        String::new()
    } else {
        format!(" — {}", notes.join(" · "))
    };
    format!("- [{mark}] **{}.** {}{notes}", item.number, named(item))
}

fn named(item: &SyncItem) -> String {
    let title = match &item.old_title {
        Some(old) if *old != item.title => format!("{} → {}", inline(old), inline(&item.title)),
        _ => inline(&item.title),
    };
    match &item.link {
        Some(link) => format!("{link} · {title}"),
        None => title,
    }
}

/// Old and new text of each issue that changes, folded.
fn differences(items: &[SyncItem]) -> String {
    let mut left = DIFF_ROOM;
    let mut parts = Vec::new();
    let mut missing = Vec::new();
    for item in items {
        let Some((old, new)) = &item.bodies else {
            continue;
        };
        let text = harmless(&unified(old, new));
        let text: String = if text.chars().count() > ONE_DIFF {
            text.chars().take(ONE_DIFF).chain("\n…".chars()).collect()
        } else {
            text
        };
        let size = text.chars().count();
        if text.is_empty() {
            continue;
        }
        if size > left {
            missing.push(item.number.to_string());
            continue;
        }
        left -= size;
        let fence = fence_around(&text);
        let link = item
            .link
            .as_ref()
            .map(ToString::to_string)
            .unwrap_or_default();
        let summary = format!("{}. {link}: old and new text", item.number);
        parts.push(folded(&summary, &format!("{fence}diff\n{text}\n{fence}")));
    }
    if !missing.is_empty() {
        let of = missing.join(", ");
        parts.push(format!(
            "There is no room here for the old and new text of {of}."
        ));
    }
    parts.join("\n\n")
}

/// No line of a diff may be read as a box of ours.
fn harmless(diff: &str) -> String {
    diff.replace("] **", "]\u{200b} **")
}

fn fence_around(text: &str) -> String {
    let longest = text.split(|c| c != '`').map(str::len).max().unwrap_or(0);
    "`".repeat(longest.max(2) + 1)
}

fn left_to_people(notes: &[String]) -> String {
    if notes.is_empty() {
        return String::new();
    }
    let lines: Vec<String> = notes.iter().map(|n| format!("- {n}")).collect();
    format!("**Left to you**\n{}", lines_within(&lines, LIST_ROOM))
}

fn next_steps(bot: &str) -> String {
    format!(
        "**What next?** Untick what you do not want, then confirm in a comment.\n\n\
         | to | comment |\n|---|---|\n\
         | do what is ticked | `@{bot} confirm` |\n\
         | do only some of it | `@{bot} confirm 1,3-5` |\n\
         | take some out | `@{bot} drop 2,4` |\n\
         | compare again, after another edit | `@{bot} replan` |\n\
         | leave everything as it is | `@{bot} cancel` |"
    )
}

/// How far a sync came.
#[derive(Debug, Clone, Copy)]
pub struct Synced<'a> {
    pub about: About<'a>,
    /// What was done.
    pub done: &'a [SyncItem],
    /// What was refused, or left because somebody was faster; their notes say why.
    pub left: &'a [SyncItem],
    pub dropped: &'a [SyncItem],
    /// What is left to people, and what did not come out as asked.
    pub notes: &'a [String],
}

/// The comment of a completed sync.
pub fn synced(s: &Synced<'_>) -> String {
    let heading = match numbers(s.done, "") {
        none if none.is_empty() => "✅ Synced: no issue had to be changed".to_owned(),
        numbers => format!("✅ Synced: {numbers}"),
    };
    let undo = match s.done {
        [] => String::new(),
        _ => format!("To undo all of it, comment {}.", s.about.rollback()),
    };
    let (retires, others): (Vec<&SyncItem>, Vec<&SyncItem>) = s
        .left
        .iter()
        .chain(s.dropped)
        .partition(|i| i.kind == SyncKind::Retire);
    let mut once = Vec::new();
    if !others.is_empty() {
        once.push(
            "What was left or dropped is not asked about again until the specification is edited there once more.",
        );
    }
    if !retires.is_empty() {
        once.push(
            "What was not retired is offered again, unticked, when a later sync has something to do.",
        );
    }
    page(
        s.about,
        &heading,
        &[
            &list("Added", s.done, SyncKind::Add),
            &list("Changed", s.done, SyncKind::Change),
            &list("Retired", s.done, SyncKind::Retire),
            &reasons("Left as they are", &as_before(s.left)),
            &left_to_people(s.notes),
            &folded(
                &format!("Dropped ({})", s.dropped.len()),
                &reasons("", s.dropped),
            ),
            &once.join(" "),
            &undo,
        ],
    )
}

/// The comment of a sync that was cancelled; `why` where it was not a person who cancelled it.
pub fn sync_cancelled(s: &Synced<'_>, why: Option<&str>) -> String {
    let why = why.map(inline).unwrap_or_default();
    let undo = match s.done {
        [] => "Nothing was changed.".to_owned(),
        _ => format!("{} puts back what was done by then.", s.about.rollback()),
    };
    page(
        s.about,
        "🛑 Cancelled",
        &[
            &why,
            &list("Added", s.done, SyncKind::Add),
            &list("Changed", s.done, SyncKind::Change),
            &list("Retired", s.done, SyncKind::Retire),
            &undo,
        ],
    )
}

/// The comment of a sync that was rolled back: `done` is what was put back, `left` what people have worked on since.
pub fn sync_rolled_back(s: &Synced<'_>) -> String {
    let heading = match s.left.len() {
        0 => "↩️ Rolled back".to_owned(),
        1 => "↩️ Rolled back, 1 issue left as it is".to_owned(),
        n => format!("↩️ Rolled back, {} left as they are", count(n, "issue")),
    };
    let force = match s.left {
        [] => String::new(),
        _ => format!(
            "`@{} rollback {} force` takes these too.",
            s.about.bot, s.about.run
        ),
    };
    page(
        s.about,
        &heading,
        &[
            &reasons(
                "Left as they are, because people have worked on them",
                s.left,
            ),
            &force,
            &list("Closed again", &as_before(s.done), SyncKind::Add),
            &list("As before", &as_before(s.done), SyncKind::Change),
            &list("Open again", &as_before(s.done), SyncKind::Retire),
        ],
    )
}

/// Named by what stands there.
fn as_before(items: &[SyncItem]) -> Vec<SyncItem> {
    let old = |i: &SyncItem| SyncItem {
        title: i.old_title.clone().unwrap_or_else(|| i.title.clone()),
        ..i.clone()
    };
    items.iter().map(old).collect()
}

fn list(name: &str, items: &[SyncItem], kind: SyncKind) -> String {
    let lines: Vec<String> = items
        .iter()
        .filter(|i| i.kind == kind)
        .map(|i| format!("- {}", named(i)))
        .collect();
    if lines.is_empty() {
        return String::new();
    }
    format!("**{name}**\n{}", lines_within(&lines, LIST_ROOM))
}

fn reasons(name: &str, items: &[SyncItem]) -> String {
    if items.is_empty() {
        return String::new();
    }
    let line = |i: &SyncItem| {
        let note = match i.note.as_str() {
            "" => String::new(),
            why => format!(": {}", inline(why)),
        };
        format!("- **{}.** {}{note}", i.number, named(i))
    };
    let lines: Vec<String> = items.iter().map(line).collect();
    let lines = lines_within(&lines, LIST_ROOM);
    if name.is_empty() {
        return lines;
    }
    format!("**{name}**\n{lines}")
}

/// A finished run's comment with the line that offers `sync`.
pub fn with_offer(comment: &str, bot: &str) -> String {
    let line = format!(
        "🔄 The specification was edited since: `@{bot} sync` shows what that changes, and asks first."
    );
    let (text, foot) = match comment.rfind("\n<sub>Run ") {
        Some(at) => comment.split_at(at),
        None => (comment, ""),
    };
    // A full comment makes room for it at its end, by whole lines.
    let room = COMMENT_MAX.saturating_sub(line.chars().count() + foot.chars().count() + 8);
    let text = match text.char_indices().nth(room) {
        None => text.to_owned(),
        Some((end, _)) => {
            let kept = &text[..end];
            let kept = kept.rfind('\n').map_or(kept, |at| &kept[..at]);
            format!("{kept}\n…\n")
        }
    };
    format!("{text}\n{line}\n{foot}")
}

/// Nothing in the text differs; `left_open` are issues that are not in it any more and were not retired.
pub fn in_sync(left_open: &[Link]) -> String {
    let (they_are, it) = match left_open {
        [] => {
            return "Nothing has changed: the issues follow the specification as it is now.\n"
                .to_owned();
        }
        [_] => ("It is", "it"),
        _ => ("They are", "them"),
    };
    let links: Vec<String> = left_open.iter().map(ToString::to_string).collect();
    let links = lines_within(&[links.join(", ")], LIST_ROOM);
    format!(
        "Nothing has changed since the last sync, which left open what is no longer in the specification: {links}. \
         {they_are} offered again, unticked, when a later sync has something to do; or close {it} by hand.\n"
    )
}

/// No run has created issues that could follow an edit.
pub fn nothing_to_sync(bot: &str) -> String {
    format!(
        "No run of this issue is completed, so there are no issues to bring in line. \
         `@{bot} status` shows this issue's runs.\n"
    )
}

/// A run of the issue is not over yet.
pub fn sync_later(run: &RunId, is_preview: bool, is_sync: bool, bot: &str) -> String {
    match (is_preview, is_sync) {
        (true, true) => format!(
            "`{run}` shows a difference and waits: `@{bot} confirm` it, `@{bot} replan` to compare again, or \
             `@{bot} cancel`.\n"
        ),
        (true, false) => format!(
            "The plan of `{run}` waits, and nothing of it exists yet: `@{bot} replan` plans the edited specification.\n"
        ),
        (false, _) => {
            format!("`{run}` is still at work. Ask again when its comment says that it is done.\n")
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn items(kind: SyncKind, body: &str) -> Vec<SyncItem> {
        let item = |number| SyncItem {
            number,
            kind,
            title: format!("Add the chapter of {}", "many words ".repeat(10)),
            old_title: None,
            link: None,
            is_ticked: true,
            covers: Vec::new(),
            bodies: Some((format!("{body} {number}"), body.to_owned())),
            note: String::new(),
        };
        (1..=400).map(item).collect()
    }

    #[test]
    fn what_is_not_shown_is_said_to_be_missing() {
        let run = RunId::parse("run_20260102_030405_abcdefgh").expect("an id");
        let plan = Plan {
            planner: String::new(),
            count_reason: String::new(),
            warnings: Vec::new(),
            spec: crate::domain::spec::Spec::parse("", "text"),
            issues: Vec::new(),
            coverage: Vec::new(),
        };
        let items = items(SyncKind::Change, &"word ".repeat(100));
        let text = sync_preview(&SyncPreview {
            about: About {
                run: &run,
                bot: "Bot",
                terminal: None,
            },
            items: &items,
            untouched: 0,
            notes: &[],
            reasons: &[],
            plan: &plan,
        });
        assert!(text.contains("What has no box here is left out"), "{text}");
        assert!(text.contains("There is no room here for the old and new text of"));
        assert!(!text.contains("**400.**"));
    }

    #[test]
    fn a_full_comment_makes_room_for_the_offer() {
        let line = "- #1 · An issue\n";
        let full = line.repeat(COMMENT_MAX / line.chars().count() - 3) + "\n<sub>Run `r`</sub>\n";
        let text = with_offer(&full, "Bot");
        assert!(
            text.chars().count() <= COMMENT_MAX,
            "{}",
            text.chars().count()
        );
        assert!(text.contains("`@Bot sync`") && text.ends_with("<sub>Run `r`</sub>\n"));
    }
}
