//! The evaluator against that of the crate `cel`, which reads whole documents converted to its own values: the same on generated
//! documents and expressions.

use cel::{Context, Program, Value as CelValue, objects::Key};
use fathom_checks::holds;
use proptest::prelude::*;
use serde_json::{Value, json};

fn converted(value: &Value) -> CelValue {
    match value {
        Value::Null => CelValue::Null,
        Value::Bool(value) => CelValue::Bool(*value),
        Value::Number(number) => match number.as_i64() {
            Some(whole) => CelValue::Int(whole),
            None => CelValue::Float(number.as_f64().unwrap_or_default()),
        },
        Value::String(text) => CelValue::String(text.clone().into()),
        Value::Array(items) => CelValue::List(items.iter().map(converted).collect::<Vec<_>>().into()),
        Value::Object(members) => {
            let members: std::collections::HashMap<Key, CelValue> =
                members.iter().map(|(name, value)| (Key::from(name.as_str()), converted(value))).collect();
            CelValue::Map(members.into())
        }
    }
}

fn peer(expression: &str, document: &Value) -> Option<bool> {
    let program = Program::compile(expression).expect("the peer reads it");
    let mut context = Context::default();
    context.add_variable_from_value("doc", converted(document));
    match program.execute(&context) {
        Ok(CelValue::Bool(value)) => Some(value),
        _ => None,
    }
}

fn scalar() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(|value| json!(value)),
        (-2_i64..4).prop_map(|value| json!(value)),
        prop_oneof![Just("a"), Just("ab"), Just("")].prop_map(|value| json!(value)),
    ]
}

fn document() -> impl Strategy<Value = Value> {
    let value = scalar().prop_recursive(3, 24, 4, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::btree_map(prop_oneof![Just("A"), Just("B"), Just("L")], inner, 0..3).prop_map(
                |members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect())
            ),
        ]
    });
    prop::collection::btree_map(prop_oneof![Just("A"), Just("B"), Just("L")], value, 0..4)
        .prop_map(|members| Value::Object(members.into_iter().map(|(k, v)| (k.to_owned(), v)).collect()))
}

/// Something with a value: a place of the document, of an element `x`, or a literal.
fn operand(names: &'static [&'static str]) -> impl Strategy<Value = String> {
    let member = prop_oneof![Just("A"), Just("B"), Just("L")];
    let place =
        (prop::sample::select(names), prop::collection::vec(member, 0..3)).prop_map(|(name, steps)| {
            let mut text = name.to_owned();
            for step in steps {
                text.push('.');
                text.push_str(step);
            }
            text
        });
    prop_oneof![
        4 => place,
        1 => (-2_i64..4).prop_map(|value| value.to_string()),
        1 => prop_oneof![Just("'a'".to_owned()), Just("''".to_owned()), Just("true".to_owned())],
    ]
}

fn condition(names: &'static [&'static str]) -> BoxedStrategy<String> {
    let sign = prop::sample::select(&["==", "!=", "<", "<=", ">", ">="][..]);
    let leaf = prop_oneof![
        3 => (operand(names), sign, operand(names)).prop_map(|(one, sign, other)| format!("{one} {sign} {other}")),
        2 => (prop::sample::select(names), prop_oneof![Just("A"), Just("B"), Just("L")])
            .prop_map(|(name, member)| format!("has({name}.{member})")),
        1 => (operand(names), operand(names)).prop_map(|(one, other)| format!("{one} in {other}")),
        1 => operand(names).prop_map(|one| format!("size({one}) > 1")),
        1 => operand(names).prop_map(|one| format!("{one}.startsWith('a')")),
        1 => operand(names),
    ];
    leaf.prop_recursive(3, 12, 2, |inner| {
        prop_oneof![
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) && ({other})")),
            (inner.clone(), inner.clone()).prop_map(|(one, other)| format!("({one}) || ({other})")),
            inner.clone().prop_map(|one| format!("!({one})")),
            (inner.clone(), inner.clone(), inner).prop_map(|(a, b, c)| format!("({a}) ? ({b}) : ({c})")),
        ]
    })
    .boxed()
}

fn expression() -> impl Strategy<Value = String> {
    let of_element = || condition(&["doc", "x"]);
    let macros =
        (operand(&["doc"]), prop::sample::select(&["all", "exists", "exists_one"][..]), of_element())
            .prop_map(|(range, name, inner)| format!("{range}.{name}(x, {inner})"));
    let filters = (operand(&["doc"]), of_element(), 0_i64..3)
        .prop_map(|(range, inner, many)| format!("size({range}.filter(x, {inner})) == {many}"));
    let plain = condition(&["doc"]);
    let any = prop_oneof![2 => plain, 2 => macros, 1 => filters].boxed();
    prop_oneof![
        3 => any.clone(),
        1 => (any.clone(), any).prop_map(|(one, other)| format!("({one}) && !({other})")),
    ]
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, ..ProptestConfig::default() })]

    #[test]
    fn it_gives_what_another_evaluator_gives(document in document(), expression in expression()) {
        let Ok(own) = holds(&expression, &document, &[]) else { return Ok(()) };
        prop_assert_eq!(own, peer(&expression, &document), "{} on {}", expression, document);
    }

    /// What holds whatever an unread member is, is told; what depends on it is not, and never told wrongly.
    #[test]
    fn what_is_told_without_a_member_holds_with_any(
        document in document(), member in prop_oneof![Just("A"), Just("B"), Just("L")], value in scalar(), expression in expression(),
    ) {
        let mut without = document.clone();
        without.as_object_mut().expect("members").remove(member);
        let Ok(Some(told)) = holds(&expression, &without, &[member.to_owned()]) else { return Ok(()) };
        for whole in [Some(value), document.get(member).cloned(), None] {
            let mut with = without.clone();
            if let Some(value) = whole {
                with.as_object_mut().expect("members").insert(member.to_owned(), value);
            }
            let found = holds(&expression, &with, &[]).expect("it was read before");
            prop_assert_eq!(found, Some(told), "{} on {} without {}", expression, with, member);
        }
    }
}
