//! A second way for trees of statements and for transformations, and inputs that nobody expects.

use base64::{Engine as _, prelude::BASE64_STANDARD};
use fathom_webfirewall::{Acl, Sets, Truth, Walk, logs, transform};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::specifications::record;

/// A tree of statements, and what it comes to by the eight possible worlds of its unknown leaves.
#[derive(Debug, Clone)]
enum Tree {
    /// A leaf that holds or not.
    Known(bool),
    /// A leaf that no log decides, one of three.
    Open(u8),
    And(Vec<Tree>),
    Or(Vec<Tree>),
    Not(Box<Tree>),
}

fn tree() -> impl Strategy<Value = Tree> {
    let leaf = prop_oneof![any::<bool>().prop_map(Tree::Known), (0_u8..3).prop_map(Tree::Open)];
    leaf.prop_recursive(4, 24, 3, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Tree::And),
            proptest::collection::vec(inner.clone(), 2..4).prop_map(Tree::Or),
            inner.prop_map(|one| Tree::Not(Box::new(one))),
        ]
    })
}

fn document(tree: &Tree) -> Value {
    let all = |parts: &[Tree]| parts.iter().map(document).collect::<Vec<_>>();
    match tree {
        Tree::Known(true) => json!({"GeoMatchStatement": {"CountryCodes": ["DE"]}}),
        Tree::Known(false) => json!({"GeoMatchStatement": {"CountryCodes": ["US"]}}),
        Tree::Open(number) => {
            json!({"ByteMatchStatement": {"SearchString": BASE64_STANDARD.encode(number.to_string()),
            "PositionalConstraint": "CONTAINS", "FieldToMatch": {"Body": {}}, "TextTransformations": [{"Priority": 0, "Type": "NONE"}]}})
        }
        Tree::And(parts) => json!({"AndStatement": {"Statements": all(parts)}}),
        Tree::Or(parts) => json!({"OrStatement": {"Statements": all(parts)}}),
        Tree::Not(inner) => json!({"NotStatement": {"Statement": document(inner)}}),
    }
}

/// What a tree comes to in a world that decides each open leaf.
fn holds(tree: &Tree, world: u8) -> bool {
    match tree {
        Tree::Known(holds) => *holds,
        Tree::Open(number) => world & (1 << number) != 0,
        Tree::And(parts) => parts.iter().all(|one| holds(one, world)),
        Tree::Or(parts) => parts.iter().any(|one| holds(one, world)),
        Tree::Not(inner) => !holds(inner, world),
    }
}

/// Whether a leaf stands in it twice: then three values know less than the worlds do.
fn leaves(tree: &Tree, all: &mut Vec<u8>) {
    match tree {
        Tree::Known(_) => {}
        Tree::Open(number) => all.push(*number),
        Tree::And(parts) | Tree::Or(parts) => parts.iter().for_each(|one| leaves(one, all)),
        Tree::Not(inner) => leaves(inner, all),
    }
}

fn judged(tree: &Tree) -> Truth {
    let document = json!({"Name": "acl", "DefaultAction": {"Allow": {}},
        "Rules": [{"Name": "rule", "Priority": 0, "Action": {"Block": {}}, "Statement": document(tree)}]});
    let acl = Acl::read(&document, &Sets::default()).expect("a web ACL");
    let mut found = None;
    logs::each(record(&json!({})).to_string().as_bytes(), &mut |one| found = Some(one)).expect("a log");
    let request = found.expect("a request").expect("a request");
    Walk::new(&acl, std::collections::BTreeSet::new()).pass(&request).reached[0].matched.truth
}

/// What becomes of each byte, one after the other.
fn each(input: &[u8], told: impl Fn(&u8) -> String) -> String {
    let all: Vec<String> = input.iter().map(told).collect();
    all.concat()
}

