//! Single edits: the words that are understood, and what each makes of a description. How AWS describes rules, routes and policies is
//! what its API references say.

use std::collections::BTreeSet;

use fathom_content::DeclaredMap;
use fathom_estate::edits::{
    At, Change, Edit, Located, Named, What, change_policy, locate, set_member, write_part,
};
use fathom_model::ResourceType;
use serde_json::{Value, json};

use crate::drift::content;

fn read(text: &str) -> Edit {
    Edit::parse(text, &content().edits).unwrap_or_else(|error| panic!("{error}"))
}

fn refused(text: &str) -> String {
    Edit::parse(text, &content().edits)
        .err()
        .map_or_else(|| panic!("`{text}` is understood"), |e| e.to_string())
}

/// The part of a resource of a type that an edit means, and whether it comes.
fn part(text: &str, of: &str) -> (DeclaredMap, Value, bool, String) {
    let edit = read(text);
    let What::Part { comes, meanings } = edit.what else { panic!("`{text}` is no part") };
    let rules = &content().edits.parts;
    let found = meanings.into_iter().find_map(|(at, declared)| {
        let map = content().declared.get(rules[at].language, &rules[at].kind)?;
        (map.is.as_str() == of).then(|| (map.clone(), declared))
    });
    let (map, declared) = found.unwrap_or_else(|| panic!("`{text}` is no part of a {of}"));
    (map, declared, comes, edit.of)
}

fn written(document: &mut Value, text: &str, of: &str) -> Result<bool, String> {
    let (map, declared, comes, id) = part(text, of);
    write_part(document, &map, &declared, comes, &id)
}

const GROUP: &str = "AWS::EC2::SecurityGroup";

#[test]
fn a_rule_is_added_and_taken_out_in_the_words_of_the_proposal() {
    let start = json!({"GroupId": "sg-1", "IpPermissions": [], "IpPermissionsEgress": []});
    // Words, and the element of `IpPermissions` that the EC2 API has for it.
    let cases = [
        (
            "tcp 22 from 0.0.0.0/0",
            json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        ),
        (
            "tcp from 10.0.0.0/8",
            json!({"IpProtocol": "tcp", "FromPort": 0, "ToPort": 65535, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}),
        ),
        (
            "udp 1000-2000 from ::/0",
            json!({"IpProtocol": "udp", "FromPort": 1000, "ToPort": 2000, "Ipv6Ranges": [{"CidrIpv6": "::/0"}]}),
        ),
        (
            "icmp type 8 code 0 from 0.0.0.0/0",
            json!({"IpProtocol": "icmp", "FromPort": 8, "ToPort": 0, "IpRanges": [{"CidrIp": "0.0.0.0/0"}]}),
        ),
        ("all traffic from sg-2", json!({"IpProtocol": "-1", "UserIdGroupPairs": [{"GroupId": "sg-2"}]})),
        ("protocol 50 from pl-1", json!({"IpProtocol": "50", "PrefixListIds": [{"PrefixListId": "pl-1"}]})),
    ];
    for (words, element) in cases {
        let mut document = start.clone();
        assert_eq!(written(&mut document, &format!("add the rule for {words} to sg-1"), GROUP), Ok(true));
        assert_eq!(document["IpPermissions"], json!([element]), "{words}");
        assert_eq!(document["IpPermissionsEgress"], json!([]));
        // Once more changes nothing.
        assert_eq!(written(&mut document, &format!("add rule for {words} to sg-1"), GROUP), Ok(false));
        let proposed = format!("To close it: take the rule for {words} out of sg-1.");
        assert_eq!(written(&mut document, &proposed, GROUP), Ok(true));
        assert_eq!(document, start, "{words}");
        let gone = written(&mut document, &proposed, GROUP).expect_err("it is gone");
        assert!(gone.contains("no such part"), "{gone}");
    }
    let mut document = start.clone();
    assert_eq!(written(&mut document, "add the rule for tcp 443 to 10.0.0.0/8 to sg-1", GROUP), Ok(true));
    assert_eq!(
        document["IpPermissionsEgress"],
        json!([{"IpProtocol": "tcp", "FromPort": 443, "ToPort": 443, "IpRanges": [{"CidrIp": "10.0.0.0/8"}]}])
    );
    // What is there is told where another is to go.
    let told = written(&mut document, "take the rule for tcp 80 to 10.0.0.0/8 out of sg-1", GROUP);
    assert!(told.expect_err("no such rule").contains("tcp 443 443 10.0.0.0/8"));
}

