//! One-time codes of authenticator apps: RFC 6238 over RFC 4226, with SHA-1, six digits and steps of 30 seconds, which is
//! what the apps know.

use std::fmt::Write as _;

use hmac::{Hmac, KeyInit as _, Mac as _};
use sha1::Sha1;
use subtle::{Choice, ConditionallySelectable as _, ConstantTimeEq as _};

/// Bytes of a key: as many as the hash has, as RFC 4226 recommends.
pub const KEY_BYTES: usize = 20;
/// Seconds of a step.
const STEP_SECONDS: i64 = 30;
/// Codes have six digits.
const MODULUS: u32 = 1_000_000;
/// Steps before and after the current one whose codes are taken: clocks differ, and people type slowly.
const STEPS_AROUND: i64 = 1;
/// RFC 4648.
const BASE32: &[u8; 32] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

/// The step that a moment is in, in seconds since 1970.
pub fn step_at(second: i64) -> i64 {
    second.div_euclid(STEP_SECONDS)
}

/// The code of a step.
pub fn code_of(key: &[u8], step: i64) -> u32 {
    // HMAC takes keys of any length.
    let Ok(mut mac) = Hmac::<Sha1>::new_from_slice(key) else { return MODULUS };
    mac.update(&step.to_be_bytes());
    let digest: [u8; 20] = mac.finalize().into_bytes().into();
    let offset = usize::from(digest[19] & 0x0f);
    let taken = digest.iter().skip(offset).take(4).fold(0_u32, |sum, byte| (sum << 8) | u32::from(*byte));
    (taken & 0x7fff_ffff) % MODULUS
}

/// The step of which a typed code is, among those that are taken at a moment and are later than the last one that was
/// used. All of them are looked at, whichever fits.
pub fn accept(key: &[u8], typed: &str, second: i64, used: Option<i64>) -> Option<i64> {
    let typed: String = typed.chars().filter(|c| !c.is_whitespace()).take(7).collect();
    let is_code = typed.len() == 6 && typed.bytes().all(|b| b.is_ascii_digit());
    // What is no code is compared all the same, with what no code is.
    let typed = if is_code { typed.parse().unwrap_or(MODULUS) } else { MODULUS };
    let now = step_at(second);
    let mut found = i64::MIN;
    for step in now - STEPS_AROUND..=now + STEPS_AROUND {
        let is_unused = Choice::from(u8::from(used.is_none_or(|used| step > used)));
        let fits = code_of(key, step).ct_eq(&typed) & is_unused;
        found.conditional_assign(&step, fits);
    }
    (found != i64::MIN).then_some(found)
}

/// A key as people type it into an app.
pub fn key_text(key: &[u8]) -> String {
    let mut text = String::with_capacity(key.len().div_ceil(5) * 8);
    let (mut bits, mut held) = (0_u32, 0_u32);
    for byte in key {
        bits = (bits << 8) | u32::from(*byte);
        held += 8;
        while held >= 5 {
            held -= 5;
            text.push(letter(bits >> held));
        }
    }
    if held > 0 {
        text.push(letter(bits << (5 - held)));
    }
    text
}

fn letter(bits: u32) -> char {
    BASE32.get((bits & 31) as usize).map_or('A', |letter| char::from(*letter))
}

/// The address that an app takes as a picture: `otpauth://totp/…`.
pub fn address(key: &[u8], name: &str) -> String {
    let mut label = String::new();
    for byte in name.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            label.push(char::from(byte));
        } else {
            // Writing to a text does not fail.
            let _ = write!(label, "%{byte:02X}");
        }
    }
    format!(
        "otpauth://totp/Fathom:{label}?secret={}&issuer=Fathom&algorithm=SHA1&digits=6&period={STEP_SECONDS}",
        key_text(key)
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 6238, appendix B: the last six digits of its codes for SHA-1.
    #[test]
    fn the_codes_are_those_of_the_standard() {
        let key = b"12345678901234567890";
        for (second, code) in [
            (59, 287_082),
            (1_111_111_109, 81_804),
            (1_111_111_111, 50_471),
            (1_234_567_890, 5_924),
            (2_000_000_000, 279_037),
            (20_000_000_000, 353_130),
        ] {
            assert_eq!(code_of(key, step_at(second)), code, "{second}");
        }
    }

    /// RFC 4648, section 10, without padding.
    #[test]
    fn keys_are_written_in_base_32() {
        for (bytes, text) in [
            ("", ""),
            ("f", "MY"),
            ("fo", "MZXQ"),
            ("foo", "MZXW6"),
            ("foob", "MZXW6YQ"),
            ("fooba", "MZXW6YTB"),
            ("foobar", "MZXW6YTBOI"),
        ] {
            assert_eq!(key_text(bytes.as_bytes()), text);
        }
    }

    #[test]
    fn a_code_holds_for_a_step_around_and_once() {
        let key = b"12345678901234567890";
        let typed = "287 082";
        assert_eq!(accept(key, typed, 59, None), Some(1));
        assert_eq!(accept(key, typed, 89, None), Some(1), "one step late");
        assert_eq!(accept(key, typed, 0, None), Some(1), "one step early");
        assert_eq!(accept(key, typed, 90, None), None, "two steps late");
        assert_eq!(accept(key, typed, 59, Some(1)), None, "used");
        assert_eq!(accept(key, typed, 59, Some(2)), None, "a later one was used");
        assert_eq!(accept(key, typed, 59, Some(0)), Some(1));
        for wrong in ["", "28708", "2870820", "28708x", "287083", "-87082", "+87082", "٢٨٧٠٨٢"] {
            assert_eq!(accept(key, wrong, 59, None), None, "{wrong}");
        }
    }

    #[test]
    fn the_address_holds_any_name() {
        let address = address(b"12345678901234567890", "Zoë & co/1");
        assert_eq!(
            address,
            "otpauth://totp/Fathom:Zo%C3%AB%20%26%20co%2F1?secret=GEZDGNBVGY3TQOJQGEZDGNBVGY3TQOJQ&issuer=Fathom\
             &algorithm=SHA1&digits=6&period=30"
        );
    }
}
