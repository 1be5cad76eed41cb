//! Keeps mocks' cookies to their own hosts: all hosts share a parent domain, and a cookie with `Domain` would reach
//! the neighbours.

use http::{HeaderName, HeaderValue, header};

use super::super::Headers;

/// Takes the attribute `Domain` out of every `Set-Cookie`.
pub(super) fn keep_to_host(headers: &mut Headers) {
    let reaches_out = |(name, value): &(HeaderName, HeaderValue)| {
        *name == header::SET_COOKIE && attributes(value.as_bytes()).any(is_domain)
    };
    if !headers.as_slice().iter().any(reaches_out) {
        return;
    }
    let kept = headers.as_slice().iter().map(|field| match reaches_out(field) {
        true => (field.0.clone(), without_domain(&field.1)),
        false => field.clone(),
    });
    *headers = Headers::Made(kept.collect());
}

/// What follows the cookie's name and value (RFC 6265, section 5.2).
fn attributes(cookie: &[u8]) -> impl Iterator<Item = &[u8]> {
    cookie.split(|&byte| byte == b';').skip(1)
}

fn is_domain(attribute: &[u8]) -> bool {
    let name = attribute.split(|&byte| byte == b'=').next().unwrap_or_default();
    name.trim_ascii().eq_ignore_ascii_case(b"domain")
}

fn without_domain(cookie: &HeaderValue) -> HeaderValue {
    let bytes = cookie.as_bytes();
    let mut kept: Vec<u8> = bytes.split(|&byte| byte == b';').next().unwrap_or_default().to_vec();
    for attribute in attributes(bytes).filter(|attribute| !is_domain(attribute)) {
        kept.push(b';');
        kept.extend_from_slice(attribute);
    }
    // What was part of a header value is one.
    HeaderValue::from_bytes(&kept).unwrap_or(HeaderValue::from_static(""))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_domain_goes_and_all_else_stays() {
        for (cookie, kept) in [
            ("a=1", "a=1"),
            ("a=1; Domain=example.com", "a=1"),
            ("a=1; Path=/; DOMAIN = .example.com ; Secure", "a=1; Path=/; Secure"),
            ("a=1;domain", "a=1"),
            ("a=1; \tdomain\t=x;domain=y; HttpOnly", "a=1; HttpOnly"),
            ("domain=1; path=/", "domain=1; path=/"),
            ("a=domain=x; subdomain=y", "a=domain=x; subdomain=y"),
            ("; domain=x", ""),
        ] {
            let mut headers = Headers::Fixed([(header::SET_COOKIE, HeaderValue::from_static(cookie))].into());
            keep_to_host(&mut headers);
            assert_eq!(headers.as_slice()[0].1, kept, "{cookie}");
        }
    }

    #[test]
    fn other_headers_are_not_copied() {
        let mut headers = Headers::Fixed([(header::VIA, HeaderValue::from_static("a; domain=x"))].into());
        keep_to_host(&mut headers);
        assert!(matches!(&headers, Headers::Fixed(_)));
        assert_eq!(headers.as_slice()[0].1, "a; domain=x");
    }
}
