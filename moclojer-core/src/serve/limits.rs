//! What the server bounds, and how a person sets it. Knows nothing of connections.

/// Bounds on what one client can cost. A time runs until the server closes the connection.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Limits {
    /// Bytes of a request's head (request line and fields); beyond: 431.
    pub header_bytes: usize,
    /// Fields of a request's head, at most [`Limits::MAX_HEADER_FIELDS`]; beyond: 431.
    pub header_fields: usize,
    /// Bytes of a request's body; beyond: 413.
    pub body_bytes: usize,
    /// Milliseconds until the first byte of a new connection.
    pub first_byte_ms: u64,
    /// Milliseconds from the first byte of a request's head to its last.
    pub header_ms: u64,
    /// Milliseconds without a byte, either way: between requests, in a body, in an answer.
    pub idle_ms: u64,
    /// Milliseconds that a request waits for a mock that is being made ready; beyond: 503.
    pub ready_ms: u64,
    /// Milliseconds that a client may go on sending after an answer that ends the connection.
    pub linger_ms: u64,
    /// Milliseconds that running requests get at shutdown.
    pub drain_ms: u64,
    /// Connections at one time; more wait in the system's queue. `None`: as many as come.
    pub connections: Option<usize>,
}

impl Default for Limits {
    fn default() -> Self {
        Self {
            header_bytes: 64 << 10,
            header_fields: 256,
            body_bytes: 10 << 20,
            first_byte_ms: 10_000,
            header_ms: 10_000,
            idle_ms: 75_000,
            ready_ms: 10_000,
            linger_ms: 2_000,
            drain_ms: 10_000,
            connections: None,
        }
    }
}

type Setter = fn(&mut Limits, &str) -> Result<(), String>;

/// Every limit by the name that a command line gives it.
const NAMES: [(&str, Setter); 10] = [
    ("header-bytes", |limits, value| size(value).map(|bytes| limits.header_bytes = bytes)),
    ("header-fields", |limits, value| fields(value).map(|fields| limits.header_fields = fields)),
    ("body-bytes", |limits, value| size(value).map(|bytes| limits.body_bytes = bytes)),
    ("first-byte-time", |limits, value| time(value).map(|ms| limits.first_byte_ms = ms)),
    ("header-time", |limits, value| time(value).map(|ms| limits.header_ms = ms)),
    ("idle-time", |limits, value| time(value).map(|ms| limits.idle_ms = ms)),
    ("ready-time", |limits, value| time(value).map(|ms| limits.ready_ms = ms)),
    ("linger-time", |limits, value| time(value).map(|ms| limits.linger_ms = ms)),
    ("drain-time", |limits, value| time(value).map(|ms| limits.drain_ms = ms)),
    ("connections", |limits, value| connections(value).map(|count| limits.connections = count)),
];

impl Limits {
    /// The most fields that [`Limits::header_fields`] can ask for.
    pub const MAX_HEADER_FIELDS: usize = 4096;

    /// Sets the limit called `name` (`body-bytes`, `idle-time`) to `value` (`10MiB`, `75s`).
    ///
    /// # Errors
    /// A sentence for the person who typed it: no such limit, or not a value of its kind.
    pub fn set(&mut self, name: &str, value: &str) -> Result<(), String> {
        let Some((_, setter)) = NAMES.iter().find(|(known, _)| *known == name) else {
            let names: Vec<&str> = Self::names().collect();
            let help = crate::problem::did_you_mean(name, Self::names()).map_or_else(
                || format!("the limits are {}", names.join(", ")),
                |near| format!("did you mean {near}?"),
            );
            return Err(format!("there is no limit {name:?}: {help}"));
        };
        setter(self, value.trim()).map_err(|why| format!("{name}: {why}"))
    }

    /// The names that [`Limits::set`] knows.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }
}

