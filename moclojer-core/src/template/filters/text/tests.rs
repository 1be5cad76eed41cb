//! Each filter on texts, by the notes on the original.

use crate::template::filters::tests::check;

#[test]
fn abbreviate_counts_the_ellipsis() {
    let context = r#"{"s":"The lighthouse keeper","b":"starboard","n":123456789,"v":[1,2,3],"w":6,"sign":"…","none":""}"#;
    check(
        context,
        &[
            ("{{s|abbreviate:12}}", Ok("The light...")),
            ("{{b|abbreviate:9}} {{b|abbreviate:8}}", Ok("starboard starb...")),
            ("{{s|abbreviate:15:8}} {{b|abbreviate:15:8}}", Ok("The l... starboard")),
            ("{{b|abbreviate:@w}} {{b|abbreviate:8:@w}}", Ok("sta... sta...")),
            ("{{b|abbreviate:3}}", Ok("...")),
            ("{{b|abbr-left|abbreviate:6}}", Ok("...ard")),
            ("{{b|abbr-right|abbreviate:6}}", Ok("sta...")),
            ("{{b|abbr-middle|abbreviate:7}} {{b|abbr-middle|abbreviate:8}}", Ok("st...rd st...ard")),
            ("{{b|abbr-middle|abbreviate:8:4}}", Ok("...d")),
            ("{{b|abbr-left|abbr-ellipsis:\"[..]\"|abbreviate:6}}", Ok("[..]rd")),
            ("{{b|abbr-ellipsis:@sign|abbreviate:3}}", Ok("st…")),
            ("{{b|abbr-ellipsis:\"\"|abbreviate:3}}[{{b|abbr-ellipsis:\"\"|abbreviate:0}}]", Ok("sta[]")),
            ("{{n|abbreviate:5}} {{v|abbreviate:5}}", Ok("12... [1...")),
            ("[{{gone|abbreviate:5}}{{none|abbreviate:5}}]", Ok("[]")),
            ("{{\"äöüäöü\"|abbreviate:5}}", Ok("äö...")),
            ("{{s|abbreviate:2}}", Err("the width 2 is too small for the ellipsis of 3")),
            ("{{none|abbreviate:2}}", Err("too small")),
            ("{{b|abbreviate:20:2}}", Err("too small")),
            ("{{b|abbreviate:-1}}", Err("too small")),
            ("{{b|abbr-ellipsis:\"[..]\"|abbreviate:3}}", Err("too small for the ellipsis of 4")),
            ("{{b|abbreviate:5:6}}", Err("`max` is 5, which is below the width 6")),
            ("{{b|abbreviate:x}}", Err("")),
            ("{{b|abbreviate:@b}}", Err("the argument `max` is a text, no integer")),
        ],
    );
}

#[test]
fn cases_change_as_in_java() {
    let context =
        r#"{"s":"hELLO wORLD","t":"the OLD  salt's inn  ","g":"ΟΔΟΣ","n":5,"b":true,"e":"","tab":"a\tbC"}"#;
    check(
        context,
        &[
            ("{{s|upper}} {{s|lower}} {{s|capitalize}}", Ok("HELLO WORLD hello world Hello world")),
            ("{{\"straße\"|upper}} {{\"ß\"|capitalize}} {{g|lower}}", Ok("STRASSE SS οδος")),
            ("[{{t|title}}]", Ok("[The Old  Salt's Inn]")),
            ("[{{\"   \"|title}}][{{\" a\"|title}}][{{tab|title}}]", Ok("[][ A][A\tbc]")),
            (
                "{{n|upper}}{{n|lower}}{{n|capitalize}}{{n|title}} {{b|upper}} {{b|title}}",
                Ok("5555 TRUE True"),
            ),
            (
                "[{{gone|upper}}{{gone|lower}}{{gone|capitalize}}{{gone|title}}{{e|capitalize}}{{e|title}}]",
                Ok("[]"),
            ),
        ],
    );
}

#[test]
fn center_puts_the_odd_space_to_the_left() {
    check(
        r#"{"s":"buoy","n":7,"w":6}"#,
        &[
            ("[{{s|center:10}}]", Ok("[   buoy   ]")),
            ("[{{s|center:9}}]", Ok("[   buoy  ]")),
            ("[{{s|center:\" 6 \"}}]", Ok("[ buoy ]")),
            ("[{{s|center:@w}}]", Err("the argument `width` is a number, and a text of digits is wanted")),
            ("[{{s|center:4}}{{s|center:2}}{{s|center:-5}}]", Ok("[buoybuoybuoy]")),
            ("[{{n|center:3}}{{gone|center:4}}]", Ok("[ 7     ]")),
            ("{{\"äö\"|center:4}}", Ok(" äö ")),
            ("{{s|center:x}}", Err("")),
            ("{{s|center:99999999999999}}", Err("rendering wrote more than")),
        ],
    );
}