proptest! {
    #[test]
    fn trees_hold_in_all_worlds_or_are_unknown(tree in tree()) {
        let worlds: Vec<bool> = (0..8).map(|world| holds(&tree, world)).collect();
        let found = judged(&tree);
        // What is said to be known holds in every world.
        if found != Truth::Unknown {
            prop_assert!(worlds.iter().all(|one| Truth::from(*one) == found));
        }
        // Where each leaf stands once, nothing that could be known is left unknown.
        let mut all = Vec::new();
        leaves(&tree, &mut all);
        all.sort_unstable();
        let is_once = all.windows(2).all(|two| two[0] != two[1]);
        if is_once && worlds.iter().all(|one| *one == worlds[0]) {
            prop_assert_eq!(found, Truth::from(worlds[0]));
        }
    }

    #[test]
    fn encodings_are_undone(input in proptest::collection::vec(any::<u8>(), 0..40)) {
        let hex = each(&input, |byte| format!("{byte:02x}"));
        let url = each(&input, |byte| format!("%{byte:02X}"));
        let escaped = each(&input, |byte| format!("\\x{byte:02x}"));
        let entities = each(&input, |byte| format!("&#{byte};"));
        for (name, text) in [
            ("HEX_DECODE", hex), ("URL_DECODE", url.clone()), ("URL_DECODE_UNI", url), ("BASE64_DECODE", BASE64_STANDARD.encode(&input)),
            ("BASE64_DECODE_EXT", BASE64_STANDARD.encode(&input)), ("ESCAPE_SEQ_DECODE", escaped.clone()), ("JS_DECODE", escaped),
            ("HTML_ENTITY_DECODE", entities),
        ] {
            prop_assert_eq!(transform::apply(name, text.as_bytes()), Ok(vec![input.clone()]), "{}", name);
        }
    }

    #[test]
    fn transformations_take_anything(input in proptest::collection::vec(any::<u8>(), 0..60), soup in "[%u\\\\x0-9a-f&#;/. *+=<>ALT]{0,60}") {
        for name in ["NONE", "COMPRESS_WHITE_SPACE", "HTML_ENTITY_DECODE", "LOWERCASE", "CMD_LINE", "URL_DECODE", "BASE64_DECODE", "HEX_DECODE",
            "MD5", "REPLACE_COMMENTS", "ESCAPE_SEQ_DECODE", "SQL_HEX_DECODE", "CSS_DECODE", "JS_DECODE", "NORMALIZE_PATH", "NORMALIZE_PATH_WIN",
            "REMOVE_NULLS", "REPLACE_NULLS", "BASE64_DECODE_EXT", "URL_DECODE_UNI", "UTF8_TO_UNICODE", "REMOVE_WHITESPACE", "TRIM", "TRIM_LEFT",
            "TRIM_RIGHT", "REMOVE_COMMENTS_CHAR", "UPPERCASE", "CMD_LINE_WIN", "CMD_LINE_UNIX", "JS_DECODE_EXT", "SHA256", "unheard of"] {
            for text in [input.as_slice(), soup.as_bytes()] {
                if let Ok(readings) = transform::apply(name, text) {
                    prop_assert!(!readings.is_empty() && readings.len() <= 4, "{}", name);
                }
            }
        }
        // These have nothing left to do.
        for name in ["COMPRESS_WHITE_SPACE", "LOWERCASE", "REMOVE_NULLS", "TRIM", "NORMALIZE_PATH"] {
            for once in transform::apply(name, soup.as_bytes()).expect("documented") {
                prop_assert_eq!(transform::apply(name, &once).map(|all| all[0].clone()), Ok(once), "{}", name);
            }
        }
    }

    #[test]
    fn logs_take_anything(input in proptest::collection::vec(any::<u8>(), 0..200), soup in "[\\[\\]{}\":,a-z0-9\n ]{0,200}") {
        for bytes in [input.as_slice(), soup.as_bytes()] {
            let _ = logs::each(bytes, &mut |_| {});
        }
    }
}
