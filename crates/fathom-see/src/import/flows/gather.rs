//! Lines added up: by day, interface, who asked whom on which port, and whether it was let through.

use std::{
    collections::{BTreeSet, HashMap},
    net::IpAddr,
};

use fathom_model::Timestamp;
use fathom_store::{Day, Flow, FlowBatch, FlowDay, FlowFile, ToldBy, Volume};
use sha2::{Digest as _, Sha256};

use super::{
    FlowImport,
    record::{Line, Stretch},
    sides::Ends,
};

/// Flows that are read of one file: what it takes to add them up has to fit.
const FLOWS_A_FILE_MAX: usize = 1_000_000;
/// Flows and files of a batch, beyond which it is put into the store.
const FLOWS_A_BATCH: usize = 200_000;
const FILES_A_BATCH: usize = 1_000;
/// Lines of one file that are named where they cannot be read; more are counted.
const LINES_NAMED: usize = 20;

type Place = (String, String, Day);
type Key = (u32, IpAddr, IpAddr, u8, u16, bool);

/// What a flow comes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Sum {
    told_by: ToldBy,
    first: Timestamp,
    last: Timestamp,
    to_server: Volume,
    to_client: Volume,
    records: u64,
}

impl Sum {
    fn plus(self, other: Self) -> Self {
        Self {
            told_by: self.told_by.max(other.told_by),
            first: self.first.min(other.first),
            last: self.last.max(other.last),
            to_server: self.to_server.plus(other.to_server),
            to_client: self.to_client.plus(other.to_client),
            records: self.records + other.records,
        }
    }
}

/// That a log was read.
#[derive(Debug, Clone, Copy)]
struct Span {
    first: Timestamp,
    last: Timestamp,
    records: u64,
    skipped: u64,
}

/// The flows of one file, or of several.
#[derive(Debug, Default)]
pub(super) struct Gathered {
    places: HashMap<Place, u32>,
    named: Vec<Place>,
    spans: Vec<Span>,
    flows: HashMap<Key, Sum>,
    /// What is wrong with lines, those that are named.
    pub(super) faults: Vec<String>,
    broken: u64,
    sent: u64,
    nothing: u64,
    skipped: u64,
}

impl Gathered {
    /// Takes in a line.
    ///
    /// # Errors
    /// Where there are more flows than are read of one file.
    pub(super) fn take(&mut self, line: &Line<'_>, ends: &Ends) -> Result<(), String> {
        let record = match line {
            Line::Sent(record) => record,
            Line::Nothing(of) => {
                self.nothing += 1;
                self.seen(of, 0);
                return Ok(());
            }
            Line::Skipped(of) => {
                self.skipped += 1;
                self.seen(of, 1);
                return Ok(());
            }
        };
        self.sent += 1;
        let place = self.seen(&record.of, 0);
        let sides = ends.of(record);
        let volume = Volume { packets: record.packets, bytes: record.bytes };
        let (to_server, to_client) =
            if sides.to_server { (volume, Volume::default()) } else { (Volume::default(), volume) };
        let (first, last) = (record.of.first, record.of.last);
        let sum = Sum { told_by: sides.told_by, first, last, to_server, to_client, records: 1 };
        let key = (place, sides.client, sides.server, record.protocol, sides.port, record.accepted);
        self.add(key, sum);
        if self.flows.len() > FLOWS_A_FILE_MAX {
            return Err(format!("has more than {FLOWS_A_FILE_MAX} flows; split it"));
        }
        Ok(())
    }

    fn add(&mut self, key: Key, sum: Sum) {
        self.flows.entry(key).and_modify(|known| *known = known.plus(sum)).or_insert(sum);
    }

    /// The number of a day of an interface, of which a line was read.
    fn seen(&mut self, of: &Stretch<'_>, skipped: u64) -> u32 {
        let place = (of.interface.to_owned(), of.account.to_owned(), of.day());
        let span = Span { first: of.first, last: of.last, records: 1, skipped };
        self.add_place(place, span)
    }

    fn add_place(&mut self, place: Place, span: Span) -> u32 {
        if let Some(number) = self.places.get(&place) {
            if let Some(known) = self.spans.get_mut(*number as usize) {
                known.first = known.first.min(span.first);
                known.last = known.last.max(span.last);
                known.records += span.records;
                known.skipped += span.skipped;
            }
            return *number;
        }
        let number = self.named.len() as u32;
        self.places.insert(place.clone(), number);
        self.named.push(place);
        self.spans.push(span);
        number
    }

