//! Protection by system, findings by team and over time, and what a rule would take, over HTTP.
//!
//! Two disks in two accounts keep data: one is encrypted, the one of somebody else is not. What must be answered follows from that.

use std::collections::BTreeMap;

use fathom_model::{
    Coverage, Document, Outcome, Part, Resource, ResourceType, SourceKind, Statement, Timestamp, Uid,
};
use fathom_store::ScanResults;
use serde_json::{Value, json};

use crate::{
    door::Door,
    harness::now,
    network::{OTHER, OWN},
};

const KIND: &str = "AWS::EC2::Volume";
const REGION: &str = "eu-central-1";
const CHECK: &str = "ec2_volume_encrypted";
const DAY: i64 = 86_400;

fn uid(account: &str) -> Uid {
    Uid::from(format!("arn:aws:ec2:{REGION}:{account}:volume/vol-{account}"))
}

/// Scans both disks; the one of the other account is of the team `far` and for `shop`.
async fn scan(door: &Door, far_is_encrypted: bool) {
    let disk = |account: &str, encrypted: bool| Resource {
        uid: uid(account),
        kind: ResourceType::from(KIND),
        account: account.into(),
        region: REGION.into(),
        id: format!("vol-{account}"),
        name: Some(format!("disk of {account}")),
        tags: BTreeMap::new(),
        created_at: None,
        provider_made: false,
        exposed: false,
        document: Document::new(&json!({"VolumeId": format!("vol-{account}"), "Encrypted": encrypted})),
    };
    let says = |account: &str, part: Part, value: &str| {
        let value = value.to_owned();
        (
            uid(account),
            Statement { part, value, source: SourceKind::Tag, origin: "tag".to_owned(), as_of: now() },
        )
    };
    let statements = vec![
        says(OTHER, Part::Owner, "far"),
        says(OTHER, Part::Purpose, "shop"),
        says(OTHER, Part::DataClass, "restricted"),
        says(OWN, Part::Purpose, "shop"),
        says(OWN, Part::DataClass, "internal"),
    ];
    let mut results = ScanResults { statements, ..ScanResults::default() };
    for account in [OWN, OTHER] {
        results.coverage.push(Coverage {
            account: account.into(),
            region: REGION.into(),
            service: "ec2".to_owned(),
            operation: "DescribeVolumes".to_owned(),
            resource_type: Some(KIND.into()),
            outcome: Outcome::Read,
            reason: None,
            permission: None,
            detail: None,
            calls: 1,
            items: 1,
            throttles: 0,
            failures: 0,
            millis: 1,
        });
    }
    let store = &door.api.store;
    let at = Timestamp::from_second(door.second()).expect("in range");
    let (accounts, regions) = ([OWN.to_owned(), OTHER.to_owned()], [REGION.to_owned()]);
    let scan = store.begin_scan("2 accounts", &accounts, &regions, at).await.expect("begins");
    store.stage(scan, &[disk(OWN, true), disk(OTHER, far_is_encrypted)]).await.expect("staged");
    store.finish_scan(scan, results, at).await.expect("finished");
}

fn cell<'v>(system: &'v Value, layer: &str) -> &'v Value {
    let cells = system["cells"].as_array().expect("cells");
    cells.iter().find(|one| one["layer"] == layer).unwrap_or_else(|| panic!("no {layer} in {system}"))
}

fn shop(answer: &Value) -> Value {
    let all = answer["systems"].as_array().expect("systems").clone();
    all.into_iter().find(|one| one["system"] == "shop").unwrap_or_else(|| panic!("no shop in {answer}"))
}

