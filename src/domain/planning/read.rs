//! A reply becomes drafts, or complaints: all of them at once, in words that the model can act on.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use super::clean::words_of_title;
use super::complaints::{Complaints, brief_words, one_line, shown};
use super::draft::{Count, DraftIssue, Drafts, Extension, NotWork};
use super::parts::Part;
use super::{Brief, LONGEST_TITLE, MOST_ISSUES, fence, reply};

const DESCRIPTION_MOST: usize = 20_000;
const CRITERIA_MOST: usize = 60;
const CRITERION_MOST: usize = 2_000;
const KEY_MOST: usize = 40;
const REASON_MOST: usize = 80;
/// Entries of a list of ids.
const IDS_MOST: usize = 5_000;

/// Reads the reply to [`super::count_question`].
pub fn read_count(reply: &str, brief: &Brief<'_>) -> Result<Count, Vec<String>> {
    let value = reply::object(reply, "count").map_err(|e| vec![e])?;
    let mut complaints = Complaints::default();
    let most = brief.most() as u64;
    let count = value["count"].as_u64().filter(|n| (1..=most).contains(n));
    if count.is_none() {
        complaints.say(format!(
            "`count` must be a whole number from 1 to {most}, not {}.",
            shown(&value["count"])
        ));
    }
    let reason = complaints
        .text(&value, "reason", "the answer")
        .unwrap_or_default();
    let reason = fence::cut(&one_line(&reason), 300);
    if reason.is_empty() {
        complaints.say("`reason` must be one sentence, not empty.".to_owned());
    }
    let count = count.and_then(|n| u32::try_from(n).ok()).unwrap_or(1);
    complaints.end(Count { count, reason })
}

/// Reads the reply to [`super::issues_question`] with the same part and the same count.
pub fn read_issues(
    reply: &str,
    brief: &Brief<'_>,
    part: &Part,
    count: Option<u32>,
) -> Result<Drafts, Vec<String>> {
    let value = reply::object(reply, "issues").map_err(|e| vec![e])?;
    let mut reading = Reading::of(brief, part);
    let drafts = reading.drafts(&value);
    let found = drafts.issues.len();
    match count.map(|n| n as usize) {
        Some(asked) if asked != found => reading.complaints.say(format!(
            "There must be exactly {asked} issues, and there are {found}. {}",
            if found > asked { "Join those that belong together." } else { "Split the largest; do not invent work." }
        )),
        None if found > brief.most() => reading.complaints.say(format!(
            "There are {found} issues, and at most {} are allowed. Join those that belong together.",
            brief.most()
        )),
        _ => {}
    }
    if found == 0 && reading.complaints.is_empty() && count != Some(0) {
        let excused: HashSet<&str> = drafts.not_work.iter().map(|n| n.block.as_str()).collect();
        let shown = part
            .blocks
            .iter()
            .filter(|b| part.text.contains(&format!("[{b} ")));
        if shown.clone().any(|b| !excused.contains(b.as_str())) {
            reading.complaints.say(
                "There is no issue at all. Plan the work, or list every block under `not_work` with its reason.".to_owned(),
            );
        }
    }
    reading.complaints.end(drafts)
}

/// Reads the reply to [`super::missing_question`] with the same part and the same drafts.
pub fn read_missing(
    reply: &str,
    brief: &Brief<'_>,
    part: &Part,
    so_far: &[(Part, Drafts)],
) -> Result<Drafts, Vec<String>> {
    let value = reply::object(reply, "issues").map_err(|e| vec![e])?;
    let mut reading = Reading::of(brief, part);
    let mut drafts = reading.drafts(&value);
    let titles: HashMap<String, &str> = so_far
        .iter()
        .flat_map(|(_, d)| &d.issues)
        .map(|i| (words_of_title(&i.title), i.title.as_str()))
        .collect();
    for issue in &drafts.issues {
        if let Some(taken) = titles.get(&words_of_title(&issue.title)) {
            reading.complaints.say(format!(
                "{}: an issue with the title `{}` is there already; use `extends`, or another title.",
                issue.key,
                brief_words(taken)
            ));
        }
    }
    let known: HashSet<String> = so_far
        .iter()
        .flat_map(|(of, d)| {
            d.issues
                .iter()
                .map(move |i| format!("{}.{}", of.number, i.key))
        })
        .collect();
    drafts.extends = reading.extends(&value, &known);
    reading.complaints.end(drafts)
}

