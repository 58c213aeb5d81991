//! Values, lists of values, references and tags.

use serde_json::{Map, Value};

use super::{
    Why, Work,
    put::{ELEMENTS_MAX, each, elements, list_of, put},
};
use crate::{
    declared::settled,
    drift::{same, walk},
};
use fathom_content::declared::{AttributeMap, Form};

impl Work<'_> {
    /// A value, or a list of values.
    pub(super) fn plain(&mut self, map: &AttributeMap, new: &[Value], is_shared: bool) {
        let place = self.place(map);
        let spelled = |value: &Value| -> Value {
            let word = same::text(value);
            match &word {
                Some(word) if map.absent.contains(word) => Value::Null,
                Some(word) => {
                    map.values.get(word).map_or_else(|| value.clone(), |word| Value::from(word.as_str()))
                }
                None => value.clone(),
            }
        };
        let (list, member) = list_of(&place);
        if list == place {
            // No element of a list in the document: one value, or a list as it is.
            let is_list = walk::is_many(map.from.as_str())
                || walk::find(map.from.as_str(), self.after).values.iter().any(|value| value.is_array());
            let value = match new {
                _ if map.form == Form::CommaList => {
                    let texts: Vec<String> = new.iter().filter_map(same::text).collect();
                    (!texts.is_empty()).then(|| Value::from(texts.join(",")))
                }
                [] => None,
                [one] if map.form == Form::Reference => Some(self.named(&place, one)),
                [one] if !is_list => Some(spelled(one)).filter(|value| !value.is_null()),
                many => Some(many.iter().map(spelled).collect()),
            };
            put(self.document, &place, value);
            return;
        }
        if member.contains("[]") {
            return self.unknown(map, Why::NotWritten);
        }
        let values: Vec<Value> = if is_shared {
            each(map.from.as_str(), self.after).iter().map(settled).collect()
        } else {
            new.to_vec()
        };
        let there = elements(self.document, list);
        let taken = |at: usize, value: &Value| -> Value {
            if is_shared {
                return there.get(at).cloned().unwrap_or_else(|| Value::Object(Map::new()));
            }
            let has = |element: &&Value| walk::find(&member, element).values.first() == Some(&value);
            there.iter().find(has).cloned().unwrap_or_else(|| Value::Object(Map::new()))
        };
        let mut made = Vec::new();
        for (at, value) in values.iter().enumerate().take(ELEMENTS_MAX) {
            let value = spelled(value);
            if member.is_empty() {
                made.push(value);
                continue;
            }
            let mut element = taken(at, &value);
            put(&mut element, &member, Some(value).filter(|value| !value.is_null()));
            made.push(element);
        }
        put(self.document, list, Some(made.into()));
    }

    /// A reference as the document writes it: where it has an ARN, one that ends in the declared name.
    fn named(&self, place: &str, declared: &Value) -> Value {
        let found = walk::find(place, self.document);
        let (Some(there), Some(name)) =
            (found.values.first().and_then(|one| one.as_str()), declared.as_str())
        else {
            return declared.clone();
        };
        if same::scalars(declared, &Value::from(there), Form::Reference) {
            return Value::from(there);
        }
        match there.rfind(['/', ':']) {
            Some(at) if there.starts_with("arn:") && !name.starts_with("arn:") => {
                Value::from(format!("{}{name}", there.get(..=at).unwrap_or_default()))
            }
            _ => declared.clone(),
        }
    }

    pub(super) fn contains(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let (list, member) = list_of(map.to.as_str());
        let list = list.to_owned();
        let is = |element: &Value, value: &Value| {
            let found = walk::find(if member.is_empty() { "@" } else { &member }, element);
            found.values.iter().any(|one| same::scalars(value, one, Form::Reference))
        };
        let mut all = elements(self.document, &list);
        all.retain(|element| {
            new.iter().any(|value| is(element, value)) || !old.iter().any(|value| is(element, value))
        });
        for value in new {
            if !all.iter().any(|element| is(element, value)) {
                let mut element = Value::Object(Map::new());
                if member.is_empty() {
                    element = value.clone();
                } else {
                    put(&mut element, &member, Some(value.clone()));
                }
                all.push(element);
            }
        }
        put(self.document, &list, Some(all.into()));
    }

    pub(super) fn tags(&mut self, map: &AttributeMap, old: &[Value], new: &[Value]) {
        let pairs = |values: &[Value]| -> Vec<(String, Value)> {
            let one = |value: &Value| -> Vec<(String, Value)> {
                if let Some(key) = ["Key", "key"].iter().find_map(|name| value[*name].as_str()) {
                    let value = ["Value", "value"].iter().find_map(|name| value.get(*name));
                    return vec![(key.to_owned(), value.cloned().unwrap_or_default())];
                }
                value
                    .as_object()
                    .into_iter()
                    .flatten()
                    .map(|(key, value)| (key.clone(), value.clone()))
                    .collect()
            };
            values.iter().flat_map(one).collect()
        };
        let (old, new) = (pairs(old), pairs(new));
        let place = self.place(map);
        let place = list_of(&place).0.to_owned();
        let there = walk::find(&place, self.document).values.first().map(|value| (*value).clone());
        if let Some(Value::Object(mut members)) = there {
            members.retain(|key, _| !old.iter().any(|(one, _)| one == key));
            members.extend(new);
            put(self.document, &place, Some(Value::Object(members)));
            return;
        }
        let mut all = elements(self.document, &place);
        let is_of = |element: &Value, pairs: &[(String, Value)]| {
            let key = ["Key", "TagKey", "key"].iter().find_map(|name| element[*name].as_str());
            pairs.iter().any(|(one, _)| Some(one.as_str()) == key)
        };
        all.retain(|element| !is_of(element, &old) && !is_of(element, &new));
        all.extend(
            new.into_iter()
                .map(|(key, value)| Value::from_iter([("Key", Value::from(key)), ("Value", value)])),
        );
        put(self.document, &place, Some(all.into()));
    }
}
