//! What code would change: plans and change sets as the tools write them, and documents with these changes written in.

use std::collections::BTreeSet;

use fathom_content::declared::{Form, Language, words};
use fathom_estate::declared::{
    changes::{Does, Proposal, Taken},
    unknown_why,
    write::{self, Why, Written},
};
use serde_json::{Value, json};

use crate::drift::content;

/// A plan of one change, as `terraform show -json` writes it.
fn plan(change: &Value, configuration: &Value) -> Value {
    json!({
        "format_version": "1.2", "terraform_version": "1.9.8", "planned_values": {"root_module": {}},
        "resource_changes": [change], "configuration": configuration,
    })
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn change(address: &str, kind: &str, actions: &[&str], sides: (Value, Value), after_unknown: Value) -> Value {
    json!({
        "address": address, "mode": "managed", "type": kind, "name": "x", "provider_name": "registry.terraform.io/hashicorp/aws",
        "change": {"actions": actions, "before": sides.0, "after": sides.1, "after_unknown": after_unknown},
    })
}

fn told(problem: Result<Proposal, impl std::fmt::Display>) -> String {
    problem.map_or_else(|error| error.to_string(), |_| String::new())
}

#[test]
fn what_is_no_plan_is_refused_with_what_to_do() {
    let read = |text: &str| told(Proposal::terraform("plan.json", text));
    assert!(
        read("{\"format_version\"").starts_with("plan.json:1:17: not a Terraform plan:"),
        "{}",
        read("{\"format_version\"")
    );
    assert!(
        read("{}").contains("it has no `format_version`; write it with `terraform plan"),
        "{}",
        read("{}")
    );
    let old = read("{\"format_version\": \"0.2\", \"planned_values\": {}}");
    assert!(
        old.contains("plan format 0.2 is not known here; make the plan with Terraform 1.1 or later"),
        "{old}"
    );
    let state = read("{\"format_version\": \"1.0\", \"values\": {\"root_module\": {}}}");
    assert!(state.contains("this is a state, not a plan"), "{state}");
    let failed = read("{\"format_version\": \"1.2\", \"planned_values\": {}, \"errored\": true}");
    assert!(failed.contains("the plan failed"), "{failed}");
}

#[test]
fn each_action_is_what_the_format_says_it_is() {
    let of = |actions: &[&str]| {
        let one = change("aws_sqs_queue.x", "aws_sqs_queue", actions, (json!({}), json!({})), json!({}));
        let found = Proposal::terraform("p", &plan(&one, &Value::Null).to_string()).expect("a plan");
        found.changes.first().map(|one| one.does)
    };
    assert_eq!(of(&["no-op"]), None);
    assert_eq!(of(&["read"]), None);
    assert_eq!(of(&["forget"]), None);
    assert_eq!(of(&["create"]), Some(Does::Makes));
    assert_eq!(of(&["update"]), Some(Does::Changes));
    assert_eq!(of(&["delete"]), Some(Does::Removes));
    assert_eq!(of(&["delete", "create"]), Some(Does::Replaces));
    assert_eq!(of(&["create", "delete"]), Some(Does::Replaces));
}

#[test]
fn what_a_value_is_taken_from_is_found_through_modules() {
    let one = change(
        "module.net[\"a\"].aws_instance.x",
        "aws_instance",
        &["create"],
        (Value::Null, json!({"ami": "ami-1"})),
        json!({"id": true, "vpc_security_group_ids": true, "subnet_id": true, "user_data": true}),
    );
    let mut one = one;
    one["module_address"] = json!("module.net[\"a\"]");
    let configuration = json!({
        "provider_config": {"aws": {"name": "aws", "expressions": {"region": {"references": ["var.region"]},
            "assume_role": [{"role_arn": {"constant_value": "arn:aws:iam::111122223333:role/deploy"}}]}}},
        "root_module": {
            "resources": [{"address": "aws_subnet.s", "mode": "managed", "type": "aws_subnet", "name": "s", "expressions": {}}],
            "module_calls": {"net": {
                "expressions": {"subnet": {"references": ["aws_subnet.s[0].id", "aws_subnet.s[0]", "aws_subnet.s"]}},
                "module": {"resources": [{"address": "aws_instance.x", "mode": "managed", "type": "aws_instance", "name": "x",
                    "provider_config_key": "aws",
                    "expressions": {"ami": {}, "subnet_id": {"references": ["var.subnet"]},
                        "vpc_security_group_ids": {"references": ["aws_security_group.g.id", "aws_security_group.g"]},
                        "user_data": {"references": ["local.script"]}}}]},
            }},
        },
    });
    let mut whole = plan(&one, &configuration);
    whole["variables"] = json!({"region": {"value": "eu-west-1"}});
    let found = Proposal::terraform("p", &whole.to_string()).expect("a plan");
    let one = &found.changes[0];
    assert_eq!((one.account.as_deref(), one.region.as_deref()), (Some("111122223333"), Some("eu-west-1")));
    let taken = |address: &str| vec![Taken { address: address.to_owned(), attribute: "id".to_owned() }];
    assert_eq!(
        one.taken,
        [
            ("subnet_id".to_owned(), taken("aws_subnet.s[0]")),
            ("vpc_security_group_ids".to_owned(), taken("module.net[\"a\"].aws_security_group.g")),
        ]
    );
    // What the code does not state the provider only gives; what a local value is, no plan says.
    assert!(one.after.get("id").is_none());
    assert!(unknown_why(&one.after["user_data"]).is_some());
}

#[test]
fn what_is_no_change_set_is_refused_with_what_to_do() {
    let read = |value: Value| told(Proposal::change_set("set.json", &value.to_string()));
    assert!(
        read(json!({}))
            .contains("it has no `Changes`; write it with `aws cloudformation describe-change-set")
    );
    let failed = read(json!({"Status": "FAILED", "StatusReason": "No updates", "Changes": []}));
    assert!(failed.contains("the change set is FAILED: No updates"), "{failed}");
    let page = read(json!({"Status": "CREATE_COMPLETE", "Changes": [], "NextToken": "x"}));
    assert!(page.contains("one page of the change set"), "{page}");
    let bare = read(json!({"Status": "CREATE_COMPLETE", "Changes": [{"Type": "Resource", "ResourceChange":
        {"Action": "Modify", "LogicalResourceId": "Web", "ResourceType": "AWS::EC2::SecurityGroup"}}]}));
    assert!(bare.contains("Web: the change set does not say the values of properties"), "{bare}");
}

#[test]
fn a_change_set_says_properties_before_and_after() {
    let set = json!({"Status": "CREATE_COMPLETE", "StackId": "arn:aws:cloudformation:eu-west-1:111122223333:stack/shop/1", "Changes": [
        {"Type": "Resource", "ResourceChange": {"Action": "Modify", "LogicalResourceId": "Web", "PhysicalResourceId": "sg-1",
            "ResourceType": "AWS::EC2::SecurityGroup", "Replacement": "False",
            "BeforeContext": "{\"Properties\":{\"GroupName\":\"web\"}}",
            "AfterContext": "{\"Properties\":{\"GroupName\":\"{{changeSet:KNOWN_AFTER_APPLY}}\"}}"}},
    ]});
    let found = Proposal::change_set("s", &set.to_string()).expect("a change set");
    let one = &found.changes[0];
    assert_eq!((one.language, one.does), (Language::CloudFormation, Does::Changes));
    assert_eq!((one.account.as_deref(), one.region.as_deref()), (Some("111122223333"), Some("eu-west-1")));
    assert_eq!(one.before, json!({"GroupName": "web"}));
    assert!(unknown_why(&one.after["GroupName"]).is_some());
}

#[expect(clippy::needless_pass_by_value, reason = "values are written where they are used")]
fn written(kind: &str, document: &mut Value, before: Value, after: Value) -> Written {
    let map = content().declared.get(Language::Terraform, kind).expect("a map");
    write::write(document, map, &before, &after, "sg-own")
}

#[test]
fn a_rule_comes_and_goes_and_the_others_stay_as_they_are() {
    let range = |port: u16, cidrs: &[&str]| {
        let ranges: Vec<Value> =
            cidrs.iter().map(|cidr| json!({"CidrIp": cidr, "Description": "d"})).collect();
        json!({"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": ranges, "UserIdGroupPairs": []})
    };
    let start = json!({"GroupId": "sg-own", "IpPermissions": [range(443, &["0.0.0.0/0", "10.0.0.0/8"]), range(22, &["10.0.0.0/8"])]});
    let rule = |port: u16, cidr: &str| json!({"security_group_id": "sg-own", "ip_protocol": "tcp", "from_port": port, "to_port": port, "cidr_ipv4": cidr});
    let mut document = start.clone();
    let kind = "aws_vpc_security_group_ingress_rule";
    let found = written(kind, &mut document, Value::Null, rule(5432, "0.0.0.0/0"));
    assert!(found.changed && found.left.is_empty(), "{found:?}");
    assert_eq!(
        document["IpPermissions"][2],
        json!({"IpProtocol": "tcp", "FromPort": 5432, "ToPort": 5432, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]})
    );
    written(kind, &mut document, rule(5432, "0.0.0.0/0"), Value::Null);
    assert_eq!(document, start);
    // One of two ranges goes, the other one keeps what is said of it.
    written(kind, &mut document, rule(443, "0.0.0.0/0"), Value::Null);
    let all = document["IpPermissions"].as_array().expect("a list");
    assert_eq!((all.len(), &all[0]), (2, &range(443, &["10.0.0.0/8"])));
    // What a rule is about that is not known leaves the list not known.
    let unknown = json!({"security_group_id": "sg-own", "ip_protocol": "tcp", "from_port": 1, "to_port": 1,
        "referenced_security_group_id": {"fathom:unknown": "it is known after the run only"}});
    let found = written(kind, &mut document, Value::Null, unknown);
    assert_eq!(found.not_known, BTreeSet::from(["IpPermissions".to_owned()]));
}

