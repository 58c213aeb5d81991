//! Callers: everyone whom a policy names, whoever it could mean without a name, and the keys that say who asks.
//!
//! Who asks decides `aws:PrincipalArn` and the keys beside it, so that these are no axes of their own: a caller has
//! all of them at once.

use std::collections::BTreeSet;

use fathom_iam::{
    Context, Given, Owned, Principal, Request, Resource, Truth,
    parts::{holds, is_about},
    policy::Named,
};

use super::{
    Axis, Part,
    key::{Callers, Key, is_relational},
    resource::resolved,
};
use crate::{
    asked::{Asked, Extent, Scope},
    limits::CALLERS_MAX,
    mask::Mask,
    text::{Machine, Reading, Style, Token},
};

/// Keys that follow from who asks, in lower case.
pub(crate) const LINKED: [&str; 6] = [ARN, ACCOUNT, TYPE, USER, OF_SERVICE, SERVICE];
const ARN: &str = "aws:principalarn";
const ACCOUNT: &str = "aws:principalaccount";
const TYPE: &str = "aws:principaltype";
const USER: &str = "aws:username";
const OF_SERVICE: &str = "aws:principalisawsservice";
const SERVICE: &str = "aws:principalservicename";
/// Not linked: only principals that are named by it have it.
const ID: &str = "aws:userid";

/// Accounts that stand for all that are not named.
const OTHERS: [&str; 3] = ["999988887777", "888877776666", "777766665555"];
/// The account of callers whom policies do not name.
const OWN: &str = "111122223333";

/// A value that the key of some caller has, where policies use it as a variable.
pub(crate) fn example(key: &str) -> Option<String> {
    match key {
        ARN => Some(format!("arn:aws:iam::{OWN}:user/example")),
        ACCOUNT => Some(OWN.to_owned()),
        TYPE => Some("User".to_owned()),
        USER => Some("example".to_owned()),
        OF_SERVICE => Some("false".to_owned()),
        SERVICE => Some("example.amazonaws.com".to_owned()),
        _ => None,
    }
}

/// Who asks, with the keys that follow.
#[derive(Debug, Clone)]
pub(crate) struct Caller {
    pub(crate) principal: Principal,
    /// Who asked for a federated user's token.
    pub(crate) federating_user: Option<String>,
    /// The keys of [`LINKED`], and `aws:userid` where the caller is named by it.
    pub(crate) keys: Vec<(&'static str, Option<String>)>,
}

impl Caller {
    fn new(principal: Principal, arn: Option<String>) -> Self {
        let owned = principal.owned();
        let account = owned.map(|owned| owned.account.clone());
        let name = owned.map(|owned| owned.name.clone());
        let is_owned = owned.is_some();
        let (kind, account, user, service) = match &principal {
            Principal::Anonymous => (Some("Anonymous"), Some("anonymous".to_owned()), None, None),
            Principal::Service(service) => (None, None, None, Some(service.clone())),
            Principal::Federated(_) => (None, None, None, None),
            Principal::Root(_) => (Some("Account"), account, None, None),
            Principal::User(_) => (Some("User"), account, name, None),
            Principal::Role(_) | Principal::Session(_) => (Some("AssumedRole"), account, None, None),
            Principal::FederatedUser(_) => (Some("FederatedUser"), account, None, None),
        };
        let of_service = match (&principal, is_owned) {
            (Principal::Service(_), _) => Some("true".to_owned()),
            (_, true) => Some("false".to_owned()),
            _ => None,
        };
        let federating_user = match &principal {
            Principal::FederatedUser(owned) => {
                Some(format!("arn:{}:iam::{}:user/example", owned.partition, owned.account))
            }
            _ => None,
        };
        let keys = vec![
            (ARN, arn),
            (ACCOUNT, account),
            (TYPE, kind.map(str::to_owned)),
            (USER, user),
            (OF_SERVICE, of_service),
            (SERVICE, service),
        ];
        Self { principal, federating_user, keys }
    }

    /// Puts the caller's keys into a context.
    pub(crate) fn tell(&self, context: &mut Context) {
        for (key, value) in &self.keys {
            match value {
                Some(value) => context.set(key, vec![value.clone()]),
                None => context.set_absent(key),
            }
        }
    }

