//! Kubernetes manifests, YAML or JSON, as written: objects one by one, out of files of several documents and out of lists.
//!
//! **Invariant:** a document that does not read takes nothing away from the others of its file.

use std::borrow::Cow;

use serde_json::Value;

use super::{lines::Lines, yaml::Node};

/// How deep a document may be nested.
const DEPTH_MAX: usize = 100;
/// Nodes of a document with all its aliases written out; the server takes objects of 1.5 MB.
const NODES_MAX: usize = 500_000;
/// Documents of a file.
const DOCUMENTS_MAX: usize = 10_000;
/// Objects of a file, with those of lists.
const OBJECTS_MAX: usize = 20_000;
/// Lists in each other.
const LISTS_MAX: usize = 3;

/// What is in a file.
#[derive(Debug, Default)]
pub struct Manifest {
    /// The objects, in their order.
    pub objects: Vec<Object>,
    /// Documents that cannot be used, each with its line and why.
    pub problems: Vec<String>,
}

/// An object as it is written.
#[derive(Debug)]
pub struct Object {
    /// `apiVersion`.
    pub api: String,
    /// `kind`.
    pub kind: String,
    /// `metadata.name`; with a star where the server makes the rest of it.
    pub name: String,
    /// `metadata.namespace`; none where whoever applies it decides.
    pub namespace: Option<String>,
    /// All of it.
    pub document: Value,
    /// The line that it begins in; 0 where nobody can tell.
    pub line: u64,
    /// The lines of its members.
    pub lines: Lines,
}

impl Object {
    /// What it is called in its file: `Deployment/shop/web`, without the namespace where none is written.
    pub fn address(&self) -> String {
        match &self.namespace {
            Some(namespace) => format!("{}/{namespace}/{}", self.kind, self.name),
            None => format!("{}/{}", self.kind, self.name),
        }
    }
}

/// Reads a file; `file` is for messages.
pub fn parse(file: &str, text: &str) -> Manifest {
    let mut manifest = Manifest::default();
    let text = text.strip_prefix('\u{feff}').unwrap_or(text);
    for (at, (lines_before, document)) in documents(text).into_iter().enumerate() {
        if at >= DOCUMENTS_MAX {
            let problem = format!("{file}: more than {DOCUMENTS_MAX} documents; the rest is left out");
            manifest.problems.push(problem);
            break;
        }
        match tree(&document) {
            Ok(Value::Null) => {}
            Ok(tree) => {
                let mut lines = Lines::of(&document);
                lines.shift(lines_before);
                let line = lines.first().max(lines_before + 1);
                manifest.take(file, tree, (line, lines));
            }
            Err((line, problem)) => {
                let place = if line == 0 { lines_before + 1 } else { lines_before + line };
                manifest.problems.push(format!("{file}:{place}: not a Kubernetes manifest: {problem}"));
            }
        }
    }
    manifest
}

