//! `fathom least-privilege`: what a principal may do against what it did, and the policy that leaves that.

use std::path::Path;

use anyhow::{Context as _, Result, bail};
use fathom_access::{Permissions, account_of};
use fathom_compare::Answer;
use fathom_privilege::{Group, LeastPrivilege, Log, Proof, least_privilege};

use super::unused::disagreements;
use crate::{
    args::{Global, LeastPrivilegeArgs},
    render::{self, clean, styled},
    wiring,
};

/// Actions of one line that are named; `--actions` and `--json` have all.
const NAMED: usize = 6;
/// Rows of one part that are shown.
const ROWS: usize = 30;
/// Regions that are named.
const REGIONS: usize = 5;

pub(crate) async fn run(global: &Global, args: LeastPrivilegeArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let now = wiring::now();
    let permissions = Permissions::load(&store, now).await?;
    let number = permissions.principal(&args.principal)?;
    let (principal, _) = permissions.index.principal(number).context("a number stands for nobody")?;
    let account = account_of(principal).unwrap_or_default();
    let log = Log::read(&store, principal, account, args.days, now).await?;
    let found = least_privilege(&permissions, number, &log, args.drop_unseen)?;
    if let Some(file) = &args.policy {
        write(file, &found)?;
    }
    if global.json {
        return render::print_json(&found);
    }
    show(&found, args.actions)?;
    match &args.policy {
        Some(file) => render::print(format!("\nThe policy is in {}.", clean(&file.display().to_string()))),
        None => match &found.policy {
            Some(policy) => render::print(format!("\n{}", serde_json::to_string_pretty(policy)?)),
            None => Ok(()),
        },
    }
}

fn write(file: &Path, found: &LeastPrivilege) -> Result<()> {
    let Some(policy) = &found.policy else {
        bail!("there is no policy to write to {}: {}", file.display(), found.notes.join("; "));
    };
    let mut text = serde_json::to_string_pretty(policy)?;
    text.push('\n');
    std::fs::write(file, text).with_context(|| format!("cannot write {}", file.display()))
}

fn show(found: &LeastPrivilege, all: bool) -> Result<()> {
    render::print(styled(render::STRONG, clean(&found.principal)))?;
    for line in covered(found) {
        render::print(line)?;
    }
    let used = found.used.iter().filter(|action| action.granted).count();
    let unseen: usize = found.unseen.iter().map(|group| group.count).sum();
    render::print(format!(
        "\n{} granted by {}: {} used, {} never used, {} never tried as IAM remembers, {} that no log would show whole.",
        render::count(found.granted as u64, "action"),
        if found.policies.is_empty() { "no policy".to_owned() } else { clean(&found.policies.join(", ")) },
        used,
        found.never_used_count,
        found.never_tried_count,
        unseen,
    ))?;
    if !found.used.is_empty() {
        let rows = found.used.iter().take(if all { usize::MAX } else { ROWS }).map(|action| {
            let mut on: Vec<String> = action.resources.iter().take(3).map(|arn| clean(arn)).collect();
            if action.resources.len() > 3 {
                on.push(format!("and {} more", action.resources.len() - 3));
            }
            if action.elsewhere {
                on.push(styled(render::QUIET, "on what no event names by ARN"));
            }
            let granted = if action.granted { "" } else { "not by the policies that were read" };
            vec![
                clean(&action.action),
                action.access.name().to_owned(),
                action.last.to_string(),
                on.join("\n"),
                styled(render::ATTENTION, granted),
            ]
        });
        render::print(format!("\n{}", styled(render::STRONG, "used")))?;
        render::print(render::table(&["action", "kind", "last", "on", "granted"], rows))?;
    }
    part("never used", &found.never_used, all)?;
    let title = "no log would show it whole, and IAM remembers no attempt of its service";
    part(title, &found.never_tried, all)?;
    for group in &found.unseen {
        let kept = if found.drops_unseen { "left out" } else { "kept" };
        let title = format!("cannot be seen in the logs, {kept}: {} ({})", group.count, group.because);
        part(&title, &group.groups, all)?;
    }
    for call in found.not_mapped.iter().take(ROWS) {
        render::print(styled(
            render::ATTENTION,
            format!(
                "not mapped to an action: {} of {}, last {}",
                clean(&call.name),
                clean(&call.source),
                call.last
            ),
        ))?;
    }
    render::print("")?;
    disagreements(&found.disagreements)?;
    for note in &found.notes {
        render::print(styled(render::ATTENTION, clean(note)))?;
    }
    if let Some(proof) = &found.proof {
        render::print(proved(proof))?;
    }
    Ok(())
}

