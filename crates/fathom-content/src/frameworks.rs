//! Frameworks of controls: `content/frameworks/`, one file each, and `topics.yaml`, which says what each check is about.
//!
//! Which checks answer a control stands in one place for each framework. A framework whose controls are technical tests
//! themselves (`named_by: checks`) is named by the checks, since one test is one control. A framework whose controls are wide
//! (`named_by: topics`) names topics, and a check that joins a topic answers all of them at once.
//!
//! **Invariant:** a file that cannot be used is a [`ContentError`] beside those that can; it never stops the others.

use std::{
    collections::{BTreeMap, BTreeSet},
    path::Path,
};

use rust_embed::RustEmbed;
use serde::{Deserialize, Serialize};

use crate::{ContentError, parse_yaml};

/// Bytes of one file.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Files of frameworks that are read from a directory.
const FILES_MAX: usize = 500;
/// The file of topics.
const TOPICS: &str = "frameworks/topics.yaml";

#[derive(RustEmbed)]
#[folder = "../../content"]
#[include = "frameworks/**"]
struct Embedded;

/// Who says which checks answer a control.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum NamedBy {
    /// Each check names the controls that it tests.
    Checks,
    /// Each control names topics, and these have checks.
    Topics,
}

/// One framework, as its file says it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Framework {
    /// What it is called for life; the name of its file.
    pub id: String,
    /// What people call it.
    pub title: String,
    /// Where its own text is.
    pub source: String,
    /// Who says which checks answer its controls.
    pub named_by: NamedBy,
    /// Its controls, in its order.
    pub controls: Vec<Control>,
}

/// One control.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Control {
    /// As the framework calls it.
    pub id: String,
    /// What it is about, in our words.
    pub topic: String,
    /// Topics whose checks answer it.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub answered_by: Vec<String>,
    /// What somebody must show beside that, where no machine sees all of it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub evidence: Option<String>,
}

/// What checks are about.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
struct Topics {
    topics: BTreeMap<String, Topic>,
}

/// One topic.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Topic {
    /// What it is about.
    pub about: String,
    /// The ids of its checks.
    pub checks: Vec<String>,
}

/// All frameworks that can be used, and what cannot.
#[derive(Debug, Default)]
pub struct Frameworks {
    /// Frameworks, by id.
    pub all: BTreeMap<String, Framework>,
    /// Topics, by name.
    pub topics: BTreeMap<String, Topic>,
    /// What could not be used, and why.
    pub problems: Vec<ContentError>,
}

impl Frameworks {
    /// The frameworks that ship, with those of a directory of content in place of files of the same path, or beside them.
    pub fn load(directory: Option<&Path>) -> Self {
        let mut texts = BTreeMap::new();
        for name in Embedded::iter() {
            if let Some(file) = Embedded::get(&name) {
                texts.insert(name.to_string(), String::from_utf8_lossy(&file.data).into_owned());
            }
        }
        let mut problems = Vec::new();
        if let Some(directory) = directory {
            read_folder(&directory.join("frameworks"), &mut texts, &mut problems);
        }
        let mut found = Self::from_texts(&texts);
        found.problems.extend(problems);
        found
    }

    /// Reads named texts; names are paths below `content/`.
    pub fn from_texts(texts: &BTreeMap<String, String>) -> Self {
        let mut found = Self::default();
        if let Some(text) = texts.get(TOPICS) {
            match parse_yaml::<Topics>(TOPICS, text) {
                Ok(topics) => found.topics = topics.topics,
                Err(problem) => found.problems.push(problem),
            }
        }
        for (name, text) in texts.iter().filter(|(name, _)| *name != TOPICS && is_yaml(Path::new(name))) {
            match parse_yaml::<Framework>(name, text) {
                Ok(framework) => {
                    found.problems.extend(wrong(name, &framework, &found.topics));
                    found.all.insert(framework.id.clone(), framework);
                }
                Err(problem) => found.problems.push(problem),
            }
        }
        found
    }

    /// The ids of the checks that answer a control. `named` has what checks name: ids of checks by framework and control.
    pub fn checks_of<'a>(
        &'a self,
        framework: &Framework,
        control: &'a Control,
        named: &'a BTreeMap<(String, String), Vec<String>>,
    ) -> BTreeSet<&'a str> {
        let of_topics = control.answered_by.iter().filter_map(|topic| self.topics.get(topic));
        let by_topics = of_topics.flat_map(|topic| topic.checks.iter().map(String::as_str));
        // A check of one's own may name a control of any framework.
        let by_checks = named.get(&(framework.id.clone(), control.id.clone())).into_iter().flatten();
        by_topics.chain(by_checks.map(String::as_str)).collect()
    }
}

