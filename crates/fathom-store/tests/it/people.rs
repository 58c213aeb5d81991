//! People, their ways of signing in, sessions and tokens: each change with its entry, and what is used up is used up once.

use fathom_store::{
    Invitation, NewPerson, NewSession, NewToken, Person, PersonChange, Scope, SessionEnd, Spends, Store,
    StoreError,
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
    }
}

/// The kinds of all entries, oldest first.
async fn kinds(store: &Store) -> Vec<String> {
    let entries = store.entries(0, 1000).await.unwrap();
    let kind = |body: &str| {
        let value: serde_json::Value = serde_json::from_str(body).unwrap();
        value["kind"].as_str().unwrap().to_owned()
    };
    entries.iter().map(|entry| kind(&entry.body)).collect()
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
    let token = NewToken {
        hash: [2; 32],
        name: "ci".to_owned(),
        person: Some(ada.id),
        role: "viewer".to_owned(),
        scope: Scope::ALL,
        expires_at: at(9_000),
    };
    store.add_token(token, "ada", at(3)).await.unwrap();
    let after = store.change_person(ada.id, disable(), ADMIN, "bob", at(4)).await.unwrap();
    assert_eq!((after.disabled_at, after.sessions), (Some(at(4)), 0));
    assert!(store.session(&[1; 32]).await.unwrap().is_none());
    let (token, _) = store.token(&[2; 32]).await.unwrap().unwrap();
    assert_eq!(token.revoked_at, Some(at(4)));
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
