//! The check digits of numbers, by functions that share nothing with those that make them.

use super::made;

fn digits_of(text: &str) -> Vec<i64> {
    text.bytes().filter(u8::is_ascii_digit).map(|byte| i64::from(byte - b'0')).collect()
}

/// Luhn's check over the whole number, from the right.
fn passes_luhn(number: &str) -> bool {
    let sum: i64 = digits_of(number)
        .into_iter()
        .rev()
        .enumerate()
        .map(
            |(index, digit)| {
                if index % 2 == 1 { [0, 2, 4, 6, 8, 1, 3, 5, 7, 9][digit as usize] } else { digit }
            },
        )
        .sum();
    sum % 10 == 0
}

#[test]
fn luhn_numbers_are_valid() {
    assert!(
        passes_luhn("4242 4242 4242 4242")
            && passes_luhn("3782 822463 10005")
            && !passes_luhn("4242424242424241")
    );
    for draws in 0..2_000 {
        let card = made("{{fake.credit-card}}", draws);
        assert!(passes_luhn(&card) && matches!(card.len(), 15 | 16), "{card}");
        assert_eq!(card.len() == 15, card.starts_with('3') && !card.starts_with("35"), "{card}");
        let siret = made("{{fake.siret}}", draws);
        assert!(siret.len() == 14 && passes_luhn(&siret) && passes_luhn(&siret[..9]), "{siret}");
        assert!(passes_luhn(&made("{{fake.siren}}", draws)));
    }
}

/// The check digits of CPF and CNPJ as their tables of weights give them.
fn passes_brazilian(digits: &[i64], first: &[i64], second: &[i64]) -> bool {
    let check = |weights: &[i64]| {
        let rest = digits.iter().zip(weights).map(|(digit, weight)| digit * weight).sum::<i64>() % 11;
        if rest < 2 { 0 } else { 11 - rest }
    };
    digits.len() == first.len() + 2
        && check(first) == digits[first.len()]
        && check(second) == digits[second.len()]
}

#[test]
fn brazilian_documents_are_valid() {
    const CPF: [i64; 10] = [11, 10, 9, 8, 7, 6, 5, 4, 3, 2];
    const CNPJ: [i64; 13] = [6, 5, 4, 3, 2, 9, 8, 7, 6, 5, 4, 3, 2];
    let cpf = |text: &str| passes_brazilian(&digits_of(text), &CPF[1..], &CPF);
    let cnpj = |text: &str| passes_brazilian(&digits_of(text), &CNPJ[1..], &CNPJ);
    assert!(cpf("529.982.247-25") && cpf("111.444.777-35") && !cpf("529.982.247-26"));
    assert!(cnpj("11.222.333/0001-81") && cnpj("11.444.777/0001-61") && !cnpj("11.222.333/0001-82"));
    for draws in 0..2_000 {
        for template in ["{{fake.cpf}}", "{{fake.cpf-digits}}"] {
            assert!(cpf(&made(template, draws)), "{template} {draws}");
        }
        for template in ["{{fake.cnpj}}", "{{fake.cnpj-digits}}"] {
            assert!(cnpj(&made(template, draws)), "{template} {draws}");
        }
        let rg = made("{{fake.rg}}", draws);
        let check = if rg.ends_with('X') { 10 } else { 0 };
        let weights = [2, 3, 4, 5, 6, 7, 8, 9, 100];
        let sum: i64 = digits_of(&rg).iter().zip(weights).map(|(digit, weight)| digit * weight).sum();
        assert_eq!((sum + check * 100) % 11, 0, "{rg}");
    }
}

/// ISO 13616: the first four characters to the end, letters as 10 to 35, one left by 97. Digit by digit.
fn passes_iban(iban: &str) -> bool {
    let turned = iban[4..].to_owned() + &iban[..4];
    let digits: String =
        turned.chars().filter_map(|char| char.to_digit(36)).map(|value| value.to_string()).collect();
    digits_of(&digits).into_iter().fold(0, |rest, digit| (rest * 10 + digit) % 97) == 1
}

#[test]
fn accounts_are_valid() {
    for known in ["GB82WEST12345698765432", "DE89370400440532013000", "FR1420041010050500013M02606"] {
        assert!(passes_iban(known), "{known}");
    }
    assert!(!passes_iban("GB82WEST12345698765433"));
    for (tag, country, length) in [
        ("en", "GB", 22),
        ("pt", "BR", 29),
        ("fr", "FR", 27),
        ("de", "DE", 22),
        ("es", "ES", 24),
        ("it", "IT", 27),
        ("nl", "NL", 18),
        ("ja", "DE", 22),
    ] {
        for draws in 0..1_000 {
            let iban = made(&format!("{{{{fake.iban:{tag}}}}}"), draws);
            assert!(iban.starts_with(country) && iban.len() == length && passes_iban(&iban), "{iban}");
        }
    }
}

/// What the countries check inside of an account's number.
#[test]
fn accounts_keep_the_rules_of_their_countries() {
    for draws in 0..1_000 {
        let french = made("{{fake.iban:fr}}", draws);
        let rest = digits_of(&french[4..]).into_iter().fold(0, |rest, digit| (rest * 10 + digit) % 97);
        assert_eq!(rest, 0, "{french}");
        let dutch = made("{{fake.iban:nl}}", draws);
        let weighted = |(index, digit): (usize, i64)| digit * (10 - index as i64);
        let sum: i64 = digits_of(&dutch[8..]).into_iter().enumerate().map(weighted).sum();
        assert_eq!(sum % 11, 0, "{dutch}");
        let spanish = digits_of(&made("{{fake.iban:es}}", draws)[4..]);
        for (digits, first, check) in [(&spanish[..8], 2, spanish[8]), (&spanish[10..], 0, spanish[9])] {
            // The weights are the powers of two modulo 11.
            let sum: i64 = (first..).zip(digits).map(|(power, digit)| (1_i64 << power) % 11 * digit).sum();
            let expected = match sum % 11 {
                0 => 0,
                1 => 1,
                rest => 11 - rest,
            };
            assert_eq!(check, expected, "{spanish:?}");
        }
    }
    // The account of Italy's own example of an IBAN.
    let letter = |digits: &str| {
        let odd = [1, 0, 5, 7, 9, 13, 15, 17, 19, 21];
        let sum: i64 = digits_of(digits)
            .into_iter()
            .enumerate()
            .map(|(index, digit)| if index % 2 == 0 { odd[digit as usize] } else { digit })
            .sum();
        char::from(b'A' + (sum % 26) as u8)
    };
    assert_eq!(letter("0542811101000000123456"), 'X');
    for draws in 0..1_000 {
        let italian = made("{{fake.iban:it}}", draws);
        assert!(italian[4..].starts_with(letter(&italian[5..])), "{italian}");
    }
}

#[test]
fn a_spanish_number_has_its_letter() {
    for draws in 0..1_000 {
        let dni = made("{{fake.dni}}", draws);
        let number: usize = dni[..8].parse().unwrap_or_default();
        assert_eq!(dni[8..], "TRWAGMYFPDXBNJZSQVHLCKE"[number % 23..][..1], "{dni}");
    }
    assert_eq!("TRWAGMYFPDXBNJZSQVHLCKE".as_bytes()[12_345_678 % 23], b'Z');
}
