//! What a command needs of the config beyond being right: the server needs much, `plan` nothing.

use secrecy::SecretString;

use super::{AppMode, Config, Environment, Fault};

/// As what the server comes to GitHub.
#[derive(Debug, Clone)]
pub enum Credentials {
    App { id: u64, private_key: SecretString },
    Token(SecretString),
}

/// What `serve` cannot do without.
#[derive(Debug, Clone)]
pub struct ForServe {
    pub credentials: Credentials,
    pub webhook_secret: SecretString,
}

/// What makes an App in the environment; one of them wants the others.
const OF_AN_APP: [&str; 6] = [
    "GITHUB_APP_ID",
    "GITHUB_PRIVATE_KEY",
    "GITHUB_PRIVATE_KEY_PATH",
    "GITHUB_WEBHOOK_SECRET",
    "GITHUB_CLIENT_ID",
    "GITHUB_CLIENT_SECRET",
];

impl Config {
    /// The config and what `serve` needs of it, or every fault of both. `None`: nothing of an App is set, so that it is
    /// the one that was or will be registered on the setup page.
    pub fn load_for_serve() -> Result<(Self, Option<ForServe>), Vec<Fault>> {
        Self::for_serve_from(&Environment::of_process().map_err(|fault| vec![fault])?)
    }

    /// As [`Config::load_for_serve`], from these values alone.
    pub fn for_serve_from(
        environment: &Environment,
    ) -> Result<(Self, Option<ForServe>), Vec<Fault>> {
        let (config, mut faults) = Self::draft(environment);
        match config.for_serve() {
            Ok(needs) if faults.is_empty() => return Ok((config, needs)),
            Ok(_) => {}
            // What is set but wrong is not missing as well.
            Err(mut missing) => {
                missing.retain(|fault| {
                    !faults
                        .iter()
                        .any(|wrong| wrong.name.starts_with(&fault.name))
                });
                faults.extend(missing);
            }
        }
        Err(faults)
    }

    /// What `serve` needs; a fault names what is missing and how to get it.
    pub fn for_serve(&self) -> Result<Option<ForServe>, Vec<Fault>> {
        self.only_an_app("serve", "takes deliveries in")?;
        if !self.names_an_app() {
            return self.for_setup().map(|()| None);
        }
        let credentials = self.credentials();
        let Some(webhook_secret) = self.github.webhook_secret.clone() else {
            let mut faults = credentials.err().unwrap_or_default();
            faults.push(Fault::about(
                "GITHUB_WEBHOOK_SECRET",
                "is not set, and without it anybody could send deliveries; make one with `openssl rand -hex 32` \
                 and enter the same in the App's settings under Webhook, Secret",
            ));
            return Err(faults);
        };
        Ok(Some(ForServe {
            credentials: credentials?,
            webhook_secret,
        }))
    }

    /// What `worker` needs; `None`: the App that was or will be registered on the setup page.
    pub fn for_worker(&self) -> Result<Option<Credentials>, Vec<Fault>> {
        self.only_an_app("worker", "takes over the jobs of a server")?;
        if !self.names_an_app() {
            return self.for_setup().map(|()| None);
        }
        self.credentials().map(Some)
    }

    /// Is anything of an App set? Then the environment's is the App, and the setup page has nothing to do.
    pub fn names_an_app(&self) -> bool {
        let mut set = self.settings.iter().filter(|s| s.value.is_some());
        set.any(|setting| OF_AN_APP.contains(&setting.name))
    }

    /// Could an App have been registered on the setup page of a server with this database?
    pub fn may_have_registered(&self) -> bool {
        let is_there = self.database_url.is_some() || self.data_folder.join("postgres").exists();
        self.github.mode == AppMode::App && !self.names_an_app() && is_there
    }

    /// What the setup page needs to keep the App's credentials.
    pub fn for_setup(&self) -> Result<(), Vec<Fault>> {
        if self.encryption_key.is_some() || self.database_url.is_none() {
            return Ok(());
        }
        Err(vec![Fault::about(
            "ENCRYPTION_KEY",
            "is not set, and the credentials of the App that is registered on the setup page have to be kept under it; \
             make one with `openssl rand -base64 32`, keep it apart from the database, and give the same to every server \
             and worker (or set GITHUB_APP_ID, GITHUB_PRIVATE_KEY and GITHUB_WEBHOOK_SECRET of an App that is there)",
        )])
    }

    /// Deliveries come to an App alone: a person's token has nothing to serve.
    fn only_an_app(&self, command: &str, does: &str) -> Result<(), Vec<Fault>> {
        if self.github.mode == AppMode::App {
            return Ok(());
        }
        Err(vec![Fault::about(
            "GITHUB_APP_MODE",
            format!(
                "is token, which is for process, status and rollback; {command} {does}, and only an App gets \
                 webhooks: set GITHUB_APP_MODE=app with GITHUB_APP_ID, GITHUB_PRIVATE_KEY and GITHUB_WEBHOOK_SECRET"
            ),
        )])
    }

    /// What every command needs that talks to GitHub.
    pub fn credentials(&self) -> Result<Credentials, Vec<Fault>> {
        match self.github.mode {
            AppMode::App => self.app_credentials().map_err(|mut faults| {
                if !self.names_an_app() {
                    faults.push(Fault::about(
                        "GITHUB_APP_MODE",
                        "is app; to act as yourself, set it to token and GITHUB_TOKEN to a token that may read and write \
                         issues; for the App of a server's setup page, set DATABASE_URL and ENCRYPTION_KEY as that server has them",
                    ));
                }
                faults
            }),
            AppMode::Token => self.github.token.clone().map(Credentials::Token).ok_or_else(|| {
                vec![Fault::about(
                    "GITHUB_TOKEN",
                    "is not set; GITHUB_APP_MODE=token needs a token that may read and write issues",
                )]
            }),
        }
    }

    fn app_credentials(&self) -> Result<Credentials, Vec<Fault>> {
        match (self.github.app_id, self.github.private_key.clone()) {
            (Some(id), Some(private_key)) => Ok(Credentials::App { id, private_key }),
            (id, key) => {
                let mut faults = Vec::new();
                if id.is_none() {
                    faults.push(Fault::about(
                        "GITHUB_APP_ID",
                        "is not set; it is the number under App ID on the App's settings page",
                    ));
                }
                if key.is_none() {
                    faults.push(Fault::about(
                        "GITHUB_PRIVATE_KEY",
                        "is not set, nor is GITHUB_PRIVATE_KEY_PATH; the App's settings page makes a key under \
                         Private keys",
                    ));
                }
                Err(faults)
            }
        }
    }
}
