//! Pages of what a file may say: items, keys, values.

use super::{Code, Page};

pub(super) const PAGES: &[Page] = &[
    Page::new(
        Code::NOT_A_LIST,
        "A mock file is a list of items, each of which begins with `- `. Without it the file is one map, and nothing in it \
         is served. In a folder such a file is passed over: it may be something else than a mock.",
        "endpoint:\n  path: /users\n  response: {body: hello}\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::UNKNOWN_ITEM,
        "An item has a key that says what it is: `endpoint`, `websocket`, `external-body`, `openapi` or `defaults`. This \
         one has none of them and is ignored. Look for a spelling mistake, or begin the key with `x-` if it is your own note.",
        "- endpont:\n    path: /users\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::UNKNOWN_KEY,
        "The key means nothing at this place and is ignored. Look for a spelling mistake or a wrong indentation. A key \
         that begins with `x-` is yours, and is never reported.",
        "- endpoint:\n    path: /users\n    tagg: people\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users\n    tag: people\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::MISSING_KEY,
        "Something cannot work without this key: an endpoint needs a `path` and a `response`, a webhook a `url`. Often it is \
         there with a spelling mistake, or indented otherwise.",
        "- endpoint:\n    path: /users\n    respone: {body: hello}\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::WRONG_TYPE,
        "The key takes another kind of value: a number where a text stands, a map where a list stands. Quotes make a text \
         of a number (`\"200\"`); a `- ` makes a list. The message says what may stand there.",
        "- endpoint:\n    path: /users\n    response:\n      status: \"200\"\n",
        "- endpoint:\n    path: /users\n    response:\n      status: 200\n",
    ),
    Page::new(
        Code::WRONG_VALUE,
        "The value has the right kind, but is none of those that the key takes, or lies outside its range. The message says \
         which may stand there.",
        "- endpoint:\n    method: PSOT\n    path: /users\n    response: {status: 201}\n",
        "- endpoint:\n    method: POST\n    path: /users\n    response: {status: 201}\n",
    ),
    Page::new(
        Code::NOT_SERVED_YET,
        "The format has this key, and this release reads it, but it does not do it yet. The rest of the file is served; the \
         message says what happens instead.",
        "- endpoint:\n    path: /users\n    latency: {min-ms: 500}\n    response: {body: hello}\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::MISPLACED_KEY,
        "The key belongs to another place, mostly a level higher or lower, and does nothing here. Indent it as the message says.",
        "- endpoint:\n    path: /users\n    response:\n      body: hello\n      rate-limit: {max-requests: 3}\n",
        "- endpoint:\n    path: /users\n    rate-limit: {max-requests: 3}\n    response:\n      body: hello\n",
    ),
    Page::new(
        Code::SHADOWED,
        "Another endpoint has the same host, path, types, method and conditions, and stands before this one: it always answers \
         first. The names of path parameters make no difference. Remove one, or tell them apart: by host, method, the type of a \
         parameter (`:id|int`), a declared query parameter, or an example of the body.",
        "- endpoint:\n    path: /users/:id\n    response: {body: one}\n- endpoint:\n    path: /users/:name\n    response: {body: two}\n",
        "- endpoint:\n    path: /users/:id|int\n    response: {body: one}\n- endpoint:\n    path: /users/:name\n    response: {body: two}\n",
    ),
    Page::new(
        Code::EMPTY,
        "There is no endpoint, so every request gets 404. That is fine for a file that you are about to write; otherwise look \
         whether it is the right file or folder.",
        "- x-note: the endpoints come later\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
];
