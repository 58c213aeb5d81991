//! Where messages come from: an SQS queue, or a folder that files are put into.

use std::{
    collections::{BTreeMap, BTreeSet},
    fmt,
    path::{Path, PathBuf},
    str::FromStr,
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fathom_cloud::client::{Account, CallError, Client};
use fathom_model::{Region, Timestamp};
use fathom_store::{Store, StoreError, TrailBatch};
use serde_json::{Value, json};

use crate::trail::files;

/// Messages that one call brings.
const MESSAGES_MAX: u32 = 10;
/// Seconds that a call waits for messages; the most that SQS allows.
const WAIT_SECONDS: u32 = 20;
/// How often a folder is looked at.
pub(super) const LOOK_EVERY: Duration = Duration::from_secs(2);
/// Files that are taken of a folder at a time.
const FILES_AT_ONCE: usize = 100;

/// Where events come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum EventSource {
    /// A queue.
    Sqs {
        /// Its address.
        url: String,
        /// Its region, where the address tells it.
        region: Option<Region>,
    },
    /// A folder.
    Folder(PathBuf),
}

/// Why a text names no source of events.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SourceError {
    /// What follows `sqs:` is no address of a queue.
    #[error(
        "`{0}` is no address of a queue; write sqs:https://sqs.REGION.amazonaws.com/ACCOUNT/NAME, as \
         `aws sqs get-queue-url` prints it"
    )]
    Queue(String),
}

impl FromStr for EventSource {
    type Err = SourceError;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let Some(address) = text.strip_prefix("sqs:") else { return Ok(Self::Folder(PathBuf::from(text))) };
        let wrong = || SourceError::Queue(address.to_owned());
        let rest = address.strip_prefix("https://").or_else(|| address.strip_prefix("http://"));
        let (host, path) = rest.and_then(|rest| rest.split_once('/')).ok_or_else(wrong)?;
        let parts: Vec<&str> = path.split('/').collect();
        match parts.as_slice() {
            [.., account, name] if account.len() == 12 && !name.is_empty() => {}
            _ => return Err(wrong()),
        }
        let mut labels = host.split(':').next().unwrap_or_default().split('.');
        // `sqs.REGION.amazonaws.com`, also behind the name of an endpoint of one's own.
        let region = labels.find(|label| *label == "sqs").and_then(|_| labels.next());
        let region = region.filter(|region| region.contains('-')).map(Region::from);
        Ok(Self::Sqs { url: address.to_owned(), region })
    }
}

impl fmt::Display for EventSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqs { url, .. } => write!(f, "{url}"),
            Self::Folder(path) => write!(f, "{}", path.display()),
        }
    }
}

impl EventSource {
    /// The queue's ARN, for a policy; none for a folder, or where the address does not tell the region.
    pub fn queue_arn(&self) -> Option<String> {
        let Self::Sqs { url, region: Some(region) } = self else { return None };
        let mut parts = url.rsplit('/');
        let (name, account) = (parts.next()?, parts.next()?);
        let partition = match region.as_str() {
            region if region.starts_with("cn-") => "aws-cn",
            region if region.starts_with("us-gov-") => "aws-us-gov",
            _ => "aws",
        };
        Some(format!("arn:{partition}:sqs:{region}:{account}:{name}"))
    }
}

/// A message or file that was brought, and how to let go of it.
#[derive(Debug, Clone)]
pub(super) struct Delivery {
    /// What to call it: `sqs:<queue>/<message id>`, or the file's path.
    pub name: String,
    /// Its content, or why it cannot be had.
    pub bytes: Result<Vec<u8>, String>,
    /// How often it was brought.
    pub receives: u32,
    /// How to let go of it.
    pub receipt: String,
}

/// A queue, and as whom it is read.
pub(super) struct Queue<'a> {
    pub client: &'a Client,
    pub account: Account,
    pub region: Region,
    pub url: &'a str,
}

impl Queue<'_> {
    /// Waits for messages.
    pub(super) async fn receive(&self) -> Result<Vec<Delivery>, CallError> {
        let params = json!({
            "QueueUrl": self.url,
            "MaxNumberOfMessages": MESSAGES_MAX,
            "WaitTimeSeconds": WAIT_SECONDS,
            "AttributeNames": ["ApproximateReceiveCount"],
        });
        let answer = self.client.call(&self.account, &self.region, "sqs", "ReceiveMessage", &params).await?;
        let queue = self.url.rsplit('/').next().unwrap_or_default();
        let text = |message: &Value, name: &str| message.get(name)?.as_str().map(str::to_owned);
        let messages = answer.value.get("Messages").and_then(Value::as_array).cloned().unwrap_or_default();
        Ok(messages
            .iter()
            .filter_map(|message| {
                let receives = message.get("Attributes").and_then(|all| text(all, "ApproximateReceiveCount"));
                Some(Delivery {
                    name: format!("sqs:{queue}/{}", text(message, "MessageId")?),
                    bytes: Ok(text(message, "Body").unwrap_or_default().into_bytes()),
                    receives: receives.and_then(|count| count.parse().ok()).unwrap_or(1),
                    receipt: text(message, "ReceiptHandle")?,
                })
            })
            .collect())
    }

    /// Removes a message from the queue.
    pub(super) async fn delete(&self, receipt: &str) -> Result<(), CallError> {
        let params = json!({"QueueUrl": self.url, "ReceiptHandle": receipt});
        self.client.call(&self.account, &self.region, "sqs", "DeleteMessage", &params).await.map(drop)
    }
}

