//! Which things a text means: ARNs, ids, digests and addresses of images.

use std::collections::HashMap;

use fathom_access::Seen;

use crate::Thing;

/// Things by what they are called.
#[derive(Debug, Default)]
pub(crate) struct About {
    by: HashMap<String, Vec<usize>>,
}

impl About {
    /// All names of all things.
    pub(crate) fn of(things: &[Thing], seen: &[Seen]) -> Self {
        let documents: HashMap<&str, &Seen> = seen.iter().map(|one| (one.arn.as_str(), one)).collect();
        let mut about = Self::default();
        for (at, thing) in things.iter().enumerate() {
            about.put(thing.resource.clone(), at);
            // The id of a server, the digest of an image; of a function its name, which is not its own alone.
            if let Some((_, id)) = thing.resource.rsplit_once('/') {
                about.put(id.to_owned(), at);
            }
            let Some(document) = documents.get(thing.resource.as_str()).map(|one| &one.document) else {
                continue;
            };
            if let Some(repository) = document["repositoryName"].as_str() {
                let tags =
                    document["imageTags"].as_array().into_iter().flatten().filter_map(|tag| tag.as_str());
                for tag in tags {
                    about.put(image_key(&thing.account, &thing.region, &format!("{repository}:{tag}")), at);
                }
            }
        }
        about
    }

    fn put(&mut self, text: String, at: usize) {
        let all = self.by.entry(text).or_default();
        if !all.contains(&at) {
            all.push(at);
        }
    }

    /// The things that a text means.
    pub(crate) fn find(&self, text: &str) -> Vec<usize> {
        let found = |text: &str| self.by.get(text).cloned().unwrap_or_default();
        let mut all = found(text);
        if all.is_empty()
            && let Some(key) = image_of(text)
        {
            all = found(&key);
        }
        // An ARN that goes on after the thing's own: a version of a function.
        let mut rest = text;
        while all.is_empty() && rest.starts_with("arn:") && rest.matches(':').count() > 6 {
            rest = rest.rsplit_once(':').map_or("", |(before, _)| before);
            all = found(rest);
        }
        all
    }
}

fn image_key(account: &str, region: &str, rest: &str) -> String {
    format!("{account} {region} {rest}")
}

/// `<account>.dkr.ecr.<region>.<suffix>/<repository>:<tag>`, which no partition's suffix matters for.
fn image_of(text: &str) -> Option<String> {
    let (host, rest) = text.split_once('/')?;
    let (account, after) = host.split_once(".dkr.ecr.")?;
    let region = after.split('.').next()?;
    Some(image_key(account, region, rest))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_of_an_image_has_its_parts() {
        let key = image_of("111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/web:1.0");
        assert_eq!(key.as_deref(), Some("111122223333 eu-central-1 shop/web:1.0"));
        assert_eq!(image_of("alpine:3.18"), None);
        assert_eq!(image_of("docker.io/library/alpine:3.18"), None);
    }
}
