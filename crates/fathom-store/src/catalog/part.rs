//! The columns of a part of the estate, and how they are built.

use std::{cmp::Ordering, collections::HashMap};

use crate::Cursor;

/// Texts one after the other in one piece of memory.
#[derive(Debug, Default)]
pub(crate) struct Texts {
    bytes: String,
    ends: Vec<usize>,
}

impl Texts {
    pub(crate) fn push(&mut self, text: &str) {
        self.bytes.push_str(text);
        self.ends.push(self.bytes.len());
    }

    pub(crate) fn get(&self, at: usize) -> &str {
        let begin = at.checked_sub(1).and_then(|before| self.ends.get(before)).copied().unwrap_or(0);
        let end = self.ends.get(at).copied().unwrap_or(begin);
        self.bytes.get(begin..end).unwrap_or_default()
    }
}

/// The few texts of a column; 0 stands for none.
#[derive(Debug, Default)]
pub(crate) struct Words {
    words: Vec<String>,
    codes: HashMap<String, u32>,
}

impl Words {
    /// The code of a text, a new one where it was not there; of an empty one 0.
    pub(crate) fn code(&mut self, text: &str) -> u32 {
        if text.is_empty() {
            return 0;
        }
        if let Some(code) = self.codes.get(text) {
            return *code;
        }
        self.words.push(text.to_owned());
        let code = u32::try_from(self.words.len()).unwrap_or(u32::MAX);
        self.codes.insert(text.to_owned(), code);
        code
    }

    pub(crate) fn find(&self, text: &str) -> Option<u32> {
        if text.is_empty() { Some(0) } else { self.codes.get(text).copied() }
    }

    pub(crate) fn get(&self, code: u32) -> &str {
        match code.checked_sub(1) {
            Some(at) => self.words.get(at as usize).map_or("", String::as_str),
            None => "",
        }
    }

    /// Codes run from 0 to this, which is none.
    pub(crate) fn end(&self) -> usize {
        self.words.len() + 1
    }

