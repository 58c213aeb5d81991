//! Kinds of objects that Kubernetes manifests declare, `content/manifests/kubernetes.yaml`, and which members they have,
//! `content/manifests/shapes.json`.
//!
//! No scan lists these types: they are none of `content/resources`, and checks of them are asked of files only.

use std::collections::{BTreeMap, BTreeSet};

use fathom_model::{EdgeKind, ResourceType, path::Path, spelling::nearest};
use serde::Deserialize;
use serde_json::Value;

/// Members of one object that are told as misspelt or of a wrong form.
const MISFITS_MAX: usize = 20;
/// How deep objects are looked through.
const DEPTH_MAX: usize = 100;

/// All of them.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestKinds {
    /// The kinds.
    pub kinds: Vec<ManifestKind>,
    /// What checks of several kinds are asked of.
    #[serde(default)]
    pub views: Vec<ManifestView>,
    /// The members of each shape with their forms, by its name.
    #[serde(skip)]
    shapes: BTreeMap<String, BTreeMap<String, String>>,
}

/// A kind of object.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestKind {
    /// What checks call it.
    #[serde(rename = "type")]
    pub is: ResourceType,
    /// The values of `apiVersion` in which it has the form that is known.
    pub apis: Vec<String>,
    /// The value of `kind`.
    pub kind: String,
    /// Whether it lies in a namespace.
    #[serde(default)]
    pub namespaced: bool,
    /// Where the pod lies that it makes.
    #[serde(default)]
    pub pod: Option<Path>,
    /// The views that it is seen by, beside itself.
    #[serde(default)]
    pub views: Vec<ResourceType>,
    /// Places whose values are not shown.
    #[serde(default)]
    pub secret: Vec<String>,
}

/// What checks of several kinds are asked of.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestView {
    /// What checks call it.
    #[serde(rename = "type")]
    pub is: ResourceType,
    /// The shape of which it is.
    #[serde(default)]
    pub like: Option<String>,
    /// Its members, where it has a form of its own: that of whatever makes pods.
    #[serde(default)]
    pub shape: BTreeMap<String, String>,
    /// Where it names other objects.
    #[serde(default)]
    pub relations: Vec<ManifestRelation>,
    /// Places whose values are not shown.
    #[serde(default)]
    pub secret: Vec<String>,
}

/// Where an object names another one in its namespace.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ManifestRelation {
    /// What it is called.
    pub kind: EdgeKind,
    /// The type of the other.
    pub to: ResourceType,
    /// Where its name stands.
    pub name: Path,
    /// The name where none is written.
    #[serde(default)]
    pub otherwise: Option<String>,
}

