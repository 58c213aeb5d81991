//! A live cloud with two accounts and three regions: what we find, and what boto3 finds there.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::{Arc, OnceLock},
};

use fathom_testkit::front::{Fault, Front, FrontOptions};
use serde_json::{Value, json};

use crate::{
    cloud::{REGIONS, on, seeded, whole},
    harness::{Place, Ran, copy_dir},
};

/// Calls that moto answers as AWS does not, so that they end as unknown: service, operation, reason, and why.
const ANSWERED_ODDLY: &[(&str, &str, &str, &str)] = &[
    ("organizations", "ListPolicies", "failed", "moto does not know declarative policies"),
    ("config", "SelectResourceConfig", "not_enabled", "regions without a recorder cannot say what they have"),
];

/// Members that are others each time that they are asked for, and why.
const TOLD_ANEW: &[(&str, &str, &str)] = &[
    (
        "AWS::Athena::WorkGroup",
        "CreationTime",
        "moto says of the primary work group that it was made right now",
    ),
    ("AWS::EFS::FileSystem", "SizeInBytes", "moto says that it was measured right now"),
    ("AWS::IAM::Role", "RoleLastUsed", "the role that a scan takes was last used by the scan"),
    ("AWS::Neptune::DBCluster", "LatestRestorableTime", "moves with the clock"),
    ("AWS::RDS::DBCluster", "LatestRestorableTime", "moves with the clock"),
    ("AWS::RDS::DBInstance", "LatestRestorableTime", "moves with the clock"),
];

/// Types whose ids the oracle reads in another form than ours, and why.
const NAMED_OTHERWISE: &[(&str, &str)] = &[
    (
        "AWS::SNS::Subscription",
        "its ARN ends in random digits and is not there before it is confirmed; ours names topic, protocol and target",
    ),
    ("AWS::Route53::HostedZone", "boto3 gives `/hostedzone/` before the id"),
];

/// What moto alone cannot be asked for, and why; it is compared in a test of its own.
const ASSIGNMENT: (&str, &str) = (
    "AWS::SSO::Assignment",
    "it is asked for with the instance, which moto does not describe; a front before it does",
);

/// A scan of the live cloud that says all it can and is recorded: where, and what it said. Only for commands that read.
pub(crate) fn scanned_aloud() -> Option<&'static (Place, Ran)> {
    static LOUD: OnceLock<Option<(Place, Ran)>> = OnceLock::new();
    let scan = || {
        let place = seeded()?.place().env("FATHOM_LOG", "trace");
        let ran =
            place.run(&whole(&["--json", "--record", RECORDING, "--declarations", &declarations()])).ok();
        Some((place, ran))
    };
    LOUD.get_or_init(scan).as_ref()
}

/// The recording in the places of scans.
pub(crate) const RECORDING: &str = "live.zst";

/// A place where the live cloud was scanned once, and recorded. Only for commands that read.
pub(crate) fn scanned() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    let copied = || {
        let (loud, _) = scanned_aloud()?;
        let place = seeded()?.place();
        copy_dir(&loud.data(), &place.data());
        place.write(RECORDING, loud.read(RECORDING));
        Some(place)
    };
    PLACE.get_or_init(copied).as_ref()
}

/// A copy of that place, after a second scan of the same cloud.
pub(crate) fn scanned_again() -> Option<&'static Place> {
    static PLACE: OnceLock<Option<Place>> = OnceLock::new();
    let scan = || {
        let place = seeded()?.place();
        copy_dir(&scanned()?.data(), &place.data());
        place.run(&whole(&["--declarations", &declarations()])).ok();
        Some(place)
    };
    PLACE.get_or_init(scan).as_ref()
}

/// What the company's people declare.
pub(crate) fn declarations() -> String {
    crate::cloud::tools().join("fathom.yaml").display().to_string()
}

type Counts = BTreeMap<(String, String, String), i64>;

fn oracle_counts(oracle: &Value) -> Counts {
    let mut counts = Counts::new();
    for (account, places) in oracle["counts"].as_object().expect("accounts") {
        for (region, kinds) in places.as_object().expect("regions") {
            for (kind, count) in kinds.as_object().expect("types") {
                if kind == ASSIGNMENT.0 {
                    continue;
                }
                let key = (account.clone(), region.clone(), kind.clone());
                counts.insert(key, count.as_i64().expect("a count"));
            }
        }
    }
    counts
}

