//! What is known of the software on a server, in the condition of breaking into it and in which way is told.

use std::{collections::BTreeMap, sync::Arc};

use fathom_access::Seen;
use fathom_content::VulnerabilityRules;
use fathom_intrude::{Query, Story, Walk};
use fathom_paths::{Entry, Level};
use fathom_vulnerable::{Ground as Known, Vulnerabilities};
use fathom_weakness::{KevRow, join::Feeds};
use serde_json::{Value, json};

use crate::estate::{ACCOUNT, REGION, ground};

const NETWORK: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";
const LOCAL: &str = "CVSS:3.1/AV:L/AC:L/PR:L/UI:N/S:U/C:H/I:H/A:H";

/// The network of `spec/network.md`, and beside its public server `i-1` another one, `i-3`, that runs as the same role.
fn given() -> Value {
    let text = include_str!("../../spec/network.md");
    let (_, after) = text.split_once("```json given\n").expect("an estate");
    let (estate, _) = after.split_once("\n```").expect("its end");
    let mut given: Value = serde_json::from_str(estate).expect("JSON");
    let all = given["things"].as_array_mut().expect("things");
    let more: Vec<Value> = all
        .iter()
        .filter(|one| one["arn"] == "eni-1" || one["document"]["InstanceId"] == "i-1")
        .map(|one| {
            let text = one.to_string();
            let text = [
                ("eni-1", "eni-3"),
                ("i-1", "i-3"),
                ("10.0.1.10", "10.0.1.30"),
                ("203.0.113.10", "203.0.113.30"),
            ]
            .into_iter()
            .fold(text, |text, (from, to)| text.replace(from, to));
            serde_json::from_str(&text.replace("subnet-a3", "subnet-a")).expect("JSON")
        })
        .collect();
    all.extend(more);
    given
}

fn server(id: &str) -> String {
    format!("arn:aws:ec2:{REGION}:{ACCOUNT}:instance/{id}")
}

fn seen(kind: &str, arn: &str, document: Value) -> Seen {
    Seen {
        kind: kind.to_owned(),
        arn: arn.to_owned(),
        name: None,
        account: ACCOUNT.to_owned(),
        region: REGION.to_owned(),
        document,
        unread: Vec::new(),
    }
}

/// The story from the internet to the ledger, with findings on servers: server, CVE, vector; and what KEV has.
fn story(findings: &[(&str, &str, &str)], looked: &[&str], kev: &[&str]) -> Story {
    let mut ground = ground(&given());
    let mut all: Vec<Seen> = ["i-1", "i-2", "i-3"]
        .iter()
        .map(|id| seen("AWS::EC2::Instance", &server(id), json!({"InstanceId": id})))
        .collect();
    for (id, cve, vector) in findings {
        let document = json!({"type": "PACKAGE_VULNERABILITY", "status": "ACTIVE", "severity": "CRITICAL", "resources": [{"id": id}],
            "packageVulnerabilityDetails": {"vulnerabilityId": cve, "cvss": [{"baseScore": 9.8, "scoringVector": vector, "source": "NVD"}],
                "vulnerablePackages": [{"name": "jenkins", "version": "2.426", "fixedInVersion": "2.442"}]}});
        all.push(seen("AWS::InspectorV2::Finding", &format!("finding/{id}/{cve}"), document));
    }
    for id in looked {
        let document =
            json!({"resourceId": id, "scanType": "PACKAGE", "scanStatus": {"statusCode": "ACTIVE"}});
        all.push(seen("AWS::InspectorV2::Coverage", &format!("coverage/{id}"), document));
    }
    let row = |cve: &&str| {
        let row = KevRow {
            cve: (*cve).to_owned(),
            name: String::new(),
            added: "2024-08-19".to_owned(),
            due: None,
            ransomware: false,
        };
        ((*cve).to_owned(), row)
    };
    let known = Known {
        seen: all,
        reports: Vec::new(),
        feeds: Feeds { kev: Some(kev.iter().map(row).collect()), epss: None },
        feed_states: Vec::new(),
        network: Arc::clone(&ground.network),
        owners: BTreeMap::new(),
        gaps: Vec::new(),
    };
    let rules = VulnerabilityRules::embedded().expect("rules");
    ground.weaknesses = Some(Arc::new(Vulnerabilities::of(&rules, &known)));
    let walk = Walk::of(&ground).expect("a walk");
    let query = Query { entries: vec![Entry::Internet], to: Some("ledger".to_owned()), ..Query::default() };
    let mut stories = walk.paths(&query).expect("stories").stories;
    assert_eq!(stories.len(), 1);
    stories.remove(0)
}

/// What is broken into first, and the condition of it.
fn broken(story: &Story) -> (String, String) {
    let step = story.steps.iter().find(|step| step.rule == "breaks-in").expect("breaking in");
    assert_eq!(
        (step.decision, story.decision),
        (Level::OnlyIf, Level::OnlyIf),
        "what listens there no scan says"
    );
    (step.gains.id.clone(), step.only_if.join("; "))
}

#[test]
fn a_known_weakness_is_named_with_its_source_and_weight() {
    let (_, condition) = broken(&story(&[("i-1", "CVE-2024-23897", NETWORK)], &[], &["CVE-2024-23897"]));
    for part in [
        "the software with CVE-2024-23897 is what listens there",
        "jenkins 2.426, mended in 2.442",
        "critical 9.8",
        "known to be exploited: in KEV since 2024-08-19",
        "seen by Amazon Inspector",
    ] {
        assert!(condition.contains(part), "{part}: {condition}");
    }
}

#[test]
fn the_way_by_what_is_exploited_is_told() {
    for (exploited, other) in [("i-1", "i-3"), ("i-3", "i-1")] {
        let findings = [(other, "CVE-2020-1111", NETWORK), (exploited, "CVE-2024-23897", NETWORK)];
        let (into, _) = broken(&story(&findings, &[], &["CVE-2024-23897"]));
        assert_eq!(into, server(exploited));
        let (into, _) = broken(&story(&[(exploited, "CVE-2020-1111", NETWORK)], &[], &[]));
        assert_eq!(into, server(exploited), "a weakness that is known before one that nobody knows");
    }
}

#[test]
fn where_somebody_looked_and_found_nothing_that_is_said() {
    let (_, condition) = broken(&story(&[("i-1", "CVE-2023-4911", LOCAL)], &["i-1", "i-3"], &[]));
    assert!(
        condition
            .contains("a weakness that no scan knows, or a password that is known: Amazon Inspector looked"),
        "{condition}"
    );
    let (_, condition) = broken(&story(&[], &[], &[]));
    assert!(condition.contains("nobody looked for weaknesses at it"), "{condition}");
    let (_, condition) = broken(&story(&[("i-1", "CVE-2020-1111", "none")], &["i-3"], &[]));
    assert!(
        !condition.contains("the software with"),
        "without a vector it is not said to be used by packets: {condition}"
    );
}
