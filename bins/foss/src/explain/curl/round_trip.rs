//! What the library writes as a curl line is read back as the same request.
#![expect(clippy::unwrap_used, reason = "the texts are made by this module")]

use bytes::Bytes;
use http::{HeaderMap, Method, Request, Uri, header};
use moclojer_core::testing::curl;
use proptest::prelude::*;

use super::read;

const BASE: &str = "http://127.0.0.1:1234";

fn methods() -> impl Strategy<Value = Method> {
    prop_oneof![
        prop::sample::select(vec!["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"])
            .prop_map(String::from),
        "[A-Z!#$%&'*+.^_`|~-]{1,8}",
    ]
    .prop_map(|method| Method::from_bytes(method.as_bytes()).unwrap())
}

fn targets() -> impl Strategy<Value = Uri> {
    prop_oneof![
        4 => "(/[a-z0-9.:;,@!$&'()*+=~%|\"{}\\[\\]^`\\\\é-]{0,6}){1,4}(\\?[a-z0-9/?:'{}|&=%é-]{0,12})?",
        1 => "(/\\.|/\\.\\.|/%2[eE]|/a){1,4}",
        1 => "https?://[a-z]{1,5}(\\.example)?(:[1-9][0-9]{1,3})?/[a-z']{0,5}(\\?[a-z=]{0,3})?",
        1 => Just("*".to_owned()),
    ]
    .prop_filter_map("not every text is a target", |text| text.parse().ok())
}

fn headers() -> impl Strategy<Value = HeaderMap> {
    let known = prop::sample::select(vec![
        ("content-type", "application/json"),
        ("content-type", "application/x-www-form-urlencoded"),
        ("authorization", "Bearer it's"),
        ("cookie", "a=1; b=\"2\""),
        ("user-agent", "ours/1.0"),
        ("accept", "text/html, */*;q=0.1"),
        ("host", "api.example.com"),
        ("host", "127.0.0.1:1234"),
    ])
    .prop_map(|(name, value)| (name.to_owned(), value.to_owned()));
    let other = ("x-[a-z0-9!#$%&'*+.^_`|~-]{1,6}", "([!-~áé\u{a0}\u{202e}]([ -~\tá]{0,12}[!-~\u{85}])?)?");
    prop::collection::vec(prop_oneof![known, other], 0..5).prop_map(|pairs| {
        let mut headers = HeaderMap::new();
        for (name, value) in pairs {
            let name: http::HeaderName = name.parse().unwrap();
            let value = http::HeaderValue::from_bytes(value.as_bytes()).unwrap();
            match name.as_str().starts_with("x-") {
                true => drop(headers.append(name, value)),
                false => drop(headers.insert(name, value)),
            }
        }
        headers
    })
}

fn bodies() -> impl Strategy<Value = String> {
    prop_oneof![
        Just(String::new()),
        "[ -~]{0,40}",
        any::<String>(),
        "[\\x01-\\x7f\u{80}-\u{a0}\u{2020}-\u{2070}]{0,40}",
    ]
    .prop_filter("no word of a shell holds a NUL", |body| !body.contains('\0'))
}

/// The host that a server would be told.
fn host(target: &Uri) -> &str {
    target.authority().map_or("127.0.0.1:1234", |authority| authority.as_str())
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1024))]

    #[test]
    fn a_line_reads_back_as_the_request_it_was_made_of(
        method in methods(), target in targets(), mut headers in headers(), body in bodies()
    ) {
        let mut request = Request::new(Bytes::from(body.clone()));
        *request.method_mut() = method.clone();
        *request.uri_mut() = target.clone();
        *request.headers_mut() = headers.clone();
        let line = curl(BASE, &request);
        prop_assert!(!line.contains(char::is_control), "{}", line);

        let written = read(&line).unwrap();
        prop_assert_eq!(&written.notes, &Vec::<String>::new(), "{}", line);
        prop_assert_eq!(written.method, method, "{}", line);
        prop_assert_eq!(written.target.path_and_query(), target.path_and_query(), "{}", line);
        prop_assert_eq!(written.body, body, "{}", line);
        if !headers.contains_key(header::HOST) {
            headers.insert(header::HOST, host(&target).parse().unwrap());
        }
        prop_assert_eq!(written.headers, headers, "{}", line);
    }
}