impl Manifest {
    /// Takes an object, or those of a list.
    fn take(&mut self, file: &str, tree: Value, place: (u64, Lines)) {
        // A list without a kind of its own for its items has the one that it is called after.
        let mut left = vec![(tree, place, 0, None::<(String, String)>)];
        while let Some((mut tree, (line, mut lines), depth, of_list)) = left.pop() {
            let text = |name: &str| tree.get(name).and_then(Value::as_str).map(str::to_owned);
            let (api, kind) = match (text("apiVersion"), text("kind"), of_list) {
                (Some(api), Some(kind), _) => (api, kind),
                (None, None, Some((api, kind))) if tree.is_object() => {
                    tree["apiVersion"] = Value::from(api.clone());
                    tree["kind"] = Value::from(kind.clone());
                    (api, kind)
                }
                _ => {
                    let why = "it is no object: it has no `apiVersion` and `kind`";
                    self.problems.push(format!("{file}:{line}: {why}"));
                    continue;
                }
            };
            let items = tree.get_mut("items").and_then(Value::as_array_mut).map(std::mem::take);
            if let (Some(of), Some(items)) = (kind.strip_suffix("List"), items) {
                if depth >= LISTS_MAX {
                    self.problems
                        .push(format!("{file}:{line}: more than {LISTS_MAX} lists lie in each other"));
                    continue;
                }
                let of = (!of.is_empty()).then(|| (api, of.to_owned()));
                let (_, mut all) = lines.take("items").unwrap_or_default();
                let inner = items.into_iter().enumerate().map(|(at, item)| {
                    let (own, below) = all.take(&at.to_string()).unwrap_or_default();
                    (item, (if own > 0 { own } else { line }, below), depth + 1, of.clone())
                });
                // The first is taken off first.
                let inner: Vec<_> = inner.collect();
                left.extend(inner.into_iter().rev());
                continue;
            }
            if self.objects.len() >= OBJECTS_MAX {
                let problem = format!("{file}:{line}: more than {OBJECTS_MAX} objects; the rest is left out");
                self.problems.push(problem);
                return;
            }
            let named = |name: &str| {
                let text = tree.get("metadata")?.get(name)?.as_str()?;
                (!text.is_empty()).then(|| text.to_owned())
            };
            let Some(name) = named("name").or_else(|| Some(format!("{}*", named("generateName")?))) else {
                self.problems.push(format!("{file}:{line}: the {kind} has no `metadata.name`"));
                continue;
            };
            let namespace = named("namespace");
            self.objects.push(Object { api, kind, name, namespace, document: tree, line, lines });
        }
    }
}

/// The documents of a file, each with how many lines are before it. A line that begins with `---` or `...` divides them wherever
/// it stands: YAML allows it inside of nothing.
fn documents(text: &str) -> Vec<(u64, Cow<'_, str>)> {
    let is_marker = |line: &str, marker: &str| {
        line.strip_prefix(marker)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with([' ', '\t', '\r', '\n']))
    };
    let mut found = Vec::new();
    let (mut begins, mut at, mut before, mut lines) = (0, 0, 0, 0);
    for line in text.split_inclusive('\n') {
        if is_marker(line, "---") || is_marker(line, "...") {
            found.push((before, text.get(begins..at).unwrap_or_default()));
            (begins, before) = (at, lines);
        }
        at += line.len();
        lines += 1;
    }
    found.push((before, text.get(begins..).unwrap_or_default()));
    let mut out: Vec<(u64, Cow<'_, str>)> = Vec::new();
    for (before, document) in found {
        // The marker is taken away and its line kept, so that places are those of the file.
        let document = match document.get(..3) {
            Some("---" | "...") => Cow::Owned(format!("   {}", document.get(3..).unwrap_or_default())),
            _ => Cow::Borrowed(document),
        };
        let says_something = |line: &str| {
            let line = line.trim();
            !(line.is_empty() || line.starts_with('#') || line.starts_with('%'))
        };
        if document.lines().any(says_something) {
            out.push((before, without_directives(document)));
        }
    }
    out
}

