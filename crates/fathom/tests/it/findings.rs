//! Findings that live: what changes from check to check, what people accept, and the forms for programs.

use std::{
    collections::BTreeMap,
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fathom_testkit::moto::python;
use jiff::{ToSpan, Zoned};
use serde_json::{Value, json};

use crate::harness::{Place, copy_dir, sample};

const ACCOUNT: &str = "111111111111";
const CHECK: &str = "ec2_volume_encrypted";

/// A day some days from today, as people write it.
fn in_days(days: i64) -> String {
    Zoned::now().date().saturating_add(days.days()).to_string()
}

/// An account with these disks and nothing else; each has its id and whether it is encrypted.
fn seen(place: &Place, disks: &[(&str, bool)]) {
    let volumes: Vec<Value> = disks
        .iter()
        .map(|(id, encrypted)| {
            json!({"VolumeId": id, "State": "in-use", "Encrypted": encrypted, "Size": 8, "VolumeType": "gp3",
                "Tags": [{"Key": "stage", "Value": "test"}, {"Key": "owner", "Value": "core"}]})
        })
        .collect();
    let file = format!("saved/{ACCOUNT}/eu-west-1/ec2-describe-volumes.json");
    place.write(&file, json!({ "Volumes": volumes }).to_string());
    place.run(&["import", "aws-json", "saved", "--quiet"]).ok();
}

/// Runs the check, and says how many it found new, back and fixed.
fn checked(place: &Place) -> [u64; 3] {
    let told = place.run(&["--json", "check", "--check", CHECK]).ok().json();
    assert_eq!(told["kept"]["kept"], true, "{}", told["kept"]);
    ["opened", "reopened", "fixed"].map(|word| told["kept"]["changes"][word].as_u64().expect("a count"))
}

fn listed(place: &Place, more: &[&str]) -> Vec<Value> {
    let all = ["--state", "open", "--state", "reopened", "--state", "accepted", "--state", "fixed"];
    let mine = if more.is_empty() { &all[..] } else { more };
    let told = place.run(&[&["--json", "findings"], mine].concat()).ok().json();
    told["findings"].as_array().expect("findings").clone()
}

fn of<'v>(findings: &'v [Value], ending: &str) -> &'v Value {
    let found = findings.iter().find(|one| one["resource"].as_str().is_some_and(|arn| arn.ends_with(ending)));
    found.unwrap_or_else(|| panic!("no finding of {ending} in {findings:?}"))
}

