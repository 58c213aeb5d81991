//! Who the accounts outside the organisation belong to: what users write down, and accounts of AWS's own services.

use std::{collections::BTreeMap, path::Path, sync::OnceLock};

use serde::{Deserialize, Serialize};

use crate::{ContentError, parse_yaml};

/// The largest file of vendors that is read: 1 MiB, some 10,000 accounts.
const FILE_BYTES_MAX: u64 = 1024 * 1024;
/// Digits of an account's id.
const ACCOUNT_DIGITS: usize = 12;

const BUILT_IN_FILE: &str = "content/iam/vendors.yaml";
const BUILT_IN: &str = include_str!("../../../content/iam/vendors.yaml");

/// Whose an account is.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vendor {
    /// What people call them.
    pub name: String,
    /// What they do for us.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub purpose: Option<String>,
    /// The last day on which they should have access, `2027-01-31`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub until: Option<String>,
    /// The page that says so, where it is not the user who does.
    #[serde(skip_deserializing, default, skip_serializing_if = "Option::is_none")]
    pub source: Option<String>,
}

impl Vendor {
    /// Whether their time is over on a day, written `2027-01-31`.
    pub fn is_over(&self, day: &str) -> bool {
        // Days of this form are in order as texts.
        self.until.as_deref().is_some_and(|until| until < day)
    }
}

/// Vendors by the id of their account.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Vendors(BTreeMap<String, Vendor>);

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct File {
    accounts: BTreeMap<String, Vendor>,
}

#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Service {
    name: String,
    purpose: String,
    source: String,
    accounts: BTreeMap<String, String>,
}

impl Vendors {
    /// Accounts of AWS's own services that AWS documents.
    ///
    /// # Errors
    /// When the file in the binary does not read.
    pub fn built_in() -> Result<&'static Self, ContentError> {
        static KNOWN: OnceLock<Vendors> = OnceLock::new();
        if let Some(known) = KNOWN.get() {
            return Ok(known);
        }
        let services: Vec<Service> = parse_yaml(BUILT_IN_FILE, BUILT_IN)?;
        let mut vendors = BTreeMap::new();
        for service in services {
            for (account, region) in service.accounts {
                let vendor = Vendor {
                    name: format!("{} ({region})", service.name),
                    purpose: Some(service.purpose.clone()),
                    until: None,
                    source: Some(service.source.clone()),
                };
                vendors.insert(account, vendor);
            }
        }
        check(BUILT_IN_FILE, BUILT_IN, &vendors)?;
        Ok(KNOWN.get_or_init(|| Self(vendors)))
    }

    /// Reads a file of the form `accounts: {"123456789012": {name: …, purpose: …, until: …}}`.
    ///
    /// # Errors
    /// When it cannot be read, is too large, or is not of its form; with file and line.
    pub fn read(path: &Path) -> Result<Self, ContentError> {
        let read = |source| ContentError::Read { path: path.to_owned(), source };
        let size = std::fs::metadata(path).map_err(read)?.len();
        let file = path.display().to_string();
        if size > FILE_BYTES_MAX {
            let message = format!("{size} bytes is more than the limit of {FILE_BYTES_MAX}");
            return Err(ContentError::Invalid { file, message });
        }
        Self::parse(&file, &std::fs::read_to_string(path).map_err(read)?)
    }

    /// Reads the text of such a file; `file` is for messages.
    ///
    /// # Errors
    /// As [`Vendors::read`].
    pub fn parse(file: &str, text: &str) -> Result<Self, ContentError> {
        let read: File = parse_yaml(file, text)?;
        check(file, text, &read.accounts)?;
        Ok(Self(read.accounts))
    }

    /// Adds others, which win where both name an account.
    #[must_use]
    pub fn with(mut self, others: &Self) -> Self {
        self.0.extend(others.0.iter().map(|(account, vendor)| (account.clone(), vendor.clone())));
        self
    }

    /// Whose an account is; none where nobody has said.
    pub fn of_account(&self, account: &str) -> Option<&Vendor> {
        self.0.get(account)
    }

    /// How many accounts are named.
    pub fn len(&self) -> usize {
        self.0.len()
    }

    /// Whether none is named.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl From<BTreeMap<String, Vendor>> for Vendors {
    fn from(accounts: BTreeMap<String, Vendor>) -> Self {
        Self(accounts)
    }
}

/// Refuses what is no account and no day.
pub(crate) fn check(file: &str, text: &str, accounts: &BTreeMap<String, Vendor>) -> Result<(), ContentError> {
    let refused = |anchors: &[&str], message: String| {
        let line = crate::declarations::line_of(text, anchors);
        Err(ContentError::Parse { file: file.to_owned(), line, column: 1, message })
    };
    for (account, vendor) in accounts {
        if account.len() != ACCOUNT_DIGITS || !account.bytes().all(|byte| byte.is_ascii_digit()) {
            let message = format!(
                "`{account}` is no account; write its {ACCOUNT_DIGITS} digits in quotes: \"123456789012\""
            );
            return refused(&[account], message);
        }
        if vendor.name.trim().is_empty() {
            return refused(&[account, "name:"], format!("account {account} has an empty name"));
        }
        if let Some(until) = &vendor.until
            && format!("{until}T00:00:00Z").parse::<fathom_model::Timestamp>().is_err()
        {
            let message =
                format!("`until: {until}` of account {account} is no day; write one like 2027-01-31");
            return refused(&[account, "until:"], message);
        }
    }
    Ok(())
}
