//! The one table of problem codes. A code is never used for anything else, even after its problem is gone.

use std::fmt;

/// The stable number of a kind of problem, shown as `M0123`.
#[derive(Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Code(u16);

impl Code {
    /// The number alone.
    pub fn number(self) -> u16 {
        self.0
    }
}

impl fmt::Display for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "M{:04}", self.0)
    }
}

impl fmt::Debug for Code {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

macro_rules! codes {
    ($($number:literal $name:ident $title:literal)*) => {
        impl Code {
            $(#[doc = $title] pub const $name: Self = Self($number);)*

            /// Every code with what it means, in order.
            pub const ALL: &'static [(Self, &'static str)] = &[$((Self::$name, $title)),*];

            /// What this kind of problem is, in a few words.
            pub fn title(self) -> &'static str {
                Self::ALL.iter().find(|(code, _)| *code == self).map_or("", |(_, title)| title)
            }
        }
    };
}

codes! {
    // 1-99: reading a file
    1 UNREADABLE "The file cannot be read"
    2 NOT_UTF8 "The file is not UTF-8 text"
    3 SYNTAX "The file's syntax is broken"
    4 TAB_INDENT "A tab is used as indentation"
    5 DUPLICATE_KEY "A key stands twice in one map, or a value in one set"
    6 KEY_NOT_SCALAR "A list or map is used as a key"
    7 UNKNOWN_TAG "A tag is not known"
    8 TOO_DEEP "The file is nested too deeply"
    9 TOO_LARGE "The file is too large"
    10 ALIAS_EXPANSION "Aliases expand to too much"
    11 YAML_1_1 "YAML 1.1 read this value otherwise"
    12 BARE_TEMPLATE "A template stands outside quotes"
    13 MERGE_KEY "A merge key does not name a map"
    14 NUL_BYTE "The file holds a NUL byte"
    15 TAG_MISMATCH "A value does not fit its tag"
    16 MANY_PROBLEMS "More problems were found than are shown"
    17 PROCESSED_TOO_LARGE "The processed text of the file is too large to be hosted"
    18 NOT_PROCESSED "The file cannot be made ready to be hosted"
    19 TOO_MANY_ENDPOINTS "The file has more endpoints than it may"
    20 FORMAT_OFF "The file's format is not compiled in"
    // 100-199: what a file may say
    100 NOT_A_LIST "The file is not a list of items"
    101 UNKNOWN_ITEM "An item is of no known kind"
    102 UNKNOWN_KEY "A key is not known"
    103 MISSING_KEY "A required key is missing"
    104 WRONG_TYPE "A value has the wrong type"
    105 WRONG_VALUE "A value is not among those that are allowed"
    106 NOT_SERVED_YET "This is not served yet"
    107 MISPLACED_KEY "A key stands at the wrong place"
    108 SHADOWED "An endpoint can never answer"
    109 EMPTY "There is nothing to serve"
    // 200-299: paths, hosts, query
    200 PATH_SYNTAX "A path cannot be understood"
    201 UNKNOWN_TYPE "A parameter type is not known"
    202 PARAMETER_TWICE "A parameter is declared twice"
    203 HOST_SYNTAX "A host cannot be understood"
    204 TYPE_CONFLICT "A parameter is declared with two types"
    205 BAD_REGEX "A regular expression cannot be used"
    // 300-399: templates
    300 TEMPLATE_SYNTAX "A template cannot be understood"
    301 UNKNOWN_FILTER "A filter is not known"
    302 FILTER_ARGUMENTS "A filter or value has the wrong arguments"
    303 UNKNOWN_TAG_NAME "A template tag is not known"
    304 NOT_FILLED "A variable that no request can fill"
    305 TEMPLATE_NOT_SERVED_YET "This part of the template language is not served yet"
    306 BRANCHES_DIFFER "Branches of a template end in different places of the JSON text"
    307 NOT_JSON_VALUE "An untyped text is put where a JSON value stands"
    308 TEMPLATE_TOO_LARGE "A template is too large or nested too deeply"
    309 UNKNOWN_LANGUAGE "A language is not known"
    310 UNKNOWN_FAKE "Made-up data of this name does not exist"
    // 400-499: responses
    400 STATUS_RANGE "A status is out of range"
    401 HEADER_REFUSED "A header that the server writes itself"
    402 HEADER_SYNTAX "A header name or value cannot be sent"
    403 BODY_NOT_SENT "A body that this status never sends"
    404 BODY_NOT_JSON "A body under a JSON content type is not JSON"
    405 NUMBER_NOT_JSON "A number that JSON cannot hold"
    406 BODY_TWICE "Two bodies are declared"
    407 EXAMPLE_NOT_JSON "The example of a request body is not JSON"
}
