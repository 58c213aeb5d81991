//! Which web firewall stands before what answers the web from the internet, and what its rules do.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_model::{AccountId, Timestamp, Uid};
use fathom_reach::web::{AclRow, AclRule, Endpoint, Guard, Past};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    NetworkAsOf,
    exposed::{ExposedCount, counted},
    sight::Sight,
    views::NetworkVerdict,
};
use crate::{
    access::Visible,
    extract::Query,
    guarding, permitting,
    problem::{Problem, ProblemView},
    routes::permissions::Page,
    state::ApiState,
    views::mirrored,
};

/// What was not read and is told; the count is of all.
const GAPS_MAX: usize = 200;

mirrored! {
    /// What stands before an endpoint, the worst first.
    enum WebGuard of Guard {
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
}

/// Which of them.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct WebFirewallQuery {
    /// Only what is guarded so; may be repeated.
    #[param(inline)]
    guard: Vec<WebGuard>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only in these accounts; may be repeated.
    account: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// A way past a firewall.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WayPast {
    /// The ARN of what is reached directly.
    resource: String,
    /// What it is.
    what: String,
    /// What people call it.
    name: Option<String>,
    /// Whether the internet reaches it.
    reached: NetworkVerdict,
    /// What stands before it by itself.
    guard: WebGuard,
}

/// Something that answers the web, or of which that is not known.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebEndpoint {
    /// What stands before it.
    guard: WebGuard,
    /// Its ARN; null where those of a type were not listed.
    resource: Option<String>,
    /// Its type.
    resource_type: String,
    /// What it is, in a few words.
    what: String,
    /// What people call it.
    name: Option<String>,
    /// The account.
    account: String,
    /// The region.
    region: String,
    /// Whether the internet reaches it. What it surely does not reach has no row.
    reached: NetworkVerdict,
    /// How, in words.
    way: String,
    /// The web ACL before it.
    acl: Option<String>,
    /// Its name, where it was read.
    acl_name: Option<String>,
    /// Why none can stand there.
    cannot: Option<String>,
    /// What must hold for it to be reached.
    conditions: Vec<String>,
    /// What was not read, with the call.
    missing: Vec<String>,
    /// Endpoints that it asks in turn, and that the internet reaches without passing it.
    past: Vec<WayPast>,
}

/// A rule of a web ACL.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebRuleView {
    /// Its name.
    name: String,
    /// Its place in the order.
    priority: i64,
    /// What it does.
    does: String,
    /// Whether all that it does is count.
    only_counts: bool,
    /// Since when at least it, or a part of it, has been seen to count.
    #[schema(value_type = Option<String>, format = DateTime)]
    counts_since: Option<Timestamp>,
    /// What it looks for.
    looks_for: String,
}

/// A web ACL.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebAclView {
    /// Its ARN.
    arn: String,
    /// Its name.
    name: String,
    /// The account.
    account: String,
    /// The region.
    region: String,
    /// What it comes to.
    guard: WebGuard,
    /// What becomes of a request that no rule ends.
    default: String,
    /// The capacity that its rules take, in AWS's units.
    capacity: Option<u64>,
    /// Before how many endpoints of the internet it stands.
    guards: u64,
    /// Where it logs to; empty where it does not, null where that was not read.
    logs_to: Option<Vec<String>>,
    /// Its rules in their order.
    rules: Vec<WebRuleView>,
    /// What of its document could not be read.
    faults: Vec<String>,
}

/// How many rows there are of each kind; each list as if nothing were chosen in it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebFirewallFacets {
    /// By what stands there.
    guard: Vec<ExposedCount>,
    /// By type.
    #[serde(rename = "type")]
    kind: Vec<ExposedCount>,
    /// By account.
    account: Vec<ExposedCount>,
}

/// What answers the web, and what stands before it.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct WebFirewallAnswer {
    /// What the internet reaches, what has no firewall first.
    rows: Vec<WebEndpoint>,
    /// How many there are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are of each kind.
    facets: WebFirewallFacets,
    /// The web ACLs.
    acls: Vec<WebAclView>,
    /// How many things that may answer the web were asked about; null for who sees a part of the estate.
    asked: Option<u64>,
    /// How many things were not read that may decide.
    gap_count: u64,
    /// The first of them.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: NetworkAsOf,
}

