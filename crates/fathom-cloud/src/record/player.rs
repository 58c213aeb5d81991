//! A transport that answers from a recording.

use std::{
    collections::HashMap,
    fmt, io,
    path::Path,
    sync::atomic::{AtomicUsize, Ordering},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use bytes::Bytes;
use fathom_model::Region;
use futures::future::BoxFuture;
use http::{HeaderMap, HeaderName, HeaderValue};

use super::{Asked, Body, Exchange, Failure, Header, Outcome, RecordingError, VALUE_FORM, file, key};
use crate::{
    client::{Account, CallMeta, Transport, TransportError},
    wire,
};

/// Answers calls from a recording: by account, region, service, operation and parameters. Calls that were recorded
/// several times are answered in the recorded order; the last answer repeats.
pub struct Player {
    header: Header,
    answers: HashMap<String, Answers>,
    damage: Option<RecordingError>,
}

struct Answers {
    outcomes: Vec<Outcome>,
    next: AtomicUsize,
}

impl Player {
    /// Reads a recording. A recording that is cut or damaged answers with what was before; see [`Player::damage`].
    ///
    /// # Errors
    /// When the file cannot be opened or is no recording of this version.
    pub fn open(path: &Path) -> Result<Self, RecordingError> {
        Ok(Self::of(file::read_file(path)?))
    }

    /// The same from memory, compressed or not.
    ///
    /// # Errors
    /// When the bytes are no recording of this version.
    pub fn from_bytes(bytes: &[u8]) -> Result<Self, RecordingError> {
        Ok(Self::of(file::read(Path::new("(in memory)"), bytes)?))
    }

    fn of(contents: file::Contents) -> Self {
        let mut header = contents.header;
        if header.asked.is_none() {
            header.asked = Some(Asked {
                regions: header.regions.clone(),
                organization_role: contents.exchanges.iter().find_map(role_taken),
                ..Asked::default()
            });
        }
        let mut answers: HashMap<String, Answers> = HashMap::new();
        for exchange in contents.exchanges {
            let key = key(
                &exchange.account,
                &exchange.region,
                &exchange.service,
                &exchange.operation,
                &exchange.params,
            );
            answers
                .entry(key)
                .or_insert_with(|| Answers { outcomes: Vec::new(), next: AtomicUsize::new(0) })
                .outcomes
                .push(exchange.outcome);
        }
        Self { header, answers, damage: contents.damage }
    }

    /// What the recording is about.
    pub fn header(&self) -> &Header {
        &self.header
    }

    /// The accounts of the recording, ready to be asked. They have no credentials and need none.
    pub fn accounts(&self) -> Vec<Account> {
        let home = self.header.regions.first().cloned().unwrap_or_else(Region::global);
        let account = |account: &super::RecordedAccount| {
            Account::played(account.id.clone(), account.partition.clone(), home.clone())
        };
        self.header.accounts.iter().map(account).collect()
    }

    /// What is wrong with the recording's end, if anything.
    pub fn damage(&self) -> Option<&RecordingError> {
        self.damage.as_ref()
    }

    fn answer(&self, meta: &CallMeta, host: &str) -> Result<wire::Response, TransportError> {
        let key = key(&meta.account, &meta.region, &meta.service, &meta.operation, &meta.params);
        let answers = self.answers.get(&key).ok_or(TransportError::NotRecorded)?;
        let at = answers.next.fetch_add(1, Ordering::Relaxed).min(answers.outcomes.len().saturating_sub(1));
        match answers.outcomes.get(at).ok_or(TransportError::NotRecorded)? {
            Outcome::Answer { status, headers, body } => {
                let mut out = HeaderMap::new();
                for (name, value) in headers {
                    if let (Ok(name), Ok(value)) = (name.parse::<HeaderName>(), HeaderValue::from_str(value))
                    {
                        out.append(name, value);
                    }
                }
                out.remove(&VALUE_FORM);
                let body = match body {
                    Body::Body(text) => Bytes::from(text.clone()),
                    Body::Base64(text) => STANDARD.decode(text).map(Bytes::from).map_err(|error| {
                        TransportError::Cut { host: host.to_owned(), source: Box::new(error) }
                    })?,
                    Body::Value(value) => {
                        out.insert(VALUE_FORM.clone(), HeaderValue::from_static("1"));
                        Bytes::from(value.to_string())
                    }
                };
                Ok(wire::Response { status: *status, headers: out, body })
            }
            Outcome::Failure { failure } => Err(failed(*failure, host.to_owned())),
        }
    }
}

/// The role, with its path, that an exchange takes in another account.
fn role_taken(exchange: &Exchange) -> Option<String> {
    if (exchange.service.as_str(), exchange.operation.as_str()) != ("sts", "AssumeRole") {
        return None;
    }
    let arn = exchange.params.get("RoleArn")?.as_str()?;
    arn.split_once(":role/").map(|(_, role)| role.to_owned())
}

fn failed(failure: Failure, host: String) -> TransportError {
    let source = || Box::new(io::Error::other("as recorded"));
    match failure {
        Failure::NoSuchHost => TransportError::NoSuchHost { host, source: source() },
        Failure::Connect => TransportError::Connect { host, source: source() },
        Failure::Cut => TransportError::Cut { host, source: source() },
        Failure::Timeout => TransportError::Timeout { host },
        Failure::TooLarge => TransportError::TooLarge { limit_bytes: 0 },
        Failure::Request => TransportError::Request { host, source: source() },
    }
}

impl fmt::Debug for Player {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Player")
            .field("header", &self.header)
            .field("calls", &self.answers.len())
            .finish_non_exhaustive()
    }
}

impl Transport for Player {
    fn send<'a>(
        &'a self,
        meta: &'a CallMeta,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<wire::Response, TransportError>> {
        let answer = self.answer(meta, request.uri().host().unwrap_or_default());
        Box::pin(async move { answer })
    }

    fn recording(&self) -> Option<&Header> {
        Some(&self.header)
    }
}
