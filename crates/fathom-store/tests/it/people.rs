//! People, their ways of signing in, sessions and tokens: each change with its entry, and what is used up is used up once.

use fathom_store::{
    Attempts, Invitation, NewPerson, NewSession, NewToken, Person, PersonChange, Scope, SessionEnd, Spends,
    Store, StoreError, TokensOf,
};

use crate::support::{at, open};

const ADMIN: &str = "administrator";

async fn add(store: &Store, name: &str, role: &str) -> Person {
    let new = NewPerson {
        name: name.to_owned(),
        role: role.to_owned(),
        scope: Scope::ALL,
        issuer: None,
        handle: name.to_lowercase().into_bytes(),
        invitation: None,
    };
    store.add_person(new, "owner", at(1)).await.unwrap()
}

fn session(hash: u8, person: Option<i64>, spends: Spends) -> NewSession {
    NewSession {
        hash: [hash; 32],
        person,
        method: "password".to_owned(),
        detail: None,
        ends_at: at(10_000),
        address: Some("192.0.2.1".to_owned()),
        agent: None,
        spends,
        instead_of: None,
        enrolling: false,
        ends: "invitation".to_owned(),
    }
}

fn token(hash: u8, person: Option<i64>, until: i64) -> NewToken {
    NewToken {
        hash: [hash; 32],
        name: format!("ci {hash}"),
        person,
        role: "viewer".to_owned(),
        scope: Scope::ALL,
        expires_at: at(until),
    }
}

/// All entries, oldest first.
async fn entries(store: &Store) -> Vec<serde_json::Value> {
    let entries = store.entries(0, 1000).await.unwrap();
    entries.iter().map(|entry| serde_json::from_str(&entry.body).unwrap()).collect()
}

