//! What answers somebody whom nobody asks who they are: settings, shares, listeners and policies, each with the way over the network.
//!
//! `settings.rs` says what a document opens, `way.rs` whether the network leads there, `policies.rs` what policies let everyone do,
//! `groups.rs` which rules of security groups let in everything. The rules themselves are content: `content/open/`.
//!
//! **Invariant:** what was not read makes a row whose verdict is unknown, with the call that is missing; it never leaves a row out.

mod groups;
mod policies;
mod settings;
mod way;

use std::{
    cmp::Reverse,
    collections::{BTreeMap, BTreeSet, HashMap},
};

use fathom_access::{AccessError, Listings, Permissions, Seen, seen};
use fathom_content::{
    Content, OpenRule,
    open::{ANY_TYPE, Asks, How, Reach},
};
use fathom_model::{ResourceType, Timestamp, Uid, path::Path};
use fathom_net::{Hop, Network, Verdict};
use fathom_store::{Store, StoreError};
use serde::Serialize;

use settings::Holds;

/// Something that answers, or of which that is not known.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OpenRow {
    /// Whether it answers. What surely does not is no row.
    pub verdict: Verdict,
    /// Its ARN, the id of a security group; empty where those of a type were not listed.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account that it was read in.
    pub account: String,
    /// Its region; empty where it has none.
    pub region: String,
    /// Who may come.
    pub list: Reach,
    /// What kind of thing opens.
    pub how: How,
    /// What is still asked for.
    pub asks: Asks,
    /// Whether it is about what travels without encryption.
    pub in_the_clear: bool,
    /// What is open, in words.
    pub says: String,
    /// The settings with their places in the document, the statements, the rules.
    pub proof: Vec<String>,
    /// How one gets there.
    pub way: Way,
    /// What must hold, where the verdict is only if.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What was not read, with the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// What was taken to be so.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub assumptions: Vec<String>,
    /// The rule that says so, as `content/open/` calls it.
    pub rule: String,
    /// The provider's page about it.
    pub source: String,
}

/// How one gets there.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Way {
    /// In words.
    pub says: String,
    /// The ports that were asked about.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub ports: Vec<u16>,
    /// Each hop, there and back, where a packet was walked.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub hops: Vec<Hop>,
}

/// What answers, and what could not be asked.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Open {
    /// What answers, the most worrying first.
    pub rows: Vec<OpenRow>,
    /// How many resources were asked about.
    pub asked: usize,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// What the last scans saw that has a say.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The rules and definitions.
    pub content: &'a Content,
    /// The resources of the types that rules read.
    pub seen: &'a [Seen],
    /// The network.
    pub network: &'a Network,
    /// Who can do what.
    pub permissions: &'a Permissions,
    /// The lists that scans asked for.
    pub listings: &'a Listings,
}

/// Reads what has a say, and lists what answers.
///
/// # Errors
/// When the store fails, or the catalogue of actions cannot be read.
pub async fn open(store: &Store, content: &Content, now: Timestamp) -> Result<Open, AccessError> {
    let network = crate::load(store, now).await?;
    let permissions = Permissions::load(store, now).await?;
    open_in(store, content, (&network, &permissions), now).await
}

/// The same, where the network and who can do what were read before.
///
/// # Errors
/// As [`open`].
pub async fn open_in(
    store: &Store,
    content: &Content,
    (network, permissions): (&Network, &Permissions),
    now: Timestamp,
) -> Result<Open, AccessError> {
    let kinds: BTreeSet<&ResourceType> = content.open.iter().flat_map(OpenRule::kinds).collect();
    let kinds: Vec<ResourceType> = kinds.into_iter().cloned().collect();
    let definitions = kinds.iter().filter_map(|kind| content.resources.get(kind));
    let operations: Vec<&str> = definitions
        .flat_map(|one| {
            let describe = one.list.describe.as_ref().map(|describe| describe.operation.as_str());
            std::iter::once(one.list.operation.as_str()).chain(describe)
        })
        .collect();
    let facts = Facts {
        content,
        seen: &seen(store, &kinds, now).await?,
        network,
        permissions,
        listings: &Listings::of(store, &kinds, &operations).await?,
    };
    let mut found = Open::of(&facts)?;
    name_calls(store, content, &mut found, now).await?;
    Ok(found)
}

/// Names the calls without which a policy is not known.
async fn name_calls(
    store: &Store,
    content: &Content,
    found: &mut Open,
    now: Timestamp,
) -> Result<(), StoreError> {
    let unknown = |row: &&mut OpenRow| row.how == How::Policy && row.verdict == Verdict::Unknown;
    for row in found.rows.iter_mut().filter(unknown).filter(|row| !row.resource.is_empty()) {
        let Some(gaps) = store.unknown_of(&Uid::new(&row.resource), now).await? else { continue };
        let definition = content.resources.get(row.resource_type.as_str());
        let tags = definition.and_then(|one| one.tags.as_ref()).map_or("", Path::as_str);
        let unread = gaps.gaps.into_iter().filter(|gap| gap.reason.is_some()).map(|gap| gap.part);
        for part in unread.filter(|part| part != tags) {
            row.missing.push(call(content, &row.resource_type, &part));
        }
        row.missing.dedup();
    }
    Ok(())
}

