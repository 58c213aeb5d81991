//! A request: who asks to do what to which resource, in which context.

use crate::{context::Context, limits::TEXT_CHARS_MAX, policy::is_account};

/// A request to be authorised.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Request {
    /// Who asks.
    pub principal: Principal,
    /// What is asked for: `service:Action`.
    pub action: String,
    /// On what.
    pub resource: Resource,
    /// The context keys that were given.
    pub context: Context,
    /// The ARN of the user who called `sts:GetFederationToken`, where the principal is a federated user: its own ARN does
    /// not say.
    pub federating_user: Option<String>,
}

/// The resource of a request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Resource {
    /// Its ARN; `*` for actions that have no resource.
    pub arn: String,
    /// The account that owns it; none where that is not known.
    pub account: Option<String>,
}

/// Who asks.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Principal {
    /// Somebody without credentials.
    Anonymous,
    /// An AWS service, `lambda.amazonaws.com`.
    Service(String),
    /// Somebody whom an identity provider vouches for: `sts:AssumeRoleWithWebIdentity`, `sts:AssumeRoleWithSAML`.
    Federated(String),
    /// The root user of an account.
    Root(Owned),
    /// An IAM user.
    User(Owned),
    /// Any session of a role.
    Role(Owned),
    /// One session of a role: its own ARN, and the role's name.
    Session(Owned),
    /// A session of `sts:GetFederationToken`, named after its user.
    FederatedUser(Owned),
}

/// A principal of an account.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Owned {
    /// The principal's ARN.
    pub arn: String,
    /// `aws`, `aws-cn`, `aws-us-gov`.
    pub partition: String,
    /// The account.
    pub account: String,
    /// The name without its path: of the user, of the role.
    pub name: String,
}

/// Actions whose caller an identity provider vouches for.
pub(crate) const FEDERATED_ACTIONS: [&str; 2] = ["sts:AssumeRoleWithWebIdentity", "sts:AssumeRoleWithSAML"];

impl Request {
    /// Reads who asks for what.
    ///
    /// # Errors
    /// When principal, action or resource are not of their form; the error names which.
    pub fn new(principal: &str, action: &str, resource: Resource, context: Context) -> Result<Self, String> {
        let is_action =
            action.split_once(':').is_some_and(|(service, name)| !service.is_empty() && !name.is_empty())
                && !action.contains(['*', '?', ' ']);
        if !is_action {
            return Err(format!(
                "action: `{action}` is no action; write one such as s3:GetObject, without wildcards"
            ));
        }
        let is_resource = resource.arn == "*"
            || (resource.arn.starts_with("arn:") && resource.arn.matches(':').count() >= 5);
        if !is_resource || resource.arn.chars().count() > TEXT_CHARS_MAX {
            let arn: String = resource.arn.chars().take(200).collect();
            return Err(format!(
                "resource.arn: `{arn}` is no ARN; write one, or \"*\" for an action without a resource"
            ));
        }
        let principal = Principal::parse(principal, action).map_err(|error| format!("principal: {error}"))?;
        Ok(Self { principal, action: action.to_owned(), resource, context, federating_user: None })
    }

    /// The service of the action, in lower case.
    pub(crate) fn service(&self) -> String {
        self.action.split_once(':').map_or_else(String::new, |(service, _)| service.to_ascii_lowercase())
    }

    /// The account that owns the resource: as given, else as its ARN says, else the principal's own where the action has
    /// no resource.
    pub(crate) fn resource_account(&self) -> Option<String> {
        if let Some(account) = &self.resource.account {
            return Some(account.clone());
        }
        if self.resource.arn == "*" {
            return self.principal.owned().map(|owned| owned.account.clone());
        }
        self.resource.arn.split(':').nth(4).filter(|account| !account.is_empty()).map(str::to_owned)
    }

    /// The ARN without its first five segments.
    pub(crate) fn resource_rest(&self) -> &str {
        self.resource.arn.splitn(6, ':').nth(5).unwrap_or_default()
    }

    /// Whether the action is this one, in any case.
    pub(crate) fn is(&self, action: &str) -> bool {
        self.action.eq_ignore_ascii_case(action)
    }

    /// Whether the action is one of these, in any case.
    pub(crate) fn is_one_of(&self, actions: &[&str]) -> bool {
        actions.iter().any(|action| self.is(action))
    }
}

