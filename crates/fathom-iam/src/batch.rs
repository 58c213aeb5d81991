//! The batch interface: a request with its layers as one line of JSON, a verdict as one line of JSON.
//!
//! The form is documented in `docs/iam-simulate.md` and is a public contract.

use serde::Serialize;

use crate::{
    context::Context,
    evaluate::evaluate,
    layers::{AclGrant, AclGrantee, Bucket, EndpointType, Grant, Held, Layer, Layers, Level, Path},
    limits::{CONTEXT_MAX, LEVELS_MAX, LINE_BYTES_MAX, POLICIES_MAX, TEXT_CHARS_MAX},
    node::Node,
    policy::{Policy, PolicyKind, is_account},
    request::{Request, Resource},
    verdict::Verdict,
};

/// A request with everything that has a say in it.
#[derive(Debug, Clone, PartialEq)]
pub struct Case {
    /// What the caller calls it; the answer repeats it.
    pub id: Option<String>,
    /// The request.
    pub request: Request,
    /// What has a say.
    pub layers: Layers,
}

/// An answer as it is written.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Answer {
    /// The id of the request, where it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub id: Option<String>,
    /// The verdict.
    #[serde(flatten)]
    pub verdict: Verdict,
}

/// Answers one line.
///
/// # Errors
/// When the line is no request; the error names the member.
pub fn answer(line: &str) -> Result<Answer, String> {
    let case = Case::parse(line)?;
    Ok(Answer { id: case.id, verdict: evaluate(&case.request, &case.layers) })
}

const LINE: [&str; 12] = [
    "id",
    "request",
    "identity_policies",
    "permission_boundaries",
    "session_policy",
    "resource_policy",
    "scps",
    "rcps",
    "vpc_endpoint_policies",
    "vpc_endpoint_type",
    "kms_grants",
    "s3",
];
const REQUEST: [&str; 6] =
    ["principal", "action", "resource", "context", "context_is_complete", "federating_user"];

impl Case {
    /// Reads one line. Policies that AWS would refuse are kept with their faults, and what depends on them is unknown.
    ///
    /// # Errors
    /// When the line is no request; the error names the member.
    pub fn parse(line: &str) -> Result<Self, String> {
        if line.len() > LINE_BYTES_MAX {
            return Err(format!("has {} bytes; {LINE_BYTES_MAX} are read at most", line.len()));
        }
        let node = Node::parse(line)?;
        let whole = Members::of("", &node, &LINE)?;
        let id = match whole.get("id") {
            None => None,
            Some(id) => Some(id.scalar().ok_or("id: must be a text")?),
        };
        let request = request(whole.need("request")?)?;
        let list = |name: &str, kind| layer(name, whole.get(name), kind);
        let layers = Layers {
            identity: list("identity_policies", PolicyKind::Identity)?,
            boundary: list("permission_boundaries", PolicyKind::Identity)?,
            session: list("session_policy", PolicyKind::Identity)?,
            resource: list("resource_policy", PolicyKind::Resource)?,
            scps: path("scps", whole.get("scps"), PolicyKind::ServiceControl)?,
            rcps: path("rcps", whole.get("rcps"), PolicyKind::ResourceControl)?,
            endpoint: list("vpc_endpoint_policies", PolicyKind::Endpoint)?,
            endpoint_type: endpoint_type(whole.text("vpc_endpoint_type")?)?,
            grants: grants(whole.get("kms_grants"))?,
            bucket: bucket(whole.get("s3"))?,
        };
        Ok(Self { id, request, layers })
    }
}

/// The members of an object; `null` counts as absent.
struct Members<'a> {
    place: &'a str,
    object: &'a [(String, Node)],
}

