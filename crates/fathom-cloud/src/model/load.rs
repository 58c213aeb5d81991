//! Reads the JSON form of a service model and interns its shapes.

use super::pages;
use super::service::{Operation, Paginator, Protocol, Service};
use super::shape::{Kind, Location, Member, Namespace, Shape, ShapeId, ShapeRef, Structure, TimestampFormat};
use http::Method;
use serde::Deserialize;
use std::collections::{BTreeMap, HashMap};

/// Why a model could not be used.
#[derive(Debug, thiserror::Error)]
pub enum ModelError {
    /// There is no such service among the embedded models.
    #[error("no model for service `{service}`")]
    UnknownService {
        /// The name that was asked for.
        service: String,
    },
    /// The embedded file is damaged.
    #[error("failed to decompress the model `{file}`")]
    Decompress {
        /// The embedded file.
        file: String,
        /// The cause.
        #[source]
        source: std::io::Error,
    },
    /// The JSON does not have a model's form.
    #[error("failed to read the model of `{service}`")]
    Json {
        /// The service or document.
        service: String,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// The service offers no protocol that the codecs speak.
    #[error("service `{service}` speaks none of the known protocols, but `{protocols}`")]
    Protocol {
        /// The service.
        service: String,
        /// What it speaks.
        protocols: String,
    },
    /// Something in the model refers to something that is not there.
    #[error("the model of `{service}` is inconsistent at `{place}`: {reason}")]
    Inconsistent {
        /// The service.
        service: String,
        /// The shape, member or operation.
        place: String,
        /// What is wrong.
        reason: &'static str,
    },
}

#[derive(Deserialize)]
struct RawModel {
    metadata: RawMetadata,
    #[serde(default)]
    operations: BTreeMap<String, RawOperation>,
    #[serde(default)]
    shapes: BTreeMap<String, Raw>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawMetadata {
    #[serde(default)]
    api_version: String,
    #[serde(default)]
    endpoint_prefix: String,
    #[serde(default)]
    global_endpoint: Option<String>,
    #[serde(default)]
    json_version: Option<String>,
    #[serde(default)]
    protocol: Option<String>,
    #[serde(default)]
    protocols: Vec<String>,
    #[serde(default)]
    service_id: Option<String>,
    #[serde(default)]
    signing_name: Option<String>,
    #[serde(default)]
    target_prefix: Option<String>,
    #[serde(default)]
    aws_query_compatible: Option<serde_json::Value>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawOperation {
    #[serde(default)]
    http: RawHttp,
    #[serde(default)]
    input: Option<Raw>,
    #[serde(default)]
    output: Option<Raw>,
    #[serde(default)]
    errors: Vec<Raw>,
    #[serde(default)]
    endpoint: Option<RawEndpoint>,
    #[serde(default)]
    endpointdiscovery: Option<RawDiscovery>,
}

#[derive(Deserialize)]
struct RawDiscovery {
    #[serde(default)]
    required: bool,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase")]
struct RawHttp {
    #[serde(default)]
    method: Option<String>,
    #[serde(default)]
    request_uri: Option<String>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct RawEndpoint {
    #[serde(default)]
    host_prefix: Option<String>,
}

/// A shape or a reference to one: the model uses one vocabulary for both.
#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Raw {
    shape: Option<String>,
    r#type: Option<String>,
    members: BTreeMap<String, Raw>,
    member: Option<Box<Raw>>,
    key: Option<Box<Raw>>,
    value: Option<Box<Raw>>,
    required: Vec<String>,
    location: Option<String>,
    location_name: Option<String>,
    query_name: Option<String>,
    result_wrapper: Option<String>,
    payload: Option<String>,
    timestamp_format: Option<String>,
    xml_namespace: Option<RawNamespace>,
    xml_attribute: Option<bool>,
    flattened: Option<bool>,
    streaming: Option<bool>,
    jsonvalue: Option<bool>,
    host_label: Option<bool>,
    idempotency_token: Option<bool>,
    sensitive: Option<bool>,
    eventstream: Option<bool>,
    document: bool,
    union: bool,
    exception: bool,
    error: Option<RawError>,
}

#[derive(Deserialize, Clone)]
#[serde(untagged)]
enum RawNamespace {
    Uri(String),
    Full {
        uri: String,
        #[serde(default)]
        prefix: Option<String>,
    },
}

#[derive(Deserialize)]
struct RawError {
    #[serde(default)]
    code: Option<String>,
}

#[derive(Deserialize)]
struct RawPaginators {
    #[serde(default)]
    pagination: BTreeMap<String, RawPaginator>,
}

#[derive(Deserialize)]
struct RawPaginator {
    #[serde(default)]
    input_token: OneOrMany,
    #[serde(default)]
    output_token: OneOrMany,
    #[serde(default)]
    more_results: Option<String>,
    #[serde(default)]
    limit_key: Option<String>,
    #[serde(default)]
    result_key: OneOrMany,
}

#[derive(Deserialize, Default)]
#[serde(untagged)]
enum OneOrMany {
    #[default]
    None,
    One(String),
    Many(Vec<String>),
}

impl From<OneOrMany> for Vec<String> {
    fn from(value: OneOrMany) -> Self {
        match value {
            OneOrMany::None => Vec::new(),
            OneOrMany::One(one) => vec![one],
            OneOrMany::Many(many) => many,
        }
    }
}

impl Service {
    /// Reads a model in the `service-2` JSON form and, if given, its paginators in the `paginators-1` form. Unknown
    /// fields are ignored, so trimmed and complete models read alike.
    pub fn from_json(name: &str, service2: &[u8], paginators: Option<&[u8]>) -> Result<Service, ModelError> {
        let json = |source| ModelError::Json { service: name.to_owned(), source };
        let raw: RawModel = serde_json::from_slice(service2).map_err(json)?;
        let pages = match paginators {
            Some(bytes) => serde_json::from_slice::<RawPaginators>(bytes).map_err(json)?.pagination,
            None => BTreeMap::new(),
        };
        Loader::new(name, &raw.shapes).service(raw.metadata, &raw.operations, pages)
    }
}

/// Shapes that a model marks as secret and that are none: tags, which the tagging API shows to everyone who may read;
/// names and ids without which a resource cannot be told from another; a token of a page, which is sent back as it came.
/// Service and shape.
pub const NOT_SECRET: &[(&str, &str)] = &[
    ("backup", "Tags"),
    ("bedrock", "GuardrailName"),
    ("cognito-idp", "ClientIdType"),
    ("identitystore", "GroupDisplayName"),
    ("identitystore", "UserName"),
    ("organizations", "AccountName"),
    ("pipes", "NextToken"),
    ("pipes", "TagValue"),
    ("resource-explorer-2", "TagMap"),
    ("rolesanywhere", "TagKey"),
    ("rolesanywhere", "TagValue"),
    ("s3", "SSEKMSKeyId"),
];

/// Members that hold secrets and that no model marks: service, structure, member. Where a path leads to it, a
/// definition says so instead; rules of a firewall are in each other.
const ALSO_SECRET: &[(&str, &str, &str)] = &[
    // What an origin tells requests of the firewall by.
    ("wafv2", "CustomHTTPHeader", "Value"),
];

struct Loader<'a> {
    service: &'a str,
    raw: &'a BTreeMap<String, Raw>,
    ids: HashMap<&'a str, ShapeId>,
    ordered: Vec<&'a Raw>,
}

impl<'a> Loader<'a> {
    fn new(service: &'a str, raw: &'a BTreeMap<String, Raw>) -> Self {
        let ids = raw.keys().enumerate().map(|(at, name)| (name.as_str(), ShapeId(at as u32))).collect();
        Loader { service, raw, ids, ordered: raw.values().collect() }
    }

    fn inconsistent(&self, place: &str, reason: &'static str) -> ModelError {
        ModelError::Inconsistent { service: self.service.to_owned(), place: place.to_owned(), reason }
    }

    fn service(
        &self,
        metadata: RawMetadata,
        operations: &BTreeMap<String, RawOperation>,
        mut pages: BTreeMap<String, RawPaginator>,
    ) -> Result<Service, ModelError> {
        let protocol = self.protocol(&metadata)?;
        let shapes =
            self.raw.iter().map(|(name, raw)| self.shape(name, raw)).collect::<Result<Box<[Shape]>, _>>()?;
        let mut faults = BTreeMap::new();
        for (index, shape) in shapes.iter().enumerate() {
            if let Some(code) = shape.structure().and_then(Structure::error_code) {
                faults.insert(code.into(), ShapeId(index as u32));
            }
        }
        for (index, shape) in shapes.iter().enumerate() {
            if shape.structure().is_some_and(|structure| structure.exception) {
                faults.entry(shape.name.clone()).or_insert(ShapeId(index as u32));
            }
        }
        let operations = operations
            .iter()
            .map(|(name, raw)| {
                Ok((name.as_str().into(), self.operation(name, raw, pages.remove(name), &shapes)?))
            })
            .collect::<Result<BTreeMap<_, _>, ModelError>>()?;
        let boxed = |text: Option<String>| text.unwrap_or_default().into_boxed_str();
        Ok(Service {
            name: self.service.into(),
            formal_id: boxed(metadata.service_id),
            signing_name: metadata
                .signing_name
                .unwrap_or_else(|| metadata.endpoint_prefix.clone())
                .into_boxed_str(),
            endpoint_prefix: metadata.endpoint_prefix.into_boxed_str(),
            api_version: metadata.api_version.into_boxed_str(),
            target_prefix: boxed(metadata.target_prefix),
            json_version: metadata.json_version.unwrap_or_else(|| "1.0".to_owned()).into_boxed_str(),
            global_endpoint: metadata.global_endpoint.map(String::into_boxed_str),
            query_compatible: metadata.aws_query_compatible.is_some(),
            protocol,
            shapes,
            faults,
            operations,
        })
    }

    fn protocol(&self, metadata: &RawMetadata) -> Result<Protocol, ModelError> {
        let listed: Vec<&str> = if metadata.protocols.is_empty() {
            metadata.protocol.iter().map(String::as_str).collect()
        } else {
            metadata.protocols.iter().map(String::as_str).collect()
        };
        Protocol::PREFERENCE.into_iter().find(|known| listed.contains(&known.as_str())).ok_or_else(|| {
            ModelError::Protocol { service: self.service.to_owned(), protocols: listed.join(", ") }
        })
    }

    fn operation(
        &self,
        name: &str,
        raw: &RawOperation,
        pages: Option<RawPaginator>,
        shapes: &[Shape],
    ) -> Result<Operation, ModelError> {
        let structure = |raw: &Option<Raw>| match raw {
            None => Ok(None),
            Some(raw) => {
                let target = self.reference(name, raw)?;
                match shapes.get(target.shape.0 as usize).map(Shape::kind) {
                    Some(Kind::Structure(_)) => Ok(Some(target)),
                    _ => Err(self.inconsistent(name, "input and output must be structures")),
                }
            }
        };
        let (input, output) = (structure(&raw.input)?, structure(&raw.output)?);
        let body = |target: &Option<ShapeRef>| {
            target.as_ref().and_then(|target| shapes.get(target.shape.0 as usize)?.structure())
        };
        let method = raw.http.method.as_deref().unwrap_or("POST");
        Ok(Operation {
            name: name.into(),
            method: Method::from_bytes(method.as_bytes())
                .map_err(|_| self.inconsistent(name, "the HTTP method is not a token"))?,
            uri: raw.http.request_uri.as_deref().unwrap_or("/").into(),
            errors: raw
                .errors
                .iter()
                .map(|error| Ok(self.reference(name, error)?.shape))
                .collect::<Result<_, ModelError>>()?,
            host_prefix: raw
                .endpoint
                .as_ref()
                .and_then(|endpoint| endpoint.host_prefix.as_deref())
                .map(Into::into),
            discovered: raw.endpointdiscovery.as_ref().is_some_and(|discovery| discovery.required),
            paginator: match pages {
                Some(pages) => Some(Paginator {
                    input_token: pages.input_token.into(),
                    output_token: pages.output_token.into(),
                    more_results: pages.more_results,
                    limit_key: pages.limit_key,
                    result_key: pages.result_key.into(),
                }),
                None => pages::derived(self.service, name, body(&input), body(&output), shapes),
            },
            input,
            output,
        })
    }

    fn shape(&self, name: &str, raw: &Raw) -> Result<Shape, ModelError> {
        let part = |part: &Option<Box<Raw>>| match part {
            Some(raw) => self.reference(name, raw),
            None => Err(self.inconsistent(name, "a list lacks its member, or a map its key or value")),
        };
        let kind = match raw.r#type.as_deref() {
            Some("structure") => Kind::Structure(self.structure(name, raw)?),
            Some("list") => Kind::List(part(&raw.member)?),
            Some("map") => Kind::Map(part(&raw.key)?, part(&raw.value)?),
            Some("string" | "character") => Kind::String,
            Some("blob") => Kind::Blob,
            Some("boolean") => Kind::Boolean,
            Some("integer" | "long" | "short" | "byte" | "bigInteger" | "biginteger") => Kind::Integer,
            Some("float" | "double" | "bigDecimal" | "bigdecimal") => Kind::Float,
            Some("timestamp") => Kind::Timestamp,
            _ => return Err(self.inconsistent(name, "the shape's type is not known")),
        };
        Ok(Shape { name: name.into(), kind })
    }

    fn structure(&self, name: &str, raw: &Raw) -> Result<Structure, ModelError> {
        let mut members = Vec::with_capacity(raw.members.len());
        let mut xml = Vec::with_capacity(raw.members.len());
        let mut json = Vec::with_capacity(raw.members.len());
        let mut plain: Vec<(Box<str>, u32)> = Vec::new();
        for (index, (member, raw)) in raw.members.iter().enumerate() {
            let mut target = self.reference(member, raw)?;
            target.sensitive |= ALSO_SECRET.contains(&(self.service, name, member));
            let wire = target.wire.clone().unwrap_or_else(|| member.as_str().into());
            if matches!(target.location, Location::Body | Location::Uri | Location::Query) {
                let element = self.flattened_name(&target);
                if element.as_ref().is_some_and(|element| *element != wire) {
                    plain.push((wire.clone(), index as u32));
                }
                xml.push((element.unwrap_or_else(|| wire.clone()), index as u32));
            }
            json.push((wire, index as u32));
            members.push(Member { name: member.as_str().into(), target });
        }
        // Such a list's own name is read too, as long as it means nothing else.
        plain.retain(|(wire, _)| xml.iter().all(|(element, _)| element != wire));
        xml.append(&mut plain);
        xml.sort();
        json.sort();
        let index = |wanted: &str| {
            raw.members
                .keys()
                .position(|member| member == wanted)
                .map(|at| at as u32)
                .ok_or_else(|| self.inconsistent(name, "a required or payload member is not a member"))
        };
        let code = raw.error.as_ref().and_then(|error| error.code.as_deref());
        Ok(Structure {
            required: raw.required.iter().map(|member| index(member)).collect::<Result<_, _>>()?,
            payload: raw.payload.as_deref().map(index).transpose()?,
            union: raw.union,
            document: raw.document,
            exception: raw.exception,
            error_code: raw.exception.then(|| code.unwrap_or(name).into()),
            has_attributes: members.iter().any(|member| member.target.xml_attribute),
            members: members.into(),
            xml: xml.into(),
            json: json.into(),
        })
    }

    /// A flattened list's elements stand in its parent under the name its member shape gives them, if it gives one and
    /// the list is not named explicitly.
    fn flattened_name(&self, target: &ShapeRef) -> Option<Box<str>> {
        if !target.flattened || target.wire.is_some() {
            return None;
        }
        let list = self.ordered.get(target.shape.0 as usize)?;
        if list.r#type.as_deref() != Some("list") {
            return None;
        }
        let member = list.member.as_deref()?;
        let own = member.location_name.as_deref();
        let of_shape = || self.raw.get(member.shape.as_deref()?)?.location_name.as_deref();
        own.or_else(of_shape).map(Into::into)
    }