#[test]
fn we_count_what_boto3_counts() {
    let (Some(cloud), Some(place)) = (seeded(), scanned()) else { return };
    let mut ours = Counts::new();
    for row in place.rows(
        "select account, region, type, count(*) as n from resources where type not like 'seen::%' \
               group by account, region, type",
    ) {
        let text = |name: &str| row[name].as_str().expect("text").to_owned();
        ours.insert((text("account"), text("region"), text("type")), row["n"].as_i64().expect("a count"));
    }
    let oracle = oracle_counts(&cloud.oracle);
    let keys: BTreeSet<_> = ours.keys().chain(oracle.keys()).collect();
    assert!(keys.len() > 100, "{}", keys.len());
    let differ: Vec<String> = keys
        .into_iter()
        .filter_map(|key| {
            let (mine, theirs) = (ours.get(key).copied().unwrap_or(0), oracle.get(key).copied().unwrap_or(0));
            (mine != theirs).then(|| format!("{key:?}: ours {mine}, boto3 {theirs}"))
        })
        .collect();
    assert!(differ.is_empty(), "{differ:#?}");
}

#[test]
fn each_that_boto3_names_is_ours_by_that_name() {
    let (Some(cloud), Some(place)) = (seeded(), scanned()) else { return };
    let mut names: BTreeMap<(String, String, String), BTreeSet<String>> = BTreeMap::new();
    for row in place.rows("select account, region, type, uid, id, name from resources") {
        let text = |name: &str| row[name].as_str().unwrap_or_default().to_owned();
        let known = names.entry((text("account"), text("region"), text("type"))).or_default();
        known.extend([text("uid"), text("id"), text("name")]);
    }
    let (mut checked, mut missing) = (0, Vec::new());
    for (account, places) in cloud.oracle["ids"].as_object().expect("accounts") {
        for (region, kinds) in places.as_object().expect("regions") {
            for (kind, ids) in kinds.as_object().expect("types") {
                if kind == ASSIGNMENT.0 || NAMED_OTHERWISE.iter().any(|(other, _)| other == kind) {
                    continue;
                }
                let known = names.get(&(account.clone(), region.clone(), kind.clone()));
                for id in ids.as_array().expect("ids").iter().filter_map(Value::as_str) {
                    checked += 1;
                    if !known.is_some_and(|known| known.contains(id)) {
                        missing.push(format!("{account} {region} {kind} {id}"));
                    }
                }
            }
        }
    }
    assert!(checked > 300, "{checked}");
    assert!(missing.is_empty(), "{missing:#?}");
}

/// The programs that read the estate back; `docs/resources.md` takes from them which types are compared.
const ORACLES: [&str; 2] =
    [include_str!("../../../../tools/estate/oracle.py"), include_str!("../../../../tools/estate/listed.py")];

#[test]
fn each_type_that_is_compared_has_something_to_compare() {
    let Some(cloud) = seeded() else { return };
    let named: BTreeSet<&str> =
        ORACLES.iter().flat_map(|text| text.split('"')).filter(|word| word.starts_with("AWS::")).collect();
    assert!(named.len() > 200, "{}", named.len());
    let there: BTreeSet<String> =
        oracle_counts(&cloud.oracle).into_iter().map(|((.., kind), _)| kind).collect();
    let is_hollow = |kind: &&str| *kind != ASSIGNMENT.0 && !there.contains(*kind);
    let hollow: Vec<&str> = named.into_iter().filter(is_hollow).collect();
    assert!(hollow.is_empty(), "the seeded estate has none of {hollow:?}");
}

#[test]
fn assignments_are_those_that_boto3_lists() {
    let Some(cloud) = seeded() else { return };
    let described = Fault::AnswerWith(Arc::new(|params, _| json!({"InstanceArn": params["InstanceArn"]})));
    let front = Front::start(FrontOptions {
        moto: Some(cloud.url().to_owned()),
        rules: vec![on("sso-admin", "DescribeInstance", described)],
        ..FrontOptions::default()
    });
    let place = Place::asking(&front.url);
    let types = "AWS::SSO::Instance,AWS::SSO::PermissionSet,AWS::SSO::Assignment";
    place.run(&["scan", "--regions", "us-east-1", "--types", types]).ok();
    let ours = place.texts(&format!("select id from resources where type = '{}' order by id", ASSIGNMENT.0));
    let theirs = &cloud.oracle["ids"]["123456789012"]["us-east-1"][ASSIGNMENT.0];
    assert_eq!(json!(ours), *theirs);
    assert!(!ours.is_empty());
}

