//! What differs, in one form for people, for comments and for code scanning: worst first.

use std::collections::BTreeMap;

use fathom_access::{Answer, ChangedRow, Effect, Origin};
use fathom_foresee::{Answering, Difference, Differs, LetIn, Reached, Sure, Turn, Walked};
use fathom_iam::organisation::Asker;
use serde::Serialize;

use crate::{
    args::FailOn,
    commands::{network, paths, unauthenticated, who_can},
    render::clean,
};

/// Actions of a line that are named.
const NAMED: usize = 4;

/// What kind of thing opens or closes.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum Group {
    Path,
    Exposure,
    Unauthenticated,
    Opening,
    Permission,
}

impl Group {
    pub(super) const ALL: [Self; 5] =
        [Self::Path, Self::Exposure, Self::Unauthenticated, Self::Opening, Self::Permission];

    /// Above a list of such.
    pub(super) fn heading(self) -> &'static str {
        match self {
            Self::Path => "Ways of an intruder",
            Self::Exposure => "What the internet reaches",
            Self::Unauthenticated => "What answers without asking who comes",
            Self::Opening => "Who is let in from outside the account",
            Self::Permission => "What users and roles may do",
        }
    }

    /// One such, and several.
    pub(super) fn words(self) -> (&'static str, &'static str) {
        match self {
            Self::Path => ("way of an intruder", "ways of an intruder"),
            Self::Exposure => ("thing that the internet reaches", "things that the internet reaches"),
            Self::Unauthenticated => ("thing that answers anybody", "things that answer anybody"),
            Self::Opening => ("opening to outside", "openings to outside"),
            Self::Permission => ("permission", "permissions"),
        }
    }

    /// What it is called in rules.
    pub(super) fn id(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::Exposure => "exposure",
            Self::Unauthenticated => "unauthenticated",
            Self::Opening => "opening",
            Self::Permission => "permission",
        }
    }

    /// What a pipeline calls it.
    pub(super) fn fails_on(self) -> FailOn {
        match self {
            Self::Path => FailOn::NewPath,
            Self::Exposure | Self::Unauthenticated => FailOn::NewExposure,
            Self::Opening | Self::Permission => FailOn::NewPermission,
        }
    }
}

/// One thing that opens or closes.
#[derive(Debug, Clone)]
pub(super) struct Finding {
    pub(super) group: Group,
    pub(super) turn: Turn,
    pub(super) before: Option<Sure>,
    pub(super) after: Option<Sure>,
    /// What it is, in one line.
    pub(super) what: String,
    /// The proof, a line each.
    pub(super) why: Vec<String>,
    /// The changes that it comes from.
    pub(super) because: Vec<String>,
    /// The resource that it is about.
    pub(super) resource: String,
}

impl Finding {
    /// Whether it is a way that opens, or of which it is not known.
    pub(super) fn opens(&self) -> bool {
        self.turn.opens()
    }

    /// Whether it opens, as far as is known.
    pub(super) fn surely_opens(&self) -> bool {
        self.opens() && self.after != Some(Sure::Unknown)
    }

    /// Whether all that is known of it afterwards is that it is not known.
    pub(super) fn is_unknown(&self) -> bool {
        self.after == Some(Sure::Unknown)
    }

    /// What becomes of it, in a word or two.
    pub(super) fn word(&self) -> String {
        let sure = |sure: Option<Sure>| match sure {
            Some(Sure::Yes) => "yes",
            Some(Sure::OnlyIf) => "only if",
            Some(Sure::Unknown) => "unknown",
            None => "no",
        };
        match (self.turn, self.after) {
            (Turn::New, Some(Sure::Yes)) => "OPENS".to_owned(),
            (Turn::New, after) => format!("OPENS ({})", sure(after)),
            (Turn::Closed, _) => "closes".to_owned(),
            (Turn::Surer | Turn::LessSure, after) => format!("{} → {}", sure(self.before), sure(after)),
        }
    }
}

