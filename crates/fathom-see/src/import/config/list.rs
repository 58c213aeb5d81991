//! The items of a document, one after another, without holding the document parsed.

use std::{borrow::Cow, fmt};

use serde::{
    Deserializer,
    de::{DeserializeSeed, IgnoredAny, MapAccess, SeqAccess, Visitor},
};
use serde_json::value::RawValue;

/// Members that hold items, in the documents that AWS Config delivers and in what its API answers.
const LISTS: [&str; 3] = ["configurationItems", "baseConfigurationItems", "Results"];

/// What a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Holds {
    /// Nothing that is called like a list of items.
    Nothing,
    /// Something that is called so and is none.
    NoList,
    /// Items.
    Items,
}

/// Hands on the text of each item. What was handed on before a document breaks off stays.
///
/// # Errors
/// Where the document is no JSON.
pub(super) fn each<'b>(bytes: &'b [u8], take: &mut dyn FnMut(&'b str)) -> Result<Holds, serde_json::Error> {
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let mut document = Document { take, holds: Holds::Nothing };
    (&mut deserializer).deserialize_any(&mut document)?;
    deserializer.end()?;
    Ok(document.holds)
}

struct Document<'t, 'b> {
    take: &'t mut dyn FnMut(&'b str),
    holds: Holds,
}

/// Everything but the one form that counts is gone through and forgotten.
macro_rules! ignored {
    ($($visit:ident $of:ty),+) => {$(
        fn $visit<E>(self, _: $of) -> Result<(), E> {
            Ok(())
        }
    )+};
}

impl<'b> Visitor<'b> for &mut Document<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a document")
    }

    fn visit_map<A: MapAccess<'b>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(name) = members.next_key::<Cow<'_, str>>()? {
            if LISTS.contains(&name.as_ref()) {
                let mut list = List { take: &mut *self.take, is_list: false };
                members.next_value_seed(&mut list)?;
                if list.is_list {
                    self.holds = Holds::Items;
                } else if self.holds == Holds::Nothing {
                    self.holds = Holds::NoList;
                }
            } else {
                members.next_value::<IgnoredAny>()?;
            }
        }
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    ignored!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);
}

struct List<'t, 'b> {
    take: &'t mut dyn FnMut(&'b str),
    is_list: bool,
}

impl<'b> DeserializeSeed<'b> for &mut List<'_, 'b> {
    type Value = ();

    fn deserialize<D: Deserializer<'b>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'b> Visitor<'b> for &mut List<'_, 'b> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of configuration items")
    }

    fn visit_seq<A: SeqAccess<'b>>(self, mut items: A) -> Result<(), A::Error> {
        self.is_list = true;
        while let Some(item) = items.next_element::<&'b RawValue>()? {
            (self.take)(item.get());
        }
        Ok(())
    }

    fn visit_map<A: MapAccess<'b>>(self, mut members: A) -> Result<(), A::Error> {
        while members.next_entry::<IgnoredAny, IgnoredAny>()?.is_some() {}
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }

    ignored!(visit_bool bool, visit_i64 i64, visit_u64 u64, visit_f64 f64, visit_str &str);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(text: &str) -> (Vec<&str>, Option<Holds>) {
        let mut items = Vec::new();
        let ended = each(text.as_bytes(), &mut |item| items.push(item));
        (items, ended.ok())
    }

    #[test]
    fn items_are_handed_on_as_they_stand() {
        let text = r#"{"fileVersion": "1.0", "configurationItems": [ {"a" : [1, "]"]}, "x", null ], "more": {"Results": [9]}}"#;
        assert_eq!(read(text), (vec![r#"{"a" : [1, "]"]}"#, r#""x""#, "null"], Some(Holds::Items)));
        assert_eq!(read(r#"{"Results": []}"#), (vec![], Some(Holds::Items)));
        for (text, holds) in [
            (r#"{"a": [1]}"#, Holds::Nothing),
            ("[{\"configurationItems\": [1]}]", Holds::Nothing),
            ("\"configurationItems\"", Holds::Nothing),
            ("null", Holds::Nothing),
            ("-1.5e3", Holds::Nothing),
            (r#"{"configurationItems": {"a": 1}}"#, Holds::NoList),
            (r#"{"configurationItems": null}"#, Holds::NoList),
        ] {
            assert_eq!(read(text), (vec![], Some(holds)), "{text}");
        }
    }

    #[test]
    fn what_came_before_a_break_stays() {
        for broken in [
            r#"{"configurationItems": [1, {"a": 2}, {"b"#,
            r#"{"configurationItems": [1, {"a": 2}, {]}"#,
            r#"{"configurationItems": [1, {"a": 2}]} more"#,
        ] {
            assert_eq!(read(broken), (vec!["1", r#"{"a": 2}"#], None), "{broken}");
        }
    }
}
