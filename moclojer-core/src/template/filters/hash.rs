//! Digests of texts.

use std::fmt::LowerHex;

use super::{argument, refuse, refuse_text};
use crate::template::value::{Meter, Stop, Value};

pub(super) fn hash<'a>(
    value: Value<'a>,
    arguments: &[Value<'a>],
    meter: &mut Meter,
) -> Result<Value<'a>, Stop> {
    let algorithm = match argument(arguments, 0) {
        Value::Text(name) | Value::Param(name, _) => name,
        // What the context gives is known only now.
        other => return refuse(other, "name of a hash"),
    };
    let text = value.to_text(meter)?;
    let bytes = text.as_bytes();
    let digest = match &**algorithm {
        "md5" => hexadecimal(&*md5::compute(bytes)),
        "sha" => hexadecimal(&sha1_smol::Sha1::from(bytes).digest().bytes()),
        "sha256" => hexadecimal(&hmac_sha256::Hash::hash(bytes)),
        "sha384" => hexadecimal(&hmac_sha512::sha384::Hash::hash(bytes)),
        "sha512" => hexadecimal(&hmac_sha512::Hash::hash(bytes)),
        other => return refuse_text(other, "hash: md5, sha, sha256, sha384 and sha512 are"),
    };
    meter.write(digest.len())?;
    Ok(Value::text_of(digest))
}

/// Two lower-case digits for each byte.
fn hexadecimal(bytes: &[impl LowerHex]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    #![expect(clippy::unwrap_used, reason = "tests")]

    use crate::template::tests::rendered;

    /// Of RFC 1321, RFC 3174 and RFC 6234 (FIPS 180), and of the empty text.
    const VECTORS: &[(&str, &str, &str)] = &[
        ("md5", "", "d41d8cd98f00b204e9800998ecf8427e"),
        ("md5", "a", "0cc175b9c0f1b6a831c399e269772661"),
        ("md5", "abc", "900150983cd24fb0d6963f7d28e17f72"),
        ("md5", "message digest", "f96b697d7cb7938d525a2f31aaf161d0"),
        ("md5", "abcdefghijklmnopqrstuvwxyz", "c3fcd3d76192e4007dfb496cca67e13b"),
        (
            "md5",
            "12345678901234567890123456789012345678901234567890123456789012345678901234567890",
            "57edf4a22be3c955ac49da2e2107b67a",
        ),
        ("sha", "", "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
        ("sha", "abc", "a9993e364706816aba3e25717850c26c9cd0d89d"),
        (
            "sha",
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "84983e441c3bd26ebaae4aa1f95129e5e54670f1",
        ),
        ("sha256", "", "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ("sha256", "abc", "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
        (
            "sha256",
            "abcdbcdecdefdefgefghfghighijhijkijkljklmklmnlmnomnopnopq",
            "248d6a61d20638b8e5c026930c3e6039a33ce45964ff2167f6ecedd419db06c1",
        ),
        (
            "sha384",
            "abc",
            "cb00753f45a35e8bb5a03d699ac65007272c32ab0eded1631a8b605a43ff5bed\
             8086072ba1e7cc2358baeca134c825a7",
        ),
        (
            "sha512",
            "abc",
            "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
             2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
        ),
    ];

    #[test]
    fn digests_are_those_of_the_standards() {
        for (algorithm, text, digest) in VECTORS {
            let found = rendered(&format!("{{{{\"{text}\"|hash:{algorithm}}}}}"), "{}");
            assert_eq!(found.as_deref(), Ok(*digest), "{algorithm} of {text:?}");
        }
    }

    #[test]
    fn leading_zeros_stay() {
        for (algorithm, width) in [("md5", 32), ("sha", 40), ("sha256", 64), ("sha384", 96), ("sha512", 128)]
        {
            let mut zeros = 0;
            for number in 0..64 {
                let digest =
                    rendered(&format!("{{{{x|hash:{algorithm}}}}}"), &format!("{{\"x\":\"a{number}\"}}"));
                let digest = digest.unwrap();
                assert_eq!(digest.len(), width, "{algorithm}");
                zeros += usize::from(digest.starts_with('0'));
            }
            assert!(zeros > 0, "{algorithm}: the texts do not show it");
        }
    }

    #[test]
    fn any_value_is_hashed_as_its_text() {
        let cases = [
            ("{{missing|hash:md5}}", "d41d8cd98f00b204e9800998ecf8427e"),
            ("{{none|hash:md5}}", "d41d8cd98f00b204e9800998ecf8427e"),
            ("{{n|hash:md5}}", "c4ca4238a0b923820dcc509a6f75849b"),
            ("{{\"1\"|hash:@how}}", "c4ca4238a0b923820dcc509a6f75849b"),
            ("{{\"[1]\"|hash:sha}}", &*rendered("{{l|hash:sha}}", r#"{"l":[1]}"#).unwrap()),
        ];
        for (template, expected) in cases {
            assert_eq!(
                rendered(template, r#"{"n":1,"none":null,"how":"md5"}"#).as_deref(),
                Ok(expected),
                "{template}"
            );
        }
    }

    #[test]
    fn an_unknown_algorithm_fails() {
        assert!(rendered("{{\"a\"|hash:crc}}", "{}").is_err());
        for how in ["\"MD5\"", "\"\"", "256", "null", "[]"] {
            assert!(rendered("{{\"a\"|hash:@how}}", &format!("{{\"how\":{how}}}")).is_err(), "{how}");
        }
    }
}
