//! Makes checks out of files. What cannot be used is named with file and line; the others are made all the same.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
};

use fathom_content::{
    ContentError,
    checks::{CheckDefinition, CheckFile, CheckFiles},
};

use crate::{
    facts::Asked,
    fix::Fix,
    forms::{self, Forms},
    tree::{Mistake, Tree},
};

/// A check that can be asked.
#[derive(Debug)]
pub struct Check {
    /// As its file says it.
    pub definition: CheckDefinition,
    /// Its file, below `content/`.
    pub file: String,
    /// What its expressions read of the document.
    pub reads: BTreeSet<String>,
    pub(crate) applies: Option<Tree>,
    pub(crate) passes: Tree,
    /// How it is made to hold, ready to be filled.
    pub fix: Fix,
    /// Whether what its fix reads is asked for with what it reads itself.
    pub(crate) with_fix: bool,
}

impl Check {
    /// What it asks engines.
    pub fn asked(&self) -> impl Iterator<Item = &Asked> {
        let all: BTreeSet<&Asked> = self.trees().flat_map(|tree| &tree.asked).collect();
        all.into_iter()
    }

    /// The service that it is about: the folder that its file is in.
    pub fn service(&self) -> &str {
        self.file.rsplit('/').nth(1).unwrap_or_default()
    }

    pub(crate) fn trees(&self) -> impl Iterator<Item = &Tree> {
        let of_fix = self.with_fix.then(|| self.fix.trees()).into_iter().flatten();
        self.applies.iter().chain([&self.passes]).chain(of_fix)
    }
}

/// Something of the content that cannot be used, or whose test does not hold.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Problem {
    /// The file, below `content/`.
    pub file: String,
    /// Line in it, from 1; 0 where nobody can tell.
    pub line: u64,
    /// What is wrong and what would be right.
    pub message: String,
}

impl fmt::Display for Problem {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 => write!(formatter, "{}: {}", self.file, self.message),
            line => write!(formatter, "{}:{line}: {}", self.file, self.message),
        }
    }
}

impl From<ContentError> for Problem {
    fn from(error: ContentError) -> Self {
        match error {
            ContentError::Parse { file, line, message, .. } => Self { file, line, message },
            ContentError::Invalid { file, message } => Self { file, line: 0, message },
            ContentError::Read { path, source } => Self {
                file: path.display().to_string(),
                line: 0,
                message: format!("cannot read it: {source}"),
            },
        }
    }
}

/// All checks that can be asked.
#[derive(Debug, Default)]
pub struct Checks {
    /// The checks, by id.
    pub all: Vec<Check>,
    /// Their places in `all`, by type of resource.
    by_kind: BTreeMap<String, Vec<usize>>,
}

impl Checks {
    /// Makes them, and tells what cannot be used.
    pub fn compile(files: CheckFiles, forms: &dyn Forms) -> (Self, Vec<Problem>) {
        let mut problems: Vec<Problem> = files.problems.into_iter().map(Problem::from).collect();
        let mut all: BTreeMap<String, Check> = BTreeMap::new();
        let choices = files.choices;
        for file in files.files {
            if let Some(check) = compile(file, (forms, &choices), &mut problems) {
                match all.get(&check.definition.id) {
                    Some(before) => problems.push(Problem {
                        line: 1,
                        message: format!("`{}` is the id of {} already", check.definition.id, before.file),
                        file: check.file,
                    }),
                    None => {
                        all.insert(check.definition.id.clone(), check);
                    }
                }
            }
        }
        problems.sort();
        (Self::of(all.into_values().collect()), problems)
    }

    fn of(all: Vec<Check>) -> Self {
        let mut by_kind: BTreeMap<String, Vec<usize>> = BTreeMap::new();
        for (at, check) in all.iter().enumerate() {
            by_kind.entry(check.definition.kind.as_str().to_owned()).or_default().push(at);
        }
        Self { all, by_kind }
    }

    /// Keeps those that somebody wants.
    #[must_use]
    pub fn only(self, wanted: impl Fn(&Check) -> bool) -> Self {
        Self::of(self.all.into_iter().filter(|check| wanted(check)).collect())
    }

    /// Asks for what their fixes read, too, so that these can be filled.
    #[must_use]
    pub fn with_fixes(mut self) -> Self {
        self.all.iter_mut().for_each(|check| check.with_fix = true);
        self
    }

    /// The check of this id.
    pub fn get(&self, id: &str) -> Option<&Check> {
        let at = self.all.binary_search_by(|check| check.definition.id.as_str().cmp(id)).ok()?;
        self.all.get(at)
    }

    /// The checks of a type.
    pub fn of_kind(&self, kind: &str) -> impl Iterator<Item = &Check> {
        self.by_kind.get(kind).into_iter().flatten().filter_map(|at| self.all.get(*at))
    }

    /// The types that are checked.
    pub fn kinds(&self) -> impl Iterator<Item = &str> {
        self.by_kind.keys().map(String::as_str)
    }
}

fn compile(
    from: CheckFile,
    (forms, choices): (&dyn Forms, &BTreeMap<String, String>),
    problems: &mut Vec<Problem>,
) -> Option<Check> {
    let CheckFile { file, check: definition } = from;
    let before = problems.len();
    let mut problem =
        |line: u64, message: String| problems.push(Problem { file: file.clone(), line, message });
    let named = file.rsplit('/').next().unwrap_or_default().trim_end_matches(".yaml");
    if named != definition.id {
        problem(
            1,
            format!("its id is `{}` and its file is called `{named}`: both are one name", definition.id),
        );
    }
    if definition.tests.pass.is_empty() || definition.tests.fail.is_empty() {
        problem(
            0,
            "it has no tests that pass and tests that fail: write at least one document of each".to_owned(),
        );
    }
    if forms.has_type(definition.kind.as_str()) == Some(false) {
        problem(0, format!("no resource definition is called `{}`", definition.kind));
    }
    if let Some(other) = definition.references.iter().find(|one| !one.starts_with("https://")) {
        problem(0, format!("`{other}` is no https address"));
    }
    if definition.references.is_empty() {
        problem(0, "it has no references: name the provider's page about it".to_owned());
    }
    let fix = &definition.fix;
    if fix.manifest.is_none() && (fix.console.is_empty() || fix.terraform.value.is_empty()) {
        problem(
            0,
            "`fix` says nothing for the console or for Terraform; of what manifests declare, write `manifest`".to_owned(),
        );
    }
    let mut reads = BTreeSet::new();
    let mut tree = |text: &str, line: u64, name: &str| {
        let made = Tree::parse(text).and_then(|tree| {
            reads.extend(forms::read(&tree, definition.kind.as_str(), forms)?);
            Ok(tree)
        });
        made.map_err(|Mistake { line: below, message }| {
            problem(if line == 0 { 0 } else { line + below as u64 }, format!("`{name}`: {message}"));
        })
        .ok()
    };
    let passes = tree(&definition.passes.value, definition.passes.referenced.line(), "passes");
    let applies = match &definition.applies {
        Some(text) => Some(tree(&text.value, text.referenced.line(), "applies")?),
        None => None,
    };
    let fix = Fix::compile(&definition, forms, choices, &mut problem);
    let passes = passes?;
    (problems.len() == before).then_some(Check {
        definition,
        file,
        reads,
        applies,
        passes,
        fix,
        with_fix: false,
    })
}
