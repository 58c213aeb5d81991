//! Written answers: output values from files, by service and operation.

use std::{
    collections::BTreeMap,
    fs, io,
    path::{Path, PathBuf},
    sync::atomic::{AtomicUsize, Ordering},
};

use jiff::civil::DateTime;
use rust_embed::RustEmbed;
use serde_json::{Map, Value};

use super::model::{Model, Ref};

/// Why answers could not be read.
#[derive(Debug, thiserror::Error)]
pub enum AnswersError {
    /// The directory or a file cannot be read.
    #[error("failed to read `{path}`")]
    Read {
        /// Directory or file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: io::Error,
    },
    /// A file is not JSON.
    #[error("failed to read `{path}` as JSON")]
    Json {
        /// The file.
        path: PathBuf,
        /// The cause.
        #[source]
        source: serde_json::Error,
    },
    /// A file's name is not that of an operation in the models.
    #[error("`{path}` is not named after an operation of a service")]
    Name {
        /// The file.
        path: PathBuf,
    },
}

#[derive(RustEmbed)]
#[folder = "answers"]
#[include = "*.json"]
struct Shipped;

/// One written answer.
#[derive(Debug, Clone, PartialEq)]
pub enum Written {
    /// An output value.
    Output(Value),
    /// An error.
    Error {
        /// HTTP status.
        status: u16,
        /// Code.
        code: String,
        /// Message.
        message: String,
    },
}

#[derive(Debug, Default)]
struct Series {
    answers: Vec<Written>,
    next: AtomicUsize,
}

/// Written answers. Of several for one operation each call gets the next, and after the last the first again.
#[derive(Debug, Default)]
pub struct Answers {
    series: BTreeMap<(String, String), Series>,
}

impl Answers {
    /// Adds an output value.
    pub fn add(&mut self, service: &str, operation: &str, answer: Written) {
        let key = (service.to_owned(), operation.to_owned());
        self.series.entry(key).or_default().answers.push(answer);
    }

    /// Adds the answers of another set; operations that it has are replaced.
    pub fn merge(&mut self, other: Answers) {
        self.series.extend(other.series);
    }

    /// The operations that have answers, as (service, operation).
    pub fn operations(&self) -> impl Iterator<Item = (&str, &str)> {
        self.series.keys().map(|(service, operation)| (service.as_str(), operation.as_str()))
    }

    /// All answers for an operation, in order.
    pub fn of(&self, service: &str, operation: &str) -> &[Written] {
        self.get(service, operation).map_or(&[], |series| &series.answers)
    }

    fn get(&self, service: &str, operation: &str) -> Option<&Series> {
        self.series.get(&(service.to_owned(), operation.to_owned()))
    }

    /// The answer for the next call.
    pub(crate) fn next(&self, service: &str, operation: &str) -> Option<&Written> {
        let series = self.get(service, operation)?;
        let number = series.next.fetch_add(1, Ordering::Relaxed);
        series.answers.get(number % series.answers.len().max(1))
    }

    /// The answers in this crate for calls that moto lacks.
    pub(crate) fn for_moto() -> Self {
        let mut out = Answers::default();
        for path in Shipped::iter() {
            let stem = path.strip_suffix(".json").expect("only JSON files are shipped");
            let (service, operation) = stem.split_once('.').expect("a name of service and operation");
            let file = Shipped::get(&path).expect("a file that was listed");
            let value = serde_json::from_slice(&file.data).expect("JSON in a shipped answer");
            out.add(service, operation, Written::Output(value));
        }
        out
    }

    /// Reads files named `<service>.<Operation>.json`, each an output value.
    pub fn from_dir(dir: &Path) -> Result<Self, AnswersError> {
        let mut out = Answers::default();
        for path in json_files(dir)? {
            let name = || AnswersError::Name { path: path.clone() };
            let stem = path.file_stem().and_then(|stem| stem.to_str()).ok_or_else(name)?;
            let (service, operation) = stem.split_once('.').ok_or_else(name)?;
            let model = Model::of(service).ok_or_else(name)?;
            if !model.operations.contains_key(operation) {
                return Err(name());
            }
            out.add(service, operation, Written::Output(read(&path)?));
        }
        Ok(out)
    }

    /// Reads recordings in the form of placebo: `<service>.<Operation>_<n>.json` with `status_code` and `data`, values
    /// as boto3 gave them. Operations that the models do not have are left out.
    pub fn from_placebo(dir: &Path) -> Result<Self, AnswersError> {
        let mut found: BTreeMap<(String, String, u32), Written> = BTreeMap::new();
        for path in json_files(dir)? {
            let Some((service, operation, number)) = placebo_name(&path) else { continue };
            let file: Value = read(&path)?;
            let Some(service) = service_of(&service, &operation, &file) else { continue };
            let mut answer = written(file);
            if let (Written::Output(value), Some(model)) = (&mut answer, Model::of(&service))
                && let Some((target, _)) = model.output(&operation)
            {
                blobs(&model, target, value);
            }
            found.insert((service, operation, number), answer);
        }
        let mut out = Answers::default();
        for ((service, operation, _), answer) in found {
            out.add(&service, &operation, answer);
        }
        Ok(out)
    }
}

