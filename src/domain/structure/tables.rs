//! Tables: rows that are work, rows that are something else, rows that are facts.

use super::draft::{Criterion, Draft};
use super::labels;
use super::reader::{ALREADY_DONE, Found, Reader, Role};
use super::rules;
use super::words::columns::{
    Column, DOCUMENT_KEYS, OVER, TableKind, column, table_kind, title_column,
};

/// A row is compared with so many drafts before it, not with all.
const NEAR: usize = 256;

impl Reader<'_> {
    pub(super) fn table(
        &mut self,
        head: Option<usize>,
        rows: &[usize],
        index: usize,
        role: Role,
        found: &mut Found,
    ) {
        let heads: Vec<String> = head
            .map(|h| self.pieces[h].cells.clone())
            .unwrap_or_default();
        let columns: Vec<Column> = heads.iter().map(|h| column(h)).collect();
        let kind = if self.is_document_data(&heads, rows) {
            TableKind::Aside("document data")
        } else if self.tells_dates(&heads, &columns) {
            TableKind::Aside("timeline")
        } else if self.compares(&columns, rows) {
            TableKind::Aside("comparison")
        } else {
            table_kind(&columns)
        };
        let all = || head.into_iter().chain(rows.iter().copied());
        match kind {
            TableKind::Aside(reason) => all().for_each(|row| self.set_aside(row, reason)),
            _ if role == Role::Criteria => found.criteria.extend(rows.iter().copied().chain(head)),
            TableKind::Facts => found
                .details
                .extend(all().map(|row| (row, found.made.len()))),
            TableKind::Work => {
                let mut made = Vec::new();
                for row in rows {
                    made.extend(self.row(*row, &heads, &columns, index));
                }
                if let Some(head) = head {
                    if made.is_empty() {
                        self.reasons[head] = rows
                            .first()
                            .and_then(|r| self.reasons[*r])
                            .or(Some("empty section"));
                    }
                    for draft in &made {
                        self.drafts[*draft].covers.insert(head);
                    }
                }
                found.made.extend(made);
            }
        }
    }

    /// `| Feature | Basic | Plus |` with ticks and crosses below compares; it lists no work.
    fn compares(&self, columns: &[Column], rows: &[usize]) -> bool {
        let marked = |n: usize| {
            let cells = rows.iter().filter_map(|row| self.pieces[*row].cells.get(n));
            let marks = cells.clone().filter(|c| is_mark(c)).count();
            rows.len() >= 2 && marks * 5 >= cells.filter(|c| !c.is_empty()).count() * 4 && marks > 0
        };
        let others = || 1..columns.len();
        let compared = others().any(|n| columns[n] == Column::Other && marked(n));
        compared
            && others().all(|n| {
                !matches!(
                    columns[n],
                    Column::Detail | Column::Criteria | Column::DependsOn
                )
            })
            && others().filter(|n| marked(*n)).count() >= 2
    }

    /// `| Milestone | Date |` beside work that is told elsewhere says when, not what.
    fn tells_dates(&self, heads: &[String], columns: &[Column]) -> bool {
        const MILESTONES: &[&str] = &[
            "milestone",
            "meilenstein",
            "jalon",
            "hito",
            "marco",
            "マイルストーン",
            "里程碑",
        ];
        const DATES: &[&str] = &[
            "date",
            "when",
            "eta",
            "due",
            "due date",
            "target date",
            "deadline",
            "datum",
            "fecha",
            "data",
            "日期",
            "期日",
        ];
        let normal = |head: &String| super::words::asks::normal(head);
        heads
            .first()
            .is_some_and(|head| MILESTONES.contains(&normal(head).as_str()))
            && heads
                .iter()
                .skip(1)
                .any(|head| DATES.contains(&normal(head).as_str()))
            && !columns
                .iter()
                .any(|c| matches!(c, Column::Detail | Column::Criteria | Column::DependsOn))
            && self.drafts.iter().any(|d| !d.gone)
    }

    /// `| Author | Ann |`, `| Status | Draft |`: data about the document.
    fn is_document_data(&self, heads: &[String], rows: &[usize]) -> bool {
        let key = |cell: Option<&String>| {
            cell.is_some_and(|c| DOCUMENT_KEYS.contains(&super::words::asks::normal(c).as_str()))
        };
        let keyed = rows
            .iter()
            .filter(|row| key(self.pieces[**row].cells.first()))
            .count();
        (heads.len() <= 2 && keyed * 2 > rows.len() && !rows.is_empty())
            || (rows.len() <= 1 && heads.len() >= 2 && heads.iter().all(|h| key(Some(h))))
    }

    #[expect(
        clippy::too_many_lines,
        reason = "one row is read in one go, cell by cell"
    )]
    fn row(
        &mut self,
        row: usize,
        heads: &[String],
        columns: &[Column],
        index: usize,
    ) -> Option<usize> {
        let cells = &self.pieces[row].cells;
        let cell = |wanted: Column| {
            columns
                .iter()
                .position(|c| *c == wanted)
                .and_then(|n| cells.get(n))
                .filter(|c| !c.is_empty())
        };
        let at = title_column(columns);
        if cells.iter().all(String::is_empty) {
            self.reasons[row] = Some("empty section");
            return None;
        }
        let crossed = cells.get(at).is_some_and(|c| {
            !c.is_empty() && self.text[self.pieces[row].range.clone()].contains(&format!("~~{c}~~"))
        });
        if self.pieces[row].struck || crossed {
            self.reasons[row] = Some("struck out");
            return None;
        }
        let over = cell(Column::State).is_some_and(|state| {
            OVER.contains(&state.to_lowercase().trim())
                || state.starts_with('✅')
                || state.to_lowercase().starts_with("done")
        });
        if over {
            self.reasons[row] = Some(ALREADY_DONE);
            return None;
        }
        let mut words = cells
            .get(at)
            .filter(|c| !c.is_empty())
            .or_else(|| cells.iter().max_by_key(|c| c.len()))
            .cloned()
            .unwrap_or_default();
        // "M2 | Read path": a phase's name is in the next column.
        let next = cell(Column::Detail).or_else(|| cell(Column::Name)).cloned();
        if let Some(detail) = next
            && words.split(' ').count() <= 2
            && super::titles::phase(&words).is_some_and(|p| p.rest.is_empty())
        {
            words = format!("{words}: {detail}");
        }
        // "| 2 | Read path |" under "Phase": a number names nothing.
        if !words.chars().any(char::is_alphabetic) {
            let counted = super::words::asks::normal(&format!(
                "{} {words}",
                heads.get(at).map_or("", String::as_str)
            ));
            if self
                .drafts
                .iter()
                .rev()
                .take(NEAR)
                .any(|d| !d.gone && d.keys.contains(&counted))
            {
                self.reasons[row] = Some("timeline");
                return None;
            }
            let named = columns.iter().zip(cells).find(|(column, cell)| {
                matches!(
                    column,
                    Column::Work | Column::Name | Column::Detail | Column::Other
                ) && cell.chars().any(char::is_alphabetic)
            });
            if let Some((_, cell)) = named {
                words.clone_from(cell);
            }
        }
        let mut keys = labels::keys(&words, None);
        if let Some(id) = cell(Column::Id) {
            let id = super::words::asks::normal(id);
            if id.chars().all(|c| c.is_ascii_digit()) {
                keys.extend([
                    format!("step {id}"),
                    format!("item {id}"),
                    format!("task {id}"),
                    format!("row {id}"),
                    id,
                ]);
            } else {
                keys.push(id);
            }
        }
        let mut draft = Draft {
            title: self.title(&words, index),
            rule: rules::TABLE_ROW,
            anchor: row,
            section: index,
            keys,
            covers: [row].into(),
            main: vec![row],
            ..Draft::default()
        };
        for (n, column) in columns.iter().enumerate() {
            let Some(value) = cells.get(n).filter(|c| {
                !c.is_empty()
                    && !matches!(
                        c.as_str(),
                        "-" | "–" | "—" | "n/a" | "none" | "None" | "N/A"
                    )
            }) else {
                continue;
            };
            match column {
                Column::Criteria => {
                    draft
                        .criteria
                        .extend(value.split("; ").map(|part| Criterion {
                            piece: row,
                            sentence: Some(super::titles::capitalised(part.trim())),
                        }));
                }
                Column::DependsOn => draft.waits.push(format!("depends on {value}")),
                _ => {}
            }
            match column {
                Column::Criteria => {}
                _ if n == at => draft.excerpt = Some(value.clone()),
                Column::Detail | Column::Name
                    if !matches!(columns[at], Column::Detail) || *column == Column::Detail =>
                {
                    draft.details.push(value.clone());
                }
                _ => draft.fields.push((heads[n].clone(), value.clone())),
            }
        }
        Some(self.push(draft))
    }
}

/// A tick, a cross, "yes" or "planned".
fn is_mark(cell: &str) -> bool {
    const WORDS: &[&str] = &[
        "yes",
        "no",
        "partial",
        "partly",
        "planned",
        "n a",
        "x",
        "full",
        "limited",
        "soon",
        "oui",
        "non",
        "ja",
        "nein",
        "sí",
        "não",
        "sim",
        "done",
        "todo",
        "complete",
        "completed",
        "next",
        "future",
        "in progress",
    ];
    let words = super::words::asks::normal(cell);
    (words.is_empty() || WORDS.contains(&words.as_str())) && !cell.trim().is_empty()
}
