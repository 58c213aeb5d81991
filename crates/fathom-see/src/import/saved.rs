//! A folder of saved answers, asked as a cloud is asked.
//!
//! A question about all is answered by the operation's own file; a question about a thing by the file that is named
//! after it, or by what the operation's file says of it. What no file says is [`Reason::NotImported`].

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    sync::{Arc, Mutex, PoisonError},
    time::Duration,
};

use fathom_cloud::client::{CallError, Pages, reason_of_code, required_permission};
use fathom_content::{Content, resource::Scope};
use fathom_model::{AccountId, Reason, Region};
use futures::future::BoxFuture;
use serde_json::{Map, Value};

use super::{
    Limits, Problem,
    answer::{Unusable, is_cut, value_form},
    files::{self, SavedFile},
    narrow::narrow,
};
use crate::asking::{Answers, Question, TakePage};

/// Parsed files are kept up to this much of their text, because one file may answer many questions.
const CACHE_BYTES_MAX: u64 = 64 << 20;
/// How deep an item is searched for the name of a thing.
const MENTION_DEPTH_MAX: usize = 4;

/// Service and operation.
pub(super) type Call = (String, String);

/// The files that answer one operation in one place.
#[derive(Debug, Default)]
pub(super) struct OfCall {
    /// What answers for all.
    pub(super) flat: Option<usize>,
    /// What answers about a thing, by its innermost name.
    pub(super) about: HashMap<String, Vec<(Vec<String>, usize)>>,
}

/// The files of one account in one region, or of no region, by what they answer.
pub(super) type Place = BTreeMap<Call, OfCall>;

/// A folder of answers. Cheap to clone.
#[derive(Debug, Clone)]
pub(super) struct Saved(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    files: Vec<SavedFile>,
    places: BTreeMap<AccountId, BTreeMap<Option<Region>, Place>>,
    rules: Rules,
    limits: Limits,
    books: Mutex<Books>,
}

#[derive(Debug, Default)]
struct Books {
    used: BTreeSet<usize>,
    problems: BTreeSet<Problem>,
    cache: HashMap<usize, Arc<Value>>,
    cached_bytes: u64,
}

/// What the definitions say of the questions they ask.
#[derive(Debug, Default)]
struct Rules {
    /// Operations that are asked once an account: any region's file answers.
    wide: HashSet<Call>,
    /// Texts in parameters that are no thing asked about.
    constants: HashMap<Call, HashSet<String>>,
    /// A code that means "there is none".
    absent: HashMap<Call, String>,
}

impl Rules {
    fn new(content: &Content) -> Self {
        let mut rules = Self::default();
        for definition in content.resources.values() {
            let list = &definition.list;
            let mut calls =
                vec![(definition.service.clone(), list.operation.clone(), &list.params, &list.absent)];
            if let Some(describe) = &list.describe {
                let operation = describe.operation.clone();
                calls.push((definition.service.clone(), operation, &describe.params, &describe.absent));
            }
            for enrich in &definition.enrich {
                let service = enrich.service.clone().unwrap_or_else(|| definition.service.clone());
                if let Some(job) = &enrich.job {
                    calls.push((service.clone(), job.operation.clone(), &job.params, &enrich.absent));
                }
                calls.push((service, enrich.operation.clone(), &enrich.params, &enrich.absent));
            }
            for (service, operation, params, absent) in calls {
                let call = (service, operation);
                let constants = rules.constants.entry(call.clone()).or_default();
                for text in params.values().flat_map(texts).filter(|text| !text.contains('{')) {
                    constants.insert(text.to_owned());
                }
                if let Some(code) = absent.first() {
                    rules.absent.insert(call.clone(), code.clone());
                }
                if definition.scope != Scope::Region {
                    rules.wide.insert(call);
                }
            }
        }
        rules
    }
}

impl Saved {
    /// Answers from files, by account and region.
    pub(super) fn new(
        content: &Content,
        files: Vec<SavedFile>,
        places: BTreeMap<AccountId, BTreeMap<Option<Region>, Place>>,
        limits: Limits,
    ) -> Self {
        Self(Arc::new(Inner { files, places, rules: Rules::new(content), limits, books: Mutex::default() }))
    }

