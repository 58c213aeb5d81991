//! `signin.yaml`: the issuers that people may come from, and what their groups may do here.
//!
//! ```yaml
//! version: 1
//! openid_connect:
//!   - id: corp
//!     name: Example Corp
//!     issuer: https://login.example.com/realms/corp
//!     client_id: fathom
//!     client_secret_file: corp.secret
//!     scopes: [profile, groups]
//!     groups_claim: groups
//!     roles:
//!       - { group: security-admins, role: administrator }
//!       - { group: security, role: analyst, accounts: ["111111111111"] }
//! ```

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use fathom_content::{ContentError, parse_yaml};
use fathom_model::{AccountId, spelling::nearest};
use fathom_store::Scope;
use openidconnect::{ClientSecret, IssuerUrl};
use serde::Deserialize;
use serde_saphyr::Spanned;

use crate::Role;

/// The largest file that is read.
const FILE_BYTES_MAX: u64 = 256 * 1024;
/// The largest file with a secret.
const SECRET_BYTES_MAX: u64 = 4096;
/// Issuers in a file.
const ISSUERS_MAX: usize = 16;
/// Rules of one issuer.
const RULES_MAX: usize = 1000;
/// Bytes of a name, a group and the like.
const TEXT_BYTES_MAX: usize = 200;
/// Bytes of an id: names of people may end with it.
const ID_BYTES_MAX: usize = 16;

/// What the file says, checked.
#[derive(Debug, Clone, Default)]
pub struct Settings {
    /// The issuers, in the order of the file.
    pub issuers: Vec<IssuerSettings>,
}

/// One issuer.
#[derive(Debug, Clone)]
pub struct IssuerSettings {
    /// What addresses name it by: small letters, figures and hyphens.
    pub id: String,
    /// What people know it by.
    pub name: String,
    /// Its address, as it writes it in what it signs.
    pub issuer: IssuerUrl,
    /// Whether it is on this machine, where TLS is not needed.
    pub loopback: bool,
    /// Who we are to it.
    pub client_id: String,
    /// What proves it; none for a public client.
    pub client_secret: Option<ClientSecret>,
    /// What we ask for beside `openid`.
    pub scopes: Vec<String>,
    /// The claim that names a person's groups.
    pub groups_claim: String,
    /// Which group may do what; the first that fits holds.
    pub rules: Vec<Rule>,
}

/// What the people of a group may do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rule {
    /// The group, as the issuer writes it.
    pub group: String,
    /// The role.
    pub role: Role,
    /// The part of the estate.
    pub scope: Scope,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    version: Spanned<u32>,
    #[serde(default)]
    openid_connect: Vec<WrittenIssuer>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenIssuer {
    id: Spanned<String>,
    name: Option<Spanned<String>>,
    issuer: Spanned<String>,
    client_id: Spanned<String>,
    client_secret_file: Option<Spanned<String>>,
    client_secret_env: Option<Spanned<String>>,
    #[serde(default)]
    scopes: Vec<Spanned<String>>,
    groups_claim: Spanned<String>,
    roles: Spanned<Vec<WrittenRule>>,
}

#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct WrittenRule {
    group: Spanned<String>,
    role: Spanned<String>,
    accounts: Option<Spanned<Vec<String>>>,
    teams: Option<Spanned<Vec<String>>>,
}

/// Where a client secret is, which is never written into the file itself.
#[derive(Debug, Clone)]
pub struct Surroundings<'a> {
    /// The directory that paths in the file start from.
    pub directory: &'a Path,
    /// The environment variables.
    pub variables: &'a BTreeMap<String, String>,
}

impl Settings {
    /// Reads a file, with the secrets that it names.
    ///
    /// # Errors
    /// Names file, line and column of what cannot be, and says what would be right.
    pub fn read(path: &Path, variables: &BTreeMap<String, String>) -> Result<Self, ContentError> {
        let fail = |source| ContentError::Read { path: path.to_owned(), source };
        let size = fs::metadata(path).map_err(fail)?.len();
        let file = path.display().to_string();
        if size > FILE_BYTES_MAX {
            let message = format!("{size} bytes is more than the limit of {FILE_BYTES_MAX}");
            return Err(ContentError::Invalid { file, message });
        }
        let text = fs::read_to_string(path).map_err(fail)?;
        let directory = path.parent().unwrap_or(Path::new("."));
        Self::parse(&file, &text, &Surroundings { directory, variables })
    }

