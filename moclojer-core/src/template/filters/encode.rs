//! Filters that write a text in another encoding, or read it from one.

use ::base64::Engine;
use ::base64::alphabet;
use ::base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use super::{map_text, refuse, refuse_text};
use crate::template::value::{Meter, Stop, Value};

/// Writes padding, reads with or without it.
const CONFIG: GeneralPurposeConfig =
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent);
const STANDARD: GeneralPurpose = GeneralPurpose::new(&alphabet::STANDARD, CONFIG);
const URL: GeneralPurpose = GeneralPurpose::new(&alphabet::URL_SAFE, CONFIG);

pub(super) fn base64<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| STANDARD.encode(text))
}

pub(super) fn base64_decode<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    let Some(bytes) = decode(&text) else {
        return refuse_text(&text, "Base64");
    };
    meter.write(bytes.len())?;
    let Ok(decoded) = String::from_utf8(bytes) else {
        return Err(Stop::from("what the Base64 holds is no UTF-8 text".to_owned()));
    };
    Ok(Value::text_of(decoded))
}

/// The bytes behind Base64 of either alphabet.
pub(super) fn decode(text: &str) -> Option<Vec<u8>> {
    let engine = if text.contains(['-', '_']) { &URL } else { &STANDARD };
    engine.decode(text).ok()
}

pub(super) fn json<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut text = String::new();
    value.write_json(&mut text, meter)?;
    meter.read(text.len())?;
    Ok(Value::text_of(text))
}

/// Form encoding as Java writes it, which keeps `*` and escapes `~`.
pub(super) fn urlescape<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let (Value::Text(text) | Value::Param(text, _)) = &value else {
        return refuse(&value, "text");
    };
    meter.read(text.len())?;
    let mut out = String::new();
    meter.escaped(text, escape_into, &mut out)?;
    meter.read(out.len())?;
    Ok(Value::text_of(out))
}

fn escape_into(text: &str, out: &mut String) {
    const DIGITS: [char; 16] =
        ['0', '1', '2', '3', '4', '5', '6', '7', '8', '9', 'A', 'B', 'C', 'D', 'E', 'F'];
    for byte in text.bytes() {
        match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'*' | b'-' | b'.' | b'_' => out.push(char::from(byte)),
            b' ' => out.push('+'),
            _ => out.extend(['%', DIGITS[usize::from(byte >> 4)], DIGITS[usize::from(byte & 15)]]),
        }
    }
}

/// A `%` that two hexadecimal digits do not follow stays as it is.
pub(super) fn urldecode<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    if !text.contains(['%', '+']) {
        return Ok(Value::Text(text));
    }
    let bytes = unescaped(text.as_bytes());
    meter.write(bytes.len())?;
    let Ok(decoded) = String::from_utf8(bytes) else {
        return Err(Stop::from("what the form encoding holds is no UTF-8 text".to_owned()));
    };
    Ok(Value::text_of(decoded))
}

fn unescaped(text: &[u8]) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let [first, after @ ..] = rest {
        rest = after;
        let digits = match after {
            [high, low, ..] if *first == b'%' => hexadecimal(*high).zip(hexadecimal(*low)),
            _ => None,
        };
        match (digits, first) {
            (Some((high, low)), _) => {
                bytes.push(high << 4 | low);
                rest = after.get(2..).unwrap_or(&[]);
            }
            (None, b'+') => bytes.push(b' '),
            (None, other) => bytes.push(*other),
        }
    }
    bytes
}