/// What one reply is read against.
struct Reading<'a> {
    brief: &'a Brief<'a>,
    part: &'a Part,
    own: HashSet<&'a str>,
    all: HashSet<&'a str>,
    complaints: Complaints,
}

impl<'a> Reading<'a> {
    fn of(brief: &'a Brief<'a>, part: &'a Part) -> Self {
        Self {
            brief,
            part,
            own: part.holds(),
            all: brief.spec.blocks.iter().map(|b| b.id.as_str()).collect(),
            complaints: Complaints::default(),
        }
    }

    fn drafts(&mut self, value: &Value) -> Drafts {
        let items = self.complaints.list(value, "issues", "the answer");
        if items.len() > MOST_ISSUES {
            self.complaints.say(format!(
                "There are {} issues; no breakdown has more than {MOST_ISSUES}.",
                items.len()
            ));
        }
        let issues: Vec<DraftIssue> = items
            .iter()
            .take(MOST_ISSUES)
            .enumerate()
            .map(|(n, item)| self.issue(n, item))
            .collect();
        self.check_names(&issues);
        self.check_links(&issues);
        let not_work = self.not_work(value);
        Drafts {
            issues,
            not_work,
            ..Drafts::default()
        }
    }

    fn issue(&mut self, n: usize, item: &Value) -> DraftIssue {
        let who = format!("Issue {}", n + 1);
        if !item.is_object() {
            self.complaints
                .say(format!("{who} must be an object, not {}.", shown(item)));
            return DraftIssue::default();
        }
        let key = self.key(item, &who);
        let who = if key.is_empty() {
            who
        } else {
            format!("{who} (`{key}`)")
        };
        let title = self.title(item, &who);
        let description = self
            .complaints
            .text(item, "description", &who)
            .unwrap_or_default();
        let length = description.chars().count();
        if length > DESCRIPTION_MOST {
            self.complaints.say(format!(
                "{who}: the description has {length} characters; write 150 words, at most {DESCRIPTION_MOST} characters."
            ));
        }
        let criteria = self.complaints.texts(item, "criteria", &who, CRITERIA_MOST);
        if criteria.iter().any(|c| c.chars().count() > CRITERION_MOST) {
            self.complaints.say(format!(
                "{who}: an acceptance criterion is longer than {CRITERION_MOST} characters; one line each."
            ));
        }
        if item.get("covers").is_none() {
            self.complaints
                .say(format!("{who}: the field `covers` is missing."));
        }
        let covers = self.complaints.texts(item, "covers", &who, IDS_MOST);
        let after_blocks = self.complaints.texts(item, "after_blocks", &who, IDS_MOST);
        DraftIssue {
            title,
            description,
            criteria,
            covers: self.own_blocks(&covers, "covers", &who),
            parent: self.complaints.maybe_text(item, "parent", &who),
            after: self.complaints.texts(item, "after", &who, MOST_ISSUES),
            after_blocks: self.any_blocks(&after_blocks, &who),
            component: self.component(item, &who),
            labels: self.complaints.texts(item, "labels", &who, 100),
            key,
        }
    }

