//! The four who are asked what there is, each with its own form of answer.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Mutex, PoisonError},
};

use fathom_cloud::client::{Account, CallError};
use fathom_content::Content;
use fathom_estate::arn;
use fathom_model::{AccountId, Coverage, Outcome, Reason, Region, ResourceType};
use futures::future::BoxFuture;
use serde_json::{Value, json};

use super::{Finding, named};
use crate::{
    asking::{Answers, Question, failure},
    item,
    scope::InScope,
    tally::{Ending, Failure, Key, Tally},
};

/// The service and operation of the tagging API.
pub(super) const TAGGING: (&str, &str) = ("resourcegroupstaggingapi", "GetResources");
/// Resource Explorer.
pub(super) const EXPLORER: &str = "resource-explorer-2";
/// Where it has indexes.
pub(super) const INDEXES: (&str, &str) = (EXPLORER, "ListIndexes");
/// Regions that are asked for the indexes before it counts as not answered.
const INDEX_REGIONS_MAX: usize = 3;
const CONFIG: (&str, &str) = ("config", "SelectResourceConfig");
const CONTROL: (&str, &str) = ("cloudcontrol", "ListResources");
/// How definitions learn whether AWS Config records anything in a place.
const RECORDERS: (&str, &str) = ("config", "DescribeConfigurationRecorders");

/// All operations that finders are asked with.
pub const ASKED: [(&str, &str); 5] = [TAGGING, INDEXES, (EXPLORER, "ListResources"), CONFIG, CONTROL];

/// Everything that AWS Config has recorded and that is there.
const SELECT: &str = "SELECT resourceId, resourceType, resourceName, arn, accountId, awsRegion";

/// One finder in one place.
#[derive(Clone, Copy)]
struct Ask<'a> {
    answers: &'a dyn Answers,
    tally: &'a Tally,
    account: &'a Account,
    region: &'a Region,
    asked: (&'a str, &'a str),
    kind: Option<&'a ResourceType>,
}

impl Ask<'_> {
    fn key(&self) -> Key {
        Key {
            account: self.account.id.clone(),
            region: self.region.clone(),
            service: self.asked.0.to_owned(),
            operation: self.asked.1.to_owned(),
            kind: self.kind.cloned(),
        }
    }

    /// All items at a member of each page, and why they are not all; the call is booked. `off` are error codes that mean
    /// that the finder is not enabled here.
    async fn items(&self, params: Value, member: &str, off: &[&str]) -> (Vec<Value>, Option<Failure>) {
        let pages = Mutex::new(Vec::new());
        let mut keep = |page: Value| -> BoxFuture<'static, ()> {
            pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
            Box::pin(std::future::ready(()))
        };
        let question = Question {
            account: self.account,
            region: self.region,
            service: self.asked.0,
            operation: self.asked.1,
            params: &params,
        };
        let ended = self.answers.pages(question, &mut keep).await;
        let pages = pages.into_inner().unwrap_or_else(PoisonError::into_inner);
        let items: Vec<Value> = pages
            .into_iter()
            .filter_map(|mut page| page.get_mut(member).map(Value::take))
            .flat_map(|list| if let Value::Array(items) = list { items } else { Vec::new() })
            .collect();
        let failure = ended.error.as_ref().and_then(|error| why(error, off));
        let ending = Ending {
            items: items.len() as u64,
            calls: u64::from(ended.calls),
            throttles: u64::from(ended.throttles),
            millis: ended.elapsed.as_millis() as u64,
            failure: failure.clone(),
        };
        self.tally.add(self.key(), ending);
        (items, failure)
    }

    /// Books that the finder is not enabled, which takes no call.
    fn not_enabled(&self, detail: &str) {
        let failure = Failure { reason: Reason::NotEnabled, permission: None, detail: detail.to_owned() };
        self.tally.add(self.key(), Ending { failure: Some(failure), ..Ending::default() });
    }
}

/// Why a call failed; `off` are error codes that mean that the finder is not enabled.
fn why(error: &CallError, off: &[&str]) -> Option<Failure> {
    let mut failure = failure(error, &[])?;
    if error.code.as_ref().is_some_and(|code| off.contains(&code.as_str())) {
        failure.reason = Reason::NotEnabled;
        failure.permission = None;
    }
    Some(failure)
}