    /// The names of files that nothing was taken from, but for some.
    pub(super) fn unused(&self, excused: &BTreeSet<usize>) -> Vec<String> {
        let books = self.0.books.lock().unwrap_or_else(PoisonError::into_inner);
        let unused = self.0.files.iter().enumerate();
        let unused = unused.filter(|(index, _)| !books.used.contains(index) && !excused.contains(index));
        unused.map(|(_, file)| file.name.clone()).collect()
    }

    /// What was wrong with files that were asked.
    pub(super) fn problems(&self) -> Vec<Problem> {
        self.0.books.lock().unwrap_or_else(PoisonError::into_inner).problems.iter().cloned().collect()
    }
}

impl Answers for Saved {
    fn pages<'a>(&'a self, question: Question<'a>, each: &'a mut TakePage<'a>) -> BoxFuture<'a, Pages> {
        Box::pin(async move {
            let mut ended = Pages { pages: 0, calls: 0, throttles: 0, elapsed: Duration::ZERO, error: None };
            let asked = Asked {
                account: question.account.id.clone(),
                region: question.region.clone(),
                call: (question.service.to_owned(), question.operation.to_owned()),
                params: question.params.clone(),
            };
            let inner = Arc::clone(&self.0);
            let answered = tokio::task::spawn_blocking(move || inner.answer(&asked)).await;
            match answered {
                Ok(Ok((page, error))) => {
                    ended.pages = 1;
                    each(page).await;
                    ended.error = error;
                }
                Ok(Err(error)) => ended.error = Some(error),
                Err(_) => ended.error = Some(refusal(Reason::Failed, "reading the answer was given up")),
            }
            ended
        })
    }
}

/// A question that owns itself, to be answered on another thread.
struct Asked {
    account: AccountId,
    region: Region,
    call: Call,
    params: Value,
}

/// An answer, and what is missing of it.
type Answered = Result<(Value, Option<CallError>), CallError>;

impl Inner {
    fn answer(&self, asked: &Asked) -> Answered {
        let none = HashSet::new();
        let constants = self.rules.constants.get(&asked.call).unwrap_or(&none);
        let is_thing = |text: &str| {
            !constants.contains(text) && text != asked.account.as_str() && text != asked.region.as_str()
        };
        let said: BTreeSet<&str> = texts(&asked.params).into_iter().collect();
        let about: Vec<&str> = said.iter().copied().filter(|text| is_thing(text)).collect();
        // Several things of a kind that are asked about at once.
        let several = asked.params.as_object().into_iter().flatten().find_map(|(_, value)| {
            let items: Option<Vec<&str>> = value.as_array()?.iter().map(Value::as_str).collect();
            items.filter(|items| !items.is_empty() && items.iter().all(|item| is_thing(item)))
        });
        let mut missing = refusal(
            Reason::NotImported,
            format!("no file has the answer of {} {}", asked.call.0, asked.call.1),
        );
        for files in self.files_of(asked) {
            let answered = match &several {
                _ if about.is_empty() => self.about_all(files, asked, &said),
                Some(things) => self.about_several(files, asked, &said, things),
                None => self.about_one(files, asked, &said, &about),
            };
            match answered {
                Some(Err(error)) if error.reason == Reason::NotImported => missing = error,
                Some(answered) => return answered,
                None => {}
            }
        }
        Err(missing)
    }

    /// A list of everything: the operation's own file, or the one named after a constant (`REGIONAL.json`).
    fn about_all(&self, files: &OfCall, asked: &Asked, said: &BTreeSet<&str>) -> Option<Answered> {
        let file = named_after(files, said).map(|(_, file)| file).or(files.flat)?;
        Some(self.read(file, asked, false))
    }

    /// One thing: the file named after it, or what the operation's own file says of it.
    fn about_one(
        &self,
        files: &OfCall,
        asked: &Asked,
        said: &BTreeSet<&str>,
        about: &[&str],
    ) -> Option<Answered> {
        let named = named_after(files, said);
        let parts: &[String] = named.map_or(&[], |(parts, _)| parts);
        let file = named.map(|(_, file)| file).or(files.flat)?;
        let open: Vec<&str> =
            about.iter().copied().filter(|thing| !parts.iter().any(|part| part == thing)).collect();
        Some(match self.read(file, asked, true) {
            Ok((mut answer, rest)) => {
                if open.is_empty() || keep_mentions(&mut answer, &open, false) {
                    Ok((answer, rest))
                } else {
                    Err(self.says_nothing(file, &open))
                }
            }
            // An empty or failed answer is one only where the file is the thing's own.
            Err(error) if !open.is_empty() && error.code.is_some() => Err(self.says_nothing(file, &open)),
            Err(error) => Err(error),
        })
    }

