//! Whether checks of code say what rules of others say of the cases that these bring: rules of AWS for `cfn-guard`, snippets of
//! Trivy's checks and the tests of those about Kubernetes. `docs/check-agreement.md` is made from it; `UPDATE_DOCS=1` renews it. What
//! CloudFormation or Terraform would refuse is not counted: `tools/agreement` makes the lists of it, out of the cases that
//! `FATHOM_CASES=FOLDER` has written there.

mod page;
pub(crate) mod rego;
pub(crate) mod terraform;

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fathom_estate::declared::template::tree;

use crate::harness::Place;

/// Which of our checks ask what a rule asks.
const RULES: &str = include_str!("agreement/rules.tsv");
/// Which templates CloudFormation would refuse, and the rules of cfn-lint that say so.
const REFUSED: &str = include_str!("agreement/refused.tsv");
/// Which plans Terraform would refuse, and why.
const REFUSED_PLANS: &str = include_str!("agreement/refused_plans.tsv");
/// Of the rules that ask the same, so many in a hundred agree on all cases at least.
const FLOOR_PERCENT: usize = 90;
/// The source whose cases are Kubernetes manifests.
const OF_MANIFESTS: &str = "trivy-kubernetes";
/// What files of cases in Terraform have in their names.
const OF_TERRAFORM: &str = "-terraform-";

/// A rule of others.
struct Rule {
    source: &'static str,
    name: &'static str,
    checks: Vec<&'static str>,
    /// Whether it asks the same as our checks.
    is_same: bool,
    /// Why answers differ.
    why: &'static str,
}

/// A case of a rule.
struct Case {
    rule: usize,
    name: String,
    expected: &'static str,
    /// The file that it is written to.
    file: String,
}

/// How a rule and our checks stand to each other.
#[derive(Default)]
struct Told {
    cases: usize,
    agree: usize,
    differ: Vec<String>,
    /// Cases that are not counted, with what says so.
    refused: Vec<String>,
    /// How many of these agree all the same.
    refused_agree: usize,
}

/// What is not asked, and why.
type LeftOut = BTreeMap<String, usize>;

fn rules() -> Vec<Rule> {
    let lines = RULES.lines().filter(|line| !line.starts_with('#') && !line.is_empty());
    let rules = lines.map(|line| {
        let parts: Vec<&'static str> = line.split('\t').collect();
        let [source, name, checks, kind, why] = parts.as_slice() else { panic!("not five columns: {line}") };
        assert!(["same", "near"].contains(kind), "{line}");
        Rule { source, name, checks: checks.split(',').collect(), is_same: *kind == "same", why: why.trim() }
    });
    rules.collect()
}

/// Why CloudFormation would refuse a template, or Terraform a plan, by its file.
fn refused() -> BTreeMap<&'static str, &'static str> {
    let lines = REFUSED.lines().chain(REFUSED_PLANS.lines()).filter(|line| !line.starts_with('#'));
    lines.map(|line| line.split_once('\t').unwrap_or_else(|| panic!("not two columns: {line}"))).collect()
}

/// An archive of the public data unpacked; none where the data is not here.
pub(crate) fn unpacked(place: &Place, archive: &str) -> Option<PathBuf> {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(path) => PathBuf::from(path),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let Ok(packed) = fs::read(shared.join(format!("{archive}.tar.zst"))) else {
        println!("skipped: {archive} of the public data is not on this machine");
        return None;
    };
    place.write("all.tar", zstd::decode_all(packed.as_slice()).expect("zstd"));
    let unpacked = Command::new("tar").arg("-xf").arg("all.tar").current_dir(place.path()).status();
    assert!(unpacked.expect("tar").success(), "{archive} cannot be unpacked");
    Some(place.path().to_owned())
}

/// All files below a folder whose names end so, in order.
pub(crate) fn files(folder: &Path, ending: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut left = vec![folder.to_owned()];
    while let Some(folder) = left.pop() {
        for entry in fs::read_dir(&folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                left.push(path);
            } else if path.to_string_lossy().ends_with(ending) {
                found.push(path);
            }
        }
    }
    found.sort();
    found
}

