//! The command line and its environment: what was asked for, before anything is done.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

use crate::explain::ExplainArgs;

/// Turn a plain file into a mock API.
#[derive(Debug, Parser)]
#[command(
    name = "moclojer",
    version,
    disable_version_flag = true,
    args_conflicts_with_subcommands = true,
    after_help = "Environment: CONFIG, HOST, PORT, also with MOCLOJER_ before them, which win; a flag wins over both.\n\
                  With --unified also the settings of a mock server: docs/hosting.md has the table.\n\
                  Exit codes: 0; 1 an error in a file, or a port that cannot be had; 2 wrong usage, or no file."
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Option<Command>,
    #[command(flatten)]
    pub(crate) serve: ServeArgs,
    /// Print the version
    #[arg(short = 'v', short_alias = 'V', long, action = clap::ArgAction::Version)]
    version: Option<bool>,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Serve mock files (the default)
    Serve(Box<ServeArgs>),
    /// Say what is wrong with mock files
    Check(CheckArgs),
    /// Say what a request would get, and why
    Explain(ExplainArgs),
    /// Print what a template gives for a context
    Render(RenderArgs),
    /// List the endpoints of mock files in the order in which they are looked at
    Routes(RoutesArgs),
    /// Write a commented mock file to begin with
    Init(InitArgs),
    /// Print the JSON Schema of mock files, for editors
    Schema,
    /// Print a script that completes this command line in a shell
    Completions(CompletionsArgs),
    /// Create or update a hosted mock from a file, and wait until it is served
    Push(PushArgs),
}

#[derive(Debug, Args)]
pub(crate) struct ServeArgs {
    /// A mock file or a folder of them; may be repeated
    #[arg(short, long = "config", value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// More files or folders
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// Port to listen on; 0 takes a free one [default: 8000]
    #[arg(short, long)]
    pub(crate) port: Option<u16>,
    /// Address to listen on; 0.0.0.0 opens it to other machines [default: 127.0.0.1]
    #[arg(long, value_name = "ADDR")]
    pub(crate) host: Option<String>,
    /// How log lines look [default: default; with --unified first the setting log-format]
    #[arg(short = 'f', short_alias = 'l', long = "log-format", alias = "format", value_name = "FORMAT")]
    pub(crate) log_format: Option<LogFormat>,
    /// Which requests are logged
    #[arg(long, value_name = "WHICH", default_value = "sample")]
    pub(crate) log_requests: LogRequests,
    /// Serve changed files as they are written
    #[arg(short, long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true",
          action = clap::ArgAction::Set)]
    pub(crate) watch: bool,
    /// Let every origin read every answer
    #[arg(long, alias = "enable-cors")]
    pub(crate) cors: bool,
    /// Name the nearest endpoints in 400, 404 and 405
    #[arg(long, num_args = 0..=1, require_equals = true, default_value_t = true, default_missing_value = "true",
          action = clap::ArgAction::Set)]
    pub(crate) near_misses: bool,
    /// Draw the same uuid, random and made-up data for an endpoint's first, second, … answer in every run
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Let templates use a variable of the environment as env.NAME; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Change a limit, as in body-bytes=20MiB; may be repeated (a wrong name lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
    #[command(flatten)]
    pub(crate) unified: UnifiedArgs,
    #[command(flatten)]
    pub(crate) later: LaterArgs,
}

/// Serving the mocks of a hosted installation instead of files.
#[derive(Debug, Args)]
pub(crate) struct UnifiedArgs {
    /// Serve the mocks of a hosted installation from its object store: s3://BUCKET?endpoint=…&region=…, fs:/FOLDER
    /// [default: the setting store-url]
    #[arg(
        long = "unified",
        value_name = "URL",
        num_args = 0..=1,
        conflicts_with_all = ["config", "files", "watch", "cors", "near_misses", "seed", "env"]
    )]
    pub(crate) store: Option<Option<String>>,
    /// With --unified: a TOML file with settings [default: MOCLOJER_CONFIG, else none]
    #[arg(long, value_name = "FILE", requires = "store")]
    pub(crate) settings: Option<PathBuf>,
    /// With --unified: only look at the configuration and say what holds
    #[arg(long, requires = "store")]
    pub(crate) check_config: bool,
    /// With --unified: where hints come from, so that changes are served at once [default: REDIS_URL, else none]
    #[arg(long, value_name = "URL", requires = "store")]
    pub(crate) redis: Option<String>,
    /// With --unified: where to answer /healthcheck, /healthcheck/live and /metrics [default: 127.0.0.1:8183]
    #[arg(long, value_name = "HOST:PORT", requires = "store")]
    pub(crate) health: Option<String>,
}

