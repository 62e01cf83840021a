//! What the columns of a table mean.

/// What a column holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Column {
    /// The work itself; enough to make the table one of work.
    Work,
    /// May be the work, when other columns say that the table is one of work.
    Name,
    Id,
    Detail,
    Criteria,
    DependsOn,
    State,
    /// Belongs to tables of work: owner, priority, estimate.
    Planning,
    /// The table is about something else, with the reason.
    Aside(&'static str),
    Other,
}

#[rustfmt::skip] // words, many to a line
const RULES: &[(Column, &[&str])] = &[
    (
        Column::Work,
        &[
            "task", "tasks", "feature", "features", "requirement", "requirements", "functional requirement", "story",
            "user story", "work item", "work", "work package", "action", "action item", "actions", "deliverable", "deliverables",
            "step", "todo", "to do", "ticket", "issue", "epic", "use case", "capability", "change", "what", "job", "activity",
            "milestone", "functionality", "aufgabe", "anforderung", "funktion", "maßnahme", "tâche", "fonctionnalité",
            "exigence", "tarea", "funcionalidad", "requisito", "tarefa", "funcionalidade",
        ],
    ),
    (
        Column::Name,
        &[
            "item", "name", "title", "component", "area", "topic", "module", "phase", "subject", "page", "screen", "endpoint",
            "stage", "goal", "thema", "sujet", "tema",
        ],
    ),
    (
        Column::Id,
        &[
            "#", "id", "no", "no.", "nr", "nr.", "number", "key", "ref", "req id", "req", "requirement id", "story id",
            "task id", "feature id", "n°",
        ],
    ),
    (
        Column::Detail,
        &[
            "description", "details", "detail", "summary", "notes", "note", "comment", "comments", "remarks", "explanation",
            "beschreibung", "descripción", "descrição", "scope",
        ],
    ),
    (
        Column::Criteria,
        &[
            "acceptance criteria", "acceptance", "criteria", "done when", "definition of done", "exit criteria",
            "acceptance criterion", "ac", "verification", "akzeptanzkriterien", "critères d'acceptation",
            "criterios de aceptación", "critérios de aceitação",
        ],
    ),
    (
        Column::DependsOn,
        &[
            "depends on", "dependency", "dependencies", "blocked by", "after", "requires", "waits for", "prerequisite",
            "prerequisites", "needs", "predecessor", "predecessors", "abhängig von", "abhängigkeiten", "dépend de", "depende de",
        ],
    ),
    (
        Column::State,
        &[
            "status", "state", "done", "done?", "progress", "completed", "estado", "statut",
        ],
    ),
    (
        Column::Planning,
        &[
            "owner", "assignee", "responsible", "who", "team", "priority", "prio", "estimate", "effort", "size", "points",
            "story points", "due", "due date", "deadline", "eta", "sprint", "release", "target release", "moscow", "complexity",
            "days", "week", "verantwortlich", "priorität", "frist", "bis", "responsable", "priorité", "prioridad", "prioridade",
            "must/should", "cost", "value",
        ],
    ),
    (
        Column::Aside("risk"),
        &[
            "risk", "risks", "likelihood", "probability", "mitigation", "severity", "mitigations", "risiko", "risque", "riesgo",
            "risco",
        ],
    ),
    (
        Column::Aside("glossary"),
        &[
            "term", "definition", "acronym", "abbreviation", "meaning", "begriff", "terme", "término", "termo",
        ],
    ),
    (
        Column::Aside("success metric"),
        &[
            "metric", "kpi", "target", "baseline", "current value", "target value", "measure", "kennzahl", "métrica",
        ],
    ),
    (
        Column::Aside("people"),
        &[
            "role",
            "stakeholder",
            "reviewer",
            "approver",
            "attendee",
            "rolle",
            "rôle",
        ],
    ),
    (
        Column::Aside("persona"),
        &["persona", "personas", "user type"],
    ),
    (
        Column::Aside("change history"),
        &[
            "version", "revision", "changed by", "modified by", "versão", "versión", "fassung", "版本", "バージョン",
        ],
    ),
    (
        Column::Aside("alternative considered"),
        &["option", "alternative", "pros", "cons", "pro", "con"],
    ),
    (
        Column::Aside("open question"),
        &["question", "answer", "open question"],
    ),
];

