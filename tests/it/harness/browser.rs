//! Somebody's browser, as far as tests need one: cookies for each site, forms, redirects. It runs no scripts.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use bytes::Bytes;
use http::{HeaderMap, Method, Request, header};
use http_body_util::combinators::UnsyncBoxBody;
use http_body_util::{BodyExt as _, Full};
use hyper_util::client::legacy::Client;
use hyper_util::client::legacy::connect::HttpConnector;
use hyper_util::rt::TokioExecutor;
use url::Url;

use super::house::House;

/// One browser; what it knows it keeps for itself.
pub(crate) struct Browser {
    client: Client<HttpConnector, Full<Bytes>>,
    /// Where the server is.
    home: Url,
    /// Where the simulated GitHub is.
    github: Url,
    cookies: Mutex<BTreeMap<String, BTreeMap<String, String>>>,
    /// Sent with every request.
    pub(crate) headers: Vec<(&'static str, String)>,
}

/// What came back.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) url: Url,
    pub(crate) status: u16,
    pub(crate) headers: HeaderMap,
    pub(crate) text: String,
}

/// Events as they come in.
pub(crate) struct Stream {
    body: UnsyncBoxBody<Bytes, String>,
    held: String,
}

impl Stream {
    /// The next event; `None`: the stream came to its proper end.
    pub(crate) async fn next(&mut self) -> Option<String> {
        loop {
            if let Some(end) = self.held.find("\n\n") {
                let event: String = self.held.drain(..end + 2).collect();
                let event = event.trim_end().to_owned();
                if event.starts_with(':') {
                    continue;
                }
                return Some(event);
            }
            let frame = self.body.frame().await?.expect("a whole stream");
            if let Ok(bytes) = frame.into_data() {
                self.held.push_str(&String::from_utf8_lossy(&bytes));
            }
        }
    }
}

impl House {
    /// A new browser on the server's pages, signed in as nobody.
    pub(crate) fn browser(&self) -> Browser {
        let home = format!("http://{}", self.address());
        Browser::new(&home, &self.sim.web_url())
    }

    /// A new browser, signed in.
    pub(crate) async fn browser_of(&self, login: &str) -> Browser {
        let browser = self.browser();
        browser.signs_in_as(login).await;
        browser
    }
}

impl Browser {
    pub(crate) fn new(home: &str, github: &str) -> Self {
        Self {
            client: Client::builder(TokioExecutor::new()).build_http(),
            home: Url::parse(home).expect("an address"),
            github: Url::parse(github).expect("an address"),
            cookies: Mutex::default(),
            headers: Vec::new(),
        }
    }

    /// Signs in with the simulated GitHub, where this person agrees.
    pub(crate) async fn signs_in_as(&self, login: &str) {
        self.is_on_github_as(login);
        let last = self.visit("/login").await;
        assert!(
            self.cookie("openproducer_session").is_some(),
            "{login} is not signed in: {last:#?}"
        );
    }

    /// Chooses who they are at the simulated GitHub.
    pub(crate) fn is_on_github_as(&self, login: &str) {
        self.set_cookie(&self.github, "acting_as", login);
    }

    /// The page as it is answered, without following where it leads.
    pub(crate) async fn get(&self, path: &str) -> Page {
        let url = self.home.join(path).expect("a path");
        self.send(Method::GET, url, None).await
    }

