//! A PostgreSQL server for tests: one a test binary, a database a test.
//!
//! With `DATABASE_URL` that server is used, whose user must be allowed to make databases. Else one is started on a
//! free loopback port, in a temporary folder, as an unprivileged user. A small shell stands between: it stops the
//! server and removes the folder when the pipe from the test ends, however the test ended.

#![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

mod backup;

use std::io::{BufRead, BufReader, Write};
use std::os::unix::process::CommandExt;
use std::path::PathBuf;
use std::process::{Child, ChildStdin, Command, Stdio};
use std::sync::Mutex;
use std::time::{Duration, Instant, SystemTime};

use moclojer_cloud::adapters::postgres::Postgres;
use sqlx::postgres::PgConnection;
use sqlx::{AssertSqlSafe, Connection, Executor};
use tokio::sync::OnceCell;
use uuid::Uuid;

use crate::process::{find_or_install, free_port, is_root};

pub use self::backup::Backup;

/// How long a server may take to answer, to stop, and to be installed.
const PATIENCE: Duration = Duration::from_secs(60);
/// How the databases of tests begin; the time in seconds follows, so that old ones can be told.
const PREFIX: &str = "moclojer_test_";
/// After how many seconds a database of a server that is not ours is a leftover.
const LEFTOVER: u64 = 3_600;

/// The server of this test binary, with a migrated database to copy.
struct Shared {
    url: String,
    template: String,
    // Held until the process ends: that is the end of its pipe.
    _server: Option<Server>,
}

static SHARED: OnceCell<Shared> = OnceCell::const_new();

/// The URL of a new database with all migrations.
pub async fn fresh_database() -> String {
    let shared = SHARED.get_or_init(start_shared).await;
    make_database(&shared.url, Some(&shared.template)).await
}

/// The URL of a new database without anything.
pub async fn empty_database() -> String {
    let shared = SHARED.get_or_init(start_shared).await;
    make_database(&shared.url, None).await
}

async fn start_shared() -> Shared {
    let (url, server) = match std::env::var("DATABASE_URL") {
        Ok(url) => (url, None),
        Err(_) => {
            let server = tokio::task::spawn_blocking(Server::start).await.unwrap();
            (server.url(), Some(server))
        }
    };
    wait_for(&url).await;
    remove_leftovers(&url).await;
    let template_url = make_database(&url, None).await;
    let postgres = Postgres::connect(&template_url, std::num::NonZeroU32::MIN).await.unwrap();
    postgres.migrate().await.unwrap();
    postgres.close().await;
    let template = template_url.rsplit('/').next().unwrap().split('?').next().unwrap().to_owned();
    Shared { url, template, _server: server }
}

/// Waits until a server answers.
pub async fn wait_for(url: &str) {
    let deadline = Instant::now() + PATIENCE;
    loop {
        match PgConnection::connect(url).await {
            Ok(connection) => return connection.close().await.unwrap(),
            Err(error) if Instant::now() > deadline => {
                panic!("PostgreSQL does not answer, see DATABASE_URL: {error}")
            }
            Err(_) => tokio::time::sleep(Duration::from_millis(50)).await,
        }
    }
}

/// The URL of a new database without anything, on a server of one's own.
pub async fn empty_database_of(server: &Server) -> String {
    wait_for(&server.url()).await;
    make_database(&server.url(), None).await
}

async fn make_database(url: &str, template: Option<&str>) -> String {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let name = format!("{PREFIX}{now}_{}", Uuid::new_v4().simple());
    let template = template.map(|template| format!(" TEMPLATE {template}")).unwrap_or_default();
    let mut connection = PgConnection::connect(url).await.unwrap();
    connection.execute(AssertSqlSafe(format!("CREATE DATABASE {name}{template}"))).await.unwrap();
    connection.close().await.unwrap();
    with_database(url, &name)
}

/// The same URL with another database.
fn with_database(url: &str, name: &str) -> String {
    let (before, query) = url.split_once('?').map_or((url, None), |(before, query)| (before, Some(query)));
    let authority = before.find("://").map_or(0, |at| at + 3);
    let end = before[authority..].find('/').map_or(before.len(), |at| authority + at);
    let query = query.map(|query| format!("?{query}")).unwrap_or_default();
    format!("{}/{name}{query}", &before[..end])
}

