//! `slug`: a text as a part of a URL that people can read.

use super::map_text;
use crate::template::value::{Meter, Stop, Value};

/// Lower case; letters and digits of any script stay, Latin ones without accents; whatever stands between them is one
/// hyphen.
pub(in crate::template::filters) fn slug<'a>(
    value: Value<'a>,
    _: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    map_text(&value, meter, |text| {
        let mut slug = String::with_capacity(text.len());
        let mut between = false;
        for letter in text.to_lowercase().chars() {
            // An accent that is a character of its own belongs to the letter before it.
            if matches!(letter, '\u{300}'..='\u{36F}') {
                continue;
            }
            if !letter.is_alphanumeric() && !is_sign(letter) {
                between = true;
                continue;
            }
            if between && !slug.is_empty() {
                slug.push('-');
            }
            between = false;
            match plain(letter) {
                Some(plain) => slug.push_str(plain),
                None => slug.push(letter),
            }
        }
        slug
    })
}

/// Does it stand inside the words of another script without being a letter: a nukta, a virama, a tone of Thai or Lao?
fn is_sign(character: char) -> bool {
    matches!(
        character,
        '\u{93C}' | '\u{94D}' | '\u{9BC}' | '\u{9CD}' | '\u{A3C}' | '\u{A4D}' | '\u{ABC}' | '\u{ACD}' | '\u{B3C}'
            | '\u{B4D}' | '\u{BCD}' | '\u{C4D}' | '\u{CBC}' | '\u{CCD}' | '\u{D4D}' | '\u{DCA}' | '\u{E3A}'
            | '\u{E47}'..='\u{E4E}' | '\u{EC8}'..='\u{ECD}' | '\u{1039}' | '\u{103A}' | '\u{17D2}'
    )
}

/// A lower-case letter of Latin-1 or Latin Extended-A without its accent.
fn plain(letter: char) -> Option<&'static str> {
    Some(match letter {
        'à' | 'á' | 'â' | 'ã' | 'ä' | 'å' | 'ā' | 'ă' | 'ą' | 'ª' => "a",
        'æ' => "ae",
        'ç' | 'ć' | 'ĉ' | 'ċ' | 'č' => "c",
        'ð' | 'ď' | 'đ' => "d",
        'è' | 'é' | 'ê' | 'ë' | 'ē' | 'ĕ' | 'ė' | 'ę' | 'ě' => "e",
        'ĝ' | 'ğ' | 'ġ' | 'ģ' => "g",
        'ĥ' | 'ħ' => "h",
        'ì' | 'í' | 'î' | 'ï' | 'ĩ' | 'ī' | 'ĭ' | 'į' | 'ı' => "i",
        'ĳ' => "ij",
        'ĵ' => "j",
        'ķ' | 'ĸ' => "k",
        'ĺ' | 'ļ' | 'ľ' | 'ŀ' | 'ł' => "l",
        'ñ' | 'ń' | 'ņ' | 'ň' | 'ŉ' | 'ŋ' => "n",
        'ò' | 'ó' | 'ô' | 'õ' | 'ö' | 'ø' | 'ō' | 'ŏ' | 'ő' | 'º' => "o",
        'œ' => "oe",
        'ŕ' | 'ŗ' | 'ř' => "r",
        'ß' => "ss",
        'ś' | 'ŝ' | 'ş' | 'š' | 'ſ' => "s",
        'þ' => "th",
        'ţ' | 'ť' | 'ŧ' => "t",
        'ù' | 'ú' | 'û' | 'ü' | 'ũ' | 'ū' | 'ŭ' | 'ů' | 'ű' | 'ų' => "u",
        'ŵ' => "w",
        'ý' | 'ÿ' | 'ŷ' => "y",
        'ź' | 'ż' | 'ž' => "z",
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::template::tests::rendered;

    #[test]
    fn slugs_hold_words_with_hyphens_between_them() {
        let cases = [
            ("Crème Brûlée, no. 2", "creme-brulee-no-2"),
            ("  --Hello,   World!--  ", "hello-world"),
            ("don't", "don-t"),
            ("a_b/c", "a-b-c"),
            ("Straße Ærø Łódź Þing œuvre", "strasse-aero-lodz-thing-oeuvre"),
            ("e\u{301}te\u{301} İstanbul", "ete-istanbul"),
            ("Привет, мир", "привет-мир"),
            ("हिन्दी भाषा", "हिन्दी-भाषा"),
            ("น้ำ ใจ", "น้ำ-ใจ"),
            ("東京 2026", "東京-2026"),
            ("!?", ""),
            ("", ""),
        ];
        for (text, expected) in cases {
            let found = rendered("{{s|slug}}", &serde_json::json!({ "s": text }).to_string());
            assert_eq!(found.as_deref(), Ok(expected), "{text}");
        }
        assert_eq!(rendered("[{{gone|slug}}] {{n|slug}}", "{\"n\":-1.5}").as_deref(), Ok("[] 1-5"));
    }

    #[test]
    fn every_letter_of_latin_1_and_extended_a_becomes_ascii() {
        let letters = ('\u{C0}'..='\u{17F}').filter(|letter| letter.is_alphabetic());
        for letter in letters.flat_map(char::to_lowercase).filter(|letter| letter.is_alphabetic()) {
            assert!(letter.is_ascii() || plain(letter).is_some_and(str::is_ascii), "{letter}");
        }
    }
}
