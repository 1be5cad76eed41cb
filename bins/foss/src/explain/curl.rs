//! A pasted curl command as a request. Knows the flags that change what is sent, and those that do not.
//!
//! Nothing is run and no file is read: `-d @file` is refused with what to do.

#[cfg(test)]
mod round_trip;
mod words;

use std::borrow::Cow;

use bytes::Bytes;
use http::{HeaderMap, HeaderName, HeaderValue, Method, Uri, header};

use super::{Written, header_of, method_of, target_of, with_host};

/// Flags with a value that changes nothing of the request that matters here.
const WITH_VALUE: &[&str] = &[
    "-o",
    "--output",
    "-m",
    "--max-time",
    "--connect-timeout",
    "-w",
    "--write-out",
    "-x",
    "--proxy",
    "--retry",
    "--retry-delay",
    "--cacert",
    "--cert",
    "-E",
    "--key",
    "-c",
    "--cookie-jar",
    "--resolve",
    "--connect-to",
    "--interface",
    "--max-redirs",
    "--limit-rate",
    "-D",
    "--dump-header",
    "--tls-max",
    "--ciphers",
    "-K",
    "--config",
    "--unix-socket",
];
/// Flags without one.
const WITHOUT_VALUE: &[&str] = &[
    "-s",
    "--silent",
    "-S",
    "--show-error",
    "-v",
    "--verbose",
    "-i",
    "--include",
    "-k",
    "--insecure",
    "-L",
    "--location",
    "-f",
    "--fail",
    "--fail-with-body",
    "--compressed",
    "-g",
    "--globoff",
    "-#",
    "--progress-bar",
    "-N",
    "--no-buffer",
    "-O",
    "--remote-name",
    "-J",
    "--http1.1",
    "--http1.0",
    "-0",
    "--http2",
    "--http2-prior-knowledge",
    "--http3",
    "-4",
    "-6",
    "--path-as-is",
    "--no-keepalive",
    "--no-progress-meter",
    "--location-trusted",
    "-q",
    "--disable",
    "--tcp-nodelay",
    "--ssl-no-revoke",
    "--raw",
];

/// What has been read of a command.
#[derive(Default)]
struct Command {
    method: Option<Method>,
    url: Option<String>,
    /// What is asked for, where it is not the path of the URL.
    request_target: Option<String>,
    headers: HeaderMap,
    /// Headers that curl is not to send by itself.
    without: Vec<HeaderName>,
    data: Vec<String>,
    /// A content type that the flags imply, where no header says one.
    implied: Option<&'static str>,
    json: bool,
    as_query: bool,
    head: bool,
    notes: Vec<String>,
}

/// Reads `curl …`.
///
/// # Errors
/// What is wrong with the command, and what to write instead.
pub(super) fn read(line: &str) -> Result<Written, String> {
    let mut words = words::split(line)?.into_iter().peekable();
    words.next_if(|word| word == "$");
    match words.next() {
        Some(word) if word == "curl" || word.ends_with("/curl") => {}
        Some(word) => return Err(format!("--curl: the line begins with `{word}`, wanted `curl`")),
        None => return Err("--curl: there is nothing to read; paste a line that begins with curl".to_owned()),
    }
    let mut command = Command::default();
    let mut only_urls = false;
    while let Some(word) = words.next() {
        if only_urls || !word.starts_with('-') || word == "-" {
            command.take_url(word);
        } else if word == "--" {
            only_urls = true;
        } else if word.starts_with("--") {
            let (name, value) = match word.split_once('=') {
                Some((name, value)) => (name.to_owned(), Some(value.to_owned())),
                None => (word, None),
            };
            command.flag(&name, |name| value.or_else(|| words.next()).ok_or_else(|| missing(name)))?;
        } else {
            command.short_flags(&word, || words.next())?;
        }
    }
    command.finish()
}

fn missing(name: &str) -> String {
    format!("--curl: {name} needs a value, and the line ends there")
}

impl Command {
    /// `-sSXPOST` is `-s -S -X POST`.
    fn short_flags(&mut self, word: &str, mut next: impl FnMut() -> Option<String>) -> Result<(), String> {
        let mut rest = word.strip_prefix('-').unwrap_or(word);
        while let Some(letter) = rest.chars().next() {
            rest = rest.get(letter.len_utf8()..).unwrap_or_default();
            let mut taken = false;
            self.flag(&format!("-{letter}"), |name| {
                taken = true;
                match rest {
                    "" => next().ok_or_else(|| missing(name)),
                    rest => Ok(rest.to_owned()),
                }
            })?;
            if taken {
                break;
            }
        }
        Ok(())
    }

