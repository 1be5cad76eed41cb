//! `moclojer push`: a file becomes a hosted mock, or a new revision of one, and is served when this ends with 0.
//!
//! The file is checked here first, so that a mistake is shown with its place and nothing waits.

mod client;

use std::io::{self, IsTerminal as _, Write as _};
use std::path::{Path, PathBuf};
use std::process::ExitCode;
use std::time::{Duration, Instant};

use moclojer_core::files::Files;
use moclojer_core::problem::render;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::as_yaml;

use crate::cli::{PUSH_TO, PushArgs};
use client::{Client, Failure, Mock, Saved, is_of_this_machine};

/// How long a change may take until it is served.
const SERVED: Duration = Duration::from_secs(30);
/// The pauses between two looks whether it is.
const FIRST_PAUSE: Duration = Duration::from_millis(20);
const LONGEST_PAUSE: Duration = Duration::from_millis(500);
/// After how long somebody who waits is told for what.
const TELL: Duration = Duration::from_secs(1);
/// Where the token of a standalone is that was started in this folder.
const TOKEN: &str = "moclojer-data/token";

/// 0 when the file is served; 1 when it has errors, or the other side did not do it; 2 on wrong usage.
pub(crate) fn run(args: &PushArgs) -> io::Result<ExitCode> {
    let mut asked = match Asked::of(args) {
        Ok(asked) => asked,
        Err(message) => return crate::usage(&message),
    };
    if !is_right(&asked.file)? {
        return Ok(ExitCode::from(1));
    }
    if !asked.write_as_yaml()? {
        return Ok(ExitCode::from(1));
    }
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    match runtime.block_on(push(&asked)) {
        Ok(Done::Served(mock)) => {
            writeln!(io::stdout(), "{}", mock.url)?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Done::Off(mock)) => {
            writeln!(io::stdout(), "{}", mock.url)?;
            let how = format!("POST {}/mocks/{}/publish", asked.to, mock.id);
            writeln!(
                io::stderr(),
                "moclojer: revision {} is saved; the mock is switched off ({how})",
                mock.revision
            )?;
            Ok(ExitCode::SUCCESS)
        }
        Ok(Done::Refused(mock)) => {
            for problem in &mock.problems {
                writeln!(io::stderr(), "{problem}")?;
            }
            let good = match mock.serving_revision {
                Some(revision) => format!("revision {revision} goes on being served"),
                None => "nothing is served".to_owned(),
            };
            writeln!(
                io::stderr(),
                "moclojer: revision {} is saved, but has errors there; {good}",
                mock.revision
            )?;
            Ok(ExitCode::from(1))
        }
        Err(failure) => {
            writeln!(io::stderr(), "moclojer: {failure}")?;
            Ok(ExitCode::from(1))
        }
    }
}

/// What is to be pushed where, as whom.
struct Asked {
    file: PathBuf,
    content: String,
    to: String,
    name: String,
    token: String,
}

impl Asked {
    /// # Errors
    /// What to write instead.
    fn of(args: &PushArgs) -> Result<Self, String> {
        let content = std::fs::read_to_string(&args.file)
            .map_err(|error| format!("{} cannot be read: {error}", args.file.display()))?;
        let stem = || args.file.file_stem().and_then(|stem| stem.to_str()).map(str::to_owned);
        let name = args.name.clone().or_else(stem).ok_or("the file has no name: give one with --name")?;
        let to = args.to.trim_end_matches('/').to_owned();
        if !to.starts_with("http://") && !to.starts_with("https://") {
            return Err(format!("--to {to}: write a URL, as in {PUSH_TO}"));
        }
        let token_file = match &args.token_file {
            Some(file) => file.clone(),
            None if is_of_this_machine(&to) => PathBuf::from(TOKEN),
            None => return Err(format!("--to {to} needs --token-file: a file that holds your token")),
        };
        let token = token(&token_file, args.token_file.is_none())?;
        Ok(Self { file: args.file.clone(), content, to, name, token })
    }
}

