//! Made-up data: `{{fake.name}}`, `{{fake.city:fr}}`. The table of what there is, which is known without the
//! feature `fake` too, so that a template that needs it says so when it loads.
//!
//! A value follows from one draw of the scope and its arguments: neither the clock nor the machine counts.

#[cfg(feature = "fake")]
mod company;
#[cfg(feature = "fake")]
mod countries;
#[cfg(feature = "fake")]
mod document;
#[cfg(feature = "fake")]
mod draws;
#[cfg(feature = "fake")]
mod internet;
#[cfg(feature = "fake")]
mod language;
#[cfg(feature = "fake")]
mod languages;
#[cfg(feature = "fake")]
mod number;
#[cfg(feature = "fake")]
mod payment;
#[cfg(feature = "fake")]
mod person;
#[cfg(feature = "fake")]
mod place;
#[cfg(feature = "fake")]
mod run;
#[cfg(all(test, feature = "fake"))]
mod tests;
#[cfg(feature = "fake")]
mod text;
#[cfg(feature = "fake")]
mod time;

use super::call::Kind::{FakeLanguage, Integer};
use super::call::{Parameter, opt};
use super::filters::Gives::{Any, Json};
use super::functions::Function;

/// What a template is told that needs made-up data where there is none.
pub(super) const NOT_COMPILED: &str =
    "made-up data needs the feature `fake` of moclojer-core: add `features = [\"fake\"]` to it in Cargo.toml";

/// True when made-up data is compiled in.
pub(super) const fn available() -> bool {
    cfg!(feature = "fake")
}

/// The function behind a name, without `fake.`; none where made-up data is not compiled in.
pub(super) fn find(name: &str) -> Option<&'static Function> {
    if !available() {
        return None;
    }
    let index = FAKES.binary_search_by(|fake| fake.name.cmp(name)).ok()?;
    FAKES.get(index)
}

/// The languages that made-up data knows; `pt` is that of Brazil.
pub(super) const LANGUAGES: [&str; 8] = ["en", "pt", "fr", "de", "es", "it", "nl", "ja"];

/// Which of the languages a tag such as `pt`, `pt-BR` or `PT_br` means.
pub(super) fn language_of(tag: &str) -> Option<usize> {
    let first = tag.trim().split(['-', '_']).next().unwrap_or_default();
    LANGUAGES.iter().position(|language| language.eq_ignore_ascii_case(first))
}

/// All names, without `fake.`; also where it is not compiled in.
pub(super) fn names() -> impl Iterator<Item = &'static str> {
    FAKES.iter().map(|fake| fake.name)
}

const NOTHING: &[Parameter] = &[];
const LANGUAGE: &[Parameter] = &[opt("language", FakeLanguage)];
const COUNTED: &[Parameter] = &[opt("n", Integer), opt("language", FakeLanguage)];
const DIGITS: &[Parameter] = &[opt("n", Integer)];

/// A text in the language that is asked for.
#[cfg(feature = "fake")]
macro_rules! text {
    ($make:path) => {
        |arguments, scope, meter| run::text(arguments, scope, meter, $make)
    };
}

/// So many of something.
#[cfg(feature = "fake")]
macro_rules! counted {
    ($usual:literal, $make:path) => {
        |arguments, scope, meter| run::counted(arguments, scope, meter, $usual, $make)
    };
}

/// What is the same in all languages.
#[cfg(feature = "fake")]
macro_rules! value {
    ($make:path) => {
        |_, scope, meter| run::value(scope, meter, $make)
    };
}

/// Without the feature no row is ever found.
#[cfg(not(feature = "fake"))]
macro_rules! text {
    ($($make:tt)*) => {
        |_, _, _| Err(super::value::Stop::from(NOT_COMPILED.to_owned()))
    };
}

#[cfg(not(feature = "fake"))]
use text as counted;
#[cfg(not(feature = "fake"))]
use text as value;