#[test]
fn quotes_and_characters_are_marked_removed_and_replaced() {
    check(
        r#"{"s":"She said \"don't\" \\ ok","t":"10:30 - 11","n":1334,"b":true,"x":"a.b.c","e":""}"#,
        &[
            ("{{s|addslashes}}", Ok("She said \\\"don\\'t\\\" \\ ok")),
            ("[{{gone|addslashes}}]{{n|addslashes}}", Ok("[]1334")),
            ("{{t|remove:\" -:\"}} {{n|remove:3}} {{b|remove:et}}[{{gone|remove:a}}]", Ok("103011 14 ru[]")),
            ("{{t|remove:\"\"}}", Ok("10:30 - 11")),
            ("{{x|replace:.:\"\"}} {{x|replace:b:\"$1\"}} {{x|replace:x:y}}", Ok("abc a.$1.c a.b.c")),
            ("{{\"aaa\"|replace:aa:b}} {{\"ab\"|replace:\"\":-}}[{{e|replace:a:b}}]", Ok("ba -a-b-[]")),
            ("{{n|replace:3:4}} {{x|replace:b:@n}}", Ok("1444 a.1334.c")),
            ("{{gone|replace:a:b}}", Err("a missing value is no text")),
            ("{{x|replace:a}}", Err("")),
        ],
    );
}

#[test]
fn name_takes_texts_and_str_anything() {
    check(
        r#"{"s":"bosun","n":12.50,"b":false,"v":[1,"a"],"m":{"a":null}}"#,
        &[
            ("{{s|name}}", Ok("bosun")),
            ("{{n|name}}", Err("a number is no text")),
            ("{{b|name}}", Err("a boolean is no text")),
            ("{{gone|name}}", Err("a missing value is no text")),
            (
                "{{s|str}} {{b|str}} {{v|str}} {{m|str}} {{v|str|count}}[{{gone|str}}]",
                Ok("bosun false [1,\"a\"] {\"a\":null} 7[]"),
            ),
        ],
    );
}

#[test]
fn pluralize_counts_what_is_no_number() {
    check(
        r#"{"one":1,"float":1.0,"zero":0,"three":3,"minus":-1,"v":["a"],"vv":["a","b"],"m":{"a":1},"s":"x","t":"xy","e":"",
            "b":true,"ending":"en"}"#,
        &[
            (
                "{{one|pluralize}}{{float|pluralize}}{{zero|pluralize}}{{three|pluralize}}{{minus|pluralize}}",
                Ok("sss"),
            ),
            (
                "{{v|pluralize}}{{m|pluralize}}{{s|pluralize}}-{{vv|pluralize}}{{t|pluralize}}{{e|pluralize}}",
                Ok("-sss"),
            ),
            ("{{\"1\"|pluralize}}{{\"3\"|pluralize}}{{3|pluralize}}-{{12|pluralize}}", Ok("-s")),
            ("{{one|pluralize:es}}-{{three|pluralize:es}}{{three|pluralize:@ending}}", Ok("-esen")),
            ("{{one|pluralize:y:ies}} {{three|pluralize:y:ies}} {{three|pluralize::ies}}", Ok("y ies ies")),
            ("{{gone|pluralize}}", Err("a missing value is no number and has no size")),
            ("{{b|pluralize}}", Err("a boolean is no text, list or map, so it has no size")),
            ("{{one|pluralize:a:b:c}}", Err("")),
        ],
    );
}

#[test]
fn split_and_trim_give_parts_of_a_text() {
    check(
        r#"{"s":"a,,b,","t":"añ😀","n":1.5,"e":"","w":"\t a b \n","sep":"::","x":"p::q"}"#,
        &[
            ("{{s|split:\",\"|json}} {{x|split:@sep|json}}", Ok("[\"a\",\"\",\"b\",\"\"] [\"p\",\"q\"]")),
            ("{{t|split:\"\"|json}} {{t|upper|split:\"\"|last}}", Ok("[\"a\",\"ñ\",\"😀\"] 😀")),
            ("{{t|upper|split:\"Ñ\"|json}}", Ok("[\"A\",\"😀\"]")),
            (
                "{{n|split:.|json}} {{e|split:\",\"|json}} {{e|split:\"\"|json}}",
                Ok("[\"1\",\"5\"] [\"\"] []"),
            ),
            ("{{gone|split:\",\"|json}}", Ok("[]")),
            ("[{{w|trim}}][{{gone|trim}}][{{n|trim}}]", Ok("[a b][][1.5]")),
        ],
    );
}

#[test]
fn subs_takes_characters_that_are_there() {
    check(
        r#"{"s":"starboard","u":"åäö😀","n":1234,"two":2}"#,
        &[
            ("{{s|subs:2:5}} {{u|subs:1:4}} {{s|subs:@two:5}}", Ok("arb äö😀 arb")),
            (
                "{{s|subs:0:4:\"...\"}} {{s|subs:0:9:\"...\"}} {{s|subs:4:9:\"...\"}}",
                Ok("star... starboard board..."),
            ),
            ("[{{s|subs:3:3}}{{s|subs:9:9}}]", Ok("[]")),
            ("{{s|subs:0:10}}", Err("a text of 9 characters has no part from 0 to 10")),
            ("{{s|subs:-1:2}}", Err("no part from -1 to 2")),
            ("{{s|subs:3:2}}", Err("no part from 3 to 2")),
            ("{{s|subs:10:10}}", Err("no part")),
            ("{{s|subs:1}}", Err("")),
            ("{{n|subs:0:2}}", Err("a number is no text")),
            ("{{gone|subs:0:1}}", Err("a missing value is no text")),
        ],
    );
}