impl Asked {
    /// A hosted mock is YAML, of which JSON is a part; EDN is written as that. False, with the problems shown, when the
    /// file has become one that cannot be read.
    fn write_as_yaml(&mut self) -> io::Result<bool> {
        let format = Format::of_path(&self.file);
        if format != Format::Edn {
            return Ok(true);
        }
        let name = self.file.display().to_string();
        match as_yaml(&name, self.content.as_bytes(), format, &Settings::default().limits) {
            Ok(content) => {
                self.content = content;
                Ok(true)
            }
            Err(problems) => {
                let shown = render::terminal(&problems, io::stderr().is_terminal());
                io::stderr().write_all(shown.as_bytes())?;
                Ok(false)
            }
        }
    }
}

fn token(file: &Path, default: bool) -> Result<String, String> {
    let help = match default {
        true => "; start moclojer-standalone in this folder, or name its token with --token-file DIR/token",
        false => "",
    };
    let text = std::fs::read_to_string(file)
        .map_err(|error| format!("the token in {} cannot be read: {error}{help}", file.display()))?;
    match text.trim() {
        "" => Err(format!("there is no token in {}", file.display())),
        token => Ok(token.to_owned()),
    }
}

/// Whether the file can be served; shows its problems as `check` does.
fn is_right(file: &Path) -> io::Result<bool> {
    let loaded = Files::new(vec![file.to_owned()], Settings::default()).load(Instant::now());
    let shown = render::terminal(&loaded.problems, io::stderr().is_terminal());
    io::stderr().write_all(shown.as_bytes())?;
    Ok(!loaded.has_errors())
}

/// How it ended.
enum Done {
    Served(Mock),
    /// Saved, and switched off.
    Off(Mock),
    /// Saved with errors that only the other side finds.
    Refused(Mock),
}

async fn push(asked: &Asked) -> Result<Done, Failure> {
    let client = Client::new(&asked.to, &asked.token)?;
    let saved = save(&client, asked).await?;
    if saved.has_errors() {
        return Ok(Done::Refused(saved));
    }
    wait_until_served(&client, saved).await
}

/// Makes the mock or changes it. Who changes it at the same moment is written over once: it is this file that is wanted.
async fn save(client: &Client, asked: &Asked) -> Result<Mock, Failure> {
    let id = match client.create(&asked.name, &asked.content).await? {
        Saved::Mock(mock) => return Ok(*mock),
        Saved::Exists(id) => id,
        Saved::Stale => return Err(Failure::Raced),
    };
    for _ in 0..2 {
        let before = client.mock(&id).await?;
        match client.change(&before, &asked.content).await? {
            Saved::Mock(mock) => return Ok(*mock),
            Saved::Exists(_) | Saved::Stale => {}
        }
    }
    Err(Failure::Raced)
}

async fn wait_until_served(client: &Client, saved: Mock) -> Result<Done, Failure> {
    let (begun, mut pause, mut told) = (Instant::now(), FIRST_PAUSE, false);
    let revision = saved.revision;
    let mut mock = saved;
    loop {
        // Somebody may have gone on changing it: then what is served is newer.
        if mock.status == "published" && mock.serving_revision >= Some(revision) {
            return Ok(Done::Served(mock));
        }
        if mock.status == "offline" {
            return Ok(Done::Off(mock));
        }
        if begun.elapsed() > SERVED {
            return Err(Failure::NotServed { limit: SERVED, status: mock.status });
        }
        if !told && begun.elapsed() > TELL {
            told = true;
            // Nobody at the terminal is no reason to stop.
            let _ = writeln!(io::stderr(), "revision {revision} is saved; waiting until it is served");
        }
        tokio::time::sleep(pause).await;
        pause = (pause * 2).min(LONGEST_PAUSE);
        mock = client.mock(&mock.id).await?;
    }
}
