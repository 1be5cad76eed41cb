//! Statements about mocks and the hosts that they take.
//!
//! Locks are taken in this order: the owner's row, the mock's row, hosts' rows in order of name. So a change of an
//! owner's name waits for their mocks, and two changes of one mock for each other. Compiled twice; see `sql`.

use async_trait::async_trait;
use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::{Revision, Version};
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::accounts::{lock_customer, lock_org};
use super::history::write_past;
use super::rows::{CarriedRow, MockRow, all, host, revision};
use super::{Connection, Db, Store, sql};
use crate::adapters::sql::{column, count, run, wrong};
use crate::domain::{Carried, Mock, MockId, Owner};
use crate::store::{Created, Deleted, Edit, Edited, MockStore, NewMock, Page, Past, Place, Result, Served};

/// How many mocks one statement asks for by their ids.
const IDS_AT_ONCE: usize = 1_000;
/// For how long a host that was given back is held for its last owner.
macro_rules! held_ms {
    () => {
        "2592000000"
    };
}

macro_rules! state_columns {
    () => {
        "h.version, h.applied_version, h.applied_revision,
         (SELECT i.layout = i.served_layout FROM installation i) AS layout_served"
    };
}

macro_rules! mock_where {
    ($content:literal, $rest:literal) => {
        concat!(
            "SELECT m.id, m.user_id, m.org_id, coalesce(c.username, o.slug) AS subdomain, m.wildcard,
               h.name AS host, m.enabled, ",
            $content,
            " AS content, m.revision, m.good_revision, m.problems, m.created_at, m.updated_at, ",
            state_columns!(),
            " FROM mock m JOIN host h ON h.mock_id = m.id
               LEFT JOIN customer c ON c.id = m.user_id LEFT JOIN org o ON o.id = m.org_id WHERE ",
            $rest
        )
    };
}

#[async_trait]
impl MockStore for Store {
    async fn create(&self, mock: &NewMock) -> Result<Created> {
        run(|| self.try_create(mock)).await
    }

    async fn mock(&self, id: MockId) -> Result<Option<Mock>> {
        run(|| async move {
            let row: Option<MockRow> = sqlx::query_as(sql(mock_where!("m.content", "m.id = $1")))
                .bind(id.0)
                .fetch_optional(self.reader())
                .await?;
            row.map(Mock::try_from).transpose()
        })
        .await
    }

    async fn is_host_free(&self, host: &HostPattern, owner: Owner) -> Result<bool> {
        run(|| async move {
            Ok(sqlx::query_scalar(sql(concat!(
                "SELECT NOT EXISTS (SELECT 1 FROM host WHERE name = $1 AND NOT (mock_id IS NULL
                   AND (owner_id = $2 OR released_at < now_ms() - ",
                held_ms!(),
                ")))"
            )))
            .bind(host.as_str())
            .bind(owner.id())
            .fetch_one(self.reader())
            .await?)
        })
        .await
    }

    async fn mocks(&self, owners: &[Owner], page: &Page, content: bool) -> Result<Vec<Mock>> {
        run(|| self.try_mocks(owners, page, content)).await
    }

    async fn edit(&self, edit: &Edit) -> Result<Edited> {
        run(|| self.try_edit(edit)).await
    }

    async fn set_enabled(&self, id: MockId, enabled: bool) -> Result<Option<(Mock, bool)>> {
        run(|| self.try_set_enabled(id, enabled)).await
    }

    async fn delete(&self, id: MockId, if_revision: Option<Revision>) -> Result<Deleted> {
        run(|| self.try_delete(id, if_revision)).await
    }

    async fn history(&self, id: MockId, before: Option<Revision>, limit: u32) -> Result<Vec<Past>> {
        run(|| self.read_history(id, before, limit)).await
    }

    async fn past(&self, id: MockId, revision: Revision) -> Result<Option<Past>> {
        run(|| self.read_past(id, revision)).await
    }

    async fn carried(&self, ids: &[MockId]) -> Result<Vec<Carried>> {
        run(|| self.try_carried(ids)).await
    }
}

impl Store {
    async fn try_create(&self, mock: &NewMock) -> Result<Created> {
        let mut tx = self.begin().await?;
        let name = match mock.owner {
            Owner::Customer(id) => lock_customer(&mut tx, id).await?,
            Owner::Org(id) => lock_org(&mut tx, id).await?,
        };
        // The owner may have another name by now: the host would be under one that is free for others.
        if name.as_deref() != Some(mock.place.subdomain.as_str()) {
            return Ok(Created::NoOwner);
        }
        if !take_host(&mut tx, &mock.place, mock.owner.id(), mock.id).await? {
            return why_not_created(&mut tx, mock).await;
        }
        insert(&mut tx, mock).await?;
        write_past(&mut tx, mock.id, mock.by, Revision::new(1), None).await?;
        let made = read(&mut tx, mock.id).await?;
        tx.commit().await?;
        Ok(Created::New(Box::new(made)))
    }

