//! All that is asked, out of the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_access::{Listings, Seen, seen};
use fathom_content::{Content, vulnerable::VulnerabilityRules};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_net::Network;
use fathom_store::{Store, StoreError};
use fathom_weakness::{
    EpssRow, KevRow, Noted,
    collected::collected,
    join::{Feeds, cves},
};

use crate::{
    FeedState, Thing,
    reached::{Running, Ways},
};

/// The names of the feeds in the store.
pub(crate) const KEV: &str = "kev";
pub(crate) const EPSS: &str = "epss";

/// A report that somebody imported.
#[derive(Debug, Clone, PartialEq)]
pub struct Report {
    /// The file.
    pub file: String,
    /// The tool.
    pub tool: String,
    /// Texts that may name what it is about.
    pub about: Vec<String>,
    /// What it calls that.
    pub called: String,
    /// When it was made.
    pub made_at: Option<Timestamp>,
    /// When it was imported.
    pub imported_at: Timestamp,
    /// Whether somebody looked for weaknesses.
    pub is_look: bool,
    /// What it says.
    pub notes: Vec<Noted>,
}

/// All of it, as of the last scans.
#[derive(Debug)]
pub struct Ground {
    /// Resources of the types that rules are about.
    pub seen: Vec<Seen>,
    /// Reports.
    pub reports: Vec<Report>,
    /// What feeds say of what was found.
    pub feeds: Feeds,
    /// Which feeds there are.
    pub feed_states: Vec<FeedState>,
    /// What reaches what.
    pub network: Arc<Network>,
    /// Who answers for resources.
    pub owners: BTreeMap<String, String>,
    /// What was not read.
    pub gaps: Vec<String>,
}

impl Ground {
    /// Reads it; the network too, where it was not read before. What was not read is told where the definitions say what is asked.
    ///
    /// # Errors
    /// When the store fails.
    pub async fn load(
        store: &Store,
        rules: &VulnerabilityRules,
        definitions: Option<&Content>,
        network: Option<Arc<Network>>,
        now: Timestamp,
    ) -> Result<Self, StoreError> {
        let kinds: BTreeSet<&ResourceType> = rules.kinds().collect();
        let kinds: Vec<ResourceType> = kinds.into_iter().cloned().collect();
        let seen = seen(store, &kinds, now).await?;
        let mut gaps = match definitions {
            Some(definitions) => gaps(store, &kinds, definitions).await?,
            None => Vec::new(),
        };
        let mut reports = Vec::new();
        for (report, texts) in store.weakness_reports().await? {
            let notes: Vec<Noted> = texts.iter().filter_map(|text| serde_json::from_str(text).ok()).collect();
            if notes.len() < texts.len() {
                gaps.push(format!(
                    "{}: {} findings cannot be read any more",
                    report.file,
                    texts.len() - notes.len()
                ));
            }
            reports.push(Report {
                file: report.file,
                tool: report.tool,
                about: report.about,
                called: report.called,
                made_at: report.made_at,
                imported_at: report.imported_at,
                is_look: report.is_look,
                notes,
            });
        }
        let found = cves_of(rules, &seen, &reports);
        let (feeds, feed_states) = feeds(store, &found).await?;
        let network = match network {
            Some(network) => network,
            None => Arc::new(fathom_reach::load(store, now).await?),
        };
        let owners = store.owners().await?;
        let is_thing = |one: &&Seen| rules.thing(&one.kind).is_some();
        let owner = |one: &Seen| Some((one.arn.clone(), owners.of(&Uid::new(&one.arn))?.to_owned()));
        let owners = seen.iter().filter(is_thing).filter_map(owner).collect();
        Ok(Self { seen, reports, feeds, feed_states, network, owners, gaps })
    }

    /// Everything with software, without who looked at it.
    pub(crate) fn things(&self, rules: &VulnerabilityRules, running: &Running<'_>) -> Vec<Thing> {
        let ways = Ways::of(&self.network);
        let mut things = Vec::new();
        for one in &self.seen {
            let Some(rule) = rules.thing(&one.kind) else { continue };
            let come = ways.to(one, rule, &self.network, running);
            things.push(Thing {
                resource: one.arn.clone(),
                software: rule.is,
                resource_type: one.kind.clone(),
                name: one.name.clone(),
                account: one.account.clone(),
                region: one.region.clone(),
                owner: self.owners.get(&one.arn).cloned(),
                reached: come.reached,
                way: come.way,
                looked: BTreeMap::new(),
                not_looked: Vec::new(),
            });
        }
        things
    }
}

/// The CVEs of all that was found.
fn cves_of(rules: &VulnerabilityRules, seen: &[Seen], reports: &[Report]) -> Vec<String> {
    let mut all: BTreeSet<String> = reports.iter().flat_map(|report| cves(&report.notes)).collect();
    for one in seen {
        for rule in rules.sources.iter().filter(|rule| rule.kind.as_str() == one.kind) {
            let notes = collected(rule, &one.document).notes;
            all.extend(cves(notes.iter().map(|(_, note)| note)));
        }
    }
    all.into_iter().collect()
}

async fn feeds(store: &Store, found: &[String]) -> Result<(Feeds, Vec<FeedState>), StoreError> {
    let known = store.exploit_feeds().await?;
    let state = |feed: &'static str| {
        let one = known.iter().find(|one| one.feed == feed);
        FeedState {
            feed,
            loaded: one.is_some(),
            version: one.map(|one| one.version.clone()),
            released_at: one.and_then(|one| one.released_at),
            entries: one.map_or(0, |one| one.entries),
        }
    };
    let states = vec![state(KEV), state(EPSS)];
    let mut feeds = Feeds::default();
    if states[0].loaded {
        let rows = store.exploit_rows(KEV, found).await?;
        let row = |(cve, text): (String, String)| Some((cve, serde_json::from_str::<KevRow>(&text).ok()?));
        feeds.kev = Some(rows.into_iter().filter_map(row).collect());
    }
    if states[1].loaded {
        let rows = store.exploit_rows(EPSS, found).await?;
        let row = |(cve, text): (String, String)| Some((cve, serde_json::from_str::<EpssRow>(&text).ok()?));
        feeds.epss = Some(rows.into_iter().filter_map(row).collect());
    }
    Ok((feeds, states))
}

/// Lists that were not read, or that no scan asked for.
async fn gaps(
    store: &Store,
    kinds: &[ResourceType],
    definitions: &Content,
) -> Result<Vec<String>, StoreError> {
    let mut operations: Vec<&str> = Vec::new();
    for definition in kinds.iter().filter_map(|kind| definitions.resources.get(kind)) {
        operations.extend(definition.calls().map(|(_, operation)| operation));
    }
    let listings = Listings::of(store, kinds, &operations).await?;
    let mut gaps: Vec<String> = listings
        .cut()
        .map(|(account, kind, why)| format!("{kind} of account {account} was not read: {why}"))
        .collect();
    for account in &listings.accounts {
        // What is asked once for each thing of another type is not asked where there is none of those.
        let is_left_out = |kind: &&ResourceType| {
            let definition = definitions.resources.get(*kind);
            definition.is_some_and(|one| one.list.for_each.is_none())
                && !listings.is_asked(account, kind.as_str())
        };
        let left_out: Vec<&str> = kinds.iter().filter(is_left_out).map(ResourceType::as_str).collect();
        if !left_out.is_empty() {
            gaps.push(format!("no scan asked account {account} for {}", left_out.join(", ")));
        }
    }
    Ok(gaps)
}
