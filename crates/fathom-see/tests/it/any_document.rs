//! Every definition that ships meets every document: no panic, and no value of a secret path survives.

use fathom_content::{ResourceDefinition, template::Template};
use fathom_estate::Reference;
use fathom_model::path::Path;
use fathom_model::secret::MARK;
use proptest::prelude::*;
use serde_json::{Map, Value, json};

use crate::support::{CONTENT, finish};

/// What no document may still hold where a definition says that it may be secret.
const SECRET: &str = "hunter2";

fn any_value() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        ".{0,12}".prop_map(Value::from),
        prop::sample::select(&["{}", "[1]", "{\"a\":1}", "%7B%7D", "{", SECRET, "none", "true"][..])
            .prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 32, 5, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..5).prop_map(Value::from),
            prop::collection::vec((".{0,6}", inner), 0..5)
                .prop_map(|members| Value::Object(members.into_iter().collect())),
        ]
    })
}

/// Puts a value where a path leads, making members and elements on the way; what is there and of another form stays.
fn put(document: &mut Value, path: &str, value: &Value) {
    let Some(first) = path.split("||").next().map(str::trim) else { return };
    let Some((step, rest)) = first.split_once('.').map(|(a, b)| (a, Some(b))).or(Some((first, None))) else {
        return;
    };
    let (name, elements) = match step.find('[') {
        Some(at) => (&step[..at], step[at..].matches('[').count()),
        None => (step, 0),
    };
    let mut here = document;
    if !name.is_empty() && name != "@" {
        let Some(members) = here.as_object_mut() else { return };
        here = members.entry(name).or_insert(Value::Null);
    }
    for _ in 0..elements {
        if here.is_null() {
            *here = json!([null, null]);
        }
        let Some(last) = here.as_array_mut().and_then(|items| items.last_mut()) else { return };
        here = last;
    }
    match rest {
        Some(rest) => {
            if here.is_null() {
                *here = Value::Object(Map::new());
            }
            put(here, rest, value);
        }
        None => *here = value.clone(),
    }
}

/// All paths of a definition.
fn paths(definition: &ResourceDefinition) -> Vec<String> {
    let identity = &definition.identity;
    let mut paths: Vec<&Path> = Vec::new();
    paths.extend(&definition.tags);
    paths.extend(&definition.json);
    paths.extend(&definition.secret);
    paths.extend(definition.columns.values());
    paths.extend(definition.states.values());
    paths.extend(definition.relations.iter().map(|relation| &relation.path));
    paths.extend(
        definition.exposed_when.iter().chain(&definition.provider_made).map(|condition| &condition.path),
    );
    paths.extend(identity.created.iter().chain(&identity.account).chain(&identity.also));
    paths.extend(identity.region.iter().map(|rule| &rule.path));
    let templates: Vec<&Template> =
        [&identity.id, &identity.arn].into_iter().chain(&identity.also_as).collect();
    let holes = templates.iter().flat_map(|template| {
        template.as_str().split('{').skip(1).filter_map(|rest| rest.split_once('}')).map(|(hole, _)| hole)
    });
    let holes = holes.map(|hole| hole.trim_end_matches("|last").to_owned());
    paths.iter().map(|path| path.as_str().to_owned()).chain(holes).collect()
}

/// A document in which some of the definition's paths lead to something.
fn document(definition: &ResourceDefinition) -> impl Strategy<Value = Value> + use<> {
    let paths = paths(definition);
    let fitting = prop_oneof![
        2 => Just(Value::from(SECRET)),
        2 => Just(json!("id-1")),
        1 => any_value(),
    ];
    (any_value(), prop::collection::vec((prop::sample::select(paths), fitting), 0..12)).prop_map(
        |(value, put_in)| {
            let mut document = if value.is_object() { value } else { json!({ "Odd": value }) };
            for (path, value) in put_in {
                put(&mut document, &path, &value);
            }
            document
        },
    )
}

fn definitions() -> Vec<&'static ResourceDefinition> {
    CONTENT.resources.values().collect()
}

/// Whether nothing but marks, blanks and nulls is left below a value.
fn is_masked(value: &Value) -> bool {
    match value {
        Value::Null => true,
        Value::String(text) => text.is_empty() || text == MARK,
        Value::Array(items) => items.iter().all(is_masked),
        Value::Object(members) => members.values().all(is_masked),
        Value::Bool(_) | Value::Number(_) => false,
    }
}

