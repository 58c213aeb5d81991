//! Which resources are meant, and the test of a row against it.

use std::{
    borrow::Cow,
    collections::{HashMap, HashSet},
};

use fathom_model::{AccountId, Region, ResourceType, Timestamp};
use memchr::memmem::Finder;

use super::part::{Column, Part, Words, flag};
use crate::{Scope, TagFilter, rows::micros};

/// Which resources. The default means all that exist. Of each list any value will do; an empty list asks for nothing. An
/// empty text in a list stands for none: no owner is known, no network, nobody it is assigned to.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct EstateFilter {
    /// What whoever asks may see.
    pub scope: Scope,
    /// Types.
    pub kinds: Vec<ResourceType>,
    /// Accounts.
    pub accounts: Vec<AccountId>,
    /// Regions.
    pub regions: Vec<Region>,
    /// Who answers for it, as the statement that holds says.
    pub owners: Vec<String>,
    /// The uid of the network that it lies in.
    pub networks: Vec<String>,
    /// To whom it is assigned.
    pub assigned_to: Vec<String>,
    /// Missing pieces, as the list names them.
    pub gaps: Vec<String>,
    /// A part of the uid, id or name, in any case of ASCII letters.
    pub text: Option<String>,
    /// Tags; all of them must be there.
    pub tags: Vec<TagFilter>,
    /// Whether it is understood.
    pub understood: Option<bool>,
    /// Whether its own settings say that it may be reached from outside.
    pub exposed: Option<bool>,
    /// Whether the last scan could not say if it still exists.
    pub stale: Option<bool>,
    /// Whether the provider itself made it.
    pub provider_made: Option<bool>,
    /// Only those that a scan saw for the first time at this moment or later.
    pub first_seen_since: Option<Timestamp>,
    /// Also those that are gone.
    pub include_deleted: bool,
}

/// To whom resources are assigned, by their numbers.
pub(super) type Assigned = HashMap<i64, Vec<String>>;

/// What lists of counts are made for; each leaves out the filter of its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Dimension {
    Kind,
    Account,
    Region,
    Owner,
    Network,
    Assigned,
    Gap,
    Understood,
    Exposed,
    Stale,
    ProviderMade,
}

impl Dimension {
    pub(super) const ALL: [Self; 11] = [
        Self::Kind,
        Self::Account,
        Self::Region,
        Self::Owner,
        Self::Network,
        Self::Assigned,
        Self::Gap,
        Self::Understood,
        Self::Exposed,
        Self::Stale,
        Self::ProviderMade,
    ];

    pub(super) fn bit(self) -> u16 {
        1 << self as u16
    }
}

/// What somebody may see of one part.
pub(super) struct Sight<'f>(Vec<(&'f Column, Vec<bool>)>);

impl<'f> Sight<'f> {
    pub(super) fn new(part: &'f Part, scope: &'f Scope) -> Self {
        let mut columns = Vec::new();
        if let Some(accounts) = &scope.accounts {
            columns.push((&part.account, wanted(&part.account.words, &texts(accounts))));
        }
        if let Some(teams) = &scope.teams {
            // Nobody is the team of what no team answers for.
            let teams: Vec<&str> = texts(teams).into_iter().filter(|team| !team.is_empty()).collect();
            columns.push((&part.owner, wanted(&part.owner.words, &teams)));
        }
        Self(columns)
    }

    /// Whether a row may be known of.
    pub(super) fn sees(&self, row: usize) -> bool {
        self.0.iter().all(|(column, fits)| has(fits, column.code(row)))
    }
}

/// A filter as one part understands it.
pub(super) struct Test<'f> {
    part: &'f Part,
    filter: &'f EstateFilter,
    assigned: &'f Assigned,
    columns: Vec<(u16, &'f Column, Vec<bool>)>,
    sight: Sight<'f>,
    /// For each code of a network whether it may be told; none where all may.
    told: Option<Vec<bool>>,
    flags: Vec<(u16, u8, bool)>,
    since: i64,
    text: Option<Finder<'static>>,
    tags: Vec<Finder<'static>>,
}

