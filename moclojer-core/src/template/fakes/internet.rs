//! The net and computers: addresses, agents, files, colours.

use fake::locales::{Data, EN};

use super::draws::Draws;
use super::language::{Language, Words};
use super::person::domain;

/// Browsers of these years; the crate's are of 2012.
const USER_AGENTS: Words = &[
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1^#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/13#.0.0.0 Safari/537.36 Edg/13#.0.0.0",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1^#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (Macintosh; Intel Mac OS X 10_15_7) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.# Safari/605.1.15",
    "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1^#.0.0.0 Safari/537.36",
    "Mozilla/5.0 (X11; Linux x86_64; rv:140.0) Gecko/20100101 Firefox/140.0",
    "Mozilla/5.0 (Windows NT 10.0; Win64; x64; rv:142.0) Gecko/20100101 Firefox/142.0",
    "Mozilla/5.0 (iPhone; CPU iPhone OS 18_# like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.# Mobile/15E148 Safari/604.1",
    "Mozilla/5.0 (Linux; Android 1^; K) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/1^#.0.0.0 Mobile Safari/537.36",
];

/// Ends of file names and their media types.
const FILES: &[(&str, &str)] = &[
    ("csv", "text/csv"),
    ("docx", "application/vnd.openxmlformats-officedocument.wordprocessingml.document"),
    ("gif", "image/gif"),
    ("html", "text/html"),
    ("jpg", "image/jpeg"),
    ("json", "application/json"),
    ("mp3", "audio/mpeg"),
    ("mp4", "video/mp4"),
    ("pdf", "application/pdf"),
    ("png", "image/png"),
    ("pptx", "application/vnd.openxmlformats-officedocument.presentationml.presentation"),
    ("svg", "image/svg+xml"),
    ("txt", "text/plain"),
    ("wav", "audio/wav"),
    ("webp", "image/webp"),
    ("xlsx", "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"),
    ("xml", "application/xml"),
    ("zip", "application/zip"),
];

pub(super) fn url(draws: &mut Draws, language: &Language) -> String {
    let domain = domain(draws, language);
    let pattern = draws.word(&["/{word}", "/{word}/{word}", "/{word}/^##", "/{word}-{word}"]);
    let path = draws.fill(pattern, &mut |_, draws| draws.word(EN::LOREM_WORD).to_owned());
    format!("https://{domain}{path}")
}

/// An address of one host: not this one, and not of a private network.
pub(super) fn ipv4(draws: &mut Draws, _: &Language) -> String {
    let first = public_first(draws.between(1, 218));
    format!("{first}.{}.{}.{}", draws.below(256), draws.below(256), draws.between(1, 254))
}

/// 1 to 223 without the numbers that private networks and the host itself begin with.
fn public_first(drawn: i64) -> i64 {
    match drawn {
        10 => 219,
        127 => 220,
        169 => 221,
        172 => 222,
        192 => 223,
        other => other,
    }
}

/// In 2001:db8::/32, which is kept for documentation (RFC 3849).
pub(super) fn ipv6(draws: &mut Draws, _: &Language) -> String {
    let groups: Vec<String> = (0..6).map(|_| format!("{:x}", draws.between(1, 0xFFFF))).collect();
    format!("2001:db8:{}", groups.join(":"))
}

/// One that a network gives out itself, so that no maker's range is used.
pub(super) fn mac_address(draws: &mut Draws, _: &Language) -> String {
    let first = (draws.below(256) & 0xFC) | 0x02;
    let rest: String = (0..5).map(|_| format!(":{:02x}", draws.below(256))).collect();
    format!("{first:02x}{rest}")
}

pub(super) fn user_agent(draws: &mut Draws, _: &Language) -> String {
    let pattern = draws.word(USER_AGENTS);
    draws.marks(pattern)
}

pub(super) fn color(draws: &mut Draws, _: &Language) -> String {
    format!("#{:06x}", draws.below(1 << 24))
}

pub(super) fn file_name(draws: &mut Draws, _: &Language) -> String {
    let (ending, _) = draws.pick(FILES).copied().unwrap_or_default();
    let (first, second) = (draws.word(EN::LOREM_WORD), draws.word(EN::LOREM_WORD));
    format!("{first}_{second}.{ending}")
}

pub(super) fn mime_type(draws: &mut Draws, _: &Language) -> String {
    draws.pick(FILES).map_or("", |(_, kind)| kind).to_owned()
}

pub(super) fn semver(draws: &mut Draws, _: &Language) -> String {
    format!("{}.{}.{}", draws.below(10), draws.below(20), draws.below(30))
}

pub(super) fn license_plate(draws: &mut Draws, language: &Language) -> String {
    language.phrase(language.license_plates, draws)
}
