//! PostgreSQL: the pool, the migrations, one file a table.

pub mod deliveries;
pub mod embedded;
pub mod ingest;
pub mod jobs;
