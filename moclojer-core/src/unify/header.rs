//! Header lines: `# moclojer`, then fields `name=value` with one space between them. Fields that this release does
//! not know are ignored, so that a later one may add some.

use std::str::FromStr;

use super::number::{Generation, LayoutNumber, Position, Revision, ShardId, Version};
use super::read::Digest;
use crate::spec::host::HostPattern;

/// How the first line of a shard begins.
pub(super) const SHARD: &str = "# moclojer shard ";
/// How the line before a document begins; no line of a processed text does.
pub(super) const HOST: &str = "# moclojer host=";
/// The longest host that is looked at, in bytes: names have at most 253, and what is wrong with a longer text is not
/// worth the time.
const LONGEST_HOST: usize = 256;
/// What both begin with.
const MARK: &str = "# moclojer ";

/// The first line of a shard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct ShardLine {
    pub(super) id: ShardId,
    pub(super) position: Position,
    /// How many documents follow.
    pub(super) hosts: usize,
    /// How many bytes follow this line.
    pub(super) bytes: usize,
}

/// The line before a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct HostLine {
    pub(super) host: HostPattern,
    pub(super) version: Version,
    pub(super) revision: Revision,
    /// How many bytes the document has.
    pub(super) length: usize,
    pub(super) digest: Digest,
}

impl ShardLine {
    /// The line with its end.
    pub(super) fn write(&self) -> String {
        let Self { id, position: Position { layout, generation }, hosts, bytes } = self;
        format!("{SHARD}layout={layout} id={id} generation={generation} hosts={hosts} bytes={bytes}\n")
    }

    /// Reads the line without its end.
    ///
    /// # Errors
    /// The name of the first field that is missing, stands twice or cannot be read; `shard` for another line.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let line = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix(SHARD)).ok_or("shard")?;
        let fields = Fields(line);
        Ok(Self {
            position: Position {
                layout: fields.parse::<LayoutNumber>("layout")?,
                generation: fields.parse::<Generation>("generation")?,
            },
            id: fields.parse("id")?,
            hosts: fields.count("hosts")?,
            bytes: fields.count("bytes")?,
        })
    }
}

impl HostLine {
    /// The line with its end.
    pub(super) fn write(&self) -> String {
        let Self { host, version, revision, length, digest } = self;
        format!("{HOST}{host} version={version} revision={revision} length={length} sha256={digest}\n")
    }

    /// Reads the line without its end.
    ///
    /// # Errors
    /// The name of the first field that is missing, stands twice or cannot be read.
    pub(super) fn parse(line: &[u8]) -> Result<Self, &'static str> {
        let host = Self::host(line).ok_or("host")?;
        let line = std::str::from_utf8(line).ok().and_then(|line| line.strip_prefix(MARK)).ok_or("host")?;
        let fields = Fields(line);
        fields.get("host")?;
        Ok(Self {
            host,
            version: fields.parse("version")?,
            revision: fields.parse("revision")?,
            length: fields.count("length")?,
            digest: fields.parse("sha256")?,
        })
    }

    /// The host of a line whose other fields may be broken.
    pub(super) fn host(line: &[u8]) -> Option<HostPattern> {
        let host = line.strip_prefix(HOST.as_bytes())?.split(|&byte| byte == b' ').next()?;
        let host = std::str::from_utf8(host).ok().filter(|host| host.len() <= LONGEST_HOST)?;
        // Only the form that is written: two spellings of one host would be two hosts.
        HostPattern::parse(host).ok().filter(|parsed| parsed.as_str() == host)
    }
}

/// The fields of a line.
struct Fields<'l>(&'l str);

impl<'l> Fields<'l> {
    fn get(&self, name: &'static str) -> Result<&'l str, &'static str> {
        let mut found =
            self.0.split(' ').filter_map(|field| field.split_once('=')).filter(|&(key, _)| key == name);
        match (found.next(), found.next()) {
            (Some((_, value)), None) => Ok(value),
            _ => Err(name),
        }
    }

    fn parse<T: FromStr>(&self, name: &'static str) -> Result<T, &'static str> {
        self.get(name)?.parse().map_err(|_| name)
    }

    /// A number of things in memory.
    fn count(&self, name: &'static str) -> Result<usize, &'static str> {
        let count: Version = self.parse(name)?;
        usize::try_from(count.get()).map_err(|_| name)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]

    use super::*;

    const SHA: &str = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855";

    #[test]
    fn a_line_is_read_as_it_was_written() {
        let line = "# moclojer shard layout=2 id=7 generation=9 hosts=3 bytes=120";
        assert_eq!(ShardLine::parse(line.as_bytes()).unwrap().write(), format!("{line}\n"));
        for host in ["a.b", "*.a.b", "[::1]", "127.0.0.1", "my_x-1.b"] {
            let line = format!("# moclojer host={host} version=4 revision=1 length=0 sha256={SHA}");
            assert_eq!(HostLine::parse(line.as_bytes()).unwrap().write(), format!("{line}\n"));
        }
    }

    #[test]
    fn unknown_fields_are_ignored_and_broken_ones_named() {
        let good = "# moclojer shard layout=2 id=7 generation=9 hosts=3 bytes=120";
        for (line, broken) in [
            (format!("{good} colour=red loud"), None),
            (good.replace("id=7 ", "new=1 id=7 "), None),
            (good.replace("shard", "shards"), Some("shard")),
            (good.replace("id=7 ", ""), Some("id")),
            (format!("{good} id=7"), Some("id")),
            (good.replace("=9", "=-9"), Some("generation")),
            (good.replace("=120", "=0120"), Some("bytes")),
            (good.replace("=3", "="), Some("hosts")),
            (format!(" {good}"), Some("shard")),
        ] {
            assert_eq!(ShardLine::parse(line.as_bytes()).err(), broken, "{line}");
        }
        let good = format!("# moclojer host=a.b version=4 revision=1 length=0 sha256={SHA}");
        for (line, broken) in [
            (format!("{good} more=1"), None),
            (good.replace("a.b", "A.b"), Some("host")),
            (good.replace("a.b", ""), Some("host")),
            (format!("{good} host=a.c"), Some("host")),
            (good.replace("e3b0", "E3B0"), Some("sha256")),
            (good.replace("e3b0", "e3b"), Some("sha256")),
            (good.replace("length=0 ", ""), Some("length")),
        ] {
            assert_eq!(HostLine::parse(line.as_bytes()).err(), broken, "{line}");
        }
    }
}
