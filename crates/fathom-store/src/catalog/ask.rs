//! The questions: pages, counts beside the filters, the list, and counts by group; now, and as of a scan.

use std::{
    collections::{BTreeMap, BTreeSet, HashMap, HashSet},
    ops::ControlFlow,
    sync::Arc,
};

use fathom_model::{Timestamp, Uid, Unknown};
use sqlx::SqliteConnection;

use super::{
    AsOf, Catalog, Counts, EstateFilter, Group, Grouped, View,
    filter::{Assigned, Dimension},
    part::{By, Part, Position, flag},
    select::Tallies,
};
use crate::{
    Cursor, MAX_LIMIT, ResourceOrder, Scope, Store, StoreError, StoredResource, bulk,
    rows::{Decoder, resource_columns},
    scans::blocking,
    unknowns,
};

/// Values of one list of counts.
const VALUES_MAX: usize = 500;
/// How often a page is chosen anew because a scan ended meanwhile.
const TRIES_MAX: usize = 3;

/// A resource, with what the columns know of it.
#[derive(Debug, Clone, PartialEq)]
pub struct PlacedResource {
    /// The resource, without its document.
    pub stored: StoredResource,
    /// Who answers for it.
    pub owner: Option<String>,
    /// The uid of the network that it lies in.
    pub network: Option<String>,
}

/// A page of resources.
#[derive(Debug, Clone, PartialEq)]
pub struct EstatePage {
    /// The rows.
    pub rows: Vec<PlacedResource>,
    /// Where the next page begins; none at the end.
    pub next: Option<Cursor>,
    /// How many there are on all pages.
    pub total: u64,
}

/// A part of the list of what is not understood.
#[derive(Debug, Clone, PartialEq)]
pub struct ListPage {
    /// The rows, worst first, each with its resource. Ranks count what whoever asks may see.
    pub rows: Vec<(Unknown, PlacedResource)>,
    /// How many fit, those all of whose gaps are accepted included.
    pub total: u64,
    /// Of these, those all of whose gaps are accepted.
    pub accepted: u64,
    /// The rank of the last row, where there are more.
    pub next: Option<u64>,
}

/// A list of counts: the value and how many have it, the most frequent first.
pub type ValueCounts = Vec<(String, u64)>;

/// How many resources have each value. Each list leaves out the filter of its own. An empty value stands for none.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct EstateFacets {
    /// How many fit the whole filter.
    pub total: u64,
    /// By type.
    pub kinds: ValueCounts,
    /// By account.
    pub accounts: ValueCounts,
    /// By region.
    pub regions: ValueCounts,
    /// By owner.
    pub owners: ValueCounts,
    /// By network.
    pub networks: ValueCounts,
    /// By whom they are assigned to.
    pub assigned_to: ValueCounts,
    /// By missing piece; one resource may miss several.
    pub gaps: ValueCounts,
    /// Understood or not.
    pub understood: ValueCounts,
    /// Exposed or not.
    pub exposed: ValueCounts,
    /// Stale or not.
    pub stale: ValueCounts,
    /// Made by the provider or not.
    pub provider_made: ValueCounts,
    /// The lists that had more than 500 values and lost the rare ones.
    pub cut: Vec<&'static str>,
}

impl From<Tallies> for EstateFacets {
    fn from(mut tallies: Tallies) -> Self {
        let mut facets = Self { total: tallies.total, ..Self::default() };
        for dimension in Dimension::ALL {
            let counts = tallies.lists.remove(&dimension.bit()).unwrap_or_default();
            let mut list: ValueCounts = counts.into_iter().collect();
            // Sorted by value before, and this keeps that among equal counts.
            list.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
            let (name, place) = match dimension {
                Dimension::Kind => ("type", &mut facets.kinds),
                Dimension::Account => ("account", &mut facets.accounts),
                Dimension::Region => ("region", &mut facets.regions),
                Dimension::Owner => ("owner", &mut facets.owners),
                Dimension::Network => ("network", &mut facets.networks),
                Dimension::Assigned => ("assigned_to", &mut facets.assigned_to),
                Dimension::Gap => ("gap", &mut facets.gaps),
                Dimension::Understood => ("understood", &mut facets.understood),
                Dimension::Exposed => ("exposed", &mut facets.exposed),
                Dimension::Stale => ("stale", &mut facets.stale),
                Dimension::ProviderMade => ("provider_made", &mut facets.provider_made),
            };
            if list.len() > VALUES_MAX {
                list.truncate(VALUES_MAX);
                facets.cut.push(name);
            }
            *place = list;
        }
        facets
    }
}

