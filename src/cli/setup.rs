//! `openproducer setup`: a new one-time link to the setup page, for a server without a screen.

use anyhow::{Context as _, anyhow};
use secrecy::ExposeSecret as _;

use super::arguments::SetupArguments;
use super::database::Database;
use super::failure::{Failure, bad_config};
use super::terminal::Terminal;
use super::{keys, logs, serve};
use crate::clock::Chance;
use crate::config::Config;
use crate::flows::registration;
use crate::web::Public;

/// Prints the link, and nothing else on the output.
pub(super) async fn run(args: SetupArguments) -> Result<(), Failure> {
    let mut config = Config::load().map_err(bad_config)?;
    logs::start(&config);
    if config.names_an_app() {
        return Err(Failure::BadInput(
            "there is nothing to set up: the App comes from the environment (GITHUB_APP_ID and its like), which wins over the setup page".to_owned(),
        ));
    }
    config.for_setup().map_err(bad_config)?;
    let database = Database::open(&config, "openproducer setup").await?;
    let done = print(&mut config, &database, args.replace).await;
    database.close().await;
    done
}

async fn print(config: &mut Config, database: &Database, replace: bool) -> Result<(), Failure> {
    keys::complete(config, &Chance::system())?;
    let services = serve::services(config, database, serve::unregistered(config)?)?;
    let known = registration::find(&services)
        .await
        .map_err(anyhow::Error::from)?;
    match &known {
        Some(app) if !replace => {
            return Err(anyhow!(
                "the App {} ({}) is registered already; the server's first page leads to its installation. \
                 `openproducer setup --replace` registers another in its place",
                app.name,
                app.html_url
            )
            .into());
        }
        Some(app) => Terminal::of_errors().line(format_args!(
            "What is registered with this link takes the place of {} ({}): its installations are heard no more.",
            app.name, app.html_url
        )),
        None => {}
    }
    let (secret, until) = registration::new_link(&services, known.is_some())
        .await
        .context("cannot store a new link")?;
    let public = Public::new(config.public_url.as_ref(), config.listen_addr, 0);
    let link = public.page(&format!("/setup?link={}", secret.expose_secret()));
    Terminal::of_errors().line(format_args!(
        "Open this in a browser; it works once, until {}:",
        until.format("%H:%M UTC")
    ));
    Terminal::of_output().write(&format!("{link}\n"))?;
    Ok(())
}