    /// Several things at once: what is said of each is put together. Those of which nothing is said are missing.
    fn about_several(
        &self,
        files: &OfCall,
        asked: &Asked,
        said: &BTreeSet<&str>,
        things: &[&str],
    ) -> Option<Answered> {
        let others: BTreeSet<&str> = said.iter().copied().filter(|text| !things.contains(text)).collect();
        let mut joined = Value::Null;
        let mut found = false;
        for thing in things {
            let mut own = others.clone();
            own.insert(thing);
            let named = named_after(files, &own).filter(|(parts, _)| parts.iter().any(|part| part == thing));
            if let Some((_, file)) = named {
                match self.read(file, asked, true) {
                    Ok((answer, _)) => join(&mut joined, answer),
                    Err(error) => return Some(Err(error)),
                }
                found = true;
            }
        }
        if found {
            return Some(Ok((joined, None)));
        }
        let file = named_after(files, &others).map(|(_, file)| file).or(files.flat)?;
        Some(match self.read(file, asked, true) {
            Ok((mut answer, rest)) => {
                if keep_mentions(&mut answer, things, true) {
                    Ok((answer, rest))
                } else {
                    Err(self.says_nothing(file, things))
                }
            }
            Err(error) => Err(error),
        })
    }

    fn says_nothing(&self, file: usize, things: &[&str]) -> CallError {
        let name = self.files.get(file).map_or("", |file| file.name.as_str());
        refusal(Reason::NotImported, format!("{name} does not say that it is about {}", things.join(", ")))
    }

    /// The files that may answer, nearest first: the region's own, and where regions do not matter all others'.
    fn files_of<'a>(&'a self, asked: &'a Asked) -> impl Iterator<Item = &'a OfCall> {
        let regions = self.places.get(&asked.account);
        let here = regions.and_then(|regions| regions.get(&Some(asked.region.clone())));
        let wide = self.rules.wide.contains(&asked.call);
        let elsewhere = regions
            .into_iter()
            .flatten()
            .filter(move |(region, _)| wide && region.as_ref().is_none_or(|region| *region != asked.region));
        here.into_iter().chain(elsewhere.map(|(_, place)| place)).filter_map(|place| place.get(&asked.call))
    }

    fn read(&self, index: usize, asked: &Asked, about_a_thing: bool) -> Answered {
        let (service, operation) = (&asked.call.0, &asked.call.1);
        let Some(file) = self.files.get(index) else {
            return Err(refusal(Reason::NotImported, "no such file"));
        };
        self.books.lock().unwrap_or_else(PoisonError::into_inner).used.insert(index);
        let value = match self.parsed(index, file, asked) {
            Ok(value) => value,
            Err(Unusable::Empty) => {
                return match self.rules.absent.get(&asked.call) {
                    Some(code) if about_a_thing => Err(CallError {
                        code: Some(code.clone()),
                        ..refusal(Reason::Failed, "the file is empty")
                    }),
                    _ if about_a_thing => Ok((Value::Object(Map::new()), None)),
                    _ => Err(refusal(
                        Reason::NotImported,
                        format!(
                            "{} is empty: the call may have failed; write {{}} where there are none",
                            file.name
                        ),
                    )),
                };
            }
            Err(Unusable::Refused { code, message }) => {
                let reason = reason_of_code(&asked.region, &code, &message);
                let permission = (reason == Reason::Denied).then(|| required_permission(service, operation));
                return Err(CallError { code: Some(code), permission, ..refusal(reason, message) });
            }
            Err(Unusable::TooLarge(message)) => return Err(refusal(Reason::TooLarge, message)),
            Err(Unusable::Malformed(message)) => return Err(refusal(Reason::Malformed, message)),
        };
        let mut answer = Value::clone(&value);
        let rest = is_cut(service, operation, &answer).then(|| {
            let message = format!("{} ends with a token for more pages, which are not there", file.name);
            refusal(Reason::NotImported, message)
        });
        narrow(&mut answer, &asked.params, asked.account.as_str(), asked.region.as_str());
        Ok((answer, rest))
    }

