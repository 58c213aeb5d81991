//! Where a call goes and under which name it is signed.

use std::collections::BTreeMap;

use fathom_model::{Partition as PartitionId, Region};
use url::Url;

use super::Client;
use crate::model::{Endpoint as Listed, Endpoints, ModelError, Partition, Service};

/// Services that are elsewhere than the endpoints document says: service, partition, host pattern, and their only
/// region where they have but one. By the services' endpoint rules, which are newer than the document.
const EXCEPTIONS: &[(&str, &str, &str, Option<&str>)] = &[
    ("budgets", "aws-us-gov", "budgets.amazonaws.com", None),
    ("budgets", "aws-eusc", "budgets.{region}.api.amazonwebservices.eu", None),
    ("cloudfront", "aws-us-gov", "cloudfront.amazonaws.com", None),
    ("cloudfront", "aws-eusc", "cloudfront.amazonaws.eu", None),
    ("dsql", "aws", "dsql.{region}.api.aws", None),
    ("dsql", "aws-cn", "dsql.{region}.api.amazonwebservices.com.cn", None),
    ("dsql", "aws-us-gov", "dsql.{region}.api.aws", None),
    ("dsql", "aws-eusc", "dsql.{region}.api.amazonwebservices.eu", None),
    ("health", "aws", "health.{region}.{dnsSuffix}", None),
    ("health", "aws-cn", "health.{region}.{dnsSuffix}", None),
    ("health", "aws-eusc", "health.{region}.api.amazonwebservices.eu", None),
    ("kinesisvideo", "aws-us-gov", "kinesisvideo.{region}.{dnsSuffix}", None),
    ("networkmanager", "aws-cn", "networkmanager.cn-northwest-1.{dnsSuffix}", Some("cn-northwest-1")),
    ("route53", "aws-eusc", "route53.amazonaws.eu", None),
    ("support", "aws", "support.us-east-1.{dnsSuffix}", Some("us-east-1")),
];

/// Services of the `aws` partition that answer for all regions in one that is not the partition's own; whichever region
/// is asked, that one is meant.
const HOMES: &[(&str, &str)] = &[("globalaccelerator", "us-west-2")];

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

/// Where a service answers in a region, and for what a call to it is signed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Target {
    /// Scheme, host, port and base path; never a query.
    pub url: Url,
    /// The region in the signature's scope.
    pub signing_region: String,
    /// The service name in the signature's scope.
    pub signing_name: String,
    /// Whether the address was given by the user: then no host prefix and no bucket in the host.
    pub overridden: bool,
}

/// Why there is no address for a call.
#[derive(Debug, thiserror::Error)]
pub enum EndpointError {
    /// The service or the endpoints document cannot be read.
    #[error("failed to read the model")]
    Model(#[source] ModelError),
    /// The text is no region's name.
    #[error("`{region}` is no region")]
    Region {
        /// What was given.
        region: String,
    },
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

impl Client {
    /// Where a call to a service in a region would go. Host prefixes and buckets are not in it: they depend on the
    /// call's parameters.
    ///
    /// # Errors
    /// When the service has no model or the partition no endpoints.
    pub fn endpoint(
        &self,
        partition: &PartitionId,
        region: &Region,
        service: &str,
    ) -> Result<Target, EndpointError> {
        let endpoints = self.inner.models.endpoints().map_err(EndpointError::Model)?;
        let service = self.inner.models.service(service).map_err(EndpointError::Model)?;
        resolve(&endpoints, &service, partition, region, &self.inner.options.endpoints)
    }
}

/// The endpoint of a service in a region. `global` means the partition's own region for services that have regions.
pub(crate) fn resolve(
    endpoints: &Endpoints,
    service: &Service,
    partition: &PartitionId,
    region: &Region,
    overrides: &Overrides,
) -> Result<Target, EndpointError> {
    // Part of a host that gets signed requests: nothing but a label may come in.
    let is_label =
        |name: &str| !name.is_empty() && name.bytes().all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_label(region.as_str()) {
        return Err(EndpointError::Region { region: region.to_string() });
    }
    let of_account = || endpoints.partition(partition.as_str());
    let found = if region.is_global() {
        of_account()
    } else {
        endpoints.partition_of_region(region.as_str()).or_else(of_account)
    };
    let partition =
        found.ok_or_else(|| EndpointError::UnknownPartition { partition: partition.to_string() })?;
    let (host, signing_region, signing_name) = locate(partition, service, region);
    let overridden = overrides.of(service);
    let url = if let Some(url) = overridden {
        url.clone()
    } else {
        let text = format!("https://{host}/");
        Url::parse(&text).map_err(|source| EndpointError::Address { text, source })?
    };
    Ok(Target { url, signing_region, signing_name, overridden: overridden.is_some() })
}

/// Host, signing region and signing name: by the exceptions, else by the document.
fn locate(partition: &Partition, service: &Service, region: &Region) -> (String, String, String) {
    let own = partition.implicit_global_region.as_deref().unwrap_or("us-east-1");
    let home = HOMES.iter().find(|(name, _)| *name == service.name() && partition.id == "aws");
    let wanted = match home {
        Some((_, home)) => home,
        _ if region.is_global() => own,
        _ => region.as_str(),
    };
    let exception = EXCEPTIONS.iter().find(|(name, id, ..)| *name == service.name() && *id == partition.id);
    let nothing = Listed::default();
    let listed = partition.services.get(service.endpoint_prefix()).filter(|_| exception.is_none());
    let central =
        listed.filter(|listed| !listed.is_regionalized).and_then(|l| l.partition_endpoint.as_deref());
    let only = exception.and_then(|(.., only)| *only);
    let place = central.or(only).unwrap_or(wanted);
    let entry = listed.and_then(|listed| listed.endpoints.get(place)).unwrap_or(&nothing);
    let defaults = listed.map_or(&nothing, |listed| &listed.defaults);
    let pattern = exception.map(|(_, _, host, _)| *host);
    let pattern = pattern.or(entry.hostname.as_deref()).or(defaults.hostname.as_deref());
    let host = pattern
        .unwrap_or(&partition.hostname)
        .replace("{service}", service.endpoint_prefix())
        .replace("{region}", place)
        .replace("{dnsSuffix}", &partition.dns_suffix);
    let signing_region = entry.signing_region.as_deref().or(defaults.signing_region.as_deref());
    let signing_region = signing_region.unwrap_or(if central.is_some() { own } else { place });
    let signing_name = entry.signing_service.as_deref().or(defaults.signing_service.as_deref());
    (host, signing_region.to_owned(), signing_name.unwrap_or_else(|| service.signing_name()).to_owned())
}
