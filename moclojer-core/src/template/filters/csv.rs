//! Lists as CSV (RFC 4180): lines end with CRLF, and a field is quoted where it has to be.

use std::borrow::Cow;
use std::collections::HashMap;

use super::{Growing, refuse};
use crate::template::value::{Meter, Stop, Text, Value};

pub(super) fn csv<'a>(value: Value<'a>, _: &[Value<'a>], meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut out = Growing::new(meter);
    match items_of(&value, out.meter)? {
        None => write_table(&[value], &mut out)?,
        Some(items) if items.iter().all(is_map) => write_table(&items, &mut out)?,
        Some(items) if items.iter().all(is_list) => {
            for (index, row) in items.iter().enumerate() {
                write_line_end(index, &mut out)?;
                let row = items_of(row, out.meter)?.unwrap_or_default();
                write_row(&row, &mut out)?;
            }
        }
        Some(items) => write_row(&items, &mut out)?,
    }
    out.finish()
}

fn is_map(value: &Value<'_>) -> bool {
    matches!(value, Value::Object(_) | Value::Map(_))
}

fn is_list(value: &Value<'_>) -> bool {
    matches!(value, Value::Array(_) | Value::List(_))
}

/// The items of a list; none for a map.
fn items_of<'a>(value: &Value<'a>, meter: &mut Meter) -> Result<Option<Vec<Value<'a>>>, Stop> {
    let items: Vec<Value<'a>> = match value {
        Value::Array(items) => {
            meter.step(items.len())?;
            items.iter().map(Value::from).collect()
        }
        Value::List(items) => {
            meter.step(items.len())?;
            items.to_vec()
        }
        value if is_map(value) => return Ok(None),
        other => return refuse(other, "list or map"),
    };
    Ok(Some(items))
}

fn pairs_of<'a>(map: &Value<'a>, meter: &mut Meter) -> Result<Vec<(Text<'a>, Value<'a>)>, Stop> {
    Ok(match map {
        Value::Object(object) => {
            meter.step(object.len())?;
            object.iter().map(|(key, value)| (Text::Borrowed(key), value.into())).collect()
        }
        Value::Map(pairs) => {
            meter.step(pairs.len())?;
            pairs.to_vec()
        }
        _ => Vec::new(),
    })
}

