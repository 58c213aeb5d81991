//! What documents of a type have, by the provider's service models and the definition that puts the documents together.

use std::sync::Arc;

use fathom_checks::{Form, Forms};
use fathom_cloud::model::{Kind, Models, Operation, Service, ShapeRef};
use fathom_content::{Content, ResourceDefinition, manifests::ManifestForm};
use fathom_model::path::{Path, scalar_text};
use serde_json::Value;

/// The forms of everything that is defined.
#[derive(Debug)]
pub struct Shapes<'c> {
    content: &'c Content,
}

impl<'c> Shapes<'c> {
    /// Those of this content.
    pub fn of(content: &'c Content) -> Self {
        Self { content }
    }
}

/// How deep documents are looked through.
const DEPTH_MAX: usize = 32;

impl Shapes<'_> {
    /// Writes the scalars of a document as the provider gives them: code may write `"true"` for true, and numbers where the provider
    /// has texts.
    pub fn fit(&self, kind: &str, document: &mut Value) {
        self.fit_at(kind, &mut Vec::new(), document);
    }

    fn fit_at(&self, kind: &str, path: &mut Vec<String>, value: &mut Value) {
        if path.len() > DEPTH_MAX {
            return;
        }
        match value {
            Value::Object(members) => {
                for (name, member) in members {
                    path.push(name.clone());
                    self.fit_at(kind, path, member);
                    path.pop();
                }
            }
            Value::Array(items) => {
                path.push("[]".to_owned());
                for item in items {
                    self.fit_at(kind, path, item);
                }
                path.pop();
            }
            Value::Null => {}
            scalar => {
                let fitting = match (self.form(kind, path), &*scalar) {
                    (Form::Bool, Value::String(text)) => {
                        text.to_ascii_lowercase().parse::<bool>().ok().map(Value::from)
                    }
                    (Form::Number, Value::String(text)) => {
                        text.parse::<serde_json::Number>().ok().map(Value::from)
                    }
                    (Form::Text, Value::Bool(_) | Value::Number(_)) => scalar_text(scalar).map(Value::from),
                    _ => None,
                };
                if let Some(fitting) = fitting {
                    *scalar = fitting;
                }
            }
        }
    }
}

impl Forms for Shapes<'_> {
    fn form(&self, kind: &str, path: &[String]) -> Form {
        if let Some(form) = self.content.manifests.form(kind, path) {
            return match form {
                ManifestForm::Any => Form::Any,
                ManifestForm::Bool => Form::Bool,
                ManifestForm::Number => Form::Number,
                ManifestForm::Text => Form::Text,
                ManifestForm::List(_) => Form::List,
                ManifestForm::Map(_) => Form::Map,
                ManifestForm::Members(members) => Form::Members(members.keys().cloned().collect()),
            };
        }
        self.content.resources.get(kind).and_then(|definition| form(definition, path)).unwrap_or(Form::Any)
    }

    fn has_relation(&self, kind: &str, relation: &str) -> Option<bool> {
        if let Some(view) = self.content.manifests.view(kind) {
            return Some(view.relations.iter().any(|one| one.kind.as_str() == relation));
        }
        let definition = self.content.resources.get(kind)?;
        Some(definition.relations.iter().any(|one| one.kind.as_str() == relation))
    }

    fn has_type(&self, kind: &str) -> Option<bool> {
        Some(self.content.resources.contains_key(kind) || self.content.manifests.is_type(kind))
    }
}

/// A shape of a service.
struct At {
    service: Arc<Service>,
    shape: ShapeRef,
}

impl At {
    fn answer(service: &str, operation: &str) -> Option<Self> {
        let service = Models::embedded().service(service).ok()?;
        let shape = service.operation(operation).and_then(Operation::output)?.clone();
        Some(Self { service, shape })
    }

