//! Verbs that a title may start with, and how other forms lead back to them.

use std::collections::HashSet;
use std::sync::LazyLock;

/// Imperatives of software work.
#[rustfmt::skip] // words, many to a line
static VERBS: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    HashSet::from([
        "accept", "acknowledge", "activate", "adapt", "add", "address", "adjust", "adopt", "aggregate", "agree", "alert",
        "align", "allocate", "allow", "analyse", "analyze", "announce", "annotate", "apply", "approve", "archive", "arrange",
        "ask", "assert", "assess", "assign", "attach", "audit", "authenticate", "authorize", "automate", "avoid", "backfill",
        "back", "backup", "batch", "benchmark", "bind", "block", "book", "bring", "brief", "broadcast", "buffer", "build",
        "bump", "cache", "calculate", "call", "cancel", "capture", "carry", "change", "check", "choose", "circulate", "clarify",
        "clean", "cleanup", "clear", "close", "collapse", "collect", "combine", "communicate", "compare", "complete", "compress",
        "compute", "conduct", "configure", "confirm", "connect", "consolidate", "contact", "convert", "coordinate", "copy",
        "correct", "cover", "create", "cut", "cutover", "debug", "decide", "declare", "decommission", "decouple", "decrypt",
        "deduplicate", "default", "define", "delegate", "delete", "deliver", "demo", "deny", "deploy", "deprecate", "derive",
        "describe", "design", "detach", "detect", "determine", "develop", "disable", "disallow", "discard", "discover",
        "discuss", "dispatch", "display", "distribute", "divide", "do", "document", "double", "download", "draft", "draw",
        "drop", "dual-write", "dual-read", "edit", "eliminate", "email", "embed", "emit", "enable", "encode", "encrypt",
        "enforce", "enhance", "enrich", "ensure", "establish", "estimate", "evaluate", "evict", "examine", "execute", "expand",
        "expire", "explain", "explore", "export", "expose", "extend", "extract", "fail", "fetch", "file", "filter", "finalise",
        "finalize", "find", "finish", "fix", "flag", "flip", "flush", "follow", "force", "format", "forward", "freeze", "gate",
        "gather", "generate", "get", "give", "grant", "group", "guarantee", "guard", "handle", "harden", "hash", "help", "hide",
        "highlight", "hold", "honor", "honour", "host", "identify", "ignore", "implement", "import", "improve", "include",
        "increase", "index", "inform", "ingest", "initialize", "inject", "insert", "inspect", "install", "instrument",
        "integrate", "introduce", "invalidate", "inventory", "investigate", "invite", "invoke", "isolate", "issue", "join",
        "keep", "kill", "label", "launch", "lead", "learn", "let", "limit", "link", "list", "listen", "lend", "load", "localise",
        "localize", "lock", "log", "look", "lower", "maintain", "make", "manage", "map", "mark", "mask", "match", "measure",
        "meet", "merge", "migrate", "minimise", "minimize", "mirror", "mock", "model", "modernize", "modify", "monitor", "mount",
        "move", "name", "negotiate", "normalise", "normalize", "notify", "obtain", "offer", "onboard", "open", "optimise",
        "optimize", "order", "organise", "organize", "outline", "override", "overwrite", "package", "paginate", "parse",
        "partition", "pass", "patch", "pause", "perform", "persist", "pick", "pin", "ping", "plan", "play", "poll", "populate",
        "port", "post", "prefetch", "prepare", "present", "preserve", "prevent", "preview", "print", "prioritise", "prioritize",
        "process", "produce", "profile", "prohibit", "promote", "prompt", "propagate", "propose", "protect", "prototype",
        "prove", "provide", "provision", "prune", "publish", "pull", "purge", "push", "put", "query", "queue", "raise", "rank",
        "rate-limit", "reach", "read", "rebuild", "receive", "recommend", "reconcile", "record", "recover", "redact", "redesign",
        "redirect", "reduce", "refactor", "refine", "refresh", "refuse", "register", "regenerate", "reject", "release", "reload",
        "remind", "remove", "rename", "render", "renew", "reorder", "reopen", "replace", "replay", "replicate", "reply",
        "report", "reproduce", "request", "require", "reserve", "reset", "resize", "resolve", "respect", "respond", "restart",
        "restore", "restrict", "restructure", "resume", "retain", "retire", "retry", "return", "reuse", "reverse", "revert",
        "review", "revise", "revoke", "rewrite", "roll", "rollback", "rotate", "route", "run", "sanitise", "sanitize", "save",
        "scale", "scan", "schedule", "scope", "script", "seal", "search", "secure", "seed", "select", "send", "separate",
        "serialize", "serve", "set", "setup", "shadow", "shard", "share", "ship", "show", "shrink", "shut", "sign", "simplify",
        "simulate", "skip", "snapshot", "sort", "specify", "speed", "split", "spread", "stabilise", "stabilize", "stage",
        "standardize", "start", "stop", "store", "stream", "streamline", "strengthen", "strip", "structure", "study", "style",
        "submit", "subscribe", "suggest", "summarise", "summarize", "supply", "support", "suppress", "survey", "suspend", "swap",
        "switch", "sync", "synchronise", "synchronize", "tag", "take", "talk", "teach", "tell", "terminate", "test", "throttle",
        "throw", "tighten", "toggle", "trace", "track", "train", "transfer", "transform", "translate", "treat", "trigger",
        "trim", "truncate", "try", "tune", "turn", "unblock", "undo", "unify", "unit-test", "unlink", "unlock", "update",
        "upgrade", "upload", "upsert", "use", "validate", "verify", "view", "visualise", "visualize", "wait", "walk", "warm",
        "warn", "watch", "wire", "work", "wrap", "write", "accumulate", "append", "attribute", "bootstrap", "containerize",
        "correlate", "crawl", "customise", "customize", "demonstrate", "enqueue", "dequeue", "fill", "forbid", "hand",
        "indicate", "move", "onboard", "price", "quote", "recalculate", "rework", "sample", "scaffold", "score", "shift",
        "sketch", "spike", "spin", "surface", "sunset", "version", "vet", "mention", "mute", "unmute", "snooze", "star",
        "favorite", "favourite", "leave", "invoice", "charge", "refund", "bill", "pay", "reassign", "escalate", "triage", "see",
        "deactivate", "reactivate", "shorten", "preload", "lengthen", "containerise", "containerize", "catch", "close", "apply", "bulk", "crop", "zip", "unzip",
        "rehearse", "hire", "gain", "reindex", "archive", "tidy", "drain", "prefill", "autocomplete", "paste", "drag", "resend", "seek",
        "browse", "choose", "receive", "rely", "act", "agree", "appear", "behave", "bring", "come", "contain", "count", "enter",
        "exclude", "fall", "go", "happen", "know", "lag", "last", "lose", "need", "own", "point", "react", "remain", "repeat",
        "say", "stay", "survive", "understand", "visit", "want", "declare", "encourage", "explain",
    ])
});

