//! What a document says of the network interfaces of its resource, by the rules of `content/network/owners.yaml`.

use fathom_content::{
    owners::{Alike, OwnerRule},
    template::Fill,
};
use fathom_model::path::{Path, scalar_text};
use fathom_net::model::{Marks, Owned, Whereabouts};
use serde_json::Value;

/// Values that are read of one document.
const VALUES_MAX: usize = 1000;

/// What a rule says of a document; none where it says nothing of interfaces.
pub fn owned(
    rule: &OwnerRule,
    document: &Value,
    (account, region): (&str, &str),
    name: Option<&str>,
) -> Option<Owned> {
    let mut ports: Vec<u16> =
        texts(rule.listens.as_ref(), document).iter().filter_map(|port| port.parse().ok()).collect();
    ports.retain(|port| *port > 0);
    ports.sort_unstable();
    ports.dedup();
    if ports.is_empty() {
        ports.clone_from(&rule.ports);
    }
    Some(Owned {
        at: Whereabouts { account: account.to_owned(), region: region.to_owned() },
        kind: rule.kind.as_str().to_owned(),
        name: name.filter(|name| !name.trim().is_empty()).map(ToOwned::to_owned),
        ports,
        marks: marks(rule, document, account, region)?,
        interfaces: Vec::new(),
        rivals: Vec::new(),
    })
}

/// Whether interfaces of two types may look alike.
pub fn look_alike(rule: &OwnerRule, other: &OwnerRule) -> bool {
    let described = |rule: &OwnerRule| rule.alike.as_ref().map(|alike| alike.described.clone());
    described(rule).is_some() && described(rule) == described(other)
}

fn marks(rule: &OwnerRule, document: &Value, account: &str, region: &str) -> Option<Marks> {
    if rule.interfaces.is_some() {
        return Some(Marks::Ids(texts(rule.interfaces.as_ref(), document)));
    }
    if rule.addresses.is_some() {
        let addresses = texts(rule.addresses.as_ref(), document);
        let addresses = addresses.iter().filter_map(|at| at.parse().ok()).collect();
        let vpc = rule.vpc.as_ref().and_then(|path| path.text(document));
        return Some(Marks::Addresses { addresses, vpc, subnets: texts(rule.subnets.as_ref(), document) });
    }
    if let Some(described) = &rule.described {
        let fill = Fill { account, region, document: Some(document), ..Fill::default() };
        return described.fill(fill).map(Marks::Described);
    }
    let Alike { groups, subnets, described, id, part_of } = rule.alike.as_ref()?;
    let mut groups = texts(Some(groups), document);
    if groups.is_empty() {
        return None;
    }
    groups.sort_unstable();
    groups.dedup();
    Some(Marks::Alike {
        groups,
        subnets: texts(subnets.as_ref(), document),
        described: described.clone(),
        id: id.text(document)?,
        part_of: part_of.as_ref().and_then(|path| path.text(document)),
    })
}

fn texts(path: Option<&Path>, document: &Value) -> Vec<String> {
    let values = path.into_iter().flat_map(|path| path.all(document));
    values.filter_map(scalar_text).filter(|text| !text.is_empty()).take(VALUES_MAX).collect()
}
