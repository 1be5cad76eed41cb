//! The cookies of a request (RFC 6265, section 4.2): `a=b; c="d"`.

use std::borrow::Cow;

use http::{HeaderMap, header};

/// Names and values in the order in which they were sent. A pair without `=` or without a name is none; nothing is
/// decoded, double quotes around a value are dropped.
pub(super) fn pairs(headers: &HeaderMap) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
    let values = headers.get_all(header::COOKIE).iter();
    values.flat_map(|value| value.as_bytes().split(|&byte| byte == b';')).filter_map(|pair| {
        let equals = pair.iter().position(|&byte| byte == b'=')?;
        let (name, value) = pair.split_at_checked(equals)?;
        let (name, value) = (name.trim_ascii(), value.get(1..)?.trim_ascii());
        let value = value.strip_prefix(b"\"").and_then(|rest| rest.strip_suffix(b"\"")).unwrap_or(value);
        (!name.is_empty()).then(|| (String::from_utf8_lossy(name), String::from_utf8_lossy(value)))
    })
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;

    #[test]
    fn pairs_are_read_as_they_were_sent() {
        let mut headers = HeaderMap::new();
        for value in ["a=b; c=\"d e\";A=1", "a=2;flag; =x; q=\"; e=; p=%20+; s = t ; x=y=z"] {
            headers.append(header::COOKIE, value.parse().unwrap());
        }
        let found: Vec<_> = pairs(&headers).collect();
        let found: Vec<(&str, &str)> = found.iter().map(|(name, value)| (&**name, &**value)).collect();
        let wanted = [
            ("a", "b"),
            ("c", "d e"),
            ("A", "1"),
            ("a", "2"),
            ("q", "\""),
            ("e", ""),
            ("p", "%20+"),
            ("s", "t"),
            ("x", "y=z"),
        ];
        assert_eq!(found, wanted);
    }

    proptest::proptest! {
        #[test]
        fn what_is_sent_by_the_rules_is_read_as_it_was(
            sent in proptest::collection::vec(("[!#$%&'*+.^_`|~0-9A-Za-z-]{1,8}", "[!#-+--:<-\\[\\]-~]{0,8}", proptest::bool::ANY), 0..8)
        ) {
            let written: Vec<String> = sent
                .iter()
                .map(|(name, value, quoted)| if *quoted { format!("{name}=\"{value}\"") } else { format!("{name}={value}") })
                .collect();
            let mut headers = HeaderMap::new();
            headers.insert(header::COOKIE, written.join("; ").parse().unwrap());
            let found: Vec<(String, String)> =
                pairs(&headers).map(|(name, value)| (name.into_owned(), value.into_owned())).collect();
            let sent: Vec<(String, String)> = sent.into_iter().map(|(name, value, _)| (name, value)).collect();
            proptest::prop_assert_eq!(found, sent);
        }

        #[test]
        fn no_bytes_stop_it(bytes in proptest::collection::vec(0x20..=0xFF_u8, 0..64)) {
            let mut headers = HeaderMap::new();
            if let Ok(value) = http::HeaderValue::from_bytes(&bytes) {
                headers.insert(header::COOKIE, value);
            }
            proptest::prop_assert!(pairs(&headers).all(|(name, _)| !name.is_empty()));
        }
    }
}
