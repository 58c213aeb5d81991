//! Transformations that undo encodings.

use base64::{
    Engine as _,
    alphabet::STANDARD,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};

use super::Readings;

/// What `&nbsp;` stands for.
const NO_BREAK: u8 = 0xa0;

/// `%41`, and with `unicode` also `%u0041`. Whether `+` is a space is not documented.
pub(super) fn url(input: &[u8], unicode: bool) -> Readings {
    let read = |plus: u8| {
        let mut output = Vec::with_capacity(input.len());
        let mut at = 0;
        while let Some(byte) = input.get(at) {
            let code = input
                .get(at + 2..at + 6)
                .filter(|_| unicode && *byte == b'%' && matches!(input.get(at + 1), Some(b'u' | b'U')));
            if let Some(code) = code.and_then(number) {
                output.push(narrow(code));
                at += 6;
            } else if let Some(code) = input.get(at + 1..at + 3).filter(|_| *byte == b'%').and_then(number) {
                output.push(code as u8);
                at += 3;
            } else {
                output.push(if *byte == b'+' { plus } else { *byte });
                at += 1;
            }
        }
        output
    };
    if input.contains(&b'+') { vec![read(b' '), read(b'+')] } else { vec![read(b'+')] }
}

/// A hexadecimal number; none where a character is no digit.
fn number(digits: &[u8]) -> Option<u32> {
    let text = std::str::from_utf8(digits).ok().filter(|text| !text.is_empty())?;
    let is_digits = text.bytes().all(|byte| byte.is_ascii_hexdigit());
    is_digits.then(|| u32::from_str_radix(text, 16).ok()).flatten()
}

/// One byte of a character: those of full width are turned into those of ASCII, of others the lower byte stays.
fn narrow(code: u32) -> u8 {
    if (0xff01..=0xff5e).contains(&code) { (code as u8).wrapping_add(0x20) } else { code as u8 }
}

/// `&lt;`, `&#60;`, `&#x3c;`. Whether `&amp;` is one of them, and what becomes of codes above one byte, is not documented.
pub(super) fn html(input: &[u8]) -> Readings {
    let mut readings = Readings::new();
    for (amp, wide) in [(false, false), (false, true), (true, false), (true, true)] {
        let reading = entities(input, amp, wide);
        if !readings.contains(&reading) {
            readings.push(reading);
        }
    }
    readings
}

fn entities(input: &[u8], amp: bool, wide: bool) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((first, more)) = rest.split_first() {
        let end = more.iter().take(10).position(|byte| *byte == b';').filter(|_| *first == b'&');
        let name = end.and_then(|end| more.get(..end)).map(<[u8]>::to_ascii_lowercase);
        let code = name.as_deref().and_then(|name| match name {
            b"quot" => Some(u32::from(b'"')),
            b"nbsp" => Some(u32::from(NO_BREAK)),
            b"lt" => Some(u32::from(b'<')),
            b"gt" => Some(u32::from(b'>')),
            b"amp" if amp => Some(u32::from(b'&')),
            [b'#', b'x', digits @ ..] => number(digits),
            [b'#', digits @ ..] => std::str::from_utf8(digits).ok()?.parse().ok(),
            _ => None,
        });
        if let (Some(code), Some(end)) = (code, end) {
            match char::from_u32(code).filter(|_| wide && code > 0xff) {
                Some(character) => output.extend(character.to_string().bytes()),
                None => output.push(code as u8),
            }
            rest = more.get(end + 1..).unwrap_or_default();
        } else {
            output.push(*first);
            rest = more;
        }
    }
    output
}

/// What a letter after a backslash stands for in C.
fn control(letter: u8) -> Option<u8> {
    Some(match letter {
        b'a' => 0x07,
        b'b' => 0x08,
        b'f' => 0x0c,
        b'n' => b'\n',
        b'r' => b'\r',
        b't' => b'\t',
        b'v' => 0x0b,
        _ => return None,
    })
}

/// Escapes of JavaScript: `\u0041`, `\x41`, `\101`, `\n`, and any other character as itself.
pub(super) fn javascript(input: &[u8]) -> Vec<u8> {
    escaped(input, |rest| match rest {
        [b'u', digits @ ..] if digits.get(..4).and_then(number).is_some() => {
            digits.get(..4).and_then(number).map(|code| (narrow(code), 5))
        }
        [b'x', digits @ ..] if digits.get(..2).and_then(number).is_some() => {
            digits.get(..2).and_then(number).map(|code| (code as u8, 3))
        }
        [b'0'..=b'7', ..] => octal(rest),
        [letter, ..] => Some((control(*letter).unwrap_or(*letter), 1)),
        [] => None,
    })
}

