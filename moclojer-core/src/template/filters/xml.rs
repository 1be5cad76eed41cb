//! Values as XML elements. What is written is well formed for any value; a key that is no name of an element
//! is refused.

use super::Growing;
use crate::template::compile;
use crate::template::value::{Meter, Stop, Value};

/// The element of a list's item where no key names it.
const ITEM: &str = "item";

pub(super) fn xml<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut out = Growing::new(meter);
    write_content(&value, &mut out)?;
    out.finish()
}

/// What stands inside of an element: elements for a map or list, else text.
fn write_content(value: &Value<'_>, out: &mut Growing<'_>) -> Result<(), Stop> {
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| write_element(ITEM, &item.into(), out)),
        Value::List(items) => items.iter().try_for_each(|item| write_element(ITEM, item, out)),
        Value::Object(object) => {
            object.iter().try_for_each(|(key, value)| write_pair(key, &value.into(), out))
        }
        Value::Map(pairs) => pairs.iter().try_for_each(|(key, value)| write_pair(key, value, out)),
        scalar => {
            let text = scalar.to_text(out.meter)?;
            out.meter.escaped(&text, escape_into, &mut out.text)
        }
    }
}

/// An element for a key, or one for each item of its list.
fn write_pair(key: &str, value: &Value<'_>, out: &mut Growing<'_>) -> Result<(), Stop> {
    if !is_name(key) {
        return Err(Stop::from(format!("the key {:?} is no name of an XML element", compile::clip(key))));
    }
    match value {
        Value::Array(items) => items.iter().try_for_each(|item| write_element(key, &item.into(), out)),
        Value::List(items) => items.iter().try_for_each(|item| write_element(key, item, out)),
        other => write_element(key, other, out),
    }
}

fn write_element(name: &str, value: &Value<'_>, out: &mut Growing<'_>) -> Result<(), Stop> {
    out.meter.step(1)?;
    for part in ["<", name, ">"] {
        out.push(part)?;
    }
    let before = out.text.len();
    write_content(value, out)?;
    if out.text.len() == before {
        out.text.pop();
        return out.push("/>");
    }
    for part in ["</", name, ">"] {
        out.push(part)?;
    }
    Ok(())
}

/// Appends text without what XML 1.0 (section 2.2) forbids. A carriage return is written as a reference,
/// since a reader takes a plain one for a line end.
fn escape_into(text: &str, out: &mut String) {
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '"' => out.push_str("&quot;"),
            '\'' => out.push_str("&#39;"),
            '\r' => out.push_str("&#13;"),
            '\t' | '\n' => out.push(character),
            '\0'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => {}
            _ => out.push(character),
        }
    }
}

/// True for a name of an element, which may have one prefix (Namespaces in XML 1.0, section 4).
fn is_name(key: &str) -> bool {
    match key.split_once(':') {
        Some((prefix, name)) => is_plain_name(prefix) && is_plain_name(name),
        None => is_plain_name(key),
    }
}

fn is_plain_name(name: &str) -> bool {
    name.starts_with(begins_name) && name.chars().all(continues_name)
}

/// XML 1.0, section 2.3, `NameStartChar` without the colon.
fn begins_name(character: char) -> bool {
    matches!(character,
        'A'..='Z' | '_' | 'a'..='z'
        | '\u{C0}'..='\u{D6}' | '\u{D8}'..='\u{F6}' | '\u{F8}'..='\u{2FF}' | '\u{370}'..='\u{37D}'
        | '\u{37F}'..='\u{1FFF}' | '\u{200C}'..='\u{200D}' | '\u{2070}'..='\u{218F}' | '\u{2C00}'..='\u{2FEF}'
        | '\u{3001}'..='\u{D7FF}' | '\u{F900}'..='\u{FDCF}' | '\u{FDF0}'..='\u{FFFD}' | '\u{10000}'..='\u{EFFFF}')
}

