//! Rehearsals over logs that were written for them: what would newly be blocked, what cannot be said, and who looks like a real user.

use std::collections::BTreeSet;

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fathom_webfirewall::{
    Acl, Request, Sets, logs,
    rehearse::{Question, Rehearsal, rehearse},
};
use serde_json::{Value, json};

use crate::specifications::record;

const ACL: &str = "arn:acl";
const START: i64 = 1_700_000_000_000;

fn acl(rules: &Value) -> Acl {
    let document = json!({"Name": "shop", "ARN": ACL, "DefaultAction": {"Allow": {}}, "Rules": rules});
    let acl = Acl::read(&document, &Sets::default()).expect("a web ACL");
    assert_eq!(acl.faults, Vec::<String>::new());
    acl
}

fn request(seconds: i64, client: &str, uri: &str, headers: &Value) -> Value {
    record(
        &json!({"timestamp": START + seconds * 1000, "httpRequest": {"clientIp": client, "uri": uri, "headers": headers}}),
    )
}

fn requests(records: &[Value]) -> Vec<Request> {
    let lines: Vec<String> = records.iter().map(Value::to_string).collect();
    let mut found = Vec::new();
    logs::each(lines.join("\n").as_bytes(), &mut |one| found.push(one.expect("a request"))).expect("a log");
    found
}

fn rehearsed(acl: &Acl, blocking: &[&str], records: &[Value]) -> Rehearsal {
    let blocking: BTreeSet<String> = blocking.iter().map(|name| (*name).to_owned()).collect();
    rehearse(&Question { today: acl, then: acl, blocking: &blocking }, &mut requests(records))
}

