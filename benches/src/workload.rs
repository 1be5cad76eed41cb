//! What is asked and what must come back: W1, W2, W3 and the miss.
//!
//! W1: `GET /hello`, a fixed JSON answer. W2: `GET /hello/:name?x=…`, both values rendered. W3: W1's
//! kind of answer from 10,000 literal paths, against one endpoint that every path of the script
//! fits. Miss: paths that fit none of 10,000 endpoints. Both servers of a load get the same script.
//!
//! Pure: texts in, texts out. Starting servers and measuring them belong elsewhere.

use std::fmt::Write;

use anyhow::{Result, ensure};

use crate::mocks;

/// Endpoints of the large mock file.
const ENDPOINTS: usize = 10_000;
/// Bytes of each endpoint in the large mock file.
const ENDPOINT_BYTES: usize = 110;
/// The first number in the large file's paths: all have five digits, so all are of one length.
const FIRST: usize = 10_000;
/// The large file's paths are asked in steps of this many, so that neighbors in the file are no
/// neighbors in time. It shares no factor with [`ENDPOINTS`]: every path has its turn.
const STRIDE: usize = 7_919;
/// Hosts of the hosted load.
pub(crate) const HOSTS: usize = 100_000;
/// They are asked in steps of this many, for the same reason.
const HOST_STRIDE: usize = 39_119;
const FIXED_BODY: &str = r#"{"ok": true}"#;

/// One load: the same script for both sides.
#[derive(Clone, Debug)]
pub(crate) struct Workload {
    /// How tables call it.
    pub(crate) name: &'static str,
    /// Who is compared with whom.
    pub(crate) title: &'static str,
    /// The side that is measured.
    pub(crate) subject: Service,
    /// The side that it is compared with.
    pub(crate) baseline: Service,
    /// What both are asked.
    pub(crate) script: Script,
}

/// A server to start, and what it must answer.
#[derive(Clone, Debug)]
pub(crate) struct Service {
    /// Which server.
    pub(crate) program: Program,
    /// What each answer must be.
    pub(crate) expected: Expected,
}

/// A server to start.
#[derive(Clone, Debug)]
pub(crate) enum Program {
    /// Bare hyper with one fixed answer.
    Bare {
        /// The status of every answer.
        status: u16,
        /// The body of every answer.
        body: String,
    },
    /// Our server with this mock file.
    Mock(String),
    /// Our server with the mocks of so many hosts, see [`mocks`].
    Hosted(usize),
}

/// Requests that are sent in turn, over and over.
#[derive(Clone, Debug)]
pub(crate) struct Script {
    requests: Vec<Box<[u8]>>,
}

/// What every answer must be.
#[derive(Clone, Debug)]
pub(crate) struct Expected {
    status: u16,
    bodies: Bodies,
}

#[derive(Clone, Debug)]
enum Bodies {
    /// The same to each request.
    Same(Box<[u8]>),
    /// One to each request of the script.
    Each(Vec<Box<[u8]>>),
    /// Any that begins like this; the same again when the request comes again.
    Stable { prefix: &'static str, seen: Vec<Option<Box<[u8]>>> },
}

impl Script {
    /// A GET of each target, all of one host.
    ///
    /// # Panics
    /// On no targets.
    pub(crate) fn new(targets: impl IntoIterator<Item = String>) -> Self {
        Self::of_hosts(targets.into_iter().map(|target| ("localhost".to_owned(), target)))
    }

    /// The same with the host of each request.
    ///
    /// # Panics
    /// On no requests.
    fn of_hosts(requests: impl IntoIterator<Item = (String, String)>) -> Self {
        let request = |(host, target)| format!("GET {target} HTTP/1.1\r\nhost: {host}\r\n\r\n");
        let requests: Vec<_> =
            requests.into_iter().map(|it| request(it).into_bytes().into_boxed_slice()).collect();
        assert!(!requests.is_empty(), "a script asks something");
        Self { requests }
    }

    /// How many requests it has.
    pub(crate) fn len(&self) -> usize {
        self.requests.len()
    }

    /// The request of this turn, and its index in the script.
    pub(crate) fn request(&self, turn: usize) -> (usize, &[u8]) {
        let index = turn % self.requests.len();
        // In bounds: the remainder of a division by the length, which `new` keeps above 0.
        (index, &self.requests[index])
    }
}

impl Expected {
    /// This status and body to each request.
    pub(crate) fn same(status: u16, body: &str) -> Self {
        Self { status, bodies: Bodies::Same(body.as_bytes().into()) }
    }

