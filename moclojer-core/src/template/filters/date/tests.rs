#![expect(clippy::unwrap_used, reason = "tests")]

use proptest::prelude::*;

use super::*;
use crate::template::Limits;
use crate::template::tests::rendered;

/// The pattern of the rows `every field`.
const FIELDS: &str = "G GGGG GGGGG u uu uuuu y yy yyyy Y YY YYYY Q QQ QQQ QQQQ QQQQQ q qq qqq qqqq qqqqq \
    M MM MMM MMMM MMMMM L LL LLL LLLL LLLLL w ww W D DD DDD d dd F E EE EEE EEEE EEEEE e ee eee eeee eeeee c ccc cccc ccccc \
    a B BBBB BBBBB H HH h hh K KK k kk m mm s ss S SSS SSSSSSSSS A n N g z zzzz VV v O OOOO X XX XXX XXXX XXXXX \
    x xx xxx xxxx xxxxx Z ZZZZ ZZZZZ";

fn formatted(value: Value<'_>, pattern: &str, language: &str) -> Result<String, Stop> {
    let mut meter = Meter::new(&Limits::default());
    let arguments = [Value::text_of(pattern.to_owned()), Value::text_of(language.to_owned())];
    Ok(date(value, &arguments, &mut meter)?.to_text(&mut meter)?.to_string())
}

#[test]
fn dates_print_as_java_prints_them() {
    let mut different = Vec::new();
    for line in include_str!("observed.tsv").lines() {
        let columns: Vec<&str> = line.split('\t').collect();
        let [instant, pattern, language, expected] = columns[..] else { panic!("{line}") };
        let pattern = if pattern == "every field" { FIELDS } else { pattern };
        let found = formatted(Value::text_of(instant.to_owned()), pattern, language);
        let agrees = match expected {
            "!" => found.is_err() && check_pattern(pattern).is_err() | pattern.starts_with('p'),
            _ => found.as_deref() == Ok(expected) && check_pattern(pattern) == Ok(()),
        };
        if !agrees {
            different.push(format!("{line}\n{found:?}"));
        }
    }
    assert_eq!(different, [""; 0]);
}

