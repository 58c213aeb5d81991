//! Every technique of the published list has a rule that asks no more than it.

use std::{collections::BTreeSet, path::Path, process::Command};

use fathom_escalate::{Kind, Rules};

/// The lists of permissions of the techniques, by id; none where the data is not here.
fn techniques() -> Option<Vec<(String, BTreeSet<String>)>> {
    let data = Path::new(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data/iam/privilege-escalation-paths.tar.zst");
    if !data.exists() {
        println!("skipped: the published techniques are not on this machine");
        return None;
    }
    let packed = std::fs::read(&data).unwrap();
    let archive = zstd::decode_all(packed.as_slice()).unwrap();
    let folder = std::env::temp_dir().join(format!("fathom-techniques-{}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    std::fs::write(folder.join("all.tar"), archive).unwrap();
    let unpacked = Command::new("tar").arg("-xf").arg("all.tar").current_dir(&folder).status().unwrap();
    assert!(unpacked.success(), "the techniques cannot be unpacked");
    let mut found = Vec::new();
    read(&folder, &mut found);
    std::fs::remove_dir_all(&folder).unwrap();
    Some(found)
}

fn read(folder: &Path, found: &mut Vec<(String, BTreeSet<String>)>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            read(&path, found);
        } else if path.extension().is_some_and(|ending| ending == "yaml")
            && path.components().any(|part| part.as_os_str() == "paths")
        {
            found.push(technique(&std::fs::read_to_string(&path).unwrap()));
        }
    }
}

/// The id and the required permissions: the lines of the file that say so.
fn technique(text: &str) -> (String, BTreeSet<String>) {
    let id =
        text.lines().find_map(|line| line.strip_prefix("id: ")).unwrap().trim().trim_matches('"').to_owned();
    let after = text.split_once("\npermissions:").unwrap().1;
    let required = after.split_once("required:").unwrap().1;
    let mut permissions = BTreeSet::new();
    for line in required.lines().skip(1) {
        let line = line.trim();
        if line.starts_with("additional:") || (!line.starts_with('-') && line.ends_with(':')) {
            break;
        }
        if let Some(permission) = line.strip_prefix("- permission: ") {
            permissions.insert(permission.trim_matches('"').to_owned());
        }
    }
    (id, permissions)
}

#[test]
fn every_published_technique_has_a_rule() {
    let Some(techniques) = techniques() else { return };
    assert!(techniques.len() >= 65, "the list has 65 techniques, {} were read", techniques.len());
    let rules = Rules::embedded().unwrap();
    for (id, required) in techniques {
        let of: Vec<_> = rules.asked().filter(|rule| rule.covers.contains(&id)).collect();
        assert!(!of.is_empty(), "{id} has no rule");
        // All rules of a technique together ask for nothing that it does not name.
        for rule in of {
            let mut asked: BTreeSet<String> = rule.actions.iter().chain(&rule.anywhere).cloned().collect();
            if rule.kind == Kind::Pass {
                asked.insert("iam:PassRole".to_owned());
            }
            let more: Vec<_> = asked.difference(&required).collect();
            assert!(more.is_empty(), "{} asks {more:?}, which {id} does without", rule.id);
        }
    }
}