    fn key(&mut self, item: &Value, who: &str) -> String {
        let key = self
            .complaints
            .text(item, "key", who)
            .unwrap_or_default()
            .trim()
            .to_owned();
        let is_fine = (1..=KEY_MOST).contains(&key.len())
            && key
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'-' | b'_' | b'.'));
        if item.get("key").is_some_and(Value::is_string) && !is_fine {
            self.complaints.say(format!(
                "{who}: the key `{}` must be 1 to {KEY_MOST} letters, digits, `-`, `_` or `.`.",
                brief_words(&key)
            ));
            return String::new();
        }
        key
    }

    fn title(&mut self, item: &Value, who: &str) -> String {
        let Some(title) = self.complaints.text(item, "title", who) else {
            return String::new();
        };
        let title = title.trim().to_owned();
        for fault in faults_of_title(&title) {
            self.complaints.say(format!("{who}: {fault}"));
        }
        title
    }

    fn component(&mut self, item: &Value, who: &str) -> Option<String> {
        let named = self.complaints.maybe_text(item, "component", who)?;
        let wished = self.brief.wishes.parts();
        let found = wished
            .iter()
            .find(|c| c.to_lowercase() == named.to_lowercase());
        if found.is_none() && !wished.is_empty() {
            self.complaints.say(format!(
                "{who}: there is no component `{}`; use one of {}, or \"\".",
                brief_words(&named),
                wished
                    .iter()
                    .take(30)
                    .map(|c| format!("`{c}`"))
                    .collect::<Vec<_>>()
                    .join(", ")
            ));
        }
        found.cloned()
    }

    /// Blocks of this part.
    fn own_blocks(&mut self, named: &[String], field: &str, who: &str) -> Vec<String> {
        let (mut out, mut unknown, mut elsewhere) = (Vec::new(), Vec::new(), Vec::new());
        for name in named {
            let id = block_id(name);
            if self.own.contains(id.as_str()) {
                if !out.contains(&id) {
                    out.push(id);
                }
            } else if self.all.contains(id.as_str()) {
                elsewhere.push(id);
            } else {
                unknown.push(brief_words(name));
            }
        }
        if !unknown.is_empty() {
            let range = ends(&self.part.blocks);
            self.complaints.say(format!(
                "{who}: `{field}` names {}, which do not exist; the blocks here are {range}.",
                some(&unknown)
            ));
        }
        if !elsewhere.is_empty() {
            self.complaints.say(format!(
                "{who}: `{field}` names {}, which are not among the blocks shown in full here; name such blocks in \
                 `after_blocks` only.",
                some(&elsewhere)
            ));
        }
        out
    }

    fn any_blocks(&mut self, named: &[String], who: &str) -> Vec<String> {
        let (mut out, mut unknown) = (Vec::new(), Vec::new());
        for name in named {
            let id = block_id(name);
            if !self.all.contains(id.as_str()) {
                unknown.push(brief_words(name));
            } else if !out.contains(&id) {
                out.push(id);
            }
        }
        if !unknown.is_empty() {
            self.complaints.say(format!(
                "{who}: `after_blocks` names {}, which do not exist.",
                some(&unknown)
            ));
        }
        out
    }

    fn check_names(&mut self, issues: &[DraftIssue]) {
        let mut keys: HashSet<&str> = HashSet::new();
        let mut titles: HashMap<String, usize> = HashMap::new();
        for (n, issue) in issues.iter().enumerate() {
            if !issue.key.is_empty() && !keys.insert(&issue.key) {
                self.complaints.say(format!(
                    "The key `{}` is used twice; every issue needs its own.",
                    issue.key
                ));
            }
            let words = words_of_title(&issue.title);
            if words.is_empty() {
                continue;
            }
            let first = *titles.entry(words).or_insert(n);
            if first != n {
                self.complaints.say(format!(
                    "Issues {} and {} have the same title `{}`; join them, or say in each what is particular to it.",
                    first + 1,
                    n + 1,
                    brief_words(&issue.title)
                ));
            }
        }
    }

    fn check_links(&mut self, issues: &[DraftIssue]) {
        let keys: HashMap<&str, usize> = issues
            .iter()
            .enumerate()
            .map(|(n, i)| (i.key.as_str(), n))
            .collect();
        for issue in issues {
            let who = format!("Issue `{}`", issue.key);
            for (field, named) in issue
                .after
                .iter()
                .map(|a| ("after", a))
                .chain(issue.parent.iter().map(|p| ("parent", p)))
            {
                if *named == issue.key {
                    self.complaints
                        .say(format!("{who}: `{field}` names the issue itself."));
                } else if !keys.contains_key(named.as_str()) {
                    self.complaints.say(format!(
                        "{who}: `{field}` names `{}`, and no issue of this answer has that key.",
                        brief_words(named)
                    ));
                }
            }
        }
        let to = |names: &[String]| -> Vec<usize> {
            names
                .iter()
                .filter_map(|n| keys.get(n.as_str()).copied())
                .collect()
        };
        let after: Vec<Vec<usize>> = issues.iter().map(|i| to(&i.after)).collect();
        let parents: Vec<Vec<usize>> = issues.iter().map(|i| i.parent.as_slice()).map(to).collect();
        for (field, edges) in [("after", after), ("parent", parents)] {
            if let Some(circle) = super::order::circle(&edges).filter(|c| c.len() > 2) {
                let path: Vec<&str> = circle
                    .iter()
                    .take(12)
                    .map(|n| issues[*n].key.as_str())
                    .collect();
                self.complaints.say(format!(
                    "`{field}` goes in a circle: {}. Leave out the one that is needed least.",
                    path.join(" → ")
                ));
            }
        }
    }

    fn not_work(&mut self, value: &Value) -> Vec<NotWork> {
        let mut out: Vec<NotWork> = Vec::new();
        for (n, item) in self
            .complaints
            .list(value, "not_work", "the answer")
            .iter()
            .take(IDS_MOST)
            .enumerate()
        {
            let who = format!("Entry {} of `not_work`", n + 1);
            let Some(block) = self.complaints.text(item, "block", &who) else {
                continue;
            };
            let reason = self
                .complaints
                .text(item, "reason", &who)
                .unwrap_or_default();
            let reason = fence::cut(&one_line(&reason), REASON_MOST);
            if reason.is_empty() {
                self.complaints.say(format!(
                    "{who}: the reason for `{}` is empty.",
                    brief_words(&block)
                ));
            }
            for block in self.own_blocks(&[block], "block", &who) {
                out.push(NotWork {
                    block,
                    reason: reason.clone(),
                });
            }
        }
        out
    }

    fn extends(&mut self, value: &Value, known: &HashSet<String>) -> Vec<Extension> {
        let mut out = Vec::new();
        for (n, item) in self
            .complaints
            .list(value, "extends", "the answer")
            .iter()
            .take(IDS_MOST)
            .enumerate()
        {
            let who = format!("Entry {} of `extends`", n + 1);
            let issue = self
                .complaints
                .text(item, "issue", &who)
                .unwrap_or_default()
                .trim()
                .to_owned();
            if !issue.is_empty() && !known.contains(&issue) {
                self.complaints.say(format!(
                    "{who}: there is no issue `{}` in the list; write it as there, for example `1.k2`.",
                    brief_words(&issue)
                ));
            }
            let covers = self.complaints.texts(item, "covers", &who, IDS_MOST);
            let covers = self.own_blocks(&covers, "covers", &who);
            out.push(Extension { issue, covers });
        }
        out
    }
}

