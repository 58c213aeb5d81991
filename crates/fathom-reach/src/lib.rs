//! What reaches what over the estate: reads out of the store what has a say, for `fathom-net`. [`open`] joins it with settings and
//! policies: what answers somebody whom nobody asks who they are. [`flows`] says who was seen talking to a thing, [`web`] which web firewall
//! stands before what answers the web.
//!
//! **Invariant:** what no scan read is told to the network, so that answers that depend on it are unknown.

mod directory;

pub mod flows;
pub mod open;
pub mod owner;
mod standing;
pub mod web;

use std::collections::{BTreeMap, BTreeSet};

use fathom_content::owners::{self, OwnerRule};
use fathom_model::{Coverage, Outcome, ResourceType, Timestamp};
use fathom_net::{Builder, Found, Network};
use fathom_store::{CoverageQuery, Store, StoreError, Which};
use futures::TryStreamExt as _;

pub use directory::{Directory, Named};
use standing::Basis;
pub use standing::Standing;

/// The calls without whose answer a list is not whole. Others add members to documents, whose gaps say it.
const LISTINGS: [&str; 30] = [
    "DescribeEgressOnlyInternetGateways",
    "DescribeFirewall",
    "DescribeFirewallPolicy",
    "DescribeInstances",
    "DescribeInternetGateways",
    "DescribeListeners",
    "DescribeLoadBalancers",
    "DescribeManagedPrefixLists",
    "DescribeNatGateways",
    "DescribeNetworkAcls",
    "DescribeNetworkInterfaces",
    "DescribeRouteTables",
    "DescribeRuleGroup",
    "DescribeRules",
    "DescribeSecurityGroups",
    "DescribeSubnets",
    "DescribeTargetGroups",
    "DescribeTransitGatewayAttachments",
    "DescribeTransitGatewayRouteTables",
    "DescribeTransitGateways",
    "DescribeVpcBlockPublicAccessOptions",
    "DescribeVpcEndpointServiceConfigurations",
    "DescribeVpcEndpoints",
    "DescribeVpcPeeringConnections",
    "DescribeVpcs",
    "DescribeVpnConnections",
    "DescribeVpnGateways",
    "ListFirewallPolicies",
    "ListFirewalls",
    "ListRuleGroups",
];
/// What is asked once for each thing of another type: where there is none of those, nothing is asked.
const ASKED_OF_OTHERS: [&str; 2] =
    ["AWS::ElasticLoadBalancingV2::Listener", "AWS::ElasticLoadBalancingV2::ListenerRule"];

/// Reads the network, as of the last scans.
///
/// # Errors
/// When the store fails.
pub async fn load(store: &Store, now: Timestamp) -> Result<Network, StoreError> {
    let mut basis = Basis::of(store, now).await?;
    read(store, &mut basis).await
}

/// The types that have a say.
fn kinds() -> Vec<ResourceType> {
    Builder::kinds().map(ResourceType::from).collect()
}

/// Reads the network, and the places where it is.
async fn read(store: &Store, basis: &mut Basis) -> Result<Network, StoreError> {
    let mut builder = Builder::default();
    let (kinds, mut places) = (kinds(), BTreeSet::new());
    let which = Which { kinds, ..Which::all() };
    let mut found = std::pin::pin!(store.stream_resources(&which, true));
    while let Some(chunk) = found.try_next().await? {
        for stored in chunk {
            let resource = &stored.resource;
            places.insert((resource.account.as_str().to_owned(), resource.region.as_str().to_owned()));
            builder.add(Found {
                kind: resource.kind.as_str(),
                uid: resource.uid.as_str(),
                account: resource.account.as_str(),
                region: resource.region.as_str(),
                document: &resource.document.value(),
                unread: basis.unread.get(&resource.uid).map(Vec::as_slice).unwrap_or_default(),
            });
        }
    }
    basis.cut = cut(store, &places).await?;
    basis.places = places;
    for (account, region, kind, why) in &basis.cut {
        builder.unlisted(account, region, kind, why);
    }
    owned(store, &basis.unlisted, &mut builder).await?;
    Ok(builder.build())
}

