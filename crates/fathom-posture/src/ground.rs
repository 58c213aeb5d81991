//! Reads out of the store and the engines what checks ask for, and nothing else.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap},
    sync::{Arc, Mutex},
};

use fathom_access::{AccessError, Listings, Permissions, Seen, seen};
use fathom_checks::{Asked, Checks, Fact};
use fathom_content::Content;
use fathom_model::{Edge, EdgeKind, Explanation, Part, ResourceType, Statement, Timestamp, Uid};
use fathom_net::{Exposed, exposure, exposure::USUAL};
use fathom_reach::Directory;
use fathom_store::{Owners, Store, Which, WhichEdges};
use futures::TryStreamExt as _;

/// The list without which it is not known what the internet reaches.
pub(crate) const INTERFACE: &str = "AWS::EC2::NetworkInterface";
/// The type of keys.
pub(crate) const KEY: &str = "AWS::KMS::Key";
/// Whose interfaces are asked about, beside what the network itself says that it has.
const REACHED: [&str; 3] = [INTERFACE, "AWS::EC2::Instance", "AWS::ElasticLoadBalancingV2::LoadBalancer"];

/// Documents by account, region and type, and what was gathered of them already.
pub(crate) type Gathered = Mutex<HashMap<(Asked, String, String), Arc<Fact>>>;

/// What the internet reaches, by the ids and ARNs that mean it.
pub type Reached = HashMap<String, Vec<Arc<Exposed>>>;

/// What engines worked out of the whole estate; what is none is worked out where a check asks for it.
#[derive(Debug, Clone, Default)]
pub struct Engines {
    /// Who can do what.
    pub permissions: Option<Arc<Permissions>>,
    /// What the internet reaches.
    pub reached: Option<Arc<Reached>>,
}

impl Engines {
    /// Lets the network say what the internet reaches, where that is not known.
    pub(crate) async fn work_out_reached(
        &mut self,
        store: &Store,
        now: Timestamp,
    ) -> Result<(), AccessError> {
        if self.reached.is_none() {
            let network = fathom_reach::load(store, now).await?;
            let reached = reached(exposure(&network, &USUAL), &Directory::load(store).await?);
            self.reached = Some(Arc::new(reached));
        }
        Ok(())
    }
}

/// What is known of code that is not deployed.
#[derive(Debug, Clone, Default)]
pub struct OfCode {
    /// Why members of documents are not known, by the resource's ARN and the member's path.
    pub not_known: BTreeMap<String, BTreeMap<String, String>>,
    /// Whether nothing but the code is known: what lies beside it may be there all the same.
    pub is_alone: bool,
}

/// What the last scans saw that has a say.
pub struct Ground<'c> {
    pub(crate) content: &'c Content,
    pub(crate) now: Timestamp,
    pub(crate) seen: BTreeMap<String, Seen>,
    /// ARNs by type.
    pub(crate) by_kind: BTreeMap<String, BTreeSet<String>>,
    /// Edges of resources that checks follow, by where they begin.
    pub(crate) out: HashMap<String, Vec<Edge>>,
    /// What kind of edges lead to a resource, and where they begin.
    pub(crate) into: HashMap<String, BTreeSet<(EdgeKind, Uid)>>,
    pub(crate) classes: HashMap<String, String>,
    pub(crate) listings: Listings,
    pub(crate) engines: Engines,
    pub(crate) gathered: Gathered,
    pub(crate) code: Option<OfCode>,
    owners: Owners,
    /// What was not read, of which checks say nothing.
    pub(crate) gaps: Vec<String>,
}

impl std::fmt::Debug for Ground<'_> {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Ground").field("resources", &self.seen.len()).finish_non_exhaustive()
    }
}

impl<'c> Ground<'c> {
    /// Reads it, as of the last scans.
    ///
    /// # Errors
    /// When the store fails, or what is known of actions and keys cannot be read.
    pub async fn load(
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        now: Timestamp,
    ) -> Result<Self, AccessError> {
        Self::load_with(store, content, checks, now, Engines::default()).await
    }

    /// The same with what engines worked out already.
    ///
    /// # Errors
    /// As [`Ground::load`].
    pub async fn load_with(
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        now: Timestamp,
        engines: Engines,
    ) -> Result<Self, AccessError> {
        let mut ground = Self::empty(store, content, checks, now).await?;
        ground.engines = engines;
        ground.read_all(store, checks).await?;
        Ok(ground)
    }

    /// The same where a part of it is not deployed yet.
    ///
    /// # Errors
    /// As [`Ground::load`].
    pub async fn load_code(
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        now: Timestamp,
        code: OfCode,
    ) -> Result<Self, AccessError> {
        let mut ground = Self::empty(store, content, checks, now).await?;
        ground.code = Some(code);
        ground.read_all(store, checks).await?;
        ground.look_closely();
        Ok(ground)
    }

