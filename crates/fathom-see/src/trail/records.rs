//! From the bytes of a log file to its records, one after another, whatever form they have.
//!
//! CloudTrail writes `{"Records":[…]}`, packed with gzip. Other doors give one event a line, one event alone, events in
//! EventBridge's envelope (`{"detail":{…}}`), or the answer of `LookupEvents`. A record that does not read is named by
//! its number and skipped; what was read before a file breaks off stays.

use std::io::Read;

use flate2::read::MultiGzDecoder;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, value::RawValue};

/// The most bytes that a file may unpack to: CloudTrail's own stay under 50 MB.
pub const UNPACKED_BYTES_MAX: u64 = 512 * 1024 * 1024;
/// The most bytes of one record: four times what CloudTrail itself allows. Parsed, a hostile one takes some thirty
/// times as much.
pub const RECORD_BYTES_MAX: usize = 1024 * 1024;
/// The most records of one file.
pub const RECORDS_MAX: u64 = 5_000_000;

/// What stands in a file that is no log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RecordsError {
    /// It does not unpack.
    #[error("it does not unpack: {0}")]
    Gzip(String),
    /// It unpacks to more than the limit.
    #[error("it unpacks to more than {} MiB, far more than a log file holds", UNPACKED_BYTES_MAX / 1024 / 1024)]
    TooLarge,
    /// There are more records than any log file holds.
    #[error("it has more than {RECORDS_MAX} records; split it")]
    TooMany,
    /// It is neither JSON nor lines of JSON.
    #[error("it is no CloudTrail log: neither `{{\"Records\":[…]}}` nor events, one a line")]
    NoLog,
}

/// One record, or why it is none.
pub type Record = Result<Value, String>;

/// Unpacks where the bytes are gzip; names do not decide, content does.
///
/// # Errors
/// When it is damaged or too large.
pub fn unpack(bytes: Vec<u8>) -> Result<Vec<u8>, RecordsError> {
    if !bytes.starts_with(&[0x1f, 0x8b]) {
        return if bytes.len() as u64 > UNPACKED_BYTES_MAX { Err(RecordsError::TooLarge) } else { Ok(bytes) };
    }
    let mut plain = Vec::new();
    let mut capped = MultiGzDecoder::new(bytes.as_slice()).take(UNPACKED_BYTES_MAX + 1);
    capped.read_to_end(&mut plain).map_err(|error| RecordsError::Gzip(error.to_string()))?;
    if plain.len() as u64 > UNPACKED_BYTES_MAX { Err(RecordsError::TooLarge) } else { Ok(plain) }
}

/// Hands on each record with its number from 1. Gives false where the file is a digest, which holds no events.
///
/// # Errors
/// When the file as a whole is no log.
pub fn each(bytes: &[u8], take: &mut dyn FnMut(u64, Record)) -> Result<bool, RecordsError> {
    let bytes = bytes.strip_prefix(b"\xef\xbb\xbf").unwrap_or(bytes);
    let mut numbered = Numbered { number: 0, take };
    if let Some(list) = list_of(bytes, b"Records").or_else(|| list_of(bytes, b"Events")) {
        elements(list, &mut numbered)?;
        return Ok(true);
    }
    match bytes.iter().find(|byte| !byte.is_ascii_whitespace()) {
        Some(b'[') => {
            let start = bytes.iter().position(|byte| *byte == b'[').unwrap_or_default();
            elements(bytes.get(start + 1..).unwrap_or_default(), &mut numbered)?;
            return Ok(true);
        }
        Some(b'{') => {}
        _ => return Err(RecordsError::NoLog),
    }
    if let Ok(one) = serde_json::from_slice::<&RawValue>(bytes) {
        if is_digest(one) {
            return Ok(false);
        }
        return match event_of(one.get().as_bytes()) {
            Ok(event) => numbered.add(Ok(event)).map(|()| true),
            Err(why) if one.get().len() > RECORD_BYTES_MAX => numbered.add(Err(why)).map(|()| true),
            Err(_) => Err(RecordsError::NoLog),
        };
    }
    lines(bytes, &mut numbered).map(|()| true)
}

struct Numbered<'t> {
    number: u64,
    take: &'t mut dyn FnMut(u64, Record),
}

impl Numbered<'_> {
    fn add(&mut self, record: Record) -> Result<(), RecordsError> {
        self.number += 1;
        if self.number > RECORDS_MAX {
            return Err(RecordsError::TooMany);
        }
        (self.take)(self.number, record);
        Ok(())
    }
}

