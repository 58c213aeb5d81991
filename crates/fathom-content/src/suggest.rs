//! Lines for `fathom.yaml` that would explain some resources, for a person to copy. Nothing is written anywhere.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{Part, Resource, ResourceType};

use crate::{ContentError, Declarations, declarations::Match};

/// A pattern over names keeps at least so many characters of them.
const PREFIX_CHARS_MIN: usize = 3;
/// Single resources that are named one by one.
const SINGLE_MAX: usize = 500;

/// What the lines are to say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Wanted {
    /// What holds for the resources.
    pub set: BTreeMap<Part, String>,
    /// The name of the system that they make up; rules where there is none.
    pub system: Option<String>,
}

/// Lines to copy.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Suggestion {
    /// The lines: `rules:`, or `teams:` and `systems:`.
    pub yaml: String,
    /// How many of the chosen resources they match.
    pub explains: usize,
    /// Other resources that they match too, by their uids.
    pub also: Vec<String>,
    /// What whoever copies them should know.
    pub notes: Vec<String>,
}

/// Makes the lines. `others` are the resources of the same types that are not meant.
///
/// # Errors
/// What `fathom.yaml` would say of the lines, as of a class that there is not.
pub fn suggest(
    chosen: &[Resource],
    others: &[Resource],
    wanted: &Wanted,
) -> Result<Suggestion, ContentError> {
    let mut by_kind: BTreeMap<&ResourceType, Vec<&Resource>> = BTreeMap::new();
    for resource in chosen {
        by_kind.entry(&resource.kind).or_default().push(resource);
    }
    let mut matches = Vec::new();
    for (kind, own) in &by_kind {
        let rest: Vec<&Resource> = others.iter().filter(|other| other.kind == **kind).collect();
        matches.extend(of_kind(kind, own, &rest));
    }
    let mut suggestion = Suggestion { yaml: lines(&matches, wanted), ..Suggestion::default() };
    let text = format!("version: 1\n{}", suggestion.yaml);
    let read = Declarations::parse("fathom.yaml", &text)?;
    let rules = read.rules.iter().map(|rule| &rule.matches);
    let all: Vec<&Match> = rules.chain(read.systems.values().flat_map(|system| &system.matches)).collect();
    let is_meant = |resource: &&Resource| all.iter().any(|one| one.matches(resource));
    suggestion.explains = chosen.iter().filter(is_meant).count();
    suggestion.also = others.iter().filter(is_meant).map(|resource| resource.uid.to_string()).collect();
    if wanted.system.is_none() {
        suggestion.notes.push(
            "systems are asked before rules, and of rules the first that states a part decides it: put these where no \
             earlier one takes the same resources"
                .to_owned(),
        );
    }
    if matches.len() > 20 {
        suggestion.notes.push(
            "no pattern or tag sets these apart, so each is named by itself; a tag on the resources would be shorter"
                .to_owned(),
        );
    }
    Ok(suggestion)
}

/// The shortest description of some resources of a type that means none of the others: a tag that they share, the
/// beginning of their names, else each by itself.
fn of_kind(kind: &ResourceType, own: &[&Resource], rest: &[&Resource]) -> Vec<String> {
    let kind_text = quoted(kind.as_str());
    if own.len() > 1 {
        if rest.is_empty() && own.len() > 2 && shared_tag(own, rest).is_none() && prefix(own).is_none() {
            // Everything of the type that there is; what comes later would be taken as well, so it is named one by one.
            return singles(own);
        }
        if let Some((key, value)) = shared_tag(own, rest) {
            let tags = format!("{{ {}: {} }}", quoted(key), quoted(&escaped(value)));
            return vec![format!("{{ type: {kind_text}, tags: {tags} }}")];
        }
        if let Some(prefix) = prefix(own) {
            let begins = |resource: &&Resource| {
                label(resource).starts_with(&prefix) || resource.id.starts_with(&prefix)
            };
            let strangers: Vec<&&Resource> = rest.iter().filter(|resource| begins(resource)).collect();
            let name = quoted(&format!("{}*", escaped(&prefix)));
            if strangers.is_empty() {
                return vec![format!("{{ type: {kind_text}, name: {name} }}")];
            }
            let accounts: BTreeSet<&str> = own.iter().map(|resource| resource.account.as_str()).collect();
            if let (Some(account), 1) = (accounts.first(), accounts.len())
                && strangers.iter().all(|stranger| stranger.account.as_str() != *account)
            {
                return vec![format!("{{ type: {kind_text}, account: {}, name: {name} }}", quoted(account))];
            }
        }
    }
    singles(own)
}

fn singles(own: &[&Resource]) -> Vec<String> {
    own.iter()
        .take(SINGLE_MAX)
        .map(|one| format!("{{ arn: {} }}", quoted(&escaped(one.uid.as_str()))))
        .collect()
}

/// A tag that all have and none of the others; not their names, which tell nothing about what belongs together.
fn shared_tag<'r>(own: &[&'r Resource], rest: &[&Resource]) -> Option<(&'r str, &'r str)> {
    let first = own.first()?;
    first
        .tags
        .iter()
        .filter(|(key, value)| !key.eq_ignore_ascii_case("name") && !value.is_empty())
        .find(|(key, value)| {
            let has = |resource: &&Resource| resource.tags.get(*key) == Some(*value);
            own.iter().all(has) && !rest.iter().any(has)
        })
        .map(|(key, value)| (key.as_str(), value.as_str()))
}

