//! Which value stands where in a line of a flow log: the default format, or what a header or a person says.

/// AWS's default format, version 2.
pub(super) const DEFAULT: &str = "version account-id interface-id srcaddr dstaddr srcport dstport protocol packets bytes start end \
                                  action log-status";
/// The most values of a line; AWS has some forty.
const VALUES_MAX: usize = 200;
/// Names that make a line a header where two of them stand in it.
const TELLING: usize = 2;

/// A value that is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Field {
    /// The account of the interface.
    Account,
    /// The network interface that the log is of.
    Interface,
    /// The address that sent, as the interface saw it.
    Source,
    /// The address that it was sent to, as the interface saw it.
    Destination,
    /// The address that sent, where the interface only passes it on.
    PacketSource,
    /// The address that it was sent to at last.
    PacketDestination,
    /// The port of the sender.
    SourcePort,
    /// The port of the receiver.
    DestinationPort,
    /// The number of the protocol.
    Protocol,
    /// How many packets.
    Packets,
    /// How many bytes.
    Bytes,
    /// When it began, in seconds since 1970.
    Start,
    /// When it ended.
    End,
    /// ACCEPT or REJECT.
    Action,
    /// OK, NODATA or SKIPDATA.
    Status,
    /// Flags of TCP, those of the whole interval in one number.
    Flags,
}

/// How many there are.
pub(super) const FIELDS: usize = 16;

const NAMES: [(&str, Field); FIELDS] = [
    ("account-id", Field::Account),
    ("interface-id", Field::Interface),
    ("srcaddr", Field::Source),
    ("dstaddr", Field::Destination),
    ("pkt-srcaddr", Field::PacketSource),
    ("pkt-dstaddr", Field::PacketDestination),
    ("srcport", Field::SourcePort),
    ("dstport", Field::DestinationPort),
    ("protocol", Field::Protocol),
    ("packets", Field::Packets),
    ("bytes", Field::Bytes),
    ("start", Field::Start),
    ("end", Field::End),
    ("action", Field::Action),
    ("log-status", Field::Status),
    ("tcp-flags", Field::Flags),
];
/// Without which nobody can say who talked to whom and whether it was let through; of some another one does as well.
const NEEDED: [&[Field]; 11] = [
    &[Field::Interface],
    &[Field::Source, Field::PacketSource],
    &[Field::Destination, Field::PacketDestination],
    &[Field::SourcePort],
    &[Field::DestinationPort],
    &[Field::Protocol],
    &[Field::Packets],
    &[Field::Bytes],
    &[Field::Start],
    &[Field::End],
    &[Field::Action],
];

/// The values of one line.
pub(super) type Values<'l> = [Option<&'l str>; FIELDS];

/// Which value stands where.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Format {
    places: Vec<Option<Field>>,
}

impl Format {
    /// Of names as they stand in a header, in a file of columns, or as a person gave them to AWS (`${srcaddr}`).
    ///
    /// # Errors
    /// Where something is missing without which a line says nothing, or stands there twice.
    pub(super) fn of(text: &str) -> Result<Self, String> {
        let names: Vec<String> = text.split_ascii_whitespace().map(plain).collect();
        if names.len() > VALUES_MAX {
            return Err(format!("names {} values of a line; {VALUES_MAX} are the most", names.len()));
        }
        let places: Vec<Option<Field>> = names.iter().map(|name| field(name)).collect();
        for (name, known) in NAMES {
            if places.iter().filter(|place| **place == Some(known)).count() > 1 {
                return Err(format!("names `{name}` twice"));
            }
        }
        for needed in NEEDED {
            if !needed.iter().any(|one| places.contains(&Some(*one))) {
                let missing = needed.first().map_or("", |one| name_of(*one));
                return Err(format!(
                    "names no `{missing}`, without which a line does not say who talked to whom"
                ));
            }
        }
        Ok(Self { places })
    }

    /// Whether a line names values instead of having them.
    pub(super) fn is_header(line: &str) -> bool {
        line.split_ascii_whitespace()
            .take(VALUES_MAX)
            .filter(|name| field(&plain(name)).is_some())
            .nth(TELLING - 1)
            .is_some()
    }

    /// The values of a line that are read.
    ///
    /// # Errors
    /// Where there are more or fewer than the format has.
    pub(super) fn read<'l>(&self, line: &'l str) -> Result<Values<'l>, String> {
        let mut values: Values<'l> = [None; FIELDS];
        let mut count = 0;
        for (at, value) in without_time(line).split_ascii_whitespace().enumerate() {
            count += 1;
            if let Some(Some(field)) = self.places.get(at)
                && let Some(slot) = values.get_mut(*field as usize)
            {
                *slot = Some(value);
            }
        }
        if count == self.places.len() {
            return Ok(values);
        }
        Err(format!("has {count} values, and its format has {}", self.places.len()))
    }
}

/// A line without the time that CloudWatch puts before it when it hands logs on to a bucket.
fn without_time(line: &str) -> &str {
    let line = line.trim_ascii_start();
    match line.split_once(|c: char| c.is_ascii_whitespace()) {
        Some((first, rest)) if first.len() >= 20 && first.ends_with('Z') && first.contains('T') => rest,
        _ => line,
    }
}

/// `${pkt-srcaddr}`, `pkt_srcaddr` and `"pkt-srcaddr"` are one name.
fn plain(name: &str) -> String {
    let name = name.trim_matches(|c: char| "${}\"',".contains(c));
    name.to_ascii_lowercase().replace('_', "-")
}

fn field(name: &str) -> Option<Field> {
    NAMES.iter().find(|(known, _)| *known == name).map(|(_, field)| *field)
}

fn name_of(field: Field) -> &'static str {
    NAMES.iter().find(|(_, known)| *known == field).map_or("", |(name, _)| name)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_as_headers_columns_and_people_write_them() {
        let format = Format::of(DEFAULT).expect("the default format");
        assert_eq!(format.places.len(), 14);
        let text = DEFAULT.split_ascii_whitespace().map(|name| format!("${{{name}}}")).collect::<Vec<_>>();
        assert_eq!(Format::of(&text.join(" ")), Ok(format.clone()));
        assert_eq!(Format::of(&DEFAULT.replace('-', "_")), Ok(format));
        assert!(Format::is_header(DEFAULT));
        assert!(!Format::is_header("2 123456789010 eni-1 10.0.0.1 10.0.0.2 1 2 6 1 1 1 2 ACCEPT OK"));
    }

    #[test]
    fn a_format_that_does_not_say_who_talked_to_whom_is_refused() {
        let without = |name: &str| {
            let names: Vec<&str> = DEFAULT.split_ascii_whitespace().filter(|one| *one != name).collect();
            Format::of(&names.join(" "))
        };
        for name in ["interface-id", "srcaddr", "dstport", "action", "bytes"] {
            assert!(without(name).is_err_and(|why| why.contains(&format!("`{name}`"))), "{name}");
        }
        assert!(without("log-status").is_ok() && without("account-id").is_ok());
        assert!(Format::of(&format!("{DEFAULT} srcaddr")).is_err_and(|why| why.contains("twice")));
        assert!(Format::of(&"x ".repeat(VALUES_MAX + 1)).is_err());
    }
}
