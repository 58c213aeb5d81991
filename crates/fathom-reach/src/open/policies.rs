//! What policies, lists and grants let everyone do, with or without a signature.

use std::collections::{BTreeMap, BTreeSet};

use fathom_access::{AccessError, Answer, Opening, Openings, Origin, Permitted, Resource, Seen};
use fathom_catalogue::Catalogue;
use fathom_content::{
    OpenRule,
    open::{ANY_TYPE, Asks, How},
};
use fathom_iam::{
    Context,
    organisation::{Kind, Target},
    policy::Effect,
    verdict::{Condition, LayerName, Reason},
};
use fathom_net::Verdict;

use super::{
    ByKind, Facts, Open, OpenRow, bare, row,
    settings::{self, Holds},
    way, without_network,
};
use crate::open::Way;

/// From where those come whom nobody asks.
const EVERYONE: [Origin; 2] = [Origin::Public, Origin::Confined];
/// Values of a condition that are shown.
const VALUES_SHOWN: usize = 5;

/// Adds a row for each resource whose policy lets in everyone, and for each of which that is not known.
pub(super) fn add(facts: &Facts<'_>, by_kind: &ByKind<'_>, found: &mut Open) -> Result<(), AccessError> {
    found.gaps.extend(facts.permissions.index.organisation().unread().iter().cloned());
    let seen: BTreeMap<&str, &Seen> = facts.seen.iter().map(|one| (one.arn.as_str(), one)).collect();
    for resource in facts.permissions.resources.values() {
        let is_guarded = facts.permissions.index.organisation().is_guarded(&resource.target);
        found.asked += usize::from(is_guarded && !seen.contains_key(resource.target.arn.as_str()));
        let openings = openings(facts, resource)?;
        if openings.rows.is_empty() && openings.gaps.is_empty() && openings.unknown.is_empty() {
            continue;
        }
        let document = seen.get(resource.target.arn.as_str()).copied();
        let own = of_type(facts, resource, document, by_kind);
        // Where rows of the type are closed, as a domain that nothing leads to, so is what its policy says.
        let Some((rule, holds)) = own else { continue };
        add_one(facts, by_kind, resource, document, (rule, holds), &openings, found)?;
    }
    Ok(())
}

/// Whom a resource lets in, itself and in its parts.
fn openings(facts: &Facts<'_>, resource: &Resource) -> Result<Openings, AccessError> {
    let mut found = facts.permissions.openings_of(resource, &EVERYONE, &Context::new())?;
    let mut of_type = facts.content.open.iter().filter(|rule| rule.kind.as_str() == resource.kind);
    let Some(parts) = of_type.find_map(|rule| rule.parts.as_ref()) else { return Ok(found) };
    let organisation = facts.permissions.index.organisation();
    if !organisation.names_strangers(&resource.target) {
        return Ok(found);
    }
    let target = Target { arn: format!("{}{}", resource.target.arn, parts.under), ..resource.target.clone() };
    let catalogue = Catalogue::embedded()?;
    for name in &parts.actions {
        let Some(action) = catalogue.action(name) else { continue };
        let rows = organisation.let_in(action.name(), &target, &Context::new());
        for row in rows.map_err(AccessError::Question)? {
            let Some(decision) = Answer::of(row.verdict.decision) else { continue };
            found.rows.push(Opening {
                from: if decision == Answer::Allowed { Origin::Public } else { Origin::Confined },
                resource: target.arn.clone(),
                resource_type: resource.kind.clone(),
                account: resource.target.account.clone(),
                asker: row.asker,
                permitted: vec![Permitted { access: action.kind(), decision, actions: vec![name.clone()] }],
                with_key: Vec::new(),
                from_account: None,
                vendor: None,
            });
        }
    }
    Ok(found)
}

/// The rule about the policies of a type, with what it asks of the document; none where that is surely not so.
fn of_type<'a>(
    facts: &Facts<'a>,
    resource: &Resource,
    document: Option<&Seen>,
    by_kind: &ByKind<'_>,
) -> Option<(&'a OpenRule, Option<Holds>)> {
    let of_policy = || facts.content.open.iter().filter(|rule| rule.how == How::Policy);
    let mut own = of_policy().filter(|rule| rule.kind.as_str() == resource.kind).peekable();
    if own.peek().is_none() {
        return of_policy().find(|rule| rule.kind.as_str() == ANY_TYPE).map(|rule| (rule, None));
    }
    own.find_map(|rule| match document {
        None => Some((rule, None)),
        Some(one) => match settings::holds(facts.content, rule, one, by_kind, facts.listings) {
            Holds::No => None,
            holds @ Holds::As(_) => Some((rule, Some(holds))),
        },
    })
}

