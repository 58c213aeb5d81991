//! `fathom explain`: what is known about one resource, part by part, each with its source.

use anyhow::Result;
use fathom_model::{Explanation, Part, Statement, Target};
use serde_json::json;

use crate::{
    args::{ExplainArgs, Global},
    commands::{
        activity, assign,
        unknown::{day, kind},
    },
    render::{self, clean, styled},
    wiring,
};

/// Relations that are shown; a network may have thousands.
const EDGES_SHOWN: usize = 40;

pub(crate) async fn run(global: &Global, args: ExplainArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let stored = wiring::one_resource(&store, &args.resource).await?;
    let uid = &stored.resource.uid;
    let explanation = Explanation { statements: store.statements(uid).await? };
    let unknown = store.unknown_of(uid, wiring::now()).await?;
    let edges = store.edges_of(uid).await?;
    let assigned = store.assignments_of(std::slice::from_ref(uid), wiring::now()).await?;
    let story = activity::of(&store, global, &stored.resource).await?;
    if global.json {
        return render::print_json(&json!({
            "resource": stored,
            "statements": explanation.statements,
            "assignments": assigned,
            "gaps": unknown.as_ref().map(|unknown| &unknown.gaps),
            "edges": edges,
            "activity": story.as_ref().map(|story| activity::as_json(&stored.resource, story)),
        }));
    }
    let resource = &stored.resource;
    let name = resource.name.as_deref().unwrap_or(&resource.id);
    let state = match (stored.understood, stored.deleted_at) {
        (_, Some(at)) => styled(render::QUIET, format!("gone since {}", day(at))),
        (true, None) => styled(render::GOOD, "understood"),
        (false, None) => styled(render::ATTENTION, "not understood"),
    };
    render::print(format!(
        "{}  {}  {state}",
        styled(render::STRONG, clean(name)),
        kind(resource.kind.as_str())
    ))?;
    render::print(styled(render::QUIET, clean(uid.as_str())))?;
    let created = resource.created_at.map_or_else(|| "unknown".to_owned(), |at| at.to_string());
    render::print(format!(
        "account {}, region {}, created {created}, first seen {}, last seen {}{}",
        clean(resource.account.as_str()),
        clean(resource.region.as_str()),
        day(stored.first_seen),
        day(stored.last_seen),
        if stored.stale { " (the last scan could not read it)" } else { "" }
    ))?;

    for one in &assigned {
        let until = one.until.map(|until| format!(" until {}", day(until))).unwrap_or_default();
        let told =
            format!("assigned to {}{until} by {}: {}", assign::whom(one), clean(&one.by), clean(&one.note));
        render::print(told)?;
    }
    let mut rows = Vec::new();
    for part in Part::ALL {
        let all: Vec<_> = explanation.statements.iter().filter(|statement| statement.part == part).collect();
        match explanation.of(part) {
            Some(holds) => {
                rows.push(vec![part.to_string(), clean(&holds.value), said_by(holds)]);
                for other in all.into_iter().filter(|one| *one != holds) {
                    rows.push(vec![
                        String::new(),
                        styled(render::QUIET, clean(&other.value)),
                        styled(render::QUIET, format!("also {}", said_by(other))),
                    ]);
                }
            }
            None => rows.push(vec![part.to_string(), styled(render::ATTENTION, "unknown"), String::new()]),
        }
    }
    render::print("")?;
    render::print(render::table(&["part", "value", "source"], rows))?;

    if let Some(story) = &story {
        render::print(format!("\n{}", activity::made(story)))?;
        if let Some(change) = activity::last_change(story) {
            render::print(change)?;
        }
        let more = story.events.len();
        if more > 1 {
            render::print(styled(
                render::QUIET,
                format!("{} of it in the log: fathom activity", render::count(more as u64, "event")),
            ))?;
        }
    }
    if let Some(unknown) = unknown {
        render::print(format!("\nNumber {} on the list: {}.", unknown.rank, unknown.because.join(", ")))?;
        render::print(render::table(
            &["missing", "what would close it"],
            unknown.gaps.iter().map(|gap| {
                let detail = match (&gap.accepted, gap.reason) {
                    (Some(accepted), _) => format!(
                        "accepted by {} until {}: {}",
                        clean(&accepted.by),
                        day(accepted.until),
                        clean(&accepted.reason)
                    ),
                    (None, Some(reason)) => format!("could not be read ({reason}): {}", clean(&gap.detail)),
                    (None, None) => clean(&gap.detail),
                };
                vec![clean(&gap.part), detail]
            }),
        ))?;
    }
    let outgoing = edges.outgoing.iter().map(|edge| {
        let target = match &edge.to {
            Target::Known { uid } => clean(uid.as_str()),
            Target::Unresolved { kind, reference, outside } => {
                let why = if *outside { "of another account" } else { "not in the estate" };
                format!("{} ({}, {why})", clean(reference), clean(kind.as_str()))
            }
        };
        vec![edge.kind.to_string(), "to".to_owned(), target]
    });
    let incoming = edges
        .incoming
        .iter()
        .map(|edge| vec![edge.kind.to_string(), "from".to_owned(), clean(edge.from.as_str())]);
    let rows: Vec<Vec<String>> = outgoing.chain(incoming).take(EDGES_SHOWN).collect();
    let all = edges.outgoing.len() + edges.incoming.len();
    if all > 0 {
        render::print("")?;
        render::print(render::table(&["relation", "", "resource"], rows))?;
    }
    if all > EDGES_SHOWN {
        render::print(styled(
            render::QUIET,
            format!("and {} more: the table `edges` in SQL", all - EDGES_SHOWN),
        ))?;
    }
    if args.raw {
        render::print("")?;
        render::print_json(&resource.document.whole().value())?;
    }
    Ok(())
}

/// The kind of source and the place in it; a tag's place begins with the kind already.
fn said_by(statement: &Statement) -> String {
    let (kind, origin) = (statement.source.as_str(), clean(&statement.origin));
    if origin.starts_with(kind) { origin } else { format!("{kind}: {origin}") }
}
