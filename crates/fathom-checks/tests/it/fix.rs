//! Fixes: what is wrong with one is named with its line; what is right is filled, word by word.

use std::{collections::BTreeMap, sync::Arc};

use fathom_checks::{Asked, Checks, Fact, Facts, Missing, NoForms, Status, Subject};
use fathom_content::checks::CheckFiles;
use fathom_model::Timestamp;
use serde_json::{Value, json};

const CHOICES: &str = "key: the key that you want\n";

/// A check whose fix is written like this, below `fix:`.
fn file(fix: &str) -> String {
    format!(
        "id: one\ntitle: It is on\nseverity: low\nbecause: It matters.\ntype: T\npasses: doc.?On.orValue(false)\nfix:\n  \
         console: by hand\n  terraform: on = true\n{fix}\ncosts: {{ money: m, performance: p, effort: e }}\n\
         references: [https://example.com/]\ntests:\n  pass:\n    - doc: {{ On: true }}\n  fail:\n    - doc: {{ On: false }}\n"
    )
}

fn compiled(fix: &str) -> (Checks, Vec<String>) {
    let texts = BTreeMap::from([
        ("checks/aws/x/one.yaml".to_owned(), file(fix)),
        ("checks/choices.yaml".to_owned(), CHOICES.to_owned()),
    ]);
    let (checks, problems) = Checks::compile(CheckFiles::from_texts(&texts), &NoForms);
    (checks, problems.iter().map(ToString::to_string).collect())
}

/// Nobody knows more than the document.
struct Alone;

