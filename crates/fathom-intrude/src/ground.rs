//! All that is asked, out of the store.

use std::{
    collections::{BTreeMap, BTreeSet},
    sync::Arc,
};

use fathom_access::{Escalating, Permissions};
use fathom_content::VulnerabilityRules;
use fathom_model::{DataClass, Explanation, Part, ResourceType, Statement, Target, Timestamp, Uid};
use fathom_net::Network;
use fathom_paths::Rules;
use fathom_store::{Store, Which, WhichEdges};
use fathom_vulnerable::Vulnerabilities;
use futures::TryStreamExt as _;

use crate::IntrudeError;

const KEY: &str = "AWS::IAM::AccessKey";
/// What stands between a user and a key of it in the key's name.
const OF_USER: &str = "/access-key/";
/// Sources of edges that are asked for at once.
const ASKED: usize = 500;

/// A thing that rules are about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Thing {
    /// Its type.
    pub kind: String,
    /// The account that owns it.
    pub account: String,
    /// Which class its data has, where somebody has said.
    pub class: Option<DataClass>,
}

/// An access key that can be used.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct AccessKey {
    /// Its name in the estate.
    pub uid: String,
    /// The ARN of its user.
    pub user: String,
}

/// All of it, as of the last scans.
#[derive(Debug)]
pub struct Ground {
    /// Who can do what.
    pub permissions: Arc<Permissions>,
    /// What somebody can become.
    pub escalating: Arc<Escalating>,
    /// What reaches what.
    pub network: Arc<Network>,
    /// How an intruder walks.
    pub rules: Rules,
    /// Things that rules are about, by ARN.
    pub things: BTreeMap<String, Thing>,
    /// Relations between them: what states it, its kind, where it leads.
    pub edges: Vec<(String, String, String)>,
    /// Where code comes from that cannot be changed there.
    pub fixed: BTreeSet<String>,
    /// Keys that can be used.
    pub keys: Vec<AccessKey>,
    /// What is known of the software of servers; none where that was not asked.
    pub weaknesses: Option<Arc<Vulnerabilities>>,
}

impl Ground {
    /// Reads it.
    ///
    /// # Errors
    /// When the store fails, or rules cannot be used.
    pub async fn load(store: &Store, now: Timestamp) -> Result<Self, IntrudeError> {
        let permissions = Arc::new(Permissions::load(store, now).await?);
        let escalating = Arc::new(Escalating::load(store, now).await?);
        let network = Arc::new(fathom_reach::load(store, now).await?);
        let ground = Self::of(store, permissions, escalating, network).await?;
        ground.with_weaknesses(store, now).await
    }

    /// The same with what is known of the software of servers.
    ///
    /// # Errors
    /// When the store fails, or the rules cannot be used.
    pub async fn with_weaknesses(self, store: &Store, now: Timestamp) -> Result<Self, IntrudeError> {
        let rules = VulnerabilityRules::embedded()?;
        let network = Some(Arc::clone(&self.network));
        let known = fathom_vulnerable::Ground::load(store, &rules, None, network, now).await?;
        let weaknesses = Some(Arc::new(Vulnerabilities::of(&rules, &known)));
        Ok(Self { weaknesses, ..self })
    }

    /// The same, where permissions and the network were read before.
    ///
    /// # Errors
    /// As [`Ground::load`].
    pub async fn of(
        store: &Store,
        permissions: Arc<Permissions>,
        escalating: Arc<Escalating>,
        network: Arc<Network>,
    ) -> Result<Self, IntrudeError> {
        let rules = Rules::embedded()?;
        let kinds = rules.types();
        let which = Which { kinds: kinds.iter().copied().map(ResourceType::from).collect(), ..Which::all() };
        let mut things = things(store, &which).await?;
        for (arn, class) in classes(store, &which).await? {
            if let Some(thing) = things.get_mut(&arn) {
                thing.class = Some(class);
            }
        }
        let edges = edges(store, things.keys().map(String::as_str)).await?;
        let fixed = fixed(store, &rules).await?;
        let keys = keys(store).await?;
        Ok(Self { permissions, escalating, network, rules, things, edges, fixed, keys, weaknesses: None })
    }
}

