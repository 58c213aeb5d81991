//! `fathom paths`: how an intruder would walk, told as stories, and what stops most of them.

use anyhow::Result;
use fathom_escalate::Proved;
use fathom_iam::verdict::LayerName;
use fathom_intrude::{
    Breaks, Closing, Edit, First, FixFirst, Ground, Named, Paths, Query, Story, Told, Walk,
};
use fathom_paths::{Entry, Jewel, Level};
use serde_json::json;

use super::{network, who_can};
use crate::{
    args::{Global, PathsArgs},
    render::{self, clean, styled},
    wiring,
};

/// Stories that are told, and lines of what to mend first; `--all` and `--json` have the rest.
const SHOWN: usize = 10;
/// Stories whose edit is looked for.
const EDITS_MAX: usize = 200;
/// Jewels that are named beside what they hang on.
const NAMES: usize = 3;

pub(crate) async fn run(global: &Global, args: PathsArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let ground = Ground::load(&store, wiring::now()).await?;
    let walk = Walk::of(&ground)?;
    let query = Query {
        entries: args.entry.iter().map(|one| Entry::from(*one)).collect(),
        from: args.from.clone(),
        to: args.to.clone(),
        jewels: args.jewel.iter().map(|one| Jewel::from(*one)).collect(),
        sure: args.sure,
        edits: EDITS_MAX,
        plain: false,
    };
    let found = walk.paths(&query)?;
    let first = walk.fix_first(&query)?;
    if global.json {
        return render::print_json(&json!({ "paths": found, "fix_first": first }));
    }
    if found.stories.is_empty() {
        render::print("no way leads from where was asked about to a jewel that was.")?;
    }
    let groups = found.alike();
    let shown = if args.all { groups.len() } else { SHOWN };
    for (number, group) in (1..).zip(groups.iter().take(shown)) {
        let group: Vec<&Story> = group.iter().filter_map(|at| found.stories.get(*at)).collect();
        tell(number, &group, &args)?;
    }
    let left: usize = groups.iter().skip(shown).map(Vec::len).sum();
    if left > 0 {
        render::print(format!("and {left} more: --all\n"))?;
    }
    fix_first(&first, args.all)?;
    summary(&found, &first)
}

/// Stories that are alike: the first of them whole, and what else is lost in the same way.
fn tell(number: usize, group: &[&Story], args: &PathsArgs) -> Result<()> {
    let Some((story, others)) = group.split_first() else { return Ok(()) };
    let from: Vec<String> = story.from.iter().map(name).collect();
    let class = story
        .data_class
        .map(|class| format!(" ({})", format!("{class:?}").to_lowercase()))
        .unwrap_or_default();
    let heading = format!("{number}. {} to {}{class}", from.join(" and "), name(&story.to));
    render::print(format!("{}  {}", styled(render::STRONG, heading), decision(story.decision)))?;
    let rows = (1..).zip(&story.steps).map(|(number, step)| row(number, step, args.hops));
    render::print(render::table(&["step", "with", "the intruder", "and has", "ATT&CK", "because"], rows))?;
    for jewel in Jewel::ALL {
        let lost: Vec<String> =
            story.with_it.iter().filter(|one| one.jewel == jewel).map(|one| name(&one.what)).collect();
        if !lost.is_empty() {
            let more = lost.len().saturating_sub(NAMES);
            let more = if more > 0 { format!(" and {more} more") } else { String::new() };
            let few: Vec<&str> = lost.iter().take(NAMES).map(String::as_str).collect();
            render::print(format!("With it, {} {}: {}{more}.", jewel.word(), lost.len(), few.join(", ")))?;
        }
    }
    if !others.is_empty() {
        let names: Vec<String> = others.iter().map(|other| name(&other.to)).collect();
        let told = names.len().min(if args.all { names.len() } else { NAMES });
        let more = names.len() - told;
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        render::print(format!("In the same way {}: {}{more}.", names.len(), names[..told].join(", ")))?;
    }
    render::print(format!("{}\n", closings(group)))
}

/// The edits of stories that are alike: one sentence where all have the same, else one for each edit with how many it closes.
fn closings(group: &[&Story]) -> String {
    let mut counts: Vec<(Option<&Closing>, usize)> = Vec::new();
    for story in group {
        match counts.iter_mut().find(|(known, _)| *known == story.edit.as_ref()) {
            Some((_, count)) => *count += 1,
            None => counts.push((story.edit.as_ref(), 1)),
        }
    }
    let told = counts.iter().map(|(edit, count)| match counts.len() {
        1 => closing(*edit),
        _ => format!("{count} of {}: {}", group.len(), closing(*edit)),
    });
    told.collect::<Vec<_>>().join("\n")
}

fn row(number: usize, step: &Told, hops: bool) -> Vec<String> {
    let with: Vec<String> = step.with.iter().map(name).collect();
    let does = match &step.on {
        Some(on) => format!("{}: {}", clean(&step.title), clean(on)),
        None => clean(&step.title),
    };
    let mut because: Vec<String> =
        if step.decision == Level::Yes { Vec::new() } else { vec![decision(step.decision)] };
    because.extend(step.asked.iter().map(asked));
    because.extend(step.packet.as_deref().map(clean));
    because.extend(step.only_if.iter().map(|one| format!("only if {}", clean(one))));
    because.extend(step.not_known.iter().map(|one| format!("not known: {}", clean(one))));
    if hops {
        because.extend(network::hop_lines(&step.hops));
    }
    vec![
        number.to_string(),
        with.join("\nand "),
        does,
        name(&step.gains),
        step.technique.clone().unwrap_or_default(),
        because.join("\n"),
    ]
}

