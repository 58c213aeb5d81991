//! `fathom keys`: who can use and administer each key, its grants, its rotation, what it encrypts.

use std::collections::BTreeMap;

use anyhow::{Result, bail};
use fathom_access::{Counts, Custody, GrantReport, Grantee, KeyReport, Keys, Permissions, Rotation, Who};

use super::{permitted, who_can};
use crate::{
    args::{Global, KeysArgs},
    render::{self, clean, styled},
    wiring,
};

/// Names of one line that are shown; `--json` has all.
const NAMED: usize = 20;
/// Grants of one key that are shown; `--json` has all.
const GRANTS: usize = 10;

pub(crate) async fn run(global: &Global, args: KeysArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let mut keys = Keys::load(&store, now).await?;
    if let Some(text) = &args.key {
        keys.keys.retain(|key| {
            let aliases = key.document["Aliases"].as_array().into_iter().flatten();
            let mut names = aliases.filter_map(|alias| alias["AliasName"].as_str());
            key.arn == *text
                || key.document["KeyId"] == **text
                || names.any(|name| name == text || name.strip_prefix("alias/") == Some(text))
        });
        if keys.keys.is_empty() {
            bail!(
                "no scan saw a key called `{text}`; write its ARN, its id or an alias (`fathom keys` lists them)"
            );
        }
    }
    let permissions = Permissions::load(&store, now).await?;
    let found = permissions.keys(&keys, &who_can::context(&args.context), args.old_days.into(), now)?;
    let gaps = permissions.index.organisation().unread();
    if global.json {
        return render::print_json(&serde_json::json!({ "keys": found, "gaps": gaps }));
    }
    for report in &found {
        print(report, args.who)?;
    }
    let concerned = found.iter().filter(|report| !report.concerns.is_empty()).count();
    render::print(format!("{} keys: {concerned} with something to look at.", found.len()))?;
    who_can::gaps(gaps)
}

fn print(report: &KeyReport, who: bool) -> Result<()> {
    let name = if report.aliases.is_empty() {
        "without an alias".to_owned()
    } else {
        clean(&report.aliases.join(", "))
    };
    render::print(format!("{}  {}", styled(render::STRONG, name), clean(&report.key)))?;
    for concern in &report.concerns {
        render::print(styled(render::ATTENTION, format!("  ! {}", clean(concern))))?;
    }
    let mut state = vec![custody(report.custody).to_owned()];
    state.extend(report.state.as_deref().map(clean));
    state.extend(report.deletion.as_deref().map(|day| format!("deleted on {}", clean(day))));
    state.push(format!("rotation: {}", rotation(&report.rotation)));
    state.extend(report.next_rotation.as_deref().map(|day| format!("next on {}", clean(day))));
    line("state", &state.join(", "))?;
    if report.replicas.len() > 1 {
        line("also in", &clean(&report.replicas.join(", ")))?;
    }
    let action = report.use_action;
    line(action, &counts(report.users))?;
    if who {
        names(&report.used_by)?;
    }
    line("administer", &counts(report.administrators))?;
    if who {
        names(&report.administered_by)?;
    }
    line("encrypts", &encrypts(&report.encrypts))?;
    for grant in report.grants.iter().take(GRANTS) {
        line("grant", &told(grant))?;
    }
    if report.grants.len() > GRANTS {
        line("grants", &format!("{} more", report.grants.len() - GRANTS))?;
    }
    for gap in &report.gaps {
        render::print(styled(render::ATTENTION, format!("  not seen: {}", clean(gap))))?;
    }
    render::print("")
}

fn line(name: &str, text: &str) -> Result<()> {
    render::print(format!("  {name:<12} {text}"))
}

fn names(all: &[Who]) -> Result<()> {
    for one in all.iter().take(NAMED) {
        let actions: Vec<&str> = one.actions.iter().map(|action| action.trim_start_matches("kms:")).collect();
        render::print(format!(
            "  {:<12}   {} {} ({})",
            "",
            permitted::says(one.says),
            who_can::who(&one.asker),
            actions.join(", ")
        ))?;
    }
    if all.len() > NAMED {
        render::print(format!("  {:<12}   and {} more", "", all.len() - NAMED))?;
    }
    Ok(())
}

/// How many can, in words.
pub(super) fn counts(counts: Counts) -> String {
    let parts = [
        (counts.outside, "from outside", "from outside"),
        (counts.users, "user", "users"),
        (counts.roles, "role", "roles"),
        (counts.services, "service", "services"),
        (counts.roots, "root user", "root users"),
    ];
    let told = parts
        .iter()
        .filter(|(count, ..)| *count > 0)
        .map(|(count, one, many)| format!("{count} {}", if *count == 1 { one } else { many }));
    let told: Vec<String> = told.collect();
    let mut parts = vec![if told.is_empty() { "nobody".to_owned() } else { told.join(", ") }];
    if counts.only_if > 0 {
        parts.push(format!("{} of these only if something holds", counts.only_if));
    }
    if counts.unknown > 0 {
        parts.push(styled(render::ATTENTION, format!("of {} of these it is not known", counts.unknown)));
    }
    parts.join("; ")
}

fn custody(custody: Custody) -> &'static str {
    match custody {
        Custody::AwsManaged => "managed by AWS",
        Custody::Customer => "the customer's, made by KMS",
        Custody::Imported => "the customer's, imported",
        Custody::CloudHsm => "the customer's, in CloudHSM",
        Custody::External => "in a key manager outside AWS",
        Custody::Unknown => "in whose hands is not known",
    }
}

pub(super) fn rotation(rotation: &Rotation) -> String {
    match rotation {
        Rotation::On { every_days: Some(days) } => format!("on, every {days} days"),
        Rotation::On { every_days: None } => "on".to_owned(),
        Rotation::Off => styled(render::ATTENTION, "off"),
        Rotation::ByAws => "by AWS".to_owned(),
        Rotation::Cannot { why } => format!("never by itself ({why})"),
        Rotation::Unknown { why } => styled(render::ATTENTION, format!("UNKNOWN: {}", clean(why))),
    }
}

/// What is encrypted, by type.
fn encrypts(arns: &[String]) -> String {
    let mut by_service: BTreeMap<&str, usize> = BTreeMap::new();
    for arn in arns {
        *by_service.entry(arn.split(':').nth(2).unwrap_or(arn)).or_default() += 1;
    }
    let told: Vec<String> =
        by_service.into_iter().map(|(service, count)| format!("{count} of {}", clean(service))).collect();
    if told.is_empty() { "nothing that a scan saw".to_owned() } else { told.join(", ") }
}

fn told(grant: &GrantReport) -> String {
    let state = match grant.state {
        Grantee::Gone => styled(render::BAD, "gone"),
        Grantee::Outside => styled(render::ATTENTION, "of an account that nobody knows"),
        Grantee::Unknown => styled(render::ATTENTION, "UNKNOWN whether there"),
        Grantee::Known => "there".to_owned(),
        Grantee::Service => "a service".to_owned(),
    };
    let age = grant.age_days.map_or_else(|| "of unknown age".to_owned(), |days| format!("{days} days old"));
    format!(
        "to {} ({state}), {age}{}: {}",
        clean(&grant.grantee),
        if grant.forgotten { styled(render::ATTENTION, ", nobody remembers it") } else { String::new() },
        clean(&grant.operations.join(", "))
    )
}