impl Facts for Alone {
    fn fact(&self, _: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        Err(Missing::of(format!("nobody says {}", asked.text())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn subject<'a>(document: &'a Value, unread: &'a [String]) -> Subject<'a> {
    Subject {
        uid: "arn:aws:x:eu-west-1:111122223333:thing/one",
        kind: "T",
        name: Some("name"),
        account: "111122223333",
        region: "eu-west-1",
        document,
        unread,
    }
}

fn shell(fix: &str, document: &Value) -> (Vec<String>, Vec<String>) {
    let (checks, problems) = compiled(fix);
    assert!(problems.is_empty(), "{problems:?}");
    let filled = checks.all[0].fill(&subject(document, &[]), "one", &Alone);
    (filled.cli.iter().map(fathom_checks::Command::shell).collect(), filled.missing)
}

#[test]
fn a_fix_that_cannot_be_used_is_named_with_its_line() {
    for (fix, line, says) in [
        ("  cli: aws x --id <ids>", 10, "nothing is called `ids`"),
        ("  cli: aws x --id <doc.Id", 10, "no `>` ends it"),
        ("  cli: aws x --key <your.kez>", 10, "nothing says what `<your.kez>` is"),
        ("  cli: aws x --key <your.Key>", 10, "is called like `<your.key>`"),
        ("  cli: aws x --set …", 10, "name what is left out"),
        ("  cli: rm -r <id>", 10, "a command begins with `aws`"),
        ("  cli: aws x --name '<id>", 10, "a quote is not closed"),
        ("  cli: aws x\n  sets:\n    A..B: 1", 12, "is no path like `A.B[].C`"),
        ("  cli: aws x\n  sets:\n    A: <doc.B +>", 12, "it is no expression"),
        ("  cli: aws x\n  takes:\n    - from: A\n      where: it.", 12, "it is no expression"),
        ("  cli: aws x\n  undo:\n    kind: reversible", 12, "has no command"),
        ("  cli: aws x\n  undo:\n    kind: reversible\n    because: why", 12, "write `kind: one_way`"),
        ("  cli:\n    - if: doc.A ==\n      run: aws x", 11, "it is no expression"),
    ] {
        let (checks, problems) = compiled(fix);
        assert!(checks.all.is_empty(), "`{fix}` is taken");
        let place = format!("checks/aws/x/one.yaml:{line}: ");
        assert!(
            problems.iter().any(|one| one.starts_with(&place) && one.contains(says)),
            "`{fix}` gives {problems:#?}, without `{place}…{says}`"
        );
    }
}

#[test]
fn each_value_is_one_word_as_a_shell_and_the_command_line_take_it() {
    let document = json!({"Name": "it's a $(name)", "Port": 5, "On": false, "Tags": ["a", "b'"], "Comma": "a,B=c \"d\""});
    for (command, says) in [
        ("aws x --name <doc.Name>", r"aws x --name 'it'\''s a $(name)' --region eu-west-1"),
        ("aws x --port <doc.Port> --on <doc.On>", "aws x --port 5 --on false --region eu-west-1"),
        ("aws x --tags <doc.Tags>", r#"aws x --tags '["a","b'\''"]' --region eu-west-1"#),
        ("aws x --set Name=<doc.Comma>", r#"aws x --set 'Name="a,B=c \"d\""' --region eu-west-1"#),
        (
            r#"aws x --set '{"Name":"<doc.Comma>"}'"#,
            r#"aws x --set '{"Name":"a,B=c \"d\""}' --region eu-west-1"#,
        ),
        ("aws x --key <your.key> --id <id>", "aws x --key \"$KEY\" --id one --region eu-west-1"),
        ("aws x --key Id=<your.key>", "aws x --key Id=\"$KEY\" --region eu-west-1"),
        (
            "aws x --arn <arn>/* --of <parts[1]>",
            "aws x --arn 'arn:aws:x:eu-west-1:111122223333:thing/one/*' --of one --region eu-west-1",
        ),
        ("aws x --region us-east-1", "aws x --region us-east-1"),
        ("aws x <doc.On ? '--on' : '--no-on'>", "aws x --no-on --region eu-west-1"),
        ("aws x <doc.On ? '--on' : ''> --id <id>", "aws x --id one --region eu-west-1"),
        ("aws x --empty ''", "aws x --empty '' --region eu-west-1"),
    ] {
        let (commands, missing) = shell(&format!("  cli: {}", json!(command)), &document);
        assert_eq!((commands, missing), (vec![says.to_owned()], Vec::new()), "`{command}`");
    }
}

#[test]
fn what_would_be_another_word_is_left_out_and_named() {
    for (value, says) in [
        (json!("a\nb"), "control characters"),
        (json!("file:///etc/passwd"), "would be taken for the name of a file"),
    ] {
        let (commands, missing) = shell("  cli: aws x --name <doc.Name>", &json!({ "Name": value }));
        assert!(commands.is_empty() && missing[0].contains(says), "{commands:?} {missing:?}");
    }
    let (commands, missing) = shell("  cli: aws x <doc.Name>", &json!({"Name": "--all"}));
    assert!(commands.is_empty() && missing[0].contains("taken for an option"), "{commands:?} {missing:?}");
    let (commands, _) = shell("  cli: aws x --name <doc.Name>", &json!({"Name": "--all"}));
    assert_eq!(commands, ["aws x --name=--all --region eu-west-1"]);
}

#[test]
fn what_was_not_read_stays_unknown() {
    let (checks, _) = compiled("  cli: aws x --policy <doc.Policy>\n  sets:\n    Policy.On: true");
    let document = json!({"Name": "a"});
    let unread = ["Policy".to_owned()];
    let filled = checks.all[0].fill(&subject(&document, &unread), "one", &Alone);
    assert!(filled.cli.is_empty());
    assert_eq!(filled.then, None, "what was not read is not made up");
    assert!(
        filled.missing.iter().any(|one| one == "aws x --policy: Policy was not read"),
        "{:?}",
        filled.missing
    );
}

#[test]
fn the_document_is_made_as_the_fix_says() {
    let fix = "  cli: aws x --rules <taken.Rules> --all <then.Rules>\n  sets:\n    On: true\n    Deep.Er: <doc.Name>\n    Items:\n      \
               - \"*<doc.Items>\"\n      - { New: <your.key> }\n    Gone: null\n  takes:\n    - from: Rules\n      where: it.Port == 22\n      \
               of: { Open: it == 'all' }\n      keeps: [Port]";
    let (checks, problems) = compiled(fix);
    assert!(problems.is_empty(), "{problems:?}");
    let document = json!({"Name": "n", "On": false, "Gone": 1, "Items": [1], "Rules": [
        {"Port": 22, "Open": ["all", "some"], "Note": "x"}, {"Port": 22, "Open": ["all"], "Other": []}, {"Port": 80, "Open": ["all"]},
    ]});
    let filled = checks.all[0].fill(&subject(&document, &[]), "one", &Alone);
    assert_eq!(filled.missing, Vec::<String>::new());
    let then = filled.then_told().expect("it says what it makes");
    assert_eq!(
        then,
        json!({"Name": "n", "On": true, "Deep": {"Er": "n"}, "Items": [1, {"New": "<your.key>"}], "Rules": [
            {"Port": 22, "Open": ["some"], "Note": "x"}, {"Port": 80, "Open": ["all"]},
        ]})
    );
    let words = serde_json::to_value(&filled.cli[0]).expect("JSON")["words"].clone();
    let taken: Value = serde_json::from_str(words[3].as_str().expect("a word")).expect("JSON");
    assert_eq!(taken, json!([{"Port": 22, "Open": ["all"]}, {"Port": 22, "Open": ["all"]}]));
    let after = checks.all[0].ask(&subject(&then, &[]), &Alone);
    assert_eq!(after.status, Status::Pass);
}

#[test]
fn no_text_for_people_is_left_in_the_commands_that_ship() {
    let (checks, problems) = Checks::compile(CheckFiles::load(None), &NoForms);
    assert!(problems.is_empty(), "{problems:?}");
    // Commands of manifests are for people to read.
    for check in checks.all.iter().filter(|check| check.definition.fix.manifest.is_none()) {
        let text = check.definition.fix.cli();
        for word in text.split_whitespace() {
            let is_left =
                ["ARN", "NAME", "ID", "USER", "KEY", "BUCKET", "GROUP", "ROLE", "TOPIC", "SUBNET", "REGION"]
                    .contains(&word);
            assert!(
                !is_left && !word.starts_with("file://") && !word.starts_with('('),
                "{}: {text}",
                check.definition.id
            );
        }
        assert!(check.fix.undo.is_some(), "{} does not say how its fix is taken back", check.definition.id);
    }
}
