//! What a blind enumeration finds and we do not: every ARN in every answer to every read call of moto that needs no
//! parameter. Each that the estate lacks has its reason here.

use std::{
    collections::{BTreeMap, BTreeSet},
    process::Command,
};

use fathom_testkit::moto::python;
use serde_json::{Value, json};

use crate::{
    cloud::{REGIONS, seeded, tools},
    moto::scanned,
};

/// ARNs that are no resource of ours, by what they begin and end with, and why.
const EXPLAINED: &[(&str, &str, &str)] = &[
    ("arn:aws:ram::aws:permission/", "", "the provider's own permissions, the same for everybody"),
    (
        "arn:aws:iam::",
        ":root",
        "an account as a principal, not a resource; the organisation's accounts are known by it",
    ),
    ("arn:aws:iam::aws:policy/", "", "a policy that AWS writes and nobody here uses"),
    ("arn:aws:iam::", ":user/default_user", "the user that moto makes up for a caller without one"),
    ("arn:aws:sts::", "", "who is asking, not a resource"),
    ("arn:aws:iam::", "/AWSServiceRoleForAutoScaling", "moto names a service role that it does not make"),
    ("arn:aws:iam::", "/AWSServiceRoleForAmazonMacie", "moto names a service role that it does not make"),
    ("arn:aws:iam::", ":role/workspaces_DefaultRole", "moto names a role that it does not make"),
    ("arn:aws:kafka:region:account-id:operation/", "", "a constant of moto"),
    ("arn:aws:kms:", ":key/default_key", "a constant of moto"),
    ("arn:aws:lambda:", ":$LATEST", "the newest code of a function, which is listed without it"),
    ("arn:aws:", "-*", "a pattern of a policy, not a resource"),
    ("arn:aws:", "/*", "a pattern of a policy, not a resource"),
];

#[test]
fn what_a_blind_enumeration_finds_is_ours_or_explained() {
    let (Some(cloud), Some(place)) = (seeded(), scanned()) else { return };
    let ran = Command::new(python().expect("the peers' Python"))
        .arg(tools().join("enumerate_all.py"))
        .args(["--endpoint", cloud.url(), "--account", "123456789012", "--account", "908249470583"])
        .args(REGIONS.iter().flat_map(|region| ["--region", *region]))
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let found: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert!(found["answered"].as_u64() > Some(400), "{} calls were answered", found["answered"]);

    // Ours are named by topic, protocol and target, so that they keep their name; theirs by random digits.
    let subscriptions: BTreeMap<String, Value> = place
        .rows("select subscription, topic, protocol, endpoint from aws_sns_subscription")
        .into_iter()
        .map(|row| {
            let arn = row["subscription"].as_str().expect("an ARN").to_owned();
            (arn, json!([row["topic"], row["protocol"], row["endpoint"]]))
        })
        .collect();
    let theirs: BTreeMap<String, Value> =
        serde_json::from_value(found["subscriptions"].clone()).expect("subscriptions");
    assert_eq!(subscriptions, theirs);
    assert!(theirs.len() > 2, "{theirs:?}");

    let mut known: BTreeSet<String> = subscriptions.into_keys().collect();
    for row in place.rows("select uid, id from resources where type not like 'seen::%'") {
        known.extend(["uid", "id"].map(|name| row[name].as_str().unwrap_or_default().to_owned()));
    }
    let arns = found["arns"].as_object().expect("ARNs");
    assert!(arns.len() > 300, "{} ARNs", arns.len());
    let mut met = BTreeSet::new();
    let mut unexplained = Vec::new();
    for (arn, calls) in arns {
        if is_known(arn, &known) {
            continue;
        }
        let explained =
            EXPLAINED.iter().position(|(beginning, end, _)| arn.starts_with(beginning) && arn.ends_with(end));
        match explained {
            Some(index) => _ = met.insert(index),
            None => unexplained.push(format!("{arn} of {calls}")),
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    let needless: Vec<_> =
        (0..EXPLAINED.len()).filter(|index| !met.contains(index)).map(|index| EXPLAINED[index]).collect();
    assert!(needless.is_empty(), "reasons that nothing needs any more: {needless:?}");
}

/// Whether the estate has it: by its ARN (log groups end in `:*` in some answers), or what EC2 has by its id, because
/// moto's tagging service writes the kinds of some ARNs otherwise than AWS.
fn is_known(arn: &str, known: &BTreeSet<String>) -> bool {
    let id = arn.rsplit_once('/').map_or("", |(_, id)| id);
    known.contains(arn)
        || known.contains(arn.trim_end_matches(":*"))
        || (arn.starts_with("arn:aws:ec2:") && known.contains(id))
}
