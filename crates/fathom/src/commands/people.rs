//! `fathom people`: who may enter, for whoever owns the data directory.

use anyhow::{Context, Result, bail};
use fathom_model::{AccountId, Timestamp};
use fathom_signin::{Role, Secret, attempts, name, random, session::INVITED};
use fathom_store::{Invitation, NewPerson, Person, PersonChange, Scope, Store};
use serde_json::{Value, json};

use crate::{
    args::{AddPersonArgs, Global, PeopleCommand, RoleArg},
    render::{self, clean, styled},
    wiring,
};

pub(crate) async fn run(global: &Global, command: PeopleCommand) -> Result<()> {
    match command {
        PeopleCommand::List => list(global).await,
        PeopleCommand::Add(args) => add(global, args).await,
        PeopleCommand::Disable { name } => enable(global, &name, false).await,
        PeopleCommand::Enable { name } => enable(global, &name, true).await,
        PeopleCommand::Reset { name, url } => reset(global, &name, &url).await,
    }
}

async fn list(global: &Global) -> Result<()> {
    let store = wiring::reader(global).await?;
    let (people, now) = (store.people().await?, wiring::now());
    if global.json {
        return render::print_json(&people.iter().map(|one| told(one, now)).collect::<Vec<_>>());
    }
    if people.is_empty() {
        return render::print(
            "Nobody yet: `fathom people add <name> --role administrator` adds the first one.",
        );
    }
    render::print(render::table(
        &["name", "role", "may see", "signs in with", "last sign-in", "state"],
        people.iter().map(|one| {
            vec![
                clean(&one.name),
                one.role.clone(),
                clean(&scope_words(&one.scope)),
                ways(one),
                one.last_signin_at.map_or_else(|| "never".to_owned(), time),
                state(one, now),
            ]
        }),
    ))
}

async fn add(global: &Global, args: AddPersonArgs) -> Result<()> {
    name::check(&args.name).with_context(|| format!("`{}` cannot be a name", clean(&args.name)))?;
    let role = role(args.role);
    let scope = Scope {
        accounts: some(args.account).map(|list| list.into_iter().map(AccountId::from).collect()),
        teams: some(args.team).map(|list| list.into_iter().collect()),
    };
    if role == Role::Administrator && !scope.is_all() {
        bail!("an administrator may see everything; leave --account and --team out");
    }
    let store = wiring::store(global).await?;
    let now = wiring::now();
    let (invitation, link) = invite(&args.url, now)?;
    let person = NewPerson {
        name: args.name,
        role: role.as_str().to_owned(),
        scope,
        issuer: None,
        handle: random::<32>()?.to_vec(),
        invitation: Some(invitation.clone()),
    };
    let person = store.add_person(person, &by(), now).await?;
    store.close().await?;
    let said = format!(
        "added {} as {}, who may see {}",
        clean(&person.name),
        person.role,
        clean(&scope_words(&person.scope))
    );
    print_link(global, &person, &said, &link, &invitation, now)
}

async fn enable(global: &Global, name: &str, enabled: bool) -> Result<()> {
    wiring::there_is_data(global)?;
    let store = wiring::store(global).await?;
    let person = named(&store, name).await?;
    let change = PersonChange { disabled: Some(!enabled), ..PersonChange::default() };
    let now = wiring::now();
    let person = store.change_person(person.id, change, Role::Administrator.as_str(), &by(), now).await?;
    store.close().await?;
    if global.json {
        return render::print_json(&told(&person, now));
    }
    render::print(if enabled {
        format!("{} may enter again; sessions and tokens that ended stay ended", clean(&person.name))
    } else {
        format!("{} may not enter any more; sessions and tokens have ended", clean(&person.name))
    })
}

async fn reset(global: &Global, name: &str, url: &str) -> Result<()> {
    wiring::there_is_data(global)?;
    let store = wiring::store(global).await?;
    let person = named(&store, name).await?;
    let now = wiring::now();
    let (invitation, link) = invite(url, now)?;
    let person = store.invite_anew(person.id, invitation.clone(), &by(), now).await?;
    store.close().await?;
    let said = format!(
        "{} has no way to sign in any more, and an invitation to set up new ones",
        clean(&person.name)
    );
    print_link(global, &person, &said, &link, &invitation, now)
}

