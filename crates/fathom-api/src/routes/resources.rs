//! Resources: search, filter, page, and the counts behind the filters.

use std::collections::{BTreeMap, HashMap};

use axum::{Json, extract::State};
use fathom_model::{Timestamp, Uid};
use fathom_store::{
    AsOf, Assignment, Cursor, EstateFacets, PlacedResource, ResourceOrder, StoreError, ValueCounts,
};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

use super::{
    ROWS_DEFAULT, ROWS_MAX,
    filter::{AsOfView, as_of, filtered},
};
use crate::{
    access::Visible,
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
    views::{AssignmentView, ResourceRow},
};

/// The order of a list of resources; equal ones follow by uid.
#[derive(Debug, Clone, Copy, Default, Deserialize, ToSchema)]
#[serde(rename_all = "snake_case")]
pub(crate) enum Order {
    /// By uid.
    #[default]
    Uid,
    /// By name, those without one by id.
    Name,
    /// By type.
    Type,
    /// By account.
    Account,
    /// By region.
    Region,
    /// By the first scan that saw it.
    FirstSeen,
    /// By the last scan that saw it.
    LastSeen,
}

filtered! {
    /// Which resources.
    ResourcesQuery {
        /// Also those that are gone.
        include_deleted: Option<bool>,
        /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
        /// The order.
        #[param(inline)]
        order: Option<Order>,
        /// Whether the order is reversed.
        descending: Option<bool>,
        /// The most rows.
        #[param(minimum = 1, maximum = 1000, default = 100)]
        limit: Option<u32>,
        /// `next` of the page before.
        cursor: Option<String>,
    }
}

filtered! {
    /// Which resources are counted.
    FacetsQuery {
        /// Also those that are gone.
        include_deleted: Option<bool>,
        /// As the estate was at a moment: a time, a day (at its end), `3d`, or `scan:12`.
        as_of: Option<String>,
    }
}

/// A page of resources.
#[derive(Debug, Serialize, ToSchema)]
#[expect(clippy::struct_field_names, reason = "the member is named for what it holds")]
pub(crate) struct Resources {
    /// The rows.
    resources: Vec<ResourceRow>,
    /// How many there are on all pages.
    total: u64,
    /// The cursor of the next page; null at the end.
    next: Option<String>,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// How many resources have a value.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, ToSchema)]
pub(crate) struct Facet {
    /// The value, as the parameter takes it; empty where there is none.
    value: String,
    /// How many.
    count: u64,
    /// What people call it, where that is known.
    #[serde(skip_serializing_if = "Option::is_none")]
    label: Option<String>,
}

/// The counts behind the filters. Each list leaves out the filter of its own, so that a choice can be widened.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facets {
    /// By type.
    #[serde(rename = "type")]
    kind: Vec<Facet>,
    /// By account.
    account: Vec<Facet>,
    /// By region.
    region: Vec<Facet>,
    /// By who answers for it.
    owner: Vec<Facet>,
    /// By network.
    network: Vec<Facet>,
    /// By whom it is assigned to.
    assigned_to: Vec<Facet>,
    /// By missing piece; a resource may miss several.
    gap: Vec<Facet>,
    /// Understood, and not understood.
    understood: Vec<Facet>,
    /// Exposed, and not exposed.
    exposed: Vec<Facet>,
    /// Stale, and not stale.
    stale: Vec<Facet>,
    /// Made by the provider, and not.
    provider_made: Vec<Facet>,
    /// Lists that had more than 500 values, and lost the rare ones.
    cut: Vec<&'static str>,
    /// How many fit the whole filter.
    total: u64,
    /// The moment that it is as of; null for now.
    as_of: Option<AsOfView>,
}

