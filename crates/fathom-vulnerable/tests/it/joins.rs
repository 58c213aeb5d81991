//! Which thing has what, whether the internet comes to it, who looked, and what is judged.

use fathom_weakness::{Exploitation, Noted, Package, Reached, State, join::Feeds};
use serde_json::json;

use crate::estate::{arn, ask, digest, estate, feeds, finding, report};

fn note(cve: &str) -> Noted {
    let mut note = Noted::new(cve, "scanner");
    note.package = Some(Package { name: "openssl".to_owned(), ..Package::default() });
    note
}

#[test]
fn the_internet_comes_to_each_in_its_own_way() {
    let all = ask(&estate(), Vec::new(), Feeds::default());
    let of = |resource: &str| {
        let thing = &all.by_thing[resource];
        (thing.reached, thing.way.as_str())
    };
    let image = |repository: &str, letter| {
        format!("{}/{}", arn("ecr", &format!("repository/{repository}")), digest(letter))
    };
    let rows = [
        (arn("ec2", "instance/i-open"), Reached::Yes, "tcp 8080 of 54.0.0.10"),
        (arn("ec2", "instance/i-shut"), Reached::No, "no port of it is reached"),
        (arn("ec2", "instance/i-lost"), Reached::Unknown, "no network interface of it was seen"),
        (image("shop/web", 'a'), Reached::Yes, "task/shop/1, which runs it: tcp 8080 of 54.0.0.12"),
        (image("shop/old", 'b'), Reached::Unknown, "nothing that scans saw runs it"),
        (arn("lambda", "function:mail"), Reached::OnlyIf, "only if its policy lets anybody call"),
        (arn("lambda", "function:quiet"), Reached::Unknown, "which events and interfaces call it"),
    ];
    assert_eq!(all.things, rows.len());
    for (resource, reached, part) in rows {
        let (found, way) = of(&resource);
        assert!(found == reached && way.contains(part), "{resource}: {found:?}, {way}");
    }
}

#[test]
fn what_is_exploited_on_what_is_reached_comes_first() {
    let mut things = estate();
    things.extend([
        finding("i-shut", "CVE-2024-23897", "ACTIVE"),
        finding("i-open", "CVE-2024-23897", "ACTIVE"),
        finding("i-open", "CVE-2024-0001", "ACTIVE"),
    ]);
    let all = ask(&things, Vec::new(), feeds(&["CVE-2024-23897"], &[("CVE-2024-0001", 0.002)]));
    let told: Vec<_> = all
        .rows
        .iter()
        .map(|row| {
            let class = row.urgency.as_ref().expect("it is there").class.number();
            (class, row.weakness.id.as_str(), row.thing.resource.rsplit('/').next().expect("it is there"))
        })
        .collect();
    assert_eq!(
        told,
        [(1, "CVE-2024-23897", "i-open"), (3, "CVE-2024-23897", "i-shut"), (4, "CVE-2024-0001", "i-open"),]
    );
    let first = &all.rows[0].urgency.as_ref().expect("it is there").because;
    assert_eq!(first[0], "known to be exploited: in KEV since 2024-08-19, by ransomware too");
    assert!(first.iter().any(|one| one == "mended in 2"), "{first:?}");
}

#[test]
fn reports_find_their_image_by_digest_and_by_address() {
    let ecr = "111122223333.dkr.ecr.eu-central-1.amazonaws.com";
    for about in [
        digest('a'),
        format!("{ecr}/shop/web:1.0"),
        format!("{}/{}", arn("ecr", "repository/shop/web"), digest('a')),
    ] {
        let all = ask(&estate(), vec![report(&[&about], vec![note("CVE-2022-3602")])], Feeds::default());
        let found: Vec<_> = all.rows.iter().map(|row| row.thing.resource.as_str()).collect();
        assert!(matches!(found[..], [one] if one.contains("shop/web")), "{about}: {found:?}");
        assert!(all.nowhere.is_empty());
    }
    let elsewhere = [
        digest('c'),
        format!("{ecr}/shop/web:2.0"),
        "999988887777.dkr.ecr.eu-central-1.amazonaws.com/shop/web:1.0".to_owned(),
    ];
    for about in elsewhere {
        let all = ask(&estate(), vec![report(&[&about], vec![note("CVE-2022-3602")])], Feeds::default());
        assert!(all.rows.is_empty(), "{about}");
        assert_eq!((all.nowhere.len(), all.nowhere[0].findings), (1, 1), "it is told, not lost");
    }
}