#[test]
fn a_group_that_lets_itself_in_is_named_by_its_id() {
    let mut document = json!({"GroupId": "sg-own", "IpPermissions": []});
    let rule = json!({"type": "ingress", "security_group_id": "sg-own", "protocol": "-1", "from_port": 0, "to_port": 0, "self": true});
    let found = written("aws_security_group_rule", &mut document, Value::Null, rule);
    assert!(found.left.is_empty(), "{found:?}");
    assert_eq!(
        document["IpPermissions"],
        json!([{"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-own"}]}])
    );
    assert_eq!(document.get("IpPermissionsEgress"), None);
}

#[test]
fn policies_are_written_as_json_and_by_name() {
    let policy = json!({"Version": "2012-10-17", "Statement": []});
    let mut role = json!({"RoleName": "r", "RolePolicyList": [{"PolicyName": "a", "PolicyDocument": {}}]});
    let one = |name: &str| json!({"role": "r", "name": name, "policy": policy.to_string()});
    written("aws_iam_role_policy", &mut role, Value::Null, one("b"));
    assert_eq!(role["RolePolicyList"][1], json!({"PolicyName": "b", "PolicyDocument": policy}));
    written("aws_iam_role_policy", &mut role, one("b"), Value::Null);
    assert_eq!(role["RolePolicyList"], json!([{"PolicyName": "a", "PolicyDocument": {}}]));
    let mut managed = json!({"PolicyVersionList": [{"VersionId": "v1", "IsDefaultVersion": false, "Document": {}},
        {"VersionId": "v2", "IsDefaultVersion": true, "Document": {}}]});
    written("aws_iam_policy", &mut managed, json!({"policy": "{}"}), json!({"policy": policy.to_string()}));
    assert_eq!(managed["PolicyVersionList"][1]["Document"], policy);
    assert_eq!(managed["PolicyVersionList"][0]["Document"], json!({}));
    // A policy in which something is not known is not known, and the one before does not stand for it.
    let mut bucket = json!({"Name": "b", "Policy": policy});
    let unknown = json!({"bucket": "b", "policy": {"fathom:unknown": "it is known after the run only"}});
    let found = written("aws_s3_bucket_policy", &mut bucket, json!({"bucket": "b", "policy": "{}"}), unknown);
    assert_eq!(found.not_known, BTreeSet::from(["Policy".to_owned()]));
    assert!(
        found.left.iter().any(|left| matches!(&left.why, Why::Unknown(why) if why.contains("after the run")))
    );
}