    /// Compares an answer to the request at `index` of the script.
    ///
    /// # Errors
    /// What was wanted and what was found.
    pub(crate) fn check(&mut self, index: usize, status: u16, body: &[u8]) -> Result<()> {
        ensure!(
            status == self.status,
            "status {status} where {} was expected; the body is {}",
            self.status,
            shown(body)
        );
        let wanted = match &mut self.bodies {
            Bodies::Same(wanted) => Some(&**wanted),
            Bodies::Each(bodies) => bodies.get(index).map(|body| &**body),
            Bodies::Stable { prefix, seen } => {
                ensure!(body.starts_with(prefix.as_bytes()), "the body is {}, not {prefix}…", shown(body));
                if seen.len() <= index {
                    seen.resize(index + 1, None);
                }
                seen.get_mut(index).map(|seen| &**seen.get_or_insert_with(|| body.into()))
            }
        };
        ensure!(
            wanted == Some(body),
            "the body is {}, not {}",
            shown(body),
            shown(wanted.unwrap_or_default())
        );
        Ok(())
    }
}

fn shown(body: &[u8]) -> String {
    String::from_utf8_lossy(body.get(..200).unwrap_or(body)).into_owned()
}

impl Service {
    fn bare(status: u16, body: &str) -> Self {
        let program = Program::Bare { status, body: body.to_owned() };
        Self { program, expected: Expected::same(status, body) }
    }

