//! Against which real documents each check answered: the recorded sample, pairs in a live moto, answers that others recorded of accounts of
//! theirs, answers that the provider publishes, templates and manifests that others published. `docs/check-proofs.md` is made from it;
//! `UPDATE_DOCS=1` renews it.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::Path,
    process::Command,
};

use fathom_estate::declared::template::tree;
use fathom_testkit::{
    front::{Front, Written},
    moto::{Moto, python},
    published,
};
use serde_json::{Map, Value};

use crate::{
    agreement::{files, rego, terraform, unpacked},
    cloud::tools,
    harness::{Place, sample},
};

/// Sessions of the recorded answers that are read for the sake of one operation.
const SESSIONS_MAX: usize = 2;
/// The account of the first session; each has one of its own.
const FIRST_ACCOUNT: usize = 100_000_000_000;
/// The account of the first answers of the inventory.
const INVENTORY_ACCOUNT: usize = 200_000_000_000;
/// The region of all: the recordings do not tell theirs.
const REGION: &str = "us-east-1";

/// The accounts that published examples are about.
const EXAMPLE_ACCOUNTS: [&str; 6] =
    ["123456789012", "111122223333", "012345678901", "012345678910", "123456789111", "444455556666"];

/// How often a check came out how, on documents of one kind.
#[derive(Debug, Clone, Copy, Default)]
struct Answers {
    pass: u64,
    fail: u64,
    unknown: u64,
    not_about: u64,
}

impl Answers {
    fn all(self) -> u64 {
        self.pass + self.fail + self.unknown + self.not_about
    }

    fn cell(self) -> String {
        if self.all() == 0 {
            return String::new();
        }
        format!("{} / {} / {} / {}", self.pass, self.fail, self.unknown, self.not_about)
    }
}

type Told = BTreeMap<String, Answers>;

/// What each check answered in a report.
fn told(report: &Value) -> Told {
    let checks = report["checks"].as_object().expect("checks");
    let of = |check: &Value| {
        let count = |name: &str| check["counts"][name].as_u64().expect("a count");
        Answers {
            pass: count("pass"),
            fail: count("fail"),
            unknown: count("unknown"),
            not_about: count("not_applicable"),
        }
    };
    checks.iter().map(|(id, check)| (id.clone(), of(check))).collect()
}

/// The first answers of the reading calls of a session: service, operation and answer.
fn answers(session: &Path) -> Vec<(String, String, Value)> {
    let read = Front::answers_from_placebo(session).expect("a session");
    let reads = |operation: &str| ["Describe", "List", "Get"].iter().any(|verb| operation.starts_with(verb));
    let first = |(service, operation): (&str, &str)| match read.of(service, operation).first()? {
        Written::Output(answer) if reads(operation) => {
            Some((service.to_owned(), operation.to_owned(), answer.clone()))
        }
        _ => None,
    };
    read.operations().filter_map(first).collect()
}

/// The account that most ARNs of a session name.
fn account_of(texts: &[String]) -> Option<String> {
    let mut named: BTreeMap<&str, usize> = BTreeMap::new();
    for arn in texts.iter().flat_map(|text| text.split("arn:aws").skip(1)) {
        let account = arn.split(':').nth(3).unwrap_or_default();
        if account.len() == 12 && account.bytes().all(|byte| byte.is_ascii_digit()) {
            *named.entry(account).or_default() += 1;
        }
    }
    named.into_iter().max_by_key(|(_, count)| *count).map(|(account, _)| account.to_owned())
}