/// Words that are verbs only when something follows that a verb would act on: mostly seen as nouns at the head of a phrase.
#[rustfmt::skip] // words, many to a line
static DOUBTFUL: LazyLock<HashSet<&str>> = LazyLock::new(|| {
    HashSet::from([
        "access", "audit", "backup", "batch", "block", "book", "buffer", "bill", "cache", "call", "change", "charge", "check",
        "cleanup", "copy", "cover", "cutover", "default", "demo", "design", "display", "document", "download", "draft", "email",
        "export", "file", "filter", "flag", "format", "gate", "group", "guard", "hash", "help", "host", "import", "index",
        "inventory", "invoice", "issue", "label", "launch", "lead", "limit", "link", "list", "load", "lock", "log", "look",
        "map", "mask", "match", "measure", "model", "monitor", "mirror", "name", "order", "outline", "override", "package",
        "patch", "pause", "plan", "play", "poll", "port", "post", "present", "preview", "price", "process", "profile", "prompt",
        "prototype", "query", "queue", "quote", "rank", "record", "refund", "release", "report", "request", "reserve", "review",
        "rollback", "route", "sample", "scale", "scan", "schedule", "scope", "score", "script", "search", "seed", "setup",
        "shadow", "shard", "share", "ship", "sign", "sketch", "snapshot", "sort", "spike", "split", "stage", "star", "store",
        "stream", "structure", "study", "style", "supply", "support", "survey", "switch", "sync", "tag", "talk", "test",
        "throttle", "toggle", "trace", "track", "train", "transfer", "transform", "trigger", "upgrade", "upload", "version",
        "view", "visit", "wait", "walk", "watch", "work", "address", "alert", "approach", "attribute", "back", "benchmark",
        "cut", "fall", "freeze", "lag", "offer", "point", "purge", "surface", "sunset", "double", "mock", "content", "clear",
        "batch", "key", "own", "replay", "control", "escalate", "return", "rate-limit", "own", "triage",
    ])
});

