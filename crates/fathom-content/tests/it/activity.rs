//! The events of audit logs that ship: at one with the service models, and for most types.

use std::{
    collections::BTreeSet,
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fathom_content::{Content, activity::ServiceActivity};
use fathom_model::Action;

/// The share of types, in percent, of which the making must be described. The rest are settings, sheets and things that
/// come with others.
const SHARE_MIN: usize = 60;

fn files() -> Vec<ServiceActivity> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/activity/aws");
    let mut paths: Vec<PathBuf> =
        std::fs::read_dir(folder).expect("the folder").map(|entry| entry.expect("an entry").path()).collect();
    paths.sort();
    paths
        .iter()
        .map(|path| {
            let text = std::fs::read_to_string(path).expect("the file");
            serde_saphyr::from_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
        })
        .collect()
}

#[test]
fn most_types_have_events_and_only_types_do() {
    let content = Content::embedded().expect("the content that ships");
    assert!(content.activity.events() >= 250, "{}", content.activity.events());
    let made: BTreeSet<_> = content
        .activity
        .kinds(Action::Created)
        .union(&content.activity.kinds(Action::Put))
        .copied()
        .cloned()
        .collect();
    let unknown: Vec<_> = made.iter().filter(|kind| !content.resources.contains_key(*kind)).collect();
    assert!(unknown.is_empty(), "no definition reads {unknown:?}");
    let share = made.len() * 100 / content.resources.len();
    println!(
        "{} events; the making of {} of {} types",
        content.activity.events(),
        made.len(),
        content.resources.len()
    );
    assert!(share >= SHARE_MIN, "{share} %");
}

/// The service models are the peer: every event is an operation, and every path can be there.
#[test]
fn events_agree_with_the_service_models() {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    if !python.is_file() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", python.display());
        eprintln!("skipped: no {} (a virtual environment with botocore)", python.display());
        return;
    }
    let mut files = files();
    let (ok, output) = check(&python, &files);
    assert!(ok, "{output}");
    // The check itself finds what is wrong.
    let text = serde_json::to_string(&files).expect("JSON").replace("\"RunInstances\"", "\"RunInstance\"");
    files = serde_json::from_str(&text.replace("requestParameters.volumeId", "requestParameters.volume"))
        .expect("JSON");
    let (ok, output) = check(&python, &files);
    assert!(!ok);
    assert!(output.contains("no model has an operation `RunInstance`"), "{output}");
    assert!(output.contains("leads nowhere in DeleteVolume"), "{output}");
}

fn check(python: &Path, files: &[ServiceActivity]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/check_activity.py");
    let mut child = Command::new(python)
        .arg(script)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    let json = serde_json::to_vec(files).expect("the files are JSON");
    child.stdin.take().expect("its input").write_all(&json).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}