/// The cases of rules for `cfn-guard`: templates with what each rule says of them.
fn guard(folder: &Path, rules: &[Rule], place: &Place, cases: &mut Vec<Case>, left_out: &mut LeftOut) {
    for file in files(&folder.join("aws-guard-rules/rules"), "_tests.yml") {
        let name = file.display().to_string();
        let tests = tree(&name, &fs::read_to_string(&file).expect("a file")).expect("YAML");
        for (number, test) in tests.as_array().expect("a list of cases").iter().enumerate() {
            let expected = test["expectations"]["rules"].as_object().expect("expectations");
            for (rule, expected) in expected {
                let Some(at) = rules.iter().position(|one| one.source == "guard" && one.name == rule) else {
                    *left_out
                        .entry("cases of cfn-guard of rules without a counterpart".to_owned())
                        .or_default() += 1;
                    continue;
                };
                let input = &test["input"];
                if input["Resources"].as_object().is_none_or(serde_json::Map::is_empty) {
                    *left_out
                        .entry("templates without resources, which are refused as no templates".to_owned())
                        .or_default() += 1;
                    continue;
                }
                if input.to_string().contains("SuppressedRules")
                    || input.to_string().contains("rules_to_suppress")
                {
                    *left_out.entry("cases that other tools are told to leave out by words of their own in `Metadata`".to_owned()).or_default() += 1;
                    continue;
                }
                let expected = match expected.as_str() {
                    Some("PASS") => "pass",
                    Some("FAIL") => "fail",
                    Some("SKIP") => "skip",
                    other => panic!("{name}: {other:?} is expected"),
                };
                let mut file = format!("cases/guard-{rule}-{number:03}.json");
                // Another file may have cases of the same rule.
                if cases.iter().any(|case| case.file == file) {
                    file = format!("cases/guard-{rule}-{number:03}-again.json");
                }
                place.write(&file, input.to_string());
                cases.push(Case { rule: at, name: format!("case {}", number + 1), expected, file });
            }
        }
    }
}

/// The snippets of Trivy's checks: good ones and bad ones.
fn trivy(folder: &Path, rules: &[Rule], place: &Place, cases: &mut Vec<Case>, left_out: &mut LeftOut) {
    let checks = folder.join("trivy-checks/checks/cloud/aws");
    for file in files(&checks, ".yaml") {
        let name = file.strip_prefix(&checks).expect("below").with_extension("").display().to_string();
        let snippets = tree(&name, &fs::read_to_string(&file).expect("a file")).expect("YAML");
        let at = rules.iter().position(|one| one.source == "trivy" && one.name == name);
        for (language, ending) in [("cloudformation", "yaml"), ("terraform", "json")] {
            for (kind, expected) in [("good", "pass"), ("bad", "fail")] {
                let all = snippets[language][kind].as_array().map(Vec::as_slice).unwrap_or_default();
                for (number, snippet) in all.iter().enumerate() {
                    let text = snippet.as_str().expect("a text");
                    let Some(at) = at else {
                        *left_out
                            .entry("snippets of Trivy of checks without a counterpart".to_owned())
                            .or_default() += 1;
                        continue;
                    };
                    let text = match language {
                        "cloudformation" => Ok(text.to_owned()),
                        _ => match terraform::plan(text) {
                            Ok(plan) => Ok(plan.to_string()),
                            Err(_) => Err("snippets in Terraform that are no HCL".to_owned()),
                        },
                    };
                    match text {
                        Ok(text) => {
                            let slug = name.replace('/', "-");
                            let file = format!("cases/trivy-{slug}-{language}-{kind}-{number:03}.{ending}");
                            place.write(&file, text);
                            let name = format!("{language}, {kind} {}", number + 1);
                            cases.push(Case { rule: at, name, expected, file });
                        }
                        Err(why) => *left_out.entry(why).or_default() += 1,
                    }
                }
            }
        }
    }
}

/// The examples and the tests of Trivy's checks of Kubernetes.
fn manifests(folder: &Path, rules: &[Rule], place: &Place, cases: &mut Vec<Case>, left_out: &mut LeftOut) {
    for (name, number, text, expected) in rego::cases(folder) {
        let Some(at) = rules.iter().position(|one| one.source == OF_MANIFESTS && one.name == name) else {
            *left_out.entry("manifests of Trivy of checks without a counterpart".to_owned()).or_default() +=
                1;
            continue;
        };
        let file = format!("cases/trivy-kubernetes-{name}-{number:03}.yaml");
        place.write(&file, text);
        cases.push(Case { rule: at, name: format!("case {}", number + 1), expected, file });
    }
}

/// What the file of a case is called.
fn name_of(case: &Case) -> &str {
    case.file.rsplit('/').next().unwrap_or_default()
}

/// What our checks say of a case: the worst of what each says of each resource; none where nothing was asked.
fn verdict(rule: &Rule, found: &BTreeSet<(String, String)>) -> &'static str {
    let says = |status: &str| {
        rule.checks.iter().any(|check| found.contains(&((*check).to_owned(), status.to_owned())))
    };
    ["fail", "unknown", "pass"].into_iter().find(|status| says(status)).unwrap_or("skip")
}

