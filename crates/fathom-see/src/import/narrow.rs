//! What a service would have left out, had it been asked with our parameters; pure.
//!
//! Somebody who saves `aws ec2 describe-instances` gets terminated instances too; the definition does not ask for them.
//! The parameters that definitions narrow a list with are applied to a saved answer here.

use serde_json::{Map, Value};

/// Members by which lists are narrowed, for filters whose name is not a member's.
const MEMBERS: &[(&str, &str)] =
    &[("instance-state-name", "State.Name"), ("state", "State"), ("engine", "Engine")];

/// How deep lists lie in answers: reservations hold instances.
const DEPTH_MAX: usize = 3;

/// Leaves out of an answer's lists what the parameters do not ask for. Members that are not there narrow nothing.
pub(super) fn narrow(answer: &mut Value, params: &Value, account: &str, region: &str) {
    let Some(params) = params.as_object() else { return };
    for (name, value) in params {
        match (name.as_str(), value) {
            ("Filters" | "Filter", Value::Array(filters)) if filters.iter().all(Value::is_object) => {
                for filter in filters {
                    by_filter(answer, filter);
                }
            }
            ("Owners" | "OwnerIds", Value::Array(owners)) if owners.iter().all(|owner| owner == "self") => {
                retain(answer, 0, &|item| text(item, "OwnerId").is_none_or(|owner| owner == account));
            }
            // The authorization details of an account: policies of the provider come only where they are asked for.
            ("Filter", Value::Array(kinds))
                if kinds.iter().any(|kind| kind == "LocalManagedPolicy")
                    && !kinds.iter().any(|kind| kind == "AWSManagedPolicy") =>
            {
                retain(answer, 0, &|item| !text(item, "Arn").is_some_and(is_of_provider));
            }
            ("Filter", Value::String(kind)) => {
                retain(answer, 0, &|item| text(item, "Type").is_none_or(|is| is == kind));
            }
            ("Scope", Value::String(scope)) if scope == "REGIONAL" => {
                retain(answer, 0, &|item| !text(item, "ARN").is_some_and(|arn| arn.contains(":global/")));
            }
            ("includeShadowTrails", Value::Bool(false)) => {
                retain(answer, 0, &|item| text(item, "HomeRegion").is_none_or(|home| home == region));
            }
            ("status", Value::String(wanted)) => {
                retain(answer, 0, &|item| text(item, "status").is_none_or(|is| is == wanted));
            }
            _ => {}
        }
    }
}

fn by_filter(answer: &mut Value, filter: &Value) {
    let Some(name) = text_of(filter, "Name") else { return };
    let Some(values) = filter.get("Values").and_then(Value::as_array) else { return };
    let Some((_, path)) = MEMBERS.iter().find(|(known, _)| *known == name) else { return };
    let pointer = format!("/{}", path.replace('.', "/"));
    retain(answer, 0, &|item| {
        let Some(told) = item.get(pointer.split('/').nth(1).unwrap_or_default()) else { return true };
        let told = if path.contains('.') { told.get("Name") } else { Some(told) };
        told.and_then(Value::as_str).is_none_or(|told| values.iter().any(|value| value == told))
    });
}

/// Keeps the items of all lists of objects for which a test holds.
fn retain(value: &mut Value, depth: usize, keep: &dyn Fn(&Map<String, Value>) -> bool) {
    if depth > DEPTH_MAX {
        return;
    }
    match value {
        Value::Object(members) => {
            for member in members.values_mut().filter(|member| member.is_array()) {
                retain(member, depth + 1, keep);
            }
        }
        Value::Array(items) => {
            items.retain(|item| item.as_object().is_none_or(keep));
            if depth < DEPTH_MAX {
                items.iter_mut().filter(|item| item.is_object()).for_each(|item| retain(item, depth, keep));
            }
        }
        _ => {}
    }
}

fn text<'v>(item: &'v Map<String, Value>, member: &str) -> Option<&'v str> {
    item.get(member).and_then(Value::as_str)
}

fn text_of<'v>(item: &'v Value, member: &str) -> Option<&'v str> {
    item.get(member).and_then(Value::as_str)
}

fn is_of_provider(arn: &str) -> bool {
    arn.split(':').nth(4) == Some("aws")
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[track_caller]
    fn narrowed(params: &Value, mut answer: Value, expected: &Value) {
        narrow(&mut answer, params, "111111111111", "eu-west-1");
        assert_eq!(&answer, expected, "{params}");
    }

    #[test]
    fn what_was_not_asked_for_is_left_out() {
        narrowed(
            &json!({"Filters": [{"Name": "instance-state-name", "Values": ["running", "stopped"]}]}),
            json!({"Reservations": [{"Instances": [
                {"InstanceId": "a", "State": {"Name": "running"}}, {"InstanceId": "b", "State": {"Name": "terminated"}},
            ]}]}),
            &json!({"Reservations": [{"Instances": [{"InstanceId": "a", "State": {"Name": "running"}}]}]}),
        );
        narrowed(
            &json!({"OwnerIds": ["self"]}),
            json!({"Snapshots": [{"OwnerId": "111111111111"}, {"OwnerId": "999999999999"}]}),
            &json!({"Snapshots": [{"OwnerId": "111111111111"}]}),
        );
        narrowed(
            &json!({"Filter": ["User", "LocalManagedPolicy"]}),
            json!({"Policies": [{"Arn": "arn:aws:iam::aws:policy/A"}, {"Arn": "arn:aws:iam::111111111111:policy/B"}]}),
            &json!({"Policies": [{"Arn": "arn:aws:iam::111111111111:policy/B"}]}),
        );
        narrowed(
            &json!({"Filters": [{"Name": "engine", "Values": ["docdb"]}]}),
            json!({"DBClusters": [{"Engine": "docdb"}, {"Engine": "aurora-mysql"}]}),
            &json!({"DBClusters": [{"Engine": "docdb"}]}),
        );
        narrowed(
            &json!({"includeShadowTrails": false}),
            json!({"trailList": [{"HomeRegion": "us-east-1"}, {"HomeRegion": "eu-west-1"}]}),
            &json!({"trailList": [{"HomeRegion": "eu-west-1"}]}),
        );
    }

    #[test]
    fn what_says_nothing_stays() {
        let answer = json!({"Reservations": [{"Instances": [{"InstanceId": "a"}]}], "Next": 1});
        narrowed(
            &json!({"Filters": [{"Name": "state", "Values": ["x"]}], "MaxResults": 5}),
            answer.clone(),
            &answer,
        );
        narrowed(&json!(null), json!([1, {"a": []}]), &json!([1, {"a": []}]));
    }
}
