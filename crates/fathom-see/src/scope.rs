//! What there is to ask: accounts, and their regions.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use fathom_cloud::{
    client::{Account, CallError, Client},
    model::Models,
};
use fathom_content::Content;
use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType, spelling::nearest};
use serde_json::{Value, json};

use crate::{collect::Wanted, seen, tally::shorten, trail::TrailFrom};

/// A type in one account and region; what has no region is in [`Region::GLOBAL`].
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct TypeIn {
    /// The account.
    pub account: AccountId,
    /// The region.
    pub region: Region,
    /// The type.
    pub kind: ResourceType,
}

impl std::fmt::Display for TypeIn {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} in {} {}", self.kind, self.account, self.region)
    }
}

/// What a person asked a scan to look at.
#[derive(Debug, Clone)]
pub struct ScanOptions {
    /// The region that is asked who we are, where none is named: the environment's, or the first of AWS.
    pub home: Region,
    /// The profile to sign in with; the environment's default otherwise.
    pub profile: Option<String>,
    /// Only these regions; all enabled ones otherwise.
    pub regions: Vec<Region>,
    /// Only these types; all defined ones otherwise.
    pub kinds: Vec<ResourceType>,
    /// The role to take in every other account of the organisation; only the own account otherwise.
    pub organization_role: Option<String>,
    /// The external id that this role asks for.
    pub external_id: Option<String>,
    /// Only these accounts of the organisation.
    pub accounts: Vec<AccountId>,
    /// What the scan is called in the list of scans, where it is not of a live account.
    pub label: Option<String>,
    /// Where to learn who made and changed things.
    pub trail: TrailFrom,
    /// Only these types, each only in its place; everything that the others allow where empty. [`crate::Scanner::refresh`]
    /// sets it.
    pub places: Vec<TypeIn>,
}

impl ScanOptions {
    /// What is asked for in one text, equal for equal scopes; none for what is not of a live cloud, and for refreshes.
    pub fn asked(&self) -> Option<String> {
        fn sorted(texts: impl Iterator<Item = String>) -> Vec<String> {
            texts.collect::<BTreeSet<_>>().into_iter().collect()
        }
        if self.label.is_some() || !self.places.is_empty() {
            return None;
        }
        let asked = json!({
            "accounts": sorted(self.accounts.iter().map(ToString::to_string)),
            "organization_role": self.organization_role,
            "profile": self.profile,
            "regions": sorted(self.regions.iter().map(ToString::to_string)),
            "types": sorted(self.kinds.iter().map(ToString::to_string)),
        });
        Some(asked.to_string())
    }

    /// Whether only some types are looked at.
    pub(crate) fn is_of_some_types(&self) -> bool {
        !self.kinds.is_empty() || !self.places.is_empty()
    }

    /// Whether only a part of what there is to ask is looked at.
    pub(crate) fn is_partial(&self) -> bool {
        self.is_of_some_types() || !self.regions.is_empty() || !self.accounts.is_empty()
    }

    pub(crate) fn wanted(&self) -> Wanted {
        if !self.places.is_empty() {
            Wanted::Places(self.places.iter().cloned().collect())
        } else if self.kinds.is_empty() {
            Wanted::Everything
        } else {
            Wanted::Types(self.kinds.iter().cloned().collect())
        }
    }
}

impl Default for ScanOptions {
    fn default() -> Self {
        Self {
            home: Region::new("us-east-1"),
            profile: None,
            regions: Vec::new(),
            kinds: Vec::new(),
            organization_role: None,
            external_id: None,
            accounts: Vec::new(),
            label: None,
            trail: TrailFrom::Off,
            places: Vec::new(),
        }
    }
}

/// An account in scope, with the regions to ask there.
#[derive(Clone)]
pub struct InScope {
    /// The account and its credentials.
    pub account: Account,
    /// Its enabled regions that were asked for.
    pub regions: Vec<Region>,
}

/// Accounts and regions in scope, and rows for those that are not or could not be entered.
#[derive(Default)]
pub struct Discovered {
    /// The accounts to ask.
    pub accounts: Vec<InScope>,
    /// What is left out, and why.
    pub rows: Vec<Coverage>,
    /// What was found and entered, as rows that may take the place of an earlier scan's.
    pub(crate) entered: Vec<Coverage>,
    /// Accounts whose regions are all known.
    pub(crate) whole: BTreeSet<AccountId>,
    /// Every region that some account knows, enabled or not; none where no account said.
    pub(crate) known_regions: BTreeSet<Region>,
    /// Whether all accounts of the organisation are known.
    pub(crate) organization: bool,
}

/// No region that was asked for is one.
#[derive(Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}", words(.asked, .near))]
pub struct NoSuchRegion {
    /// What was asked for.
    pub asked: Vec<Region>,
    /// Regions that are there and called nearly so; all of them where none is.
    pub near: Vec<String>,
}

fn words(asked: &[Region], near: &[String]) -> String {
    let asked: Vec<String> = asked.iter().map(|region| format!("`{region}`")).collect();
    format!("the account knows no region {}; name one of {}", asked.join(" nor "), near.join(", "))
}

