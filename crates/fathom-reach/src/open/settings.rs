//! What the document of a resource opens, with the place of each setting; three-valued, since members may not have been read.

use fathom_access::{Listings, Seen};
use fathom_content::{Content, OpenRule, resource::Condition};
use fathom_model::path::scalar_text;
use fathom_net::Verdict;
use serde_json::Value;

use super::{ByKind, OpenRow, call};

/// Ranges that are everybody.
const EVERYBODY: [&str; 2] = ["0.0.0.0/0", "::/0"];
/// Values of a setting that are shown.
const VALUES_SHOWN: usize = 5;

/// Whether a rule holds of a document.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(super) struct Shown {
    proof: Vec<String>,
    conditions: Vec<String>,
    missing: Vec<String>,
}

/// The same, where it may not.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Holds {
    /// It surely does not.
    No,
    /// It does, if the conditions hold; not known where something is missing.
    As(Shown),
}

/// Whether all that a rule asks of a document holds.
pub(super) fn holds(
    content: &Content,
    rule: &OpenRule,
    one: &Seen,
    by_kind: &ByKind<'_>,
    listings: &Listings,
) -> Holds {
    let mut shown = Shown::default();
    for condition in &rule.opens {
        let member = first_member(condition.path.as_str());
        if one.unread.iter().any(|unread| unread == member) {
            shown.missing.push(call(content, &one.kind, member));
        } else if condition.holds(&one.document) {
            shown.proof.push(proof(condition, &one.document));
        } else {
            return Holds::No;
        }
    }
    shown.missing.dedup();
    shown.missing.extend(rule.unread.iter().map(|call| format!("no scan makes the call {call}")));
    shown.conditions.extend(rule.only_if.iter().cloned());
    if let Some(unless) = &rule.unless {
        let is_of = |sheet: &&&Seen| sheet.account == one.account && sheet.region == one.region;
        let sheet = by_kind.get(unless.kind.as_str()).into_iter().flatten().find(is_of);
        let member = first_member(unless.path.as_str());
        let read = sheet.filter(|sheet| !sheet.unread.iter().any(|unread| unread == member));
        match read.and_then(|sheet| unless.path.text(&sheet.document)) {
            Some(value) if unless.is.contains(&value) => return Holds::No,
            Some(value) => shown.proof.push(format!("{} is {value}", unless.path)),
            None => {
                let why = call(content, unless.kind.as_str(), member);
                shown.conditions.push(format!("{}: {why}", unless.says));
            }
        }
    }
    for beside in &rule.beside {
        let own = one.arn.split_once(beside.cut.as_str()).map(|(own, _)| own);
        let is_meant = |other: &&&Seen| {
            let rest = own.and_then(|own| other.arn.strip_prefix(own));
            rest.is_some_and(|rest| match &beside.begins {
                Some(begins) => rest.starts_with(begins.as_str()),
                None => rest.is_empty(),
            })
        };
        let all = by_kind.get(beside.kind.as_str()).into_iter().flatten().filter(is_meant);
        let found: Vec<&Seen> = all.copied().collect();
        let cut = listings
            .cut()
            .find(|(account, kind, _)| *account == one.account && *kind == beside.kind.as_str())
            .map(|(_, _, why)| why.to_owned());
        let unread = |other: &&Seen| {
            let members = beside.opens.iter().map(|condition| first_member(condition.path.as_str()));
            members.into_iter().find(|member| other.unread.iter().any(|unread| unread == member))
        };
        let fits = |other: &&Seen| beside.opens.iter().all(|condition| condition.holds(&other.document));
        match cut {
            _ if found.iter().any(|other| unread(other).is_none() && fits(other)) => {
                shown.proof.push(beside.says.clone());
            }
            Some(why) => shown.missing.push(format!("whether {}: {why}", beside.says)),
            None if let Some(member) = found.iter().find_map(unread) => {
                let why = call(content, beside.kind.as_str(), member);
                shown.missing.push(format!("whether {}: {why}", beside.says));
            }
            None if listings.is_asked(&one.account, beside.kind.as_str()) || !found.is_empty() => {
                return Holds::No;
            }
            None => shown.missing.push(format!("whether {}: no scan asked for {}", beside.says, beside.kind)),
        }
    }
    if let Some(ranges) = &rule.ranges {
        let told: Vec<String> = ranges.all(&one.document).into_iter().filter_map(scalar_text).collect();
        if !told.is_empty() && !told.iter().any(|range| EVERYBODY.contains(&range.as_str())) {
            shown.conditions.push(format!("the client is in {}", told.join(", ")));
        }
        if !told.is_empty() {
            shown.proof.push(format!("{ranges} is {}", told.join(", ")));
        }
    }
    Holds::As(shown)
}

