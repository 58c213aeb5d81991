//! The Kubernetes objects that Trivy's checks bring: examples in YAML, and those of their tests, which are written in Rego and near
//! enough to YAML to be read as such.

use std::{fs, path::Path};

use fathom_estate::declared::template::tree;
use serde_json::Value;

use super::files;

/// All of them: the check, the number of the case, the object, and `pass` or `fail`.
pub(crate) fn cases(folder: &Path) -> Vec<(String, usize, String, &'static str)> {
    let checks = folder.join("trivy-checks/checks/kubernetes");
    let mut found: Vec<(String, usize, String, &'static str)> = Vec::new();
    let mut add = |name: &str, text: String, expected| {
        let number = found.iter().filter(|(other, ..)| other == name).count();
        found.push((name.to_owned(), number, text, expected));
    };
    for file in files(&checks, ".yaml") {
        let name = file.file_stem().expect("a name").to_string_lossy().into_owned();
        let snippets = tree(&name, &fs::read_to_string(&file).expect("a file")).expect("YAML");
        for (kind, expected) in [("good", "pass"), ("bad", "fail")] {
            let all = snippets["kubernetes"][kind].as_array().map(Vec::as_slice).unwrap_or_default();
            for snippet in all {
                add(&name, snippet.as_str().expect("a text").to_owned(), expected);
            }
        }
    }
    for file in files(&checks, "_test.rego") {
        let name = file.file_name().expect("a name").to_string_lossy().replace("_test.rego", "");
        for (object, expected) in tests(&fs::read_to_string(&file).expect("a file")) {
            if is_taken(&object) {
                add(&name, object.to_string(), expected);
            }
        }
    }
    found
}

/// Whether a server takes it for an object: it has an API and a name, its kind is spelt as the API spells it, and lists are lists. What
/// checks say of others proves nothing.
fn is_taken(object: &Value) -> bool {
    object["apiVersion"].is_string()
        && object["metadata"]["name"].is_string()
        && object["kind"] != "ClusterRolebinding"
        && (object["subjects"].is_null() || object["subjects"].is_array())
}

/// The objects of tests that ask one question of one object, with what must come of it.
fn tests(text: &str) -> Vec<(Value, &'static str)> {
    let of = |test: &str| {
        let expected = if test.contains("count(r) == 0") { "pass" } else { "fail" };
        let (_, object) = test.split_once(":= deny with input as {")?;
        let object = format!("{{{}", object.get(..closing(object)?)?).replace('\t', " ");
        let says = test.matches("count(r)").count() == 1 && test.matches("with input as").count() == 1;
        Some((tree("test", &object).ok().filter(|_| says)?, expected))
    };
    text.split("\ntest_").skip(1).filter_map(of).collect()
}

/// Behind the brace that closes the one before the text.
fn closing(text: &str) -> Option<usize> {
    let (mut depth, mut in_text, mut escaped) = (1, false, false);
    for (at, one) in text.char_indices() {
        match one {
            _ if escaped => escaped = false,
            '\\' if in_text => escaped = true,
            '"' => in_text = !in_text,
            '{' if !in_text => depth += 1,
            '}' if !in_text => depth -= 1,
            _ => {}
        }
        if depth == 0 {
            return Some(at + 1);
        }
    }
    None
}

#[test]
fn tests_in_rego_are_read() {
    let text = "package x\n\ntest_one if {\n\tr := deny with input as {\n\t\t\"kind\": \"Pod\",\n\t\t\"a\": [{\"b\": \"}\",}],\n\t}\n\n\tcount(r) == 0\n}\n\
                \ntest_two if {\n\tr := deny with input as {\"kind\": \"Pod\"}\n\tcount(r) > 0\n}\n";
    let found = tests(text);
    assert_eq!(found.len(), 2);
    assert_eq!(found[0], (serde_json::json!({ "kind": "Pod", "a": [{ "b": "}" }] }), "pass"));
    assert_eq!(found[1].1, "fail");
}