/// A line of all the maps' keys, then one for each map.
fn write_table(maps: &[Value<'_>], out: &mut Growing<'_>) -> Result<(), Stop> {
    let mut rows = Vec::with_capacity(maps.len());
    for map in maps {
        rows.push(pairs_of(map, out.meter)?);
    }
    let mut places: HashMap<&str, usize, foldhash::fast::RandomState> = HashMap::default();
    let mut names = Vec::new();
    for (key, _) in rows.iter().flatten() {
        let next = places.len();
        if *places.entry(key).or_insert(next) == next {
            names.push(Value::Text(key.clone()));
        }
    }
    if names.is_empty() {
        return Ok(());
    }
    write_row(&names, out)?;
    for row in &rows {
        out.meter.step(names.len())?;
        let mut fields = vec![Value::Missing; names.len()];
        for (key, value) in row {
            if let Some(field) = places.get(&**key).and_then(|place| fields.get_mut(*place)) {
                *field = value.clone();
            }
        }
        write_line_end(1, out)?;
        write_row(&fields, out)?;
    }
    Ok(())
}

/// Ends the line before the one at `index`.
fn write_line_end(index: usize, out: &mut Growing<'_>) -> Result<(), Stop> {
    if index > 0 { out.push("\r\n") } else { Ok(()) }
}

fn write_row(fields: &[Value<'_>], out: &mut Growing<'_>) -> Result<(), Stop> {
    let before = out.text.len();
    for (index, field) in fields.iter().enumerate() {
        if index > 0 {
            out.push(",")?;
        }
        let text = field.to_text(out.meter)?;
        out.push(&quoted(&text))?;
    }
    // A line with nothing on it would not be read as a row of one empty field.
    if out.text.len() == before && !fields.is_empty() { out.push("\"\"") } else { Ok(()) }
}

fn quoted(field: &str) -> Cow<'_, str> {
    if field.contains([',', '"', '\r', '\n']) || field.starts_with(' ') || field.ends_with(' ') {
        Cow::Owned(format!("\"{}\"", field.replace('"', "\"\"")))
    } else {
        Cow::Borrowed(field)
    }
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use proptest::prelude::*;
    use serde_json::Value as Json;

    use crate::template::tests::rendered;

    fn csv_of(value: &Json) -> Result<String, String> {
        rendered("{{v|csv}}", &serde_json::json!({ "v": value }).to_string())
    }

    #[test]
    fn lists_and_maps_become_lines() {
        let cases = [
            (r#"[{"a":1,"b":"x"},{"b":"y","c":null},{}]"#, "a,b,c\r\n1,x,\r\n,y,\r\n,,"),
            (r#"[[1,2],["a",true],[]]"#, "1,2\r\na,true\r\n"),
            (r#"[1,"a",null,false]"#, "1,a,,false"),
            (r#"[1,[2],{"k":"v"}]"#, r#"1,[2],"{""k"":""v""}""#),
            (r#"{"a":1,"b,c":[1,2]}"#, "a,\"b,c\"\r\n1,\"[1,2]\""),
            (
                r#"["a,b","say \"hi\"","a\r","\nb"," a","b ","a b","=1+2"]"#,
                "\"a,b\",\"say \"\"hi\"\"\",\"a\r\",\"\nb\",\" a\",\"b \",a b,=1+2",
            ),
            (r#"[{"a":""},{"a":1}]"#, "a\r\n\"\"\r\n1"),
            (r#"[""]"#, "\"\""),
            ("[]", ""),
            ("{}", ""),
            ("[{},{}]", ""),
        ];
        for (value, expected) in cases {
            assert_eq!(csv_of(&serde_json::from_str(value).unwrap()).as_deref(), Ok(expected), "{value}");
        }
        assert_eq!(rendered("{{v|jsonpath:\"$[*]\"|csv}}", r#"{"v":["b","a"]}"#).as_deref(), Ok("b,a"));
    }

    #[test]
    fn what_is_no_list_or_map_fails() {
        for value in ["1", "\"a\"", "true", "null"] {
            assert!(csv_of(&serde_json::from_str(value).unwrap()).is_err(), "{value}");
        }
        assert!(rendered("{{missing|csv}}", "{}").unwrap_err().contains("a missing value is no list or map"));
    }

    #[test]
    fn many_columns_stop_at_the_limit() {
        let maps: Vec<Json> = (0..2000).map(|number| serde_json::json!({ number.to_string(): 1 })).collect();
        assert!(csv_of(&Json::from(maps)).unwrap_err().contains("steps"));
    }

    fn field() -> impl Strategy<Value = String> {
        // A reader takes a byte order mark at the beginning away.
        prop_oneof!["[ab,\"\r\n ]{0,5}", any::<String>().prop_map(|text| text.replace('\u{feff}', ""))]
    }

    fn read(written: &str) -> Vec<Vec<String>> {
        let mut reader =
            ::csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(written.as_bytes());
        reader.records().map(|record| record.unwrap().iter().map(str::to_owned).collect()).collect()
    }

    proptest! {
        #[test]
        fn rows_read_back(rows in prop::collection::vec(prop::collection::vec(field(), 1..4), 1..4)) {
            let written = csv_of(&serde_json::json!(rows)).unwrap();
            prop_assert_eq!(read(&written), rows);
        }

        #[test]
        fn maps_read_back(
            maps in prop::collection::vec(prop::collection::btree_map(field(), field(), 1..4), 1..4),
        ) {
            let written = csv_of(&serde_json::json!(maps)).unwrap();
            let rows = read(&written);
            prop_assert_eq!(rows.len(), maps.len() + 1);
            for (row, map) in rows[1..].iter().zip(&maps) {
                for (name, field) in rows[0].iter().zip(row) {
                    prop_assert_eq!(field, map.get(name).map_or("", |field| field));
                }
            }
        }
    }
}
