//! The web ACLs that scans saw, with what their rules name, and since when their rules only count.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{Seen, seen};
use fathom_model::{ResourceType, Timestamp, Uid};
use fathom_store::{CoverageQuery, KeptVersion, Store, StoreError};
use fathom_webfirewall::{Acl, Action, Does, Sets, does, says};
use serde::Serialize;
use serde_json::Value;

use super::{Endpoint, FIREWALL_TYPES, Guard};

/// Versions of one web ACL that are read for how long its rules count.
const VERSIONS_MAX: u32 = 500;
/// Bytes of their documents.
const VERSIONS_BYTES_MAX: u64 = 64 << 20;

/// What scans saw of web firewalls.
#[derive(Debug, Default)]
pub struct LoadedAcls {
    /// The web ACLs, each with its resource.
    pub acls: Vec<(Acl, Seen)>,
    /// What their rules name.
    pub sets: Sets,
    /// Documents that are no web ACL, with what is wrong.
    pub faults: Vec<String>,
    /// The calls that scans made, by account, region, service and operation.
    pub made: BTreeSet<(String, String, String, String)>,
}

impl LoadedAcls {
    /// A web ACL by its ARN.
    pub fn acl(&self, arn: &str) -> Option<&Acl> {
        self.acls.iter().map(|(acl, _)| acl).find(|acl| acl.arn == arn)
    }

    /// Those that a person means: an ARN, a name or an id.
    pub fn named(&self, text: &str) -> Vec<&(Acl, Seen)> {
        let is_meant = |(acl, seen): &&(Acl, Seen)| {
            acl.arn == text
                || acl.name == text
                || seen.document.get("Id").and_then(Value::as_str) == Some(text)
        };
        self.acls.iter().filter(is_meant).collect()
    }

    /// Whether a scan made a call there.
    pub(super) fn is_made(&self, account: &str, region: &str, service: &str, operation: &str) -> bool {
        let own = |part: &str| part.to_owned();
        self.made.contains(&(own(account), own(region), own(service), own(operation)))
    }
}

/// A web ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AclRow {
    /// Its ARN.
    pub arn: String,
    /// Its name.
    pub name: String,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// What it comes to.
    pub guard: Guard,
    /// What becomes of a request that no rule ends.
    pub default: Action,
    /// The capacity that its rules take, in AWS's units.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub capacity: Option<u64>,
    /// The endpoints of the internet before which it stands.
    pub guards: Vec<String>,
    /// Where it logs to; empty where it does not, none where that was not read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub logs_to: Option<Vec<String>>,
    /// Its rules in their order.
    pub rules: Vec<AclRule>,
    /// What of its document could not be read.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub faults: Vec<String>,
}

/// A rule of a web ACL.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct AclRule {
    /// Its name.
    pub name: String,
    /// Its place in the order.
    pub priority: i64,
    /// What it does.
    pub does: String,
    /// Whether all that it does is count.
    pub only_counts: bool,
    /// Rules of its group that the web ACL has count.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub counting_parts: Vec<String>,
    /// Since when it, or a part of it, has been seen to count: the first scan that saw it so without a break.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub counts_since: Option<Timestamp>,
    /// What it looks for.
    pub looks_for: String,
}

/// Reads the web ACLs, and what their rules name.
///
/// # Errors
/// When the store fails.
pub async fn acls(store: &Store, now: Timestamp) -> Result<LoadedAcls, StoreError> {
    let kinds: Vec<ResourceType> = FIREWALL_TYPES.into_iter().map(ResourceType::from).collect();
    let all = seen(store, &kinds, now).await?;
    let mut loaded = LoadedAcls { sets: sets_of(&all), ..LoadedAcls::default() };
    let (firewalls, named): (Vec<Seen>, Vec<Seen>) =
        all.into_iter().partition(|one| one.kind == FIREWALL_TYPES[0]);
    for one in firewalls {
        match Acl::read(&one.document, &loaded.sets) {
            Ok(mut acl) => {
                if acl.arn.is_empty() {
                    acl.arn.clone_from(&one.arn);
                }
                acl.since = since(store, &one, &named).await?;
                loaded.acls.push((acl, one));
            }
            Err(why) => loaded.faults.push(format!("{}: {why}", one.arn)),
        }
    }
    loaded.acls.sort_by(|(one, _), (other, _)| one.arn.cmp(&other.arn));
    let rows = store.coverage(&CoverageQuery { limit: 1_000_000, ..CoverageQuery::default() }).await?;
    loaded.made = rows
        .into_iter()
        .map(|row| {
            let place = (row.account.as_str().to_owned(), row.region.as_str().to_owned());
            (place.0, place.1, row.service, row.operation)
        })
        .collect();
    Ok(loaded)
}

