//! Everybody at once: who can become more, and how soon.

use fathom_iam::organisation::Kind;
use serde::Serialize;

use crate::{
    chain::{Goal, Reached, Steps, What},
    ways::Ways,
};

/// Everybody who can become more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Everyone {
    /// Those first who can take over an account, and of them who is surest and needs the fewest steps.
    pub principals: Vec<Climber>,
    /// How many users, roles and root users were asked about.
    pub asked: usize,
    /// How many of them may do everything in their account already.
    pub administrators: usize,
    /// Whether a search ended at its limit before all was followed.
    pub cut: bool,
}

/// One who can become more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Climber {
    /// Its ARN; of a root user the account.
    pub principal: String,
    /// What it is.
    pub kind: Kind,
    /// The accounts that it can take over.
    pub accounts: Vec<String>,
    /// How many users and roles it can become, or give more permissions.
    pub others: usize,
    /// The shortest way to the first of all.
    pub nearest: Reached,
}

impl Ways<'_> {
    /// Asks what each user, role and root user can become. `is_wanted` says which of that counts.
    ///
    /// # Errors
    /// When a question is not of its form; the text names what.
    pub fn everyone(&self, is_wanted: impl Fn(&Goal) -> bool) -> Result<Everyone, String> {
        let mut all = Everyone { principals: Vec::new(), asked: 0, administrators: 0, cut: false };
        for number in 0..self.principals() {
            all.asked += 1;
            all.administrators += usize::from(self.administers(number).is_some());
            let reach = self.followed(number)?;
            all.cut |= reach.cut;
            let mut goals = self.goals(&reach);
            goals.retain(&is_wanted);
            let Some(first) = goals.first() else { continue };
            let Some(nearest) = self.reached(&reach, first.at, &mut Steps::default())? else { continue };
            let Some((principal, kind)) = self.world.index.principal(number) else { continue };
            let accounts = goals.iter().filter(|one| one.what == What::Account);
            let accounts: Vec<String> = accounts.map(|one| one.name.clone()).collect();
            let others = goals.len() - accounts.len();
            all.principals.push(Climber { principal: principal.to_owned(), kind, accounts, others, nearest });
        }
        all.principals.sort_by_cached_key(|one| {
            let steps = one.nearest.taken().count();
            (one.accounts.is_empty(), one.nearest.decision, steps, one.principal.clone())
        });
        Ok(all)
    }
}
