//! Runs the tests that each check brings, and says where its expressions read what none of its documents has.

use std::sync::Arc;

use fathom_content::checks::{Example, UndoKind};
use fathom_model::Timestamp;
use serde_json::Value;

use crate::{
    ask::Status,
    compile::{Check, Checks, Problem},
    facts::{Asked, Fact, Facts, Missing, Subject},
};

/// When tests are asked that do not say so: 2026-01-01T00:00:00Z.
const TESTED_AT_SECONDS: i64 = 1_767_225_600;

/// The resource that tests are about, and its id.
const TESTED: &str = "arn:aws:test:eu-central-1:111122223333:one/two/three/four";
const TESTED_ID: &str = "the-id";

/// What came of tests.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Tested {
    /// How many were run.
    pub run: usize,
    /// How many fixes were filled, one for each test that fails.
    pub filled: usize,
    /// How many of these say what they make of the document, and the check passes there.
    pub proven: usize,
    /// Those that did not give what they say.
    pub problems: Vec<Problem>,
}

/// Runs the tests of all checks.
pub fn test(checks: &Checks) -> Tested {
    let mut tested = Tested::default();
    for check in &checks.all {
        of_check(check, &mut tested);
    }
    tested
}

fn of_check(check: &Check, tested: &mut Tested) {
    let tests = &check.definition.tests;
    let lists = [
        (Status::Pass, &tests.pass),
        (Status::Fail, &tests.fail),
        (Status::NotApplicable, &tests.not_applicable),
        (Status::Unknown, &tests.unknown),
    ];
    let mut documents = Vec::new();
    for (expected, examples) in lists {
        for example in examples {
            tested.run += 1;
            let mut problem = |message: String| {
                let line = example.referenced.line();
                tested.problems.push(Problem { file: check.file.clone(), line, message });
            };
            documents.push(&example.value.doc);
            let given = match Given::of(&example.value) {
                Ok(given) => given,
                Err(message) => {
                    problem(message);
                    continue;
                }
            };
            let subject = Subject {
                uid: TESTED,
                kind: check.definition.kind.as_str(),
                name: None,
                account: "111122223333",
                region: "eu-central-1",
                document: &example.value.doc,
                unread: &example.value.unread,
            };
            let answer = check.ask(&subject, &given);
            if expected == Status::Fail && answer.status == expected {
                of_fix(check, &subject, &given, tested, example.referenced.line());
            }
            let mut problem = |message: String| {
                let line = example.referenced.line();
                tested.problems.push(Problem { file: check.file.clone(), line, message });
            };
            if answer.status != expected {
                let why: Vec<String> = answer
                    .why
                    .iter()
                    .map(|one| match &one.value {
                        Some(value) => format!("{} is {value}", one.path),
                        None => format!("{} is not there", one.path),
                    })
                    .chain(answer.missing.iter().cloned())
                    .collect();
                let because = if why.is_empty() { String::new() } else { format!(": {}", why.join(", ")) };
                problem(format!(
                    "this test says {} and gives {}{because}",
                    expected.word(),
                    answer.status.word()
                ));
            } else if expected == Status::Unknown
                && answer.missing.iter().any(|one| one.contains("cannot be asked"))
            {
                problem(format!("this test is unknown by a mistake: {}", answer.missing.join(", ")));
            }
        }
    }
    for path in &check.reads {
        let steps: Vec<&str> = path.split('.').collect();
        if !documents.iter().any(|document| has(document, &steps)) {
            tested.problems.push(Problem {
                file: check.file.clone(),
                line: 0,
                message: format!("it reads `{path}`, which is in none of its tests: is it spelt so, and what if it is there?"),
            });
        }
    }
}

/// Fills the fix of a document that fails: all of it must be known, and the check must hold of what it makes of the document.
fn of_fix(check: &Check, subject: &Subject<'_>, given: &Given<'_>, tested: &mut Tested, line: u64) {
    if check.definition.fix.manifest.is_some() {
        return;
    }
    let filled = check.fill(subject, TESTED_ID, given);
    let mut problem = |message: String| {
        tested.problems.push(Problem { file: check.file.clone(), line, message });
    };
    for what in filled.missing.iter().chain(&filled.undo_missing) {
        problem(format!("its fix is not whole for this test: {what}"));
    }
    if filled.cli.is_empty() {
        problem("its fix has no command for this test".to_owned());
    }
    let has_undo = check.fix.undo.as_ref().is_some_and(|undo| undo.kind == UndoKind::Reversible);
    if has_undo && filled.undo.is_empty() {
        problem("its undo has no command for this test".to_owned());
    }
    tested.filled += 1;
    if let Some(then) = &filled.then {
        let after = check.ask(&Subject { document: then, ..*subject }, given);
        let is_asked = check.asked().any(|asked| *asked != Asked::Resource);
        match after.status {
            Status::Pass | Status::NotApplicable => tested.proven += 1,
            // What engines would say of the other document, tests do not know.
            _ if is_asked => {}
            status => tested.problems.push(Problem {
                file: check.file.clone(),
                line,
                message: format!("after its fix this test gives {}", status.word()),
            }),
        }
    }
}

/// Whether a document has a place.
fn has(value: &Value, steps: &[&str]) -> bool {
    let Some((first, rest)) = steps.split_first() else { return true };
    // Names may have dots in them, such as those of annotations.
    if let Value::Object(members) = value {
        let dotted = |many: usize| members.get(&steps[..many].join(".")).map(|one| (one, &steps[many..]));
        if (2..=steps.len()).filter_map(dotted).any(|(one, rest)| has(one, rest)) {
            return true;
        }
    }
    let (name, lists) = match first.find("[]") {
        Some(at) => first.split_at(at),
        None => (*first, ""),
    };
    let mut found: Vec<&Value> = match (value, name) {
        (_, "") => vec![value],
        (Value::Object(members), "*") => members.values().collect(),
        (value, name) => value.get(name).into_iter().collect(),
    };
    for _ in 0..lists.len() / 2 {
        found = found
            .into_iter()
            .flat_map(|one| match one {
                Value::Array(items) => items.iter().collect(),
                // One thing where a list may stand, or members that are asked one after the other by their names.
                Value::Object(members) => std::iter::once(one).chain(members.values()).collect(),
                other => vec![other],
            })
            .collect();
    }
    found.into_iter().any(|one| has(one, rest))
}

/// What a test says that engines say.
struct Given<'a> {
    example: &'a Example,
    now: Timestamp,
}

impl<'a> Given<'a> {
    fn of(example: &'a Example) -> Result<Self, String> {
        let now = match &example.now {
            Some(text) => {
                text.parse().map_err(|_| format!("`now: {text}` is no time like 2026-01-01T00:00:00Z"))?
            }
            None => Timestamp::from_second(TESTED_AT_SECONDS).unwrap_or(Timestamp::UNIX_EPOCH),
        };
        Ok(Self { example, now })
    }
}

impl Facts for Given<'_> {
    fn fact(&self, _: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        let name = asked.text();
        let value = if asked.is_list() {
            self.example.related.get(&name).map(|documents| Value::Array(documents.clone()))
        } else {
            self.example.facts.get(&name).cloned()
        };
        match value {
            Some(value) => Ok(Arc::new(Fact { value, ..Fact::default() })),
            None => Err(Missing::of(format!("the test does not say {name}"))),
        }
    }

    fn now(&self) -> Timestamp {
        self.now
    }
}

/// Nobody says anything.
pub(crate) struct Nobody;

impl Facts for Nobody {
    fn fact(&self, _: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        Err(Missing::of(format!("nobody says {}", asked.text())))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}
