//! Each filter on lists and maps, by the notes on the original.

use crate::template::filters::tests::check;

const CONTEXT: &str = r#"{"v":[9,8,7],"s":"anchor","u":"a😀ü","e":[],"es":"","em":{},"m":{"a":1,"b":[2,3]},"n":5,"b":false,
    "t":true,"null":null,"zero":0,"one":1,"text":"2"}"#;

#[test]
fn sizes_are_of_texts_lists_and_maps() {
    check(
        CONTEXT,
        &[
            (
                "{{v|count}} {{s|count}} {{u|length}} {{m|length}} {{es|count}}{{e|count}}{{em|count}}",
                Ok("3 6 3 2 000"),
            ),
            ("{{gone|count}}{{null|length}} {{12|length}}", Ok("00 2")),
            ("{{n|count}}", Err("a number is no text, list or map, so it has no size")),
            ("{{b|length}}", Err("a boolean is no text")),
            (
                "{{v|count-is:3}} {{s|length-is:6}} {{m|length-is:2}} {{u|count-is:3}}",
                Ok("true true true true"),
            ),
            ("{{gone|count-is:0}} {{null|count-is:0}}", Ok("true true")),
            ("{% if v|count-is:2 %}2{% else %}not 2{% endif %}", Ok("not 2")),
            ("{{m|count-is:@text}}", Ok("true")),
            ("{{e|count-is:@zero}}", Err("the argument `n` is a number, and a text of digits is wanted")),
            ("{{v|length-is:two}}", Err("")),
            ("{{v|length-is:@s}}", Err("the argument `n` is a text, no integer")),
            ("{{n|count-is:1}}", Err("a number is no text")),
        ],
    );
}

#[test]
fn another_value_stands_for_what_is_missing_false_or_empty() {
    check(
        CONTEXT,
        &[
            ("{{gone|default:x}} {{null|default:x}} {{b|default:x}}", Ok("x x x")),
            ("[{{es|default:x}}{{zero|default:x}}{{e|default:x}}]", Ok("[0[]]")),
            ("{{gone|default:@v}} {{gone|default:@gone}}", Ok("[9,8,7] @gone")),
            ("{{gone|default-if-empty:x}}{{null|default-if-empty:x}}{{es|default-if-empty:x}}", Ok("xxx")),
            ("{{e|default-if-empty:x}}{{em|default-if-empty:x}}[{{\" \"|default-if-empty:x}}]", Ok("xx[ ]")),
            ("{{v|default-if-empty:x}} {{m|default-if-empty:x}}", Ok("[9,8,7] {\"a\":1,\"b\":[2,3]}")),
            ("{{n|default-if-empty:x}}", Err("a number is no text, list or map")),
            ("{{b|default-if-empty:x}}", Err("a boolean is no text, list or map")),
            (
                "{{e|empty?}} {{es|empty?}} {{em|empty?}} {{gone|empty?}} {{null|empty?}}",
                Ok("true true true true true"),
            ),
            ("{{v|empty?}} {{s|empty?}} {{m|empty?}}", Ok("false false false")),
            ("{{n|empty?}}", Err("a number is no text")),
            ("{{t|empty?}}", Err("a boolean is no text")),
            (
                "[{{e|not-empty}}{{es|not-empty}}{{em|not-empty}}{{gone|not-empty}}]{{s|not-empty}}",
                Ok("[]anchor"),
            ),
            ("{% if v|not-empty %}full{% endif %}{% if e|not-empty %}empty{% endif %}", Ok("full")),
            ("{{n|not-empty}}", Err("a number is no text")),
        ],
    );
}

#[test]
fn ends_of_lists_and_texts_are_taken() {
    check(
        CONTEXT,
        &[
            ("{{v|first}} {{v|last}} {{s|first}} {{s|last}} {{u|last}}", Ok("9 7 a r ü")),
            ("[{{e|first}}{{es|first}}{{es|last}}]", Ok("[]")),
            ("{{m|first|first}} {{m|last|last}}", Ok("a [2,3]")),
            ("{{v|reverse|first}} {{v|reverse|last}}", Ok("7 9")),
            ("{{e|last}}", Err("an empty list has no last item")),
            ("{{n|first}}", Err("a number is no list or text")),
            ("{{b|last}}", Err("a boolean is no list or text")),
            ("{{gone|first}}", Err("a missing value is no list or text")),
            ("{{null|last}}", Err("null is no list or text")),
        ],
    );
}