#[test]
fn names_that_documents_write_as_arns_stay_arns() {
    let mut queue = json!({"QueueArn": "arn:aws:sqs:eu-west-1:1:orders", "DelaySeconds": "0"});
    let side = |delay: u16, tags: Value| json!({"name": "orders", "delay_seconds": delay, "tags_all": tags});
    let found = written("aws_sqs_queue", &mut queue, Value::Null, side(5, json!({"env": "prod"})));
    assert!(found.left.is_empty(), "{found:?}");
    assert_eq!(queue["QueueArn"], "arn:aws:sqs:eu-west-1:1:orders");
    assert_eq!(queue["Tags"], json!([{"Key": "env", "Value": "prod"}]));
}

#[test]
fn what_no_map_names_is_told_and_what_does_not_change_is_not() {
    let mut queue = json!({"QueueArn": "arn:aws:sqs:eu-west-1:1:orders"});
    let side = |word: &str| json!({"name": "orders", "new_attribute": word, "other": 1});
    let found = written("aws_sqs_queue", &mut queue, side("a"), side("b"));
    let left: Vec<&str> = found.left.iter().map(|left| left.attribute.as_str()).collect();
    assert_eq!(left, ["new_attribute"]);
    assert!(found.left.iter().all(|left| left.why == Why::NotMapped) && !found.changed);
}

