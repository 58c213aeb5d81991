//! The managed policies of AWS: the largest body of policies as they are really written.

use std::{
    path::PathBuf,
    process::Command,
    time::{Duration, Instant},
};

use fathom_compare::{Answer, Relation, compare, wider};
use fathom_iam::{Policy, PolicyKind, policy::Effect};
use serde_json::Value;

use crate::judge;

/// Prints the managed policies that moto carries.
const LIST: &str = "
import json
import moto.iam.aws_managed_policies as managed
print(managed.aws_managed_policies_data if isinstance(managed.aws_managed_policies_data, str)
      else json.dumps(managed.aws_managed_policies_data))
";

/// One policy in so many is asked about; `FATHOM_COMPARE_ALL` asks about all, which takes minutes.
const STEP: usize = 120;

fn policies() -> Option<Vec<(String, Policy)>> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    if !python.is_file() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", python.display());
        eprintln!("skipped: no {} (a virtual environment with moto)", python.display());
        return None;
    }
    let output = Command::new(&python).args(["-c", LIST]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let policies: Value = serde_json::from_slice(&output.stdout).unwrap();
    let parse = |(name, policy): (&String, &Value)| {
        let parsed = Policy::parse(name, PolicyKind::Identity, &policy["Document"].to_string()).unwrap();
        (name.clone(), parsed)
    };
    Some(policies.as_object().unwrap().iter().map(parse).collect())
}

/// Each is compared with itself, with itself without its last permission, and with the next one.
#[test]
fn managed_policies_are_decided() {
    let Some(policies) = policies() else { return };
    assert!(policies.len() > 1_000);
    let kind = PolicyKind::Identity;
    let mut unknown = Vec::new();
    let mut asked = 0;
    let mut slowest = (Duration::ZERO, "");
    let mut ask = |name: &str, old: &[Policy], new: &[Policy]| {
        asked += 1;
        let answer = wider(kind, old, new);
        if let Answer::Unknown { because } = &answer {
            let why = because.join("; ");
            assert!(!why.contains("an error of this program"), "{name}: {why}");
            unknown.push(format!("{name}: {why}"));
        } else if let Answer::Wider(_) = &answer {
            judge::wider(kind, answer.clone(), old, new);
        }
        answer
    };
    let step = if std::env::var_os("FATHOM_COMPARE_ALL").is_some() { 1 } else { STEP };
    for pair in policies.windows(2).step_by(step) {
        let [(name, policy), (_, next)] = pair else { continue };
        let started = Instant::now();
        let whole = std::slice::from_ref(policy);
        assert_eq!(compare(kind, whole, whole).relation, Relation::Equal, "{name}");
        let mut fewer = policy.clone();
        if fewer.statements.pop().is_some_and(|last| last.effect == Effect::Allow) {
            let fewer = std::slice::from_ref(&fewer);
            let less = ask(name, whole, fewer);
            assert!(!matches!(less, Answer::Wider(_)), "{name} allows more without a permission: {less:?}");
            ask(name, fewer, whole);
        }
        ask(name, whole, std::slice::from_ref(next));
        if started.elapsed() > slowest.0 {
            slowest = (started.elapsed(), name);
        }
    }
    let (time, name) = slowest;
    println!("{asked} questions, the slowest about {name} in {time:?}; unknown:\n{}", unknown.join("\n"));
    assert!(unknown.len() * 20 < asked, "{} of {asked} are unknown:\n{}", unknown.len(), unknown.join("\n"));
}
