//! Planning with a model, tried without one: prompts, replies, large specs, and the promise that any reply gives a sound plan.

mod examples;
mod injections;
mod properties;
mod questions;
mod replies;
mod whole;

use serde_json::{Value, json};

use super::*;
use crate::domain::coverage;
use crate::domain::plan::Plan;
use crate::domain::structure;

const NONCE: &str = "n0nce5ab41c";

/// A spec with all that a brief needs.
struct Desk {
    spec: Spec,
    structural: Plan,
    title: String,
    wishes: Wishes,
    surroundings: Surroundings,
    instructions: Vec<String>,
}

impl Desk {
    fn of(title: &str, text: &str) -> Self {
        let wishes = Wishes {
            maximum: 100,
            ..Wishes::default()
        };
        Self {
            spec: Spec::parse(title, text),
            structural: structure::plan(title, text, &wishes),
            title: title.to_owned(),
            wishes,
            surroundings: Surroundings::default(),
            instructions: Vec::new(),
        }
    }

    fn brief(&self) -> Brief<'_> {
        Brief {
            spec: &self.spec,
            title: &self.title,
            wishes: &self.wishes,
            surroundings: &self.surroundings,
            instructions: &self.instructions,
            nonce: NONCE,
        }
    }

    fn part(&self) -> Part {
        parts(&self.brief(), 1_000_000).remove(0)
    }

    fn read(&self, reply: &Value) -> Result<Drafts, Vec<String>> {
        read_issues(&reply.to_string(), &self.brief(), &self.part(), None)
    }

    fn complaints(&self, reply: &Value) -> String {
        self.read(reply).unwrap_err().join("\n")
    }

    /// The plan from one reply that is accepted.
    fn plan(&self, reply: &Value) -> Assembled {
        let drafts = self.read(reply).unwrap();
        self.assembled(&[(self.part(), drafts)])
    }

    fn assembled(&self, drafts: &[(Part, Drafts)]) -> Assembled {
        let assembled = assemble(&self.brief(), drafts, &self.structural, "openai/test", None);
        assert_eq!(coverage::check(&assembled.plan), Vec::<String>::new());
        assembled
    }
}

/// An issue of a reply; other fields are added by the test.
fn issue(key: &str, title: &str, covers: &[&str]) -> Value {
    json!({
        "key": key, "title": title, "description": format!("{title}, as the text says."), "criteria": ["It works"],
        "covers": covers, "parent": "", "after": [], "after_blocks": [], "component": "", "labels": [],
    })
}

fn with(mut issue: Value, field: &str, value: Value) -> Value {
    issue[field] = value;
    issue
}

fn reply(issues: &[Value]) -> Value {
    json!({ "issues": issues, "not_work": [] })
}

/// Title, what it waits for and what it covers, a line each.
fn outline(plan: &Plan) -> String {
    let line = |i: &crate::domain::plan::PlannedIssue| {
        let parent = i
            .parent
            .as_ref()
            .map(|p| format!(" in {p}"))
            .unwrap_or_default();
        let after = if i.blocked_by.is_empty() {
            String::new()
        } else {
            format!(" after {}", i.blocked_by.join(" "))
        };
        format!(
            "{}{parent}{after}: {} [{}]",
            i.id,
            i.title,
            i.covers.join(" ")
        )
    };
    plan.issues.iter().map(line).collect::<Vec<_>>().join("\n")
}
