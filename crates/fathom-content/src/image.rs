//! Names of images of containers, as Docker writes them, and the repositories of AWS that they lead to.

use serde::{Deserialize, Serialize};

/// How an image of a container is named.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ImageNamed {
    /// By a tag, or by none: which image that is the registry says each time.
    ByTag,
    /// By its digest: always the same.
    ByDigest,
}

impl ImageNamed {
    /// The repository in a registry of AWS that the name of an image leads to, where it is named so.
    /// `<account>.dkr.ecr.<region>.amazonaws.com/<repository>[:<tag>][@<digest>]`, as Docker writes names of images.
    pub fn repository(self, text: &str) -> Option<&str> {
        let (host, _) = text.split_once('/')?;
        if !host.contains(".dkr.ecr") {
            return None;
        }
        let (name, digest) = text.split_once('@').map_or((text, None), |(name, digest)| (name, Some(digest)));
        if digest.is_some() != (self == Self::ByDigest) {
            return None;
        }
        // A host may have a port, so a tag is what follows the last colon after the last slash.
        let last = name.rfind('/')?;
        let end = name[last..].find(':').map_or(name.len(), |at| last + at);
        Some(&name[..end])
    }
}

#[cfg(test)]
mod tests {
    use super::ImageNamed::{ByDigest, ByTag};

    #[test]
    fn an_image_leads_to_its_repository_by_tag_or_by_digest() {
        const REPOSITORY: &str = "111122223333.dkr.ecr.eu-west-1.amazonaws.com/team/shop";
        for tag in ["", ":latest", ":1.2-rc.3"] {
            let image = format!("{REPOSITORY}{tag}");
            assert_eq!((ByTag.repository(&image), ByDigest.repository(&image)), (Some(REPOSITORY), None));
            let exact = format!("{image}@sha256:00ff");
            assert_eq!((ByTag.repository(&exact), ByDigest.repository(&exact)), (None, Some(REPOSITORY)));
        }
        for other in [
            "nginx",
            "nginx:1",
            "docker.io/library/nginx:1",
            "localhost:5000/x:1",
            "public.ecr.aws/nginx/nginx:1",
            "",
        ] {
            assert_eq!((ByTag.repository(other), ByDigest.repository(other)), (None, None), "{other}");
        }
    }
}
