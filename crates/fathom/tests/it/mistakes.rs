//! What people get wrong in files and flags: told with file and line, before anything is scanned.

use std::{
    fs,
    io::{Read as _, Write as _},
};

use crate::harness::Place;

/// Scans the sample with these declarations; nothing must come of it.
#[track_caller]
fn refused(yaml: &str, says: &[&str]) {
    let place = Place::new();
    place.write("fathom.yaml", yaml);
    // In the place without `--declarations`, the sample uses its own; so name it.
    let named = place.run(&["scan", "--sample", "--declarations", "fathom.yaml"]).code(1).says(says);
    assert_eq!(named.out, "");
    assert!(!place.data().exists(), "the data directory was made before the mistake was found");
    // Found by itself, it is the same; credentials are not even asked for.
    let found = place.run(&["scan"]).code(1).says(says);
    assert_eq!(found.err, named.err);
    place.run(&["serve", "--listen", "127.0.0.1:0"]).code(1).says(says);
}

#[test]
fn an_unknown_key_names_its_line() {
    refused("version: 1\nteems:\n  a: {}\n", &["fathom.yaml:2:", "teems", "teams"]);
    refused(
        "version: 1\nteams: { a: {} }\nsystems:\n  s:\n    owner: a\n    purpos: x\n    match: [{ name: x }]\n",
        &["fathom.yaml:6:", "purpos", "purpose"],
    );
}

#[test]
fn bad_indentation_names_its_line() {
    refused("version: 1\nteams:\n  a: {}\n b: {}\n", &["fathom.yaml:4:"]);
    refused("version: 1\nteams: [\n", &["fathom.yaml:"]);
    refused("version: 1\n\trules: []\n", &["fathom.yaml:1:", "a tab"]);
}

#[test]
fn what_cannot_be_is_refused_with_a_way_out() {
    let system = |inner: &str| format!("version: 1\nteams:\n  payments: {{}}\nsystems:\n  shop:\n{inner}");
    refused(
        &system("    owner: payment\n    match: [{ name: \"x*\" }]\n"),
        &["fathom.yaml", "`shop`", "`payment`", "did you mean `payments`?"],
    );
    refused(
        &system("    data_class: secret\n    match: [{ name: \"x*\" }]\n"),
        &["fathom.yaml", "`secret` is not a data class", "public, internal, confidential or restricted"],
    );
    refused(&system("    match: [{}]\n"), &["fathom.yaml", "empty `match`"]);
    refused(&system("    match: [{ name: \"[\" }]\n"), &["fathom.yaml:6:", "is not a pattern"]);
    refused("version: 2\n", &["fathom.yaml", "version: 1"]);
    for nothing in ["", "\n\n", "# later\n", "---\n"] {
        refused(nothing, &["fathom.yaml:1:1", "says nothing", "`version: 1`"]);
    }
    refused("teams: {}\n", &["fathom.yaml:1:1", "begin the file with the line `version: 1`"]);
    refused(
        "version: 1\nrules:\n  - { match: { name: x }, set: { data_class: secret } }\n",
        &["fathom.yaml", "rule 1", "`secret` is not a data class"],
    );
    refused("version: 1\nterraform_states: [gone.tfstate]\n", &["gone.tfstate", "fathom.yaml"]);
}

#[test]
fn a_terraform_state_of_another_form_is_named() {
    let place = Place::new();
    place.write("fathom.yaml", "version: 1\nterraform_states: [state.tfstate]\n");
    for (state, says) in [("{", "state.tfstate"), ("{\"version\": 3}", "version"), ("[]", "state.tfstate")] {
        place.write("state.tfstate", state);
        place.run(&["scan"]).code(1).says(&["state.tfstate", says]);
        assert!(!place.data().exists());
    }
}

#[test]
fn a_declarations_file_that_is_not_there_is_named() {
    let place = Place::new();
    place
        .run(&["scan", "--sample", "--declarations", "other.yaml"])
        .code(1)
        .says(&["other.yaml", "No such file"]);
    assert!(!place.data().exists());
}

