//! Service models as the front reads them: the same files as the client's, a reader of its own.
//!
//! The client's codecs are tested against what this reader makes of a model, so it shares no code with theirs. Traits
//! at a reference win over those of the shape it refers to.

use std::{
    collections::BTreeMap,
    sync::{Arc, LazyLock, Mutex, PoisonError},
};

use rust_embed::RustEmbed;
use serde::Deserialize;

#[derive(RustEmbed)]
#[folder = "../fathom-cloud/models/aws"]
#[include = "*.json.zst"]
struct Files;

/// The protocols, named by how messages look.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Protocol {
    /// Form in, XML out.
    Query,
    /// EC2's variant of query.
    Ec2,
    /// HTTP bindings, XML bodies.
    RestXml,
    /// HTTP bindings, JSON bodies.
    RestJson,
    /// JSON to one address.
    Json,
}

/// A model file.
#[derive(Debug, Deserialize)]
struct File {
    service: Model,
    #[serde(default)]
    paginators: Paginators,
}

#[derive(Debug, Deserialize, Default)]
struct Paginators {
    #[serde(default)]
    pagination: BTreeMap<String, Paginator>,
}

/// One service.
#[derive(Debug, Deserialize)]
pub struct Model {
    /// The name of the file and of the service.
    #[serde(skip)]
    pub name: String,
    /// What holds for the whole service.
    pub metadata: Metadata,
    /// Operations by name.
    #[serde(default)]
    pub operations: BTreeMap<String, Operation>,
    /// Shapes by name.
    #[serde(default)]
    pub shapes: BTreeMap<String, Shape>,
    /// Paginators by operation.
    #[serde(skip)]
    pub paginators: BTreeMap<String, Paginator>,
}

/// What holds for a whole service.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Metadata {
    /// `2016-11-15`.
    pub api_version: String,
    /// First label of the usual host.
    pub endpoint_prefix: String,
    /// The name in signatures, where it differs from the endpoint's.
    pub signing_name: Option<String>,
    /// Prefix of `X-Amz-Target`.
    pub target_prefix: Option<String>,
    /// `1.0` or `1.1`.
    pub json_version: Option<String>,
    /// Namespace of XML answers.
    pub xml_namespace: Option<Namespace>,
    protocol: Option<String>,
    protocols: Vec<String>,
}

/// A namespace, with or without a prefix.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum Namespace {
    /// Only the address.
    Uri(String),
    /// Address and prefix.
    Full {
        /// The address.
        uri: String,
        /// The prefix that is bound.
        #[serde(default)]
        prefix: Option<String>,
    },
}

/// One operation.
#[derive(Debug, Deserialize)]
pub struct Operation {
    /// Method and path.
    #[serde(default)]
    pub http: Http,
    /// Input structure.
    pub input: Option<Ref>,
    /// Output structure.
    pub output: Option<Ref>,
}

/// Method and path of an operation.
#[derive(Debug, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Http {
    /// `POST` where absent.
    pub method: Option<String>,
    /// The template.
    pub request_uri: Option<String>,
}

/// How pages continue.
#[derive(Debug, Clone, Deserialize)]
pub struct Paginator {
    /// Parameters that take tokens.
    #[serde(default)]
    pub input_token: OneOrMany,
    /// Where the answer has tokens.
    #[serde(default)]
    pub output_token: OneOrMany,
    /// Where the answer says that there is more.
    pub more_results: Option<String>,
    /// The parameter that limits a page.
    pub limit_key: Option<String>,
}

/// One text or several.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(untagged)]
pub enum OneOrMany {
    /// None.
    #[default]
    None,
    /// One.
    One(String),
    /// Several.
    Many(Vec<String>),
}

impl OneOrMany {
    /// All of them.
    pub fn all(&self) -> Vec<&str> {
        match self {
            OneOrMany::None => Vec::new(),
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many.iter().map(String::as_str).collect(),
        }
    }
}

/// A shape.
#[derive(Debug, Deserialize, Default)]
#[serde(default)]
pub struct Shape {
    /// `structure`, `list`, `string` and so on.
    pub r#type: String,
    /// Members of a structure.
    pub members: BTreeMap<String, Ref>,
    /// Items of a list.
    pub member: Option<Ref>,
    /// Keys of a map.
    pub key: Option<Ref>,
    /// Values of a map.
    pub value: Option<Ref>,
    /// Members that must be there.
    pub required: Vec<String>,
    /// The member that is the whole body.
    pub payload: Option<String>,
    /// Any JSON.
    pub document: bool,
    /// Exactly one member is set.
    pub union: bool,
    /// Traits of the shape itself.
    #[serde(flatten)]
    pub traits: Traits,
}

/// A reference to a shape.
#[derive(Debug, Clone, Deserialize)]
pub struct Ref {
    /// The shape's name.
    pub shape: String,
    /// Traits of this place.
    #[serde(flatten)]
    pub traits: Traits,
}

