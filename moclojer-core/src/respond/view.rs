//! A request as guards and templates see it: host, query, form and JSON, each worked out at most once.

use std::borrow::Cow;
use std::cell::OnceCell;
use std::collections::{HashMap, HashSet};

use http::header;

use super::body::{self, JsonBody};
use super::{Body, Request, cookies};
use crate::json::Value;
use crate::spec::host;

type Pair<'a> = (Cow<'a, str>, Cow<'a, str>);

/// Names and values in order. A short text is read again for each look, which is cheaper than keeping what it
/// says; a long one is read once and indexed, so that a template that looks often costs no more.
#[derive(Debug)]
pub(super) enum Pairs<'a> {
    Short(&'a [u8]),
    Long { list: Vec<Pair<'a>>, places: HashMap<String, Vec<usize>> },
}

/// The longest text that is read for each look.
const SHORT: usize = 128;

impl<'a> Pairs<'a> {
    fn new(text: &'a [u8]) -> Self {
        if text.len() <= SHORT {
            return Self::Short(text);
        }
        Self::of(body::pairs(text).collect())
    }

    fn of(list: Vec<Pair<'a>>) -> Self {
        let mut places: HashMap<String, Vec<usize>> = HashMap::with_capacity(list.len());
        for (at, (name, _)) in list.iter().enumerate() {
            match places.get_mut(&**name) {
                Some(places) => places.push(at),
                None => {
                    places.insert(name.to_string(), vec![at]);
                }
            }
        }
        Self::Long { list, places }
    }

    /// The first value of `name`.
    pub(super) fn first(&self, name: &str) -> Option<Cow<'_, str>> {
        self.all(name).next()
    }

    /// Every value of `name`.
    pub(super) fn all<'s>(&'s self, name: &str) -> impl Iterator<Item = Cow<'s, str>> {
        let (text, list, places) = match self {
            Self::Short(text) => (*text, &[][..], &[][..]),
            Self::Long { list, places } => {
                (&[][..], list.as_slice(), places.get(name).map(Vec::as_slice).unwrap_or_default())
            }
        };
        let kept = places.iter().filter_map(|&at| list.get(at)).map(|(_, value)| Cow::Borrowed(&**value));
        body::pairs(text).filter(move |(key, _)| key == name).map(|(_, value)| value).chain(kept)
    }

    /// Each name with its first value, in order.
    pub(super) fn first_of_each(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let mut seen = HashSet::new();
        self.iter().filter(move |(name, _)| seen.insert(name.clone()))
    }

    /// All pairs, in order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Cow<'_, str>, Cow<'_, str>)> {
        let (text, list) = match self {
            Self::Short(text) => (*text, &[][..]),
            Self::Long { list, .. } => (&[][..], list.as_slice()),
        };
        let kept = list.iter().map(|(name, value)| (Cow::Borrowed(&**name), Cow::Borrowed(&**value)));
        body::pairs(text).chain(kept)
    }
}

/// One request.
pub(super) struct View<'a> {
    pub(super) request: &'a Request<'a>,
    pub(super) body: Body<'a>,
    host: OnceCell<Cow<'a, str>>,
    query: OnceCell<Pairs<'a>>,
    form: OnceCell<Pairs<'a>>,
    cookies: OnceCell<Pairs<'a>>,
    text: OnceCell<Cow<'a, str>>,
    json: OnceCell<JsonBody>,
}

impl<'a> View<'a> {
    pub(super) fn new(request: &'a Request<'a>, body: Body<'a>) -> Self {
        Self {
            request,
            body,
            host: OnceCell::new(),
            query: OnceCell::new(),
            form: OnceCell::new(),
            cookies: OnceCell::new(),
            text: OnceCell::new(),
            json: OnceCell::new(),
        }
    }

    /// The host that was asked for: of an absolute target, else of `Host`; lower case, without port.
    pub(super) fn host(&self) -> &str {
        self.host.get_or_init(|| {
            let authority = match self.request.target.authority() {
                Some(authority) => authority.as_str(),
                None => {
                    let value = self.request.headers.get(header::HOST);
                    value.and_then(|value| value.to_str().ok()).unwrap_or_default()
                }
            };
            host::of_authority(authority)
        })
    }

    /// The query's parameters.
    pub(super) fn query(&self) -> &Pairs<'a> {
        self.query.get_or_init(|| {
            let text = self.request.target.query().unwrap_or_default();
            Pairs::new(text.as_bytes())
        })
    }

    /// The fields of a form body; none while the body is unread.
    pub(super) fn form(&self) -> &Pairs<'a> {
        self.form.get_or_init(|| Pairs::new(body::form(self.request.headers, self.bytes())))
    }

    /// The cookies.
    pub(super) fn cookies(&self) -> &Pairs<'a> {
        self.cookies.get_or_init(|| Pairs::of(cookies::pairs(self.request.headers).collect()))
    }

    /// The body's text; what is no UTF-8 is replaced. Empty while the body is unread.
    pub(super) fn text(&self) -> &str {
        self.text.get_or_init(|| String::from_utf8_lossy(self.bytes()))
    }

    /// The body as JSON; absent while the body is unread.
    pub(super) fn json(&self) -> &JsonBody {
        self.json.get_or_init(|| body::json(self.request.headers, self.bytes()))
    }

    /// The JSON value, where there is one.
    pub(super) fn json_value(&self) -> Option<&Value> {
        match self.json() {
            JsonBody::Value { value, .. } => Some(value),
            JsonBody::Absent | JsonBody::Malformed(_) => None,
        }
    }

    /// What the log should say of the body, if it was looked at.
    pub(super) fn note(&self) -> Option<&'static str> {
        match self.json.get() {
            Some(JsonBody::Value { under_form_type: true, .. }) => Some("the form body was read as JSON"),
            _ => None,
        }
    }

    /// Whether the body is still to be read.
    pub(super) fn unread(&self) -> bool {
        matches!(self.body, Body::Unread)
    }

    /// The content type of a body that is neither JSON nor a form; none where there is no body.
    pub(super) fn foreign_type(&self) -> Option<&str> {
        body::foreign_type(self.request.headers).filter(|_| !self.bytes().is_empty())
    }

    /// Whether the JSON value was made of a form's fields.
    pub(super) fn is_form(&self) -> bool {
        matches!(self.json(), JsonBody::Value { under_form_type: false, .. })
            && body::is_form(self.request.headers)
    }

    /// The body as it was sent; empty while it is unread.
    pub(super) fn bytes(&self) -> &'a [u8] {
        match self.body {
            Body::Unread => &[],
            Body::Read(bytes) => bytes,
        }
    }
}