/// The beginning that the names share, up to the last sign that divides words.
fn prefix(own: &[&Resource]) -> Option<String> {
    let mut names = own.iter().map(|resource| label(resource));
    let mut shared: Vec<char> = names.next()?.chars().collect();
    for name in names {
        let same = shared.iter().zip(name.chars()).take_while(|(a, b)| **a == *b).count();
        shared.truncate(same);
    }
    let divided = shared.iter().rposition(|c| matches!(c, '-' | '_' | '/' | '.' | ':'))?;
    shared.truncate(divided + 1);
    (shared.len() > PREFIX_CHARS_MIN).then(|| shared.into_iter().collect())
}

fn label(resource: &Resource) -> &str {
    resource.name.as_deref().unwrap_or(&resource.id)
}

fn lines(matches: &[String], wanted: &Wanted) -> String {
    let mut yaml = String::new();
    let mut line = |text: String| {
        yaml.push_str(&text);
        yaml.push('\n');
    };
    if let Some(system) = &wanted.system {
        if let Some(owner) = wanted.set.get(&Part::Owner) {
            line("teams:".to_owned());
            line(format!("  {}: {{}}", quoted(owner)));
        }
        line("systems:".to_owned());
        line(format!("  {}:", quoted(system)));
        for (part, value) in &wanted.set {
            line(format!("    {}: {}", part.as_str(), quoted(value)));
        }
        line("    match:".to_owned());
        for one in matches {
            line(format!("      - {one}"));
        }
        return yaml;
    }
    let set: Vec<String> =
        wanted.set.iter().map(|(part, value)| format!("{}: {}", part.as_str(), quoted(value))).collect();
    line("rules:".to_owned());
    for one in matches {
        line(format!("  - match: {one}"));
        line(format!("    set: {{ {} }}", set.join(", ")));
    }
    yaml
}

/// A text as YAML and JSON both write it.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

/// A text as a pattern that means only itself.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '*' | '?' | '[' | ']' | '{' | '}' => {
                out.push('[');
                out.push(c);
                out.push(']');
            }
            // There is no class for it alone on every system.
            '\\' => out.push('?'),
            c => out.push(c),
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use fathom_model::Document;

    use super::*;

    fn bucket(name: &str, account: &str, tags: &[(&str, &str)]) -> Resource {
        Resource {
            uid: format!("arn:aws:s3:::{name}").into(),
            kind: "AWS::S3::Bucket".into(),
            account: account.into(),
            region: "eu-west-1".into(),
            id: name.to_owned(),
            name: None,
            tags: tags.iter().map(|(key, value)| ((*key).to_owned(), (*value).to_owned())).collect(),
            created_at: None,
            provider_made: false,
            exposed: false,
            document: Document::from_canonical("null"),
        }
    }

    fn wanted(system: Option<&str>) -> Wanted {
        let set = [(Part::Owner, "payments".to_owned()), (Part::Purpose, "takes \"orders\"".to_owned())];
        Wanted { set: set.into(), system: system.map(str::to_owned) }
    }

    #[test]
    fn a_shared_tag_goes_before_a_shared_beginning_and_that_before_names() {
        let chosen = [bucket("shop-a", "1", &[("app", "shop")]), bucket("shop-b", "1", &[("app", "shop")])];
        let other = [bucket("shop-c", "2", &[("app", "else")])];
        let by_tag = suggest(&chosen, &other, &wanted(None)).expect("lines");
        assert!(by_tag.yaml.contains(r#"tags: { "app": "shop" }"#), "{}", by_tag.yaml);
        assert_eq!((by_tag.explains, by_tag.also.len()), (2, 0));

        let bare = [bucket("shop-a", "1", &[]), bucket("shop-b", "1", &[])];
        let by_account = suggest(&bare, &[bucket("shop-c", "2", &[])], &wanted(None)).expect("lines");
        assert!(by_account.yaml.contains(r#"account: "1", name: "shop-*""#), "{}", by_account.yaml);
        let by_name = suggest(&bare, &[bucket("logs-c", "1", &[])], &wanted(Some("shop"))).expect("lines");
        assert!(
            by_name.yaml.contains(r#"- { type: "AWS::S3::Bucket", name: "shop-*" }"#),
            "{}",
            by_name.yaml
        );
        assert!(
            by_name.yaml.starts_with("teams:\n  \"payments\": {}\nsystems:\n  \"shop\":\n"),
            "{}",
            by_name.yaml
        );
        let single = suggest(&bare, &[bucket("shop-c", "1", &[])], &wanted(None)).expect("lines");
        assert_eq!(single.yaml.matches("arn:aws:s3:::shop-").count(), 2, "{}", single.yaml);
        assert_eq!((single.explains, single.also.len()), (2, 0));
    }

    #[test]
    fn signs_of_patterns_in_names_mean_themselves() {
        let hostile = [bucket("a*[b]{c}?", "1", &[]), bucket("plain", "1", &[])];
        let other = [bucket("axb", "1", &[]), bucket("a*[b]{c}!", "1", &[])];
        let said = suggest(&hostile, &other, &wanted(None)).expect("lines");
        assert_eq!((said.explains, said.also), (2, vec![]), "{}", said.yaml);
    }

    #[test]
    fn what_the_file_would_refuse_is_refused_here() {
        let set = [(Part::DataClass, "secretish".to_owned())].into();
        let refused = suggest(&[bucket("a", "1", &[])], &[], &Wanted { set, system: None });
        assert!(refused.expect_err("refused").to_string().contains("not a data class"));
    }
}
