//! How long it takes to know who could become more, in an organisation with every layer on. `cargo xtask bench access` runs
//! it; it prints its own table.
//!
//! Arguments: principals (10,000), and a file for what was found as a JSON line for each resource, for other programs to ask
//! the same of.

use std::{
    error::Error,
    fs::File,
    io::{BufWriter, Write as _},
    sync::Arc,
    time::Instant,
};

#[path = "../../fathom-iam/examples/who_can_scale/estate.rs"]
mod estate;

use estate::{Document, IN_ACCOUNT, account, documents, organisation};
use fathom_escalate::{Facts, Role, Rules, User, Ways};
use fathom_iam::Index;
use serde_json::{Value, json};

/// Principals whose ways are followed one by one.
const FOLLOWED: u32 = 200;
/// Things that one can become and that are told with their steps, as many as the API tells.
const SHOWN: usize = 500;
/// The others whose edit is looked for.
const EDITED: usize = 5;

fn attached(document: &Value) -> Vec<String> {
    let list = document["AttachedManagedPolicies"].as_array().map(Vec::as_slice).unwrap_or_default();
    list.iter().filter_map(|one| one["PolicyArn"].as_str()).map(str::to_owned).collect()
}

fn facts(documents: &[Document], accounts: usize) -> Facts {
    let mut facts = Facts::default();
    for (kind, uid, _, document) in documents {
        match *kind {
            "AWS::IAM::User" => {
                let user = User {
                    attached: attached(document),
                    access_keys: Some(1),
                    has_password: Some(false),
                    ..User::default()
                };
                facts.users.insert(uid.clone(), user);
            }
            "AWS::IAM::Role" => {
                let role = Role { attached: attached(document), has_profile: true };
                facts.roles.insert(uid.clone(), role);
            }
            "AWS::IAM::ManagedPolicy" => {
                facts.policies.insert(uid.clone(), 1);
            }
            _ => {}
        }
    }
    for number in 0..accounts {
        facts.regions.insert(account(number), vec!["eu-west-1".to_owned()]);
    }
    facts
}

fn main() -> Result<(), Box<dyn Error>> {
    let mut words = std::env::args().skip(1);
    let principals: usize = words.next().map_or(Ok(10_000), |text| text.parse())?;
    let accounts = principals.div_ceil(IN_ACCOUNT);
    let found = documents(principals);
    if let Some(file) = words.next() {
        let mut out = BufWriter::new(File::create(file)?);
        for (kind, uid, account, document) in &found {
            let line = json!({ "type": kind, "arn": uid, "account": account, "document": document });
            writeln!(out, "{line}")?;
        }
        return Ok(out.flush()?);
    }
    let facts = facts(&found, accounts);
    let index = Index::new(Arc::new(organisation(&found, principals)));
    drop(found);
    let rules = Rules::embedded()?;
    println!("| step | time |\n| --- | --- |");
    let begun = Instant::now();
    let ways = Ways::of(&index, &facts, &rules)?;
    let (things, open) = ways.count();
    println!(
        "| to whom {} rules are open on {things} things: {open} pairs, of {} principals | {:.2} s |",
        rules.asked().count(),
        index.principals(),
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let (mut more, mut slowest) = (Vec::new(), 0.0_f64);
    let followed = ways.principals().min(FOLLOWED);
    for number in 0..followed {
        let one = Instant::now();
        let found = ways.escalate(number, SHOWN, |_| true)?;
        slowest = slowest.max(one.elapsed().as_secs_f64() * 1000.0);
        if let Some(first) = found.reached.first() {
            more.push((number, first.clone()));
        }
    }
    let each = begun.elapsed().as_secs_f64() * 1000.0 / f64::from(followed);
    println!(
        "| what one can become, mean and slowest of {followed}, {} of whom can | {each:.2} ms, {slowest:.0} ms |",
        more.len()
    );
    let begun = Instant::now();
    let everyone = ways.everyone(|_| true)?;
    println!(
        "| everybody who can become more: {}{} | {:.2} s |",
        everyone.principals.len(),
        if everyone.cut { ", not all followed to the end" } else { "" },
        begun.elapsed().as_secs_f64()
    );
    let begun = Instant::now();
    let tried = more.len().min(EDITED);
    for (number, first) in more.iter().take(tried) {
        ways.edits(*number, first)?;
    }
    let each = begun.elapsed().as_secs_f64() / tried.max(1) as f64;
    println!("| the edit that prevents it, asked again, mean of {tried} | {each:.2} s |");
    Ok(())
}
