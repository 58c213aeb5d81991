//! The filter that all lists of resources take, and the moment that they may be as of.

use fathom_model::{DayEdge, Moment, Timestamp};
use fathom_store::{AsOf, EstateFilter, Scope, TagFilter};
use serde::Serialize;
use utoipa::ToSchema;

use crate::{problem::Problem, state::ApiState};

/// The longest text that is searched for.
const TEXT_BYTES_MAX: usize = 500;
/// The most tags that are asked for at once.
const TAGS_MAX: usize = 10;

/// Parameters of a list of resources: those of the filter, then its own.
macro_rules! filtered {
    ($(#[$meta:meta])* $name:ident { $($(#[$field_meta:meta])* $field:ident: $type:ty,)* }) => {
        $(#[$meta])*
        #[derive(Debug, Default, serde::Deserialize, utoipa::IntoParams)]
        #[serde(deny_unknown_fields, default)]
        #[into_params(parameter_in = Query)]
        pub(crate) struct $name {
            /// Only those whose uid, id or name contains this text, in any case of ASCII letters.
            search: Option<String>,
            /// Only these types; may be repeated.
            #[serde(rename = "type")]
            kind: Vec<String>,
            /// Only these accounts; may be repeated.
            account: Vec<String>,
            /// Only these regions; may be repeated.
            region: Vec<String>,
            /// Only those that these answer for, as the statement that holds says; may be repeated. Empty: nobody is known.
            owner: Vec<String>,
            /// Only those in these networks, by their uids; may be repeated. Empty: those in none.
            network: Vec<String>,
            /// Only those that are assigned to these; may be repeated. Empty: to nobody.
            assigned_to: Vec<String>,
            /// Only those that miss one of these pieces, as the list of unknowns names them; may be repeated.
            gap: Vec<String>,
            /// Only those that are, or are not, understood.
            understood: Option<bool>,
            /// Only those whose own settings say, or do not say, that they may be reached from outside.
            exposed: Option<bool>,
            /// Only those of which the last scan could not, or could, say whether they still exist.
            stale: Option<bool>,
            /// Only those that the provider itself made, or did not make.
            provider_made: Option<bool>,
            /// Only those that a scan saw for the first time since then: a time, a day, `7d`, or `scan:12`.
            first_seen_since: Option<String>,
            /// Only those with this tag: `key`, or `key=value`; may be repeated, and then all have to be there.
            tag: Vec<String>,
            $($(#[$field_meta])* $field: $type,)*
        }

        impl $name {
            /// The words of the filter, taken out.
            fn words(&mut self) -> $crate::routes::filter::FilterWords {
                $crate::routes::filter::FilterWords {
                    search: self.search.take(),
                    kind: std::mem::take(&mut self.kind),
                    account: std::mem::take(&mut self.account),
                    region: std::mem::take(&mut self.region),
                    owner: std::mem::take(&mut self.owner),
                    network: std::mem::take(&mut self.network),
                    assigned_to: std::mem::take(&mut self.assigned_to),
                    gap: std::mem::take(&mut self.gap),
                    understood: self.understood,
                    exposed: self.exposed,
                    stale: self.stale,
                    provider_made: self.provider_made,
                    first_seen_since: self.first_seen_since.take(),
                    tag: std::mem::take(&mut self.tag),
                }
            }
        }
    };
}
pub(crate) use filtered;

/// The filter as it was written.
#[derive(Debug, Default)]
pub(crate) struct FilterWords {
    pub(crate) search: Option<String>,
    pub(crate) kind: Vec<String>,
    pub(crate) account: Vec<String>,
    pub(crate) region: Vec<String>,
    pub(crate) owner: Vec<String>,
    pub(crate) network: Vec<String>,
    pub(crate) assigned_to: Vec<String>,
    pub(crate) gap: Vec<String>,
    pub(crate) understood: Option<bool>,
    pub(crate) exposed: Option<bool>,
    pub(crate) stale: Option<bool>,
    pub(crate) provider_made: Option<bool>,
    pub(crate) first_seen_since: Option<String>,
    pub(crate) tag: Vec<String>,
}

impl FilterWords {
    /// The filter, for whoever may see a part.
    pub(crate) async fn read(self, state: &ApiState, scope: &Scope) -> Result<EstateFilter, Problem> {
        let long =
            |name: &str| Problem::parameter(name, format!("`{name}` has at most {TEXT_BYTES_MAX} bytes"));
        if self.search.as_ref().is_some_and(|text| text.len() > TEXT_BYTES_MAX) {
            return Err(long("search"));
        }
        if self.tag.iter().any(|tag| tag.len() > TEXT_BYTES_MAX) {
            return Err(long("tag"));
        }
        if self.tag.len() > TAGS_MAX {
            return Err(Problem::parameter("tag", format!("at most {TAGS_MAX} tags are asked for at once")));
        }
        let first_seen_since = match &self.first_seen_since {
            None => None,
            Some(text) => Some(since(state, "first_seen_since", text).await?),
        };
        Ok(EstateFilter {
            scope: scope.clone(),
            kinds: self.kind.into_iter().map(Into::into).collect(),
            accounts: self.account.into_iter().map(Into::into).collect(),
            regions: self.region.into_iter().map(Into::into).collect(),
            owners: self.owner,
            networks: self.network,
            assigned_to: self.assigned_to,
            gaps: self.gap,
            text: self.search.filter(|text| !text.is_empty()),
            tags: self.tag.iter().map(|tag| tag_filter(tag)).collect::<Result<_, _>>()?,
            understood: self.understood,
            exposed: self.exposed,
            stale: self.stale,
            provider_made: self.provider_made,
            first_seen_since,
            include_deleted: false,
        })
    }

    /// Refuses what is not kept for the past.
    pub(crate) fn check_as_of(&self, as_of: Option<&AsOf>) -> Result<(), Problem> {
        let asked = [("stale", self.stale.is_some()), ("assigned_to", !self.assigned_to.is_empty())];
        match asked.iter().find(|(_, asked)| *asked && as_of.is_some()) {
            Some((name, _)) => Err(Problem::parameter(
                name,
                format!("`{name}` is known as of now only; leave out `as_of` or `{name}`"),
            )),
            None => Ok(()),
        }
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

/// The time that a moment begins at.
pub(crate) async fn since(state: &ApiState, name: &str, text: &str) -> Result<Timestamp, Problem> {
    let moment: Moment = text.parse().map_err(|error| Problem::parameter(name, format!("{error}")))?;
    if let Some(time) = moment.time(state.now(), DayEdge::Begin) {
        return Ok(time);
    }
    let scan = state.store.scan_of(&moment, DayEdge::Begin, state.now()).await?;
    scan.finished_at.ok_or_else(|| Problem::parameter(name, "this scan has not ended"))
}

/// Since when an answer holds.
#[derive(Debug, Clone, Serialize, ToSchema)]
pub(crate) struct AsOfView {
    /// The scan that left the estate so.
    scan: i64,
    /// When it ended.
    #[schema(value_type = Option<String>, format = DateTime)]
    at: Option<Timestamp>,
    /// The moment that was asked for.
    #[schema(value_type = String, format = DateTime)]
    moment: Timestamp,
    /// Where a compaction let go of the state at the moment itself: what stands here instead.
    note: Option<String>,
}

impl AsOfView {
    pub(crate) fn of(as_of: &AsOf) -> Self {
        let past = as_of.past();
        Self {
            scan: past.scan().id,
            at: past.scan().finished_at,
            moment: past.moment(),
            note: past.let_go().map(|scan| {
                format!(
                    "the state as of scan {} is not kept any more; this is the nearest before it",
                    scan.id
                )
            }),
        }
    }
}

/// The moment that a parameter names.
pub(crate) async fn as_of(state: &ApiState, text: Option<&str>) -> Result<Option<AsOf>, Problem> {
    let Some(text) = text else { return Ok(None) };
    let moment: Moment = text.parse().map_err(|error| Problem::parameter("as_of", format!("{error}")))?;
    Ok(Some(state.store.as_of(&moment, state.now()).await?))
}