    /// A request of this caller that says nothing else.
    fn request(&self) -> Request {
        let mut context = Context::new();
        context.set_complete(true);
        self.tell(&mut context);
        Request {
            principal: self.principal.clone(),
            action: "example:Example".to_owned(),
            resource: Resource { arn: "*".to_owned(), account: None },
            context,
            federating_user: self.federating_user.clone(),
        }
    }
}

/// The axis of callers.
#[derive(Debug)]
pub(crate) struct Everyone {
    pub(crate) axis: Axis,
    /// Why some caller may be missing.
    pub(crate) gaps: Vec<String>,
}

/// The callers of a question, of one kind.
///
/// # Errors
/// When a limit is passed.
pub(crate) fn axis(
    asked: &Asked<'_>,
    context: &Context,
    callers: Callers,
    extent: Extent,
) -> Result<Everyone, String> {
    let mut finder = Finder { asked, context, found: Vec::new(), gaps: Vec::new(), tests: linked(asked) };
    match callers {
        Callers::OfAccounts => finder.of_accounts()?,
        Callers::OfNone => finder.of_none(),
        Callers::Web => finder.federated(false),
        Callers::Saml => finder.federated(true),
    }
    let mut axis = Axis::default();
    let many = asked.statements.len();
    for caller in std::mem::take(&mut finder.found) {
        if !is_asked(asked.scope, &caller) || !agrees(&caller, context, extent) {
            continue;
        }
        let request = caller.request();
        let mut open = false;
        let mask = Mask::of(many, |at| {
            let Some(statement) = asked.statement(at) else { return false };
            let named = match &statement.principal {
                _ if !asked.is_about_resource() => Truth::Yes,
                Some(element) => is_about(element, statement.effect, &request),
                None => Truth::No,
            };
            let tests = finder.tests.iter().filter(|key| !(key.is_relational() && extent == Extent::Proof));
            let conditions = tests
                .flat_map(|key| &key.tests)
                .filter(|(of, test)| *of == at && !(extent == Extent::Proof && is_relational(test)))
                .map(|(_, test)| holds(test, &full(context, &request.context, test)));
            let truth = Truth::all(conditions).and(named);
            open |= !matches!(truth, Truth::Yes | Truth::No);
            truth == Truth::Yes
        });
        if open {
            finder.gap(CANONICAL);
            continue;
        }
        axis.add(mask, Part::Caller(Box::new(caller)))?;
    }
    Ok(Everyone { axis, gaps: finder.gaps })
}

impl Key<'_> {
    fn is_relational(&self) -> bool {
        self.tests.iter().all(|(_, test)| is_relational(test))
    }
}

/// The caller's keys, and beside them those of variables.
fn full(variables: &Context, caller: &Context, test: &fathom_iam::condition::Test) -> Context {
    let mut context = caller.clone();
    for key in super::resource::keys_of(&test.values) {
        if let Given::Values(values) = variables.get(&key) {
            context.set(&key, values.to_vec());
        }
    }
    context
}

/// The keys that follow from who asks and are tested.
fn linked<'a>(asked: &Asked<'a>) -> Vec<Key<'a>> {
    LINKED
        .iter()
        .map(|name| Key {
            name: (*name).to_owned(),
            tests: asked.tests().filter(|(_, test)| test.key.eq_ignore_ascii_case(name)).collect(),
        })
        .filter(|key| !key.tests.is_empty())
        .collect()
}

/// Whether a question is about this caller.
fn is_asked(scope: &Scope, caller: &Caller) -> bool {
    match (scope, &caller.principal) {
        (Scope::Everyone, _) => true,
        (Scope::Outside { .. }, Principal::Service(_)) => false,
        // The id of a user or role that is gone: nobody has it.
        (Scope::Outside { .. }, _) if caller.keys.iter().any(|(key, _)| *key == ID) => false,
        (Scope::Outside { accounts, .. }, principal) => {
            principal.owned().is_none_or(|owned| !accounts.contains(&owned.account))
        }
    }
}

/// Whether the caller's keys are those that the variables of policies have.
fn agrees(caller: &Caller, context: &Context, extent: Extent) -> bool {
    extent == Extent::Proof
        || caller.keys.iter().all(|(key, value)| match context.get(key) {
            Given::NotGiven => true,
            Given::Absent => value.is_none(),
            Given::Values(values) => value.as_ref().is_some_and(|value| values == [value.clone()]),
        })
}

/// Why nobody can be said to be a canonical user.
const CANONICAL: &str = "who has a canonical user id of S3 is not known";

/// Whether an ARN is that of a role of this account and name; names are unique in an account, whatever their path.
fn is_role(arn: &str, account: &str, name: &str) -> bool {
    arn.split(':').nth(4) == Some(account) && arn.rsplit('/').next() == Some(name)
}

struct Finder<'a, 'b> {
    asked: &'b Asked<'a>,
    context: &'b Context,
    found: Vec<Caller>,
    gaps: Vec<String>,
    tests: Vec<Key<'a>>,
}

