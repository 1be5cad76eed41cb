//! Pages of paths, hosts and query parameters.

use super::{Code, Page};

pub(super) const PAGES: &[Page] = &[
    Page::new(
        Code::PATH_SYNTAX,
        "A path begins with `/` and is made of segments. A segment is text, a parameter (`:name`, `:name|int`), both (`:id.json`), \
         or, at the end, the rest (`*name`). Two parameters need text between them, and a template cannot stand in a path.",
        "- endpoint:\n    path: users/:id\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users/:id\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::UNKNOWN_TYPE,
        "A parameter has a type behind a `|`: string, int, float, double, bool, uuid, date, or a regular expression between \
         slashes. It decides which requests the endpoint answers.",
        "- endpoint:\n    path: /users/:id|integer\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users/:id|int\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::PARAMETER_TWICE,
        "Two parts of a path cannot fill the same parameter. Give each a name of its own.",
        "- endpoint:\n    path: /users/:id/orders/:id\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users/:user/orders/:id\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::HOST_SYNTAX,
        "A host is a name such as `api.example.com`, or `*.example.com` for one more label of any text. It has no port, no \
         `http://`, and letters outside ASCII are written in punycode, as browsers send them.",
        "- endpoint:\n    host: localhost:8000\n    path: /users\n    response: {body: hello}\n",
        "- endpoint:\n    host: localhost\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::TYPE_CONFLICT,
        "A query parameter is declared behind the `?` of the path and under `query`, with two types. Declare it once.",
        "- endpoint:\n    path: /users?page|int\n    query: {page: string}\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users\n    query: {page: int}\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::BAD_REGEX,
        "The regular expression between the slashes cannot be used: it is not closed, holds a `/`, is too large, or uses what \
         takes unbounded time (look-around, back-references). The syntax is that of the Rust crate `regex`.",
        "- endpoint:\n    path: /users/:id|/(a/\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users/:id|/(a)/\n    response: {body: hello}\n",
    ),
];