#[test]
fn a_definition_of_ones_own_is_checked_and_then_used() {
    let place = Place::new();
    let own = |text: &str| {
        place.write("own/resources/aws/sqs.queue.yaml", text);
        place.run(&["--content", "own", "scan", "--sample"])
    };
    own("type: AWS::SQS::Queue\nservise: sqs\n").code(1).says(&["sqs.queue.yaml:2:", "servise"]);
    own("type: [").code(1).says(&["sqs.queue.yaml:"]);
    own("type: AWS::SQS::Queue\n").code(1).says(&["sqs.queue.yaml"]);
    assert!(!place.data().exists());
    place.run(&["--content", "nowhere", "scan", "--sample"]).code(1).says(&["nowhere"]);

    let shipped = concat!(env!("CARGO_MANIFEST_DIR"), "/../../content/resources/aws/sqs.queue.yaml");
    let changed = fs::read_to_string(shipped).expect("a definition").replace("kms_key:", "key_it_uses:");
    own(&changed).ok();
    let keys = ["sql", "select key_it_uses from aws_sqs_queue where key_it_uses is not null"];
    let ran = place.run(&[&["--content", "own"], &keys[..]].concat()).ok();
    assert!(ran.out.contains("arn:aws:kms:"), "{}", ran.out);
    place.run(&keys).code(1).says(&["there is no column `key_it_uses`"]);
}

#[test]
fn flags_that_contradict_each_other_are_wrong_usage() {
    let place = Place::new();
    for args in [
        &["scan", "--sample", "--replay", "x"][..],
        &["scan", "--sample", "--record", "x"],
        &["scan", "--record", "x", "--replay", "y"],
        &["scan", "--timeout", "soon"],
        &["scan", "--concurrency", "-1"],
        &["sql", "--format", "xml", "select 1"],
        &["unknown", "--limit", "many"],
        &["serve", "--listen", "7373"],
        &["serve", "--tls-cert", "x"],
        &["ledger"],
        &["frobnicate"],
        &[],
    ] {
        let ran = place.run(args).code(2);
        assert!(ran.out.is_empty() && ran.err.contains("--help"), "{args:?}: {}", ran.seen());
    }
    place.run(&["scan", "--sample", "--types", "AWS::S3::Buckets"]).code(1).says(&["`AWS::S3::Buckets`"]);
    assert!(!place.data().exists());
}

#[test]
fn without_a_scan_each_command_says_what_to_do_first() {
    let place = Place::new();
    for args in [
        &["unknown"][..],
        &["summary"],
        &["coverage"],
        &["scans"],
        &["explain", "x"],
        &["gate", "--min-understood", "1"],
        &["sql", "select 1"],
        &["ledger", "list"],
        &["ledger", "status"],
        &["ledger", "prove", "0"],
        &["ledger", "verify"],
        &["summary", "--trend"],
        &["gate", "--max-unknown", "1", "--output", "x.sarif"],
        &["accept", "x", "--reason", "y", "--until", "2999-01-01"],
    ] {
        let ran = place.run(args).code(1).says(&["fathom scan"]);
        assert_eq!(ran.out, "", "{args:?}");
        assert!(!place.data().exists(), "{args:?} made a data directory");
    }
}

/// The files that AWS tools share, in a place whose home they are.
fn with_aws_files(config: &str, credentials: &str) -> Place {
    let place = Place::new();
    place.write(".aws/config", config);
    place.write(".aws/credentials", credentials);
    place
}

#[test]
fn a_profile_that_is_not_there_is_named_with_the_files_and_those_that_are() {
    let place = with_aws_files("[profile work]\nregion = eu-west-1\n[default]\n", "[play]\n");
    for place in [place, with_aws_files("", "[default]\n[play]\n[work]\n")] {
        let ran = place.run(&["scan", "--profile", "nobody"]).code(1);
        let ran = ran.says(&[
            "there is no profile `nobody` of",
            ".aws/config and ",
            ".aws/credentials; name one of default, play, work with --profile",
        ]);
        assert_eq!(ran.out, "");
    }
    let place = Place::new().env("AWS_PROFILE", "nobody").env("AWS_CONFIG_FILE", "/nowhere/conf");
    place.run(&["scan"]).code(1).says(&[
        "no profile `nobody`",
        "/nowhere/conf",
        "neither file names any",
        "aws configure",
    ]);
    // Keys in the environment do, whatever AWS_PROFILE says; who names a profile on the command line means it.
    let front = crate::cloud::small_estate(Vec::new());
    let place = Place::asking(&front.url).env("AWS_PROFILE", "nobody");
    crate::cloud::scan(&place).ok();
    place.run(&["scan", "--profile", "nobody"]).code(1).says(&["no profile `nobody`"]);
}

