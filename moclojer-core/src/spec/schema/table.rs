//! The one table of what the schema says: each map of a mock file with its keys, what they do, and what they accept.

/// A map of the format.
pub(super) struct Map {
    /// Its name among the definitions.
    pub(super) name: &'static str,
    pub(super) about: &'static str,
    /// The JSON types that may stand for it.
    pub(super) kind: &'static str,
    pub(super) required: &'static [&'static str],
    pub(super) keys: &'static [Key],
}

/// A key of a map.
pub(super) struct Key {
    pub(super) name: &'static str,
    /// What it does, its unit, its default.
    pub(super) about: &'static str,
    /// JSON values, one after the other.
    pub(super) examples: &'static str,
    /// The rest of its schema, as members of a JSON object.
    pub(super) accepts: &'static str,
}

const fn key(name: &'static str, about: &'static str, examples: &'static str, accepts: &'static str) -> Key {
    Key { name, about, examples, accepts }
}

const MAP: &str = r#""object""#;
const MAP_OR_NULL: &str = r#"["object", "null"]"#;
const ANY: &str = r#""type": ["string", "number", "boolean", "object", "array", "null"]"#;
const TEXT: &str = r#""type": ["string", "null"]"#;
const BOOL: &str = r#""type": ["boolean", "null"]"#;
const FROM_0: &str = r#""type": ["integer", "null"], "minimum": 0, "maximum": 4294967295"#;
const FROM_1: &str = r#""type": ["integer", "null"], "minimum": 1, "maximum": 4294967295"#;
const RATE: &str = r#""type": ["number", "null"], "minimum": 0, "maximum": 1"#;
const PATH: &str = r#""type": "string", "pattern": "^/""#;
const TEXTS: &str = r#""type": ["string", "array", "null"], "items": {"type": "string"}"#;
const METHOD: &str = r#""enum": ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE", "QUERY", "ANY", "get", "head", "post", "put", "patch", "delete", "options", "trace", "query", "any", null]"#;
const HOST: &str = r#""type": ["string", "null"], "pattern": "^[^:/ ]+$""#;
const HEADERS: &str = r#""type": ["object", "null"], "propertyNames": {"pattern": "^[!#$%&'*+.^_`|~0-9A-Za-z-]+$", "not": {"enum": ["Content-Length", "content-length", "Transfer-Encoding", "transfer-encoding", "Connection", "connection", "Upgrade", "upgrade"]}}, "additionalProperties": {"type": ["string", "number", "boolean", "null", "array"], "items": {"type": ["string", "number", "boolean", "null"]}}"#;
const MESSAGE: &str = r#""type": ["string", "object", "array", "null"]"#;

