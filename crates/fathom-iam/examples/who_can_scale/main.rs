//! How long it takes to know who can do something, in an organisation with every layer on. `cargo xtask bench access`
//! runs it; it prints its own table.
//!
//! Arguments: principals (10,000), resources (1,000,000), and a file for the first question as a line for each
//! principal, in the form of `fathom iam simulate`, for other programs to answer.

use std::{
    collections::BTreeMap,
    error::Error,
    fs::File,
    io::{BufWriter, Write as _},
    sync::Arc,
    time::{Duration, Instant},
};

mod estate;

use estate::{Choices, IN_ACCOUNT, account, documents, organisation, policy};
use fathom_iam::{
    Context, Index,
    organisation::{Change, Control, Target},
};
use serde_json::{Value, json};

const QUESTIONS: usize = 2_000;
const CHANGES: usize = 200;
const EVERYONES: &str = "arn:aws:iam::aws:policy/everyones";
const ACTIONS: [(&str, &str); 12] = [
    ("s3:GetObject", "s3"),
    ("s3:PutObject", "s3"),
    ("s3:DeleteObject", "s3"),
    ("s3:GetObjectVersion", "s3"),
    ("sqs:SendMessage", "sqs"),
    ("sqs:ReceiveMessage", "sqs"),
    ("dynamodb:GetItem", "dynamodb"),
    ("dynamodb:DeleteItem", "dynamodb"),
    ("lambda:InvokeFunction", "lambda"),
    ("secretsmanager:GetSecretValue", "secretsmanager"),
    ("kms:Decrypt", "kms"),
    ("sts:AssumeRole", "iam"),
];

/// The ARN of a resource by its number: of every service in turn, of every account.
fn arn(service: &str, number: usize, accounts: usize) -> (String, String) {
    let owner = account(number % accounts);
    let app = number % 500;
    let arn = match service {
        "s3" => format!("arn:aws:s3:::app{app}-data-{owner}/year=2026/part-{number}"),
        "sqs" => format!("arn:aws:sqs:eu-west-1:{owner}:app{app}-jobs-{number}"),
        "dynamodb" => format!("arn:aws:dynamodb:eu-west-1:{owner}:table/app{app}-table-{number}"),
        "lambda" => format!("arn:aws:lambda:eu-west-1:{owner}:function:app{app}-worker-{number}"),
        "secretsmanager" => format!("arn:aws:secretsmanager:eu-west-1:{owner}:secret:app{app}/db-{number}"),
        "kms" => format!("arn:aws:kms:eu-west-1:{owner}:key/key-{}", number % 5_000),
        _ => format!("arn:aws:iam::{owner}:role/app{}-role-{}", number % 80, number % 80),
    };
    (arn, owner)
}