/// Flags that a later part serves: known, and refused by name.
#[derive(Debug, Args)]
pub(crate) struct LaterArgs {
    #[arg(short, long, hide = true)]
    mocks: Option<String>,
    #[arg(long, hide = true)]
    tls_cert: Option<String>,
    #[arg(long, hide = true)]
    tls_key: Option<String>,
    #[arg(long, hide = true)]
    delay: Option<String>,
    #[arg(long, hide = true)]
    trusted_proxy: Vec<String>,
}

impl LaterArgs {
    /// The first flag that is not served yet.
    pub(crate) fn refused(&self) -> Option<&'static str> {
        let given = [
            ("--mocks", self.mocks.is_some()),
            ("--tls-cert", self.tls_cert.is_some()),
            ("--tls-key", self.tls_key.is_some()),
            ("--delay", self.delay.is_some()),
            ("--trusted-proxy", !self.trusted_proxy.is_empty()),
        ];
        given.into_iter().find(|&(_, given)| given).map(|(name, _)| name)
    }
}

/// Subcommands that a later part serves.
pub(crate) const LATER_COMMANDS: [&str; 2] = ["import", "export"];

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    /// Mock files or folders
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The same, as for serve
    #[arg(short, long = "config", value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// For a person, one JSON object a line, or GitHub's log
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    pub(crate) format: CheckFormat,
    /// Print what a problem's code means, with an example: M0104, or 104
    #[arg(long, value_name = "CODE", conflicts_with_all = ["files", "config", "format", "deny_warnings", "env", "limit"])]
    pub(crate) explain: Option<String>,
    /// Exit 1 on warnings too
    #[arg(long)]
    pub(crate) deny_warnings: bool,
    /// A variable of the environment that templates may use as env.NAME; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Change a limit, as in file-bytes=100MiB; may be repeated (a wrong name lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct RoutesArgs {
    /// Mock files or folders [default: as for serve]
    #[arg(value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    /// The same, as for serve
    #[arg(short, long = "config", value_name = "FILE")]
    pub(crate) config: Vec<PathBuf>,
    /// For a person, or one JSON object a line
    #[arg(long, value_name = "FORMAT", default_value = "table")]
    pub(crate) format: RoutesFormat,
    /// A variable of the environment that templates may use as env.NAME; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Change a limit, as in file-bytes=100MiB; may be repeated (a wrong name lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
}

#[derive(Debug, Args)]
pub(crate) struct InitArgs {
    /// The file to write
    #[arg(value_name = "FILE", default_value = "moclojer.yml")]
    pub(crate) file: PathBuf,
    /// A later part serves it
    #[arg(long, hide = true, num_args = 0..=2)]
    pub(crate) from: Option<Vec<String>>,
}

#[derive(Debug, Args)]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_name = "SHELL")]
    pub(crate) shell: Shell,
}

#[derive(Debug, Args)]
pub(crate) struct PushArgs {
    /// The mock file
    #[arg(value_name = "FILE")]
    pub(crate) file: PathBuf,
    /// The API to push to
    #[arg(long, value_name = "URL", default_value = PUSH_TO)]
    pub(crate) to: String,
    /// The mock's part of its host [default: the file's name without its ending]
    #[arg(long, value_name = "WILDCARD")]
    pub(crate) name: Option<String>,
    /// The file of the token [default: ./moclojer-data/token, for an API of this machine]
    #[arg(long, value_name = "FILE")]
    pub(crate) token_file: Option<PathBuf>,
}

/// Where `moclojer-standalone` is.
pub(crate) const PUSH_TO: &str = "http://localhost:8080";