#[tokio::test]
async fn a_system_is_as_protected_as_what_one_sees_of_it() {
    let door = Door::open().await;
    scan(&door, false).await;
    let whole = door.api.read("/protection").await;
    let layers: Vec<&str> =
        whole["layers"].as_array().expect("layers").iter().filter_map(|one| one["id"].as_str()).collect();
    assert_eq!(layers, ["rest", "transit", "processing", "keys", "access", "monitoring"]);
    let one = shop(&whole);
    assert_eq!(
        (&one["class"], &one["stores"], &one["assumed"]),
        (&json!("restricted"), &json!(2), &json!(0))
    );
    let rest = cell(&one, "rest");
    assert_eq!(
        (&rest["status"], &rest["counts"]["fail"], &rest["counts"]["pass"]),
        (&json!("fail"), &json!(1), &json!(1)),
        "{one}"
    );
    assert_eq!(rest["gaps"], json!([]), "what to close is told of one system");
    let count = |facet: &str, value: &str| {
        let all = whole["facets"][facet].as_array().expect("a list");
        all.iter().find(|one| one["value"] == value).map(|one| one["count"].clone())
    };
    // A disk keeps data, and so may what the first scan found beside it.
    assert_eq!(count("owner", "far"), Some(json!(1)), "{whole}");
    assert_eq!(count("class", "restricted"), Some(json!(1)), "{whole}");

    let opened = shop(&door.api.read("/protection?system=shop").await);
    let gap = &cell(&opened, "rest")["gaps"][0];
    assert_eq!(
        (&gap["check"], &gap["resource"], &gap["unknown"]),
        (&json!(CHECK), &json!(uid(OTHER).as_str()), &json!(false))
    );
    let finding = door.api.read(&format!("/findings/{}", gap["finding"].as_str().expect("an id"))).await;
    assert_eq!(finding["finding"]["resource"], gap["resource"], "the gap leads to its finding");

    // Of one account, or team, only what is there counts: also its class.
    let own = shop(&door.api.read(&format!("/protection?account={OWN}")).await);
    assert_eq!((&own["class"], &own["stores"]), (&json!("internal"), &json!(1)), "{own}");
    assert_eq!(cell(&own, "rest")["status"], "pass", "{own}");
    assert_eq!(shop(&door.api.read("/protection?owner=far").await)["stores"], 1);
    assert_eq!(shop(&door.api.read("/protection?owner=&class=internal").await)["class"], "internal");
    let higher = door.api.read(&format!("/protection?account={OWN}&class=restricted")).await;
    assert!(!higher.to_string().contains("shop"), "{higher}");
    door.api.problem(door.api.get("/protection?system=nothing"), 404, "not_found").await;
    door.api.problem(door.api.get("/protection?class=top"), 400, "invalid_parameter").await;

    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let seen = door.read(&ann, "/protection?system=shop").await;
    assert_eq!(shop(&seen), shop(&door.api.read(&format!("/protection?system=shop&account={OWN}")).await));
    for foreign in [OTHER, "far", "restricted"] {
        let told = json!([seen["systems"], seen["facets"], seen["gaps"]]).to_string();
        assert!(!told.contains(foreign), "`{foreign}` in {told}");
    }
    door.api.stop().await;
}

/// The row of a team in what is counted by teams.
fn row(answer: &Value, value: &Value) -> Value {
    let all = answer["rows"].as_array().expect("rows").clone();
    all.into_iter().find(|one| one["value"] == *value).unwrap_or_else(|| panic!("no {value} in {answer}"))
}