/// What the tagging API, AWS Config and Cloud Control name in one region.
pub(super) async fn of_region(
    answers: &dyn Answers,
    content: &Content,
    tally: &Tally,
    account: &Account,
    region: &Region,
    coverage: &[Coverage],
) -> Vec<Finding> {
    let ask = Ask { answers, tally, account, region, asked: TAGGING, kind: None };
    let mut found = tagged(&ask).await;
    found.extend(recorded(&Ask { asked: CONFIG, ..ask }, content, coverage).await);
    found.extend(controlled(&Ask { asked: CONTROL, ..ask }, content).await);
    found
}

/// The tagging API: everything that has or had tags.
async fn tagged(ask: &Ask<'_>) -> Vec<Finding> {
    let (items, _) = ask.items(json!({}), "ResourceTagMappingList", &[]).await;
    items
        .into_iter()
        .filter_map(|listed| {
            let arn = listed.get("ResourceARN").and_then(Value::as_str)?.to_owned();
            let tags = item::tags(listed.get("Tags"));
            by_arn(&arn, ask, ask.region, tags, listed, "the tagging API")
        })
        .collect()
}

/// Resource Explorer: what its indexes hold. An aggregator holds the indexes of all regions; without one each is asked.
pub(super) async fn resource_explorer(answers: &dyn Answers, tally: &Tally, place: &InScope) -> Vec<Finding> {
    let Some(first) = place.regions.first() else { return Vec::new() };
    let account = &place.account;
    let ask = Ask { answers, tally, account, region: first, asked: INDEXES, kind: None };
    let mut known = None;
    // Each region knows the indexes of all, so that another may answer for one that does not.
    for region in place.regions.iter().take(INDEX_REGIONS_MAX) {
        match (Ask { region, ..ask }).items(json!({}), "Indexes", &[]).await {
            (indexes, None) => {
                known = Some(indexes);
                break;
            }
            // Whoever may not ask may not ask anywhere.
            (_, Some(failure)) if matches!(failure.reason, Reason::Denied | Reason::Unauthenticated) => break,
            (_, Some(_)) => {}
        }
    }
    let Some(indexes) = known else { return Vec::new() };
    let text = |index: &Value, member: &str| index.get(member).and_then(Value::as_str).map(Region::from);
    let indexed: BTreeSet<Region> = indexes.iter().filter_map(|index| text(index, "Region")).collect();
    let aggregator = indexes
        .iter()
        .filter(|index| index.get("Type").and_then(Value::as_str) == Some("AGGREGATOR"))
        .find_map(|index| text(index, "Region"));
    let list = |region| Ask { region, asked: (EXPLORER, "ListResources"), ..ask };
    for region in place.regions.iter().filter(|region| !indexed.contains(*region)) {
        list(region).not_enabled("the region has no index");
    }
    let mut asked: Vec<&Region> = place.regions.iter().filter(|region| indexed.contains(*region)).collect();
    if let Some(one) = &aggregator {
        asked = vec![one];
    }
    let mut found = Vec::new();
    for region in asked {
        // Without a view that is the default there is nothing to list through.
        let off = ["ResourceNotFoundException", "UnauthorizedException"];
        let (items, _) = list(region).items(json!({}), "Resources", &off).await;
        for listed in items {
            let told = listed.get("Region").and_then(Value::as_str).map_or(region.clone(), Region::from);
            // An aggregator also names what is in regions that were left out.
            if !told.is_global() && !place.regions.contains(&told) {
                continue;
            }
            let Some(arn) = listed.get("Arn").and_then(Value::as_str).map(str::to_owned) else { continue };
            // When it was reported last changes with every report.
            let said = json!({"Arn": arn, "ResourceType": listed.get("ResourceType")});
            found.extend(by_arn(&arn, &list(region), &told, BTreeMap::new(), said, "Resource Explorer"));
        }
    }
    found
}

/// AWS Config: everything that its recorder has recorded and that is there.
async fn recorded(ask: &Ask<'_>, content: &Content, coverage: &[Coverage]) -> Vec<Finding> {
    let recorders = coverage.iter().find(|row| {
        (row.service.as_str(), row.operation.as_str()) == RECORDERS
            && row.account == ask.account.id
            && row.region == *ask.region
    });
    if recorders.is_some_and(|row| row.outcome == Outcome::Empty) {
        ask.not_enabled("AWS Config records nothing in this region");
        return Vec::new();
    }
    let (items, _) = ask.items(json!({ "Expression": SELECT, "Limit": 100 }), "Results", &[]).await;
    let parsed = items.iter().filter_map(Value::as_str).filter_map(|text| serde_json::from_str(text).ok());
    parsed.filter_map(|listed: Value| of_config(ask, content, &listed)).collect()
}