#[derive(Debug, Args)]
pub(crate) struct RenderArgs {
    /// The template: a text, @FILE, or - for standard input
    #[arg(long, value_name = "TEXT", allow_hyphen_values = true, required_unless_present = "batch")]
    pub(crate) template: Option<String>,
    /// A JSON object whose names the template may use: a text, @FILE, or - for standard input [default: {}]
    #[arg(long, value_name = "JSON", allow_hyphen_values = true)]
    pub(crate) context: Option<String>,
    /// Read lines {"template": "…", "context": {…}, "content-type": "…"} from standard input, and answer each with
    /// {"output": "…"} or {"error": "…"}
    #[arg(long, conflicts_with_all = ["template", "context"])]
    pub(crate) batch: bool,
    /// What the text is, which decides how values are escaped
    #[arg(long, value_name = "TYPE", default_value = "text/plain")]
    pub(crate) content_type: String,
    /// Draw the same uuid, random and made-up data in every run
    #[arg(long, value_name = "N", value_parser = seed, allow_negative_numbers = true)]
    pub(crate) seed: Option<u64>,
    /// Let the template use a variable of the environment as env.NAME; may be repeated
    #[arg(long, value_name = "NAME[=VALUE]")]
    pub(crate) env: Vec<String>,
    /// Change a limit, as in template-steps=100000; may be repeated (a wrong name lists them)
    #[arg(long, value_name = "NAME=VALUE")]
    pub(crate) limit: Vec<String>,
}