#[test]
fn take_and_drop_forgive_numbers_out_of_range() {
    check(
        CONTEXT,
        &[
            ("{{v|take:2}} {{v|take:9}} {{v|take:0}} {{v|take:-1}}", Ok("[9,8] [9,8,7] [] []")),
            ("{{v|drop:1}} {{v|drop:9}} {{v|drop:0}} {{v|drop:-2}}", Ok("[8,7] [] [9,8,7] [9,8,7]")),
            ("{{v|drop-last:1}} {{v|drop-last:9}} {{v|drop-last:-1}}", Ok("[9,8] [] [9,8,7]")),
            ("{{s|take:2}} {{s|drop:2}} {{s|drop-last:2}}[{{s|take:-2}}{{s|drop:99}}]", Ok("an chor anch[]")),
            ("{{u|drop:1}} {{u|upper|take:2}} {{u|take:2|count}}", Ok("😀ü A😀 2")),
            ("{{v|sort|take:2}} {{v|sort|drop:2}} {{v|reverse|drop-last:1}}", Ok("[7,8] [9] [7,8]")),
            ("{{m|take:1}} {% for k,x in m|drop:1 %}{{k}}={{x}}{% endfor %}", Ok("[[\"a\",1]] b=[2,3]")),
            ("{{v|take:@one}} {{v|drop:@text}} {{v|take:\" 1\"}}", Ok("[9] [7] [9]")),
            ("{{v|take:x}}", Err("")),
            ("{{v|take:@s}}", Err("the argument `n` is a text, no integer")),
            ("{{n|take:1}}", Err("a number is no list or text")),
            ("{{gone|take:1}}", Err("a missing value")),
            ("{{gone|drop:1}}", Err("a missing value")),
            ("{{gone|drop-last:1}}", Err("a missing value")),
        ],
    );
}

#[test]
fn items_are_joined_as_they_render() {
    check(
        r#"{"v":[null,true,1.5,"",[1],{"a":"b"}],"w":[1,2],"s":"abc","sep":" & ","n":7,"e":[],"es":"","m":{"k":1}}"#,
        &[
            ("{{v|join:-}}", Ok("-true-1.5--[1]-{\"a\":\"b\"}")),
            ("{{w|join}} {{w|join:@sep}} {{w|join:@n}} {{w|join:\":\"}}", Ok("12 1 & 2 172 1:2")),
            (
                "{{s|join:.}} {{s|upper|join:.}}[{{e|join:.}}{{es|join:.}}] {{m|join}}",
                Ok("a.b.c A.B.C[] [\"k\",1]"),
            ),
            ("{{n|join}}", Err("a number is no list or text")),
            ("{{gone|join:.}}", Err("a missing value is no list or text")),
        ],
    );
}

#[test]
fn one_of_the_items_is_drawn() {
    check(
        CONTEXT,
        &[
            ("{% for i in 200|range %}{% endfor %}{{\"aa\"|rand-nth}}", Ok("a")),
            ("{{e|rand-nth}}", Err("nothing can be drawn")),
            ("{{es|rand-nth}}", Err("nothing can be drawn")),
            ("{{m|rand-nth}}", Err("a map is no list or text")),
            ("{{gone|rand-nth}}", Err("a missing value")),
            ("{{n|rand-nth}}", Err("a number")),
        ],
    );
    for (template, all) in [
        ("{% for i in x %}{{v|rand-nth}}{% endfor %}", "987"),
        ("{% for i in x %}{{v|reverse|rand-nth}}{% endfor %}", "987"),
        ("{% for i in x %}{{s|rand-nth}}{% endfor %}", "a😀ü"),
    ] {
        let context = serde_json::json!({ "x": "x".repeat(100), "v": [9, 8, 7], "s": "a😀ü" }).to_string();
        let drawn = crate::template::tests::rendered(template, &context).unwrap_or_default();
        assert_eq!(drawn.chars().count(), 100, "{template}");
        assert!(all.chars().all(|item| drawn.contains(item)), "{template}");
        assert!(drawn.chars().all(|item| all.contains(item)), "{template}");
    }
}

