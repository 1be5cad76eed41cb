//! `moclojer render --batch`: JSON lines in, a JSON line out for each, in order.

use std::io::{self, BufRead, BufReader, BufWriter, Read, Write};
use std::process::ExitCode;

use moclojer_core::json::{self, Object, Value, write_string};
use moclojer_core::problem::Severity;
use moclojer_core::source::Source;
use moclojer_core::template::{Mode, compile_open};

use super::Renderer;

/// The longest line in bytes.
const LONGEST_LINE: usize = 64 << 20;

/// How much is read and written at once.
const BUFFER: usize = 64 << 10;

/// Answers until the input ends; a line that cannot be answered gets an answer that says why.
pub(crate) fn run(
    renderer: &Renderer,
    content_type: &str,
    input: impl Read,
    out: impl Write,
) -> io::Result<ExitCode> {
    answer_all(renderer, Mode::of_content_type(content_type), input, out, LONGEST_LINE)?;
    Ok(ExitCode::SUCCESS)
}

fn answer_all(
    renderer: &Renderer,
    mode: Mode,
    input: impl Read,
    out: impl Write,
    longest: usize,
) -> io::Result<()> {
    let mut input = BufReader::with_capacity(BUFFER, input);
    let mut out = BufWriter::with_capacity(BUFFER, out);
    let (mut line, mut answer) = (Vec::new(), String::new());
    let mut number = 0;
    loop {
        if !input.buffer().contains(&b'\n') {
            // The next line may be long in coming: whoever writes it may wait for these answers.
            out.flush()?;
        }
        let rendered = match read_line(&mut input, &mut line, longest)? {
            Line::End => return out.flush(),
            Line::Whole if line.trim_ascii().is_empty() => continue,
            Line::Whole => render_line(renderer, mode, &line, number),
            Line::TooLong => Err(format!("the line is longer than {longest} bytes")),
        };
        number += 1;
        answer.clear();
        write_answer(&rendered, &mut answer);
        out.write_all(answer.as_bytes())?;
    }
}

/// Appends a line. Characters that some readers take for the end of one are escaped where JSON need not.
fn write_answer(rendered: &Result<String, String>, line: &mut String) {
    const LINE_ENDS: [(char, &str); 3] =
        [('\u{85}', "\\u0085"), ('\u{2028}', "\\u2028"), ('\u{2029}', "\\u2029")];
    let (name, text) = match rendered {
        Ok(text) => ("{\"output\":", text),
        Err(text) => ("{\"error\":", text),
    };
    line.push_str(name);
    write_string(text, line);
    for (character, escape) in LINE_ENDS {
        if line.contains(character) {
            *line = line.replace(character, escape);
        }
    }
    line.push_str("}\n");
}

enum Line {
    Whole,
    TooLong,
    End,
}

/// Reads the next line in place of the last one; one that is too long is passed over.
fn read_line(input: &mut impl BufRead, line: &mut Vec<u8>, longest: usize) -> io::Result<Line> {
    line.clear();
    // One more for the line's end.
    let read = input.take(longest as u64 + 1).read_until(b'\n', line)?;
    if read <= longest || line.ends_with(b"\n") {
        return Ok(if read == 0 { Line::End } else { Line::Whole });
    }
    input.skip_until(b'\n')?;
    Ok(Line::TooLong)
}