/// A seed of the command line.
fn seed(text: &str) -> Result<u64, String> {
    text.parse().map_err(|_| format!("a seed is a whole number from 0 to {}", u64::MAX))
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// Colours on a terminal
    Default,
    /// The same without colours
    Println,
    /// One JSON object a line
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogRequests {
    /// At most 1,000 a second, and how many were left out
    Sample,
    /// Every one
    All,
    /// None
    Off,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum CheckFormat {
    Text,
    Json,
    Github,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RoutesFormat {
    Table,
    Json,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
}

/// The files to serve and where they were named.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum Chosen {
    /// By hand: they have to be there.
    Named(Vec<PathBuf>),
    /// By `CONFIG`: it may still come.
    Environment(PathBuf),
    /// A default that is there.
    Default(PathBuf),
    /// None is there; these were looked for.
    Nothing(Vec<PathBuf>),
}

/// Reads a variable, with `MOCLOJER_` before its name first; empty counts as unset.
pub(crate) fn variable(
    environment: &impl Fn(&str) -> Option<String>,
    name: &str,
) -> Option<(String, String)> {
    [format!("MOCLOJER_{name}"), name.to_owned()]
        .into_iter()
        .find_map(|name| environment(&name).filter(|value| !value.is_empty()).map(|value| (name, value)))
}

impl Chosen {
    /// What was named by hand, else by the environment, else the first default that is there.
    pub(crate) fn among(
        config: &[PathBuf],
        files: &[PathBuf],
        environment: &impl Fn(&str) -> Option<String>,
    ) -> Self {
        let named: Vec<PathBuf> = config.iter().chain(files).cloned().collect();
        if !named.is_empty() {
            return Self::Named(named);
        }
        if let Some((_, config)) = variable(environment, "CONFIG") {
            return Self::Environment(config.into());
        }
        let config_home = environment("XDG_CONFIG_HOME")
            .filter(|home| !home.is_empty())
            .map(PathBuf::from)
            .or_else(|| environment("HOME").map(|home| PathBuf::from(home).join(".config")));
        let mut places = vec![PathBuf::from("moclojer.yml")];
        places.extend(config_home.map(|home| home.join("moclojer.yml")));
        places.push(PathBuf::from("/etc/moclojer.yml"));
        match places.iter().find(|place| place.is_file()) {
            Some(found) => Self::Default(found.clone()),
            None => Self::Nothing(places),
        }
    }
}

impl ServeArgs {
    /// Which files to serve.
    pub(crate) fn chosen(&self, environment: &impl Fn(&str) -> Option<String>) -> Chosen {
        Chosen::among(&self.config, &self.files, environment)
    }

    /// The address to listen on: flag, environment, default.
    ///
    /// # Errors
    /// What to write instead of a host and a port that cannot be understood.
    pub(crate) fn address(
        &self,
        environment: &impl Fn(&str) -> Option<String>,
    ) -> Result<SocketAddr, String> {
        match (self.ip(environment), self.port(environment)) {
            (Ok(ip), Ok(port)) => Ok(SocketAddr::new(ip, port)),
            (Err(host), Err(port)) => Err(format!("{host}\n{port}")),
            (Err(wrong), _) | (_, Err(wrong)) => Err(wrong),
        }
    }

    fn ip(&self, environment: &impl Fn(&str) -> Option<String>) -> Result<IpAddr, String> {
        let (host_name, host) = match &self.host {
            Some(host) => ("--host".to_owned(), host.clone()),
            None => variable(environment, "HOST").unwrap_or_else(|| (String::new(), "127.0.0.1".to_owned())),
        };
        match &*host {
            "localhost" => Ok(IpAddr::V4(Ipv4Addr::LOCALHOST)),
            text => text.trim_matches(['[', ']']).parse().map_err(|_| {
                format!(
                    "{host_name} `{text}` is no IP address; write 127.0.0.1 for this machine, 0.0.0.0 for all"
                )
            }),
        }
    }

    fn port(&self, environment: &impl Fn(&str) -> Option<String>) -> Result<u16, String> {
        match (self.port, variable(environment, "PORT")) {
            (Some(port), _) => Ok(port),
            (None, Some((name, text))) => text
                .parse()
                .map_err(|_| format!("{name} `{text}` is no port; write a number from 0 to 65535")),
            (None, None) => Ok(8000),
        }
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the arguments are literals of this module")]
    use super::*;

    fn serve(arguments: &[&str]) -> ServeArgs {
        let cli = Cli::try_parse_from(std::iter::once(&"moclojer").chain(arguments)).unwrap();
        match cli.command {
            Some(Command::Serve(args)) => *args,
            None => cli.serve,
            Some(other) => panic!("{other:?}"),
        }
    }

    fn nothing(_: &str) -> Option<String> {
        None
    }

    #[test]
    fn the_command_line_is_consistent() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn files_are_taken_in_order_flags_first() {
        let args = serve(&["-c", "a.yml", "b.yml", "--config", "c"]);
        assert_eq!(args.chosen(&nothing), Chosen::Named(vec!["a.yml".into(), "c".into(), "b.yml".into()]));
    }

    #[test]
    fn a_flag_wins_over_the_environment_and_the_prefix_over_the_bare_name() {
        let environment = |name: &str| match name {
            "PORT" => Some("1".to_owned()),
            "MOCLOJER_PORT" => Some("2".to_owned()),
            "HOST" => Some("0.0.0.0".to_owned()),
            "CONFIG" => Some("env.yml".to_owned()),
            _ => None,
        };
        assert_eq!(serve(&[]).address(&environment).unwrap().to_string(), "0.0.0.0:2");
        assert_eq!(
            serve(&["-p", "3", "--host", "::1"]).address(&environment).unwrap().to_string(),
            "[::1]:3"
        );
        assert_eq!(serve(&[]).address(&nothing).unwrap().to_string(), "127.0.0.1:8000");
        assert_eq!(serve(&[]).chosen(&environment), Chosen::Environment("env.yml".into()));
    }

    #[test]
    fn watch_and_format_have_their_old_spellings() {
        assert!(serve(&[]).watch);
        assert!(serve(&["-w"]).watch);
        assert!(!serve(&["--watch=false"]).watch);
        assert!(!serve(&["-w=false"]).watch);
        for flag in ["-f", "-l", "--format", "--log-format"] {
            assert_eq!(serve(&[flag, "json"]).log_format, Some(LogFormat::Json), "{flag}");
        }
    }

    #[test]
    fn flags_of_later_parts_are_refused_by_name() {
        assert_eq!(serve(&["--delay", "1"]).later.refused(), Some("--delay"));
        assert_eq!(serve(&["-m", "x"]).later.refused(), Some("--mocks"));
        assert_eq!(serve(&[]).later.refused(), None);
    }

    #[test]
    fn a_seed_is_a_number_and_nothing_else() {
        assert_eq!(serve(&["--seed", "18446744073709551615"]).seed, Some(u64::MAX));
        for text in ["-1", "x", "", "1.5", "18446744073709551616"] {
            let error = Cli::try_parse_from(["moclojer", "--seed", text]).unwrap_err().to_string();
            assert!(error.contains("whole number from 0"), "{text}: {error}");
        }
    }
}
