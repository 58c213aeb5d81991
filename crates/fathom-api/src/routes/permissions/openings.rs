//! What is open to the outside.

use std::sync::Arc;

use axum::{Json, extract::State};
use fathom_access::{Openings, Origin};
use fathom_content::{Vendor, Vendors};
use serde::{Deserialize, Serialize};
use utoipa::{IntoParams, ToSchema};

use super::{
    Page, PermissionsAsOf, context,
    kept::{WithKeyView, with_key},
    permitted, refused,
    views::{AccessKind, AskerView, OpeningFrom, PermittedView},
};
use crate::{
    extract::{Query, shown},
    permitting,
    problem::{Code, Problem, ProblemView, chain},
    state::ApiState,
};

/// Characters of a day, `2027-01-31`, at the beginning of a time.
const DAY_CHARS: usize = 10;

/// From where.
#[derive(Debug, Default, Deserialize, IntoParams)]
#[serde(deny_unknown_fields, default)]
#[into_params(parameter_in = Query)]
pub(crate) struct OpeningsQuery {
    /// Only from there: `public`, `external`, `federated`, `confined`, `cross_account`, `service`; several with commas or
    /// repeated. All where it is left out.
    from: Vec<String>,
    /// Only these kinds of access; may be repeated.
    #[param(inline)]
    kind: Vec<AccessKind>,
    /// What is known of the requests, as `KEY=VALUE`; may be repeated.
    context: Vec<String>,
    /// `next` of the page before.
    cursor: Option<u64>,
    /// The most rows.
    #[param(minimum = 1, maximum = 1000, default = 100)]
    limit: Option<u32>,
}

/// Somebody from outside whom a resource lets in.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpeningRow {
    /// From where.
    from: OpeningFrom,
    /// The resource.
    resource: String,
    /// Its type.
    resource_type: String,
    /// The account that owns it; null where it is not known.
    account: Option<String>,
    /// Who.
    #[serde(flatten)]
    asker: AskerView,
    /// What they may do, as far as the resource's side decides: their own accounts must allow it too.
    permitted: Vec<PermittedView>,
    /// What the key under which the resource is kept says of it; nothing where there is none.
    with_key: Vec<WithKeyView>,
    /// The account outside that somebody comes from; null for everyone, services and identity providers.
    from_account: Option<String>,
    /// Whose account that is, as `fathom.yaml` says or AWS documents; null where nobody has said.
    vendor: Option<VendorView>,
    /// Whether the account is of no vendor that somebody named: who is this?
    not_named: bool,
}

/// Whose an account is.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct VendorView {
    /// What people call them.
    name: String,
    /// What they do; null where nobody has said.
    purpose: Option<String>,
    /// The last day on which they should have access; null where there is none.
    until: Option<String>,
    /// Whether that day is over.
    over: bool,
    /// The page of AWS that says so; null where users do.
    source: Option<String>,
}

fn vendor(vendor: Vendor, today: &str) -> VendorView {
    let over = vendor.is_over(today);
    VendorView {
        name: vendor.name,
        purpose: vendor.purpose,
        until: vendor.until,
        over,
        source: vendor.source,
    }
}

/// How many rows there are from somewhere, over all pages and whatever is asked for.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpeningCount {
    /// From where.
    from: OpeningFrom,
    /// Rows.
    count: u64,
}

/// What is open to the outside.
#[derive(Debug, Serialize, ToSchema)]
pub(crate) struct OpeningsAnswer {
    /// Who is let in, the most worrying first.
    rows: Vec<OpeningRow>,
    /// How many these are, over all pages.
    total: u64,
    /// Where the next page begins; null on the last.
    next: Option<u64>,
    /// How many there are from where.
    counts: Vec<OpeningCount>,
    /// How many resources keep a policy, a list or grants of their own.
    resources: u64,
    /// Resources that were not asked about, since the catalogue knows no action on them.
    not_asked: Vec<String>,
    /// What was not read that may decide.
    gaps: Vec<String>,
    /// The scan that it is as of.
    as_of: PermissionsAsOf,
}