    async fn try_mocks(&self, owners: &[Owner], page: &Page, content: bool) -> Result<Vec<Mock>> {
        if owners.is_empty() {
            return Ok(Vec::new());
        }
        let select = if content {
            mock_where!("m.content", "coalesce(m.user_id, m.org_id) IN (")
        } else {
            mock_where!("CAST(NULL AS text)", "coalesce(m.user_id, m.org_id) IN (")
        };
        let mut query = QueryBuilder::<Db>::new(select);
        let mut list = query.separated(", ");
        for owner in owners {
            list.push_bind(owner.id());
        }
        query.push(")");
        if let Some((subdomain, wildcard)) = &page.after {
            query.push(" AND (coalesce(c.username, o.slug), m.wildcard) > (");
            query.push_bind(subdomain).push(", ").push_bind(wildcard).push(")");
        }
        query.push(" ORDER BY subdomain, wildcard LIMIT ").push_bind(i64::from(page.limit));
        let rows: Vec<MockRow> = query.build_query_as().persistent(false).fetch_all(self.reader()).await?;
        all(rows)
    }

    async fn try_edit(&self, edit: &Edit) -> Result<Edited> {
        let mut tx = self.begin().await?;
        let Some(now) = lock(&mut tx, edit.mock).await? else {
            return Ok(Edited::Gone);
        };
        if now.revision != edit.if_revision {
            return Ok(Edited::Stale(Box::new(read(&mut tx, edit.mock).await?)));
        }
        let revision = Revision::new(now.revision.get() + 1);
        let good = good_after(&now, edit, revision)?;
        update(&mut tx, edit, revision, good).await?;
        write_past(&mut tx, edit.mock, edit.by, revision, good).await?;
        match &edit.place {
            Some(place) if place.host != now.host => {
                if !move_host(&mut tx, &now, place, edit.mock).await? {
                    return Ok(match why_not(&mut tx, &place.host).await? {
                        Refusal::Held => Edited::HostHeld,
                        Refusal::Taken { .. } => Edited::HostTaken,
                    });
                }
            }
            _ if matches!(edit.served, Served::Unchanged) => {}
            _ => raise_version(&mut tx, edit.mock).await?,
        }
        let edited = read(&mut tx, edit.mock).await?;
        tx.commit().await?;
        Ok(Edited::Done(Box::new(edited)))
    }

    async fn try_set_enabled(&self, id: MockId, enabled: bool) -> Result<Option<(Mock, bool)>> {
        let mut tx = self.begin().await?;
        if lock(&mut tx, id).await?.is_none() {
            return Ok(None);
        }
        let changed = sqlx::query(sql(
            "UPDATE mock SET enabled = $2, updated_at = now_ms() WHERE id = $1 AND enabled <> $2",
        ))
        .bind(id.0)
        .bind(enabled)
        .execute(&mut *tx)
        .await?
        .rows_affected()
            > 0;
        if changed {
            raise_version(&mut tx, id).await?;
        }
        let mock = read(&mut tx, id).await?;
        tx.commit().await?;
        Ok(Some((mock, changed)))
    }

    async fn try_delete(&self, id: MockId, if_revision: Option<Revision>) -> Result<Deleted> {
        let mut tx = self.begin().await?;
        let Some(now) = lock(&mut tx, id).await? else {
            return Ok(Deleted::Gone);
        };
        if if_revision.is_some_and(|expected| expected != now.revision) {
            return Ok(Deleted::Stale(Box::new(read(&mut tx, id).await?)));
        }
        let version = release_host(&mut tx, &now.host).await?;
        sqlx::query(sql("DELETE FROM mock WHERE id = $1")).bind(id.0).execute(&mut *tx).await?;
        tx.commit().await?;
        Ok(Deleted::Done { host: now.host, version })
    }