/// What a framework says that cannot be.
fn wrong(name: &str, framework: &Framework, topics: &BTreeMap<String, Topic>) -> Vec<ContentError> {
    let mut found = Vec::new();
    let mut tell = |message: String| found.push(ContentError::Invalid { file: name.to_owned(), message });
    let stem = Path::new(name).file_stem().unwrap_or_default().to_string_lossy();
    if stem != framework.id {
        tell(format!("the framework is called `{}` and its file `{stem}`; name both alike", framework.id));
    }
    let mut seen = BTreeSet::new();
    for control in &framework.controls {
        if !seen.insert(control.id.as_str()) {
            tell(format!("the control `{}` is there twice", control.id));
        }
        if framework.named_by == NamedBy::Checks && !control.answered_by.is_empty() {
            tell(format!(
                "the control `{}` names topics, but `named_by: checks` says that checks name it",
                control.id
            ));
        }
        for topic in control.answered_by.iter().filter(|topic| !topics.contains_key(topic.as_str())) {
            tell(format!(
                "the control `{}` names the topic `{topic}`, which {TOPICS} does not have",
                control.id
            ));
        }
    }
    found
}

fn is_yaml(path: &Path) -> bool {
    path.extension().is_some_and(|extension| extension == "yaml")
}

fn read_folder(folder: &Path, texts: &mut BTreeMap<String, String>, problems: &mut Vec<ContentError>) {
    let entries = match std::fs::read_dir(folder) {
        Ok(entries) => entries,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return,
        Err(source) => return problems.push(ContentError::Read { path: folder.to_owned(), source }),
    };
    for path in entries.flatten().map(|entry| entry.path()).filter(|path| is_yaml(path)) {
        let name = format!("frameworks/{}", path.file_name().unwrap_or_default().to_string_lossy());
        let size = std::fs::metadata(&path).map(|about| about.len()).unwrap_or_default();
        if texts.len() >= FILES_MAX || size > FILE_BYTES_MAX {
            let message = format!("more than {FILES_MAX} files, or more than {FILE_BYTES_MAX} bytes in one");
            problems.push(ContentError::Invalid { file: name, message });
            continue;
        }
        match std::fs::read_to_string(&path) {
            Ok(text) => {
                texts.insert(name, text);
            }
            Err(source) => problems.push(ContentError::Read { path, source }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::checks::CheckFiles;

    #[test]
    fn frameworks_that_ship_can_be_used_and_every_check_is_in_a_topic() {
        let frameworks = Frameworks::load(None);
        let told: Vec<String> = frameworks.problems.iter().map(ToString::to_string).collect();
        assert!(told.is_empty(), "{}", told.join("\n"));
        assert_eq!(frameworks.all.len(), 10);
        let mut checks = CheckFiles::load(None);
        // Frameworks are about what scans read.
        let manifests = crate::Content::embedded().expect("content").manifests;
        checks.files.retain(|file| !manifests.is_type(file.check.kind.as_str()));
        let ids: BTreeSet<&str> = checks.files.iter().map(|file| file.check.id.as_str()).collect();
        let placed: BTreeSet<&str> =
            frameworks.topics.values().flat_map(|topic| topic.checks.iter().map(String::as_str)).collect();
        let missing: Vec<_> = ids.difference(&placed).collect();
        assert!(missing.is_empty(), "checks in no topic: {missing:?}");
        let gone: Vec<_> = placed.difference(&ids).collect();
        assert!(gone.is_empty(), "topics name checks that are not there: {gone:?}");
        for file in &checks.files {
            for (framework, controls) in &file.check.controls {
                let Some(known) = frameworks.all.get(framework) else {
                    panic!("{} names the framework {framework}", file.check.id)
                };
                for control in controls {
                    assert!(
                        known.controls.iter().any(|one| one.id == *control),
                        "{}: {framework} {control}",
                        file.check.id
                    );
                }
            }
        }
    }

    #[test]
    fn mistakes_name_file_and_control() {
        let text = "id: mine\ntitle: t\nsource: s\nnamed_by: topics\ncontrols:\n  \
                    - { id: a, topic: x, answered_by: [nothing] }\n  - { id: a, topic: x }\n";
        let texts = BTreeMap::from([("frameworks/other.yaml".to_owned(), text.to_owned())]);
        let told: Vec<String> =
            Frameworks::from_texts(&texts).problems.iter().map(ToString::to_string).collect();
        assert_eq!(told.len(), 3, "{told:?}");
        assert!(told.iter().all(|one| one.starts_with("frameworks/other.yaml: ")), "{told:?}");
    }
}