impl<'f> Test<'f> {
    /// `told` says which networks may be told, by their codes in the part. A resource in another one lies in none, as far
    /// as whoever asks can tell.
    pub(super) fn new(
        part: &'f Part,
        filter: &'f EstateFilter,
        assigned: &'f Assigned,
        told: Option<Vec<bool>>,
    ) -> Self {
        let mut columns = Vec::new();
        let mut column = |dimension: Dimension, column: &'f Column, values: Vec<&str>| {
            if !values.is_empty() {
                columns.push((dimension.bit(), column, wanted(&column.words, &values)));
            }
        };
        column(Dimension::Kind, &part.kind, texts(&filter.kinds));
        column(Dimension::Account, &part.account, texts(&filter.accounts));
        column(Dimension::Region, &part.region, texts(&filter.regions));
        column(Dimension::Owner, &part.owner, texts(&filter.owners));
        if !filter.networks.is_empty() {
            let mut fits = wanted(&part.network.words, &texts(&filter.networks));
            let none_fits = has(&fits, 0);
            for (fits, told) in fits.iter_mut().zip(told.iter().flatten()) {
                *fits = if *told { *fits } else { none_fits };
            }
            columns.push((Dimension::Network.bit(), &part.network, fits));
        }
        if !filter.gaps.is_empty() {
            let has = |set: &str| set.split('\n').any(|gap| filter.gaps.iter().any(|wanted| wanted == gap));
            let codes = 0..u32::try_from(part.gaps.words.end()).unwrap_or(u32::MAX);
            let fits = codes.map(|code| code > 0 && has(part.gaps.words.get(code))).collect();
            columns.push((Dimension::Gap.bit(), &part.gaps, fits));
        }
        let mut flags = Vec::new();
        for (dimension, flag, value) in [
            (Dimension::Understood, flag::UNDERSTOOD, filter.understood),
            (Dimension::Exposed, flag::EXPOSED, filter.exposed),
            (Dimension::Stale, flag::STALE, filter.stale),
            (Dimension::ProviderMade, flag::PROVIDER_MADE, filter.provider_made),
        ] {
            if let Some(value) = value {
                flags.push((dimension.bit(), flag, value));
            }
        }
        let text = filter.text.as_deref().filter(|text| !text.is_empty());
        Self {
            part,
            filter,
            assigned,
            columns,
            sight: Sight::new(part, &filter.scope),
            told,
            flags,
            since: filter.first_seen_since.map_or(i64::MIN, micros),
            text: text.map(|text| Finder::new(&text.to_ascii_lowercase()).into_owned()),
            tags: filter.tags.iter().map(|tag| Finder::new(&needle(tag)).into_owned()).collect(),
        }
    }

    /// Whether whoever asks may know of a row.
    pub(super) fn is_visible(&self, row: usize) -> bool {
        self.sight.sees(row)
    }

    /// The text of a network's code, empty where it may not be told.
    pub(super) fn network(&self, code: u32) -> &'f str {
        let told = self.told.as_ref().is_none_or(|told| has(told, code));
        if told { self.part.network.words.get(code) } else { "" }
    }

    /// The dimensions that a row fails, as bits; none where something else rules it out, or where it fails two of them.
    pub(super) fn fails(&self, row: usize) -> Option<u16> {
        let flags = self.part.flags(row);
        if flags & flag::GONE > 0 && !self.filter.include_deleted {
            return None;
        }
        if !self.is_visible(row) || self.part.first_seen(row) < self.since {
            return None;
        }
        let mut fails = 0_u16;
        for (bit, column, fits) in &self.columns {
            if !has(fits, column.code(row)) {
                fails |= bit;
            }
        }
        for (bit, flag, value) in &self.flags {
            if (flags & flag > 0) != *value {
                fails |= bit;
            }
        }
        if fails.count_ones() > 1 {
            return None;
        }
        if !self.filter.assigned_to.is_empty() {
            let to = self.assigned.get(&self.part.id(row));
            let fits = self.filter.assigned_to.iter().any(|wanted| match to {
                Some(to) => to.contains(wanted),
                None => wanted.is_empty(),
            });
            if !fits {
                fails |= Dimension::Assigned.bit();
                if fails.count_ones() > 1 {
                    return None;
                }
            }
        }
        // A search for a zero byte, which divides the parts, finds nothing.
        if let Some(text) = &self.text
            && (text.needle().contains(&0) || text.find(self.part.searched.get(row).as_bytes()).is_none())
        {
            return None;
        }
        let tags = self.part.tags.get(row).as_bytes();
        self.tags.iter().all(|tag| has_tag(tags, tag)).then_some(fails)
    }

    pub(super) fn fits(&self, row: usize) -> bool {
        self.fails(row) == Some(0)
    }

    /// To whom a row is assigned.
    pub(super) fn assigned(&self, row: usize) -> Cow<'f, [String]> {
        self.assigned.get(&self.part.id(row)).map_or(Cow::Borrowed(&[]), |to| Cow::Borrowed(to.as_slice()))
    }
}

fn texts<'t, T: AsRef<str> + 't>(values: impl IntoIterator<Item = &'t T>) -> Vec<&'t str> {
    values.into_iter().map(AsRef::as_ref).collect()
}

/// For each code whether it is wanted.
fn wanted(words: &Words, values: &[&str]) -> Vec<bool> {
    let codes: HashSet<u32> = values.iter().filter_map(|value| words.find(value)).collect();
    (0..u32::try_from(words.end()).unwrap_or(u32::MAX)).map(|code| codes.contains(&code)).collect()
}

fn has(fits: &[bool], code: u32) -> bool {
    fits.get(code as usize).copied().unwrap_or_default()
}

/// Whether a tag stands in a JSON object. A quote of a key or value is escaped there, so that one after a backslash begins
/// nothing.
fn has_tag(tags: &[u8], tag: &Finder<'_>) -> bool {
    tag.find_iter(tags).any(|at| at.checked_sub(1).and_then(|before| tags.get(before)) != Some(&b'\\'))
}

/// How a tag stands in a flat JSON object without spaces.
fn needle(tag: &TagFilter) -> Vec<u8> {
    let key = serde_json::Value::from(tag.key.as_str());
    match &tag.value {
        None => format!("{key}:").into_bytes(),
        Some(value) => format!("{key}:{}", serde_json::Value::from(value.as_str())).into_bytes(),
    }
}