/// What checks say of answers that others recorded, read through the door of saved answers: each session is an account.
fn recorded(place: &Place, folder: &Path, inventoried: &Path) -> Told {
    inventory(place, inventoried);
    let mut sessions: Vec<_> = fs::read_dir(folder.join("cloud-custodian-placebo/tests/data/placebo"))
        .expect("the sessions")
        .map(|entry| entry.expect("a session").path())
        .filter(|path| path.is_dir())
        .collect();
    sessions.sort();
    let mut seen: BTreeMap<(String, String), usize> = BTreeMap::new();
    for (number, session) in sessions.iter().enumerate() {
        let answers = answers(session);
        let of = |answer: &(String, String, Value)| (answer.0.clone(), answer.1.clone());
        if answers.iter().all(|answer| seen.get(&of(answer)).is_some_and(|count| *count >= SESSIONS_MAX)) {
            continue;
        }
        let account = (FIRST_ACCOUNT + number).to_string();
        let texts: Vec<String> = answers.iter().map(|(.., data)| data.to_string()).collect();
        // Most were recorded of the same accounts: under one ARN each thing would be there once, as one session saw it.
        let recorded_as = account_of(&texts).unwrap_or_else(|| account.clone());
        for (answer, text) in answers.iter().zip(&texts) {
            *seen.entry(of(answer)).or_default() += 1;
            let (service, operation, _) = answer;
            let file = format!("saved/{account}/{REGION}/{service}_{operation}.json");
            place.write(&file, text.replace(&recorded_as, &account));
        }
    }
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    told(&place.run(&["--json", "check", "--no-keep"]).ok().json())
}

/// The answers that the tests of fixinventory have: the first to each call are one account, the second ones another.
fn inventory(place: &Place, folder: &Path) {
    let mut seen: BTreeMap<String, usize> = BTreeMap::new();
    for file in files(&folder.join("fixinventory/plugins/aws/test/resources/files"), ".json") {
        let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
        let (stem, service) = (part(file.file_stem()), part(file.parent().and_then(Path::file_name)));
        // What an answer is about stands behind two underscores, spelled so that it cannot be read back.
        let operation = stem.split("__").next().unwrap_or_default();
        let call = format!("{}_{operation}", service.replace('_', "-"));
        let number = seen.entry(call.clone()).or_default();
        let account = (INVENTORY_ACCOUNT + *number).to_string();
        *number += 1;
        let text = fs::read_to_string(&file).expect("an answer");
        // Things of several types have the same word in the place of an ARN: which of them is kept would be left to chance.
        if text.to_lowercase().contains(r#"arn": "foo""#) {
            continue;
        }
        let text = EXAMPLE_ACCOUNTS.iter().fold(text, |text, own| text.replace(own, &account));
        place.write(&format!("saved/{account}/{REGION}/{call}.json"), text);
    }
}

/// What checks say of the answers that the provider publishes as examples of its command line: the first answers to all calls are one
/// account, the second ones another. What is no JSON is left out.
fn examples(place: &Place, folder: &Path) -> Told {
    for file in files(folder, ".rst") {
        let part = |path: Option<&std::ffi::OsStr>| path.unwrap_or_default().to_string_lossy().into_owned();
        let (operation, service) = (part(file.file_stem()), part(file.parent().and_then(Path::file_name)));
        if !["describe-", "list-", "get-", "batch-get-"].iter().any(|verb| operation.starts_with(verb)) {
            continue;
        }
        let text = fs::read_to_string(&file).expect("an example").replace("\r\n", "\n");
        let answers = published::outputs(&text);
        let answers =
            answers.iter().filter(|answer| serde_json::from_str::<Map<String, Value>>(answer).is_ok());
        for (number, answer) in answers.enumerate() {
            let account = (FIRST_ACCOUNT + number).to_string();
            let answer =
                EXAMPLE_ACCOUNTS.iter().fold(answer.clone(), |text, own| text.replace(own, &account));
            place.write(&format!("saved/{account}/{REGION}/{service}_{operation}.json"), answer);
        }
    }
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
    told(&place.run(&["--json", "check", "--no-keep"]).ok().json())
}

/// What checks say of pairs that `tools/estate/twins.py` makes in a live moto.
fn twins() -> Option<Told> {
    let moto = Moto::start()?;
    let seeded = Command::new(python()?)
        .arg(tools().join("twins.py"))
        .args(["--endpoint", &moto.url])
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(seeded.status.success(), "{}", String::from_utf8_lossy(&seeded.stderr));
    let place = Place::asking(&moto.url);
    place.run(&["scan", "--regions", REGION, "--quiet"]).ok();
    Some(told(&place.run(&["--json", "check", "--no-keep"]).ok().json()))
}