    async fn try_carried(&self, ids: &[MockId]) -> Result<Vec<Carried>> {
        let mut found = Vec::with_capacity(ids.len());
        for ids in ids.chunks(IDS_AT_ONCE) {
            let mut query = QueryBuilder::<Db>::new(concat!(
                "SELECT m.id, m.enabled, m.revision, m.good_revision, ",
                state_columns!(),
                " FROM mock m JOIN host h ON h.mock_id = m.id WHERE m.id IN ("
            ));
            let mut list = query.separated(", ");
            for id in ids {
                list.push_bind(id.0);
            }
            query.push(")");
            let rows: Vec<CarriedRow> =
                query.build_query_as().persistent(false).fetch_all(self.reader()).await?;
            found.extend(all::<_, Carried>(rows)?);
        }
        Ok(found)
    }
}

/// What a change of a mock begins from; the mock's row is locked.
struct Now {
    owner: Uuid,
    host: HostPattern,
    revision: Revision,
    good_revision: Option<Revision>,
}

async fn lock(tx: &mut Connection, id: MockId) -> Result<Option<Now>> {
    let locked: Option<(Uuid, i64, Option<i64>)> = sqlx::query_as(sql(
        "SELECT coalesce(user_id, org_id), revision, good_revision FROM mock WHERE id = $1 FOR NO KEY UPDATE",
    ))
    .bind(id.0)
    .fetch_optional(&mut *tx)
    .await?;
    let Some((owner, newest, good)) = locked else {
        return Ok(None);
    };
    // Read after the lock: a rename before may have moved it.
    let name: Option<String> = sqlx::query_scalar(sql("SELECT name FROM host WHERE mock_id = $1"))
        .bind(id.0)
        .fetch_optional(tx)
        .await?;
    let name = name.ok_or_else(|| wrong("a mock without a host"))?;
    let (newest, good) = (Revision::new(count(newest)?), revision(good)?);
    Ok(Some(Now { owner, host: host(&name)?, revision: newest, good_revision: good }))
}

async fn read(tx: &mut Connection, id: MockId) -> Result<Mock> {
    let row: Option<MockRow> =
        sqlx::query_as(sql(mock_where!("m.content", "m.id = $1"))).bind(id.0).fetch_optional(tx).await?;
    row.ok_or_else(|| wrong("a mock without a host"))?.try_into()
}

async fn insert(tx: &mut Connection, mock: &NewMock) -> Result<()> {
    let (user, org) = match mock.owner {
        Owner::Customer(id) => (Some(id.0), None),
        Owner::Org(id) => (None, Some(id.0)),
    };
    sqlx::query(sql(
        "INSERT INTO mock (id, user_id, org_id, wildcard, content, enabled, revision, good_revision,
           processed, problems, created_at, updated_at)
         SELECT $1, $2, $3, $4, $5, $6, 1, $7, $8, $9, now.at, now.at FROM (SELECT now_ms() AS at) now",
    ))
    .bind(mock.id.0)
    .bind(user)
    .bind(org)
    .bind(mock.place.wildcard.as_str())
    .bind(&mock.content.text)
    .bind(mock.enabled)
    .bind(mock.processed.as_ref().map(|_| 1_i64))
    .bind(mock.processed.as_ref().map(|text| text.as_str()))
    .bind(mock.content.problems.to_string())
    .execute(tx)
    .await?;
    Ok(())
}

/// Which revision is the good one after an edit that makes `next`.
fn good_after(now: &Now, edit: &Edit, next: Revision) -> Result<Option<Revision>> {
    let moves = edit.place.as_ref().is_some_and(|place| place.host != now.host);
    match edit.served {
        Served::New(_) => Ok(Some(next)),
        Served::Unchanged if moves && now.good_revision.is_some() => {
            Err(wrong("a processed text cannot move to another host as it is"))
        }
        Served::Moved(_) if now.good_revision.is_none() => Err(wrong("nothing was served that could move")),
        // With the content that was good before, the new revision is good too.
        _ if edit.content.is_none() && now.good_revision == Some(now.revision) => Ok(Some(next)),
        _ => Ok(now.good_revision),
    }
}

