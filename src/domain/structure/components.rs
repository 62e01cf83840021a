//! Spreading the work over components and repositories.
//!
//! Each issue goes to the component whose words it uses most: in its title, then in its section, then in its text. An issue that
//! speaks of no component gets none. When the whole spec is one piece of work ("Add dark mode" for web, iOS and Android) and
//! nothing tells the components apart, a maintainer means one issue for each of them, so that is what is planned. A component
//! that no issue speaks of is named in a warning, for a person to decide.

use super::draft::Draft;
use super::reader::Reader;
use super::rules;
use super::titles::LONGEST;
use super::words::asks::normal;
use crate::domain::ids::RepositoryName;

/// Other words for common components.
#[rustfmt::skip] // words, many to a line
const KIN: &[(&[&str], &[&str])] = &[
    (
        &[
            "web",
            "frontend",
            "front end",
            "ui",
            "web app",
            "website",
            "client",
        ],
        &[
            "web", "frontend", "browser", "ui", "page", "pages", "screen", "css", "form", "button",
            "html", "view", "sidebar",
        ],
    ),
    (
        &["backend", "back end", "server", "api"],
        &[
            "backend", "server", "api", "endpoint", "endpoints", "database", "queue", "migration", "webhook", "worker",
        ],
    ),
    (
        &["ios", "iphone"],
        &["ios", "iphone", "ipad", "swift", "apple"],
    ),
    (&["android"], &["android", "kotlin", "play"]),
    (
        &["mobile", "app", "apps"],
        &["mobile", "app", "phone", "ios", "android", "push"],
    ),
    (
        &["docs", "documentation"],
        &[
            "docs",
            "documentation",
            "guide",
            "readme",
            "tutorial",
            "runbook",
            "document",
        ],
    ),
    (
        &["cli", "command line"],
        &["cli", "command", "terminal", "flag", "flags"],
    ),
    (
        &["database", "db", "storage", "data"],
        &[
            "database", "table", "tables", "schema", "index", "sql", "migration", "storage", "backfill", "column",
        ],
    ),
    (
        &["infra", "infrastructure", "ops", "devops", "platform"],
        &[
            "infrastructure", "deployment", "deploy", "kubernetes", "terraform", "ci", "monitoring", "alert", "alerts",
            "cluster", "rollout", "flag",
        ],
    ),
    (
        &["auth", "authentication", "identity"],
        &[
            "auth", "login", "password", "oauth", "sso", "session", "token", "role", "roles", "permission", "permissions",
        ],
    ),
    (
        &["billing", "payments"],
        &[
            "billing", "invoice", "invoices", "payment", "payments", "stripe", "charge", "refund",
            "price",
        ],
    ),
    (
        &["tests", "qa", "testing"],
        &["test", "tests", "testing", "qa", "e2e"],
    ),
];

/// One issue for each component, when the spec is a single piece of work.
pub(super) fn spread(reader: &mut Reader<'_>, components: &[String]) -> bool {
    let alive: Vec<usize> = (0..reader.drafts.len())
        .filter(|n| !reader.drafts[*n].gone)
        .collect();
    let [only] = alive[..] else { return false };
    if components.len() < 2 {
        return false;
    }
    let whole = reader.drafts[only].clone();
    for (n, component) in components.iter().enumerate() {
        let suffix = format!(" ({component})");
        let room = LONGEST.saturating_sub(suffix.chars().count());
        let mut head = whole.title.clone();
        while head.chars().count() > room && head.contains(' ') {
            head.truncate(head.rfind(' ').unwrap_or(0));
        }
        let title: String = format!("{head}{suffix}").chars().take(LONGEST).collect();
        let draft = Draft {
            title,
            rule: rules::COMPONENT,
            component: Some(component.clone()),
            ..whole.clone()
        };
        if n == 0 {
            reader.drafts[only] = draft;
        } else {
            reader.push(draft);
        }
    }
    true
}

/// The least score of a draft that speaks of a component: for one that was asked for, a hint will do.
pub(super) const HINTS: usize = 2;
/// Its name stands in the title or above it, or its words all over the text.
pub(super) const PLAIN: usize = 6;

/// Gives each draft the component that it speaks of with at least such a score; the components that none speaks of.
pub(super) fn assign(reader: &mut Reader<'_>, components: &[String], least: usize) -> Vec<String> {
    let names: Vec<(String, Vec<String>)> = components
        .iter()
        .map(|component| {
            let name = normal(component);
            let mut kin: Vec<String> = KIN
                .iter()
                .filter(|(names, _)| names.contains(&name.as_str()))
                .flat_map(|(_, words)| words.iter().map(|w| (*w).to_owned()))
                .collect();
            kin.retain(|w| *w != name);
            (name, kin)
        })
        .collect();
    let mut used = vec![false; components.len()];
    for n in 0..reader.drafts.len() {
        let draft = &reader.drafts[n];
        if draft.gone {
            continue;
        }
        if let Some(given) = &draft.component {
            if let Some(at) = components.iter().position(|c| c == given) {
                used[at] = true;
            }
            continue;
        }
        let title = counted(&draft.title);
        let section = counted(&reader.outline.path(draft.section).join(" "));
        let body = counted(
            &draft
                .covers
                .iter()
                .filter(|p| reader.pieces[**p].level == 0)
                .take(40)
                .map(|p| reader.pieces[*p].plain.as_str())
                .collect::<Vec<_>>()
                .join(" "),
        );
        let score = |(name, kin): &(String, Vec<String>)| {
            let own =
                8 * times(&title, name) + 6 * times(&section, name) + 3 * times(&body, name).min(3);
            own + kin
                .iter()
                .map(|w| 3 * times(&title, w) + 2 * times(&section, w) + times(&body, w).min(2))
                .sum::<usize>()
        };
        let best = names
            .iter()
            .enumerate()
            .map(|(at, name)| (score(name), std::cmp::Reverse(at)))
            .max();
        if let Some((score, std::cmp::Reverse(at))) = best.filter(|(score, _)| *score >= least) {
            let _ = score;
            used[at] = true;
            reader.drafts[n].component = Some(components[at].clone());
        }
    }
    components
        .iter()
        .zip(used)
        .filter(|(_, used)| !used)
        .map(|(component, _)| component.clone())
        .collect()
}

fn counted(text: &str) -> String {
    format!(" {} ", normal(text))
}

fn times(text: &str, word: &str) -> usize {
    if word.is_empty() {
        0
    } else {
        text.matches(&format!(" {word} ")).count() + text.matches(&format!(" {word}s ")).count()
    }
}

/// Where an issue goes: the repository named like its component, otherwise the first one.
pub(in crate::domain) fn repository(
    component: Option<&str>,
    repositories: &[RepositoryName],
) -> Option<RepositoryName> {
    let named = component.and_then(|component| {
        let component = normal(component);
        let exact = repositories.iter().find(|r| normal(&r.name) == component);
        exact.or_else(|| {
            repositories
                .iter()
                .find(|r| format!(" {} ", normal(&r.name)).contains(&format!(" {component} ")))
        })
    });
    named.or(repositories.first()).cloned()
}
