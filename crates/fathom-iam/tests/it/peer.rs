//! The comparison with an independent evaluator, which runs as a process of its own. Where the two differ, AWS's
//! documentation decides: `disputes.md` beside this file has the sentences.

use std::{
    collections::BTreeMap,
    fs,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fathom_iam::{Decision, batch};
use serde_json::Value;

use crate::generate::Generator;

/// How many requests are compared; `FATHOM_IAM_CASES` asks for more.
const CASES: usize = 20_000;

/// Where the peer is installed; none where it is not, which is told.
fn peer() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let directory = home.join(".cache/fathom/iam-peer");
    if directory.join("node_modules/@cloud-copilot/iam-simulate").is_dir() {
        return Some(directory);
    }
    let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
    assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", directory.display());
    eprintln!("skipped: no {}; `cargo xtask test` installs it", directory.display());
    None
}

fn ask(directory: &Path, lines: &str) -> Vec<String> {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../tools/iam-peer/simulate.mjs");
    let mut child = Command::new("node")
        .arg(script)
        .arg(directory)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let lines = lines.to_owned();
    let writer = std::thread::spawn(move || input.write_all(lines.as_bytes()).unwrap());
    let output = child.wait_with_output().unwrap();
    writer.join().unwrap();
    assert!(output.status.success(), "the peer failed");
    let said = String::from_utf8(output.stdout).unwrap();
    said.lines().map(|line| serde_json::from_str(line).unwrap()).collect()
}

fn word(decision: Decision) -> &'static str {
    match decision {
        Decision::Allowed => "Allowed",
        Decision::ImplicitlyDenied => "ImplicitlyDenied",
        Decision::ExplicitlyDenied => "ExplicitlyDenied",
        Decision::OnlyIf => "OnlyIf",
        Decision::Unknown => "Unknown",
    }
}

#[test]
fn an_independent_evaluator_agrees() {
    let Some(directory) = peer() else { return };
    let number = |name: &str| std::env::var(name).ok().and_then(|text| text.parse::<u64>().ok());
    let cases = number("FATHOM_IAM_CASES").map_or(CASES, |cases| usize::try_from(cases).unwrap());
    // The same requests every time, but where `cargo xtask soak` draws new ones.
    let mut generator = Generator::new(number("PROPTEST_RNG_SEED").unwrap_or(1));
    let requests: Vec<Value> = (0..cases).map(|_| generator.case()).collect();
    let lines: Vec<String> = requests.iter().map(ToString::to_string).collect();
    let lines = lines.join("\n") + "\n";
    let theirs = ask(&directory, &lines);
    assert_eq!(theirs.len(), requests.len(), "an answer for each request");
    let mut decided: BTreeMap<&str, usize> = BTreeMap::new();
    let mut disputed: BTreeMap<&str, usize> = BTreeMap::new();
    let mut unexplained = Vec::new();
    for (request, theirs) in requests.iter().zip(&theirs) {
        let verdict = batch::answer(&request.to_string()).unwrap().verdict;
        assert!(verdict.faults.is_empty(), "{:?}", verdict.faults);
        let ours = word(verdict.decision);
        *decided.entry(ours).or_default() += 1;
        if ours == theirs {
            continue;
        }
        match DISPUTES.iter().find(|dispute| (dispute.applies)(request, ours, theirs)) {
            Some(dispute) => *disputed.entry(dispute.id).or_default() += 1,
            None => unexplained.push(format!("ours {ours}, theirs {theirs}: {request}")),
        }
    }
    // The smallest are the easiest to understand.
    unexplained.sort_by_key(String::len);
    println!("{cases} requests, decided {decided:?}, disputed {disputed:?}");
    assert!(
        unexplained.is_empty(),
        "{} without an explanation, the first:\n{}",
        unexplained.len(),
        unexplained.iter().take(8).cloned().collect::<Vec<_>>().join("\n")
    );
    // Each decision is compared often, or the comparison says little.
    for decision in ["Allowed", "ImplicitlyDenied", "ExplicitlyDenied"] {
        assert!(
            decided.get(decision).copied().unwrap_or_default() * 20 > cases,
            "{decision} is rare: {decided:?}"
        );
    }
    let told =
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/it/disputes.md")).unwrap();
    for dispute in &DISPUTES {
        assert!(told.contains(&format!("| {} |", dispute.id)), "{} is not in disputes.md", dispute.id);
    }
}

/// A difference whose cause is known.
struct Dispute {
    id: &'static str,
    applies: fn(&Value, &str, &str) -> bool,
}

