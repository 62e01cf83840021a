//! The GitHub client at the wire.

use openproducer::github::{GitHub, Installation, Repo};

fn is_send<T: Send>(_: T) {}

#[expect(
    dead_code,
    reason = "compiling it is the test: handlers and jobs need futures that may change threads"
)]
async fn every_answer_may_be_awaited_on_any_thread(
    github: GitHub,
    installation: Installation,
    repo: Repo,
) {
    is_send(github.app());
    is_send(github.list_installations());
    is_send(installation.list_repositories());
    is_send(repo.list_issues(None, 1));
    is_send(repo.create_comment(openproducer::domain::ids::IssueNumber(1), ""));
    is_send(repo.find_milestone(""));
}
