//! What the doctor promises beside its words: that it changes nothing, and that its documentation is whole.

use openproducer::flows::doctor::NAMES;
use openproducer::store::{self, PoolSettings};

use crate::harness::database::TestDatabase;

#[tokio::test]
async fn its_connections_can_write_nothing() {
    let database = TestDatabase::create().await;
    let settings = PoolSettings::named("openproducer tests");
    let pool = store::connect_to_look(database.url(), &settings).unwrap();
    let wrote = sqlx::query("delete from deliveries").execute(&pool).await;
    let error = wrote.unwrap_err().to_string();
    assert!(error.contains("read-only transaction"), "{error}");
}

#[test]
fn every_check_is_documented_and_nothing_else() {
    let page = std::fs::read_to_string("docs/doctor.md").unwrap();
    let rows = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `")?.split_once('`'));
    let documented: Vec<&str> = rows.map(|(name, _)| name).collect();
    assert_eq!(documented, NAMES);
}
