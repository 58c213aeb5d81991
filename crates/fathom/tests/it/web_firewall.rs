//! `fathom web-firewall`: what stands before what answers the web, and rehearsals of rules on logged requests.

use std::io::Write as _;

use serde_json::{Value, json};

use crate::harness::{Place, Ran, sample};

const ACCOUNT: &str = "111122223333";
const ACL: &str =
    "arn:aws:wafv2:eu-central-1:111122223333:regional/webacl/shop/11111111-2222-3333-4444-555555555555";
const SET: &str =
    "arn:aws:wafv2:eu-central-1:111122223333:regional/ipset/bad/66666666-2222-3333-4444-555555555555";

/// The web ACL as `aws wafv2 get-web-acl` prints it.
fn acl() -> Value {
    let shown = |name: &str| json!({"SampledRequestsEnabled": true, "CloudWatchMetricsEnabled": true, "MetricName": name});
    let rule = |priority: u32, name: &str, does: (&str, Value), statement: Value| json!({"Name": name, "Priority": priority, does.0: does.1, "Statement": statement, "VisibilityConfig": shown(name)});
    // "/admin" in Base64.
    let admin = json!({"ByteMatchStatement": {"SearchString": "L2FkbWlu", "PositionalConstraint": "STARTS_WITH", "FieldToMatch": {"UriPath": {}},
        "TextTransformations": [{"Priority": 0, "Type": "URL_DECODE"}, {"Priority": 1, "Type": "LOWERCASE"}]}});
    json!({"WebACL": {"Name": "shop", "Id": "11111111-2222-3333-4444-555555555555", "ARN": ACL, "DefaultAction": {"Allow": {}}, "Capacity": 712,
        "VisibilityConfig": shown("shop"), "Rules": [
            rule(0, "bad", ("Action", json!({"Block": {}})), json!({"IPSetReferenceStatement": {"ARN": SET}})),
            rule(1, "admin", ("Action", json!({"Count": {}})), admin),
            rule(2, "common", ("OverrideAction", json!({"Count": {}})), json!({"ManagedRuleGroupStatement": {"VendorName": "AWS", "Name": "AWSManagedRulesCommonRuleSet"}})),
        ]}, "LockToken": "l"})
}

/// Saved answers: two user pools, of which one has the firewall, and a distribution without one.
fn saved(place: &Place) {
    let write = |name: &str, answer: Value| {
        place.write(&format!("saved/{ACCOUNT}/eu-central-1/{name}.json"), answer.to_string());
    };
    let pool = |id: &str| format!("arn:aws:cognito-idp:eu-central-1:{ACCOUNT}:userpool/{id}");
    let named = |id: &str| pool(id).replace(':', "%3A").replace('/', "%2F");
    write(
        "cognito-idp-list-user-pools",
        json!({"UserPools": [{"Id": "eu-central-1_a", "Name": "shop"}, {"Id": "eu-central-1_b", "Name": "staff"}, {"Id": "eu-central-1_c", "Name": "denied"}]}),
    );
    for (id, name) in [("eu-central-1_a", "shop"), ("eu-central-1_b", "staff"), ("eu-central-1_c", "denied")]
    {
        write(
            &format!("cognito-idp-describe-user-pool/{id}"),
            json!({"UserPool": {"Id": id, "Name": name, "Arn": pool(id)}}),
        );
    }
    write(&format!("wafv2-get-web-acl-for-resource/{}", named("eu-central-1_a")), acl());
    write(&format!("wafv2-get-web-acl-for-resource/{}", named("eu-central-1_b")), json!({}));
    write(
        "wafv2-list-web-acls",
        json!({"WebACLs": [{"Name": "shop", "Id": "11111111-2222-3333-4444-555555555555", "ARN": ACL}]}),
    );
    write("wafv2-get-web-acl", acl());
    write(
        "wafv2-list-ip-sets",
        json!({"IPSets": [{"Name": "bad", "Id": "66666666-2222-3333-4444-555555555555", "ARN": SET}]}),
    );
    write(
        "wafv2-get-ip-set",
        json!({"IPSet": {"Name": "bad", "Id": "66666666-2222-3333-4444-555555555555", "ARN": SET, "IPAddressVersion": "IPV4", "Addresses": ["198.51.100.0/24"]}}),
    );
}

