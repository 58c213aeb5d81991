//! What a document is about: digests and addresses of images, ARNs, in the texts where tools write them.

use std::collections::BTreeSet;

/// Names of one document's subject; more are left out.
const NAMES_MAX: usize = 50;

/// Texts that may name a resource.
#[derive(Debug, Default)]
pub(super) struct Targets(BTreeSet<String>);

impl Targets {
    /// Takes what names something out of a text: `repository@sha256:…`, a digest, an ARN, an address of a registry with a tag.
    pub(super) fn add(&mut self, text: &str) {
        let decoded = decoded(text.trim());
        let text = decoded.as_str();
        if let Some(digest) = digest_in(text) {
            self.put(digest);
        }
        let is_arn = text.starts_with("arn:");
        // A registry has a point in its name before the first slash.
        let is_image = text.split_once('/').is_some_and(|(registry, rest)| {
            registry.contains(".dkr.ecr.") && !rest.is_empty() && !rest.contains(char::is_whitespace)
        });
        if (is_arn || is_image) && text.len() <= 2_048 {
            self.put(text.split_once("@sha256:").map_or(text, |(name, _)| name).to_owned());
        }
    }

    /// Takes the parts of a package address that name a container image.
    pub(super) fn purl(&mut self, purl: &str) {
        let Some(rest) = purl.strip_prefix("pkg:oci/").or_else(|| purl.strip_prefix("pkg:docker/")) else {
            return;
        };
        let (path, qualifiers) = rest.split_once('?').unwrap_or((rest, ""));
        self.add(path);
        let of = |name: &str| {
            let mut parts = qualifiers.split('&').filter_map(|part| part.split_once('='));
            parts.find(|(known, _)| *known == name).map(|(_, value)| decoded(value))
        };
        if let Some(repository) = of("repository_url") {
            match of("tag") {
                Some(tag) => self.add(&format!("{repository}:{tag}")),
                None => self.add(&repository),
            }
        }
    }

    fn put(&mut self, text: String) {
        if self.0.len() < NAMES_MAX {
            self.0.insert(text);
        }
    }

    pub(super) fn end(self) -> Vec<String> {
        self.0.into_iter().collect()
    }
}

/// `sha256:` and 64 hexadecimal digits.
fn digest_in(text: &str) -> Option<String> {
    const HEAD: &str = "sha256:";
    let mut rest = text;
    while let Some(at) = rest.find(HEAD) {
        let after = rest.get(at + HEAD.len()..)?;
        let hex: String = after.chars().take_while(char::is_ascii_hexdigit).collect();
        if hex.len() == 64 {
            return Some(format!("{HEAD}{}", hex.to_ascii_lowercase()));
        }
        rest = after;
    }
    None
}

/// A text without the `%3A` of addresses.
fn decoded(text: &str) -> String {
    percent_encoding::percent_decode_str(text).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(texts: &[&str], purl: &str) -> Vec<String> {
        let mut targets = Targets::default();
        for text in texts {
            targets.add(text);
        }
        targets.purl(purl);
        targets.end()
    }

    #[test]
    fn what_names_an_image_is_found() {
        let hex = "ab".repeat(32);
        let ecr = "111122223333.dkr.ecr.eu-central-1.amazonaws.com/shop/web";
        assert_eq!(names(&[&format!("shop@sha256:{hex}")], ""), [format!("sha256:{hex}")]);
        assert_eq!(names(&[&format!("{ecr}@sha256:{hex}")], ""), [ecr.to_owned(), format!("sha256:{hex}")]);
        assert_eq!(
            names(&[&format!("{ecr}:1.0"), "alpine:3.18", "sha256:short"], ""),
            [format!("{ecr}:1.0")]
        );
        let purl = format!("pkg:oci/web@sha256%3A{hex}?arch=amd64&repository_url={ecr}&tag=1.0");
        assert_eq!(names(&[], &purl), [format!("{ecr}:1.0"), format!("sha256:{hex}")]);
        assert_eq!(names(&["100%", "%zz", "ä%"], "pkg:npm/left-pad@1.0"), [""; 0]);
        assert_eq!(names(&["arn:aws:lambda:eu-central-1:111122223333:function:mail"], "").len(), 1);
    }
}