/// What checks say of templates that others published.
fn templates(place: &Place, guard: &Path, trivy: &Path) -> Told {
    let mut texts: BTreeSet<String> = BTreeSet::new();
    for file in files(&guard.join("aws-guard-rules/rules"), "_tests.yml") {
        let tests = tree("tests", &fs::read_to_string(&file).expect("a file")).expect("YAML");
        texts.extend(tests.as_array().expect("a list").iter().map(|test| test["input"].to_string()));
    }
    for file in files(&trivy.join("trivy-checks/checks/cloud/aws"), ".yaml") {
        let snippets = tree("snippets", &fs::read_to_string(&file).expect("a file")).expect("YAML");
        for kind in ["good", "bad"] {
            let all = snippets["cloudformation"][kind].as_array().map(Vec::as_slice).unwrap_or_default();
            texts.extend(all.iter().filter_map(Value::as_str).map(str::to_owned));
            let all = snippets["terraform"][kind].as_array().map(Vec::as_slice).unwrap_or_default();
            let plans = all.iter().filter_map(|text| terraform::plan(text.as_str()?).ok());
            texts.extend(plans.map(|plan| plan.to_string()));
        }
    }
    for (number, text) in texts.iter().enumerate() {
        let ending = if text.starts_with('{') { "json" } else { "yaml" };
        place.write(&format!("templates/{number:04}.{ending}"), text);
    }
    // Some of them cannot be read, which the command says; the others count.
    told(&place.run(&["--json", "check", "templates"]).json())
}

/// What checks say of the examples of the documentation of Terraform's provider.
fn documented(place: &Place) -> Option<Told> {
    let maps = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/declared/terraform");
    let printed = Command::new(python()?)
        .arg(tools().join("../examples/documented.py"))
        .arg(maps)
        .env("PYTHONDONTWRITEBYTECODE", "1")
        .output()
        .expect("the peers' Python starts");
    assert!(printed.status.success(), "{}", String::from_utf8_lossy(&printed.stderr));
    let texts: Vec<String> = serde_json::from_slice(&printed.stdout).expect("a list of texts");
    let mut plans = 0;
    for (number, text) in texts.iter().enumerate() {
        if let Ok(plan) = terraform::plan(text) {
            place.write(&format!("documented/{number:04}.json"), plan.to_string());
            plans += 1;
        }
    }
    assert!(plans * 100 >= texts.len() * 98 && plans > 300, "{plans} of {} examples are plans", texts.len());
    // Some are not for this command to read, such as a bucket without a name, which it says; the others count.
    Some(told(&place.run(&["--json", "check", "documented"]).json()))
}

/// What checks say of Kubernetes objects that others published, or listed in a cluster of theirs.
fn manifests(place: &Place, trivy: &Path, inventoried: &Path) -> Told {
    for file in files(&inventoried.join("fixinventory/plugins/k8s/test/files"), ".json") {
        let name = file.file_name().unwrap_or_default().to_string_lossy().into_owned();
        place.write(&format!("manifests/cluster/{name}"), fs::read(&file).expect("a list"));
    }
    let texts: BTreeSet<String> = rego::cases(trivy).into_iter().map(|(_, _, text, _)| text).collect();
    for (number, text) in texts.iter().enumerate() {
        place.write(&format!("manifests/{number:04}.yaml"), text);
    }
    told(&place.run(&["--json", "check", "manifests"]).json())
}