    fn flag(&mut self, name: &str, value: impl FnOnce(&str) -> Result<String, String>) -> Result<(), String> {
        match name {
            "-X" | "--request" => self.method = Some(method_of(&value(name)?)?),
            "-H" | "--header" => self.header(&value(name)?)?,
            "--url" => {
                let url = value(name)?;
                self.take_url(url);
            }
            "--request-target" => self.request_target = Some(value(name)?),
            "-I" | "--head" => self.head = true,
            "-G" | "--get" => self.as_query = true,
            "-u" | "--user" => {
                // Its value is nobody's business: endpoints look at no credentials.
                value(name)?;
                self.set(header::AUTHORIZATION, "Basic", name)?;
            }
            "--oauth2-bearer" => {
                value(name)?;
                self.set(header::AUTHORIZATION, "Bearer", name)?;
            }
            "-b" | "--cookie" => {
                let cookie = value(name)?;
                match cookie.contains('=') {
                    true => self.set(header::COOKIE, &cookie, name)?,
                    false => self.notes.push(format!("{name} {cookie}: a file of cookies is not read")),
                }
            }
            "-A" | "--user-agent" => {
                let agent = value(name)?;
                self.set(header::USER_AGENT, &agent, name)?;
            }
            "-e" | "--referer" => {
                let referer = value(name)?;
                self.set(header::REFERER, &referer, name)?;
            }
            "-d" | "--data" | "--data-ascii" | "--data-binary" => self.data(name, value(name)?, true)?,
            "--data-raw" => self.data(name, value(name)?, false)?,
            "--data-urlencode" => {
                let text = urlencoded(name, &value(name)?)?;
                self.data(name, text, false)?;
            }
            "--json" => {
                self.json = true;
                self.data(name, value(name)?, true)?;
            }
            "-F" | "--form" | "--form-string" => {
                value(name)?;
                self.implied = Some("multipart/form-data");
                self.notes.push(format!("{name}: a form of files (multipart) is taken for an empty body"));
            }
            "-T" | "--upload-file" => {
                return Err(format!(
                    "--curl: {name} sends a file, and none is read; write its text after --data-raw"
                ));
            }
            _ if WITH_VALUE.contains(&name) => drop(value(name)?),
            _ if WITHOUT_VALUE.contains(&name) => {}
            _ => self.notes.push(format!("curl's {name} is not known here and is ignored")),
        }
        Ok(())
    }

    fn take_url(&mut self, url: String) {
        match &self.url {
            None => self.url = Some(url),
            Some(first) => self.notes.push(format!("`{url}` is ignored: one request is explained, {first}")),
        }
    }

    fn header(&mut self, text: &str) -> Result<(), String> {
        // curl: `Name;` sends it empty, `Name:` takes it out.
        if let Some(name) = text.strip_suffix(';').filter(|name| !name.contains(':')) {
            let (name, value) = header_of(&format!("{name}:"))?;
            self.headers.append(name, value);
            return Ok(());
        }
        let (name, value) = header_of(text)?;
        match value.is_empty() {
            true => self.without.push(name),
            false => drop(self.headers.append(name, value)),
        }
        Ok(())
    }

    fn set(&mut self, name: HeaderName, value: &str, flag: &str) -> Result<(), String> {
        let value = HeaderValue::from_str(value)
            .map_err(|_| format!("--curl: a header cannot hold the value of {flag}"))?;
        self.headers.append(name, value);
        Ok(())
    }

    fn data(&mut self, name: &str, text: String, may_be_file: bool) -> Result<(), String> {
        if let Some(file) = text.strip_prefix('@').filter(|_| may_be_file) {
            return Err(format!(
                "--curl: {name} @{file} sends a file, and none is read; write its text after --data-raw"
            ));
        }
        self.data.push(text);
        Ok(())
    }

    fn finish(mut self) -> Result<Written, String> {
        let Some(mut url) = self.url.take() else {
            return Err("--curl: the line has no URL".to_owned());
        };
        let sends = !self.data.is_empty() && !self.as_query;
        let body = self.data.join(if self.json { "" } else { "&" });
        if self.as_query && !body.is_empty() {
            url.push(if url.contains('?') { '&' } else { '?' });
            url.push_str(&body);
        }
        let method = match self.method {
            Some(method) => method,
            None if self.head => Method::HEAD,
            None if sends || self.implied.is_some() => Method::POST,
            None => Method::GET,
        };
        let implied = match self.implied {
            Some(kind) => Some(kind),
            None if self.json => Some("application/json"),
            None if sends => Some("application/x-www-form-urlencoded"),
            None => None,
        };
        let declared = self.headers.contains_key(header::CONTENT_TYPE);
        if let (Some(kind), false) = (implied, declared || self.without.contains(&header::CONTENT_TYPE)) {
            self.headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(kind));
        }
        let mut target = url_of(&url)?;
        if !self.without.contains(&header::HOST) {
            with_host(&mut self.headers, &target);
        }
        if let Some(text) = &self.request_target {
            target = text.parse().map_err(|_| {
                format!("--curl: --request-target `{text}` is no target; write /users/42 or *")
            })?;
        }
        let body = if sends { Bytes::from(body) } else { Bytes::new() };
        Ok(Written { method, target, headers: self.headers, body, notes: self.notes })
    }
}