    /// Engines take a member of which a part is not known for unknown; checks ask for the part. Where nothing but the code is known, no
    /// scan has left anything else unread.
    fn look_closely(&mut self) {
        let Some(code) = self.code.as_ref().filter(|code| code.is_alone) else { return };
        for (uid, not_known) in &code.not_known {
            if let Some(seen) = self.seen.get_mut(uid) {
                seen.unread = not_known.keys().cloned().collect();
            }
        }
    }

    /// What was asked for, and nothing of the estate yet.
    pub(crate) async fn empty(
        store: &Store,
        content: &'c Content,
        checks: &Checks,
        now: Timestamp,
    ) -> Result<Self, AccessError> {
        let checked: Vec<ResourceType> = checks.kinds().map(ResourceType::from).collect();
        let kinds = kinds(content, checks);
        let definitions = kinds.iter().filter_map(|kind| content.resources.get(kind));
        let operations: Vec<&str> = definitions
            .flat_map(|one| {
                let describe = one.list.describe.as_ref().map(|describe| describe.operation.as_str());
                std::iter::once(one.list.operation.as_str()).chain(describe)
            })
            .collect();
        let listings = Listings::of(store, &kinds, &operations).await?;
        Ok(Self {
            content,
            now,
            seen: BTreeMap::new(),
            by_kind: BTreeMap::new(),
            out: HashMap::new(),
            into: HashMap::new(),
            classes: HashMap::new(),
            gaps: gaps(content, &checked, &listings),
            listings,
            engines: Engines::default(),
            gathered: Gathered::default(),
            code: None,
            owners: store.owners().await?,
        })
    }

    async fn read_all(&mut self, store: &Store, checks: &Checks) -> Result<(), AccessError> {
        let asked: BTreeSet<&Asked> = checks.all.iter().flat_map(fathom_checks::Check::asked).collect();
        self.add(seen(store, &kinds(self.content, checks), self.now).await?);
        if asked.iter().any(|one| matches!(one, Asked::Related(_) | Asked::Referring(..))) {
            self.edges(store, &asked).await?;
        }
        if asked.contains(&Asked::Class) {
            let kinds = checks.kinds().map(ResourceType::from).collect();
            self.classes(store, &Which { kinds, ..Which::all() }).await?;
        }
        self.work_out(store, &asked).await
    }

    /// Takes resources that were read.
    pub(crate) fn add(&mut self, read: Vec<Seen>) {
        for one in read {
            self.by_kind.entry(one.kind.clone()).or_default().insert(one.arn.clone());
            self.seen.insert(one.arn.clone(), one);
        }
    }

    /// Lets the engines work out what is asked for and not known yet.
    pub(crate) async fn work_out(
        &mut self,
        store: &Store,
        asked: &BTreeSet<&Asked>,
    ) -> Result<(), AccessError> {
        let (engines, now) = (&mut self.engines, self.now);
        if engines.permissions.is_none()
            && (asked.contains(&Asked::Access) || asked.contains(&Asked::Encryption))
        {
            let is_alone = self.code.as_ref().is_some_and(|code| code.is_alone);
            let permissions = if is_alone {
                Permissions::load_alone(store, now).await?
            } else {
                Permissions::load(store, now).await?
            };
            engines.permissions = Some(Arc::new(permissions));
        }
        if asked.contains(&Asked::Exposure) {
            engines.work_out_reached(store, now).await?;
        }
        Ok(())
    }

    /// Who answers for things.
    pub(crate) fn owners(&self) -> &Owners {
        &self.owners
    }

    /// What the engines worked out, to be used again.
    pub fn engines(&self) -> &Engines {
        &self.engines
    }

    /// What of the estate was listed.
    pub(crate) fn listings(&self) -> &Listings {
        &self.listings
    }

    /// Everything that was read.
    pub(crate) fn seen(&self) -> impl Iterator<Item = &Seen> {
        self.seen.values()
    }

    /// Who answers for a resource.
    pub(crate) fn owner(&self, arn: &str) -> Option<&str> {
        self.owners.of(&Uid::new(arn))
    }

    /// Whether what the internet reaches of a type is known by its interfaces.
    pub(crate) fn is_reachable(kind: &str) -> bool {
        REACHED.contains(&kind)
            || fathom_content::owners::rules()
                .unwrap_or_default()
                .iter()
                .any(|rule| rule.kind.as_str() == kind)
    }