#[test]
fn one_of_several_ranges_goes_and_the_others_stay() {
    let pair = json!({"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22,
        "IpRanges": [{"CidrIp": "0.0.0.0/0"}, {"CidrIp": "10.0.0.0/8", "Description": "office"}]});
    let mut document = json!({"GroupId": "sg-1", "IpPermissions": [pair]});
    assert_eq!(
        written(&mut document, "take the rule for tcp 22 from 0.0.0.0/0 out of sg-1", GROUP),
        Ok(true)
    );
    assert_eq!(
        document["IpPermissions"],
        json!([{"IpProtocol": "tcp", "FromPort": 22, "ToPort": 22, "IpRanges": [{"CidrIp": "10.0.0.0/8", "Description": "office"}]}])
    );
}

#[test]
fn routes_policies_and_groups_come_and_go() {
    let mut table = json!({"RouteTableId": "rtb-1", "Routes": [{"DestinationCidrBlock": "10.0.0.0/16", "GatewayId": "local"}]});
    let of = "AWS::EC2::RouteTable";
    assert_eq!(written(&mut table, "add the route to 0.0.0.0/0 by igw-1 to rtb-1", of), Ok(true));
    assert_eq!(
        table["Routes"][1],
        json!({"DestinationCidrBlock": "0.0.0.0/0", "GatewayId": "igw-1", "State": "active", "Origin": "CreateRoute"})
    );
    assert_eq!(written(&mut table, "add the route to ::/0 by eigw-1 to rtb-1", of), Ok(true));
    assert_eq!(table["Routes"][2]["EgressOnlyInternetGatewayId"], "eigw-1");
    assert_eq!(written(&mut table, "take the route to 0.0.0.0/0 by igw-1 out of rtb-1", of), Ok(true));
    assert_eq!(table["Routes"].as_array().expect("routes").len(), 2);
    let policy = "arn:aws:iam::aws:policy/ReadOnlyAccess";
    for (kind, name) in [("User", "kim"), ("Role", "worker"), ("Group", "people")] {
        let mut who = json!({"AttachedManagedPolicies": []});
        let of = format!("AWS::IAM::{kind}");
        assert_eq!(written(&mut who, &format!("add the policy {policy} to {name}"), &of), Ok(true));
        assert_eq!(who["AttachedManagedPolicies"], json!([{"PolicyArn": policy}]));
        assert_eq!(written(&mut who, &format!("take the policy {policy} out of {name}"), &of), Ok(true));
        assert_eq!(who["AttachedManagedPolicies"], json!([]));
    }
    let mut user = json!({"UserName": "kim", "GroupList": ["a"]});
    assert_eq!(written(&mut user, "add the group people to kim", "AWS::IAM::User"), Ok(true));
    assert_eq!(user["GroupList"], json!(["a", "people"]));
}

#[test]
fn statements_are_meant_by_number_and_by_id_in_both_wordings() {
    let work = |name: &str| Named::Called(name.to_owned());
    let number = |number| At { number: Some(number), sid: None };
    let sid = |sid: &str| At { number: None, sid: Some(sid.to_owned()) };
    let who = "arn:aws:iam::111122223333:role/ann";
    let cases = [
        (
            format!("take iam:PassRole out of statement `Pass` of the policy `work` of {who}"),
            (work("work"), Change::TakesAction(sid("Pass"), "iam:PassRole".to_owned())),
        ),
        (
            format!("Take iam:PassRole out of statement 2 “Pass” of the policy work of {who}."),
            (
                work("work"),
                Change::TakesAction(
                    At { sid: Some("Pass".to_owned()), ..number(2) },
                    "iam:PassRole".to_owned(),
                ),
            ),
        ),
        (
            format!("take statement 2 out of the trust policy of {who}"),
            (Named::Own, Change::Takes(number(2))),
        ),
        (
            format!("take statement `Allow use of the key` out of the key policy of {who}"),
            (Named::Own, Change::Takes(sid("Allow use of the key"))),
        ),
        (
            format!("add sqs:SendMessage to statement 0 of the policy `people/lists` of {who}"),
            (work("people/lists"), Change::AddsAction(number(0), "sqs:SendMessage".to_owned())),
        ),
        (format!("remove the bucket policy of {who}"), (Named::Own, Change::Goes)),
        (
            format!(
                "add the statement {{\"Effect\": \"Deny\", \"Action\": \"*\", \"Resource\": \"out of to of\"}} to the policy `p` of {who}"
            ),
            (work("p"), Change::Adds(json!({"Effect": "Deny", "Action": "*", "Resource": "out of to of"}))),
        ),
    ];
    for (text, (policy, change)) in cases {
        let edit = read(&text);
        assert_eq!(edit.of, who, "{text}");
        assert_eq!(edit.what, What::Policy { policy, change }, "{text}");
    }
}