/// Bytes of `4096`, `64KiB`, `10MiB`, `1GiB`; `kB`, `MB`, `GB` are powers of ten.
///
/// # Errors
/// A sentence for the person who typed it.
pub fn size(value: &str) -> Result<usize, String> {
    let (digits, unit) = split_unit(value);
    let factor = match unit.to_ascii_lowercase().as_str() {
        "" | "b" => 1_u64,
        "kib" => 1 << 10,
        "mib" => 1 << 20,
        "gib" => 1 << 30,
        "kb" => 1_000,
        "mb" => 1_000_000,
        "gb" => 1_000_000_000,
        _ => return Err(not_a(value, "a size such as 4096, 64KiB or 10MiB")),
    };
    let bytes = digits.parse::<u64>().ok().and_then(|count| count.checked_mul(factor));
    bytes
        .and_then(|bytes| usize::try_from(bytes).ok())
        .ok_or_else(|| not_a(value, "a size such as 4096, 64KiB or 10MiB"))
}

/// Milliseconds of `500ms`, `10s`, `2m`; at least one, at most a day.
fn time(value: &str) -> Result<u64, String> {
    const DAY_MS: u64 = 24 * 60 * 60 * 1000;
    let (digits, unit) = split_unit(value);
    let factor = match unit {
        "ms" => Some(1_u64),
        "s" => Some(1_000),
        "m" | "min" => Some(60_000),
        _ => None,
    };
    let ms = factor.and_then(|factor| digits.parse::<u64>().ok()?.checked_mul(factor));
    ms.filter(|ms| (1..=DAY_MS).contains(ms))
        .ok_or_else(|| not_a(value, "a time from 1ms to a day, such as 500ms, 10s or 2m"))
}

fn fields(value: &str) -> Result<usize, String> {
    let most = Limits::MAX_HEADER_FIELDS;
    let count = value.parse().ok().filter(|count| (1..=most).contains(count));
    count.ok_or_else(|| not_a(value, &format!("a number from 1 to {most}")))
}

fn connections(value: &str) -> Result<Option<usize>, String> {
    if value == "none" {
        return Ok(None);
    }
    let count = value.parse().ok().filter(|&count: &usize| count > 0);
    count.map(Some).ok_or_else(|| not_a(value, "a number from 1, or none"))
}

fn split_unit(value: &str) -> (&str, &str) {
    let digits = value.bytes().take_while(u8::is_ascii_digit).count();
    let (digits, unit) = value.split_at(digits);
    (digits, unit.trim_start())
}

fn not_a(value: &str, wanted: &str) -> String {
    format!("{value:?} is not {wanted}")
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "a test may stop at what it did not expect")]
    use super::*;

    #[test]
    fn sizes_and_times_are_read_with_their_units() {
        let mut limits = Limits::default();
        for (name, value) in [
            ("header-bytes", "1KiB"),
            ("header-fields", "12"),
            ("body-bytes", "10 MB"),
            ("first-byte-time", "500ms"),
            ("header-time", "2s"),
            ("idle-time", "3m"),
            ("ready-time", "4s"),
            ("linger-time", "1ms"),
            ("drain-time", "1s"),
            ("connections", "7"),
        ] {
            limits.set(name, value).unwrap();
        }
        let expected = Limits {
            header_bytes: 1024,
            header_fields: 12,
            body_bytes: 10_000_000,
            first_byte_ms: 500,
            header_ms: 2_000,
            idle_ms: 180_000,
            ready_ms: 4_000,
            linger_ms: 1,
            drain_ms: 1_000,
            connections: Some(7),
        };
        assert_eq!(limits, expected);
        limits.set("connections", "none").unwrap();
        assert_eq!(limits.connections, None);
    }

    #[test]
    fn what_is_no_limit_or_no_value_of_its_kind_is_refused() {
        let mut limits = Limits::default();
        for (name, value) in [
            ("body-bytes", "ten"),
            ("body-bytes", "-1"),
            ("body-bytes", "99999999999GiB"),
            ("body-bytes", "10s"),
            ("idle-time", "10"),
            ("idle-time", "0s"),
            ("idle-time", "10MiB"),
            ("idle-time", "99999999999999999999s"),
            ("header-fields", "0"),
            ("header-fields", "5000"),
            ("connections", "0"),
            ("", ""),
        ] {
            assert!(limits.set(name, value).is_err(), "{name}={value}");
        }
        assert_eq!(limits, Limits::default());
        let refusal = limits.set("body-byte", "1").unwrap_err();
        assert!(refusal.contains("did you mean body-bytes?"), "{refusal}");
    }
}
