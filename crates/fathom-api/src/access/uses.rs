//! When sessions and tokens were used last: known at once in memory, kept every half minute.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
};

use fathom_model::Timestamp;
use fathom_store::{SYSTEM_ACTOR, SessionEnd, Store};
use jiff::SignedDuration;
use serde_json::json;

use super::{Access, Caller, NOBODY, Who, enter::over, told::entry};
use crate::{problem::chain, state::ApiState};

/// How old what is kept may be.
const KEPT_EVERY: SignedDuration = SignedDuration::from_secs(30);
/// How long sessions and tokens that ended are kept; the ledger tells of them for ever.
const FORGET_AFTER: SignedDuration = SignedDuration::from_hours(30 * 24);

/// What was used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Key {
    Session(i64),
    Token(i64),
}

#[derive(Debug, Clone, Copy)]
struct Used {
    at: Timestamp,
    kept: Option<Timestamp>,
}

/// When sessions and tokens were used last.
#[derive(Debug, Default)]
pub(super) struct Uses(Mutex<HashMap<Key, Used>>);

impl Uses {
    /// Notes a use; says whether it is to be kept now.
    fn note(&self, key: Key, now: Timestamp) -> bool {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let used = all.entry(key).or_insert(Used { at: now, kept: None });
        used.at = used.at.max(now);
        let is_due = used.kept.is_none_or(|kept| now.duration_since(kept) >= KEPT_EVERY);
        if is_due {
            used.kept = Some(now);
        }
        is_due
    }

    fn at(&self, key: Key) -> Option<Timestamp> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(&key).map(|used| used.at)
    }

    /// What has not been kept yet; all that is older than a day is forgotten.
    fn take(&self, now: Timestamp) -> Vec<(Key, Timestamp)> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.retain(|_, used| now.duration_since(used.at) < SignedDuration::from_hours(24));
        let mut due = Vec::new();
        for (key, used) in all.iter_mut() {
            if used.kept != Some(used.at) {
                used.kept = Some(used.at);
                due.push((*key, used.at));
            }
        }
        due
    }
}

impl Access {
    /// When a session was used last; `kept` is what the store says.
    pub(crate) fn used_at(&self, session: i64, kept: Timestamp) -> Timestamp {
        self.0.uses.at(Key::Session(session)).map_or(kept, |at| at.max(kept))
    }

    /// The caller with a session that was used just now.
    pub(crate) fn now_used(&self, state: &ApiState, mut caller: Caller) -> Caller {
        let now = state.now();
        self.note_use(state, &caller, now);
        if let Some(session) = &mut caller.session {
            session.used_at = session.used_at.max(now);
        }
        caller
    }

    /// Notes that a caller made a request.
    pub(super) fn note_use(&self, state: &ApiState, caller: &Caller, now: Timestamp) {
        let key = match (caller.who(), caller.session()) {
            (_, Some(session)) => Key::Session(session.id),
            (Who::Token(id), None) => Key::Token(id),
            (_, None) => return,
        };
        if self.0.uses.note(key, now) {
            let store = state.store.clone();
            // The answer does not wait for what is being written.
            tokio::spawn(async move { keep(&store, &[(key, now)]).await });
        }
    }
}

async fn keep(store: &Store, used: &[(Key, Timestamp)]) {
    let (mut sessions, mut tokens) = (Vec::new(), Vec::new());
    for (key, at) in used {
        match key {
            Key::Session(id) => sessions.push((*id, *at)),
            Key::Token(id) => tokens.push((*id, *at)),
        }
    }
    for kept in [
        if sessions.is_empty() { Ok(()) } else { store.sessions_used(&sessions).await },
        if tokens.is_empty() { Ok(()) } else { store.tokens_used(&tokens).await },
    ] {
        if let Err(error) = kept {
            tracing::warn!(error = chain(&error), "could not keep when sessions were used");
        }
    }
}

/// Ends sessions that are over, keeps when the others were used, tells the ledger what it was not told before, and forgets
/// what ended long ago.
pub(crate) async fn sweep(state: &ApiState, access: &Access) {
    let (store, now) = (&state.store, state.now());
    keep(store, &access.0.uses.take(now)).await;
    tell_more(store, access, now).await;
    let ended = async {
        let ends: Vec<SessionEnd> = store
            .sessions()
            .await?
            .iter()
            .filter_map(|(stored, user)| {
                let why = match access.of_session(stored, user.as_ref(), None) {
                    Some(caller) => over(&caller, now)?,
                    None => "disabled",
                };
                Some(SessionEnd { session: stored.id, why: why.to_owned() })
            })
            .collect();
        if !ends.is_empty() {
            store.end_sessions(&ends, SYSTEM_ACTOR, now).await?;
        }
        let before = now.checked_sub(FORGET_AFTER).unwrap_or(Timestamp::MIN);
        store.forget_sessions(before).await?;
        store.forget_tokens(before).await
    };
    if let Err(error) = ended.await {
        tracing::warn!(error = chain(&error), "could not end sessions that are over");
    }
}

/// Tells the ledger how many refusals it was not told one by one.
async fn tell_more(store: &Store, access: &Access, now: Timestamp) {
    for (told, kind) in [(&access.0.refused, "signin.refused"), (&access.0.forbidden, "access.refused")] {
        let Some(more) = told.take_more() else { continue };
        let entry = entry(kind, NOBODY, "signin".to_owned(), json!({"more": more}));
        if let Err(error) = store.append(vec![entry], now).await {
            told.give_back(more);
            tracing::warn!(kind, error = chain(&error), "could not tell the ledger");
        }
    }
}
