//! Who may: a person's role on the repository, asked of GitHub at that moment.

use super::{FlowResult, Services};
use crate::domain::event::Account;
use crate::domain::policy::{Role, may};
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
        may(self.role, self.minimum)
    }

    /// Admins may always cancel, whatever the minimum says.
    pub fn is_admin(self) -> bool {
        self.role == Role::Admin
    }
}

/// Asks GitHub for the person's role on the repository. Whoever has taken over a login since is another person.
pub async fn standing(
    services: &Services,
    repository: &RepositoryRow,
    person: &Account,
) -> FlowResult<Standing> {
    let settings = services
        .settings(
            repository.installation,
            repository.id,
            &settings::Asked::default(),
        )
        .await?;
    let role = services.repo(repository).role_of(&person.login).await?;
    Ok(Standing {
        role: role
            .filter(|r| r.user.as_ref().is_some_and(|user| user.id == person.id))
            .map_or(Role::None, |r| {
                Role::from_github(&r.role_name, &r.permission)
            }),
        minimum: settings.minimum_role.value,
    })
}
