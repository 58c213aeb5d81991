//! What a check is asked of, and what engines say of it. Where documents come from does not matter here: a store, a plan, a test.

use std::sync::Arc;

use fathom_model::Timestamp;
use serde_json::{Value, json};

pub use crate::tree::Asked;

/// Something that checks are asked of.
#[derive(Debug, Clone, Copy)]
pub struct Subject<'a> {
    /// Its name for life: an ARN, or an address in code.
    pub uid: &'a str,
    /// Its type.
    pub kind: &'a str,
    /// What people call it.
    pub name: Option<&'a str>,
    /// The account that owns it; empty where nobody knows yet.
    pub account: &'a str,
    /// Its region; empty where it has none.
    pub region: &'a str,
    /// What the provider said, or what code asks for.
    pub document: &'a Value,
    /// Members that could not be read or are known only after code is applied, as paths: `Policy`, `Listeners[0].Port`.
    pub unread: &'a [String],
}

impl Subject<'_> {
    /// As `resource` in expressions.
    pub(crate) fn about(&self) -> Value {
        json!({
            "arn": self.uid, "type": self.kind, "name": self.name.unwrap_or_default(),
            "account": self.account, "region": self.region,
        })
    }
}

/// What an engine says of a subject.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Fact {
    /// What expressions read.
    pub value: Value,
    /// How it is proven, in words: hops, statements, keys.
    pub proof: Vec<String>,
    /// Of a list of documents, the members that could not be read, by the place of the document.
    pub unread: Vec<(usize, Vec<String>)>,
    /// Of a list of documents, why there may be more than these; none where it is whole.
    pub more: Option<String>,
}

/// Why an engine cannot say it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Missing {
    /// What is not known, with the call where one is missing.
    pub what: Vec<String>,
}

impl Missing {
    /// One thing that is not known.
    pub fn of(what: impl Into<String>) -> Self {
        Self { what: vec![what.into()] }
    }
}

/// Who says facts. They are asked only for what a check reads, once for each subject.
pub trait Facts: Sync {
    /// What is known of a subject.
    ///
    /// # Errors
    /// What is not known, and why.
    fn fact(&self, subject: &Subject<'_>, asked: &Asked) -> Result<Arc<Fact>, Missing>;

    /// Why a member of its document was not read, in words.
    fn why_unread(&self, _subject: &Subject<'_>, path: &str) -> String {
        format!("{path} was not read")
    }

    /// The time at which checks are asked.
    fn now(&self) -> Timestamp;
}