/// A record of the log, as AWS documents it.
fn record(seconds: i64, client: &str, uri: &str, change: impl FnOnce(&mut Value)) -> String {
    let mut record = json!({
        "timestamp": 1_780_000_000_000_i64 + seconds * 1000, "formatVersion": 1, "webaclId": ACL, "terminatingRuleId": "Default_Action", "terminatingRuleType": "REGULAR",
        "action": "ALLOW", "terminatingRuleMatchDetails": [], "httpSourceName": "COGNITOIDP", "httpSourceId": "x", "rateBasedRuleList": [],
        "ruleGroupList": [{"ruleGroupId": "AWS#AWSManagedRulesCommonRuleSet", "terminatingRule": null, "nonTerminatingMatchingRules": [], "excludedRules": null}],
        "nonTerminatingMatchingRules": [], "requestHeadersInserted": null, "responseCodeSent": null,
        "httpRequest": {"clientIp": client, "country": "DE", "headers": [{"name": "Host", "value": "shop.example"}, {"name": "Authorization", "value": "REDACTED"}],
            "uri": uri, "args": "", "httpVersion": "HTTP/2.0", "httpMethod": "GET", "requestId": "r"}});
    change(&mut record);
    record.to_string()
}

fn gzip(text: &str) -> Vec<u8> {
    let mut packed = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    packed.write_all(text.as_bytes()).expect("gzip");
    packed.finish().expect("gzip")
}

/// Two files, one packed: four requests of the web ACL, one of another, and lines that are broken.
fn logs(place: &Place) {
    let group = |record: &mut Value| {
        record["ruleGroupList"][0]["terminatingRule"] =
            json!({"ruleId": "NoUserAgent_HEADER", "action": "BLOCK", "ruleMatchDetails": null});
        record["nonTerminatingMatchingRules"] =
            json!([{"ruleId": "common", "action": "COUNT", "ruleMatchDetails": []}]);
    };
    let blocked = |record: &mut Value| {
        record["action"] = json!("BLOCK");
        record["terminatingRuleId"] = json!("bad");
        record["ruleGroupList"] = json!([]);
    };
    let first = [
        record(0, "192.0.2.1", "/", |_| {}),
        "no JSON".to_owned(),
        record(1, "192.0.2.1", "/%41dmin/a", |_| {}),
    ];
    let second = [
        record(2, "192.0.2.2", "/", group),
        record(3, "198.51.100.9", "/admin", blocked),
        record(4, "192.0.2.1", "/", |record| record["webaclId"] = json!("arn:another")),
    ];
    place.write("logs/a.log", first.join("\n"));
    place.write("logs/b.log.gz", gzip(&second.join("\n")));
    place.write("logs/notes.txt", "nothing");
}

fn guards(told: &Value) -> Vec<(String, String)> {
    let text = |one: &Value, member: &str| one[member].as_str().unwrap_or_default().to_owned();
    let all = told["endpoints"].as_array().expect("endpoints").iter();
    all.map(|one| (text(one, "name"), text(one, "guard"))).collect()
}

/// Checks that standard output has each of these texts.
#[track_caller]
fn shows(ran: &Ran, texts: &[&str]) {
    for text in texts {
        assert!(ran.out.contains(text), "no `{text}` in:\n{}", ran.seen());
    }
}

