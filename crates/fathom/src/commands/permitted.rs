//! What somebody may do, as lines for people.

use std::collections::BTreeSet;

use fathom_access::{Answer, Permitted};
use fathom_catalogue::Kind as Access;

use crate::{
    args::ShownArgs,
    render::{self, styled},
};

/// So many actions of one kind are named; of more, how many. `--actions` and `--json` have all.
const NAMED: usize = 3;

/// Only the kinds that are wanted; all where none is named.
pub(super) fn wanted(permitted: Vec<Permitted>, args: &ShownArgs) -> Vec<Permitted> {
    let kinds: Vec<Access> = args.kind.iter().map(|kind| (*kind).into()).collect();
    permitted.into_iter().filter(|one| kinds.is_empty() || kinds.contains(&one.access)).collect()
}

/// What is allowed, what only under conditions, and what is not known: a line each, what weighs most first.
pub(super) fn lines(permitted: &[Permitted], args: &ShownArgs) -> String {
    let answers = [
        (Answer::Allowed, String::new()),
        (Answer::OnlyIf, styled(render::ATTENTION, "only if ")),
        (Answer::Unknown, styled(render::ATTENTION, "not known ")),
    ];
    let line = |(answer, word): (Answer, String)| {
        let kinds = permitted.iter().rev().filter(|one| one.decision == answer);
        let kinds: Vec<String> = kinds.map(|one| kind(one, args)).collect();
        (!kinds.is_empty()).then(|| format!("{word}{}", kinds.join(if args.actions { "\n" } else { " · " })))
    };
    answers.into_iter().filter_map(line).collect::<Vec<_>>().join("\n")
}

fn kind(one: &Permitted, args: &ShownArgs) -> String {
    let name = styled(render::STRONG, one.access.name());
    if !args.actions && one.actions.len() > NAMED {
        return format!("{name} {}", one.actions.len());
    }
    let services = one.actions.iter().map(|action| action.split(':').next()).collect::<BTreeSet<_>>();
    // One service stands in the resource already.
    let short = |action: &str| match action.split_once(':') {
        Some((_, name)) if services.len() == 1 => name.to_owned(),
        _ => action.to_owned(),
    };
    format!("{name} {}", one.actions.iter().map(|action| short(action)).collect::<Vec<_>>().join(", "))
}
