//! A transport that writes down what passes through it.

use std::{
    fmt,
    path::Path,
    sync::{Arc, Mutex, PoisonError},
};

use bytes::Bytes;
use fathom_model::{AccountId, Partition, Region};
use futures::future::BoxFuture;

use super::{
    Asked, Exchange, FORMAT, Failure, Header, Outcome, RecordedAccount, RecordingError, VERSION,
    file::Writer,
    mask::{self, SecretMember},
    recorded_params,
};
use crate::{
    client::{CallMeta, Transport, TransportError},
    wire,
};

/// Records the exchanges of another transport. Cheap to clone; clones write to the same file.
#[derive(Clone)]
pub struct Recorder {
    inner: Arc<dyn Transport>,
    file: Arc<Mutex<Recording>>,
    members: Arc<[SecretMember]>,
}

struct Recording {
    header: Header,
    writer: Writer,
    /// The first failure to write; nothing is written after it.
    failed: Option<RecordingError>,
}

impl Recorder {
    /// Makes a new file (never overwrites one) and writes the header. Accounts and regions are noted as they are asked.
    ///
    /// # Errors
    /// When the file cannot be made or written.
    pub fn create(path: &Path, inner: Arc<dyn Transport>) -> Result<Self, RecordingError> {
        let mut writer = Writer::create(path)?;
        let header = Header {
            format: FORMAT.to_owned(),
            version: VERSION,
            accounts: Vec::new(),
            regions: Vec::new(),
            recorded_at: jiff::Timestamp::now(),
            tool: concat!("fathom ", env!("CARGO_PKG_VERSION")).to_owned(),
            asked: None,
        };
        writer.line(&header)?;
        let file = Arc::new(Mutex::new(Recording { header, writer, failed: None }));
        Ok(Self { inner, file, members: Arc::from([]) })
    }

    /// Also hides these members, beside those that the models mark as secret.
    pub fn hiding(self, members: Vec<SecretMember>) -> Self {
        Self { members: Arc::from(members), ..self }
    }

    /// Notes what the scan was asked for, in a header line of its own.
    ///
    /// # Errors
    /// When the line cannot be written.
    pub fn asked(self, asked: Asked) -> Result<Self, RecordingError> {
        {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            let line = Header { asked: Some(asked), ..file.header.clone() };
            file.writer.line(&line)?;
        }
        Ok(self)
    }

    /// Ends the recording.
    ///
    /// # Errors
    /// When the end or any line before it could not be written: the recording is incomplete.
    pub fn finish(&self) -> Result<(), RecordingError> {
        let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
        let ended = file.writer.finish();
        file.failed.take().map_or(ended, Err)
    }

    async fn exchange(
        &self,
        meta: &CallMeta,
        request: http::Request<Bytes>,
    ) -> Result<wire::Response, TransportError> {
        let quoted = mask::request_secrets(request.headers());
        let result = self.inner.send(meta, request).await;
        let answer = match &result {
            Ok(response) => Ok(response.clone()),
            Err(error) => Err(failure(error)),
        };
        let (meta, file, members) = (meta.clone(), Arc::clone(&self.file), Arc::clone(&self.members));
        // Masking parses the answer, and files may be slow: not on the threads that wait for the network.
        let written =
            tokio::task::spawn_blocking(move || write(&file, meta, answer, &quoted, &members)).await;
        if let Err(error) = written {
            let mut file = self.file.lock().unwrap_or_else(PoisonError::into_inner);
            file.failed.get_or_insert_with(|| RecordingError::Write {
                path: std::path::PathBuf::new(),
                source: std::io::Error::other(error),
            });
        }
        result
    }
}

fn write(
    file: &Mutex<Recording>,
    meta: CallMeta,
    answer: Result<wire::Response, Option<Failure>>,
    quoted: &[String],
    members: &[SecretMember],
) {
    let outcome = match answer {
        Ok(response) => {
            let (headers, body) = mask::masked(&meta.service, &meta.operation, &response, quoted, members);
            Outcome::Answer { status: response.status, headers, body }
        }
        Err(Some(failure)) => Outcome::Failure { failure },
        Err(None) => return,
    };
    let params = recorded_params(&meta.service, &meta.operation, &meta.params);
    let CallMeta { account, partition, region, service, operation, .. } = meta;
    let exchange = Exchange { account, region, service, operation, params, outcome };
    let mut file = file.lock().unwrap_or_else(PoisonError::into_inner);
    if file.failed.is_none() {
        let noted = file.note(&exchange.account, &partition, &exchange.region);
        if let Err(error) = noted.and_then(|()| file.writer.line(&exchange)) {
            tracing::warn!(error = &error as &dyn std::error::Error, "recording ends here");
            file.failed = Some(error);
        }
    }
}

impl Recording {
    /// Writes a header line where an account or region appears for the first time.
    fn note(
        &mut self,
        account: &AccountId,
        partition: &Partition,
        region: &Region,
    ) -> Result<(), RecordingError> {
        let known =
            account.as_str() == CallMeta::CALLER || self.header.accounts.iter().any(|a| a.id == *account);
        if !known {
            self.header.accounts.push(RecordedAccount { id: account.clone(), partition: partition.clone() });
        }
        let visited = region.is_global() || self.header.regions.contains(region);
        if !visited {
            self.header.regions.push(region.clone());
        }
        if known && visited {
            return Ok(());
        }
        // Only what is new: readers put the lines together.
        let new = |is: bool| usize::from(is);
        let more = Header {
            accounts: self.header.accounts.iter().rev().take(new(!known)).cloned().collect(),
            regions: self.header.regions.iter().rev().take(new(!visited)).cloned().collect(),
            ..self.header.clone()
        };
        self.writer.line(&more)
    }
}

fn failure(error: &TransportError) -> Option<Failure> {
    match error {
        TransportError::NoSuchHost { .. } => Some(Failure::NoSuchHost),
        TransportError::Connect { .. } => Some(Failure::Connect),
        TransportError::Cut { .. } => Some(Failure::Cut),
        TransportError::Timeout { .. } => Some(Failure::Timeout),
        TransportError::TooLarge { .. } => Some(Failure::TooLarge),
        TransportError::Request { .. } => Some(Failure::Request),
        TransportError::NotRecorded => None,
    }
}

impl Drop for Recording {
    fn drop(&mut self) {
        if let Err(error) = self.writer.finish() {
            tracing::warn!(error = &error as &dyn std::error::Error, "recording has no proper end");
        }
    }
}

impl fmt::Debug for Recorder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Recorder").field("inner", &self.inner).finish_non_exhaustive()
    }
}

impl Transport for Recorder {
    fn send<'a>(
        &'a self,
        meta: &'a CallMeta,
        request: http::Request<Bytes>,
    ) -> BoxFuture<'a, Result<wire::Response, TransportError>> {
        Box::pin(self.exchange(meta, request))
    }

    fn recording(&self) -> Option<&Header> {
        self.inner.recording()
    }
}