#[test]
fn coverage_has_a_row_for_every_definition_in_every_region() {
    let Some(place) = scanned() else { return };
    let content = fathom_content::Content::embedded().expect("content");
    let coverage = place.run(&["coverage", "--json"]).ok().json();
    let rows: BTreeSet<(String, String, String, String)> = coverage
        .as_array()
        .expect("rows")
        .iter()
        .map(|row| {
            ["account", "region", "type", "operation"]
                .map(|name| row[name].as_str().unwrap_or_default().to_owned())
        })
        .map(Into::into)
        .collect();
    let accounts = ["123456789012", "908249470583"];
    let mut missing = Vec::new();
    for definition in content.resources.values() {
        use fathom_content::resource::Scope;
        let (accounts, regions): (&[&str], &[&str]) = match definition.scope {
            Scope::Region => (&accounts, &REGIONS),
            Scope::Global => (&accounts, &["global"]),
            Scope::Organization => (&accounts[..1], &["global"]),
        };
        for account in accounts {
            for region in regions {
                let row = [*account, *region, definition.kind.as_str(), &definition.list.operation];
                if !rows.contains(&row.map(str::to_owned).into()) {
                    missing.push(row.join(" "));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    let not_reached =
        place.number("select count(*) from coverage where reason = 'not_reached' and operation <> '*'");
    assert_eq!(not_reached, 0, "something was planned and never asked");
}

#[test]
fn each_denied_or_unanswered_call_is_a_gap_where_it_matters() {
    let Some(place) = scanned() else { return };
    let rows = place.rows(
        "select distinct service, operation, reason from coverage where outcome = 'unknown' \
         and reason not in ('not_defined', 'not_reached', 'not_answered')",
    );
    // moto answers everything else that the definitions ask.
    let odd: Vec<_> = rows
        .iter()
        .filter(|row| {
            !ANSWERED_ODDLY.iter().any(|(service, operation, reason, _)| {
                row["service"] == *service && row["operation"] == *operation && row["reason"] == *reason
            })
        })
        .collect();
    assert!(odd.is_empty(), "{odd:#?}");
    let failed = place.number("select count(*) from coverage where reason = 'denied'");
    assert_eq!(failed, 0);
}

#[test]
fn a_recording_played_back_is_the_same_estate() {
    let Some(live) = scanned() else { return };
    let played = Place::new();
    played.write(RECORDING, live.read(RECORDING));
    let args = whole(&["--replay", RECORDING]);
    played.run(&[&args[..], &["--declarations", &declarations()]].concat()).ok();
    for query in [
        "select uid, type, account, region, id, name, tags, created_at, exposed, provider_made, understood, document \
         from resources order by uid",
        "select uid, part, value, source, origin, holds from explanations order by 1, 2, 3, 4, 5",
        "select uid, part, reason, rank from unknowns order by 1, 2",
        "select * from edges order by 1, 2, 3",
        "select account, region, service, operation, type, outcome, items from coverage order by 1, 2, 3, 4, 5",
    ] {
        let (live, played) = (live.rows(query), played.rows(query));
        assert!(live.len() > 50, "{query}");
        let differ: Vec<_> =
            live.iter().zip(&played).filter(|(live, played)| live != played).take(3).collect();
        assert!(differ.is_empty() && live.len() == played.len(), "{query}: {differ:#?}");
    }
}

#[test]
fn a_live_estate_scanned_again_is_the_same() {
    let (Some(first), Some(place)) = (scanned(), scanned_again()) else { return };
    let query = "select uid, first_seen, understood, stale from resources order by uid";
    assert_eq!(first.rows(query), place.rows(query));
    let query = "select type, uid, document from resources order by uid";
    let (before, after) = (first.rows(query), place.rows(query));
    let mut differ = BTreeSet::new();
    for (old, new) in before.iter().zip(&after) {
        let members = new["document"].as_object().expect("a document");
        assert_eq!(members.len(), old["document"].as_object().expect("a document").len(), "{new}");
        let kind = new["type"].as_str().expect("a type");
        let changed = members.iter().filter(|(name, value)| old["document"][name.as_str()] != **value);
        differ.extend(changed.map(|(name, _)| (kind, name.as_str())));
    }
    let needless: Vec<_> =
        TOLD_ANEW.iter().filter(|(kind, name, _)| !differ.contains(&(*kind, *name))).collect();
    differ.retain(|(kind, name)| !TOLD_ANEW.iter().any(|(of, member, _)| of == kind && member == name));
    assert!(differ.is_empty(), "{differ:#?}");
    assert!(needless.is_empty(), "exceptions that are none: {needless:#?}");
}
