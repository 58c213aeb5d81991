//! `cargo xtask models`: writes the service models that `fathom-cloud` carries.
//!
//! Reads an installed `botocore` (Apache-2.0) and writes, for each service of [`SERVICES`], its newest API version
//! without documentation, reduced to the operations that read configuration and to the shapes those reach. Output is
//! the same byte for byte for the same `botocore`: keys sorted, fixed compression.

mod endpoints;
mod tables;
mod trim;

use anyhow::{Context, Result, bail, ensure};
use serde_json::{Map, Value, json};
use std::path::{Path, PathBuf};
use std::process::Command;
use tables::SERVICES;

/// Together the files must stay small enough to travel in the binary.
const TOTAL_BYTES_MAX: usize = 1_000_000;
const ZSTD_LEVEL: i32 = 19;

/// Entry point; reads `--botocore DIR` from the command line.
pub(crate) fn run() -> Result<()> {
    let botocore = botocore_dir()?;
    let data = botocore.join("data");
    let version = version(&botocore)?;
    let out = Path::new(env!("CARGO_MANIFEST_DIR")).join("../crates/fathom-cloud/models/aws");
    std::fs::create_dir_all(&out).with_context(|| format!("failed to create {}", out.display()))?;
    println!("botocore {version}: {} services", SERVICES.len());

    let mut index = Map::new();
    let mut prefixes = Vec::new();
    let (mut total, mut operations_total) = (0, 0);
    for service in SERVICES {
        let dir = newest_version(&data.join(service))?;
        let mut model = read_json(&dir, "service-2")?.with_context(|| format!("no model for {service}"))?;
        merge_extras(&mut model, read_json(&dir, "service-2.sdk-extras")?.as_ref());
        let mut pages = read_json(&dir, "paginators-1")?.unwrap_or_else(|| json!({"pagination": {}}));
        merge_extras(&mut pages, read_json(&dir, "paginators-1.sdk-extras")?.as_ref());
        let trimmed = trim::service(service, &model, &pages)
            .with_context(|| format!("failed to trim the model of {service}"))?;
        ensure!(trimmed.operations > 0, "service {service} has no operation left");
        let packed = write_zst(&out, service, &trimmed.document)?;
        total += packed.packed;
        operations_total += trimmed.operations;
        println!(
            "  {service:<26} {:<9} {:>4} operations {:>6} shapes {:>8} B -> {:>6} B",
            trimmed.protocol, trimmed.operations, trimmed.shapes, packed.plain, packed.packed
        );
        prefixes.push(trimmed.endpoint_prefix);
        index.insert(
            (*service).to_owned(),
            json!({
                "apiVersion": trimmed.api_version,
                "protocol": trimmed.protocol,
                "operations": trimmed.operations,
                "paginators": trimmed.paginators,
                "shapes": trimmed.shapes,
                "bytes": packed.plain,
                "bytesPacked": packed.packed,
            }),
        );
    }
    remove_stale(&out)?;

    let endpoints = read_json(&data, "endpoints")?.context("botocore has no endpoints.json")?;
    let partitions = read_json(&data, "partitions")?.context("botocore has no partitions.json")?;
    let packed = write_zst(&out, "endpoints", &endpoints::trim(&endpoints, &partitions, &prefixes)?)?;
    total += packed.packed;
    println!("  {:<26} {:>8} B -> {:>6} B", "endpoints", packed.plain, packed.packed);

    let services = index.len();
    let mut text = serde_json::to_string_pretty(&sorted(&json!({
        "source": "botocore",
        "version": version,
        "operations": operations_total,
        "bytesPacked": total,
        "services": index,
    })))?;
    text.push('\n');
    write(&out.join("index.json"), text.as_bytes())?;
    write(&out.join("NOTICE"), notice(&version).as_bytes())?;
    println!("{services} services, {operations_total} operations, {total} B");
    ensure!(total < TOTAL_BYTES_MAX, "the models take {total} B, more than {TOTAL_BYTES_MAX} B");
    Ok(())
}

fn botocore_dir() -> Result<PathBuf> {
    let mut args = std::env::args().skip(1);
    while let Some(arg) = args.next() {
        if arg == "--botocore" {
            return args.next().map(PathBuf::from).context("--botocore needs a directory");
        }
    }
    let cache = match std::env::var_os("FATHOM_CACHE_DIR") {
        Some(dir) => PathBuf::from(dir),
        None => PathBuf::from(std::env::var_os("HOME").context("HOME is not set")?).join(".cache/fathom"),
    };
    let lib = cache.join("python/lib");
    let mut found = Vec::new();
    for entry in std::fs::read_dir(&lib).with_context(|| format!("failed to list {}", lib.display()))? {
        let candidate = entry?.path().join("site-packages/botocore");
        if candidate.is_dir() {
            found.push(candidate);
        }
    }
    found.sort();
    found.pop().with_context(|| format!("no botocore below {}; give --botocore DIR", lib.display()))
}