/// The call that gives a member of a document.
pub fn call(content: &Content, kind: &str, member: &str) -> String {
    let definition = content.resources.get(kind);
    let enrich = definition.and_then(|one| one.enrich.iter().find(|enrich| enrich.into == member));
    match (definition, enrich) {
        (Some(definition), Some(enrich)) => {
            let service = enrich.service.as_deref().unwrap_or(&definition.service);
            let named = || format!("{service}:{}", enrich.operation);
            let call = enrich.permission.clone().unwrap_or_else(named);
            format!("{member} was not read ({call})")
        }
        (Some(definition), None) => {
            format!("{member} was not read ({}:{})", definition.service, definition.list.operation)
        }
        (None, _) => format!("{member} was not read"),
    }
}

impl Open {
    /// What answers, of facts that were read before.
    ///
    /// # Errors
    /// When a question about a policy is not of its form.
    pub fn of(facts: &Facts<'_>) -> Result<Self, AccessError> {
        let mut found = Self { asked: facts.seen.len(), ..Self::default() };
        let by_kind = by_kind(facts.seen);
        for rule in facts.content.open.iter().filter(|rule| rule.how != How::Policy) {
            found.settings(facts, rule, &by_kind);
        }
        policies::add(facts, &by_kind, &mut found)?;
        groups::add(facts.network, &mut found.rows);
        found.unlisted(facts, &by_kind);
        found.rows.sort_by(|one, other| {
            (one.asks, Reverse(one.verdict), &one.resource, &one.rule).cmp(&(
                other.asks,
                Reverse(other.verdict),
                &other.resource,
                &other.rule,
            ))
        });
        Ok(found)
    }

    /// What one setting opens.
    fn settings(&mut self, facts: &Facts<'_>, rule: &OpenRule, by_kind: &ByKind<'_>) {
        let others = way::Others::of(rule, by_kind);
        for one in by_kind.get(rule.kind.as_str()).into_iter().flatten() {
            let holds = settings::holds(facts.content, rule, one, by_kind, facts.listings);
            if holds == Holds::No {
                continue;
            }
            let mut row = row(rule, one);
            settings::tell(holds, &mut row);
            if rule.network.is_some() {
                way::tell(facts, rule, one, &others, &mut row);
            } else {
                row.way = Way { says: without_network(rule.list), ..Way::default() };
            }
            if row.verdict != Verdict::No {
                self.rows.push(row);
            }
        }
    }

    /// What was not listed: a row for each type of an account, and what no scan asked for.
    fn unlisted(&mut self, facts: &Facts<'_>, by_kind: &ByKind<'_>) {
        for (account, kind, why) in facts.listings.cut() {
            let mut told = BTreeSet::new();
            for rule in facts.content.open.iter().filter(|rule| rule.kind.as_str() == kind) {
                if told.insert(rule.list) {
                    let mut row = bare(rule, kind, account);
                    "which of them answer is not known, since they were not listed".clone_into(&mut row.says);
                    row.missing.push(why.to_owned());
                    self.rows.push(row);
                }
            }
        }
        for account in &facts.listings.accounts {
            let rules = facts.content.open.iter().filter(|rule| rule.kind.as_str() != ANY_TYPE);
            let kinds: BTreeSet<&str> = rules.map(|rule| rule.kind.as_str()).collect();
            // What is asked once for each thing of another type is not asked where there is none of those.
            let has = |kind: &ResourceType| {
                by_kind.get(kind.as_str()).into_iter().flatten().any(|one| one.account == *account)
            };
            let is_left_out = |kind: &&str| {
                let definition = facts.content.resources.get(*kind);
                definition.is_some_and(|one| one.list.for_each.as_ref().is_none_or(has))
                    && !facts.listings.is_asked(account, kind)
            };
            let left_out: Vec<&str> = kinds.into_iter().filter(is_left_out).collect();
            if !left_out.is_empty() {
                self.gaps.push(format!("no scan asked account {account} for {}", left_out.join(", ")));
            }
        }
    }
}

/// Resources by their type.
type ByKind<'a> = BTreeMap<&'a str, Vec<&'a Seen>>;

fn by_kind(seen: &[Seen]) -> ByKind<'_> {
    let mut all = ByKind::new();
    for one in seen {
        all.entry(one.kind.as_str()).or_default().push(one);
    }
    all
}

/// How one gets to what does not lie in a network of one's own.
fn without_network(list: Reach) -> String {
    match list {
        Reach::Internet => "the provider's own endpoint; no network of yours is before it".to_owned(),
        Reach::Internal => "whoever is let in to it; no rule of a network is asked".to_owned(),
    }
}

/// A row of a rule about a resource, not known yet.
fn row(rule: &OpenRule, of: &Seen) -> OpenRow {
    OpenRow {
        resource: of.arn.clone(),
        name: of.name.clone(),
        region: of.region.clone(),
        ..bare(rule, &of.kind, &of.account)
    }
}

fn bare(rule: &OpenRule, kind: &str, account: &str) -> OpenRow {
    OpenRow {
        verdict: Verdict::Unknown,
        resource: String::new(),
        resource_type: kind.to_owned(),
        name: None,
        account: account.to_owned(),
        region: String::new(),
        list: rule.list,
        how: rule.how,
        asks: rule.asks,
        in_the_clear: rule.in_the_clear,
        says: rule.says.clone(),
        proof: Vec::new(),
        way: Way::default(),
        conditions: Vec::new(),
        missing: Vec::new(),
        assumptions: Vec::new(),
        rule: rule.id.clone(),
        source: rule.source.clone(),
    }
}

/// What a list holds, by account, region and a text of their own.
type Named<'a> = HashMap<(&'a str, &'a str, String), Vec<&'a Seen>>;