/// A question by its number.
fn question(number: usize, resources: usize, accounts: usize) -> (&'static str, Target) {
    let (action, service) = ACTIONS[number % ACTIONS.len()];
    let (arn, owner) = arn(service, (number * 7_919) % resources, accounts);
    (action, Target { arn, account: Some(owner), seen: true })
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let principals: usize = words.next().map_or(Ok(10_000), |text| text.parse())?;
    let resources: usize = words.next().map_or(Ok(1_000_000), |text| text.parse())?;
    let accounts = principals.div_ceil(IN_ACCOUNT);
    let found = documents(principals);
    if let Some(file) = words.next() {
        return lines(&found, &file, accounts, resources);
    }
    println!("| step | time | peak MiB so far |\n| --- | --- | --- |");
    let begun = Instant::now();
    let organisation = Arc::new(organisation(&found, principals));
    drop(found);
    row("read the policies of an organisation", begun.elapsed());
    let begun = Instant::now();
    let index = Index::new(Arc::clone(&organisation));
    let label = format!("index of {} principals, {} statements", index.principals(), index.statements());
    row(&label, begun.elapsed());

    let mut first = BTreeMap::new();
    let mut times = Vec::new();
    let mut found = 0;
    for number in 0..QUESTIONS + ACTIONS.len() {
        let (action, target) = question(number, resources, accounts);
        let begun = Instant::now();
        let decisions = index.decide(action, &target, &Context::new())?;
        let took = begun.elapsed();
        found += decisions.possible().count();
        if first.contains_key(action) {
            times.push(took);
        } else {
            first.insert(action, took);
        }
    }
    times.sort();
    let at = |share: f64| times.get((times.len() as f64 * share) as usize).copied().unwrap_or_default();
    row(
        &format!(
            "who-can, median of {} over {resources} resources ({} found each)",
            times.len(),
            found / (QUESTIONS + ACTIONS.len())
        ),
        at(0.5),
    );
    row("who-can, 99 of 100 within", at(0.99));
    row("who-can, the first of an action, slowest", first.values().max().copied().unwrap_or_default());

    let mut explained = Vec::new();
    for number in 0..200 {
        let (action, target) = question(number, resources, accounts);
        let decisions = index.decide(action, &target, &Context::new())?;
        for principal in decisions.possible().iter().take(5) {
            let Some((name, _)) = index.principal(principal) else { continue };
            let begun = Instant::now();
            index.organisation().ask(name, action, &target, Context::new())?;
            explained.push(begun.elapsed());
        }
    }
    explained.sort();
    row(
        "explain one decision with every layer, median",
        explained.get(explained.len() / 2).copied().unwrap_or_default(),
    );
    for (what, change) in CHANGED {
        changes(&index, what, change, accounts, resources)?;
    }
    let holders = (0..index.principals() as u32).filter_map(|number| index.principal(number));
    let identities = holders.filter(|(name, _)| name.starts_with("arn:"));
    let attached = identities.map(|(name, _)| Change::Attached {
        holder: name.to_owned(),
        policy: EVERYONES.to_owned(),
        is_attached: true,
    });
    let attached: Vec<Change> = attached.collect();
    let begun = Instant::now();
    let shared = index.with(&attached)?;
    row(&format!("{} changes at once: a policy attached to everyone", attached.len()), begun.elapsed());
    let everyones: Make = |choices, _, accounts| Change::Managed {
        policy: EVERYONES.to_owned(),
        document: Some(policy(choices, accounts, 5).to_string()),
    };
    changes(&shared, "a managed policy that everyone has", everyones, accounts, resources)?;
    drop(shared);
    let mut slow = Duration::ZERO;
    let asked = 3;
    for number in 0..asked {
        let (action, target) = question(number, resources, accounts);
        let begun = Instant::now();
        let all = index.decide_one_by_one(action, &target, &Context::new())?;
        slow += begun.elapsed();
        assert!(all == index.decide(action, &target, &Context::new())?, "the index and the reference differ");
    }
    row(&format!("the same by the reference evaluator, mean of {asked}"), slow / asked as u32);
    Ok(())
}

/// Makes a change by its number.
type Make = fn(&mut Choices, usize, usize) -> Change;

/// Kinds of changes; of each resource and principal the estate has, one by its number.
const CHANGED: [(&str, Make); 4] = [
    ("an identity's inline policy", |choices, number, accounts| Change::Inline {
        holder: {
            let place = number % 80;
            // Every fifth is a user.
            let place = if place % 5 == 0 { place + 1 } else { place };
            format!("arn:aws:iam::{}:role/app{place}-role-{place}", account(number % accounts))
        },
        name: "p0".to_owned(),
        document: Some(policy(choices, accounts, 2).to_string()),
    }),
    ("a managed policy that many share", |choices, number, accounts| Change::Managed {
        policy: format!("arn:aws:iam::{}:policy/shared{}", account(number % accounts), number % 20),
        document: Some(policy(choices, accounts, 5).to_string()),
    }),
    ("a service control policy", |choices, number, accounts| {
        Change::Control {
        control: Control::Service,
        policy: "guard".to_owned(),
        // One unit, or all ten of them.
        target: (number % 2 == 0).then(|| format!("ou-{}", number % 10)),
        document: Some(
            json!({"Version": "2012-10-17", "Statement": [
                {"Effect": "Deny", "Action": format!("s3:Delete*{}", choices.below(accounts)), "Resource": "*",
                 "Condition": {"ArnNotLike": {"aws:PrincipalArn": "arn:aws:iam::*:role/app1-*"}}}]})
            .to_string(),
        ),
    }
    }),
    ("a bucket's policy", |choices, number, accounts| {
        let bucket = format!("arn:aws:s3:::app{}-data-{}", number % 500, account(number % accounts.min(20)));
        let other = account(choices.below(accounts));
        let policy = json!({"Version": "2012-10-17", "Statement": {"Effect": "Allow", "Action": "s3:Get*",
            "Principal": {"AWS": format!("arn:aws:iam::{other}:root")}, "Resource": format!("{bucket}/*")}});
        Change::Resource { resource: bucket, document: Some(policy.to_string()) }
    }),
];

