//! Statements about the installation's one row, and the shards that it makes. Compiled twice; see `sql`.

use std::num::NonZeroU32;

use async_trait::async_trait;
use moclojer_core::unify::{Layout, LayoutNumber};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::rows::InstallationRow;
use super::{Connection, Db, Store, sql};
use crate::adapters::sql::{column, run, wrong};
use crate::domain::BaseDomain;
use crate::store::{Installation, InstallationStore, Result};

/// How many rows one statement inserts.
const ROWS_AT_ONCE: usize = 1_000;

macro_rules! installation {
    ($lock:literal) => {
        sql(concat!("SELECT id, salt, layout, served_layout, shards, base_domain FROM installation", $lock))
    };
}

#[async_trait]
impl InstallationStore for Store {
    async fn ping(&self) -> Result<()> {
        run(|| async move {
            sqlx::query(sql("SELECT 1")).execute(self.reader()).await?;
            Ok(())
        })
        .await
    }

    async fn installation(&self) -> Result<Option<Installation>> {
        run(|| async move {
            let row: Option<InstallationRow> =
                sqlx::query_as(installation!("")).fetch_optional(self.reader()).await?;
            row.map(Installation::try_from).transpose()
        })
        .await
    }

    async fn install(&self, base_domain: &BaseDomain, shards: NonZeroU32) -> Result<Installation> {
        run(|| self.try_install(base_domain, shards)).await
    }

    async fn reshard(&self, shards: NonZeroU32, at_least: LayoutNumber) -> Result<Installation> {
        run(|| self.try_reshard(shards, at_least)).await
    }
}

impl Store {
    async fn try_install(&self, base_domain: &BaseDomain, shards: NonZeroU32) -> Result<Installation> {
        let mut tx = self.begin().await?;
        let salt: [u8; 32] = rand::random();
        let made = sqlx::query(sql("INSERT INTO installation (id, salt, layout, shards, base_domain)
             VALUES ($1, $2, 1, $3, $4) ON CONFLICT DO NOTHING"))
        .bind(Uuid::new_v4())
        .bind(salt.as_slice())
        .bind(i64::from(shards.get()))
        .bind(base_domain.as_str())
        .execute(&mut *tx)
        .await?;
        if made.rows_affected() > 0 {
            write_shards(&mut tx, LayoutNumber::new(1), shards).await?;
        }
        let installation = read_locked(&mut tx).await?;
        tx.commit().await?;
        Ok(installation)
    }

    async fn try_reshard(&self, shards: NonZeroU32, at_least: LayoutNumber) -> Result<Installation> {
        let mut tx = self.begin().await?;
        let mut installation = read_locked(&mut tx).await?;
        installation.layout = LayoutNumber::new(installation.layout.max(at_least).get() + 1);
        installation.shards = shards;
        sqlx::query(sql("UPDATE installation SET layout = $1, shards = $2"))
            .bind(column(installation.layout.get()))
            .bind(i64::from(shards.get()))
            .execute(&mut *tx)
            .await?;
        sqlx::query(sql("DELETE FROM shard")).execute(&mut *tx).await?;
        write_shards(&mut tx, installation.layout, shards).await?;
        tx.commit().await?;
        Ok(installation)
    }
}

async fn read_locked(tx: &mut Connection) -> Result<Installation> {
    let row: Option<InstallationRow> =
        sqlx::query_as(installation!(" FOR NO KEY UPDATE")).fetch_optional(tx).await?;
    row.ok_or_else(|| wrong("nothing is installed in this database yet"))?.try_into()
}

/// Makes the shards of a layout, all waiting to be written.
async fn write_shards(tx: &mut Connection, number: LayoutNumber, shards: NonZeroU32) -> Result<()> {
    // The ranges of hashes do not depend on the salt.
    let layout = Layout::new(number, shards, []);
    let mut rows = layout.shards().filter_map(|shard| Some((shard, layout.hashes(shard)?))).peekable();
    let now: i64 = sqlx::query_scalar(sql("SELECT now_ms()")).fetch_one(&mut *tx).await?;
    while rows.peek().is_some() {
        let mut query = QueryBuilder::<Db>::new(
            "INSERT INTO shard (layout, id, first_hash, last_hash, generation, changed_at, claimed_until,
                attempts, next_at) ",
        );
        query.push_values(rows.by_ref().take(ROWS_AT_ONCE), |mut row, (shard, hashes)| {
            row.push_bind(column(number.get()))
                .push_bind(i64::from(shard.get()))
                .push_bind(column(*hashes.start()))
                .push_bind(column(*hashes.end()))
                .push("0")
                .push_bind(now)
                .push("0, 0, 0");
        });
        query.build().persistent(false).execute(&mut *tx).await?;
    }
    Ok(())
}