impl<'a> Members<'a> {
    fn of(place: &'a str, node: &'a Node, known: &[&str]) -> Result<Self, String> {
        let Node::Object(object) = node else {
            let subject = if place.is_empty() { "the line".to_owned() } else { place.to_owned() };
            return Err(format!("{subject}: must be an object, not {}", node.kind()));
        };
        let members = Self { place, object };
        for (position, (name, _)) in object.iter().enumerate() {
            if !known.contains(&name.as_str()) {
                return Err(format!("{}: is no member; known are {}", members.path(name), known.join(", ")));
            }
            if object.iter().take(position).any(|(earlier, _)| earlier == name) {
                return Err(format!("{}: is written twice", members.path(name)));
            }
        }
        Ok(members)
    }

    fn path(&self, name: &str) -> String {
        if self.place.is_empty() { name.to_owned() } else { format!("{}.{name}", self.place) }
    }

    fn get(&self, name: &str) -> Option<&'a Node> {
        self.object.iter().find(|(found, node)| found == name && *node != Node::Null).map(|(_, node)| node)
    }

    fn need(&self, name: &str) -> Result<&'a Node, String> {
        self.get(name).ok_or_else(|| format!("{}: is missing", self.path(name)))
    }

    fn text(&self, name: &str) -> Result<Option<&'a str>, String> {
        match self.get(name) {
            None => Ok(None),
            Some(node) => match node.text() {
                Some(text) => Ok(Some(text)),
                None => Err(format!("{}: must be a text, not {}", self.path(name), node.kind())),
            },
        }
    }

    fn need_text(&self, name: &str) -> Result<&'a str, String> {
        self.text(name)?.ok_or_else(|| format!("{}: is missing", self.path(name)))
    }

    fn flag(&self, name: &str) -> Result<bool, String> {
        match self.get(name) {
            None => Ok(false),
            Some(Node::Bool(value)) => Ok(*value),
            Some(node) => Err(format!("{}: must be true or false, not {}", self.path(name), node.kind())),
        }
    }
}

fn request(node: &Node) -> Result<Request, String> {
    let members = Members::of("request", node, &REQUEST)?;
    let resource = match members.need("resource")? {
        Node::Text(arn) => Resource { arn: arn.clone(), account: None },
        node => {
            let resource = Members::of("request.resource", node, &["arn", "account"])?;
            let account = resource.text("account")?.filter(|account| !account.is_empty());
            if let Some(account) = account
                && !is_account(account)
                && account != "aws"
            {
                return Err(format!("request.resource.account: `{account}` is no account id of 12 digits"));
            }
            Resource { arn: resource.need_text("arn")?.to_owned(), account: account.map(str::to_owned) }
        }
    };
    let mut context = match members.get("context") {
        None => Context::new(),
        Some(node) => self::context(node)?,
    };
    context.set_complete(members.flag("context_is_complete")?);
    let (principal, action) = (members.need_text("principal")?, members.need_text("action")?);
    let mut request =
        Request::new(principal, action, resource, context).map_err(|error| format!("request.{error}"))?;
    request.federating_user = members.text("federating_user")?.map(str::to_owned);
    Ok(request)
}

fn context(node: &Node) -> Result<Context, String> {
    let Node::Object(keys) = node else {
        return Err(format!("request.context: must be an object of keys, not {}", node.kind()));
    };
    if keys.len() > CONTEXT_MAX {
        return Err(format!("request.context: has {} keys; {CONTEXT_MAX} are read at most", keys.len()));
    }
    let mut context = Context::new();
    for (position, (key, values)) in keys.iter().enumerate() {
        if keys.iter().take(position).any(|(earlier, _)| earlier.eq_ignore_ascii_case(key)) {
            return Err(format!(
                "request.context.{key}: is given twice; keys are the same in any case of letters"
            ));
        }
        if *values == Node::Null {
            context.set_absent(key);
            continue;
        }
        let values = values.one_or_many();
        let texts: Vec<String> = values.iter().filter_map(Node::scalar).collect();
        if texts.len() != values.len() {
            return Err(format!(
                "request.context.{key}: must be a list of values, or null where the key is absent"
            ));
        }
        if texts.len() > CONTEXT_MAX || texts.iter().any(|text| text.chars().count() > TEXT_CHARS_MAX) {
            return Err(format!(
                "request.context.{key}: has more than {CONTEXT_MAX} values, or one of more than {TEXT_CHARS_MAX} characters"
            ));
        }
        context.set(key, texts);
    }
    Ok(context)
}