#[test]
fn what_is_mended_between_two_scans_is_fixed_and_comes_back() {
    let place = Place::new();
    seen(&place, &[("vol-a", false), ("vol-b", false), ("vol-c", true)]);
    assert_eq!(checked(&place), [2, 0, 0]);
    assert_eq!(checked(&place), [0, 0, 0], "the same again changes nothing");
    let first = listed(&place, &[]);
    assert_eq!(first.len(), 2, "{first:?}");
    let a = of(&first, "vol-a").clone();
    assert_eq!(
        (&a["state"], &a["severity"], &a["confirmed"]),
        (&json!("open"), &json!("medium"), &json!(true))
    );

    seen(&place, &[("vol-a", true), ("vol-b", false), ("vol-c", true)]);
    // A check of something else says nothing of it.
    place.run(&["check", "--check", "ec2_eip_used", "--account", ACCOUNT]).ok();
    assert_eq!(of(&listed(&place, &[]), "vol-a")["state"], "open");
    assert_eq!(checked(&place), [0, 0, 1]);
    let fixed = of(&listed(&place, &["--state", "fixed"]), "vol-a").clone();
    assert_eq!((&fixed["id"], &fixed["fixed_by"]), (&a["id"], &json!("passes")));
    assert_eq!((&fixed["first_seen"], &fixed["due"]), (&a["first_seen"], &Value::Null));

    seen(&place, &[("vol-a", false), ("vol-c", true)]);
    assert_eq!(checked(&place), [0, 1, 1], "one is back, one is gone");
    let now = listed(&place, &[]);
    assert_eq!(
        (&of(&now, "vol-a")["state"], &of(&now, "vol-a")["reopened"]),
        (&json!("reopened"), &json!(1))
    );
    assert_eq!(
        (&of(&now, "vol-b")["state"], &of(&now, "vol-b")["fixed_by"]),
        (&json!("fixed"), &json!("gone"))
    );
    let id = a["id"].as_str().expect("an id");
    let told = place.run(&["--json", "findings", "show", &id[..8]]).ok().json();
    let history: Vec<&str> =
        told["history"].as_array().expect("events").iter().filter_map(|one| one["what"].as_str()).collect();
    assert_eq!(history, ["opened", "fixed", "reopened"]);
    assert!(told["fix"]["cli"].as_str().is_some_and(|fix| fix.contains("aws ec2")), "{told}");
    let text = place.run(&["findings", "show", id]).ok().out;
    for wanted in
        ["Encrypted is false", "fix on the command line", "reopened (scan 3)", "fixed: the check passes"]
    {
        assert!(text.contains(wanted), "no `{wanted}` in:\n{text}");
    }
    let entries = place.run(&["ledger", "list", "--limit", "50", "--json"]).ok().json();
    let kinds = entries.as_array().expect("entries").iter().map(|one| one["entry"]["kind"].clone());
    assert_eq!(kinds.filter(|kind| kind == "findings.checked").count(), 5);
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn what_is_accepted_closes_no_gate_until_that_is_withdrawn() {
    let place = Place::new();
    seen(&place, &[("vol-a", false), ("vol-b", false)]);
    let gate = ["check", "--check", CHECK, "--fail-on", "medium"];
    place.run(&gate).code(3);
    let id = of(&listed(&place, &[]), "vol-a")["id"].as_str().expect("an id").to_owned();
    let until = in_days(30);
    let accept = |what: &[&str]| {
        let why = ["--reason", "only test data", "--approver", "k.lee", "--until", &until];
        place.run(&[&["findings", "accept"], what, &why[..]].concat())
    };
    let told = accept(&[&id[..6]]).ok().out;
    assert!(told.contains(&format!("accepted until {until}: finding {id}; 1 finding now")), "{told}");
    let one = of(&listed(&place, &["--state", "accepted"]), "vol-a").clone();
    assert_eq!((&one["accepted"]["approver"], &one["accepted"]["by"]), (&json!("k.lee"), &json!("tester")));
    assert_eq!((&one["overdue"], one["due"].is_string()), (&json!(false), true));
    place.run(&gate).code(3);
    // A rule takes the other one too: by its tag.
    let told = accept(&["--check", "ec2_volume_*", "--tag", "stage=te*"]).ok().out;
    assert!(told.contains("2 findings now"), "{told}");
    let told = place.run(&gate).ok().out;
    assert!(told.contains("2 that fail are accepted until a date and close no gate"), "{told}");
    assert!(listed(&place, &["--overdue"]).is_empty());
    let exceptions = place.run(&["--json", "findings", "exceptions"]).ok().json();
    assert_eq!(exceptions.as_array().map(Vec::len), Some(2));
    let rule = exceptions[0]["id"].to_string();
    place.run(&["findings", "withdraw", &rule, "--reason", "not agreed"]).ok();
    place
        .run(&["findings", "withdraw", &rule, "--reason", "not agreed"])
        .code(1)
        .says(&["no exception that holds", &rule]);
    place.run(&gate).code(3);
    assert!(place.run(&["findings", "exceptions", "--all"]).ok().out.contains("not agreed"));
    place.run(&["ledger", "verify"]).ok();
}

#[test]
fn what_makes_no_sense_is_refused_and_changes_nothing() {
    let place = Place::new();
    seen(&place, &[("vol-a", false)]);
    assert!(place.run(&["findings"]).ok().out.contains("No check was kept yet"));
    assert_eq!(checked(&place), [1, 0, 0]);
    let id = of(&listed(&place, &[]), "vol-a")["id"].as_str().expect("an id").to_owned();
    let before = place.run(&["ledger", "status", "--json"]).ok().json();
    let soon = in_days(3);
    let with = |what: &[&str], until: &str, reason: &str| {
        place.run(
            &[&["findings", "accept"], what, &["--reason", reason, "--approver", "k", "--until", until]]
                .concat(),
        )
    };
    with(&["abc"], &soon, "r").code(1).says(&["at least 4 characters"]);
    with(&["ffffffffffff"], &soon, "r").code(1).says(&["no finding has an id"]);
    with(&[&id], "2020-01-31", "r").code(1).says(&["ends before it begins"]);
    with(&[&id], "2999-01-31", "r").code(1).says(&["366 days at most"]);
    with(&[&id], &soon, " ").code(1).says(&["--reason is empty"]);
    with(&["--tag", "stage"], &soon, "r").code(1).says(&["KEY=VALUE"]);
    with(&["--check", "*"], &soon, "r").code(1).says(&["every finding"]);
    with(&[], &soon, "r").code(2).says(&["required"]);
    with(&[&id, "--check", "x*"], &soon, "r").code(2).says(&["cannot be used with"]);
    place
        .run(&["findings", "--check", "ec2_volume_encrypt"])
        .code(1)
        .says(&["did you mean ec2_volume_encrypted"]);
    place.run(&["findings", "show", "ffffffffffff"]).code(1).says(&["no finding has an id"]);
    assert_eq!(place.run(&["ledger", "status", "--json"]).ok().json(), before);
    // Where another process writes, a check answers all the same and says that it kept nothing.
    let lock = fs::OpenOptions::new().write(true).open(place.data().join("fathom.lock")).expect("the lock");
    lock.lock().expect("nobody else has it");
    let told = place.run(&["check", "--check", CHECK]).ok().out;
    assert!(told.contains("findings were not kept") && told.contains("in use by another"), "{told}");
}

/// A copy of the sample in which everything was checked once. Only for commands that read.
fn checked_sample() -> &'static Place {
    static PLACE: std::sync::OnceLock<Place> = std::sync::OnceLock::new();
    PLACE.get_or_init(|| {
        let place = Place::new();
        copy_dir(&sample().data(), &place.data());
        place.run(&["check", "--limit", "0"]).ok();
        place
    })
}

