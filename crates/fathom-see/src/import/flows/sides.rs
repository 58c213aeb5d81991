//! Who asked and who answered: a log has a line for each direction, and seldom says which came first.

use std::{collections::HashMap, net::IpAddr};

use fathom_store::ToldBy;

use super::record::{End, Record, has_ports};

/// Ends that are remembered; what comes beyond is told by its ports alone.
const ENDS_MAX: usize = 1_000_000;
/// Below this services have their ports, and nobody asks from one.
const OWN_PORTS: u16 = 1024;
const TCP: u8 = 6;
const SYN: u8 = 2;
const SYN_ACK: u8 = 18;

/// Which ends talk to many others, as services do.
#[derive(Debug, Default)]
pub(super) struct Ends {
    /// The one other that an end talks to; none where there are several.
    others: HashMap<(u8, End), Option<End>>,
}

/// A record with its two sides told apart.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Sides {
    pub(super) client: IpAddr,
    pub(super) server: IpAddr,
    /// That is asked.
    pub(super) port: u16,
    pub(super) told_by: ToldBy,
    /// Whether the packets went to the server.
    pub(super) to_server: bool,
}

impl Ends {
    /// Takes note of who talks to whom.
    pub(super) fn learn(&mut self, record: &Record<'_>) {
        if !has_ports(record.protocol) {
            return;
        }
        for (end, other) in [(record.source, record.destination), (record.destination, record.source)] {
            let is_full = self.others.len() >= ENDS_MAX;
            match self.others.get_mut(&(record.protocol, end)) {
                Some(known) if *known != Some(other) => *known = None,
                None if !is_full => {
                    self.others.insert((record.protocol, end), Some(other));
                }
                _ => {}
            }
        }
    }

    fn has_many(&self, protocol: u8, end: End) -> bool {
        self.others.get(&(protocol, end)) == Some(&None)
    }

    /// Tells the sides apart. Both directions of a conversation get the same answer.
    pub(super) fn of(&self, record: &Record<'_>) -> Sides {
        let (source, destination) = (record.source, record.destination);
        let (server, told_by) = self.server(record);
        let client = if server == destination { source } else { destination };
        Sides {
            client: client.at,
            server: server.at,
            port: server.port,
            told_by,
            to_server: server == destination,
        }
    }

    fn server(&self, record: &Record<'_>) -> (End, ToldBy) {
        let (protocol, source, destination) = (record.protocol, record.source, record.destination);
        let by_order = (source.max(destination), ToldBy::Nothing);
        if !has_ports(protocol) {
            return by_order;
        }
        if protocol == TCP
            && let Some(flags) = record.flags
        {
            match flags & SYN_ACK {
                SYN => return (destination, ToldBy::Flags),
                SYN_ACK => return (source, ToldBy::Flags),
                _ => {}
            }
        }
        let one_of = |is_server: &dyn Fn(End) -> bool| match (is_server(source), is_server(destination)) {
            (true, false) => Some(source),
            (false, true) => Some(destination),
            _ => None,
        };
        let told = one_of(&|end| end.port < OWN_PORTS)
            .or_else(|| one_of(&|end| self.has_many(protocol, end)))
            .or_else(|| one_of(&|end| end.port < source.port.max(destination.port)));
        told.map_or(by_order, |server| (server, ToldBy::Ports))
    }
}

#[cfg(test)]
mod tests {
    use super::super::{
        format::{DEFAULT, Format},
        record::{Line, read},
    };
    use super::*;

    fn sides(ends: &Ends, line: &str, flags: &str) -> (String, u16, ToldBy, bool) {
        let format = Format::of(&format!("{DEFAULT} tcp-flags")).expect("a format");
        let line = format!("2 1 eni-1 {line} 1 40 100 160 ACCEPT OK {flags}");
        let Ok(Line::Sent(record)) = read(&format, &line) else { panic!("{line}") };
        let sides = ends.of(&record);
        (format!("{}>{}", sides.client, sides.server), sides.port, sides.told_by, sides.to_server)
    }

    #[test]
    fn who_opens_a_connection_asks_whatever_the_ports() {
        let ends = Ends::default();
        let asked = ("10.0.0.1>10.0.0.2".to_owned(), 50051, ToldBy::Flags, true);
        assert_eq!(sides(&ends, "10.0.0.1 10.0.0.2 40000 50051 6", "2"), asked);
        // SYN and FIN in one interval.
        assert_eq!(sides(&ends, "10.0.0.1 10.0.0.2 40000 50051 6", "3"), asked);
        let answered = ("10.0.0.1>10.0.0.2".to_owned(), 50051, ToldBy::Flags, false);
        assert_eq!(sides(&ends, "10.0.0.2 10.0.0.1 50051 40000 6", "18"), answered);
        assert_eq!(sides(&ends, "10.0.0.2 10.0.0.1 50051 40000 6", "19"), answered);
    }

    #[test]
    fn ports_of_services_and_ends_with_many_others_are_asked() {
        let format = Format::of(DEFAULT).expect("a format");
        let mut ends = Ends::default();
        let there = |to_server| ("10.0.0.1>10.0.0.2".to_owned(), 443, ToldBy::Ports, to_server);
        assert_eq!(sides(&ends, "10.0.0.1 10.0.0.2 40000 443 6", "0"), there(true));
        assert_eq!(sides(&ends, "10.0.0.2 10.0.0.1 443 40000 6", "-"), there(false));
        for port in ["40000", "40001"] {
            let line = format!("2 1 eni-1 10.0.0.9 10.0.0.2 {port} 50051 6 1 40 100 160 ACCEPT OK");
            let Ok(Line::Sent(record)) = read(&format, &line) else { panic!("{line}") };
            ends.learn(&record);
        }
        let many = ("10.0.0.9>10.0.0.2".to_owned(), 50051, ToldBy::Ports, true);
        assert_eq!(sides(&ends, "10.0.0.9 10.0.0.2 40000 50051 6", "0"), many);
    }

    #[test]
    fn where_nothing_tells_both_directions_are_one_conversation() {
        let ends = Ends::default();
        let (there, back) = (
            sides(&ends, "10.0.0.1 10.0.0.2 5000 5000 17", "-"),
            sides(&ends, "10.0.0.2 10.0.0.1 5000 5000 17", "-"),
        );
        assert_eq!((&there.0, there.1, there.2), (&back.0, back.1, ToldBy::Nothing));
        assert!(there.3 != back.3);
        let (ping, pong) =
            (sides(&ends, "10.0.0.1 10.0.0.2 0 0 1", "-"), sides(&ends, "10.0.0.2 10.0.0.1 0 0 1", "-"));
        assert_eq!((&ping.0, ping.1, ping.2), (&pong.0, 0, ToldBy::Nothing));
    }
}
