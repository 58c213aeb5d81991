//! CycloneDX: what its specification says of vulnerabilities, what they affect, and of VEX.

use fathom_weakness::{Document, Format, Limits, Severity, State, document::recognise};
use serde_json::{Value, json};

fn read(bom: &Value) -> Document {
    Document::parse(Format::CycloneDx, bom.to_string().as_bytes(), &Limits::default()).unwrap().remove(0)
}

#[expect(clippy::needless_pass_by_value, reason = "each test writes it in place")]
fn bom(vulnerabilities: Value) -> Value {
    json!({"bomFormat": "CycloneDX", "specVersion": "1.5", "version": 1,
        "metadata": {"timestamp": "2026-01-02T03:04:05Z", "tools": {"components": [{"type": "application", "name": "scanner"}]},
            "component": {"type": "container", "bom-ref": "root", "name": "shop", "version": "1.0"}},
        "components": [
            {"type": "library", "bom-ref": "a", "name": "openssl", "version": "3.0.1", "purl": "pkg:deb/debian/openssl@3.0.1"},
            {"type": "library", "bom-ref": "b", "group": "org.apache", "name": "log4j", "version": "2.14",
                "components": [{"type": "library", "bom-ref": "c", "name": "within", "version": "1"}]}],
        "vulnerabilities": vulnerabilities})
}

#[test]
fn what_it_affects_is_found_by_reference() {
    let found = read(&bom(json!([{"id": "CVE-2022-3602", "affects": [
        {"ref": "a"}, {"ref": "b"}, {"ref": "c"}, {"ref": "root"}, {"ref": "pkg:deb/debian/openssl@3.0.1"},
        {"ref": "urn:cdx:3e671687-395b-41f5-a30f-a58921a69b79/1#pkg%3Anpm/%40scope/left-pad@1.3.0?x=y"}, {"ref": "unheard-of"}]}])));
    assert!(found.faults.is_empty(), "{:?}", found.faults);
    let told: Vec<_> = found
        .notes
        .iter()
        .map(|one| one.package.as_ref().map(|one| (one.name.as_str(), one.version.as_deref().unwrap_or("-"))))
        .collect();
    assert_eq!(
        told,
        [
            Some(("openssl", "3.0.1")),
            Some(("org.apache/log4j", "2.14")),
            Some(("within", "1")),
            None,
            Some(("openssl", "3.0.1")),
            Some(("@scope/left-pad", "1.3.0")),
            Some(("unheard-of", "-")),
        ]
    );
    assert_eq!((found.tool.as_str(), found.called.as_str(), found.is_look), ("scanner", "shop 1.0", true));
}