/// Which web firewall stands before what answers the web
///
/// Of what the internet reaches, or may reach.
#[utoipa::path(get, path = "/web-firewall", tag = "network", operation_id = "web_firewall", params(WebFirewallQuery),
    responses(
        (status = 200, description = "The answer", body = WebFirewallAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn web_firewall(
    State(state): State<ApiState>,
    visible: Visible,
    Query(query): Query<WebFirewallQuery>,
) -> Result<Json<WebFirewallAnswer>, Problem> {
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = guarding::snapshot(&state).await?;
    let sight = Sight::of(&state, Arc::clone(&snapshot.network), visible).await?;
    permitting::ask(&state, move || {
        let found = &snapshot.firewalls;
        let sees = |account: &str, arn: &str| match arn {
            "" => sight.sees_account(account),
            arn => sight.sees_resource(&AccountId::from(account), &Uid::new(arn)),
        };
        let all: Vec<&Endpoint> =
            found.endpoints.iter().filter(|one| sees(&one.account, &one.resource)).collect();
        let facets = WebFirewallFacets::of(&all, &query);
        let chosen: Vec<&Endpoint> = all.iter().copied().filter(|one| query.takes(one, None)).collect();
        let total = chosen.len();
        let acls = found.acls.iter().filter(|acl| sees(&acl.account, &acl.arn));
        let is_seen = |arn: &String| all.iter().any(|one| one.resource == *arn);
        let acls = acls.map(|acl| WebAclView::of(acl, acl.guards.iter().filter(|arn| is_seen(arn)).count()));
        let gaps = sight.gaps(&found.gaps);
        Ok(Json(WebFirewallAnswer {
            rows: page.cut(chosen).into_iter().map(|one| WebEndpoint::of(one, &sight)).collect(),
            total: total as u64,
            next: page.next(total),
            facets,
            acls: acls.collect(),
            asked: sight.is_all().then_some(found.asked as u64),
            gap_count: gaps.len() as u64,
            gaps: gaps.into_iter().take(GAPS_MAX).collect(),
            as_of: NetworkAsOf::of_scan(&snapshot.scan),
        }))
    })
    .await
}

/// The part of a filter that a list of counts leaves out: its own.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Facet {
    Guard,
    Kind,
    Account,
}

impl WebFirewallQuery {
    fn takes(&self, one: &Endpoint, without: Option<Facet>) -> bool {
        let is_in = |facet: Facet, chosen: &[String], value: &str| {
            without == Some(facet) || chosen.is_empty() || chosen.iter().any(|one| one == value)
        };
        is_in(Facet::Kind, &self.kind, &one.resource_type)
            && is_in(Facet::Account, &self.account, &one.account)
            && (without == Some(Facet::Guard)
                || self.guard.is_empty()
                || self.guard.contains(&one.guard.into()))
    }
}

impl WebFirewallFacets {
    fn of(all: &[&Endpoint], query: &WebFirewallQuery) -> Self {
        let by = |facet, value: fn(&Endpoint) -> String| {
            counted(all.iter().filter(|one| query.takes(one, Some(facet))).map(|one| value(one)))
        };
        Self {
            guard: by(Facet::Guard, |one| word(one.guard).to_owned()),
            kind: by(Facet::Kind, |one| one.resource_type.clone()),
            account: by(Facet::Account, |one| one.account.clone()),
        }
    }
}

fn word(guard: Guard) -> &'static str {
    match guard {
        Guard::None => "none",
        Guard::Cannot => "cannot",
        Guard::Unknown => "unknown",
        Guard::Empty => "empty",
        Guard::OnlyCounts => "only_counts",
        Guard::Stops => "stops",
    }
}

impl WebEndpoint {
    fn of(one: &Endpoint, sight: &Sight) -> Self {
        let told = |lines: &[String]| lines.iter().map(|line| sight.told(line)).collect::<Vec<_>>();
        let account_of = |arn: &str| arn.split(':').nth(4).unwrap_or_default().to_owned();
        let sees = |past: &&Past| {
            sight.sees_resource(
                &AccountId::from(account_of(&past.resource).as_str()),
                &Uid::new(&past.resource),
            )
        };
        Self {
            guard: one.guard.into(),
            resource: Some(one.resource.clone()).filter(|arn| !arn.is_empty()),
            resource_type: one.resource_type.clone(),
            what: one.what.clone(),
            name: one.name.clone(),
            account: one.account.clone(),
            region: one.region.clone(),
            reached: one.reached.into(),
            way: sight.told(&one.way),
            acl: one.acl.clone(),
            acl_name: one.acl_name.clone(),
            cannot: one.cannot.clone(),
            conditions: told(&one.conditions),
            missing: told(&one.missing),
            past: one.past.iter().filter(sees).map(WayPast::of).collect(),
        }
    }
}

impl WayPast {
    fn of(past: &Past) -> Self {
        Self {
            resource: past.resource.clone(),
            what: past.what.clone(),
            name: past.name.clone(),
            reached: past.reached.into(),
            guard: past.guard.into(),
        }
    }
}

impl WebAclView {
    fn of(acl: &AclRow, guards: usize) -> Self {
        Self {
            arn: acl.arn.clone(),
            name: acl.name.clone(),
            account: acl.account.clone(),
            region: acl.region.clone(),
            guard: acl.guard.into(),
            default: acl.default.word().to_owned(),
            capacity: acl.capacity,
            guards: guards as u64,
            logs_to: acl.logs_to.clone(),
            rules: acl.rules.iter().map(WebRuleView::of).collect(),
            faults: acl.faults.clone(),
        }
    }
}

impl WebRuleView {
    fn of(rule: &AclRule) -> Self {
        Self {
            name: rule.name.clone(),
            priority: rule.priority,
            does: rule.does.clone(),
            only_counts: rule.only_counts,
            counts_since: rule.counts_since,
            looks_for: rule.looks_for.clone(),
        }
    }
}
