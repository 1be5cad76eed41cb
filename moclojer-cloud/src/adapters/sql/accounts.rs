//! Statements about customers, orgs, and who is in which.
//!
//! What looks and then acts locks the customer's or the org's row first. Compiled twice; see `sql`.

use std::result::Result as StdResult;

use async_trait::async_trait;
use sqlx::QueryBuilder;
use uuid::Uuid;

use super::rows::{CustomerRow, MemberRow, MembershipRow, all, role_text};
use super::{Connection, Db, Store, sql};
use crate::adapters::sql::run;
use crate::domain::{Customer, CustomerId, Email, Member, Membership, Org, OrgId, OrgSlug, Role, Username};
use crate::store::{AccountStore, MembershipRefused, NameRefused, Result, StoreError};

/// How many names of one word are looked up at once.
const NAMES_AT_ONCE: usize = 200;
/// How many names of one word are looked at before giving up.
const MOST_NAMES: usize = 100_000;

macro_rules! customer_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT c.id, c.external_id, c.username, c.email, c.suspended_at AS customer_suspended_at
             FROM customer c WHERE ",
            $rest
        ))
    };
}

macro_rules! membership_where {
    ($rest:literal) => {
        sql(concat!(
            "SELECT o.id, o.slug, o.orgname, o.suspended_at AS org_suspended_at, u.role
             FROM org o JOIN org_user u ON u.org_id = o.id WHERE ",
            $rest
        ))
    };
}

#[async_trait]
impl AccountStore for Store {
    async fn customer_by_external(&self, external_id: Uuid) -> Result<Option<Customer>> {
        run(|| async move {
            let row: Option<CustomerRow> = sqlx::query_as(customer_where!("c.external_id = $1"))
                .bind(external_id)
                .fetch_optional(self.reader())
                .await?;
            row.map(Customer::try_from).transpose()
        })
        .await
    }

    async fn sign_in(&self, external_id: Uuid, email: &Email) -> Result<Customer> {
        run(|| self.try_sign_in(external_id, email)).await
    }

    async fn customer(&self, id: CustomerId) -> Result<Option<Customer>> {
        run(|| async move {
            let row: Option<CustomerRow> =
                sqlx::query_as(customer_where!("c.id = $1")).bind(id.0).fetch_optional(self.reader()).await?;
            row.map(Customer::try_from).transpose()
        })
        .await
    }

    async fn customer_by_email(&self, email: &Email) -> Result<Option<Customer>> {
        run(|| async move {
            let row: Option<CustomerRow> =
                sqlx::query_as(customer_where!("c.email = $1 ORDER BY c.created_at, c.id LIMIT 1"))
                    .bind(email.as_str())
                    .fetch_optional(self.reader())
                    .await?;
            row.map(Customer::try_from).transpose()
        })
        .await
    }

    async fn is_username_free(&self, username: &Username) -> Result<bool> {
        run(|| async move {
            Ok(sqlx::query_scalar(sql("SELECT NOT EXISTS (SELECT 1 FROM customer WHERE username = $1)"))
                .bind(username.as_str())
                .fetch_one(self.reader())
                .await?)
        })
        .await
    }