/// Resources, in pages
#[utoipa::path(get, path = "/resources", tag = "estate", operation_id = "resources", params(ResourcesQuery),
    responses(
        (status = 200, description = "The answer", body = Resources),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<ResourcesQuery>,
) -> Result<Json<Resources>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let mut filter = words.read(&state, visible.scope()).await?;
    filter.include_deleted = query.include_deleted.unwrap_or_default();
    let order = match query.order.unwrap_or_default() {
        Order::Uid => ResourceOrder::Uid,
        Order::Name => ResourceOrder::Name,
        Order::Type => ResourceOrder::Kind,
        Order::Account => ResourceOrder::Account,
        Order::Region => ResourceOrder::Region,
        Order::FirstSeen => ResourceOrder::FirstSeen,
        Order::LastSeen if as_of.is_some() => {
            return Err(Problem::parameter("order", "when a resource was seen last is known as of now only"));
        }
        Order::LastSeen => ResourceOrder::LastSeen,
    };
    let order = (order, query.descending.unwrap_or_default());
    let (cursor, now) = (query.cursor.map(Cursor::new), state.now());
    let page = state.store.estate_page(&filter, order, limit, cursor.as_ref(), as_of.as_ref(), now).await;
    let page = page.map_err(|error| match error {
        // Of what a client can send here, only the cursor is checked by the store.
        StoreError::Invalid { what } => Problem::parameter("cursor", what).hint(
            "use `next` of the page before, with the same filters and order; or leave it out to start again",
        ),
        error => error.into(),
    })?;
    Ok(Json(Resources {
        resources: rows(&state, page.rows, as_of.as_ref(), now).await?,
        total: page.total,
        next: page.next.map(|cursor| cursor.to_string()),
        as_of: as_of.as_ref().map(AsOfView::of),
    }))
}

/// Rows with what people do about them, which is known as of now only.
pub(super) async fn rows(
    state: &ApiState,
    placed: Vec<PlacedResource>,
    as_of: Option<&AsOf>,
    now: Timestamp,
) -> Result<Vec<ResourceRow>, Problem> {
    let uids: Vec<Uid> = placed.iter().map(|one| one.stored.resource.uid.clone()).collect();
    let assigned = if as_of.is_none() { assigned(state, &uids, now).await? } else { HashMap::new() };
    Ok(placed
        .into_iter()
        .map(|one| {
            let assigned = assigned.get(&one.stored.resource.uid).cloned().map(AssignmentView::from);
            ResourceRow { assigned, ..one.into() }
        })
        .collect())
}

/// The assignments of some resources.
pub(super) async fn assigned(
    state: &ApiState,
    uids: &[Uid],
    now: Timestamp,
) -> Result<HashMap<Uid, Assignment>, Problem> {
    let found = state.store.assignments_of(uids, now).await?;
    Ok(found.into_iter().map(|one| (one.uid.clone(), one)).collect())
}

/// How many resources each filter would leave
#[utoipa::path(get, path = "/resources/facets", tag = "estate", operation_id = "resource_facets", params(FacetsQuery),
    responses(
        (status = 200, description = "The answer", body = Facets),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn facets(
    State(state): State<ApiState>,
    visible: Visible,
    Query(mut query): Query<FacetsQuery>,
) -> Result<Json<Facets>, Problem> {
    let as_of = as_of(&state, query.as_of.as_deref()).await?;
    let words = query.words();
    words.check_as_of(as_of.as_ref())?;
    let mut filter = words.read(&state, visible.scope()).await?;
    filter.include_deleted = query.include_deleted.unwrap_or_default();
    let counted = state.store.estate_facets(&filter, as_of.as_ref(), state.now()).await?;
    Ok(Json(Facets::new(&state, counted, as_of.as_ref()).await?))
}

impl Facets {
    /// The counts, with names where they are known.
    pub(super) async fn new(
        state: &ApiState,
        counted: EstateFacets,
        as_of: Option<&AsOf>,
    ) -> Result<Self, Problem> {
        let networks: Vec<String> = counted.networks.iter().map(|(uid, _)| uid.clone()).collect();
        let networks = state.store.names_of(&networks).await?;
        let accounts = account_names(state).await?;
        let none = BTreeMap::new();
        // What does not exist any more, or is not kept for the past, is left out.
        let now_only = |counts: ValueCounts| if as_of.is_some() { Vec::new() } else { named(counts, &none) };
        Ok(Self {
            kind: named(counted.kinds, &none),
            account: named(counted.accounts, &accounts),
            region: named(counted.regions, &none),
            owner: named(counted.owners, &none),
            network: named(counted.networks, &networks),
            assigned_to: now_only(counted.assigned_to),
            gap: named(counted.gaps, &none),
            understood: named(counted.understood, &none),
            exposed: named(counted.exposed, &none),
            stale: now_only(counted.stale),
            provider_made: named(counted.provider_made, &none),
            cut: counted.cut,
            total: counted.total,
            as_of: as_of.map(AsOfView::of),
        })
    }
}

fn named(counts: ValueCounts, names: &BTreeMap<String, String>) -> Vec<Facet> {
    counts
        .into_iter()
        .map(|(value, count)| Facet { label: names.get(&value).cloned(), value, count })
        .collect()
}

/// Names of accounts, by their ids.
pub(super) async fn account_names(state: &ApiState) -> Result<BTreeMap<String, String>, Problem> {
    Ok(state.store.names_by_id(&state.content.places.accounts).await?)
}