#[test]
fn what_an_intruder_passes_comes_first_and_each_says_why() {
    let place = checked_sample();
    let told = place.run(&["--json", "findings"]).ok().json();
    let all = told["findings"].as_array().expect("findings");
    let failing = place.run(&["--json", "check", "--no-keep", "--status", "fail"]).ok().json();
    assert_eq!(all.len() as u64, failing["counts"]["fail"].as_u64().expect("a count"));
    let level = |one: &Value| match one["way"]["level"].as_str() {
        Some("yes") => 0,
        Some("only_if") => 1,
        Some("unknown") => 2,
        _ => 3,
    };
    let levels: Vec<u8> = all.iter().map(level).collect();
    assert!(levels.is_sorted() && levels.contains(&3) && levels[0] < 3, "{levels:?}");
    for one in all {
        let because = one["because"].as_str().expect("a reason");
        let severity = one["severity"].as_str().expect("a severity");
        assert!(because.ends_with(&format!("{severity} severity")) && !because.contains('\n'), "{because}");
    }
    // What is told of a way is a story of `fathom paths`.
    let paths = place.run(&["--json", "paths"]).ok().json();
    let ends: Vec<&str> = paths["paths"]["stories"]
        .as_array()
        .expect("stories")
        .iter()
        .filter_map(|one| one["to"]["id"].as_str())
        .collect();
    let first = all[0]["way"]["to"].as_str().expect("an end");
    let lost = paths["paths"].to_string();
    let id = first.rsplit(' ').next().expect("an id");
    assert!(ends.contains(&id) || lost.contains(id), "{first}");
    // By severity nothing is worked out of ways.
    let plain = place.run(&["--json", "findings", "--order", "severity", "--severity", "high"]).ok().json();
    let severities: Vec<&str> = plain["findings"]
        .as_array()
        .expect("findings")
        .iter()
        .filter_map(|one| one["severity"].as_str())
        .collect();
    assert!(severities.is_sorted() && severities.contains(&"critical") && !severities.contains(&"low"));
    assert_eq!(plain["findings"][0]["because"], Value::Null);
}

