//! Many mocks at once, as a database has them that was just restored: rows by `COPY`, each of them carried out as far
//! as the rows say, and nothing in the object store. `rebuild` brings them there.
//!
//! The mocks are those of customers who do nothing else, [`MOCKS_EACH`] a customer. One text is processed, and stands
//! in every row with the host's name in place of the first one's.

use std::fmt::Write as _;

use moclojer_cloud::domain::{BaseDomain, Hosts, Subdomain, Username, Wildcard};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{ProcessedText, process};
use sqlx::postgres::PgConnection;
use sqlx::{Connection as _, Executor as _};
use uuid::Uuid;

/// How many mocks each customer has.
pub const MOCKS_EACH: usize = 100;
/// About how many bytes go to the database at once.
const PIECE_BYTES: usize = 1 << 20;

/// Puts `count` mocks of this content into an installed database. Gives their hosts, in order.
pub async fn mocks(database: &str, count: usize, content: &str) -> Vec<HostPattern> {
    let mut connection = PgConnection::connect(database).await.unwrap();
    let (salt, base): (Vec<u8>, String) = sqlx::query_as("SELECT salt, base_domain FROM installation")
        .fetch_one(&mut connection)
        .await
        .unwrap();
    let seed = Seed::new(Hosts::new(BaseDomain::parse(&base).unwrap(), salt), count, content);
    connection.execute("BEGIN").await.unwrap();
    let customers = count.div_ceil(MOCKS_EACH);
    let customer = "COPY customer (id, external_id, username, email, created_at) FROM STDIN";
    copy(&mut connection, customer, (0..customers).map(|number| seed.customer(number))).await;
    let mock =
        "COPY mock (id, user_id, wildcard, content, enabled, revision, good_revision, processed, problems,
        created_at, updated_at) FROM STDIN";
    copy(&mut connection, mock, (0..count).map(|number| seed.mock(number))).await;
    let history = "COPY mock_history (mock_id, revision, content, made_by, made_at) FROM STDIN";
    copy(&mut connection, history, (0..count).map(|number| seed.history(number))).await;
    let host =
        "COPY host (name, owner_id, mock_id, hash, version, applied_version, applied_revision, changed_at)
        FROM STDIN";
    copy(&mut connection, host, (0..count).map(|number| seed.host(number))).await;
    connection.execute("COMMIT").await.unwrap();
    connection.execute("ANALYZE").await.unwrap();
    connection.close().await.unwrap();
    seed.hosts
}

async fn copy(connection: &mut PgConnection, statement: &str, rows: impl Iterator<Item = String>) {
    let mut copying = connection.copy_in_raw(statement).await.unwrap();
    let mut piece = String::with_capacity(PIECE_BYTES + (PIECE_BYTES >> 2));
    for row in rows {
        piece.push_str(&row);
        if piece.len() > PIECE_BYTES {
            copying.send(piece.as_bytes()).await.unwrap();
            piece.clear();
        }
    }
    copying.send(piece.as_bytes()).await.unwrap();
    copying.finish().await.unwrap();
}

/// The rows, as lines of `COPY`.
struct Seed {
    maker: Hosts,
    hosts: Vec<HostPattern>,
    /// Escaped, as is what follows.
    content: String,
    processed: String,
    ids: u128,
}

impl Seed {
    fn new(maker: Hosts, count: usize, content: &str) -> Self {
        let hosts: Vec<HostPattern> = (0..count).map(|number| host(&maker, number)).collect();
        let first = &hosts[0];
        let settings = Settings::default();
        let processed = process("mock.yml", content.as_bytes(), Format::Yaml, first, &settings).text.unwrap();
        let processed = processed.as_str().replace(first.as_str(), "{host}");
        let last = &hosts[count - 1];
        ProcessedText::stored(last.clone(), processed.replace("{host}", last.as_str())).unwrap();
        let (content, processed) = (escape(content), escape(&processed));
        // The bits of a random id that tell customers and mocks apart are left out.
        let ids = Uuid::new_v4().as_u128() & !u128::from(u64::MAX);
        Self { maker, hosts, content, processed, ids }
    }

    fn customer_id(&self, number: usize) -> Uuid {
        Uuid::from_u128(self.ids | (1 << 40) | number as u128)
    }

    fn mock_id(&self, number: usize) -> Uuid {
        Uuid::from_u128(self.ids | number as u128)
    }

    fn owner_id(&self, mock: usize) -> Uuid {
        self.customer_id(mock / MOCKS_EACH)
    }

    fn customer(&self, number: usize) -> String {
        let id = self.customer_id(number);
        let name = username(number);
        format!("{id}\t{id}\t{name}\t{name}@seed.test\t1\n")
    }

    fn mock(&self, number: usize) -> String {
        let (id, owner, wildcard) = (self.mock_id(number), self.owner_id(number), wildcard(number));
        let mut row = format!("{id}\t{owner}\t{wildcard}\t{}\tt\t1\t1\t", self.content);
        row.push_str(&self.processed.replace("{host}", self.hosts[number].as_str()));
        row.push_str("\t[]\t1\t1\n");
        row
    }

    fn history(&self, number: usize) -> String {
        format!("{}\t1\t{}\t{}\t1\n", self.mock_id(number), self.content, self.owner_id(number))
    }

    fn host(&self, number: usize) -> String {
        let host = &self.hosts[number];
        let (mock, owner, hash) = (self.mock_id(number), self.owner_id(number), self.maker.hash(host).get());
        format!("{host}\t{owner}\t{mock}\t{hash}\t1\t1\t1\t1\n")
    }
}

fn host(maker: &Hosts, number: usize) -> HostPattern {
    let owner = Subdomain::Username(Username::parse(&username(number / MOCKS_EACH)).unwrap());
    maker.host(&Wildcard::parse(&wildcard(number)).unwrap(), &owner).unwrap()
}

fn username(number: usize) -> String {
    format!("seed{number}")
}

fn wildcard(number: usize) -> String {
    format!("m{}", number % MOCKS_EACH)
}

/// A text as a value in `COPY`.
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len() + text.len() / 8);
    for letter in text.chars() {
        match letter {
            '\\' => escaped.push_str("\\\\"),
            '\n' => escaped.push_str("\\n"),
            '\r' => escaped.push_str("\\r"),
            '\t' => escaped.push_str("\\t"),
            other => escaped.write_char(other).unwrap(),
        }
    }
    escaped
}