/// curl sends a URL in ASCII as it is written, but for what no server takes.
fn url_of(text: &str) -> Result<Uri, String> {
    match text.parse::<Uri>() {
        Ok(url) if url.scheme().is_some() && text.is_ascii() => Ok(url),
        _ => target_of(text),
    }
}

/// `--data-urlencode`: `text`, `=text` and `name=text`; not `name@file`.
fn urlencoded(name: &str, text: &str) -> Result<String, String> {
    let (key, value): (&str, Cow<'_, str>) = match text.split_once('=') {
        Some((key, value)) => (key, value.into()),
        None if text.contains('@') => {
            return Err(format!("--curl: {name} {text} sends a file, and none is read; write NAME=TEXT"));
        }
        None => ("", text.into()),
    };
    let mut out = String::new();
    if !key.is_empty() {
        out.push_str(key);
        out.push('=');
    }
    for byte in value.bytes() {
        match byte {
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => out.push(char::from(byte)),
            _ => out.push_str(&format!("%{byte:02X}")),
        }
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "the texts are literals of this module")]
    use super::*;

    #[test]
    fn what_people_paste_is_understood() {
        let form = "application/x-www-form-urlencoded";
        for (line, method, target, kind, body) in [
            ("curl http://h/x", "GET", "http://h/x", "", ""),
            ("$ curl -s -i -k --compressed 'http://h/x?a=1&b=2'", "GET", "http://h/x?a=1&b=2", "", ""),
            (
                "curl -X POST http://h/x -H 'Content-Type: text/json' -d '{\"a\": 1}'",
                "POST",
                "http://h/x",
                "text/json",
                "{\"a\": 1}",
            ),
            (
                "curl http://h/x \\\n  -H \"content-type: application/json\" \\\n  --data-raw $'{\"a\":\"it\\'s\\\\n\"}'",
                "POST",
                "http://h/x",
                "application/json",
                "{\"a\":\"it's\\n\"}",
            ),
            ("curl http://h/x -d a=1 -d b=2", "POST", "http://h/x", form, "a=1&b=2"),
            ("curl --json '{\"a\":1}' h/x", "POST", "http://h/x", "application/json", "{\"a\":1}"),
            ("curl -G http://h/x -d a=1 --data-urlencode 'b=c d'", "GET", "http://h/x?a=1&b=c%20d", "", ""),
            ("curl -I http://h/x", "HEAD", "http://h/x", "", ""),
            ("curl -sSXDELETE --url=http://h/x", "DELETE", "http://h/x", "", ""),
            ("curl -u me:secret -b 'a=1' -o out.txt -m 5 http://h/x", "GET", "http://h/x", "", ""),
            ("curl -XPUT http://h/x -d@ -d ''", "PUT", "", "", ""),
            ("curl http://h/x -H 'content-type:' -d a", "POST", "http://h/x", "", "a"),
            ("curl -X OPTIONS --request-target '*' http://h", "OPTIONS", "*", "", ""),
            ("curl 'http://h/{id}?a=|'", "GET", "http://h/{id}?a=|", "", ""),
            ("curl http://h/x # what the test sent", "GET", "http://h/x", "", ""),
            ("curl http://h/x#top", "GET", "http://h/x", "", ""),
        ] {
            let read = read(line);
            if target.is_empty() {
                assert!(read.unwrap_err().contains("--data-raw"), "{line}");
                continue;
            }
            let read = read.unwrap();
            assert_eq!(read.method.as_str(), method, "{line}");
            assert_eq!(read.target.to_string(), target, "{line}");
            let found = read.headers.get("content-type").map_or("", |value| value.to_str().unwrap());
            assert_eq!(found, kind, "{line}");
            assert_eq!(read.body, body, "{line}");
            assert_eq!(read.headers["host"], "h", "{line}");
            assert!(read.notes.is_empty(), "{line}: {:?}", read.notes);
        }
    }

    #[test]
    fn what_is_not_known_is_said() {
        let noted = read("curl --frobnicate http://h/x http://h/y").unwrap();
        assert_eq!(noted.notes.len(), 2, "{:?}", noted.notes);
        assert!(noted.notes[0].contains("--frobnicate") && noted.notes[1].contains("http://h/y"));
        for (line, said) in [
            ("", "paste a line"),
            ("wget http://h/x", "begins with `wget`"),
            ("curl", "no URL"),
            ("curl http://h/x -d", "-d needs a value"),
            ("curl http://h/x --data @body.json", "--data @body.json sends a file"),
            ("curl -T file http://h/x", "--data-raw"),
            ("curl 'http://h/x", "is not closed"),
            ("curl http://h/x -H nonsense", "'Name: value'"),
            ("curl http://h --request-target 'a b'", "write /users/42 or *"),
        ] {
            let error = read(line).unwrap_err();
            assert!(error.contains(said), "{line}: {error}");
        }
    }

    #[test]
    fn credentials_are_never_kept() {
        let read = read("curl -u me:secret --oauth2-bearer secret http://h/x").unwrap();
        assert!(!format!("{read:?}").contains("secret"));
    }
}
