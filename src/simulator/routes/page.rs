//! Pages of lists, with GitHub's `Link` header.

use serde_json::Value;

use crate::simulator::call::{Answer, Call};
use crate::simulator::world::World;

/// 30 a page unless asked otherwise, 100 at most.
pub(super) fn size(call: &Call) -> usize {
    call.asked("per_page")
        .and_then(|n| n.parse().ok())
        .unwrap_or(30)
        .clamp(1, 100)
}

/// One page of the items, told by `tell`. `base` is the address that the links go to.
pub(super) fn answer<T>(
    call: &Call,
    base: &str,
    items: &[T],
    tell: impl Fn(&T) -> Value,
) -> Answer {
    let (shown, links) = cut(call, base, items);
    with_links(Answer::ok(shown.iter().map(tell).collect()), &links)
}

pub(super) fn with_links(answer: Answer, links: &str) -> Answer {
    if links.is_empty() {
        answer
    } else {
        answer.with("Link", links)
    }
}

/// The page's items, and its `Link` header (empty when there is but one page).
pub(super) fn cut<'a, T>(call: &Call, base: &str, items: &'a [T]) -> (&'a [T], String) {
    let size = size(call);
    let page: usize = call
        .asked("page")
        .and_then(|n| n.parse().ok())
        .unwrap_or(1)
        .max(1);
    let last = items.len().div_ceil(size).max(1);
    let start = ((page - 1).saturating_mul(size)).min(items.len());
    let end = (start + size).min(items.len());
    let link = |to: usize, rel: &str| {
        let mut query = call.query.clone();
        query.insert("page".to_owned(), to.to_string());
        let query = url::form_urlencoded::Serializer::new(String::new())
            .extend_pairs(&query)
            .finish();
        format!("<{base}?{query}>; rel=\"{rel}\"")
    };
    let mut links = Vec::new();
    if page > 1 {
        links.push(link((page - 1).min(last), "prev"));
    }
    if page < last {
        links.push(link(page + 1, "next"));
        links.push(link(last, "last"));
    }
    if page > 1 {
        links.push(link(1, "first"));
    }
    (&items[start..end], links.join(", "))
}

/// A list inside a repository: GitHub's links there go to `/repositories/ID/…`.
pub(super) fn in_repository<T>(
    world: &World,
    call: &Call,
    repository: u64,
    rest: &str,
    items: &[T],
    tell: impl Fn(&T) -> Value,
) -> Answer {
    let base = format!("{}/repositories/{repository}/{rest}", world.api());
    answer(call, &base, items, tell)
}