    async fn share_an_org(&self, one: CustomerId, other: CustomerId) -> Result<bool> {
        run(|| async move {
            Ok(sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM org_user a
                 JOIN org_user b ON b.org_id = a.org_id WHERE a.user_id = $1 AND b.user_id = $2)"))
            .bind(one.0)
            .bind(other.0)
            .fetch_one(self.reader())
            .await?)
        })
        .await
    }

    async fn rename_customer(
        &self,
        id: CustomerId,
        username: &Username,
    ) -> Result<Option<StdResult<Customer, NameRefused>>> {
        run(|| self.try_rename_customer(id, username)).await
    }

    async fn orgs_of(&self, customer: CustomerId) -> Result<Vec<Membership>> {
        run(|| async move {
            let rows: Vec<MembershipRow> =
                sqlx::query_as(membership_where!("u.user_id = $1 ORDER BY o.slug"))
                    .bind(customer.0)
                    .fetch_all(self.reader())
                    .await?;
            all(rows)
        })
        .await
    }

    async fn create_org(&self, org: &Org, owner: CustomerId) -> Result<StdResult<(), NameRefused>> {
        run(|| self.try_create_org(org, owner)).await
    }

    async fn membership(&self, org: OrgId, customer: CustomerId) -> Result<Option<Membership>> {
        run(|| async move {
            let row: Option<MembershipRow> =
                sqlx::query_as(membership_where!("o.id = $1 AND u.user_id = $2"))
                    .bind(org.0)
                    .bind(customer.0)
                    .fetch_optional(self.reader())
                    .await?;
            row.map(Membership::try_from).transpose()
        })
        .await
    }

    async fn is_slug_free(&self, slug: &OrgSlug) -> Result<bool> {
        run(|| async move {
            Ok(sqlx::query_scalar(sql("SELECT NOT EXISTS (SELECT 1 FROM org WHERE slug = $1)"))
                .bind(slug.as_str())
                .fetch_one(self.reader())
                .await?)
        })
        .await
    }

    async fn update_org(&self, org: &Org) -> Result<Option<StdResult<(), NameRefused>>> {
        run(|| self.try_update_org(org)).await
    }

    async fn delete_org(&self, id: OrgId) -> Result<StdResult<(), NameRefused>> {
        run(|| self.try_delete_org(id)).await
    }

    async fn members(&self, org: OrgId) -> Result<Vec<Member>> {
        run(|| async move {
            let rows: Vec<MemberRow> = sqlx::query_as(sql("SELECT c.id, c.external_id, c.username, c.email,
                   c.suspended_at AS customer_suspended_at, u.role
                 FROM org_user u JOIN customer c ON c.id = u.user_id WHERE u.org_id = $1 ORDER BY u.place"))
            .bind(org.0)
            .fetch_all(self.reader())
            .await?;
            all(rows)
        })
        .await
    }

    async fn set_member(
        &self,
        org: OrgId,
        customer: CustomerId,
        role: Role,
    ) -> Result<StdResult<(), MembershipRefused>> {
        run(|| self.try_set_member(org, customer, role)).await
    }

    async fn remove_member(
        &self,
        org: OrgId,
        customer: CustomerId,
    ) -> Result<StdResult<(), MembershipRefused>> {
        run(|| self.try_remove_member(org, customer)).await
    }
}

impl Store {
    async fn try_sign_in(&self, external_id: Uuid, email: &Email) -> Result<Customer> {
        let mut tx = self.begin().await?;
        let mut names = Username::candidates(email);
        let mut looked_at = 0;
        let customer = loop {
            if let Some(customer) = signed_in(&mut tx, external_id, email).await? {
                break customer;
            }
            if looked_at > MOST_NAMES {
                return Err(StoreError::Unavailable("no username is free for this address".into()));
            }
            let some: Vec<Username> = names.by_ref().take(NAMES_AT_ONCE).collect();
            looked_at += some.len();
            if let Some(name) = first_free(&mut tx, some).await? {
                // Nothing is inserted when somebody else took the name, or made the customer, in this moment.
                sqlx::query(sql("INSERT INTO customer (id, external_id, username, email, created_at)
                     VALUES ($1, $2, $3, $4, now_ms()) ON CONFLICT DO NOTHING"))
                .bind(CustomerId::generate().0)
                .bind(external_id)
                .bind(name.as_str())
                .bind(email.as_str())
                .execute(&mut *tx)
                .await?;
            }
        };
        tx.commit().await?;
        Ok(customer)
    }

    async fn try_rename_customer(
        &self,
        id: CustomerId,
        username: &Username,
    ) -> Result<Option<StdResult<Customer, NameRefused>>> {
        let mut tx = self.begin().await?;
        let row: Option<CustomerRow> = sqlx::query_as(customer_where!("c.id = $1 FOR NO KEY UPDATE"))
            .bind(id.0)
            .fetch_optional(&mut *tx)
            .await?;
        let Some(mut customer) = row.map(Customer::try_from).transpose()? else {
            return Ok(None);
        };
        if customer.username == *username {
            return Ok(Some(Ok(customer)));
        }
        let has_mocks: bool =
            sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM mock WHERE user_id = $1)"))
                .bind(id.0)
                .fetch_one(&mut *tx)
                .await?;
        if has_mocks {
            return Ok(Some(Err(NameRefused::HasMocks)));
        }
        let renamed = sqlx::query(sql("UPDATE customer SET username = $2 WHERE id = $1"))
            .bind(id.0)
            .bind(username.as_str())
            .execute(&mut *tx)
            .await;
        if is_taken(&renamed) {
            return Ok(Some(Err(NameRefused::Taken)));
        }
        renamed?;
        tx.commit().await?;
        customer.username = username.clone();
        Ok(Some(Ok(customer)))
    }

    async fn try_create_org(&self, org: &Org, owner: CustomerId) -> Result<StdResult<(), NameRefused>> {
        let mut tx = self.begin().await?;
        let made = sqlx::query(sql("INSERT INTO org (id, slug, orgname) VALUES ($1, $2, $3)"))
            .bind(org.id.0)
            .bind(org.slug.as_str())
            .bind(&org.orgname)
            .execute(&mut *tx)
            .await;
        if is_taken(&made) {
            return Ok(Err(NameRefused::Taken));
        }
        made?;
        write_member(&mut tx, org.id, owner, Role::Owner).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn try_update_org(&self, org: &Org) -> Result<Option<StdResult<(), NameRefused>>> {
        let mut tx = self.begin().await?;
        let Some(slug) = lock_org(&mut tx, org.id).await? else {
            return Ok(None);
        };
        if slug != org.slug.as_str() && org_has_mocks(&mut tx, org.id).await? {
            return Ok(Some(Err(NameRefused::HasMocks)));
        }
        let updated = sqlx::query(sql("UPDATE org SET slug = $2, orgname = $3 WHERE id = $1"))
            .bind(org.id.0)
            .bind(org.slug.as_str())
            .bind(&org.orgname)
            .execute(&mut *tx)
            .await;
        if is_taken(&updated) {
            return Ok(Some(Err(NameRefused::Taken)));
        }
        updated?;
        tx.commit().await?;
        Ok(Some(Ok(())))
    }

    async fn try_delete_org(&self, id: OrgId) -> Result<StdResult<(), NameRefused>> {
        let mut tx = self.begin().await?;
        // An org that is gone is gone already.
        if lock_org(&mut tx, id).await?.is_none() {
            return Ok(Ok(()));
        }
        if org_has_mocks(&mut tx, id).await? {
            return Ok(Err(NameRefused::HasMocks));
        }
        for statement in ["DELETE FROM org_user WHERE org_id = $1", "DELETE FROM org WHERE id = $1"] {
            sqlx::query(sql(statement)).bind(id.0).execute(&mut *tx).await?;
        }
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn try_set_member(
        &self,
        org: OrgId,
        customer: CustomerId,
        role: Role,
    ) -> Result<StdResult<(), MembershipRefused>> {
        let mut tx = self.begin().await?;
        let exists: bool = sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM customer WHERE id = $1)"))
            .bind(customer.0)
            .fetch_one(&mut *tx)
            .await?;
        if lock_org(&mut tx, org).await?.is_none() || !exists {
            return Ok(Err(MembershipRefused::Nobody));
        }
        if role == Role::Member && is_last_owner(&mut tx, org, customer).await? {
            return Ok(Err(MembershipRefused::LastOwner));
        }
        write_member(&mut tx, org, customer, role).await?;
        tx.commit().await?;
        Ok(Ok(()))
    }

    async fn try_remove_member(
        &self,
        org: OrgId,
        customer: CustomerId,
    ) -> Result<StdResult<(), MembershipRefused>> {
        let mut tx = self.begin().await?;
        lock_org(&mut tx, org).await?;
        if is_last_owner(&mut tx, org, customer).await? {
            return Ok(Err(MembershipRefused::LastOwner));
        }
        let removed = sqlx::query(sql("DELETE FROM org_user WHERE org_id = $1 AND user_id = $2"))
            .bind(org.0)
            .bind(customer.0)
            .execute(&mut *tx)
            .await?;
        if removed.rows_affected() == 0 {
            return Ok(Err(MembershipRefused::Nobody));
        }
        tx.commit().await?;
        Ok(Ok(()))
    }
}

/// The customer that signs in, with the address that the issuer knows by now.
async fn signed_in(tx: &mut Connection, external_id: Uuid, email: &Email) -> Result<Option<Customer>> {
    let row: Option<CustomerRow> = sqlx::query_as(customer_where!("c.external_id = $1"))
        .bind(external_id)
        .fetch_optional(&mut *tx)
        .await?;
    let Some(mut customer) = row.map(Customer::try_from).transpose()? else {
        return Ok(None);
    };
    if customer.email != *email {
        sqlx::query(sql("UPDATE customer SET email = $2 WHERE id = $1"))
            .bind(customer.id.0)
            .bind(email.as_str())
            .execute(tx)
            .await?;
        customer.email = email.clone();
    }
    Ok(Some(customer))
}

async fn first_free(tx: &mut Connection, names: Vec<Username>) -> Result<Option<Username>> {
    let mut query = QueryBuilder::<Db>::new("SELECT username FROM customer WHERE username IN (");
    let mut list = query.separated(", ");
    for name in &names {
        list.push_bind(name.as_str());
    }
    query.push(")");
    let taken: Vec<String> = query.build_query_scalar().fetch_all(tx).await?;
    Ok(names.into_iter().find(|name| taken.iter().all(|taken| taken != name.as_str())))
}

/// Locks an org, and gives its slug.
pub(super) async fn lock_org(tx: &mut Connection, id: OrgId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(sql("SELECT slug FROM org WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id.0)
        .fetch_optional(tx)
        .await?)
}

/// Locks a customer, and gives the username.
pub(super) async fn lock_customer(tx: &mut Connection, id: CustomerId) -> Result<Option<String>> {
    Ok(sqlx::query_scalar(sql("SELECT username FROM customer WHERE id = $1 FOR NO KEY UPDATE"))
        .bind(id.0)
        .fetch_optional(tx)
        .await?)
}

async fn org_has_mocks(tx: &mut Connection, id: OrgId) -> Result<bool> {
    Ok(sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM mock WHERE org_id = $1)"))
        .bind(id.0)
        .fetch_one(tx)
        .await?)
}

async fn is_last_owner(tx: &mut Connection, org: OrgId, customer: CustomerId) -> Result<bool> {
    Ok(sqlx::query_scalar(sql("SELECT EXISTS (SELECT 1 FROM org_user
               WHERE org_id = $1 AND user_id = $2 AND role = 'owner')
           AND NOT EXISTS (SELECT 1 FROM org_user
               WHERE org_id = $1 AND user_id <> $2 AND role = 'owner')"))
    .bind(org.0)
    .bind(customer.0)
    .fetch_one(tx)
    .await?)
}

/// The org is locked, or made in this transaction: so its people get different places.
async fn write_member(tx: &mut Connection, org: OrgId, customer: CustomerId, role: Role) -> Result<()> {
    sqlx::query(sql("INSERT INTO org_user (org_id, user_id, role, place)
         VALUES ($1, $2, $3, (SELECT coalesce(max(place), 0) + 1 FROM org_user WHERE org_id = $1))
         ON CONFLICT (org_id, user_id) DO UPDATE SET role = excluded.role"))
    .bind(org.0)
    .bind(customer.0)
    .bind(role_text(role))
    .execute(tx)
    .await?;
    Ok(())
}

fn is_taken<T>(done: &StdResult<T, sqlx::Error>) -> bool {
    let error = done.as_ref().err().and_then(sqlx::Error::as_database_error);
    error.is_some_and(|error| error.is_unique_violation())
}
