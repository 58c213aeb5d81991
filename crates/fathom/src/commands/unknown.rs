//! `fathom unknown`: the list.

use anyhow::Result;
use fathom_model::Unknown;
use fathom_store::{MAX_LIMIT, UnknownQuery};

use crate::{
    args::{Global, UnknownArgs},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, args: UnknownArgs) -> Result<()> {
    let store = wiring::reader(global).await?;
    let is_narrow = args.kind.is_some() || args.account.is_some();
    let query = UnknownQuery {
        kinds: args.kind.into_iter().map(Into::into).collect(),
        accounts: args.account.into_iter().map(Into::into).collect(),
        include_accepted: args.accepted,
        limit: args.limit.clamp(1, MAX_LIMIT),
        ..UnknownQuery::default()
    };
    let page = store.unknowns(&query, wiring::now()).await?;
    let listed = page.rows;
    if global.json {
        return render::print_json(&listed);
    }
    if listed.is_empty() {
        return render::print(match store.latest_scan().await? {
            // A mistyped type must not read as a clean estate.
            Some(_) if is_narrow => {
                "Nothing on the list is of this type and account; without --type and --account it is whole."
            }
            Some(_) => "Nothing: every resource is understood. `fathom coverage` says what was not read.",
            None => "No scan has ended yet; run `fathom scan`.",
        });
    }
    render::print(rows(&listed))?;
    let summary = store.summary().await?;
    let total: u64 = summary.iter().map(|row| row.total).sum();
    let understood: u64 = summary.iter().map(|row| row.understood).sum();
    render::print(styled(
        render::QUIET,
        format!(
            "\n{} of {} not understood; shown: {}, worst first. `fathom explain <id>` says what is known of one.",
            total - understood,
            render::count(total, "resource"),
            listed.len()
        ),
    ))
}

/// The list as a table.
pub(crate) fn rows(listed: &[Unknown]) -> String {
    render::table(
        &["#", "resource", "type", "account", "region", "because", "missing"],
        listed.iter().map(|unknown| {
            let name = unknown.name.as_deref().unwrap_or_else(|| short(unknown.uid.as_str()));
            let missing: Vec<String> = unknown
                .gaps
                .iter()
                .map(|gap| match (&gap.accepted, gap.reason) {
                    (Some(accepted), _) => styled(
                        render::QUIET,
                        format!("{} accepted until {}", clean(&gap.part), day(accepted.until)),
                    ),
                    (None, Some(reason)) => {
                        styled(render::ATTENTION, format!("{} ({reason})", clean(&gap.part)))
                    }
                    (None, None) => clean(&gap.part),
                })
                .collect();
            vec![
                unknown.rank.to_string(),
                clean(name),
                kind(unknown.kind.as_str()),
                clean(unknown.account.as_str()),
                clean(unknown.region.as_str()),
                unknown.because.join(", "),
                missing.join(", "),
            ]
        }),
    )
}

/// `AWS::EC2::Instance` as people say it: `EC2 Instance`.
pub(crate) fn kind(kind: &str) -> String {
    clean(kind.strip_prefix("AWS::").unwrap_or(kind)).replace("::", " ")
}

/// The last part of an ARN.
pub(crate) fn short(uid: &str) -> &str {
    uid.rsplit([':', '/']).next().unwrap_or(uid)
}

/// A time's day.
pub(crate) fn day(at: fathom_model::Timestamp) -> String {
    at.strftime("%Y-%m-%d").to_string()
}
