//! SARIF 2.1.0: what the OASIS standard says of results, rules and suppressions, and the forms that scanners of images write.

use fathom_weakness::{Document, Format, Limits, Noted, Severity, State};
use serde_json::{Value, json};

fn read(log: &Value) -> Vec<Document> {
    Document::parse(Format::Sarif, log.to_string().as_bytes(), &Limits::default()).unwrap()
}

#[expect(clippy::needless_pass_by_value, reason = "each test writes it in place")]
fn log(rules: Value, results: Value) -> Value {
    json!({"version": "2.1.0", "runs": [{"tool": {"driver": {"name": "Scanner", "rules": rules}}, "results": results}]})
}

fn notes(rules: Value, results: Value) -> Vec<Noted> {
    let mut documents = read(&log(rules, results));
    assert!(documents[0].faults.is_empty(), "{:?}", documents[0].faults);
    documents.remove(0).notes
}

#[test]
fn a_result_finds_its_rule_by_index_or_name() {
    let rules = json!([
        {"id": "CVE-2020-1111", "shortDescription": {"text": "first"}, "properties": {"security-severity": "9.8"}},
        {"id": "CVE-2020-2222", "shortDescription": {"text": "second"}, "defaultConfiguration": {"level": "note"}},
    ]);
    let found = notes(
        rules,
        json!([
            {"ruleIndex": 1, "message": {"text": "m"}},
            {"ruleId": "CVE-2020-1111", "message": {"text": "m"}},
            {"rule": {"index": 0}, "message": {"text": "m"}},
            {"ruleId": "CVE-2020-3333", "message": {"text": "without a rule"}},
        ]),
    );
    let told: Vec<_> =
        found.iter().map(|one| (one.id.as_str(), one.title.as_deref().unwrap(), one.severity)).collect();
    assert_eq!(
        told,
        [
            ("CVE-2020-2222", "second", Some(Severity::Low)),
            ("CVE-2020-1111", "first", Some(Severity::Medium)),
            ("CVE-2020-1111", "first", Some(Severity::Medium)),
            ("CVE-2020-3333", "without a rule", Some(Severity::Medium)),
        ]
    );
    assert!((found[1].scores[0].score - 9.8).abs() < 1e-9);
}

#[test]
fn only_what_failed_is_a_finding() {
    let of = |extra: Value| {
        let mut result = json!({"ruleId": "CVE-2020-1111", "message": {"text": "m"}});
        result.as_object_mut().unwrap().extend(extra.as_object().unwrap().clone());
        notes(json!([]), json!([result])).first().map(|one| one.state)
    };
    assert_eq!(of(json!({})), Some(State::Open));
    assert_eq!(of(json!({"kind": "fail"})), Some(State::Open));
    assert_eq!(of(json!({"kind": "review"})), Some(State::InTriage));
    assert_eq!(of(json!({"kind": "pass"})), None);
    assert_eq!(of(json!({"kind": "notApplicable"})), None);
    assert_eq!(of(json!({"baselineState": "absent"})), None);
    assert_eq!(of(json!({"baselineState": "unchanged"})), Some(State::Open));
    assert_eq!(of(json!({"suppressions": []})), Some(State::Open));
    assert_eq!(of(json!({"suppressions": [{"kind": "inSource"}]})), Some(State::Suppressed));
    assert_eq!(
        of(json!({"suppressions": [{"kind": "external", "status": "accepted"}]})),
        Some(State::Suppressed)
    );
    assert_eq!(of(json!({"suppressions": [{"kind": "external", "status": "rejected"}]})), Some(State::Open));
    assert_eq!(
        of(json!({"suppressions": [{"kind": "external", "status": "underReview"}]})),
        Some(State::InTriage)
    );
    assert_eq!(
        of(json!({"suppressions": [{"kind": "inSource"}, {"kind": "external", "status": "rejected"}]})),
        Some(State::Open),
        "one that is rejected is enough"
    );
}

