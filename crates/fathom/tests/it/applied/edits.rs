//! Single edits: foretold, then made on the cloud, and those that `fathom paths` and `fathom escalate` propose, pasted.

use std::collections::BTreeSet;

use fathom_testkit::moto::Moto;
use serde_json::{Value, json};

use super::{
    ACCOUNT, REGION,
    agree::{Seen, agree, text},
    cloud::{BEFORE, boto, front},
};
use crate::harness::{Place, copy_dir, sample};

/// The same as the edits, by calls of the API.
const APPLY: &str = r#"
e = c("ec2")
one = lambda port, range: [{"IpProtocol": "tcp", "FromPort": port, "ToPort": port, "IpRanges": [{"CidrIp": range}]}]
e.authorize_security_group_ingress(GroupId=ids["closed"], IpPermissions=one(22, "0.0.0.0/0"))
e.revoke_security_group_ingress(GroupId=ids["web"], IpPermissions=one(80, "0.0.0.0/0"))
e.delete_route(RouteTableId=ids["table_b"], DestinationCidrBlock="0.0.0.0/0")
e.modify_network_interface_attribute(NetworkInterfaceId=ids["interface_a"], Groups=[ids["web"], ids["other"]])
q = c("sqs")
q.set_queue_attributes(QueueUrl=ids["orders"], Attributes={"Policy": json.dumps({"Version": "2012-10-17", "Statement": [ids["statement"]]})})
q.set_queue_attributes(QueueUrl=ids["mails"], Attributes={"Policy": ""})
s = c("s3")
s.put_public_access_block(Bucket="files-2", PublicAccessBlockConfiguration={k: True for k in
    ["BlockPublicAcls", "BlockPublicPolicy", "IgnorePublicAcls", "RestrictPublicBuckets"]})
i = c("iam")
i.create_policy_version(PolicyArn=ids["reader"], SetAsDefault=True, PolicyDocument=may(["sqs:ReceiveMessage", "sqs:DeleteMessage"],
    "arn:aws:sqs:eu-west-1:123456789012:orders"))
i.attach_user_policy(UserName="kim", PolicyArn=ids["reader"])
i.delete_role_policy(RoleName="deployer", PolicyName="all")
i.delete_role(RoleName="deployer")
"#;

fn asked(edits: &[String], more: &[&str]) -> Vec<String> {
    let mut args: Vec<String> = more.iter().map(|one| (*one).to_owned()).collect();
    args.push("what-if".to_owned());
    for edit in edits {
        args.extend(["--edit".to_owned(), edit.clone()]);
    }
    args
}

fn what_if(place: &Place, edits: &[String], code: i32) -> Value {
    let args = asked(edits, &["--json"]);
    let args: Vec<&str> = args.iter().map(String::as_str).collect();
    place.run(&args).code(code).json()
}

#[test]
fn what_edits_were_foretold_to_open_and_close_is_what_differs() {
    let Some(moto) = Moto::start() else { return };
    let mut ids = boto(&moto, BEFORE);
    let cloud = front(&moto);
    let place = Place::asking(&cloud.url);
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let statement = json!({"Effect": "Allow", "Principal": "*", "Action": "sqs:ReceiveMessage",
        "Resource": format!("arn:aws:sqs:{REGION}:{ACCOUNT}:orders")});
    ids["statement"] = statement.clone();
    let id = |name: &str| text(&ids[name]);
    let edits = [
        format!("add the rule for tcp 22 from 0.0.0.0/0 to {}", id("closed")),
        format!("take the rule for tcp 80 from 0.0.0.0/0 out of {}", id("web")),
        format!("take the route to 0.0.0.0/0 by {} out of {}", id("igw"), id("table_b")),
        format!("add the security group {} to {}", id("other"), id("interface_a")),
        format!("add the statement {statement} to the resource policy of orders"),
        "remove the resource policy of mails".to_owned(),
        "block public access of files-2".to_owned(),
        "add sqs:DeleteMessage to statement 0 of the policy `reader` of worker".to_owned(),
        format!("add the policy {} to kim", id("reader")),
        "remove deployer".to_owned(),
    ];
    let told = what_if(&place, &edits, 3);
    for one in told["changes"].as_array().expect("changes") {
        let nothing = json!([]);
        assert_eq!((&one["not_known"], &one["not_looked_at"]), (&nothing, &nothing), "{one:#}");
        assert!(!one["resources"].as_array().expect("resources").is_empty(), "{one:#}");
    }
    let given = serde_json::to_string(&ids.to_string()).expect("text");
    boto(&moto, &format!("ids = json.loads({given})\n{APPLY}\nprint(json.dumps({{}}))"));
    let cloud = front(&moto);
    let after = Place::asking(&cloud.url);
    copy_dir(&place.data(), &after.data());
    after.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    let seen = Seen {
        who: &["worker", "kim"],
        made: &[":role/deployer "],
        differing: &["exposures", "openings", "permissions", "unauthenticated"],
    };
    agree(&told, &place, &after, &seen);
}