/// Words that can only follow a verb in an imperative: articles, pronouns, prepositions, numbers.
#[rustfmt::skip] // words, many to a line
const OBJECT_OPENERS: &[&str] = &[
    "a", "an", "the", "all", "any", "each", "every", "both", "our", "their", "its", "this", "that", "these", "those", "no",
    "new", "old", "existing", "only", "more", "at", "to", "up", "out", "off", "on", "in", "into", "from", "for", "with", "by",
    "down", "back", "over", "through", "how", "what", "when", "where", "whether", "which", "if", "and", "or", "users", "people",
    "it", "them", "one", "two", "three", "another", "user", "admins", "customers", "as", "against", "across", "per", "without",
    "until", "everything", "us", "me", "him", "her", "real", "multiple", "several",
];

/// Verbs whose past participle does not end in -ed.
const IRREGULAR: &[(&str, &str)] = &[
    ("built", "build"),
    ("bound", "bind"),
    ("brought", "bring"),
    ("chosen", "choose"),
    ("done", "do"),
    ("drawn", "draw"),
    ("found", "find"),
    ("frozen", "freeze"),
    ("given", "give"),
    ("held", "hold"),
    ("hidden", "hide"),
    ("kept", "keep"),
    ("made", "make"),
    ("met", "meet"),
    ("paid", "pay"),
    ("put", "put"),
    ("read", "read"),
    ("rebuilt", "rebuild"),
    ("run", "run"),
    ("rewritten", "rewrite"),
    ("sent", "send"),
    ("set", "set"),
    ("shown", "show"),
    ("shut", "shut"),
    ("split", "split"),
    ("taken", "take"),
    ("told", "tell"),
    ("undone", "undo"),
    ("withdrawn", "withdraw"),
    ("written", "write"),
    ("overwritten", "overwrite"),
    ("overridden", "override"),
    ("reset", "reset"),
    ("cut", "cut"),
    ("spread", "spread"),
    ("left", "leave"),
];

/// Is this lower-case word a verb that a title may start with?
pub(crate) fn is_verb(word: &str) -> bool {
    let word = word.trim_matches(|c: char| !c.is_alphanumeric() && c != '-');
    VERBS.contains(word)
        || word
            .strip_suffix("ise")
            .is_some_and(|stem| VERBS.contains(format!("{stem}ize").as_str()))
        || word
            .strip_prefix("re-")
            .or_else(|| word.strip_prefix("un"))
            .is_some_and(|rest| VERBS.contains(rest))
}