#[test]
fn programs_get_every_finding_in_the_form_they_ask_for() {
    let place = checked_sample();
    let only = ["--order", "severity", "--owner", "payments"];
    let count = listed(place, &only).len();
    assert!(count > 5, "{count}");
    let csv = place.run(&[&["findings", "--csv"], &only[..]].concat()).ok().out;
    assert_eq!(csv.lines().count(), count + 1);
    let (sarif, junit) = (place.path().join("f.sarif"), place.path().join("f.xml"));
    let files = ["--sarif", "f.sarif", "--junit", "f.xml"];
    place.run(&[&["findings"], &only[..], &files[..]].concat()).ok();
    let log: Value = serde_json::from_slice(&fs::read(&sarif).expect("a log")).expect("JSON");
    assert_eq!(log["runs"][0]["results"].as_array().map(Vec::len), Some(count));
    let cases = fs::read_to_string(&junit).expect("a report").matches("<testcase").count();
    assert_eq!(cases, count);
    assert_eq!(ocsf(place, &only).len(), count);
}

fn ocsf(place: &Place, more: &[&str]) -> Vec<Value> {
    let out = place.run(&[&["findings", "--ocsf"], more].concat()).ok().out;
    out.lines().map(|line| serde_json::from_str(line).expect("a JSON object on each line")).collect()
}

