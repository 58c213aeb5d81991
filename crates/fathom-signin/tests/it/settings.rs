//! `signin.yaml`: what holds, and what errors say.

use std::{collections::BTreeMap, fs, path::Path};

use fathom_content::ContentError;
use fathom_model::AccountId;
use fathom_signin::{
    Role,
    oidc::{Settings, settings::Surroundings},
};

const GOOD: &str = "\
version: 1
openid_connect:
  - id: corp
    name: Example Corp
    issuer: https://login.example.com/realms/corp
    client_id: fathom
    client_secret_env: CORP_SECRET
    scopes: [profile, groups]
    groups_claim: groups
    roles:
      - { group: security-admins, role: administrator }
      - group: security
        role: analyst
        accounts: [\"111111111111\", 012345678901]
        teams: [core]
";

fn parse(text: &str) -> Result<Settings, ContentError> {
    let variables = BTreeMap::from([("CORP_SECRET".to_owned(), " s3cret\n".to_owned())]);
    Settings::parse("signin.yaml", text, &Surroundings { directory: Path::new("."), variables: &variables })
}

#[test]
fn a_file_that_holds_is_read() {
    let settings = parse(GOOD).expect("it holds");
    let [corp] = settings.issuers.as_slice() else { panic!("one issuer") };
    assert_eq!((corp.id.as_str(), corp.name.as_str()), ("corp", "Example Corp"));
    assert_eq!(corp.issuer.as_str(), "https://login.example.com/realms/corp");
    assert_eq!(corp.client_secret.as_ref().expect("a secret").secret(), "s3cret");
    assert_eq!(corp.scopes, ["profile", "groups"]);
    let [admins, security] = corp.rules.as_slice() else { panic!("two rules") };
    assert!(admins.role == Role::Administrator && admins.scope.is_all());
    assert_eq!(security.role, Role::Analyst);
    let accounts = security.scope.accounts.as_ref().expect("accounts");
    assert_eq!(accounts.iter().map(AccountId::as_str).collect::<Vec<_>>(), ["012345678901", "111111111111"]);
    assert!(!format!("{settings:?}").contains("s3cret"), "the secret shows");
}

#[test]
fn the_guide_shows_a_file_that_holds() {
    let guide = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../docs/guide.md");
    let guide = fs::read_to_string(guide).expect("the guide");
    let shown = guide.split("```yaml\n").find(|part| part.contains("openid_connect:")).expect("an example");
    let shown = shown.split("```").next().expect("an end").replace("client_secret_file: corp.secret", "");
    let settings = parse(&shown).expect("the example holds");
    assert_eq!(settings.issuers[0].rules.len(), 3);
}

#[test]
fn errors_name_the_place_and_what_to_do() {
    for (from, to, line, words) in [
        ("version: 1", "version: 2", 1, "`version: 1`"),
        ("id: corp", "id: Corp & Co", 3, "small letters"),
        ("issuer: https://login", "issuer: http://login", 5, "TLS"),
        ("issuer: https://login.example.com/realms/corp", "issuer: login.example.com", 5, "https://"),
        ("realms/corp", "realms/corp?x=1", 5, "no `?`"),
        ("realms/corp", "realms/corp/.well-known/openid-configuration", 5, "the issuer itself"),
        ("client_id: fathom", "client_id: \"\"", 6, "`client_id`"),
        ("CORP_SECRET", "OTHER_SECRET", 7, "`OTHER_SECRET`"),
        ("client_secret_env: CORP_SECRET", "client_secret_file: nowhere", 7, "nowhere"),
        ("client_id: fathom", "client_id: fathom\n    client_secret_file: x", 8, "not in both"),
        ("scopes: [profile, groups]", "scopes: [\"profile groups\"]", 8, "one an entry"),
        ("role: analyst", "role: analist", 13, "did you mean `analyst`?"),
        ("role: analyst", "role: administrator", 13, "see everything"),
        ("\"111111111111\"", "\"1111\"", 14, "twelve figures"),
        ("teams: [core]", "teams: []", 15, "leave it out for all"),
        ("group: security\n", "group: security-admins\n", 12, "twice"),
        ("groups_claim: groups", "group_claim: groups", 9, "groups_claim"),
    ] {
        assert!(GOOD.contains(from), "{from}");
        let error = parse(&GOOD.replacen(from, to, 1)).expect_err(to);
        let ContentError::Parse { file, line: found, message, .. } = &error else { panic!("{to}: {error}") };
        assert_eq!((file.as_str(), *found), ("signin.yaml", line), "{to}: {error}");
        assert!(message.contains(words), "{to}: {error}");
    }
}

#[test]
fn a_file_without_roles_or_with_two_issuers_of_one_id_is_refused() {
    let start = GOOD.find("    roles:").expect("roles");
    let none = format!("{}    roles: []\n", &GOOD[..start]);
    assert!(parse(&none).expect_err("no roles").to_string().contains("nobody could enter"));
    let issuer = GOOD.split_once("openid_connect:\n").expect("issuers").1;
    let twice = parse(&format!("{GOOD}{issuer}")).expect_err("twice").to_string();
    assert!(twice.starts_with("signin.yaml:16:") && twice.contains("another issuer"), "{twice}");
    for empty in ["", "# nothing\n\n"] {
        assert!(parse(empty).expect_err("empty").to_string().contains("version: 1"));
    }
    assert!(parse("version: 1\n").expect("no issuers").issuers.is_empty());
}

#[test]
fn an_issuer_on_this_machine_needs_no_tls() {
    for near in ["http://localhost:8080", "http://127.0.0.1:8080", "http://[::1]:8080"] {
        let text = GOOD.replace("https://login.example.com/realms/corp", near);
        assert!(parse(&text).expect(near).issuers.iter().all(|issuer| issuer.loopback), "{near}");
    }
    for far in ["http://localhost.example.com", "http://127.0.0.1.example.com", "http://192.0.2.1"] {
        assert!(parse(&GOOD.replace("https://login.example.com/realms/corp", far)).is_err(), "{far}");
    }
}

#[test]
fn a_secret_lies_beside_the_file_and_is_read_by_its_owner_alone() {
    let dir = tempfile::tempdir().expect("a directory");
    let file = dir.path().join("signin.yaml");
    fs::write(&file, GOOD.replace("client_secret_env: CORP_SECRET", "client_secret_file: corp.secret"))
        .expect("writable");
    let secret = dir.path().join("corp.secret");
    fs::write(&secret, "canary-71c\n").expect("writable");
    let read = || Settings::read(&file, &BTreeMap::new());
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o644)).expect("settable");
        let error = read().expect_err("open to others").to_string();
        assert!(error.contains("signin.yaml:7:") && error.contains("chmod 600"), "{error}");
        assert!(!error.contains("canary"), "{error}");
        fs::set_permissions(&secret, fs::Permissions::from_mode(0o600)).expect("settable");
    }
    let settings = read().expect("it holds");
    assert_eq!(settings.issuers[0].client_secret.as_ref().expect("a secret").secret(), "canary-71c");
    fs::write(&secret, " \n").expect("writable");
    assert!(read().expect_err("empty").to_string().contains("is empty"));
}
