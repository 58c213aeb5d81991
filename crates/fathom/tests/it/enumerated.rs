//! What a blind enumeration finds and we do not: every ARN in every answer to every read call of moto that needs no
//! parameter. Each that the estate lacks has its reason here.

use std::{collections::BTreeSet, process::Command};

use fathom_testkit::moto::python;
use serde_json::Value;

use crate::{
    cloud::{seeded, tools},
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
    ("arn:aws:iam::", ":user/default_user", "the user that moto makes up for a caller without one"),
    ("arn:aws:sts::", "", "who is asking, not a resource"),
    ("arn:aws:iam::", "/AWSServiceRoleForAmazonMacie", "moto names a service role that it does not make"),
    (
        "arn:aws:iam::",
        ":role/OrganizationAccountAccessRole",
        "moto lets anybody take this role and does not make it",
    ),
    ("arn:aws:iam::", ":role/workspaces_DefaultRole", "moto names a role that it does not make"),
    ("arn:aws:kafka:region:account-id:operation/", "", "a constant of moto"),
    ("arn:aws:kms:", ":key/default_key", "a constant of moto"),
    (
        "arn:aws:sns:",
        "",
        "subscriptions: ours are named by topic, protocol and target, so that they keep their name",
    ),
];

#[test]
fn what_a_blind_enumeration_finds_is_ours_or_explained() {
    let (Some(cloud), Some(place)) = (seeded(), scanned()) else { return };
    let ran = Command::new(python().expect("the peers' Python"))
        .arg(tools().join("enumerate_all.py"))
        .args(["--endpoint", cloud.url(), "--account", "123456789012", "--account", "908249470583"])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));
    let found: Value = serde_json::from_slice(&ran.stdout).expect("JSON");
    assert!(found["calls"].as_u64() > Some(400), "{} calls", found["calls"]);

    let mut known = BTreeSet::new();
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
        let is_subscription = !arn.starts_with("arn:aws:sns:") || arn.matches(':').count() == 6;
        match explained {
            Some(index) if is_subscription => _ = met.insert(index),
            _ => unexplained.push(format!("{arn} of {calls}")),
        }
    }
    assert!(unexplained.is_empty(), "{unexplained:#?}");
    assert!(met.len() >= 6, "reasons that nothing needs any more: {met:?}");
}

/// Whether the estate has it: by its ARN (log groups end in `:*` in some answers), or what EC2 has by its id, because
/// moto's tagging service writes the kinds of some ARNs otherwise than AWS.
fn is_known(arn: &str, known: &BTreeSet<String>) -> bool {
    let id = arn.rsplit_once('/').map_or("", |(_, id)| id);
    known.contains(arn)
        || known.contains(arn.trim_end_matches(":*"))
        || (arn.starts_with("arn:aws:ec2:") && known.contains(id))
}
