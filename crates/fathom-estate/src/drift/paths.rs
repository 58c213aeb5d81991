//! The paths of maps: what they read, and how people read them.

use fathom_content::declared::AttributeMap;

use super::facts;

/// The declared paths that a map reads: of facts, only what they are made from.
pub(crate) fn states(map: &AttributeMap) -> Vec<String> {
    let mut paths = Vec::new();
    for from in map.from.as_str().split("||").map(plain_path) {
        let Some(form) = &map.facts else {
            paths.push(from);
            continue;
        };
        for hole in form.declared.iter().flat_map(|template| facts::holes(template)) {
            for path in hole.split("||").map(plain_path) {
                match (from.as_str(), path.as_str()) {
                    (_, "@") => paths.push(from.clone()),
                    ("@", _) => paths.push(path),
                    _ => paths.push(format!("{from}.{path}")),
                }
            }
        }
    }
    paths
}

/// A path without places in lists.
pub(crate) fn plain_path(path: &str) -> String {
    let mut out = String::with_capacity(path.len());
    let mut inside = false;
    for c in path.trim().chars() {
        match c {
            '[' => inside = true,
            ']' => inside = false,
            c if !inside => out.push(c),
            _ => {}
        }
    }
    out
}

/// A path as people read it: `[0]` of a block says nothing.
pub(crate) fn shown_path(path: &str) -> String {
    let path = plain_path(path.split("||").next().unwrap_or(path));
    if path == "@" { "rule".to_owned() } else { path }
}

/// Whether a member is one of the paths.
pub(crate) fn is_covered(name: &str, covered: &[String]) -> bool {
    covered.iter().any(|path| path == name)
}
