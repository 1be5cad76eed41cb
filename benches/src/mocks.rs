//! Many hosts, each with the mock of `mock.yml`: 2 KiB, ten endpoints, of which the first seven have one fixed answer.
//!
//! Makes their processed texts, and a folder that `moclojer --unified` serves. Knows nothing of who serves them.

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use moclojer_core::spec::host::HostPattern;
use moclojer_core::spec::{Format, Settings};
use moclojer_core::unify::{
    Document, Generation, Layout, LayoutNumber, Position, ProcessedText, Revision, Version, process,
    write_shard,
};

/// How many endpoints of the mock are `/bench/0`, `/bench/1` and so on, with [`BODY`].
pub(crate) const FIXED: usize = 7;
/// The answer of those.
pub(crate) const BODY: &str = r#"{"revision": "REVISION", "state": "published", "items": [1, 2]}"#;

const FILE: &str = include_str!("../mock.yml");
const SHARDS: u32 = 1_024;
/// The salt of the folder's installation, as `layout.json` has it.
const SALT: [u8; 32] = [7; 32];

/// The mocks of all hosts.
#[derive(Debug)]
pub(crate) struct Mocks {
    name: String,
    text: String,
}

impl Mocks {
    /// The file is read once; the text of another host has another name in it, of the same length.
    pub(crate) fn new() -> Result<Self> {
        let name = name(0);
        let processed = process("mock.yml", FILE.as_bytes(), Format::Yaml, &host(0)?, &Settings::default());
        let text = processed.text.context("mock.yml is valid")?.as_str().to_owned();
        Ok(Self { name, text })
    }

    /// The processed text of the host with this number.
    pub(crate) fn text(&self, number: usize) -> Result<ProcessedText> {
        let host = host(number)?;
        let text = self.text.replace(&self.name, host.as_str());
        Ok(ProcessedText::stored(host, text)?)
    }

    /// Writes `layout.json` and the shards of so many hosts.
    pub(crate) fn write_store(&self, folder: &Path, hosts: usize) -> Result<()> {
        let number = LayoutNumber::new(1);
        let layout = Layout::new(number, SHARDS.try_into()?, SALT);
        let mut shards: Vec<Vec<ProcessedText>> = layout.shards().map(|_| Vec::new()).collect();
        for number in 0..hosts {
            let text = self.text(number)?;
            let shard = usize::try_from(layout.shard_of(text.host()).get())?;
            shards.get_mut(shard).context("a shard of the layout")?.push(text);
        }
        let unified = folder.join(format!("unified/{number}"));
        fs::create_dir_all(&unified)?;
        let position = Position { layout: number, generation: Generation::new(1) };
        for (id, texts) in layout.shards().zip(&shards) {
            let document = |text| Document { text, version: Version::new(1), revision: Revision::new(1) };
            let documents: Vec<_> = texts.iter().map(document).collect();
            fs::write(unified.join(format!("{id}.yml")), write_shard(id, position, &documents)?)?;
        }
        let salt: String = SALT.iter().map(|byte| format!("{byte:02x}")).collect();
        let file = format!(
            r#"{{"v":1,"installation":"00000000-0000-4000-8000-000000000000","layout":{number},"shards":{SHARDS},"salt":"{salt}"}}"#
        );
        Ok(fs::write(folder.join("layout.json"), file)?)
    }
}

/// The name of a host.
pub(crate) fn name(number: usize) -> String {
    format!("m{number:06}-bench.mocks.test")
}

fn host(number: usize) -> Result<HostPattern> {
    HostPattern::parse(&name(number)).map_err(|problem| anyhow::anyhow!(problem.message))
}