#[test]
fn what_stands_before_each_endpoint_is_told() {
    let place = Place::new();
    saved(&place);
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    let told = place.run(&["web-firewall", "--json"]).ok().json();
    let pools: Vec<(String, String)> =
        guards(&told).into_iter().filter(|(name, _)| !name.is_empty()).collect();
    let row = |name: &str, guard: &str| (name.to_owned(), guard.to_owned());
    assert_eq!(pools, [row("staff", "none"), row("denied", "unknown"), row("shop", "stops")]);
    let acl = &told["acls"][0];
    assert_eq!(
        (&acl["name"], &acl["capacity"], &acl["guard"]),
        (&json!("shop"), &json!(712), &json!("stops"))
    );
    assert_eq!(acl["guards"].as_array().map(Vec::len), Some(1));
    let rule = |name: &str| {
        acl["rules"]
            .as_array()
            .and_then(|all| all.iter().find(|one| one["name"] == name))
            .expect("a rule")
            .clone()
    };
    assert_eq!(rule("admin")["only_counts"], true);
    assert!(rule("admin")["counts_since"].is_string());
    assert_eq!(rule("bad")["looks_for"], "the address is in the set bad (1 ranges)");
    assert!(rule("bad")["counts_since"].is_null());
    let texts = [
        "NONE",
        "staff",
        "UNKNOWN",
        "wafv2:GetWebACLForResource",
        "STOPS",
        "712 WCU",
        "only counts",
        "group AWSManagedRulesCommonRuleSet of AWS",
    ];
    shows(&place.run(&["web-firewall"]).ok(), &texts);
    place.run(&["web-firewall", "--exit-code"]).code(3);
    // The same of the folder itself, which is not kept.
    let asked = Place::new();
    saved(&asked);
    let folder = asked.run(&["web-firewall", "--json", "--aws-json", "saved"]).ok().json();
    assert_eq!(guards(&folder), guards(&told));
}

#[test]
fn a_rule_is_rehearsed_on_logged_requests() {
    let place = Place::new();
    saved(&place);
    logs(&place);
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    let rehearse = ["web-firewall", "rehearse", "shop", "--logs", "logs"];
    let told = place.run(&[&rehearse[..], &["--json"]].concat()).ok().json();
    assert_eq!(
        (&told["requests"], &told["of_others"], &told["broken"], &told["skipped"]),
        (&json!(4), &json!(1), &json!(1), &json!(1))
    );
    assert_eq!(told["rehearsed"], json!(["admin", "common"]));
    assert_eq!((&told["today"]["allowed"], &told["today"]["blocked"]), (&json!(3), &json!(1)));
    assert_eq!((&told["newly_blocked"], &told["may_be_newly_blocked"]), (&json!(2), &json!(0)));
    let rules: Vec<&str> =
        told["by_rule"].as_array().expect("rows").iter().filter_map(|row| row["value"].as_str()).collect();
    assert_eq!(rules, ["admin", "common/NoUserAgent_HEADER"]);
    assert_eq!((&told["agreement"]["compared"], &told["agreement"]["same"]), (&json!(4), &json!(4)));
    assert!(
        told["problems"][0]["message"].as_str().expect("a text").starts_with("line 2 is no JSON"),
        "{}",
        told["problems"]
    );
    assert!(told["problems"][0]["file"].as_str().expect("a name").ends_with("a.log"));
    let one = place.run(&[&rehearse[..], &["--rule", "admin", "--json"]].concat()).ok().json();
    assert_eq!((&one["newly_blocked"], &one["doubtful"]), (&json!(1), &json!(1)));
    assert_eq!(one["doubtful_requests"][0]["signs"], json!(["it came with an Authorization header"]));
    let texts = [
        "2 requests newly blocked",
        "/%41dmin/a",
        "common/NoUserAgent_HEADER",
        "doubtful:",
        "could not be read",
        "other web ACLs left out",
    ];
    shows(&place.run(&rehearse).ok(), &texts);
    // A web ACL of a file, without a store; the set that it names was not read there, so that they may be blocked already.
    let bare = Place::new();
    logs(&bare);
    bare.write("acl.json", acl().to_string());
    let told = bare
        .run(&[
            "web-firewall",
            "rehearse",
            "--acl-file",
            "acl.json",
            "--logs",
            "logs/a.log",
            "logs/b.log.gz",
            "--json",
        ])
        .ok()
        .json();
    assert_eq!(
        (&told["requests"], &told["newly_blocked"], &told["may_be_newly_blocked"]),
        (&json!(4), &json!(0), &json!(2))
    );
    assert_eq!(
        (&told["today"]["unknown"], &told["today"]["blocked"]),
        (&json!(3), &json!(1)),
        "{}",
        told["unknown"]
    );
}