    /// Takes note of a line that cannot be read.
    pub(super) fn fault(&mut self, line: u64, why: &str) {
        self.broken += 1;
        if self.faults.len() < LINES_NAMED {
            self.faults.push(format!("line {line} {why}"));
        }
    }

    /// All of it, where it is a flow log at all: with a header it is one without a line, too.
    ///
    /// # Errors
    /// Where no line could be read.
    pub(super) fn checked(mut self, has_header: bool) -> Result<Self, String> {
        let read = self.records();
        if read == 0 && (self.broken > 0 || !has_header) {
            let first = self.faults.first().map_or("it has no line", String::as_str);
            return Err(format!("is no flow log of this format: {first}"));
        }
        let more = self.broken.saturating_sub(self.faults.len() as u64);
        if more > 0 {
            self.faults.push(format!("{more} more lines could not be read"));
        }
        Ok(self)
    }

    /// How many lines were read.
    pub(super) fn records(&self) -> u64 {
        self.sent + self.nothing + self.skipped
    }

    /// The last day of them.
    pub(super) fn last_day(&self) -> Day {
        self.named.iter().map(|(_, _, day)| *day).max().unwrap_or(Day(0))
    }

    /// The interfaces whose logs these are.
    pub(super) fn interfaces(&self) -> impl Iterator<Item = &str> {
        self.named.iter().map(|(interface, _, _)| interface.as_str())
    }

    /// Adds its numbers to those of an import.
    pub(super) fn tell(&self, import: &mut FlowImport) {
        import.records += self.sent;
        import.nothing_sent += self.nothing;
        import.not_written += self.skipped;
        import.broken_lines += self.broken;
        let first = self.spans.iter().map(|span| span.first).min();
        let last = self.spans.iter().map(|span| span.last).max();
        import.first = [import.first, first].into_iter().flatten().min();
        import.last = import.last.max(last);
    }
}

/// Files that are put into the store together.
#[derive(Debug, Default)]
pub(super) struct Batch {
    all: Gathered,
    files: Vec<FlowFile>,
    digests: BTreeSet<String>,
}

impl Batch {
    /// Adds a file.
    pub(super) fn add(&mut self, gathered: Gathered, file: FlowFile) {
        let spans = gathered.named.into_iter().zip(gathered.spans);
        let numbers: Vec<u32> = spans.map(|(place, span)| self.all.add_place(place, span)).collect();
        for ((place, client, server, protocol, port, accepted), sum) in gathered.flows {
            if let Some(place) = numbers.get(place as usize) {
                self.all.add((*place, client, server, protocol, port, accepted), sum);
            }
        }
        self.digests.insert(file.sha256.clone());
        self.files.push(file);
    }

    /// Whether a file of this content is among them.
    pub(super) fn has(&self, sha256: &str) -> bool {
        self.digests.contains(sha256)
    }

    pub(super) fn is_empty(&self) -> bool {
        self.files.is_empty()
    }

    pub(super) fn is_full(&self) -> bool {
        self.files.len() >= FILES_A_BATCH || self.all.flows.len() >= FLOWS_A_BATCH
    }

    /// What the store keeps, in an order of its own.
    pub(super) fn finish(self) -> FlowBatch {
        let mut digest = Sha256::new();
        for file in &self.files {
            digest.update(file.sha256.as_bytes());
        }
        let Gathered { named, spans, flows, .. } = self.all;
        let mut flows: Vec<(Key, Sum)> = flows.into_iter().collect();
        flows.sort_unstable_by_key(|(one, _)| *one);
        let flow = |((place, client, server, protocol, port, accepted), sum): (Key, Sum)| {
            let (interface, account, day) = named.get(place as usize)?.clone();
            Some(Flow {
                day,
                account,
                interface,
                client,
                server,
                protocol,
                port,
                accepted,
                told_by: sum.told_by,
                first: sum.first,
                last: sum.last,
                to_server: sum.to_server,
                to_client: sum.to_client,
                records: sum.records,
            })
        };
        let flows = flows.into_iter().filter_map(flow).collect();
        let days = named.into_iter().zip(spans).map(|((interface, account, day), span)| FlowDay {
            interface,
            day,
            account,
            first: span.first,
            last: span.last,
            records: span.records,
            skipped: span.skipped,
            gone: 0,
        });
        FlowBatch { flows, days: days.collect(), files: self.files, digest: hex::encode(digest.finalize()) }
    }
}