#[test]
fn checks_are_proven_against_real_documents() {
    let (first, second, third) = (Place::new(), Place::new(), Place::new());
    let (Some(guard), Some(trivy), Some(cloud), Some(inventoried)) = (
        unpacked(&first, "posture/aws-guard-rules"),
        unpacked(&second, "posture/trivy-check-snippets"),
        unpacked(&third, "cloud/aws-recorded-responses"),
        unpacked(&third, "cloud/azure-k8s-responses"),
    ) else {
        return;
    };
    let fourth = Place::new();
    let (Some(twins), Some(published), Some(documented)) =
        (twins(), published::directory(), documented(&fourth))
    else {
        return;
    };
    let by_kind = [
        told(&sample().run(&["--json", "check", "--no-keep"]).ok().json()),
        twins,
        recorded(&third, &cloud, &inventoried),
        examples(&Place::new(), &published),
        templates(&first, &guard, &trivy),
        documented,
        manifests(&second, &trivy, &inventoried),
    ];
    let text = page(&by_kind);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/check-proofs.md");
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        fs::write(&path, &text).expect("the page is written");
    }
    assert!(
        fs::read_to_string(&path).unwrap_or_default() == text,
        "docs/check-proofs.md is not what the documents say; run `UPDATE_DOCS=1 cargo test -p fathom --test it proofs`"
    );
}

fn page(by_kind: &[Told; 7]) -> String {
    let ids: BTreeSet<&String> = by_kind.iter().flat_map(BTreeMap::keys).collect();
    let of = |id: &str| by_kind.each_ref().map(|told| told.get(id).copied().unwrap_or_default());
    let named = |wanted: &dyn Fn(&[Answers; 7]) -> bool| -> Vec<String> {
        ids.iter().filter(|id| wanted(&of(id))).map(|id| format!("`{id}`")).collect()
    };
    let listed = |all: &[String]| if all.is_empty() { "None.".to_owned() } else { all.join(", ") };
    let without = named(&|all| all.iter().all(|one| one.all() == 0));
    let undecided =
        named(&|all| all.iter().any(|one| one.all() > 0) && all.iter().all(|one| one.pass + one.fail == 0));
    let mut out = format!(
        "# Which real documents prove the checks\n\n\
         The tests that each check carries are written by hand. This page says on which documents that nobody wrote for it each check answered, and \
         what. It is made by\n`UPDATE_DOCS=1 cargo test -p fathom --test it proofs`.\n\n\
         - **sample**: the recorded estate that `fathom scan --sample` reads (`content/sample`).\n\
         - **pairs**: a live moto in which `tools/estate/twins.py` makes of most kinds one as it should be and one as it should not; the documents are moto's.\n\
         - **recorded**: answers of AWS that the tests of cloud-custodian recorded of real accounts, read by `fathom import aws-json`; each session is an \
         account, whose number takes the place of the one that was recorded, and what it did not record is unknown. Of each operation the first \
         {SESSIONS_MAX} sessions are read. Beside them those that the tests of fixinventory have.\n\
         - **published**: answers that AWS publishes as examples with its command line (awscli), read by `fathom import aws-json`: the first answers to all \
         calls are one account, the second ones another. Most are about different things, so much is unknown.\n\
         - **templates**: the CloudFormation cases of aws-guard-rules-registry and of Trivy's checks, and the Terraform snippets of the latter as plans, \
         read by `fathom check`.\n\
         - **documented**: the examples of the documentation of Terraform's provider for AWS, as Pulumi's package for Python has them, as plans \
         (`tools/examples/documented.py`), read by `fathom check`.\n\
         - **manifests**: the Kubernetes objects of the examples and tests of Trivy's checks, and the objects of a \
         cluster as fixinventory listed them, read by `fathom check`.\n\n\
         Of {} checks, {} have no real document at all, and {} have some but were never decided by them: each answer is unknown, or the check is not about \
         the document.\n\n\
         ## Without a real document\n\n{}\n\n## Never decided\n\n{}\n\n## All\n\n\
         Numbers are pass / fail / unknown / not applicable.\n\n\
         | check | sample | pairs | recorded | published | templates | documented | manifests |\n| --- | --- | --- | --- | --- | --- | --- | --- |\n",
        ids.len(),
        without.len(),
        undecided.len(),
        listed(&without),
        listed(&undecided),
    );
    for id in &ids {
        let _ = writeln!(out, "| `{id}` | {} |", of(id).map(Answers::cell).join(" | "));
    }
    out
}