/// Escapes of C; others stay as they are.
pub(super) fn escapes(input: &[u8]) -> Vec<u8> {
    escaped(input, |rest| match rest {
        [b'x' | b'X', digits @ ..] => digits.get(..2).and_then(number).map(|code| (code as u8, 3)),
        [b'0'..=b'7', ..] => octal(rest),
        [letter @ (b'\\' | b'?' | b'\'' | b'"'), ..] => Some((*letter, 1)),
        [letter, ..] => control(*letter).map(|code| (code, 1)),
        [] => None,
    })
}

/// Up to three octal digits that fit into a byte.
fn octal(rest: &[u8]) -> Option<(u8, usize)> {
    (1..=3).rev().find_map(|length| {
        let text = std::str::from_utf8(rest.get(..length)?).ok()?;
        u8::from_str_radix(text, 8).ok().map(|code| (code, length))
    })
}

/// Replaces what follows backslashes by what `decode` says, which tells the byte and how much it took.
fn escaped(input: &[u8], decode: impl Fn(&[u8]) -> Option<(u8, usize)>) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((first, more)) = rest.split_first() {
        if let Some((byte, length)) = decode(more).filter(|_| *first == b'\\') {
            output.push(byte);
            rest = more.get(length..).unwrap_or_default();
        } else {
            output.push(*first);
            rest = more;
        }
    }
    output
}

/// Escapes of style sheets: up to six digits and a space that ends them, a line break that is skipped, any other character as itself.
pub(super) fn css(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((first, more)) = rest.split_first() {
        if *first != b'\\' || more.is_empty() {
            output.push(*first);
            rest = more;
            continue;
        }
        let digits = more.iter().take(6).take_while(|byte| byte.is_ascii_hexdigit()).count();
        if digits == 0 {
            rest = more;
            if more.first() == Some(&b'\n') {
                rest = more.get(1..).unwrap_or_default();
            } else if let Some((own, after)) = more.split_first() {
                output.push(*own);
                rest = after;
            }
            continue;
        }
        if let Some(code) = more.get(..digits).and_then(number) {
            output.push(narrow(code & 0xffff));
        }
        let is_space = more.get(digits).is_some_and(u8::is_ascii_whitespace);
        rest = more.get(digits + usize::from(is_space)..).unwrap_or_default();
    }
    output
}

/// Pairs of hexadecimal digits.
pub(super) fn hexadecimal(input: &[u8]) -> Result<Vec<u8>, String> {
    hex::decode(input)
        .map_err(|_| "what HEX_DECODE makes of what is not hexadecimal is not documented".to_owned())
}

/// `0x414243` anywhere.
pub(super) fn sql_hexadecimal(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    while let Some((first, more)) = rest.split_first() {
        let digits = match more {
            [b'x' | b'X', digits @ ..] if *first == b'0' => digits,
            _ => &[],
        };
        let length = digits.iter().take_while(|byte| byte.is_ascii_hexdigit()).count() / 2 * 2;
        if let Some(bytes) =
            digits.get(..length).filter(|own| !own.is_empty()).and_then(|own| hex::decode(own).ok())
        {
            output.extend(bytes);
            rest = digits.get(length..).unwrap_or_default();
        } else {
            output.push(*first);
            rest = more;
        }
    }
    output
}

/// Base64, with or without its padding.
fn lenient() -> GeneralPurpose {
    let config = GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent);
    GeneralPurpose::new(&STANDARD, config)
}

pub(super) fn base64(input: &[u8]) -> Result<Vec<u8>, String> {
    lenient()
        .decode(input)
        .map_err(|_| "what BASE64_DECODE makes of what is not Base64 is not documented".to_owned())
}

/// Skips what is no character of Base64.
pub(super) fn base64_forgiving(input: &[u8]) -> Vec<u8> {
    let is_own = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(*byte, b'+' | b'/');
    let mut own: Vec<u8> = input.iter().copied().filter(is_own).collect();
    // One character alone at the end holds no byte.
    if own.len() % 4 == 1 {
        own.pop();
    }
    lenient().decode(&own).unwrap_or_default()
}
