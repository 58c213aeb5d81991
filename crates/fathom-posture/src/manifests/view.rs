//! Objects as checks of several kinds see them. Of whatever makes pods: `pod`, its pod template; `containers`, those of all three lists;
//! `images`, of each of these the image taken apart. What checks then say of such a place is told by where it stands in the manifest.

use fathom_content::manifests::ManifestView;
use serde_json::{Map, Value, json};

use super::DeclaredObject;

/// The lists of containers of a pod.
const LISTS: [&str; 3] = ["initContainers", "containers", "ephemeralContainers"];
/// Where images come from that name no registry.
const REGISTRY: &str = "docker.io";

/// Where in the manifest the members of a view stand.
#[derive(Debug, Default)]
pub(super) struct Places {
    /// The way to the pod template, with a dot at its end where it is not the object itself; none where the view is the object.
    pod: Option<String>,
    /// The way from there to each container.
    containers: Vec<String>,
}

impl Places {
    /// A path of a view as the manifest has it.
    pub(super) fn in_manifest(&self, path: &str) -> String {
        let Some(pod) = &self.pod else { return path.to_owned() };
        if let Some(rest) = path.strip_prefix("pod.") {
            return format!("{pod}{rest}");
        }
        for (name, below) in [("containers[", ""), ("images[", ".image")] {
            let Some((at, rest)) = path.strip_prefix(name).and_then(|rest| rest.split_once(']')) else {
                continue;
            };
            let container = at.parse().ok().and_then(|at: usize| self.containers.get(at));
            if let Some(container) = container {
                let rest = if below.is_empty() { rest } else { below };
                return format!("{pod}{container}{rest}");
            }
        }
        match path {
            "containers" | "images" => format!("{pod}spec.containers"),
            "pod" => pod.trim_end_matches('.').to_owned(),
            other => other.to_owned(),
        }
    }
}

/// The document of a view of an object.
///
/// # Errors
/// When the object has nothing of what it should make, in words.
pub(super) fn document(
    object: &DeclaredObject<'_>,
    view: Option<&ManifestView>,
) -> Result<(Value, Places), String> {
    if view.is_none_or(|view| view.shape.is_empty()) {
        return Ok((object.document.clone(), Places::default()));
    }
    let Some(path) = &object.kind.pod else { return Err("it makes no pods".to_owned()) };
    let template = path.first(&object.document);
    let spec = template.and_then(|template| template.get("spec")).filter(|spec| spec.is_object());
    let way = if path.as_str() == "@" { String::new() } else { format!("{}.", path.as_str()) };
    let (Some(template), Some(spec)) = (template, spec) else {
        return Err(format!("there is no pod in it: `{way}spec` is not there"));
    };
    let (mut containers, mut images, mut ways) = (Vec::new(), Vec::new(), Vec::new());
    for list in LISTS {
        let all = spec.get(list).and_then(Value::as_array).map(Vec::as_slice).unwrap_or_default();
        for (at, container) in all.iter().enumerate().filter(|(_, one)| one.is_object()) {
            containers.push(container.clone());
            images.push(container.get("image").and_then(Value::as_str).map_or(json!({}), image));
            ways.push(format!("spec.{list}[{at}]"));
        }
    }
    let metadata = |of: &Value| match of.get("metadata") {
        Some(metadata @ Value::Object(_)) => metadata.clone(),
        _ => json!({}),
    };
    let mut members = Map::new();
    for name in ["apiVersion", "kind"] {
        members.insert(name.to_owned(), object.document.get(name).cloned().unwrap_or_default());
    }
    members.insert("metadata".to_owned(), metadata(&object.document));
    members.insert("pod".to_owned(), json!({ "metadata": metadata(template), "spec": spec }));
    members.insert("containers".to_owned(), Value::Array(containers));
    members.insert("images".to_owned(), Value::Array(images));
    Ok((Value::Object(members), Places { pod: Some(way), containers: ways }))
}

/// The image that a path of a view is about, as it is written.
pub(super) fn image_at(document: &Value, path: &str) -> Option<String> {
    let (at, _) = path.strip_prefix("images[")?.split_once(']')?;
    let text = document.get("images")?.get(at.parse::<usize>().ok()?)?.get("text")?.as_str()?;
    Some(format!("\"{text}\""))
}

/// An image taken apart: `registry`, and `tag` and `digest` where they are written.
fn image(text: &str) -> Value {
    let (name, digest) = match text.split_once('@') {
        Some((name, digest)) => (name, Some(digest)),
        None => (text, None),
    };
    // A colon before the last slash is that of a port.
    let last = name.rfind('/').map_or(0, |at| at + 1);
    let tag = name.get(last..).and_then(|last| last.split_once(':')).map(|(_, tag)| tag);
    let first = name.split_once('/').map(|(first, _)| first);
    let is_registry = |first: &&str| first.contains(['.', ':']) || *first == "localhost";
    let mut members = json!({ "text": text, "registry": first.filter(is_registry).unwrap_or(REGISTRY) });
    for (name, value) in [("tag", tag), ("digest", digest)] {
        if let Some(value) = value.filter(|value| !value.is_empty()) {
            members[name] = Value::from(value);
        }
    }
    members
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn images_are_taken_apart_as_the_reference_of_images_says() {
        for (text, wanted) in [
            ("nginx", json!({ "text": "nginx", "registry": "docker.io" })),
            ("nginx:1.27", json!({ "text": "nginx:1.27", "registry": "docker.io", "tag": "1.27" })),
            ("team/app", json!({ "text": "team/app", "registry": "docker.io" })),
            ("localhost:5000/app", json!({ "text": "localhost:5000/app", "registry": "localhost:5000" })),
            (
                "ghcr.io/a/b:v1@sha256:00ff",
                json!({ "text": "ghcr.io/a/b:v1@sha256:00ff", "registry": "ghcr.io", "tag": "v1", "digest": "sha256:00ff" }),
            ),
        ] {
            assert_eq!(image(text), wanted);
        }
    }
}