fn json_files(dir: &Path) -> Result<Vec<PathBuf>, AnswersError> {
    let wrong = |source| AnswersError::Read { path: dir.to_owned(), source };
    let mut paths = Vec::new();
    for entry in fs::read_dir(dir).map_err(wrong)? {
        let path = entry.map_err(wrong)?.path();
        if path.extension().is_some_and(|extension| extension == "json") {
            paths.push(path);
        }
    }
    paths.sort();
    Ok(paths)
}

fn read(path: &Path) -> Result<Value, AnswersError> {
    let bytes = fs::read(path).map_err(|source| AnswersError::Read { path: path.to_owned(), source })?;
    serde_json::from_slice(&bytes).map_err(|source| AnswersError::Json { path: path.to_owned(), source })
}

fn placebo_name(path: &Path) -> Option<(String, String, u32)> {
    let stem = path.file_stem()?.to_str()?;
    // Some services' labels have a dot of their own: `api.ecr`.
    let (service, rest) = stem.rsplit_once('.')?;
    let (operation, number) = rest.rsplit_once('_')?;
    Some((service.to_owned(), operation.to_owned(), number.parse().ok()?))
}

/// The service behind a recording's name, which is the first label of the host: of those that have the operation the
/// one whose output has the most of the recorded members.
fn service_of(prefix: &str, operation: &str, file: &Value) -> Option<String> {
    let keys = || file.pointer("/data").and_then(Value::as_object).into_iter().flat_map(Map::keys);
    let fitting = Model::index()
        .iter()
        .filter(|(name, metadata)| metadata.endpoint_prefix == prefix || *name == prefix)
        .filter_map(|(name, _)| {
            let model = Model::of(name)?;
            model.operations.get(operation)?;
            let members = model.output(operation).map(|(_, shape)| &shape.members);
            let known =
                keys().filter(|key| members.is_some_and(|members| members.contains_key(*key))).count();
            Some(((known, name == prefix), name.clone()))
        });
    fitting.max_by_key(|(rank, _)| *rank).map(|(_, name)| name)
}

fn written(file: Value) -> Written {
    let status =
        file.get("status_code").and_then(Value::as_u64).and_then(|status| u16::try_from(status).ok());
    let status = status.unwrap_or(200);
    let mut data = match file {
        Value::Object(mut file) => plain(file.remove("data").unwrap_or_default()),
        _ => Value::Null,
    };
    if status >= 300 || data.pointer("/Error/Code").is_some() {
        let text = |path| data.pointer(path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let status = if status < 300 { 400 } else { status };
        return Written::Error { status, code: text("/Error/Code"), message: text("/Error/Message") };
    }
    if let Value::Object(data) = &mut data {
        data.remove("ResponseMetadata");
    }
    Written::Output(data)
}

/// Turns placebo's objects for dates and bytes into the value form.
fn plain(value: Value) -> Value {
    match value {
        Value::Object(object) => match object.get("__class__").and_then(Value::as_str) {
            Some("datetime") => moment(&object).map_or(Value::Null, Value::String),
            // A stream's bytes are already base64.
            Some("StreamingBody") => object.get("body").cloned().unwrap_or_default(),
            _ => object.into_iter().map(|(key, value)| (key, plain(value))).collect(),
        },
        Value::Array(items) => items.into_iter().map(plain).collect(),
        other => other,
    }
}

/// Recordings have bytes as the text that they are; the value form has base64.
fn blobs(model: &Model, target: &Ref, value: &mut Value) {
    let shape = model.shape(target);
    match (shape.r#type.as_str(), value) {
        ("blob", Value::String(text)) if !super::value::is_base64(text) => {
            *text = super::value::base64(text.as_bytes());
        }
        ("structure", Value::Object(object)) => {
            for (name, value) in object {
                if let Some(member) = shape.members.get(name) {
                    blobs(model, member, value);
                }
            }
        }
        ("list", Value::Array(items)) => {
            if let Some(member) = &shape.member {
                for item in items {
                    blobs(model, member, item);
                }
            }
        }
        ("map", Value::Object(object)) => {
            if let Some(of) = &shape.value {
                for item in object.values_mut() {
                    blobs(model, of, item);
                }
            }
        }
        _ => {}
    }
}

fn moment(object: &Map<String, Value>) -> Option<String> {
    let part = |name: &str| object.get(name).and_then(Value::as_i64).unwrap_or(0);
    let small = |name: &str| i8::try_from(part(name)).ok();
    let civil = DateTime::new(
        i16::try_from(part("year")).ok()?,
        small("month")?,
        small("day")?,
        small("hour")?,
        small("minute")?,
        small("second")?,
        i32::try_from(part("microsecond") * 1000).ok()?,
    );
    let zoned = civil.ok()?.to_zoned(jiff::tz::TimeZone::UTC).ok()?;
    Some(zoned.timestamp().to_string())
}