    /// Reads the text of a file; `file` is for messages.
    ///
    /// # Errors
    /// As [`Self::read`].
    pub fn parse(file: &str, text: &str, around: &Surroundings<'_>) -> Result<Self, ContentError> {
        let place = Place { file };
        if text.lines().all(|line| line.trim().is_empty() || line.trim_start().starts_with('#')) {
            return Err(place.refuse_at(
                1,
                1,
                "the file says nothing; begin it with the line `version: 1` and add issuers under \
                 `openid_connect:`, or remove it",
            ));
        }
        let written: File = parse_yaml(file, text)?;
        if written.version.value != 1 {
            let message = format!("version {} is not known here; write `version: 1`", written.version.value);
            return Err(place.refuse(&written.version, message));
        }
        let mut ids = BTreeSet::new();
        let mut issuers = Vec::new();
        for each in &written.openid_connect {
            if issuers.len() == ISSUERS_MAX {
                return Err(place.refuse(&each.id, format!("there may be {ISSUERS_MAX} issuers, not more")));
            }
            if !ids.insert(&each.id.value) {
                let message = format!("there is another issuer with the id `{}`", each.id.value);
                return Err(place.refuse(&each.id, message));
            }
            issuers.push(issuer(&place, each, around)?);
        }
        Ok(Self { issuers })
    }
}

fn issuer(
    place: &Place<'_>,
    written: &WrittenIssuer,
    around: &Surroundings<'_>,
) -> Result<IssuerSettings, ContentError> {
    let id = place.text("id", &written.id)?;
    if id.len() > ID_BYTES_MAX
        || !id.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b == b'-')
    {
        return Err(place.refuse(
            &written.id,
            format!("`{id}` stands in addresses: write it with small letters, figures and hyphens, at most {ID_BYTES_MAX}"),
        ));
    }
    let name = match &written.name {
        Some(name) => place.text("name", name)?,
        None => id.clone(),
    };
    let (address, loopback) = address(place, &written.issuer)?;
    let mut scopes = Vec::new();
    for scope in &written.scopes {
        let text = place.text("scope", scope)?;
        if text.contains(|c: char| c.is_whitespace() || c == '"' || c == '\\' || !c.is_ascii()) {
            return Err(
                place.refuse(scope, format!("`{text}` is not a scope; write one an entry of the list"))
            );
        }
        scopes.push(text);
    }
    Ok(IssuerSettings {
        id,
        name,
        issuer: address,
        loopback,
        client_id: place.text("client_id", &written.client_id)?,
        client_secret: secret(place, written, around)?,
        scopes,
        groups_claim: place.text("groups_claim", &written.groups_claim)?,
        rules: rules(place, &written.roles)?,
    })
}

/// An address that may be asked: with TLS, or on this machine.
fn address(place: &Place<'_>, written: &Spanned<String>) -> Result<(IssuerUrl, bool), ContentError> {
    let text = &written.value;
    let refuse = |message: String| Err(place.refuse(written, message));
    let Ok(issuer) = IssuerUrl::new(text.clone()) else {
        return refuse(format!("`{text}` is not an address; write it like https://login.example.com"));
    };
    let url = issuer.url();
    let loopback = match url.host() {
        Some(url::Host::Domain(name)) => name == "localhost",
        Some(url::Host::Ipv4(address)) => address.is_loopback(),
        Some(url::Host::Ipv6(address)) => address.is_loopback(),
        None => return refuse(format!("`{text}` names no host")),
    };
    if url.scheme() != "https" && !(url.scheme() == "http" && loopback) {
        return refuse(format!("`{text}` is not protected by TLS; an issuer has an address with https"));
    }
    if url.query().is_some()
        || url.fragment().is_some()
        || !url.username().is_empty()
        || url.password().is_some()
    {
        return refuse("an issuer's address has no name, no password, no `?` and no `#`".to_owned());
    }
    if url.path().contains("/.well-known/") {
        return refuse(
            "write the address of the issuer itself; `/.well-known/openid-configuration` is added to it"
                .to_owned(),
        );
    }
    Ok((issuer, loopback))
}

fn secret(
    place: &Place<'_>,
    written: &WrittenIssuer,
    around: &Surroundings<'_>,
) -> Result<Option<ClientSecret>, ContentError> {
    let secret =
        match (&written.client_secret_file, &written.client_secret_env) {
            (None, None) => return Ok(None),
            (Some(_), Some(variable)) => {
                return Err(place.refuse(
                    variable,
                    "the secret is in a file or in a variable, not in both; remove one of the two",
                ));
            }
            (None, Some(variable)) => {
                let name = &variable.value;
                around.variables.get(name).cloned().ok_or_else(|| {
                    place.refuse(variable, format!("there is no environment variable `{name}`"))
                })?
            }
            (Some(file), None) => {
                let path = around.directory.join(&file.value);
                read_secret(&path).map_err(|message| place.refuse(file, message))?
            }
        };
    let secret = secret.trim();
    if secret.is_empty() {
        let at = written.client_secret_file.as_ref().or(written.client_secret_env.as_ref());
        return Err(match at {
            Some(at) => place.refuse(at, "the secret there is empty"),
            None => place.refuse_at(1, 1, "the secret is empty"),
        });
    }
    Ok(Some(ClientSecret::new(secret.to_owned())))
}