fn add_one(
    facts: &Facts<'_>,
    by_kind: &ByKind<'_>,
    resource: &Resource,
    document: Option<&Seen>,
    (rule, holds): (&OpenRule, Option<Holds>),
    openings: &Openings,
    found: &mut Open,
) -> Result<(), AccessError> {
    let let_in = everyone(openings, rule, &told_elsewhere(facts, &resource.kind));
    let mut new = match document {
        Some(one) => row(rule, one),
        None => bare(rule, &resource.kind, resource.target.account.as_deref().unwrap_or_default()),
    };
    new.resource.clone_from(&resource.target.arn);
    let Some((asks, decision)) =
        let_in.iter().map(|(asks, _, one)| (*asks, one.decision)).min_by_key(|one| (one.1, one.0))
    else {
        if openings.gaps.is_empty() && openings.unknown.is_empty() {
            return Ok(());
        }
        new.missing.extend(openings.gaps.iter().cloned());
        new.missing.extend(openings.unknown.iter().map(|_| "no action of the catalogue fits it".to_owned()));
        "whether its policy lets in everyone is not known".clone_into(&mut new.says);
        new.way = Way { says: without_network(rule.list), ..Way::default() };
        found.rows.push(new);
        return Ok(());
    };
    if let Some(holds) = holds {
        settings::tell(holds, &mut new);
    } else {
        new.verdict = Verdict::Yes;
    }
    new.asks = asks;
    let says = match decision {
        Answer::Allowed => Verdict::Yes,
        Answer::OnlyIf => Verdict::OnlyIf,
        Answer::Unknown => Verdict::Unknown,
    };
    new.verdict = new.verdict.min(says);
    // What is surely let in is told, not what else may be.
    for (_, arn, permitted) in let_in.iter().filter(|(of, _, one)| (*of, one.decision) == (asks, decision)) {
        let target = Target { arn: arn.clone(), ..resource.target.clone() };
        why(facts, target, permitted, &mut new)?;
    }
    match (document, &rule.network) {
        (Some(one), Some(_)) => {
            let others = way::Others::of(rule, by_kind);
            way::tell(facts, rule, one, &others, &mut new);
        }
        _ => new.way = Way { says: without_network(rule.list), ..Way::default() },
    }
    if new.verdict != Verdict::No {
        found.rows.push(new);
    }
    Ok(())
}

/// What everyone may do to what, with what is asked for, but for actions that another rule tells.
fn everyone(openings: &Openings, rule: &OpenRule, told: &BTreeSet<&str>) -> Vec<(Asks, String, Permitted)> {
    let mut let_in = Vec::new();
    for opening in &openings.rows {
        // A signature is asked for where only accounts are named, and by services that ask all for one.
        let asks = match opening.asker.kind {
            Kind::Anyone => rule.asks,
            Kind::AnyAccount if opening.from == Origin::Public => Asks::AnyAccount.max(rule.asks),
            _ => continue,
        };
        for permitted in &opening.permitted {
            let actions: Vec<String> =
                permitted.actions.iter().filter(|one| !told.contains(one.as_str())).cloned().collect();
            if !actions.is_empty() {
                let_in.push((asks, opening.resource.clone(), Permitted { actions, ..permitted.clone() }));
            }
        }
    }
    let_in
}

/// Actions that rules about settings of a type tell already.
fn told_elsewhere<'a>(facts: &Facts<'a>, kind: &str) -> BTreeSet<&'a str> {
    let rules =
        facts.content.open.iter().filter(|rule| rule.kind.as_str() == kind && rule.how != How::Policy);
    rules.flat_map(|rule| rule.actions.iter().map(String::as_str)).collect()
}

/// The statements that let everyone do it, with their conditions.
fn why(
    facts: &Facts<'_>,
    target: Target,
    permitted: &Permitted,
    new: &mut OpenRow,
) -> Result<(), AccessError> {
    let actions = format!("{}: {}", permitted.access.name(), permitted.actions.join(", "));
    add_new(&mut new.proof, std::iter::once(actions));
    let Some(action) = permitted.actions.first() else { return Ok(()) };
    let target = facts.permissions.meant(action, target);
    let organisation = facts.permissions.index.organisation();
    let rows = organisation.let_in(action, &target, &Context::new()).map_err(AccessError::Question)?;
    let is_meant = |kind: Kind| matches!(kind, Kind::Anyone | Kind::AnyAccount);
    let decided = rows
        .iter()
        .filter(|row| is_meant(row.asker.kind))
        .find(|row| Answer::of(row.verdict.decision) == Some(permitted.decision));
    let Some(row) = decided else { return Ok(()) };
    let allows = |reason: &&Reason| {
        reason.effect == Effect::Allow
            && matches!(
                reason.layer,
                LayerName::ResourcePolicy | LayerName::KmsGrants | LayerName::S3 | LayerName::Service
            )
    };
    add_new(&mut new.proof, row.verdict.because.iter().filter(allows).map(reason));
    if permitted.decision == Answer::OnlyIf {
        add_new(&mut new.conditions, row.verdict.conditions.iter().map(condition));
    }
    if permitted.decision == Answer::Unknown {
        add_new(&mut new.missing, row.verdict.unknown.iter().cloned());
    }
    Ok(())
}

fn add_new(list: &mut Vec<String>, lines: impl Iterator<Item = String>) {
    for line in lines {
        if !list.contains(&line) {
            list.push(line);
        }
    }
}

fn reason(reason: &Reason) -> String {
    match (&reason.sid, reason.statement) {
        (Some(sid), Some(index)) if !sid.is_empty() => {
            format!("{}, statement {index} `{sid}`", reason.policy)
        }
        (_, Some(index)) => format!("{}, statement {index}", reason.policy),
        _ => reason.policy.clone(),
    }
}

fn condition(condition: &Condition) -> String {
    let values: Vec<&str> = condition.values.iter().take(VALUES_SHOWN).map(String::as_str).collect();
    let not = if condition.effect == Effect::Deny { "not " } else { "" };
    format!("{not}{} {} {}", condition.key, condition.operator, values.join(", "))
}