/// The sets and groups among resources, by their ARN.
pub fn sets_of(all: &[Seen]) -> Sets {
    let of = |kind: &str| -> BTreeMap<String, Value> {
        let own = all.iter().filter(|one| one.kind == kind);
        own.map(|one| (one.arn.clone(), one.document.clone())).collect()
    };
    Sets { addresses: of(FIREWALL_TYPES[1]), patterns: of(FIREWALL_TYPES[2]), groups: of(FIREWALL_TYPES[3]) }
}

/// Since when a web ACL is as it is, with what its rules name: in milliseconds since 1970.
async fn since(store: &Store, acl: &Seen, named: &[Seen]) -> Result<Option<i64>, StoreError> {
    let text = acl.document.to_string();
    let of = |one: &Seen| Uid::new(&one.arn);
    let used = named.iter().filter(|one| text.contains(one.arn.as_str())).map(of);
    let mut latest = None;
    for uid in std::iter::once(of(acl)).chain(used) {
        let history = store.history_within(&uid, 1, 0).await?;
        let Some(version) = history.versions.first() else { return Ok(None) };
        latest = latest.max(Some(version.seen_at.as_millisecond()));
    }
    Ok(latest)
}

/// What a web ACL comes to.
pub(super) fn guard(acl: &Acl) -> Guard {
    match (acl.stops(), acl.rules.is_empty()) {
        (true, _) => Guard::Stops,
        (false, true) => Guard::Empty,
        (false, false) => Guard::OnlyCounts,
    }
}

/// A row for each web ACL.
pub(super) async fn rows(
    store: &Store,
    loaded: &LoadedAcls,
    endpoints: &[Endpoint],
) -> Result<Vec<AclRow>, StoreError> {
    let mut rows = Vec::new();
    for (acl, seen) in &loaded.acls {
        let own = endpoints.iter().filter(|one| one.acl.as_deref() == Some(acl.arn.as_str()));
        let counts = acl.rules.iter().any(|rule| rule.only_counts() || !rule.counting_parts().is_empty());
        let versions = if counts {
            store.history_within(&Uid::new(&seen.arn), VERSIONS_MAX, VERSIONS_BYTES_MAX).await?.versions
        } else {
            Vec::new()
        };
        let rule = |rule: &fathom_webfirewall::Rule| {
            let parts: Vec<String> = rule.counting_parts().into_iter().map(ToOwned::to_owned).collect();
            let is_counting = rule.only_counts() || !parts.is_empty();
            AclRule {
                name: rule.name.clone(),
                priority: rule.priority,
                does: does(rule),
                only_counts: rule.only_counts(),
                counts_since: is_counting.then(|| counts_since(rule, &versions, &loaded.sets)).flatten(),
                counting_parts: parts,
                looks_for: says(&rule.statement),
            }
        };
        let logs_to = (!seen.unread.iter().any(|member| member == "Logging")).then(|| {
            let all = seen.document.pointer("/Logging/LogDestinationConfigs").and_then(Value::as_array);
            all.into_iter().flatten().filter_map(Value::as_str).map(ToOwned::to_owned).collect()
        });
        rows.push(AclRow {
            arn: acl.arn.clone(),
            name: acl.name.clone(),
            account: seen.account.clone(),
            region: seen.region.clone(),
            guard: guard(acl),
            default: acl.default,
            capacity: acl.capacity,
            guards: own.map(|one| one.resource.clone()).collect(),
            logs_to,
            rules: acl.rules.iter().map(rule).collect(),
            faults: acl.faults.clone(),
        });
    }
    Ok(rows)
}

/// When the oldest version was seen from which on a rule counts without a break.
fn counts_since(rule: &fathom_webfirewall::Rule, versions: &[KeptVersion], sets: &Sets) -> Option<Timestamp> {
    let mut since = None;
    for version in versions {
        let document = version.document.as_ref()?.value();
        let Ok(then) = Acl::read(&document, sets) else { break };
        let Some(then) = then.rules.iter().find(|one| one.name == rule.name) else { break };
        let is_same = if rule.only_counts() {
            then.only_counts()
        } else {
            then.does == Does::Group
                && rule.counting_parts().iter().all(|part| then.counting_parts().contains(part))
        };
        if !is_same {
            break;
        }
        since = Some(version.seen_at);
    }
    since
}