    /// For each code its place among all of them by the bytes of the texts.
    fn ranks(&self) -> Vec<u32> {
        let mut order: Vec<u32> = (0..u32::try_from(self.end()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by(|a, b| self.get(*a).cmp(self.get(*b)));
        let mut ranks = vec![0; self.end()];
        for (rank, code) in (0..).zip(order) {
            set(&mut ranks, code as usize, rank);
        }
        ranks
    }
}

/// A column with few distinct texts.
#[derive(Debug, Default)]
pub(crate) struct Column {
    pub(crate) words: Words,
    pub(crate) codes: Vec<u32>,
    ranks: Vec<u32>,
}

impl Column {
    /// Nothing in any row.
    pub(crate) fn blank(rows: usize) -> Self {
        Self { codes: vec![0; rows], ..Self::default() }
    }

    fn push(&mut self, text: &str) {
        let code = self.words.code(text);
        self.codes.push(code);
    }

    pub(crate) fn code(&self, row: usize) -> u32 {
        self.codes.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn text(&self, row: usize) -> &str {
        self.words.get(self.code(row))
    }

    fn rank(&self, row: usize) -> u64 {
        u64::from(self.ranks.get(self.code(row) as usize).copied().unwrap_or_default())
    }
}

/// What is true or false of a resource, a bit each.
pub(crate) mod flag {
    pub(crate) const UNDERSTOOD: u8 = 1;
    pub(crate) const EXPOSED: u8 = 2;
    pub(crate) const STALE: u8 = 4;
    pub(crate) const GONE: u8 = 8;
    pub(crate) const PROVIDER_MADE: u8 = 16;
    pub(crate) const LISTED: u8 = 32;
}

/// A resource on its way into the columns.
#[derive(Debug, Default, serde::Deserialize)]
#[serde(default)]
pub(crate) struct RawRow<'r> {
    pub(crate) id: i64,
    #[serde(borrow)]
    pub(crate) uid: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    pub(crate) kind: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    pub(crate) account: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    pub(crate) region: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    pub(crate) native_id: std::borrow::Cow<'r, str>,
    #[serde(borrow)]
    pub(crate) name: Option<std::borrow::Cow<'r, str>>,
    #[serde(borrow)]
    pub(crate) tags: std::borrow::Cow<'r, str>,
    pub(crate) flags: u8,
    pub(crate) first_seen: i64,
    pub(crate) last_seen: i64,
    #[serde(borrow)]
    pub(crate) owner: Option<std::borrow::Cow<'r, str>>,
    /// Where it stands on the list; only where the flag says that it is on it.
    pub(crate) severity: Option<i64>,
}

/// A part of the estate. Rows are in the order of their uids.
#[derive(Debug, Default)]
pub(crate) struct Part {
    pub(crate) ids: Vec<i64>,
    /// Ids in their order, each with its row.
    by_id: Vec<(i64, u32)>,
    pub(crate) uids: Texts,
    /// The name, or the id where there is none.
    pub(crate) labels: Texts,
    pub(crate) named: Vec<bool>,
    /// What a search looks through: small letters, parts divided by a zero byte.
    pub(crate) searched: Texts,
    /// The tags as one JSON object without spaces.
    pub(crate) tags: Texts,
    pub(crate) kind: Column,
    pub(crate) account: Column,
    pub(crate) region: Column,
    pub(crate) owner: Column,
    pub(crate) network: Column,
    /// For each set of gaps that some resource has, a list of them with a line each.
    pub(crate) gaps: Column,
    pub(crate) flags: Vec<u8>,
    pub(crate) first_seen: Vec<i64>,
    pub(crate) last_seen: Vec<i64>,
    pub(crate) severity: Vec<i64>,
    by_label: Vec<u32>,
    label_rank: Vec<u32>,
    /// Rows of the list, worst first.
    pub(crate) list: Vec<u32>,
}

/// Fills a part with rows in any order.
#[derive(Default)]
pub(crate) struct Builder {
    part: Part,
    lower: String,
}

impl Builder {
    pub(crate) fn push(&mut self, row: &RawRow<'_>, gaps: &str) {
        let part = &mut self.part;
        let label = row.name.as_deref().unwrap_or(&row.native_id);
        part.ids.push(row.id);
        part.uids.push(&row.uid);
        part.labels.push(label);
        part.named.push(row.name.is_some());
        self.lower.clear();
        self.lower.push_str(&row.uid);
        for more in [&*row.native_id, label] {
            if !row.uid.contains(more) {
                self.lower.push('\0');
                self.lower.push_str(more);
            }
        }
        self.lower.make_ascii_lowercase();
        part.searched.push(&self.lower);
        part.tags.push(&row.tags);
        part.kind.push(&row.kind);
        part.account.push(&row.account);
        part.region.push(&row.region);
        part.owner.push(row.owner.as_deref().unwrap_or_default());
        part.gaps.push(gaps);
        part.flags.push(row.flags);
        part.first_seen.push(row.first_seen);
        part.last_seen.push(row.last_seen);
        part.severity.push(row.severity.unwrap_or(i64::MAX));
    }

    /// Sorts the rows by uid and makes what the orders need.
    pub(crate) fn finish(self) -> Part {
        let from = self.part;
        let mut order: Vec<u32> = (0..u32::try_from(from.ids.len()).unwrap_or(u32::MAX)).collect();
        order.sort_unstable_by(|a, b| from.uids.get(*a as usize).cmp(from.uids.get(*b as usize)));
        let mut part = Part {
            ids: picked(&from.ids, &order),
            named: picked(&from.named, &order),
            flags: picked(&from.flags, &order),
            first_seen: picked(&from.first_seen, &order),
            last_seen: picked(&from.last_seen, &order),
            severity: picked(&from.severity, &order),
            uids: picked_texts(&from.uids, &order),
            labels: picked_texts(&from.labels, &order),
            searched: picked_texts(&from.searched, &order),
            tags: picked_texts(&from.tags, &order),
            kind: picked_column(from.kind, &order),
            account: picked_column(from.account, &order),
            region: picked_column(from.region, &order),
            owner: picked_column(from.owner, &order),
            gaps: picked_column(from.gaps, &order),
            ..Part::default()
        };
        part.network.codes = vec![0; order.len()];
        part.by_id = part.ids.iter().copied().zip(0..).collect();
        part.by_id.sort_unstable();
        let mut by_label: Vec<u32> = (0..u32::try_from(part.ids.len()).unwrap_or(u32::MAX)).collect();
        by_label.sort_unstable_by(|a, b| {
            (part.labels.get(*a as usize), a).cmp(&(part.labels.get(*b as usize), b))
        });
        part.label_rank = vec![0; by_label.len()];
        for (rank, row) in (0..).zip(&by_label) {
            set(&mut part.label_rank, *row as usize, rank);
        }
        part.by_label = by_label;
        part.list =
            (0..).zip(&part.flags).filter(|(_, f)| *f & flag::LISTED > 0).map(|(row, _)| row).collect();
        let severity = &part.severity;
        part.list.sort_unstable_by_key(|row| (severity.get(*row as usize).copied(), *row));
        part
    }
}

fn set<T>(list: &mut [T], at: usize, value: T) {
    if let Some(place) = list.get_mut(at) {
        *place = value;
    }
}

fn picked<T: Copy>(from: &[T], order: &[u32]) -> Vec<T> {
    order.iter().filter_map(|row| from.get(*row as usize).copied()).collect()
}

fn picked_texts(from: &Texts, order: &[u32]) -> Texts {
    let mut to =
        Texts { bytes: String::with_capacity(from.bytes.len()), ends: Vec::with_capacity(order.len()) };
    for row in order {
        to.push(from.get(*row as usize));
    }
    to
}

fn picked_column(from: Column, order: &[u32]) -> Column {
    let ranks = from.words.ranks();
    Column { codes: picked(&from.codes, order), words: from.words, ranks }
}

/// What a page is sorted by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum By {
    Uid,
    Name,
    Kind,
    Account,
    Region,
    FirstSeen,
    LastSeen,
}

impl From<crate::ResourceOrder> for By {
    fn from(order: crate::ResourceOrder) -> Self {
        use crate::ResourceOrder as Order;
        match order {
            Order::Uid => Self::Uid,
            Order::Name => Self::Name,
            Order::Kind => Self::Kind,
            Order::Account => Self::Account,
            Order::Region => Self::Region,
            Order::FirstSeen => Self::FirstSeen,
            Order::LastSeen => Self::LastSeen,
        }
    }
}

/// A value that rows are sorted by.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(untagged)]
pub(crate) enum Key {
    Number(i64),
    Text(String),
}

/// A place in an order of a part, between its rows: twice the rank of a row, one less where no row has the key; then
/// the same with the row's number.
pub(crate) type Bound = (i64, i64);

impl Part {
    pub(crate) fn len(&self) -> usize {
        self.ids.len()
    }

