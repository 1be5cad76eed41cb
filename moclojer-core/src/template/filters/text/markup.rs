//! Filters that make HTML of a text or take it away. Nothing is escaped in what they make: addresses and phone numbers
//! are looked at first, unless the template says `false`.

use super::{Growing, map_text};
use crate::template::filters::{refuse, refuse_text};
use crate::template::value::{Meter, Stop, Text, Value};

pub(in crate::template::filters) fn email<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let (Value::Text(address) | Value::Param(address, _)) = &value else {
        return refuse(&value, "email address");
    };
    meter.read(address.len())?;
    if !is_false(arguments.first(), meter)? && !is_email(address) {
        return refuse_text(address, "email address");
    }
    link("mailto:", address, address, meter)
}

/// Arguments: the country's prefix and `false`, or one of them.
pub(in crate::template::filters) fn phone<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let (Value::Text(number) | Value::Param(number, _)) = &value else {
        return refuse(&value, "phone number");
    };
    meter.read(number.len())?;
    let (prefix, unchecked) = match arguments {
        [only] if is_false(Some(only), meter)? => (Text::Borrowed(""), true),
        [prefix, rest @ ..] => (prefix.to_text(meter)?, is_false(rest.first(), meter)?),
        [] => (Text::Borrowed(""), false),
    };
    let dialled = |byte: u8| byte.is_ascii_digit() || matches!(byte, b' ' | b'+' | b'-');
    if !unchecked && !number.bytes().all(dialled) {
        return refuse_text(number, "phone number");
    }
    let international = match number.strip_prefix('0') {
        Some(rest) if !prefix.is_empty() => format!("+{}-{rest}", &*prefix),
        _ => number.to_string(),
    };
    link("tel:", &hyphenated(&international), number, meter)
}

/// Line ends become `<br />`, two of them a new paragraph.
pub(in crate::template::filters) fn linebreaks<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let broken = with_breaks(&value, meter)?;
    map_text(&broken, meter, |text| {
        let inside = text.replace("<br /><br />", "</p><p>");
        // A paragraph that would be empty at the end is not begun.
        let inside = inside.strip_suffix("<p>").unwrap_or(&inside);
        let end = if inside.ends_with("</p>") { "" } else { "</p>" };
        ["<p>", inside, end].concat()
    })
}

pub(in crate::template::filters) fn linebreaks_br<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    with_breaks(&value, meter)
}

/// Empty lines at the end are dropped; the empty text is one line.
pub(in crate::template::filters) fn linenumbers<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    let mut numbered = Growing::new(meter);
    let lines = text.trim_end_matches('\n');
    if lines.is_empty() && !text.is_empty() {
        return numbered.finish();
    }
    for (index, line) in lines.split('\n').enumerate() {
        numbered.meter.step(1)?;
        if index > 0 {
            numbered.push("\n")?;
        }
        numbered.push(&format!("{}. ", index + 1))?;
        numbered.push(line)?;
    }
    numbered.finish()
}

/// First goes what opens an element, then what closes one.
pub(in crate::template::filters) fn remove_tags<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    if arguments.is_empty() {
        return Ok(value);
    }
    let text = value.to_text(meter)?;
    let mut names = Vec::with_capacity(arguments.len());
    for name in arguments {
        names.push(name.to_text(meter)?);
    }
    let unopened = without(&text, &names, opening_length, meter)?;
    let bare = without(&unopened, &names, closing_length, meter)?;
    Ok(Value::text_of(bare))
}

/// The text with `<br />` for each line end.
fn with_breaks<'a>(value: &Value<'a>, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let text = value.to_text(meter)?;
    let mut broken = Growing::new(meter);
    for (index, line) in text.split('\n').enumerate() {
        if index > 0 {
            broken.push("<br />")?;
        }
        broken.push(line)?;
    }
    broken.finish()
}

/// Does an argument say `false`?
fn is_false(argument: Option<&Value<'_>>, meter: &mut Meter) -> Result<bool, Stop> {
    Ok(match argument {
        Some(argument) => *argument.to_text(meter)? == *"false",
        None => false,
    })
}

/// `[A-Za-z0-9._%+-]+@[A-Za-z0-9.-]+\.[A-Za-z]{2,6}`
fn is_email(text: &str) -> bool {
    let Some((local, domain)) = text.split_once('@') else { return false };
    let Some((host, top)) = domain.rsplit_once('.') else { return false };
    let in_local = |byte: u8| byte.is_ascii_alphanumeric() || b"._%+-".contains(&byte);
    let in_host = |byte: u8| byte.is_ascii_alphanumeric() || b".-".contains(&byte);
    !local.is_empty()
        && local.bytes().all(in_local)
        && !host.is_empty()
        && host.bytes().all(in_host)
        && (2..=6).contains(&top.len())
        && top.bytes().all(|byte| byte.is_ascii_alphabetic())
}

fn link<'a>(scheme: &str, target: &str, shown: &str, meter: &mut Meter) -> Result<Value<'a>, Stop> {
    let mut link = Growing::new(meter);
    for part in ["<a href='", scheme, target, "'>", shown, "</a>"] {
        link.push(part)?;
    }
    link.finish()
}