    fn step(self, step: &str) -> Option<Self> {
        let next = match self.service.shape(self.shape.shape()).kind() {
            Kind::Structure(structure) => structure.member(step)?.target().clone(),
            Kind::List(element) if step == "[]" => element.clone(),
            Kind::Map(_, value) => value.clone(),
            _ => return None,
        };
        Some(Self { shape: next, ..self })
    }

    /// What a path of a definition leads to; `many` says whether all that it finds are kept as a list.
    fn walk(self, path: Option<&Path>) -> Option<Self> {
        let Some(path) = path.filter(|path| path.as_str() != "@") else { return Some(self) };
        let mut at = self;
        // Of several ways, what stands at the first is told; others have the same form.
        let way = path.as_str().split(" || ").next()?;
        for step in way.replace("[]", ".[]").split('.').filter(|step| !step.is_empty()) {
            at = at.step(step)?;
        }
        Some(at)
    }

    fn form(&self) -> Form {
        match self.service.shape(self.shape.shape()).kind() {
            Kind::Structure(structure) if structure.members().is_empty() => Form::Any,
            Kind::Structure(structure) => {
                Form::Members(structure.members().iter().map(|member| member.name().to_owned()).collect())
            }
            Kind::List(_) => Form::List,
            Kind::Map(..) => Form::Map,
            Kind::Boolean => Form::Bool,
            Kind::Integer | Kind::Float => Form::Number,
            Kind::String if self.shape.is_json_value() => Form::Any,
            Kind::String | Kind::Blob | Kind::Timestamp => Form::Text,
        }
    }
}

fn form(definition: &ResourceDefinition, path: &[String]) -> Option<Form> {
    let listed = || {
        let list = &definition.list;
        let (operation, items) = match &list.describe {
            Some(describe) => (&describe.operation, &describe.items),
            None => (&list.operation, &list.items),
        };
        let at = At::answer(&definition.service, operation)?.walk(Some(items))?;
        // `Reservations[].Instances[]` leads to one; `Items` may lead to a list of them.
        Some(at)
    };
    let added = definition.enrich.iter().map(|enrich| enrich.into.clone());
    let describe = definition.list.describe.as_ref();
    let kept = describe.and_then(|describe| describe.keep_item.clone());
    let beside = describe.map(|describe| &describe.keep).into_iter().flatten();
    let Some((first, rest)) = path.split_first() else {
        let Form::Members(mut names) = listed()?.form() else { return None };
        names.extend(added.chain(kept).chain(beside.map(|(into, _)| into.clone())));
        return Some(Form::Members(names));
    };
    // What is text in the model and JSON in the document has members that nobody lists.
    let told = definition.json.iter().map(Path::as_str);
    for json in told {
        let steps: Vec<String> =
            json.replace("[]", ".[]").split('.').filter(|step| !step.is_empty()).map(str::to_owned).collect();
        if path.len() >= steps.len() && path.iter().zip(&steps).all(|(one, other)| one == other) {
            return None;
        }
    }
    if kept.as_ref() == Some(first) {
        return None;
    }
    let mut enriched = definition.enrich.iter().filter(|enrich| enrich.into == *first);
    let mut at = match enriched.next() {
        // Several calls add to one member: what each adds is told nowhere in one place.
        Some(_) if enriched.next().is_some() => return None,
        Some(enrich) => {
            let service = enrich.service.as_deref().unwrap_or(&definition.service);
            let at = At::answer(service, &enrich.operation)?.walk(enrich.take.as_ref())?;
            if enrich.many {
                let Some((_, rest)) = rest.split_first() else { return Some(Form::List) };
                return below(at, rest);
            }
            at
        }
        None => match describe.and_then(|describe| Some((describe, describe.keep.get(first)?))) {
            Some((describe, path)) => {
                At::answer(&definition.service, &describe.operation)?.walk(Some(path))?
            }
            None => listed()?.step(first)?,
        },
    };
    for step in rest {
        at = at.step(step)?;
    }
    Some(at.form())
}

fn below(at: At, path: &[String]) -> Option<Form> {
    let mut at = at;
    for step in path {
        at = at.step(step)?;
    }
    Some(at.form())
}