async fn remove_leftovers(url: &str) {
    let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs();
    let mut connection = PgConnection::connect(url).await.unwrap();
    let names: Vec<String> = sqlx::query_scalar("SELECT datname FROM pg_database WHERE datname LIKE $1")
        .bind(format!("{PREFIX}%"))
        .fetch_all(&mut connection)
        .await
        .unwrap();
    for name in names {
        let made = name[PREFIX.len()..].split('_').next().and_then(|made| made.parse::<u64>().ok());
        if made.is_some_and(|made| made + LEFTOVER < now) {
            // Another run may do the same at this moment.
            let _ = connection.execute(AssertSqlSafe(format!("DROP DATABASE IF EXISTS {name}"))).await;
        }
    }
    connection.close().await.unwrap();
}

/// A server of one's own, to be stopped and started in a test.
pub struct Server {
    port: u16,
    /// `:password`, or nothing.
    password: String,
    folder: PathBuf,
    shell: Mutex<Shell>,
}

struct Shell {
    process: Child,
    words: Option<ChildStdin>,
    answers: BufReader<std::process::ChildStdout>,
}

/// What is written need not outlive the machine.
const WITHOUT_FLUSHES: &str = "-c fsync=off -c full_page_writes=off";

/// `$1` the folder, `$2` the port, `$3` the folder of the programs, `$4` more settings, `$5…` how to become an unprivileged
/// user. Speaks one line for each line that it reads.
///
/// `crash` is SIGKILL of the postmaster alone. Its children end by themselves when they see that; a server that began
/// beside them would refuse the data, so that all of them are waited for (what is still there after 5 s is killed too).
const SHELL: &str = r#"
folder=$1 port=$2 bin=$3 settings=$4; shift 4
start() {
    "$@" "$bin/postgres" -D "$folder/data" -h 127.0.0.1 -p "$port" -k "" \
        -c max_connections=200 -c shared_buffers=32MB -c synchronous_commit=on $settings >>"$folder/log" 2>&1 </dev/null &
    server=$!
}
stop() { kill -s "$1" "$server" 2>/dev/null; wait "$server" 2>/dev/null; }
lives() { [ -d "/proc/$1" ] && ! grep -q ') Z ' "/proc/$1/stat" 2>/dev/null; }
crash() {
    kill -s STOP "$server"
    children=$(cat "/proc/$server/task/$server/children")
    kill -s KILL "$server"; wait "$server" 2>/dev/null
    tries=0
    for child in $children; do
        while lives "$child"; do
            tries=$((tries + 1))
            [ "$tries" -gt 250 ] && kill -s KILL "$child" 2>/dev/null
            sleep 0.02
        done
    done
}
if "$@" "$bin/initdb" -D "$folder/data" -U moclojer -E UTF8 --locale=C --no-sync \
    $([ -f "$folder/password" ] && echo -A password --pwfile="$folder/password" || echo -A trust) >"$folder/log" 2>&1 </dev/null
then
    start "$@"
    echo started
    while read -r word; do
        case $word in
            stop) stop INT ;;
            kill) stop QUIT ;;
            crash) crash ;;
            start) start "$@" ;;
        esac
        echo done
    done
    stop QUIT
else
    tail -n 5 "$folder/log" | tr '\n' ' '; echo
fi
rm -rf "$folder"
"#;

impl Server {
    /// Starts one; it may not answer yet.
    pub fn start() -> Self {
        Self::start_with(None, WITHOUT_FLUSHES)
    }

    /// The same, with a password (letters and digits) that it asks for, and flushing what it acknowledges to the disk.
    ///
    /// What is acknowledged outlives a SIGKILL without that: it is with the system by then. With it the server is what
    /// operators run; a loss of power is not tried here.
    pub fn durable(password: &str) -> Self {
        Self::start_with(Some(password), "")
    }

    /// Starts one that counts statements, for the extension `pg_stat_statements`.
    pub fn start_counting() -> Self {
        let counting = "-c shared_preload_libraries=pg_stat_statements -c pg_stat_statements.max=1000";
        Self::start_with(None, &format!("{WITHOUT_FLUSHES} {counting}"))
    }

