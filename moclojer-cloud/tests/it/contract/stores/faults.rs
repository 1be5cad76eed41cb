//! Databases that are away, locked, set up otherwise, or of another program: what the stores say then.

use std::error::Error as _;
use std::num::NonZeroU32;
use std::path::Path;
use std::time::{Duration, Instant};

use moclojer_cloud::adapters::postgres::Postgres;
use moclojer_cloud::adapters::sql::SetupError;
use moclojer_cloud::adapters::sqlite::Sqlite;
use moclojer_cloud::domain::{BaseDomain, Role};
use moclojer_cloud::store::{InstallationStore, Page, StoreError};
use moclojer_core::unify::LayoutNumber;
use sqlx::postgres::PgConnection;
use sqlx::sqlite::{SqliteConnectOptions, SqliteConnection};
use sqlx::{AssertSqlSafe, Connection, Executor};

use super::database::{Database, Folder};
use super::facts;
use super::world::{World, rename, valid_edit};
use test_bed::postgres::{Server, empty_database, fresh_database, wait_for};

/// How long a call may take at most, with what a busy machine adds.
const LONGEST: Duration = Duration::from_secs(15);

fn one() -> NonZeroU32 {
    NonZeroU32::MIN
}

facts! {
    what_the_tables_refuse_is_no_temporary_error
    a_table_that_is_missing_is_no_temporary_error
}

async fn what_the_tables_refuse_is_no_temporary_error(world: World) {
    let ana = world.person("ana").await;
    let mut new = world.new_mock(&ana, "shop", "one");
    new.by = moclojer_cloud::domain::CustomerId::generate();
    assert!(matches!(world.create(&new).await, Err(StoreError::Unknown(_))));
    // And nothing of it happened.
    assert_eq!(world.database.number("SELECT count(*) FROM host").await, Some(0));
}

async fn a_table_that_is_missing_is_no_temporary_error(world: World) {
    world.database.run("DROP TABLE mock_history").await;
    let ana = world.person("ana").await;
    let error = world.create(&world.new_mock(&ana, "shop", "one")).await.unwrap_err();
    assert!(!error.is_temporary());
    assert!(error.source().is_some());
}

/// A call that waits for a second connection while it holds one would never get it here.
#[tokio::test]
async fn no_call_holds_more_than_one_connection() {
    for database in [Database::in_memory().await, Database::postgres_with(one()).await] {
        call_everything(World::new(database).await).await;
    }
}

