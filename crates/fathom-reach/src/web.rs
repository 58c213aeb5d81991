//! Which web firewall stands before what answers the web from the internet, and what its rules do.
//!
//! Which types answer the web, and where they name their firewall, is content: `content/network/web.yaml`. Packets are followed to load
//! balancers; what the provider's own endpoint answers is reached by everybody.
//!
//! **Invariant:** "none" is said only where AWS said so; what was not read is unknown, with the call that is missing.

mod acls;

use std::collections::BTreeSet;

use fathom_access::{AccessError, Listings, Seen, seen};
use fathom_content::{
    Content,
    template::Fill,
    web::{WebRule, rules},
};
use fathom_model::{ResourceType, Timestamp, path::scalar_text};
use fathom_net::{Exposed, Network, Protocol, Verdict, exposure};
use fathom_store::Store;
use serde::Serialize;

pub use acls::{AclRow, AclRule, LoadedAcls, acls, sets_of};

/// The types of rules of web firewalls and what they name.
pub(crate) const FIREWALL_TYPES: [&str; 4] =
    ["AWS::WAFv2::WebACL", "AWS::WAFv2::IPSet", "AWS::WAFv2::RegexPatternSet", "AWS::WAFv2::RuleGroup"];
/// TCP, which the web travels on.
const TCP: Protocol = Protocol(6);

/// What stands before an endpoint. The order is that of the answer: what is worst comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Guard {
    /// No web firewall.
    None,
    /// No web firewall, since none can stand there.
    Cannot,
    /// It is not known.
    Unknown,
    /// A web ACL without rules that lets everything through.
    Empty,
    /// A web ACL whose rules only count.
    OnlyCounts,
    /// A web ACL that stops something.
    Stops,
}

/// Something that answers the web.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Endpoint {
    /// What stands before it.
    pub guard: Guard,
    /// Its ARN; empty where those of a type were not listed.
    pub resource: String,
    /// Its type.
    pub resource_type: String,
    /// What it is, in a few words.
    pub what: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The account.
    pub account: String,
    /// The region.
    pub region: String,
    /// Whether the internet reaches it. What it surely does not reach has no row.
    pub reached: Verdict,
    /// How, in words.
    pub way: String,
    /// The web ACL before it, as its document names it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl: Option<String>,
    /// Its name, where it was read.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub acl_name: Option<String>,
    /// Why none can stand there.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub cannot: Option<String>,
    /// What must hold for it to be reached.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub conditions: Vec<String>,
    /// What was not read, with the call.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub missing: Vec<String>,
    /// Endpoints that it asks in turn, and that the internet reaches without passing it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub past: Vec<Past>,
    #[serde(skip)]
    hosts: BTreeSet<String>,
    #[serde(skip)]
    origins: BTreeSet<String>,
}

/// A way past a firewall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Past {
    /// The ARN of what is reached directly.
    pub resource: String,
    /// What it is.
    pub what: String,
    /// What people call it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Whether the internet reaches it.
    pub reached: Verdict,
    /// What stands before it by itself.
    pub guard: Guard,
}

/// What answers the web, and what stands before it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Firewalls {
    /// What the internet reaches, what has no firewall first.
    pub endpoints: Vec<Endpoint>,
    /// The web ACLs.
    pub acls: Vec<AclRow>,
    /// How many things that may answer the web were asked about.
    pub asked: usize,
    /// What was not read that may decide.
    pub gaps: Vec<String>,
}

/// Reads what answers the web, and what stands before it.
///
/// # Errors
/// When the store fails, or the rules in the binary do not read.
pub async fn firewalls(store: &Store, content: &Content, now: Timestamp) -> Result<Firewalls, AccessError> {
    firewalls_in(store, content, &crate::load(store, now).await?, now).await
}

/// The same in a network that was read before.
///
/// # Errors
/// As [`firewalls`].
pub async fn firewalls_in(
    store: &Store,
    content: &Content,
    network: &Network,
    now: Timestamp,
) -> Result<Firewalls, AccessError> {
    let loaded = acls(store, now).await?;
    let rules = rules()?;
    let kinds: BTreeSet<&ResourceType> = rules.iter().flat_map(WebRule::kinds).collect();
    let kinds: Vec<ResourceType> = kinds.into_iter().cloned().collect();
    let listed: Vec<ResourceType> =
        kinds.iter().cloned().chain(FIREWALL_TYPES.into_iter().map(ResourceType::from)).collect();
    let definitions = listed.iter().filter_map(|kind| content.resources.get(kind));
    let operations: Vec<&str> = definitions
        .flat_map(|one| {
            let describe = one.list.describe.as_ref().map(|describe| describe.operation.as_str());
            std::iter::once(one.list.operation.as_str()).chain(describe)
        })
        .collect();
    let listings = Listings::of(store, &listed, &operations).await?;
    let seen = seen(store, &kinds, now).await?;
    let facts = Facts { content, rules, seen: &seen, network, loaded: &loaded, listings: &listings };
    let mut found = Firewalls::of(&facts);
    found.acls = acls::rows(store, &loaded, &found.endpoints).await?;
    Ok(found)
}

