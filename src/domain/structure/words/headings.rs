//! What headings mean: the rules, as data, each with its name.

/// What a section is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Meaning {
    /// Not work, with the reason that people read. A firm one is never overruled by a heading inside it.
    Aside { reason: &'static str, firm: bool },
    /// Holds work, and is no thing itself ("Requirements").
    Work,
    /// Tells how the whole is to be built ("Design").
    Design,
    /// Holds work whose order matters ("Milestones").
    Steps,
    /// Says when work is done ("Acceptance criteria").
    Criteria,
    /// Holds demands on the whole ("Non-functional requirements").
    Qualities,
    /// Says what waits for what ("Dependencies").
    Dependencies,
    /// Work that was finished before ("Done").
    Done,
}

/// Headings that mean the same.
pub(crate) struct Rule {
    pub name: &'static str,
    pub meaning: Meaning,
    /// Whole headings, in lower case, without numbers and signs.
    pub phrases: &'static [&'static str],
    /// Beginnings that are enough.
    pub openings: &'static [&'static str],
}

const fn aside(
    name: &'static str,
    reason: &'static str,
    firm: bool,
    phrases: &'static [&'static str],
    openings: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        meaning: Meaning::Aside { reason, firm },
        phrases,
        openings,
    }
}

const fn holds(
    name: &'static str,
    meaning: Meaning,
    phrases: &'static [&'static str],
    openings: &'static [&'static str],
) -> Rule {
    Rule {
        name,
        meaning,
        phrases,
        openings,
    }
}