#[test]
fn policies_are_found_where_descriptions_keep_them() {
    let rules = &content().edits;
    let of = |kind: &str| ResourceType::from(kind);
    let user = json!({"UserName": "kim", "UserPolicyList": [{"PolicyName": "own", "PolicyDocument": {}}],
        "AttachedManagedPolicies": [{"PolicyName": "shared", "PolicyArn": "arn:aws:iam::1:policy/shared"}], "GroupList": ["people"]});
    let found = |name: &str| locate(&user, &of("AWS::IAM::User"), &Named::Called(name.to_owned()), rules);
    let pointer = "/UserPolicyList/0/PolicyDocument".to_owned();
    assert_eq!(found("own"), Ok(Located::Here { pointer, of: Some(("UserPolicyList".to_owned(), 0)) }));
    assert_eq!(found("shared"), Ok(Located::Managed("arn:aws:iam::1:policy/shared".to_owned())));
    let in_group = Located::InGroups(vec!["people".to_owned()], "lists".to_owned());
    assert_eq!(found("people/lists"), Ok(in_group));
    let none = locate(&user, &of("AWS::IAM::User"), &Named::Own, rules);
    assert_eq!(none, Err("a AWS::IAM::User has no policy of its own".to_owned()));
    let managed = json!({"PolicyName": "shared", "DefaultVersionId": "v2", "PolicyVersionList": [
        {"VersionId": "v1", "IsDefaultVersion": false, "Document": {}}, {"VersionId": "v2", "IsDefaultVersion": true, "Document": {}}]});
    let pointer = "/PolicyVersionList/1/Document".to_owned();
    let own = locate(&managed, &of("AWS::IAM::ManagedPolicy"), &Named::Own, rules);
    assert_eq!(own, Ok(Located::Here { pointer, of: None }));
}

#[test]
fn actions_and_statements_come_and_go_and_nothing_else_changes() {
    let start = json!({"Version": "2012-10-17", "Statement": [
        {"Sid": "One", "Effect": "Allow", "Action": ["s3:GetObject", "s3:PutObject"], "Resource": "*"},
        {"Sid": "Two", "Effect": "Allow", "Action": "s3:ListBucket", "Resource": "*"},
        {"Effect": "Allow", "NotAction": "iam:*", "Resource": "*"}]});
    let changed = |change: Change| {
        let mut policy = start.clone();
        change_policy(&mut policy, &change).map(|()| policy)
    };
    let sid = |sid: &str| At { number: None, sid: Some(sid.to_owned()) };
    let number = |number| At { number: Some(number), sid: None };
    let left = changed(Change::TakesAction(sid("One"), "S3:putobject".to_owned())).expect("it is there");
    assert_eq!(left["Statement"][0]["Action"], json!(["s3:GetObject"]));
    assert_eq!(
        (&left["Statement"][1], &left["Statement"][2]),
        (&start["Statement"][1], &start["Statement"][2])
    );
    // The last action takes the statement with it.
    let left = changed(Change::TakesAction(sid("Two"), "s3:ListBucket".to_owned())).expect("it is there");
    assert_eq!(left["Statement"], json!([start["Statement"][0], start["Statement"][2]]));
    assert_eq!(
        changed(Change::Takes(number(0))).expect("it is there")["Statement"],
        json!([start["Statement"][1], start["Statement"][2]])
    );
    let more = changed(Change::AddsAction(sid("Two"), "s3:DeleteObject".to_owned())).expect("it is there");
    assert_eq!(more["Statement"][1]["Action"], json!(["s3:ListBucket", "s3:DeleteObject"]));
    for (change, word) in [
        (Change::Takes(number(9)), "it has 0 to 2"),
        (Change::Takes(sid("Nine")), "One, Two"),
        (Change::TakesAction(sid("One"), "s3:DeleteObject".to_owned()), "s3:GetObject, s3:PutObject"),
        (Change::TakesAction(number(2), "s3:GetObject".to_owned()), "NotAction"),
        (Change::Adds(json!({"Effect": "Allow"})), "needs `Effect` and `Action`"),
    ] {
        let why = changed(change).expect_err("it cannot be made");
        assert!(why.contains(word), "no `{word}` in: {why}");
    }
    let mut none = Value::Null;
    change_policy(&mut none, &Change::Adds(json!({"Effect": "Deny", "Action": "*"}))).expect("a new policy");
    assert_eq!(none, json!({"Version": "2012-10-17", "Statement": [{"Effect": "Deny", "Action": "*"}]}));
}

