//! Text transformations: what rules do to a part of a request before they look at it.
//!
//! Where AWS's documentation leaves open what comes out, all readings come out, and what does not hold of all of them is unknown.

mod decode;

use md5::Digest as _;

/// Readings of one text that are followed; more make it unknown.
const READINGS_MAX: usize = 8;

/// What comes out of a transformation: one text, or the readings that the documentation leaves open.
pub type Readings = Vec<Vec<u8>>;

/// All transformations in their order, of one text.
///
/// # Errors
/// What is not known, in words.
pub fn all(names: &[String], input: &[u8]) -> Result<Readings, String> {
    let mut readings = vec![input.to_vec()];
    for name in names {
        let mut next: Readings = Vec::new();
        for reading in &readings {
            for one in apply(name, reading)? {
                if !next.contains(&one) {
                    next.push(one);
                }
            }
        }
        if next.len() > READINGS_MAX {
            return Err(format!("the text transformation {name} can be read in too many ways here"));
        }
        readings = next;
    }
    Ok(readings)
}

/// One transformation of one text.
///
/// # Errors
/// Where what comes out is not known: a transformation that is not worked out here, or an input of which AWS does not say it.
pub fn apply(name: &str, input: &[u8]) -> Result<Readings, String> {
    let one = |output: Vec<u8>| Ok(vec![output]);
    match name {
        "NONE" => one(input.to_vec()),
        "LOWERCASE" => one(input.to_ascii_lowercase()),
        "UPPERCASE" => one(input.to_ascii_uppercase()),
        "COMPRESS_WHITE_SPACE" => one(compress(input)),
        "REMOVE_WHITESPACE" => one(input.iter().copied().filter(|byte| !is_space(*byte)).collect()),
        "TRIM" => one(trim_left(trim_right(input)).to_vec()),
        "TRIM_LEFT" => one(trim_left(input).to_vec()),
        "TRIM_RIGHT" => one(trim_right(input).to_vec()),
        "REMOVE_NULLS" => one(input.iter().copied().filter(|byte| *byte != 0).collect()),
        "REPLACE_NULLS" => one(input.iter().map(|byte| if *byte == 0 { b' ' } else { *byte }).collect()),
        "REPLACE_COMMENTS" => one(comments(input)),
        "CMD_LINE" => one(command(input)),
        "MD5" => one(md5::Md5::digest(input).to_vec()),
        // Whether the digest is bytes or their text is not documented.
        "SHA256" => {
            let digest = sha2::Sha256::digest(input);
            Ok(vec![digest.to_vec(), hex::encode(digest).into_bytes()])
        }
        "URL_DECODE" => Ok(decode::url(input, false)),
        "URL_DECODE_UNI" => Ok(decode::url(input, true)),
        "HTML_ENTITY_DECODE" => Ok(decode::html(input)),
        "JS_DECODE" => one(decode::javascript(input)),
        "CSS_DECODE" => one(decode::css(input)),
        "ESCAPE_SEQ_DECODE" => one(decode::escapes(input)),
        "HEX_DECODE" => decode::hexadecimal(input).map(|output| vec![output]),
        "SQL_HEX_DECODE" => one(decode::sql_hexadecimal(input)),
        "BASE64_DECODE" => decode::base64(input).map(|output| vec![output]),
        "BASE64_DECODE_EXT" => one(decode::base64_forgiving(input)),
        "NORMALIZE_PATH" => Ok(path(input)),
        "NORMALIZE_PATH_WIN" => {
            let turned: Vec<u8> =
                input.iter().map(|byte| if *byte == b'\\' { b'/' } else { *byte }).collect();
            Ok(path(&turned))
        }
        "UTF8_TO_UNICODE" if input.is_ascii() => one(input.to_vec()),
        "REMOVE_COMMENTS_CHAR" if !input.iter().any(|byte| b"/*-#".contains(byte)) => one(input.to_vec()),
        "JS_DECODE_EXT" if !input.contains(&b'\\') => one(input.to_vec()),
        other => Err(format!("the text transformation {other} is not worked out")),
    }
}

/// Spaces as the documentation lists them, with the one that does not break.
fn is_space(byte: u8) -> bool {
    matches!(byte, b' ' | b'\t' | b'\n' | b'\r' | 0x0b | 0x0c | 0xa0)
}

fn compress(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    for byte in input {
        match (is_space(*byte), output.last()) {
            (true, Some(b' ')) => {}
            (true, _) => output.push(b' '),
            (false, _) => output.push(*byte),
        }
    }
    output
}

fn trim_left(input: &[u8]) -> &[u8] {
    let start = input.iter().position(|byte| !is_space(*byte)).unwrap_or(input.len());
    input.get(start..).unwrap_or_default()
}

fn trim_right(input: &[u8]) -> &[u8] {
    let end = input.iter().rposition(|byte| !is_space(*byte)).map_or(0, |last| last + 1);
    input.get(..end).unwrap_or_default()
}

/// Each comment of C becomes a space, also one that does not end.
fn comments(input: &[u8]) -> Vec<u8> {
    let mut output = Vec::with_capacity(input.len());
    let mut rest = input;
    loop {
        if let Some(inner) = rest.strip_prefix(b"/*") {
            output.push(b' ');
            let Some(end) = inner.windows(2).position(|two| two == b"*/") else { return output };
            rest = inner.get(end + 2..).unwrap_or_default();
        } else if let Some((first, more)) = rest.split_first() {
            output.push(*first);
            rest = more;
        } else {
            return output;
        }
    }
}

/// What hides commands of a shell.
fn command(input: &[u8]) -> Vec<u8> {
    let mut output: Vec<u8> = Vec::with_capacity(input.len());
    for byte in input {
        match byte {
            b'\\' | b'"' | b'\'' | b'^' => {}
            b' ' | b',' | b';' => {
                if output.last() != Some(&b' ') {
                    output.push(b' ');
                }
            }
            b'/' | b'(' => {
                if output.last() == Some(&b' ') {
                    output.pop();
                }
                output.push(*byte);
            }
            other => output.push(other.to_ascii_lowercase()),
        }
    }
    output
}

/// Without doubled slashes, `.` and what `..` takes back.
fn path(input: &[u8]) -> Readings {
    let is_absolute = input.first() == Some(&b'/');
    let mut kept: Vec<&[u8]> = Vec::new();
    let mut is_above_root = false;
    let parts: Vec<&[u8]> = input.split(|byte| *byte == b'/').collect();
    let is_folder = parts.last().is_some_and(|last| last.is_empty() || *last == b"." || *last == b"..");
    for part in parts {
        match part {
            b"" | b"." => {}
            b".." if kept.last().is_some_and(|last| *last != b"..") => {
                kept.pop();
            }
            b".." => {
                is_above_root |= is_absolute;
                kept.push(part);
            }
            part => kept.push(part),
        }
    }
    let joined = |parts: &[&[u8]]| {
        let mut output = if is_absolute { b"/".to_vec() } else { Vec::new() };
        output.extend(parts.join(&b'/'));
        if is_folder && !parts.is_empty() && parts.last() != Some(&b"..".as_slice()) {
            output.push(b'/');
        }
        output
    };
    let mut readings = vec![joined(&kept)];
    if is_above_root {
        // Whether `/../a` begins with a reference back is not documented.
        let own: Vec<&[u8]> = kept.iter().copied().skip_while(|part| *part == b"..").collect();
        readings.push(joined(&own));
    }
    readings
}