/// XML 1.0, section 2.3, `NameChar` without the colon.
fn continues_name(character: char) -> bool {
    begins_name(character)
        || matches!(character,
            '-' | '.' | '0'..='9' | '\u{B7}' | '\u{300}'..='\u{36F}' | '\u{203F}'..='\u{2040}')
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::Value as Json;

    use super::is_name;
    use crate::template::tests::rendered;

    fn xml_of(value: &Json) -> Result<String, String> {
        rendered("{{v|xml}}", &serde_json::json!({ "v": value }).to_string())
    }

    #[test]
    fn values_become_elements() {
        let cases = [
            (r#"{"id":7,"paid":true}"#, "<id>7</id><paid>true</paid>"),
            (r#"{"tag":["a","b"]}"#, "<tag>a</tag><tag>b</tag>"),
            (r#"{"tag":[]}"#, ""),
            (r#"{"a":null,"b":"","c":{},"d":[null]}"#, "<a/><b/><c/><d/>"),
            (r#"{"a":{"b":{"c":1.50}}}"#, "<a><b><c>1.5</c></b></a>"),
            (r#"{"a":[[1,2],{"b":3}]}"#, "<a><item>1</item><item>2</item></a><a><b>3</b></a>"),
            (r#"{"s:Body":1,"ü-1.x":2}"#, "<s:Body>1</s:Body><ü-1.x>2</ü-1.x>"),
            (
                r#"[1,"x",[2],{"k":3}]"#,
                "<item>1</item><item>x</item><item><item>2</item></item><item><k>3</k></item>",
            ),
            (r#""a & <b> \"c\" 'd' ]]>""#, "a &amp; &lt;b&gt; &quot;c&quot; &#39;d&#39; ]]&gt;"),
            (r#""a\u0000\u001b\uffff\r\n\tb""#, "a&#13;\n\tb"),
            ("true", "true"),
            ("null", ""),
            ("[]", ""),
            ("{}", ""),
        ];
        for (value, expected) in cases {
            assert_eq!(xml_of(&serde_json::from_str(value).unwrap()).as_deref(), Ok(expected), "{value}");
        }
        assert_eq!(rendered("{{x|xml}}", r#"{"x":70.50}"#).as_deref(), Ok("70.50"));
        assert_eq!(rendered("[{{missing|xml}}]", "{}").as_deref(), Ok("[]"));
    }

    #[test]
    fn lists_and_maps_that_filters_made_become_elements() {
        let made = rendered("{{v|jsonpath:\"$[*]\"|xml}}", r#"{"v":[1,{"k":null}]}"#);
        assert_eq!(made.as_deref(), Ok("<item>1</item><item><k/></item>"));
        let claims = rendered("{{\"eyJhbGciOiJub25lIn0.eyJzdWIiOiJhbm4ifQ.\"|jwt|xml}}", "{}");
        assert_eq!(claims.as_deref(), Ok("<sub>ann</sub>"));
    }

    #[test]
    fn a_key_that_is_no_name_is_named() {
        for key in ["", "1a", "a b", "a<", "-a", ".a", "a:", ":a", "a:b:c", "a/b", "×"] {
            let reason = xml_of(&serde_json::json!({ "ok": { key: 1 } })).unwrap_err();
            assert!(reason.contains(&format!("the key {key:?} is no name")), "{key}: {reason}");
        }
    }

    /// Any value; keys are of few characters, so that many are names.
    fn value() -> impl Strategy<Value = Json> {
        let leaf = prop_oneof![
            Just(Json::Null),
            any::<bool>().prop_map(Json::from),
            any::<i64>().prop_map(Json::from),
            any::<String>().prop_map(Json::from),
            "[&<>\"'\\]\r\n\t\u{0}-\u{1f}\u{fffe}\u{ffff}a]{0,6}".prop_map(Json::from),
        ];
        leaf.prop_recursive(4, 24, 4, |inner| {
            prop_oneof![
                prop::collection::vec(inner.clone(), 0..4).prop_map(Json::from),
                prop::collection::btree_map("[a-cü1-]{0,2}|.{1,2}", inner, 0..3)
                    .prop_map(|pairs| pairs.into_iter().collect()),
            ]
        })
    }

    /// The texts of all that is neither list nor map, as XML can hold them.
    fn texts(value: &Json, found: &mut Vec<String>) {
        match value {
            Json::Array(items) => items.iter().for_each(|item| texts(item, found)),
            Json::Object(pairs) => pairs.values().for_each(|value| texts(value, found)),
            Json::Null => {}
            Json::String(text) => {
                let forbidden = |one: &char| {
                    (*one < ' ' && !matches!(one, '\t' | '\n' | '\r'))
                        || matches!(one, '\u{fffe}' | '\u{ffff}')
                };
                let kept: String = text.chars().filter(|one| !forbidden(one)).collect();
                if !kept.is_empty() {
                    found.push(kept);
                }
            }
            other => found.push(other.to_string()),
        }
    }

    proptest! {
        #[test]
        fn what_is_written_reads_back(value in value()) {
            let written = match xml_of(&value) {
                Ok(written) => written,
                Err(reason) => {
                    prop_assert!(reason.contains("is no name of an XML element"), "{}", reason);
                    return Ok(());
                }
            };
            let document = format!("<root>{written}</root>");
            let read = roxmltree::Document::parse(&document);
            // A prefix stands for what the template around it declares.
            if let Err(roxmltree::Error::UnknownNamespace(..)) = read {
                return Ok(());
            }
            let read = read.unwrap();
            let texts_read = read.descendants().filter(|node| node.is_text()).filter_map(|node| node.text());
            let found: Vec<String> = texts_read.map(str::to_owned).collect();
            let mut expected = Vec::new();
            texts(&value, &mut expected);
            prop_assert_eq!(found, expected);
        }

        #[test]
        fn names_are_those_that_a_reader_takes(name in "[a-zA-Z_0-9.:-]{0,3}|.{1,3}") {
            let document = format!("<root xmlns:{0}='u'><{name}/></root>", name.split(':').next().unwrap_or("a"));
            let plain = format!("<{name}/>");
            let read = if name.contains(':') { roxmltree::Document::parse(&document) } else { roxmltree::Document::parse(&plain) };
            // `<a />` has a name and a space; what is a name here is one there.
            if is_name(&name) && !name.starts_with("xml") {
                prop_assert!(read.is_ok(), "{:?}", read.err());
            }
        }
    }
}