/// Whom resources let in from outside their account
#[utoipa::path(get, path = "/permissions/openings", tag = "permissions", operation_id = "openings", params(OpeningsQuery),
    responses(
        (status = 200, description = "The answer", body = OpeningsAnswer),
        (status = "default", description = "A problem", body = ProblemView, content_type = "application/problem+json"),
    ))]
pub(crate) async fn openings(
    State(state): State<ApiState>,
    Query(query): Query<OpeningsQuery>,
) -> Result<Json<OpeningsAnswer>, Problem> {
    let wanted = wanted(&query.from)?;
    let given = (!query.context.is_empty()).then(|| context(&query.context)).transpose()?;
    let page = Page::read(query.cursor, query.limit)?;
    let snapshot = permitting::snapshot(&state).await?;
    let asking = Arc::clone(&snapshot);
    let mut found: Openings = permitting::ask(&state, move || {
        let found = match &given {
            Some(given) => asking.permissions.openings(&Origin::ALL, given),
            None => asking.openings().cloned(),
        };
        found.map_err(|error| refused("", error))
    })
    .await?;
    let (vendors, unread) = vendors(&state)?;
    found.name(&vendors);
    found.gaps.extend(unread);
    let today: String = state.now().to_string().chars().take(DAY_CHARS).collect();
    let mut all = Vec::new();
    for row in found.rows {
        let not_named = row.is_unnamed();
        let permitted = permitted(row.permitted, &query.kind);
        if permitted.is_empty() {
            continue;
        }
        all.push(OpeningRow {
            from: row.from.into(),
            resource: row.resource,
            resource_type: row.resource_type,
            account: row.account,
            asker: row.asker.into(),
            with_key: with_key(row.with_key, &permitted),
            permitted,
            from_account: row.from_account,
            vendor: row.vendor.map(|one| vendor(one, &today)),
            not_named,
        });
    }
    let counts = Origin::ALL.map(|from| {
        let from = OpeningFrom::from(from);
        OpeningCount { from, count: all.iter().filter(|row| row.from == from).count() as u64 }
    });
    all.retain(|row| wanted.contains(&row.from));
    let total = all.len();
    Ok(Json(OpeningsAnswer {
        rows: page.cut(all),
        total: total as u64,
        next: page.next(total),
        counts: counts.into(),
        resources: found.resources as u64,
        not_asked: found.unknown,
        gaps: found.gaps,
        as_of: PermissionsAsOf::of(&snapshot),
    }))
}

/// Whose accounts are, and why what users say of that did not read.
pub(in crate::routes) fn vendors(state: &ApiState) -> Result<(Vendors, Option<String>), Problem> {
    let known = Vendors::built_in().map_err(|error| Problem::new(Code::Internal, chain(&error)))?.clone();
    Ok(match state.vendors.as_ref().map(|read| read()) {
        None => (known, None),
        Some(Ok(own)) => (known.with(&own), None),
        Some(Err(why)) => (known, Some(format!("whose accounts outside are: {why}"))),
    })
}

/// The words of a list, apart.
fn wanted(texts: &[String]) -> Result<Vec<OpeningFrom>, Problem> {
    if texts.is_empty() {
        return Ok(Origin::ALL.map(OpeningFrom::from).into());
    }
    let read = |word: &str| {
        Origin::ALL.into_iter().find(|from| from.word() == word).map(OpeningFrom::from).ok_or_else(|| {
            let words: Vec<&str> = Origin::ALL.into_iter().map(Origin::word).collect();
            Problem::parameter("from", format!("`{}` is not one of {}", shown(word), words.join(", ")))
        })
    };
    texts.iter().flat_map(|text| text.split(',')).map(|word| read(word.trim())).collect()
}
