//! The rules of structural planning by their names, for whoever asks why: what makes an issue, what takes a block, what makes
//! one issue wait for another. The rules for headings have their names in `words::headings`.

/// One rule: its name, and what it decides.
pub struct Rule {
    pub name: &'static str,
    pub says: &'static str,
}

const fn rule(name: &'static str, says: &'static str) -> Rule {
    Rule { name, says }
}

pub(super) const LIST_ITEM: &str = "list-item";
pub(super) const ITEM_WITH_PARTS: &str = "item-with-parts";
pub(super) const DEMAND: &str = "demand";
pub(super) const SECTION: &str = "section";
pub(super) const SECTION_GROUP: &str = "section-group";
pub(super) const TABLE_ROW: &str = "table-row";
pub(super) const CRITERIA_ALONE: &str = "criteria-alone";
pub(super) const WHOLE_REQUEST: &str = "whole-request";
pub(super) const COMPONENT: &str = "component";
pub(super) const MERGED: &str = "merged";
pub(super) const ONE_DESIGN: &str = "one-design";
pub(super) const SPLIT: &str = "split";
pub(super) const FOLDED: &str = "folded";

pub(super) const DECISION: &str = "decision";

pub(super) const PROCEDURE: &str = "procedure";
pub(super) const STATEMENT: &str = "statement-of-design";
pub(super) const DELIVERABLE: &str = "deliverable-of-phase";
pub(super) const OWN_REQUIREMENT: &str = "own-requirement";
pub(super) const WHAT_TO_BUILD: &str = "what-to-build";
pub(super) const CRITERION: &str = "criterion";
pub(super) const HEADING_OF_ISSUES: &str = "heading-of-issues";
pub(super) const TAKEN_ALONG: &str = "taken-along";
pub(super) const WRITTEN_TWICE: &str = "written-twice";
pub(super) const NEAREST_ISSUE: &str = "nearest-issue";

pub(super) const SAID: &str = "said-to-wait";
pub(super) const DEPENDENCY_SECTION: &str = "dependency-section";
pub(super) const ORDERED_LIST: &str = "ordered-list";
pub(super) const PHASES: &str = "phases";
pub(super) const CARRIED_OVER: &str = "carried-over";

pub(super) const COUNT: &str = "count";

/// Every rule beside those for headings.
pub const RULES: &[Rule] = &[
    rule(LIST_ITEM, "an item of a list that holds work is one issue"),
    rule(
        ITEM_WITH_PARTS,
        "a list item whose nested items are work of their own groups them",
    ),
    rule(DEMAND, "a sentence that demands something is one issue"),
    rule(SECTION, "a section about one thing is one issue"),
    rule(
        SECTION_GROUP,
        "a section with several pieces of work groups them",
    ),
    rule(TABLE_ROW, "a row of a table that lists work is one issue"),
    rule(
        CRITERIA_ALONE,
        "criteria that belong to no issue are checked by one of their own",
    ),
    rule(
        WHOLE_REQUEST,
        "where no part of the text asks for work in its own words, the whole is one issue",
    ),
    rule(
        COMPONENT,
        "work that names no part is done once for each component",
    ),
    rule(
        MERGED,
        "neighbours are merged where there are more than were asked for or allowed",
    ),
    rule(
        ONE_DESIGN,
        "sections that tell how the whole is built are one issue",
    ),
    rule(
        SPLIT,
        "a criterion becomes an issue where more issues were asked for",
    ),
    rule(
        FOLDED,
        "in a very long plan, short items under one heading are one issue",
    ),
    rule(
        DECISION,
        "a record of a decision is one issue: to carry it out",
    ),
    rule(
        PROCEDURE,
        "numbered steps that a design tells are one procedure, not issues",
    ),
    rule(
        STATEMENT,
        "an item that tells how a design is belongs to that design",
    ),
    rule(
        DELIVERABLE,
        "what a phase delivers says when the phase is done, where its tasks are told",
    ),
    rule(
        OWN_REQUIREMENT,
        "under a heading like “Requirements” inside the section of one thing stands what that thing must do",
    ),
    rule(WHAT_TO_BUILD, "its text says what the issue builds"),
    rule(CRITERION, "its text says when the issue is done"),
    rule(
        HEADING_OF_ISSUES,
        "a heading goes to the issues that stand under it",
    ),
    rule(TAKEN_ALONG, "it belongs to a block that the issue takes"),
    rule(
        WRITTEN_TWICE,
        "it says again what the issue is made of; the same item is planned once",
    ),
    rule(
        NEAREST_ISSUE,
        "what no rule takes goes to the issue before it, rather than being lost",
    ),
    rule(SAID, "its text says what it waits for"),
    rule(DEPENDENCY_SECTION, "a section about dependencies says so"),
    rule(
        ORDERED_LIST,
        "a numbered list of steps is done in its order",
    ),
    rule(PHASES, "a phase waits for the one before"),
    rule(
        CARRIED_OVER,
        "what a merged, split or dissolved issue waited for goes on",
    ),
    rule(COUNT, "why there are as many issues as there are"),
    // Why a block is no work, where no heading says so.
    rule("struck-out", "struck-out text is withdrawn"),
    rule(
        "already-done",
        "ticked and finished work is not planned again",
    ),
    rule("document-title", "the title of the text is no work"),
    rule(
        "document-data",
        "front matter and lists of names and dates tell of the document",
    ),
    rule("footnote", "a footnote explains"),
    rule("reference", "a link's definition is no work"),
    rule("comment", "a hidden comment is not meant for readers"),
    rule("markup", "markup without words"),
    rule("quotation", "a quotation is what others said"),
    rule("table-of-contents", "links to the text's own headings"),
    rule("empty-section", "nothing stands under the heading"),
    rule("timeline", "what tells when and in which order tells dates"),
    rule(
        "introduction",
        "prose before the work asks for nothing itself",
    ),
    rule("description", "prose that describes and demands nothing"),
    rule(
        "no-action-item",
        "minutes that name no action items ask for nothing",
    ),
    rule(
        "comparison",
        "a table of marks compares things and lists no work",
    ),
    rule(
        "dependency",
        "it only says what waits for what, and names no issue of the plan",
    ),
];

/// What the rule of this name decides.
pub(super) fn says(name: &str) -> Option<&'static str> {
    RULES
        .iter()
        .find(|rule| rule.name == name)
        .map(|rule| rule.says)
}

/// The name of the rule that gives this reason where no heading does.
pub(super) fn of_reason(reason: &str) -> Option<&'static str> {
    let name = reason.replace(' ', "-");
    RULES
        .iter()
        .find(|rule| rule.name == name)
        .map(|rule| rule.name)
}
