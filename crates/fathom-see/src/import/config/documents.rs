//! The JSON documents in a file, whatever it is packed in; expanded in memory and within limits.

use std::io::{Cursor, Read};

use flate2::read::MultiGzDecoder;
use zip::ZipArchive;

use super::super::{Limits, Problem};

/// Below this size it does not matter how much a member expands.
const HARMLESS_BYTES: u64 = 16 << 20;

/// Takes a document with its name.
pub(super) type Take<'a> = dyn FnMut(&str, Vec<u8>, &mut Vec<Problem>) + 'a;

/// Hands each document of a file on, with the name that people know it by. Archives in archives are not opened.
pub(super) fn each(
    name: &str,
    bytes: Vec<u8>,
    limits: &Limits,
    budget: &mut u64,
    problems: &mut Vec<Problem>,
    take: &mut Take<'_>,
) {
    if !bytes.starts_with(b"PK\x03\x04") && !bytes.starts_with(b"PK\x05\x06") {
        match plain(bytes, limits, budget) {
            Ok(bytes) => take(name, bytes, problems),
            Err(message) => problems.push(Problem::new(name, message)),
        }
        return;
    }
    let mut archive = match ZipArchive::new(Cursor::new(&bytes)) {
        Ok(archive) => archive,
        Err(error) => {
            problems.push(Problem::new(name, format!("is no zip that can be read: {error}")));
            return;
        }
    };
    let members = archive.len();
    if members > limits.members_max {
        let message = format!("has {members} members; only the first {} are read", limits.members_max);
        problems.push(Problem::new(name, message));
    }
    for index in 0..members.min(limits.members_max) {
        let (inner, packed) = match archive.by_index(index) {
            Ok(member) if member.is_dir() => continue,
            // The name is only shown: nothing is written anywhere under it.
            Ok(member) => {
                let own = member.name().map_or_else(|_| format!("member {index}"), |name| shown(&name));
                (format!("{name}!{own}"), member.compressed_size())
            }
            Err(error) => {
                problems.push(Problem::new(name, format!("member {index} cannot be read: {error}")));
                continue;
            }
        };
        let expanded = archive
            .by_index(index)
            .map_err(|error| format!("cannot be read: {error}"))
            .and_then(|member| expand(member, packed, limits, budget));
        match expanded {
            Ok(bytes) if bytes.starts_with(b"PK\x03\x04") => {
                problems.push(Problem::new(&inner, "is an archive in an archive, which is not opened"));
            }
            Ok(bytes) => match plain(bytes, limits, budget) {
                Ok(bytes) => take(&inner, bytes, problems),
                Err(message) => problems.push(Problem::new(&inner, message)),
            },
            Err(message) => problems.push(Problem::new(&inner, message)),
        }
    }
}

/// Bytes without gzip around them.
fn plain(bytes: Vec<u8>, limits: &Limits, budget: &mut u64) -> Result<Vec<u8>, String> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return Ok(bytes);
    }
    let packed = bytes.len() as u64;
    expand(MultiGzDecoder::new(bytes.as_slice()), packed, limits, budget)
}

fn expand(stream: impl Read, packed: u64, limits: &Limits, budget: &mut u64) -> Result<Vec<u8>, String> {
    let by_ratio = packed.saturating_mul(limits.ratio_max).max(HARMLESS_BYTES);
    let left = *budget;
    let most = limits.file_bytes_max.min(by_ratio).min(left);
    let mut bytes = Vec::new();
    let ended = stream.take(most.saturating_add(1)).read_to_end(&mut bytes);
    let expanded = bytes.len() as u64;
    // What is left out took its time as well.
    *budget = left.saturating_sub(expanded);
    ended.map_err(|error| format!("cannot be expanded: {error}"))?;
    if expanded > most {
        return Err(if most == left {
            format!("is beyond the {} bytes that one import expands", limits.expanded_bytes_max)
        } else if most == by_ratio {
            format!("expands to more than {} times its {packed} bytes; it is left out", limits.ratio_max)
        } else {
            format!("expands to more than the limit of {} bytes; split it", limits.file_bytes_max)
        });
    }
    Ok(bytes)
}

/// A member's name without what would act on a terminal.
fn shown(name: &str) -> String {
    name.chars().map(|c| if c.is_control() { '\u{fffd}' } else { c }).take(300).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_left_out_is_charged_too() {
        let limits = Limits { file_bytes_max: 100, ..Limits::default() };
        let mut budget = 250;
        let zeros = |length: usize| std::io::repeat(0).take(length as u64);
        for left in [149, 48] {
            let refused = expand(zeros(1000), 10, &limits, &mut budget);
            assert!(refused.is_err_and(|why| why.contains("more than the limit of 100 bytes")));
            assert_eq!(budget, left);
        }
        let refused = expand(zeros(1000), 10, &limits, &mut budget);
        assert!(refused.is_err_and(|why| why.contains("that one import expands")));
        assert_eq!(budget, 0);
        let mut budget = 250;
        let broken = zeros(30).chain(BreaksOff);
        assert!(
            expand(broken, 10, &limits, &mut budget).is_err_and(|why| why.contains("cannot be expanded"))
        );
        assert_eq!(budget, 220);
    }

    struct BreaksOff;

    impl Read for BreaksOff {
        fn read(&mut self, _: &mut [u8]) -> std::io::Result<usize> {
            Err(std::io::Error::other("cut"))
        }
    }
}