/// What a table is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TableKind {
    Work,
    Aside(&'static str),
    /// Facts that belong to whatever stands around them.
    Facts,
}

/// What a column's head says of it.
pub(crate) fn column(head: &str) -> Column {
    let head = head
        .trim()
        .trim_matches(['*', '_', '`', ':'])
        .to_lowercase();
    RULES
        .iter()
        .find(|(_, heads)| heads.contains(&head.as_str()))
        .map_or(Column::Other, |(column, _)| *column)
}

/// What a table is, by its columns.
pub(crate) fn table_kind(columns: &[Column]) -> TableKind {
    let has = |wanted: Column| columns.contains(&wanted);
    let asides: Vec<&'static str> = columns
        .iter()
        .filter_map(|c| {
            if let Column::Aside(reason) = c {
                Some(*reason)
            } else {
                None
            }
        })
        .collect();
    let planned = has(Column::Planning) || has(Column::DependsOn) || has(Column::Criteria);
    // A first column decides between "Risk | Owner" and "Task | Risk".
    if let (Some(Column::Aside(reason)), true) = (columns.first(), !has(Column::Work)) {
        return TableKind::Aside(reason);
    }
    if asides.len() >= 2 {
        return TableKind::Aside(asides[0]);
    }
    if has(Column::Work) {
        return TableKind::Work;
    }
    if !asides.is_empty() {
        return TableKind::Aside(asides[0]);
    }
    let named = has(Column::Name) || has(Column::Detail);
    if named
        && (planned
            || (has(Column::Id) && has(Column::Detail))
            || (has(Column::Name) && has(Column::State)))
    {
        TableKind::Work
    } else {
        TableKind::Facts
    }
}

/// The column that names the work.
pub(crate) fn title_column(columns: &[Column]) -> usize {
    [Column::Work, Column::Name, Column::Detail]
        .iter()
        .find_map(|wanted| columns.iter().position(|c| c == wanted))
        .unwrap_or(0)
}

/// Keys of a document's head, as in `Author: …` or `| Status | Draft |`.
#[rustfmt::skip] // words, many to a line
pub(crate) const DOCUMENT_KEYS: &[&str] = &[
    "author", "authors", "status", "created", "updated", "last updated", "last modified", "version", "date", "reviewers",
    "reviewer", "approvers", "approver", "owner", "owners", "owning team", "team", "editor", "editors", "contributors",
    "target release", "release", "document status", "rfc", "kep", "kep number", "start date", "rfc pr", "rust issue",
    "tracking issue", "feature name", "champion", "champions", "stakeholders", "designer", "developers", "qa", "epic",
    "epic link", "jira", "participating sigs", "owning sig", "sig", "stage", "time", "location", "place", "attendees", "present",
    "absent", "apologies", "chair", "note taker", "notetaker", "scribe", "facilitator", "minutes", "priority", "estimate",
    "effort", "due", "due date", "deadline", "eta", "autor", "autoren", "datum", "stand", "auteur", "fecha", "data", "versión",
    "versão", "teilnehmer", "anwesend", "protokoll", "feature", "project", "product", "tech lead", "product manager", "pm",
    "driver", "sponsor", "review by", "confidence", "supersedes", "type", "labels", "milestone", "sprint", "points",
    "story points", "size", "risk level", "discussion", "approved by", "reviewed by", "reference issues", "review manager",
    "decision notes", "implementation pr",
    "implementation prs", "discussions", "upcoming feature flag", "previous proposal", "rfc issue",
    "duration", "estimated duration", "effort estimate", "licence", "license", "lizenz", "dauer", "durée", "duración",
    "duração", "版本", "作者", "日期", "状态", "更新日期", "作成日", "更新日", "作成者", "バージョン",
];

/// Words in a state cell that say that the work is over.
#[rustfmt::skip] // words, many to a line
pub(crate) const OVER: &[&str] = &[
    "done", "complete", "completed", "finished", "shipped", "released", "closed", "merged", "✅", "✔", "✓", "yes", "x", "[x]",
    "erledigt", "fertig", "fait", "terminé", "hecho", "feito", "100%", "☑",
];