/// How a layer is written that has a say and was not read.
const NOT_READ: &str = "unknown";

fn is_not_read(node: &Node) -> bool {
    node.text() == Some(NOT_READ)
}

fn layer(name: &str, node: Option<&Node>, kind: PolicyKind) -> Result<Layer, String> {
    let Some(node) = node else { return Ok(Layer::None) };
    if is_not_read(node) {
        return Ok(Layer::NotRead);
    }
    let policies = policies(name, node, kind)?;
    // A user without identity policies is none of whom nothing is known; any other empty layer is none.
    Ok(if policies.is_empty() { Layer::None } else { Layer::Policies(policies) })
}

/// The names are those of EC2.
fn endpoint_type(name: Option<&str>) -> Result<Option<EndpointType>, String> {
    match name {
        None => Ok(None),
        Some("Gateway") => Ok(Some(EndpointType::Gateway)),
        Some("Interface") => Ok(Some(EndpointType::Interface)),
        Some(other) => Err(format!("vpc_endpoint_type: `{other}` is not Gateway or Interface")),
    }
}

fn path(name: &str, node: Option<&Node>, kind: PolicyKind) -> Result<Path, String> {
    let Some(node) = node else { return Ok(Path::None) };
    if is_not_read(node) {
        return Ok(Path::NotRead);
    }
    let Node::List(nodes) = node else {
        return Err(format!("{name}: must be a list of levels from the root down, not {}", node.kind()));
    };
    if nodes.len() > LEVELS_MAX {
        return Err(format!("{name}: has {} levels; {LEVELS_MAX} are read at most", nodes.len()));
    }
    let mut levels = Vec::with_capacity(nodes.len());
    for (index, node) in nodes.iter().enumerate() {
        let place = format!("{name}[{index}]");
        let level = Members::of(&place, node, &["id", "policies"])?;
        let id = level.text("id")?.map_or_else(|| index.to_string(), str::to_owned);
        levels.push(Level {
            id,
            policies: policies(&format!("{place}.policies"), level.need("policies")?, kind)?,
        });
    }
    Ok(if levels.is_empty() { Path::None } else { Path::Levels(levels) })
}

/// A list of policies or a single one, each `{name, policy}` or the policy itself.
fn policies(place: &str, node: &Node, kind: PolicyKind) -> Result<Vec<Held>, String> {
    let nodes = node.one_or_many();
    if nodes.len() > POLICIES_MAX {
        return Err(format!("{place}: has {} policies; {POLICIES_MAX} are read at most", nodes.len()));
    }
    let mut held = Vec::with_capacity(nodes.len());
    for (index, one) in nodes.iter().enumerate() {
        let here = if matches!(node, Node::List(_)) { format!("{place}[{index}]") } else { place.to_owned() };
        let wrapped =
            matches!(one, Node::Object(members) if members.iter().any(|(name, _)| name == "policy"));
        let (name, policy) = if wrapped {
            let members = Members::of(&here, one, &["name", "policy"])?;
            (members.text("name")?.map(str::to_owned), members.need("policy")?)
        } else {
            (None, one)
        };
        let name = name.unwrap_or_else(|| here.clone());
        held.push(match Policy::read(&name, kind, policy) {
            Ok(policy) => Held::Read(policy.into()),
            Err(bad) => Held::Bad(bad),
        });
    }
    Ok(held)
}

