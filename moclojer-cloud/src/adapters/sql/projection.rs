//! Statements of the generator: what is behind, claims, what is to be written, what was. Compiled twice; see `sql`.
//!
//! A claim is nothing but a time in the shard's row; what protects from old writes is the generation, which every
//! statement that records something compares.

use std::collections::BTreeMap;
use std::time::Duration;

use async_trait::async_trait;
use moclojer_core::ports::ETag;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Generation, Layout, LayoutNumber, ProcessedText, Revision, ShardId, Version};
use sqlx::QueryBuilder;

use super::rows::{ClaimRow, WantedRow, host};
use super::{Connection, Db, Store, sql};
use crate::adapters::sql::longest;
use crate::adapters::sql::{column, count, millis, run, wrong};
use crate::domain::MockId;
use crate::store::{Applied, Backlog, Claim, MockFile, ProjectionStore, Result, Wanted, WantedText};

/// How many hosts one statement records.
const HOSTS_AT_ONCE: usize = 1_000;
/// The shortest pause after a failure; each further one doubles it, up to 128 times.
const PAUSE: Duration = Duration::from_millis(500);

/// The columns of [`WantedRow`] from a host `h` with the mock that is to be served under it.
macro_rules! wanted_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT h.name, h.version, h.applied_version, h.file_key, h.file_etag, m.id AS mock,
               coalesce(m.user_id, m.org_id) AS owner, m.good_revision, m.processed
             FROM host h LEFT JOIN mock m
               ON m.id = h.mock_id AND m.enabled AND m.processed IS NOT NULL WHERE ",
            $rest
        ))
    };
}