/// What the last scans saw that has a say.
#[derive(Debug)]
pub struct Facts<'a> {
    /// The definitions.
    pub content: &'a Content,
    /// What answers the web.
    pub rules: &'a [WebRule],
    /// The resources of the types that rules read.
    pub seen: &'a [Seen],
    /// The network.
    pub network: &'a Network,
    /// The web ACLs.
    pub loaded: &'a LoadedAcls,
    /// The lists that scans asked for.
    pub listings: &'a Listings,
}

impl Firewalls {
    /// What answers the web, of facts that were read before. The web ACLs are not told: how long they count, only the store says.
    pub fn of(facts: &Facts<'_>) -> Self {
        let mut found = Self::default();
        let exposed = exposure(facts.network, &[TCP]);
        for rule in facts.rules {
            for one in facts.seen.iter().filter(|one| one.kind == rule.kind.as_str()) {
                found.asked += 1;
                found.endpoints.extend(facts.endpoint(rule, one, &exposed));
            }
        }
        facts.unlisted(&mut found);
        past(&mut found.endpoints);
        found.endpoints.sort_by(|one, other| {
            (one.guard, &one.account, &one.resource_type, &one.resource).cmp(&(
                other.guard,
                &other.account,
                &other.resource_type,
                &other.resource,
            ))
        });
        found
    }
}

impl Facts<'_> {
    /// Something that may answer the web; none where it surely does not.
    fn endpoint(&self, rule: &WebRule, one: &Seen, exposed: &[Exposed]) -> Option<Endpoint> {
        let mut row = bare(rule, one);
        let is_unread = |member: &str, of: &Seen| of.unread.iter().any(|unread| unread == member);
        for condition in &rule.when {
            let member = first_member(condition.path.as_str());
            if is_unread(member, one) {
                row.reached = Verdict::Unknown;
                row.missing.push(crate::open::call(self.content, &one.kind, member));
            } else if !condition.holds(&one.document) {
                return None;
            }
        }
        let whole = rule.part_of.as_ref().map(|part| {
            let own = one.arn.split_once(part.cut.as_str()).map_or(one.arn.as_str(), |(own, _)| own);
            let found = self.seen.iter().find(|other| other.kind == part.kind.as_str() && other.arn == own);
            found.ok_or_else(|| format!("{} {own} was not seen", part.kind))
        });
        let whole = match whole {
            Some(Ok(whole)) => Some(whole),
            Some(Err(why)) => {
                row.reached = Verdict::Unknown;
                row.missing.push(why);
                None
            }
            None => None,
        };
        if let Some((whole, part)) = whole.zip(rule.part_of.as_ref())
            && !part.when.iter().all(|condition| condition.holds(&whole.document))
        {
            return None;
        }
        let document = &whole.unwrap_or(one).document;
        if let Some(only_if) = &rule.only_if
            && rule.only_when.iter().any(|condition| condition.holds(document))
        {
            row.reached = row.reached.min(Verdict::OnlyIf);
            row.conditions.push(only_if.clone());
        }
        if rule.network {
            Self::reached(one, exposed, &mut row)?;
        }
        self.guarded(rule, one, &mut row);
        row.hosts = rule
            .hosts
            .iter()
            .flat_map(|path| path.all(&one.document))
            .filter_map(scalar_text)
            .map(|text| host(&text))
            .collect();
        let fill = Fill {
            account: &one.account,
            region: &one.region,
            document: Some(&one.document),
            parent: whole.map(|whole| &whole.document),
            ..Fill::default()
        };
        row.hosts.extend(rule.host.as_ref().and_then(|template| template.fill(fill)).map(|text| host(&text)));
        let origins = rule.origins.iter().flat_map(|path| path.all(&one.document));
        row.origins = origins.filter_map(scalar_text).map(|text| host(&text)).collect();
        Some(row)
    }

    /// Whether packets from the internet come to it; none where they surely do not.
    fn reached(one: &Seen, exposed: &[Exposed], row: &mut Endpoint) -> Option<()> {
        let is_own = |other: &&Exposed| {
            other.component == "load_balancer"
                && (other.id == one.arn
                    || other.account == one.account
                        && other.region == one.region
                        && other.name.is_some()
                        && other.name == one.name)
        };
        let found = exposed.iter().find(is_own)?;
        row.reached = row.reached.min(found.verdict());
        let best = found.ports.iter().max_by_key(|port| port.answer.verdict)?;
        let ports: Vec<String> = found
            .ports
            .iter()
            .map(|one| {
                if one.first == one.last {
                    one.first.to_string()
                } else {
                    format!("{}-{}", one.first, one.last)
                }
            })
            .collect();
        row.way = format!("the internet reaches port {}", ports.join(", "));
        row.conditions.extend(best.answer.conditions.iter().cloned());
        if row.reached == Verdict::Unknown {
            row.missing.extend(best.answer.missing.iter().cloned());
        }
        Some(())
    }

    /// What stands before it.
    fn guarded(&self, rule: &WebRule, one: &Seen, row: &mut Endpoint) {
        let Some(path) = &rule.acl else {
            row.guard = Guard::Cannot;
            row.cannot.clone_from(&rule.cannot);
            return;
        };
        let member = first_member(path.as_str());
        if one.unread.iter().any(|unread| unread == member) {
            row.guard = Guard::Unknown;
            row.missing.push(crate::open::call(self.content, &one.kind, member));
            return;
        }
        let definition = self.content.resources.get(one.kind.as_str());
        let enriched = definition.and_then(|one| one.enrich.iter().find(|enrich| enrich.into == member));
        let Some(named) = path.text(&one.document).filter(|named| !named.is_empty()) else {
            // What another call tells is known only if that call was made: answers that were saved before it was do not hold it.
            let is_asked = enriched.is_none_or(|enrich| {
                let service = enrich.service.as_deref().or(definition.map(|one| one.service.as_str()));
                self.loaded.is_made(&one.account, &one.region, service.unwrap_or_default(), &enrich.operation)
            });
            if is_asked {
                row.guard = Guard::None;
            } else {
                row.guard = Guard::Unknown;
                row.missing.push(crate::open::call(self.content, &one.kind, member));
            }
            return;
        };
        if let Some(acl) = self.loaded.acl(&named) {
            row.acl_name = Some(acl.name.clone());
            row.guard = acls::guard(acl);
        } else {
            row.guard = Guard::Unknown;
            row.missing.push(format!("the web ACL was not read (wafv2:GetWebACL): {named}"));
        }
        row.acl = Some(named);
    }

    /// What was not listed: a row for each type of an account, and what no scan asked for.
    fn unlisted(&self, found: &mut Firewalls) {
        for (account, kind, why) in self.listings.cut() {
            let Some(rule) = self.rules.iter().find(|rule| rule.kind.as_str() == kind) else {
                found.gaps.push(format!("{kind} of account {account}: {why}"));
                continue;
            };
            found.endpoints.push(Endpoint {
                guard: Guard::Unknown,
                account: account.to_owned(),
                missing: vec![why.to_owned()],
                reached: Verdict::Unknown,
                ..empty(rule)
            });
        }
        for account in &self.listings.accounts {
            let mut left_out: BTreeSet<&str> = BTreeSet::new();
            for rule in self.rules {
                let kind = rule.kind.as_str();
                let definition = self.content.resources.get(kind);
                let has = |of: &ResourceType| {
                    self.seen.iter().any(|one| one.kind == of.as_str() && one.account == *account)
                };
                let is_asked_at_all =
                    definition.is_some_and(|one| one.list.for_each.as_ref().is_none_or(has));
                if is_asked_at_all && !self.listings.is_asked(account, kind) {
                    left_out.insert(kind);
                }
            }
            if !left_out.is_empty() {
                let names: Vec<&str> = left_out.into_iter().collect();
                found.gaps.push(format!("no scan asked account {account} for {}", names.join(", ")));
            }
        }
    }
}

