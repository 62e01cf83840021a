//! Verbs for things that were only named, and names that say too little.

use super::super::words::verbs::{from_participle, opens_with_verb};

/// Last words of a phrase and the verb that fits them.
#[rustfmt::skip] // words, many to a line
const FITTING: &[(&str, &[&str])] = &[
    (
        "write",
        &[
            "documentation", "docs", "guide", "guides", "runbook", "runbooks", "tutorial", "readme", "manual", "faq", "playbook",
            "test", "tests", "adr", "handbook", "how-to", "announcement", "spec", "release notes", "blog post", "changelog",
        ],
    ),
    (
        "carry out",
        &[
            "migration", "rollout", "cutover", "backfill", "audit", "review", "investigation", "research", "spike", "analysis",
            "survey", "rehearsal", "upgrade", "load testing", "testing", "load test", "pen test", "clean-up", "cleanup",
            "assessment", "refactoring", "training", "switchover", "test plan", "rollout plan",
        ],
    ),
    ("plan", &["communication", "communications"]),
    ("complete", &["week", "day", "month", "quarter", "checklist"]),
    ("make", &["changes"]),
    ("explain", &["explanation", "background", "concepts"]),
    ("decide on", &["decision", "decisions", "trade-off", "trade-offs", "tradeoffs"]),
    (
        "prepare",
        &[
            "rollback", "launch", "release", "rollback plan", "communication plan", "demo", "beta", "pilot",
        ],
    ),
    (
        "create",
        &[
            "mockups", "wireframes", "designs", "prototype", "template", "templates", "schema", "table", "tables", "repository",
            "project", "inventory", "mock-ups",
        ],
    ),
    (
        "define",
        &[
            "strategy", "policy", "policies", "contract", "requirements", "roles", "conventions", "naming", "standards",
            "guidelines", "semantics", "behavior", "behaviour", "terminology", "principles", "effect", "effects", "precedence",
            "invariants", "constraints", "responsibilities", "ownership", "terms", "thresholds", "criteria", "budget",
        ],
    ),
    (
        "implement",
        &[
            "algorithm", "logic", "protocol", "mechanism", "handling", "model", "architecture", "layer",
            "authentication", "authorization", "authorisation", "lifecycle", "storage", "syntax", "processing", "parsing",
            "parser", "resolution", "management", "integration", "sync", "synchronization", "state machine", "design",
            "proposal", "verification", "validation",
        ],
    ),
    (
        "build",
        &[
            "form", "page", "pages", "screen", "dashboard", "view", "ui", "service", "api", "engine", "pipeline", "client",
            "server", "app", "tool", "cli", "bot", "importer", "exporter", "library", "module", "component", "widget", "portal",
            "checkout", "inbox", "website", "site", "editor", "wizard", "onboarding", "worker", "scheduler", "backend",
            "frontend", "front end", "back end", "adapter", "proxy", "gateway", "simulator", "panel", "store", "composer",
            "viewer", "flow", "flows", "interface", "installer",
        ],
    ),
    (
        "fix",
        &[
            "bug", "bugs", "error", "errors", "crash", "crashes", "leak", "leaks", "regression", "typo", "typos", "issue",
            "issues",
        ],
    ),
    (
        "keep",
        &[
            "compatibility",
            "backward compatibility",
            "backwards compatibility",
        ],
    ),
    (
        "meet",
        &[
            "performance", "accessibility", "security", "reliability", "availability", "scalability", "compliance", "privacy",
            "usability", "requirements",
        ],
    ),
];