#[test]
fn ocsf_events_have_what_the_class_demands() {
    let events = ocsf(checked_sample(), &["--order", "severity"]);
    for event in &events {
        // Those of base event, finding and compliance finding that are required.
        for path in [
            "/activity_id",
            "/category_uid",
            "/class_uid",
            "/type_uid",
            "/time",
            "/severity_id",
            "/metadata/version",
            "/metadata/product/vendor_name",
            "/finding_info/uid",
            "/compliance",
            "/cloud/provider",
            "/remediation/desc",
        ] {
            assert!(event.pointer(path).is_some(), "no {path} in {event}");
        }
        assert_eq!((&event["category_uid"], &event["class_uid"]), (&json!(2), &json!(2003)));
        assert_eq!(event["type_uid"].as_u64(), event["activity_id"].as_u64().map(|id| 200_300 + id));
    }
    let shared = std::env::var_os("FATHOM_SHARED_DATA")
        .map_or_else(|| Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"), PathBuf::from);
    let archive = shared.join("events/ocsf-schema.tar.zst");
    if !archive.exists() {
        eprintln!("skipped: no schema at {}", archive.display());
        return;
    }
    let place = Place::new();
    let unpacked =
        Command::new("tar").arg("--zstd").arg("-xf").arg(&archive).arg("-C").arg(place.path()).status();
    assert!(unpacked.expect("tar").success());
    let schema = Schema::of(place.path().join("ocsf-schema"));
    let class = schema.class("events/findings/compliance_finding.json");
    for event in &events {
        let mut wrong = Vec::new();
        schema.check(&class, event, "", &mut wrong);
        assert!(wrong.is_empty(), "{wrong:?} in {event}");
    }
}

/// The published schema, as far as these events need it.
struct Schema {
    folder: PathBuf,
    dictionary: Value,
    cloud: Value,
}

impl Schema {
    fn of(folder: PathBuf) -> Self {
        let empty = Self { folder, dictionary: Value::Null, cloud: Value::Null };
        let (dictionary, cloud) = (empty.read("dictionary.json"), empty.read("profiles/cloud.json"));
        Self { dictionary, cloud, ..empty }
    }

    fn read(&self, file: &str) -> Value {
        let path = self.folder.join(file);
        let text = fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        serde_json::from_str(&text).expect("JSON")
    }

    /// All attributes of a class or an object, its own over those that it extends.
    fn class(&self, file: &str) -> BTreeMap<String, Value> {
        let own = self.read(file);
        let mut all = match own["extends"].as_str() {
            Some("base_event") => self.class("events/base_event.json"),
            Some("finding") => self.class("events/findings/finding.json"),
            Some(name) => self.class(&format!("objects/{name}.json")),
            None => BTreeMap::new(),
        };
        for (name, attribute) in own["attributes"].as_object().into_iter().flatten() {
            if name == "$include" {
                for file in attribute.as_array().into_iter().flatten().filter_map(Value::as_str) {
                    let included = self.read(file);
                    let members = included["attributes"].as_object().expect("attributes");
                    for (name, value) in members {
                        let mut value = value.clone();
                        // What a profile adds is demanded where an event says that it has the profile.
                        if included["meta"] == "profile" {
                            value["profile"] = included["name"].clone();
                        }
                        all.insert(name.clone(), value);
                    }
                }
                continue;
            }
            let known = all.entry(name.clone()).or_insert_with(|| json!({}));
            for (key, value) in attribute.as_object().expect("an attribute") {
                known[key] = value.clone();
            }
        }
        all
    }

    fn check(&self, attributes: &BTreeMap<String, Value>, value: &Value, at: &str, wrong: &mut Vec<String>) {
        let members = value.as_object().expect("an object");
        for (name, attribute) in attributes {
            let is_of_profile = attribute["profile"].is_string();
            if attribute["requirement"] == "required" && !is_of_profile && !members.contains_key(name) {
                wrong.push(format!("{at}/{name} is required"));
            }
        }
        for (name, member) in members {
            let of_profile = (at.is_empty()).then(|| self.cloud["attributes"].get(name)).flatten();
            let Some(attribute) = attributes.get(name).or(of_profile) else {
                wrong.push(format!("{at}/{name} is no attribute"));
                continue;
            };
            let told = &self.dictionary["attributes"][name];
            let mut allowed: Vec<&String> = Vec::new();
            for of in [attribute, told] {
                allowed.extend(of["enum"].as_object().into_iter().flat_map(|all| all.keys()));
            }
            let class_own = ["class_uid", "category_uid", "type_uid"].contains(&name.as_str());
            if let Some(number) = member.as_u64().filter(|_| !allowed.is_empty() && !class_own)
                && !allowed.contains(&&number.to_string())
            {
                wrong.push(format!("{at}/{name} is {number}"));
            }
            let kind = told["type"].as_str().unwrap_or_default();
            let is_list = told["is_array"] == true;
            if is_list != member.is_array() {
                wrong.push(format!("{at}/{name} is a list or is none"));
            }
            let items = member.as_array().map_or_else(|| vec![member], |items| items.iter().collect());
            for item in items {
                let fits = match kind {
                    "timestamp_t" | "integer_t" | "long_t" => item.is_i64() || item.is_u64(),
                    "string_t" | "url_t" | "uuid_t" | "resource_uid_t" => item.is_string(),
                    "boolean_t" => item.is_boolean(),
                    "object" => true,
                    kind if kind.ends_with("_t") => item.is_string() || item.is_number(),
                    object => {
                        let attributes = self.class(&format!("objects/{object}.json"));
                        self.check(&attributes, item, &format!("{at}/{name}"), wrong);
                        true
                    }
                };
                if !fits {
                    wrong.push(format!("{at}/{name} is no {kind}: {item}"));
                }
            }
        }
    }
}

#[test]
fn security_hub_takes_the_findings_in() {
    let Some(python) = python() else {
        eprintln!("skipped: no Python with botocore");
        return;
    };
    let place = checked_sample();
    let out = place.run(&["findings", "--asff", "--order", "severity"]).ok().out;
    let found: Value = serde_json::from_str(&out).expect("JSON");
    assert!(found.as_array().is_some_and(|all| all.len() > 100));
    // The longest texts, and times, by the format's own documentation; all else by the service model.
    for one in found.as_array().into_iter().flatten() {
        let chars = |member: &str| one[member].as_str().map_or(0, |text| text.chars().count());
        assert!((1..=256).contains(&chars("Title")) && (1..=1024).contains(&chars("Description")), "{one}");
        assert!(one["CreatedAt"].as_str().is_some_and(|at| at.ends_with('Z') && at.contains('T')), "{one}");
    }
    let file = place.write("asff.json", out);
    let script = "import json, sys, botocore.session, botocore.validate\n\
        shape = botocore.session.get_session().get_service_model('securityhub').operation_model('BatchImportFindings').input_shape\n\
        found = json.load(open(sys.argv[1]))\n\
        print(botocore.validate.ParamValidator().validate({'Findings': found}, shape).generate_report())\n\
        def enum(name): return shape.members['Findings'].member.members[name]\n\
        labels = enum('Severity').members['Label'].enum\n\
        states = enum('RecordState').enum\n\
        checks = enum('Compliance').members['Status'].enum\n\
        print([one['Id'] for one in found if one['Severity']['Label'] not in labels or one['RecordState'] not in states\n\
               or one['Compliance']['Status'] not in checks])\n";
    let ran = Command::new(python).args(["-c", script]).arg(&file).output().expect("Python runs");
    let told = String::from_utf8_lossy(&ran.stdout).into_owned() + &String::from_utf8_lossy(&ran.stderr);
    assert_eq!(told.trim(), "[]", "what the service model refuses");
}
