//! CloudFormation templates against their stacks: foretold, then made by the cloud itself out of the same template.

use fathom_testkit::moto::Moto;
use serde_json::{Value, json};

use super::{
    ACCOUNT, REGION,
    agree::{Seen, agree, text},
    cloud::{BEFORE, boto, front},
};
use crate::harness::{Place, copy_dir};

/// Makes a stack, or makes it anew.
const APPLY: &str = r#"
made = json.loads(ids["template"])["Resources"]
getattr(c("cloudformation"), ids["call"])(StackName="shop", TemplateBody=ids["template"], Capabilities=["CAPABILITY_NAMED_IAM"],
    Parameters=[{"ParameterKey": "Vpc", "ParameterValue": ids["vpc"]}])
# moto makes policies of queues only with a new stack, not when it is changed.
for name, queue in [("InboxPolicy", "inbox"), ("OutboxPolicy", "outbox-shop")] if ids["call"] == "update_stack" else []:
    policy = made[name]["Properties"]["PolicyDocument"]
    policy["Statement"][0]["Resource"] = "arn:aws:sqs:eu-west-1:123456789012:" + queue
    c("sqs").set_queue_attributes(QueueUrl=c("sqs").get_queue_url(QueueName=queue)["QueueUrl"], Attributes={"Policy": json.dumps(policy)})
print(json.dumps({}))
"#;

fn apply(moto: &Moto, ids: &Value, call: &str, template: &Value) {
    let mut ids = ids.clone();
    (ids["call"], ids["template"]) = (json!(call), json!(template.to_string()));
    let given = serde_json::to_string(&ids.to_string()).expect("text");
    let done = boto(moto, &format!("ids = json.loads({given})\n{APPLY}"));
    assert!(done.is_object(), "the cloud refuses the template");
}

fn policy(statement: &Value) -> Value {
    json!({"Version": "2012-10-17", "Statement": [statement]})
}

fn trust(who: &Value) -> Value {
    policy(&json!({"Effect": "Allow", "Principal": who, "Action": "sts:AssumeRole"}))
}

/// A queue, who may send to it, and two roles.
fn old() -> Value {
    let own = json!({"AWS": format!("arn:aws:iam::{ACCOUNT}:root")});
    json!({
        "Parameters": {"Vpc": {"Type": "String"}},
        "Resources": {
            "Inbox": {"Type": "AWS::SQS::Queue", "Properties": {"QueueName": "inbox"}},
            "InboxPolicy": {"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Inbox"}], "PolicyDocument": policy(
                &json!({"Effect": "Allow", "Principal": own, "Action": "sqs:SendMessage", "Resource": {"Fn::GetAtt": ["Inbox", "Arn"]}}))}},
            "Runner": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "runner",
                "AssumeRolePolicyDocument": trust(&json!({"AWS": "arn:aws:iam::444455556666:root"}))}},
            "RunnerPolicy": {"Type": "AWS::IAM::Policy", "Properties": {"PolicyName": "own", "Roles": [{"Ref": "Runner"}],
                "PolicyDocument": policy(
                    &json!({"Effect": "Allow", "Action": "sqs:ReceiveMessage", "Resource": {"Fn::GetAtt": ["Inbox", "Arn"]}}))}},
            "Leaver": {"Type": "AWS::IAM::Role", "Properties": {"RoleName": "leaver",
                "AssumeRolePolicyDocument": trust(&json!({"AWS": "arn:aws:iam::777788889999:root"}))}},
        },
    })
}

/// The same with another policy of the queue, another role, a new queue that anybody may read, and one role less.
fn new() -> Value {
    let mut template = old();
    let all = template["Resources"].as_object_mut().expect("resources");
    all.remove("Leaver");
    all["InboxPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Principal"] = json!("*");
    all["RunnerPolicy"]["Properties"]["PolicyDocument"]["Statement"][0]["Action"] =
        json!(["sqs:ReceiveMessage", "sqs:DeleteMessage"]);
    all.insert(
        "Outbox".to_owned(),
        json!({"Type": "AWS::SQS::Queue", "Properties": {"QueueName": {"Fn::Sub": "outbox-${AWS::StackName}"}}}),
    );
    all.insert(
        "OutboxPolicy".to_owned(),
        json!({"Type": "AWS::SQS::QueuePolicy", "Properties": {"Queues": [{"Ref": "Outbox"}], "PolicyDocument": policy(
            &json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage", "Resource": {"Fn::GetAtt": ["Outbox", "Arn"]}}))}}),
    );
    template
}

#[test]
fn what_a_template_was_foretold_to_open_and_close_is_what_differs() {
    let Some(moto) = Moto::start() else { return };
    let ids = boto(&moto, BEFORE);
    apply(&moto, &ids, "create_stack", &old());
    let cloud = front(&moto);
    let place = Place::asking(&cloud.url);
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    place.write("old.json", old().to_string());
    place.write("new.json", new().to_string());
    place.write("parameters.json", json!({"Vpc": text(&ids["vpc"])}).to_string());
    let args =
        ["--json", "what-if", "--template", "new.json", "--stack", "shop", "--parameters", "parameters.json"];
    let told = place.run(&[&args[..], &["--was", "old.json"]].concat()).code(3).json();
    for one in told["changes"].as_array().expect("changes") {
        assert_eq!(one["not_known"], json!([]), "{one:#}");
        assert!(!one["resources"].as_array().expect("resources").is_empty(), "{one:#}");
    }
    let done: Vec<(String, String)> = told["changes"]
        .as_array()
        .expect("changes")
        .iter()
        .map(|one| (text(&one["address"]), text(&one["does"])))
        .collect();
    // The cloud under test does not tell that the stack has this policy already; written over, it is the same.
    let wanted = [
        ("InboxPolicy", "made"),
        ("Leaver", "removed"),
        ("Outbox", "made"),
        ("OutboxPolicy", "made"),
        ("RunnerPolicy", "changed"),
    ];
    let mut done = done.iter().map(|(id, does)| (id.as_str(), does.as_str())).collect::<Vec<_>>();
    done.sort_unstable();
    assert_eq!(done, wanted);
    // Without the template of before it is the same, as nobody changed anything by hand.
    let alone = place.run(&args).code(3).json();
    for kind in ["exposures", "unauthenticated", "openings", "permissions"] {
        assert_eq!(alone["difference"][kind], told["difference"][kind], "{kind}");
    }

    apply(&moto, &ids, "update_stack", &new());
    let cloud = front(&moto);
    let after = Place::asking(&cloud.url);
    copy_dir(&place.data(), &after.data());
    after.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let seen = Seen {
        who: &["runner"],
        made: &[":outbox-shop ", ":role/leaver "],
        differing: &["openings", "permissions", "unauthenticated"],
    };
    agree(&told, &place, &after, &seen);
}
