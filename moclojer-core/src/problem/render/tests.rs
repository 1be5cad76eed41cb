//! What people and programs see of a problem.

use super::*;
use crate::problem::Code;
use crate::spec::tree::{Limits, yaml};

fn problems(name: &str, text: &str) -> Vec<Problem> {
    yaml::read(&Source::new(name, text), &Limits::default()).problems
}

fn sample() -> Vec<Problem> {
    let mut all = problems("mocks/a.yml", "- a: 1\n  é: {{x}}\n  b: yes\n  a: 2\n");
    let source = Source::new("b.yml", "- status: 99\n");
    let status = Problem::error(Code::STATUS_RANGE, &source, Span::new(10, 12), "the status is out of range")
        .at_path("[0].status")
        .found("99")
        .expected("200 to 599")
        .help("did you mean 199?");
    all.push(status);
    all
}

#[test]
fn plain_text_has_a_place_a_line() {
    insta::assert_snapshot!(plain(&sample()), @r#"
    mocks/a.yml:2:6: error[M0012]: outside quotes, YAML reads a template's braces as a map
      path: [0]["é"]
      help: put quotes around it: '{{x}}'
    mocks/a.yml:3:6: warning[M0011]: `yes` is a text; YAML 1.1 read it as true
      path: [0].b
      help: write "yes" for the text, or true
    mocks/a.yml:4:3: error[M0005]: the key `a` stands twice in one map
      path: [0].a
      help: remove one of the two
      mocks/a.yml:1:3: it stands here first
    b.yml:1:11: error[M0400]: the status is out of range
      path: [0].status
      found: 99
      expected: 200 to 599
      help: did you mean 199?
    "#);
}

#[test]
fn a_json_line_holds_all_that_is_known() {
    let lines: Vec<String> = sample().iter().map(json_line).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    {"file":"mocks/a.yml","line":2,"column":6,"end-line":2,"end-column":11,"path":"[0][\"é\"]","severity":"error","code":"M0012","message":"outside quotes, YAML reads a template's braces as a map","help":"put quotes around it: '{{x}}'","related":[]}
    {"file":"mocks/a.yml","line":3,"column":6,"end-line":3,"end-column":9,"path":"[0].b","severity":"warning","code":"M0011","message":"`yes` is a text; YAML 1.1 read it as true","help":"write \"yes\" for the text, or true","related":[]}
    {"file":"mocks/a.yml","line":4,"column":3,"end-line":4,"end-column":4,"path":"[0].a","severity":"error","code":"M0005","message":"the key `a` stands twice in one map","help":"remove one of the two","related":[{"file":"mocks/a.yml","line":1,"column":3,"end-line":1,"end-column":4,"message":"it stands here first"}]}
    {"file":"b.yml","line":1,"column":11,"end-line":1,"end-column":13,"path":"[0].status","severity":"error","code":"M0400","message":"the status is out of range","found":"99","expected":"200 to 599","help":"did you mean 199?","related":[]}
    "#);
    for line in lines {
        let _: serde_json::Value = serde_json::from_str(&line).expect("each line is JSON");
    }
}

#[test]
fn a_github_command_escapes_what_would_end_it() {
    let source = Source::new("a,b:c%.yml", "x: 1\ny: 2\n");
    let inside =
        Problem::warning(Code::UNKNOWN_KEY, &source, Span::new(0, 1), "50% of\r\n`a:b,c`").help("none");
    let across = Problem::error(Code::WRONG_TYPE, &source, Span::new(0, 6), "no").expected("a map");
    let note = Problem::new(Severity::Note, Code::EMPTY, &source, Span::default(), "empty");
    let lines: Vec<String> = [inside, across, note].iter().map(github).collect();
    insta::assert_snapshot!(lines.join("\n"), @r#"
    ::warning file=a%2Cb%3Ac%25.yml,line=1,col=1,endLine=1,endColumn=2,title=M0102::50%25 of%0D%0A`a:b,c` (none)
    ::error file=a%2Cb%3Ac%25.yml,line=1,endLine=2,title=M0104::no; expected a map
    ::notice file=a%2Cb%3Ac%25.yml,line=1,col=1,endLine=1,endColumn=1,title=M0109::empty
    "#);
}

#[cfg(feature = "diagnostics")]
mod with_lines {
    use super::*;

    #[test]
    fn a_terminal_shows_the_line_and_a_marker() {
        insta::assert_snapshot!(terminal(&sample(), false), @r#"
        error[M0012]: outside quotes, YAML reads a template's braces as a map
         --> mocks/a.yml:2:6  [0]["é"]
        2 |   é: {{x}}
          |      ^^^^^
          = help: put quotes around it: '{{x}}'

        warning[M0011]: `yes` is a text; YAML 1.1 read it as true
         --> mocks/a.yml:3:6  [0].b
        3 |   b: yes
          |      ^^^
          = help: write "yes" for the text, or true

        error[M0005]: the key `a` stands twice in one map
         --> mocks/a.yml:4:3  [0].a
        4 |   a: 2
          |   ^
          = help: remove one of the two
          = see: mocks/a.yml:1:3: it stands here first

        error[M0400]: the status is out of range
         --> b.yml:1:11  [0].status
        1 | - status: 99
          |           ^^ expected 200 to 599
          = help: did you mean 199?
        "#);
    }

    #[test]
    fn a_syntax_error_is_marked_at_its_character() {
        let mut all = problems("m.yml", "a:\n\tb: 1\n");
        all.extend(problems("m.yml", "a: \"é\\d\"\n"));
        all.extend(problems("m.yml", "a: [1, 2\n"));
        insta::assert_snapshot!(terminal(&all, false), @r#"
        error[M0004]: a tab is used as indentation
         --> m.yml:2:1  a
        2 |     b: 1
          | ^^^^ expected spaces
          = help: put spaces in its place: YAML does not indent with tabs

        error[M0003]: `\d` is no escape of a text in double quotes
         --> m.yml:1:6  a
        1 | a: "é\d"
          |      ^^
          = help: write `\\d` for the backslash itself, or use single quotes

        error[M0003]: a `]` is missing at the end
         --> m.yml:2:1  a[2]
        2 |
          | ^
        "#);
    }

    #[test]
    fn a_long_line_is_cut_around_the_problem() {
        let text = format!("- {{a: '{}', b: yes, c: '{}'}}\n", "é".repeat(1 << 19), "x".repeat(1 << 20));
        insta::assert_snapshot!(terminal(&problems("m.yml", &text), false), @r#"
        warning[M0011]: `yes` is a text; YAML 1.1 read it as true
         --> m.yml:1:524302  [0].b
        1 | …éééééééééééééééééééééééééééééééé', b: yes, c: 'xxxxxxxxxxxxxxxxxxxxxxxxxxx…
          |                                        ^^^
          = help: write "yes" for the text, or true
        "#);
    }

    #[test]
    fn a_file_cannot_steer_the_terminal() {
        let text = "- {'\u{1b}[31mred\u{7}\u{202e}': 1, b: yes} # \u{9b}\r\n";
        let mut all = problems("m\u{1b}[2J.yml", text);
        let source = Source::new("m.yml", text);
        all.push(
            Problem::error(Code::UNKNOWN_KEY, &source, Span::new(3, 15), "\u{1b}]0;x\u{7}\nnext")
                .at_path("\u{1b}")
                .found("\u{1b}")
                .help("\u{1b}")
                .related("\u{1b}", &source, Span::default()),
        );
        for shown in [terminal(&all, false), plain(&all)] {
            assert!(!shown.chars().any(|it| it.is_control() && it != '\n'), "{shown:?}");
            assert!(!shown.contains('\u{202e}'));
        }
        assert!(terminal(&all, true).contains("\u{1b}["));
        assert!(!terminal(&all, true).contains("\u{1b}]") && !terminal(&all, true).contains("\u{1b}[2J"));
    }

    #[test]
    fn a_problem_without_text_has_a_place() {
        let source = Source::new("m.yml", "");
        let problem = Problem::error(Code::UNREADABLE, &source, Span::default(), "the file cannot be read");
        insta::assert_snapshot!(terminal(&[problem], false), @r#"
        error[M0001]: the file cannot be read
         --> m.yml:1:1
        "#);
    }

    proptest::proptest! {
        #[test]
        fn no_span_makes_the_renderer_panic(text in "[aé𝄞\t\n\r\u{0}\u{1b}]{0,300}", start in 0..400_usize, length in 0..400_usize) {
            let source = Source::new("m.yml", text);
            let problem = Problem::error(Code::SYNTAX, &source, Span::new(start, start + length), "x")
                .related("y", &source, Span::new(length, start));
            proptest::prop_assert!(terminal(&[problem], false).contains("m.yml:"));
        }
    }
}