fn read_secret(path: &PathBuf) -> Result<String, String> {
    let fail = |source: std::io::Error| format!("cannot read {}: {source}", path.display());
    let metadata = fs::metadata(path).map_err(fail)?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = metadata.permissions().mode() & 0o777;
        if mode & 0o077 != 0 {
            return Err(format!(
                "{} may be read by others (mode {mode:o}); run `chmod 600` on it",
                path.display()
            ));
        }
    }
    if metadata.len() > SECRET_BYTES_MAX {
        return Err(format!(
            "{} has more than {SECRET_BYTES_MAX} bytes; it should hold the secret alone",
            path.display()
        ));
    }
    fs::read_to_string(path).map_err(fail)
}

fn rules(place: &Place<'_>, written: &Spanned<Vec<WrittenRule>>) -> Result<Vec<Rule>, ContentError> {
    if written.value.is_empty() {
        return Err(place.refuse(
            written,
            "no group has a role, so that nobody could enter; add one like \
             `- { group: security, role: analyst }`",
        ));
    }
    if written.value.len() > RULES_MAX {
        return Err(place.refuse(written, format!("there may be {RULES_MAX} groups, not more")));
    }
    let mut rules: Vec<Rule> = Vec::new();
    for each in &written.value {
        let group = place.text("group", &each.group)?;
        if rules.iter().any(|rule| rule.group == group) {
            let message = format!("the group `{group}` stands here twice, and the first alone would hold");
            return Err(place.refuse(&each.group, message));
        }
        let word = &each.role.value;
        let Some(role) = Role::parse(word) else {
            let names = Role::ALL.map(Role::as_str);
            let meant = nearest(word, names).first().map(|name| format!("; did you mean `{name}`?"));
            return Err(place.refuse(
                &each.role,
                format!("`{word}` is not a role; they are {}{}", names.join(", "), meant.unwrap_or_default()),
            ));
        };
        let scope = Scope {
            accounts: each.accounts.as_ref().map(|accounts| accounts_of(place, accounts)).transpose()?,
            teams: each.teams.as_ref().map(|teams| teams_of(place, teams)).transpose()?,
        };
        if role == Role::Administrator && !scope.is_all() {
            let message =
                "administrators see everything; remove `accounts` and `teams`, or choose another role";
            return Err(place.refuse(&each.role, message));
        }
        rules.push(Rule { group, role, scope });
    }
    Ok(rules)
}

const NONE_NAMED: &str = "the list is empty, so that nothing would be seen; leave it out for all";

fn accounts_of(
    place: &Place<'_>,
    written: &Spanned<Vec<String>>,
) -> Result<BTreeSet<AccountId>, ContentError> {
    if written.value.is_empty() {
        return Err(place.refuse(written, NONE_NAMED));
    }
    for account in &written.value {
        if account.len() != 12 || !account.bytes().all(|b| b.is_ascii_digit()) {
            return Err(place.refuse(
                written,
                format!("`{account}` is not an account: write its twelve figures, in quotes"),
            ));
        }
    }
    Ok(written.value.iter().map(|account| AccountId::from(account.as_str())).collect())
}

fn teams_of(place: &Place<'_>, written: &Spanned<Vec<String>>) -> Result<BTreeSet<String>, ContentError> {
    if written.value.is_empty() {
        return Err(place.refuse(written, NONE_NAMED));
    }
    if written.value.iter().any(|team| team.trim().is_empty()) {
        return Err(place.refuse(written, "a team has a name"));
    }
    Ok(written.value.iter().cloned().collect())
}

/// Where errors say that they are.
struct Place<'a> {
    file: &'a str,
}

impl Place<'_> {
    fn refuse<T>(&self, at: &Spanned<T>, message: impl Into<String>) -> ContentError {
        self.refuse_at(at.referenced.line(), at.referenced.column(), message)
    }

    fn refuse_at(&self, line: u64, column: u64, message: impl Into<String>) -> ContentError {
        ContentError::Parse { file: self.file.to_owned(), line, column, message: message.into() }
    }

    fn text(&self, what: &str, written: &Spanned<String>) -> Result<String, ContentError> {
        let text = written.value.trim();
        if text.is_empty() || text.len() > TEXT_BYTES_MAX {
            let message = format!("`{what}` has 1 to {TEXT_BYTES_MAX} bytes");
            return Err(self.refuse(written, message));
        }
        Ok(text.to_owned())
    }
}