/// Who answers for resources, as of the last finished scan.
#[derive(Debug, Clone)]
pub struct Owners(Arc<Catalog>);

impl Owners {
    /// Who answers for a resource, or did last where it is gone; none where nobody states it.
    pub fn of(&self, uid: &Uid) -> Option<&str> {
        let (part, row) = self.0.find(uid.as_str())?;
        Some(part.owner.text(row)).filter(|owner| !owner.is_empty())
    }

    /// The resources for which somebody else may answer than before; none where all may be others.
    pub fn differing(&self, before: &Self) -> Option<BTreeSet<Uid>> {
        let (base, laid) = self.0.parts.split_first()?;
        let (base_before, laid_before) = before.0.parts.split_first()?;
        let of_parts = |parts: &[View]| -> Vec<Uid> {
            let uids = |view: &View| -> Vec<Uid> {
                (0..view.part.len()).map(|row| Uid::new(view.part.uids.get(row))).collect()
            };
            parts.iter().flat_map(uids).collect()
        };
        let is_same = Arc::ptr_eq(&base.part, &base_before.part);
        is_same.then(|| of_parts(laid).into_iter().chain(of_parts(laid_before)).collect())
    }
}

/// The columns that answer a question, as they are or as they were, and the question as they take it.
pub(super) struct Asked {
    pub(super) catalog: Arc<Catalog>,
    pub(super) assigned: Arc<Assigned>,
    pub(super) filter: EstateFilter,
}