/// Writes into a row what was found of the settings.
pub(super) fn tell(holds: Holds, row: &mut OpenRow) {
    let Holds::As(shown) = holds else {
        row.verdict = Verdict::No;
        return;
    };
    row.proof.extend(shown.proof);
    row.conditions.extend(shown.conditions);
    row.missing.extend(shown.missing);
    row.verdict = if !row.missing.is_empty() {
        Verdict::Unknown
    } else if !row.conditions.is_empty() {
        Verdict::OnlyIf
    } else {
        Verdict::Yes
    };
}

/// The member of the document that a path begins with.
fn first_member(path: &str) -> &str {
    path.split(['.', '[', ' ', '|']).next().unwrap_or(path)
}

/// A test that holds, with its place and what is there.
fn proof(condition: &Condition, document: &Value) -> String {
    let path = condition.path.as_str();
    let way = path.split(" || ").next().unwrap_or(path);
    let values = condition.path.all(document);
    if !condition.all.is_empty() {
        let fits = |value: &&Value| condition.all.iter().all(|inner| inner.holds(value));
        let place = values.iter().position(fits).unwrap_or_default();
        let at = match (way.rsplit_once("[]"), way.strip_suffix(".*")) {
            (Some((before, after)), _) => format!("{before}[{place}]{after}"),
            (None, Some(before)) => {
                let map = document.get(before).and_then(Value::as_object);
                let name = map.and_then(|map| map.keys().nth(place));
                name.map_or_else(|| way.to_owned(), |name| format!("{before}.{name}"))
            }
            (None, None) => way.to_owned(),
        };
        let inner: Vec<String> = values
            .get(place)
            .map(|value| condition.all.iter().map(|inner| proof(inner, value)).collect())
            .unwrap_or_default();
        return format!("{at}: {}", inner.join(", "));
    }
    let told: Vec<String> = values.iter().filter_map(|value| scalar_text(value)).take(VALUES_SHOWN).collect();
    if told.is_empty() || told.iter().all(String::is_empty) {
        let is_something = !values.is_empty() && !condition.absent && !condition.not;
        return if is_something { format!("{way} is set") } else { format!("{way} is not set") };
    }
    // Of several values, the one that the test is about.
    let meant = condition.equals.as_ref().filter(|meant| !condition.not && told.contains(meant));
    format!("{way} is {}", meant.cloned().unwrap_or_else(|| told.join(", ")))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn condition(json: Value) -> Condition {
        serde_json::from_value(json).expect("a condition")
    }

    #[test]
    fn the_place_of_a_statement_is_told() {
        let all = condition(json!({"path": "Policy.Statement[] || Policy.Statement", "all": [
            {"path": "Effect", "equals": "Allow"}, {"path": "Condition", "absent": true}]}));
        let document = json!({"Policy": {"Statement": [{"Effect": "Deny"}, {"Effect": "Allow"}]}});
        assert!(all.holds(&document));
        assert_eq!(proof(&all, &document), "Policy.Statement[1]: Effect is Allow, Condition is not set");
        let member = condition(json!({"path": "Methods.*", "all": [{"path": "Auth", "equals": "NONE"}]}));
        let document = json!({"Methods": {"GET": {"Auth": "AWS_IAM"}, "POST": {"Auth": "NONE"}}});
        assert!(member.holds(&document));
        assert_eq!(proof(&member, &document), "Methods.POST: Auth is NONE");
    }

    #[test]
    fn a_setting_is_told_with_its_value() {
        let document = json!({"Mode": {"Auth": "NONE"}, "Types": ["A", "B"]});
        assert_eq!(
            proof(&condition(json!({"path": "Mode.Auth", "equals": "NONE"})), &document),
            "Mode.Auth is NONE"
        );
        assert_eq!(proof(&condition(json!({"path": "Types[]", "equals": "B"})), &document), "Types[] is B");
        let none = condition(json!({"path": "Key", "equals": "true", "not": true}));
        assert!(none.holds(&document));
        assert_eq!(proof(&none, &document), "Key is not set");
    }
}
