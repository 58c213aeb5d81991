//! Weaknesses over HTTP: joined with the network, and within what a caller may see.

use fathom_model::Timestamp;
use fathom_store::{ExploitFeed, WeaknessReport};
use fathom_weakness::{KevRow, Noted, Score};
use serde_json::{Value, json};

use crate::{
    door::Door,
    network::{OTHER, OWN, scan},
};

const CVE: &str = "CVE-2024-23897";
const NETWORK: &str = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H";

fn server(account: &str, name: &str) -> String {
    format!("arn:aws:ec2:eu-central-1:{account}:instance/i-{name}")
}

/// A report about a server, as an import keeps it.
async fn found(door: &Door, about: &str) {
    let mut note = Noted::new(CVE, "scanner of secrets-team");
    note.scores = vec![Score { score: 9.8, vector: Some(NETWORK.to_owned()), by: "NVD".to_owned() }];
    let report = WeaknessReport {
        format: "sarif".to_owned(),
        tool: "scanner".to_owned(),
        subject: about.to_owned(),
        about: vec![about.to_owned()],
        called: String::new(),
        file: "a.sarif".to_owned(),
        sha256: "00".to_owned(),
        made_at: None,
        imported_at: Timestamp::from_second(door.second()).expect("in range"),
        imported_by: "eve".to_owned(),
        is_look: true,
    };
    let notes = [serde_json::to_string(&note).expect("JSON")];
    door.api.store.put_weakness_report(&report, &notes).await.expect("kept");
}

fn rows(answer: &Value) -> Vec<(u64, &str, &str, &str)> {
    let rows = answer["rows"].as_array().expect("rows").iter();
    let told = rows.map(|row| {
        let thing = &row["thing"];
        let text = |value: &'static str| row[value].as_str();
        Some((
            row["class"].as_u64()?,
            thing["resource"].as_str()?,
            text("exploitation")?,
            thing["reached"].as_str()?,
        ))
    });
    told.collect::<Option<_>>().expect("each row has all of them")
}

#[tokio::test]
async fn weaknesses_are_told_by_urgency_and_within_what_one_may_see() {
    let door = Door::open().await;
    scan(&door, false).await;
    let (web, db, far) = (server(OWN, "web"), server(OWN, "db"), server(OTHER, "far"));
    for about in [&db, &web, &far] {
        found(&door, about).await;
    }
    let all = door.api.read("/vulnerabilities").await;
    let told = rows(&all);
    assert_eq!(
        told,
        [
            (3, web.as_str(), "unknown", "yes"),
            (3, far.as_str(), "unknown", "yes"),
            (5, db.as_str(), "unknown", "no")
        ]
    );
    assert_eq!(
        (&all["feeds"][0]["loaded"], &all["not_looked_count"], &all["things"]),
        (&json!(false), &json!(0), &json!(3))
    );

    // A feed that is loaded counts at once, without a scan.
    let row = KevRow {
        cve: CVE.to_owned(),
        name: String::new(),
        added: "2024-08-19".to_owned(),
        due: None,
        ransomware: false,
    };
    let feed = ExploitFeed {
        feed: "kev".to_owned(),
        version: "1".to_owned(),
        released_at: None,
        file: "kev.json".to_owned(),
        sha256: "00".to_owned(),
        loaded_at: Timestamp::from_second(door.second()).expect("in range"),
        entries: 1,
    };
    let kept = [(CVE.to_owned(), serde_json::to_string(&row).expect("JSON"))];
    door.api.store.put_exploit_feed(&feed, &kept, "eve").await.expect("kept");
    let known = door.api.read("/vulnerabilities?kev=true&exposed=true&limit=1").await;
    assert_eq!(rows(&known), [(1, web.as_str(), "known", "yes")]);
    assert_eq!((&known["total"], &known["next"]), (&json!(2), &json!(1)));
    assert_eq!(door.api.read("/vulnerabilities?class=2").await["total"], 2);
    assert_eq!(door.api.read("/vulnerabilities?id=cve-2024-23897").await["total"], 3);
    assert_eq!(door.api.read("/vulnerabilities?id=CVE-2024-1").await["total"], 0);
    assert_eq!(door.api.read("/vulnerabilities?judged=true").await["total"], 0);
    assert_eq!(door.api.read(&format!("/vulnerabilities?resource={db}")).await["total"], 1);
    door.api.problem(door.api.get("/vulnerabilities?severity=high"), 400, "unknown_parameter").await;

    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let seen = door.read(&ann, "/vulnerabilities").await;
    assert_eq!(seen["total"], 2);
    assert_eq!(
        (&seen["things"], &seen["reports_about_nothing"], &seen["gaps"]),
        (&json!(2), &Value::Null, &json!([]))
    );
    let text = seen.to_string();
    for foreign in [OTHER, "i-far", "203.0.113.20"] {
        assert!(!text.contains(foreign), "`{foreign}` in {text}");
    }
    assert_eq!(door.read(&ann, &format!("/vulnerabilities?account={OTHER}")).await["total"], 0);
    door.api.stop().await;
}