impl Store {
    pub(super) async fn asked(
        &self,
        filter: &EstateFilter,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<Asked, StoreError> {
        let mut filter = filter.clone();
        let Some(as_of) = as_of else {
            let catalog = self.catalog().await?;
            let mut assigned = Assigned::new();
            for (resource, to) in self.assigned(now).await? {
                assigned.entry(resource).or_default().push(to);
            }
            return Ok(Asked { catalog, assigned: Arc::new(assigned), filter });
        };
        let catalog = self.past_seen(as_of, &filter.scope).await?;
        filter.scope.teams = None;
        Ok(Asked { catalog, assigned: Arc::default(), filter })
    }

    /// The columns as they were, without what somebody may not see. Whose a resource is, is as of now, so that all who may
    /// see it may see its past, in every answer.
    pub(super) async fn past_seen(&self, as_of: &AsOf, scope: &Scope) -> Result<Arc<Catalog>, StoreError> {
        let past = self.past_catalog(as_of).await?;
        if scope.teams.is_none() {
            return Ok(past);
        }
        let (now, scope) = (self.catalog().await?, scope.clone());
        blocking(move || Arc::new(past.only(&now, &scope))).await
    }

    /// A page of resources.
    ///
    /// # Errors
    /// [`StoreError::Invalid`] where the cursor is not one of this order.
    pub async fn estate_page(
        &self,
        filter: &EstateFilter,
        (order, descending): (ResourceOrder, bool),
        limit: u32,
        cursor: Option<&Cursor>,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<EstatePage, StoreError> {
        let by = By::from(order);
        let limit = limit.clamp(1, MAX_LIMIT) as usize;
        let mut tried = 0;
        loop {
            tried += 1;
            let Asked { mut catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
            let scope = filter.scope.clone();
            if by == By::LastSeen && catalog.parts.len() > 1 {
                // What was seen with its place was seen again without being touched.
                catalog = self.catalog_anew().await?;
            }
            let after = match cursor {
                None => None,
                Some(cursor) => match Position::read(cursor) {
                    Some(position) if position.by == by && position.descending == descending => {
                        Some(position)
                    }
                    _ => {
                        let what = "the cursor does not belong to this query".to_owned();
                        return Err(StoreError::Invalid { what });
                    }
                },
            };
            let asked = Arc::clone(&catalog);
            let (ids, total, next) =
                blocking(move || asked.page(&filter, &assigned, (by, descending), after.as_ref(), limit))
                    .await?;
            let rows = self.placed(&catalog, &ids, &scope, as_of).await?;
            if as_of.is_none() && tried < TRIES_MAX && self.turns().await? != catalog.turn {
                continue;
            }
            let rows = ids.iter().filter_map(|id| rows.get(id).cloned()).collect();
            return Ok(EstatePage { rows, next: next.map(|next| next.cursor()), total });
        }
    }

    /// The counts beside the filters.
    pub async fn estate_facets(
        &self,
        filter: &EstateFilter,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<EstateFacets, StoreError> {
        let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
        blocking(move || catalog.tally(&filter, &assigned, |_, _| true).into()).await
    }

    /// Counts by groups.
    pub async fn estate_groups(
        &self,
        filter: &EstateFilter,
        by: &[Group],
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<Grouped, StoreError> {
        let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
        let by = by.to_vec();
        blocking(move || catalog.grouped(&filter, &assigned, &by)).await
    }

    /// Counts by each of some groups, by the values of each.
    pub async fn estate_sums(
        &self,
        filter: &EstateFilter,
        by: &[Group],
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<Vec<BTreeMap<String, Counts>>, StoreError> {
        let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
        let by = by.to_vec();
        blocking(move || catalog.sums(&filter, &assigned, &by)).await
    }

    /// The worst of the list after a rank.
    pub async fn list_page(
        &self,
        filter: &EstateFilter,
        include_accepted: bool,
        after_rank: u64,
        limit: u32,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<ListPage, StoreError> {
        let limit = limit.clamp(1, MAX_LIMIT) as usize;
        let mut tried = 0;
        loop {
            tried += 1;
            let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
            let scope = filter.scope.clone();
            let holding = match as_of {
                None => self.holding(now).await?,
                Some(as_of) => as_of.past.acceptances().await?,
            };
            let covered = self.covered_rows(&catalog, as_of, &holding, now).await?;
            let asked = Arc::clone(&catalog);
            let (found, total, accepted, more) = blocking(move || {
                let (mut found, mut total, mut accepted, mut more) = (Vec::new(), 0, 0, false);
                asked.walk_list(&filter, &assigned, |rank, part, row, fits| {
                    if fits {
                        let id = part.id(row);
                        let is_covered = covered.contains(&id);
                        total += 1;
                        accepted += u64::from(is_covered);
                        if rank > after_rank && (include_accepted || !is_covered) {
                            if found.len() < limit {
                                found.push((rank, id));
                            } else {
                                more = true;
                            }
                        }
                    }
                    ControlFlow::Continue(())
                });
                (found, total, accepted, more)
            })
            .await?;
            let ids: Vec<i64> = found.iter().map(|(_, id)| *id).collect();
            let placed = self.placed(&catalog, &ids, &scope, as_of).await?;
            let mut listed = self.listed(&ids, as_of).await?;
            if as_of.is_none() && tried < TRIES_MAX && self.turns().await? != catalog.turn {
                continue;
            }
            let moment = as_of.map_or(now, |as_of| as_of.past.moment());
            let next = found.last().map(|(rank, _)| *rank).filter(|_| more);
            let rows = found
                .into_iter()
                .filter_map(|(rank, id)| {
                    let mut unknown = listed.remove(&id)?;
                    unknown.rank = rank;
                    unknowns::apply(&mut unknown, &holding, moment);
                    let placed = placed.get(&id)?.clone();
                    unknown.name.clone_from(&placed.stored.resource.name);
                    Some((unknown, placed))
                })
                .collect();
            return Ok(ListPage { rows, total, accepted, next });
        }
    }

    /// The counts beside the filters of the list, and how many of those that fit have all their gaps accepted.
    pub async fn list_facets(
        &self,
        filter: &EstateFilter,
        include_accepted: bool,
        as_of: Option<&AsOf>,
        now: Timestamp,
    ) -> Result<(EstateFacets, u64), StoreError> {
        let Asked { catalog, assigned, filter } = self.asked(filter, as_of, now).await?;
        let holding = match as_of {
            None => self.holding(now).await?,
            Some(as_of) => as_of.past.acceptances().await?,
        };
        let covered = self.covered_rows(&catalog, as_of, &holding, now).await?;
        blocking(move || {
            let is_listed = |part: &Part, row: usize| part.is(row, flag::LISTED);
            let shown = |part: &Part, row: usize| {
                is_listed(part, row) && (include_accepted || !covered.contains(&part.id(row)))
            };
            let mut facets = EstateFacets::from(catalog.tally(&filter, &assigned, shown));
            let mut accepted = 0;
            if !covered.is_empty() {
                for (view, test) in catalog.tests(&filter, &assigned) {
                    let fits = |row: &usize| is_listed(&view.part, *row) && test.fits(*row);
                    accepted +=
                        view.rows().filter(|row| covered.contains(&view.part.id(*row)) && fits(row)).count()
                            as u64;
                }
            }
            if !include_accepted {
                facets.total += accepted;
            }
            (facets, accepted)
        })
        .await
    }

    /// Who answers for each resource, to be asked of many.
    pub async fn owners(&self) -> Result<Owners, StoreError> {
        Ok(Owners(self.catalog().await?))
    }

    /// Whether somebody may know of a resource. Nobody who is limited knows of one that is not known here.
    pub async fn may_see(&self, scope: &Scope, uid: &Uid) -> Result<bool, StoreError> {
        if scope.is_all() {
            return Ok(true);
        }
        Ok(self.seen_of(scope, std::slice::from_ref(uid)).await?.get(uid) == Some(&true))
    }

    /// Of some resources those that are known here, also gone ones, and whether somebody may know of them.
    pub async fn seen_of(&self, scope: &Scope, uids: &[Uid]) -> Result<HashMap<Uid, bool>, StoreError> {
        let catalog = self.catalog().await?;
        let sights = catalog.sights(scope);
        Ok(uids.iter().filter_map(|uid| Some((uid.clone(), catalog.sees(&sights, uid.as_str())?))).collect())
    }

    /// What is unknown about one resource, with its rank on the list of somebody who sees a part.
    pub async fn unknown_seen(
        &self,
        scope: &Scope,
        uid: &Uid,
        now: Timestamp,
    ) -> Result<Option<Unknown>, StoreError> {
        let Some(mut unknown) = self.unknown_of(uid, now).await? else { return Ok(None) };
        if !scope.is_all() {
            let catalog = self.catalog().await?;
            let filter = EstateFilter { scope: scope.clone(), ..EstateFilter::default() };
            let uid = uid.clone();
            unknown.rank = blocking(move || catalog.rank_of(&filter, uid.as_str())).await?;
        }
        Ok(Some(unknown))
    }

    /// Some resources by their uids, without documents, as they are now; those that are not known or not to be seen are
    /// left out.
    pub async fn placed_by_uid(
        &self,
        scope: &Scope,
        uids: &[Uid],
    ) -> Result<HashMap<Uid, PlacedResource>, StoreError> {
        let catalog = self.catalog().await?;
        let ids: Vec<i64> = {
            let sights = catalog.sights(scope);
            let seen = uids.iter().filter(|uid| catalog.sees(&sights, uid.as_str()) == Some(true));
            seen.filter_map(|uid| catalog.find(uid.as_str()).map(|(part, row)| part.id(row))).collect()
        };
        let placed = self.placed(&catalog, &ids, scope, None).await?;
        Ok(placed.into_values().map(|one| (one.stored.resource.uid.clone(), one)).collect())
    }

    /// Names of some resources, by their uids; those without one are left out.
    pub async fn names_of(&self, uids: &[String]) -> Result<BTreeMap<String, String>, StoreError> {
        let catalog = self.catalog().await?;
        let name = |uid: &String| {
            let (part, row) = catalog.find(uid)?;
            let named = part.named.get(row).copied().unwrap_or_default();
            named.then(|| (uid.clone(), part.labels.get(row).to_owned()))
        };
        Ok(uids.iter().filter_map(name).collect())
    }

    /// Names of the resources of some types, by the id that the provider uses.
    pub async fn names_by_id(
        &self,
        kinds: &[fathom_model::ResourceType],
    ) -> Result<BTreeMap<String, String>, StoreError> {
        let kinds = serde_json::json!(kinds).to_string();
        let rows = sqlx::query(
            "SELECT native_id, name FROM resource WHERE kind IN (SELECT value FROM json_each($1)) \
             AND name IS NOT NULL AND deleted_at IS NULL ORDER BY id LIMIT 20000",
        )
        .bind(kinds)
        .fetch_all(self.readers())
        .await
        .map_err(|source| self.failed("read names", source))?;
        rows.iter()
            .map(|row| {
                Ok((crate::rows::column(row, "resource", 0)?, crate::rows::column(row, "resource", 1)?))
            })
            .collect()
    }

    /// The rows of resources, by their numbers. A network that is not to be seen is not told.
    pub(super) async fn placed(
        &self,
        catalog: &Catalog,
        ids: &[i64],
        scope: &Scope,
        as_of: Option<&AsOf>,
    ) -> Result<HashMap<i64, PlacedResource>, StoreError> {
        let failed = |source| self.failed("read resources", source);
        let stored = if let Some(as_of) = as_of {
            self.past_rows(as_of, catalog, ids).await?
        } else {
            let mut conn = self.readers().acquire().await.map_err(failed)?;
            now_rows(&mut conn, ids).await.map_err(failed)?
        };
        let text = |text: &str| Some(text.to_owned()).filter(|text| !text.is_empty());
        let sights = catalog.sights(scope);
        Ok(stored
            .into_iter()
            .filter_map(|(id, stored)| {
                let (part, row) = catalog.find_id(id)?;
                let told = |uid: &String| scope.is_all() || catalog.sees(&sights, uid) == Some(true);
                let network = text(part.network.text(row)).filter(told);
                Some((id, PlacedResource { stored, owner: text(part.owner.text(row)), network }))
            })
            .collect())
    }

    async fn listed(&self, ids: &[i64], as_of: Option<&AsOf>) -> Result<HashMap<i64, Unknown>, StoreError> {
        match as_of {
            Some(as_of) => self.past_listed(as_of, ids).await,
            None => self.unknowns_by_id(ids).await,
        }
    }

    /// Resources all of whose gaps are accepted.
    async fn covered_rows(
        &self,
        catalog: &Catalog,
        as_of: Option<&AsOf>,
        holding: &HashMap<Uid, Vec<fathom_model::Acceptance>>,
        now: Timestamp,
    ) -> Result<HashSet<i64>, StoreError> {
        let found = holding.keys().filter_map(|uid| catalog.find(uid.as_str()));
        let ids: Vec<i64> =
            found.filter(|(part, row)| part.is(*row, flag::LISTED)).map(|(part, row)| part.id(row)).collect();
        let moment = as_of.map_or(now, |as_of| as_of.past.moment());
        let mut listed = self.listed(&ids, as_of).await?;
        listed.retain(|_, unknown| unknowns::apply(unknown, holding, moment));
        Ok(listed.into_keys().collect())
    }
}

async fn now_rows(
    conn: &mut SqliteConnection,
    ids: &[i64],
) -> Result<Vec<(i64, StoredResource)>, sqlx::Error> {
    let rows = bulk::select_in(
        conn,
        concat!("SELECT ", resource_columns!(), " FROM resource r WHERE r.id"),
        ids,
        |query, id| query.bind(*id),
    )
    .await?;
    let mut decoder = Decoder::default();
    rows.iter()
        .map(|row| decoder.resource(row, false))
        .collect::<Result<_, StoreError>>()
        .map_err(|error| sqlx::Error::Decode(Box::new(error)))
}