/// The rules of whose an interface is. They are in the binary, and a test reads them.
fn owner_rules() -> &'static [OwnerRule] {
    owners::rules().unwrap_or_default()
}

/// Tells what is no server and has interfaces.
async fn owned(store: &Store, unlisted: &Unlisted, builder: &mut Builder) -> Result<(), StoreError> {
    let kinds: Vec<ResourceType> = owner_rules().iter().map(|rule| rule.kind.clone()).collect();
    let which = Which { kinds, ..Which::all() };
    let mut found = std::pin::pin!(store.stream_resources(&which, true));
    while let Some(chunk) = found.try_next().await? {
        for stored in chunk {
            let resource = &stored.resource;
            let place = (resource.account.as_str(), resource.region.as_str());
            let Some(rule) = owner_rules().iter().find(|rule| rule.kind == resource.kind) else { continue };
            let name = resource.name.as_deref();
            if let Some(mut owned) = owner::owned(rule, &resource.document.value(), place, name) {
                // What was not read may look the same.
                owned.rivals = owner_rules()
                    .iter()
                    .filter(|other| owner::look_alike(rule, other))
                    .filter(|other| {
                        unlisted.contains(&(place.0.to_owned(), place.1.to_owned(), other.kind.clone()))
                    })
                    .map(|other| format!("{} that was not read", other.kind))
                    .collect();
                builder.owned(resource.uid.as_str(), owned);
            }
        }
    }
    Ok(())
}

/// Types of which a list was cut, by account and region.
type Unlisted = BTreeSet<(String, String, ResourceType)>;

/// Those of them that have interfaces.
async fn unlisted(store: &Store, kinds: Vec<ResourceType>) -> Result<Unlisted, StoreError> {
    let query = CoverageQuery { kinds, limit: 1_000_000, ..CoverageQuery::default() };
    let rows = store.coverage(&query).await?;
    let cut = rows.into_iter().filter(|row| row.outcome == Outcome::Unknown);
    let place = |row: Coverage| {
        Some((row.account.as_str().to_owned(), row.region.as_str().to_owned(), row.resource_type?))
    };
    Ok(cut.filter_map(place).collect())
}

/// A list that is not whole: account, region, type and why.
type Cut = (String, String, &'static str, String);

/// Which lists could not be read, or were never asked for, in the places where there is a network.
async fn cut(store: &Store, places: &BTreeSet<(String, String)>) -> Result<Vec<Cut>, StoreError> {
    let mut cut = Vec::new();
    let query = CoverageQuery { kinds: kinds(), limit: 1_000_000, ..CoverageQuery::default() };
    let mut rows: BTreeMap<(String, String), BTreeMap<String, Vec<Coverage>>> = BTreeMap::new();
    for row in store.coverage(&query).await? {
        let kind = row.resource_type.as_ref().map(|kind| kind.as_str().to_owned()).unwrap_or_default();
        let place = (row.account.as_str().to_owned(), row.region.as_str().to_owned());
        rows.entry(place).or_default().entry(kind).or_default().push(row);
    }
    let none = BTreeMap::new();
    for place in places {
        let (account, region) = place;
        let asked = rows.get(place).unwrap_or(&none);
        for kind in Builder::kinds() {
            let is_cut = |row: &&Coverage| {
                row.outcome == Outcome::Unknown && LISTINGS.contains(&row.operation.as_str())
            };
            match asked.get(kind) {
                Some(rows) => {
                    if let Some(row) = rows.iter().find(is_cut) {
                        cut.push((account.clone(), region.clone(), kind, why(row)));
                    }
                }
                None if ASKED_OF_OTHERS.contains(&kind) => {}
                None => {
                    let why = format!("no scan asked for {kind}");
                    cut.push((account.clone(), region.clone(), kind, why));
                }
            }
        }
    }
    Ok(cut)
}

/// The call, and why it was not answered.
fn why(row: &Coverage) -> String {
    let why = row.permission.as_ref().map(|permission| format!("{permission} is missing"));
    let why = why.or_else(|| row.detail.clone()).unwrap_or_else(|| "not answered".to_owned());
    format!("{}: {why}", row.operation)
}
