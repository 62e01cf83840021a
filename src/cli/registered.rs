//! Waits for the App to be registered on the setup page of any replica, and becomes it.

use std::time::Duration;

use tokio::sync::watch;
use tracing::{info, warn};

use crate::flows::Services;
use crate::flows::registration::{self, App};

/// How often the table is looked at; one row, and only until there is an App.
const LOOK_EVERY: Duration = Duration::from_secs(1);
/// After trouble, so as not to fill the log.
const REST: Duration = Duration::from_secs(15);

/// Returns when this process comes to GitHub as the App; `None`: it is asked to end.
pub(super) async fn wait(services: &Services, stopping: &mut watch::Receiver<bool>) -> Option<App> {
    loop {
        let pause = match look(services).await {
            Ok(Some(app)) => {
                info!(
                    app.id = app.id,
                    app.slug = app.slug,
                    "the App was registered; live"
                );
                return Some(app);
            }
            Ok(None) => LOOK_EVERY,
            Err(failure) => {
                warn!(error = %failure, "cannot become the App that was registered");
                REST
            }
        };
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            _ = stopping.wait_for(|stop| *stop) => return None,
        }
    }
}

/// Becomes the App if there is one.
pub(super) async fn look(services: &Services) -> anyhow::Result<Option<App>> {
    let app = registration::find(services).await?;
    if let Some(app) = &app {
        registration::become_app(services, app)?;
    }
    Ok(app)
}
