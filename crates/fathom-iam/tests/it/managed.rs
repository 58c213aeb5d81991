//! Every managed policy of AWS is read: they are the largest body of policies that AWS itself wrote.

use std::{path::PathBuf, process::Command};

use fathom_iam::{Policy, PolicyKind};
use serde_json::Value;

/// Prints the managed policies that moto carries.
const LIST: &str = "
import json
import moto.iam.aws_managed_policies as managed
print(managed.aws_managed_policies_data if isinstance(managed.aws_managed_policies_data, str)
      else json.dumps(managed.aws_managed_policies_data))
";

#[test]
fn every_managed_policy_of_aws_is_read() {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    if !python.is_file() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", python.display());
        eprintln!("skipped: no {} (a virtual environment with moto)", python.display());
        return;
    }
    let output = Command::new(&python).args(["-c", LIST]).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    let policies: Value = serde_json::from_slice(&output.stdout).unwrap();
    let policies = policies.as_object().unwrap();
    let mut statements = 0;
    let mut refused = Vec::new();
    for (name, policy) in policies {
        let document = &policy["Document"];
        match Policy::parse(name, PolicyKind::Identity, &document.to_string()) {
            Ok(policy) => {
                let written = document["Statement"].as_array().map_or(1, Vec::len);
                assert_eq!(policy.statements.len(), written, "{name}");
                statements += written;
            }
            Err(bad) => refused.push(bad.to_string()),
        }
    }
    println!("{} policies with {statements} statements", policies.len());
    assert!(policies.len() > 1_000);
    assert!(refused.is_empty(), "{} refused:\n{}", refused.len(), refused.join("\n"));
}
