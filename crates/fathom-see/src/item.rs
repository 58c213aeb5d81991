//! From one item of an answer to a resource and its references; pure.

use std::collections::{BTreeMap, HashSet};

use fathom_content::{
    ReferenceRules, ResourceDefinition,
    resource::Name,
    template::{Fill, last_segment},
};
use fathom_estate::{Reference, Sure};
use fathom_model::{
    AccountId, Document, EdgeKind, Partition, Region, Resource, Timestamp, Uid,
    path::scalar_text,
    secret::{MARK, hide_credentials},
};
use percent_encoding::percent_decode_str;
use serde_json::Value;

use crate::mentions;

/// What the edge of a reference means that was only found by its form.
pub const MENTIONS: &str = "mentions";

/// The longest text that is looked into for JSON: 1 MiB, four times the largest IAM document.
const JSON_TEXT_MAX: usize = 1024 * 1024;

/// Where an item was found.
#[derive(Debug, Clone, Copy)]
pub struct Place<'a> {
    /// The partition.
    pub partition: &'a Partition,
    /// The account asked.
    pub account: &'a AccountId,
    /// The region asked.
    pub region: &'a Region,
    /// The parent's document, for types listed for each parent.
    pub parent: Option<&'a Value>,
    /// The parent's uid.
    pub parent_uid: Option<&'a Uid>,
}