    fn start_with(password: Option<&str>, settings: &str) -> Self {
        let programs = find_programs();
        let folder = std::env::temp_dir().join(format!("moclojer-postgres-{}", Uuid::new_v4().simple()));
        std::fs::create_dir(&folder).unwrap();
        let user = unprivileged_user();
        if let Some(password) = password {
            std::fs::write(folder.join("password"), password).unwrap();
        }
        if let Some((name, _)) = &user {
            run(Command::new("chown").arg("-R").arg(name).arg(&folder));
        }
        let port = free_port();
        let mut process = Command::new("sh")
            .args(["-c", SHELL, "sh"])
            .arg(&folder)
            .arg(port.to_string())
            .arg(&programs)
            .arg(settings)
            .args(user.map(|(_, become_user)| become_user).unwrap_or_default())
            .current_dir("/")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            // A signal from the terminal is for the test; the shell sees the end of its pipe.
            .process_group(0)
            .spawn()
            .unwrap();
        let words = process.stdin.take();
        let mut answers = BufReader::new(process.stdout.take().unwrap());
        let mut first = String::new();
        answers.read_line(&mut first).unwrap();
        assert_eq!(first.trim(), "started", "PostgreSQL cannot be started with {}", programs.display());
        let password = password.map(|password| format!(":{password}")).unwrap_or_default();
        Self { port, password, folder, shell: Mutex::new(Shell { process, words, answers }) }
    }

    /// Where it listens.
    pub fn url(&self) -> String {
        self.url_at(self.port)
    }

    /// The same, where another port leads to it.
    pub fn url_at(&self, port: u16) -> String {
        format!("postgres://moclojer{}@127.0.0.1:{port}/postgres", self.password)
    }

    /// Its own port.
    pub fn port(&self) -> u16 {
        self.port
    }

    /// Everything that it wrote.
    pub fn log(&self) -> String {
        std::fs::read_to_string(self.folder.join("log")).unwrap_or_default()
    }

    /// Stops it as an administrator does: open transactions are rolled back.
    pub fn stop(&self) {
        self.say("stop");
    }

    /// Kills its first process (SIGKILL), as when memory is short, and waits until the others have seen that.
    pub fn crash(&self) {
        self.say("crash");
    }

    /// Stops it at once, as a crash does, but in its own way.
    pub fn kill(&self) {
        self.say("kill");
    }

    /// Starts it again, on the same port and folder.
    pub fn start_again(&self) {
        self.say("start");
    }

    fn say(&self, word: &str) {
        let mut shell = self.shell.lock().unwrap();
        writeln!(shell.words.as_mut().unwrap(), "{word}").unwrap();
        let mut answer = String::new();
        shell.answers.read_line(&mut answer).unwrap();
        assert_eq!(answer.trim(), "done");
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let shell = self.shell.get_mut().unwrap_or_else(|poisoned| poisoned.into_inner());
        drop(shell.words.take());
        let _ = shell.process.wait();
    }
}

/// The folder of `initdb` and `postgres`; Debian keeps it out of PATH.
fn find_programs() -> PathBuf {
    let debian = || {
        let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
        let mut folders: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
        folders.sort();
        folders.reverse();
        folders
    };
    let initdb = find_or_install(
        "initdb",
        debian,
        "postgresql",
        "DATABASE_URL (its user has to be allowed to make databases)",
    );
    // What stands in PATH may be a link; `postgres` stands beside what it leads to.
    initdb.canonicalize().unwrap().parent().unwrap().to_owned()
}

/// PostgreSQL refuses to run as root: who it runs as then, and how.
fn unprivileged_user() -> Option<(String, Vec<String>)> {
    if !is_root() {
        return None;
    }
    let users = std::fs::read_to_string("/etc/passwd").unwrap();
    let users: Vec<Vec<&str>> = users.lines().map(|line| line.split(':').collect()).collect();
    let find = |name| users.iter().find(|user| user[0] == name);
    let user = find("postgres").or_else(|| find("nobody")).unwrap();
    let (name, id, group) = (user[0], user[2], user[3]);
    let words = ["setpriv", &format!("--reuid={id}"), &format!("--regid={group}"), "--clear-groups", "--"]
        .map(str::to_owned);
    Some((name.to_owned(), words.into()))
}

fn run(command: &mut Command) {
    let status = command.status().unwrap();
    assert!(status.success(), "{command:?}: {status}");
}
