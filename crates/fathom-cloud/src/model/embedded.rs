//! The models in the binary, decompressed one service at a time when first asked for.

use super::{Endpoints, ModelError, Service};
use rust_embed::RustEmbed;
use serde::Deserialize;
use std::collections::BTreeMap;
use std::sync::{Arc, LazyLock, Mutex, PoisonError};

#[derive(RustEmbed)]
#[folder = "models/aws"]
#[include = "*.json.zst"]
struct Files;

/// The file that holds the endpoints beside the services.
const ENDPOINTS: &str = "endpoints";

/// Upper bound for one decompressed model; the largest one has 1.1 MB.
const MODEL_BYTES_MAX: usize = 16 << 20;

/// The models of all services.
#[derive(Debug, Default)]
pub struct Models {
    services: Mutex<BTreeMap<String, Arc<Service>>>,
    endpoints: Mutex<Option<Arc<Endpoints>>>,
}

/// One embedded file: a model as the codecs read it and its paginators, both kept as text until needed.
#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow)]
    service: &'a serde_json::value::RawValue,
    #[serde(borrow, default)]
    paginators: Option<&'a serde_json::value::RawValue>,
}

impl Models {
    /// The models that the binary carries.
    pub fn embedded() -> &'static Models {
        static MODELS: LazyLock<Models> = LazyLock::new(Models::default);
        &MODELS
    }

    /// The names of all services, sorted.
    pub fn services(&self) -> impl Iterator<Item = String> + use<> {
        let mut names: Vec<String> = Files::iter()
            .filter_map(|file| file.strip_suffix(".json.zst").map(str::to_owned))
            .filter(|name| name != ENDPOINTS)
            .collect();
        names.sort_unstable();
        names.into_iter()
    }

    /// The model of a service; read once, then shared.
    pub fn service(&self, name: &str) -> Result<Arc<Service>, ModelError> {
        if let Some(service) = self.services.lock().unwrap_or_else(PoisonError::into_inner).get(name) {
            return Ok(Arc::clone(service));
        }
        if name == ENDPOINTS {
            return Err(ModelError::UnknownService { service: name.to_owned() });
        }
        let bytes = read(name)?;
        let json = |source| ModelError::Json { service: name.to_owned(), source };
        let file: File<'_> = serde_json::from_slice(&bytes).map_err(json)?;
        let paginators = file.paginators.map(|raw| raw.get().as_bytes());
        let service = Arc::new(Service::from_json(name, file.service.get().as_bytes(), paginators)?);
        let mut services = self.services.lock().unwrap_or_else(PoisonError::into_inner);
        Ok(Arc::clone(services.entry(name.to_owned()).or_insert(service)))
    }

    /// Partitions, regions and the addresses of services.
    pub fn endpoints(&self) -> Result<Arc<Endpoints>, ModelError> {
        let mut slot = self.endpoints.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some(endpoints) = slot.as_ref() {
            return Ok(Arc::clone(endpoints));
        }
        let endpoints: Endpoints = serde_json::from_slice(&read(ENDPOINTS)?)
            .map_err(|source| ModelError::Json { service: ENDPOINTS.to_owned(), source })?;
        let endpoints = Arc::new(endpoints);
        *slot = Some(Arc::clone(&endpoints));
        Ok(endpoints)
    }
}

fn read(name: &str) -> Result<Vec<u8>, ModelError> {
    let file = format!("{name}.json.zst");
    let Some(embedded) = Files::get(&file) else {
        return Err(ModelError::UnknownService { service: name.to_owned() });
    };
    zstd::bulk::decompress(&embedded.data, MODEL_BYTES_MAX)
        .map_err(|source| ModelError::Decompress { file, source })
}
