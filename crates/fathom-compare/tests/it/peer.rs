//! The comparison with a solver that reads the policies itself and runs as a process of its own.

use std::{
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fathom_compare::{Answer, wider};
use fathom_iam::PolicyKind;
use serde_json::{Value, json};

use crate::{choices::Choices, judge::identity};

/// How many pairs are compared; `FATHOM_COMPARE_PAIRS` asks for more.
const PAIRS: u64 = 40;

const ACTIONS: [&str; 10] = [
    "*",
    "s3:*",
    "s3:Get*",
    "s3:GetObject",
    "s3:*Object",
    "S3:getobject",
    "s3:G?tObject",
    "sqs:*",
    "*:Get*",
    "s3:*Obj*t*",
];
const RESOURCES: [&str; 12] = [
    "*",
    "arn:aws:s3:::*",
    "arn:aws:s3:::prod-*",
    "arn:aws:s3:::prod-a",
    "arn:aws:s3:::prod-a/*",
    "arn:aws:s3:::*/x",
    "arn:aws:s3:::prod-?/x*",
    "arn:aws:sqs:eu-west-1:111122223333:q",
    "arn:aws:sqs:*:111122223333:*",
    "arn:aws:sqs:eu-*:*:q",
    "arn:aws:sqs:*",
    "arn:*:s3:::prod-a/*",
];

fn python() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    let has_solver = python.is_file()
        && Command::new(&python)
            .args(["-c", "import cvc5"])
            .output()
            .is_ok_and(|output| output.status.success());
    if has_solver {
        return Some(python);
    }
    let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "no {} with cvc5 and FATHOM_REQUIRE_PEERS=1", python.display());
    eprintln!("skipped: no {} with cvc5; `cargo xtask test` installs it", python.display());
    None
}

fn some(choices: &mut Choices, from: &[&str]) -> Value {
    if choices.chance(30) {
        json!([choices.pick(from), choices.pick(from)])
    } else {
        json!(choices.pick(from))
    }
}

fn statement(choices: &mut Choices) -> Value {
    let mut statement = json!({"Effect": if choices.chance(75) { "Allow" } else { "Deny" }});
    statement[if choices.chance(10) { "NotAction" } else { "Action" }] = some(choices, &ACTIONS);
    statement[if choices.chance(10) { "NotResource" } else { "Resource" }] = some(choices, &RESOURCES);
    if choices.chance(45) {
        let (operator, key, values) = choices.pick(&[
            ("Bool", "aws:SecureTransport", json!("true")),
            ("BoolIfExists", "aws:MultiFactorAuthPresent", json!(["true"])),
            ("Bool", "aws:MultiFactorAuthPresent", json!("false")),
            ("StringEquals", "aws:PrincipalTag/team", json!(["reports", "jobs"])),
            ("StringNotEquals", "aws:PrincipalTag/team", json!(["reports"])),
            ("StringLike", "aws:PrincipalTag/team", json!(["re*", "j?bs"])),
            ("StringNotLike", "aws:PrincipalTag/team", json!("*s")),
            ("StringLikeIfExists", "aws:PrincipalTag/team", json!("r*s")),
            ("StringEqualsIfExists", "aws:RequestTag/stage", json!("prod")),
            ("Null", "aws:PrincipalTag/team", json!("false")),
            ("Null", "aws:RequestTag/stage", json!("true")),
        ]);
        statement["Condition"] = json!({operator: {key: values}});
    }
    statement
}

fn policy(choices: &mut Choices) -> Value {
    let many = choices.below(3);
    json!({"Version": "2012-10-17", "Statement": (0..=many).map(|_| statement(choices)).collect::<Vec<_>>()})
}

#[test]
fn a_solver_agrees() {
    let Some(python) = python() else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let mut choices = Choices::new(number("PROPTEST_RNG_SEED").unwrap_or(3));
    let pairs: Vec<(Value, Value)> = (0..number("FATHOM_COMPARE_PAIRS").unwrap_or(PAIRS))
        .map(|_| {
            let old = policy(&mut choices);
            let mut new = policy(&mut choices);
            // Often one is the other and a little more.
            if choices.chance(50) {
                let list = new["Statement"].as_array_mut().unwrap();
                list.truncate(1);
                list.extend(old["Statement"].as_array().unwrap().clone());
            }
            if choices.chance(50) { (old, new) } else { (new, old) }
        })
        .collect();
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/compare-peer/decide.py");
    let mut child =
        Command::new(python).arg(script).stdin(Stdio::piped()).stdout(Stdio::piped()).spawn().unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines: Vec<String> =
        pairs.iter().map(|(old, new)| json!({"old": old, "new": new}).to_string()).collect();
    let lines = lines.join("\n") + "\n";
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the solver failed");
    let theirs = String::from_utf8(output.stdout).unwrap();
    let theirs: Vec<&str> = theirs.lines().collect();
    assert_eq!(theirs.len(), pairs.len(), "an answer for each pair");
    let (mut sat, mut unsat, mut undecided) = (0_usize, 0_usize, 0_usize);
    for ((old, new), theirs) in pairs.iter().zip(theirs) {
        let ours = wider(PolicyKind::Identity, &identity(old), &identity(new));
        match (theirs, &ours) {
            ("sat", Answer::Wider(_)) => sat += 1,
            ("unsat", Answer::NotWider) => unsat += 1,
            (unknown, _) if unknown.starts_with("unknown") => undecided += 1,
            _ => panic!("the solver says {theirs}, and we {ours:?}\nold {old}\nnew {new}"),
        }
    }
    println!("{sat} wider, {unsat} not wider, {undecided} that the solver did not decide within its limit");
    assert!(sat * 5 > pairs.len() && unsat * 5 > pairs.len() && undecided * 4 < pairs.len());
}