    /// Sends a form and gives its answer.
    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let url = self.home.join(path).expect("a path");
        self.send(Method::POST, url, Some(fields)).await
    }

    /// As a person sends the form of a page of theirs: with its hidden fields, the `csrf` among them.
    pub(crate) async fn submits(&self, from: &Page, action: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = from.hidden("csrf");
        let mut all = vec![("csrf", csrf.as_str())];
        all.extend(fields);
        let url = from.url.join(action).expect("an address");
        self.send(Method::POST, url, Some(&all)).await
    }

    /// The page that a path leads to in the end, over both sites.
    pub(crate) async fn visit(&self, path: &str) -> Page {
        let url = self.home.join(path).expect("a path");
        let first = self.send(Method::GET, url, None).await;
        self.follow(first).await
    }

    /// Where a page leads to in the end.
    pub(crate) async fn follow(&self, mut page: Page) -> Page {
        for _ in 0..10 {
            let Some(to) = page.leads_to() else {
                return page;
            };
            page = self.send(Method::GET, to, None).await;
        }
        panic!("redirected without end: {page:#?}");
    }

    /// Anything at all, to either site.
    pub(crate) async fn send(
        &self,
        method: Method,
        url: Url,
        form: Option<&[(&str, &str)]>,
    ) -> Page {
        let mut request = Request::builder().method(method).uri(url.as_str());
        if let Some(cookies) = self.cookies_for(&url) {
            request = request.header(header::COOKIE, cookies);
        }
        for (name, value) in &self.headers {
            request = request.header(*name, value);
        }
        let body = match form {
            None => Full::default(),
            Some(fields) => {
                let kind = "application/x-www-form-urlencoded";
                request = request.header(header::CONTENT_TYPE, kind);
                let mut form = url::form_urlencoded::Serializer::new(String::new());
                Full::new(Bytes::from(form.extend_pairs(fields).finish()))
            }
        };
        let request = request.body(body).expect("a request");
        let response = self.client.request(request).await.expect("it answers");
        let (parts, body) = response.into_parts();
        let bytes = body.collect().await.expect("the whole answer").to_bytes();
        for set in parts.headers.get_all(header::SET_COOKIE) {
            self.take_cookie(&url, set.to_str().expect("a cookie of letters"));
        }
        Page {
            url,
            status: parts.status.as_u16(),
            headers: parts.headers,
            text: String::from_utf8_lossy(&bytes).into_owned(),
        }
    }

    /// Opens a stream of events.
    pub(crate) async fn streams(&self, path: &str) -> Stream {
        let url = self.home.join(path).expect("a path");
        let mut request = Request::builder().uri(url.as_str());
        if let Some(cookies) = self.cookies_for(&url) {
            request = request.header(header::COOKIE, cookies);
        }
        let request = request.body(Full::default()).expect("a request");
        let response = self.client.request(request).await.expect("it answers");
        assert_eq!(response.status(), 200, "{path}");
        Stream {
            body: response
                .into_body()
                .map_err(|error| error.to_string())
                .boxed_unsync(),
            held: String::new(),
        }
    }

    /// A cookie of the server's.
    pub(crate) fn cookie(&self, name: &str) -> Option<String> {
        let jar = self.jar();
        jar.get(&site(&self.home))?.get(name).cloned()
    }

    /// Puts a cookie of the server's in place, as a thief would.
    pub(crate) fn steal_cookie(&self, name: &str, value: &str) {
        self.set_cookie(&self.home, name, value);
    }

    fn jar(&self) -> std::sync::MutexGuard<'_, BTreeMap<String, BTreeMap<String, String>>> {
        self.cookies.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn set_cookie(&self, url: &Url, name: &str, value: &str) {
        let mut jar = self.jar();
        let of_site = jar.entry(site(url)).or_default();
        of_site.insert(name.to_owned(), value.to_owned());
    }

    fn take_cookie(&self, url: &Url, set: &str) {
        let (pair, attributes) = set.split_once(';').unwrap_or((set, ""));
        let (name, value) = pair.split_once('=').expect("a name and a value");
        if attributes.contains("Max-Age=0") {
            self.jar().entry(site(url)).or_default().remove(name);
        } else {
            self.set_cookie(url, name, value);
        }
    }

    fn cookies_for(&self, url: &Url) -> Option<String> {
        let jar = self.jar();
        let pairs = jar.get(&site(url))?.iter();
        let pairs: Vec<String> = pairs
            .map(|(name, value)| format!("{name}={value}"))
            .collect();
        (!pairs.is_empty()).then(|| pairs.join("; "))
    }
}

/// Unlike a browser's, sites with another port are others: both live on the loopback.
fn site(url: &Url) -> String {
    format!(
        "{}:{}",
        url.host_str().unwrap_or(""),
        url.port().unwrap_or(80)
    )
}

impl Page {
    pub(crate) fn header(&self, name: &str) -> &str {
        let value = self.headers.get(name);
        value.map_or("", |value| value.to_str().expect("letters"))
    }

    /// Where it redirects to.
    pub(crate) fn leads_to(&self) -> Option<Url> {
        let to = self.headers.get(header::LOCATION)?;
        Some(self.url.join(to.to_str().ok()?).expect("an address"))
    }

    /// The value of a hidden field of its form, with entities read.
    #[track_caller]
    pub(crate) fn hidden(&self, name: &str) -> String {
        let marked = format!("name=\"{name}\" value=\"");
        let Some((_, rest)) = self.text.split_once(&marked) else {
            panic!("no hidden {name} in {self:#?}");
        };
        let (value, _) = rest.split_once('"').expect("its end");
        [
            ("&#34;", "\""),
            ("&quot;", "\""),
            ("&#39;", "'"),
            ("&lt;", "<"),
            ("&#60;", "<"),
            ("&gt;", ">"),
            ("&#62;", ">"),
            ("&amp;", "&"),
            ("&#38;", "&"),
        ]
        .iter()
        .fold(value.to_owned(), |text, (entity, plain)| {
            text.replace(entity, plain)
        })
    }
}
