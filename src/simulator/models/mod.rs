//! A house of models over real HTTP, in memory, on the loopback: `OpenAI`, Gemini, Anthropic, Z.ai and a keyless local one.
//!
//! | file | |
//! |---|---|
//! | `door` | the socket: records every request, asks for a reply, sends it or lets it go wrong |
//! | `reply` | what a test can have answered, faults included |
//! | `formats/` | the providers' own JSON, one file each: questions, replies, refusals, lists of models |
//! | `sample` | a reply that fits the JSON schema that was asked for |
//!
//! Known differences from the providers: no streaming, no tools, and four characters are one token.

mod door;
mod formats;
mod reply;
mod sample;

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use serde_json::Value;
use tokio::net::TcpListener;
use tokio_util::sync::{CancellationToken, DropGuard};

use door::House;
pub use formats::Brand;
pub use reply::Reply;

/// One request to a model, as it came.
#[derive(Clone, Debug)]
pub struct Asked {
    pub brand: Brand,
    /// `GET` or `POST`.
    pub method: String,
    /// With its query, as it was asked for.
    pub path: String,
    /// The key that came, in whichever header or query the provider wants it.
    pub key: Option<String>,
    /// In lower case, in the order in which they came.
    pub headers: Vec<(String, String)>,
    /// `null` when there was none or when it was not JSON.
    pub body: Value,
    pub model: String,
    pub system: String,
    pub prompt: String,
    /// The JSON schema that the reply is to fit, where the provider's own field names one.
    pub schema: Option<Value>,
}

impl Asked {
    /// The first header of this name.
    pub fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|(known, _)| known == name);
        found.map(|(_, value)| value.as_str())
    }
}

/// The running house. Clones share it; it stops when the last one is dropped.
#[derive(Clone)]
pub struct ModelHouse {
    inner: Arc<Inner>,
}

struct Inner {
    house: Arc<Mutex<House>>,
    base: String,
    _running: DropGuard,
}

impl ModelHouse {
    /// Serves on a free port of the loopback. It knows the models `sim-large` and `sim-small`, and takes any key.
    ///
    /// # Errors
    /// When no port can be bound.
    pub async fn start() -> std::io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let base = format!("http://{}", listener.local_addr()?);
        let house = Arc::new(Mutex::new(House::new()));
        let stop = CancellationToken::new();
        let router = door::router(house.clone());
        let server = axum::serve(listener, router);
        tokio::spawn(
            stop.clone()
                .run_until_cancelled_owned(async move { server.await }),
        );
        let inner = Inner {
            house,
            base,
            _running: stop.drop_guard(),
        };
        Ok(Self {
            inner: Arc::new(inner),
        })
    }

    fn house(&self) -> MutexGuard<'_, House> {
        self.inner
            .house
            .lock()
            .unwrap_or_else(PoisonError::into_inner)
    }

    /// The base address of a provider's API, with a slash at its end.
    pub fn url(&self, brand: Brand) -> String {
        format!("{}{}", self.inner.base, brand.path())
    }

    /// Where the house stands: `http://127.0.0.1:PORT`.
    pub fn origin(&self) -> String {
        self.inner.base.clone()
    }

    /// Adds a model to every provider.
    pub fn add_model(&self, name: &str) {
        self.house().models.push(name.to_owned());
    }

    /// From now on only this key is taken.
    pub fn only_key(&self, key: &str) {
        self.house().only_key = Some(key.to_owned());
    }

    /// The next question is answered so; queued replies come first, in order.
    pub fn queue(&self, reply: Reply) {
        self.house().queue.push_back(reply);
    }

    /// Every question that no queued reply answers is answered so.
    pub fn replies_with(&self, reply: impl Fn(&Asked) -> Reply + Send + Sync + 'static) {
        self.house().script = Some(Arc::new(reply));
    }

    /// Lists of models are answered so until further notice; `None`: as they are.
    pub fn lists_with(&self, reply: Option<Reply>) {
        self.house().list = reply;
    }

    /// Everything that was asked so far, lists of models included.
    pub fn asked(&self) -> Vec<Asked> {
        self.house().asked.clone()
    }

    /// The questions to a model so far, without the lists.
    pub fn questions(&self) -> Vec<Asked> {
        let mut asked = self.asked();
        asked.retain(|asked| asked.method == "POST");
        asked
    }

    /// How many requests came to where redirects point.
    pub fn strayed(&self) -> usize {
        self.house().strayed
    }

    /// How many bytes of the last huge or slow reply were taken.
    pub fn bytes_sent(&self) -> usize {
        self.house().bytes_sent
    }
}