pub(super) const MAPS: &[Map] = &[
    Map {
        name: "item",
        about: "An item of a mock file. Keys that begin with x- are yours and mean nothing.",
        kind: MAP,
        required: &[],
        keys: &[
            key("endpoint", "A route and its answer.", "", r##""$ref": "#/definitions/endpoint""##),
            key(
                "websocket",
                "A WebSocket conversation. Not served yet.",
                "",
                r##""$ref": "#/definitions/websocket""##,
            ),
            key(
                "external-body",
                "Where the files of external bodies are, for this document. Not served yet.",
                "",
                r##""$ref": "#/definitions/folder""##,
            ),
            key(
                "openapi",
                "An OpenAPI document whose operations answer beside the endpoints. Not served yet.",
                "",
                r##""$ref": "#/definitions/openapi""##,
            ),
            key(
                "defaults",
                "What every endpoint of this document says that does not say it itself.",
                "",
                r##""$ref": "#/definitions/defaults""##,
            ),
        ],
    },
    Map {
        name: "endpoint",
        about: "A route and its answer.",
        kind: MAP,
        required: &["path", "response"],
        keys: &[
            key(
                "method",
                "The method that it answers, in upper or lower case; ANY answers every one. Default: GET, which answers HEAD too.",
                r#""POST", "ANY""#,
                METHOD,
            ),
            key(
                "host",
                "The host that it answers for, without port; *.example.com takes any one label. Default: every host.",
                r#""api.example.com", "*.example.com""#,
                HOST,
            ),
            key(
                "path",
                "The paths that it answers. :name takes a segment, :name|int one of that type (string, int, float, double, bool, uuid, date, or a /regular expression/), *name the rest.",
                r#""/users/:id|int", "/files/*rest""#,
                PATH,
            ),
            key(
                "query",
                "The query parameters that it declares, each with its type. A value of another type does not fit; a missing one is null.",
                r#"{"page": "int", "lang": "string"}"#,
                r#""type": ["object", "null"], "additionalProperties": {"anyOf": [{"enum": ["string", "int", "float", "double", "bool", "boolean", "uuid", "date"]}, {"type": "string", "pattern": "^/.+/$"}]}"#,
            ),
            key(
                "body",
                "An example of the request's body: a request needs its keys with values of the same JSON types. A map, a list, or a text that holds JSON.",
                r#"{"product": "shirt", "amount": 1}"#,
                r#""type": ["object", "array", "string", "null"]"#,
            ),
            key(
                "response",
                "What it answers: status, headers, body.",
                "",
                r##""$ref": "#/definitions/response""##,
            ),
            key(
                "rate-limit",
                "How often it may be asked before it answers 429. Not served yet.",
                "",
                r##""$ref": "#/definitions/rate-limit""##,
            ),
            key(
                "latency",
                "How long it takes, and how often it fails. Not served yet.",
                "",
                r##""$ref": "#/definitions/latency""##,
            ),
            key(
                "webhook",
                "A request that follows the answer. Not served yet.",
                "",
                r##""$ref": "#/definitions/webhook""##,
            ),
            key("tag", "Groups it in the generated API document.", r#""people""#, TEXT),
            key("router-name", "Its name in logs and messages.", r#""one-user""#, TEXT),
            key(
                "cors",
                "Which other origins may read its answer: true for every one, or a map. Default: false.",
                r#"true"#,
                r##""$ref": "#/definitions/cors""##,
            ),
            key(
                "near-misses",
                "Whether a request that nothing matched may be told of it. Default: true.",
                "false",
                BOOL,
            ),
            key("enabled", "false takes it out without deleting it. Default: true.", "false", BOOL),
        ],
    },
    Map {
        name: "defaults",
        about: "What every endpoint of this document says that does not say it itself. One a document.",
        kind: MAP_OR_NULL,
        required: &[],
        keys: &[
            key(
                "prefix",
                "Stands before every path.",
                r#""/api/v1""#,
                r#""type": ["string", "null"], "pattern": "^(/|$)""#,
            ),
            key("host", "The host of every endpoint that names none.", r#""api.example.com""#, HOST),
            key(
                "headers",
                "Headers of every answer; those of an endpoint win by name, in any case.",
                r#"{"Cache-Control": "no-store"}"#,
                HEADERS,
            ),
            key(
                "cors",
                "Which other origins may read the answers: true for every one, or a map.",
                "true",
                r##""$ref": "#/definitions/cors""##,
            ),
            key(
                "latency",
                "How long every endpoint takes, and how often it fails. Not served yet.",
                "",
                r##""$ref": "#/definitions/latency""##,
            ),
            key(
                "rate-limit",
                "How often each endpoint may be asked before it answers 429. Not served yet.",
                "",
                r##""$ref": "#/definitions/rate-limit""##,
            ),
            key(
                "near-misses",
                "Whether a request that nothing matched is told of these endpoints. Default: true.",
                "false",
                BOOL,
            ),
        ],
    },
    Map {
        name: "response",
        about: "The answer: status, headers, and a body or an external body.",
        kind: MAP,
        required: &[],
        keys: &[
            key(
                "status",
                "The status, from 200 to 599. Default: 200.",
                "201, 404",
                r#""type": ["integer", "null"], "minimum": 200, "maximum": 599"#,
            ),
            key(
                "headers",
                "Headers; values are templates, a list of values repeats the header. Content-Length and what else frames the answer is the server's.",
                r#"{"Cache-Control": "max-age=60", "X-Id": "{{request.id}}"}"#,
                HEADERS,
            ),
            key(
                "body",
                "The body. A text is a template; anything else is sent as JSON, with templates in its strings. Default: none.",
                r#""Hello {{path-params.name}}!", {"id": "{{uuid}}"}"#,
                ANY,
            ),
            key(
                "external-body",
                "The body from a file or a URL. Not served yet.",
                "",
                r##""$ref": "#/definitions/body-from-elsewhere""##,
            ),
        ],
    },
    Map {
        name: "cors",
        about: "Which other origins may read an answer: true for every one, false, or a map.",
        kind: r#"["boolean", "object", "null"]"#,
        required: &[],
        keys: &[
            key(
                "origins",
                "The origins that may read, one or a list. Default: every one.",
                r#""https://example.com""#,
                TEXTS,
            ),
            key(
                "methods",
                "The methods that a preflight allows. Default: those of the path.",
                r#"["GET", "POST"]"#,
                TEXTS,
            ),
            key(
                "headers",
                "The request headers that a preflight allows. Default: those that it asks for.",
                r#"["Authorization"]"#,
                TEXTS,
            ),
            key("credentials", "Whether cookies may be sent. Default: false.", "true", BOOL),
            key("max-age-s", "For how many seconds a preflight may be kept.", "600", FROM_0),
        ],
    },
    Map {
        name: "rate-limit",
        about: "How often an endpoint may be asked before it answers 429. Not served yet.",
        kind: MAP_OR_NULL,
        required: &[],
        keys: &[
            key(
                "window-ms",
                "The window that is counted in, in milliseconds. Default: 900000 (15 minutes).",
                "60000",
                FROM_1,
            ),
            key("max-requests", "The most requests in a window. Default: 100.", "3", FROM_1),
            key(
                "key-fn",
                "Who is counted apart: remote-addr, or the name of a request header. Default: remote-addr.",
                r#""remote-addr", "Authorization""#,
                TEXT,
            ),
        ],
    },
    Map {
        name: "latency",
        about: "How long an endpoint takes, and how often it fails. Not served yet.",
        kind: MAP_OR_NULL,
        required: &[],
        keys: &[
            key("min-ms", "The least time, in milliseconds; alone it is the time.", "50", FROM_0),
            key("max-ms", "The most time, in milliseconds; not below min-ms.", "200", FROM_0),
            key("failure-rate", "The part of the answers that are 500, from 0 to 1.", "0.1", RATE),
            key(
                "timeout-rate",
                "The part of the answers that come as 504 after timeout-ms, from 0 to 1.",
                "0.05",
                RATE,
            ),
            key("timeout-ms", "How long a timeout takes, in milliseconds. Default: 30000.", "30000", FROM_0),
            key(
                "distribution",
                "How times are spread. Default: uniform.",
                r#""lognormal""#,
                r#""enum": ["uniform", "lognormal", null]"#,
            ),
            key("median-ms", "The median of lognormal, in milliseconds.", "80", FROM_0),
            key("sigma", "The spread of lognormal.", "0.4", r#""type": ["number", "null"]"#),
            key(
                "fault",
                "How a broken answer is broken.",
                r#""reset""#,
                r#""enum": ["reset", "empty", "truncate", "garbage", null]"#,
            ),
            key("fault-rate", "The part of the answers that are broken, from 0 to 1.", "0.01", RATE),
            key("bytes-per-second", "How fast the body is sent.", "1024", FROM_0),
        ],
    },
    Map {
        name: "webhook",
        about: "A request that follows the answer. Not served yet.",
        kind: MAP_OR_NULL,
        required: &["url"],
        keys: &[
            key(
                "url",
                "Where it goes; a template.",
                r#""http://localhost:9000/hook""#,
                r#""type": "string""#,
            ),
            key("method", "Its method. Default: POST.", r#""POST""#, METHOD),
            key(
                "headers",
                "Its headers; values are templates. Default: Content-Type: application/json.",
                r#"{"X-Event": "created"}"#,
                r#""type": ["object", "null"]"#,
            ),
            key("body", "Its body; a template, or a map or list.", r#"{"id": "{{json-params.id}}"}"#, ANY),
            key(
                "if",
                "The condition, as in {% if … %}. Default: true.",
                r#""json-params.notify""#,
                r#""type": ["string", "number", "boolean", "null"]"#,
            ),
            key(
                "sleep-time",
                "How long it waits, in seconds, or with a unit as in 500ms or 2s. Default: 60.",
                r#"5, "500ms""#,
                r#""type": ["number", "string", "null"], "minimum": 0, "pattern": "^[0-9.]+([eE][0-9]+)?(ms|s)?$""#,
            ),
        ],
    },
    Map {
        name: "body-from-elsewhere",
        about: "The body from a file or a URL. Not served yet.",
        kind: MAP_OR_NULL,
        required: &["path"],
        keys: &[
            key(
                "provider",
                "What the file is. Default: what its extension says.",
                r#""json""#,
                r#""enum": ["json", "xlsx", "xml", "yaml", "csv", "text", "file", null]"#,
            ),
            key(
                "path",
                "The file, sought beside the mock file, or an http(s) URL; a template.",
                r#""users.json""#,
                r#""type": "string""#,
            ),
            key("sheet-name", "The sheet of a spreadsheet. Default: the first one.", r#""people""#, TEXT),
        ],
    },
    Map {
        name: "folder",
        about: "Where the files of external bodies are, for this document. Not served yet.",
        kind: MAP,
        required: &[],
        keys: &[key("folder", "Where relative paths of external bodies begin.", r#""data""#, TEXT)],
    },
    Map {
        name: "openapi",
        about: "An OpenAPI document whose operations answer beside the endpoints: in the file, or by its path. Not served yet.",
        kind: MAP,
        required: &[],
        keys: &[
            key(
                "document",
                "The document itself.",
                r#"{"openapi": "3.1.0", "paths": {}}"#,
                r#""type": ["object", "null"]"#,
            ),
            key("path", "The file of the document.", r#""petstore.yml""#, TEXT),
            key("host", "The host of its operations.", r#""api.example.com""#, TEXT),
            key("prefix", "Stands before every path of it.", r#""/v1""#, TEXT),
        ],
    },
    Map {
        name: "websocket",
        about: "A WebSocket conversation. Not served yet.",
        kind: MAP,
        required: &["path"],
        keys: &[
            key("path", "The path that clients connect to, as of an endpoint.", r#""/chat/:room""#, PATH),
            key("host", "The host that it answers for. Default: every host.", r#""chat.example.com""#, HOST),
            key(
                "on-connect",
                "What is sent when a client connects.",
                "",
                r##""$ref": "#/definitions/on-connect""##,
            ),
            key(
                "on-message",
                "Answers to messages: the first pattern that fits answers.",
                r#"[{"pattern": "ping", "response": "pong"}]"#,
                r##""type": ["array", "null"], "items": {"$ref": "#/definitions/message"}"##,
            ),
        ],
    },
    Map {
        name: "on-connect",
        about: "What is sent when a client connects.",
        kind: MAP_OR_NULL,
        required: &[],
        keys: &[key("response", "A text, a map or a list; a template.", r#""welcome""#, MESSAGE)],
    },
    Map {
        name: "message",
        about: "A message and its answer.",
        kind: MAP,
        required: &["pattern"],
        keys: &[
            key(
                "pattern",
                "What the message is: JSON, a regular expression for the whole of it, or plain text.",
                r#""ping", "{\"type\": \"{{json-params.type}}\"}""#,
                r#""type": "string""#,
            ),
            key("response", "A text, a map or a list; a template.", r#""pong""#, MESSAGE),
        ],
    },
];
