//! `fathom check` of Kubernetes manifests: all files together, since objects of one file are asked about those of another.

use std::collections::BTreeMap;

use fathom_checks::{Checks, Reason, Status};
use fathom_content::Content;
use fathom_estate::declared::manifest::{self, Object};
use fathom_posture::{DeclaredObject, OfManifests, Posture};
use serde_json::Value;

use super::{Code, Found, Place, nothing_known};
use crate::{commands::compare::read, wiring};

/// Objects that are asked about at once.
const OBJECTS_MAX: usize = 50_000;

/// Where an object is written.
struct Written<'f> {
    file: &'f str,
    address: String,
    object: Object,
}

/// Asks the checks of all objects; gives back what could not be used.
pub(super) fn ask(
    content: &Content,
    checks: &Checks,
    keeps: &[Status],
    files: &[&Found],
    posture: &mut Posture,
    code: &mut Code,
) -> Vec<String> {
    let (mut written, mut problems) = (Vec::new(), Vec::new());
    for file in files {
        match read(&file.path) {
            Ok(text) => {
                let manifest = manifest::parse(&file.name, &text);
                problems.extend(manifest.problems);
                take(content, &file.name, manifest.objects, &mut written, posture);
            }
            Err(problem) => problems.push(format!("{problem:#}")),
        }
    }
    if written.len() > OBJECTS_MAX {
        let more = written.len() - OBJECTS_MAX;
        written.truncate(OBJECTS_MAX);
        posture.gaps.push(format!(
            "{more} objects of manifests more than the {OBJECTS_MAX} that are asked about at once"
        ));
    }
    // The documents move into what is asked: they may be large, and there may be many.
    let objects: Vec<DeclaredObject<'_>> = written
        .iter_mut()
        .filter_map(|one| {
            let kind = content.manifests.kind(&one.object.api, &one.object.kind)?;
            Some(DeclaredObject {
                uid: format!("{}#{}", one.file, one.address),
                kind,
                name: one.object.name.clone(),
                namespace: one.object.namespace.clone(),
                document: one.object.document.take(),
            })
        })
        .collect();
    let told = OfManifests::of(&content.manifests, checks, &objects, wiring::now(), keeps);
    for (at, misfit) in &told.misfits {
        if let (Some(one), Some(object)) = (written.get(*at), objects.get(*at)) {
            let line = one.line(&object.document, &misfit.path);
            posture
                .gaps
                .push(format!("{}:{line}: {}: `{}`: {}", one.file, one.address, misfit.path, misfit.message));
        }
    }
    for (at, why) in &told.left_out {
        if let Some(one) = written.get(*at) {
            posture.gaps.push(format!("{}:{}: {}: {why}", one.file, one.object.line, one.address));
        }
    }
    let by_uid: BTreeMap<&str, (&Written<'_>, &Value)> = objects
        .iter()
        .zip(&written)
        .map(|(object, one)| (object.uid.as_str(), (one, &object.document)))
        .collect();
    for finding in &told.posture.findings {
        if let Some((one, document)) = by_uid.get(finding.resource.as_str()) {
            let line =
                finding.why.iter().map(|Reason { path, .. }| one.line(document, path)).find(|line| *line > 0);
            let place = Place {
                file: one.file.to_owned(),
                line: line.or(Some(one.object.line)).filter(|line| *line > 0),
                address: one.address.clone(),
            };
            code.places.insert(finding.id.clone(), place);
        }
    }
    let mut answers = told.posture;
    for finding in &mut answers.findings {
        finding.name = by_uid.get(finding.resource.as_str()).map(|(one, _)| one.address.clone());
    }
    posture.add(answers);
    problems
}

/// Takes the objects of a file of which something is known; the others are told.
fn take<'f>(
    content: &Content,
    file: &'f str,
    objects: Vec<Object>,
    written: &mut Vec<Written<'f>>,
    posture: &mut Posture,
) {
    let mut unknown: BTreeMap<String, Vec<String>> = BTreeMap::new();
    let mut seen: BTreeMap<String, u64> = BTreeMap::new();
    for object in objects {
        let mut address = object.address();
        if content.manifests.kind(&object.api, &object.kind).is_none() {
            unknown.entry(format!("{} {}", object.api, object.kind)).or_default().push(address);
            continue;
        }
        let times = seen.entry(format!("{} {address}", object.api)).or_default();
        *times += 1;
        if *times > 1 {
            posture.gaps.push(format!(
                "{file}:{}: {address} is declared again: the last one is what stays, and each is asked about",
                object.line
            ));
            address = format!("{address} ({times})");
        }
        written.push(Written { file, address, object });
    }
    for (kind, addresses) in &unknown {
        let addresses: Vec<&str> = addresses.iter().map(String::as_str).collect();
        posture.gaps.push(nothing_known(file, kind, &addresses));
    }
}

impl Written<'_> {
    /// The line of what stands at a path, or of what is around it where nothing does; 0 where nobody can tell.
    fn line(&self, document: &Value, path: &str) -> u64 {
        let steps = steps(document, path);
        let steps: Vec<&str> = steps.iter().map(String::as_str).collect();
        self.object.lines.line(&steps).unwrap_or(self.object.line)
    }
}

/// The steps of a path in a document. Names may have dots in them, so the longest name that is there is taken.
fn steps(document: &Value, path: &str) -> Vec<String> {
    let (mut at, mut left, mut found) = (document, path, Vec::new());
    while !left.is_empty() {
        left = left.strip_prefix('.').unwrap_or(left);
        let (step, rest) = match at {
            Value::Array(_) => match left.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
                Some(split) => split,
                None => break,
            },
            Value::Object(members) => {
                let is_here = |name: &&String| {
                    left.strip_prefix(name.as_str())
                        .is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
                };
                match members.keys().filter(is_here).max_by_key(|name| name.len()) {
                    Some(name) => left.split_at(name.len()),
                    None => break,
                }
            }
            _ => break,
        };
        found.push(step.to_owned());
        let next = match at {
            Value::Array(items) => step.parse::<usize>().ok().and_then(|place| items.get(place)),
            other => other.get(step),
        };
        let Some(next) = next else { break };
        (at, left) = (next, rest);
    }
    found
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn steps_are_those_of_the_document() {
        let document = json!({ "metadata": { "annotations": { "a.b/c": "x", "a": "y" } }, "spec": { "list": [{}, { "z": 1 }] } });
        for (path, wanted) in [
            ("metadata.annotations.a.b/c", vec!["metadata", "annotations", "a.b/c"]),
            ("metadata.annotations.a", vec!["metadata", "annotations", "a"]),
            ("spec.list[1].z", vec!["spec", "list", "1", "z"]),
            ("spec.list[1].absent.more", vec!["spec", "list", "1"]),
            ("the document", vec![]),
        ] {
            assert_eq!(steps(&document, path), wanted, "{path}");
        }
    }
}
