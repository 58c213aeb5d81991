//! How many documents all checks of their types are asked of in a second: `cargo run --release -p fathom-checks --example check_scale`.
//!
//! Documents are those of the checks' own tests, each many times over; facts are what their tests say, so no engine is measured.

use std::{collections::BTreeMap, sync::Arc, time::Instant};

use fathom_checks::{Asked, Checks, Fact, Facts, Missing, NoForms, Subject};
use fathom_content::checks::CheckFiles;
use fathom_model::Timestamp;
use serde_json::{Value, json};

/// Facts that let nobody in and reach nothing.
struct Closed(BTreeMap<Asked, Arc<Fact>>);

impl Facts for Closed {
    fn fact(&self, _: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing> {
        self.0.get(asked).cloned().ok_or_else(|| Missing::of("not said"))
    }

    fn now(&self) -> Timestamp {
        Timestamp::UNIX_EPOCH
    }
}

fn main() {
    let wanted: usize = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or(1_000_000);
    let started = Instant::now();
    let (checks, problems) = Checks::compile(CheckFiles::load(None), &NoForms);
    assert!(problems.is_empty(), "{problems:?}");
    let compiled = started.elapsed();
    let mut documents: Vec<(&str, &Value)> = Vec::new();
    let mut facts = BTreeMap::new();
    for check in &checks.all {
        let tests = &check.definition.tests;
        for example in tests.pass.iter().chain(&tests.fail).chain(&tests.not_applicable) {
            documents.push((check.definition.kind.as_str(), &example.value.doc));
        }
        for asked in check.asked() {
            let value = match asked {
                Asked::Access => json!({ "public": [], "external": [] }),
                Asked::Exposure => json!({ "verdict": "no", "ports": [] }),
                Asked::Class => json!("confidential"),
                one if one.is_list() => json!([]),
                _ => json!({}),
            };
            facts.insert(asked.clone(), Arc::new(Fact { value, ..Fact::default() }));
        }
    }
    let facts = Closed(facts);
    let threads = std::thread::available_parallelism().map_or(1, std::num::NonZero::get);
    let started = Instant::now();
    let answers: usize = std::thread::scope(|scope| {
        let running: Vec<_> = (0..threads)
            .map(|thread| {
                let (checks, documents, facts) = (&checks, &documents, &facts);
                scope.spawn(move || {
                    let share = (thread..wanted).step_by(threads);
                    share
                        .map(|at| {
                            let (kind, document) = documents[at % documents.len()];
                            let subject = Subject {
                                uid: "arn:aws:test:::one",
                                kind,
                                name: None,
                                account: "111122223333",
                                region: "eu-central-1",
                                document,
                                unread: &[],
                            };
                            checks.ask(&subject, facts).len()
                        })
                        .sum::<usize>()
                })
            })
            .collect();
        running.into_iter().filter_map(|one| one.join().ok()).sum()
    });
    let seconds = started.elapsed().as_secs_f64();
    println!(
        "{} checks made in {:.0} ms; {wanted} documents, {answers} answers in {seconds:.2} s on {threads} threads: {:.0} answers a second",
        checks.all.len(),
        compiled.as_secs_f64() * 1e3,
        answers as f64 / seconds,
    );
}