/// A folder, and what was seen in it.
pub(super) struct Folder<'a> {
    pub path: &'a Path,
    /// Files as they were the last time: only those that rest are read.
    seen: BTreeMap<String, PathBuf>,
    /// Brought, and not let go yet.
    held: BTreeSet<String>,
    /// Brought, and given back because nobody could take them: they are brought again.
    given_back: GivenBack,
}

/// Where files are given back; shared by who brings them and who takes them.
pub(super) type GivenBack = Arc<Mutex<BTreeSet<String>>>;

impl<'a> Folder<'a> {
    pub(super) fn new(path: &'a Path, given_back: GivenBack) -> Self {
        Self { path, seen: BTreeMap::new(), held: BTreeSet::new(), given_back }
    }

    /// The files that are new since they were let go, and did not change since the last look.
    pub(super) async fn look(&mut self, store: &Store) -> Result<Vec<Delivery>, StoreError> {
        let root = self.path.to_owned();
        let listed =
            tokio::task::spawn_blocking(move || listed(&root)).await.map_err(|_| StoreError::Closed)?;
        let now = match listed {
            Ok(now) => now,
            Err(error) => {
                tracing::warn!(folder = %self.path.display(), %error, "the folder of events cannot be read");
                return Ok(Vec::new());
            }
        };
        let back = std::mem::take(&mut *self.given_back.lock().unwrap_or_else(PoisonError::into_inner));
        self.held.retain(|key| !back.contains(key));
        let rest: Vec<String> = now
            .keys()
            .filter(|key| self.seen.contains_key(*key) && !self.held.contains(*key))
            .cloned()
            .collect();
        self.held.retain(|key| now.contains_key(key));
        self.seen = now;
        let known = store.trail_objects_read(&self.bucket(), &rest).await?;
        let mut found = Vec::new();
        for key in rest.into_iter().filter(|key| !known.contains(key)).take(FILES_AT_ONCE) {
            let Some(path) = self.seen.get(&key).cloned() else { continue };
            let name = path.display().to_string();
            let bytes = tokio::task::spawn_blocking(move || files::load(&path)).await;
            let bytes = bytes.unwrap_or_else(|_| Err("reading it was given up".to_owned()));
            self.held.insert(key.clone());
            found.push(Delivery { name, bytes, receives: 1, receipt: key });
        }
        Ok(found)
    }

    fn bucket(&self) -> String {
        folder_bucket(self.path)
    }
}

/// The name under which the store remembers what was read of a folder.
fn folder_bucket(path: &Path) -> String {
    format!("file:{}", path.display())
}

/// Remembers that files were read.
pub(super) async fn remember(
    store: &Store,
    path: &Path,
    receipts: &[String],
    now: Timestamp,
) -> Result<(), StoreError> {
    let bucket = folder_bucket(path);
    let objects = receipts.iter().map(|receipt| (bucket.clone(), receipt.clone())).collect();
    store.add_trail(&TrailBatch { objects, ..TrailBatch::default() }, now).await
}

/// The log files of a folder by path, size and time of change: one that grows is another.
fn listed(root: &Path) -> std::io::Result<BTreeMap<String, PathBuf>> {
    let (paths, _, problems) = files::list(root)?;
    for (place, why) in problems {
        tracing::warn!(place, why, "a part of the folder of events cannot be read");
    }
    let mut all = BTreeMap::new();
    for path in paths {
        let Ok(metadata) = std::fs::metadata(&path) else { continue };
        let changed = metadata.modified().ok().and_then(|at| at.duration_since(std::time::UNIX_EPOCH).ok());
        let changed = changed.unwrap_or_default().as_millis();
        all.insert(format!("{} {} {changed}", path.display(), metadata.len()), path);
    }
    Ok(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn queues_are_told_from_folders_and_tell_their_region() {
        let read = |text: &str| text.parse::<EventSource>();
        let url = "https://sqs.eu-west-1.amazonaws.com/111122223333/events";
        let queue = read(&format!("sqs:{url}")).expect("a queue");
        assert_eq!(queue, EventSource::Sqs { url: url.to_owned(), region: Some("eu-west-1".into()) });
        assert_eq!(queue.queue_arn().as_deref(), Some("arn:aws:sqs:eu-west-1:111122223333:events"));
        let own = "sqs:https://vpce-1.sqs.us-gov-west-1.vpce.amazonaws.com/111122223333/events.fifo";
        let arn = read(own).expect("a queue").queue_arn();
        assert_eq!(arn.as_deref(), Some("arn:aws-us-gov:sqs:us-gov-west-1:111122223333:events.fifo"));
        let local = read("sqs:http://127.0.0.1:5000/111122223333/events").expect("a queue");
        assert!(matches!(&local, EventSource::Sqs { region: None, .. }) && local.queue_arn().is_none());
        assert_eq!(read("events/in"), Ok(EventSource::Folder("events/in".into())));
        for wrong in ["sqs:", "sqs:events", "sqs:https://sqs.eu-west-1.amazonaws.com", "sqs:https://x/1/q"] {
            assert!(read(wrong).is_err(), "{wrong}");
        }
    }
}
