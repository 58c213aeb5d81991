//! What somebody saved, imported: folders of answers, AWS Config's files, and bytes that are neither.

mod arbitrary;
mod config;
mod json;
mod real;
mod states;

use std::{fs, path::Path, sync::Arc};

use fathom_content::Content;
use fathom_model::{Outcome, Timestamp, Uid};
use fathom_see::{
    Progress,
    import::{ImportError, ImportReport, Importer, JsonOptions, Limits},
    sources::Declared,
};
use fathom_store::{Store, StoredResource, Which};
use futures::StreamExt;
use tempfile::TempDir;

/// A store, and a folder to import.
struct Desk {
    dir: TempDir,
    store: Store,
    importer: Importer,
}

impl Desk {
    async fn new() -> Self {
        Self::with(Limits::default()).await
    }

    async fn with(limits: Limits) -> Self {
        let dir = TempDir::new().unwrap();
        let store = Store::open(&dir.path().join("data"), "test.local/import", at("2026-01-02T03:04:05Z"))
            .await
            .unwrap();
        let content = Arc::new(Content::embedded().unwrap());
        let importer = Importer { content, store: store.clone(), limits, actor: "tester".to_owned() };
        Self { dir, store, importer }
    }

    /// Writes a file into the folder.
    fn put(&self, name: &str, text: impl AsRef<[u8]>) -> &Self {
        let path = self.dir.path().join("saved").join(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::write(path, text).unwrap();
        self
    }

    fn folder(&self) -> std::path::PathBuf {
        self.dir.path().join("saved")
    }

    async fn json_at(&self, now: &str) -> Result<ImportReport, ImportError> {
        self.json_of(&self.folder(), &JsonOptions::default(), now).await
    }

    async fn json_of(
        &self,
        folder: &Path,
        options: &JsonOptions,
        now: &str,
    ) -> Result<ImportReport, ImportError> {
        let (declared, progress, now) = (Declared::default(), Progress::default(), at(now));
        self.importer.aws_json(folder, options, &declared, &progress, || now).await
    }

    async fn config_at(&self, now: &str) -> Result<ImportReport, ImportError> {
        self.config_of(&self.folder(), now).await
    }

    async fn config_of(&self, path: &Path, now: &str) -> Result<ImportReport, ImportError> {
        let (declared, progress, now) = (Declared::default(), Progress::default(), at(now));
        self.importer.aws_config(path, &declared, &progress, || now).await
    }

    /// What exists, sorted by uid.
    async fn estate(&self) -> Vec<StoredResource> {
        let mut all: Vec<StoredResource> = self
            .store
            .stream_resources(&Which::all(), true)
            .map(|chunk| futures::stream::iter(chunk.unwrap()))
            .flatten()
            .collect()
            .await;
        all.sort_by(|a, b| a.resource.uid.cmp(&b.resource.uid));
        all
    }

    async fn uids(&self) -> Vec<String> {
        self.estate().await.into_iter().map(|row| row.resource.uid.to_string()).collect()
    }

    async fn one(&self, uid: &str) -> StoredResource {
        self.store.resource(&Uid::new(uid)).await.unwrap().unwrap_or_else(|| panic!("no {uid}"))
    }

    async fn document(&self, uid: &str) -> serde_json::Value {
        serde_json::from_str(self.one(uid).await.resource.document.as_str()).unwrap()
    }
}

fn at(text: &str) -> Timestamp {
    text.parse().unwrap()
}

/// How a row of the report's coverage ended, with its reason.
fn ended(report: &ImportReport, region: &str, operation: &str) -> (Outcome, Option<String>) {
    let rows: Vec<_> = report.scan.coverage.iter().collect();
    let row = rows.iter().find(|row| row.operation == operation && row.region.as_str() == region);
    let row = row.unwrap_or_else(|| panic!("no row of {operation} in {region}"));
    (row.outcome, row.reason.map(|reason| reason.to_string()))
}

fn told(report: &ImportReport) -> Vec<String> {
    report.problems.iter().map(|problem| format!("{}: {}", problem.file, problem.message)).collect()
}
