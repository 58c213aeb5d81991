//! Content that cannot be used: named with file and line, and never in the way of what can.

use std::collections::BTreeMap;

use fathom_checks::{Checks, Form, Forms, NoForms};
use fathom_content::checks::CheckFiles;

/// A type with two members, as a service model would tell it.
struct Model;

impl Forms for Model {
    fn form(&self, kind: &str, path: &[String]) -> Form {
        let path: Vec<&str> = path.iter().map(String::as_str).collect();
        match (kind, path.as_slice()) {
            ("T", []) => Form::Members(vec!["Name".to_owned(), "Rules".to_owned()]),
            ("T", ["Name"]) => Form::Text,
            ("T", ["Rules"]) => Form::List,
            ("T", ["Rules", "[]"]) => Form::Members(vec!["Port".to_owned()]),
            ("T", ["Rules", "[]", "Port"]) => Form::Number,
            _ => Form::Any,
        }
    }

    fn has_relation(&self, _: &str, relation: &str) -> Option<bool> {
        Some(relation == "in_vpc")
    }

    fn has_type(&self, kind: &str) -> Option<bool> {
        Some(kind == "T")
    }
}

fn file(id: &str, passes: &str, tests: &str) -> String {
    format!(
        "id: {id}\ntitle: Something holds\nseverity: low\nbecause: It matters.\ntype: T\npasses: {passes}\n\
         fix: {{ console: c, cli: aws c, terraform: t }}\ncosts: {{ money: m, performance: p, effort: e }}\n\
         references: [https://example.com/]\n{tests}"
    )
}

const TESTS: &str = "tests:\n  pass:\n    - doc: { Name: a, Rules: [{ Port: 1 }] }\n  fail:\n    - doc: { Name: b, Rules: [] }\n";

/// The problems of one file beside one that is right, and that the right one is made.
fn problems(id: &str, text: &str, forms: &dyn Forms) -> Vec<String> {
    let texts = BTreeMap::from([
        (format!("checks/aws/x/{id}.yaml"), text.to_owned()),
        ("checks/aws/x/right.yaml".to_owned(), file("right", "doc.Name == 'a'", TESTS)),
    ]);
    let (checks, mut problems) = Checks::compile(CheckFiles::from_texts(&texts), forms);
    assert!(checks.all.iter().any(|check| check.definition.id == "right"), "one bad check stopped another");
    problems
        .extend(fathom_checks::test(&checks).problems.into_iter().filter(|one| !one.file.contains("right")));
    problems.iter().map(ToString::to_string).collect()
}

#[test]
fn each_mistake_is_named_with_its_place() {
    for (passes, says) in [
        (
            "doc.Nam == 'a'",
            "checks/aws/x/wrong.yaml:6: `passes`: T has no member `Nam` in doc; did you mean `Name`?",
        ),
        ("doc.Name == 5", "wrong.yaml:6: `passes`: `==` between a text and a number never holds"),
        ("doc.Rules.Port == 5", "is a list: ask its elements with `exists`"),
        ("doc.Rules.exists(r, r.Prot == 5)", "T has no member `Prot` in doc.Rules[]"),
        ("doc.Rules.exists(r, r.Port == '5')", "between a number and a text never holds"),
        ("doc.Name.exists(r, true)", "doc.Name is no list"),
        ("doc.Name", "it gives a text, and must give true or false"),
        ("doc.Rules.contains('a')", "Of a list, ask `x in list`"),
        ("document.Name == 'a'", "nothing is called `document`"),
        ("doc.Name.matches('a+')", "there is no function `matches`"),
        ("doc.Name.startsWith()", "`startsWith` is not called as a method, with 1 values"),
        ("doc.Name == ", "it is no expression"),
        ("doc.?Name == 'a'", "add `.orValue(…)`"),
        ("doc.?Name.orValue(5) == 5", "`orValue` puts a number where a text stands"),
        ("size(related('owns')) == 0", "T has no relation called `owns`"),
        ("size(in_region('U')) == 0", "no type is called `U`"),
        ("size(related(doc.Name)) == 0", "takes 1 text(s) as they stand"),
        (
            "doc.Rules.all(a, doc.Rules.all(b, doc.Rules.all(c, doc.Rules.all(d, true))))",
            "more than 3 macros",
        ),
    ] {
        let told = problems("wrong", &file("wrong", &format!("{passes:?}"), TESTS), &Model);
        assert!(told.iter().any(|one| one.contains(says)), "`{passes}` gives {told:#?}, without `{says}`");
    }
}

