//! Statements about the revisions of mocks. Compiled twice; see `sql`.
//!
//! Kept are the newest 100 revisions, none older than 90 days, and whatever their age the newest and the good one.

use moclojer_core::unify::Revision;

use super::rows::{PastRow, all};
use super::{Connection, Store, sql};
use crate::adapters::sql::column;
use crate::domain::{CustomerId, MockId};
use crate::store::{Past, Result};

macro_rules! past_of {
    ($content:literal, $rest:literal) => {
        sql(concat!(
            "SELECT p.revision, p.made_by, p.made_at, p.revision = m.good_revision AS good, ",
            $content,
            " AS content FROM mock_history p JOIN mock m ON m.id = p.mock_id WHERE p.mock_id = $1 AND ",
            $rest
        ))
    };
}

impl Store {
    pub(super) async fn read_history(
        &self,
        id: MockId,
        before: Option<Revision>,
        limit: u32,
    ) -> Result<Vec<Past>> {
        let rows: Vec<PastRow> = sqlx::query_as(past_of!(
            "CAST(NULL AS text)",
            "p.revision < $2 ORDER BY p.revision DESC LIMIT $3"
        ))
        .bind(id.0)
        .bind(before.map_or(i64::MAX, |before| column(before.get())))
        .bind(i64::from(limit))
        .fetch_all(self.reader())
        .await?;
        all(rows)
    }

    pub(super) async fn read_past(&self, id: MockId, revision: Revision) -> Result<Option<Past>> {
        let row: Option<PastRow> = sqlx::query_as(past_of!("p.content", "p.revision = $2"))
            .bind(id.0)
            .bind(column(revision.get()))
            .fetch_optional(self.reader())
            .await?;
        row.map(Past::try_from).transpose()
    }
}

/// Writes the newest revision of a mock down, and removes what is past its time.
pub(super) async fn write_past(
    tx: &mut Connection,
    mock: MockId,
    by: CustomerId,
    newest: Revision,
    good: Option<Revision>,
) -> Result<()> {
    sqlx::query(sql("INSERT INTO mock_history (mock_id, revision, content, made_by, made_at)
         SELECT id, revision, content, $2, now_ms() FROM mock WHERE id = $1"))
    .bind(mock.0)
    .bind(by.0)
    .execute(&mut *tx)
    .await?;
    sqlx::query(sql("DELETE FROM mock_history
         WHERE mock_id = $1 AND revision <> $2 AND revision <> $3
           AND (revision <= $2 - 100 OR made_at < now_ms() - 7776000000)"))
    .bind(mock.0)
    .bind(column(newest.get()))
    .bind(good.map_or(0, |good| column(good.get())))
    .execute(tx)
    .await?;
    Ok(())
}