#[async_trait]
impl ProjectionStore for Store {
    async fn behind(&self, limit: u32) -> Result<Vec<ShardId>> {
        // Most often nothing is behind, or one host: only shards between the first and the last one are looked into.
        // And when every host is behind, one of each shard is asked since when: asking all of them takes a second.
        run(|| async move {
            let ids: Vec<i64> = sqlx::query_scalar(sql("SELECT id FROM (
                   SELECT s.id, CASE WHEN s.etag IS NULL THEN s.changed_at END AS anew,
                     (SELECT h.changed_at FROM host h WHERE h.version > h.applied_version
                        AND h.hash BETWEEN s.first_hash AND s.last_hash
                        ORDER BY h.hash, h.changed_at LIMIT 1) AS since
                   FROM shard s JOIN installation i ON i.layout = s.layout
                   WHERE s.claimed_until < now_ms() AND s.next_at <= now_ms() AND (s.etag IS NULL
                     OR s.first_hash <= (SELECT max(hash) FROM host WHERE version > applied_version)
                     AND s.last_hash >= (SELECT min(hash) FROM host WHERE version > applied_version))) waiting
                 WHERE anew IS NOT NULL OR since IS NOT NULL
                 ORDER BY least(coalesce(anew, since), coalesce(since, anew)), id LIMIT $1"))
            .bind(i64::from(limit))
            .fetch_all(self.reader())
            .await?;
            ids.into_iter().map(|id| Ok(ShardId::new(count(id)?))).collect()
        })
        .await
    }

    async fn claim(
        &self,
        shard: ShardId,
        found: Option<Generation>,
        lease: Duration,
    ) -> Result<Option<Claim>> {
        run(|| async move {
            let row: Option<ClaimRow> = sqlx::query_as(sql(
                "UPDATE shard SET generation = greatest(generation + 1, $2 + 1, now_ms()),
                   claimed_until = now_ms() + $3
                 WHERE layout = (SELECT layout FROM installation) AND id = $1
                   AND claimed_until < now_ms() AND next_at <= now_ms()
                 RETURNING layout, (SELECT shards FROM installation) AS shards, id, generation, etag",
            ))
            .bind(i64::from(shard.get()))
            .bind(found.map_or(0, found_column))
            .bind(millis(lease))
            .fetch_optional(self.writer())
            .await?;
            row.map(Claim::try_from).transpose()
        })
        .await
    }

    async fn claim_again(&self, claim: &Claim, found: Generation, lease: Duration) -> Result<Option<Claim>> {
        run(|| async move {
            let row: Option<ClaimRow> = sqlx::query_as(sql(
                "UPDATE shard SET generation = greatest(generation + 1, $4 + 1, now_ms()),
                   claimed_until = now_ms() + $5
                 WHERE layout = $1 AND id = $2 AND generation = $3
                   AND layout = (SELECT layout FROM installation)
                 RETURNING layout, (SELECT shards FROM installation) AS shards, id, generation, etag",
            ))
            .bind(column(claim.layout.get()))
            .bind(i64::from(claim.shard.get()))
            .bind(column(claim.generation.get()))
            .bind(found_column(found))
            .bind(millis(lease))
            .fetch_optional(self.writer())
            .await?;
            row.map(Claim::try_from).transpose()
        })
        .await
    }

    async fn wanted(&self, claim: &Claim) -> Result<Vec<Wanted>> {
        let hashes = Layout::new(claim.layout, claim.shards, [])
            .hashes(claim.shard)
            .ok_or_else(|| wrong("a claim of a shard that its layout does not have"))?;
        let (first, last) = (column(*hashes.start()), column(*hashes.end()));
        run(|| async move {
            let rows: Vec<WantedRow> = sqlx::query_as(wanted_where!(
                "h.hash BETWEEN $1 AND $2 AND (m.id IS NOT NULL OR h.version > h.applied_version)
                 ORDER BY h.name"
            ))
            .bind(first)
            .bind(last)
            .fetch_all(self.reader())
            .await?;
            rows.into_iter().map(wanted).collect()
        })
        .await
    }

    async fn commit(&self, claim: &Claim, etag: &ETag, applied: &[Applied]) -> Result<bool> {
        run(|| self.try_commit(claim, etag, applied)).await
    }

    async fn fail(&self, claim: &Claim, reason: &str) -> Result<()> {
        run(|| async move {
            // Between half of a pause and the whole.
            let pause = millis(PAUSE.mul_f64(rand::random_range(0.5..1.0)));
            sqlx::query(sql("UPDATE shard SET claimed_until = 0, attempts = attempts + 1, last_error = $4,
                   next_at = now_ms() + $5 * (1 << CAST(least(attempts, 7) AS integer))
                 WHERE layout = $1 AND id = $2 AND generation = $3"))
            .bind(column(claim.layout.get()))
            .bind(i64::from(claim.shard.get()))
            .bind(column(claim.generation.get()))
            .bind(longest(reason))
            .bind(pause)
            .execute(self.writer())
            .await?;
            Ok(())
        })
        .await
    }

    async fn release(&self, claim: &Claim) -> Result<()> {
        run(|| async move {
            sqlx::query(sql("UPDATE shard SET claimed_until = 0
                 WHERE layout = $1 AND id = $2 AND generation = $3"))
            .bind(column(claim.layout.get()))
            .bind(i64::from(claim.shard.get()))
            .bind(column(claim.generation.get()))
            .execute(self.writer())
            .await?;
            Ok(())
        })
        .await
    }

    async fn tags(&self) -> Result<BTreeMap<ShardId, Option<ETag>>> {
        run(|| async move {
            let rows: Vec<(i64, Option<String>)> = sqlx::query_as(sql(
                "SELECT s.id, s.etag FROM shard s JOIN installation i ON i.layout = s.layout",
            ))
            .fetch_all(self.reader())
            .await?;
            rows.into_iter().map(|(id, etag)| Ok((ShardId::new(count(id)?), etag.map(ETag::new)))).collect()
        })
        .await
    }

    async fn write_anew(&self, shards: &[(ShardId, ETag)]) -> Result<()> {
        run(|| self.try_write_anew(shards)).await
    }

    async fn is_layout_whole(&self, layout: LayoutNumber) -> Result<bool> {
        run(|| async move {
            Ok(sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM installation WHERE layout = $1)
                 AND NOT EXISTS (SELECT 1 FROM shard WHERE layout = $1 AND etag IS NULL)"))
            .bind(column(layout.get()))
            .fetch_one(self.reader())
            .await?)
        })
        .await
    }

    async fn set_served(&self, layout: LayoutNumber) -> Result<()> {
        run(|| async move {
            sqlx::query(sql("UPDATE installation SET served_layout = $1
                 WHERE layout >= $1 AND (served_layout IS NULL OR served_layout < $1)"))
            .bind(column(layout.get()))
            .execute(self.writer())
            .await?;
            Ok(())
        })
        .await
    }

    async fn set_file(&self, host: &HostPattern, file: Option<&MockFile>) -> Result<()> {
        run(|| async move {
            sqlx::query(sql("UPDATE host SET file_key = $2, file_etag = $3 WHERE name = $1"))
                .bind(host.as_str())
                .bind(file.map(|file| file.key.as_str()))
                .bind(file.map(|file| file.etag.as_str()))
                .execute(self.writer())
                .await?;
            Ok(())
        })
        .await
    }

    async fn hosts(&self, after: Option<&HostPattern>, limit: u32) -> Result<Vec<Wanted>> {
        run(|| async move {
            let rows: Vec<WantedRow> = sqlx::query_as(wanted_where!("h.name > $1 ORDER BY h.name LIMIT $2"))
                .bind(after.map_or("", HostPattern::as_str))
                .bind(i64::from(limit))
                .fetch_all(self.reader())
                .await?;
            rows.into_iter().map(wanted).collect()
        })
        .await
    }

    async fn backlog(&self) -> Result<Backlog> {
        run(|| self.try_backlog()).await
    }
}

impl Store {
    async fn try_commit(&self, claim: &Claim, etag: &ETag, applied: &[Applied]) -> Result<bool> {
        let mut tx = self.begin().await?;
        let recorded =
            sqlx::query(sql("UPDATE shard SET etag = $4, claimed_until = 0, attempts = 0, next_at = 0,
               last_error = NULL
             WHERE layout = $1 AND id = $2 AND generation = $3
               AND layout = (SELECT layout FROM installation)"))
            .bind(column(claim.layout.get()))
            .bind(i64::from(claim.shard.get()))
            .bind(column(claim.generation.get()))
            .bind(etag.as_str())
            .execute(&mut *tx)
            .await?;
        if recorded.rows_affected() == 0 {
            return Ok(false);
        }
        let mut applied: Vec<&Applied> = applied.iter().collect();
        applied.sort_by(|one, other| one.host.cmp(&other.host));
        for applied in applied.chunks(HOSTS_AT_ONCE) {
            lock_hosts(&mut tx, applied).await?;
            record(&mut tx, applied).await?;
        }
        tx.commit().await?;
        Ok(true)
    }

    async fn try_write_anew(&self, shards: &[(ShardId, ETag)]) -> Result<()> {
        let mut tx = self.begin().await?;
        for (shard, etag) in shards {
            sqlx::query(sql("UPDATE shard SET etag = NULL, changed_at = now_ms()
                 WHERE layout = (SELECT layout FROM installation) AND id = $1 AND etag = $2"))
            .bind(i64::from(shard.get()))
            .bind(etag.as_str())
            .execute(&mut *tx)
            .await?;
        }
        tx.commit().await?;
        Ok(())
    }

    async fn try_backlog(&self) -> Result<Backlog> {
        let (hosts, host_since, shards, shard_since, failing, now): (i64, i64, i64, i64, i64, i64) =
            sqlx::query_as(sql(
                "SELECT h.count, coalesce(h.since, now.at), s.count, coalesce(s.since, now.at),
                   s.failing, now.at
                 FROM (SELECT now_ms() AS at) now,
                   (SELECT count(*) AS count, min(changed_at) AS since FROM host
                      WHERE version > applied_version) h,
                   (SELECT count(CASE WHEN s.etag IS NULL THEN 1 END) AS count,
                      min(CASE WHEN s.etag IS NULL THEN s.changed_at END) AS since,
                      count(CASE WHEN s.attempts > 0 THEN 1 END) AS failing
                    FROM shard s JOIN installation i ON i.layout = s.layout) s",
            ))
            .fetch_one(self.reader())
            .await?;
        let waited = u64::try_from(now - host_since.min(shard_since)).unwrap_or_default();
        Ok(Backlog {
            hosts: count(hosts)?,
            shards: count(shards)?,
            failing: count(failing)?,
            oldest: Duration::from_millis(waited),
        })
    }
}

/// A generation that stands in a store may be any number; one above it must fit the column.
fn found_column(found: Generation) -> i64 {
    column(found.get()).min(i64::MAX - 1)
}

/// In order of name, as renames do.
async fn lock_hosts(tx: &mut Connection, applied: &[&Applied]) -> Result<()> {
    let mut query = QueryBuilder::<Db>::new("SELECT name FROM host WHERE name IN (");
    let mut list = query.separated(", ");
    for applied in applied {
        list.push_bind(applied.host.as_str());
    }
    query.push(sql(") ORDER BY name FOR NO KEY UPDATE").as_str());
    query.build().persistent(false).fetch_all(tx).await?;
    Ok(())
}

async fn record(tx: &mut Connection, applied: &[&Applied]) -> Result<()> {
    let mut query = QueryBuilder::<Db>::new("WITH written (name, version, revision) AS (");
    query.push_values(applied, |mut row, applied| {
        row.push_bind(applied.host.as_str())
            .push_bind(column(applied.version.get()))
            .push_bind(applied.revision.map(|revision| column(revision.get())));
    });
    query.push(
        ") UPDATE host SET applied_version = written.version, applied_revision = written.revision
         FROM written WHERE host.name = written.name AND host.applied_version <= written.version",
    );
    query.build().persistent(false).execute(tx).await?;
    Ok(())
}

fn wanted(row: WantedRow) -> Result<Wanted> {
    let host = host(&row.name)?;
    let file = row.file();
    let served = match (row.mock, row.owner, row.good_revision, row.processed) {
        (Some(mock), Some(owner), Some(revision), Some(text)) => Some(WantedText {
            mock: MockId(mock),
            owner,
            revision: Revision::new(count(revision)?),
            text: ProcessedText::stored(host.clone(), text),
        }),
        _ => None,
    };
    Ok(Wanted {
        host,
        version: Version::new(count(row.version)?),
        served,
        behind: row.version > row.applied_version,
        file,
    })
}