fn version(botocore: &Path) -> Result<String> {
    let path = botocore.join("__init__.py");
    let text =
        std::fs::read_to_string(&path).with_context(|| format!("failed to read {}", path.display()))?;
    text.lines()
        .find_map(|line| line.strip_prefix("__version__ = "))
        .map(|version| version.trim().trim_matches(['\'', '"']).to_owned())
        .with_context(|| format!("no version in {}", path.display()))
}

fn newest_version(service: &Path) -> Result<PathBuf> {
    let mut versions = Vec::new();
    for entry in
        std::fs::read_dir(service).with_context(|| format!("failed to list {}", service.display()))?
    {
        let path = entry?.path();
        if path.is_dir() {
            versions.push(path);
        }
    }
    versions.sort();
    versions.pop().with_context(|| format!("no API version in {}", service.display()))
}

/// Reads `NAME.json` or `NAME.json.gz`; none where neither is there.
fn read_json(dir: &Path, name: &str) -> Result<Option<Value>> {
    let plain = dir.join(format!("{name}.json"));
    let packed = dir.join(format!("{name}.json.gz"));
    let bytes = if plain.is_file() {
        std::fs::read(&plain).with_context(|| format!("failed to read {}", plain.display()))?
    } else if packed.is_file() {
        let output = Command::new("gzip")
            .arg("-dc")
            .arg(&packed)
            .output()
            .context("failed to run gzip, which unpacks botocore's models")?;
        if !output.status.success() {
            bail!("gzip could not unpack {}", packed.display());
        }
        output.stdout
    } else {
        return Ok(None);
    };
    serde_json::from_slice(&bytes)
        .map(Some)
        .with_context(|| format!("{name} in {} is not JSON", dir.display()))
}

/// Lays the `merge` part of an extras document over a model.
fn merge_extras(model: &mut Value, extras: Option<&Value>) {
    if let Some(merge) = extras.and_then(|extras| extras.get("merge")) {
        merge_into(model, merge);
    }
}

fn merge_into(target: &mut Value, source: &Value) {
    match (target, source) {
        (Value::Object(target), Value::Object(source)) => {
            for (key, value) in source {
                merge_into(target.entry(key.clone()).or_insert(Value::Null), value);
            }
        }
        (target, source) => *target = source.clone(),
    }
}

/// The same document with every object's keys sorted, whichever map the JSON library was built with.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(map) => {
            let mut entries: Vec<_> = map.iter().collect();
            entries.sort_by_key(|(key, _)| key.as_str());
            Value::Object(entries.into_iter().map(|(key, value)| (key.clone(), sorted(value))).collect())
        }
        Value::Array(items) => Value::Array(items.iter().map(sorted).collect()),
        other => other.clone(),
    }
}

struct Packed {
    plain: usize,
    packed: usize,
}

fn write_zst(out: &Path, name: &str, document: &Value) -> Result<Packed> {
    let plain = serde_json::to_vec(&sorted(document))?;
    let packed = zstd::bulk::compress(&plain, ZSTD_LEVEL).context("failed to compress")?;
    write(&out.join(format!("{name}.json.zst")), &packed)?;
    Ok(Packed { plain: plain.len(), packed: packed.len() })
}

fn write(path: &Path, bytes: &[u8]) -> Result<()> {
    std::fs::write(path, bytes).with_context(|| format!("failed to write {}", path.display()))
}

fn remove_stale(out: &Path) -> Result<()> {
    for entry in std::fs::read_dir(out)? {
        let path = entry?.path();
        let name =
            path.file_name().and_then(|name| name.to_str()).and_then(|name| name.strip_suffix(".json.zst"));
        if let Some(name) = name
            && name != "endpoints"
            && !SERVICES.contains(&name)
        {
            std::fs::remove_file(&path).with_context(|| format!("failed to remove {}", path.display()))?;
        }
    }
    Ok(())
}

fn notice(version: &str) -> String {
    format!(
        "The service models in this directory are derived from botocore {version}\n\
         (https://github.com/boto/botocore).\n\n\
         Botocore\n\
         Copyright 2012-2022 Amazon.com, Inc. or its affiliates. All Rights Reserved.\n\n\
         Licensed under the Apache License, Version 2.0; you may obtain a copy at\n\
         http://www.apache.org/licenses/LICENSE-2.0\n\n\
         Changes: documentation, examples and operations that do not read configuration are\n\
         removed, the rest is written with sorted keys and compressed with zstd.\n\
         `cargo xtask models` makes these files.\n"
    )
}