async fn things(store: &Store, which: &Which) -> Result<BTreeMap<String, Thing>, IntrudeError> {
    let mut all = BTreeMap::new();
    let mut found = std::pin::pin!(store.stream_names(which));
    while let Some(chunk) = found.try_next().await? {
        // What AWS made for itself, such as its own keys, nobody can take away.
        for resource in chunk.into_iter().filter(|one| !one.provider_made) {
            let thing = Thing {
                kind: resource.kind.as_str().to_owned(),
                account: resource.account.as_str().to_owned(),
                class: None,
            };
            all.insert(resource.uid.as_str().to_owned(), thing);
        }
    }
    Ok(all)
}

/// The data classes that are stated, by ARN: of several statements the one that holds.
async fn classes(store: &Store, which: &Which) -> Result<Vec<(String, DataClass)>, IntrudeError> {
    let mut said: BTreeMap<Uid, Vec<Statement>> = BTreeMap::new();
    let mut found = std::pin::pin!(store.stream_statements(which));
    while let Some(chunk) = found.try_next().await? {
        for (uid, statement) in chunk {
            if statement.part == Part::DataClass {
                said.entry(uid).or_default().push(statement);
            }
        }
    }
    let class = |(uid, statements): (Uid, Vec<Statement>)| {
        let word = Explanation { statements };
        Some((uid.as_str().to_owned(), DataClass::parse(word.value(Part::DataClass)?)?))
    };
    Ok(said.into_iter().filter_map(class).collect())
}

async fn edges(
    store: &Store,
    sources: impl Iterator<Item = &str>,
) -> Result<Vec<(String, String, String)>, IntrudeError> {
    let sources: Vec<Uid> = sources.map(Uid::from).collect();
    let mut all: BTreeSet<(String, String, String)> = BTreeSet::new();
    for some in sources.chunks(ASKED) {
        let which = WhichEdges { from: some.to_vec(), ..WhichEdges::default() };
        let mut found = std::pin::pin!(store.stream_edges(&which));
        while let Some(chunk) = found.try_next().await? {
            for edge in chunk {
                if let Target::Known { uid } = &edge.to {
                    let (from, kind) = (edge.from.as_str(), edge.kind.as_str());
                    all.insert((from.to_owned(), kind.to_owned(), uid.as_str().to_owned()));
                }
            }
        }
    }
    Ok(all.into_iter().collect())
}

/// Sources of code whose document says that nobody changes it there.
async fn fixed(store: &Store, rules: &Rules) -> Result<BTreeSet<String>, IntrudeError> {
    let mut all = BTreeSet::new();
    for rule in &rules.code {
        let Some(unless) = &rule.unless else { continue };
        let which = Which::of(&ResourceType::from(rule.of.as_str()));
        let mut found = std::pin::pin!(store.stream_resources(&which, true));
        while let Some(chunk) = found.try_next().await? {
            let is_fixed = |document: &fathom_model::Document| {
                document.value()[&unless.member].as_str() == Some(&unless.is)
            };
            let sources = chunk.into_iter().filter(|one| is_fixed(&one.resource.document));
            all.extend(sources.map(|one| one.resource.uid.as_str().to_owned()));
        }
    }
    Ok(all)
}

/// Keys that are not switched off.
async fn keys(store: &Store) -> Result<Vec<AccessKey>, IntrudeError> {
    let which = Which::of(&ResourceType::from(KEY));
    let mut all = Vec::new();
    let mut found = std::pin::pin!(store.stream_resources(&which, true));
    while let Some(chunk) = found.try_next().await? {
        for stored in chunk {
            let uid = stored.resource.uid.as_str();
            let is_off = stored.resource.document.value()["Status"].as_str() == Some("Inactive");
            if let Some((user, _)) = uid.split_once(OF_USER).filter(|_| !is_off) {
                all.push(AccessKey { uid: uid.to_owned(), user: user.to_owned() });
            }
        }
    }
    all.sort();
    Ok(all)
}
