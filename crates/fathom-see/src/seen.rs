//! Resources that a region reports and no definition reads: seen, not yet understood.
//!
//! The tagging API knows every resource that has or had tags, of all services. What it names and we did not collect
//! is put on the list, so that our own gaps are as visible as anyone's.

use std::sync::{Mutex, PoisonError};

use fathom_cloud::client::{Account, Client};
use fathom_estate::Unread;
use fathom_model::{AccountId, Document, Reason, Region, Resource, ResourceType, Uid};
use serde_json::{Value, json};

use crate::{
    item,
    tally::{Ending, Failure, Key, Tally},
};

const SERVICE: &str = "resourcegroupstaggingapi";
const OPERATION: &str = "GetResources";

/// Lists what a region's tagging API names; `known` tells what was collected already.
pub(crate) async fn not_collected(
    client: &Client,
    tally: &Tally,
    account: &Account,
    region: &Region,
    known: impl Fn(&str) -> bool,
) -> Vec<(Resource, Unread)> {
    let key = Key {
        account: account.id.clone(),
        region: region.clone(),
        service: SERVICE.to_owned(),
        operation: OPERATION.to_owned(),
        kind: None,
    };
    let pages = Mutex::new(Vec::new());
    let keep = |page| {
        pages.lock().unwrap_or_else(PoisonError::into_inner).push(page);
        std::future::ready(())
    };
    let ended = client.pages(account, region, SERVICE, OPERATION, &json!({}), keep).await;
    let mut ending = Ending {
        items: 0,
        calls: u64::from(ended.calls),
        throttles: u64::from(ended.throttles),
        millis: ended.elapsed.as_millis() as u64,
        failure: ended.error.map(|error| Failure {
            reason: error.reason,
            permission: error.permission.map(|_| "tag:GetResources".to_owned()),
            detail: error.message,
        }),
    };
    let mut found = Vec::new();
    for page in pages.into_inner().unwrap_or_else(PoisonError::into_inner) {
        for listed in page.get("ResourceTagMappingList").and_then(Value::as_array).into_iter().flatten() {
            ending.items += 1;
            let Some(arn) = listed.get("ResourceARN").and_then(Value::as_str) else { continue };
            if !known(arn) && !known(arn.trim_end_matches(":*")) {
                found.extend(resource(arn, listed, &account.id, region));
            }
        }
    }
    tally.add(key, ending);
    found
}

fn resource(arn: &str, listed: &Value, account: &AccountId, region: &Region) -> Option<(Resource, Unread)> {
    let mut parts = arn.splitn(6, ':').skip(2);
    let service = parts.next()?;
    let told_region = parts.next()?;
    let told_account = parts.next()?;
    let rest = parts.next()?;
    let (kind, id) = rest.split_once(['/', ':']).unwrap_or(("resource", rest));
    let uid = Uid::from(arn);
    let resource = Resource {
        kind: ResourceType::from(format!("seen::{service}::{kind}")),
        account: if told_account.is_empty() { account.clone() } else { AccountId::from(told_account) },
        region: match told_region {
            "" => Region::global(),
            _ => region.clone(),
        },
        id: id.to_owned(),
        name: None,
        tags: item::tags(listed.get("Tags")),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(listed),
        uid: uid.clone(),
    };
    let unread = Unread {
        uid,
        attribute: "description".to_owned(),
        reason: Reason::NotDefined,
        detail: format!("the tagging API names it, and no resource definition reads {service} {kind}"),
    };
    Some((resource, unread))
}