impl Discovered {
    /// Fails where regions were named and none of them is one: a scan of nothing would read as one of something.
    pub(crate) fn somewhere(&self, options: &ScanOptions) -> Result<(), NoSuchRegion> {
        let known = &self.known_regions;
        let all_wrong = !options.regions.is_empty()
            && !known.is_empty()
            && !options.regions.iter().any(|name| known.contains(name))
            && self.accounts.iter().all(|one| one.regions.is_empty());
        if !all_wrong {
            return Ok(());
        }
        let mut near_names: Vec<String> = options.regions.iter().flat_map(|name| near(name, known)).collect();
        near_names.sort();
        near_names.dedup();
        if near_names.is_empty() {
            near_names = known.iter().map(ToString::to_string).collect();
        }
        Err(NoSuchRegion { asked: options.regions.clone(), near: near_names })
    }
}

/// Regions whose names are nearly this one, nearest first.
fn near(name: &Region, known: &BTreeSet<Region>) -> Vec<String> {
    nearest(name.as_str(), known.iter().map(Region::as_str))
}

/// Finds the accounts and regions to ask, starting from the account that signed in.
pub async fn discover(client: &Client, first: &Account, home: &Region, options: &ScanOptions) -> Discovered {
    let mut found = Discovered::default();
    let mut accounts = vec![first.clone()];
    if let Some(role) = &options.organization_role {
        match members(client, first, home).await {
            Ok(members) => {
                found.organization = true;
                let listed = answered(&first.id, "organizations", "ListAccounts", members.len() as u64);
                found.entered.push(listed);
                for id in options.accounts.iter().filter(|id| !members.contains_key(*id) && **id != first.id)
                {
                    let detail = "the organisation has no such account; check --accounts";
                    found.rows.push(Coverage {
                        reason: Some(Reason::NoSuchPlace),
                        ..left_out(id, &Region::global(), detail)
                    });
                }
                for (id, status) in members.into_iter().filter(|(id, _)| *id != first.id) {
                    if !options.accounts.is_empty() && !options.accounts.contains(&id) {
                        found.rows.push(left_out(&id, &Region::global(), "left out by --accounts"));
                        continue;
                    }
                    if let Some(status) = status {
                        let detail = format!("the account is {status}; nobody can look into it");
                        found.rows.push(Coverage {
                            reason: Some(Reason::NotEnabled),
                            ..left_out(&id, &Region::global(), &detail)
                        });
                        continue;
                    }
                    match client.assume(first, &id, role, options.external_id.as_deref()).await {
                        Ok(account) => {
                            found.entered.push(answered(&id, "sts", "AssumeRole", 1));
                            accounts.push(account);
                        }
                        Err(error) => {
                            found.rows.push(row(&id, &Region::global(), "sts", "AssumeRole", &error));
                        }
                    }
                }
            }
            Err(error) => {
                found.rows.push(row(&first.id, &Region::global(), "organizations", "ListAccounts", &error));
            }
        }
    }
    for account in accounts {
        let regions = regions(client, &account, home, options, &mut found).await;
        found.entered.push(looked_into(&account.id, &Region::global()));
        found.accounts.push(InScope { account, regions });
    }
    found
}

/// The member accounts as the organisation lists them; those that are not active with what they are.
async fn members(
    client: &Client,
    first: &Account,
    home: &Region,
) -> Result<BTreeMap<AccountId, Option<String>>, CallError> {
    let listed = Mutex::new(Vec::new());
    let keep = |page| {
        listed.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        std::future::ready(())
    };
    let ended = client.pages(first, home, "organizations", "ListAccounts", &json!({}), keep).await;
    if let Some(error) = ended.error {
        return Err(error);
    }
    let pages = listed.into_inner().unwrap_or_else(PoisonError::into_inner);
    Ok(pages.iter().flat_map(members_of_page).collect())
}

fn members_of_page(page: &Value) -> Vec<(AccountId, Option<String>)> {
    let accounts = page.get("Accounts").and_then(Value::as_array).into_iter().flatten();
    let text = |account: &Value, member: &str| account.get(member).and_then(Value::as_str).map(str::to_owned);
    accounts
        .filter_map(|account| {
            // `State` says more than `Status`, which older endpoints have alone.
            let status = text(account, "State").or_else(|| text(account, "Status"));
            let status = status.filter(|status| status != "ACTIVE").map(|status| status.to_lowercase());
            Some((AccountId::from(text(account, "Id")?), status.map(|status| status.replace('_', " "))))
        })
        .collect()
}

