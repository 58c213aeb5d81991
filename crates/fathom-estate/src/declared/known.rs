//! What of a resource's document code can say: what is written by its maps. Of anything else it is not known whether code says it.

use std::collections::BTreeSet;

use fathom_content::{Content, DeclaredMap, declared::Language};
use fathom_model::ResourceType;

use crate::drift::paths::plain_path;

/// Of the paths that somebody reads in documents of a type, those of which no map of a language says what code declares there. What
/// a map writes may be absent, and then it is the provider's default; what none writes is not known. So are the members that further
/// calls of a scan add, whether anybody named them or not: engines read these. `parts` asks of what is only written in parts.
pub fn not_mapped<'r>(
    content: &'r Content,
    language: Language,
    kind: &ResourceType,
    parts: bool,
    reads: impl Iterator<Item = &'r str>,
) -> BTreeSet<String> {
    let is_asked =
        |of: Language, map: &DeclaredMap| of == language && map.is == *kind && (map.part || !parts);
    let maps = || content.declared.iter().filter(|(of, map)| is_asked(*of, map)).map(|(_, map)| map);
    let written =
        maps().flat_map(|map| &map.attributes).flat_map(|attribute| attribute.to.as_str().split("||"));
    let made = maps().flat_map(|map| map.made.keys());
    let made =
        made.chain(maps().flat_map(|map| map.sets.values()).flat_map(|sets| sets.keys())).map(String::as_str);
    let known: BTreeSet<String> = written.chain(made).map(plain_path).collect();
    let begins = |one: &str, other: &str| {
        other.strip_prefix(one).is_some_and(|rest| rest.is_empty() || rest.starts_with('.'))
    };
    // What is written is written there and below, and decides what is above it.
    let is_known = |path: &&str| {
        let path = plain_path(path);
        known.iter().any(|one| begins(one, &path) || begins(&path, one))
    };
    let added = content.resources.get(kind).into_iter().flat_map(|definition| &definition.enrich);
    let all = reads.chain(added.map(|enrich| enrich.into.as_str()));
    all.filter(|path| !is_known(path)).map(str::to_owned).collect()
}
