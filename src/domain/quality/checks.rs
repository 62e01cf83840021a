//! The checks, one function each, in the order of the rules.

use std::collections::{HashMap, HashSet};

use super::words::{ELSEWHERE, NAMELESS, UNVERIFIABLE};
use super::{Finding, number};
use crate::domain::coverage;
use crate::domain::plan::{FROM_THE_SPEC, Plan, PlannedIssue};
use crate::domain::similarity::Index;

/// More criteria than this make several issues.
const MOST_CRITERIA: usize = 12;
/// More blocks than this make several issues.
const MOST_BLOCKS: usize = 25;
/// Whoever waits for more than this waits for everything.
const MOST_WAITS: usize = 5;
/// A chain of fewer is no finding.
const LEAST_CHAIN: usize = 5;
/// A criterion of more words is a sentence of the text, not a check.
const CRITERION_WORDS: usize = 14;
/// How alike two issues of one plan are to be the same work: one author's list is more alike than a repository's issues.
const SAME_WORK: f32 = 0.85;

pub(super) fn all(plan: &Plan) -> Vec<Finding> {
    let parents: HashSet<&str> = plan
        .issues
        .iter()
        .filter_map(|i| i.parent.as_deref())
        .collect();
    let work: Vec<&PlannedIssue> = plan
        .issues
        .iter()
        .filter(|issue| !parents.contains(issue.id.as_str()))
        .collect();
    let mut found = uncovered(plan);
    let each: [fn(&PlannedIssue) -> Option<Finding>; 6] = [
        title_alone,
        several_things,
        too_large,
        too_small,
        no_criteria,
        unverifiable,
    ];
    for check in each {
        found.extend(work.iter().filter_map(|issue| check(issue)));
    }
    found.extend(doubled(&work));
    found.extend(plan.issues.iter().filter_map(waits_for_many));
    found.extend(one_chain(&work));
    let broken = coverage::check(plan);
    found.extend(broken.into_iter().map(|says| Finding {
        rule: "broken-plan",
        issue: None,
        block: None,
        says,
    }));
    found
}

fn about(issue: &PlannedIssue, rule: &'static str, says: String) -> Finding {
    Finding {
        rule,
        issue: Some(issue.id.clone()),
        block: None,
        says,
    }
}

fn uncovered(plan: &Plan) -> Vec<Finding> {
    let summary = coverage::summary(plan);
    let finding = |block: &&crate::domain::spec::Block| Finding {
        rule: "uncovered-block",
        issue: None,
        block: Some(block.id.clone()),
        says: format!("line {} is neither covered nor excused", block.lines[0]),
    };
    summary.uncovered.iter().map(finding).collect()
}

fn title_alone(issue: &PlannedIssue) -> Option<Finding> {
    let words = words_of(&issue.title);
    let first = words.first()?;
    let is_numbered = words.len() <= 2
        && words[1..]
            .iter()
            .all(|w| w.chars().any(|c| c.is_ascii_digit()) || w.len() == 1);
    let last = words
        .last()
        .filter(|word| ELSEWHERE.contains(&word.as_str()))
        // "Compare states before applying them" says itself what "them" is.
        .filter(|word| !["it", "them"].contains(&word.as_str()) || words.len() <= 4);
    let says = if NAMELESS.contains(&first.as_str()) && is_numbered {
        format!("“{}” says nothing without the document", issue.title)
    } else if let Some(word) = last {
        format!("“{}” leaves open what “{word}” is", issue.title)
    } else {
        return None;
    };
    Some(about(issue, "title-alone", says))
}

/// "Add X and remove Y".
fn several_things(issue: &PlannedIssue) -> Option<Finding> {
    let (before, after) = issue.title.split_once(" and ")?;
    let verb = |words: &str| words_of(words).first().is_some_and(|word| is_verb(word));
    (verb(before) && verb(after)).then(|| {
        let says = format!("“{}” asks for two things", issue.title);
        about(issue, "several-things", says)
    })
}

fn is_verb(word: &str) -> bool {
    const VERBS: &[&str] = &[
        "add",
        "remove",
        "delete",
        "build",
        "create",
        "implement",
        "fix",
        "update",
        "rename",
        "migrate",
        "write",
        "document",
        "test",
        "deploy",
        "drop",
        "replace",
        "move",
        "split",
        "merge",
        "send",
        "show",
        "store",
        "validate",
        "publish",
    ];
    VERBS.contains(&word)
}

fn too_large(issue: &PlannedIssue) -> Option<Finding> {
    let (criteria, blocks) = (criteria(issue).len(), issue.covers.len());
    let says = if criteria > MOST_CRITERIA {
        format!("{criteria} acceptance criteria are work for several issues; `replan` or split it")
    } else if blocks > MOST_BLOCKS {
        format!(
            "it covers {blocks} blocks of the text, work for several issues; `replan` or split it"
        )
    } else {
        return None;
    };
    Some(about(issue, "too-large", says))
}

fn too_small(issue: &PlannedIssue) -> Option<Finding> {
    let says_little = words_of(&issue.title).len() <= 1 && own_criteria(issue).is_empty();
    says_little.then(|| {
        let says = format!("“{}” is all that is said about it", issue.title);
        about(issue, "too-small", says)
    })
}

