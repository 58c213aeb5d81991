//! Whatever bytes and whatever JSON come: no panic, and each part is either taken or named.

use std::sync::LazyLock;

use fathom_content::Content;
use fathom_weakness::{
    Document, Epss, Format, Kev, Limits, Reached, Urgency, Vector,
    collected::{collected, looked},
    join::{Feeds, join},
};
use proptest::prelude::*;
use serde_json::{Value, json};

/// Values with the members that the readers look for.
fn value() -> impl Strategy<Value = Value> {
    let names = prop::sample::select(vec![
        "runs",
        "results",
        "tool",
        "driver",
        "rules",
        "name",
        "id",
        "ruleId",
        "ruleIndex",
        "properties",
        "suppressions",
        "status",
        "locations",
        "logicalLocations",
        "fullyQualifiedName",
        "message",
        "text",
        "vulnerabilities",
        "affects",
        "ref",
        "ratings",
        "vector",
        "score",
        "severity",
        "method",
        "analysis",
        "state",
        "components",
        "metadata",
        "component",
        "bom-ref",
        "purl",
        "version",
        "specVersion",
        "cveID",
        "dateAdded",
        "packageVulnerabilityDetails",
        "cvss",
        "baseScore",
        "scoringVector",
        "vulnerablePackages",
        "Scan",
        "imageScanFindings",
        "findings",
        "attributes",
        "key",
        "value",
        "resources",
        "type",
        "versions",
        "kind",
        "baselineState",
    ]);
    let texts = prop_oneof![
        prop::sample::select(vec![
            "CVE-2021-44228",
            "CVE-2021-44228-log4j",
            "GHSA-jfh8-c2jp-5v3q",
            "2.1.0",
            "1.5",
            "CycloneDX",
            "not_affected",
            "exploitable",
            "absent",
            "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H",
            "AV:N/AC:L/Au:N/C:P/I:P/A:P",
            "pkg:npm/a@1",
            "urn:cdx:x/1#a",
            "high",
            "fail",
        ])
        .prop_map(str::to_owned),
        any::<String>(),
    ];
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        any::<u64>().prop_map(Value::from),
        texts.prop_map(Value::from),
    ];
    leaf.prop_recursive(7, 96, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::btree_map(names.clone(), inner, 0..7).prop_map(|members| Value::Object(
                members.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
            )),
        ]
    })
}

fn reads(bytes: &[u8]) {
    let limits = Limits { notes_max: 7, text_max: 11 };
    for format in [Format::Sarif, Format::CycloneDx] {
        for document in Document::parse(format, bytes, &limits).unwrap_or_default() {
            assert!(document.notes.len() <= limits.notes_max + 8, "one entry may affect several components");
            for weakness in join(&document.notes, &Feeds::default()) {
                assert!((1..=6).contains(&Urgency::of(&weakness, Reached::Unknown).class.number()));
            }
        }
    }
    let _ = Kev::parse(bytes);
    let _ = Epss::parse(bytes);
}

proptest! {
    #[test]
    fn any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..400)) {
        reads(&bytes);
    }

    #[test]
    fn any_text(text in "(?s).{0,200}") {
        reads(text.as_bytes());
        if let Ok(vector) = text.parse::<Vector>() {
            prop_assert!((0.0..=10.0).contains(&vector.score()));
        }
    }

    #[test]
    fn any_json(inner in value(), other in value()) {
        reads(inner.to_string().as_bytes());
        reads(json!({"version": "2.1.0", "runs": [inner.clone(), {"tool": {"driver": {"name": "t", "rules": other}}, "results": [inner]}]}).to_string().as_bytes());
        reads(json!({"bomFormat": "CycloneDX", "specVersion": "1.6", "vulnerabilities": [inner, other], "components": [other], "metadata": inner}).to_string().as_bytes());
        reads(json!({"catalogVersion": "1", "vulnerabilities": [inner, other]}).to_string().as_bytes());
    }

    #[test]
    fn any_metrics(parts in prop::collection::vec("(AV|AC|AT|PR|UI|S|C|I|A|VC|VI|VA|SC|SI|SA|E|Au):[NLHAPRUCX]", 0..14), prefix in "(CVSS:[234]\\.[01]/|)") {
        if let Ok(vector) = format!("{prefix}{}", parts.join("/")).parse::<Vector>() {
            prop_assert!((0.0..=10.0).contains(&vector.score()));
        }
    }

    #[test]
    fn any_document_of_a_scan(document in value()) {
        static CONTENT: LazyLock<Content> = LazyLock::new(|| Content::embedded().unwrap());
        let content = &*CONTENT;
        for rule in &content.vulnerabilities.sources {
            let found = collected(rule, &document);
            let notes: Vec<_> = found.notes.into_iter().map(|(_, note)| note).collect();
            join(&notes, &Feeds::default());
        }
        for rule in &content.vulnerabilities.looked {
            looked(rule, &document);
        }
    }
}