/// The same without `%YAML 1.1`, which stands before the marker that is taken away.
fn without_directives(document: Cow<'_, str>) -> Cow<'_, str> {
    if !document.lines().any(|line| line.starts_with('%')) {
        return document;
    }
    let line = |line: &str| if line.starts_with('%') { String::new() } else { line.to_owned() };
    Cow::Owned(document.lines().map(line).collect::<Vec<_>>().join("\n"))
}

fn tree(text: &str) -> Result<Value, (u64, String)> {
    let options = serde_saphyr::options! {
        budget: serde_saphyr::budget! {
            max_depth: DEPTH_MAX,
            max_nodes: NODES_MAX,
            max_documents: 1,
        },
        alias_limits: serde_saphyr::alias_limits! {
            max_total_replayed_events: NODES_MAX,
        },
        // kubectl takes `yes` and `on` for true.
        strict_booleans: false,
        with_snippet: false,
    };
    let parsed: Result<Node, _> = serde_saphyr::from_str_with_options(text, options);
    parsed.map(|Node(value)| value).map_err(|error| {
        let (line, column) = error.location().map_or((0, 0), |at| (at.line(), at.column()));
        let words = error.to_string();
        let first = words.lines().next().unwrap_or_default().trim_start_matches("error: ");
        let first = first.trim_start_matches(&format!("line {line} column {column}: "));
        // The parser counts lines from where the document begins, and advises whoever called it.
        let plain = first.split(" at line ").next().unwrap_or_default().split(", set ").next();
        (line, plain.unwrap_or_default().trim().to_owned())
    })
}

#[cfg(test)]
mod tests {
    use std::fmt::Write as _;

    use super::*;

    fn told(text: &str) -> Vec<(String, u64)> {
        let manifest = parse("f.yaml", text);
        assert!(manifest.problems.is_empty(), "{:?}", manifest.problems);
        manifest.objects.iter().map(|one| (one.address(), one.line)).collect()
    }

    #[test]
    fn objects_are_found_in_documents_and_lists_with_their_lines() {
        let text = "\
# Nothing.
---
apiVersion: v1
kind: Pod
metadata: { name: a, namespace: shop }
---   # two in one
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Service
  metadata:
    name: b
- apiVersion: v1
  kind: ServiceList
  items:
  - metadata: { generateName: c- }
...
";
        assert_eq!(
            told(text),
            [("Pod/shop/a".to_owned(), 3), ("Service/b".to_owned(), 10), ("Service/c-*".to_owned(), 17),]
        );
        let manifest = parse("f.yaml", text);
        assert_eq!(manifest.objects[1].lines.line(&["metadata", "name"]), Some(13));
        assert_eq!(manifest.objects[2].api, "v1");
        let json = r#"{ "apiVersion": "v1",
 "kind": "Pod", "metadata": { "name": "a" },
 "spec": { "hostPID": true } }"#;
        assert_eq!(parse("f.json", json).objects[0].lines.line(&["spec", "hostPID"]), Some(3));
    }

    #[test]
    fn a_document_that_does_not_read_takes_nothing_from_the_others() {
        let text = "kind: [\n---\napiVersion: v1\nkind: Pod\nmetadata: { name: a }\n---\nkind: Pod\n---\napiVersion: v1\nkind: Pod\nspec: {}\n\
                    ---\napiVersion: v1\nkind: Pod\nkind: Pod\n";
        let manifest = parse("f.yaml", text);
        assert_eq!(manifest.objects.len(), 1);
        let problems = manifest.problems.join("\n");
        for part in [
            "f.yaml:1: not a Kubernetes manifest",
            "f.yaml:7: it is no object",
            "f.yaml:9: the Pod has no `metadata.name`",
            "f.yaml:15: not a Kubernetes manifest: duplicate",
        ] {
            assert!(problems.contains(part), "{part}: {problems}");
        }
        assert_eq!(manifest.problems.len(), 4, "{problems}");
    }

    #[test]
    fn truth_is_read_as_kubectl_reads_it_and_aliases_are_limited() {
        let text =
            "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\nspec: { hostPID: yes, hostIPC: \"yes\" }\n";
        let manifest = parse("f.yaml", text);
        assert_eq!(
            manifest.objects[0].document["spec"],
            serde_json::json!({ "hostPID": true, "hostIPC": "yes" })
        );
        let mut bomb =
            "apiVersion: v1\nkind: Pod\nmetadata: { name: a }\na0: &a0 [x, x, x, x, x, x, x, x, x, x]\n"
                .to_owned();
        for at in 1..9 {
            let before = format!("*a{}, ", at - 1).repeat(10);
            writeln!(bomb, "a{at}: &a{at} [{}]", before.trim_end_matches(", ")).expect("a text");
        }
        let manifest = parse("f.yaml", &bomb);
        assert!(manifest.objects.is_empty());
        assert_eq!(manifest.problems.len(), 1);
    }
}