#[test]
fn each_way_to_have_no_credentials_says_what_to_do() {
    Place::new().run(&["scan"]).code(1).says(&[
        "no credentials: neither the environment, nor profile `default` of",
        ".aws/config",
        "AWS_ACCESS_KEY_ID",
        "--profile",
    ]);
    let place = with_aws_files("[profile bare]\nregion = eu-west-1\n", "");
    place.run(&["scan", "--profile", "bare"]).code(1).says(&["profile `bare`"]);
    let sso = "[profile people]\nsso_session = s\nsso_account_id = 111122223333\nsso_role_name = r\n\
               [sso-session s]\nsso_region = eu-west-1\nsso_start_url = https://example.test/start\n";
    let place = with_aws_files(sso, "");
    let never = place.run(&["scan", "--profile", "people"]).code(1);
    never.says(&["single sign-on of profile `people`", "aws sso login --profile people"]);
    // The token of a sign-in is kept under the SHA-1 of the session's name.
    let token = "{\"accessToken\": \"canary-token\", \"expiresAt\": \"2020-01-01T00:00:00Z\", \"region\": \"eu-west-1\", \
                 \"startUrl\": \"https://example.test/start\"}";
    place.write(".aws/sso/cache/a0f1490a20d0211c997b44bc357e1972deab8ae3.json", token);
    let expired = place.run(&["scan", "--profile", "people"]).code(1);
    let expired = expired.says(&["single sign-on of profile `people`", "aws sso login --profile people"]);
    assert!(!expired.err.contains("canary-token"), "{}", expired.err);
    let place = with_aws_files("[profile broken\nregion = eu-west-1\n", "");
    place.run(&["scan", "--profile", "broken"]).code(1).says(&[".aws/config", "profile `broken`", "mend"]);
    let process = "[profile p]\ncredential_process = /nowhere/at-all\n";
    let place = with_aws_files(process, "");
    place
        .run(&["scan", "--profile", "p"])
        .code(1)
        .says(&["the credentials of profile `p`", "could not be loaded"]);
}

/// Something on the way may answer in the place of the machine, and refuse; nobody spoke of a profile.
#[test]
fn a_refusal_at_the_machines_address_is_no_fault_of_a_profile() {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let address = format!("http://{}", listener.local_addr().expect("an address"));
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let mut request = [0u8; 4096];
            let _ = stream.read(&mut request);
            let _ =
                stream.write_all(b"HTTP/1.1 403 Forbidden\r\nContent-Length: 0\r\nConnection: close\r\n\r\n");
        }
    });
    let refusing = |place: Place| {
        place.env("AWS_EC2_METADATA_DISABLED", "false").env("AWS_EC2_METADATA_SERVICE_ENDPOINT", &address)
    };
    // A profile that only names a region says nothing of credentials.
    for place in [Place::new(), with_aws_files("[default]\nregion = eu-west-1\n", "")] {
        let place = refusing(place);
        let ran = place
            .run(&["scan"])
            .code(1)
            .says(&["no credentials: neither the environment", "nor the machine"]);
        assert!(!ran.err.contains("could not be loaded"), "{}", ran.err);
        assert!(!place.data().exists(), "a scan that cannot sign in made a data directory");
    }
    let named = refusing(with_aws_files(
        "[profile m]\nrole_arn = arn:aws:iam::1:role/x\ncredential_source = Ec2InstanceMetadata\n",
        "",
    ));
    named.run(&["scan", "--profile", "m"]).code(1).says(&["the credentials of profile `m`"]);
}

#[test]
fn keys_in_the_environment_come_before_its_profile_in_every_command() {
    let front = crate::cloud::small_estate(Vec::new());
    let place = Place::asking(&front.url).env("AWS_PROFILE", "nobody");
    let ran = place.run(&["import", "cloudtrail", "s3://the-logs"]);
    assert!(!ran.err.contains("profile"), "{}", ran.err);
    assert!(front.calls().iter().any(|call| call.operation == "GetCallerIdentity"), "{}", ran.err);
    let named = place.run(&["import", "cloudtrail", "s3://the-logs", "--profile", "nobody"]);
    named.code(1).says(&["no profile `nobody`"]);
}

#[test]
fn a_region_that_is_none_is_told_with_those_that_are_near() {
    let front = crate::cloud::small_estate(Vec::new());
    let scan = |regions: &str| {
        let place = Place::asking(&front.url);
        let ran = place.run(&["scan", "--types", crate::cloud::TYPES, "--regions", regions]);
        (place, ran)
    };
    let (place, ran) = scan("eu-wst-1");
    ran.code(1).says(&["the account knows no region `eu-wst-1`; name one of eu-west-1\n"]);
    place.run(&["gate", "--min-understood", "1"]).code(1).says(&["no scan has ended yet"]);
    let (_, ran) = scan("moon-1,mars-1");
    ran.code(1).says(&["no region `moon-1` nor `mars-1`; name one of eu-west-1, us-east-1\n"]);
    // Where one is there it is scanned, and the other is a row with its own advice.
    let (place, ran) = scan("us-east-1,eu-wst-1");
    let ran = ran.ok();
    assert!(
        ran.out.contains("no such place: eu-wst-1\n      check the spelling in --regions"),
        "{}",
        ran.out
    );
    assert!(!ran.out.contains("endpoint"), "{}", ran.out);
    let rows = crate::cloud::unknown_rows(&place);
    let row = rows.iter().find(|row| row["region"] == "eu-wst-1").expect("a row");
    assert_eq!(row["reason"], "no_such_place");
    assert_eq!(row["detail"], "the account knows no such region, but eu-west-1");
}