#[test]
fn a_range_ends_before_the_value() {
    check(
        r#"{"n":4,"f":3.0,"h":2.5,"s":"3","x":"x","two":2,"v":[1],"big":9223372036854775807}"#,
        &[
            ("{{n|range}} {{s|range}} {{3|range}} {{f|range}}", Ok("[0,1,2,3] [0,1,2] [0,1,2] [0,1,2]")),
            ("{{n|range:1}} {{9|range:1:3}} {{n|range:@two}}", Ok("[1,2,3] [1,4,7] [2,3]")),
            ("{{0|range:5:-2}} {{0|range:-3}}", Ok("[5,3,1] [-3,-2,-1]")),
            ("{{0|range}} {{n|range:4}} {{n|range:9}} {{9|range:0:-1}}", Ok("[] [] [] []")),
            (
                "{{big|range:9223372036854775806}} {{big|range:9223372036854775800:5}}",
                Ok("[9223372036854775806] [9223372036854775800,9223372036854775805]"),
            ),
            ("{{n|range:0:0}}", Err("in steps of 0")),
            ("{{big|range}}", Err("steps")),
            ("{{big|range:-9223372036854775808}}", Err("steps")),
            ("{{x|range}}", Err("the text \"x\" is no integer")),
            ("{{h|range}}", Err("the text \"2.5\" is no integer")),
            ("{{v|range}}", Err("a list is no integer")),
            ("{{gone|range}}", Err("a missing value is no integer")),
        ],
    );
}

#[test]
fn lists_and_texts_are_reversed_and_lose_what_stands_twice() {
    check(
        r#"{"v":[1,"1",1,1.0,null,[1],[1],{"a":1},{"a":1},true],"s":"añ😀a","n":5,"m":{"a":1,"b":2}}"#,
        &[
            ("{{v|uniq}}", Ok("[1,\"1\",1.0,null,[1],{\"a\":1},true]")),
            ("{{s|uniq}} {{s|reverse}}", Ok("añ😀 a😀ña")),
            ("{{v|take:3|reverse}} {{m|reverse}}", Ok("[1,\"1\",1] [[\"b\",2],[\"a\",1]]")),
            ("{{n|uniq}}", Err("a number is no list or text")),
            ("{{n|reverse}}", Err("a number is no list or text")),
            ("{{gone|reverse}}", Err("a missing value is no list or text")),
        ],
    );
}

#[test]
fn maps_are_looked_into() {
    check(
        r#"{"m":{"a":1,"b.c":2,"0":"zero"},"v":["x","y"],"s":"héy","n":5,"one":1,"key":"a","null":null,"float":1.5,"b":true}"#,
        &[
            ("{{m|get:a}}{{m|get:@key}}{{m|get:\"b.c\"}} {{m|get:0}}[{{m|get:gone}}]", Ok("112 zero[]")),
            (
                "{{v|get:@one}}{{v|get:0}} {{s|get:@one}}[{{v|get:9}}{{v|get:-1}}{{v|get:x}}{{v|get:@float}}]",
                Ok("yx é[]"),
            ),
            ("[{{gone|get:k}}{{null|get:k}}{{n|get:k}}{{b|get:k}}]", Ok("[]")),
            ("{{m|keys}} {{m|values}}", Ok("[\"a\",\"b.c\",\"0\"] [1,2,\"zero\"]")),
            ("{% with m.d=s %}{{m|keys|last}} {{m|values|last}} {{m|get:d}}{% endwith %}", Ok("d héy héy")),
            ("{{v|keys}}", Err("a list is no map")),
            ("{{v|values}}", Err("a list is no map")),
            ("{{gone|keys}}", Err("a missing value is no map")),
            ("{{s|values}}", Err("a text is no map")),
        ],
    );
}

#[test]
fn the_maps_of_a_list_are_looked_into() {
    check(
        r#"{"p":[{"n":"A","k":{"x":[5,6]},"a":7},{"n":"B","a":"7.0"},{"n":"C","k":{"x":[8]},"a":null},3],"s":"ab",
            "m":{"n":1},"seven":7,"null":null}"#,
        &[
            (
                "{{p|map:n}} {{p|map:k.x.0}} {{p|map:\"k.x[1]\"}}",
                Ok("[\"A\",\"B\",\"C\",null] [5,null,8,null] [6,null,null,null]"),
            ),
            (
                "{{p|where:n:B|map:n}} {{p|where:a:7|map:n}} {{p|where:a:@seven|map:n}}",
                Ok("[\"B\"] [\"A\",\"B\"] [\"A\",\"B\"]"),
            ),
            ("{{p|where:k.x.0:8|map:n}} {{p|where:n:Z}}", Ok("[\"C\"] []")),
            ("{{p|where:a:@null|count}} {{p|where:a:\"\"|count}}", Ok("2 0")),
            ("{{s|map:n}}", Err("a text is no list")),
            ("{{m|map:n}}", Err("a map is no list")),
            ("{{gone|map:n}}", Err("a missing value is no list")),
            ("{{m|where:n:1}}", Err("a map is no list")),
            ("{{gone|where:n:1}}", Err("a missing value is no list")),
        ],
    );
}
