//! Logs as AWS documents them, in each form that they come in, and what is broken in them.

use fathom_webfirewall::{Request, Source, logs};
use serde_json::{Value, json};

use crate::specifications::record;

fn read(text: &str) -> (Vec<Request>, Vec<String>) {
    let (mut found, mut wrong) = (Vec::new(), Vec::new());
    logs::each(text.as_bytes(), &mut |one| match one {
        Ok(request) => found.push(request),
        Err(why) => wrong.push(why),
    })
    .expect("a log");
    (found, wrong)
}

/// The record of the Developer Guide's "Log examples" of a rate-based rule, in the form in which AWS writes it.
fn documented() -> Value {
    json!({
        "timestamp": 1_683_355_579_981_i64, "formatVersion": 1, "webaclId": "arn:aws:wafv2:eu-west-3:111122223333:regional/webacl/RateBasedTest/1",
        "terminatingRuleId": "RateBasedRule", "terminatingRuleType": "RATE_BASED", "action": "BLOCK", "terminatingRuleMatchDetails": [],
        "httpSourceName": "APIGW", "httpSourceId": "EXAMPLE11:rjvegx5guh:CanaryTest", "ruleGroupList": [],
        "rateBasedRuleList": [{"rateBasedRuleId": "x", "rateBasedRuleName": "RateBasedRule", "limitKey": "CUSTOMKEYS", "maxRateAllowed": 100,
            "evaluationWindowSec": "120", "customValues": [{"key": "HEADER", "name": "dogname", "value": "ella"}]}],
        "nonTerminatingMatchingRules": [], "requestHeadersInserted": null, "responseCodeSent": null,
        "httpRequest": {"clientIp": "52.46.82.45", "country": "FR", "headers": [{"name": "X-Forwarded-For", "value": "52.46.82.45"}, {"name": "dogname", "value": "ella"}],
            "uri": "/CanaryTest", "args": "", "httpVersion": "HTTP/1.1", "httpMethod": "GET", "requestId": "Ed0AiHF_CGYF-DA="}
    })
}

#[test]
fn a_record_is_read_as_documented() {
    let (found, wrong) = read(&documented().to_string());
    assert_eq!(wrong, Vec::<String>::new());
    let one = &found[0];
    assert_eq!(
        (one.client.as_str(), one.country.as_deref(), one.at),
        ("52.46.82.45", Some("FR"), 1_683_355_579_981)
    );
    assert_eq!(
        (one.uri.as_deref(), one.args.as_deref(), one.method.as_deref()),
        (Some("/CanaryTest"), Some(""), Some("GET"))
    );
    assert_eq!(one.header_text("DogName"), Some("ella"));
    assert_eq!(
        (one.logged.ended_by.as_deref(), one.logged.action.as_str()),
        (Some("RateBasedRule"), "BLOCK")
    );
    assert_eq!(one.source, Source::Log);
}

#[test]
fn each_form_holds_the_same() {
    let one = documented().to_string();
    let lines = format!("{one}\n\n{one}\r\n");
    let events = json!({"events": [{"timestamp": 1, "message": one}, {"message": one}]}).to_string();
    let list = format!("[{one},{one}]");
    let joined = format!("{one}{one}");
    let pretty = serde_json::to_string_pretty(&documented()).expect("JSON");
    let expected = read(&one).0;
    for (text, times) in [(lines, 2), (events, 2), (list, 2), (joined, 2), (pretty, 1)] {
        let (found, wrong) = read(&text);
        assert_eq!(wrong, Vec::<String>::new());
        assert_eq!(found, expected.iter().cycle().take(times).cloned().collect::<Vec<_>>());
    }
}

#[test]
fn samples_are_read_as_the_command_line_prints_them() {
    let answer = json!({"SampledRequests": [
        {"Request": {"ClientIP": "192.0.2.1", "Country": "US", "URI": "/login", "Method": "POST", "HTTPVersion": "HTTP/1.1",
            "Headers": [{"Name": "Host", "Value": "shop.example"}]}, "Weight": 3, "Timestamp": "2026-01-02T03:04:05.678000+00:00", "Action": "COUNT",
            "RuleNameWithinRuleGroup": "AWS#AWSManagedRulesCommonRuleSet#NoUserAgent_HEADER", "OverriddenAction": "BLOCK",
            "Labels": [{"Name": "awswaf:managed:aws:core-rule-set:NoUserAgent_Header"}]},
        {"Request": {"ClientIP": "192.0.2.2"}, "Weight": 1, "Timestamp": 1_767_322_800.0, "Action": "ALLOW"},
        {"Weight": 1}], "PopulationSize": 30, "TimeWindow": {}});
    let (found, wrong) = read(&answer.to_string());
    assert_eq!(wrong, ["sample 3: it has no `Request`"]);
    let one = &found[0];
    assert_eq!(
        (one.weight, one.source, one.at, one.args.as_deref()),
        (3, Source::Sample, 1_767_323_045_678, None)
    );
    let group = &one.logged.groups[0];
    assert_eq!((group.id.as_str(), group.is_whole), ("AWS#AWSManagedRulesCommonRuleSet", false));
    assert_eq!(
        (group.counted[0].rule.as_str(), group.counted[0].own.as_deref()),
        ("NoUserAgent_HEADER", Some("BLOCK"))
    );
    assert_eq!(found[1].at, 1_767_322_800_000);
}

#[test]
fn broken_lines_are_named_and_the_others_count() {
    let good = record(&json!({})).to_string();
    let long = format!("{{\"timestamp\":1,\"x\":\"{}\"}}", "a".repeat(logs::RECORD_BYTES_MAX));
    let text = format!("{good}\nnot JSON\n{{\"timestamp\": 1}}\n{long}\n{good}\n{}", &good[..40]);
    let (found, wrong) = read(&text);
    assert_eq!(found.len(), 2);
    assert_eq!(wrong.len(), 4, "{wrong:?}");
    for (why, part) in wrong.iter().zip([
        "line 2 is no JSON",
        "line 3: is no record",
        "line 4 has more than",
        "line 6 is no JSON",
    ]) {
        assert!(why.contains(part), "{why}");
    }
    for (text, part) in [
        ("", "empty"),
        ("hello\n", "no JSON"),
        ("{\"a\": 1}", "no record"),
        ("{\"a\": 1}\n{\"b\": 2}", "line 1"),
    ] {
        let why = logs::each(text.as_bytes(), &mut |_| {}).expect_err("no log");
        assert!(why.contains(part), "{why}");
    }
}
