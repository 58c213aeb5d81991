//! Whose answers they are: the account and region of each file, from its folders, from what the caller was told, from
//! the person, or from the names in the files.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use fathom_cloud::model::Models;
use fathom_model::{AccountId, Region};
use serde_json::Value;

use super::{
    Limits, Problem,
    files::{self, SavedFile},
    run::JsonOptions,
    saved::{Call, Place},
};

/// Files that are searched for names, where nothing else says whose they are.
const SEARCHED_MAX: usize = 50;
/// Bytes of each that are searched.
const SEARCHED_BYTES_MAX: usize = 4 << 20;

/// A file with what its name says.
#[derive(Debug)]
pub(super) struct Sorted {
    /// Its place in the list of files.
    pub(super) index: usize,
    /// The folders that name neither account nor region.
    pub(super) label: String,
    /// The account that a folder names.
    pub(super) account: Option<AccountId>,
    /// The region that a folder names.
    pub(super) region: Option<Region>,
    /// What it answers.
    pub(super) call: Call,
    /// About what.
    pub(super) about: Vec<String>,
}

/// Files by account and region, and what had to be worked out for it.
#[derive(Debug, Default)]
pub(super) struct Guess {
    /// The files by account, and by region where they have one.
    pub(super) places: BTreeMap<AccountId, BTreeMap<Option<Region>, Place>>,
    /// What was worked out, in words.
    pub(super) notes: Vec<String>,
    /// Accounts of which no region is known.
    pub(super) wide_only: BTreeSet<AccountId>,
}

/// Finds the account and region of each file.
pub(super) fn arrange(
    files: &[SavedFile],
    sorted: Vec<Sorted>,
    options: &JsonOptions,
    limits: &Limits,
    problems: &mut Vec<Problem>,
) -> Guess {
    let mut guess = Guess::default();
    let mut folders: BTreeMap<(String, Option<AccountId>), Vec<Sorted>> = BTreeMap::new();
    for one in sorted {
        folders.entry((one.label.clone(), one.account.clone())).or_default().push(one);
    }
    for ((label, account), mut of) in folders {
        let shown =
            if label.is_empty() { "the folder".to_owned() } else { label.trim_start_matches('/').to_owned() };
        let mut names = None;
        let mut search =
            || -> Names { names.get_or_insert_with(|| Names::search(files, &of, limits)).clone() };
        let mut account = account.or_else(|| options.account.clone()).or_else(|| caller(files, &of, limits));
        if account.is_none() {
            account = search().account;
            if let Some(account) = &account {
                guess
                    .notes
                    .push(format!("{shown}: taken for account {account}, which its files name most often"));
            }
        }
        let Some(account) = account else {
            problems.push(Problem::new(
                &shown,
                "nothing says which account it is of; name a folder after it, or give --account",
            ));
            continue;
        };
        if of.iter().all(|one| one.region.is_none()) {
            let mut region = options.region.clone();
            if region.is_none() {
                region = search().region;
                if let Some(region) = &region {
                    guess
                        .notes
                        .push(format!("{shown}: taken for region {region}, which its files name most often"));
                }
            }
            if region.is_none() {
                guess.wide_only.insert(account.clone());
                guess.notes.push(format!(
                    "{shown}: nothing says which region it is of; only what has no region is read (--region says it)"
                ));
            }
            for one in &mut of {
                one.region.clone_from(&region);
            }
        }
        let regions = guess.places.entry(account).or_default();
        for one in of {
            let region = one.region.filter(|region| !region.is_global());
            let answers = regions.entry(region).or_default().entry(one.call).or_default();
            match one.about.last() {
                Some(last) => answers.about.entry(last.clone()).or_default().push((one.about, one.index)),
                None => {
                    if let Some(before) = answers.flat.and_then(|before| files.get(before)) {
                        let name = files.get(one.index).map_or("", |file| file.name.as_str());
                        let message = format!("answers the same as {}, which is used", before.name);
                        problems.push(Problem::new(name, message));
                    } else {
                        answers.flat = Some(one.index);
                    }
                }
            }
        }
    }
    guess
}

/// The account that the caller was told to be in.
fn caller(files: &[SavedFile], of: &[Sorted], limits: &Limits) -> Option<AccountId> {
    of.iter().filter(|one| one.call.0 == "sts" && one.call.1 == "GetCallerIdentity").find_map(|one| {
        let bytes = files::read(files.get(one.index)?, limits).ok()?;
        let value: Value = serde_json::from_slice(&bytes).ok()?;
        let told = value.get("Account")?.as_str()?;
        is_account(told).then(|| AccountId::new(told))
    })
}

/// The account and region that files name most often.
#[derive(Debug, Clone, Default)]
struct Names {
    account: Option<AccountId>,
    region: Option<Region>,
}

impl Names {
    fn search(files: &[SavedFile], of: &[Sorted], limits: &Limits) -> Self {
        let mut accounts: HashMap<String, usize> = HashMap::new();
        let mut regions: HashMap<String, usize> = HashMap::new();
        // What a list of regions names is no sign of where one is.
        let telling = of.iter().filter(|one| one.call.1 != "DescribeRegions");
        for file in telling.filter_map(|one| files.get(one.index)).take(SEARCHED_MAX) {
            let Ok(bytes) = files::read(file, limits) else { continue };
            let text = String::from_utf8_lossy(bytes.get(..SEARCHED_BYTES_MAX).unwrap_or(&bytes));
            count(&text, &mut accounts, &mut regions);
        }
        // Of equally frequent ones the first in order, so that an import is the same each time.
        let most = |counts: HashMap<String, usize>| {
            counts.into_iter().max_by(|(a, x), (b, y)| x.cmp(y).then_with(|| b.cmp(a))).map(|(name, _)| name)
        };
        Self { account: most(accounts).map(AccountId::from), region: most(regions).map(Region::from) }
    }
}

/// Counts the accounts and regions that ARNs, owners and zones in a text name.
fn count(text: &str, accounts: &mut HashMap<String, usize>, regions: &mut HashMap<String, usize>) {
    let endpoints = Models::embedded().endpoints().ok();
    let is_region = |name: &str| {
        endpoints.as_ref().is_some_and(|all| all.partitions.iter().any(|one| one.regions.contains_key(name)))
    };
    for quoted in text.split('"') {
        if let Some(rest) = quoted.strip_prefix("arn:") {
            let mut parts = rest.split(':').skip(2);
            if let Some(region) = parts.next().filter(|region| is_region(region)) {
                *regions.entry(region.to_owned()).or_default() += 1;
            }
            if let Some(account) = parts.next().filter(|account| is_account(account)) {
                *accounts.entry(account.to_owned()).or_default() += 1;
            }
        } else if is_account(quoted) {
            *accounts.entry(quoted.to_owned()).or_default() += 1;
        } else if quoted.len() < 30
            && let Some(region) = quoted.strip_suffix(|c: char| c.is_ascii_lowercase())
            && is_region(region)
        {
            *regions.entry(region.to_owned()).or_default() += 1;
        }
    }
}

fn is_account(text: &str) -> bool {
    text.len() == 12 && text.bytes().all(|b| b.is_ascii_digit())
}
