//! What surrounds every page: who looks at it, and which part of the site it is.

/// The head of a page.
#[derive(Debug, Clone, Default)]
pub(crate) struct Frame {
    /// Who signed in; `None`: nobody, or the page does not ask.
    pub(crate) viewer: Option<Viewer>,
    /// The page is one of an installation or a run.
    pub(crate) in_installations: bool,
    /// Whether this server can lead to GitHub's sign-in.
    pub(crate) can_sign_in: bool,
}

/// Who signed in, as far as a page shows it.
#[derive(Debug, Clone)]
pub(crate) struct Viewer {
    pub(crate) login: String,
    /// For the forms of their session.
    pub(crate) csrf: String,
}

impl Frame {
    /// Around a page that anybody may see.
    pub(crate) fn open() -> Self {
        Self::default()
    }

    /// Around a page for whoever signed in.
    pub(crate) fn signed_in(login: impl Into<String>, csrf: impl Into<String>) -> Self {
        Self {
            viewer: Some(Viewer {
                login: login.into(),
                csrf: csrf.into(),
            }),
            in_installations: true,
            can_sign_in: true,
        }
    }

    /// Where somebody goes who is lost.
    pub(crate) fn home(&self) -> &'static str {
        match self.viewer {
            Some(_) => "/installations",
            None => "/",
        }
    }

    pub(crate) fn home_words(&self) -> &'static str {
        match self.viewer {
            Some(_) => "To your installations",
            None => "Home",
        }
    }
}