fn path_rule(name: &str, priority: u32, action: &str, path: &str) -> Value {
    json!({"Name": name, "Priority": priority, "Action": {action: {}}, "Statement": {"ByteMatchStatement": {"SearchString": BASE64_STANDARD.encode(path),
        "PositionalConstraint": "STARTS_WITH", "FieldToMatch": {"UriPath": {}}, "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}}})
}

#[test]
fn what_a_counting_rule_would_block_is_told_by_path_country_and_client() {
    let acl = acl(&json!([path_rule("old", 0, "Block", "/old"), path_rule("admin", 1, "Count", "/admin")]));
    let none = json!([]);
    let records = [
        request(0, "192.0.2.1", "/", &none),
        request(1, "192.0.2.1", "/admin/a", &none),
        request(2, "192.0.2.2", "/admin/a", &none),
        request(3, "192.0.2.2", "/admin/b", &none),
        request(4, "192.0.2.3", "/old/admin", &none),
    ];
    let told = rehearsed(&acl, &["admin"], &records);
    assert_eq!((told.requests, told.newly_blocked, told.may_be_newly_blocked), (5, 3, 0));
    assert_eq!((told.today.allowed, told.today.blocked), (4, 1));
    assert_eq!((told.then.allowed, told.then.blocked), (1, 4));
    let rows = |rows: &[fathom_webfirewall::rehearse::Row]| -> Vec<(String, u64, usize)> {
        rows.iter().map(|row| (row.value.clone(), row.requests, row.clients)).collect()
    };
    assert_eq!(rows(&told.by_path), [("/admin/a".to_owned(), 2, 2), ("/admin/b".to_owned(), 1, 1)]);
    assert_eq!(rows(&told.by_client), [("192.0.2.2".to_owned(), 2, 1), ("192.0.2.1".to_owned(), 1, 1)]);
    assert_eq!(rows(&told.by_country), [("DE".to_owned(), 3, 2)]);
    assert_eq!(rows(&told.by_rule), [("admin".to_owned(), 3, 2)]);
    // Nothing is rehearsed: nothing changes.
    let same = rehearsed(&acl, &[], &records);
    assert_eq!((same.newly_blocked, same.then == same.today), (0, true));
}

#[test]
fn what_the_log_does_not_hold_may_be_blocked_and_is_not_said_to_pass() {
    let body = json!({"Name": "body", "Priority": 1, "Action": {"Count": {}}, "Statement": {"XssMatchStatement": {"FieldToMatch": {"Body": {}},
        "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}}});
    let acl = acl(&json!([body, path_rule("admin", 2, "Block", "/admin")]));
    let mut counted = request(2, "192.0.2.1", "/", &json!([]));
    counted["nonTerminatingMatchingRules"] = json!([{"ruleId": "body", "action": "COUNT"}]);
    let records =
        [request(0, "192.0.2.1", "/", &json!([])), request(1, "192.0.2.1", "/admin", &json!([])), counted];
    let told = rehearsed(&acl, &["body"], &records);
    // The first may be; the second is blocked today already; of the third the log says that the rule matched.
    assert_eq!((told.newly_blocked, told.may_be_newly_blocked), (1, 1));
    assert_eq!((told.then.unknown, told.then.blocked, told.then.allowed), (1, 2, 0));
    assert!(told.unknown[0].value.contains("body"), "{:?}", told.unknown);
    // Another rule is rehearsed: what is not known of this one changes nothing.
    assert_eq!(rehearsed(&acl, &["other"], &records).may_be_newly_blocked, 0);
}

#[test]
fn real_users_are_named_with_the_signs() {
    let acl =
        acl(&json!([path_rule("trap", 0, "Block", "/trap"), path_rule("search", 1, "Count", "/search")]));
    let browser = json!([{"name": "User-Agent", "value": "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/140.0 Safari/537.36"},
        {"name": "Cookie", "value": "theme=dark; session_id=abc"}]);
    let robot = json!([{"name": "User-Agent", "value": "curl/8"}]);
    let mut records: Vec<Value> =
        (0..25).map(|number| request(number, "192.0.2.1", "/page", &browser)).collect();
    records.push(request(30, "192.0.2.1", "/style.css", &browser));
    records.push(request(31, "192.0.2.1", "/search", &browser));
    // A robot that today's rules stop elsewhere is none, whatever cookies it has.
    records.push(request(40, "192.0.2.66", "/trap", &browser));
    records.push(request(41, "192.0.2.66", "/search", &browser));
    // One without any sign.
    records.push(request(42, "192.0.2.77", "/search", &robot));
    let told = rehearsed(&acl, &["search"], &records);
    assert_eq!((told.newly_blocked, told.doubtful), (3, 1));
    let one = &told.doubtful_requests[0];
    assert_eq!(
        (one.client.as_str(), one.request.as_str(), one.rule.as_str()),
        ("192.0.2.1", "GET /search", "search")
    );
    for part in ["26 other requests", "loaded 1 pictures", "the cookie session_id"] {
        assert!(one.signs.iter().any(|sign| sign.contains(part)), "{part}: {:?}", one.signs);
    }
    // Many clients of one path: the path is meant, not they.
    let many: Vec<Value> =
        (0..6).map(|number| request(number, &format!("198.51.100.{number}"), "/search", &robot)).collect();
    let told = rehearsed(&acl, &["search"], &many);
    assert_eq!((told.newly_blocked, told.doubtful), (6, 6));
    assert!(
        told.doubtful_requests[0].signs[0].contains("6 of the 6 clients"),
        "{:?}",
        told.doubtful_requests[0].signs
    );
}

#[test]
fn limits_count_the_window_by_their_key() {
    let rate = json!([{"Name": "limit", "Priority": 0, "Action": {"Count": {}}, "Statement": {"RateBasedStatement": {"Limit": 10, "EvaluationWindowSec": 60,
        "AggregateKeyType": "IP", "ScopeDownStatement": path_rule("x", 0, "Block", "/login")["Statement"]}}}]);
    let acl = acl(&rate);
    let none = json!([]);
    // The log begins well before; twelve within a minute, of which two are beyond the limit; others in between do not count.
    let mut records = vec![request(0, "192.0.2.9", "/", &none)];
    for number in 0..12 {
        records.push(request(100 + number, "192.0.2.1", "/login", &none));
        records.push(request(100 + number, "192.0.2.1", "/other", &none));
        records.push(request(100 + number * 10, "192.0.2.2", "/login", &none));
    }
    let told = rehearsed(&acl, &["limit"], &records);
    assert_eq!((told.newly_blocked, told.may_be_newly_blocked), (2, 0), "{:?}", told.unknown);
    assert_eq!((told.by_client[0].value.as_str(), told.by_client.len()), ("192.0.2.1", 1));
    assert!(told.assumptions[0].contains("AWS estimates"));
    // What came before the log begins is not known.
    let told = rehearsed(&acl, &["limit"], &records[1..4]);
    assert_eq!((told.newly_blocked, told.may_be_newly_blocked), (0, 2));
}

#[test]
fn a_rule_that_is_added_stands_where_its_priority_says() {
    let today =
        acl(&json!([path_rule("health", 1, "Allow", "/health"), path_rule("old", 5, "Block", "/old")]));
    let mut then = today.clone();
    let rule = json!({"Name": "countries", "Priority": 3, "Action": {"Block": {}}, "Statement": {"NotStatement": {"Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}}});
    then.add(&rule, &Sets::default()).expect("a rule");
    assert_eq!(
        then.rules.iter().map(|rule| rule.name.as_str()).collect::<Vec<_>>(),
        ["health", "countries", "old"]
    );
    let mut abroad = request(0, "192.0.2.1", "/", &json!([]));
    abroad["httpRequest"]["country"] = json!("US");
    let mut healthy = abroad.clone();
    healthy["httpRequest"]["uri"] = json!("/health");
    let records = [abroad, healthy, request(1, "192.0.2.2", "/", &json!([]))];
    let blocking = BTreeSet::new();
    let told =
        rehearse(&Question { today: &today, then: &then, blocking: &blocking }, &mut requests(&records));
    assert_eq!((told.newly_blocked, told.today.allowed, told.then.allowed), (1, 3, 2));
    // What is wrong with a rule is told, and nothing is guessed.
    for (rule, part) in [
        (json!({"Priority": 1}), "no Name"),
        (
            json!({"Name": "old", "Priority": 1, "Action": {"Block": {}}, "Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}),
            "has a rule `old` already",
        ),
        (
            json!({"Name": "a", "Priority": 1, "Action": {"Block": {}}, "Statement": {"GeoStatement": {}}}),
            "GeoStatement is not known here",
        ),
        (
            json!({"Name": "a", "Priority": 1, "Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}}),
            "neither Action nor OverrideAction",
        ),
        (path_text("test"), "can be meant as Base64 or as it stands"),
    ] {
        let why = today.clone().add(&rule, &Sets::default()).expect_err("no rule");
        assert!(why.contains(part), "{why}");
    }
    assert!(today.clone().add(&path_text("/admin!"), &Sets::default()).is_ok());
}

/// A rule whose text is written as it stands.
fn path_text(text: &str) -> Value {
    let mut rule = path_rule("a", 1, "Block", "");
    rule["Statement"]["ByteMatchStatement"]["SearchString"] = json!(text);
    rule
}

#[test]
fn whether_the_same_comes_out_as_aws_said_is_told() {
    let acl = acl(&json!([path_rule("old", 0, "Block", "/old")]));
    let mut blocked = request(0, "192.0.2.1", "/old", &json!([]));
    blocked["action"] = json!("BLOCK");
    blocked["terminatingRuleId"] = json!("old");
    let mut elsewhere = request(1, "192.0.2.1", "/old", &json!([]));
    elsewhere["webaclId"] = json!("arn:another");
    let records = [
        blocked,
        request(2, "192.0.2.1", "/", &json!([])),
        request(3, "192.0.2.1", "/old", &json!([])),
        elsewhere,
    ];
    let told = rehearsed(&acl, &[], &records);
    assert_eq!((told.agreement.compared, told.agreement.same), (3, 2));
    assert!(
        told.agreement.differ[0].contains("AWS said allow (Default_Action), here it is block (old)"),
        "{:?}",
        told.agreement.differ
    );
}