fn of_config(ask: &Ask<'_>, content: &Content, listed: &Value) -> Option<Finding> {
    let text = |member: &str| listed.get(member).and_then(Value::as_str).filter(|text| !text.is_empty());
    let kind = text("resourceType")?;
    if !content.finders.is_resource(kind) {
        return None;
    }
    let id = text("resourceId")?;
    let said = json!({"arn": text("arn"), "resourceId": id, "resourceName": text("resourceName"), "resourceType": kind});
    const BY: &str = "AWS Config";
    let region = match text("awsRegion") {
        Some("global") => Region::global(),
        Some(region) => Region::from(region),
        None => ask.region.clone(),
    };
    if let Some(found) =
        text("arn").and_then(|arn| by_arn(arn, ask, &region, BTreeMap::new(), said.clone(), BY))
    {
        return Some(Finding { id: id.to_owned(), region, ..found });
    }
    let account = text("accountId").map_or_else(|| ask.account.id.clone(), AccountId::from);
    Some(by_type(kind, id, account, region, ask, said, BY))
}

/// Cloud Control: the types that content names and no definition reads.
async fn controlled(ask: &Ask<'_>, content: &Content) -> Vec<Finding> {
    let mut found = Vec::new();
    for kind in &content.finders.cloud_control {
        if content.resources.contains_key(kind) {
            continue;
        }
        let ask = Ask { kind: Some(kind), ..*ask };
        let off = ["TypeNotFoundException", "UnsupportedActionException"];
        let (items, failure) = ask.items(json!({ "TypeName": kind }), "ResourceDescriptions", &off).await;
        for listed in items {
            let Some(id) = listed.get("Identifier").and_then(Value::as_str) else { continue };
            // Its properties may hold anything, so of them only the ARN is taken.
            let properties = listed.get("Properties").and_then(Value::as_str).unwrap_or_default();
            let properties: Value = serde_json::from_str(properties).unwrap_or(Value::Null);
            let arn = [Some(id), properties.get("Arn").and_then(Value::as_str)];
            let arn = arn.into_iter().flatten().find(|text| arn::parse(text).is_some());
            let said = json!({"Arn": arn, "Identifier": id, "TypeName": kind});
            const BY: &str = "Cloud Control";
            let by_arn = arn.and_then(|arn| by_arn(arn, &ask, ask.region, BTreeMap::new(), said.clone(), BY));
            found.push(by_arn.unwrap_or_else(|| {
                let (account, region) = (ask.account.id.clone(), ask.region.clone());
                by_type(kind.as_str(), id, account, region, &ask, said, BY)
            }));
        }
        // An endpoint that is not there answers for no type.
        if failure.is_some_and(|one| one.reason == Reason::NotAnswered) {
            break;
        }
    }
    found
}

/// A finding that its ARN tells all about.
fn by_arn(
    text: &str,
    ask: &Ask<'_>,
    region: &Region,
    tags: BTreeMap<String, String>,
    said: Value,
    by: &'static str,
) -> Option<Finding> {
    let arn = arn::parse(text)?;
    let id = arn.resource.split_once(['/', ':']).map_or(arn.resource, |(_, id)| id);
    let (uid, kind) = named(Some(text), ask.account.partition.as_str(), &ask.account.id, region, ("", id));
    Some(Finding {
        arn: uid,
        id: id.to_owned(),
        kind,
        account: if arn.account.is_empty() { ask.account.id.clone() } else { AccountId::from(arn.account) },
        region: if arn.region.is_empty() { Region::global() } else { region.clone() },
        tags,
        said,
        by,
    })
}

/// A finding without an ARN.
fn by_type(
    kind: &str,
    id: &str,
    account: AccountId,
    region: Region,
    ask: &Ask<'_>,
    said: Value,
    by: &'static str,
) -> Finding {
    let (arn, kind) = named(None, ask.account.partition.as_str(), &account, &region, (kind, id));
    Finding { arn, id: id.to_owned(), kind, account, region, tags: BTreeMap::new(), said, by }
}
