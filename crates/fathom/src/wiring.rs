//! Puts stores, content and clients together as the command line asks.

use std::{path::Path, sync::Arc};

use anyhow::{Context, Result, bail};
use fathom_cloud::client::ClientOptions;
use fathom_content::Content;
use fathom_model::Timestamp;
use fathom_see::sources::{self, CodeFiles, Declared, SourceError};
use fathom_store::{Store, StoredResource};
use rust_embed::RustEmbed;

use crate::args::Global;

/// The ledger's name in its checkpoints.
pub(crate) const ORIGIN: &str = "fathom.local/ledger";

/// The sample organisation: what was recorded, and what its people declare.
#[derive(RustEmbed)]
#[folder = "../../content/sample"]
pub(crate) struct Sample;

/// What scans of the sample say that they looked at.
pub(crate) const SAMPLE_LABEL: &str = "sample organisation, played back";

/// The time, asked once here so that nothing below needs a clock.
pub(crate) fn now() -> Timestamp {
    Timestamp::now()
}

/// The environment. What is not text there is nothing of ours.
pub(crate) fn environment() -> impl Iterator<Item = (String, String)> {
    std::env::vars_os()
        .filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?)))
}

/// Who runs this, as far as the environment says.
pub(crate) fn user() -> Option<String> {
    std::env::var("USER").ok().filter(|user| !user.trim().is_empty())
}

/// Who decides: whom `--by` names, else who runs this.
pub(crate) fn decided_by(by: Option<String>) -> Result<String> {
    by.or_else(user).context("nobody to name as the one who decides; say --by")
}

/// The content that the command line chose.
pub(crate) fn content(global: &Global) -> Result<Arc<Content>> {
    let content = match &global.content {
        Some(directory) => Content::with_overrides(directory),
        None => Content::embedded(),
    };
    Ok(Arc::new(content.context("cannot load the content")?))
}

/// How the cloud is asked: at the address given, or else where the environment and the profile say.
pub(crate) async fn cloud(profile: Option<&str>, endpoint_url: Option<&str>) -> Result<ClientOptions> {
    let options = ClientOptions::from_env(environment())?;
    match endpoint_url.filter(|url| !url.is_empty()) {
        Some(url) => Ok(options.with_endpoint(url)?),
        None => Ok(options.with_profile_endpoints(profile).await?),
    }
}

/// The store, to write.
pub(crate) async fn store(global: &Global) -> Result<Store> {
    Ok(Store::open(&global.data, ORIGIN, now()).await?)
}

/// The store, to read; also while another process writes.
pub(crate) async fn reader(global: &Global) -> Result<Store> {
    there_is_data(global)?;
    Ok(Store::open_reader(&global.data).await?)
}

/// Whether the data directory holds a store.
pub(crate) fn has_data(global: &Global) -> bool {
    global.data.join("fathom.db").exists()
}

/// Refuses a data directory that no scan has made yet.
pub(crate) fn there_is_data(global: &Global) -> Result<()> {
    if !has_data(global) {
        bail!(
            "there is nothing in {} yet; run `fathom scan` first (or `fathom scan --sample`), or name another \
             directory with --data",
            global.data.display()
        );
    }
    Ok(())
}

/// What people declare: the named file, or `fathom.yaml` here where there is one.
pub(crate) fn declared(file: Option<&Path>) -> Result<Declared> {
    let here = Path::new("fathom.yaml");
    let file = file.or_else(|| here.exists().then_some(here));
    sources::read(file).context("cannot use the declarations")
}

/// What people declare with all code it names, further files, and those of them that do not read.
pub(crate) fn declared_code(file: Option<&Path>, more: &CodeFiles) -> Result<(Declared, Vec<SourceError>)> {
    let here = Path::new("fathom.yaml");
    let file = file.or_else(|| here.exists().then_some(here));
    sources::read_code(file, more).context("cannot use the declarations")
}

/// What the sample's people declare.
pub(crate) fn sample_declared() -> Result<Declared> {
    let text = |name: &str| -> Result<String> {
        let file = Sample::get(name).with_context(|| format!("this build has no sample file {name}"))?;
        Ok(String::from_utf8(file.data.into_owned())?)
    };
    let mut declared = Declared {
        declarations: fathom_content::Declarations::parse("fathom.yaml", &text("fathom.yaml")?)?,
        file: "fathom.yaml".to_owned(),
        ..Declared::default()
    };
    for state in &declared.declarations.terraform_states {
        declared.terraform.add(state, &text(state)?)?;
    }
    Ok(declared)
}

/// The code that the server compares the estate with: what `fathom.yaml` names, or what the sample's people declare
/// where the estate is the sample.
#[derive(Debug, Clone)]
pub(crate) struct Code {
    /// `fathom.yaml`.
    pub(crate) file: Option<std::path::PathBuf>,
}

impl fathom_api::CodeSource for Code {
    fn read(&self, scan: &fathom_model::Scan) -> std::result::Result<fathom_api::ReadCode, String> {
        if self.file.is_none() && scan.scope.starts_with(SAMPLE_LABEL) {
            let declared = sample_declared().map_err(|error| format!("{error:#}"))?;
            return Ok(fathom_api::ReadCode { declared, left_out: Vec::new() });
        }
        fathom_api::CodeFile { file: self.file.clone() }.read(scan)
    }

    fn stamp(&self) -> u64 {
        fathom_api::CodeFile { file: self.file.clone() }.stamp()
    }
}

/// The one resource a person means by an ARN, id, name, or the beginning of one.
pub(crate) async fn one_resource(store: &Store, text: &str) -> Result<StoredResource> {
    const SHOWN: usize = 10;
    let mut found = store.find(text, SHOWN as u32 + 1).await?;
    match found.len() {
        0 => bail!(
            "nothing is called `{text}`; `fathom sql \"select uid from resources where uid like '%{text}%'\"` looks further"
        ),
        1 => Ok(found.swap_remove(0)),
        many => {
            let list: Vec<String> =
                found.iter().take(SHOWN).map(|one| crate::render::clean(one.resource.uid.as_str())).collect();
            let more = if many > SHOWN { "\n  …" } else { "" };
            bail!("`{text}` may mean several resources; name one:\n  {}{more}", list.join("\n  "))
        }
    }
}
