//! The claims of JSON Web Tokens (RFC 7519). Nothing is verified.

use super::encode::decode;
use super::refuse;
use crate::json;
use crate::template::value::{Meter, Stop, Value};

pub(super) fn jwt<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let text = match &value {
        Value::Missing | Value::Null => return Ok(Value::Missing),
        Value::Text(text) | Value::Param(text, _) => text,
        other => return refuse(other, "JSON Web Token"),
    };
    meter.read(text.len())?;
    let part = claims_part(without_scheme(text))?;
    let Some(bytes) = decode(part) else {
        return Err(Stop::from("the claims of the JSON Web Token are no Base64".to_owned()));
    };
    // Each value of the claims is charged before it is made: these bytes are at least as many.
    meter.write(bytes.len())?;
    meter.step(bytes.iter().filter(|byte| b",:[{".contains(byte)).count())?;
    match json::Value::parse(&bytes, json::MAX_DEPTH) {
        Ok(claims @ json::Value::Object(_)) => Ok(Value::owned(&claims)),
        Ok(_) => Err(Stop::from("the claims of the JSON Web Token are no JSON object".to_owned())),
        Err(error) => Err(Stop::from(format!("the claims of the JSON Web Token are no JSON: {error}"))),
    }
}

/// What follows `Bearer `, as an `Authorization` header has it.
fn without_scheme(text: &str) -> &str {
    let text = text.trim();
    match text.split_once(' ') {
        Some((scheme, token)) if scheme.eq_ignore_ascii_case("bearer") => token.trim_start(),
        _ => text,
    }
}

/// The second of three parts, or of two where the signature is left out.
fn claims_part(token: &str) -> Result<&str, Stop> {
    let mut parts = token.split('.');
    match (parts.next(), parts.next(), parts.next(), parts.next()) {
        (Some(_), Some(claims), _, None) => Ok(claims),
        (.., Some(_)) => Err(Stop::from("the JSON Web Token has more than three parts".to_owned())),
        _ => Err(Stop::from("a JSON Web Token has three parts with dots between them".to_owned())),
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use ::base64::Engine;
    use ::base64::prelude::BASE64_URL_SAFE_NO_PAD;
    use proptest::prelude::*;

    use crate::template::tests::{TestScope, render_with, rendered};
    use crate::template::{Mode, Names};

    fn token(claims: &str) -> String {
        let part = |text: &str| BASE64_URL_SAFE_NO_PAD.encode(text);
        format!("{}.{}.{}", part(r#"{"alg":"HS256"}"#), part(claims), part("signature"))
    }

    fn claims_of(token: &str) -> Result<String, String> {
        rendered("{{x|jwt|json}}", &serde_json::json!({ "x": token }).to_string())
    }

    #[test]
    fn claims_are_read_with_and_without_scheme_and_signature() {
        let claims = r#"{"sub":"ann>?","roles":["a","b"],"exp":1700000000.50}"#;
        let whole = token(claims);
        let (without, _) = whole.rsplit_once('.').unwrap();
        let spellings = [
            whole.clone(),
            without.to_owned(),
            format!("{without}."),
            format!("Bearer {whole}"),
            format!(" bEARER  {whole} "),
        ];
        for spelling in spellings {
            assert_eq!(claims_of(&spelling).as_deref(), Ok(claims), "{spelling}");
        }
    }

    #[test]
    fn a_header_gives_its_claims_and_a_missing_one_nothing() {
        let token: &'static str = format!("Bearer {}", token(r#"{"sub":"ann"}"#)).leak();
        let template = "{% with t=headers.authorization|jwt %}[{{t.sub}}]{% endwith %}";
        let scope = TestScope { headers: vec![("authorization", token)], ..TestScope::default() };
        let names = Names::default();
        assert_eq!(render_with(template, Mode::Plain, &names, &scope).as_deref(), Ok("[ann]"));
        assert_eq!(render_with(template, Mode::Plain, &names, &TestScope::default()).as_deref(), Ok("[]"));
    }

    #[test]
    fn what_is_no_token_fails_with_a_sentence() {
        let cases = [
            ("", "three parts"),
            ("abc", "three parts"),
            ("Bearer", "three parts"),
            ("Basic YTpi", "three parts"),
            ("a.b.c.d.e", "more than three parts"),
            ("a.?.c", "no Base64"),
            ("a..c", "no JSON"),
            (&token("[1]"), "no JSON object"),
            (&token("{\"a\":"), "no JSON"),
            (&token(&"[".repeat(1000)), "no JSON"),
            ("a._w.c", "no JSON"),
        ];
        for (text, reason) in cases {
            let found = claims_of(text).unwrap_err();
            assert!(found.contains(reason), "{text}: {found}");
        }
        assert!(rendered("{{x|jwt}}", r#"{"x":1}"#).is_err());
    }

    proptest! {
        #[test]
        fn any_text_is_a_token_or_fails(text in "(Bearer )?[A-Za-z0-9_.-]{0,20}|.{0,8}") {
            let _ = claims_of(&text);
        }
    }
}
