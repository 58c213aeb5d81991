//! What the guide says about the list, done slowly and word by word.

use std::cmp::Reverse;

use fathom_content::{Content, Demand, Demands, Trait};
use fathom_estate::Unread;
use fathom_model::{Acceptance, DataClass, Explanation, Part, Reason, Resource, Timestamp};

use crate::literal::Named;

/// A line of the list: the resource and its gaps with their reasons, and which of them are accepted.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Line {
    pub(crate) uid: String,
    pub(crate) gaps: Vec<(String, Option<Reason>, bool)>,
}

/// The list, worst first, and who is understood.
pub(crate) fn list(
    estate: &[Named],
    explained: &[Explanation],
    unread: &[Unread],
    content: &Content,
    demands: &Demands,
    acceptances: &[Acceptance],
    now: Timestamp,
) -> (Vec<Line>, Vec<bool>) {
    let mut understood = Vec::new();
    let mut lines = Vec::new();
    for ((resource, _), explanation) in estate.iter().zip(explained) {
        let has = |one: Trait| has(resource, content, one);
        let mut demanded: Vec<Demand> = demands.always.clone();
        for (raising, more) in &demands.traits {
            if has(*raising) {
                demanded.extend(more);
            }
        }
        let mut missing: Vec<(String, Option<Reason>)> = Vec::new();
        for (demand, part, known) in [
            (Demand::Owner, "owner", knows(explanation, Part::Owner)),
            (Demand::Purpose, "purpose", knows(explanation, Part::Purpose)),
            (Demand::Environment, "environment", knows(explanation, Part::Environment)),
            (Demand::DataClass, "data_class", knows_class(explanation)),
            (
                Demand::CreatorOrCode,
                "creator_or_code",
                knows(explanation, Part::Creator) || knows(explanation, Part::DeclaredBy),
            ),
        ] {
            if demanded.contains(&demand) && !known {
                missing.push((part.to_owned(), None));
            }
        }
        let mut attributes: Vec<(String, Option<Reason>)> = unread
            .iter()
            .filter(|one| one.uid == resource.uid)
            .map(|one| (one.attribute.clone(), Some(one.reason)))
            .collect();
        attributes.sort();
        attributes.dedup_by(|a, b| a.0 == b.0);
        missing.extend(attributes);

        let accepted = |part: &str| {
            acceptances.iter().any(|acceptance| {
                acceptance.uid == resource.uid
                    && (acceptance.part == part || acceptance.part == "*")
                    && now < acceptance.until
            })
        };
        let gaps: Vec<(String, Option<Reason>, bool)> =
            missing.into_iter().map(|(part, reason)| (part.clone(), reason, accepted(&part))).collect();
        let open = gaps.iter().filter(|(.., accepted)| !accepted).count();
        understood.push(open == 0);
        if !gaps.is_empty() {
            // A list of words people read left to right: `false` sorts first, so each says what puts it further down.
            let place = (
                (open == 0, !has(Trait::Exposed), !has(Trait::StoresData), !has(Trait::Identity)),
                (!has(Trait::Costs), Reverse(open)),
                Reverse(resource.created_at.map_or(i64::MIN, Timestamp::as_second)),
                resource.uid.to_string(),
            );
            lines.push((place, Line { uid: resource.uid.to_string(), gaps }));
        }
    }
    lines.sort_by(|a, b| a.0.cmp(&b.0));
    (lines.into_iter().map(|(_, line)| line).collect(), understood)
}

fn has(resource: &Resource, content: &Content, one: Trait) -> bool {
    match one {
        Trait::Exposed => resource.exposed,
        _ => content.resources[&resource.kind].traits.contains(&one),
    }
}

/// The first in order of trust holds.
fn holding(explanation: &Explanation, part: Part) -> Option<&str> {
    let of_part = explanation.statements.iter().filter(|one| one.part == part);
    of_part.min_by_key(|one| one.source).map(|one| one.value.as_str())
}

fn knows(explanation: &Explanation, part: Part) -> bool {
    holding(explanation, part).is_some()
}

fn knows_class(explanation: &Explanation) -> bool {
    holding(explanation, Part::DataClass).and_then(DataClass::parse).is_some()
}