async fn update(tx: &mut Connection, edit: &Edit, next: Revision, good: Option<Revision>) -> Result<()> {
    let processed = match &edit.served {
        Served::Unchanged => None,
        Served::New(text) | Served::Moved(text) => Some(text.as_str()),
    };
    sqlx::query(sql(
        "UPDATE mock SET revision = $2, good_revision = $3, processed = coalesce($4, processed),
           content = coalesce($5, content), problems = coalesce($6, problems),
           wildcard = coalesce($7, wildcard), updated_at = now_ms() WHERE id = $1",
    ))
    .bind(edit.mock.0)
    .bind(column(next.get()))
    .bind(good.map(|good| column(good.get())))
    .bind(processed)
    .bind(edit.content.as_ref().map(|content| content.text.as_str()))
    .bind(edit.content.as_ref().map(|content| content.problems.to_string()))
    .bind(edit.place.as_ref().map(|place| place.wildcard.as_str()))
    .execute(tx)
    .await?;
    Ok(())
}

/// The one statement that takes a name; false: it is another's, or held for its last owner.
async fn take_host(tx: &mut Connection, place: &Place, owner: Uuid, mock: MockId) -> Result<bool> {
    let taken = sqlx::query(sql(concat!(
        "INSERT INTO host (name, owner_id, mock_id, hash, version, applied_version, changed_at)
         VALUES ($1, $2, $3, $4, 1, 0, now_ms())
         ON CONFLICT (name) DO UPDATE SET mock_id = excluded.mock_id, owner_id = excluded.owner_id,
           changed_at = CASE WHEN host.version > host.applied_version THEN host.changed_at ELSE now_ms() END,
           version = host.version + 1, applied_revision = NULL, released_at = NULL
         WHERE host.mock_id IS NULL
           AND (host.owner_id = excluded.owner_id OR host.released_at < now_ms() - ",
        held_ms!(),
        ")"
    )))
    .bind(place.host.as_str())
    .bind(owner)
    .bind(mock.0)
    .bind(column(place.hash.get()))
    .execute(tx)
    .await?;
    Ok(taken.rows_affected() > 0)
}

/// Gives a host back; it is to be taken out, and is held for its owner.
async fn release_host(tx: &mut Connection, host: &HostPattern) -> Result<Version> {
    let version: i64 = sqlx::query_scalar(sql(
        "UPDATE host SET mock_id = NULL, released_at = now_ms(), version = version + 1,
           changed_at = CASE WHEN version > applied_version THEN changed_at ELSE now_ms() END
         WHERE name = $1 RETURNING version",
    ))
    .bind(host.as_str())
    .fetch_one(tx)
    .await?;
    Ok(Version::new(count(version)?))
}

/// Both rows are locked in order of name, as a commit of the generator does.
async fn move_host(tx: &mut Connection, now: &Now, to: &Place, mock: MockId) -> Result<bool> {
    sqlx::query(sql("SELECT name FROM host WHERE name IN ($1, $2) ORDER BY name FOR NO KEY UPDATE"))
        .bind(now.host.as_str())
        .bind(to.host.as_str())
        .fetch_all(&mut *tx)
        .await?;
    release_host(tx, &now.host).await?;
    take_host(tx, to, now.owner, mock).await
}

async fn raise_version(tx: &mut Connection, mock: MockId) -> Result<()> {
    sqlx::query(sql("UPDATE host SET version = version + 1,
           changed_at = CASE WHEN version > applied_version THEN changed_at ELSE now_ms() END
         WHERE mock_id = $1"))
    .bind(mock.0)
    .execute(tx)
    .await?;
    Ok(())
}

/// Why a host was not taken.
enum Refusal {
    Taken { by: Uuid, mock: MockId },
    Held,
}

async fn why_not(tx: &mut Connection, host: &HostPattern) -> Result<Refusal> {
    let (owner, mock): (Uuid, Option<Uuid>) =
        sqlx::query_as(sql("SELECT owner_id, mock_id FROM host WHERE name = $1"))
            .bind(host.as_str())
            .fetch_one(tx)
            .await?;
    Ok(mock.map_or(Refusal::Held, |mock| Refusal::Taken { by: owner, mock: MockId(mock) }))
}

async fn why_not_created(tx: &mut Connection, new: &NewMock) -> Result<Created> {
    match why_not(tx, &new.place.host).await? {
        Refusal::Held => Ok(Created::HostHeld),
        Refusal::Taken { by, .. } if by != new.owner.id() => Ok(Created::HostTaken),
        Refusal::Taken { mock, .. } => {
            let there = read(tx, mock).await?;
            if there.content.as_deref() == Some(new.content.text.as_str()) {
                Ok(Created::Same(Box::new(there)))
            } else {
                Ok(Created::Other(mock))
            }
        }
    }
}
