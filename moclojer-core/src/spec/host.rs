//! Host names: what a mock file's `host` may say, and a request's authority in the same form.
//!
//! Both sides end up lower-case, without port and without trailing dot, so that comparing is comparing
//! bytes. Knows nothing of DNS; whether a name exists is not asked.

mod punycode;

use std::borrow::Cow;
use std::fmt;
use std::net::Ipv6Addr;
use std::ops::Range;
use std::sync::Arc;

use super::path::PathProblem;
use crate::problem::Code;

/// The longest host name, in bytes (RFC 1035, section 2.3.4).
const MAX_BYTES: usize = 253;
/// The longest label of one, in bytes.
const MAX_LABEL_BYTES: usize = 63;

/// A host that endpoints answer for: a name, an address, or `*.` and a name for any one label before it. Cheap to clone.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct HostPattern(Arc<str>);

impl HostPattern {
    /// Reads a host: `api.example.com`, `*.example.com`, `127.0.0.1`, `[::1]`.
    ///
    /// # Errors
    /// The first problem, with its bytes: a port, letters outside ASCII (the help says what to write, in
    /// punycode), a scheme or path, or a label that no host name can have.
    pub fn parse(text: &str) -> Result<Self, PathProblem> {
        if let Some(address) = text.strip_prefix('[') {
            return Self::parse_ipv6(text, address);
        }
        if let Some(after) = text.find("://").map(|at| at + 3) {
            let host = text[after..].split(['/', '?', '#']).next().unwrap_or_default();
            return Err(problem(0..text.len(), "a host has no scheme and no path").help(write_this(host)));
        }
        if let Some(at) = text.find(['/', '?', '#', '@']) {
            return Err(problem(at..text.len(), "a host is a name alone, without path, query or user"));
        }
        if let Some(at) = text.find(':') {
            let message = "a host has no port: requests are compared without theirs";
            return Err(problem(at..text.len(), message).help(write_this(&text[..at])));
        }
        if !text.is_ascii() {
            let problem = problem(0..text.len(), "a host name holds letters outside ASCII");
            return Err(match punycode::to_ascii(text) {
                Some(ascii) => problem.help(write_this(&ascii)),
                None => problem.expected("the name in punycode (`xn--…`)"),
            });
        }
        let name = text.strip_suffix('.').unwrap_or(text);
        let (start, labels) = match name.strip_prefix("*.") {
            Some(labels) => (2, labels),
            None => (0, name),
        };
        if name.len() > MAX_BYTES {
            return Err(problem(0..text.len(), &format!("a host name has at most {MAX_BYTES} bytes")));
        }
        check_labels(labels, start)?;
        Ok(Self(name.to_ascii_lowercase().into()))
    }

    fn parse_ipv6(text: &str, address: &str) -> Result<Self, PathProblem> {
        let Some((address, after)) = address.split_once(']') else {
            return Err(problem(0..text.len(), "the `[` of an IPv6 address is not closed"));
        };
        let Ok(address) = address.parse::<Ipv6Addr>() else {
            return Err(problem(1..1 + address.len(), "there is no IPv6 address between `[` and `]`"));
        };
        if !after.is_empty() {
            let start = text.len() - after.len();
            let message = "a host has no port: requests are compared without theirs";
            return Err(problem(start..text.len(), message).help(write_this(&format!("[{address}]"))));
        }
        Ok(Self(format!("[{address}]").into()))
    }

    /// The host in the form that is compared; a wildcard host begins with `*.`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// What follows the `*.` of a wildcard host.
    pub fn wildcard(&self) -> Option<&str> {
        self.0.strip_prefix("*.")
    }

    /// Whether a request for `host` (as [`of_authority`] gives it) is one for this pattern.
    pub fn matches(&self, host: &str) -> bool {
        match self.wildcard() {
            Some(parent) => parent_of(host) == Some(parent),
            None => self.as_str() == host,
        }
    }
}

impl fmt::Display for HostPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The host of a request's authority (`Host`, `:authority` or absolute form), in the form that is compared:
/// without user, port and trailing dot, in lower case. Borrowed when it is that already.
pub fn of_authority(authority: &str) -> Cow<'_, str> {
    let host = authority.rsplit_once('@').map_or(authority, |(_, host)| host);
    let host = match (host.starts_with('['), host.rfind(']'), host.rsplit_once(':')) {
        (true, Some(end), _) => &host[..=end],
        (_, _, Some((name, port))) if port.bytes().all(|byte| byte.is_ascii_digit()) => name,
        _ => host,
    };
    let host = host.strip_suffix('.').unwrap_or(host);
    if host.bytes().any(|byte| byte.is_ascii_uppercase()) {
        Cow::Owned(host.to_ascii_lowercase())
    } else {
        Cow::Borrowed(host)
    }
}

/// What a wildcard host would have to name, after `*.`, to meet `host`.
pub(crate) fn parent_of(host: &str) -> Option<&str> {
    host.split_once('.').filter(|(label, _)| !label.is_empty()).map(|(_, parent)| parent)
}

