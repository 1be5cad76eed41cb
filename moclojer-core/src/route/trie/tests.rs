use super::*;

/// The groups of a walk, each as the texts of its endpoints.
fn walked<'t>(patterns: &[&'t str], path: &str) -> Vec<Vec<&'t str>> {
    let parsed: Vec<_> = patterns.iter().map(|text| PathPattern::parse(text).expect(text).pattern).collect();
    let routes = Routes::build(&parsed.iter().collect::<Vec<_>>());
    let mut groups = Vec::new();
    let flow = routes.walk(&Segments::new(path).expect(path), |group| {
        groups.push(group.iter().map(|&endpoint| patterns[endpoint as usize]).collect());
        ControlFlow::<()>::Continue(())
    });
    assert!(flow.is_continue());
    groups
}

#[test]
fn a_path_fits_by_the_rules_of_the_format() {
    for (pattern, path, fits) in [
        ("/", "/", true),
        ("/", "//", false),
        ("/a", "/a", true),
        ("/a", "/A", false),
        ("/a", "/a/", false),
        ("/a/", "/a", false),
        ("/a/", "/a/", true),
        ("/a//b", "/a//b", true),
        ("/a//b", "/a/b", false),
        ("/a/b", "/a//b", false),
        ("/a/b", "/a/./b", false),
        ("/b", "/a/../b", false),
        ("/a/../b", "/a/../b", true),
        ("/olá", "/ol%C3%A1", true),
        ("/ol%C3%A1", "/olá", true),
        ("/a%2Fb", "/a%2fb", true),
        ("/a/b", "/a%2Fb", false),
        ("/a%2Fb", "/a/b", false),
        ("/:x", "/a%2Fb", true),
        ("/:x", "/", false),
        ("/:x/b", "//b", false),
        ("/a/:x", "/a/", false),
        ("/:x.json", "/a.json", true),
        ("/:x.json", "/.json", false),
        ("/:x|int", "/no-int", true),
        ("/files/*rest", "/files", false),
        ("/files/*rest", "/files/", false),
        ("/files/*rest", "/files//a", false),
        ("/files/*rest", "/files/a", true),
        ("/files/*rest", "/files/a//b/", true),
        ("/*", "/", false),
        ("/**", "/a/b", true),
        (r"/:name\:cancel", "/job:cancel", true),
        ("/a b", "/a%20b", true),
        ("/a+b", "/a%2Bb", true),
        ("/a+b", "/a%20b", false),
    ] {
        assert_eq!(!walked(&[pattern], path).is_empty(), fits, "{pattern} {path}");
    }
}

#[test]
fn better_ranks_come_first_and_equal_ones_together() {
    let ranked: &[&str] = &[
        "/*rest",
        "/:s",
        "/:r|/a.*/",
        "/:f|float",
        "/:d|double",
        "/:i|int",
        "/:u|uuid",
        "/:b|bool",
        "/:day|date",
        "/:n.x",
        "/a:n.x",
        "/a:n.{m}",
        "/a1.x",
    ];
    assert_eq!(
        walked(ranked, "/a1.x"),
        [
            vec!["/a1.x"],
            vec!["/a:n.x"],
            vec!["/:n.x", "/a:n.{m}"],
            vec!["/:i|int", "/:u|uuid", "/:b|bool", "/:day|date"],
            vec!["/:f|float", "/:d|double"],
            vec!["/:r|/a.*/"],
            vec!["/:s"],
            vec!["/*rest"],
        ]
    );
}

#[test]
fn an_earlier_segment_decides_before_a_later_one() {
    for (patterns, path, expected) in [
        (&["/:a/b", "/a/:b"][..], "/a/b", &[vec!["/a/:b"], vec!["/:a/b"]][..]),
        (&["/*rest", "/:a/:b", "/a/*rest"], "/a/b", &[vec!["/a/*rest"], vec!["/:a/:b"], vec!["/*rest"]]),
        (&["/files/*rest", "/files/:a"], "/files/x", &[vec!["/files/:a"], vec!["/files/*rest"]]),
        (&["/:a|int/:x", "/:b|uuid/y"], "/1/y", &[vec!["/:b|uuid/y"], vec!["/:a|int/:x"]]),
        (&["/x:a/:z", "/:a1/y", "/:b.x/:z"], "/x1.x/y", &[vec!["/:b.x/:z"], vec!["/x:a/:z"], vec!["/:a1/y"]]),
        (&["/a", "/a/", "/a/:x"], "/a/b", &[vec!["/a/:x"]]),
    ] {
        assert_eq!(walked(patterns, path), expected, "{path}");
    }
}

#[test]
fn siblings_of_equal_rank_are_merged() {
    let patterns = ["/{a}1-/z", "/x{a}-/:p", "/{a}1-/:p", "/x{a}-/z", "/x{a}-/*r", "/{a}1-/*r"];
    assert_eq!(
        walked(&patterns, "/xx1-/z"),
        [vec!["/{a}1-/z", "/x{a}-/z"], vec!["/x{a}-/:p", "/{a}1-/:p"], vec!["/x{a}-/*r", "/{a}1-/*r"]]
    );
    // More of them than a set holds without allocating.
    let many = ["/ab{x}d/z", "/a{x}cd/z", "/{x}.cd/z", "/ab{x}.{y}/z", "/a{x}.{y}d/z"];
    assert_eq!(walked(&many, "/abx.cd/z"), [many.to_vec()]);
}

#[test]
fn a_walk_stops_where_it_is_told() {
    let patterns: Vec<_> =
        ["/a", "/:b", "/*c"].map(|text| PathPattern::parse(text).expect(text).pattern).into();
    let routes = Routes::build(&patterns.iter().collect::<Vec<_>>());
    let mut seen = 0;
    let flow = routes.walk(&Segments::new("/a").expect("a path"), |group| {
        seen += 1;
        if group == [1] { ControlFlow::Break("found") } else { ControlFlow::Continue(()) }
    });
    assert_eq!((flow, seen), (ControlFlow::Break("found"), 2));
}

#[test]
fn deep_and_wide_tables_find_their_endpoints() {
    let deep = "/:a".repeat(0) + &(0..128).map(|at| format!("/:a{at}")).collect::<String>();
    assert_eq!(walked(&[&deep], &"/x".repeat(128)).len(), 1);
    assert_eq!(walked(&[&deep, "/*rest"], &"/x".repeat(129)), [vec!["/*rest"]]);
    let wide: Vec<String> = (0..3000).map(|at| format!("/items-{}/{}", at / 2, at % 7)).collect();
    let wide: Vec<&str> = wide.iter().map(String::as_str).collect();
    for (at, text) in wide.iter().enumerate().step_by(37) {
        let expected: Vec<_> = wide.iter().filter(|other| *other == text).copied().collect();
        assert_eq!(walked(&wide[..=at], text).concat().last(), expected.last(), "{text}");
    }
    assert!(walked(&wide, "/items-1500/0").is_empty());
    assert!(walked(&[], "/").is_empty());
}
