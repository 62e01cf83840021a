//! No more issues than were asked for or are allowed: inventions go first, then groups, then neighbours are joined.

use std::collections::HashSet;

use super::assemble::Work;
use super::{LONGEST_TITLE, clean};

/// Ends the title of an issue that took others in.
const MORE: &str = " and more";

/// Brings the issues down to the number that was asked for, or to the maximum.
pub(super) fn to_limit(work: &mut Work<'_>) {
    let asked = work
        .brief
        .wishes
        .count
        .map_or(usize::MAX, |n| n.max(1) as usize);
    let limit = asked.min(work.brief.most());
    let before = work.alive().count();
    if before <= limit {
        return;
    }
    let over = |work: &Work<'_>| work.alive().count() > limit;
    let inventions: Vec<usize> = work.alive().filter(|n| !work.nodes[*n].grounded).collect();
    for n in inventions.into_iter().rev() {
        if !over(work) || work.alive().count() == 1 {
            break;
        }
        work.remove(n);
        work.told.inventions_left_out += 1;
    }
    if !over(work) {
        return;
    }
    work.told.too_many = Some((before - work.told.inventions_left_out, limit));
    for n in work.alive().collect::<Vec<_>>() {
        if over(work) {
            dissolve(work, n);
        }
    }
    while over(work) {
        let Some((into, from)) = smallest_neighbours(work) else {
            return;
        };
        work.merge(into, from);
        let whole = work.nodes[into].title.clone();
        if !whole.ends_with(MORE) {
            let room = LONGEST_TITLE - MORE.len();
            let longer = format!("{}{MORE}", clean::shortened(&whole, room));
            work.nodes[into].title = clean::title(&longer);
        }
    }
}

/// A group whose blocks go to the first that it held.
fn dissolve(work: &mut Work<'_>, group: usize) {
    let child = work.alive().find(|n| work.links.parent[*n] == Some(group));
    let Some(child) = child else {
        return;
    };
    let covers = std::mem::take(&mut work.nodes[group].covers);
    work.nodes[child].covers.extend(covers);
    let also = std::mem::take(&mut work.nodes[group].also);
    work.nodes[child].also.extend(also);
    let waits = work.links.blocked_by[group].clone();
    let held: Vec<usize> = work
        .alive()
        .filter(|n| work.links.parent[*n] == Some(group))
        .collect();
    let waiting: Vec<usize> = work
        .alive()
        .filter(|n| work.links.blocked_by[*n].contains(&group))
        .collect();
    let last: HashSet<usize> = held.iter().copied().collect();
    for n in &held {
        work.links.blocked_by[*n].extend(waits.iter().filter(|w| !last.contains(w)));
    }
    for n in waiting.into_iter().filter(|n| !last.contains(n)) {
        work.links.blocked_by[n].extend(held.iter().filter(|h| **h != n).take(20));
    }
    work.remove(group);
}

/// Two that stand next to each other in the text and carry the least, rather within one section.
fn smallest_neighbours(work: &Work<'_>) -> Option<(usize, usize)> {
    let mut alive: Vec<usize> = work.alive().collect();
    alive.sort_by_key(|n| {
        (
            work.nodes[*n].covers.first().copied().unwrap_or(usize::MAX),
            *n,
        )
    });
    let section = |n: usize| {
        let first = work.nodes[n].covers.first();
        first.map(|b| &work.brief.spec.blocks[*b].section)
    };
    let weight = |n: usize| work.nodes[n].covers.len().max(1);
    let pairs = alive.windows(2).map(|w| (w[0], w[1]));
    pairs.min_by_key(|(a, b)| {
        let same = section(*a) == section(*b) && work.nodes[*a].grounded == work.nodes[*b].grounded;
        weight(*a) + weight(*b) + if same { 0 } else { 8 }
    })
}
