//! What there is to ask: accounts, and their regions.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::PathBuf,
    sync::{Mutex, PoisonError},
};

use fathom_cloud::{
    client::{Account, CallError, Client},
    model::Models,
};
use fathom_content::Content;
use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType};
use serde_json::json;

use crate::tally::shorten;

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
    /// The declarations file, for those who read it anew for each scan; none where there is none.
    pub declarations: Option<PathBuf>,
    /// What the scan is called in the list of scans, where it is not of a live account.
    pub label: Option<String>,
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
            declarations: None,
            label: None,
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
}

/// Finds the accounts and regions to ask, starting from the account that signed in.
pub async fn discover(client: &Client, first: &Account, home: &Region, options: &ScanOptions) -> Discovered {
    let mut found = Discovered::default();
    let mut accounts = vec![first.clone()];
    if let Some(role) = &options.organization_role {
        match members(client, first, home).await {
            Ok(members) => {
                for id in members.into_iter().filter(|id| *id != first.id) {
                    if !options.accounts.is_empty() && !options.accounts.contains(&id) {
                        found.rows.push(left_out(&id, &Region::global(), "left out by --accounts"));
                        continue;
                    }
                    match client.assume(first, &id, role, options.external_id.as_deref()).await {
                        Ok(account) => accounts.push(account),
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
        let regions = regions(client, &account, home, options, &mut found.rows).await;
        found.accounts.push(InScope { account, regions });
    }
    found
}

/// The member accounts that are active, as the organisation lists them.
async fn members(client: &Client, first: &Account, home: &Region) -> Result<Vec<AccountId>, CallError> {
    let mut ids = BTreeSet::new();
    let listed = Mutex::new(Vec::new());
    let keep = |page| {
        listed.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        std::future::ready(())
    };
    let ended = client.pages(first, home, "organizations", "ListAccounts", &json!({}), keep).await;
    if let Some(error) = ended.error {
        return Err(error);
    }
    for page in listed.into_inner().unwrap_or_else(PoisonError::into_inner) {
        for account in page.get("Accounts").and_then(serde_json::Value::as_array).into_iter().flatten() {
            let active = account.get("Status").and_then(serde_json::Value::as_str) != Some("SUSPENDED");
            if let (true, Some(id)) = (active, account.get("Id").and_then(serde_json::Value::as_str)) {
                ids.insert(AccountId::from(id));
            }
        }
    }
    Ok(ids.into_iter().collect())
}

async fn regions(
    client: &Client,
    account: &Account,
    home: &Region,
    options: &ScanOptions,
    rows: &mut Vec<Coverage>,
) -> Vec<Region> {
    let answer = client.call(account, home, "ec2", "DescribeRegions", &json!({"AllRegions": true})).await;
    let listed = match answer {
        Ok(answer) => answer.value,
        Err(error) => {
            rows.push(row(&account.id, home, "ec2", "DescribeRegions", &error));
            // Without the list, what was asked for by name is still worth asking.
            return if options.regions.is_empty() { vec![home.clone()] } else { options.regions.clone() };
        }
    };
    let mut regions = Vec::new();
    let mut known = BTreeSet::new();
    for region in listed.get("Regions").and_then(serde_json::Value::as_array).into_iter().flatten() {
        let Some(name) = region.get("RegionName").and_then(serde_json::Value::as_str) else { continue };
        let name = Region::from(name);
        known.insert(name.clone());
        let status = region.get("OptInStatus").and_then(serde_json::Value::as_str);
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
        rows.push(Coverage {
            reason: Some(Reason::NotAnswered),
            detail: Some("the account knows no such region".to_owned()),
            ..left_out(&account.id, name, "")
        });
    }
    regions.sort();
    regions
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
        ("resourcegroupstaggingapi", BTreeSet::from(["GetResources"])),
        ("ec2", BTreeSet::from(["DescribeRegions"])),
    ]);
    for definition in content.resources.values() {
        let service = asked.entry(&definition.service).or_default();
        service.insert(&definition.list.operation);
        service.extend(definition.list.describe.as_ref().map(|describe| describe.operation.as_str()));
        for enrich in &definition.enrich {
            let service = enrich.service.as_deref().unwrap_or(&definition.service);
            asked.entry(service).or_default().insert(&enrich.operation);
        }
    }
    asked
}
