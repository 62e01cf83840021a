//! Lists over many pages, with a bound.

use secrecy::SecretString;
use serde::de::DeserializeOwned;

use super::{GitHubError, call::Call, client::Client, tokens::Access};

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

/// Who asks for a list.
#[derive(Clone, Copy)]
pub(super) enum Asker<'a> {
    App,
    Installation(&'a Access),
    /// Somebody who signed in.
    User(&'a SecretString),
}

/// Fetches pages, from the first call's on, until there is no next one. `P` is a page as it comes.
pub(super) async fn list<P, T>(
    client: &Client,
    asker: Asker<'_>,
    first: Call,
    max_pages: usize,
) -> Result<Listed<T>, GitHubError>
where
    P: DeserializeOwned + Into<Vec<T>>,
{
    let mut items = Vec::new();
    let mut call = first;
    for _ in 0..max_pages {
        let answer = match asker {
            Asker::App => client.as_app(&call).await?,
            Asker::Installation(access) => client.as_installation(access, &call).await?,
            Asker::User(token) => client.as_user(token, &call).await?,
        };
        items.extend(answer.json::<P>()?.into());
        // Path and query only: credentials are for our own host, and every page needs them.
        match answer.next_page(client.base()) {
            Some(path) => call.path = path,
            None => {
                return Ok(Listed {
                    items,
                    complete: true,
                });
            }
        }
    }
    Ok(Listed {
        items,
        complete: false,
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
