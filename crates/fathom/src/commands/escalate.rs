//! `fathom escalate`: what somebody could become, step by step, and the edit that prevents it.

use anyhow::Result;
use fathom_access::{Assigned, Escalating, Permissions};
use fathom_escalate::{Breaks, Edit, Escalation, Goal, Level, Reached, Step, Ways, What};
use fathom_iam::verdict::LayerName;
use fathom_store::Store;
use serde_json::json;

use super::{centre, who_can};
use crate::{
    args::{EscalateArgs, Global},
    render::{self, clean, styled},
    wiring,
};

/// Lines that are shown of all that can be reached, and of all who can; `--all` and `--json` have the rest.
const SHOWN: usize = 25;

pub(crate) async fn run(global: &Global, args: EscalateArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let permissions = Permissions::load(&store, wiring::now()).await?;
    let escalating = Escalating::load(&store, wiring::now()).await?;
    let ways =
        Ways::of(&permissions.index, &escalating.facts, &escalating.rules).map_err(anyhow::Error::msg)?;
    let gaps = [permissions.index.organisation().unread().to_vec(), ways.gaps()].concat();
    match &args.principal {
        Some(name) => one(global, &args, &store, &ways, permissions.principal(name)?, &gaps).await,
        None => all(global, &args, &store, &ways, &gaps).await,
    }
}

/// Who gets the roles that stand on the way through the identity centre.
async fn assigned<'r>(
    store: &Store,
    principal: &str,
    reached: impl Iterator<Item = &'r Reached>,
) -> Result<Vec<Assigned>> {
    let on_the_way = reached.flat_map(|one| {
        one.steps.iter().map(|step| step.actor.as_str()).chain(std::iter::once(one.name.as_str()))
    });
    centre::of(store, std::iter::once(principal).chain(on_the_way)).await
}

/// What one principal can become.
async fn one(
    global: &Global,
    args: &EscalateArgs,
    store: &Store,
    ways: &Ways<'_>,
    number: u32,
    gaps: &[String],
) -> Result<()> {
    let found = ways.escalate(number, usize::MAX, |one| is_wanted(one, args)).map_err(anyhow::Error::msg)?;
    let first = found.reached.first();
    let edit = match first {
        Some(first) => ways.edits(number, first).map_err(anyhow::Error::msg)?,
        None => None,
    };
    let shown = if global.json { found.reached.len() } else { 1 };
    let assigned = assigned(store, &found.principal, found.reached.iter().take(shown)).await?;
    if global.json {
        let told = json!({ "escalation": found, "edit": edit, "identity_centre": assigned, "gaps": gaps });
        return render::print_json(&told);
    }
    render::print(styled(render::STRONG, clean(&found.principal)))?;
    if let Some(level) = found.administers {
        render::print(format!("{}may do everything in its account already.", only(level)))?;
    }
    let Some(first) = first else {
        render::print("can become nothing more that was asked about.")?;
        centre::print(&assigned)?;
        return who_can::gaps(gaps);
    };
    render::print(format!("{}can {}, in {}:\n", only(first.decision), goal(first), steps(first)))?;
    render::print(render::table(&["step", "who", "does", "to", "allowed by"], lines(first)))?;
    centre::print(&assigned)?;
    render::print(format!("\n{}", told(edit.as_ref())))?;
    rest(&found, args)?;
    if found.cut {
        render::print(styled(
            render::ATTENTION,
            "not all was followed: there is too much that it can become",
        ))?;
    }
    who_can::gaps(gaps)
}

/// Everything else that it can become, a line each.
fn rest(found: &Escalation, args: &EscalateArgs) -> Result<()> {
    let others = found.reached.get(1..).unwrap_or_default();
    if others.is_empty() {
        return Ok(());
    }
    let shown = if args.all { others.len() } else { SHOWN };
    render::print(format!("\n{} else:", if others.len() == 1 { "One thing" } else { "What" }))?;
    let rows = others.iter().take(shown).map(|one| {
        let last = one.steps.last().map(|step| clean(&step.title)).unwrap_or_default();
        vec![decision(one.decision), goal(one), steps(one), last]
    });
    render::print(render::table(&["answer", "can", "in", "at last"], rows))?;
    if others.len() > shown {
        render::print(format!("and {} more: --all", others.len() - shown))?;
    }
    Ok(())
}