/// Names that say too little alone.
#[rustfmt::skip] // words, many to a line
const GENERIC: &[&str] = &[
    "backend", "frontend", "ui", "ux", "api", "apis", "tests", "test", "testing", "docs", "documentation", "database",
    "infrastructure", "infra", "security", "performance", "logging", "monitoring", "validation", "permissions", "settings",
    "notifications", "search", "design", "migration", "deployment", "rollout", "cleanup", "clean-up", "configuration", "config",
    "setup", "error handling", "accessibility", "analytics", "metrics", "telemetry", "release", "qa", "other", "misc",
    "miscellaneous", "client", "server", "mobile", "web", "core", "data", "data model", "model", "models", "schema", "storage",
    "integration", "integrations", "authentication", "authorization", "auth", "cli", "general", "basics", "polish", "caching",
    "cache", "observability", "alerting", "alerts", "compatibility", "reliability", "availability", "scalability", "privacy",
    "compliance", "usability", "localization", "localisation", "i18n", "internationalization", "unit tests", "integration tests",
    "e2e tests", "rollback", "launch", "communication", "training", "support", "filters", "filtering", "sorting", "pagination",
    "export", "import", "reporting", "reports", "audit", "admin", "onboarding", "implementation", "architecture", "components",
    "structure", "errors", "changes", "examples", "test plan", "rollout plan", "graduation criteria", "monitoring requirements",
    "interface", "user interface", "maintainability", "quality", "rate limits", "rate limiting", "limits", "feature flag",
    "flag", "it", "this", "them", "these", "that", "load testing", "preparation", "verification", "operation", "operations",
    "upgrade", "layout", "view", "list", "table", "form", "page", "new", "columns", "fields", "options", "input", "output",
    "step", "steps", "syntax", "semantics", "details", "kubelet", "dashboard",
];

#[rustfmt::skip] // words, many to a line
const QUALITIES: &[&str] = &[
    "performance", "security", "availability", "reliability", "scalability", "accessibility", "privacy", "compliance",
    "usability", "compatibility", "observability", "maintainability", "latency", "throughput", "durability", "localisation",
    "localization", "internationalization", "internationalisation", "portability", "capacity", "uptime", "resilience",
    "auditability", "data retention", "retention", "browser support", "response time", "cost", "quality", "note", "scale",
    "speed", "consistency", "correctness", "safety", "data protection", "gdpr", "offline", "backups", "backup", "logging",
    "monitoring",
];

pub(super) fn is_generic(name: &str) -> bool {
    GENERIC.contains(&name.to_lowercase().trim_start_matches("the "))
}

/// A quality that something must have, as against a thing to build.
pub(super) fn is_quality(name: &str) -> bool {
    QUALITIES.contains(&name.to_lowercase().as_str())
}

/// Does a title say too little to stand alone: a verb and a generic word?
pub(super) fn is_thin(title: &str) -> bool {
    let lower = title.to_lowercase();
    let object = ["carry out ", "set up "]
        .iter()
        .find_map(|v| lower.strip_prefix(v))
        .or_else(|| lower.split_once(' ').map(|(_, object)| object));
    let Some(object) = object else { return true };
    let object = object
        .strip_prefix("the ")
        .or_else(|| object.strip_prefix("a "))
        .or_else(|| object.strip_prefix("an "))
        .unwrap_or(object);
    let parts: Vec<&str> = object.split(" and ").flat_map(|p| p.split(", ")).collect();
    parts.iter().all(|part| GENERIC.contains(part))
}

/// "Move billing to the ledger" is "moving billing to the ledger" after a preposition.
pub(crate) fn as_thing(phrase: &str) -> String {
    if !opens_with_verb(phrase) {
        return phrase.to_owned();
    }
    let (verb, rest) = phrase.split_once(' ').unwrap_or((phrase, ""));
    gerund(&verb.to_lowercase()) + if rest.is_empty() { "" } else { " " } + rest
}

/// "move" to "moving", "set" to "setting".
pub(super) fn gerund(verb: &str) -> String {
    #[rustfmt::skip] // words, many to a line
    const DOUBLED: &[&str] = &[
        "get", "set", "put", "run", "let", "cut", "stop", "drop", "log", "ban", "skip", "submit",
        "plan", "ship", "swap", "trim", "tag", "map", "split", "spin", "shut", "reset", "pin",
        "strip", "wrap", "scan",
    ];
    let stem = if verb.ends_with('e') && !verb.ends_with("ee") {
        &verb[..verb.len() - 1]
    } else {
        verb
    };
    let doubled = if DOUBLED.contains(&verb) {
        &verb[verb.len() - 1..]
    } else {
        ""
    };
    format!("{stem}{doubled}ing")
}

