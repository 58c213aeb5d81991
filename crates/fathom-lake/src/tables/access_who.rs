//! `access_who`: whom resources let in from outside their account, worked out when it is asked for.

use std::{ops::ControlFlow, sync::Arc};

use fathom_access::{Openings, Origin, Permissions, Resource};
use fathom_catalogue::Kind as Action;
use fathom_content::Vendors;
use fathom_iam::{Context, organisation::Asker};

use super::{
    Ask, Asked, Field, Kind, Shared,
    access::{self, check_words, kind_word, told, worked_out},
};
use crate::{
    batch::Batches,
    source::{NoAnswer, Source, SourceError},
};

pub(super) const ABOUT: &str = "Whom resources let in from outside their account, by their own policies, lists and grants, one row an action; what the others' own accounts allow is taken for granted";

/// Columns of which conditions are handed down.
pub(super) const NARROW: &[&str] =
    &["origin", "resource", "resource_type", "account", "principal_kind", "access", "action", "decision"];

/// The column that says whose an account is.
const VENDOR: &str = "vendor";

/// One opening and one action, or what is not known of a resource.
pub(super) struct OpenRow {
    resource: Arc<Resource>,
    opening: Option<(Origin, Arc<Asker>, Action, String)>,
    vendor: Option<Arc<str>>,
    decision: &'static str,
    gap: Option<String>,
}

pub(super) const FIELDS: &[Field<OpenRow>] = &[
    Field::new(
        "origin",
        Kind::Text,
        "from where they come, the most worrying first: public, external (no account of yours), federated, confined (everyone, under a condition that says who), cross_account, service; null where `gap` says what is not known",
        |row| row.opening.as_ref().map(|(from, ..)| from.word()).into(),
    ),
    Field::new("resource", Kind::Text, "the resource's ARN", |row| row.resource.target.arn.as_str().into()),
    Field::new("resource_type", Kind::Text, "its type, like AWS::S3::Bucket", |row| {
        row.resource.kind.as_str().into()
    }),
    Field::new("account", Kind::Text, "the account that owns it", |row| {
        row.resource.target.account.as_deref().into()
    }),
    Field::new(
        "principal",
        Kind::Text,
        "who: an account, an ARN, a service, an identity provider, `*` for everyone",
        |row| row.opening.as_ref().map(|(_, asker, ..)| asker.principal.as_str()).into(),
    ),
    Field::new("principal_kind", Kind::Text, "anyone, any_account, outside, federated, service", |row| {
        row.opening.as_ref().map(|(_, asker, ..)| kind_word(asker.kind)).into()
    }),
    Field::new(
        VENDOR,
        Kind::Text,
        "whose account that is, as `vendors` in fathom.yaml says, or AWS of its own accounts; null where nobody has said",
        |row| row.vendor.as_deref().into(),
    ),
    Field::new("access", Kind::Text, "the kind of access: list, read, data, tagging, write, admin", |row| {
        row.opening.as_ref().map(|(_, _, access, _)| access.name()).into()
    }),
    Field::new("action", Kind::Text, "the action, like s3:GetObject", |row| {
        row.opening.as_ref().map(|(.., action)| action.as_str()).into()
    }),
    Field::new(
        "decision",
        Kind::Text,
        "allowed; only_if something holds that is not known; unknown, since it depends on what was not read",
        |row| row.decision.into(),
    ),
    Field::new("gap", Kind::Text, "what was not read, or cannot be asked, that may let in more", |row| {
        row.gap.as_deref().into()
    }),
];

/// Works it out, for what the conditions leave.
pub(super) fn read(source: &Arc<dyn Source>, ask: Ask) -> Batches {
    let asked = ask.asked.clone();
    let is_named =
        ask.columns.iter().any(|column| FIELDS.get(*column).is_some_and(|field| field.name == VENDOR));
    let shared = Arc::clone(&ask.permissions);
    worked_out(source, ask, FIELDS, move |permissions, tell| {
        let vendors = if is_named { vendors(&shared)? } else { Vendors::default() };
        openings(permissions, &asked, &vendors, tell)
    })
}

/// Whose accounts outside are: what AWS documents of its own, and what users say, who win.
fn vendors(shared: &Shared) -> Result<Vendors, SourceError> {
    let known = Vendors::built_in()?.clone();
    match shared.vendors.as_ref().map(|read| read()) {
        None => Ok(known),
        Some(Ok(own)) => Ok(known.with(&own)),
        Some(Err(why)) => Err(SourceError::from(NoAnswer {
            message: format!("whose accounts outside are cannot be read: {why}"),
            hint: Some(format!("a query without the column `{VENDOR}` does not need it")),
        })),
    }
}

fn openings(
    permissions: &Permissions,
    asked: &Asked,
    vendors: &Vendors,
    tell: &mut dyn FnMut(Vec<OpenRow>) -> ControlFlow<()>,
) -> Result<(), SourceError> {
    check_words(asked, "origin", &Origin::ALL.map(Origin::word))?;
    check_words(asked, "principal_kind", &access::WHO.map(kind_word))?;
    check_words(asked, "decision", &access::DECISIONS)?;
    access::access_of(asked)?;
    let any = |column: &str, value: Option<&str>| {
        asked
            .texts
            .get(column)
            .is_none_or(|texts| value.is_some_and(|value| texts.iter().any(|one| one == value)))
    };
    for resource in permissions.resources.values() {
        let is_asked = any("resource", Some(&resource.target.arn))
            && any("resource_type", Some(&resource.kind))
            && any("account", resource.target.account.as_deref());
        let rows = if is_asked {
            let mut found = permissions.openings_of(resource, &Origin::ALL, &Context::new()).map_err(told)?;
            found.name(vendors);
            rows(resource, found)
        } else {
            Vec::new()
        };
        if tell(rows).is_break() {
            break;
        }
    }
    Ok(())
}

fn rows(resource: &Resource, found: Openings) -> Vec<OpenRow> {
    if found.rows.is_empty() && found.gaps.is_empty() && found.unknown.is_empty() {
        return Vec::new();
    }
    let resource = Arc::new(resource.clone());
    let mut rows = Vec::new();
    let unknown = found.unknown.iter().map(|_| "no action of the catalogue fits".to_owned());
    for gap in found.gaps.into_iter().chain(unknown) {
        let (resource, gap) = (Arc::clone(&resource), Some(gap));
        rows.push(OpenRow { resource, opening: None, vendor: None, decision: "unknown", gap });
    }
    for opening in found.rows {
        let asker = Arc::new(opening.asker);
        let vendor: Option<Arc<str>> = opening.vendor.map(|vendor| vendor.name.into());
        for permitted in opening.permitted {
            for action in permitted.actions {
                rows.push(OpenRow {
                    resource: Arc::clone(&resource),
                    opening: Some((opening.from, Arc::clone(&asker), permitted.access, action)),
                    vendor: vendor.clone(),
                    decision: permitted.decision.word(),
                    gap: None,
                });
            }
        }
    }
    rows
}