    fn mock(text: String, expected: Expected) -> Self {
        Self { program: Program::Mock(text), expected }
    }
}

impl Workload {
    /// The same load with the bare server on both sides: every ratio must be 1 but for noise.
    pub(crate) fn against_itself(self) -> Self {
        let bare = match (&self.subject.program, &self.baseline.program) {
            (Program::Bare { .. }, _) => self.subject,
            (_, Program::Bare { .. }) => self.baseline,
            _ => Service::bare(200, FIXED_BODY),
        };
        Self { title: "bare to itself", subject: bare.clone(), baseline: bare, ..self }
    }
}

/// W1: one endpoint with a fixed answer.
pub(crate) fn fixed() -> Workload {
    let body = r#"{"hello": "world"}"#;
    Workload {
        name: "W1",
        title: "ours to bare hyper",
        subject: Service::mock(endpoint("/hello", body), Expected::same(200, body)),
        baseline: Service::bare(200, body),
        script: Script::new(["/hello".to_owned()]),
    }
}

/// W2: two values of the request rendered; the bare side sends a fixed answer of the same size.
pub(crate) fn rendered() -> Workload {
    let mock = endpoint("/hello/:name", r#"{"hello": "{{path-params.name}}", "x": "{{query-params.x}}"}"#);
    let values: Vec<_> = ["maria", "pedro", "clara", "bruno", "luisa", "tomas", "renan"]
        .into_iter()
        .flat_map(|name| (0..10).map(move |x| (name, x)))
        .collect();
    let body = |(name, x): &(&str, i32)| format!(r#"{{"hello": "{name}", "x": "{x}"}}"#);
    let bodies = values.iter().map(|pair| body(pair).into_bytes().into_boxed_slice()).collect();
    Workload {
        name: "W2",
        title: "ours to bare hyper",
        subject: Service::mock(mock, Expected { status: 200, bodies: Bodies::Each(bodies) }),
        baseline: Service::bare(200, &body(&("-----", 0))),
        script: Script::new(values.iter().map(|(name, x)| format!("/hello/{name}?x={x}"))),
    }
}

/// W3: 10,000 literal paths to one capture, the same requests and answers.
pub(crate) fn many() -> Workload {
    Workload {
        name: "W3",
        title: "10,000 endpoints to one",
        subject: many_endpoints(),
        baseline: Service::mock(endpoint("/bench/:n", FIXED_BODY), Expected::same(200, FIXED_BODY)),
        script: Script::new(numbers().map(|n| format!("/bench/{n}"))),
    }
}

/// The server with 10,000 endpoints, for which W3's script is made.
fn many_endpoints() -> Service {
    let mut text = String::with_capacity(ENDPOINTS * ENDPOINT_BYTES);
    for n in FIRST..FIRST + ENDPOINTS {
        text.push_str(&endpoint(&format!("/bench/{n}"), FIXED_BODY));
    }
    Service::mock(text, Expected::same(200, FIXED_BODY))
}

/// Requests that no endpoint among 10,000 answers: each 404 looks for the nearest ones.
pub(crate) fn miss() -> Workload {
    let target = |(turn, n): (usize, usize)| match turn % 6 {
        0 => format!("/bemch/{n}"),
        1 => format!("/bench/{n}x"),
        2 => format!("/nothing/{n}/of/this"),
        3 => format!("/bench/{n}/more"),
        4 => format!("/{n}"),
        _ => format!("/bench/{}", n / 10),
    };
    let body = r#"{"error":"no endpoint answers this request"}"#;
    let bodies = Bodies::Stable { prefix: r#"{"error":"#, seen: Vec::new() };
    Workload {
        name: "miss",
        title: "ours, 10,000 endpoints, to bare hyper",
        subject: Service { expected: Expected { status: 404, bodies }, ..many_endpoints() },
        baseline: Service::bare(404, body),
        script: Script::new(numbers().take(600).enumerate().map(target)),
    }
}

/// Random hosts and paths among 100,000 hosts with ten endpoints each, all compiled, to one endpoint that every path of
/// the script fits.
pub(crate) fn hosted() -> Workload {
    let request = |turn: usize| {
        (mocks::name(turn * HOST_STRIDE % HOSTS), format!("/bench/{}", turn * STRIDE % mocks::FIXED))
    };
    Workload {
        name: "hosted",
        title: "100,000 hosts with 1,000,000 endpoints to one endpoint",
        subject: Service { program: Program::Hosted(HOSTS), expected: Expected::same(200, mocks::BODY) },
        baseline: Service::mock(endpoint("/bench/:n", mocks::BODY), Expected::same(200, mocks::BODY)),
        script: Script::of_hosts((0..HOSTS).map(request)),
    }
}

/// The numbers of the large file's paths, each once, in the order of the script.
fn numbers() -> impl Iterator<Item = usize> {
    (0..ENDPOINTS).map(|turn| FIRST + turn * STRIDE % ENDPOINTS)
}

/// An endpoint of a mock file; `body` may hold no single quote.
fn endpoint(path: &str, body: &str) -> String {
    let mut text = String::with_capacity(ENDPOINT_BYTES);
    text.push_str("- endpoint:\n    method: GET\n");
    let rest = writeln!(text, "    path: {path}\n    response:\n      status: 200\n      body: '{body}'");
    rest.expect("writing to a string cannot fail");
    text
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::HashSet;

    fn mock_text(service: &Service) -> &str {
        let Program::Mock(text) = &service.program else { panic!("the bare server has no file") };
        text
    }

    #[test]
    fn large_file_is_10_000_endpoints_of_110_bytes() {
        let service = many_endpoints();
        let text = mock_text(&service);
        assert_eq!(text.len(), ENDPOINTS * ENDPOINT_BYTES);
        assert_eq!(text.matches("- endpoint:").count(), ENDPOINTS);
    }

    #[test]
    fn script_of_w3_asks_every_path_of_the_large_file() {
        let load = many();
        let text = mock_text(&load.subject);
        let paths: HashSet<_> = text.lines().filter_map(|line| line.strip_prefix("    path: ")).collect();
        let asked: HashSet<_> = load.script.requests.iter().map(|request| target(request)).collect();
        assert_eq!(paths, asked);
    }

    #[test]
    fn script_of_the_miss_asks_no_path_of_the_large_file() {
        let load = miss();
        let text = mock_text(&load.subject);
        let paths: HashSet<_> = text.lines().filter_map(|line| line.strip_prefix("    path: ")).collect();
        assert!(load.script.requests.iter().all(|request| !paths.contains(target(request))));
        assert_eq!(load.script.requests.len(), 600);
    }

    #[test]
    fn bare_side_of_w2_answers_in_the_rendered_size() {
        let load = rendered();
        let Program::Bare { body, .. } = load.baseline.program else { panic!("the baseline is bare") };
        let Bodies::Each(bodies) = load.subject.expected.bodies else { panic!("W2 renders") };
        assert!(bodies.iter().all(|rendered| rendered.len() == body.len()));
        assert_eq!(bodies.len(), load.script.requests.len());
    }

    #[test]
    fn self_check_is_bare_on_both_sides() {
        for load in [fixed(), rendered(), many(), miss()] {
            let load = load.against_itself();
            assert!(matches!(load.subject.program, Program::Bare { .. }), "{}", load.name);
            assert!(matches!(load.baseline.program, Program::Bare { .. }), "{}", load.name);
        }
    }

    #[test]
    fn wrong_answers_are_refused() {
        let mut same = Expected::same(200, "a");
        assert!(same.check(0, 200, b"a").is_ok());
        assert!(same.check(0, 200, b"b").is_err());
        assert!(same.check(0, 404, b"a").is_err());

        let mut each = Expected { status: 200, bodies: Bodies::Each(vec![b"a"[..].into(), b"b"[..].into()]) };
        assert!(each.check(1, 200, b"b").is_ok());
        assert!(each.check(0, 200, b"b").is_err());
        assert!(each.check(2, 200, b"").is_err(), "an index past the script");

        let bodies = Bodies::Stable { prefix: "{", seen: Vec::new() };
        let mut stable = Expected { status: 404, bodies };
        assert!(stable.check(3, 404, b"plain").is_err());
        assert!(stable.check(3, 404, b"{1}").is_ok());
        assert!(stable.check(3, 404, b"{2}").is_err(), "it was another body before");
        assert!(stable.check(4, 404, b"{2}").is_ok());
    }

    fn target(request: &[u8]) -> &str {
        let text = std::str::from_utf8(request).expect("requests are text");
        text.split(' ').nth(1).expect("a request line has a target")
    }
}