/// First words of a phrase and the order that they make.
const OPENINGS: &[(&str, &str)] = &[
    ("removal of ", "remove"),
    ("explanation of ", "explain"),
    ("deletion of ", "delete"),
    ("creation of ", "create"),
    ("introduction of ", "introduce"),
    ("migration of ", "migrate"),
    ("deprecation of ", "deprecate"),
    ("integration of ", "integrate"),
    ("integration with ", "integrate with"),
    ("replacement of ", "replace"),
    ("improvement of ", "improve"),
    ("validation of ", "validate"),
    ("detection of ", "detect"),
    ("ability for ", "let"),
    ("option to ", "add an option to"),
    ("migration to ", "migrate to"),
    ("migration from ", "migrate from"),
    ("better ", "provide better"),
    ("improved ", "provide improved"),
    ("no ", "ensure no"),
    ("all ", "ensure all"),
    ("every ", "ensure every"),
    ("each ", "ensure each"),
    ("when ", "handle the case when"),
    ("if ", "handle the case if"),
];

/// An order for a thing that was only named.
pub(super) fn with_verb(phrase: &str, lowered: impl Fn(&str) -> String) -> String {
    let name = lowered(phrase);
    let lower = name.to_lowercase();
    for opening in ["support for ", "support of "] {
        if let Some(rest) = lower.strip_prefix(opening) {
            return format!("support {}", &name[name.len() - rest.len()..]);
        }
    }
    if let Some(rest) = lower.strip_suffix(" support")
        && rest.split(' ').count() <= 4
        && !rest.contains(" and ")
        && name.is_char_boundary(rest.len())
    {
        return format!("support {}", &name[..rest.len()]);
    }
    for (opening, verb) in OPENINGS {
        if let Some(rest) = lower.strip_prefix(opening) {
            return format!("{verb} {}", &name[name.len() - rest.len()..]);
        }
    }
    // "Deduplicated imports" are not deduplicated yet; "Reads moved to the store" neither.
    let mut words = name.split(' ');
    if let (Some(_), Some(second)) = (words.next(), words.next())
        && name.split(' ').count() >= 3
        && second.ends_with("ed")
        && from_participle(&second.to_lowercase()).is_some()
    {
        return format!("ensure {name}");
    }
    if lower.ends_with(" strategy") {
        return format!("define {name}");
    }
    // The thing itself stands before what it is for, of or with.
    let head = [
        " for ",
        " of ",
        " with ",
        " in ",
        " on ",
        " to ",
        " from ",
        " per ",
        " by ",
        " when ",
        " at ",
        " that ",
        " (",
        ", ",
        " as ",
        " via ",
        " using ",
        " and ",
        " & ",
        " between ",
        " / ",
        " after ",
        " before ",
    ]
    .iter()
    .filter_map(|mark| lower.find(mark))
    .min()
    .map_or(lower.as_str(), |at| &lower[..at]);
    for (verb, tails) in FITTING {
        if tails.iter().any(|tail| {
            head == *tail
                || head
                    .strip_suffix(tail)
                    .is_some_and(|rest| rest.ends_with([' ', '-', '`']))
        }) {
            if *verb == "meet" {
                return format!("meet the {name} requirements");
            }
            return format!("{verb} {name}");
        }
    }
    // "Change email" may be an order or a name: no verb before a verb.
    if is_clause(&lower)
        || (name.split(' ').count() == 2
            && EITHER.contains(&name.split(' ').next().unwrap_or_default()))
    {
        return phrase.to_owned();
    }
    format!("add {name}")
}

/// Verbs with which a phrase of two words is more often an order than a name.
const EITHER: &[&str] = &[
    "change", "switch", "upload", "download", "reset", "display", "open", "copy", "check",
];

/// A clause is no thing to add: its author's words stay.
fn is_clause(lower: &str) -> bool {
    #[rustfmt::skip] // words, many to a line
    const FINITE: &[&str] = &[
        "is", "are", "was", "were", "will", "would", "does", "do", "did", "has", "have", "arises", "means", "describe", "cannot",
    ];
    #[rustfmt::skip] // words, many to a line
    const OPENINGS: &[&str] = &[
        "don't", "do", "may", "must", "cannot", "can't", "naturally,", "consider", "note", "but", "because", "since", "although",
        "while", "however,", "i'll", "i", "we", "you", "they",
    ];
    let straight = lower.replace('’', "'");
    let words: Vec<&str> = straight.split(' ').collect();
    words.len() >= 2 && OPENINGS.contains(&words[0])
        || words.len() >= 4
            && words.iter().skip(1).take(6).any(|w| FINITE.contains(w))
            && !words
                .iter()
                .any(|w| ["that", "which", "who", "whose", "where", "when"].contains(w))
}