#[test]
fn ratings_of_cvss_count_and_others_do_not() {
    let found = read(&bom(
        json!([{"id": "CVE-2022-3602", "created": "2022-11-01T00:00:00Z", "recommendation": "Upgrade openssl to version 3.0.7",
        "references": [{"id": "GHSA-h8jm-2x53-xhp5", "source": {"name": "GitHub"}}],
        "ratings": [
            {"source": {"name": "NVD"}, "score": 7.5, "severity": "high", "method": "CVSSv31", "vector": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:N/I:N/A:H"},
            {"source": {"name": "vendor"}, "severity": "medium"},
            {"score": 42.0, "method": "other", "severity": "critical"},
            {"method": "CVSSv4", "vector": "CVSS:4.0/AV:N/AC:L/AT:N/PR:N/UI:N/VC:H/VI:N/VA:N/SC:N/SI:N/SA:N"},
            {"method": "CVSSv3", "vector": "nonsense"}]}]),
    ));
    let one = &found.notes[0];
    let scores: Vec<_> = one.scores.iter().map(|score| (score.score, score.by.as_str())).collect();
    assert_eq!(scores, [(7.5, "NVD"), (8.7, "")]);
    assert_eq!(one.severity, Some(Severity::Critical));
    assert_eq!(one.also, ["GHSA-h8jm-2x53-xhp5"]);
    assert_eq!(
        (one.has_fix, one.first_seen.unwrap().to_string().as_str()),
        (Some(true), "2022-11-01T00:00:00Z")
    );
}

#[test]
fn the_states_of_an_analysis_are_told_apart() {
    let of = |analysis: Value| {
        let found =
            read(&bom(json!([{"id": "CVE-2022-3602", "analysis": analysis, "affects": [{"ref": "a"}]}])));
        (found.notes[0].state, found.notes[0].why.clone(), found.notes[0].has_fix)
    };
    assert_eq!(of(json!({"state": "resolved"})).0, State::Resolved);
    assert_eq!(of(json!({"state": "resolved_with_pedigree"})).0, State::Resolved);
    assert_eq!(
        of(json!({"state": "exploitable", "response": ["update"]})),
        (State::Exploitable, None, Some(true))
    );
    assert_eq!(
        of(json!({"state": "in_triage", "response": ["will_not_fix"]})),
        (State::InTriage, None, Some(false))
    );
    assert_eq!(of(json!({"state": "false_positive"})).0, State::FalsePositive);
    let why = Some("code_not_reachable: no caller".to_owned());
    let judged =
        json!({"state": "not_affected", "justification": "code_not_reachable", "detail": "no caller"});
    assert_eq!(of(judged), (State::NotAffected, why, None));
    let odd =
        read(&bom(json!([{"id": "CVE-2022-3602", "analysis": {"state": "fine"}}, {"id": "CVE-2022-3603"}])));
    assert_eq!(
        (odd.notes.len(), odd.faults[0].place.as_str()),
        (1, "vulnerabilities[0]"),
        "an unknown state closes nothing"
    );
    let versions = json!([{"id": "CVE-2022-3602", "affects": [{"ref": "a", "versions": [{"version": "3.0.1", "status": "unaffected"}]}]}]);
    assert_eq!(read(&bom(versions)).notes[0].state, State::NotAffected);
}

#[test]
fn a_list_of_components_alone_and_a_vex_are_no_look() {
    let mut one = bom(json!([]));
    assert!(read(&one).is_look, "somebody looked and found nothing");
    one.as_object_mut().unwrap().remove("vulnerabilities");
    assert!(!read(&one).is_look, "nobody looked for weaknesses");
    let mut vex = bom(json!([{"id": "CVE-2022-3602", "analysis": {"state": "not_affected"}}]));
    vex.as_object_mut().unwrap().remove("components");
    assert!(!read(&vex).is_look);
}

#[test]
fn the_image_is_found_where_tools_write_it() {
    let digest = format!("sha256:{}", "0f".repeat(32));
    let about = |component: Value| {
        let mut one = bom(json!([]));
        one["metadata"]["component"] = component;
        read(&one).about
    };
    assert_eq!(
        about(json!({"type": "container", "name": "shop", "version": digest})),
        std::slice::from_ref(&digest)
    );
    let purl = format!(
        "pkg:oci/shop@{}?repository_url=1.dkr.ecr.eu-central-1.amazonaws.com/shop",
        digest.replace(':', "%3A")
    );
    assert!(about(json!({"name": "shop", "purl": purl})).contains(&digest));
    let properties = json!([{"name": "aquasecurity:trivy:RepoDigest", "value": format!("shop@{digest}")}]);
    assert_eq!(about(json!({"name": "shop:1", "properties": properties})), [digest]);
    assert!(about(json!({"name": "shop:1"})).is_empty());
}

#[test]
fn broken_documents_say_what_is_wrong() {
    for (text, part) in [
        ("{}", "`bomFormat` is not"),
        (r#"{"bomFormat": "CycloneDX"}"#, "specVersion is ``"),
        (r#"{"bomFormat": "CycloneDX", "specVersion": "1.3"}"#, "specVersion is `1.3`"),
        (r#"{"bomFormat": "CycloneDX", "specVersion": "2.0"}"#, "specVersion is `2.0`"),
        (
            r#"{"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": 7}"#,
            "vulnerabilities is no list",
        ),
    ] {
        let fault =
            Document::parse(Format::CycloneDx, text.as_bytes(), &Limits::default()).unwrap_err().to_string();
        assert!(fault.contains(part), "{text}: {fault}");
    }
    let found = read(&bom(
        json!([{"affects": []}, {"id": "CVE-2022-3602", "affects": [{}]}, {"id": "CVE-2022-3603"}]),
    ));
    assert_eq!((found.notes.len(), found.faults.len()), (1, 2));
    assert_eq!(recognise(bom(json!([])).to_string().as_bytes()), Some(Format::CycloneDx));
    assert_eq!(recognise(br#"{"version": "2.1.0", "runs": []}"#), Some(Format::Sarif));
    assert_eq!(recognise(br#"{"a": 1}"#), None);
}