fn check_labels(labels: &str, start: usize) -> Result<(), PathProblem> {
    let mut at = start;
    for label in labels.split('.') {
        let range = at..at + label.len();
        let message = if label.is_empty() {
            "a host name has an empty label".to_owned()
        } else if label.len() > MAX_LABEL_BYTES {
            format!("a label of a host name has at most {MAX_LABEL_BYTES} bytes")
        } else if label.contains('*') {
            let message = "a `*` stands for the whole first label of a host, with a name after it";
            return Err(problem(range, message).expected("such as `*.example.com`"));
        } else if let Some(bad) =
            label.find(|letter: char| !letter.is_ascii_alphanumeric() && !"-_".contains(letter))
        {
            let message = "a host name holds letters, digits, `-`, `_` and `.` only";
            return Err(problem(at + bad..at + bad + 1, message));
        } else if label.starts_with('-') || label.ends_with('-') {
            "a label of a host name neither begins nor ends with `-`".to_owned()
        } else {
            at = range.end + 1;
            continue;
        };
        return Err(problem(range, &message));
    }
    Ok(())
}

fn problem(range: Range<usize>, message: &str) -> PathProblem {
    PathProblem::new(Code::HOST_SYNTAX, range, message)
}

/// Help that shows the host as it should stand, or says nothing wrong when that cannot be known.
fn write_this(host: &str) -> String {
    match HostPattern::parse(host) {
        Ok(host) => format!("write `{host}`"),
        Err(PathProblem { help: Some(help), .. }) => help,
        Err(_) => "write the host's name alone".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_host_is_read_into_the_form_that_is_compared() {
        for (text, expected) in [
            ("example.com", "example.com"),
            ("API.Example.COM.", "api.example.com"),
            ("localhost", "localhost"),
            ("my_service", "my_service"),
            ("127.0.0.1", "127.0.0.1"),
            ("[::1]", "[::1]"),
            ("[0:0:0:0:0:0:0:1]", "[::1]"),
            ("[FE80::1]", "[fe80::1]"),
            ("*.Example.com", "*.example.com"),
            ("*.com", "*.com"),
            ("xn--mnchen-3ya.de", "xn--mnchen-3ya.de"),
            ("a--b.c", "a--b.c"),
        ] {
            assert_eq!(HostPattern::parse(text).expect(text).as_str(), expected, "{text}");
        }
    }

    #[test]
    fn a_wrong_host_says_what_to_write() {
        let long_label = format!("{}.com", "a".repeat(64));
        let long = format!("{}a", "a.".repeat(127));
        for (text, found, help) in [
            ("", "", ""),
            (".", "", ""),
            ("example.com:8080", ":8080", "write `example.com`"),
            ("Example.com.:80", ":80", "write `example.com`"),
            ("[::1]:80", ":80", "write `[::1]`"),
            ("[::1", "[::1", ""),
            ("[nothing]", "nothing", ""),
            ("http://example.com:80/x", "http://example.com:80/x", "write `example.com`"),
            ("http://", "http://", "name alone"),
            ("example.com/x", "/x", ""),
            ("münchen.de", "münchen.de", "write `xn--mnchen-3ya.de`"),
            ("MÜNCHEN.de", "MÜNCHEN.de", "write `xn--mnchen-3ya.de`"),
            ("münchen.de:80", ":80", "write `xn--mnchen-3ya.de`"),
            ("*.olá.com", "*.olá.com", "write `*.xn--ol-nia.com`"),
            ("a..b", "", ""),
            (".a", "", ""),
            ("a.b..", "", ""),
            ("a b", " ", ""),
            ("a.b{c", "{", ""),
            ("-a.b", "-a", ""),
            ("a-.b", "a-", ""),
            ("*", "*", ""),
            ("*.", "*", ""),
            ("a.*.b", "*", ""),
            ("*a.b", "*a", ""),
            ("*.*.b", "*", ""),
            (&long_label, &long_label[..64], ""),
            (&long, &long, ""),
        ] {
            let problem = HostPattern::parse(text).expect_err(text);
            assert_eq!(problem.code, Code::HOST_SYNTAX);
            assert_eq!(text.get(problem.range.clone()), Some(found), "{text} {problem:?}");
            let said = problem.help.as_deref().unwrap_or_default();
            assert!(said.contains(help) && (!help.is_empty() || said.is_empty()), "{text} {problem:?}");
        }
    }

    #[test]
    fn an_authority_loses_user_port_case_and_last_dot() {
        for (authority, host) in [
            ("example.com", "example.com"),
            ("example.com:8000", "example.com"),
            ("example.com:", "example.com"),
            ("Example.COM.:8000", "example.com"),
            ("example.com.", "example.com"),
            ("user:word@example.com:80", "example.com"),
            ("[::1]:8000", "[::1]"),
            ("[::1]", "[::1]"),
            ("[FE80::1]:1", "[fe80::1]"),
            ("127.0.0.1:80", "127.0.0.1"),
            ("a:b", "a:b"),
            ("", ""),
            (":80", ""),
            ("[", "["),
            ("ü:1", "ü"),
        ] {
            assert_eq!(of_authority(authority), host, "{authority}");
        }
        assert!(matches!(of_authority("example.com:80"), Cow::Borrowed("example.com")));
    }

    #[test]
    fn a_wildcard_host_meets_one_label() {
        for (pattern, host, met) in [
            ("*.example.com", "a.example.com", true),
            ("*.example.com", "a.b.example.com", false),
            ("*.example.com", "example.com", false),
            ("*.example.com", ".example.com", false),
            ("*.example.com", "aexample.com", false),
            ("example.com", "example.com", true),
            ("example.com", "a.example.com", false),
        ] {
            assert_eq!(HostPattern::parse(pattern).expect(pattern).matches(host), met, "{pattern} {host}");
        }
    }
}
