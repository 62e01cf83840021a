//! Lists over many pages, with a bound.

use super::GitHubError;

/// A list, and whether it is the whole of it.
#[derive(Debug, Clone)]
pub struct Listed<T> {
    pub items: Vec<T>,
    /// False: there were more pages than we asked for. Then "not in it" does not mean "not there".
    pub complete: bool,
}

impl<T> IntoIterator for Listed<T> {
    type Item = T;
    type IntoIter = std::vec::IntoIter<T>;

    fn into_iter(self) -> Self::IntoIter {
        self.items.into_iter()
    }
}

/// Fetches pages until there is no next one; `fetch` gives a page and the path of the next.
pub(super) async fn collect<T>(
    first: String,
    max_pages: usize,
    fetch: impl AsyncFn(String) -> Result<(Vec<T>, Option<String>), GitHubError>,
) -> Result<Listed<T>, GitHubError> {
    let mut items = Vec::new();
    let mut next = Some(first);
    for _ in 0..max_pages {
        let Some(path) = next.take() else { break };
        let (page, following) = fetch(path).await?;
        items.extend(page);
        next = following;
    }
    Ok(Listed {
        items,
        complete: next.is_none(),
    })
}

/// The address that a `Link` header names as next.
pub(super) fn next_link(header: &str) -> Option<&str> {
    header.split(',').find_map(|link| {
        let (target, parameters) = link.trim().strip_prefix('<')?.split_once('>')?;
        let is_next = parameters
            .split(';')
            .any(|p| matches!(p.trim(), r#"rel="next""# | "rel=next"));
        is_next.then_some(target)
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn next_is_found_among_the_links() {
        let header = r#"<https://h/a?page=1>; rel="prev", <https://h/a?page=3>; rel="next", <https://h/a?page=9>; rel="last""#;
        assert_eq!(next_link(header), Some("https://h/a?page=3"));
        assert_eq!(next_link(r#"<https://h/a?page=1>; rel="prev""#), None);
        assert_eq!(next_link("nonsense"), None);
    }
}