#[tokio::test]
async fn what_a_team_fixed_is_counted_with_the_days_that_it_took() {
    let door = Door::open().await;
    scan(&door, false).await;
    let only = format!("/findings?check={CHECK}");
    assert_eq!(door.api.read(&only).await["total"], 1);
    let far = row(&door.api.read("/findings/teams").await, &json!("far"));
    assert!(far["needs_work"]["medium"].as_u64() >= Some(1) && far["fixed"] == 0, "{far}");
    assert_eq!(far["days_to_fix"], Value::Null);
    let before = door.api.read("/findings/trend?owner=far").await;
    let medium =
        |answer: &Value, at: usize| answer["points"][at]["failing"]["medium"].as_u64().expect("a number");

    door.pass(3 * DAY);
    scan(&door, true).await;
    assert_eq!(door.api.read(&only).await["total"], 0);
    let answer = door.api.read("/findings/teams").await;
    let far = row(&answer, &json!("far"));
    assert_eq!((&far["fixed"], &far["days_to_fix"]), (&json!(1), &json!(3.0)), "{far}");
    let since = answer["fixed_since"].as_str().expect("a time");
    let fixed = door.api.read(&format!("/findings?state=fixed&owner=far&turned_since={since}")).await;
    assert_eq!(fixed["total"], far["fixed"], "a figure is as long as its list");
    assert_eq!(door.api.read("/findings?state=fixed&turned_since=2d").await["total"], 1);
    door.api.problem(door.api.get("/findings?turned_since=soon"), 400, "invalid_parameter").await;
    let by_account = door.api.read("/findings/teams?by=account").await;
    assert_eq!(row(&by_account, &json!(OTHER))["fixed"], 1, "{by_account}");
    let nobody = row(&answer, &Value::Null);
    let work: u64 = ["critical", "high", "medium", "low"]
        .iter()
        .filter_map(|one| nobody["needs_work"][one].as_u64())
        .sum();
    assert_eq!(door.api.read("/findings?owner=").await["total"], work, "an empty owner is nobody");

    let after = door.api.read("/findings/trend?owner=far").await;
    let last = after["points"].as_array().expect("points").len() - 1;
    assert_eq!(medium(&after, last - 1), medium(&before, last - 1), "what was is told as it was");
    assert_eq!(medium(&after, last), medium(&before, last - 1) - 1, "{after}");
    assert_eq!(after["teams"][0]["owner"], "far");
    assert_eq!(after["controls"], Value::Null);
    // At the end it is as many as the list says.
    let all = door.api.read("/findings/trend").await;
    let total: u64 = ["critical", "high", "medium", "low"]
        .iter()
        .filter_map(|one| all["points"][last]["failing"][one].as_u64())
        .sum();
    let listed = door.api.read("/findings?state=open&state=reopened&state=accepted").await;
    assert_eq!(listed["total"], total, "{all}");
    // And of a framework as many controls as have a finding.
    let framework = door.api.read("/findings/trend?framework=aws-fsbp").await;
    let controls = door.api.read("/frameworks/aws-fsbp").await;
    assert_eq!(framework["points"][last]["controls"], controls["framework"]["counts"]["fail"], "{framework}");
    assert_eq!(framework["controls"], controls["framework"]["controls"]);
    door.api.problem(door.api.get("/findings/trend?framework=nobody"), 400, "invalid_parameter").await;

    let ann = door.enrol("ann", "viewer", json!({"accounts": [OWN]})).await.browser;
    let told =
        format!("{}{}", door.read(&ann, "/findings/teams").await, door.read(&ann, "/findings/trend").await);
    assert!(!told.contains("far") && !told.contains(OTHER), "{told}");
    let of_far = door.api.read("/frameworks/aws-fsbp?owner=nobody-at-all").await;
    assert_eq!(of_far["framework"]["counts"]["fail"], 0, "a team that has nothing fails nothing");
    door.api.stop().await;
}

#[tokio::test]
async fn a_rule_takes_what_its_preview_said() {
    let door = Door::open().await;
    scan(&door, false).await;
    let asked = format!("check=ec2_volume_*&account={OTHER}&owner=f*&resource_type=AWS::EC2::*");
    let preview = door.api.read(&format!("/findings/exceptions/preview?{asked}")).await;
    let taken: u64 =
        ["critical", "high", "medium", "low"].iter().filter_map(|one| preview["takes"][one].as_u64()).sum();
    assert!(taken >= 1, "{preview}");
    assert_eq!((&preview["accepted"], &preview["resources"]), (&json!(0), &json!(1)));
    assert!(
        preview["some"].as_array().expect("some").iter().all(|one| one["resource"] == uid(OTHER).as_str())
    );
    let rule =
        json!({"check": "ec2_volume_*", "account": OTHER, "owner": "f*", "resource_type": "AWS::EC2::*"});
    let until = Timestamp::from_second(door.second() + 30 * DAY).expect("in range").to_string();
    let body = json!({"rule": rule, "reason": "r", "approver": "kim", "until": until});
    let kim = door.enrol("kim", "analyst", json!({})).await.browser;
    let made = door.of(&kim, "POST", "/findings/exceptions").json(&body).send().await.expect("an answer");
    assert_eq!(made.status(), 201);
    assert_eq!(door.api.read("/findings?state=accepted").await["total"], taken);
    let again = door.api.read(&format!("/findings/exceptions/preview?{asked}")).await;
    assert_eq!((&again["accepted"], &again["resources"]), (&json!(taken), &json!(0)), "{again}");

    for wrong in ["", "check=*", "tag=team", "check="] {
        let path = format!("/findings/exceptions/preview?{wrong}");
        door.api.problem(door.api.get(&path), 400, "invalid_parameter").await;
    }
    let ann = door.enrol("ann", "analyst", json!({"accounts": [OWN]})).await.browser;
    let asked = door.of(&ann, "GET", "/findings/exceptions/preview?check=ec2_*");
    door.refused(asked, 403, "scope_limited").await;
    door.api.stop().await;
}