/// All made-up data, sorted by name.
#[rustfmt::skip]
pub(super) static FAKES: &[Function] = &[
    Function { name: "address", parameters: LANGUAGE, gives: Any, run: text!(place::address),
        documentation: "A whole address in one line, as the country writes it; city, state and postcode belong together.",
        example: "{{fake.address:de}}" },
    Function { name: "amount", parameters: NOTHING, gives: Json, run: value!(number::amount),
        documentation: "A number from 1.00 to 9999.99 with two decimals.",
        example: "{{fake.amount}}" },
    Function { name: "bic", parameters: LANGUAGE, gives: Any, run: text!(payment::bic),
        documentation: "The code of a bank (ISO 9362) of the language's country.",
        example: "{{fake.bic}}" },
    Function { name: "birthdate", parameters: NOTHING, gives: Any, run: text!(time::birthdate),
        documentation: "A day from 1950-01-01 to 2005-12-31: `yyyy-MM-dd`.",
        example: "{{fake.birthdate}}" },
    Function { name: "boolean", parameters: NOTHING, gives: Json, run: value!(number::boolean),
        documentation: "True or false.",
        example: "{{fake.boolean}}" },
    Function { name: "building-number", parameters: LANGUAGE, gives: Any, run: text!(place::building_number),
        documentation: "The number of a house.",
        example: "{{fake.building-number}}" },
    Function { name: "catch-phrase", parameters: LANGUAGE, gives: Any, run: text!(company::catch_phrase),
        documentation: "What a company says of itself.",
        example: "{{fake.catch-phrase}}" },
    Function { name: "cell-phone", parameters: LANGUAGE, gives: Any, run: text!(person::cell_phone),
        documentation: "The number of a cell phone, as it is dialled inside the country.",
        example: "{{fake.cell-phone}}" },
    Function { name: "cep", parameters: NOTHING, gives: Any, run: text!(document::cep),
        documentation: "A Brazilian postcode: `01310-100`.",
        example: "{{fake.cep}}" },
    Function { name: "city", parameters: LANGUAGE, gives: Any, run: text!(place::city),
        documentation: "A city.",
        example: "{{fake.city:fr}}" },
    Function { name: "cnpj", parameters: NOTHING, gives: Any, run: text!(document::cnpj),
        documentation: "The number of a Brazilian company with valid check digits: `12.345.678/0001-95`.",
        example: "{{fake.cnpj}}" },
    Function { name: "cnpj-digits", parameters: NOTHING, gives: Any, run: text!(document::cnpj_digits),
        documentation: "The same as `cnpj` without punctuation.",
        example: "{{fake.cnpj-digits}}" },
    Function { name: "color", parameters: NOTHING, gives: Any, run: text!(internet::color),
        documentation: "A colour: `#1e90ff`.",
        example: "{{fake.color}}" },
    Function { name: "company", parameters: LANGUAGE, gives: Any, run: text!(company::company),
        documentation: "A company.",
        example: "{{fake.company:ja}}" },
    Function { name: "company-suffix", parameters: LANGUAGE, gives: Any, run: text!(company::company_suffix),
        documentation: "The legal form at the end of a company's name.",
        example: "{{fake.company-suffix}}" },
    Function { name: "country", parameters: LANGUAGE, gives: Any, run: text!(place::country),
        documentation: "A country, named in the language.",
        example: "{{fake.country}}" },
    Function { name: "country-code", parameters: NOTHING, gives: Any, run: text!(place::country_code),
        documentation: "The two letters of a country (ISO 3166-1).",
        example: "{{fake.country-code}}" },
    Function { name: "cpf", parameters: NOTHING, gives: Any, run: text!(document::cpf),
        documentation: "The number of a Brazilian person with valid check digits: `123.456.789-09`.",
        example: "{{fake.cpf}}" },
    Function { name: "cpf-digits", parameters: NOTHING, gives: Any, run: text!(document::cpf_digits),
        documentation: "The same as `cpf` without punctuation.",
        example: "{{fake.cpf-digits}}" },
    Function { name: "credit-card", parameters: NOTHING, gives: Any, run: text!(payment::credit_card),
        documentation: "A card number that passes Luhn's check and begins as the test cards of Visa, Mastercard, American Express, Discover and JCB do.",
        example: "{{fake.credit-card}}" },
    Function { name: "credit-card-expiry", parameters: NOTHING, gives: Any, run: text!(payment::credit_card_expiry),
        documentation: "A month from 01/30 to 12/39.",
        example: "{{fake.credit-card-expiry}}" },
    Function { name: "currency-code", parameters: NOTHING, gives: Any, run: text!(payment::currency_code),
        documentation: "The three letters of a currency (ISO 4217).",
        example: "{{fake.currency-code}}" },
    Function { name: "cvv", parameters: NOTHING, gives: Any, run: text!(payment::cvv),
        documentation: "The three digits on a card's back.",
        example: "{{fake.cvv}}" },
    Function { name: "date", parameters: NOTHING, gives: Any, run: text!(time::day),
        documentation: "A day from 2000-01-01 to 2029-12-31: `yyyy-MM-dd`.",
        example: "{{fake.date}}" },
    Function { name: "datetime", parameters: NOTHING, gives: Any, run: text!(time::datetime),
        documentation: "An instant of these days in RFC 3339.",
        example: "{{fake.datetime}}" },
    Function { name: "digit", parameters: NOTHING, gives: Json, run: value!(number::digit),
        documentation: "A number from 0 to 9.",
        example: "{{fake.digit}}" },
    Function { name: "digits", parameters: DIGITS, gives: Any, run: counted!(1, number::digits),
        documentation: "So many digits, 1 without the argument; at most 1,000.",
        example: "{{fake.digits:6}}" },
    Function { name: "dni", parameters: NOTHING, gives: Any, run: text!(document::dni),
        documentation: "The number of a Spanish person with its letter: `12345678Z`.",
        example: "{{fake.dni}}" },
    Function { name: "domain", parameters: LANGUAGE, gives: Any, run: text!(person::domain),
        documentation: "A name under example.com, example.net or example.org, which no one owns (RFC 2606).",
        example: "{{fake.domain}}" },
    Function { name: "email", parameters: LANGUAGE, gives: Any, run: text!(person::email),
        documentation: "An address at example.com, example.net or example.org, so that no one gets mail.",
        example: "{{fake.email}}" },
    Function { name: "file-name", parameters: NOTHING, gives: Any, run: text!(internet::file_name),
        documentation: "The name of a file.",
        example: "{{fake.file-name}}" },
    Function { name: "first-name", parameters: LANGUAGE, gives: Any, run: text!(person::first_name),
        documentation: "A first name.",
        example: "{{fake.first-name}}" },
    Function { name: "iban", parameters: LANGUAGE, gives: Any, run: text!(payment::iban),
        documentation: "An account of the language's country with valid check digits; a British one for English, a German one for Japanese.",
        example: "{{fake.iban:fr}}" },
    Function { name: "industry", parameters: LANGUAGE, gives: Any, run: text!(company::industry),
        documentation: "What a company deals in.",
        example: "{{fake.industry}}" },
    Function { name: "ipv4", parameters: NOTHING, gives: Any, run: text!(internet::ipv4),
        documentation: "An IPv4 address outside of private networks.",
        example: "{{fake.ipv4}}" },
    Function { name: "ipv6", parameters: NOTHING, gives: Any, run: text!(internet::ipv6),
        documentation: "An IPv6 address in 2001:db8::/32, which is kept for documentation.",
        example: "{{fake.ipv6}}" },
    Function { name: "job", parameters: LANGUAGE, gives: Any, run: text!(person::job),
        documentation: "What someone does for a living.",
        example: "{{fake.job}}" },
    Function { name: "last-name", parameters: LANGUAGE, gives: Any, run: text!(person::last_name),
        documentation: "A last name.",
        example: "{{fake.last-name}}" },
    Function { name: "latitude", parameters: NOTHING, gives: Json, run: value!(place::latitude),
        documentation: "Degrees from -90 to 90, with at most six decimals.",
        example: "{{fake.latitude}}" },
    Function { name: "license-plate", parameters: LANGUAGE, gives: Any, run: text!(internet::license_plate),
        documentation: "What a car has on its plate.",
        example: "{{fake.license-plate}}" },
    Function { name: "longitude", parameters: NOTHING, gives: Json, run: value!(place::longitude),
        documentation: "Degrees from -180 to 180, with at most six decimals.",
        example: "{{fake.longitude}}" },
    Function { name: "mac-address", parameters: NOTHING, gives: Any, run: text!(internet::mac_address),
        documentation: "The address of a network card, of those that no maker has.",
        example: "{{fake.mac-address}}" },
    Function { name: "mime-type", parameters: NOTHING, gives: Any, run: text!(internet::mime_type),
        documentation: "A media type: `image/png`.",
        example: "{{fake.mime-type}}" },
    Function { name: "name", parameters: LANGUAGE, gives: Any, run: text!(person::name),
        documentation: "A first and last name in the order of the language; two last names in Spanish.",
        example: "{{fake.name:pt}}" },
    Function { name: "nif", parameters: NOTHING, gives: Any, run: text!(document::dni),
        documentation: "The same as `dni`.",
        example: "{{fake.nif}}" },
    Function { name: "paragraph", parameters: LANGUAGE, gives: Any, run: text!(text::paragraph),
        documentation: "Four to seven sentences.",
        example: "{{fake.paragraph}}" },
    Function { name: "password", parameters: NOTHING, gives: Any, run: text!(person::password),
        documentation: "Twelve to sixteen letters, digits and symbols.",
        example: "{{fake.password}}" },
    Function { name: "phone", parameters: LANGUAGE, gives: Any, run: text!(person::phone),
        documentation: "The number of a telephone, as it is dialled inside the country; one that films may show where the country keeps some.",
        example: "{{fake.phone}}" },
    Function { name: "postcode", parameters: LANGUAGE, gives: Any, run: text!(place::postcode),
        documentation: "A postcode of a city.",
        example: "{{fake.postcode}}" },
    Function { name: "price", parameters: NOTHING, gives: Json, run: value!(number::price),
        documentation: "A number from 0.50 to 999.99 with two decimals, as shops ask.",
        example: "{{fake.price}}" },
    Function { name: "product", parameters: LANGUAGE, gives: Any, run: text!(company::product),
        documentation: "A thing to sell.",
        example: "{{fake.product}}" },
    Function { name: "profession", parameters: LANGUAGE, gives: Any, run: text!(person::job),
        documentation: "The same as `job`.",
        example: "{{fake.profession}}" },
    Function { name: "rg", parameters: NOTHING, gives: Any, run: text!(document::rg),
        documentation: "The number of a Brazilian identity card, as São Paulo writes it: `12.345.678-X`.",
        example: "{{fake.rg}}" },
    Function { name: "semver", parameters: NOTHING, gives: Any, run: text!(internet::semver),
        documentation: "A version: `1.4.20`.",
        example: "{{fake.semver}}" },
    Function { name: "sentence", parameters: LANGUAGE, gives: Any, run: text!(text::sentence),
        documentation: "A sentence: Latin, or Japanese for `ja`.",
        example: "{{fake.sentence}}" },
    Function { name: "sentences", parameters: COUNTED, gives: Any, run: counted!(3, text::sentences),
        documentation: "So many sentences, 3 without the argument; at most 1,000.",
        example: "{{fake.sentences:2}}" },
    Function { name: "siren", parameters: NOTHING, gives: Any, run: text!(document::siren),
        documentation: "The number of a French company with its check digit.",
        example: "{{fake.siren}}" },
    Function { name: "siret", parameters: NOTHING, gives: Any, run: text!(document::siret),
        documentation: "The number of an office of a French company with its check digits.",
        example: "{{fake.siret}}" },
    Function { name: "ssn", parameters: NOTHING, gives: Any, run: text!(document::ssn),
        documentation: "A social security number of the United States, of those that are never given out.",
        example: "{{fake.ssn}}" },
    Function { name: "state", parameters: LANGUAGE, gives: Any, run: text!(place::state),
        documentation: "A state; a region, province or prefecture where the country has those.",
        example: "{{fake.state}}" },
    Function { name: "state-code", parameters: LANGUAGE, gives: Any, run: text!(place::state_code),
        documentation: "The code of a state inside its country.",
        example: "{{fake.state-code}}" },
    Function { name: "street", parameters: LANGUAGE, gives: Any, run: text!(place::street),
        documentation: "A street.",
        example: "{{fake.street}}" },
    Function { name: "street-address", parameters: LANGUAGE, gives: Any, run: text!(place::street_address),
        documentation: "A street with the number of a house, in the order of the country.",
        example: "{{fake.street-address}}" },
    Function { name: "text", parameters: COUNTED, gives: Any, run: counted!(10, text::sentences),
        documentation: "The same as `sentences`, 10 without the argument.",
        example: "{{fake.text}}" },
    Function { name: "time", parameters: NOTHING, gives: Any, run: text!(time::time),
        documentation: "A time of day: `hh:mm:ss`.",
        example: "{{fake.time}}" },
    Function { name: "time-zone", parameters: NOTHING, gives: Any, run: text!(place::time_zone),
        documentation: "A time zone: `Europe/Lisbon`.",
        example: "{{fake.time-zone}}" },
    Function { name: "title", parameters: LANGUAGE, gives: Any, run: text!(person::title),
        documentation: "A form of address: `Dr.`.",
        example: "{{fake.title}}" },
    Function { name: "url", parameters: LANGUAGE, gives: Any, run: text!(internet::url),
        documentation: "The address of a page under example.com, example.net or example.org.",
        example: "{{fake.url}}" },
    Function { name: "user-agent", parameters: NOTHING, gives: Any, run: text!(internet::user_agent),
        documentation: "What a browser calls itself.",
        example: "{{fake.user-agent}}" },
    Function { name: "username", parameters: LANGUAGE, gives: Any, run: text!(person::username),
        documentation: "A name to log in with, in lower-case letters of ASCII.",
        example: "{{fake.username}}" },
    Function { name: "word", parameters: LANGUAGE, gives: Any, run: text!(text::word),
        documentation: "A word: Latin, or Japanese for `ja`.",
        example: "{{fake.word}}" },
    Function { name: "words", parameters: COUNTED, gives: Any, run: counted!(3, text::words),
        documentation: "So many words, 3 without the argument; at most 1,000.",
        example: "{{fake.words:5}}" },
    Function { name: "zip-code", parameters: LANGUAGE, gives: Any, run: text!(place::postcode),
        documentation: "The same as `postcode`.",
        example: "{{fake.zip-code}}" },
];

#[cfg(all(test, not(feature = "fake")))]
mod tests {
    use super::NOT_COMPILED;
    use crate::template::tests::{OPEN, TestScope, render_with};
    use crate::template::{Mode, Names};

    #[test]
    fn a_template_is_told_which_feature_it_needs() {
        let closed = Names { open: false, ..OPEN };
        let problem = |template| render_with(template, Mode::Plain, &closed, &TestScope::default());
        for template in ["{{fake.name}}", "{{fake.city:fr}}", "{{faker/words:5:pt}}"] {
            assert_eq!(problem(template), Err(NOT_COMPILED.to_owned()), "{template}");
        }
        let unknown = "there is no made-up data `nane`; did you mean `fake.name`?";
        assert_eq!(problem("{{fake.nane}}"), Err(unknown.to_owned()));
    }
}