/// What follows the bracket of a list that is the first member of an object: large files are never held parsed.
fn list_of<'b>(bytes: &'b [u8], name: &[u8]) -> Option<&'b [u8]> {
    let rest = bytes.trim_ascii_start().strip_prefix(b"{")?.trim_ascii_start().strip_prefix(b"\"")?;
    let rest = rest.strip_prefix(name)?.strip_prefix(b"\"")?.trim_ascii_start().strip_prefix(b":")?;
    rest.trim_ascii_start().strip_prefix(b"[")
}

/// Reads the elements of a list one by one. After one that does not read nobody can tell where the next begins.
fn elements(mut bytes: &[u8], numbered: &mut Numbered<'_>) -> Result<(), RecordsError> {
    loop {
        bytes = bytes.trim_ascii_start();
        match bytes.first() {
            None => {
                return numbered.add(Err("the file breaks off here; what comes after is missing".to_owned()));
            }
            Some(b']') => return Ok(()),
            Some(b',') => bytes = bytes.get(1..).unwrap_or_default(),
            Some(_) => {
                let mut values = serde_json::Deserializer::from_slice(bytes).into_iter::<&RawValue>();
                match values.next() {
                    Some(Ok(raw)) => {
                        let read = values.byte_offset();
                        numbered.add(event_of(raw.get().as_bytes()))?;
                        bytes = bytes.get(read..).unwrap_or_default();
                    }
                    Some(Err(error)) => {
                        let why = if error.is_eof() {
                            "the file breaks off in this record; what comes after is missing".to_owned()
                        } else {
                            format!("it is no JSON ({error}); the rest of the file cannot be read either")
                        };
                        return numbered.add(Err(why));
                    }
                    None => return Ok(()),
                }
            }
        }
    }
}

/// One event a line.
fn lines(bytes: &[u8], numbered: &mut Numbered<'_>) -> Result<(), RecordsError> {
    for line in bytes.split(|byte| *byte == b'\n') {
        if line.trim_ascii().is_empty() {
            continue;
        }
        numbered.add(event_of(line).map_err(|why| format!("its line: {why}")))?;
    }
    Ok(())
}

/// The event in whatever it is wrapped in. What is larger than any record is not parsed.
fn event_of(text: &[u8]) -> Record {
    if text.len() > RECORD_BYTES_MAX {
        return Err(format!(
            "it has {} bytes, more than the limit of {RECORD_BYTES_MAX} and than any record of CloudTrail; it is skipped",
            text.len()
        ));
    }
    let value = serde_json::from_slice(text).map_err(|error| format!("it is no JSON: {error}"))?;
    let Value::Object(mut members) = value else { return Err("it is no JSON object".to_owned()) };
    if members.contains_key("eventName") {
        return Ok(Value::Object(members));
    }
    match (members.remove("detail"), members.remove("CloudTrailEvent")) {
        (Some(detail @ Value::Object(_)), _) => Ok(detail),
        // As `LookupEvents` and the command line of AWS give it: JSON as text.
        (_, Some(Value::String(text))) => {
            serde_json::from_str(&text).map_err(|error| format!("its `CloudTrailEvent` is no JSON: {error}"))
        }
        _ => Err("it is no event: it has no `eventName`, `detail` or `CloudTrailEvent`".to_owned()),
    }
}

