//! Which operation an answer is of, by what it holds; for files whose names do not say it.
//!
//! `Vpcs.json` with a member `Vpcs` can only be what `ec2:DescribeVpcs` answers. An answer counts as recognised where
//! every member of it, and every member of the items in it, is known to the model of one listing, and of no other.

use std::collections::BTreeSet;

use fathom_cloud::model::{Kind, Models, Service, ShapeRef};
use fathom_content::Content;
use serde_json::Value;

/// Members that a tool or a service adds to any answer.
const EVERYWHERE: [&str; 4] = ["ResponseMetadata", "NextToken", "IsTruncated", "Marker"];

/// Items of a list that are looked at.
const ITEMS_MAX: usize = 50;

/// The listing, as service and operation, whose answer this can only be.
pub(super) fn recognise(content: &Content, answer: &Value) -> Option<(String, String)> {
    let members = answer.as_object()?;
    let told: Vec<(&String, &Value)> =
        members.iter().filter(|(name, _)| !EVERYWHERE.contains(&name.as_str())).collect();
    if told.is_empty() {
        return None;
    }
    let mut plain = BTreeSet::new();
    let mut narrowed = BTreeSet::new();
    for definition in content.resources.values() {
        let list = &definition.list;
        let first = list.items.as_str().split(['.', '[']).next().unwrap_or_default();
        if list.for_each.is_some() || !members.contains_key(first) {
            continue;
        }
        let Ok(service) = Models::embedded().service(&definition.service) else { continue };
        let Some(output) = service.operation(&list.operation).and_then(|operation| operation.output()) else {
            continue;
        };
        if told.iter().all(|(name, value)| fits(&service, output, name, value)) {
            // Engines that share an API have definitions that ask for their own only; the plain one stands first.
            let asks_all = list.params.is_empty() || list.params.contains_key("Filter");
            let set = if asks_all { &mut plain } else { &mut narrowed };
            set.insert((definition.service.clone(), list.operation.clone()));
        }
    }
    let mut of = if plain.is_empty() { narrowed } else { plain }.into_iter();
    of.next().filter(|_| of.next().is_none())
}

fn fits(service: &Service, output: &ShapeRef, name: &str, value: &Value) -> bool {
    let Some(member) = service.shape(output.shape()).structure().and_then(|one| one.member(name)) else {
        return false;
    };
    match (service.shape(member.target().shape()).kind(), value) {
        (Kind::List(item), Value::Array(items)) => {
            let Some(structure) = service.shape(item.shape()).structure() else {
                return items.iter().all(|item| !item.is_object());
            };
            items.iter().take(ITEMS_MAX).all(|item| {
                item.as_object().is_some_and(|item| item.keys().all(|key| structure.member(key).is_some()))
            })
        }
        (Kind::List(_), _) => false,
        (_, value) => !value.is_array(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn an_answer_says_itself_what_it_answers() {
        let content = Content::embedded().expect("the content that ships");
        let of =
            |answer: Value| recognise(&content, &answer).map(|(service, name)| format!("{service}:{name}"));
        let is = |answer, expected: &str| assert_eq!(of(answer).as_deref(), Some(expected));
        is(json!({"Vpcs": []}), "ec2:DescribeVpcs");
        is(json!({"Reservations": [{"Instances": [], "OwnerId": "1"}]}), "ec2:DescribeInstances");
        is(json!({"LoadBalancers": [{"LoadBalancerArn": "a"}]}), "elbv2:DescribeLoadBalancers");
        is(json!({"RoleDetailList": [], "Policies": []}), "iam:GetAccountAuthorizationDetails");
        assert_eq!(of(json!({"Vpcs": [], "Mine": 1})), None);
        assert_eq!(of(json!({"Vpcs": [{"Unknown": 1}]})), None);
        assert_eq!(of(json!({})), None);
        assert_eq!(of(json!([1])), None);
    }
}