/// Looked through from the top; the first that fits counts. English, then German, French, Spanish and Portuguese words.
#[rustfmt::skip] // words, many to a line
pub(crate) const RULES: &[Rule] = &[
    aside(
        "non-goals",
        "out of scope",
        true,
        &[
            "non goals", "nongoals", "no goals", "out of scope", "nicht teil dieses projekts", "nicht teil des projekts", "nicht im umfang", "not in scope", "not included", "excluded", "exclusions",
            "scope exclusions", "won't do", "wont do", "won't have", "will not do", "not doing", "what we are not doing",
            "what this is not", "anti goals", "anti requirements", "explicitly out of scope", "nicht ziele", "nichtziele",
            "nicht im umfang", "außerhalb des umfangs", "abgrenzung", "nicht enthalten", "hors périmètre", "hors du périmètre",
            "hors scope", "non objectifs", "非目标", "非目標", "不做什么", "範囲外", "비목표", "fuera de alcance", "fuera del alcance",
            "no objetivos", "fora de escopo", "fora do escopo", "não objetivos", "não metas",
        ],
        &[
            "non goals ", "out of scope ", "not in scope ", "what's not ", "what is not ", "what we won't ", "what we're not ",
            "what we are not ", "what we will not ", "hors périmètre ", "fora do escopo ",
        ],
    ),
    aside(
        "later",
        "later, not in this scope",
        true,
        &[
            "future work", "future possibilities", "future considerations", "future enhancements", "future improvements",
            "future ideas", "future scope", "future", "later", "nice to have later", "parking lot", "backlog ideas", "icebox",
            "follow up ideas", "possible extensions", "ausblick", "perspectives", "trabajo futuro", "trabalhos futuros", "未来扩展",
            "今後",
        ],
        &["deferred", "future work ", "future possibilities "],
    ),
    aside(
        "goals",
        "goal",
        false,
        &[
            "goal", "goals", "objective", "objectives", "aims", "mission", "vision", "north star", "desired outcome",
            "desired outcomes", "outcomes", "expected outcome", "expected outcomes", "desired state", "business goals",
            "user goals", "goals and objectives", "ziel", "ziele", "zielsetzung", "objectif", "objectifs", "objetivo",
            "objetivos", "metas", "目标", "目標", "目的", "목표",
        ],
        &["goals of ", "goals for ", "goal of "],
    ),
    aside(
        "why",
        "motivation",
        false,
        &[
            "motivation", "rationale", "justification", "business case", "business value", "value proposition", "value",
            "benefits", "opportunity", "impact", "business impact", "warum", "begründung", "nutzen", "pourquoi", "justificación",
            "motivación", "motivação", "justificativa", "por qué", "por que",
        ],
        &["why ", "why?", "motivation "],
    ),
    aside(
        "background",
        "context",
        false,
        &[
            "background", "context", "history", "problem", "problems", "the problem", "problem statement", "problem description",
            "pain points", "current state", "current situation", "status quo", "current behavior", "current behaviour",
            "actual behavior", "as is", "where we are", "where we are today", "today", "prior work", "related work", "prior art",
            "market research", "research", "user research", "findings", "competitive analysis", "competitor analysis",
            "competition", "market", "background information", "background reading", "business context", "technical background",
            "hintergrund", "kontext", "ausgangslage", "problemstellung", "ist zustand", "contexte", "problème", "problématique",
            "état actuel", "contexto", "背景", "배경", "課題", "antecedentes", "problema", "situación actual", "situação atual",
            "histórico", "additional context", "describe the problem", "steps to reproduce", "environment",
        ],
        &[
            "background of ",
            "background on ",
            "prior art ",
            "is your feature request related to a problem",
        ],
    ),
    aside(
        "introduction",
        "introduction",
        false,
        &[
            "introduction", "overview", "summary", "executive summary", "abstract", "tl;dr", "tldr", "at a glance", "in short",
            "about", "preface", "purpose", "purpose of this document", "about this document", "how to read this document", "how to read this proposal",
            "high level overview", "very high level overview", "notes on this document", "comparison", "comparisons",
            "document purpose", "description", "general description", "release note", "brief", "elevator pitch", "einleitung",
            "einführung", "überblick", "übersicht", "zusammenfassung", "résumé", "aperçu", "présentation", "introducción",
            "resumen", "visión general", "descripción general", "introdução", "resumo", "概述", "概要", "简介", "개요", "はじめに",
            "visão geral",
        ],
        &["about this "],
    ),
    aside(
        "people",
        "people",
        true,
        &[
            "author", "authors", "owner", "owners", "team", "teams", "stakeholder", "stakeholders", "contributors", "reviewers",
            "approvers", "approvals", "sign off", "sign offs", "raci", "roles", "roles and responsibilities", "responsibilities",
            "contact", "contacts", "attendees", "participants", "present", "attendance", "absent", "apologies", "invited",
            "people", "acknowledgements", "acknowledgments", "credits", "teilnehmer", "teilnehmende", "anwesend", "beteiligte",
            "autoren", "participantes", "asistentes", "auteurs", "équipe", "equipo", "equipe",
        ],
        &[],
    ),
    aside(
        "personas",
        "persona",
        true,
        &[
            "persona", "personas", "user personas", "users", "target users", "target user", "target audience", "audience",
            "customers", "target customers", "actors", "user types", "user roles", "who is this for", "user journeys",
            "zielgruppe", "zielgruppen", "nutzergruppen", "utilisateurs cibles", "public cible", "usuarios", "público objetivo",
            "público alvo", "usuários", "用户画像", "사용자 페르소나",
        ],
        &["who is this for", "who this is for", "personas "],
    ),
    aside(
        "success metrics",
        "success metric",
        true,
        &[
            "success metrics", "success measures", "success criteria", "metrics", "kpi", "kpis", "key results", "okr", "okrs",
            "key metrics", "measuring success", "measures of success", "success", "metrics and kpis", "how we measure success",
            "how will we measure success", "guardrail metrics", "erfolgskriterien", "erfolgsmessung", "kennzahlen",
            "indicateurs de succès", "indicateurs", "métricas de éxito", "métricas", "métricas de sucesso", "indicadores",
            "成功指标", "成功指標", "성공 지표",
        ],
        &[
            "how we will measure",
            "how will we measure",
            "how do we measure",
            "success metrics ",
        ],
    ),
    aside(
        "questions",
        "open question",
        true,
        &[
            "open question", "open questions", "questions", "unresolved questions", "open issues", "open points",
            "outstanding questions", "to be discussed", "to be decided", "tbd", "unknowns", "open topics", "offene fragen",
            "offene punkte", "questions ouvertes", "preguntas abiertas", "questões em aberto", "perguntas em aberto", "dúvidas",
        ],
        &["open questions ", "unresolved questions "],
    ),
    aside(
        "faq",
        "FAQ",
        true,
        &[
            "faq", "faqs", "q&a", "frequently asked questions", "questions and answers", "häufige fragen", "foire aux questions",
            "preguntas frecuentes", "perguntas frequentes",
        ],
        &["frequently asked questions "],
    ),
    aside(
        "alternatives",
        "alternative considered",
        true,
        &[
            "alternative", "alternatives", "alternatives considered", "considered alternatives", "options considered",
            "considered options", "options", "pros and cons", "pros and cons of the options", "other options",
            "rejected alternatives", "rejected ideas", "rationale and alternatives", "alternative approaches",
            "other approaches", "approaches considered", "design alternatives", "what we considered", "alternativen",
            "alternatives envisagées", "alternatives étudiées", "alternativas", "alternativas consideradas",
        ],
        &[
            "alternatives considered ",
            "rejected alternatives ",
            "describe alternatives",
        ],
    ),
    aside(
        "risks",
        "risk",
        true,
        &[
            "risk", "risks", "drawback", "drawbacks", "risk assessment", "risk analysis", "risk register", "concerns", "caveats",
            "trade offs", "tradeoffs", "mitigations", "mitigation", "disadvantages", "downsides", "risiken", "nachteile",
            "risques", "inconvénients", "riesgos", "desventajas", "riscos", "desvantagens", "风险", "リスク", "리스크",
        ],
        &["risks of ", "risks for "],
    ),
    aside(
        "assumptions",
        "assumption",
        true,
        &[
            "assumption", "assumptions", "annahmen", "hypothèses", "supuestos", "suposiciones", "premissas", "suposições",
        ],
        &["assumptions about "],
    ),
    aside(
        "glossary",
        "glossary",
        true,
        &[
            "glossary", "terminology", "terms", "definitions", "acronyms", "abbreviations", "vocabulary", "glossar", "begriffe",
            "glossaire", "définitions", "glosario", "definiciones", "glossário", "definições",
        ],
        &[],
    ),
    aside(
        "references",
        "reference",
        true,
        &[
            "reference", "references", "links", "see also", "further reading", "resources", "related documents",
            "related issues", "related links", "bibliography", "sources", "useful links", "related", "external links",
            "infrastructure needed", "mockups", "screenshots", "wireframes", "referenzen", "quellen", "verweise", "références",
            "liens", "referencias", "enlaces", "referências", "ligações",
        ],
        &[],
    ),
    aside(
        "appendix",
        "appendix",
        true,
        &[
            "appendix", "appendices", "annex", "attachments", "anhang", "anlagen", "annexe", "annexes", "anexo", "anexos",
            "apéndice", "apêndice",
        ],
        &["appendix "],
    ),
    aside(
        "history",
        "change history",
        true,
        &[
            "changelog", "change log", "changes", "document history", "revision history", "version history", "revisions",
            "implementation history", "document control", "änderungshistorie", "änderungen", "historique",
            "historique des versions", "historial de cambios", "historial de versiones", "histórico de versões",
            "histórico de alterações",
        ],
        &["change log ", "revision history "],
    ),
    aside(
        "table of contents",
        "table of contents",
        true,
        &[
            "table of contents", "contents", "toc", "index", "inhalt", "inhaltsverzeichnis", "table des matières", "sommaire",
            "índice", "tabla de contenidos", "sumário", "conteúdo", "目录", "目次", "목차",
        ],
        &[],
    ),
    aside(
        "document data",
        "document data",
        true,
        &[
            "metadata", "meta", "document information", "document info", "document status", "status", "document details",
            "header", "dokumentinformationen", "statut", "estado",
        ],
        &[],
    ),
    aside(
        "process",
        "process",
        true,
        &[
            "release signoff checklist", "agenda", "next meeting", "how to contribute", "code of conduct", "license",
            "how to use this template", "instructions", "tagesordnung", "ordre du jour", "orden del día", "pauta",
        ],
        &[
            "release signoff checklist",
            "next meeting",
            "production readiness review",
            "before submitting",
            "checklist before",
        ],
    ),
    aside(
        "discussion",
        "discussion",
        false,
        &[
            "discussion", "discussions", "notes", "meeting notes", "minutes", "decisions", "decision", "decision drivers",
            "decision outcome", "consequences", "positive consequences", "negative consequences", "decision log",
            "decisions made", "updates", "announcements", "status updates", "diskussion", "entscheidungen", "notizen",
            "discussion et décisions", "décisions", "decisiones", "notas", "decisões", "discussão",
        ],
        &["discussion of "],
    ),
    holds(
        "criteria",
        Meaning::Criteria,
        &[
            "acceptance criteria", "acceptance", "acceptance tests", "acceptance criterion", "ac", "definition of done", "dod",
            "done when", "exit criteria", "completion criteria", "conditions of satisfaction", "close when",
            "graduation criteria", "akzeptanzkriterien", "abnahmekriterien", "critères d'acceptation", "critères d acceptation",
            "définition de fini", "criterios de aceptación", "critérios de aceitação", "critérios de aceite",
        ],
        &["acceptance criteria ", "definition of done "],
    ),
    holds(
        "qualities",
        Meaning::Qualities,
        &[
            "non functional requirements", "nonfunctional requirements", "non functional", "nfr", "nfrs", "quality attributes",
            "quality requirements", "constraints", "technical constraints", "design constraints", "performance requirements",
            "security requirements", "compliance requirements", "operational requirements", "technical requirements",
            "nicht funktionale anforderungen", "nichtfunktionale anforderungen", "rahmenbedingungen", "randbedingungen",
            "exigences non fonctionnelles", "contraintes", "requisitos no funcionales", "restricciones",
            "requisitos não funcionais", "restrições",
        ],
        &["non functional requirements "],
    ),
    holds(
        "dependencies",
        Meaning::Dependencies,
        &[
            "dependency", "dependencies", "dependencies and order", "order of work", "sequencing", "prerequisites",
            "abhängigkeiten", "dépendances", "dependencias", "dependências",
        ],
        &[],
    ),
    holds(
        "done",
        Meaning::Done,
        &[
            "done", "completed", "finished", "already done", "completed work", "shipped", "what is done", "what's done",
            "erledigt", "fait", "terminé", "hecho", "feito", "concluído",
        ],
        &[],
    ),
    holds(
        "steps",
        Meaning::Steps,
        &[
            "phases", "milestones", "stages", "steps", "roadmap", "timeline", "implementation phases", "implementation steps",
            "migration plan", "migration steps", "rollout", "rollout plan", "roll out", "release plan", "delivery plan",
            "project plan", "order of implementation", "phased rollout", "meilensteine", "phasen", "schritte", "zeitplan",
            "fahrplan", "étapes", "jalons", "feuille de route", "calendrier", "fases", "hitos", "etapas", "cronograma", "marcos",
            "hoja de ruta", "migration phases", "launch plan", "milestones and timeline", "timeline and milestones",
        ],
        &[],
    ),
    holds(
        "design",
        Meaning::Design,
        &[
            "implementation", "implementation details", "proposal", "proposed solution", "proposed changes", "proposed change",
            "proposed design", "solution", "the solution", "design", "design details", "detailed design", "technical design",
            "high level design", "approach", "details", "reference level explanation", "guide level explanation", "lösung",
            "lösungsvorschlag", "vorschlag", "umsetzung", "solution proposée", "proposition", "solución", "solución propuesta",
            "solução", "solução proposta", "propuesta", "proposta", "technical details", "architecture", "technical approach",
            "reference level explanations", "guide level explanations", "how it works",
        ],
        &[],
    ),
    holds(
        "work",
        Meaning::Work,
        &[
            "requirement", "requirements", "functional requirements", "product requirements", "user requirements",
            "business requirements", "system requirements", "feature", "features", "key features", "core features",
            "feature list", "feature requirements", "features and requirements", "scope", "in scope", "scope of work",
            "project scope", "user story", "user stories", "stories", "epics", "epic", "use cases", "use case", "task", "tasks",
            "task list", "todo", "todos", "to do", "to dos", "action item", "action items", "actions", "next steps",
            "next actions", "follow ups", "follow up", "work", "work items", "work packages", "work breakdown", "deliverable",
            "deliverables", "implementation plan", "implementation tasks", "plan", "specification", "specifications", "what",
            "what we want", "what to build", "what we will build", "what needs to be done", "what needs to happen", "must have",
            "must haves", "should have", "should haves", "could have", "could haves", "nice to have", "nice to haves",
            "stretch goals", "stretch", "p0", "p1", "p2", "p3", "mvp", "wishlist", "wish list", "wishes", "checklist",
            "improvements", "enhancements", "bugs", "fixes", "issues", "backlog", "functionality", "capabilities",
            "expected behavior", "expected behaviour", "desired behavior", "desired behaviour", "user experience", "ux",
            "priority", "sub tasks", "subtasks", "sub issues", "components", "modules", "workstreams", "work streams", "areas",
            "anforderung", "anforderungen", "funktionale anforderungen", "umfang", "im umfang", "aufgabe", "aufgaben",
            "funktionen", "maßnahmen", "nächste schritte", "anwendungsfälle", "exigences", "exigences fonctionnelles", "besoins",
            "fonctionnalités", "tâches", "actions à mener", "périmètre", "prochaines étapes", "travaux", "requisitos",
            "requisitos funcionales", "requisitos funcionais", "funcionalidades", "características", "tareas", "tarefas",
            "alcance", "escopo", "próximos pasos", "próximos passos", "acciones", "ações", "historias de usuario",
            "histórias de usuário",
        ],
        &[
            "describe the solution",
            "user stories ",
            "functional requirements ",
        ],
    ),
];

/// Words before a heading's noun that change nothing about what the section is for.
#[rustfmt::skip] // words, many to a line
pub(crate) const MODIFIERS: &[&str] = &[
    "our", "the", "project", "product", "key", "main", "high-level", "high level", "business", "user", "current", "known",
    "initial", "general", "additional", "detailed", "other", "some", "primary", "secondary", "overall", "proposed", "core",
    "important", "potential", "possible", "basic", "further", "more", "remaining", "specific", "system", "technical",
    "functional", "document", "brief", "short", "major", "minor", "team", "new", "explicit", "immediate",
];
