//! Mock files of many owners as one unified mock, in shards that are read without being parsed.
//!
//! [`process`] makes of one mock file its *processed text*: one YAML document that says the same, for one host, and
//! that holds no byte that its author chose freely. [`write_shard`] puts such texts behind header lines,
//! [`Shard::parse`] finds them again by their lengths and digests, [`Difference`] says what is to be swapped, and
//! [`Layout`] which shard a host is in. A shard is itself a valid mock file.
//!
//! Nothing here knows of a database, an object store or a bus.
//!
//! # Invariants
//!
//! - **No line of a processed text but its first begins with `#`, `---` or `...`**, whatever the mock says. So a line
//!   that begins with `# moclojer host=` is always a header line, and one owner's text cannot reach another's.
//! - **A processed text names its host in its second line**, so the digest of a text covers the host too: a header
//!   line whose host was damaged fits no text.
//! - **The plan of a processed text is the plan of the file** that it was made of, with the host forced.
//! - **A host is removed only by a complete shard** of a higher position; see [`Difference::between`].
//!
//! ```
//! use bytes::Bytes;
//! use moclojer_core::spec::{Format, Settings, host::HostPattern};
//! use moclojer_core::unify::{Document, Position, Revision, Shard, ShardId, Version, process, write_shard};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let file = b"- endpoint: {path: /, response: {body: hello}}";
//! let host = HostPattern::parse("shop-ana.example.com").map_err(|problem| problem.message)?;
//! let processed = process("mock.yml", file, Format::Yaml, &host, &Settings::default());
//! let text = processed.text.ok_or_else(|| format!("{:#?}", processed.problems))?;
//!
//! let document = Document { text: &text, version: Version::new(3), revision: Revision::new(1) };
//! let bytes = write_shard(ShardId::new(0), Position::default(), &[document])?;
//! let shard = Shard::parse(Bytes::from(bytes))?;
//! assert_eq!(shard.entries()[0].host, host);
//! assert_eq!(shard.entries()[0].document, text.as_str());
//! # Ok(()) }
//! ```

mod difference;
mod header;
mod layout;
mod number;
mod read;
mod resolve;
mod shard;
mod text;
mod write;

pub use difference::{Difference, Held};
pub use layout::{HostHash, Layout};
pub use number::{Generation, LayoutNumber, NotANumber, Position, Revision, ShardId, Version};
pub use read::{Damage, Damaged, Digest, Entry, Shard, ShardError};
pub use shard::{Document, WriteError, write_shard};
pub use text::{NotProcessed, ProcessedText};
pub use write::{Processed, as_yaml, process};