/// Everybody who can become more, those first who can take over an account, and of them those who need the fewest steps.
async fn all(
    global: &Global,
    args: &EscalateArgs,
    store: &Store,
    ways: &Ways<'_>,
    gaps: &[String],
) -> Result<()> {
    let found = ways.everyone(|one| is_wanted(one, args)).map_err(anyhow::Error::msg)?;
    let climbers = &found.principals;
    let assigned = centre::of(store, climbers.iter().map(|one| one.principal.as_str())).await?;
    if global.json {
        let told = json!({ "escalations": found, "identity_centre": assigned, "gaps": gaps });
        return render::print_json(&told);
    }
    if climbers.is_empty() {
        render::print("nobody that was asked about can become more than it is.")?;
    } else {
        let shown = if args.all { climbers.len() } else { SHOWN };
        let rows = climbers.iter().take(shown).map(|one| {
            let first = one.nearest.taken().next().map(|step| clean(&step.title)).unwrap_or_default();
            let more = one.accounts.len() + one.others - 1;
            let more = if more == 0 { String::new() } else { format!(", and {more} more") };
            vec![
                decision(one.nearest.decision),
                clean(&one.principal),
                format!("{}{more}", goal(&one.nearest)),
                steps(&one.nearest),
                first,
            ]
        });
        render::print(render::table(&["answer", "who", "can", "in", "first"], rows))?;
        if climbers.len() > shown {
            render::print(format!("and {} more: --all", climbers.len() - shown))?;
        }
    }
    centre::print(&assigned)?;
    render::print(format!(
        "\n{} asked about: {} can become more, {} may do everything in their account already. \
        `fathom escalate <who>` shows the steps.",
        found.asked,
        climbers.len(),
        found.administrators
    ))?;
    if found.cut {
        render::print(styled(
            render::ATTENTION,
            "not all was followed: there is too much that some can become",
        ))?;
    }
    who_can::gaps(gaps)
}

fn is_wanted(one: &Goal, args: &EscalateArgs) -> bool {
    let is_called = |to: &String| one.name == *to || one.name.rsplit('/').next() == Some(to);
    (!args.sure || one.decision == Level::Sure) && args.to.as_ref().is_none_or(is_called)
}

fn lines(one: &Reached) -> Vec<Vec<String>> {
    (1..).zip(&one.steps).map(|(number, step)| line(number, step)).collect()
}

fn line(number: usize, step: &Step) -> Vec<String> {
    let asked = step.asked.iter().map(|proved| {
        let why = proved.because.iter().filter(|reason| !who_can::is_limit(reason.layer));
        let mut why: Vec<String> = why.map(who_can::reason).collect();
        why.extend(proved.conditions.iter().map(|one| format!("only if {}", who_can::condition(one))));
        why.dedup();
        format!("{}: {}", clean(&proved.action), why.join("; "))
    });
    let on = if step.on == step.actor { "itself".to_owned() } else { clean(&step.on) };
    vec![number.to_string(), clean(&step.actor), clean(&step.title), on, asked.collect::<Vec<_>>().join("\n")]
}

/// The edit, in words.
fn told(edit: Option<&Edit>) -> String {
    let Some(edit) = edit else {
        return "No single statement can be edited that would prevent it.".to_owned();
    };
    let statement = match &edit.sid {
        Some(sid) if !sid.is_empty() => format!("statement `{}`", clean(sid)),
        _ => format!("statement {}", edit.statement),
    };
    let of = match edit.layer {
        LayerName::ResourcePolicy => format!("the {} of {}", clean(&edit.policy), clean(&edit.holder)),
        _ => format!("the policy `{}` of {}", clean(&edit.policy), clean(&edit.holder)),
    };
    let what = match &edit.action {
        Some(action) => format!("take {} out of {statement} of {of}", clean(action)),
        None => format!("take {statement} out of {of}"),
    };
    let comes = match edit.breaks {
        Breaks::Every => "Asked again as if that were done, no way is left.".to_owned(),
        Breaks::This { other_steps } => {
            format!("Asked again as if that were done, another way is left, in {}.", counted(other_steps))
        }
    };
    format!("{} {what}. {comes}", styled(render::STRONG, "To prevent it:"))
}

fn goal(one: &Reached) -> String {
    match one.what {
        What::Account => format!("take over account {}", clean(&one.name)),
        What::More => format!("give more permissions to {}", clean(&one.name)),
        What::Role | What::User => format!("become {}", clean(&one.name)),
    }
}

fn steps(one: &Reached) -> String {
    counted(one.taken().count())
}

fn counted(steps: usize) -> String {
    format!("{steps} {}", if steps == 1 { "step" } else { "steps" })
}

fn only(level: Level) -> &'static str {
    match level {
        Level::Sure => "",
        Level::OnlyIf => "only if conditions hold, ",
        Level::Unknown => "for all that is known, ",
    }
}

fn decision(level: Level) -> String {
    match level {
        Level::Sure => styled(render::STRONG, "YES"),
        Level::OnlyIf => styled(render::ATTENTION, "ONLY IF"),
        Level::Unknown => styled(render::ATTENTION, "UNKNOWN"),
    }
}
