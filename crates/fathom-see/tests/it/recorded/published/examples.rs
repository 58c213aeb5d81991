//! The outputs that the provider publishes with its command line: a text file an operation
//! (`examples/ec2/describe-ipam-pools.rst`), in which an indented block of JSON follows a line `Output::`.

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

pub(super) use fathom_testkit::published::directory;
use fathom_testkit::published::outputs;
use serde_json::{Value, json};

/// Corrections of published texts, so that they are JSON or belong together: service, operation, what stands there, what
/// is put there, and why.
pub(super) const MENDED: &[(&str, &str, &str, &str, &str)] = &[
    (
        "apprunner",
        "DescribeService",
        VARIABLES,
        "{ \"NAME\": \"Jane\" }",
        "the service answers a map, not a list of maps",
    ),
    ("codecommit", "ListRepositories", "DemoRepo\"\n", "DemoRepo\",\n", "a comma is missing"),
    ("codecommit", "ListRepositories", "EXAMPLE\",\n        }", "EXAMPLE\"\n        }", "a comma too many"),
    (
        "codecommit",
        "GetRepository",
        ":MyDemoRepo\n",
        ":MyDemoRepo\",\n",
        "a quotation mark and a comma are missing",
    ),
    ("ec2", "DescribePlacementGroups", ",\n          ...", "", "dots stand for more of them"),
    ("ssm", "DescribePatchBaselines", "            ...\n", "", "dots stand for more of them"),
    (
        "ssm",
        "DescribePatchBaselines",
        "pb-0ad00e0dd7EXAMPLE",
        "pb-0123456789abcdef0",
        "the example that describes one is about another",
    ),
];

const VARIABLES: &str = r#"[
                                {
                                    "NAME": "Jane"
                                }
                            ]"#;

/// Lists of which no example is published, made of one of another call that answers with the same structure: service,
/// the operation that lists and its member with the list, and the other operation and its member with one of them.
const BORROWED: &[(&str, &str, &str, &str, &str)] = &[
    ("ecr-public", "DescribeRepositories", "repositories", "CreateRepository", "repository"),
    ("imagebuilder", "ListImagePipelines", "imagePipelineList", "GetImagePipeline", "imagePipeline"),
];

/// The published examples, and which corrections were made.
pub(super) struct Examples {
    dir: PathBuf,
    pub(super) mended: BTreeSet<usize>,
}

impl Examples {
    pub(super) fn new(dir: PathBuf) -> Self {
        Self { dir, mended: BTreeSet::new() }
    }

    /// The outputs of an operation, in the order in which they are told; none where nothing is published.
    pub(super) fn of(&mut self, service: &str, operation: &str) -> Vec<Value> {
        let borrowed = BORROWED.iter().find(|(of, lists, ..)| *of == service && *lists == operation);
        if let Some((_, _, list, other, member)) = borrowed {
            assert!(self.file(service, operation).is_none(), "{service} {operation} is published by now");
            let one = self.of(service, other).into_iter().next();
            return one.map(|mut one| json!({ *list: [one[member].take()] })).into_iter().collect();
        }
        let Some(path) = self.file(service, operation) else { return Vec::new() };
        let mut text = fs::read_to_string(&path).unwrap().replace("\r\n", "\n");
        for (index, (of, name, from, to, _)) in MENDED.iter().enumerate() {
            if *of == service && *name == operation && text.contains(from) {
                text = text.replace(from, to);
                self.mended.insert(index);
            }
        }
        let read = |block: String| {
            serde_json::from_str(&block)
                .unwrap_or_else(|error| panic!("{}: {error}; correct it in MENDED: {block}", path.display()))
        };
        outputs(&text).into_iter().map(read).collect()
    }

    /// Files are named as operations, with small letters and dashes.
    fn file(&self, service: &str, operation: &str) -> Option<PathBuf> {
        let entries = fs::read_dir(self.dir.join(service)).ok()?;
        let is_it = |path: &Path| {
            let stem = path.file_stem().unwrap_or_default().to_string_lossy().replace('-', "");
            path.extension().is_some_and(|end| end == "rst") && stem.eq_ignore_ascii_case(operation)
        };
        entries.map(|entry| entry.unwrap().path()).find(|path| is_it(path))
    }
}