/// All of them, by group, the worst first.
pub(super) fn of(difference: &Difference) -> Vec<Finding> {
    let mut all: Vec<Finding> = Vec::new();
    all.extend(difference.paths.iter().map(path));
    all.extend(difference.exposures.iter().map(exposure));
    all.extend(difference.unauthenticated.iter().map(open));
    all.extend(difference.openings.iter().map(opening));
    all.extend(permissions(&difference.permissions));
    all.sort_by_key(|one| (one.group, one.turn));
    all
}

/// What differs, in short.
pub(in crate::commands) struct Brief {
    /// How many surely open.
    pub(in crate::commands) opens: usize,
    /// How many close.
    pub(in crate::commands) closes: usize,
    /// How many become less sure or unknown.
    pub(in crate::commands) others: usize,
    /// What becomes of each, and what it is, the worst first.
    pub(in crate::commands) rows: Vec<(&'static str, String, String)>,
}

/// Tells what differs in short.
pub(in crate::commands) fn brief(difference: &Difference) -> Brief {
    let all = of(difference);
    let opens = all.iter().filter(|one| one.surely_opens()).count();
    let closes = all.iter().filter(|one| one.turn == Turn::Closed).count();
    Brief {
        opens,
        closes,
        others: all.len() - opens - closes,
        rows: all.iter().map(|one| (one.group.words().0, one.word(), one.what.clone())).collect(),
    }
}

fn finding<T>(group: Group, of: &Differs<T>, what: String, why: Vec<String>, resource: &str) -> Finding {
    Finding {
        group,
        turn: of.turn,
        before: of.before,
        after: of.after,
        what,
        why,
        because: of.because.clone(),
        resource: resource.to_owned(),
    }
}

fn path(of: &Differs<Walked>) -> Finding {
    let Walked { to, story, .. } = &of.what;
    let from: Vec<String> = story.from.iter().map(paths::name).collect();
    let what = format!("{} to {}", from.join(" and "), paths::name(to));
    let mut why = Vec::new();
    for (number, step) in (1..).zip(&story.steps) {
        let on = step.on.as_ref().map(|on| format!(": {}", clean(on))).unwrap_or_default();
        why.push(format!("{number}. {}{on}, and has {}", clean(&step.title), paths::name(&step.gains)));
        why.extend(step.asked.iter().map(|one| format!("   {}", paths::asked(one))));
        why.extend(step.packet.iter().map(|one| format!("   {}", clean(one))));
        why.extend(step.only_if.iter().map(|one| format!("   only if {}", clean(one))));
        why.extend(step.not_known.iter().map(|one| format!("   not known: {}", clean(one))));
    }
    finding(Group::Path, of, what, why, &to.id)
}

fn exposure(of: &Differs<Reached>) -> Finding {
    let Reached { id, name, addresses, protocol, ports, proof, .. } = &of.what;
    let name = name.as_ref().map(|name| format!(" ({})", clean(name))).unwrap_or_default();
    let at = if addresses.is_empty() { String::new() } else { format!(" at {}", addresses.join(", ")) };
    let what = format!("{}{name}{at}: {protocol} {ports}", clean(id));
    let mut why = vec![clean(&proof.packet)];
    why.extend(network::beside(proof));
    why.extend(network::hops(proof));
    finding(Group::Exposure, of, what, why, id)
}

fn open(of: &Differs<Answering>) -> Finding {
    let row = &of.what.0;
    let thing = unauthenticated::what(row).replace('\n', " ");
    let what = format!("{thing}: {} (asks for {})", clean(&row.says), unauthenticated::asks_for(row));
    let why = unauthenticated::why(row, true).lines().skip(1).map(str::to_owned).collect();
    finding(Group::Unauthenticated, of, what, why, &row.resource)
}

fn opening(of: &Differs<LetIn>) -> Finding {
    let LetIn { from, resource, asker, access, actions, .. } = &of.what;
    let from = match from {
        Origin::Public => "everyone",
        Origin::External => "from outside the organisation",
        Origin::Federated => "by an identity provider",
        Origin::Confined => "everyone whom a condition confines",
        Origin::CrossAccount => "from another account",
        Origin::Service => "a service of AWS",
    };
    let what = format!(
        "{} ({from}) may {} {}: {}",
        who_can::who(asker),
        access.name(),
        clean(resource),
        few(actions)
    );
    finding(Group::Opening, of, what, all(actions), resource)
}

/// What permissions that are alike have in common.
type Alike<'r> = (Effect, Option<&'r str>, &'static str, Option<Answer>, Option<Answer>, &'r [String]);