/// What is wrong with a title.
pub(super) fn faults_of_title(title: &str) -> Vec<String> {
    let mut faults = Vec::new();
    let length = title.chars().count();
    if title.is_empty() {
        faults.push("the title is empty.".to_owned());
    } else if title
        .contains(|c: char| c != '\t' && c.is_control() || matches!(c, '\u{2028}' | '\u{2029}'))
    {
        faults.push("the title must be on one line.".to_owned());
    } else if words_of_title(title).is_empty() {
        faults.push(format!("the title `{}` says nothing.", brief_words(title)));
    }
    if length > LONGEST_TITLE {
        faults.push(format!(
            "the title has {length} characters, at most {LONGEST_TITLE} are allowed: `{}`. Say it shorter.",
            brief_words(title)
        ));
    }
    faults
}

/// `b3` however it is written.
fn block_id(name: &str) -> String {
    let name = name.trim_matches(|c: char| c.is_whitespace() || "[]`".contains(c));
    name.split_whitespace()
        .next()
        .unwrap_or_default()
        .to_ascii_lowercase()
}

fn some(names: &[String]) -> String {
    let shown: Vec<String> = names.iter().take(10).map(|n| format!("`{n}`")).collect();
    match names.len().saturating_sub(10) {
        0 => shown.join(", "),
        more => format!("{} and {more} more", shown.join(", ")),
    }
}

fn ends(blocks: &[String]) -> String {
    match blocks {
        [] => "none".to_owned(),
        [one] => format!("`{one}`"),
        [first, .., last] => format!("`{first}` to `{last}`, as they are shown"),
    }
}