const DISPUTES: [Dispute; 7] = [
    Dispute {
        id: "root-has-every-right",
        applies: |case, ours, theirs| {
            // A user without policies, whom nothing denies, has what the peer gives the root user.
            let mut user = case.clone();
            retain(&mut user, |statement| statement["Effect"] == "Allow");
            user["request"]["principal"] = "arn:aws:iam::111122223333:user/nobody".into();
            let is_root = text(case, "/request/principal").ends_with(":root");
            is_root && (ours, theirs) == (ALLOWED, IMPLICIT) && decide(&user.to_string()) == theirs
        },
    },
    Dispute {
        id: "a-role-has-a-trust-policy",
        applies: |case, ours, theirs| {
            is_assumed(case) && case.get("resource_policy").is_none() && (ours, theirs) == (IMPLICIT, ALLOWED)
        },
    },
    Dispute {
        id: "who-may-assume-a-role",
        applies: |case, ours, theirs| {
            let principal = text(case, "/request/principal");
            let may_not = principal == "*" || principal.ends_with(":root");
            is_assumed(case) && may_not && (ours, theirs) == (IMPLICIT, ALLOWED)
        },
    },
    Dispute {
        id: "session-past-the-session-policy",
        applies: |case, ours, theirs| {
            (ours, theirs) == (ALLOWED, IMPLICIT)
                && is_own_session(case)
                && without(case, &[SESSION]) == theirs
        },
    },
    Dispute {
        id: "everyone-past-the-session-policy",
        applies: |case, ours, theirs| {
            let named = [SESSION, r#""*""#, r#"{"AWS":"*"}"#];
            (ours, theirs) == (ALLOWED, IMPLICIT) && is_own_session(case) && without(case, &named) == theirs
        },
    },
    Dispute {
        id: "not-principal-of-the-account-alone",
        applies: |case, _, theirs| {
            // The difference is gone without the statements that list the caller's account and not the caller.
            let mut case = case.clone();
            let name =
                if text(&case, "/request/principal").ends_with("ann") { "user/ann" } else { "role/worker" };
            retain(&mut case, |statement| {
                let listed = statement["NotPrincipal"].to_string();
                statement["Effect"] == "Allow" || !listed.contains("111122223333") || listed.contains(name)
            });
            decide(&case.to_string()) == theirs
        },
    },
    Dispute {
        id: "not-principal-of-another-session",
        applies: |case, ours, theirs| {
            // The difference is gone without the statements that list another session of the caller's role.
            let is_other = text(case, "/request/principal").ends_with(":assumed-role/worker/i-2");
            let mut case = case.clone();
            retain(&mut case, |statement| {
                statement["Effect"] == "Allow"
                    || !statement["NotPrincipal"].to_string().contains("worker/i-1")
            });
            is_other && ours == EXPLICIT && decide(&case.to_string()) == theirs
        },
    },
];

const ALLOWED: &str = "Allowed";
const IMPLICIT: &str = "ImplicitlyDenied";
const EXPLICIT: &str = "ExplicitlyDenied";
/// The session of the generated requests that policies name.
const SESSION: &str = r#"{"AWS":"arn:aws:sts::111122223333:assumed-role/worker/i-1"}"#;

fn is_assumed(case: &Value) -> bool {
    text(case, "/request/action") == "sts:AssumeRole"
}

fn is_own(case: &Value) -> bool {
    let account = text(case, "/request/resource/account");
    text(case, "/request/principal").split(':').nth(4) == Some(account)
}

/// A session with a session policy, of the account that owns the resource.
fn is_own_session(case: &Value) -> bool {
    is_own(case) && case.get("session_policy").is_some()
}

/// What is decided without the statements of the resource's policy that have one of these principals.
fn without(case: &Value, principals: &[&str]) -> &'static str {
    let mut case = case.clone();
    let name = text(&case, "/request/principal").rsplit('/').next().unwrap_or_default().to_owned();
    let principals: Vec<String> = principals.iter().map(|one| one.replace("i-1", &name)).collect();
    retain(&mut case, |statement| {
        statement["Effect"] == "Deny" || !principals.contains(&statement["Principal"].to_string())
    });
    decide(&case.to_string())
}

fn retain(case: &mut Value, keep: impl FnMut(&Value) -> bool) {
    let Some(Value::Array(statements)) = case.pointer_mut("/resource_policy/Statement") else { return };
    statements.retain(keep);
    if statements.is_empty() {
        case["resource_policy"] = Value::Null;
    }
}

fn decide(line: &str) -> &'static str {
    word(batch::answer(line).unwrap().verdict.decision)
}

fn text<'a>(case: &'a Value, pointer: &str) -> &'a str {
    case.pointer(pointer).and_then(Value::as_str).unwrap_or_default()
}
