//! Pages of what is met while a file is read, before its meaning is looked at.

use super::{Code, Page};

pub(super) const PAGES: &[Page] = &[
    Page::words(
        Code::UNREADABLE,
        "The file or folder is there, but the system does not let moclojer read it, or it changed all the time while \
         it was read. The message has the system's own reason.",
        "Look at who may read it (`ls -l FILE`), and give the user that runs moclojer the right to.",
    ),
    Page::words(
        Code::NOT_UTF8,
        "Mock files are UTF-8 text. This one holds bytes that are not: mostly it was saved in an older encoding, or it \
         is no text at all. The place is that of the first such byte.",
        "Save it as UTF-8 in your editor, or convert it: `iconv -f latin1 -t utf-8 old.yml > new.yml`.",
    ),
    Page::new(
        Code::SYNTAX,
        "The text is not YAML (or JSON, if it is a JSON file), so nothing behind this place can be read. The place is \
         where it stopped to make sense; the cause is there or a little before: a text that needs quotes, a quote or \
         bracket that is not closed, a key that is indented otherwise than those beside it. Only the first such fault \
         of a file is told.",
        "- endpoint:\n    path: /users\n    response:\n      body: error: no such user\n",
        "- endpoint:\n    path: /users\n    response:\n      body: 'error: no such user'\n",
    ),
    Page::new(
        Code::TAB_INDENT,
        "YAML indents with spaces; a tab there is an error, because nobody can say how wide it is. Set your editor to \
         write spaces in YAML files, two for each level.",
        "- endpoint:\n\tpath: /users\n\tresponse: {body: hello}\n",
        "- endpoint:\n    path: /users\n    response: {body: hello}\n",
    ),
    Page::new(
        Code::DUPLICATE_KEY,
        "A map can hold a key once. Which of the two was meant nobody can know, so the file is not served. Remove one, or, \
         where both are wanted, make two endpoints of it. Headers count as the same in upper and lower case, which is a \
         warning: both are sent.",
        "- endpoint:\n    path: /users\n    response:\n      status: 200\n      status: 404\n",
        "- endpoint:\n    path: /users\n    response:\n      status: 404\n",
    ),
    Page::new(
        Code::KEY_NOT_SCALAR,
        "A key is a text. YAML lets a list or a map be one, and nothing in a mock file could mean it. Often a template \
         or a text with brackets stands where a key was meant: put quotes around it.",
        "- endpoint:\n    path: /users\n    response:\n      body:\n        [a, b]: both\n",
        "- endpoint:\n    path: /users\n    response:\n      body:\n        '[a, b]': both\n",
    ),
    Page::new(
        Code::UNKNOWN_TAG,
        "A word that begins with `!` is a YAML tag: it says what kind of value follows. Only those of YAML itself are \
         known (`!!str`, `!!int`, `!!float`, `!!bool`, `!!null`, `!!map`, `!!seq`). Remove it, or put quotes around a \
         text that begins with `!`.",
        "- endpoint:\n    path: /users\n    response:\n      body: !include users.json\n",
        "- endpoint:\n    path: /users\n    response:\n      body: '!include users.json'\n",
    ),
    Page::limited(
        Code::TOO_DEEP,
        "Lists and maps stand in each other deeper than the limit allows (128 levels unless it was changed). Nobody \
         writes such a file by hand; a program that made it is probably in a loop. If it is meant, raise the limit.",
        "depth=5",
        "- endpoint:\n    path: /users\n    response:\n      body: {a: {b: {c: deep}}}\n",
        "- endpoint:\n    path: /users\n    response:\n      body: {a: flat}\n",
    ),
    Page::limited(
        Code::TOO_LARGE,
        "The file, or a list or map in brackets that has to be held in memory as a whole, is larger than the limit \
         allows. Make several files of it, keep large bodies in files of their own, or raise the limit.",
        "file-bytes=80",
        "- endpoint:\n    path: /users\n    response:\n      body: a very long text, a very long text, a very long text\n",
        "- endpoint:\n    path: /users\n    response:\n      body: a short text\n",
    ),
    Page::limited(
        Code::ALIAS_EXPANSION,
        "An alias (`*name`) stands for a copy of what its anchor (`&name`) names. Copies of copies can make a huge file \
         out of a small one, so what all of them copy together is bounded. Write out what you need, or raise the limit.",
        "alias-nodes=3",
        "- x-list: &list [1, 2, 3, 4]\n- endpoint:\n    path: /users\n    response:\n      body: *list\n",
        "- endpoint:\n    path: /users\n    response:\n      body: [1, 2, 3, 4]\n",
    ),
    Page::new(
        Code::YAML_1_1,
        "Bare `yes`, `no`, `on`, `off`, dates and numbers that begin with 0 are texts here, as YAML 1.2 says. Older \
         readers took them for booleans, dates and octal numbers. Nothing is broken: put quotes around it to say that \
         the text is meant, or write `true`, `false` or the number.",
        "- endpoint:\n    path: /users\n    response:\n      body: {active: yes}\n",
        "- endpoint:\n    path: /users\n    response:\n      body: {active: true}\n",
    ),
    Page::new(
        Code::BARE_TEMPLATE,
        "Two braces begin a template for moclojer, but a map for YAML. A template that begins a value needs quotes \
         around the whole value.",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: {{path-params.name}}\n",
        "- endpoint:\n    path: /hello/:name\n    response:\n      body: '{{path-params.name}}'\n",
    ),
    Page::new(
        Code::MERGE_KEY,
        "The key `<<` takes over the keys of another map, which is named by an alias. What stands there is no map. A \
         key that is really named `<<` needs quotes.",
        "- endpoint:\n    path: /users\n    response:\n      <<: usual\n      body: hello\n",
        "- x-usual: &usual {status: 201}\n- endpoint:\n    path: /users\n    response:\n      <<: *usual\n      body: hello\n",
    ),
    Page::new(
        Code::NUL_BYTE,
        "The file holds a byte of value 0, which no text does: mostly it was saved as UTF-16, or is no text at all. Save \
         it as UTF-8.",
        "- endpoint:\n    path: /users\n    response:\n      body: a\0b\n",
        "- endpoint:\n    path: /users\n    response:\n      body: ab\n",
    ),
    Page::new(
        Code::TAG_MISMATCH,
        "A YAML tag says what kind of value follows, and the value is of another kind. Remove the tag or mend the value.",
        "- endpoint:\n    path: /users\n    response:\n      body: {age: !!int old}\n",
        "- endpoint:\n    path: /users\n    response:\n      body: {age: 70}\n",
    ),
    Page::words(
        Code::MANY_PROBLEMS,
        "The file has more errors, or more warnings, than anybody reads. The first thousand of each are shown, and this one \
         says how many are left out.",
        "Mend the first ones and check again: many often have one cause, such as a wrong indentation.",
    ),
    Page::words(
        Code::PROCESSED_TOO_LARGE,
        "A hosted mock is kept in a form that is faster to load, with aliases written out. That form of this file is \
         larger than the hosted service takes, though the file itself may be small.",
        "Use fewer aliases and merge keys for large values, or make several mocks of it.",
    ),
    Page::words(
        Code::NOT_PROCESSED,
        "The file is valid, but its hosted form does not say the same as the file, so nothing was saved. That is a fault \
         of moclojer.",
        "Please report it, with the file if you may share it.",
    ),
    Page::words(
        Code::TOO_MANY_ENDPOINTS,
        "The file has more endpoints than the hosted service takes in one mock. Serving it from your own machine has no \
         such limit.",
        "Make several mocks of it.",
    ),
    Page::words(
        Code::FORMAT_OFF,
        "moclojer-core was built without the feature that reads this format; the message names it. The program \
         `moclojer` has all of them.",
        "In `Cargo.toml`: `moclojer-core = { version = \"…\", features = [\"edn\"] }`.",
    ),
];