fn is_digest(document: &RawValue) -> bool {
    /// Of the members only whether they are there.
    #[derive(Deserialize)]
    struct Digest {
        #[serde(rename = "digestStartTime")]
        _start: IgnoredAny,
        #[serde(rename = "logFiles")]
        _files: IgnoredAny,
    }
    serde_json::from_str::<Digest>(document.get()).is_ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::Write as _;

    type Records = Vec<(u64, Result<String, String>)>;

    fn read(bytes: &[u8]) -> (Result<bool, RecordsError>, Records) {
        let mut out = Vec::new();
        let ended = each(bytes, &mut |number, record| {
            out.push((
                number,
                record.map(|event| event.get("eventName").and_then(Value::as_str).unwrap_or("?").to_owned()),
            ));
        });
        (ended, out)
    }

    fn names(bytes: &[u8]) -> Vec<String> {
        let (ended, records) = read(bytes);
        assert_eq!(ended, Ok(true));
        records.into_iter().map(|(_, record)| record.expect("a record")).collect()
    }

    #[test]
    fn every_form_gives_the_same_events() {
        let (a, b) = (r#"{"eventName":"A","x":{"y":[1]}}"#, r#"{"eventName":"B"}"#);
        for form in [
            format!("{{\"Records\":[{a},{b}]}}"),
            format!(" {{ \"Records\" : [ {a} , {b} ] }}\n"),
            format!("\u{feff}{{\"Records\":[{a},{b}]}}"),
            format!("[{a},{b}]"),
            format!("{a}\n\n{b}\n"),
            format!("{{\"detail-type\":\"AWS API Call via CloudTrail\",\"detail\":{a}}}\n{{\"detail\":{b}}}"),
            serde_json::json!({"Events": [{"CloudTrailEvent": a}, {"EventId": "1", "CloudTrailEvent": b}]})
                .to_string(),
        ] {
            assert_eq!(names(form.as_bytes()), ["A", "B"], "{form}");
        }
        assert_eq!(names(a.as_bytes()), ["A"]);
        assert_eq!(names(b"{\"Records\":[]}"), [""; 0]);
    }

    #[test]
    fn what_was_read_before_a_file_breaks_off_stays() {
        let (ended, records) = read(br#"{"Records":[{"eventName":"A"},{"eventName":"B"},{"eventNa"#);
        assert_eq!(ended, Ok(true));
        assert_eq!(records[..2], [(1, Ok("A".to_owned())), (2, Ok("B".to_owned()))]);
        let (number, why) = &records[2];
        assert_eq!(*number, 3);
        assert!(why.as_ref().is_err_and(|why| why.contains("breaks off in this record")), "{why:?}");
        let (_, records) = read(b"{\"eventName\":\"A\"}\nnot json\n{\"eventName\":\"B\"}\n7\n{\"a\":1}\n");
        let good: Vec<u64> = records.iter().filter(|(_, r)| r.is_ok()).map(|(n, _)| *n).collect();
        let bad: Vec<u64> = records.iter().filter(|(_, r)| r.is_err()).map(|(n, _)| *n).collect();
        assert_eq!((good, bad), (vec![1, 3], vec![2, 4, 5]));
    }

    #[test]
    fn a_record_larger_than_any_is_not_parsed_and_the_others_count() {
        let zeros = "0,".repeat(RECORD_BYTES_MAX);
        let (good, huge) = (r#"{"eventName":"A"}"#, format!("{{\"eventName\":\"B\",\"a\":[{zeros}0]}}"));
        for form in [
            format!("{{\"Records\":[{good},{huge},{good}]}}"),
            format!("[{good},{huge},{good}]"),
            format!("{good}\n{huge}\n{good}\n"),
        ] {
            let (ended, records) = read(form.as_bytes());
            assert_eq!(ended, Ok(true));
            let [(1, Ok(_)), (2, Err(why)), (3, Ok(_))] = records.as_slice() else { panic!("{records:?}") };
            assert!(why.contains("more than the limit of 1048576"), "{why}");
        }
        let (ended, records) = read(huge.as_bytes());
        assert!(ended == Ok(true) && matches!(records.as_slice(), [(1, Err(_))]), "one alone");
        let digest = format!("{{\"digestStartTime\":\"x\",\"a\":[{zeros}0],\"logFiles\":[]}}");
        assert_eq!(read(digest.as_bytes()).0, Ok(false), "of a digest nothing is taken");
    }

    #[test]
    fn what_is_no_log_says_so() {
        assert_eq!(read(b"<html>").0, Err(RecordsError::NoLog));
        assert_eq!(read(b"").0, Err(RecordsError::NoLog));
        assert_eq!(read(b"{\"a\":1}").0, Err(RecordsError::NoLog));
        assert_eq!(read(br#"{"digestStartTime":"x","logFiles":[]}"#).0, Ok(false));
    }

    #[test]
    fn gzip_is_told_by_its_content_and_has_a_limit() {
        let pack = |bytes: &[u8]| {
            let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
            packer.write_all(bytes).expect("packs");
            packer.finish().expect("packs")
        };
        assert_eq!(unpack(pack(b"hello")), Ok(b"hello".to_vec()));
        assert_eq!(unpack(b"plain".to_vec()), Ok(b"plain".to_vec()));
        let mut cut = pack(&[7; 10_000]);
        cut.truncate(20);
        assert!(matches!(unpack(cut), Err(RecordsError::Gzip(_))));
        // A bomb: half a gibibyte and a little of zeros, packed small.
        let mut packer = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        let block = vec![0_u8; 1 << 20];
        for _ in 0..=(UNPACKED_BYTES_MAX >> 20) {
            packer.write_all(&block).expect("packs");
        }
        assert_eq!(unpack(packer.finish().expect("packs")), Err(RecordsError::TooLarge));
    }
}
