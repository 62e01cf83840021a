//! Who may: a person's role on the repository, asked of GitHub at that moment.

use super::{FlowResult, Services};
use crate::domain::policy::Role;
use crate::domain::settings;
use crate::store::repositories::RepositoryRow;

/// A person's role now, and the least that is needed here.
#[derive(Debug, Clone, Copy)]
pub struct Standing {
    pub role: Role,
    pub minimum: Role,
}

impl Standing {
    /// May the person ask and command here?
    pub fn suffices(self) -> bool {
        self.role >= self.minimum
    }

    /// Admins may always cancel, whatever the minimum says.
    pub fn is_admin(self) -> bool {
        self.role == Role::Admin
    }
}

/// Asks GitHub for the person's role on the repository.
pub async fn standing(
    services: &Services,
    repository: &RepositoryRow,
    login: &str,
) -> FlowResult<Standing> {
    let settings = services
        .settings(
            repository.installation,
            repository.id,
            &settings::Asked::default(),
        )
        .await?;
    let role = services.repo(repository).role_of(login).await?;
    Ok(Standing {
        role: role.map_or(Role::None, |r| {
            Role::from_github(&r.role_name, &r.permission)
        }),
        minimum: settings.minimum_role.value,
    })
}