async fn regions(
    client: &Client,
    account: &Account,
    home: &Region,
    options: &ScanOptions,
    found: &mut Discovered,
) -> Vec<Region> {
    let rows = &mut found.rows;
    let answer = client.call(account, home, "ec2", "DescribeRegions", &json!({"AllRegions": true})).await;
    let listed = match answer {
        Ok(answer) => answer.value,
        Err(error) => {
            // It speaks for the whole account; beside what the home region tells of itself it would be in the way.
            rows.push(row(&account.id, &Region::global(), "ec2", "DescribeRegions", &error));
            // Without the list, what was asked for by name is still worth asking.
            return if options.regions.is_empty() { vec![home.clone()] } else { options.regions.clone() };
        }
    };
    let mut regions = Vec::new();
    let mut known = BTreeSet::new();
    for region in listed.get("Regions").and_then(Value::as_array).into_iter().flatten() {
        let Some(name) = region.get("RegionName").and_then(Value::as_str) else { continue };
        let name = Region::from(name);
        known.insert(name.clone());
        let status = region.get("OptInStatus").and_then(Value::as_str);
        if !options.regions.is_empty() && !options.regions.contains(&name) {
            rows.push(left_out(&account.id, &name, "left out by --regions"));
        } else if status == Some("not-opted-in") {
            rows.push(Coverage {
                reason: Some(Reason::RegionDisabled),
                detail: Some("the account has not enabled this region".to_owned()),
                ..left_out(&account.id, &name, "")
            });
        } else {
            regions.push(name);
        }
    }
    for name in options.regions.iter().filter(|name| !known.contains(*name)) {
        let near = near(name, &known);
        let detail = match near.as_slice() {
            [] => "the account knows no such region".to_owned(),
            near => format!("the account knows no such region, but {}", near.join(" and ")),
        };
        rows.push(Coverage { reason: Some(Reason::NoSuchPlace), ..left_out(&account.id, name, &detail) });
    }
    found.known_regions.extend(known.iter().cloned());
    regions.sort();
    found.whole.insert(account.id.clone());
    found.entered.push(answered(&account.id, "ec2", "DescribeRegions", known.len() as u64));
    found.entered.extend(regions.iter().map(|region| looked_into(&account.id, region)));
    regions
}

/// The row of an account or region that was entered.
fn looked_into(account: &AccountId, region: &Region) -> Coverage {
    Coverage { outcome: Outcome::Read, reason: None, detail: None, ..left_out(account, region, "") }
}

/// The row of a call outside any definition that was answered.
pub(crate) fn answered(account: &AccountId, service: &str, operation: &str, items: u64) -> Coverage {
    Coverage {
        service: service.to_owned(),
        operation: operation.to_owned(),
        outcome: if items == 0 { Outcome::Empty } else { Outcome::Read },
        calls: 1,
        items,
        ..looked_into(account, &Region::global())
    }
}

fn left_out(account: &AccountId, region: &Region, why: &str) -> Coverage {
    Coverage {
        account: account.clone(),
        region: region.clone(),
        service: "*".to_owned(),
        operation: "*".to_owned(),
        resource_type: None,
        outcome: Outcome::Unknown,
        reason: Some(Reason::NotReached),
        permission: None,
        detail: Some(why.to_owned()),
        calls: 0,
        items: 0,
        throttles: 0,
        failures: 0,
        millis: 0,
    }
}

/// The row of a call that failed outside any definition.
pub fn row(
    account: &AccountId,
    region: &Region,
    service: &str,
    operation: &str,
    error: &CallError,
) -> Coverage {
    Coverage {
        service: service.to_owned(),
        operation: operation.to_owned(),
        reason: Some(error.reason),
        permission: error.permission.clone(),
        detail: Some(shorten(&match &error.code {
            Some(code) => format!("{code}: {}", error.message),
            None => error.message.clone(),
        })),
        calls: u64::from(error.calls),
        throttles: u64::from(error.throttles),
        failures: 1,
        ..left_out(account, region, "")
    }
}

/// What the models know and no definition asks: one row for a service that is not read at all, and one for each
/// operation of the others that could be asked without being given anything.
pub fn not_defined(account: &AccountId, content: &Content, models: &Models) -> Vec<Coverage> {
    let asked = asked(content);
    let everywhere = Region::from("*");
    let row = |service: &str, operation: &str, detail: &str| Coverage {
        service: service.to_owned(),
        operation: operation.to_owned(),
        reason: Some(Reason::NotDefined),
        detail: Some(detail.to_owned()),
        ..left_out(account, &everywhere, "")
    };
    let mut rows = Vec::new();
    for name in models.services() {
        let Some(operations) = asked.get(name.as_str()) else {
            rows.push(row(&name, "*", "no resource definition reads this service"));
            continue;
        };
        let Ok(service) = models.service(&name) else { continue };
        rows.extend(
            service
                .operations()
                .filter(|operation| !operations.contains(operation.name()) && !service.needs_input(operation))
                .map(|operation| row(&name, operation.name(), "no resource definition asks this")),
        );
    }
    rows
}

/// The operations that definitions and the scan itself ask, by service.
fn asked(content: &Content) -> BTreeMap<&str, BTreeSet<&str>> {
    let mut asked: BTreeMap<&str, BTreeSet<&str>> = BTreeMap::from([
        ("sts", BTreeSet::from(["GetCallerIdentity", "AssumeRole"])),
        ("ec2", BTreeSet::from(["DescribeRegions"])),
    ]);
    for (service, operation) in seen::ASKED {
        asked.entry(service).or_default().insert(operation);
    }
    for definition in content.resources.values() {
        for (service, operation) in definition.calls() {
            asked.entry(service).or_default().insert(operation);
        }
    }
    asked
}
