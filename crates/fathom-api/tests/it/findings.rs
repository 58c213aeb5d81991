//! Findings and frameworks over HTTP: kept after a scan, within what a caller may see, accepted until a date.
//!
//! The two networks have one group that opens port 22 to everybody, in the account of somebody else: what must be found follows from that.

use std::{collections::BTreeMap, time::Duration};

use serde_json::{Value, json};

use crate::{
    door::Door,
    network::{OTHER, OWN, scan},
    runner::Played,
};

const CHECK: &str = "ec2_group_admin_ports_v4";

fn group(account: &str, name: &str) -> String {
    format!("arn:aws:ec2:eu-central-1:{account}:securitygroup/sg-{name}")
}

/// The only finding of the check.
async fn only(door: &Door, query: &str) -> Value {
    let found = door.api.read(&format!("/findings?check={CHECK}{query}")).await;
    assert_eq!(found["total"], 1, "{found}");
    found["rows"][0].clone()
}

#[tokio::test]
async fn what_a_scan_left_is_checked_kept_and_ordered() {
    let door = Door::open().await;
    scan(&door, false).await;
    let one = only(&door, "").await;
    assert_eq!((&one["resource"], &one["severity"]), (&json!(group(OTHER, "far")), &json!("high")), "{one}");
    assert_eq!(
        (&one["state"], &one["confirmed"], &one["reopened"]),
        (&json!("open"), &json!(true), &json!(0))
    );
    assert!(one["due"].is_string() && one["overdue"] == false, "{one}");
    let runs = door.entries("findings.checked", 1).await;
    let of_last = runs.iter().filter(|entry| entry["subject"] == "scan:2").count();
    assert_eq!(of_last, 1, "asked once, sealed once: {runs:?}");

    // The order waits for nobody; it is there in a while.
    let mut ranked = Value::Null;
    for _ in 0..200 {
        ranked = door.api.read("/findings").await;
        if ranked["ranked"] == true {
            break;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    assert_eq!(ranked["ranked"], true, "{ranked}");
    let because = |row: &Value| row["because"].as_str().unwrap_or_default().to_owned();
    let rows = ranked["rows"].as_array().expect("rows");
    assert!(rows.iter().all(|row| !because(row).is_empty()), "{ranked}");
    // What the internet reaches comes before what it does not.
    let reached: Vec<bool> =
        rows.iter().map(|row| row["way"].is_null() && row["reached"].is_null()).collect();
    assert!(reached.is_sorted(), "{ranked}");

    // The end of a way is what attack paths call it, so that it leads there.
    for way in rows.iter().map(|row| &row["way"]).filter(|way| !way.is_null()) {
        let end = way["end"].as_str().expect("an end");
        assert!(way["to"].as_str().expect("words").contains(end), "{way}");
        assert!(door.api.read(&format!("/paths?to={end}")).await["total"].as_u64() >= Some(1), "{way}");
    }

    let id = one["id"].as_str().expect("an id");
    let all = door.api.read(&format!("/findings/{id}")).await;
    assert_eq!(all["finding"]["id"], one["id"]);
    let decided = all["why"].as_array().expect("values");
    assert!(decided.iter().any(|one| one["value"] == "\"0.0.0.0/0\""), "{all}");
    assert!(all["fix"]["terraform"].is_string() && all["controls"]["cis-aws-7.0.0"][0] == "6.3", "{all}");
    assert_eq!((&all["history"][0]["what"], &all["withheld"]), (&json!("opened"), &json!(false)));
    door.api.problem(door.api.get("/findings/none"), 404, "not_found").await;

    let facets = &ranked["facets"];
    assert!(
        facets["service"].as_array().expect("a list").iter().any(|one| one["value"] == "ec2"),
        "{facets}"
    );
    let narrow = door.api.read("/findings?framework=cis-aws-7.0.0&control=6.3").await;
    assert!(narrow["rows"].as_array().expect("rows").iter().any(|row| row["check"] == CHECK), "{narrow}");
    assert_eq!(
        door.api.read("/findings?q=SG-FAR&severity=high").await["rows"][0]["resource"],
        one["resource"]
    );
    door.api.problem(door.api.get("/findings?framework=nobody"), 400, "invalid_parameter").await;
    door.api.problem(door.api.get("/findings?control=6.3"), 400, "invalid_parameter").await;
    door.api.problem(door.api.get("/findings?severity=horrible"), 400, "invalid_parameter").await;
    door.api.stop().await;
}

#[tokio::test]
async fn who_sees_a_part_is_told_of_that_part() {
    let door = Door::open().await;
    scan(&door, false).await;
    let control = |answer: &Value| {
        let all = answer["controls"].as_array().expect("controls").clone();
        all.into_iter().find(|one| one["control"] == "6.3").expect("the control")
    };
    let whole = door.api.read("/frameworks/cis-aws-7.0.0").await;
    assert_eq!(control(&whole)["status"], "fail", "{whole}");
    let far = only(&door, "").await;

    let ann = door.enrol("ann", "analyst", json!({"accounts": [OWN]})).await.browser;
    let seen = door.read(&ann, "/findings").await;
    assert!(seen["total"].as_u64().expect("a number") > 0, "{seen}");
    let text = format!("{seen}{}", door.read(&ann, "/frameworks/cis-aws-7.0.0").await);
    for foreign in [OTHER, "sg-far", "i-far", "203.0.113.20"] {
        assert!(!text.contains(foreign), "`{foreign}` in {text}");
    }
    assert_eq!(door.read(&ann, &format!("/findings?check={CHECK}")).await["total"], 0);
    assert_ne!(control(&door.read(&ann, "/frameworks/cis-aws-7.0.0").await)["status"], "fail");
    let id = far["id"].as_str().expect("an id");
    door.refused(door.of(&ann, "GET", &format!("/findings/{id}")), 404, "not_found").await;
    let accept = |rule: Value| json!({"rule": rule, "reason": "r", "approver": "kim", "until": "2027-01-31"});
    let asked = door.of(&ann, "POST", "/findings/exceptions").json(&accept(json!({"finding": id})));
    door.refused(asked, 404, "not_found").await;
    let asked = door.of(&ann, "POST", "/findings/exceptions").json(&accept(json!({"check": CHECK})));
    door.refused(asked, 403, "scope_limited").await;

    let all = door.api.read("/frameworks").await;
    let ids: Vec<&str> =
        all["frameworks"].as_array().expect("a list").iter().filter_map(|one| one["id"].as_str()).collect();
    assert!(ids.contains(&"soc2") && ids.contains(&"gdpr") && ids.is_sorted(), "{ids:?}");
    door.api.problem(door.api.get("/frameworks/nobody"), 404, "not_found").await;
    door.api.stop().await;
}

#[tokio::test]
async fn the_fix_of_a_finding_is_filled_and_taken_back() {
    let door = Door::open().await;
    scan(&door, false).await;
    let far = only(&door, "").await;
    let path = format!("/findings/{}/fix", far["id"].as_str().expect("an id"));
    let fix = door.api.read(&path).await;
    let script = |of: &Value| {
        let lines = of["script"].as_array().expect("lines").iter().filter_map(Value::as_str);
        lines.collect::<Vec<_>>().join("\n")
    };
    let (run, back) = (script(&fix), script(&fix["undo"]));
    assert!(run.contains("revoke-security-group-ingress") && run.contains("sg-far"), "{run}");
    assert!(back.contains("authorize-security-group-ingress") && back.contains("0.0.0.0/0"), "{back}");
    assert_eq!((&fix["undo"]["kind"], &fix["withheld"]), (&json!("reversible"), &json!(false)), "{fix}");
    door.api.problem(door.api.get("/findings/none/fix"), 404, "not_found").await;

    // Each finding has a fix, and what people choose in it is explained.
    let all = door.api.read("/findings?limit=200").await;
    let mut of_own = None;
    for row in all["rows"].as_array().expect("rows") {
        let fix = door.api.read(&format!("/findings/{}/fix", row["id"].as_str().expect("an id"))).await;
        for choice in fix["choices"].as_array().expect("choices") {
            let variable = choice["variable"].as_str().expect("a name");
            assert!(format!("{}{}", script(&fix), fix["undo"]).contains(variable), "{fix}");
        }
        if row["account"] == OWN {
            of_own = of_own.or_else(|| row["id"].as_str().map(str::to_owned));
        }
    }

    let ann = door.enrol("ann", "analyst", json!({"accounts": [OWN]})).await.browser;
    door.refused(door.of(&ann, "GET", &path), 404, "not_found").await;
    let own = of_own.expect("a finding of the own account");
    let fix = door.read(&ann, &format!("/findings/{own}/fix")).await.to_string();
    for foreign in [OTHER, "sg-far", "i-far"] {
        assert!(!fix.contains(foreign), "`{foreign}` in {fix}");
    }
    door.api.stop().await;
}

/// Of the recorded organisation: what a fix says becomes of it is tried on a copy, and what refers to it is named.
pub(crate) async fn fixes_of(api: &Played) {
    let all = api.read("/findings?limit=1000").await;
    let mut of_check: BTreeMap<String, String> = BTreeMap::new();
    for row in all["rows"].as_array().expect("rows") {
        let text = |of: &str| row[of].as_str().expect("a text").to_owned();
        of_check.entry(text("check")).or_insert_with(|| text("id"));
    }
    let (mut tried, mut passes, mut touched) = (0, 0, 0);
    for (check, id) in of_check {
        let fix = api.read(&format!("/findings/{id}/fix")).await;
        let is_none = |of: &str| fix[of].as_array().is_some_and(Vec::is_empty);
        assert!(
            fix["withheld"] == false && !fix["terraform"].as_str().unwrap_or_default().contains('\u{e000}'),
            "{fix}"
        );
        tried += usize::from(!fix["then"].is_null());
        passes += usize::from(fix["then"]["status"] == "pass");
        touched += usize::from(!is_none("touches"));
        assert!(fix["then"]["status"] != "fail", "{check}: {fix}");
    }
    assert!(
        tried >= 50 && passes * 10 >= tried * 9 && touched >= 20,
        "{tried} tried, {passes} pass, {touched} touch"
    );
}

#[tokio::test]
async fn what_is_accepted_is_open_again_when_it_is_withdrawn() {
    let door = Door::open().await;
    scan(&door, false).await;
    let one = only(&door, "").await;
    let ann = door.enrol("ann", "analyst", json!({})).await.browser;
    let body = |rule: Value, until: &str| json!({"rule": rule, "reason": "moves", "approver": "kim", "until": until});
    let ask = |body: Value| door.of(&ann, "POST", "/findings/exceptions").json(&body);
    let own = json!({"finding": one["id"]});
    door.refused(ask(body(own.clone(), "soon")), 400, "invalid_body").await;
    door.refused(ask(body(own.clone(), "2001-01-01")), 400, "invalid_body").await;
    door.refused(ask(body(json!({}), "2027-01-31")), 400, "invalid_body").await;
    door.refused(ask(body(json!({"check": "*"}), "2027-01-31")), 400, "invalid_body").await;
    let until =
        fathom_model::Timestamp::from_second(door.second() + 30 * 86_400).expect("in range").to_string();
    let answer = ask(body(own, &until)).send().await.expect("an answer");
    assert_eq!(answer.status(), 201);
    let accepted: Value = answer.json().await.expect("JSON");
    assert_eq!((&accepted["approver"], &accepted["reason"]), (&json!("kim"), &json!("moves")));
    assert_eq!(door.api.read(&format!("/findings?check={CHECK}")).await["total"], 0, "it needs no work now");
    let told = only(&door, "&state=accepted").await;
    assert_eq!(told["accepted"]["number"], accepted["number"]);
    assert_eq!(door.entries("finding.accepted", 1).await.len(), 1);
    assert_eq!(door.api.read("/findings/exceptions").await["exceptions"][0]["number"], accepted["number"]);

    let number = &accepted["number"];
    let end = |number: &Value| {
        door.of(&ann, "DELETE", &format!("/findings/exceptions/{number}")).json(&json!({"reason": "no more"}))
    };
    assert_eq!(end(number).send().await.expect("an answer").status(), 200);
    door.refused(end(number), 404, "not_found").await;
    assert_eq!(only(&door, "").await["state"], "open");
    assert_eq!(door.api.read("/findings/exceptions").await["exceptions"], json!([]));
    let ended = door.api.read("/findings/exceptions?ended=true").await;
    assert_eq!(ended["exceptions"][0]["ended_why"], "no more");
    assert_eq!(door.entries("finding.acceptance_revoked", 1).await.len(), 1);
    door.api.stop().await;
}