/// Times of one change after the other, each with the first question asked of the changed index.
fn changes(
    index: &Index,
    what: &str,
    make: Make,
    accounts: usize,
    resources: usize,
) -> Result<(), Box<dyn Error>> {
    let mut choices = Choices::new(2);
    let (mut times, mut asked) = (Vec::new(), Vec::new());
    let first = index.with(&[])?;
    let mut index = first;
    for number in 0..CHANGES {
        let change = make(&mut choices, number, accounts);
        let begun = Instant::now();
        let next = index.with(&[change])?;
        times.push(begun.elapsed());
        let (action, target) = question(number, resources, accounts);
        let begun = Instant::now();
        next.decide(action, &target, &Context::new())?;
        asked.push(begun.elapsed());
        index = next;
    }
    for (what, mut times) in
        [(format!("{what} changed"), times), (format!("the first question after {what} changed"), asked)]
    {
        times.sort();
        let median = times.get(times.len() / 2).copied().unwrap_or_default();
        row(&format!("{what}, median of {}", times.len()), median);
        row(&format!("{what}, worst"), times.last().copied().unwrap_or_default());
    }
    Ok(())
}

/// One question as lines for other programs: identity policies and the resource's policy, as `fathom iam simulate` takes
/// them.
fn lines(
    found: &[(&'static str, String, String, Value)],
    file: &str,
    accounts: usize,
    resources: usize,
) -> Result<(), Box<dyn Error>> {
    let managed: BTreeMap<&str, &Value> = found
        .iter()
        .filter(|(kind, ..)| *kind == "AWS::IAM::ManagedPolicy")
        .map(|(_, uid, _, document)| (uid.as_str(), &document["PolicyVersionList"][0]["Document"]))
        .collect();
    let (action, target) = question(0, resources, accounts);
    let bucket = target.arn.split('/').next().unwrap_or_default();
    let guard = found.iter().find(|(_, uid, ..)| uid == bucket).map(|(.., document)| &document["Policy"]);
    let mut out = BufWriter::new(File::create(file)?);
    for (kind, uid, _, document) in found {
        let list = match *kind {
            "AWS::IAM::User" => "UserPolicyList",
            "AWS::IAM::Role" => "RolePolicyList",
            _ => continue,
        };
        let mut policies: Vec<Value> = Vec::new();
        for inline in document[list].as_array().into_iter().flatten() {
            policies.push(inline["PolicyDocument"].clone());
        }
        for attached in document["AttachedManagedPolicies"].as_array().into_iter().flatten() {
            let arn = attached["PolicyArn"].as_str().unwrap_or_default();
            policies.extend(managed.get(arn).map(|policy| Value::clone(policy)));
        }
        let name = uid.rsplit('/').next().unwrap_or_default();
        let owner = uid.split(':').nth(4).unwrap_or_default();
        let principal = if *kind == "AWS::IAM::User" {
            uid.clone()
        } else {
            format!("arn:aws:sts::{owner}:assumed-role/{name}/s")
        };
        let mut line = json!({
            "request": {"principal": principal, "action": action, "context_is_complete": true, "context": {},
                        "resource": {"arn": target.arn, "account": target.account}},
            "identity_policies": policies,
        });
        if let Some(guard) = guard {
            line["resource_policy"] = guard.clone();
        }
        writeln!(out, "{line}")?;
    }
    Ok(())
}

fn row(what: &str, took: Duration) {
    let time = match took.as_secs_f64() {
        seconds if seconds >= 1.0 => format!("{seconds:.2} s"),
        seconds if seconds >= 0.001 => format!("{:.2} ms", seconds * 1e3),
        seconds => format!("{:.0} µs", seconds * 1e6),
    };
    println!("| {what} | {time} | {} |", peak());
}

/// The most memory this process had, in MiB, where the system says it.
fn peak() -> String {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let kib = status
        .lines()
        .find_map(|line| line.strip_prefix("VmHWM:")?.trim().strip_suffix(" kB")?.trim().parse::<f64>().ok());
    kib.map_or_else(|| "–".to_owned(), |kib| format!("{:.0}", kib / 1024.0))
}
