//! A service: its metadata, operations and paginators.

use super::shape::{Shape, ShapeId, ShapeRef, Structure};
use http::Method;
use std::collections::BTreeMap;

/// The wire protocols that the codecs speak.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Protocol {
    /// Form-encoded requests, XML answers.
    Query,
    /// EC2's variant of query.
    Ec2,
    /// Bindings to HTTP with XML bodies.
    RestXml,
    /// Bindings to HTTP with JSON bodies.
    RestJson,
    /// JSON 1.0 and 1.1 posted to one address.
    Json,
}

impl Protocol {
    /// The protocols in order of preference, as a service that offers several lists them.
    pub(crate) const PREFERENCE: [Protocol; 5] =
        [Protocol::Json, Protocol::RestJson, Protocol::RestXml, Protocol::Query, Protocol::Ec2];

    /// The name in models.
    pub fn as_str(self) -> &'static str {
        match self {
            Protocol::Query => "query",
            Protocol::Ec2 => "ec2",
            Protocol::RestXml => "rest-xml",
            Protocol::RestJson => "rest-json",
            Protocol::Json => "json",
        }
    }
}

/// One service's model.
#[derive(Debug)]
pub struct Service {
    pub(crate) name: Box<str>,
    pub(crate) formal_id: Box<str>,
    pub(crate) endpoint_prefix: Box<str>,
    pub(crate) signing_name: Box<str>,
    pub(crate) api_version: Box<str>,
    pub(crate) target_prefix: Box<str>,
    pub(crate) json_version: Box<str>,
    pub(crate) global_endpoint: Option<Box<str>>,
    pub(crate) protocol: Protocol,
    pub(crate) query_compatible: bool,
    pub(crate) shapes: Box<[Shape]>,
    pub(crate) faults: BTreeMap<Box<str>, ShapeId>,
    pub(crate) operations: BTreeMap<Box<str>, Operation>,
}

impl Service {
    /// The name it is called by, as in `botocore` and the command line (`ec2`, `elbv2`).
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The service's formal id (`Elastic Load Balancing v2`).
    pub fn service_id(&self) -> &str {
        &self.formal_id
    }

    /// First label of the usual host name, and the key in the endpoints document.
    pub fn endpoint_prefix(&self) -> &str {
        &self.endpoint_prefix
    }

    /// The name in the signature's scope.
    pub fn signing_name(&self) -> &str {
        &self.signing_name
    }

    /// The API version (`2016-11-15`).
    pub fn api_version(&self) -> &str {
        &self.api_version
    }

    /// The protocol the codecs use for this service.
    pub fn protocol(&self) -> Protocol {
        self.protocol
    }

    /// Prefix of `X-Amz-Target` in the JSON protocol; empty elsewhere.
    pub fn target_prefix(&self) -> &str {
        &self.target_prefix
    }

    /// `1.0` or `1.1` in the JSON protocol.
    pub fn json_version(&self) -> &str {
        &self.json_version
    }

    /// The host that serves all regions, where the model names one.
    pub fn global_endpoint(&self) -> Option<&str> {
        self.global_endpoint.as_deref()
    }

    /// Whether errors carry the codes of an earlier query protocol in a header.
    pub fn is_query_compatible(&self) -> bool {
        self.query_compatible
    }

    /// All operations, by name.
    pub fn operations(&self) -> impl Iterator<Item = &Operation> {
        self.operations.values()
    }

    /// The operation with that name.
    pub fn operation(&self, name: &str) -> Option<&Operation> {
        self.operations.get(name)
    }

    /// Whether an operation can be asked only about something given: an id, a name.
    pub fn needs_input(&self, operation: &Operation) -> bool {
        let input = operation.input().and_then(|input| self.structure(input));
        input.is_some_and(|structure| structure.required().next().is_some())
    }

    /// The shape with that index. Indices are only valid in the service they came from.
    pub fn shape(&self, id: ShapeId) -> &Shape {
        &self.shapes[id.0 as usize]
    }

    /// The structure a reference means, if it means one.
    pub(crate) fn structure(&self, target: &ShapeRef) -> Option<&Structure> {
        self.shape(target.shape).structure()
    }

    /// The fault that answers with that error code: among the operation's own first, then among all.
    pub(crate) fn fault(&self, operation: Option<&Operation>, code: &str) -> Option<ShapeId> {
        let own = operation.and_then(|operation| {
            operation.errors.iter().copied().find(|id| {
                let shape = self.shape(*id);
                &*shape.name == code || shape.structure().and_then(Structure::error_code) == Some(code)
            })
        });
        own.or_else(|| self.faults.get(code).copied())
    }
}

/// One operation.
#[derive(Debug)]
pub struct Operation {
    pub(crate) name: Box<str>,
    pub(crate) method: Method,
    pub(crate) uri: Box<str>,
    pub(crate) input: Option<ShapeRef>,
    pub(crate) output: Option<ShapeRef>,
    pub(crate) errors: Box<[ShapeId]>,
    pub(crate) host_prefix: Option<Box<str>>,
    pub(crate) discovered: bool,
    pub(crate) paginator: Option<Paginator>,
}

impl Operation {
    /// The name, as in IAM actions and documentation.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// The HTTP method.
    pub fn method(&self) -> &Method {
        &self.method
    }

    /// The path template with labels (`/{Bucket}?policy`).
    pub fn uri(&self) -> &str {
        &self.uri
    }

    /// The input structure, if the operation takes parameters.
    pub fn input(&self) -> Option<&ShapeRef> {
        self.input.as_ref()
    }

    /// The output structure, if the operation answers with one.
    pub fn output(&self) -> Option<&ShapeRef> {
        self.output.as_ref()
    }

    /// The faults the operation declares.
    pub fn errors(&self) -> &[ShapeId] {
        &self.errors
    }

    /// The label template before the endpoint's host (`{AccountId}.`).
    pub fn host_prefix(&self) -> Option<&str> {
        self.host_prefix.as_deref()
    }

    /// Whether it answers only at an address that the service gives each account (`DescribeEndpoints`).
    pub fn is_discovered(&self) -> bool {
        self.discovered
    }

    /// How to follow its pages, if it has any.
    pub fn paginator(&self) -> Option<&Paginator> {
        self.paginator.as_ref()
    }
}

/// How an operation's pages continue. Tokens and keys are paths in the value form, with `.` between members, `[-1]`
/// for a list's last element and `||` between alternatives.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Paginator {
    /// Parameters that carry the token into the next request.
    pub input_token: Vec<String>,
    /// Where the answer has the next token, one for each input token.
    pub output_token: Vec<String>,
    /// Where the answer says whether there is more; otherwise an absent token ends the pages.
    pub more_results: Option<String>,
    /// The parameter that limits a page's length.
    pub limit_key: Option<String>,
    /// Where the answer has the items.
    pub result_key: Vec<String>,
}