impl<'a> Place<'a> {
    /// What fills templates here.
    pub fn fill(&self, document: Option<&'a Value>) -> Fill<'a> {
        Fill {
            partition: self.partition.as_str(),
            account: self.account.as_str(),
            region: self.region.as_str(),
            document,
            parent: self.parent,
            item: None,
            job: None,
        }
    }
}

/// A resource with what its document refers to.
#[derive(Debug, Clone)]
pub struct Item {
    /// The resource.
    pub resource: Resource,
    /// Further texts by which documents refer to it.
    pub also: Vec<String>,
    /// Its references: those that relations name, then all others that their form gives away.
    pub references: Vec<Reference>,
    /// Whether it mentions more than is taken from one document.
    pub cut: bool,
}

/// The region a globally listed document tells, after old names are replaced.
pub fn region_of(definition: &ResourceDefinition, document: &Value, asked: &Region) -> Region {
    match &definition.identity.region {
        Some(rule) => {
            let told = rule.path.text(document).filter(|text| !text.is_empty());
            let told = told.unwrap_or_else(|| rule.default.clone());
            Region::from(rule.rename.get(&told).cloned().unwrap_or(told))
        }
        None => asked.clone(),
    }
}

/// Puts JSON in place of JSON texts, and the mark in place of possible secrets.
pub fn normalise(definition: &ResourceDefinition, document: &mut Value) {
    for path in &definition.json {
        path.change(document, &mut |value| {
            if let Value::String(text) = value
                && let Some(parsed) = json_text(text)
            {
                *value = parsed;
            }
        });
    }
    // What is no secret is put aside meanwhile.
    for kept in &definition.not_secret {
        kept.each.change(document, &mut |element| {
            let holds = kept.holds(element);
            if let Some(members) = element.as_object_mut().filter(|_| holds)
                && let Some(value) = members.remove(&kept.member)
            {
                members.insert(ASIDE.to_owned(), value);
            }
        });
    }
    for path in &definition.secret {
        path.change(document, &mut mask);
    }
    for kept in &definition.not_secret {
        kept.each.change(document, &mut |element| {
            if let Some(members) = element.as_object_mut()
                && let Some(value) = members.remove(ASIDE)
            {
                members.insert(kept.member.clone(), value);
            }
        });
    }
    hide_credentials(document);
}

/// No member of any document is called so.
const ASIDE: &str = "\0";

fn json_text(text: &str) -> Option<Value> {
    if text.len() > JSON_TEXT_MAX {
        return None;
    }
    if text.trim_start().starts_with(['{', '[']) {
        return serde_json::from_str(text).ok();
    }
    // IAM gives its documents URL-encoded.
    let decoded = percent_decode_str(text).decode_utf8().ok()?;
    decoded.trim_start().starts_with(['{', '[']).then(|| serde_json::from_str(&decoded).ok()).flatten()
}

fn mask(value: &mut Value) {
    match value {
        Value::Null => {}
        Value::Array(items) => items.iter_mut().for_each(mask),
        Value::Object(members) => members.values_mut().for_each(mask),
        Value::String(text) if text.is_empty() => {}
        scalar => *scalar = Value::from(MARK),
    }
}

/// Makes the resource of a finished document.
///
/// # Errors
/// Names the member that identity needs and the document lacks.
pub fn build(
    definition: &ResourceDefinition,
    rules: &ReferenceRules,
    document: &Value,
    place: Place<'_>,
    region: &Region,
) -> Result<Item, String> {
    let identity = &definition.identity;
    let told = identity.account.as_ref().and_then(|path| path.text(document)).filter(|text| !text.is_empty());
    let account = match (definition.common_of(document), told) {
        (Some(common), _) => common.account.clone(),
        (None, Some(told)) => AccountId::from(told),
        (None, None) => place.account.clone(),
    };
    let fill = Fill { account: account.as_str(), region: region.as_str(), ..place.fill(Some(document)) };
    let need = |what: &str, template: &fathom_content::Template| {
        template.fill(fill).filter(|text| !text.is_empty()).ok_or_else(|| {
            format!("{}: an item without {what} (`{template}`) in its description", definition.kind)
        })
    };
    let id = need("an id", &identity.id)?;
    let uid = Uid::from(need("an ARN", &identity.arn)?);
    let tags = definition.tags.as_ref().map(|path| tags(path.first(document))).unwrap_or_default();
    let name = identity
        .name
        .as_ref()
        .and_then(|name| match name {
            Name::Tag(key) => tags.get(key).cloned(),
            Name::Path(path) => path.text(document),
            Name::Last(path) => path.text(document).map(|text| last_segment(&text).to_owned()),
        })
        .filter(|name| !name.is_empty());
    let also = also(definition, document, fill);
    let resource = Resource {
        kind: definition.kind.clone(),
        account,
        region: region.clone(),
        id,
        name,
        created_at: identity.created.as_ref().and_then(|path| time(path.first(document)?)),
        provider_made: definition.is_provider_made(document),
        exposed: definition.exposed_when.iter().any(|condition| condition.holds(document)),
        tags,
        document: Document::without(document.clone(), &definition.volatile),
        uid,
    };
    // Texts that are no news to look for: the resource's own names, and what its relations name already.
    let mut covered: HashSet<String> = also.iter().cloned().collect();
    covered.extend([resource.uid.to_string(), resource.id.clone()]);
    let mut references = Vec::new();
    for relation in &definition.relations {
        let texts: Vec<String> = if relation.path.as_str() == "parent" {
            place.parent_uid.map(ToString::to_string).into_iter().collect()
        } else {
            relation.path.all(document).into_iter().filter_map(scalar_text).collect()
        };
        for text in texts.into_iter().filter(|text| !text.is_empty()) {
            let Some(named) = relation.reference(&text).map(str::to_owned) else { continue };
            covered.insert(text);
            let text = named;
            covered.insert(text.clone());
            if !relation.ignores(&text) {
                references.push(Reference {
                    from: resource.uid.clone(),
                    kind: relation.kind.clone(),
                    to: relation.to.clone(),
                    text,
                    path: relation.path.as_str().into(),
                    sure: Sure::Declared,
                });
            }
        }
    }
    let mentioned = mentions::find(document, rules, covered);
    let kind = EdgeKind::new(MENTIONS);
    // Its own ARN with more behind it names a part of it.
    let own = |text: &str| {
        text.strip_prefix(resource.uid.as_str()).is_some_and(|more| more.starts_with([':', '/']))
    };
    references.extend(mentioned.found.into_iter().filter(|mention| !own(&mention.text)).map(|mention| {
        Reference {
            from: resource.uid.clone(),
            kind: kind.clone(),
            to: mention.to.into_iter().collect(),
            text: mention.text,
            path: mention.path.into(),
            sure: mention.sure,
        }
    }));
    Ok(Item { resource, also, references, cut: mentioned.cut })
}

/// Further texts by which documents refer to a resource.
pub(crate) fn also(definition: &ResourceDefinition, document: &Value, fill: Fill<'_>) -> Vec<String> {
    let identity = &definition.identity;
    let mut also: Vec<String> =
        identity.also.iter().flat_map(|path| path.all(document)).filter_map(scalar_text).collect();
    also.extend(identity.also_as.iter().filter_map(|template| template.fill(fill)));
    also.retain(|text| !text.is_empty());
    also
}

/// Tags in any of the forms that services use: a map, or a list of pairs under various names.
pub fn tags(value: Option<&Value>) -> BTreeMap<String, String> {
    const KEYS: [&str; 3] = ["Key", "TagKey", "key"];
    const VALUES: [&str; 3] = ["Value", "TagValue", "value"];
    match value {
        Some(Value::Object(map)) => {
            map.iter().filter_map(|(key, value)| Some((key.clone(), scalar_text(value)?))).collect()
        }
        Some(Value::Array(pairs)) => pairs
            .iter()
            .filter_map(|pair| {
                let key = KEYS.iter().find_map(|name| pair.get(name)?.as_str())?;
                let value = VALUES.iter().find_map(|name| scalar_text(pair.get(name)?)).unwrap_or_default();
                Some((key.to_owned(), value))
            })
            .collect(),
        _ => BTreeMap::new(),
    }
}

/// A time in any of the forms that services use: RFC 3339, an offset without a colon or none (UTC), seconds or
/// milliseconds.
pub fn time(value: &Value) -> Option<Timestamp> {
    /// Seconds above this would be after the year 5000, so the number is milliseconds.
    const SECONDS_MAX: f64 = 1e11;
    let from_number = |number: f64| {
        if !number.is_finite() {
            return None;
        }
        let seconds = if number > SECONDS_MAX { number / 1000.0 } else { number };
        Timestamp::from_millisecond((seconds * 1000.0) as i64).ok()
    };
    match value {
        Value::Number(number) => from_number(number.as_f64()?),
        Value::String(text) => {
            if let Ok(number) = text.parse::<f64>() {
                return from_number(number);
            }
            let with_offset = || {
                let (head, offset) = text.split_at_checked(text.len().checked_sub(5)?)?;
                let (hours, minutes) = offset.split_at_checked(3)?;
                format!("{head}{hours}:{minutes}").parse().ok()
            };
            text.parse().ok().or_else(with_offset).or_else(|| format!("{text}Z").parse().ok())
        }
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn times_in_every_form_that_services_use() {
        let expected: Timestamp = "2026-01-02T03:04:05Z".parse().expect("a time");
        for value in [
            json!("2026-01-02T03:04:05Z"),
            json!("2026-01-02T03:04:05.000+0000"),
            json!("2026-01-02T03:04:05"),
            json!(1_767_323_045),
            json!(1_767_323_045_000_u64),
            json!("1767323045"),
        ] {
            assert_eq!(time(&value), Some(expected), "{value}");
        }
        assert_eq!(time(&json!("soon")), None);
    }

    #[test]
    fn tags_in_every_form_that_services_use() {
        let expected = BTreeMap::from([("a".to_owned(), "1".to_owned())]);
        for value in [
            json!({"a": "1"}),
            json!([{"Key": "a", "Value": "1"}]),
            json!([{"TagKey": "a", "TagValue": "1"}]),
            json!([{"key": "a", "value": "1"}]),
        ] {
            assert_eq!(tags(Some(&value)), expected, "{value}");
        }
    }

    #[test]
    fn json_texts_are_opened_and_secrets_closed() {
        assert_eq!(json_text("%7B%22a%22%3A1%7D"), Some(json!({"a": 1})));
        assert_eq!(json_text("{\"a\":1}"), Some(json!({"a": 1})));
        assert_eq!(json_text("plain"), None);
        let mut value = json!({"DB_PASSWORD": "hunter2", "EMPTY": "", "PORT": 1});
        mask(&mut value);
        assert_eq!(value, json!({"DB_PASSWORD": "(secret)", "EMPTY": "", "PORT": "(secret)"}));
    }
}
