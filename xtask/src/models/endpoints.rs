//! Reduces the endpoints document: partitions, regions and the addresses that deviate from a pattern.

use anyhow::{Context, Result};
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;

/// Keeps the services with one of the endpoint prefixes; leaves out FIPS and dual-stack variants and what is deprecated.
pub(super) fn trim(endpoints: &Value, partitions: &Value, prefixes: &[String]) -> Result<Value> {
    let outputs: BTreeMap<&str, &Value> = partitions
        .get("partitions")
        .and_then(Value::as_array)
        .context("partitions.json has no partitions")?
        .iter()
        .filter_map(|partition| Some((partition.get("id")?.as_str()?, partition)))
        .collect();
    let mut out = Vec::new();
    for partition in
        endpoints.get("partitions").and_then(Value::as_array).context("endpoints.json has no partitions")?
    {
        let id = partition.get("partition").and_then(Value::as_str).context("a partition has no id")?;
        let output = outputs.get(id).with_context(|| format!("no outputs of partition {id}"))?;
        let services: Map<String, Value> = partition
            .get("services")
            .and_then(Value::as_object)
            .context("a partition has no services")?
            .iter()
            .filter(|(name, _)| prefixes.iter().any(|prefix| prefix == *name))
            .map(|(name, value)| (name.clone(), service(value)))
            .collect();
        let regions: Map<String, Value> = partition
            .get("regions")
            .and_then(Value::as_object)
            .context("a partition has no regions")?
            .iter()
            .map(|(region, value)| (region.clone(), value.get("description").cloned().unwrap_or_default()))
            .collect();
        let outputs = output.get("outputs");
        let mut trimmed = json!({
            "id": id,
            "dnsSuffix": partition.get("dnsSuffix"),
            "hostname": partition.get("defaults").and_then(|defaults| defaults.get("hostname")),
            "regionRegex": output.get("regionRegex"),
            "implicitGlobalRegion": outputs.and_then(|outputs| outputs.get("implicitGlobalRegion")),
            "regions": regions,
            "services": services,
        });
        if outputs.and_then(|outputs| outputs.get("supportsDualStack")) == Some(&Value::Bool(true)) {
            trimmed["dualStackDnsSuffix"] =
                outputs.and_then(|outputs| outputs.get("dualStackDnsSuffix")).cloned().unwrap_or_default();
        }
        out.push(trimmed);
    }
    Ok(json!({ "partitions": out }))
}

fn service(value: &Value) -> Value {
    let mut out = Map::new();
    for key in ["isRegionalized", "partitionEndpoint"] {
        if let Some(value) = value.get(key) {
            out.insert(key.to_owned(), value.clone());
        }
    }
    if let Some(defaults) = value.get("defaults") {
        let kept = endpoint(defaults);
        if kept.as_object().is_some_and(|kept| !kept.is_empty()) {
            out.insert("defaults".to_owned(), kept);
        }
    }
    if let Some(Value::Object(endpoints)) = value.get("endpoints") {
        let kept = endpoints
            .iter()
            .filter(|(_, value)| value.get("deprecated") != Some(&Value::Bool(true)))
            .map(|(region, value)| (region.clone(), endpoint(value)))
            .collect();
        out.insert("endpoints".to_owned(), Value::Object(kept));
    }
    Value::Object(out)
}

fn endpoint(value: &Value) -> Value {
    let mut out = Map::new();
    if let Some(hostname) = value.get("hostname") {
        out.insert("hostname".to_owned(), hostname.clone());
    }
    if let Some(scope) = value.get("credentialScope") {
        for (from, to) in [("region", "signingRegion"), ("service", "signingService")] {
            if let Some(value) = scope.get(from) {
                out.insert(to.to_owned(), value.clone());
            }
        }
    }
    Value::Object(out)
}
