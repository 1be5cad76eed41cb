//! Cards, accounts, currencies. All check digits are right; no card is real.

use super::draws::{Draws, written};
use super::language::{Language, Words};

/// How numbers begin that the card schemes keep for tests: Visa, Mastercard, American Express, Discover, JCB.
const CARDS: &[(&str, usize)] = &[
    ("424242", 16),
    ("411111", 16),
    ("401288", 16),
    ("555555", 16),
    ("510510", 16),
    ("378282", 15),
    ("371449", 15),
    ("601111", 16),
    ("353011", 16),
];

#[rustfmt::skip]
const CURRENCIES: Words = &[
    "AED", "ARS", "AUD", "BGN", "BOB", "BRL", "CAD", "CHF", "CLP", "CNY", "COP", "CRC", "CZK", "DKK", "EGP",
    "EUR", "GBP", "HKD", "HUF", "IDR", "ILS", "INR", "ISK", "JPY", "KES", "KRW", "MAD", "MXN", "MYR", "NGN",
    "NOK", "NZD", "PEN", "PHP", "PLN", "PYG", "QAR", "RON", "SAR", "SEK", "SGD", "THB", "TRY", "TWD", "UAH",
    "USD", "UYU", "VND", "ZAR",
];

const BRITISH_BANKS: Words = &["BARC", "HBUK", "LOYD", "MIDL", "NWBK", "RBOS"];
const DUTCH_BANKS: Words = &["ABNA", "ASNB", "INGB", "RABO", "TRIO"];

pub(super) fn credit_card(draws: &mut Draws, _: &Language) -> String {
    let (begin, length) = draws.pick(CARDS).copied().unwrap_or_default();
    let mut number = begin.to_owned() + &draws.digits(length.saturating_sub(begin.len() + 1));
    number.push(luhn_digit(&number));
    number
}

/// Months that lie ahead for some years: 01/30 to 12/39.
pub(super) fn credit_card_expiry(draws: &mut Draws, _: &Language) -> String {
    format!("{:02}/{}", draws.between(1, 12), draws.between(30, 39))
}

pub(super) fn cvv(draws: &mut Draws, _: &Language) -> String {
    draws.digits(3)
}

pub(super) fn currency_code(draws: &mut Draws, _: &Language) -> String {
    draws.word(CURRENCIES).to_owned()
}

/// Four letters of a bank, its country, and where it is.
pub(super) fn bic(draws: &mut Draws, language: &Language) -> String {
    format!("{}{}{}", draws.marks("????"), language.country, draws.marks("^#"))
}

/// An account of the language's country; of Great Britain and Germany where the country has no such numbers.
pub(super) fn iban(draws: &mut Draws, language: &Language) -> String {
    let (country, account) = match language.country {
        "BR" => ("BR", draws.digits(23) + draws.word(&["C", "P"]) + "1"),
        "ES" => ("ES", spanish_account(draws)),
        "FR" => ("FR", french_account(draws)),
        "IT" => ("IT", italian_account(draws)),
        "NL" => ("NL", draws.word(DUTCH_BANKS).to_owned() + &dutch_account(draws)),
        "US" => ("GB", draws.word(BRITISH_BANKS).to_owned() + &draws.digits(14)),
        _ => ("DE", draws.marks("^#################")),
    };
    // ISO 7064, MOD 97-10, over the account, the country and two zeros.
    let check = 98 - remainder_97(&format!("{account}{country}00"));
    format!("{country}{check:02}{account}")
}

/// The remainder by 97 of a number in which a letter stands for 10 to 35.
fn remainder_97(text: &str) -> u32 {
    text.chars().filter_map(|char| char.to_digit(36)).fold(0, |rest, digit| {
        let shift = if digit > 9 { 100 } else { 10 };
        (rest * shift + digit) % 97
    })
}

/// Bank, branch, two check digits, account.
fn spanish_account(draws: &mut Draws) -> String {
    const WEIGHTS: [u32; 10] = [1, 2, 4, 8, 5, 10, 9, 7, 3, 6];
    let check = |numbers: &[u32]| {
        let weights = WEIGHTS.iter().skip(WEIGHTS.len().saturating_sub(numbers.len()));
        match 11 - numbers.iter().zip(weights).map(|(number, weight)| number * weight).sum::<u32>() % 11 {
            11 => 0,
            10 => 1,
            digit => digit,
        }
    };
    let (bank, account) = (draws.numbers(8), draws.numbers(10));
    format!("{}{}{}{}", written(&bank), check(&bank), check(&account), written(&account))
}

/// Bank, branch, account, and a key that makes the whole divisible by 97.
fn french_account(draws: &mut Draws) -> String {
    let number = draws.digits(21);
    let key = 97 - remainder_97(&format!("{number}00"));
    format!("{number}{key:02}")
}

/// A check letter, bank, branch, account.
fn italian_account(draws: &mut Draws) -> String {
    const ODD: [u32; 10] = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
    let numbers = draws.numbers(22);
    let value = |(index, number): (usize, &u32)| match index % 2 {
        0 => ODD.get(*number as usize).copied().unwrap_or_default(),
        _ => *number,
    };
    let sum: u32 = numbers.iter().enumerate().map(value).sum();
    let letter = char::from(b'A' + (sum % 26) as u8);
    format!("{letter}{}", written(&numbers))
}

/// Ten digits whose weighted sum is divisible by 11.
fn dutch_account(draws: &mut Draws) -> String {
    let mut numbers = draws.numbers(8);
    let sum: u32 =
        numbers.iter().zip([10, 9, 8, 7, 6, 5, 4, 3]).map(|(number, weight)| number * weight).sum();
    // Some ninth digit leaves a last one below 10.
    for ninth in 0..10 {
        let last = (11 - (sum + ninth * 2) % 11) % 11;
        if last < 10 {
            numbers.extend([ninth, last]);
            break;
        }
    }
    written(&numbers)
}

/// The digit that makes a number pass Luhn's check.
pub(super) fn luhn_digit(number: &str) -> char {
    let doubled = |(index, digit): (usize, u32)| match index % 2 {
        0 if digit > 4 => digit * 2 - 9,
        0 => digit * 2,
        _ => digit,
    };
    let sum: u32 = number.chars().rev().filter_map(|char| char.to_digit(10)).enumerate().map(doubled).sum();
    char::from_digit((10 - sum % 10) % 10, 10).unwrap_or('0')
}