/// With a hyphen for each run of white space.
fn hyphenated(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut in_space = false;
    for character in text.chars() {
        let space = is_space(character);
        if !space {
            out.push(character);
        } else if !in_space {
            out.push('-');
        }
        in_space = space;
    }
    out
}

/// White space as the original's expressions know it.
fn is_space(character: char) -> bool {
    character.is_ascii_whitespace() || character == '\u{B}'
}

/// The text without its tags of these names; `length` says how long one is at the beginning of a text.
fn without(
    text: &str,
    names: &[Text<'_>],
    length: fn(&str, &str) -> Option<usize>,
    meter: &mut Meter,
) -> Result<String, Stop> {
    // Behind the last `>` no tag can end, so that no search for one is in vain.
    let (mut rest, tail) = text.split_at(text.rfind('>').map_or(0, |last| last + 1));
    let mut kept = String::with_capacity(text.len());
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        kept.push_str(before);
        let mut found = None;
        for name in names {
            meter.step(1 + name.len().min(tag.len()) / 1024)?;
            found = found.or_else(|| length(tag, name));
        }
        let (dropped, later) = tag.split_at(found.unwrap_or(1));
        if found.is_none() {
            kept.push_str(dropped);
        }
        rest = later;
    }
    kept.push_str(rest);
    kept.push_str(tail);
    meter.write(kept.len())?;
    Ok(kept)
}

/// `<name>`, `<name/>`, `<name attributes>`
fn opening_length(text: &str, name: &str) -> Option<usize> {
    let after = after_name(text, "<", name)?;
    let end = if after.starts_with('>') {
        1
    } else if after.starts_with("/>") {
        2
    } else if after.starts_with(is_space) {
        after.find('>')? + 1
    } else {
        return None;
    };
    Some(text.len() - after.len() + end)
}

/// `</name>`
fn closing_length(text: &str, name: &str) -> Option<usize> {
    let after = after_name(text, "</", name)?.strip_prefix('>')?;
    Some(text.len() - after.len())
}

/// What follows `mark` and the name, whose case does not matter.
fn after_name<'t>(text: &'t str, mark: &str, name: &str) -> Option<&'t str> {
    let (found, after) = text.strip_prefix(mark)?.split_at_checked(name.len())?;
    found.eq_ignore_ascii_case(name).then_some(after)
}

#[cfg(test)]
mod tests {
    use crate::template::filters::tests::check;