/// An action, the statements that decide, and what must hold.
pub(super) fn asked(proved: &Proved) -> String {
    let why = proved.because.iter().filter(|reason| !who_can::is_limit(reason.layer));
    let mut why: Vec<String> = why.map(who_can::reason).collect();
    why.extend(proved.conditions.iter().map(|one| format!("only if {}", who_can::condition(one))));
    why.dedup();
    format!("{}: {}", clean(&proved.action), why.join("; "))
}

/// The edit, in words.
fn closing(closing: Option<&Closing>) -> String {
    let Some(closing) = closing else {
        return "No single edit that is known closes it.".to_owned();
    };
    let comes = match closing.breaks {
        Breaks::Every => "Asked again as if that were done, nothing leads there.".to_owned(),
        Breaks::This { other_steps } => {
            format!(
                "Asked again as if that were done, another way is left, in {}.",
                render::count(other_steps as u64, "step")
            )
        }
    };
    format!("{} {}. {comes}", styled(render::STRONG, "To close it:"), edit(&closing.edit))
}

fn edit(edit: &Edit) -> String {
    match edit {
        Edit::Statement { holder, layer, policy, statement, sid, action } => {
            let statement = match sid {
                Some(sid) if !sid.is_empty() => format!("statement `{}`", clean(sid)),
                _ => format!("statement {statement}"),
            };
            let of = match layer {
                LayerName::ResourcePolicy => format!("the {} of {}", clean(policy), clean(holder)),
                _ => format!("the policy `{}` of {}", clean(policy), clean(holder)),
            };
            match action {
                Some(action) => format!("take {} out of {statement} of {of}", clean(action)),
                None => format!("take {statement} out of {of}"),
            }
        }
        Edit::GroupRule { group, rule } => {
            format!("take the rule for {} out of {}", clean(rule), clean(group))
        }
        Edit::Role { server, role } => format!("let {} run without {}", clean(server), clean(role)),
        Edit::AccessKey { key } => format!("switch off the access key {}", clean(key)),
    }
}

fn fix_first(first: &FixFirst, all: bool) -> Result<()> {
    if !first.steps.is_empty() {
        render::print(styled(render::STRONG, "Fix first: what every way to most jewels passes"))?;
        let shown = if all { first.steps.len() } else { SHOWN };
        let rows = first.steps.iter().take(shown).map(line);
        render::print(render::table(&["jewels", "step", "edit"], rows))?;
        render::print("")?;
    }
    if !first.cut.is_empty() {
        let exact = if first.cost == first.at_least {
            "nothing smaller does".to_owned()
        } else {
            format!("nothing that costs less than {} does; between, it is not known", first.at_least)
        };
        let heading = format!(
            "Smallest cut: {} that stop every way that can be stopped, at a cost of {}; {exact}",
            render::count(first.cut.len() as u64, "step"),
            first.cost
        );
        render::print(styled(render::STRONG, heading))?;
        let shown = if all { first.cut.len() } else { SHOWN };
        render::print(render::table(&["jewels", "step", "edit"], first.cut.iter().take(shown).map(line)))?;
        if first.cut.len() > shown {
            render::print(format!("and {} more: --all", first.cut.len() - shown))?;
        }
        render::print("")?;
    }
    if !first.open.is_empty() {
        let names: Vec<String> = first.open.iter().take(NAMES).map(name).collect();
        let more = first.open.len().saturating_sub(NAMES);
        let more = if more > 0 { format!(" and {more} more") } else { String::new() };
        render::print(format!("No step to these can be closed by an edit: {}{more}.", names.join(", ")))?;
    }
    Ok(())
}

fn line(first: &First) -> Vec<String> {
    let names: Vec<String> = first.jewels.iter().take(NAMES).map(name).collect();
    let more = first.jewels.len().saturating_sub(NAMES);
    let more = if more > 0 { format!("\nand {more} more") } else { String::new() };
    let alone = if first.jewels.is_empty() { "none by itself".to_owned() } else { String::new() };
    let with: Vec<String> = first.step.with.iter().map(name).collect();
    vec![
        format!(
            "{}{}{more}{alone}",
            if first.jewels.is_empty() { String::new() } else { format!("{}: ", first.jewels.len()) },
            names.join("\n")
        ),
        format!("{}: {}\n{}", with.join(" and "), clean(&first.step.title), name(&first.step.gains)),
        first.edit.as_ref().map(edit).unwrap_or_default(),
    ]
}

fn summary(found: &Paths, first: &FixFirst) -> Result<()> {
    render::print(format!(
        "{} asked about: {} of {} come by. {} and {} between what an intruder can have were looked at.",
        render::count(found.entries as u64, "beginning"),
        found.reached,
        render::count(found.jewels as u64, "jewel"),
        render::count(found.nodes as u64, "thing"),
        render::count(found.steps as u64, "step"),
    ))?;
    if found.unclassified > 0 {
        let told = format!(
            "{} no data class: not asked about; `fathom unknown` lists what nobody has explained",
            if found.unclassified == 1 {
                "one thing that keeps data has".to_owned()
            } else {
                format!("{} things that keep data have", found.unclassified)
            }
        );
        render::print(styled(render::ATTENTION, told))?;
    }
    if found.cut || first.cut_short {
        render::print(styled(
            render::ATTENTION,
            "not all was followed: there is too much that an intruder can have",
        ))?;
    }
    who_can::gaps(&found.gaps)
}

/// What an intruder has, in words.
pub(super) fn name(named: &Named) -> String {
    Named { id: clean(&named.id), ..named.clone() }.words()
}

pub(super) fn decision(level: Level) -> String {
    match level {
        Level::Yes => styled(render::BAD, "YES"),
        Level::OnlyIf => styled(render::ATTENTION, "ONLY IF"),
        Level::Unknown => styled(render::ATTENTION, "UNKNOWN"),
    }
}