/// What stands at a place of an object.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ManifestForm<'s> {
    /// Nobody says.
    Any,
    /// True or false.
    Bool,
    /// A number.
    Number,
    /// A text.
    Text,
    /// A list of this.
    List(&'s str),
    /// This by names.
    Map(&'s str),
    /// These members.
    Members(&'s BTreeMap<String, String>),
}

/// A member that is misspelt, or that the server does not take as it is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Misfit {
    /// Where it is: `spec.containers[0].image`.
    pub path: String,
    /// What is wrong with it.
    pub message: String,
    /// Whether there is no such member; its form is wrong otherwise.
    pub is_unknown: bool,
}

impl ManifestKinds {
    /// Takes the shapes out of the text of their file.
    ///
    /// # Errors
    /// When it is no JSON of this form.
    pub(crate) fn shapes(&mut self, text: &str) -> Result<(), String> {
        self.shapes = serde_json::from_str(text).map_err(|error| error.to_string())?;
        Ok(())
    }

    /// What is wrong with it, where something is.
    pub(crate) fn problem(&self) -> Option<String> {
        let mut types = BTreeSet::new();
        for is in self.kinds.iter().map(|kind| &kind.is).chain(self.views.iter().map(|view| &view.is)) {
            if !types.insert(is) {
                return Some(format!("`{is}` is there twice"));
            }
            if self.root(is.as_str()).is_none() {
                return Some(format!("shapes.json has no shape for `{is}`"));
            }
        }
        let view = |is: &ResourceType| self.views.iter().any(|view| view.is == *is);
        let unknown = self.kinds.iter().flat_map(|kind| &kind.views).find(|is| !view(is));
        if let Some(is) = unknown {
            return Some(format!("there is no view `{is}`"));
        }
        let named = self.views.iter().flat_map(|view| &view.relations).map(|relation| &relation.to);
        for to in named {
            if !self.kinds.iter().any(|kind| kind.is == *to) {
                return Some(format!("there is no kind `{to}`"));
            }
        }
        let own = self.views.iter().flat_map(|view| view.shape.values());
        for form in self.shapes.values().flat_map(BTreeMap::values).chain(own) {
            let mut inner = form.as_str();
            while let ManifestForm::List(of) | ManifestForm::Map(of) = self.read(inner) {
                inner = of;
            }
            if inner != "any" && matches!(self.read(inner), ManifestForm::Any) {
                return Some(format!("there is no shape `{inner}`"));
            }
        }
        None
    }

    /// The kind that a manifest names.
    pub fn kind(&self, api: &str, kind: &str) -> Option<&ManifestKind> {
        self.kinds.iter().find(|one| one.kind == kind && one.apis.iter().any(|known| known == api))
    }

    /// The view of this type.
    pub fn view(&self, is: &str) -> Option<&ManifestView> {
        self.views.iter().find(|one| one.is.as_str() == is)
    }

    /// Whether checks of this type are asked of manifests.
    pub fn is_type(&self, is: &str) -> bool {
        self.view(is).is_some() || self.kinds.iter().any(|one| one.is.as_str() == is)
    }

    /// What stands at a place of documents of a type; steps are names, `[]` and `*`. None of types that are not known, and where
    /// there is no such place.
    pub fn form(&self, is: &str, path: &[String]) -> Option<ManifestForm<'_>> {
        let mut at = ManifestForm::Members(self.root(is)?);
        for step in path {
            at = match at {
                ManifestForm::Any => return Some(at),
                ManifestForm::List(of) if step == "[]" => self.read(of),
                ManifestForm::Map(of) => self.read(of),
                ManifestForm::Members(members) => self.read(members.get(step)?),
                _ => return None,
            };
        }
        Some(at)
    }

    fn root(&self, is: &str) -> Option<&BTreeMap<String, String>> {
        let shape = match self.view(is) {
            Some(view) if !view.shape.is_empty() => return Some(&view.shape),
            Some(view) => view.like.as_deref()?,
            None => &self.kinds.iter().find(|one| one.is.as_str() == is)?.kind,
        };
        self.shapes.get(shape)
    }

    fn read<'s>(&'s self, form: &'s str) -> ManifestForm<'s> {
        let inside = |open: char, close: char| form.strip_prefix(open)?.strip_suffix(close);
        match form {
            "bool" => ManifestForm::Bool,
            "number" => ManifestForm::Number,
            "text" => ManifestForm::Text,
            _ => {
                if let Some(of) = inside('[', ']') {
                    ManifestForm::List(of)
                } else if let Some(of) = inside('{', '}') {
                    ManifestForm::Map(of)
                } else {
                    self.shapes.get(form).map_or(ManifestForm::Any, ManifestForm::Members)
                }
            }
        }
    }

    /// The members of an object that there are not, and those that are written in a form that the server refuses.
    pub fn misfits(&self, is: &str, document: &Value) -> Vec<Misfit> {
        let mut found = Vec::new();
        if let Some(members) = self.root(is) {
            self.look(ManifestForm::Members(members), document, String::new(), 0, &mut found);
        }
        found
    }

    fn look(
        &self,
        form: ManifestForm<'_>,
        value: &Value,
        path: String,
        depth: usize,
        found: &mut Vec<Misfit>,
    ) {
        if depth > DEPTH_MAX || found.len() >= MISFITS_MAX {
            return;
        }
        let below = |name: &str| if path.is_empty() { name.to_owned() } else { format!("{path}.{name}") };
        match (form, value) {
            (ManifestForm::Any, _)
            | (_, Value::Null)
            | (ManifestForm::Bool, Value::Bool(_))
            | (ManifestForm::Number, Value::Number(_))
            | (ManifestForm::Text, Value::String(_)) => {}
            (ManifestForm::Members(shape), Value::Object(members)) => {
                for (name, value) in members {
                    match shape.get(name) {
                        Some(form) => self.look(self.read(form), value, below(name), depth + 1, found),
                        None if found.len() < MISFITS_MAX => {
                            let near = nearest(name, shape.keys().map(String::as_str));
                            let hint = match near.first() {
                                Some(near) => format!("; did you mean `{near}`?"),
                                None => String::new(),
                            };
                            let message = format!("there is no such member{hint}");
                            found.push(Misfit { path: below(name), message, is_unknown: true });
                        }
                        None => return,
                    }
                }
            }
            (ManifestForm::Map(of), Value::Object(members)) => {
                for (name, value) in members {
                    self.look(self.read(of), value, below(name), depth + 1, found);
                }
            }
            (ManifestForm::List(of), Value::Array(items)) => {
                for (at, value) in items.iter().enumerate() {
                    self.look(self.read(of), value, format!("{path}[{at}]"), depth + 1, found);
                }
            }
            (form, _) => {
                let wanted = match form {
                    ManifestForm::Bool => "true or false",
                    ManifestForm::Number => "a number",
                    ManifestForm::Text => "a text (put it in quotes)",
                    ManifestForm::List(_) => "a list",
                    ManifestForm::Any | ManifestForm::Map(_) | ManifestForm::Members(_) => "members",
                };
                found.push(Misfit {
                    path,
                    message: format!("the API takes {wanted} there"),
                    is_unknown: false,
                });
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Content;

    #[test]
    fn kinds_that_ship_have_shapes_and_misfits_are_named() {
        let kinds = Content::embedded().expect("content").manifests;
        assert_eq!(kinds.problem(), None);
        let kind = kinds.kind("apps/v1", "Deployment").expect("a kind");
        let document = serde_json::json!({ "apiVersion": "apps/v1", "kind": "Deployment", "metadata": { "name": "a", "labels": { "x": true } },
            "spec": { "template": { "spec": { "hostNetwrok": true, "hostPID": "true", "containers": [{ "name": "a", "resources": { "limits": { "cpu": 1 } } }] } } } });
        let told: Vec<String> = kinds
            .misfits(kind.is.as_str(), &document)
            .iter()
            .map(|one| format!("{} {} {}", one.path, one.is_unknown, one.message))
            .collect();
        assert_eq!(
            told,
            [
                "metadata.labels.x false the API takes a text (put it in quotes) there",
                "spec.template.spec.hostNetwrok true there is no such member; did you mean `hostNetwork`?",
                "spec.template.spec.hostPID false the API takes true or false there",
            ]
        );
        assert!(kinds.kind("apps/v3", "Deployment").is_none());
    }

    #[test]
    fn forms_are_those_of_the_api() {
        let kinds = Content::embedded().expect("content").manifests;
        let form = |path: &str| {
            let path: Vec<String> = path.split('.').map(str::to_owned).collect();
            kinds.form("Kubernetes::Workload", &path)
        };
        assert_eq!(form("containers.[].securityContext.privileged"), Some(ManifestForm::Bool));
        assert_eq!(form("pod.spec.volumes.[].hostPath.path"), Some(ManifestForm::Text));
        assert_eq!(form("pod.metadata.annotations.*"), Some(ManifestForm::Text));
        assert_eq!(form("images.[].tag"), Some(ManifestForm::Text));
        assert_eq!(form("pod.spec.privilegd"), None);
    }
}
