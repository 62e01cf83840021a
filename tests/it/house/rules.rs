//! The rules themselves. Each answers `file:line: what is broken`.

use super::source::Source;

/// A room may use a lower floor, never a neighbour, never a higher one.
const FLOORS: &[(&str, u8)] = &[
    ("domain", 1),
    ("config", 2),
    ("clock", 2),
    ("github", 3),
    ("ai", 3),
    ("store", 3),
    ("cache", 3),
    ("flows", 4),
    ("web", 5),
    ("worker", 5),
    ("cli", 6),
];

/// Imports nothing of the house; of the house only these open it.
const ANNEX: &str = "simulator";
const OPEN_THE_ANNEX: &[&str] = &["cli"];

/// Libraries that one room knows, so that they can be exchanged.
const KEPT_IN: &[(&str, &[&str])] = &[
    ("octocrab", &["github"]),
    ("genai", &["ai"]),
    ("reqwest", &["ai"]),
    ("backon", &["ai"]),
    ("redis", &["cache"]),
    ("graphile_worker", &["store", "worker"]),
    ("clap", &["cli"]),
    ("sqlx", &["store", "flows", "web", "worker", "cli"]),
];

/// What the ground floor never does: wait, reach out, ask the time or the dice.
const NOT_THINKING: &[&str] = &[
    "async", "await", "tokio", "sqlx", "reqwest", "octocrab", "axum", "redis", "rand", "tracing",
];
const NOT_THINKING_IN_STD: &[&str] = &["fs", "net", "env", "process", "thread", "io"];
const NOT_THINKING_CALLS: &[&str] = &["Utc::now", "Instant::now", "SystemTime::now", "Local::now"];

/// Names that say nothing.
const EMPTY_NAMES: &[&str] = &[
    "utils", "util", "helpers", "helper", "manager", "service", "common", "misc",
];

/// In the web room one file knows how to refuse; these answer with a status of their own.
const REFUSE: &[&str] = &[
    "src/web/error.rs",
    "src/web/api/problem.rs", // the same for scripts
    "src/web/health.rs",      // 503 is what it says
    "src/web/metrics.rs",     // nothing there unless switched on
    "src/web/mod.rs",         // the time-out of the router
    "src/web/pages.rs",       // a page for people, also where there is none
];

/// What is no refusal.
const GOOD_STATUSES: &[&str] = &[
    "OK",
    "CREATED",
    "ACCEPTED",
    "NO_CONTENT",
    "FOUND",
    "SEE_OTHER",
    "NOT_MODIFIED",
];

/// Rules for a file of the house.
pub(super) fn of_one_file(source: &Source) -> Vec<String> {
    let mut broken = of_any_file(source);
    broken.extend(imports(source));
    broken.extend(kept_libraries(source));
    if source.room() == "domain" {
        broken.extend(thinking(source));
    }
    if source.room() == "web" && !REFUSE.contains(&source.path.as_str()) {
        broken.extend(refusals(source));
    }
    broken
}

/// Rules for every Rust file, tests and benches too.
pub(super) fn of_any_file(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    let opening = source.text.lines().next().unwrap_or_default();
    if opening
        .strip_prefix("//! ")
        .is_none_or(|says| says.trim().is_empty())
    {
        broken.push(at(
            source,
            1,
            "begins with no `//!` line that says what the file is for",
        ));
    }
    for part in source.path.split('/') {
        let name = part.strip_suffix(".rs").unwrap_or(part);
        if EMPTY_NAMES.contains(&name) {
            broken.push(at(source, 1, &format!("the name `{name}` says nothing")));
        }
    }
    broken
}

/// Every room is declared in `lib.rs` and drawn in its table.
pub(super) fn of_the_map(house: &[Source], map: &str) -> Vec<String> {
    let mut rooms: Vec<&str> = house
        .iter()
        .map(Source::room)
        .filter(|room| !matches!(*room, "lib" | "main"))
        .collect();
    rooms.sort_unstable();
    rooms.dedup();
    rooms
        .into_iter()
        .filter(|room| {
            !map.contains(&format!("pub mod {room};")) || !map.contains(&format!("[`{room}`]"))
        })
        .map(|room| format!("src/lib.rs:1: the room `{room}` is not in the map"))
        .collect()
}

fn imports(source: &Source) -> Vec<String> {
    let room = source.room();
    if matches!(room, "lib" | "main") {
        return Vec::new();
    }
    let mut broken = Vec::new();
    if room != ANNEX && floor(room).is_none() {
        broken.push(at(source, 1, &format!("`{room}` is no room of the house")));
        return broken;
    }
    for named in source.paths_from(&["crate", "super", "openproducer"]) {
        let Some(used) = named.path.get(1).map(String::as_str) else {
            continue;
        };
        if used == room || (used != ANNEX && floor(used).is_none()) {
            continue;
        }
        let says = if room == ANNEX {
            format!("{ANNEX} may not use {used}: it imports nothing of the house")
        } else if used == ANNEX {
            if OPEN_THE_ANNEX.contains(&room) {
                continue;
            }
            format!(
                "{room} may not use {ANNEX}: only {} opens it",
                OPEN_THE_ANNEX.join(" and ")
            )
        } else if floor(used) < floor(room) {
            continue;
        } else if floor(used) == floor(room) {
            format!("{room} may not use its neighbour {used}")
        } else {
            format!("{room} may not use {used}, which is on a higher floor")
        };
        broken.push(at(source, named.line, &says));
    }
    broken
}

fn kept_libraries(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for (library, rooms) in KEPT_IN {
        if rooms.contains(&source.room()) {
            continue;
        }
        for named in source.paths_from(&[*library]) {
            let says = format!("{library} is kept in {}", rooms.join(", "));
            broken.push(at(source, named.line, &says));
        }
    }
    // One file names a library often; once is enough to say so.
    broken.truncate(1);
    broken
}

fn refusals(source: &Source) -> Vec<String> {
    source
        .paths_from(&["StatusCode"])
        .into_iter()
        .filter(|named| !GOOD_STATUSES.contains(&named.path[1].as_str()))
        .map(|named| {
            at(
                source,
                named.line,
                "only src/web/error.rs knows how to refuse",
            )
        })
        .collect()
}

fn thinking(source: &Source) -> Vec<String> {
    let mut broken = Vec::new();
    for word in NOT_THINKING.iter().chain(NOT_THINKING_CALLS) {
        let lines = source.lines_with(word);
        broken.extend(
            first(&lines).map(|line| at(source, line, &format!("domain only thinks: no `{word}`"))),
        );
    }
    for named in source.paths_from(&["std"]) {
        if named
            .path
            .get(1)
            .is_some_and(|word| NOT_THINKING_IN_STD.contains(&word.as_str()))
        {
            let says = format!("domain only thinks: no `{}`", named.path.join("::"));
            broken.push(at(source, named.line, &says));
        }
    }
    // `use sqlx` breaks this rule and that of libraries: said once.
    broken.retain(|says| {
        !kept_libraries(source)
            .iter()
            .any(|kept| same_place(kept, says))
    });
    broken
}

fn same_place(one: &str, other: &str) -> bool {
    let place = |says: &str| says.splitn(3, ':').take(2).collect::<Vec<_>>().join(":");
    place(one) == place(other)
}

fn floor(room: &str) -> Option<u8> {
    FLOORS
        .iter()
        .find(|(name, _)| *name == room)
        .map(|(_, floor)| *floor)
}

fn at(source: &Source, line: usize, says: &str) -> String {
    format!("{}:{line}: {says}", source.path)
}

fn first(lines: &[usize]) -> Option<usize> {
    lines.first().copied()
}
