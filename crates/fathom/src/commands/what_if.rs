//! `fathom what-if`: what would change if a policy were another, or if code were applied or edits made (`what_if/applied.rs`).

mod applied;
mod asked;
pub(in crate::commands) mod finding;
pub(in crate::commands) mod markdown;
mod sarif;

use anyhow::{Result, bail};
use fathom_access::{Answer, ChangedRow, Effect, Permissions, WhatIf};
use fathom_catalogue::Kind as Access;
use fathom_iam::{
    PolicyKind,
    organisation::{Change, Control},
};
use fathom_store::Store;

use super::{
    compare::{Documents, read},
    who_can,
};
use crate::{
    Ending,
    args::{Global, WhatIfArgs},
    render::{self, clean, styled},
    wiring,
};

/// So many lines are printed; `--json` has all.
const LINES: usize = 100;
/// So many actions of a line are named.
const NAMED: usize = 3;

pub(crate) async fn run(global: &Global, args: WhatIfArgs) -> Result<Ending> {
    if args.plan.is_some() || args.change_set.is_some() || args.template.is_some() || !args.edit.is_empty() {
        return applied::run(global, &args).await;
    }
    let document = document(&args)?;
    let store = wiring::reader(global).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let change = change(&args, document, &store, &permissions).await?;
    let mut found = permissions.what_if(&change, &who_can::context(&args.shown.context))?;
    let ending = ending(&found);
    let kinds: Vec<Access> = args.shown.kind.iter().map(|kind| (*kind).into()).collect();
    found.rows.retain(|row| kinds.is_empty() || kinds.contains(&row.access));
    if global.json {
        render::print_json(&found)?;
        return Ok(ending);
    }
    if found.rows.is_empty() {
        render::print("nothing that was asked about would change.")?;
    } else {
        let lines = found.rows.iter().take(LINES).map(|row| line(row, args.shown.actions));
        render::print(render::table(&["", "who", "on", "may"], lines))?;
    }
    if found.rows.len() > LINES {
        render::print(format!("and {} more lines; --json has all", found.rows.len() - LINES))?;
    }
    render::print(format!(
        "\n{} permissions gained, {} lost, {} on other conditions; {} questions about {} users, roles and root users.",
        found.gained, found.lost, found.altered, found.questions, found.principals
    ))?;
    limits(&found)?;
    who_can::gaps(&found.gaps)?;
    Ok(ending)
}

/// The policy as it would be; none where it goes.
fn document(args: &WhatIfArgs) -> Result<Option<String>> {
    let Some(file) = &args.policy else { return Ok(None) };
    let text = read(file)?;
    let kind = match args {
        _ if args.resource.is_some() => PolicyKind::Resource,
        _ if args.scp.is_some() => PolicyKind::ServiceControl,
        _ if args.rcp.is_some() => PolicyKind::ResourceControl,
        _ => PolicyKind::Identity,
    };
    let name = file.display().to_string();
    // Faults are told with their lines.
    if Documents::of(&name, &text)?.parse(kind)?.len() != 1 {
        bail!("{name} holds a list of policies; write a file with one");
    }
    Ok(Some(text))
}

async fn change(
    args: &WhatIfArgs,
    document: Option<String>,
    store: &Store,
    permissions: &Permissions,
) -> Result<Change> {
    if let Some(who) = &args.principal {
        let holder = if who.contains(":group/") {
            who.clone()
        } else {
            let number = permissions.principal(who)?;
            permissions.index.principal(number).map_or_else(|| who.clone(), |(name, _)| name.to_owned())
        };
        return Ok(Change::Inline { holder, name: args.name.clone(), document });
    }
    if let Some(policy) = &args.managed {
        let (policy, wanted) = (policy.clone(), document);
        let change = Change::Managed { policy, document: wanted };
        if permissions.index.organisation().standing(&change).is_none() {
            bail!(
                "no scan saw a managed policy `{}`; write its whole ARN",
                args.managed.as_deref().unwrap_or_default()
            );
        }
        return Ok(change);
    }
    if let Some(text) = &args.resource {
        let target = fathom_access::target(store, "", text).await?;
        return Ok(Change::Resource { resource: target.arn, document });
    }
    let (control, policy) = match (&args.scp, &args.rcp) {
        (Some(policy), _) => (Control::Service, policy),
        (None, Some(policy)) => (Control::Resource, policy),
        (None, None) => {
            bail!("name what the policy is of: --principal, --managed, --resource, --scp or --rcp")
        }
    };
    Ok(Change::Control { control, policy: policy.clone(), target: args.at.clone(), document })
}

fn ending(found: &WhatIf) -> Ending {
    let gains = |row: &ChangedRow| {
        matches!(row.effect, Effect::Gained | Effect::NowSure) && row.after != Some(Answer::Unknown)
    };
    let is_unclear = |row: &ChangedRow| row.after == Some(Answer::Unknown);
    if found.rows.iter().any(gains) {
        Ending::GateClosed
    } else if found.rows.iter().any(is_unclear)
        || found.not_asked > 0
        || found.not_shown > 0
        || !found.unmatched.is_empty()
    {
        Ending::Undecided
    } else {
        Ending::Done
    }
}

fn line(row: &ChangedRow, all: bool) -> Vec<String> {
    let (style, word) = match row.effect {
        Effect::Gained => (render::BAD, "GAINED"),
        Effect::Lost => (render::GOOD, "LOST"),
        Effect::NowConditional => (render::ATTENTION, "NOW ONLY IF"),
        Effect::NowSure => (render::BAD, "NOW ALWAYS"),
        Effect::NowUnknown => (render::ATTENTION, "NOW UNKNOWN"),
    };
    let mut names = row.actions.clone();
    let more = if all { 0 } else { names.len().saturating_sub(NAMED) };
    names.truncate(names.len() - more);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    let mut may = format!("{} {}{rest}", styled(render::STRONG, row.access.name()), clean(&names.join(", ")));
    match (row.effect, row.after) {
        (Effect::Gained, Some(Answer::OnlyIf)) => may.push_str(", only if"),
        (Effect::Gained, Some(Answer::Unknown)) => may.push_str(", not known"),
        _ => {}
    }
    vec![styled(style, word), who_can::who(&row.asker), clean(&row.resource), may]
}

/// What keeps the answer from being whole.
fn limits(found: &WhatIf) -> Result<()> {
    let mut told = Vec::new();
    if found.not_asked > 0 {
        told.push(format!(
            "{} questions were not asked, being too many; name less in the policy",
            found.not_asked
        ));
    }
    if found.not_shown > 0 {
        told.push(format!("{} more permissions are counted and not listed", found.not_shown));
    }
    for pattern in &found.unmatched {
        told.push(format!("{} matches nothing that a scan saw", clean(pattern)));
    }
    for line in told {
        render::print(format!("{} {line}", styled(render::ATTENTION, "not whole:")))?;
    }
    Ok(())
}