#[test]
fn a_mistake_on_a_later_line_is_named_there() {
    let text = file("wrong", "|\n  doc.Name == 'a'\n  && doc.Nam == 'b'", TESTS);
    let told = problems("wrong", &text, &Model);
    assert!(
        told.iter().any(|one| one.contains("wrong.yaml:8: `passes`: T has no member `Nam`")),
        "{told:#?}"
    );
}

#[test]
fn a_check_without_both_kinds_of_tests_is_refused() {
    for tests in
        ["", "tests:\n  pass:\n    - doc: { Name: a }\n", "tests:\n  fail:\n    - doc: { Name: b }\n"]
    {
        let told = problems("wrong", &file("wrong", "doc.Name == 'a'", tests), &NoForms);
        assert!(
            told.iter().any(|one| one.contains("it has no tests that pass and tests that fail")),
            "{told:#?}"
        );
    }
}

#[test]
fn a_test_that_does_not_give_what_it_says_is_named_with_what_decided() {
    let told = problems("wrong", &file("wrong", "doc.Name == 'b'", TESTS), &NoForms);
    assert!(
        told.iter()
            .any(|one| one.contains("wrong.yaml:12: this test says pass and gives fail: Name is \"a\"")),
        "{told:#?}"
    );
    assert!(told.iter().any(|one| one.contains("this test says fail and gives pass")), "{told:#?}");
}

#[test]
fn a_member_that_no_test_has_is_told() {
    let told = problems("wrong", &file("wrong", "doc.Name == 'a' && !has(doc.Typo)", TESTS), &NoForms);
    assert!(
        told.iter().any(|one| one.contains("it reads `Typo`, which is in none of its tests")),
        "{told:#?}"
    );
}

#[test]
fn ids_files_and_forms_are_held_to() {
    let told = problems("other", &file("wrong", "doc.Name == 'a'", TESTS), &NoForms);
    assert!(
        told.iter().any(|one| one.contains("its id is `wrong` and its file is called `other`")),
        "{told:#?}"
    );
    let unknown = file("wrong", "doc.Name == 'a'", TESTS).replace("severity: low", "severity: huge");
    let told = problems("wrong", &unknown, &NoForms);
    assert!(told.iter().any(|one| one.contains("wrong.yaml:3: ")), "{told:#?}");
    let more = format!("{}more: 1\n", file("wrong", "doc.Name == 'a'", TESTS));
    assert!(
        problems("wrong", &more, &NoForms).iter().any(|one| one.contains("more")),
        "an unknown field is refused"
    );
    let long = file("wrong", &format!("{:?}", format!("doc.Name == '{}'", "a".repeat(4_000))), TESTS);
    assert!(problems("wrong", &long, &NoForms).iter().any(|one| one.contains("more than 4000 characters")));
    let wide = file("wrong", &format!("{:?}", ["true"; 400].join(" && ")), TESTS);
    assert!(!problems("wrong", &wide, &NoForms).is_empty(), "an expression of too many parts is refused");
}

#[test]
fn an_id_that_is_there_twice_is_named() {
    let texts = BTreeMap::from([
        ("checks/aws/x/same.yaml".to_owned(), file("same", "doc.Name == 'a'", TESTS)),
        ("checks/aws/y/same.yaml".to_owned(), file("same", "doc.Name == 'a'", TESTS)),
    ]);
    let (checks, problems) = Checks::compile(CheckFiles::from_texts(&texts), &NoForms);
    assert_eq!(checks.all.len(), 1);
    assert_eq!(problems.len(), 1);
    assert!(
        problems[0].to_string().contains("y/same.yaml:1: `same` is the id of checks/aws/x/same.yaml already"),
        "{problems:?}"
    );
}