    /// A file's answer in the value form.
    fn parsed(&self, index: usize, file: &SavedFile, asked: &Asked) -> Result<Arc<Value>, Unusable> {
        {
            let books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
            if let Some(value) = books.cache.get(&index) {
                return Ok(Arc::clone(value));
            }
        }
        let parsed = files::read(file, &self.limits)
            .map_err(Unusable::TooLarge)
            .and_then(|bytes| value_form(&asked.call.0, &asked.call.1, &bytes));
        let mut books = self.books.lock().unwrap_or_else(PoisonError::into_inner);
        match &parsed {
            Err(Unusable::Malformed(message) | Unusable::TooLarge(message)) => {
                books.problems.insert(Problem::new(&file.name, message.as_str()));
            }
            Err(Unusable::Empty | Unusable::Refused { .. }) => {}
            Ok(value) => {
                let value = Arc::new(value.clone());
                if books.cached_bytes + file.bytes > CACHE_BYTES_MAX {
                    books.cache.clear();
                    books.cached_bytes = 0;
                }
                if file.bytes <= CACHE_BYTES_MAX {
                    books.cached_bytes += file.bytes;
                    books.cache.insert(index, Arc::clone(&value));
                }
                return Ok(value);
            }
        }
        parsed.map(Arc::new)
    }
}

/// The file all of whose names are among the texts; of several the one that says most.
fn named_after<'f>(files: &'f OfCall, said: &BTreeSet<&str>) -> Option<(&'f [String], usize)> {
    let candidates = said.iter().filter_map(|text| files.about.get(*text)).flatten();
    let fitting = candidates.filter(|(parts, _)| parts.iter().all(|part| said.contains(part.as_str())));
    let best = fitting.max_by_key(|(parts, index)| (parts.len(), std::cmp::Reverse(*index)))?;
    Some((&best.0, best.1))
}

/// Leaves in the lists of an answer what mentions the things: all of them, or any where several are asked at once.
/// False where nothing does.
fn keep_mentions(answer: &mut Value, about: &[&str], several: bool) -> bool {
    let fits = |value: &Value| {
        let mentioned = |thing: &&str| mentions(value, thing, 0);
        if several { about.iter().any(mentioned) } else { about.iter().all(mentioned) }
    };
    let Some(members) = answer.as_object_mut() else { return false };
    // An answer about one thing names it beside the lists that it has.
    let names = |thing: &&str| members.values().any(|value| !value.is_array() && mentions(value, thing, 0));
    if !several && about.iter().all(names) {
        return true;
    }
    let mut lists = members.values_mut().filter_map(Value::as_array_mut).peekable();
    if lists.peek().is_none() {
        return fits(answer);
    }
    let mut any = false;
    for list in lists {
        list.retain(fits);
        any |= !list.is_empty();
    }
    any
}

fn mentions(value: &Value, thing: &str, depth: usize) -> bool {
    if depth > MENTION_DEPTH_MAX {
        return false;
    }
    match value {
        Value::String(text) => text == thing,
        Value::Array(items) => items.iter().any(|item| mentions(item, thing, depth + 1)),
        Value::Object(members) => members.values().any(|member| mentions(member, thing, depth + 1)),
        _ => false,
    }
}

/// Adds an answer to another one: lists grow, the first of single values stays.
fn join(answer: &mut Value, more: Value) {
    match (answer, more) {
        (Value::Array(items), Value::Array(more)) => items.extend(more),
        (Value::Object(members), Value::Object(more)) => {
            for (name, value) in more {
                join(members.entry(name).or_insert(Value::Null), value);
            }
        }
        (answer @ Value::Null, more) => *answer = more,
        _ => {}
    }
}

/// All texts in a value.
fn texts(value: &Value) -> Vec<&str> {
    match value {
        Value::String(text) => vec![text],
        Value::Array(items) => items.iter().flat_map(texts).collect(),
        Value::Object(members) => members.values().flat_map(texts).collect(),
        _ => Vec::new(),
    }
}

fn refusal(reason: Reason, message: impl Into<String>) -> CallError {
    CallError {
        reason,
        code: None,
        message: message.into(),
        permission: None,
        calls: 0,
        throttles: 0,
        elapsed: Duration::ZERO,
        source: None,
    }
}