impl Principal {
    /// Reads an ARN, an account id, a service's name or `*`.
    fn parse(text: &str, action: &str) -> Result<Self, String> {
        let is_federated = FEDERATED_ACTIONS.iter().any(|one| one.eq_ignore_ascii_case(action));
        if text == "*" {
            return Ok(Self::Anonymous);
        }
        if text.chars().count() > TEXT_CHARS_MAX {
            return Err(format!("is longer than {TEXT_CHARS_MAX} characters"));
        }
        if text.contains(['*', '?']) {
            return Err(format!("`{text}` has a wildcard; name one principal"));
        }
        if is_account(text) {
            let arn = format!("arn:aws:iam::{text}:root");
            return Ok(Self::Root(Owned {
                arn,
                partition: "aws".to_owned(),
                account: text.to_owned(),
                name: String::new(),
            }));
        }
        if !text.starts_with("arn:") {
            let is_host = text.contains('.') && !text.contains([':', ' ']);
            return match (is_federated, is_host) {
                (true, true) => Ok(Self::Federated(text.to_owned())),
                (false, true) => Ok(Self::Service(text.to_owned())),
                _ => Err(format!(
                    "`{text}` is no ARN, no account, no service such as lambda.amazonaws.com and not \"*\""
                )),
            };
        }
        let mut segments = text.splitn(6, ':').skip(1);
        let mut next = || segments.next().unwrap_or_default();
        let (partition, service, _region, account, rest) = (next(), next(), next(), next(), next());
        let (kind, path) = rest.split_once('/').unwrap_or((rest, ""));
        let owned = |name: &str| Owned {
            arn: text.to_owned(),
            partition: partition.to_owned(),
            account: account.to_owned(),
            name: name.to_owned(),
        };
        let last = path.rsplit('/').next().unwrap_or_default();
        let principal = match (service, kind) {
            _ if account.is_empty() => return Err(format!("`{text}` names no account")),
            ("iam", "root") if path.is_empty() => Self::Root(owned("")),
            ("iam", "user") if !last.is_empty() => Self::User(owned(last)),
            ("iam", "role") if !last.is_empty() => Self::Role(owned(last)),
            ("iam", "oidc-provider" | "saml-provider") => Self::Federated(text.to_owned()),
            ("sts", "assumed-role") => match path.split_once('/') {
                Some((role, session)) if !role.is_empty() && !session.is_empty() => {
                    Self::Session(owned(role))
                }
                _ => return Err(format!("`{text}` is no session; write assumed-role/ROLE/SESSION")),
            },
            ("sts", "federated-user") if !path.is_empty() => Self::FederatedUser(owned(path)),
            _ => {
                return Err(format!(
                    "`{text}` is no ARN of a user, role, session, root user or identity provider"
                ));
            }
        };
        Ok(principal)
    }

    /// What is known of a principal of an account.
    pub fn owned(&self) -> Option<&Owned> {
        match self {
            Self::Anonymous | Self::Service(_) | Self::Federated(_) => None,
            Self::Root(owned)
            | Self::User(owned)
            | Self::Role(owned)
            | Self::Session(owned)
            | Self::FederatedUser(owned) => Some(owned),
        }
    }
}

/// Puts into the context what follows from principal and resource. What was given stays.
pub(crate) fn context(request: &Request) -> Context {
    let mut context = request.context.clone();
    let mut set = |key: &str, value: &str| context.derive(key, Some(value.to_owned()));
    let kind = match &request.principal {
        Principal::Anonymous => {
            set("aws:PrincipalAccount", "anonymous");
            set("aws:userid", "anonymous");
            "Anonymous"
        }
        Principal::Service(service) => {
            set("aws:PrincipalIsAWSService", "true");
            set("aws:PrincipalServiceName", service);
            ""
        }
        Principal::Federated(_) => "",
        Principal::Root(owned) => {
            set("aws:PrincipalArn", &owned.arn);
            set("aws:userid", &owned.account);
            "Account"
        }
        Principal::User(owned) => {
            set("aws:PrincipalArn", &owned.arn);
            set("aws:username", &owned.name);
            "User"
        }
        Principal::Role(owned) => {
            set("aws:PrincipalArn", &owned.arn);
            "AssumedRole"
        }
        // `aws:PrincipalArn` is the role's ARN, whose path is not in the session's.
        Principal::Session(_) => "AssumedRole",
        Principal::FederatedUser(owned) => {
            set("aws:PrincipalArn", &owned.arn);
            "FederatedUser"
        }
    };
    if !kind.is_empty() {
        set("aws:PrincipalType", kind);
    }
    if let Some(owned) = request.principal.owned() {
        set("aws:PrincipalAccount", &owned.account);
        set("aws:PrincipalIsAWSService", "false");
    }
    if let Some(account) = request.resource_account().filter(|_| request.resource.arn != "*") {
        set("aws:ResourceAccount", &account);
    }
    if matches!(request.principal, Principal::Session(_)) {
        context.derive_open("aws:principalarn");
    }
    absent(&request.principal, &mut context);
    context
}

/// Keys that a request of such a principal never has.
fn absent(principal: &Principal, context: &mut Context) {
    let mut without = |keys: &[&str]| {
        for key in keys {
            context.derive(key, None);
        }
    };
    match principal {
        Principal::User(_) => {}
        Principal::Role(_)
        | Principal::Session(_)
        | Principal::FederatedUser(_)
        | Principal::Federated(_) => {
            without(&["aws:username"]);
        }
        Principal::Root(_) => without(&["aws:username"]),
        Principal::Service(_) | Principal::Anonymous => without(&[
            "aws:username",
            "aws:PrincipalOrgID",
            "aws:PrincipalOrgPaths",
            "aws:MultiFactorAuthPresent",
            "aws:MultiFactorAuthAge",
        ]),
    }
    if *principal == Principal::Anonymous {
        without(&["aws:PrincipalArn", "aws:PrincipalIsAWSService"]);
    }
    if !matches!(principal, Principal::Service(_)) {
        without(&["aws:PrincipalServiceName", "aws:PrincipalServiceNamesList"]);
    }
    if matches!(principal, Principal::Root(_) | Principal::Service(_) | Principal::Anonymous) {
        context.derive_absent_under("aws:principaltag/");
    }
}
