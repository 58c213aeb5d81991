//! `Principal` and `NotPrincipal`: whom a statement of a resource is about.

use super::element::Reader;
use crate::node::Node;

/// `Principal` or `NotPrincipal`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PrincipalElement {
    /// Whether it is `NotPrincipal`: everyone but those.
    pub negated: bool,
    /// Who is named.
    pub named: Vec<Named>,
}

/// Someone named in a policy.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Named {
    /// `"*"` or `{"AWS": "*"}`: everyone, also without credentials.
    Everyone,
    /// An account: `123456789012` or `arn:aws:iam::123456789012:root`.
    Account(String),
    /// A user's ARN.
    User(String),
    /// A role's ARN.
    Role(String),
    /// The ARN of a role session.
    Session(String),
    /// The ARN of a federated user's session.
    FederatedUser(String),
    /// `AIDA…`, `AROA…`: AWS writes it where a named user or role is gone. One made anew under its name is another.
    UniqueId(String),
    /// A service, `lambda.amazonaws.com`; `*` is every service.
    Service(String),
    /// An identity provider; `*` is every one.
    Federated(String),
    /// A canonical user id of S3.
    CanonicalUser(String),
}

impl PrincipalElement {
    /// Whether it names everyone.
    pub(crate) fn is_everyone(&self) -> bool {
        self.named.contains(&Named::Everyone)
    }
}

/// Account ids have so many digits.
const ACCOUNT_DIGITS: usize = 12;

/// Whether a text is an account id.
pub fn is_account(text: &str) -> bool {
    text.len() == ACCOUNT_DIGITS && text.bytes().all(|byte| byte.is_ascii_digit())
}

impl Reader<'_> {
    pub(super) fn principals(&mut self, negated: bool, node: &Node) -> PrincipalElement {
        let member = if negated { "NotPrincipal" } else { "Principal" };
        let mut named = Vec::new();
        match node {
            Node::Text(text) if text == "*" => named.push(Named::Everyone),
            Node::Object(kinds) => {
                self.members(kinds, &["AWS", "Service", "Federated", "CanonicalUser"]);
                for (kind, values) in kinds {
                    let member = format!("{member}.{kind}");
                    for text in self.texts(&member, values) {
                        match kind.as_str() {
                            "Service" => named.push(Named::Service(text)),
                            "Federated" => named.push(Named::Federated(text)),
                            "CanonicalUser" => named.push(Named::CanonicalUser(text)),
                            _ => match aws(&text) {
                                Ok(one) => named.push(one),
                                Err(problem) => self.fault(&member, format!("`{text}` {problem}")),
                            },
                        }
                    }
                }
                if named.is_empty() {
                    self.fault(member, "names nobody");
                }
            }
            // AWS's grammar has only "*" here; policies with an ARN in this place are in use all the same.
            Node::Text(text) => match aws(text) {
                Ok(one) => named.push(one),
                Err(problem) => self.fault(member, format!("`{text}` {problem}")),
            },
            other => {
                let kind = other.kind();
                self.fault(member, format!("must be \"*\" or an object such as {{\"AWS\": …}}, not {kind}"));
            }
        }
        PrincipalElement { negated, named }
    }
}

/// Reads what stands under `AWS`.
fn aws(text: &str) -> Result<Named, &'static str> {
    if text == "*" {
        return Ok(Named::Everyone);
    }
    if is_account(text) {
        return Ok(Named::Account(text.to_owned()));
    }
    if text.contains(['*', '?']) {
        return Err(
            "has a wildcard; a principal is named whole, or \"*\" with a condition on aws:PrincipalArn",
        );
    }
    let is_unique_id = text.len() >= 16
        && (text.starts_with("AIDA") || text.starts_with("AROA"))
        && text.bytes().all(|byte| byte.is_ascii_alphanumeric());
    if is_unique_id {
        return Ok(Named::UniqueId(text.to_owned()));
    }
    let mut segments = text.splitn(6, ':');
    let mut next = || segments.next().unwrap_or_default();
    let (arn, partition, service, region, account, rest) = (next(), next(), next(), next(), next(), next());
    if arn != "arn" || !partition.starts_with("aws") || !region.is_empty() || account.is_empty() {
        return Err("is no account, no ARN of a user, role or session, and not \"*\"");
    }
    let whole = text.to_owned();
    match (service, rest.split_once('/')) {
        ("iam", None) if rest == "root" => Ok(Named::Account(account.to_owned())),
        ("iam", Some(("user", _))) => Ok(Named::User(whole)),
        ("iam", Some(("role", _))) => Ok(Named::Role(whole)),
        ("iam", Some(("group", _))) => Err("is a group; a group is no principal, name its users or a role"),
        ("sts", Some(("assumed-role", session))) if session.contains('/') => Ok(Named::Session(whole)),
        ("sts", Some(("federated-user", _))) => Ok(Named::FederatedUser(whole)),
        _ => Err("is no account, no ARN of a user, role or session, and not \"*\""),
    }
}

/// Who a grant is for: what may stand under `AWS`, or a service.
pub(crate) fn grantee(text: &str) -> Option<Named> {
    let is_service = !text.contains(':') && text.contains('.');
    if is_service { Some(Named::Service(text.to_owned())) } else { aws(text).ok() }
}
