//! Resources: search, filter, page, and the counts behind the filters.

use axum::{Json, extract::State};
use fathom_store::{Cursor, ResourceOrder, ResourceQuery, StoreError, TagFilter};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{ROWS_DEFAULT, ROWS_MAX};
use crate::{
    extract::{Query, within},
    problem::{Problem, ProblemView},
    state::ApiState,
    views::ResourceRow,
};

/// The longest text that is searched for.
const TEXT_BYTES_MAX: usize = 500;

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

/// Which resources.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct ResourcesQuery {
    /// Only those whose uid, id or name contains this text.
    search: Option<String>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// Only those that are, or are not, understood.
    understood: Option<bool>,
    /// Only those with this tag: `key`, or `key=value`.
    tag: Option<String>,
    /// Also those that are gone.
    include_deleted: Option<bool>,
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

/// Which resources are counted.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct FacetsQuery {
    /// Only those whose uid, id or name contains this text.
    search: Option<String>,
    /// Only these types; may be repeated.
    #[serde(rename = "type")]
    kind: Vec<String>,
    /// Only these accounts; may be repeated.
    account: Vec<String>,
    /// Only these regions; may be repeated.
    region: Vec<String>,
    /// Only those that are, or are not, understood.
    understood: Option<bool>,
    /// Only those with this tag: `key`, or `key=value`.
    tag: Option<String>,
    /// Also those that are gone.
    include_deleted: Option<bool>,
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
}

/// How many resources have a value.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct Facet {
    /// The value, as the parameter takes it.
    value: String,
    /// How many.
    count: u64,
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
    /// Understood, and not understood.
    understood: Vec<Facet>,
}

/// Resources, in pages
#[utoipa::path(get, path = "/resources", tag = "estate", operation_id = "resources", params(ResourcesQuery),
    responses(
        (status = 200, description = "The answer", body = Resources),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn list(
    State(state): State<ApiState>,
    Query(query): Query<ResourcesQuery>,
) -> Result<Json<Resources>, Problem> {
    let limit = within("limit", query.limit, ROWS_DEFAULT, &(1..=ROWS_MAX))?;
    let filter = FacetsQuery {
        search: query.search,
        kind: query.kind,
        account: query.account,
        region: query.region,
        understood: query.understood,
        tag: query.tag,
        include_deleted: query.include_deleted,
    };
    let query = ResourceQuery {
        order: match query.order.unwrap_or_default() {
            Order::Uid => ResourceOrder::Uid,
            Order::Name => ResourceOrder::Name,
            Order::Type => ResourceOrder::Kind,
            Order::Account => ResourceOrder::Account,
            Order::Region => ResourceOrder::Region,
            Order::FirstSeen => ResourceOrder::FirstSeen,
            Order::LastSeen => ResourceOrder::LastSeen,
        },
        descending: query.descending.unwrap_or_default(),
        limit,
        cursor: query.cursor.map(Cursor::new),
        ..filter.read()?
    };
    let page = state.store.resources(&query).await.map_err(|error| match error {
        // Of what a client can send here, only the cursor is checked by the store.
        StoreError::Invalid { what } => Problem::parameter("cursor", what).hint(
            "use `next` of the page before, with the same filters and order; or leave it out to start again",
        ),
        error => error.into(),
    })?;
    Ok(Json(Resources {
        resources: page.rows.into_iter().map(Into::into).collect(),
        total: page.total,
        next: page.next.map(|cursor| cursor.to_string()),
    }))
}

/// How many resources each filter would leave
#[utoipa::path(get, path = "/resources/facets", tag = "estate", operation_id = "resource_facets", params(FacetsQuery),
    responses(
        (status = 200, description = "The answer", body = Facets),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn facets(
    State(state): State<ApiState>,
    Query(query): Query<FacetsQuery>,
) -> Result<Json<Facets>, Problem> {
    let facets = state.store.facets(&query.read()?).await?;
    fn list<T: ToString>(counts: Vec<(T, u64)>) -> Vec<Facet> {
        counts.into_iter().map(|(value, count)| Facet { value: value.to_string(), count }).collect()
    }
    Ok(Json(Facets {
        kind: list(facets.kinds),
        account: list(facets.accounts),
        region: list(facets.regions),
        understood: list(facets.understood),
    }))
}

impl FacetsQuery {
    fn read(self) -> Result<ResourceQuery, Problem> {
        for (name, text) in [("search", &self.search), ("tag", &self.tag)] {
            if text.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
                return Err(Problem::parameter(name, format!("`{name}` has at most {TEXT_BYTES_MAX} bytes")));
            }
        }
        let tag = match self.tag {
            Some(tag) => Some(tag_filter(&tag)?),
            None => None,
        };
        Ok(ResourceQuery {
            kinds: self.kind.into_iter().map(Into::into).collect(),
            accounts: self.account.into_iter().map(Into::into).collect(),
            regions: self.region.into_iter().map(Into::into).collect(),
            text: self.search.filter(|text| !text.is_empty()),
            tag,
            understood: self.understood,
            include_deleted: self.include_deleted.unwrap_or_default(),
            ..ResourceQuery::default()
        })
    }
}

fn tag_filter(text: &str) -> Result<TagFilter, Problem> {
    let (key, value) = match text.split_once('=') {
        Some((key, value)) => (key, Some(value.to_owned())),
        None => (text, None),
    };
    if key.is_empty() {
        return Err(
            Problem::parameter("tag", "`tag` has no key").hint("write `tag=key`, or `tag=key=value` escaped")
        );
    }
    Ok(TagFilter { key: key.to_owned(), value })
}
