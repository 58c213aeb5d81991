//! What passed before: a suite whose program, files and settings are those of a run that passed is not run again.
//!
//! A program of tests says by its own bytes which code it was built from. Beside it count all files of the checkout that no
//! compiler read (specifications, recorded answers, tools, definitions), the programs that tests start, the settings in the
//! environment, and whether the public data of some tests is there.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

use anyhow::{Context, Result};
use sha2::{Digest as _, Sha256};

use crate::{
    test::CLIPPY,
    tree,
    workspace::{root, target},
};

/// Where this is set, everything is run.
const EVERYTHING: &str = "FATHOM_TEST_EVERYTHING";
/// What is in the folder of the checkout and says nothing about what tests find.
const WITHOUT: [&str; 5] = [".git", "target", "ui", "xtask", ".ci"];
/// Documents that no test reads, and that change with every change.
const UNREAD: [&str; 2] = ["docs/requirements.md", "docs/benchmarks.md"];

/// What passed, by name, and what decides whether it is the same.
pub(crate) struct Passed {
    file: PathBuf,
    /// The digest under which each passed.
    before: BTreeMap<String, String>,
    /// The digest of what all suites share.
    shared: String,
}

impl Passed {
    /// Reads what passed before. Files must not change until the suites have ended.
    pub(crate) fn open() -> Result<Self> {
        let file = target().join("tests/passed.json");
        // One that cannot be read says nothing passed.
        let before = fs::read(&file).ok().and_then(|text| serde_json::from_slice(&text).ok());
        let mut shared = tree::digest(&root(), &WITHOUT, |path| {
            path.extension().is_none_or(|kind| kind != "rs") && !UNREAD.iter().any(|one| path.ends_with(one))
        })?;
        let is_setting = |name: &str| {
            let is_ours = ["FATHOM_", "PROPTEST_", "RUST_TEST"].iter().any(|ours| name.starts_with(ours));
            is_ours && name != EVERYTHING && name != CLIPPY
        };
        let settings = std::env::vars_os().map(|(name, value)| (name.to_string_lossy().into_owned(), value));
        let settings = settings.filter(|(name, _)| is_setting(name));
        for (name, value) in settings.collect::<BTreeSet<_>>() {
            write!(shared, "\n{name}={}", value.to_string_lossy())?;
        }
        write!(shared, "\ndata {}", root().join("../shared/data").is_dir())?;
        Ok(Self { file, before: before.unwrap_or_default(), shared })
    }

    /// What decides about something that is run: these programs, and these words.
    pub(crate) fn digest(&self, programs: &[PathBuf], words: &[&str]) -> Result<String> {
        let mut hash = Sha256::new();
        hash.update(&self.shared);
        for program in programs {
            let bytes = fs::read(program).with_context(|| format!("cannot read {}", program.display()))?;
            hash.update(Sha256::digest(&bytes));
        }
        for word in words {
            hash.update(format!("\0{word}"));
        }
        Ok(hex::encode(hash.finalize()))
    }

    /// Whether it passed as it is.
    pub(crate) fn has(&self, name: &str, digest: &str) -> bool {
        std::env::var_os(EVERYTHING).is_none() && self.before.get(name).is_some_and(|before| before == digest)
    }

    /// Keeps that it passed.
    pub(crate) fn keep(&mut self, name: &str, digest: &str) -> Result<()> {
        self.before.insert(name.to_owned(), digest.to_owned());
        let text = serde_json::to_vec_pretty(&self.before)?;
        // Half a file is never taken for a whole one.
        let part = self.file.with_extension("part");
        fs::create_dir_all(self.file.parent().unwrap_or(Path::new(".")))?;
        fs::write(&part, text)
            .and_then(|()| fs::rename(&part, &self.file))
            .with_context(|| format!("cannot write {}", self.file.display()))
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::Passed;

    #[test]
    fn it_is_the_same_only_where_program_files_and_words_are() {
        let folder = std::env::temp_dir().join(format!("fathom-passed-{}", std::process::id()));
        std::fs::create_dir_all(&folder).expect("the disk writes");
        let program = folder.join("program");
        std::fs::write(&program, "one").expect("the disk writes");
        let open = |shared: &str| Passed {
            file: folder.join("passed.json"),
            before: BTreeMap::new(),
            shared: shared.to_owned(),
        };
        let program = [program];
        let of = |passed: &Passed, word| passed.digest(&program, &[word]).expect("the disk reads");
        let mut passed = open("files");
        let digest = of(&passed, "word");
        assert!(!passed.has("suite", &digest));
        passed.keep("suite", &digest).expect("the disk writes");
        assert!(passed.has("suite", &digest) && !passed.has("other", &digest));
        assert_ne!(of(&passed, "another"), digest);
        assert_ne!(of(&open("other files"), "word"), digest);
        std::fs::write(&program[0], "two").expect("the disk writes");
        assert_ne!(of(&passed, "word"), digest);
        std::fs::remove_dir_all(folder).expect("the disk writes");
    }
}
