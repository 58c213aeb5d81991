//! Which members of which answers may hold secrets, as the definitions say; for recordings, which are written before
//! a document is made of an answer.

use fathom_cloud::record::SecretMember;
use fathom_content::{Content, ResourceDefinition};
use fathom_model::path::Path;

/// The members of all definitions.
pub fn members(content: &Content) -> Vec<SecretMember> {
    content.resources.values().flat_map(of_definition).collect()
}

/// The path of a secret below a member that holds it; `Tags` is no part of `TagsOfOthers`.
fn below<'a>(secret: &'a str, member: &str) -> Option<&'a str> {
    let below = secret.strip_prefix(member)?;
    (below.is_empty() || below.starts_with(['.', '['])).then(|| below.trim_start_matches('.'))
}

fn of_definition(definition: &ResourceDefinition) -> Vec<SecretMember> {
    let list = &definition.list;
    let mut members = Vec::new();
    for secret in &definition.secret {
        // A listing may show in part what a describe call then shows whole, so both are hidden.
        members.extend(member(&definition.service, &list.operation, list.items.as_str(), secret.as_str()));
        if let Some(describe) = &list.describe {
            let items = describe.items.as_str();
            members.extend(member(&definition.service, &describe.operation, items, secret.as_str()));
            for (into, path) in &describe.keep {
                let Some(below) = below(secret.as_str(), into) else { continue };
                members.extend(member(&definition.service, &describe.operation, path.as_str(), below));
            }
        }
        for enrich in &definition.enrich {
            let Some(below) = below(secret.as_str(), &enrich.into) else { continue };
            let below = if enrich.many { below.trim_start_matches("[]") } else { below };
            let take = enrich.take.as_ref().map_or("@", Path::as_str);
            let service = enrich.service.as_deref().unwrap_or(&definition.service);
            members.extend(member(service, &enrich.operation, take, below.trim_start_matches('.')));
        }
    }
    members
}

fn member(service: &str, operation: &str, base: &str, below: &str) -> Option<SecretMember> {
    let text = match (base, below) {
        ("@", "") => "@".to_owned(),
        ("@", below) => below.to_owned(),
        (base, "") => base.to_owned(),
        (base, below) if below.starts_with('[') => format!("{base}{below}"),
        (base, below) => format!("{base}.{below}"),
    };
    let path = text.parse().ok()?;
    Some(SecretMember { service: service.to_owned(), operation: operation.to_owned(), path })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn listed_described_and_enriched_members_are_named_where_they_are_answered() {
        let content = Content::embedded().expect("the content loads");
        let all: Vec<String> = members(&content)
            .into_iter()
            .map(|member| format!("{}:{} {}", member.service, member.operation, member.path))
            .collect();
        for expected in [
            "ec2:DescribeInstanceAttribute UserData.Value",
            "lambda:ListFunctions Functions[].Environment.Variables",
        ] {
            assert!(all.iter().any(|one| one == expected), "{expected} is not in {all:#?}");
        }
    }
}
