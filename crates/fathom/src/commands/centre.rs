//! Who gets roles through the identity centre, beside answers that name such roles.

use std::collections::BTreeSet;

use anyhow::Result;
use fathom_access::{Assigned, Assignee, Centre};
use fathom_store::Store;

use crate::{
    render::{self, clean, styled},
    wiring,
};

/// People of a group, and roles of an answer, that are shown; `--json` has all.
const SHOWN: usize = 10;

/// Who gets the roles among some principals through the identity centre.
pub(super) async fn of(store: &Store, principals: impl Iterator<Item = &str>) -> Result<Vec<Assigned>> {
    let roles: BTreeSet<&str> = principals.filter(|one| one.contains("/sso.amazonaws.com/")).collect();
    if roles.is_empty() {
        return Ok(Vec::new());
    }
    let centre = Centre::load(store, wiring::now()).await?;
    Ok(roles.into_iter().filter_map(|role| centre.of_role(role)).collect())
}

pub(super) fn print(assigned: &[Assigned]) -> Result<()> {
    if assigned.is_empty() {
        return Ok(());
    }
    let rows = assigned.iter().take(SHOWN).map(|one| {
        let mut who: Vec<String> = one.assignees.iter().map(assignee).collect();
        if let Some(gap) = &one.gap {
            who.push(styled(render::ATTENTION, format!("UNKNOWN who else: {}", clean(gap))));
        } else if who.is_empty() {
            who.push("nobody is assigned".to_owned());
        }
        vec![
            clean(one.role.rsplit('/').next().unwrap_or_default()),
            clean(account(&one.role)),
            who.join("\n"),
        ]
    });
    render::print(format!("\n{}", styled(render::STRONG, "through the identity centre")))?;
    render::print(render::table(&["role", "account", "who"], rows))?;
    if assigned.len() > SHOWN {
        render::print(format!("and {} more: --json", assigned.len() - SHOWN))?;
    }
    Ok(())
}

fn account(arn: &str) -> &str {
    fathom_access::account_of(arn).unwrap_or_default()
}

fn assignee(one: &Assignee) -> String {
    if one.kind != "GROUP" {
        return format!("user {}", clean(&one.name));
    }
    let group = format!("group {}", clean(&one.name));
    match &one.members {
        None => format!("{group}, {}", styled(render::ATTENTION, "UNKNOWN who is in it")),
        Some(members) if members.is_empty() => format!("{group}, without anybody in it"),
        Some(members) => {
            let mut names: Vec<String> = members.iter().take(SHOWN).map(|name| clean(name)).collect();
            if members.len() > SHOWN {
                names.push(format!("and {} more", members.len() - SHOWN));
            }
            format!("{group}: {}", names.join(", "))
        }
    }
}