fn alike(row: &ChangedRow) -> Alike<'_> {
    (row.effect, row.resource_type.as_deref(), row.access.name(), row.before, row.after, &row.actions)
}

/// Permissions that are alike are one: those of one to several things of a type, or those of several to one thing.
fn permissions(rows: &[ChangedRow]) -> Vec<Finding> {
    let mut by_asker: BTreeMap<(Asker, Alike<'_>), Vec<&ChangedRow>> = BTreeMap::new();
    for row in rows {
        by_asker.entry((row.asker.clone(), alike(row))).or_default().push(row);
    }
    let mut by_things: BTreeMap<(Alike<'_>, Vec<&str>), Vec<&ChangedRow>> = BTreeMap::new();
    for ((_, alike), rows) in by_asker {
        let things: Vec<&str> = rows.iter().map(|row| row.resource.as_str()).collect();
        by_things.entry((alike, things)).or_default().extend(rows.first().copied());
    }
    by_things.iter().filter_map(|((_, things), rows)| permission(rows, things)).collect()
}

/// What some may do to some things, the same to all of these.
fn permission(rows: &[&ChangedRow], things: &[&str]) -> Option<Finding> {
    let row = rows.first()?;
    let sure = |answer: Option<Answer>| {
        answer.map(|answer| match answer {
            Answer::Allowed => Sure::Yes,
            Answer::OnlyIf => Sure::OnlyIf,
            Answer::Unknown => Sure::Unknown,
        })
    };
    let turn = match row.effect {
        Effect::Gained => Turn::New,
        Effect::Lost => Turn::Closed,
        Effect::NowSure => Turn::Surer,
        Effect::NowConditional | Effect::NowUnknown => Turn::LessSure,
    };
    let who = match rows {
        [one] => who_can::who(&one.asker),
        many => format!("{} users and roles", many.len()),
    };
    let on = match (things.len(), &row.resource_type) {
        (1, _) | (_, None) => clean(&row.resource),
        (many, Some(kind)) => format!("{many} of {}", clean(kind)),
    };
    let mut why = all(&row.actions);
    if rows.len() > 1 {
        why.extend(rows.iter().map(|row| who_can::who(&row.asker)));
    }
    if things.len() > 1 {
        why.extend(things.iter().map(|thing| format!("on {}", clean(thing))));
    }
    Some(Finding {
        group: Group::Permission,
        turn,
        before: sure(row.before),
        after: sure(row.after),
        what: format!("{who} may {} {on}: {}", row.access.name(), few(&row.actions)),
        why,
        because: Vec::new(),
        resource: row.resource.clone(),
    })
}

/// Some actions of a list.
fn few(actions: &[String]) -> String {
    let named: Vec<&str> = actions.iter().take(NAMED).map(String::as_str).collect();
    let more = actions.len().saturating_sub(NAMED);
    let rest = if more > 0 { format!(" and {more} more") } else { String::new() };
    format!("{}{rest}", clean(&named.join(", ")))
}

/// All of them, where not all are named.
fn all(actions: &[String]) -> Vec<String> {
    if actions.len() > NAMED { vec![clean(&actions.join(", "))] } else { Vec::new() }
}