/// The texts of edits that a command proposes.
fn proposed(out: &str, before: &str) -> BTreeSet<String> {
    // Lines are wrapped in no terminal, and the sentence after an edit says what comes of it.
    let found = out.split(before).skip(1).filter_map(|rest| rest.split(". Asked again").next());
    found.map(|edit| edit.split_whitespace().collect::<Vec<_>>().join(" ")).collect()
}

#[test]
fn what_paths_proposes_is_understood_and_closes_what_it_says() {
    let out = sample().run(&["paths", "--all"]).ok().out;
    let edits = proposed(&out, "To close it: ");
    assert!(edits.len() >= 3, "{out}");
    for edit in &edits {
        let told = what_if(sample(), std::slice::from_ref(edit), 0);
        let paths = told["difference"]["paths"].as_array().expect("ways");
        assert!(paths.iter().any(|one| one["turn"] == "closed"), "`{edit}` closes no way: {told:#}");
        assert_eq!(told["opens"], 0, "`{edit}` opens something");
    }
    // All forms that the sample gives rise to: a statement, a rule, a key.
    for word in ["take statement", "take the rule for", "switch off the access key"] {
        assert!(edits.iter().any(|edit| edit.starts_with(word)), "no `{word}`: {edits:?}");
    }
}

#[test]
fn what_escalate_proposes_is_understood_and_takes_what_it_says() {
    let who = ["123456789012"];
    let outs: Vec<String> = who.iter().map(|who| sample().run(&["escalate", who]).out).collect();
    let edits: BTreeSet<String> = outs.iter().flat_map(|out| proposed(out, "To prevent it: ")).collect();
    assert!(!edits.is_empty(), "{outs:?}");
    for edit in &edits {
        let told = what_if(sample(), std::slice::from_ref(edit), 0);
        assert!(
            told["closes"].as_u64().is_some_and(|closes| closes > 0),
            "`{edit}` closes nothing: {told:#}"
        );
        assert_eq!(told["opens"], 0, "`{edit}` opens something");
    }
}

#[test]
fn edits_that_cannot_be_made_are_refused_with_the_edit_and_the_reason() {
    let place = sample();
    let ask = |edits: &[&str]| {
        let edits: Vec<String> = edits.iter().map(|edit| (*edit).to_owned()).collect();
        let args = asked(&edits, &[]);
        place.run(&args.iter().map(String::as_str).collect::<Vec<_>>())
    };
    let group = "sg-fdb4753dd1711f53c";
    for (edit, words) in [
        ("open the door", &["`open the door` is no edit", "begin with `add`"][..]),
        ("remove sg-0123", &["`remove sg-0123`", "saw nothing called `sg-0123`"]),
        (
            "set arn:aws:iam::908249470583:role/jenkins-old Colour=red",
            &["it has no member `Colour`", "RoleName"],
        ),
        (
            "set jenkins-old Path=/",
            &["`jenkins-old` may mean several", "instance-profile/jenkins-old", "write the ARN"],
        ),
        ("block public access of jenkins-old", &["which has no such thing"]),
        (
            "take the rule for tcp 1 from 0.0.0.0/0 out of sg-fdb4753dd1711f53c",
            &["no such part; it has", "tcp 8080 8080 0.0.0.0/0"],
        ),
        (
            "take s3:GetObject out of statement 7 of the policy `work` of arn:aws:iam::908249470583:role/jenkins-old",
            &["no statement 7"],
        ),
        (
            "take statement 0 out of the policy `none` of arn:aws:iam::908249470583:role/jenkins-old",
            &["no policy `none`; it has", "work"],
        ),
        ("let i-9bd60dd279e9006f7 run without SupportAccess", &["nothing that was read says"]),
    ] {
        ask(&[edit]).code(1).says(words);
    }
    ask(&[&format!("remove {group}"), &format!("add the rule for tcp 1 from 0.0.0.0/0 to {group}")])
        .code(1)
        .says(&["an edit before it removes"]);
    place.run(&["what-if", "--edit", "remove x", "--plan", "p"]).code(2);
    place.run(&["what-if", "--template", "t.yaml"]).code(2);
    place.run(&["what-if", "--edit", "remove x", "--principal", "y"]).code(2);
}

#[test]
fn a_server_runs_without_its_role_and_what_is_so_already_changes_nothing() {
    let out = sample()
        .run(&["--json", "sql", "select uid from aws_ec2_instance where instance_profile like '%jenkins%'"])
        .ok();
    let server =
        out.out.split('"').find(|word| word.starts_with("arn:aws:ec2:")).expect("a server").to_owned();
    let edit = format!("let {server} run without arn:aws:iam::908249470583:role/jenkins-old");
    let told = what_if(sample(), &[edit], 0);
    assert_eq!(told["changes"][0]["resources"], json!([server]));
    let ways = told["difference"]["paths"].as_array().expect("ways");
    assert!(ways.iter().any(|one| one["turn"] == "closed"), "{told:#}");
    let again = what_if(
        sample(),
        &["add the rule for tcp 8080 from 0.0.0.0/0 to sg-fdb4753dd1711f53c".to_owned()],
        0,
    );
    assert_eq!(again["changes"][0]["assumed"], json!(["it is so already; nothing changes by it"]));
    assert_eq!(again["opens"], 0);
}