    pub(crate) fn id(&self, row: usize) -> i64 {
        self.ids.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn row_of_id(&self, id: i64) -> Option<usize> {
        let at = self.by_id.binary_search_by_key(&id, |(id, _)| *id).ok()?;
        self.by_id.get(at).map(|(_, row)| *row as usize)
    }

    pub(crate) fn row_of_uid(&self, uid: &str) -> Option<usize> {
        seek(self.len(), |row| self.uids.get(row).cmp(uid)).ok()
    }

    pub(crate) fn flags(&self, row: usize) -> u8 {
        self.flags.get(row).copied().unwrap_or_default()
    }

    pub(crate) fn is(&self, row: usize, flag: u8) -> bool {
        self.flags(row) & flag > 0
    }

    pub(crate) fn first_seen(&self, row: usize) -> i64 {
        self.first_seen.get(row).copied().unwrap_or_default()
    }

    /// The rank of a row in an order: equal where the keys are.
    pub(crate) fn rank(&self, by: By, row: usize) -> i64 {
        let of = |list: &[i64]| list.get(row).copied().unwrap_or_default();
        match by {
            By::Uid => 0,
            By::Name => self.label_rank.get(row).map_or(0, |rank| i64::from(*rank)),
            By::Kind => self.kind.rank(row).cast_signed(),
            By::Account => self.account.rank(row).cast_signed(),
            By::Region => self.region.rank(row).cast_signed(),
            By::FirstSeen => of(&self.first_seen),
            By::LastSeen => of(&self.last_seen),
        }
    }

    pub(crate) fn key(&self, by: By, row: usize) -> Key {
        let text = |text: &str| Key::Text(text.to_owned());
        match by {
            By::Uid => text(""),
            By::Name => text(self.labels.get(row)),
            By::Kind => text(self.kind.text(row)),
            By::Account => text(self.account.text(row)),
            By::Region => text(self.region.text(row)),
            By::FirstSeen | By::LastSeen => Key::Number(self.rank(by, row)),
        }
    }

    /// Where a key and a uid stand in an order of this part, also where no row has them.
    pub(crate) fn bound(&self, by: By, key: &Key, uid: &str) -> Bound {
        let place = match seek(self.len(), |row| self.uids.get(row).cmp(uid)) {
            Ok(row) => twice(row),
            Err(row) => twice(row) - 1,
        };
        let column = |column: &Column, wanted: &str| {
            let found = column.words.find(wanted).and_then(|code| column.ranks.get(code as usize));
            if let Some(rank) = found {
                return i64::from(*rank) * 2;
            }
            let codes = 0..u32::try_from(column.words.end()).unwrap_or(u32::MAX);
            twice(codes.filter(|code| column.words.get(*code) < wanted).count()) - 1
        };
        match (by, key) {
            (By::Kind, Key::Text(text)) => (column(&self.kind, text), place),
            (By::Account, Key::Text(text)) => (column(&self.account, text), place),
            (By::Region, Key::Text(text)) => (column(&self.region, text), place),
            (By::Name, Key::Text(text)) => {
                // Ranks of names are all different: the uid decides among equal ones.
                let compared = |at: usize| {
                    let row = self.by_label.get(at).map_or(0, |row| *row as usize);
                    (self.labels.get(row), twice(row)).cmp(&(text.as_str(), place))
                };
                match seek(self.by_label.len(), compared) {
                    Ok(rank) => (twice(rank), place),
                    Err(rank) => (twice(rank) - 1, place),
                }
            }
            (By::FirstSeen | By::LastSeen, Key::Number(time)) => (time.saturating_mul(2), place),
            // A uid alone decides; a cursor with a key of another form was not made here.
            _ => (0, place),
        }
    }
}

/// Where something stands in a sorted list, or would.
fn seek(len: usize, compared: impl Fn(usize) -> Ordering) -> Result<usize, usize> {
    let (mut begin, mut end) = (0, len);
    while begin < end {
        let middle = usize::midpoint(begin, end);
        match compared(middle) {
            Ordering::Equal => return Ok(middle),
            Ordering::Less => begin = middle + 1,
            Ordering::Greater => end = middle,
        }
    }
    Err(begin)
}

fn twice(number: usize) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX / 2).saturating_mul(2)
}

/// What a cursor over the columns holds, as JSON in base64.
#[derive(Debug, serde::Serialize, serde::Deserialize)]
pub(crate) struct Position {
    pub(crate) by: By,
    pub(crate) descending: bool,
    pub(crate) key: Key,
    pub(crate) uid: String,
}

impl Position {
    pub(crate) fn read(cursor: &Cursor) -> Option<Self> {
        use base64::Engine as _;
        let bytes = base64::engine::general_purpose::URL_SAFE_NO_PAD.decode(&cursor.0).ok()?;
        serde_json::from_slice(&bytes).ok()
    }

    pub(crate) fn cursor(&self) -> Cursor {
        use base64::Engine as _;
        let text = serde_json::json!(self).to_string();
        Cursor(base64::engine::general_purpose::URL_SAFE_NO_PAD.encode(text))
    }
}