fn no_criteria(issue: &PlannedIssue) -> Option<Finding> {
    own_criteria(issue).is_empty().then(|| {
        let says = "the text says nothing about when it is done beyond its title".to_owned();
        about(issue, "no-criteria", says)
    })
}

fn unverifiable(issue: &PlannedIssue) -> Option<Finding> {
    // A long sentence explains; nobody would test it word by word.
    let short = |line: &&str| line.split(' ').count() <= CRITERION_WORDS;
    let text =
        std::iter::once(issue.title.as_str()).chain(criteria(issue).into_iter().filter(short));
    let mut found: Vec<&str> = Vec::new();
    for line in text {
        let line = format!(" {} ", spaced(line));
        let here = UNVERIFIABLE
            .iter()
            .filter(|word| line.contains(&format!(" {} ", spaced(word))));
        found.extend(here);
    }
    found.sort_unstable();
    found.dedup();
    found.truncate(3);
    (!found.is_empty()).then(|| {
        let says = format!("no test can check “{}”; say how much", found.join("”, “"));
        about(issue, "unverifiable-words", says)
    })
}

/// Each pair once, found through the index.
fn doubled(work: &[&PlannedIssue]) -> Vec<Finding> {
    // Bodies of one plan share their frame.
    let index = Index::of(work.iter().map(|issue| (issue.title.as_str(), "")));
    let mut found = Vec::new();
    for (n, issue) in work.iter().enumerate() {
        for alike in index.find(&issue.title, "").alike {
            if alike.place < n
                && alike.score >= SAME_WORK
                && !are_parallel(&issue.title, &work[alike.place].title)
            {
                let other = work[alike.place];
                let says = format!(
                    "looks like the same work as {} “{}”",
                    number(&other.id),
                    other.title
                );
                found.push(about(issue, "doubled-work", says));
            }
        }
    }
    found
}

/// "Cover the mail API" and "Cover the map API" each name something of their own; "from A to B" and "from B to A" go two ways.
fn are_parallel(one: &str, other: &str) -> bool {
    let things = |title: &str| -> Vec<String> {
        const LITTLE: &[&str] = &["a", "an", "the", "our", "its", "new"];
        let words = words_of(title).into_iter().skip(1);
        words.filter(|w| !LITTLE.contains(&w.as_str())).collect()
    };
    let (one, other) = (things(one), things(other));
    let own = |a: &[String], b: &[String]| {
        a.iter().any(|word| {
            !b.iter()
                .any(|w| w.trim_end_matches('s') == word.trim_end_matches('s'))
        })
    };
    if own(&one, &other) {
        return own(&other, &one);
    }
    let sorted = |words: &[String]| {
        let mut words = words.to_vec();
        words.sort_unstable();
        words
    };
    one != other && sorted(&one) == sorted(&other)
}

fn waits_for_many(issue: &PlannedIssue) -> Option<Finding> {
    let waits = issue.blocked_by.len();
    (waits > MOST_WAITS).then(|| {
        about(
            issue,
            "waits-for-many",
            format!("it waits for {waits} others"),
        )
    })
}

/// Each waits for the one before, from the first to the last.
fn one_chain(work: &[&PlannedIssue]) -> Option<Finding> {
    let ids: HashMap<&str, usize> = work
        .iter()
        .enumerate()
        .map(|(n, i)| (i.id.as_str(), n))
        .collect();
    let mut waited_for = vec![0_usize; work.len()];
    let mut starts = 0;
    for issue in work {
        let firsts: Vec<usize> = issue
            .blocked_by
            .iter()
            .filter_map(|id| ids.get(id.as_str()).copied())
            .collect();
        starts += usize::from(firsts.is_empty());
        for n in firsts {
            waited_for[n] += 1;
        }
    }
    let is_chain = work.len() >= LEAST_CHAIN && starts == 1 && waited_for.iter().all(|n| *n <= 1);
    is_chain.then(|| Finding {
        rule: "one-chain",
        issue: None,
        block: None,
        says: format!("all {} issues wait for one another in one row", work.len()),
    })
}

/// The lines of the task list in the body.
fn criteria(issue: &PlannedIssue) -> Vec<&str> {
    let body = issue.body.split(FROM_THE_SPEC).next().unwrap_or_default();
    let items = body.lines().map(str::trim_start);
    items
        .filter_map(|line| {
            line.strip_prefix("- [ ] ")
                .or_else(|| line.strip_prefix("- [x] "))
        })
        .collect()
}

/// Criteria that say more than the title does.
fn own_criteria(issue: &PlannedIssue) -> Vec<&str> {
    let title = words_of(&issue.title);
    let mut criteria = criteria(issue);
    criteria.retain(|line| words_of(line).iter().any(|word| !title.contains(word)));
    criteria
}

fn words_of(text: &str) -> Vec<String> {
    spaced(text)
        .split(' ')
        .filter(|w| !w.is_empty())
        .map(str::to_owned)
        .collect()
}

/// Lower case, one space between words, nothing else.
fn spaced(text: &str) -> String {
    let plain: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .collect();
    plain
        .to_lowercase()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ")
}