#[test]
fn lists_of_objects_keep_what_else_is_known_of_their_elements() {
    let mut server = json!({"SecurityGroups": [{"GroupId": "sg-1", "GroupName": "one"}]});
    let side = |groups: Value| json!({"id": "i-1", "vpc_security_group_ids": groups});
    written("aws_instance", &mut server, side(json!(["sg-1"])), side(json!(["sg-2", "sg-1"])));
    assert_eq!(
        server["SecurityGroups"],
        json!([{"GroupId": "sg-2"}, {"GroupId": "sg-1", "GroupName": "one"}])
    );
    let mut listener = json!({"DefaultActions": []});
    let actions = json!({"default_action": [{"type": "redirect", "target_group_arn": null}, {"type": "forward", "target_group_arn": "t"}]});
    written("aws_lb_listener", &mut listener, Value::Null, actions);
    assert_eq!(
        listener["DefaultActions"],
        json!([{"Type": "redirect"}, {"Type": "forward", "TargetGroupArn": "t"}])
    );
}

/// Every text by which an element is made has as many words as the one that it is made of, and what is made is made whole: so says
/// the loader of maps. Here each is tried on an element of one value a hole.
#[test]
fn every_fact_that_makes_an_element_makes_one_that_states_it() {
    let mut tried = 0;
    for (language, map) in content().declared.iter() {
        for attribute in map.attributes.iter().filter(|one| one.form == Form::Facts) {
            let Some(facts) = attribute.facts.as_ref().filter(|facts| !facts.makes.is_empty()) else {
                continue;
            };
            for (at, declared) in facts.declared.iter().enumerate() {
                let mut element = json!({});
                for word in words(declared) {
                    fill(&mut element, word);
                }
                let mut after = json!({});
                if attribute.from.as_str() == "@" {
                    after = element;
                } else if declared == "{@}" {
                    put(&mut after, attribute.from.as_str(), json!("arn:aws:iam::1:policy/x"));
                } else {
                    put(&mut after, attribute.from.as_str(), element);
                }
                for hole in map
                    .identified_by
                    .iter()
                    .flat_map(|name| name.as_str().split(['{', '}']).skip(1).step_by(2))
                {
                    if after.get(hole).is_none() {
                        after[hole] = json!("own-1");
                    }
                }
                let mut document = json!({});
                let found = write::write(&mut document, map, &Value::Null, &after, "own-1");
                let of_facts = found.left.iter().filter(|left| left.why == Why::NotWritten);
                assert_eq!(of_facts.count(), 0, "{language} {} {at}: {found:?} {after} {document}", map.kind);
                assert!(found.changed, "{language} {} {at}: {after}", map.kind);
                // Taken away again, nothing of it is left.
                write::write(&mut document, map, &after, &Value::Null, "own-1");
                let list = attribute.to.as_str().split("[]").next().unwrap_or_default();
                let list = list.parse::<fathom_model::path::Path>().expect("a path");
                assert!(
                    list.first(&document).and_then(Value::as_array).is_none_or(Vec::is_empty),
                    "{language} {} {at}: {document}",
                    map.kind
                );
                tried += 1;
            }
        }
    }
    assert!(tried > 50, "{tried}");
}

/// Gives the holes of a word values that fit it.
fn fill(element: &mut Value, word: &str) {
    for hole in word.split(['{', '}']).skip(1).step_by(2) {
        if let Some((path, wanted)) = hole.split_once('=') {
            put(element, path, wanted.parse::<bool>().map_or_else(|_| json!(wanted), |truth| json!(truth)));
            continue;
        }
        let path = hole.split("||").next().unwrap_or(hole).trim();
        let path = path.trim_end_matches('?').trim_end_matches("|last");
        if path == "@" {
            continue;
        }
        let is_port = ["port", "number", "Port", "type", "code"].iter().any(|end| path.ends_with(end));
        put(
            element,
            path,
            if is_port {
                json!(7)
            } else if path.ends_with("rotocol") {
                json!("tcp")
            } else {
                json!("v-1")
            },
        );
    }
}

fn put(value: &mut Value, path: &str, what: Value) {
    match path.split_once("[]") {
        Some((list, "")) => write::put(value, list, Some(json!([what]))),
        Some((list, rest)) => {
            let mut inner = json!({});
            put(&mut inner, rest.trim_start_matches('.'), what);
            write::put(value, list, Some(json!([inner])));
        }
        None => write::put(value, path, Some(what)),
    }
}