/// The rendered text, or one sentence that says why there is none.
fn render_line(renderer: &Renderer, mode: Mode, line: &[u8], number: u64) -> Result<String, String> {
    let request = match Value::parse(line, json::MAX_DEPTH) {
        Ok(Value::Object(request)) => request,
        Ok(_) => return Err("the line is no JSON object".to_owned()),
        Err(error) => return Err(format!("the line is no JSON: {error}")),
    };
    let Some(Value::String(template)) = request.get("template") else {
        return Err("`template` is missing or no text".to_owned());
    };
    let empty = Object::default();
    let context = match request.get("context") {
        None => &empty,
        Some(Value::Object(context)) => context,
        Some(_) => return Err("`context` is no JSON object".to_owned()),
    };
    let mode = match request.get("content-type") {
        None => mode,
        Some(Value::String(content_type)) => Mode::of_content_type(content_type),
        Some(_) => return Err("`content-type` is no text".to_owned()),
    };
    let (compiled, problems) = compile_open(&Source::new("template", &**template), mode);
    let Some(compiled) = compiled else {
        let first = problems.iter().find(|problem| problem.severity == Severity::Error);
        return Err(first.map(ToString::to_string).unwrap_or_default());
    };
    renderer.render(&compiled, context, number)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use super::*;
    use moclojer_core::spec::Env;
    use moclojer_core::template::Limits;

    fn answers(input: &[u8], longest: usize) -> String {
        let renderer = Renderer::new(Limits::default(), Some(7), &Env::default());
        let mut out = Vec::new();
        answer_all(&renderer, Mode::Plain, input, &mut out, longest).unwrap();
        String::from_utf8(out).unwrap()
    }

    #[test]
    fn each_line_has_an_answer_and_empty_ones_have_none() {
        let input = concat!(
            "{\"template\":\"{{x}} & {{y|upper}}\",\"context\":{\"x\":1.50,\"y\":\"\\u00e9\"}}\n",
            "\n  \r\n",
            "{\"template\":\"{{x}}\",\"context\":{\"x\":\"<\"},\"content-type\":\"text/html\"}\r\n",
            "{\"template\":\"{{x|int}}\",\"context\":{\"x\":\"a\"}}\n",
            "{\"template\":\"a\\n{{x|}}\"}\n",
            "{\"template\":\"no line end\"}",
        );
        let answers = answers(input.as_bytes(), LONGEST_LINE);
        let lines: Vec<&str> = answers.lines().collect();
        assert_eq!(lines[0], "{\"output\":\"1.50 & É\"}");
        assert_eq!(lines[1], "{\"output\":\"&lt;\"}");
        assert!(lines[2].starts_with("{\"error\":\"{{x|int}}: "), "{answers}");
        assert!(lines[3].starts_with("{\"error\":\"template:2:"), "{answers}");
        assert_eq!(lines[4..], ["{\"output\":\"no line end\"}"]);
    }

    #[test]
    fn a_line_that_is_no_request_says_why_and_the_next_is_answered() {
        for line in [
            &b"{"[..],
            b"[]",
            b"\xFF",
            b"\0",
            b"{}",
            b"{\"template\":1}",
            b"{\"template\":\"\",\"context\":[]}",
            b"{\"template\":\"\",\"context\":null}",
            b"{\"template\":\"\",\"content-type\":1}",
        ] {
            let input = [line, b"\n{\"template\":\"x\"}\n"].concat();
            let answers = answers(&input, LONGEST_LINE);
            let lines: Vec<&str> = answers.lines().collect();
            assert!(lines[0].starts_with("{\"error\":\""), "{answers}");
            assert_eq!(lines[1..], ["{\"output\":\"x\"}"]);
        }
    }

    #[test]
    fn a_line_past_the_limit_is_passed_over() {
        let line = |length: usize| format!("{{\"template\":\"{}\"}}", "x".repeat(length - 15));
        for (first, fits) in [(40, true), (41, false), (100_000, false)] {
            let answers = answers(format!("{}\n{}", line(first), line(20)).as_bytes(), 40);
            let lines: Vec<&str> = answers.lines().collect();
            assert_eq!(lines[0].contains("longer than 40 bytes"), !fits, "{answers}");
            assert_eq!(lines[1..], ["{\"output\":\"xxxxx\"}"]);
        }
        assert_eq!(answers(line(40).as_bytes(), 40).lines().count(), 1);
        assert!(answers(line(41).as_bytes(), 40).contains("longer than 40 bytes"));
    }

    #[test]
    fn an_answer_is_one_line_for_every_reader() {
        let answers = answers("{\"template\":\"\u{85}\\r\\u2028\u{2029}\\n\"}\n".as_bytes(), LONGEST_LINE);
        assert_eq!(answers, "{\"output\":\"\\u0085\\r\\u2028\\u2029\\n\"}\n");
    }

    #[test]
    fn a_seed_decides_what_each_line_draws() {
        let input = b"{\"template\":\"{{random}}\"}\n{\"template\":\"{{random}}\"}\n";
        let first = answers(input, LONGEST_LINE);
        assert_eq!(first, answers(input, LONGEST_LINE));
        let lines: Vec<&str> = first.lines().collect();
        assert_ne!(lines[0], lines[1]);
    }

    #[test]
    fn answers_leave_before_the_next_line_is_waited_for() {
        /// Gives a line and a half, then fails unless the first answer was written.
        struct Half<'a>(usize, &'a std::cell::RefCell<Vec<u8>>);
        impl Read for Half<'_> {
            fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
                self.0 += 1;
                let part = match self.0 {
                    1 => "{\"template\":\"1\"}\n{\"temp",
                    2 => {
                        assert_eq!(*self.1.borrow(), b"{\"output\":\"1\"}\n");
                        "late\":\"2\"}\n"
                    }
                    _ => "",
                };
                buffer[..part.len()].copy_from_slice(part.as_bytes());
                Ok(part.len())
            }
        }
        struct Shared<'a>(&'a std::cell::RefCell<Vec<u8>>);
        impl Write for Shared<'_> {
            fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
                self.0.borrow_mut().extend_from_slice(bytes);
                Ok(bytes.len())
            }
            fn flush(&mut self) -> io::Result<()> {
                Ok(())
            }
        }
        let written = std::cell::RefCell::new(Vec::new());
        let renderer = Renderer::new(Limits::default(), None, &Env::default());
        answer_all(&renderer, Mode::Plain, Half(0, &written), Shared(&written), LONGEST_LINE).unwrap();
        assert_eq!(*written.borrow(), b"{\"output\":\"1\"}\n{\"output\":\"2\"}\n");
    }
}