#[test]
fn a_function_is_meant_with_its_version() {
    let mut things = estate();
    things.push(finding(&format!("{}:$LATEST", arn("lambda", "function:mail")), "CVE-2023-32681", "ACTIVE"));
    let all = ask(&things, Vec::new(), Feeds::default());
    assert_eq!(all.rows[0].thing.resource, arn("lambda", "function:mail"));
    assert_eq!(all.rows[0].weakness.exploitation, Exploitation::Unknown, "no feed was loaded");
}

#[test]
fn what_is_judged_is_told_apart() {
    let mut vex = note("CVE-2024-23897");
    (vex.state, vex.why, vex.package) = (State::NotAffected, Some("code_not_reachable".to_owned()), None);
    let mut things = estate();
    things.extend([
        finding("i-open", "CVE-2024-23897", "ACTIVE"),
        finding("i-shut", "CVE-2024-23897", "SUPPRESSED"),
    ]);
    let open = arn("ec2", "instance/i-open");
    let mut judging = report(&[&open], vec![vex]);
    judging.is_look = false;
    let all = ask(&things, vec![judging], feeds(&["CVE-2024-23897"], &[]));
    let told: Vec<_> = all
        .rows
        .iter()
        .map(|row| {
            (row.urgency.is_some(), row.weakness.state, row.weakness.judged.as_deref().unwrap_or_default())
        })
        .collect();
    assert_eq!(
        told,
        [
            (false, State::NotAffected, "scanner: code_not_reachable"),
            (false, State::Suppressed, "Amazon Inspector: a suppression rule of Amazon Inspector"),
        ]
    );
    assert!(all.by_thing[&open].looked.contains_key("Amazon Inspector"));
    assert!(!all.by_thing[&open].looked.contains_key("scanner"), "a verdict is no look");
}

#[test]
fn where_nobody_looked_is_told() {
    let mut things = estate();
    let covered = |id: &str, code: &str, reason: &str| {
        let document = json!({"resourceId": id, "scanType": "PACKAGE", "scanStatus": {"statusCode": code, "reason": reason}});
        (
            "AWS::InspectorV2::Coverage".to_owned(),
            arn("inspector2", &format!("coverage/PACKAGE/{id}")),
            document,
        )
    };
    things.extend([
        covered("i-open", "ACTIVE", "SUCCESSFUL"),
        covered("i-shut", "INACTIVE", "UNMANAGED_EC2_INSTANCE"),
    ]);
    let scanned = things.iter_mut().find(|(_, arn, _)| arn.contains("shop/web/")).expect("it is there");
    scanned.2["Scan"] =
        json!({"imageScanStatus": {"status": "COMPLETE"}, "imageScanFindings": {"findings": []}});
    let failed = things.iter_mut().find(|(_, arn, _)| arn.contains("shop/old/")).expect("it is there");
    failed.2["Scan"] = json!({"imageScanStatus": {"status": "UNSUPPORTED_IMAGE"}});
    let all = ask(&things, vec![report(&[&arn("lambda", "function:quiet")], Vec::new())], Feeds::default());
    let told: Vec<_> = all
        .not_looked
        .iter()
        .map(|thing| {
            (
                thing.resource.rsplit(['/', ':']).next().expect("it is there"),
                thing.not_looked.first().map_or("", String::as_str),
            )
        })
        .collect();
    let old = "b".repeat(64);
    assert_eq!(
        told,
        [
            ("i-shut", "Amazon Inspector: UNMANAGED_EC2_INSTANCE"),
            ("i-lost", ""),
            (old.as_str(), "Amazon ECR: UNSUPPORTED_IMAGE"),
            ("mail", ""),
        ]
    );
    assert!(all.rows.is_empty());
}

#[test]
fn ways_in_are_what_packets_alone_use_also_of_what_runs_an_image() {
    let mut things = estate();
    things.push(finding("i-open", "CVE-2024-23897", "ACTIVE"));
    let vague = note("CVE-2020-0001");
    let all = ask(&things, vec![report(&[&digest('a')], vec![vague])], feeds(&[], &[]));
    let open = arn("ec2", "instance/i-open");
    let ways = all.ways_in(&open).expect("it is there");
    assert_eq!((ways.rows.len(), ways.vague, ways.looked.len()), (1, 0, 1));
    let task = arn("ecs", "task/shop/1");
    let ways = all.ways_in(&task).expect("it is there");
    assert_eq!((ways.rows.len(), ways.vague), (0, 1), "no vector says from where it is attacked");
    assert!(all.ways_in("arn:aws:ecs:eu-central-1:111122223333:task/other/1").is_none());
}
