//! What is sent: protocol, port or ICMP type, and the ports that a client may have.

use std::{fmt, str::FromStr};

use serde::Serialize;

/// ICMP of IPv4.
pub const ICMP: u8 = 1;
/// TCP.
pub const TCP: u8 = 6;
/// UDP.
pub const UDP: u8 = 17;
/// ICMP of IPv6.
pub const ICMPV6: u8 = 58;
/// The ports that clients take for themselves when nothing else is known (AWS's guide on network ACLs: 1024 to 65535
/// covers all kinds of clients, NAT gateways and load balancers).
pub const CLIENT_PORTS: (u16, u16) = (1024, 65535);

/// A protocol by its number of the Internet Assigned Numbers Authority.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Protocol(pub u8);

impl Protocol {
    /// Whether it has ports that rules look at.
    pub fn has_ports(self) -> bool {
        matches!(self.0, TCP | UDP)
    }

    /// Whether it is one of the two ICMPs.
    pub fn is_icmp(self) -> bool {
        matches!(self.0, ICMP | ICMPV6)
    }
}

impl FromStr for Protocol {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text.to_ascii_lowercase().as_str() {
            "icmp" => Ok(Self(ICMP)),
            "tcp" => Ok(Self(TCP)),
            "udp" => Ok(Self(UDP)),
            "icmpv6" => Ok(Self(ICMPV6)),
            text => text.parse().map(Self).map_err(|_| {
                format!("`{text}` is no protocol; write tcp, udp, icmp, icmpv6 or a number to 255")
            }),
        }
    }
}

impl fmt::Display for Protocol {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.0 {
            ICMP => f.write_str("icmp"),
            TCP => f.write_str("tcp"),
            UDP => f.write_str("udp"),
            ICMPV6 => f.write_str("icmpv6"),
            number => write!(f, "protocol {number}"),
        }
    }
}

/// What a client sends to a server.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Traffic {
    /// The protocol.
    pub protocol: Protocol,
    /// The server's port, of TCP and UDP.
    pub port: u16,
    /// Type and code, of ICMP.
    pub icmp: (u8, u8),
}

impl Traffic {
    /// To a port of TCP.
    pub fn tcp(port: u16) -> Self {
        Self { protocol: Protocol(TCP), port, icmp: (0, 0) }
    }

    /// Of a protocol; ICMP is an echo request (RFC 792, RFC 4443).
    pub fn of(protocol: Protocol, port: u16) -> Self {
        let icmp = if protocol.0 == ICMPV6 { (128, 0) } else { (8, 0) };
        Self { protocol, port, icmp }
    }

    /// What the server sends back; none where nothing is expected: other ICMP than echo requests.
    pub(crate) fn reply(self) -> Option<Self> {
        match (self.protocol.0, self.icmp) {
            (ICMP, (8, _)) => Some(Self { icmp: (0, 0), ..self }),
            (ICMPV6, (128, _)) => Some(Self { icmp: (129, 0), ..self }),
            (ICMP | ICMPV6, _) => None,
            _ => Some(self),
        }
    }
}

impl fmt::Display for Traffic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let protocol = self.protocol;
        match self {
            _ if protocol.has_ports() => write!(f, "{protocol} {}", self.port),
            _ if protocol.is_icmp() => write!(f, "{protocol} type {} code {}", self.icmp.0, self.icmp.1),
            _ => write!(f, "{protocol}"),
        }
    }
}

/// Which protocols and ports a rule is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Service {
    /// None is any protocol, with any port.
    pub protocol: Option<Protocol>,
    /// First and last port, of TCP and UDP; none is any.
    pub ports: Option<(u16, u16)>,
    /// Type and code, of ICMP; none is any.
    pub icmp: (Option<u8>, Option<u8>),
}

impl Service {
    /// Everything.
    pub const ANY: Self = Self { protocol: None, ports: None, icmp: (None, None) };

    /// Whether it is about this traffic, with the ports left out.
    pub fn is_about(&self, traffic: &Traffic) -> bool {
        let Some(protocol) = self.protocol else { return true };
        if protocol != traffic.protocol {
            return false;
        }
        let (kind, code) = self.icmp;
        !protocol.is_icmp()
            || kind.is_none_or(|kind| kind == traffic.icmp.0)
                && code.is_none_or(|code| code == traffic.icmp.1)
    }

