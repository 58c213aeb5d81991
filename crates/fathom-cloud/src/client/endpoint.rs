//! Where a call goes and under which name it is signed.

use std::collections::BTreeMap;

use fathom_model::{Partition as PartitionId, Region};
use url::Url;

use crate::model::{Endpoint as Listed, Endpoints, Partition, Service};

/// Services whose host or home differs from what the endpoints document and its patterns say: service, partition,
/// host pattern, and the region that signs where only one does.
const EXCEPTIONS: &[(&str, &str, &str, Option<&str>)] = &[];

/// Addresses given in place of the cloud's own.
#[derive(Debug, Clone, Default)]
pub struct Overrides {
    /// For all services (`AWS_ENDPOINT_URL`).
    pub all: Option<Url>,
    /// For one service (`AWS_ENDPOINT_URL_<SERVICE>`), by service id in capitals: `ELASTIC_LOAD_BALANCING_V2`.
    pub services: BTreeMap<String, Url>,
}

impl Overrides {
    /// The override that holds for a service.
    pub(crate) fn of(&self, service: &Service) -> Option<&Url> {
        if !self.services.is_empty() {
            let name = service.service_id().to_ascii_uppercase().replace([' ', '-'], "_");
            if let Some(url) = self.services.get(&name) {
                return Some(url);
            }
        }
        self.all.as_ref()
    }
}

/// A resolved endpoint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Target {
    /// Scheme, host, port and base path; never a query.
    pub(crate) url: Url,
    /// The region in the signature's scope.
    pub(crate) signing_region: String,
    /// The service name in the signature's scope.
    pub(crate) signing_name: String,
    /// Whether the address was given by the user: then no host prefix and no bucket in the host.
    pub(crate) overridden: bool,
}

/// Why there is no address for a call.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The partition is not in the endpoints document.
    #[error("no endpoints known for partition `{partition}`")]
    UnknownPartition {
        /// The partition's id.
        partition: String,
    },
    /// The parts do not make an address.
    #[error("`{text}` is no address")]
    Address {
        /// What was put together.
        text: String,
        /// The cause.
        #[source]
        source: url::ParseError,
    },
}

/// The endpoint of a service in a region. `global` means the partition's own region for services that have regions.
pub(crate) fn resolve(
    endpoints: &Endpoints,
    service: &Service,
    partition: &PartitionId,
    region: &Region,
    overrides: &Overrides,
) -> Result<Target, EndpointError> {
    let of_account = || endpoints.partition(partition.as_str());
    let found = if region.is_global() {
        of_account()
    } else {
        endpoints.partition_of_region(region.as_str()).or_else(of_account)
    };
    let partition = found.ok_or_else(|| EndpointError::UnknownPartition { partition: partition.to_string() })?;
    let (host, signing_region, signing_name) = locate(partition, service, region);
    let overridden = overrides.of(service);
    let url = match overridden {
        Some(url) => url.clone(),
        None => {
            let text = format!("https://{host}/");
            Url::parse(&text).map_err(|source| EndpointError::Address { text, source })?
        }
    };
    Ok(Target { url, signing_region, signing_name, overridden: overridden.is_some() })
}

/// Host, signing region and signing name by the document, then by the exceptions.
fn locate(partition: &Partition, service: &Service, region: &Region) -> (String, String, String) {
    let home = partition.implicit_global_region.as_deref().unwrap_or("us-east-1");
    let nothing = Listed::default();
    let listed = partition.services.get(service.endpoint_prefix());
    let wanted = if region.is_global() { home } else { region.as_str() };
    let central = listed.filter(|listed| !listed.is_regionalized).and_then(|l| l.partition_endpoint.as_deref());
    let only = listed
        .filter(|listed| region.is_global() && !listed.endpoints.contains_key(home))
        .and_then(|listed| listed.endpoints.keys().next())
        .filter(|_| central.is_none())
        .map(String::as_str);
    let place = central.or(only).unwrap_or(wanted);
    let entry = listed.and_then(|listed| listed.endpoints.get(place)).unwrap_or(&nothing);
    let defaults = listed.map_or(&nothing, |listed| &listed.defaults);
    let signing_region = entry.signing_region.as_deref().or(defaults.signing_region.as_deref());
    let signing_region = signing_region.unwrap_or(if central.is_some() { home } else { place });
    let signing_name = entry.signing_service.as_deref().or(defaults.signing_service.as_deref());
    let signing_name = signing_name.unwrap_or_else(|| service.signing_name());
    let mut pattern = entry.hostname.as_deref().or(defaults.hostname.as_deref()).unwrap_or(&partition.hostname);
    let mut signing_region = signing_region.to_owned();
    for (name, id, host, signs) in EXCEPTIONS {
        if *name == service.name() && (*id == "*" || *id == partition.id) {
            pattern = host;
            if let Some(signs) = signs {
                (*signs).clone_into(&mut signing_region);
            }
        }
    }
    let host = pattern
        .replace("{service}", service.endpoint_prefix())
        .replace("{region}", place)
        .replace("{dnsSuffix}", &partition.dns_suffix);
    (host, signing_region, signing_name.to_owned())
}
