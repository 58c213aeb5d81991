//! What `fathom.yaml` may say, and what people are told when they write it wrong.

use fathom_content::{ContentError, Declarations};
use fathom_model::Part;

fn parse(text: &str) -> Result<Declarations, ContentError> {
    Declarations::parse("fathom.yaml", text)
}

fn message(text: &str) -> String {
    parse(text).expect_err(text).to_string()
}

fn place(text: &str) -> (u64, u64) {
    match parse(text).expect_err(text) {
        ContentError::Parse { line, column, .. } => (line, column),
        other => panic!("no place in: {other}"),
    }
}

#[test]
fn a_good_file_reads() {
    let declarations = parse(
        r#"
version: 1
teams:
  payments: { contact: "payments@example.com" }
  platform: {}
systems:
  ledger:
    owner: payments
    purpose: books of account
    data_class: restricted
    match:
      - { type: AWS::DynamoDB::Table, name: "ledger-*" }
      - tags: { service: ledger }
rules:
  - match: { type: AWS::Logs::LogGroup, name: "/aws/lambda/{a,b}-*" }
    set: { owner: platform, creator: the first run of the function }
terraform_states: [states/main.tfstate]
"#,
    )
    .expect("a good file");
    assert_eq!(declarations.teams.len(), 2);
    assert_eq!(declarations.systems["ledger"].matches.len(), 2);
    let rule = &declarations.rules[0];
    assert_eq!(rule.set[&Part::Owner], "platform");
    let pattern = rule.matches.name.as_ref().expect("a pattern");
    assert!(pattern.matches("/aws/lambda/b-9") && !pattern.matches("/aws/lambda/c-9"));
    assert_eq!(declarations.terraform_states, ["states/main.tfstate"]);
    assert!(
        declarations.tags[&Part::Owner].contains(&"team".to_owned()),
        "tag keys are given where none are written"
    );
}

#[test]
fn the_sample_company_reads() {
    let text = include_str!("../../../../tools/estate/fathom.yaml");
    let declarations = parse(text).expect("the sample's declarations");
    assert_eq!(declarations.teams.len(), 6);
    assert_eq!(declarations.terraform_states, ["terraform.tfstate"]);
}

#[test]
fn an_unknown_key_is_named_with_its_place() {
    let text = "version: 1\nsystems:\n  ledger:\n    owners: payments\n    match: []\n";
    assert!(message(text).contains("owners"), "{}", message(text));
    assert_eq!(place(text).0, 4);
    assert!(message(text).starts_with("fathom.yaml:4:"), "{}", message(text));
}

#[test]
fn bad_indentation_is_told_with_line_and_column() {
    let text = "version: 1\nteams:\n  payments: {}\n platform: {}\n";
    let (line, column) = place(text);
    assert!((3..=4).contains(&line), "line {line}");
    assert!(column >= 1);
    assert!(message(text).starts_with(&format!("fathom.yaml:{line}:{column}: ")), "{}", message(text));
    assert!(!message(text).contains('\n'), "one line: {}", message(text));
}

#[test]
fn an_unknown_team_is_told_with_what_was_meant() {
    let system = |owner: &str| {
        format!(
            "version: 1\nteams: {{ payments: {{}} }}\nsystems:\n  x:\n    owner: {owner}\n    match: [{{ name: x }}]\n"
        )
    };
    let close = message(&system("payment"));
    assert!(close.contains("`payment`") && close.contains("did you mean `payments`?"), "{close}");
    let far = message(&system("warehouse"));
    assert!(far.contains("not under `teams:`; add it there"), "{far}");
}

#[test]
fn a_data_class_is_one_of_four() {
    let in_system = message("version: 1\nsystems:\n  x:\n    data_class: secret\n    match: [{ name: x }]\n");
    assert!(in_system.contains("system `x`: `secret` is not a data class"), "{in_system}");
    assert!(in_system.contains("public, internal, confidential or restricted"), "{in_system}");
    let in_rule = message("version: 1\nrules:\n  - match: { name: x }\n    set: { data_class: pii }\n");
    assert!(in_rule.contains("rule 1: `pii` is not a data class"), "{in_rule}");
}

#[test]
fn an_empty_match_never_takes_the_whole_estate() {
    let rule = message("version: 1\nrules:\n  - match: {}\n    set: { owner: a }\n");
    assert!(rule.contains("rule 1: an empty `match` would take the whole estate"), "{rule}");
    let system = message("version: 1\nsystems:\n  x:\n    match: [{ name: y }, {}]\n");
    assert!(system.contains("system `x`: an empty `match`"), "{system}");
}

#[test]
fn a_bad_pattern_and_a_newer_version_are_refused() {
    let pattern = message("version: 1\nrules:\n  - match: { name: \"a{b\" }\n    set: { owner: a }\n");
    assert!(pattern.contains("is not a pattern"), "{pattern}");
    let version = message("version: 2\n");
    assert!(version.contains("version 2 is not known here"), "{version}");
}