/// Who decides, as the ledger says it: whoever may write to the data directory.
fn by() -> String {
    wiring::user().map_or_else(|| "owner".to_owned(), |user| format!("owner ({})", clean(&user)))
}

async fn named(store: &Store, name: &str) -> Result<Person> {
    let found = store.person_named(name.trim()).await?;
    found.with_context(|| format!("there is no person `{}`; `fathom people list` lists them", clean(name)))
}

/// An invitation as it is kept, and the link that is told once.
fn invite(url: &str, now: Timestamp) -> Result<(Invitation, String)> {
    if !(url.starts_with("http://") || url.starts_with("https://")) {
        bail!("--url is `{}`; write it like https://fathom.example.com", clean(url));
    }
    let secret = Secret::new()?;
    let until = now.checked_add(INVITED).context("the clock is far in the future")?;
    let link = format!("{}/#invite={}", url.trim_end_matches('/'), secret.reveal());
    Ok((Invitation { hash: secret.hash(), until }, link))
}

fn print_link(
    global: &Global,
    person: &Person,
    said: &str,
    link: &str,
    invitation: &Invitation,
    now: Timestamp,
) -> Result<()> {
    if global.json {
        return render::print_json(&json!({
            "person": told(person, now),
            "link": link,
            "until": invitation.until,
        }));
    }
    render::print(said)?;
    render::print(format!(
        "{link}\n{}",
        styled(
            render::QUIET,
            format!(
                "Whoever opens it until {} is {}: hand it over safely.",
                time(invitation.until),
                clean(&person.name)
            )
        )
    ))
}

/// A person for programs.
fn told(person: &Person, now: Timestamp) -> Value {
    json!({
        "id": person.id,
        "name": person.name,
        "role": person.role,
        "scope": person.scope,
        "disabled": person.disabled_at.is_some(),
        "issuer": person.issuer.as_ref().map(|(issuer, _)| issuer),
        "has_password": person.has_password,
        "has_totp": person.has_totp,
        "passkeys": person.passkeys,
        "recovery_codes": person.recovery_codes,
        "invited_until": person.invited_until.filter(|until| *until > now),
        "locked_until": attempts::locked_until(&person.attempts, now),
        "created_at": person.created_at,
        "last_signin_at": person.last_signin_at,
        "sessions": person.sessions,
    })
}

fn role(arg: RoleArg) -> Role {
    match arg {
        RoleArg::Viewer => Role::Viewer,
        RoleArg::Analyst => Role::Analyst,
        RoleArg::Responder => Role::Responder,
        RoleArg::Auditor => Role::Auditor,
        RoleArg::Administrator => Role::Administrator,
    }
}

fn some(list: Vec<String>) -> Option<Vec<String>> {
    Some(list).filter(|list| !list.is_empty())
}

fn scope_words(scope: &Scope) -> String {
    let accounts = scope.accounts.as_ref().map(|list| {
        let ids: Vec<&str> = list.iter().map(AccountId::as_str).collect();
        format!("accounts {}", ids.join(", "))
    });
    let teams = scope.teams.as_ref().map(|list| {
        let names: Vec<&str> = list.iter().map(String::as_str).collect();
        format!("teams {}", names.join(", "))
    });
    let parts: Vec<String> = accounts.into_iter().chain(teams).collect();
    if parts.is_empty() { "everything".to_owned() } else { parts.join("; ") }
}

fn ways(person: &Person) -> String {
    let mut ways = Vec::new();
    if let Some((issuer, _)) = &person.issuer {
        ways.push(clean(issuer));
    }
    if person.passkeys > 0 {
        ways.push(render::count(person.passkeys, "passkey"));
    }
    if person.has_password && person.has_totp {
        ways.push("password and one-time code".to_owned());
    }
    if ways.is_empty() { "nothing yet".to_owned() } else { ways.join(", ") }
}

fn state(person: &Person, now: Timestamp) -> String {
    if person.disabled_at.is_some() {
        return "disabled".to_owned();
    }
    if let Some(until) = attempts::locked_until(&person.attempts, now) {
        return format!("locked until {}", time(until));
    }
    match person.invited_until {
        Some(until) if until > now => format!("invited until {}", time(until)),
        Some(_) => "invitation ran out".to_owned(),
        None => render::count(person.sessions, "session"),
    }
}

fn time(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%M:%SZ").to_string()
}
