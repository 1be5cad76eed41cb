//! Pages of responses.

use super::{Code, Page};

pub(super) const PAGES: &[Page] = &[
    Page::new(
        Code::STATUS_RANGE,
        "A status is a number from 200 to 599. Those below are no answers of their own: they announce that one is to come.",
        "- endpoint:\n    path: /users\n    response: {status: 99}\n",
        "- endpoint:\n    path: /users\n    response: {status: 200}\n",
    ),
    Page::new(
        Code::HEADER_REFUSED,
        "`Content-Length`, `Transfer-Encoding`, `Connection` and `Upgrade` say how an answer is sent. The server writes them \
         itself, and a wrong one would break the connection. Remove it.",
        "- endpoint:\n    path: /users\n    response:\n      headers: {Content-Length: 5}\n      body: hello\n",
        "- endpoint:\n    path: /users\n    response:\n      body: hello\n",
    ),
    Page::new(
        Code::HEADER_SYNTAX,
        "A header's name is made of letters, digits and `-`; it has no spaces. A value has no line breaks.",
        "- endpoint:\n    path: /users\n    response:\n      headers: {My Header: yes please}\n      body: hello\n",
        "- endpoint:\n    path: /users\n    response:\n      headers: {My-Header: yes please}\n      body: hello\n",
    ),
    Page::new(
        Code::BODY_NOT_SENT,
        "HTTP sends no body with the statuses 204 and 304, so this one is never seen. Remove it, or choose another status.",
        "- endpoint:\n    path: /users\n    response:\n      status: 204\n      body: hello\n",
        "- endpoint:\n    path: /users\n    response:\n      status: 200\n      body: hello\n",
    ),
    Page::new(
        Code::BODY_NOT_JSON,
        "The `Content-Type` says JSON, but the body is no JSON text, so that a client that parses it fails. It is sent as it is. \
         The place is where it stopped to be JSON. A body may also be written as a map or list, which is always sent as valid JSON.",
        "- endpoint:\n    path: /users\n    response:\n      headers: {Content-Type: application/json}\n      body: '{\"users\": [1, 2}'\n",
        "- endpoint:\n    path: /users\n    response:\n      headers: {Content-Type: application/json}\n      body: '{\"users\": [1, 2]}'\n",
    ),
    Page::new(
        Code::NUMBER_NOT_JSON,
        "A body that is a map or list is sent as JSON, and JSON has no infinity and no \"not a number\". Put quotes around it to \
         send a text.",
        "- endpoint:\n    path: /users\n    response:\n      body: {ratio: .nan}\n",
        "- endpoint:\n    path: /users\n    response:\n      body: {ratio: \".nan\"}\n",
    ),
    Page::new(
        Code::BODY_TWICE,
        "An answer has one body. With `external-body` beside it, `body` loses. Remove one of them.",
        "- endpoint:\n    path: /users\n    response:\n      body: hello\n      external-body: {provider: json, path: users.json}\n",
        "- endpoint:\n    path: /users\n    response:\n      body: hello\n",
    ),
    Page::new(
        Code::EXAMPLE_NOT_JSON,
        "`body` of an endpoint is an example of the request's body: a map, a list, or a text that holds JSON. This text does not, so \
         no request body is checked. Write it as a map, which needs no quotes and braces.",
        "- endpoint:\n    method: POST\n    path: /users\n    body: 'name: Ann'\n    response: {status: 201}\n",
        "- endpoint:\n    method: POST\n    path: /users\n    body: {name: Ann}\n    response: {status: 201}\n",
    ),
];