/// What decides the wire form.
#[derive(Debug, Clone, Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
pub struct Traits {
    /// Which part of the message.
    pub location: Option<String>,
    /// The name on the wire.
    pub location_name: Option<String>,
    /// EC2's own name in requests.
    pub query_name: Option<String>,
    /// The element around the result.
    pub result_wrapper: Option<String>,
    /// `iso8601`, `rfc822` or `unixTimestamp`.
    pub timestamp_format: Option<String>,
    /// Namespace of the element.
    pub xml_namespace: Option<Namespace>,
    /// Items stand in the parent.
    pub flattened: Option<bool>,
    /// An attribute of the parent's element.
    pub xml_attribute: Option<bool>,
    /// A stream of events.
    pub eventstream: Option<bool>,
    /// A JSON document in text.
    pub jsonvalue: Option<bool>,
}

impl Model {
    /// The model of a service; none if there is no such service.
    pub fn of(name: &str) -> Option<Arc<Model>> {
        static READ: LazyLock<Mutex<BTreeMap<String, Arc<Model>>>> = LazyLock::new(Mutex::default);
        let mut read = READ.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(model) = read.get(name) {
            return Some(Arc::clone(model));
        }
        let file: File = serde_json::from_slice(&file(name)?).ok()?;
        let mut model = file.service;
        name.clone_into(&mut model.name);
        model.paginators = file.paginators.pagination;
        let model = Arc::new(model);
        read.insert(name.to_owned(), Arc::clone(&model));
        Some(model)
    }

    /// Metadata of all services by name, read once.
    pub fn index() -> &'static BTreeMap<String, Metadata> {
        #[derive(Deserialize)]
        struct Head {
            service: Service,
        }
        #[derive(Deserialize)]
        struct Service {
            metadata: Metadata,
        }
        static INDEX: LazyLock<BTreeMap<String, Metadata>> = LazyLock::new(|| {
            Files::iter()
                .filter_map(|path| {
                    let name = path.strip_suffix(".json.zst")?.to_owned();
                    let head: Head = serde_json::from_slice(&file(&name)?).ok()?;
                    Some((name, head.service.metadata))
                })
                .collect()
        });
        &INDEX
    }

    /// The protocol that the client would choose.
    pub fn protocol(&self) -> Protocol {
        self.metadata.protocol()
    }

    /// The shape that a reference means.
    ///
    /// # Panics
    /// When the model refers to a shape that it does not have.
    pub fn shape(&self, target: &Ref) -> &Shape {
        let found = self.shapes.get(&target.shape);
        found.unwrap_or_else(|| panic!("the model of {} has no shape `{}`", self.name, target.shape))
    }

    /// The shape of the operation's output, if it has one.
    pub fn output(&self, operation: &str) -> Option<(&Ref, &Shape)> {
        let output = self.operations.get(operation)?.output.as_ref()?;
        Some((output, self.shape(output)))
    }

    /// The shape of the operation's input, if it has one.
    pub fn input(&self, operation: &str) -> Option<&Shape> {
        Some(self.shape(self.operations.get(operation)?.input.as_ref()?))
    }

    /// The name on the wire that the model gives, at the reference or at the shape; a structure's own name counts only
    /// where it is a document's root.
    pub fn wire<'a>(&'a self, target: &'a Ref) -> Option<&'a str> {
        let shape = self.shape(target);
        let own = || shape.traits.location_name.as_deref().filter(|_| shape.r#type != "structure");
        target.traits.location_name.as_deref().or_else(own)
    }

    /// A trait at the reference, else at the shape.
    pub fn with<'a, T>(&'a self, target: &'a Ref, pick: impl Fn(&'a Traits) -> Option<T>) -> Option<T> {
        pick(&target.traits).or_else(|| pick(&self.shape(target).traits))
    }

    /// A trait that is on or off.
    pub fn is(&self, target: &Ref, pick: impl Fn(&Traits) -> Option<bool>) -> bool {
        self.with(target, pick).unwrap_or(false)
    }
}

impl Metadata {
    /// The name in signatures.
    pub fn signing_name(&self) -> &str {
        self.signing_name.as_deref().unwrap_or(&self.endpoint_prefix)
    }

    /// The protocol that the client would choose.
    pub fn protocol(&self) -> Protocol {
        const KNOWN: [(&str, Protocol); 5] = [
            ("json", Protocol::Json),
            ("rest-json", Protocol::RestJson),
            ("rest-xml", Protocol::RestXml),
            ("query", Protocol::Query),
            ("ec2", Protocol::Ec2),
        ];
        let speaks = |name: &str| {
            self.protocols.iter().any(|spoken| spoken == name)
                || (self.protocols.is_empty() && self.protocol.as_deref() == Some(name))
        };
        KNOWN.into_iter().find(|(name, _)| speaks(name)).map_or(Protocol::Json, |(_, protocol)| protocol)
    }
}

impl Namespace {
    /// The attribute that declares it.
    pub fn attribute(&self) -> String {
        match self {
            Namespace::Uri(uri) | Namespace::Full { uri, prefix: None } => format!(" xmlns=\"{uri}\""),
            Namespace::Full { uri, prefix: Some(prefix) } => format!(" xmlns:{prefix}=\"{uri}\""),
        }
    }
}

fn file(name: &str) -> Option<Vec<u8>> {
    let packed = Files::get(&format!("{name}.json.zst"))?;
    zstd::bulk::decompress(&packed.data, 16 << 20).ok()
}