#[test]
fn what_a_flag_cannot_be_is_said_of_the_flag() {
    let place = crate::harness::sample();
    place.run(&["unknown", "--limit", "0"]).code(2).says(&["--limit"]);
    for name in ["", "a\nb", "\u{7}"] {
        let ran = place.run(&["baseline", "approve", "--reason", "x", "--name", name]);
        ran.code(2).says(&["--name"]);
    }
    place.run(&["baseline", "approve", "--reason", "x", "--by", "a\nb"]).code(2).says(&["--by"]);
    for moment in ["2130-01-01", "2130-01-01T08:00:00Z"] {
        let ran = place.run(&["as-of", moment, "sql", "select count(*) from resources"]);
        let ran = ran.code(1).says(&["2130-01-01", "is in the future"]);
        assert_eq!(ran.out, "");
    }
    // Today has begun.
    let today = jiff::Zoned::now().with_time_zone(jiff::tz::TimeZone::UTC).date().to_string();
    place.run(&["as-of", &today, "sql", "select count(*) from resources"]).ok();
}

/// `fathom completions bash | head -1`
#[test]
fn a_reader_that_leaves_early_is_no_error() {
    let mut child = Place::new().command(&["completions", "bash"]).spawn().expect("the binary starts");
    drop(child.stdout.take());
    let ran = crate::harness::wait(child).ok();
    assert_eq!(ran.err, "");
}

#[test]
fn a_profile_brings_its_own_keys_and_endpoints() {
    let front = crate::cloud::small_estate(Vec::new());
    let keys = "[work]\naws_access_key_id = AKIATESTING\naws_secret_access_key = testing\n";
    let endpoint = |services: &str| format!("[profile work]\nendpoint_url = {}\n{services}", front.url);
    let scan = |config: &str, env: &[(&str, &str)], args: &[&str]| {
        let mut place = with_aws_files(config, keys).env("AWS_ENDPOINT_URL", "");
        for (name, value) in env {
            place = place.env(name, value);
        }
        let ran = place.run(&[&["scan", "--profile", "work", "--types", crate::cloud::TYPES], args].concat());
        (ran, place)
    };
    let (ran, place) = scan(&endpoint(""), &[], &[]);
    ran.ok();
    assert_eq!(crate::cloud::uids(&place), crate::cloud::estate_uids());
    // An address for one service stands in a section of its own, and only that service goes there.
    let dead = "services = local\n[services local]\nsqs =\n  endpoint_url = http://127.0.0.1:9\n";
    let (ran, place) = scan(&endpoint(dead), &[], &[]);
    ran.ok();
    let services = place.texts("select distinct service from coverage where reason = 'network'");
    assert_eq!(services, ["sqs"]);
    // The environment comes before the files, and the flag before all.
    let (ran, place) = scan(&endpoint(dead), &[("AWS_ENDPOINT_URL", &front.url)], &[]);
    ran.ok();
    assert_eq!(crate::cloud::uids(&place), crate::cloud::estate_uids());
    let env = [("AWS_ENDPOINT_URL", "http://127.0.0.1:9"), ("AWS_ENDPOINT_URL_SQS", "http://127.0.0.1:9")];
    let (ran, place) = scan(&endpoint(dead), &env, &["--endpoint-url", &front.url]);
    ran.ok();
    assert_eq!(crate::cloud::uids(&place), crate::cloud::estate_uids());
    // Where neither names one, AWS's own would be asked: from here nothing leads there.
    let (ran, _) = scan("[profile work]\nregion = eu-west-1\n", &[], &[]);
    ran.code(1).says(&["no connection to `sts.us-east-1.amazonaws.com`", "tunnel error"]);
    let (ran, _) = scan("[profile work]\nendpoint_url = nonsense\n", &[], &[]);
    ran.code(1).says(&["endpoint_url in the AWS profile work", "https://host:port"]);
}
