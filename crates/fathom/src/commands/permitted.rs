//! What somebody may do, as lines for people.

use std::collections::BTreeSet;

use fathom_access::{Answer, Permitted, Says, WithKey};
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

/// What keys say of actions that are still told.
pub(super) fn with_key(all: Vec<WithKey>, permitted: &[Permitted]) -> Vec<WithKey> {
    let is_told =
        |action: &String| permitted.iter().any(|one| one.actions.iter().any(|other| other == action));
    let cut = |mut one: WithKey| {
        one.actions.retain(is_told);
        (!one.actions.is_empty()).then_some(one)
    };
    all.into_iter().filter_map(cut).collect()
}

/// Permissions with what the key says of those that give content, below them.
pub(super) fn lines_with_key(permitted: &[Permitted], keys: &[WithKey], args: &ShownArgs) -> String {
    let mut told = vec![lines(permitted, args)];
    for one in keys {
        let names: Vec<&str> = one
            .actions
            .iter()
            .map(|action| action.split_once(':').map_or(&**action, |(_, name)| name))
            .collect();
        let names = if !args.actions && names.len() > NAMED {
            format!("{} of these", names.len())
        } else {
            names.join(", ")
        };
        told.push(format!(
            "{names}: also takes {} of its key: {}",
            one.needs.join(" and "),
            says(one.key_says)
        ));
    }
    told.join("\n")
}

/// The word for a decision.
pub(super) fn says(says: Says) -> String {
    match says {
        Says::Allowed => styled(render::STRONG, "YES"),
        Says::OnlyIf => styled(render::ATTENTION, "ONLY IF"),
        Says::Unknown => styled(render::ATTENTION, "UNKNOWN"),
        Says::Denied => styled(render::BAD, "NO"),
    }
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