fn grants(node: Option<&Node>) -> Result<Vec<Grant>, String> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut grants = Vec::new();
    for (index, node) in node.one_or_many().iter().enumerate() {
        let place = format!("kms_grants[{index}]");
        let members = Members::of(&place, node, &["id", "grantee", "operations", "constraints"])?;
        let operations: Vec<String> =
            members.need("operations")?.one_or_many().iter().filter_map(Node::scalar).collect();
        let mut grant = Grant {
            id: members.text("id")?.map_or_else(|| place.clone(), str::to_owned),
            grantee: members.need_text("grantee")?.to_owned(),
            operations,
            context_equals: None,
            context_subset: Vec::new(),
        };
        if let Some(node) = members.get("constraints") {
            let place = format!("{place}.constraints");
            let members =
                Members::of(&place, node, &["encryption_context_equals", "encryption_context_subset"])?;
            let pairs = |name: &str| match members.get(name) {
                None => Ok(None),
                Some(Node::Object(pairs)) => pairs
                    .iter()
                    .map(|(key, value)| match value.text() {
                        Some(value) => Ok((key.clone(), value.to_owned())),
                        None => Err(format!("{place}.{name}.{key}: must be a text")),
                    })
                    .collect::<Result<Vec<_>, _>>()
                    .map(Some),
                Some(_) => Err(format!("{place}.{name}: must be an object of texts")),
            };
            grant.context_equals = pairs("encryption_context_equals")?;
            grant.context_subset = pairs("encryption_context_subset")?.unwrap_or_default();
        }
        grants.push(grant);
    }
    Ok(grants)
}

fn bucket(node: Option<&Node>) -> Result<Bucket, String> {
    let Some(node) = node else { return Ok(Bucket::default()) };
    let known = ["public_access_block", "object_ownership", "object_owner", "bucket_acl", "object_acl"];
    let members = Members::of("s3", node, &known)?;
    let mut bucket = Bucket {
        object_owner: members.text("object_owner")?.map(str::to_owned),
        bucket_acl: acl("s3.bucket_acl", members.get("bucket_acl"))?,
        object_acl: acl("s3.object_acl", members.get("object_acl"))?,
        ..Bucket::default()
    };
    bucket.acls_disabled = match members.text("object_ownership")? {
        Some("BucketOwnerEnforced") => true,
        None | Some("BucketOwnerPreferred" | "ObjectWriter") => false,
        Some(other) => {
            return Err(format!(
                "s3.object_ownership: `{other}` is not BucketOwnerEnforced, BucketOwnerPreferred or ObjectWriter"
            ));
        }
    };
    if let Some(node) = members.get("public_access_block") {
        // Two of the four stop calls that would make something public; they take no access away.
        let known =
            ["block_public_acls", "ignore_public_acls", "block_public_policy", "restrict_public_buckets"];
        let flags = Members::of("s3.public_access_block", node, &known)?;
        for name in known {
            flags.flag(name)?;
        }
        bucket.ignore_public_acls = flags.flag("ignore_public_acls")?;
        bucket.restrict_public_buckets = flags.flag("restrict_public_buckets")?;
    }
    Ok(bucket)
}

const PERMISSIONS: [&str; 5] = ["READ", "WRITE", "READ_ACP", "WRITE_ACP", "FULL_CONTROL"];

fn acl(place: &str, node: Option<&Node>) -> Result<Vec<AclGrant>, String> {
    let Some(node) = node else { return Ok(Vec::new()) };
    let mut grants = Vec::new();
    for (index, node) in node.one_or_many().iter().enumerate() {
        let place = format!("{place}[{index}]");
        let members = Members::of(&place, node, &["grantee", "permission"])?;
        let grantee = members.need_text("grantee")?;
        let permission = members.need_text("permission")?;
        if !PERMISSIONS.contains(&permission) {
            return Err(format!("{place}.permission: `{permission}` is none of {}", PERMISSIONS.join(", ")));
        }
        let grantee = match grantee {
            _ if grantee.ends_with("/global/AllUsers") => AclGrantee::AllUsers,
            _ if grantee.ends_with("/global/AuthenticatedUsers") => AclGrantee::AuthenticatedUsers,
            _ if is_account(grantee) => AclGrantee::Account(grantee.to_owned()),
            _ => AclGrantee::Other(grantee.to_owned()),
        };
        grants.push(AclGrant { grantee, permission: permission.to_owned() });
    }
    Ok(grants)
}