#[test]
fn instants_are_texts_or_milliseconds() {
    let cases = [
        (r#""2024-03-03T15:05:05Z""#, Ok("2024-03-03 15:05:05.000")),
        (r#""2024-03-03T15:05:05.123456789Z""#, Ok("2024-03-03 15:05:05.123")),
        (r#""2024-03-03T15:05:05+02:00""#, Ok("2024-03-03 13:05:05.000")),
        (r#""2024-03-03t15:05:05z""#, Ok("2024-03-03 15:05:05.000")),
        (r#""2024-03-03 15:05:05""#, Ok("2024-03-03 15:05:05.000")),
        (r#""2024-03-03T15:05""#, Ok("2024-03-03 15:05:00.000")),
        (r#""2024-02-29""#, Ok("2024-02-29 00:00:00.000")),
        (r#""1709478305000""#, Ok("2024-03-03 15:05:05.000")),
        (r#""-1""#, Ok("1969-12-31 23:59:59.999")),
        ("1709478305000", Ok("2024-03-03 15:05:05.000")),
        ("0", Ok("1970-01-01 00:00:00.000")),
        ("-1", Ok("1969-12-31 23:59:59.999")),
        ("1709478305000.7", Ok("2024-03-03 15:05:05.000")),
        ("null", Ok("")),
        ("false", Ok("")),
        ("true", Err("a boolean is no date")),
        ("[]", Err("a list is no date")),
        (r#""""#, Err("the text \"\" is no date")),
        (r#""2023-02-29""#, Err("the text \"2023-02-29\" is no date")),
        (r#""2024-03-03T25:00:00Z""#, Err("is no date")),
        (r#""yesterday""#, Err("the text \"yesterday\" is no date")),
        (r#""1.5""#, Err("is no date")),
        (r#""99999999999999999999""#, Err("is no date")),
        ("99999999999999999999", Err("the number is outside the years -9999 to 9999")),
        ("1e300", Err("the number is outside the years -9999 to 9999")),
        ("400000000000000", Err("the number is outside the years -9999 to 9999")),
    ];
    for (value, expected) in cases {
        let context = format!("{{\"x\":{value}}}");
        let found = rendered("{{x|date:\"yyyy-MM-dd HH:mm:ss.SSS\"}}", &context);
        match expected {
            Ok(text) => assert_eq!(found.as_deref(), Ok(text), "{value}"),
            Err(part) => {
                assert!(found.as_ref().is_err_and(|error| error.contains(part)), "{value}: {found:?}")
            }
        }
    }
    assert_eq!(rendered("[{{gone|date:yyyy}}{{gone|timestamp}}]", "{}").as_deref(), Ok("[]"));
    assert_eq!(rendered("{{gone|date:yyyy|default:none}}", "{}").as_deref(), Ok("none"));
}

#[test]
fn seconds_since_1970_are_rounded_down() {
    let cases = [
        (r#""1990-05-17T08:30:00Z""#, "642933000"),
        ("1709478305999", "1709478305"),
        ("-1", "-1"),
        ("-1000", "-1"),
        (r#""1970-01-02""#, "86400"),
    ];
    for (value, expected) in cases {
        let context = format!("{{\"x\":{value}}}");
        assert_eq!(rendered("{{x|timestamp}}", &context).as_deref(), Ok(expected), "{value}");
    }
}

#[test]
fn a_language_that_is_not_known_is_english() {
    let context = r#"{"x":1709478305000}"#;
    let cases = [
        ("{{x|date:HH:mm}}", "15"),
        ("{{x|date:MMMM:xx}}", "March"),
        ("{{x|date:MMMM:de-AT}}", "März"),
        ("{{x|date:MMMM:FR}}", "mars"),
        ("{{x|date:shortDate:pt_PT}}", "03/03/24"),
        ("{{x|date:longDateTime}}", "March 3, 2024 at 3:05:05 PM UTC"),
        ("{{x|date:fullTime:de}}", "15:05:05 Koordinierte Weltzeit"),
    ];
    for (template, expected) in cases {
        assert_eq!(rendered(template, context).as_deref(), Ok(expected), "{template}");
    }
    let with_pattern = r#"{"p":"yyyy","x":1709478305000}"#;
    assert_eq!(rendered("{{x|date:@p}}", with_pattern).as_deref(), Ok("2024"));
}

#[test]
fn a_pattern_that_says_nothing_is_refused_with_a_reason() {
    let cases = [
        ("yyyy-MM-dd b", "the letter b stands for nothing"),
        ("MMMMMM", "the letter M cannot stand 6 times"),
        ("{d}", "the character {"),
        ("'at", "not closed"),
        ("d]", "a ] without a ["),
        ("shortdate", "the letter o stands for nothing"),
        ("p", "no field after it"),
    ];
    for (pattern, part) in cases {
        assert!(check_pattern(pattern).is_err_and(|message| message.contains(part)), "{pattern}");
    }
    assert_eq!(check_pattern("fullDateTime"), Ok(()));
}

#[test]
fn padding_costs_what_it_prints() {
    let pattern = "p".repeat(100_000) + "d";
    let limits = Limits { steps: 10_000, output_bytes: 50_000 };
    let found = date(Value::Int(0), &[Value::text_of(pattern)], &mut Meter::new(&limits));
    assert_eq!(found.unwrap_err(), Stop::Bytes);
}

proptest! {
    #[test]
    fn no_pattern_panics_and_a_checked_one_prints(
        pattern in "[GuyYQqMLwWDdFEecaBHhKkmsSAnNgzVvOXxZp '\\[\\]{#é.:-]{0,12}",
        instant in -377_705_000_000_000_i64..253_402_200_000_000,
        language in prop::sample::select(locale::tags().collect::<Vec<_>>()),
    ) {
        let found = formatted(Value::Int(instant), &pattern, language);
        match check_pattern(&pattern) {
            // What is padded may still have no room.
            Ok(()) => prop_assert!(found.is_ok() || pattern.contains('p'), "{:?}", found),
            Err(message) => prop_assert!(matches!(found, Err(Stop::Reason(_))), "{}", message),
        }
    }

    #[test]
    fn any_text_is_a_date_or_refused(text in any::<String>(), pattern in any::<String>()) {
        let found = formatted(Value::text_of(text), &pattern, "en");
        prop_assert!(found.is_ok() || matches!(found, Err(Stop::Reason(_))));
    }

    #[test]
    fn an_instant_printed_as_rfc_3339_is_read_back(instant in -62_135_596_800_000_i64..253_402_200_000_000) {
        let text = formatted(Value::Int(instant), "yyyy-MM-dd'T'HH:mm:ss.SSSXXX", "en").unwrap();
        prop_assert_eq!(super::instant(&Value::text_of(text), &mut Meter::new(&Limits::default())).unwrap(), from_milliseconds(instant));
    }
}