#[test]
fn software_is_read_out_of_what_scanners_write() {
    let message = "Package: openssl\nInstalled Version: 3.0.1\nVulnerability CVE-2022-3602\nSeverity: HIGH\nFixed Version: 3.0.7\nLink: x";
    let help = "Vulnerability CVE-2023-5363\nSeverity: high\nPackage: libcrypto3\nVersion: 3.1.1-r1\nFix Version: 3.1.4-r0\nType: apk";
    let found = notes(
        json!([{"id": "CVE-2023-5363-libcrypto3", "help": {"text": help}}]),
        json!([
            {"ruleId": "CVE-2022-3602", "message": {"text": message}},
            {"ruleId": "CVE-2023-5363-libcrypto3", "ruleIndex": 0, "message": {"text": "A high vulnerability"}},
            {"ruleId": "CVE-2023-0001-zlib", "message": {"text": "nothing more"}},
            {"ruleId": "go/path-injection", "message": {"text": "a path"}},
        ]),
    );
    let told: Vec<_> = found
        .iter()
        .map(|one| {
            let package = one.package.as_ref();
            let of =
                |get: fn(&fathom_weakness::Package) -> Option<&str>| package.and_then(get).unwrap_or("-");
            (
                one.id.as_str(),
                of(|one| Some(&one.name)),
                of(|one| one.version.as_deref()),
                of(|one| one.fixed.as_deref()),
            )
        })
        .collect();
    assert_eq!(
        told,
        [
            ("CVE-2022-3602", "openssl", "3.0.1", "3.0.7"),
            ("CVE-2023-5363", "libcrypto3", "3.1.1-r1", "3.1.4-r0"),
            ("CVE-2023-0001", "zlib", "-", "-"),
            ("go/path-injection", "-", "-", "-"),
        ]
    );
}

#[test]
fn what_it_is_about_and_whether_it_looked() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let mut one = log(json!([]), json!([]));
    one["runs"][0]["properties"] =
        json!({"imageName": "shop:1", "repoDigests": [format!("r.example/shop@{digest}")], "imageID": 7});
    one["runs"][0]["invocations"] =
        json!([{"executionSuccessful": true, "endTimeUtc": "2026-01-02T03:04:05Z"}]);
    let found = read(&one).remove(0);
    assert_eq!((found.about, found.called.as_str(), found.is_look), (vec![digest], "shop:1", true));
    assert_eq!(found.made_at.unwrap().to_string(), "2026-01-02T03:04:05Z");
    one["runs"][0]["invocations"] = json!([{"executionSuccessful": false}]);
    assert!(!read(&one)[0].is_look, "a run that failed found nothing because it failed");
    one["runs"][0].as_object_mut().unwrap().remove("results");
    assert!(!read(&one)[0].is_look, "a run without results did not look");
}

#[test]
fn broken_parts_are_named_and_the_rest_is_taken() {
    let results = json!([7, {"message": {"text": "m"}}, {"ruleId": "CVE-2020-1111", "kind": "odd"}, {"ruleId": "CVE-2020-1111"}]);
    let found = read(&log(json!([]), results)).remove(0);
    let places: Vec<&str> = found.faults.iter().map(|fault| fault.place.as_str()).collect();
    assert_eq!(places, ["runs[0].results[0]", "runs[0].results[1]", "runs[0].results[2]"]);
    assert_eq!(found.notes.len(), 1);
    for (text, part) in [
        ("{", "is no JSON"),
        ("{}", "`runs` is missing"),
        (r#"{"version": "2.0.0", "runs": []}"#, "version is `2.0.0`"),
    ] {
        let fault =
            Document::parse(Format::Sarif, text.as_bytes(), &Limits::default()).unwrap_err().to_string();
        assert!(fault.contains(part), "{text}: {fault}");
    }
    let limits = Limits { notes_max: 1, ..Limits::default() };
    let many = log(json!([]), json!([{"ruleId": "CVE-2020-1111"}, {"ruleId": "CVE-2020-1112"}]));
    let cut = Document::parse(Format::Sarif, many.to_string().as_bytes(), &limits).unwrap().remove(0);
    assert_eq!((cut.notes.len(), cut.faults[0].place.as_str()), (1, "runs[0].results[1]"));
}