/// Does a phrase open with an imperative? "Export as CSV" and "Export all rows" do, "Export formats" and "Search results page" do not.
pub(crate) fn opens_with_verb(phrase: &str) -> bool {
    let mut words = phrase.split_whitespace();
    let Some(first) = words.next() else {
        return false;
    };
    if first.ends_with(':') || first.ends_with(',') {
        return false;
    }
    let first = first.to_lowercase();
    if !is_verb(&first) {
        return false;
    }
    let Some(second) = words.next() else {
        return !DOUBTFUL.contains(first.as_str());
    };
    let bare = second.to_lowercase();
    let bare = bare.trim_matches(|c: char| !c.is_alphanumeric());
    // "Print should stay black on white" tells of print.
    if PREDICATES.contains(&bare) {
        return false;
    }
    if !DOUBTFUL.contains(first.as_str()) {
        return true;
    }
    // A sentence that goes on is an order; a short phrase of nouns is a name.
    OBJECT_OPENERS.contains(&bare)
        || second.starts_with('`')
        || second.starts_with(|c: char| c.is_ascii_digit())
        || goes_on(bare, words)
}

/// "Export bookings of the last ten years" goes on as an order does; "Export formats" is a name.
fn goes_on<'a>(second: &str, rest: impl Iterator<Item = &'a str>) -> bool {
    let rest: Vec<&str> = rest.collect();
    if rest.iter().take(3).any(|w| PREDICATES.contains(w)) {
        return false;
    }
    let reaches = rest.iter().any(|w| {
        [
            "from", "to", "into", "of", "with", "when", "until", "before", "after", "as", "via",
            "through", "against", "so", "while",
        ]
        .contains(w)
    });
    !NOUN_TAILS.contains(&second)
        && rest.len() >= 2
        && (reaches || !second.ends_with('s') && rest.len() >= 3)
}

/// Words that make the word before them a subject.
const PREDICATES: &[&str] = &[
    "must", "should", "shall", "will", "can", "may", "is", "are", "was", "were", "has", "have",
    "needs", "does", "cannot", "could", "would",
];

/// Nouns that make a compound with the doubtful verb before them.
#[rustfmt::skip] // words, many to a line
const NOUN_TAILS: &[&str] = &[
    "page", "form", "list", "view", "bar", "menu", "system", "flow", "process", "policy", "plan", "strategy", "tracking",
    "management", "integration", "support", "api", "endpoint", "service", "store", "queue", "format", "handling", "history",
    "log", "time", "date", "button", "screen", "layer", "engine", "testing", "limit", "limiting", "key", "file", "table",
    "number", "data",
];

/// The verb behind a past participle.
pub(crate) fn from_participle(word: &str) -> Option<String> {
    if let Some((_, verb)) = IRREGULAR.iter().find(|(participle, _)| *participle == word) {
        return Some((*verb).to_owned());
    }
    stems(word, "ed").into_iter().find(|stem| is_verb(stem))
}

/// The verb behind a gerund.
pub(crate) fn from_gerund(word: &str) -> Option<String> {
    stems(word, "ing").into_iter().find(|stem| is_verb(stem))
}

/// The verb behind the third person: `stores`, `applies`, `pushes`.
pub(crate) fn from_third_person(word: &str) -> Option<String> {
    let mut stems = Vec::new();
    if let Some(stem) = word.strip_suffix("ies") {
        stems.push(format!("{stem}y"));
    }
    stems.extend(word.strip_suffix("es").map(str::to_owned));
    stems.extend(word.strip_suffix('s').map(str::to_owned));
    stems.into_iter().find(|stem| is_verb(stem))
}

fn stems(word: &str, ending: &str) -> Vec<String> {
    let Some(stem) = word.strip_suffix(ending) else {
        return Vec::new();
    };
    let mut out = vec![format!("{stem}e"), stem.to_owned()];
    if let Some(base) = stem.strip_suffix('i') {
        out.push(format!("{base}y"));
    }
    let mut chars = stem.chars().rev();
    if let (Some(a), Some(b)) = (chars.next(), chars.next())
        && a == b
    {
        out.insert(0, stem[..stem.len() - a.len_utf8()].to_owned());
        out.insert(0, stem.to_owned());
    }
    // "stored" leads to "store" before "stor"; "logged" to "log" before "logge".
    out
}