/// The kinds of all entries, oldest first.
async fn kinds(store: &Store) -> Vec<String> {
    entries(store).await.iter().map(|entry| entry["kind"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn a_person_is_found_by_name_issuer_and_handle() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    assert!(!store.has_people().await.unwrap());
    let scope =
        Scope { accounts: Some(["1".into(), "2".into()].into()), teams: Some(["core".to_owned()].into()) };
    let new = NewPerson {
        name: "Ada".to_owned(),
        role: "viewer".to_owned(),
        scope: scope.clone(),
        issuer: Some(("https://id.example".to_owned(), "s-1".to_owned())),
        handle: vec![7; 32],
        invitation: None,
    };
    let ada = store.add_person(new.clone(), "owner", at(1)).await.unwrap();
    assert_eq!((ada.name.as_str(), &ada.scope, ada.created_by.as_str()), ("Ada", &scope, "owner"));
    for found in [
        store.person(ada.id).await.unwrap(),
        store.person_named("aDA").await.unwrap(),
        store.person_of_issuer("https://id.example", "s-1").await.unwrap(),
        store.person_of_handle(&[7; 32]).await.unwrap(),
    ] {
        assert_eq!(found.as_ref(), Some(&ada));
    }
    assert_eq!(store.person_of_issuer("https://id.example", "s-2").await.unwrap(), None);
    let same_subject = NewPerson { name: "other".to_owned(), handle: vec![8; 32], ..new.clone() };
    let same_name = NewPerson { name: "ADA".to_owned(), issuer: None, handle: vec![9; 32], ..new };
    for taken in [same_subject, same_name] {
        let refused = store.add_person(taken, "owner", at(2)).await;
        assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    }
    // Nothing of what was refused is left, not even in the log.
    assert_eq!(store.people().await.unwrap().len(), 1);
    assert_eq!(kinds(&store).await.iter().filter(|kind| *kind == "person.added").count(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn disabling_ends_everything_and_somebody_stays_who_may() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", ADMIN).await;
    let disable = || PersonChange { disabled: Some(true), ..PersonChange::default() };
    let last = store.change_person(ada.id, disable(), ADMIN, "owner", at(2)).await;
    assert!(matches!(last, Err(StoreError::Conflict { .. })), "{last:?}");
    let demoted = PersonChange { role: Some("viewer".to_owned()), ..PersonChange::default() };
    let last = store.change_person(ada.id, demoted, ADMIN, "owner", at(2)).await;
    assert!(matches!(last, Err(StoreError::Conflict { .. })), "{last:?}");
    add(&store, "bob", ADMIN).await;
    store.begin_session(session(1, Some(ada.id), Spends::Nothing), "ada", at(3)).await.unwrap();
    store.add_token(token(2, Some(ada.id), 9_000), "ada", at(3)).await.unwrap();
    let after = store.change_person(ada.id, disable(), ADMIN, "bob", at(4)).await.unwrap();
    assert_eq!((after.disabled_at, after.sessions), (Some(at(4)), 0));
    assert!(store.session(&[1; 32]).await.unwrap().is_none());
    let (revoked, _) = store.token(&[2; 32]).await.unwrap().unwrap();
    assert_eq!(revoked.revoked_at, Some(at(4)));
    let refused = store.begin_session(session(3, Some(ada.id), Spends::Nothing), "ada", at(5)).await;
    assert!(matches!(refused, Err(StoreError::Conflict { .. })), "{refused:?}");
    let kinds = kinds(&store).await;
    assert_eq!(kinds[kinds.len() - 1], "person.disabled", "{kinds:?}");
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_opens_once_opens_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    let begin = |hash, spends| store.begin_session(session(hash, Some(ada.id), spends), "ada", at(9));
    // A step cannot be used before there is a key, nor twice, nor an earlier one.
    assert!(matches!(begin(1, Spends::TotpStep(5)).await, Err(StoreError::Spent)));
    store.set_totp(ada.id, &[1; 20], 4, "ada", at(2)).await.unwrap();
    assert!(matches!(begin(1, Spends::TotpStep(4)).await, Err(StoreError::Spent)));
    begin(1, Spends::TotpStep(5)).await.unwrap();
    for step in [4, 5] {
        assert!(matches!(begin(2, Spends::TotpStep(step)).await, Err(StoreError::Spent)));
    }
    store.set_recovery_codes(ada.id, &[[7; 32], [8; 32]], "ada", at(3)).await.unwrap();
    assert!(store.has_recovery_code(ada.id, &[7; 32]).await.unwrap());
    begin(3, Spends::RecoveryCode([7; 32])).await.unwrap();
    assert!(matches!(begin(4, Spends::RecoveryCode([7; 32])).await, Err(StoreError::Spent)));
    assert!(!store.has_recovery_code(ada.id, &[7; 32]).await.unwrap());
    assert_eq!(store.person(ada.id).await.unwrap().unwrap().recovery_codes, 1);
    assert!(matches!(begin(5, Spends::Invitation).await, Err(StoreError::Spent)));
    let invitation = Invitation { hash: [6; 32], until: at(100) };
    store.invite_anew(ada.id, invitation, "owner", at(10)).await.unwrap();
    assert!(store.person_invited(&[6; 32], at(100)).await.unwrap().is_none(), "its time is over");
    assert!(store.person_invited(&[6; 32], at(99)).await.unwrap().is_some());
    let person = store.person(ada.id).await.unwrap().unwrap();
    assert_eq!((person.has_totp, person.recovery_codes, person.sessions), (false, 0, 0));
    store.begin_session(session(6, Some(ada.id), Spends::Invitation), "ada", at(20)).await.unwrap();
    let again = store.begin_session(session(7, Some(ada.id), Spends::Invitation), "ada", at(21)).await;
    assert!(matches!(again, Err(StoreError::Spent)), "{again:?}");
    // Refused ones left no session behind.
    assert_eq!(store.sessions().await.unwrap().len(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn sessions_are_few_and_end_once() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    for n in 0..25 {
        store
            .begin_session(session(n, Some(ada.id), Spends::Nothing), "ada", at(i64::from(n)))
            .await
            .unwrap();
    }
    let open_now = store.sessions().await.unwrap();
    assert_eq!(open_now.len(), 20);
    assert!(
        store.session(&[4; 32]).await.unwrap().is_none() && store.session(&[5; 32]).await.unwrap().is_some()
    );
    // The owner's are counted by themselves.
    store.begin_session(session(99, None, Spends::Nothing), "owner", at(30)).await.unwrap();
    let (owners, user) = store.session(&[99; 32]).await.unwrap().unwrap();
    assert_eq!((owners.person, user), (None, None));
    let first = open_now[0].0.id;
    store.sessions_used(&[(first, at(500))]).await.unwrap();
    store.sessions_used(&[(first, at(400))]).await.unwrap();
    let (used, _) = store.session_of(first).await.unwrap().unwrap();
    assert_eq!(used.used_at, at(500), "never earlier than it was");
    let end = |id| SessionEnd { session: id, why: "signed out".to_owned() };
    assert_eq!(store.end_sessions(&[end(first), end(first), end(12_345)], "ada", at(600)).await.unwrap(), 1);
    assert_eq!(store.end_sessions(&[end(first)], "ada", at(601)).await.unwrap(), 0);
    let ended = kinds(&store).await.iter().filter(|kind| *kind == "session.ended").count();
    assert_eq!(ended, 5 + 1, "those that were too many, and one");
    store.forget_sessions(at(10_000)).await.unwrap();
    assert_eq!(store.sessions().await.unwrap().len(), 20);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_passkey_changes_only_from_what_was_checked() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    let bob = add(&store, "bob", "viewer").await;
    let key = store.add_passkey(ada.id, b"credential", b"counter 1", "phone", "ada", at(1)).await.unwrap();
    let again = store.add_passkey(bob.id, b"credential", b"x", "phone", "bob", at(1)).await;
    assert!(matches!(again, Err(StoreError::Conflict { .. })), "{again:?}");
    assert!(store.passkey_used(key.id, b"counter 1", b"counter 2", at(2)).await.unwrap());
    assert!(
        !store.passkey_used(key.id, b"counter 1", b"counter 2", at(3)).await.unwrap(),
        "a copy signed in"
    );
    let kept = store.passkey(b"credential").await.unwrap().unwrap();
    assert_eq!((kept.data.as_slice(), kept.used_at), (&b"counter 2"[..], Some(at(2))));
    let foreign = store.remove_passkey(bob.id, key.id, "bob", at(4)).await;
    assert!(matches!(foreign, Err(StoreError::Missing { .. })), "{foreign:?}");
    let last = store.remove_passkey(ada.id, key.id, "ada", at(4)).await;
    assert!(matches!(last, Err(StoreError::Conflict { .. })), "{last:?}");
    store.set_password(ada.id, "$argon2id$x", None, "ada", at(5)).await.unwrap();
    store.set_totp(ada.id, &[1; 20], 1, "ada", at(5)).await.unwrap();
    store.remove_passkey(ada.id, key.id, "ada", at(6)).await.unwrap();
    assert_eq!(store.passkeys_of(ada.id).await.unwrap(), []);
    store.close().await.unwrap();
}

#[tokio::test]
async fn what_is_kept_is_there_again_and_a_broken_scope_is_not_everything() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    store.begin_session(session(1, Some(ada.id), Spends::Nothing), "ada", at(2)).await.unwrap();
    store.close().await.unwrap();
    let store = open(dir.path()).await;
    let (_, user) = store.session(&[1; 32]).await.unwrap().unwrap();
    assert_eq!(user.map(|user| (user.name, user.enrolled)), Some(("ada".to_owned(), false)));
    store.close().await.unwrap();
    let url = format!("sqlite://{}", dir.path().join("fathom.db").display());
    let mut conn = <sqlx::SqliteConnection as sqlx::Connection>::connect(&url).await.unwrap();
    sqlx::query("UPDATE person SET accounts = 'nonsense'").execute(&mut conn).await.unwrap();
    drop(conn);
    let store = open(dir.path()).await;
    let broken = store.session(&[1; 32]).await;
    assert!(matches!(broken, Err(StoreError::BadRow { .. })), "{broken:?}");
    store.close().await.unwrap();
}

/// One more failure; five are a lock for a minute.
fn count(before: &Attempts, now: i64) -> Attempts {
    let mut after = before.clone();
    after.failures.push(at(now));
    after.locked_until = (after.failures.len() >= 5).then(|| at(now + 60));
    after
}

#[tokio::test]
async fn failures_at_the_same_time_all_count_and_a_lock_holds_for_who_is_on_the_way_in() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    store.set_totp(ada.id, &[1; 20], 4, "ada", at(2)).await.unwrap();
    store.set_recovery_codes(ada.id, &[[7; 32]], "ada", at(3)).await.unwrap();
    let fail = || store.set_attempts(ada.id, |before| (count(before, 10), Vec::new()), at(10));
    let done = tokio::join!(fail(), fail(), fail(), fail(), fail());
    for each in [done.0, done.1, done.2, done.3, done.4] {
        each.unwrap();
    }
    let kept = store.person(ada.id).await.unwrap().unwrap().attempts;
    assert_eq!((kept.failures.len(), kept.locked_until), (5, Some(at(70))));
    // Whoever was let through before the lock began is stopped by it, unless nothing was guessed.
    let begin = |hash, spends, now| store.begin_session(session(hash, Some(ada.id), spends), "ada", at(now));
    for spends in [Spends::TotpStep(9), Spends::RecoveryCode([7; 32])] {
        let locked = begin(1, spends, 69).await;
        assert!(
            matches!(&locked, Err(StoreError::Conflict { what }) if what.contains("locked")),
            "{locked:?}"
        );
    }
    assert!(store.has_recovery_code(ada.id, &[7; 32]).await.unwrap(), "nothing was used up");
    begin(1, Spends::TotpStep(9), 70).await.unwrap();
    for _ in 0..5 {
        fail().await.unwrap();
    }
    begin(2, Spends::Nothing, 20).await.unwrap();
    store.close().await.unwrap();
}

#[tokio::test]
async fn whoever_signs_in_leaves_no_invitation_open() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    let enrolling = |hash| NewSession {
        method: "invitation".to_owned(),
        enrolling: true,
        ..session(hash, Some(ada.id), Spends::Nothing)
    };
    let invite = |now| {
        let invitation = Invitation { hash: [6; 32], until: at(1000) };
        store.invite_anew(ada.id, invitation, "owner", at(now))
    };
    invite(2).await.unwrap();
    store.begin_session(enrolling(1), "ada", at(3)).await.unwrap();
    assert!(store.person_invited(&[6; 32], at(4)).await.unwrap().is_some(), "she has not signed in");
    store.begin_session(session(2, Some(ada.id), Spends::Nothing), "ada", at(5)).await.unwrap();
    assert!(store.person_invited(&[6; 32], at(6)).await.unwrap().is_none());
    assert_eq!(store.person(ada.id).await.unwrap().unwrap().invited_until, None);
    assert!(store.session(&[1; 32]).await.unwrap().is_none(), "the enrolling session is over");
    assert!(store.session(&[2; 32]).await.unwrap().is_some());
    assert_eq!(kinds(&store).await.iter().filter(|kind| *kind == "session.ended").count(), 1);
    // Finishing still spends it, and tells of the session that it takes the place of once.
    invite(7).await.unwrap();
    let opened = store.begin_session(enrolling(3), "ada", at(8)).await.unwrap();
    let finished = NewSession { instead_of: Some(opened.id), ..session(4, Some(ada.id), Spends::Invitation) };
    store.begin_session(finished, "ada", at(9)).await.unwrap();
    assert!(store.session(&[3; 32]).await.unwrap().is_none());
    assert_eq!(kinds(&store).await.iter().filter(|kind| *kind == "session.ended").count(), 1);
    store.close().await.unwrap();
}

#[tokio::test]
async fn a_reset_and_a_new_token_of_the_owner_end_what_was_opened_before() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    store.add_token(token(1, Some(ada.id), 9_000), "ada", at(2)).await.unwrap();
    store.add_token(token(2, None, 9_000), "owner", at(2)).await.unwrap();
    store.begin_session(session(3, None, Spends::Nothing), "owner", at(2)).await.unwrap();
    store.begin_session(session(4, Some(ada.id), Spends::Nothing), "ada", at(2)).await.unwrap();
    store.end_of_owner("fathom", "new", at(3)).await.unwrap();
    let revoked_at = async |hash| store.token(&[hash; 32]).await.unwrap().unwrap().0.revoked_at;
    assert_eq!((revoked_at(1).await, revoked_at(2).await), (None, Some(at(3))));
    assert!(store.session(&[3; 32]).await.unwrap().is_none(), "the owner's");
    assert!(store.session(&[4; 32]).await.unwrap().is_some(), "hers");
    let all = entries(&store).await;
    let told: Vec<&str> = all[all.len() - 2..].iter().filter_map(|one| one["kind"].as_str()).collect();
    assert_eq!(told, ["session.ended", "token.revoked"]);

    let invitation = Invitation { hash: [6; 32], until: at(100) };
    store.invite_anew(ada.id, invitation, "owner", at(5)).await.unwrap();
    assert_eq!(revoked_at(1).await, Some(at(5)));
    let invited = entries(&store).await.pop().unwrap();
    assert_eq!((&invited["kind"], &invited["body"]["tokens"]), (&"person.invited".into(), &1.into()));
    store.close().await.unwrap();
}

#[tokio::test]
async fn tokens_that_hold_are_listed_before_those_that_do_not_and_old_ones_are_forgotten() {
    let dir = tempfile::tempdir().unwrap();
    let store = open(dir.path()).await;
    let ada = add(&store, "ada", "viewer").await;
    for (hash, person, until) in
        [(1, Some(ada.id), 9_000), (2, Some(ada.id), 50), (3, None, 9_000), (4, Some(ada.id), 9_000)]
    {
        store.add_token(token(hash, person, until), "x", at(2)).await.unwrap();
    }
    store.revoke_token(4, "ada", at(60)).await.unwrap();
    let listed = async |whose| {
        let tokens = store.tokens(whose, at(100)).await.unwrap();
        tokens.iter().map(|(token, _)| token.id).collect::<Vec<_>>()
    };
    assert_eq!(listed(TokensOf::Everybody).await, [3, 1, 4, 2]);
    assert_eq!(listed(TokensOf::Person(ada.id)).await, [1, 4, 2]);
    assert_eq!(listed(TokensOf::Owner).await, [3]);
    store.forget_tokens(at(60)).await.unwrap();
    assert_eq!(listed(TokensOf::Everybody).await, [3, 1, 4]);
    store.close().await.unwrap();
}