#[test]
fn checks_of_code_agree_with_rules_of_others() {
    let (place, rules) = (Place::new(), rules());
    let (mut cases, mut left_out) = (Vec::new(), LeftOut::new());
    let Some(folder) = unpacked(&place, "posture/aws-guard-rules") else { return };
    guard(&folder, &rules, &place, &mut cases, &mut left_out);
    let Some(folder) = unpacked(&place, "posture/trivy-check-snippets") else { return };
    trivy(&folder, &rules, &place, &mut cases, &mut left_out);
    manifests(&folder, &rules, &place, &mut cases, &mut left_out);

    if let Some(folder) = std::env::var_os("FATHOM_CASES").map(PathBuf::from) {
        let plans = folder.join("plans");
        fs::create_dir_all(&plans).expect("a folder of plans");
        for case in cases.iter().filter(|case| rules[case.rule].source != OF_MANIFESTS) {
            let to = if case.file.contains(OF_TERRAFORM) { &plans } else { &folder };
            fs::copy(place.path().join(&case.file), to.join(name_of(case))).expect("a case is written");
        }
        println!("{} cases are in {}; nothing was compared", cases.len(), folder.display());
        return;
    }
    let refused = refused();
    let written: BTreeSet<&str> = cases.iter().map(name_of).collect();
    let old: Vec<_> = refused.keys().filter(|name| !written.contains(*name)).collect();
    assert!(old.is_empty(), "{old:?} are no cases: make the list of what is refused anew");

    let checks: BTreeSet<&str> = rules.iter().flat_map(|rule| rule.checks.iter().copied()).collect();
    let mut arguments = vec!["--json", "check", "cases"];
    for status in ["fail", "unknown", "pass", "not-applicable"] {
        arguments.extend(["--status", status]);
    }
    for check in &checks {
        arguments.extend(["--check", check]);
    }
    let ran = place.run(&arguments);
    if std::env::var_os("SHOW").is_some() {
        println!("{}", ran.err);
    }
    let report = ran.json();
    let mut by_file: BTreeMap<&str, BTreeSet<(String, String)>> = BTreeMap::new();
    let mut missing: BTreeMap<(&str, &str), String> = BTreeMap::new();
    for finding in report["findings"].as_array().expect("findings") {
        let text = |name: &str| finding[name].as_str().expect("a text");
        let (file, check) = (text("file"), text("check"));
        by_file.entry(file).or_default().insert((check.to_owned(), text("status").to_owned()));
        if !finding["missing"].is_null() {
            missing.entry((file, check)).or_default().push_str(&finding["missing"].to_string());
        }
    }
    let mut told: Vec<Told> = rules.iter().map(|_| Told::default()).collect();
    let nothing = BTreeSet::new();
    for case in &cases {
        let (rule, told) = (&rules[case.rule], &mut told[case.rule]);
        let found = by_file.get(case.file.as_str()).unwrap_or(&nothing);
        let says = verdict(rule, found);
        // A good case is one of which nothing is to be said, by itself or since the check is not about it: neither source has a
        // word for the second. What guard's own tests expect to be left out is there where nothing was asked.
        let is_not_about = case.expected == "pass"
            && says == "skip"
            && found.iter().any(|(check, _)| rule.checks.contains(&check.as_str()));
        let agrees = says == case.expected || is_not_about;
        if let Some(why) = refused.get(name_of(case)) {
            told.refused.push(format!("{} ({})", case.name, why.replace(',', ", ")));
            told.refused_agree += usize::from(agrees);
            continue;
        }
        told.cases += 1;
        if agrees {
            told.agree += 1;
        } else {
            told.differ.push(format!("{}: {} expected, {says}", case.name, case.expected));
            if std::env::var_os("SHOW").is_some() {
                let missing: Vec<_> = rule
                    .checks
                    .iter()
                    .filter_map(|check| missing.get(&(case.file.as_str(), *check)))
                    .collect();
                println!(
                    "{} {} {}: {} expected, {says} {missing:?}",
                    rule.source, rule.name, case.file, case.expected
                );
            }
        }
    }
    let text = page::page(&rules, &told, &left_out);
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/check-agreement.md");
    if std::env::var("UPDATE_DOCS").is_ok_and(|value| value == "1") {
        fs::write(&path, &text).expect("the document is written");
    }
    for (rule, told) in rules.iter().zip(&told) {
        assert!(told.cases + told.refused.len() > 0, "{} {} has no case", rule.source, rule.name);
        assert!(
            told.differ.is_empty() || !rule.why.is_empty(),
            "{} {}: {:?} without a reason",
            rule.source,
            rule.name,
            told.differ
        );
    }
    for of_manifests in [false, true] {
        let (agree, all) = page::agreeing(&rules, &told, of_manifests);
        assert!(agree * 100 >= FLOOR_PERCENT * all, "{agree} of {all} rules agree fully");
    }
    let there = fs::read_to_string(&path).unwrap_or_default();
    assert!(
        there == text,
        "docs/check-agreement.md is not what the cases say; run `UPDATE_DOCS=1 cargo test -p fathom --test it agreement`"
    );
}
