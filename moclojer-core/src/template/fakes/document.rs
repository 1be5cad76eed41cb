//! Papers of people and companies, with the check digits that their countries ask for. All of them are asked
//! for by name, whatever the language.

use super::draws::{Draws, written};
use super::language::Language;
use super::payment::luhn_digit;

/// Brazil, a person: `123.456.789-09`.
pub(super) fn cpf(draws: &mut Draws, language: &Language) -> String {
    punctuated(&cpf_digits(draws, language), "###.###.###-##")
}

pub(super) fn cpf_digits(draws: &mut Draws, _: &Language) -> String {
    let mut numbers = draws.numbers(9);
    // Nine times the same digit is refused everywhere.
    if let [first, rest @ ..] = numbers.as_mut_slice()
        && rest.iter().all(|number| number == first)
    {
        *first = (*first + 1) % 10;
    }
    brazilian(numbers, usize::MAX)
}

/// Brazil, a company: `12.345.678/0001-95`.
pub(super) fn cnpj(draws: &mut Draws, language: &Language) -> String {
    punctuated(&cnpj_digits(draws, language), "##.###.###/####-##")
}

pub(super) fn cnpj_digits(draws: &mut Draws, _: &Language) -> String {
    let mut numbers = draws.numbers(8);
    // The head office, as most are.
    numbers.extend([0, 0, 0, 1]);
    brazilian(numbers, 8)
}

/// Brazil, an identity card as São Paulo writes it: `12.345.678-X`.
pub(super) fn rg(draws: &mut Draws, _: &Language) -> String {
    let numbers = draws.numbers(8);
    let sum: u32 = numbers.iter().zip(2..).map(|(number, weight)| number * weight).sum();
    let check = match 11 - sum % 11 {
        10 => "X".to_owned(),
        11 => "0".to_owned(),
        digit => digit.to_string(),
    };
    punctuated(&written(&numbers), "##.###.###-") + &check
}

/// Brazil, a postcode: `01310-100`.
pub(super) fn cep(draws: &mut Draws, _: &Language) -> String {
    super::place::postcode(draws, Language::of("pt"))
}

/// Spain, a person: eight digits and a letter.
pub(super) fn dni(draws: &mut Draws, _: &Language) -> String {
    const LETTERS: &[u8; 23] = b"TRWAGMYFPDXBNJZSQVHLCKE";
    let number = draws.below(100_000_000);
    let letter = LETTERS.get(number % LETTERS.len()).copied().map_or('T', char::from);
    format!("{number:08}{letter}")
}

/// France, a company: nine digits.
pub(super) fn siren(draws: &mut Draws, _: &Language) -> String {
    let mut number = draws.marks("^#######");
    number.push(luhn_digit(&number));
    number
}

/// France, an office of a company: its SIREN and five digits.
pub(super) fn siret(draws: &mut Draws, language: &Language) -> String {
    let mut number = siren(draws, language) + "000" + &draws.digits(1);
    number.push(luhn_digit(&number));
    number
}

/// The United States, a person: an area that is never given out.
pub(super) fn ssn(draws: &mut Draws, _: &Language) -> String {
    draws.marks("666-^#-^###")
}

/// Two check digits more: each is the sum of the digits, weighted 2, 3, 4, … from the right (anew after `cycle`
/// digits), modulo 11.
fn brazilian(mut numbers: Vec<u32>, cycle: usize) -> String {
    for _ in 0..2 {
        let weighted = |(index, number): (usize, &u32)| number * (2 + (index % cycle) as u32);
        let sum: u32 = numbers.iter().rev().enumerate().map(weighted).sum();
        numbers.push(match sum % 11 {
            0 | 1 => 0,
            rest => 11 - rest,
        });
    }
    written(&numbers)
}

/// Digits in the places of `#`.
fn punctuated(digits: &str, pattern: &str) -> String {
    let mut digits = digits.chars();
    pattern.chars().filter_map(|mark| if mark == '#' { digits.next() } else { Some(mark) }).collect()
}
