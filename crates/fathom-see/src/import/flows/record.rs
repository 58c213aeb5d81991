//! One line of a flow log: who sent how much to whom, or that nothing was sent or written down.

use std::net::IpAddr;

use fathom_model::Timestamp;
use fathom_store::Day;

use super::format::{Field, Format, Values};

/// The longest id of an interface or an account.
const ID_BYTES_MAX: usize = 64;

/// Whose log it is, and of when.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Stretch<'l> {
    /// The account; empty where the log does not say.
    pub(super) account: &'l str,
    /// The interface.
    pub(super) interface: &'l str,
    pub(super) first: Timestamp,
    pub(super) last: Timestamp,
}

impl Stretch<'_> {
    /// The day that it counts for: that of its begin.
    pub(super) fn day(&self) -> Day {
        Day::of(self.first)
    }
}

/// Packets that went one way.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Record<'l> {
    pub(super) of: Stretch<'l>,
    pub(super) source: End,
    pub(super) destination: End,
    pub(super) protocol: u8,
    pub(super) packets: u64,
    pub(super) bytes: u64,
    pub(super) accepted: bool,
    /// Flags of TCP; none where the log does not say.
    pub(super) flags: Option<u8>,
}

/// An address and a port of it; 0 where the protocol has none.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) struct End {
    pub(super) at: IpAddr,
    pub(super) port: u16,
}

/// What a line says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Line<'l> {
    /// Packets went from one to another.
    Sent(Record<'l>),
    /// Nobody sent anything.
    Nothing(Stretch<'l>),
    /// What was sent was not written down.
    Skipped(Stretch<'l>),
}

/// Whether a protocol has ports: TCP, UDP, DCCP, SCTP, UDP-Lite.
pub(super) fn has_ports(protocol: u8) -> bool {
    matches!(protocol, 6 | 17 | 33 | 132 | 136)
}

/// Reads a line.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read<'l>(format: &Format, line: &'l str) -> Result<Line<'l>, String> {
    let values = format.read(line)?;
    let of = stretch(&values)?;
    match (said(&values, Field::Status), said(&values, Field::Source).or(said(&values, Field::PacketSource)))
    {
        (Some("NODATA"), _) => return Ok(Line::Nothing(of)),
        (Some("SKIPDATA"), _) | (None, None) => return Ok(Line::Skipped(of)),
        (Some("OK") | None, _) => {}
        (Some(other), _) => return Err(format!("`{other}` is no log-status")),
    }
    let protocol: u8 = number(&values, Field::Protocol, "protocol")?;
    let end = |at: [Field; 2], port: Field, name: &str| {
        let text = at.iter().find_map(|field| said(&values, *field)).ok_or(format!("has no {name}addr"))?;
        let at = text.parse::<IpAddr>().map_err(|_| format!("`{text}` is no address"))?;
        let port = if has_ports(protocol) { number(&values, port, &format!("{name}port"))? } else { 0 };
        Ok::<_, String>(End { at: at.to_canonical(), port })
    };
    let accepted = match said(&values, Field::Action) {
        Some("ACCEPT") => true,
        Some("REJECT") => false,
        other => return Err(format!("`{}` is no action", other.unwrap_or("-"))),
    };
    Ok(Line::Sent(Record {
        of,
        source: end([Field::PacketSource, Field::Source], Field::SourcePort, "src")?,
        destination: end([Field::PacketDestination, Field::Destination], Field::DestinationPort, "dst")?,
        protocol,
        packets: number(&values, Field::Packets, "packets")?,
        bytes: number(&values, Field::Bytes, "bytes")?,
        accepted,
        flags: said(&values, Field::Flags).and_then(|text| text.parse().ok()),
    }))
}

fn stretch<'l>(values: &Values<'l>) -> Result<Stretch<'l>, String> {
    let time = |field, name| {
        let seconds: i64 = number(values, field, name)?;
        let at = Timestamp::from_second(seconds).ok().filter(|_| seconds >= 0);
        at.ok_or_else(|| format!("{name} `{seconds}` is no time in seconds since 1970"))
    };
    let (first, last) = (time(Field::Start, "start")?, time(Field::End, "end")?);
    if last < first {
        return Err("ends before it starts".to_owned());
    }
    let interface = said(values, Field::Interface).ok_or("names no network interface")?;
    let account = said(values, Field::Account).unwrap_or_default();
    for id in [interface, account] {
        let is_id = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-';
        if id.len() > ID_BYTES_MAX || !id.bytes().all(is_id) {
            let shown: String = id.chars().take(ID_BYTES_MAX).collect();
            return Err(format!("`{shown}` is no id of an interface or account"));
        }
    }
    // Where AWS does not know the account, it says so.
    Ok(Stretch { account: if account == "unknown" { "" } else { account }, interface, first, last })
}

/// A value that is there; `-` stands for none.
fn said<'l>(values: &Values<'l>, field: Field) -> Option<&'l str> {
    values.get(field as usize).copied().flatten().filter(|value| *value != "-")
}

fn number<T: std::str::FromStr>(values: &Values<'_>, field: Field, name: &str) -> Result<T, String> {
    let text = said(values, field).ok_or_else(|| format!("has no {name}"))?;
    text.parse().map_err(|_| {
        format!("{name} `{}` is no such number", text.chars().take(ID_BYTES_MAX).collect::<String>())
    })
}