    async fn edges(&mut self, store: &Store, asked: &BTreeSet<&Asked>) -> Result<(), AccessError> {
        let followed: BTreeSet<&str> = asked
            .iter()
            .filter_map(|one| match one {
                Asked::Related(edge) | Asked::Referring(_, edge) => Some(edge.as_str()),
                _ => None,
            })
            .collect();
        let mut found = std::pin::pin!(store.stream_edges(&WhichEdges::default()));
        while let Some(chunk) = found.try_next().await? {
            for edge in chunk.into_iter().filter(|edge| followed.contains(edge.kind.as_str())) {
                let end = (edge.kind.clone(), edge.from.clone());
                self.into.entry(edge.to.as_str().to_owned()).or_default().insert(end);
                self.out.entry(edge.from.as_str().to_owned()).or_default().push(edge);
            }
        }
        self.sort_edges();
        Ok(())
    }

    /// Puts edges in an order that does not depend on how they were read.
    pub(crate) fn sort_edges(&mut self) {
        for edges in self.out.values_mut() {
            edges.sort_by(|one, other| {
                (&one.kind, one.to.as_str(), &one.path).cmp(&(&other.kind, other.to.as_str(), &other.path))
            });
        }
    }

    pub(crate) async fn classes(&mut self, store: &Store, which: &Which) -> Result<(), AccessError> {
        let mut said: HashMap<String, Vec<Statement>> = HashMap::new();
        let mut found = std::pin::pin!(store.stream_statements(which));
        while let Some(chunk) = found.try_next().await? {
            for (uid, statement) in chunk.into_iter().filter(|(_, one)| one.part == Part::DataClass) {
                said.entry(uid.as_str().to_owned()).or_default().push(statement);
            }
        }
        for (uid, statements) in said {
            if let Some(class) = (Explanation { statements }).value(Part::DataClass) {
                self.classes.insert(uid, class.to_owned());
            }
        }
        Ok(())
    }
}

/// The types whose documents checks read: their own, those they name, and those that relations lead to.
fn kinds(content: &Content, checks: &Checks) -> Vec<ResourceType> {
    let mut kinds: BTreeSet<ResourceType> = BTreeSet::new();
    for check in &checks.all {
        kinds.insert(check.definition.kind.clone());
        for asked in check.asked() {
            match asked {
                Asked::Related(edge) => {
                    let definition = content.resources.get(&check.definition.kind);
                    let relations = definition.map(|one| one.relations.as_slice()).unwrap_or_default();
                    let leads = relations.iter().filter(|one| one.kind.as_str() == edge);
                    kinds.extend(leads.flat_map(|one| one.to.iter().cloned()));
                }
                Asked::Exposure => {
                    kinds.insert(ResourceType::from(INTERFACE));
                }
                Asked::Encryption => {
                    kinds.insert(ResourceType::from(KEY));
                }
                asked => kinds.extend(asked.kind().map(ResourceType::from)),
            }
        }
    }
    kinds.into_iter().collect()
}

/// Lists of checked types that were cut, or that no scan asked for.
fn gaps(content: &Content, checked: &[ResourceType], listings: &Listings) -> Vec<String> {
    let is_checked = |kind: &str| checked.iter().any(|one| one.as_str() == kind);
    let mut gaps: Vec<String> = listings
        .cut()
        .filter(|(_, kind, _)| is_checked(kind))
        .map(|(account, kind, why)| format!("{kind} of account {account} was not read: {why}"))
        .collect();
    for account in &listings.accounts {
        // What is asked once for each thing of another type is not asked where there is none of those.
        let is_left_out = |kind: &&ResourceType| {
            let definition = content.resources.get(*kind);
            definition.is_some_and(|one| one.list.for_each.is_none())
                && !listings.is_asked(account, kind.as_str())
        };
        let left_out: Vec<&str> = checked.iter().filter(is_left_out).map(ResourceType::as_str).collect();
        if !left_out.is_empty() {
            gaps.push(format!("no scan asked account {account} for {}", left_out.join(", ")));
        }
    }
    gaps
}

/// What the internet reaches, by everything that means it: interfaces, servers, load balancers, and what has the interface.
pub fn reached(rows: impl IntoIterator<Item = Exposed>, directory: &Directory) -> Reached {
    let mut by = Reached::new();
    for row in rows {
        let row = Arc::new(row);
        let owned = row.owners.iter().map(|owner| owner.resource.clone());
        let server = row.name.iter().filter(|_| row.component == "network_interface");
        let named = std::iter::once(&row.id).chain(server);
        let meant: BTreeSet<String> = named
            .flat_map(|id| directory.of(id))
            .map(|one| one.uid.as_str().to_owned())
            .chain(owned)
            .collect();
        for uid in meant {
            by.entry(uid).or_default().push(Arc::clone(&row));
        }
    }
    by
}
