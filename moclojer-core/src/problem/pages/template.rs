//! Pages of templates.

use super::{Code, Page};

pub(super) const PAGES: &[Page] = &[
    Page::new(
        Code::TEMPLATE_SYNTAX,
        "A template cannot be read: `{{` without `}}`, `{%` without `%}`, or a tag such as `{% if … %}` without the one that \
         ends it. Two braces that are no template are written `{{\"{{\"}}`.",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: 'Hello {{path-params.name}!'\n",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: 'Hello {{path-params.name}}!'\n",
    ),
    Page::new(
        Code::UNKNOWN_FILTER,
        "What stands behind a `|` is a filter, and there is none of this name. docs/templates.md lists them all.",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: 'Hello {{path-params.name|uppr}}!'\n",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: 'Hello {{path-params.name|upper}}!'\n",
    ),
    Page::new(
        Code::FILTER_ARGUMENTS,
        "A filter or value takes its arguments behind colons (`|add:2`). Here are too many or too few, or one that it cannot \
         use. The message says what it takes.",
        "- endpoint:\n    path: /next/:n|int\n    response:\n      body: '{{path-params.n|add}}'\n",
        "- endpoint:\n    path: /next/:n|int\n    response:\n      body: '{{path-params.n|add:1}}'\n",
    ),
    Page::new(
        Code::UNKNOWN_TAG_NAME,
        "`{% … %}` holds a tag such as `if`, `for` or `with`, and there is none of this name. docs/templates.md lists them all.",
        "- endpoint:\n    path: /users\n    response:\n      body: '{% iff query-params.a %}yes{% endif %}'\n",
        "- endpoint:\n    path: /users\n    response:\n      body: '{% if query-params.a %}yes{% endif %}'\n",
    ),
    Page::new(
        Code::NOT_FILLED,
        "No request can give this variable a value, so it is always empty: the path has no such parameter, or the name is none \
         that templates have. A request gives `path-params.x`, `query-params.x`, `json-params.x`, `header-params.x` and some more.",
        "- endpoint:\n    path: /users/:id\n    response:\n      body: 'user {{path-params.uid}}'\n",
        "- endpoint:\n    path: /users/:id\n    response:\n      body: 'user {{path-params.id}}'\n",
    ),
    Page::new(
        Code::TEMPLATE_NOT_SERVED_YET,
        "moclojer has this tag or value, and this release does not do it yet, so the template cannot be rendered. Do without it.",
        "- endpoint:\n    path: /users\n    response:\n      body: '{% include \"head.html\" %} hello'\n",
        "- endpoint:\n    path: /users\n    response:\n      body: '<h1>Users</h1> hello'\n",
    ),
    Page::new(
        Code::BRANCHES_DIFFER,
        "In a JSON body each branch of an `if` has to leave off at the same kind of place: one may not end inside of quotes \
         when another ends outside. How values behind it are escaped could not be decided otherwise. Put whole values into the branches.",
        "- endpoint:\n    path: /users\n    response:\n      body: '{\"a\": {% if query-params.x %}\"one{% else %}2{% endif %}\"}'\n",
        "- endpoint:\n    path: /users\n    response:\n      body: '{\"a\": {% if query-params.x %}\"one\"{% else %}2{% endif %}}'\n",
    ),
    Page::new(
        Code::NOT_JSON_VALUE,
        "In a JSON body a text stands without quotes around it. It is put there as it is, so that most texts would break the JSON. \
         Put quotes around it, declare a type (`:id|int`), or write it as JSON with the filter `json`.",
        "- endpoint:\n    path: /users/:id\n    response:\n      body: '{\"id\": {{path-params.id}}}'\n",
        "- endpoint:\n    path: /users/:id|int\n    response:\n      body: '{\"id\": {{path-params.id}}}'\n",
    ),
    Page::words(
        Code::TEMPLATE_TOO_LARGE,
        "A template is larger than 256 MiB, has too many tags in each other, or an expression with too many parts. Nobody writes \
         one by hand; a program that made it is probably in a loop.",
        "Make it smaller, or keep large bodies in files of their own.",
    ),
    Page::new(
        Code::UNKNOWN_LANGUAGE,
        "Dates and numbers can be written in twenty languages, made-up data in eight; this is none of them, and English is used. \
         A language is named by its code, such as `pt` or `de`.",
        "- endpoint:\n    path: /today\n    response:\n      body: '{{now|date:\"d MMMM\":\"xx\"}}'\n",
        "- endpoint:\n    path: /today\n    response:\n      body: '{{now|date:\"d MMMM\":\"pt\"}}'\n",
    ),
    Page::new(
        Code::UNKNOWN_FAKE,
        "Made-up data (`{{fake.name}}`) has a list of names, and this is none of them. docs/templates.md lists them all.",
        "- endpoint:\n    path: /user\n    response:\n      body: '{{fake.nmae}}'\n",
        "- endpoint:\n    path: /user\n    response:\n      body: '{{fake.name}}'\n",
    ),
];