#[test]
fn members_are_set_where_there_can_be_such() {
    let known: BTreeSet<String> = ["PubliclyAccessible", "Endpoint", "Groups"].map(str::to_owned).into();
    let start = json!({"PubliclyAccessible": true, "Endpoint": {"Port": 5432}, "Groups": [{"Id": "a"}]});
    let set = |path: &str, value: Value| {
        let mut document = start.clone();
        set_member(&mut document, path, &value, &known).map(|changed| (changed, document))
    };
    let (changed, document) = set("PubliclyAccessible", json!(false)).expect("a member");
    assert!(changed && document["PubliclyAccessible"] == false);
    assert_eq!(
        set("Groups[1].Id", json!("b")).expect("one more").1["Groups"],
        json!([{"Id": "a"}, {"Id": "b"}])
    );
    assert!(set("Endpoint", Value::Null).expect("taken away").1.get("Endpoint").is_none());
    assert!(!set("Endpoint.Port", json!(5432)).expect("a member").0);
    for (path, value, word) in [
        ("Public", json!(true), "it has no member `Public`; it has PubliclyAccessible"),
        ("PubliclyAccessible", json!("no"), "is true or false, and a text was given"),
        ("PubliclyAccessible.Inner", json!(1), "so it has no member `Inner`"),
        ("Groups[7].Id", json!("x"), "has 1 elements"),
        ("Endpoint[0]", json!(1), "is an object and no list"),
        ("Groups[x]", json!(1), "is no member"),
    ] {
        let why = set(path, value).expect_err("it cannot be set");
        assert!(why.contains(word), "no `{word}` in: {why}");
    }
}

#[test]
fn other_words_are_refused_with_what_to_write() {
    for (text, word) in [
        ("", "begin with `add`"),
        ("open port 22", "begin with `add`"),
        ("take everything", "take … out of RESOURCE"),
        ("take the rule for ssh from 0.0.0.0/0 out of sg-1", "`ssh` is no traffic"),
        ("take the rule for tcp 70000 from 0.0.0.0/0 out of sg-1", "is no traffic"),
        ("take the rule for tcp 20-10 from 0.0.0.0/0 out of sg-1", "end before they begin"),
        ("take the rule for tcp 22 from everywhere out of sg-1", "`everywhere` is no peer"),
        ("take the rule for tcp 22 from 0.0.0.0/33 out of sg-1", "is no peer"),
        ("add the door to sg-1", "is none of: rule for {traffic} from {peer}"),
        ("set db", "set RESOURCE MEMBER=JSON"),
        ("set db A={\"b\"", "is no JSON"),
        ("let i-1 run as root", "run without"),
        ("remove", "names no resource"),
        ("add the statement {\"a\" to the policy of x", "is no JSON"),
        ("take s3:GetObject out of the policy of x", "is no statement of a policy"),
        ("remove two things", "is not one resource"),
    ] {
        let told = refused(text);
        assert!(told.contains(word), "no `{word}` in: {told}");
    }
    let long = format!("remove {}", "x".repeat(70_000));
    assert!(refused(&long).contains("characters"));
}