/// How much of the time the log covers.
fn covered(found: &LeastPrivilege) -> Vec<String> {
    let mut lines: Vec<String> = found
        .places
        .iter()
        .map(|place| {
            let reads = match place.days_of_reads {
                0 => "; it has no calls that only read".to_owned(),
                days => format!("; calls that only read over {days}"),
            };
            format!("log of {}: {} of {} days{reads}", clean(place.region.as_str()), place.days, found.days)
        })
        .collect();
    if lines.is_empty() {
        lines.push(styled(render::ATTENTION, format!("no log of its account for these {} days", found.days)));
    }
    if let Some(accessed) = &found.accessed {
        let tried = accessed.services.iter().filter(|one| one.last.is_some()).count();
        lines.push(format!(
            "IAM ({}, made {}): {tried} of {} tried within the {} days that it remembers",
            accessed.source,
            accessed.made,
            render::count(accessed.services.len() as u64, "service"),
            accessed.window_days,
        ));
    }
    if !found.silent.is_empty() {
        let mut named: Vec<String> = found.silent.iter().take(REGIONS).map(|region| clean(region)).collect();
        if found.silent.len() > REGIONS {
            named.push(format!("and {} more", found.silent.len() - REGIONS));
        }
        let regions = named.join(", ");
        lines.push(styled(render::ATTENTION, format!("scanned, and no log read for this time: {regions}")));
    }
    lines
}

fn part(title: &str, groups: &[Group], all: bool) -> Result<()> {
    if groups.is_empty() {
        return Ok(());
    }
    render::print(format!("\n{}", styled(render::STRONG, title)))?;
    let rows = groups.iter().take(if all { usize::MAX } else { ROWS }).map(|group| {
        let names = group.actions.iter().map(|action| action.split(':').nth(1).unwrap_or(action));
        let mut names: Vec<String> = names.take(if all { usize::MAX } else { NAMED }).map(clean).collect();
        if group.actions.len() > names.len() {
            names.push(format!("and {} more", group.actions.len() - names.len()));
        }
        vec![clean(&group.service), group.access.name().to_owned(), names.join(", ")]
    });
    render::print(render::table(&["service", "kind", "actions"], rows))?;
    if !all && groups.len() > ROWS {
        render::print(styled(render::QUIET, format!("and {} more rows: --actions", groups.len() - ROWS)))?;
    }
    Ok(())
}

/// What was asked of the proposed policy.
fn proved(proof: &Proof) -> String {
    let good = styled(render::GOOD, "proved:");
    let mut lines = vec![format!(
        "{good} {} for what was used, asked of the evaluator: all allowed as they are today.",
        render::count(proof.allowed as u64, "request"),
    )];
    lines.push(match &proof.wider {
        Answer::NotWider => format!("{good} it allows nothing that is not granted today."),
        Answer::Unknown { because } => format!(
            "{} whether it allows anything that is not granted today: {}",
            styled(render::ATTENTION, "not known:"),
            clean(&because.join("; ")),
        ),
        Answer::Wider(_) => styled(render::BAD, "it allows something that is not granted"),
    });
    lines.extend(proof.not_granted.iter().take(ROWS).map(|asked| {
        format!(
            "{} {} on {}: the policies that were read do not allow it, so neither does the proposal",
            styled(render::ATTENTION, "used all the same:"),
            clean(&asked.action),
            clean(&asked.resource),
        )
    }));
    lines.join("\n")
}