/// Names the origins of each endpoint that the internet reaches beside it.
fn past(endpoints: &mut [Endpoint]) {
    let mut ways: Vec<Vec<Past>> = Vec::with_capacity(endpoints.len());
    for one in endpoints.iter() {
        let is_origin =
            |other: &&Endpoint| !one.origins.is_disjoint(&other.hosts) && other.resource != one.resource;
        let way = |other: &Endpoint| Past {
            resource: other.resource.clone(),
            what: other.what.clone(),
            name: other.name.clone(),
            reached: other.reached,
            guard: other.guard,
        };
        ways.push(endpoints.iter().filter(is_origin).map(way).collect());
    }
    for (endpoint, past) in endpoints.iter_mut().zip(ways) {
        endpoint.past = past;
    }
}

/// The member of the document that a path begins with.
fn first_member(path: &str) -> &str {
    path.split(['.', '[', ' ', '|']).next().unwrap_or(path)
}

/// The name of a host in an address, as names are compared.
fn host(text: &str) -> String {
    let rest = text.split_once("://").map_or(text, |(_, rest)| rest);
    let name = rest.split('/').next().unwrap_or(rest);
    name.trim_end_matches('.').to_ascii_lowercase()
}

fn bare(rule: &WebRule, one: &Seen) -> Endpoint {
    Endpoint {
        resource: one.arn.clone(),
        name: one.name.clone(),
        account: one.account.clone(),
        region: one.region.clone(),
        ..empty(rule)
    }
}

fn empty(rule: &WebRule) -> Endpoint {
    Endpoint {
        guard: Guard::Unknown,
        resource: String::new(),
        resource_type: rule.kind.as_str().to_owned(),
        what: rule.what.clone(),
        name: None,
        account: String::new(),
        region: String::new(),
        reached: Verdict::Yes,
        way: "the provider's own endpoint".to_owned(),
        acl: None,
        acl_name: None,
        cannot: None,
        conditions: Vec::new(),
        missing: Vec::new(),
        past: Vec::new(),
        hosts: BTreeSet::new(),
        origins: BTreeSet::new(),
    }
}