    #[test]
    fn email_links_what_looks_like_an_address() {
        let context = r#"{"ok":"Ann.b_c%d+e-1@mail.example-1.org","upper":"A@B.MUSEUM","bad":"ann at home","two":"a@b@c.de",
            "short":"a@b.c","long":"a@b.museums","digit":"a@b.c2","no":"a@.de","none":"@b.de","line":"a@b.de\n",
            "umlaut":"ä@b.de","empty":"","n":5,"off":false}"#;
        let refused = Err("is no email address");
        check(
            context,
            &[
                (
                    "{{ok|email}}",
                    Ok(
                        "<a href='mailto:Ann.b_c%d+e-1@mail.example-1.org'>Ann.b_c%d+e-1@mail.example-1.org</a>",
                    ),
                ),
                ("{{upper|email}}", Ok("<a href='mailto:A@B.MUSEUM'>A@B.MUSEUM</a>")),
                ("{{bad|email:false}}", Ok("<a href='mailto:ann at home'>ann at home</a>")),
                ("{{bad|email:@off}}", Ok("<a href='mailto:ann at home'>ann at home</a>")),
                ("{{bad|email}}", Err("the text \"ann at home\" is no email address")),
                ("{{two|email}}", refused),
                ("{{short|email}}", refused),
                ("{{long|email}}", refused),
                ("{{digit|email}}", refused),
                ("{{no|email}}", refused),
                ("{{none|email}}", refused),
                ("{{line|email}}", refused),
                ("{{umlaut|email}}", refused),
                ("{{empty|email}}", refused),
                ("{{n|email}}", Err("a number is no email address")),
                ("{{gone|email}}", Err("a missing value is no email address")),
                ("{{ok|email:true}}", Err("")),
            ],
        );
    }

    #[test]
    fn phone_links_what_can_be_dialled() {
        let context = r#"{"p":"0151 496","wide":"0151  49 - 6","plus":"+1 555","bad":"01 call me","empty":"","space":"a\t \nb",
            "tab":"1\t2","late":"10 20","n":5,"land":49}"#;
        check(
            context,
            &[
                ("{{p|phone}}", Ok("<a href='tel:0151-496'>0151 496</a>")),
                ("{{wide|phone}}", Ok("<a href='tel:0151-49---6'>0151  49 - 6</a>")),
                ("{{p|phone:44}}", Ok("<a href='tel:+44-151-496'>0151 496</a>")),
                ("{{p|phone:@land}}", Ok("<a href='tel:+49-151-496'>0151 496</a>")),
                ("{{plus|phone:44}}", Ok("<a href='tel:+1-555'>+1 555</a>")),
                ("{{late|phone:44}}", Ok("<a href='tel:10-20'>10 20</a>")),
                ("{{bad|phone:false}}", Ok("<a href='tel:01-call-me'>01 call me</a>")),
                ("{{bad|phone:44:false}}", Ok("<a href='tel:+44-1-call-me'>01 call me</a>")),
                ("{{space|phone:false}}", Ok("<a href='tel:a-b'>a\t \nb</a>")),
                ("{{empty|phone}}", Ok("<a href='tel:'></a>")),
                ("{{bad|phone}}", Err("the text \"01 call me\" is no phone number")),
                ("{{bad|phone:44}}", Err("is no phone number")),
                ("{{tab|phone}}", Err("is no phone number")),
                ("{{n|phone}}", Err("a number is no phone number")),
                ("{{gone|phone}}", Err("a missing value is no phone number")),
            ],
        );
    }

    #[test]
    fn line_ends_become_breaks_and_paragraphs() {
        let context = r#"{"one":"a\nb","two":"a\n\nb","three":"a\n\n\nb","four":"a\n\n\n\nb","end":"a\n","ends":"a\n\n",
            "only":"\n\n","crlf":"a\r\n\r\nb","br":"a<br />\nb","empty":"","n":5}"#;
        check(
            context,
            &[
                ("{{one|linebreaks}}", Ok("<p>a<br />b</p>")),
                ("{{two|linebreaks}}", Ok("<p>a</p><p>b</p>")),
                ("{{three|linebreaks}}", Ok("<p>a</p><p><br />b</p>")),
                ("{{four|linebreaks}}", Ok("<p>a</p><p></p><p>b</p>")),
                ("{{end|linebreaks}}", Ok("<p>a<br /></p>")),
                ("{{ends|linebreaks}}", Ok("<p>a</p>")),
                ("{{only|linebreaks}}", Ok("<p></p>")),
                ("{{crlf|linebreaks}}", Ok("<p>a\r<br />\r<br />b</p>")),
                ("{{br|linebreaks}}", Ok("<p>a</p><p>b</p>")),
                ("{{empty|linebreaks}}", Ok("<p></p>")),
                ("{{gone|linebreaks}}", Ok("<p></p>")),
                ("{{n|linebreaks}}", Ok("<p>5</p>")),
                ("{{two|linebreaks-br}}", Ok("a<br /><br />b")),
                ("{{crlf|linebreaks-br}}", Ok("a\r<br />\r<br />b")),
                ("[{{gone|linebreaks-br}}{{empty|linebreaks-br}}]{{n|linebreaks-br}}", Ok("[]5")),
            ],
        );
    }

    #[test]
    fn lines_are_numbered_but_not_empty_ones_at_the_end() {
        let context = r#"{"a":"x\n\ny","ends":"x\n\n\n","only":"\n\n","crlf":"x\r\ny","empty":"","n":5}"#;
        check(
            context,
            &[
                ("{{a|linenumbers}}", Ok("1. x\n2. \n3. y")),
                ("{{ends|linenumbers}}", Ok("1. x")),
                ("[{{only|linenumbers}}]", Ok("[]")),
                ("{{crlf|linenumbers}}", Ok("1. x\r\n2. y")),
                ("{{empty|linenumbers}}|{{gone|linenumbers}}|{{n|linenumbers}}", Ok("1. |1. |1. 5")),
            ],
        );
    }

    #[test]
    fn tags_are_removed_by_their_whole_name() {
        let context = r#"{"a":"<b>x</b><B id='1'>y</B><b/>z<b\nc>","near":"<br><b x</b ><body>< b></b","i":"<i><b>x</b></i>",
            "cut":"<b x","nested":"<<b>b>","n":5,"tag":"b"}"#;
        check(
            context,
            &[
                ("{{a|remove-tags:b}}", Ok("xyz")),
                ("{{a|remove-tags:B}}", Ok("xyz")),
                ("{{a|remove-tags:@tag}}", Ok("xyz")),
                ("{{near|remove-tags:b}}", Ok("<br><body>< b></b")),
                ("{{i|remove-tags:b}}", Ok("<i>x</i>")),
                ("{{i|remove-tags:b:i}}", Ok("x")),
                ("{{i|remove-tags}}", Ok("<i><b>x</b></i>")),
                ("{{cut|remove-tags:b}}", Ok("<b x")),
                ("{{nested|remove-tags:b}}", Ok("<b>")),
                ("{{n|remove-tags:b}}[{{gone|remove-tags:b}}{{gone|remove-tags}}]", Ok("5[]")),
            ],
        );
    }

    #[test]
    fn tags_without_an_end_are_searched_in_linear_time() {
        let context =
            serde_json::json!({ "s": "<b ".repeat(20_000) + ">" + &"<b ".repeat(20_000) }).to_string();
        check(&context, &[("{{s|remove-tags:b|count}}", Ok("60000"))]);
    }
}