impl<'a> Finder<'a, '_> {
    fn named(&self) -> Vec<&'a Named> {
        let principals = self.asked.statements.iter().filter_map(|said| said.principal.as_ref());
        principals.flat_map(|element| &element.named).collect()
    }

    /// Says once what keeps the callers from being complete.
    fn gap(&mut self, gap: &str) {
        if !self.gaps.iter().any(|known| known == gap) {
            self.gaps.push(gap.to_owned());
        }
    }

    fn asks_for_ids(&self) -> bool {
        self.asked.variables().contains(ID)
            || self.asked.tests().any(|(_, test)| test.key.eq_ignore_ascii_case(ID))
    }

    /// The sessions that policies name, with their account and their role's name.
    fn named_sessions(&self) -> Vec<(&'a str, &'a str, &'a str)> {
        let sessions = self.named().into_iter().filter_map(|named| match named {
            Named::Session(arn) => {
                let (_, rest) = arn.split_once('/')?;
                let (role, session) = rest.split_once('/')?;
                Some((arn.split(':').nth(4)?, role, session))
            }
            _ => None,
        });
        sessions.collect()
    }

    fn push(&mut self, caller: Caller) -> Result<(), String> {
        if self.found.len() == CALLERS_MAX {
            return Err(format!("more than {CALLERS_MAX} callers could be told apart"));
        }
        self.found.push(caller);
        Ok(())
    }

    fn owned(arn: &str, name: &str) -> Owned {
        let mut segments = arn.split(':').map(str::to_owned);
        let partition = segments.nth(1).unwrap_or_default();
        let account = segments.nth(2).unwrap_or_default();
        Owned { arn: arn.to_owned(), partition, account, name: name.to_owned() }
    }

    fn user(arn: &str) -> Caller {
        let owned = Self::owned(arn, arn.rsplit('/').next().unwrap_or_default());
        Caller::new(Principal::User(owned), Some(arn.to_owned()))
    }

    /// A session of a role; the role's ARN is that of its sessions' principal.
    fn session(role: &str, session: &str) -> Caller {
        let name = role.rsplit('/').next().unwrap_or_default();
        let role_owned = Self::owned(role, name);
        let arn =
            format!("arn:{}:sts::{}:assumed-role/{name}/{session}", role_owned.partition, role_owned.account);
        Caller::new(Principal::Session(Owned { arn, ..role_owned }), Some(role.to_owned()))
    }

    fn federated_user(arn: &str) -> Caller {
        let owned = Self::owned(arn, arn.rsplit_once("federated-user/").map_or("", |(_, name)| name));
        Caller::new(Principal::FederatedUser(owned), Some(arn.to_owned()))
    }

    fn of_accounts(&mut self) -> Result<(), String> {
        let is_given = LINKED.iter().any(|key| !matches!(self.context.get(key), Given::NotGiven));
        let plain = self.tests.is_empty() && !is_given && !self.asked.is_about_resource();
        if plain {
            return self.push(Self::user(&format!("arn:aws:iam::{OWN}:user/example")));
        }
        for named in self.named() {
            match named {
                Named::User(arn) => {
                    self.push(Self::user(arn))?;
                    // Whoever has a token of the user is named with it.
                    let account = arn.split(':').nth(4).unwrap_or_default();
                    let mut session =
                        Self::federated_user(&format!("arn:aws:sts::{account}:federated-user/example"));
                    session.federating_user = Some(arn.clone());
                    self.push(session)?;
                }
                Named::Role(arn) => self.push(Self::session(arn, "example"))?,
                Named::Session(arn) => {
                    let role = arn.split('/').nth(1).unwrap_or_default();
                    let session = arn.splitn(3, '/').nth(2).unwrap_or_default();
                    let owned = Self::owned(arn, role);
                    let role_arn = format!("arn:{}:iam::{}:role/{role}", owned.partition, owned.account);
                    let mut roles = vec![role_arn];
                    roles.extend(self.named().into_iter().filter_map(|named| match named {
                        Named::Role(arn) if is_role(arn, &owned.account, role) => Some(arn.clone()),
                        _ => None,
                    }));
                    for role_arn in roles {
                        self.push(Self::session(&role_arn, session))?;
                        self.push(Self::session(&role_arn, "another"))?;
                    }
                }
                Named::FederatedUser(arn) => self.push(Self::federated_user(arn))?,
                Named::UniqueId(_) if self.asks_for_ids() => {
                    self.gap("principals are named by their ids, and conditions test `aws:userid`");
                }
                Named::UniqueId(id) => {
                    let mut caller = if id.starts_with("AIDA") {
                        Self::user(&format!("arn:aws:iam::{OWN}:user/example"))
                    } else {
                        Self::session(&format!("arn:aws:iam::{OWN}:role/example"), "example")
                    };
                    caller.keys.push((ID, Some(id.clone())));
                    self.push(caller)?;
                }
                Named::CanonicalUser(_) => {
                    self.gap(CANONICAL);
                }
                Named::Everyone | Named::Account(_) | Named::Service(_) | Named::Federated(_) => {}
            }
        }
        let names = self.names()?;
        for account in self.accounts() {
            self.push(Self::user(&format!("arn:aws:iam::{account}:user/example")))?;
            self.push(Self::session(&format!("arn:aws:iam::{account}:role/example"), "example"))?;
            for name in &names {
                self.push(Self::user(&format!("arn:aws:iam::{account}:user/{name}")))?;
            }
            for kind in ["user", "role"] {
                for arn in self.arns(&account, kind)? {
                    let caller =
                        if kind == "user" { Self::user(&arn) } else { Self::session(&arn, "example") };
                    self.push(caller)?;
                    let is_of = |of: &str, role: &str| kind == "role" && is_role(&arn, of, role);
                    for (_, _, session) in
                        self.named_sessions().into_iter().filter(|(of, role, _)| is_of(of, role))
                    {
                        self.push(Self::session(&arn, session))?;
                    }
                }
            }
            let root = format!("arn:aws:iam::{account}:root");
            let federated = format!("arn:aws:sts::{account}:federated-user/example");
            if self.asked.is_about_resource() {
                self.push(Caller::new(Principal::Root(Self::owned(&root, "")), Some(root)))?;
            }
            self.push(Self::federated_user(&federated))?;
        }
        self.find_gaps();
        Ok(())
    }

    fn of_none(&mut self) {
        self.found.push(Caller::new(Principal::Anonymous, None));
        let mut services: BTreeSet<String> = self
            .named()
            .into_iter()
            .filter_map(|named| match named {
                Named::Service(name) if name != "*" => Some(name.to_ascii_lowercase()),
                _ => None,
            })
            .collect();
        let tested = self.tests.iter().filter(|key| key.name == SERVICE).flat_map(|key| &key.tests);
        let tested: Vec<&str> =
            tested.flat_map(|(_, test)| &test.values).map(fathom_iam::Template::written).collect();
        services.extend(tested.iter().map(|text| text.replace(['*', '?'], "example")));
        if tested.iter().any(|text| text.contains(['*', '?'])) {
            self.gap("which services `aws:PrincipalServiceName` means is not enumerated");
        }
        services.insert("example.amazonaws.com".to_owned());
        self.found.extend(services.into_iter().map(|service| Caller::new(Principal::Service(service), None)));
    }

    /// Identity providers: of SAML, or all others.
    fn federated(&mut self, of_saml: bool) {
        let mut providers: BTreeSet<&str> = self
            .named()
            .into_iter()
            .filter_map(|named| match named {
                Named::Federated(name) if name != "*" => Some(name.as_str()),
                _ => None,
            })
            .collect();
        providers.retain(|provider| provider.contains(":saml-provider/") == of_saml);
        let other =
            if of_saml { "arn:aws:iam::111122223333:saml-provider/example" } else { "idp.example.com" };
        providers.insert(other);
        self.found.extend(
            providers
                .into_iter()
                .map(|provider| Caller::new(Principal::Federated(provider.to_owned()), None)),
        );
    }

    fn texts_of(&self, keys: &[&str]) -> Vec<&'a str> {
        let tested =
            self.tests.iter().filter(|key| keys.contains(&key.name.as_str())).flat_map(|key| &key.tests);
        tested.flat_map(|(_, test)| &test.values).map(fathom_iam::Template::written).collect()
    }

    /// The accounts that the policies name, and one that they do not.
    fn accounts(&self) -> Vec<String> {
        let mut named: BTreeSet<String> = BTreeSet::new();
        let written = self.texts_of(&[ARN, ACCOUNT]);
        for named_by in self.named() {
            match named_by {
                Named::Account(text) => named.extend(accounts_in(text)),
                Named::User(text) | Named::Role(text) | Named::Session(text) | Named::FederatedUser(text) => {
                    named.extend(text.split(':').nth(4).map(str::to_owned));
                }
                _ => {}
            }
        }
        named.extend(written.iter().flat_map(|text| accounts_in(text)));
        if let Scope::Outside { accounts, .. } = self.asked.scope {
            named.extend(accounts.iter().cloned());
        }
        if let Given::Values([account]) = self.context.get(ACCOUNT) {
            named.insert(account.clone());
        }
        if !self.asked.is_about_resource() {
            named.insert(OWN.to_owned());
        }
        let other = OTHERS.iter().find(|other| !named.contains(**other)).map(|other| (*other).to_owned());
        named.into_iter().chain(other).collect()
    }

    /// Names of users that conditions tell apart.
    fn names(&self) -> Result<Vec<String>, String> {
        let mut names: Vec<String> = match self.context.get(USER) {
            Given::Values([name]) => vec![name.clone()],
            _ => Vec::new(),
        };
        for key in self.tests.iter().filter(|key| key.name == USER) {
            let axis = key.axis(self.asked, &Context::new(), Callers::OfAccounts)?;
            names.extend(axis.atoms.into_iter().filter_map(|atom| match atom.part {
                Part::Key(_, Some(values)) => values.into_iter().next(),
                _ => None,
            }));
        }
        names.retain(|name| !name.is_empty() && !name.contains(['/', ':']));
        Ok(names)
    }

    /// ARNs of users or roles of an account that conditions tell apart.
    fn arns(&self, account: &str, kind: &str) -> Result<Vec<String>, String> {
        let mut machines = Vec::new();
        for (_, test) in self.tests.iter().filter(|key| key.name == ARN).flat_map(|key| &key.tests) {
            for template in &test.values {
                let Some(tokens) = resolved(template, self.context, Extent::Witness) else { continue };
                let style = match test.operator.base.compare {
                    fathom_iam::condition::Compare::Arn => {
                        Style::Segments { count: 6, pads: true, crosses: false }
                    }
                    _ => Style::Plain,
                };
                let folds = test.operator.base.compare == fathom_iam::condition::Compare::IgnoreCase;
                machines.push(Machine::new(tokens, style, folds));
            }
        }
        if machines.is_empty() {
            return Ok(Vec::new());
        }
        let literal = |text: &str| Machine::new(text.chars().map(Token::Char), Style::Plain, false);
        for named in self.named() {
            if let Named::User(arn) | Named::Role(arn) = named {
                machines.push(literal(arn));
            }
        }
        // A session of a role that is named may be one of a role with any path.
        for (_, role, _) in self.named_sessions() {
            let tokens = [Token::Any, Token::Char('/')].into_iter().chain(role.chars().map(Token::Char));
            machines.push(Machine::new(tokens, Style::Plain, false));
        }
        let prefix = format!("arn:aws:iam::{account}:{kind}/");
        // It goes on behind the prefix, and does not end in a path without a name.
        let required = Some(machines.len());
        let some = prefix.chars().map(Token::Char).chain([Token::Any, Token::One]);
        machines.push(Machine::new(some, Style::Plain, false));
        let reading = Reading { machines, prefix, required, without: &[':', '*', '?'] };
        let mut arns = reading.texts().map_err(|limit| format!("the key `aws:PrincipalArn`: {limit}"))?;
        arns.retain(|arn| !arn.ends_with('/'));
        Ok(arns)
    }

    /// What keeps the callers from being complete.
    fn find_gaps(&mut self) {
        let mut gaps = Vec::new();
        for text in self.texts_of(&[ARN]) {
            let account = text.split(':').nth(4);
            let is_plain = match account {
                _ if text.contains("${") => false,
                _ if !text.contains(['*', '?']) => true,
                _ if text.strip_suffix('*').is_some_and(|begun| "arn:aws:iam::".starts_with(begun)) => true,
                Some(account) => account == "*" || !account.contains(['*', '?']),
                None => false,
            };
            let is_of_aws =
                text.starts_with("arn:aws:") || !text.starts_with("arn:") || !text.contains(['*', '?']);
            if !is_plain || !is_of_aws {
                gaps.push(format!("which callers `aws:PrincipalArn` `{text}` means is not enumerated"));
            }
        }
        gaps.extend(
            self.texts_of(&[ACCOUNT]).iter().filter(|text| text.contains(['*', '?', '$'])).map(|text| {
                format!("which accounts `aws:PrincipalAccount` `{text}` means is not enumerated")
            }),
        );
        if !self.texts_of(&[USER]).is_empty() && !self.texts_of(&[ARN]).is_empty() {
            gaps.push("conditions on `aws:username` and on `aws:PrincipalArn` stand side by side".to_owned());
        }
        self.gaps.extend(gaps);
    }
}

/// The account ids in a text.
fn accounts_in(text: &str) -> Vec<String> {
    text.split(|char: char| !char.is_ascii_digit())
        .filter(|digits| digits.len() == 12)
        .map(str::to_owned)
        .collect()
}