#[test]
fn limits_on_what_may_be_blocked_are_a_gate() {
    let place = Place::new();
    saved(&place);
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    place.write("good.log", record(0, "192.0.2.1", "/admin", |record| record["ruleGroupList"] = json!([])));
    let rehearse = |more: &[&str]| {
        place.run(&[&["web-firewall", "rehearse", "shop", "--logs", "good.log"], more].concat())
    };
    rehearse(&["--rule", "admin", "--max-blocked", "0"]).code(3);
    rehearse(&["--rule", "admin", "--max-blocked", "1"]).code(0);
    rehearse(&["--rule", "admin", "--max-doubtful", "0"]).code(3);
    // What the group would do, the log does not say.
    shows(
        &rehearse(&["--rule", "common", "--max-blocked", "0"]).code(4),
        &["1 if what the log does not hold matches"],
    );
    // A rule to add, in the form of the API.
    let rule = json!({"Name": "places", "Priority": 1, "Action": {"Block": {}}, "Statement": {"GeoMatchStatement": {"CountryCodes": ["DE"]}}});
    place.write("rule.json", rule.to_string());
    let told = rehearse(&["--rule-file", "rule.json", "--json"]).ok().json();
    assert_eq!((&told["rehearsed"], &told["by_rule"][0]["value"]), (&json!(["places"]), &json!("places")));
}

#[test]
fn mistakes_are_named() {
    let place = Place::new();
    saved(&place);
    logs(&place);
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    let rehearse = |more: &[&str]| place.run(&[&["web-firewall", "rehearse"], more].concat());
    rehearse(&["shop"]).code(2).says(&["--logs"]);
    rehearse(&["shop", "--logs", "nowhere"]).code(1).says(&["cannot read nowhere"]);
    rehearse(&["shap", "--logs", "logs"]).code(1).says(&["no web ACL is called `shap`", "shop"]);
    rehearse(&["shop", "--logs", "logs", "--rule", "bad"])
        .code(1)
        .says(&["`bad` blocks already", "admin, common"]);
    rehearse(&["shop", "--logs", "logs", "--rule", "bod"]).code(1).says(&["`bod` is no rule of shop"]);
    place.write("rule.json", "{\"Name\": 1");
    rehearse(&["shop", "--logs", "logs", "--rule-file", "rule.json"]).code(1).says(&["rule.json is no JSON"]);
    place.write(
        "rule.json",
        json!({"Name": "a", "Priority": 1, "Action": {"Block": {}}, "Statement": {"GeoStatement": {}}})
            .to_string(),
    );
    rehearse(&["shop", "--logs", "logs", "--rule-file", "rule.json"])
        .code(1)
        .says(&["rule.json", "GeoStatement is not known here"]);
    place.write("trail.json", json!({"Records": []}).to_string());
    rehearse(&["shop", "--logs", "trail.json"]).code(1).says(&["no record of a web firewall's log"]);
    place.write("half.log.gz", &gzip(&record(0, "192.0.2.1", "/", |_| {}))[..40]);
    rehearse(&["shop", "--logs", "half.log.gz"]).code(1).says(&["does not unpack"]);
    // A bomb is stopped at its limit: 300 MiB of spaces in 300 KiB.
    let mut bomb = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    let spaces = vec![b' '; 1 << 20];
    for _ in 0..300 {
        bomb.write_all(&spaces).expect("gzip");
    }
    place.write("bomb.log.gz", bomb.finish().expect("gzip"));
    rehearse(&["shop", "--logs", "bomb.log.gz"]).code(1).says(&["more than the 256 MiB"]);
}

#[test]
fn the_sample_has_a_firewall_that_is_being_tried_out() {
    let told = sample().run(&["web-firewall", "--json"]).ok().json();
    let of = |name: &str| guards(&told).into_iter().find(|(own, _)| own == name).map(|(_, guard)| guard);
    assert_eq!(of("storefront").as_deref(), Some("stops"));
    assert_eq!(of("customers").as_deref(), Some("none"));
    let shop = told["acls"]
        .as_array()
        .expect("web ACLs")
        .iter()
        .find(|one| one["name"] == "shop")
        .expect("the shop's");
    let counting: Vec<&str> = shop["rules"]
        .as_array()
        .expect("rules")
        .iter()
        .filter(|one| one["only_counts"] == true)
        .filter_map(|one| one["name"].as_str())
        .collect();
    assert_eq!(counting, ["reputation", "scanners", "too-many", "countries"]);
    let texts =
        ["storefront", "reputation: addresses of known robots", "more than 1000 requests in 300 seconds"];
    shows(&sample().run(&["web-firewall"]).ok(), &texts);
}