/// Without fractions: reading a number of many digits again may change its last.
fn coarse(value: Value) -> Value {
    match value {
        Value::Number(number) if number.is_f64() => json!("a number"),
        Value::Array(items) => items.into_iter().map(coarse).collect(),
        Value::Object(members) => members.into_iter().map(|(name, value)| (name, coarse(value))).collect(),
        other => other,
    }
}

fn check(
    definition: &ResourceDefinition,
    document: Value,
    parent: Option<&Value>,
) -> Result<(), TestCaseError> {
    let (normal, item) = finish(definition, document, parent);
    for path in &definition.secret {
        for found in path.all(&normal) {
            prop_assert!(is_masked(found), "{} {}: {}", definition.kind, path, found);
        }
    }
    match item {
        Ok(item) => {
            prop_assert_eq!(coarse(item.resource.document.whole().value()), coarse(normal.clone()));
            prop_assert!(!item.resource.id.is_empty() && !item.resource.uid.as_str().is_empty());
            prop_assert!(item.resource.name.as_deref() != Some(""));
            prop_assert!(item.also.iter().all(|text| !text.is_empty()));
            // An ARN tells its type itself.
            let leads = |one: &Reference| !one.to.is_empty() || one.text.contains("arn:");
            prop_assert!(item.references.iter().all(|one| !one.text.is_empty() && leads(one)));
        }
        Err(problem) => {
            prop_assert!(
                problem.starts_with(&format!("{}: an item without an", definition.kind)),
                "{}",
                problem
            );
        }
    }
    Ok(())
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 60, ..ProptestConfig::default() })]

    #[test]
    fn every_definition_bears_any_document(value in any_value(), parent in prop::option::of(any_value())) {
        for definition in definitions() {
            check(definition, value.clone(), parent.as_ref())?;
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 4000, ..ProptestConfig::default() })]

    #[test]
    fn every_definition_bears_documents_made_for_it(
        (kind, document) in prop::sample::select(CONTENT.resources.keys().collect::<Vec<_>>())
            .prop_flat_map(|kind| (Just(kind), document(&CONTENT.resources[kind]))),
    ) {
        check(&CONTENT.resources[kind], document, Some(&json!({"Id": "p"})))?;
    }
}

/// What is not set comes as an empty text from some services.
#[test]
fn empty_texts_refer_to_nothing() {
    let mut count = 0;
    for definition in definitions() {
        let members = CONTENT.references.members.keys().map(String::as_str);
        let paths = definition.relations.iter().map(|relation| relation.path.as_str());
        let mut document = json!({});
        for path in paths.chain(members) {
            put(&mut document, path, &json!(""));
        }
        for path in self::paths(definition) {
            if path.split("||").all(|one| document_lacks(&document, one.trim())) {
                put(&mut document, &path, &json!("id-1"));
            }
        }
        let Ok(item) = finish(definition, document, Some(&json!({"Id": "p"}))).1 else { continue };
        let empty: Vec<_> = item.references.iter().filter(|one| one.text.is_empty()).collect();
        assert!(empty.is_empty(), "{}: {empty:?}", definition.kind);
        count += 1;
    }
    assert!(count >= 100, "{count} documents");
}

fn document_lacks(document: &Value, path: &str) -> bool {
    path.parse::<Path>().is_ok_and(|path| path.all(document).is_empty())
}

/// A secret put where each definition says that there may be one is gone, and its place is still to be seen.
#[test]
fn every_secret_path_is_closed() {
    let mut count = 0;
    for definition in definitions() {
        for path in &definition.secret {
            for secret in [json!(SECRET), json!({"deep": [SECRET, {"deeper": SECRET}]}), json!([SECRET])] {
                let mut document = json!({});
                put(&mut document, path.as_str(), &secret);
                let before = document.to_string();
                assert!(before.contains(SECRET), "{} {path}: {before}", definition.kind);
                let after = finish(definition, document, None).0.to_string();
                assert!(!after.contains(SECRET), "{} {path}: {after}", definition.kind);
                assert!(after.contains(MARK), "{} {path}: {after}", definition.kind);
                count += 1;
            }
        }
    }
    assert!(count >= 30, "{count} secret paths, thrice each");
}

/// Only the first of several ways is followed when a value is changed, so a path to a secret has one way.
#[test]
fn secret_and_json_paths_have_no_alternatives() {
    for definition in definitions() {
        for path in definition.secret.iter().chain(&definition.json) {
            assert!(!path.as_str().contains("||"), "{}: {path}", definition.kind);
        }
    }
}
