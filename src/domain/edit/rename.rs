//! A title in a person's own words: one line, defused, and none that another issue of the plan has.

use std::collections::BTreeMap;

use super::{Edited, Refused, body, find, id, number, same_words};
use crate::domain::plan::Plan;
use crate::domain::planning::harmless_title;

pub(super) fn rename(plan: &Plan, last: u32, item: u32, title: &str) -> Result<Edited, Refused> {
    let title = harmless_title(title);
    if !title.chars().any(char::is_alphanumeric) {
        return Err(Refused::NoTitle);
    }
    let old = find(plan, item).ok_or(Refused::Unknown(vec![item]))?;
    if old.title == title {
        return Err(Refused::SameTitle { item });
    }
    let words = same_words(&title);
    let twin = plan.issues.iter().filter(|i| i.id != old.id);
    if let Some(by) = twin
        .filter(|i| same_words(&i.title) == words)
        .find_map(|i| number(&i.id))
    {
        return Err(Refused::TitleTaken { title, by });
    }
    let mut new = plan.clone();
    let own = id(item);
    for issue in new.issues.iter_mut().filter(|i| i.id == own) {
        issue.body = body::renamed(&issue.body, &issue.title, &title);
        issue.title.clone_from(&title);
    }
    Ok(Edited {
        plan: new,
        last,
        made_of: BTreeMap::from([(own.clone(), vec![own])]),
    })
}
