//! Names that people choose, and the hosts that are made of them.

use std::fmt;

use moclojer_core::spec::host::HostPattern;
use moclojer_core::unify::HostHash;
use uuid::Uuid;

/// Words that are no part of a mock's host, so that nobody takes a name for the system's.
const RESERVED: [&str; 14] = [
    "www",
    "api",
    "app",
    "admin",
    "mail",
    "status",
    "docs",
    "dashboard",
    "blog",
    "help",
    "support",
    "static",
    "assets",
    "moclojer",
];

/// The longest label of a host name (RFC 1035, section 2.3.4).
const LABEL_BYTES: usize = 63;

/// Why a name cannot be taken, for the person who chose it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct NameProblem(String);

fn problem<T>(message: impl Into<String>) -> Result<T, NameProblem> {
    Err(NameProblem(message.into()))
}

/// `[a-z0-9]([a-z0-9-]*[a-z0-9])?`, no `--` at places 3 and 4 (that marks punycode), not reserved.
fn check_label(what: &str, text: &str, longest: usize) -> Result<(), NameProblem> {
    let letter = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit();
    let bytes = text.as_bytes();
    let (Some(&first), Some(&last)) = (bytes.first(), bytes.last()) else {
        return problem(format!("a {what} has at least one letter or digit"));
    };
    if !bytes.iter().all(|&byte| letter(byte) || byte == b'-') || !letter(first) || !letter(last) {
        return problem(format!(
            "a {what} has lower-case letters and digits, and `-` between them: `{}`",
            text.escape_debug()
        ));
    }
    if bytes.get(2..4) == Some(b"--") {
        return problem(format!("a {what} has no `--` at places 3 and 4"));
    }
    if text.len() > longest {
        return problem(format!("a {what} has at most {longest} characters, this one {}", text.len()));
    }
    if RESERVED.contains(&text) {
        return problem(format!("`{text}` is reserved"));
    }
    Ok(())
}

macro_rules! names {
    ($($(#[$doc:meta])* $name:ident)*) => {$(
        $(#[$doc])*
        #[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
        pub struct $name(Box<str>);

        impl $name {
            /// The name as text.
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    )*};
}

names! {
    /// The subdomain of a customer: no `-`, and not eight hex digits, so that it is never taken for an org's.
    Username
    /// The subdomain of an org: a word, `-`, and the first eight hex digits of the org's id.
    OrgSlug
    /// The part of a mock's host that its owner chose.
    Wildcard
    /// An address that somebody has, in lower case. It is not checked beyond having an `@`.
    Email
    /// The domain that all mocks are under.
    BaseDomain
}

/// The part of a mock's host that is its owner's.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Subdomain {
    /// A customer's.
    Username(Username),
    /// An org's.
    Org(OrgSlug),
}

impl Subdomain {
    /// The name as text.
    pub fn as_str(&self) -> &str {
        match self {
            Self::Username(name) => name.as_str(),
            Self::Org(slug) => slug.as_str(),
        }
    }

    /// Reads one of either kind: they cannot be taken for one another.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        if text.contains('-') {
            OrgSlug::parse(text).map(Self::Org)
        } else {
            Username::parse(text).map(Self::Username)
        }
    }
}

impl fmt::Display for Subdomain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

fn is_eight_hex(text: &str) -> bool {
    text.len() == 8 && text.bytes().all(|byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
}

impl Username {
    /// The longest: with a wildcard of the same length and the `-` it fits a label.
    const LONGEST: usize = 31;

    /// Reads a username.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        check_label("username", text, Self::LONGEST)?;
        if text.contains('-') {
            return problem("a username has no `-`");
        }
        if is_eight_hex(text) {
            return problem("a username is not eight hex digits: orgs' names end so");
        }
        Ok(Self(text.into()))
    }

    /// The first names to try for somebody with this address, without end: `ana`, `ana2`, `ana3`, …
    pub fn candidates(email: &Email) -> impl Iterator<Item = Self> + use<> {
        let local = email.as_str().split('@').next().unwrap_or_default();
        let mut word: String = local.chars().filter(char::is_ascii_alphanumeric).take(20).collect();
        word.make_ascii_lowercase();
        if word.is_empty() {
            word.push_str("user");
        }
        let first = Self::parse(&word).ok();
        first
            .into_iter()
            .chain((2u64..).filter_map(move |number| Self::parse(&format!("{word}{number}")).ok()))
    }
}

impl OrgSlug {
    /// The longest word before the digits.
    const LONGEST_WORD: usize = 22;

    /// The slug of the org `id` with this word before the digits.
    ///
    /// # Errors
    /// What is wrong with the word.
    pub fn new(word: &str, id: Uuid) -> Result<Self, NameProblem> {
        check_label("slug", word, Self::LONGEST_WORD)?;
        // The last digits: of ids that grow with time the first are shared by all of an hour.
        let digits = id.simple().to_string();
        let digits = digits.get(24..).unwrap_or_default();
        Ok(Self(format!("{word}-{digits}").into()))
    }