    /// The ports that it is about, of traffic that it is about.
    pub fn ports_of(&self, traffic: &Traffic) -> (u16, u16) {
        if self.protocol.is_some() && traffic.protocol.has_ports() {
            self.ports.unwrap_or((0, u16::MAX))
        } else {
            (0, u16::MAX)
        }
    }

    /// Whether it is about this traffic to its port.
    pub fn takes(&self, traffic: &Traffic) -> bool {
        let (first, last) = self.ports_of(traffic);
        self.is_about(traffic) && (first..=last).contains(&traffic.port)
    }
}

impl fmt::Display for Service {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Some(protocol) = self.protocol else { return f.write_str("all traffic") };
        write!(f, "{protocol}")?;
        match (self.ports, self.icmp) {
            (Some((first, last)), _) if first == last => write!(f, " {first}"),
            (Some((0, u16::MAX)), _) => Ok(()),
            (Some((first, last)), _) => write!(f, " {first}-{last}"),
            (None, (Some(kind), Some(code))) => write!(f, " type {kind} code {code}"),
            (None, (Some(kind), None)) => write!(f, " type {kind}"),
            (None, _) => Ok(()),
        }
    }
}

/// A set of ports.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default)]
pub struct Ports(Vec<(u16, u16)>);

impl Ports {
    /// Those from a first to a last one.
    pub fn of(first: u16, last: u16) -> Self {
        Self(if first <= last { vec![(first, last)] } else { Vec::new() })
    }

    /// Whether it has none.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Those that are also in a range.
    #[must_use]
    pub fn within(&self, (first, last): (u16, u16)) -> Self {
        let cut = self.0.iter().map(|&(a, b)| (a.max(first), b.min(last)));
        Self(cut.filter(|(a, b)| a <= b).collect())
    }

    /// Those that are not in a range.
    #[must_use]
    pub fn without(&self, (first, last): (u16, u16)) -> Self {
        let mut left = Vec::new();
        for &(a, b) in &self.0 {
            if let Some(end) = first.checked_sub(1).filter(|end| a <= *end) {
                left.push((a, end.min(b)));
            }
            if let Some(start) = last.checked_add(1).filter(|start| *start <= b) {
                left.push((start.max(a), b));
            }
        }
        Self(left)
    }

    /// Takes in others.
    pub fn add(&mut self, other: &Self) {
        self.0.extend(&other.0);
        self.0.sort_unstable();
        let mut joined: Vec<(u16, u16)> = Vec::new();
        for &(first, last) in &self.0 {
            match joined.last_mut() {
                Some((_, end)) if end.checked_add(1).is_none_or(|next| first <= next) => {
                    *end = last.max(*end);
                }
                _ => joined.push((first, last)),
            }
        }
        self.0 = joined;
    }

    /// Its ranges, first and last, in order.
    pub fn ranges(&self) -> &[(u16, u16)] {
        &self.0
    }
}

impl fmt::Display for Ports {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, (first, last)) in self.0.iter().enumerate() {
            let comma = if index == 0 { "" } else { ", " };
            if first == last { write!(f, "{comma}{first}")? } else { write!(f, "{comma}{first}-{last}")? }
        }
        Ok(())
    }
}

impl Serialize for Ports {
    fn serialize<S: serde::Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_str(self)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ports_are_cut_and_joined() {
        let all = Ports::of(1024, 65535);
        let rest = all.without((2000, 2999));
        assert_eq!(rest.to_string(), "1024-1999, 3000-65535");
        assert_eq!(rest.within((1500, 3000)).to_string(), "1500-1999, 3000");
        let mut joined = rest.clone();
        joined.add(&Ports::of(2000, 2999));
        assert_eq!(joined, all);
        assert_eq!(Ports::of(0, 65535).without((0, 65535)), Ports::default());
        assert_eq!(Ports::of(0, 0).without((5, 6)), Ports::of(0, 0));
    }
}