    /// Resolves a reference; traits at the reference win over the shape's own.
    fn reference(&self, place: &str, raw: &Raw) -> Result<ShapeRef, ModelError> {
        let name =
            raw.shape.as_deref().ok_or_else(|| self.inconsistent(place, "a reference names no shape"))?;
        let (Some(shape), Some(base)) = (self.ids.get(name).copied(), self.raw.get(name)) else {
            return Err(self.inconsistent(name, "the shape is referred to but not defined"));
        };
        let text = |own: &Option<String>, base: &Option<String>| {
            own.as_deref().or(base.as_deref()).map(Box::<str>::from)
        };
        let flag = |own: Option<bool>, base: Option<bool>| own.or(base).unwrap_or(false);
        let location = match raw.location.as_deref().or(base.location.as_deref()) {
            Some("uri") => Location::Uri,
            Some("querystring") => Location::Query,
            Some("header") => Location::Header,
            Some("headers") => Location::Headers,
            Some("statusCode") => Location::Status,
            _ => Location::Body,
        };
        let timestamp = match raw.timestamp_format.as_deref().or(base.timestamp_format.as_deref()) {
            Some("iso8601") => Some(TimestampFormat::Iso8601),
            Some("rfc822") => Some(TimestampFormat::Rfc822),
            Some("unixTimestamp" | "unixtimestamp") => Some(TimestampFormat::Unix),
            _ => None,
        };
        let namespace =
            raw.xml_namespace.as_ref().or(base.xml_namespace.as_ref()).map(|namespace| match namespace {
                RawNamespace::Uri(uri) => Namespace { uri: uri.as_str().into(), prefix: None },
                RawNamespace::Full { uri, prefix } => {
                    Namespace { uri: uri.as_str().into(), prefix: prefix.as_deref().map(Into::into) }
                }
            });
        Ok(ShapeRef {
            shape,
            location,
            // A structure's own name is for when it is a document's root, not for members of that type.
            wire: match base.r#type.as_deref() {
                Some("structure") => raw.location_name.as_deref().map(Into::into),
                _ => text(&raw.location_name, &base.location_name),
            },
            query_name: text(&raw.query_name, &base.query_name),
            result_wrapper: text(&raw.result_wrapper, &base.result_wrapper),
            namespace,
            timestamp,
            flattened: flag(raw.flattened, base.flattened),
            xml_attribute: flag(raw.xml_attribute, base.xml_attribute),
            json_value: flag(raw.jsonvalue, base.jsonvalue),
            host_label: flag(raw.host_label, base.host_label),
            streaming: flag(raw.streaming, base.streaming),
            event_stream: flag(raw.eventstream, base.eventstream),
            idempotency_token: flag(raw.idempotency_token, base.idempotency_token),
            sensitive: (raw.sensitive.unwrap_or(false) || base.sensitive.unwrap_or(false))
                && !NOT_SECRET.contains(&(self.service, name)),
        })
    }
}