    /// The slug of the org `id` with a word made from what people call it: `org` where the name gives none.
    ///
    /// # Errors
    /// Never for the names that are known: `org` is a word.
    pub fn of_name(orgname: &str, id: Uuid) -> Result<Self, NameProblem> {
        let lower = orgname.to_ascii_lowercase();
        let words = lower.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
        let mut joined = words.collect::<Vec<_>>().join("-");
        joined.truncate(Self::LONGEST_WORD);
        // Two letters and then `--` cannot be: words were joined by one `-` each.
        let word = joined.trim_end_matches('-');
        Self::new(word, id).or_else(|_| Self::new("org", id))
    }

    /// Reads a slug with its digits.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        match text.rsplit_once('-') {
            Some((word, digits)) if is_eight_hex(digits) => {
                check_label("slug", word, Self::LONGEST_WORD)?;
                Ok(Self(text.into()))
            }
            _ => problem("an org's slug ends with `-` and eight hex digits"),
        }
    }
}

impl Wildcard {
    /// Reads a wildcard; whether it fits its owner's subdomain is for [`Hosts::host`] to say.
    ///
    /// # Errors
    /// What is wrong with it.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        check_label("wildcard", text, LABEL_BYTES)?;
        Ok(Self(text.into()))
    }
}

impl Email {
    /// Reads an address.
    ///
    /// # Errors
    /// When it can be none.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        let parts = text.split_once('@');
        let fits = text.len() <= 254 && !text.chars().any(|c| c.is_whitespace() || c.is_control());
        if !fits || parts.is_none_or(|(local, domain)| local.is_empty() || domain.is_empty()) {
            return problem("an e-mail address has something before and after its `@`");
        }
        Ok(Self(text.to_lowercase().into()))
    }
}

impl BaseDomain {
    /// Reads a base domain.
    ///
    /// # Errors
    /// When it is no host name.
    pub fn parse(text: &str) -> Result<Self, NameProblem> {
        match HostPattern::parse(text) {
            Ok(host) if host.wildcard().is_none() && !text.contains('[') => Ok(Self(host.as_str().into())),
            Ok(_) => problem("the base domain is a name, without `*.`"),
            Err(wrong) => problem(wrong.message),
        }
    }
}

/// How mocks' hosts are made in an installation.
#[derive(Clone, Debug)]
pub struct Hosts {
    base: BaseDomain,
    salt: Box<[u8]>,
}

impl Hosts {
    /// Hosts under `base`, hashed with the installation's salt.
    pub fn new(base: BaseDomain, salt: impl Into<Box<[u8]>>) -> Self {
        Self { base, salt: salt.into() }
    }

    /// The domain that they are under.
    pub fn base(&self) -> &BaseDomain {
        &self.base
    }

    /// `{wildcard}-{subdomain}.{base domain}`.
    ///
    /// # Errors
    /// When both together are too long, or look like punycode.
    pub fn host(&self, wildcard: &Wildcard, subdomain: &Subdomain) -> Result<HostPattern, NameProblem> {
        let label = format!("{wildcard}-{subdomain}");
        if label.len() > LABEL_BYTES {
            let most = LABEL_BYTES.saturating_sub(subdomain.as_str().len() + 1);
            return problem(format!(
                "with `-{subdomain}` behind it a wildcard has at most {most} characters"
            ));
        }
        if label.as_bytes().get(2..4) == Some(b"--") {
            return problem("a host has no `--` at places 3 and 4");
        }
        HostPattern::parse(&format!("{label}.{}", self.base)).map_err(|wrong| NameProblem(wrong.message))
    }

    /// The place of a host among all of them.
    pub fn hash(&self, host: &HostPattern) -> HostHash {
        HostHash::of(&self.salt, host)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use std::collections::BTreeSet;

    use super::*;

    /// What must be impossible, 7: `x-bar-1a2b3c4d` is the org's `bar-1a2b3c4d` or nobody's.
    #[test]
    fn a_host_can_be_spelled_with_the_name_of_one_owner_alone() {
        let words = ["x", "bar", "1a2b3c4d", "00000000", "ana"];
        let mut labels: Vec<String> = words.map(str::to_owned).into();
        for _ in 0..3 {
            let longer = labels.iter().flat_map(|label| words.map(|word| format!("{label}-{word}")));
            labels.extend(longer.collect::<Vec<_>>());
        }
        let hosts = Hosts::new(BaseDomain::parse("mocks.test").unwrap(), [0; 32]);
        let mut spelled = 0;
        for label in labels {
            let mut owners = BTreeSet::new();
            for (at, _) in label.match_indices('-') {
                let parts = (Wildcard::parse(&label[..at]), Subdomain::parse(&label[at + 1..]));
                let (Ok(wildcard), Ok(subdomain)) = parts else { continue };
                assert_eq!(
                    hosts.host(&wildcard, &subdomain).unwrap().as_str(),
                    format!("{label}.mocks.test")
                );
                // Of orgs only one has these digits, whatever word stands before them.
                owners.insert(subdomain.as_str().rsplit('-').next().unwrap().to_owned());
            }
            spelled += owners.len();
            assert!(owners.len() <= 1, "{label}: {owners:?}");
        }
        assert!(spelled > 100, "{spelled}");
    }
}