fn hexadecimal(digit: u8) -> Option<u8> {
    match digit {
        b'0'..=b'9' => Some(digit - b'0'),
        b'a'..=b'f' => Some(digit - b'a' + 10),
        b'A'..=b'F' => Some(digit - b'A' + 10),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::Value as Json;

    use crate::json;
    use crate::template::tests::{OPEN, TestScope, body, render_with, rendered};
    use crate::template::{Limits, Mode, Names, compile};

    /// What a template renders to for a text `x`.
    fn of_text(template: &str, text: &str) -> Result<String, String> {
        rendered(template, &serde_json::json!({ "x": text }).to_string())
    }

    #[test]
    fn base64_is_that_of_rfc_4648() {
        let cases = [
            ("", ""),
            ("f", "Zg=="),
            ("fo", "Zm8="),
            ("foo", "Zm9v"),
            ("foob", "Zm9vYg=="),
            ("fooba", "Zm9vYmE="),
            ("foobar", "Zm9vYmFy"),
            ("ÿ?>", "w78/Pg=="),
        ];
        for (text, encoded) in cases {
            assert_eq!(of_text("{{x|base64}}", text).as_deref(), Ok(encoded));
            let bare = encoded.trim_end_matches('=');
            for spelling in [encoded, bare, &encoded.replace('/', "_"), &bare.replace('/', "_")] {
                assert_eq!(of_text("{{x|base64-decode}}", spelling).as_deref(), Ok(text), "{spelling}");
            }
        }
        assert_eq!(rendered("{{x|base64}}", r#"{"x":70.50}"#).as_deref(), Ok("NzAuNTA="));
        assert_eq!(rendered("[{{missing|base64}}{{missing|base64-decode}}]", "{}").as_deref(), Ok("[]"));
    }

    #[test]
    fn what_is_no_base64_fails() {
        for text in ["a", "????", "Zm9v Zm9v", "Zg=a", "+/-_", "é"] {
            assert!(of_text("{{x|base64-decode}}", text).unwrap_err().contains("is no Base64"), "{text}");
        }
        assert!(of_text("{{x|base64-decode}}", "/w==").unwrap_err().contains("UTF-8"));
    }

    #[test]
    fn form_encoding_is_that_of_java() {
        let cases = [
            ("a b&c", "a+b%26c"),
            ("*-_.", "*-_."),
            ("~/?#+%", "%7E%2F%3F%23%2B%25"),
            ("ü€😀", "%C3%BC%E2%82%AC%F0%9F%98%80"),
            ("\n\0", "%0A%00"),
            ("", ""),
        ];
        for (text, encoded) in cases {
            assert_eq!(of_text("{{x|urlescape}}", text).as_deref(), Ok(encoded));
            assert_eq!(of_text("{{x|urldecode}}", encoded).as_deref(), Ok(text));
        }
    }

    #[test]
    fn only_texts_are_form_encoded() {
        for value in ["1", "1.5", "true", "null", "[]", "{}"] {
            assert!(
                rendered("{{v.x|urlescape}}", &format!("{{\"v\":{{\"x\":{value}}}}}")).is_err(),
                "{value}"
            );
        }
        assert!(rendered("{{missing|urlescape}}", "{}").is_err());
    }

    #[test]
    fn broken_escapes_stay() {
        let cases = [
            ("100%", "100%"),
            ("%", "%"),
            ("%2", "%2"),
            ("%zz+%2z", "%zz %2z"),
            ("%%41", "%A"),
            ("%c3%BC", "ü"),
        ];
        for (text, decoded) in cases {
            assert_eq!(of_text("{{x|urldecode}}", text).as_deref(), Ok(decoded), "{text}");
        }
        assert!(of_text("{{x|urldecode}}", "%FF").unwrap_err().contains("UTF-8"));
        assert_eq!(rendered("[{{missing|urldecode}}]", "{}").as_deref(), Ok("[]"));
    }

    #[test]
    fn json_keeps_the_digits_of_numbers() {
        let digits = r#"{"x":[70.50,1e400,123456789012345678901234567890,-0.0]}"#;
        let json = json::Value::parse(digits.as_bytes(), json::MAX_DEPTH).unwrap();
        let scope = TestScope { json: Some(json), ..TestScope::default() };
        assert_eq!(
            render_with("{{json-params|json}}", Mode::Plain, &Names::default(), &scope).as_deref(),
            Ok(digits)
        );
    }

    proptest! {
        #[test]
        fn every_text_comes_back_from_base64_and_form_encoding(text in any::<String>()) {
            for template in ["{{x|base64|base64-decode}}", "{{x|urlescape|urldecode}}"] {
                let found = of_text(template, &text);
                prop_assert_eq!(found.as_deref(), Ok(&*text), "{}", template);
            }
        }

        #[test]
        fn any_text_decodes_or_fails_with_a_reason(text in "[%+a-zA-Z0-9/_=-]{0,12}|.{0,8}") {
            for template in ["{{x|base64-decode}}", "{{x|urldecode}}"] {
                if let Err(reason) = of_text(template, &text) {
                    prop_assert!(reason.contains("UTF-8") || reason.contains("Base64"), "{}", reason);
                }
            }
        }

        #[test]
        fn no_filter_of_notation_panics_or_passes_a_limit(
            v in notation(),
            filter in prop::sample::select(
                vec!["base64", "base64-decode", "csv", "hash:@a", "json", "jwt", "urldecode", "urlescape", "xml"],
            ),
            a in prop_oneof![notation(), prop::sample::select(vec!["md5", "sha", "sha512"]).prop_map(Json::from)],
        ) {
            let scope = body(&serde_json::json!({ "v": v, "a": a }).to_string());
            let compiled = compile(&format!("{{{{v|{filter}}}}}"), Mode::Plain, &OPEN);
            let limits = Limits { steps: 300, output_bytes: 600 };
            let mut out = String::new();
            let result = compiled.template.unwrap().render(&scope, &limits, &mut out);
            prop_assert!(result.is_err() || out.len() <= 600);
        }
    }

    /// Any value of a few levels.
    fn notation() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<f64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
            "[a-zA-Z0-9+/=%.]{0,200}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 48, 6, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..6).prop_map(Json::from),
                prop::collection::btree_map("[a-c]|.{0,2}", inner, 0..4)
                    .prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }
}