async fn call_everything(world: World) {
    let (ana, bob) = (world.person("ana").await, world.person("bob").await);
    let org = world.org("acme", ana.id).await;
    world.set_member(org.id, bob.id, Role::Member).await.unwrap().unwrap();
    world.members(org.id).await.unwrap();
    world.remove_member(org.id, bob.id).await.unwrap().unwrap();
    world.update_org(&org).await.unwrap().unwrap().unwrap();
    world.delete_org(org.id).await.unwrap().unwrap();
    world.rename_customer(bob.id, &moclojer_cloud::domain::Username::parse("rob").unwrap()).await.unwrap();
    let mock = world.mock_of(&ana, "shop").await;
    world.create(&world.new_mock(&ana, "shop", "two")).await.unwrap();
    let mock = world.edited(&valid_edit(&mock, "two", ana.id)).await;
    let mock = world.edited(&rename(&mock, world.place_of(&ana, "store"), "two", ana.id)).await;
    world.set_enabled(mock.id, false).await.unwrap();
    world.mocks(&[mock.owner], &Page { after: None, limit: 10 }, true).await.unwrap();
    world.history(mock.id, None, 10).await.unwrap();
    world.carry_out().await;
    world.reshard(NonZeroU32::new(3).unwrap(), LayoutNumber::new(1)).await.unwrap();
    world.carry_out().await;
    let tags = world.tags().await.unwrap();
    let tags: Vec<_> = tags.into_iter().filter_map(|(shard, tag)| Some((shard, tag?))).collect();
    world.write_anew(&tags).await.unwrap();
    world.backlog().await.unwrap();
    world.delete(mock.id, None).await.unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_server_that_restarts_gives_temporary_errors_and_then_works() {
    let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
    wait_for(&server.url()).await;
    let store = Postgres::connect(&server.url(), NonZeroU32::new(4).unwrap()).await.unwrap();
    store.migrate().await.unwrap();
    let made = store.install(&BaseDomain::parse("example.com").unwrap(), one()).await.unwrap();
    type Act = fn(&Server);
    for (end, begin) in
        [(Server::stop as Act, Server::start_again as Act), (Server::kill, Server::start_again)]
    {
        end(&server);
        let begun = Instant::now();
        for _ in 0..3 {
            let error = store.installation().await.unwrap_err();
            assert!(error.is_temporary(), "{error:?}");
        }
        assert!(begun.elapsed() < 3 * LONGEST);
        begin(&server);
        let deadline = Instant::now() + Duration::from_secs(30);
        let read = loop {
            match store.installation().await {
                Ok(installation) => break installation.unwrap(),
                Err(error) => assert!(error.is_temporary() && Instant::now() < deadline, "{error:?}"),
            }
        };
        assert_eq!((read.id, read.salt), (made.id, made.salt));
    }
    store.close().await;
    let error = store.ping().await.unwrap_err();
    assert!(error.is_temporary());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_lock_that_nobody_gives_back_is_a_temporary_error_in_time() {
    let (url, folder) = (fresh_database().await, Folder::new());
    let path = folder.0.join("moclojer.db");
    let postgres = Postgres::connect(&url, one()).await.unwrap();
    let sqlite = Sqlite::open(&path).await.unwrap();
    sqlite.migrate().await.unwrap();
    let base = BaseDomain::parse("example.com").unwrap();
    for store in [&postgres as &dyn InstallationStore, &sqlite] {
        store.install(&base, one()).await.unwrap();
    }

    let mut other = PgConnection::connect(&url).await.unwrap();
    let mut held = other.begin().await.unwrap();
    held.execute("SELECT 1 FROM installation FOR UPDATE").await.unwrap();
    assert_late(&postgres).await;
    held.rollback().await.unwrap();
    postgres.reshard(one(), LayoutNumber::new(1)).await.unwrap();

    let options = SqliteConnectOptions::new().filename(&path);
    let mut other = SqliteConnection::connect_with(&options).await.unwrap();
    let held = other.begin_with("BEGIN IMMEDIATE").await.unwrap();
    assert_late(&sqlite).await;
    held.rollback().await.unwrap();
    sqlite.reshard(one(), LayoutNumber::new(1)).await.unwrap();
}

async fn assert_late(store: &dyn InstallationStore) {
    let begun = Instant::now();
    let error = store.reshard(one(), LayoutNumber::new(1)).await.unwrap_err();
    assert!(error.is_temporary(), "{error:?}");
    assert!(begun.elapsed() < LONGEST, "{:?}", begun.elapsed());
    // Who only reads does not wait for who writes.
    assert_eq!(store.installation().await.unwrap().unwrap().layout, LayoutNumber::new(1));
}

#[tokio::test]
async fn a_server_that_may_forget_is_refused_with_what_to_do() {
    let url = fresh_database().await;
    let name = url.rsplit('/').next().unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let off = format!("ALTER DATABASE {name} SET synchronous_commit = off");
    connection.execute(AssertSqlSafe(off)).await.unwrap();
    connection.close().await.unwrap();
    let error = Postgres::connect(&url, one()).await.unwrap_err();
    assert!(matches!(error, SetupError::NotDurable));
    assert!(error.to_string().contains("SET synchronous_commit = on"), "{error}");
}

/// "What must be impossible", 11: a secret in an error or a log.
#[tokio::test]
async fn a_password_is_never_shown() {
    let url = fresh_database().await;
    let secret = "canary-5d41402abc";
    let with_secret = |url: &str| url.replacen("://", &format!("://canary-user-9f:{secret}@unused-"), 1);
    let away = format!("postgres://ana:{secret}@127.0.0.1:1/moclojer");
    for url in [away, with_secret("not://a.url"), format!("postgres://ana:{secret}@:x/")] {
        let error = Postgres::connect(&url, one()).await.unwrap_err();
        let mut told = format!("{error:?} {error}");
        let mut source = error.source();
        while let Some(cause) = source {
            told += &format!(" {cause}");
            source = cause.source();
        }
        assert!(!told.contains(secret), "{told}");
    }
    let user = url.split("://").nth(1).unwrap().split(['@', ':']).next().unwrap();
    let store = Postgres::connect(&url.replacen(user, &format!("{user}:{secret}"), 1), one()).await;
    if let Ok(store) = store {
        assert!(!format!("{store:?}").contains(secret));
        let installation = store.install(&BaseDomain::parse("example.com").unwrap(), one()).await.unwrap();
        let told = format!("{installation:?}");
        assert!(
            !told.contains("salt") && !told.contains(&format!("{:?}", &installation.salt[..4])),
            "{told}"
        );
    }
}

#[tokio::test]
async fn migrations_run_once_and_an_empty_database_says_what_to_do() {
    let url = empty_database().await;
    let store = Postgres::connect(&url, one()).await.unwrap();
    let error = store.check_schema().await.unwrap_err();
    assert!(error.to_string().contains("moclojer-api migrate"), "{error}");
    // Two programs at once.
    let (one_done, other_done) = tokio::join!(store.migrate(), store.migrate());
    one_done.unwrap();
    other_done.unwrap();
    let made = store.install(&BaseDomain::parse("example.com").unwrap(), one()).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    let when = "SELECT string_agg(installed_on::text, ' ') FROM _sqlx_migrations";
    let before: String = sqlx::query_scalar(when).fetch_one(&mut connection).await.unwrap();
    store.migrate().await.unwrap();
    store.check_schema().await.unwrap();
    let after: String = sqlx::query_scalar(when).fetch_one(&mut connection).await.unwrap();
    assert_eq!(before, after);
    assert_eq!(store.installation().await.unwrap().unwrap().id, made.id);

    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'later', true, '', 0)";
    connection.execute(newer).await.unwrap();
    for error in [store.migrate().await.unwrap_err(), store.check_schema().await.unwrap_err()] {
        assert!(matches!(error, SetupError::SchemaNew { found: 9999, known: 1 }), "{error:?}");
    }
}

#[tokio::test]
async fn a_failed_migration_leaves_nothing_and_no_lock() {
    let url = empty_database().await;
    let store = Postgres::connect(&url, one()).await.unwrap();
    let mut connection = PgConnection::connect(&url).await.unwrap();
    // In the way of the last table that is made.
    connection.execute("CREATE TABLE shard (mine int)").await.unwrap();
    assert!(matches!(store.migrate().await.unwrap_err(), SetupError::Migration(_)));
    let tables = "SELECT count(*) FROM pg_tables WHERE tablename IN ('installation', 'mock', 'host')";
    let left: i64 = sqlx::query_scalar(tables).fetch_one(&mut connection).await.unwrap();
    assert_eq!(left, 0);
    connection.execute("DROP TABLE shard").await.unwrap();
    tokio::time::timeout(LONGEST, store.migrate()).await.unwrap().unwrap();
}

#[tokio::test]
async fn a_sqlite_file_is_private_and_keeps_what_was_written() {
    let folder = Folder::new();
    let path = folder.0.join("moclojer.db");
    let store = Sqlite::open(&path).await.unwrap();
    assert!(matches!(store.check_schema().await.unwrap_err(), SetupError::SchemaOld { found: 0, known: 1 }));
    store.migrate().await.unwrap();
    store.migrate().await.unwrap();
    let made = store.install(&BaseDomain::parse("example.com").unwrap(), one()).await.unwrap();
    for file in std::fs::read_dir(&folder.0).unwrap() {
        let file = file.unwrap();
        let mode = std::os::unix::fs::PermissionsExt::mode(&file.metadata().unwrap().permissions());
        assert_eq!(mode & 0o777, 0o600, "{file:?}");
    }
    // As after `kill -9`: what was acknowledged stands in the files, whoever had them open.
    let copy = Folder::new();
    for file in std::fs::read_dir(&folder.0).unwrap() {
        let file = file.unwrap();
        std::fs::copy(file.path(), copy.0.join(file.file_name())).unwrap();
    }
    assert_kept(&copy.0.join("moclojer.db"), &made.salt).await;
    store.close().await;
    assert_kept(&path, &made.salt).await;
    let nowhere = Sqlite::open(&folder.0.join("no/such/folder.db")).await.unwrap_err();
    assert!(matches!(nowhere, SetupError::File(_)));
}

async fn assert_kept(path: &Path, salt: &[u8; 32]) {
    let store = Sqlite::open(path).await.unwrap();
    store.migrate().await.unwrap();
    store.check_schema().await.unwrap();
    assert_eq!(store.installation().await.unwrap().unwrap().salt, *salt);
    let mut raw = SqliteConnection::connect_with(&SqliteConnectOptions::new().filename(path)).await.unwrap();
    let mode: String = sqlx::query_scalar("PRAGMA journal_mode").fetch_one(&mut raw).await.unwrap();
    assert_eq!(mode, "wal");
    let newer = "INSERT INTO _sqlx_migrations (version, description, success, checksum, execution_time)
                 VALUES (9999, 'later', true, x'', 0)";
    raw.execute(newer).await.unwrap();
    assert!(matches!(store.migrate().await.unwrap_err(), SetupError::SchemaNew { .. }));
    raw.execute("DELETE FROM _sqlx_migrations WHERE version = 9999").await.unwrap();
    raw.close().await.unwrap();
    store.close().await;
}
