//! Recording a real conversation with moto and playing it without any network.

use std::{fs, path::Path, sync::Arc, time::Duration};

use fathom_cloud::{
    client::{CallMeta, Client, ClientOptions, HttpLimits, HttpTransport, Transport},
    codec::{MASK, Secrets},
    record::{Player, Recorder, RecordingError},
};
use fathom_model::{Reason, Region};
use fathom_testkit::moto::Moto;
use serde_json::{Value, json};

use crate::{client::keys, moto_differential::run_python};

const HOME: &str = "us-east-1";

const SEED: &str = r#"
import boto3, io, sys, zipfile
def client(name): return boto3.client(name, endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
role = client("iam").create_role(RoleName="r", AssumeRolePolicyDocument='{"Version":"2012-10-17","Statement":[]}')["Role"]["Arn"]
code = io.BytesIO()
with zipfile.ZipFile(code, "w") as archive: archive.writestr("f.py", "def handler(e, c): pass")
client("lambda").create_function(FunctionName="f", Runtime="python3.12", Role=role, Handler="f.handler", Code={"ZipFile": code.getvalue()},
    Environment={"Variables": {"MODE": "true", "PASSWORD": "canary \"<&\" w\u00f6rd"}})
"#;

fn http() -> Arc<dyn Transport> {
    let limits = HttpLimits {
        timeout: Duration::from_mins(1),
        connect_timeout: Duration::from_secs(5),
        answer_bytes_max: 64 << 20,
    };
    Arc::new(HttpTransport::new(limits).expect("a transport"))
}

fn client_of(transport: Arc<dyn Transport>, url: Option<&str>, secrets: Secrets) -> Client {
    let mut options = ClientOptions { transport: Some(transport), secrets, ..ClientOptions::default() };
    if let Some(url) = url {
        options = options.with_endpoint(url).expect("an address");
    }
    Client::new(options).expect("a client")
}

fn recorder(path: &Path) -> Recorder {
    Recorder::create(path, http()).expect("a new file")
}

/// Signs in, assumes a role, reads; everything that was seen.
async fn conversation(
    client: &Client,
    sign_in: impl AsyncFnOnce(&Client) -> fathom_cloud::client::Account,
) -> Vec<Value> {
    let base = sign_in(client).await;
    let member = client
        .assume(&base, &"111122223333".into(), "reader", Some("external-canary"))
        .await
        .expect("assumed");
    let mut seen = vec![json!([base.id, base.partition, base.caller, member.id])];
    for (account, service, operation, params) in [
        (&base, "ec2", "DescribeVpcs", json!({})),
        (&member, "ec2", "DescribeVpcs", json!({})),
        (&base, "lambda", "ListFunctions", json!({})),
        (&base, "lambda", "GetFunctionConfiguration", json!({"FunctionName": "f"})),
        (&base, "iam", "ListRoles", json!({"MaxItems": 1})),
        (&base, "ec2", "DescribeVpcs", json!({"VpcIds": ["vpc-0"]})),
        (&base, "accessanalyzer", "ListAnalyzers", json!({})),
    ] {
        let region = Region::new(HOME);
        match client.call(account, &region, service, operation, &params).await {
            Ok(answer) => seen.push(answer.value),
            Err(error) => seen.push(json!([error.reason, error.code, error.message])),
        }
    }
    seen
}

fn text_of(path: &Path) -> String {
    let bytes = fs::read(path).expect("a file");
    if path.extension().is_some_and(|extension| extension == "zst") {
        return String::from_utf8(zstd::stream::decode_all(&*bytes).expect("zstd")).expect("UTF-8");
    }
    String::from_utf8(bytes).expect("UTF-8")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_recording_plays_the_same_conversation_and_holds_no_secret() {
    let Some(moto) = Moto::start() else { return };
    if run_python(&["-c", SEED, &moto.url], "").is_none() {
        return;
    }
    let directory = tempfile::tempdir().expect("a directory");
    for (name, secrets) in [("a.jsonl", Secrets::Keep), ("b.jsonl.zst", Secrets::Mask)] {
        let path = directory.path().join(name);
        let recorder = recorder(&path);
        let client = client_of(Arc::new(recorder.clone()), Some(&moto.url), secrets);
        let live = conversation(&client, async |client: &Client| {
            client.sign_in_with(keys("AKIDCANARY", "secret-canary"), &HOME.into()).await.expect("signed in")
        })
        .await;
        recorder.finish().expect("written");
        assert!(
            live[2..].iter().any(|value| value.to_string().contains("canary")) == (secrets == Secrets::Keep)
        );

        let text = text_of(&path).to_lowercase();
        for secret in ["canary", "authorization", "security-token", "signature", "asia"] {
            assert!(!text.contains(secret), "`{secret}` is in the recording: {text}");
        }
        assert!(text.contains(MASK), "{text}");

        let player = Player::open(&path).expect("a recording");
        assert!(player.damage().is_none());
        assert_eq!(
            player.accounts().iter().map(|account| account.id.to_string()).collect::<Vec<_>>(),
            ["123456789012", "111122223333"]
        );
        let player = client_of(Arc::new(player), None, Secrets::Mask);
        // Elsewhere, without credentials: who we are does not depend on where we ask.
        let played = conversation(&player, async |client: &Client| {
            client.sign_in(Some("no-such-profile"), &"eu-central-1".into()).await.expect("signed in")
        })
        .await;
        let masked = |seen: &[Value]| -> Vec<Value> { seen.iter().map(without_secrets).collect() };
        assert_eq!(masked(&played), masked(&live));
        let error = player
            .call(
                &fathom_cloud::client::Account::played("123456789012", "aws", HOME),
                &HOME.into(),
                "ec2",
                "DescribeSubnets",
                &json!({}),
            )
            .await
            .expect_err("never recorded");
        assert_eq!(
            (error.reason, error.message.as_str()),
            (Reason::NotRecorded, "the recording has no answer for this")
        );
    }
}

/// A value with the environment of functions masked, as the models mark it.
fn without_secrets(value: &Value) -> Value {
    match value {
        Value::Object(map) => map
            .iter()
            .map(|(name, value)| match (name.as_str(), value) {
                ("Variables", Value::Object(variables)) => {
                    (name.clone(), variables.keys().map(|key| (key.clone(), Value::from(MASK))).collect())
                }
                _ => (name.clone(), without_secrets(value)),
            })
            .collect(),
        Value::Array(items) => items.iter().map(without_secrets).collect(),
        other => other.clone(),
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn repeated_calls_replay_in_order_and_the_last_repeats() {
    use axum::{Router, http::StatusCode};
    let count = Arc::new(std::sync::atomic::AtomicU32::new(0));
    let app = Router::new().fallback(move || {
        let number = count.fetch_add(1, std::sync::atomic::Ordering::SeqCst) + 1;
        async move {
            let vpc = format!("<DescribeVpcsResponse><vpcSet><item><vpcId>vpc-{number}</vpcId></item></vpcSet></DescribeVpcsResponse>");
            if number == 2 { (StatusCode::SERVICE_UNAVAILABLE, String::new()) } else { (StatusCode::OK, vpc) }
        }
    });
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, app).await });
    let directory = tempfile::tempdir().expect("a directory");
    let path = directory.path().join("r.jsonl");
    let recorder = recorder(&path);
    let account = fathom_cloud::client::Account::new(
        "111122223333",
        "aws",
        HOME,
        aws_credential_types::Credentials::new("AKID", "secret", None, None, "test"),
    );
    let ids = async |client: &Client, calls: u32| {
        let mut ids = Vec::new();
        for _ in 0..calls {
            let answer = client
                .call(&account, &HOME.into(), "ec2", "DescribeVpcs", &json!({}))
                .await
                .expect("an answer");
            ids.push((answer.value["Vpcs"][0]["VpcId"].as_str().expect("an id").to_owned(), answer.calls));
        }
        ids
    };
    let live = ids(&client_of(Arc::new(recorder.clone()), Some(&url), Secrets::Mask), 3).await;
    assert_eq!(live, [("vpc-1".to_owned(), 1), ("vpc-3".to_owned(), 2), ("vpc-4".to_owned(), 1)]);
    recorder.finish().expect("written");
    let played =
        ids(&client_of(Arc::new(Player::open(&path).expect("a recording")), None, Secrets::Mask), 4).await;
    assert_eq!(played[..3], live[..]);
    assert_eq!(played[3], ("vpc-4".to_owned(), 1));
}

#[test]
fn a_cut_or_damaged_recording_is_read_up_to_there() {
    let directory = tempfile::tempdir().expect("a directory");
    let header = r#"{"format":"fathom-recording","version":1,"accounts":[{"id":"111122223333","partition":"aws"}],"regions":["us-east-1"],"recorded_at":"2026-01-01T00:00:00Z","tool":"t"}"#;
    let line = |vpc: &str| {
        format!(
            r#"{{"account":"111122223333","region":"us-east-1","service":"ec2","operation":"DescribeVpcs","params":{{}},"status":200,"headers":{{}},"body":"<DescribeVpcsResponse><vpcSet><item><vpcId>{vpc}</vpcId></item></vpcSet></DescribeVpcsResponse>"}}"#
        )
    };
    let whole = format!("{header}\n{}\n{}\n", line("vpc-1"), line("vpc-2"));
    let open = |name: &str, bytes: &[u8]| {
        let path = directory.path().join(name);
        fs::write(&path, bytes).expect("written");
        Player::open(&path)
    };
    assert_eq!(Player::from_bytes(whole.as_bytes()).expect("a recording").accounts().len(), 1);
    assert!(open("whole.jsonl", whole.as_bytes()).expect("a recording").damage().is_none());
    let cut = open("cut.jsonl", &whole.as_bytes()[..whole.len() - 40]).expect("a recording");
    assert!(matches!(cut.damage(), Some(RecordingError::Cut { line: 2, .. })), "{:?}", cut.damage());
    let mut compressed = zstd::stream::encode_all(whole.as_bytes(), 3).expect("zstd");
    compressed.truncate(compressed.len() - 3);
    let cut = open("cut.jsonl.zst", &compressed);
    assert!(
        matches!(cut.as_ref().map(Player::damage), Ok(Some(RecordingError::Cut { .. })))
            || matches!(cut, Err(RecordingError::NoRecording { .. })),
        "{cut:?}"
    );
    let damaged = open(
        "damaged.jsonl",
        format!("{header}\n{}\n{{\"x\":\n{}\n", line("vpc-1"), line("vpc-2")).as_bytes(),
    );
    let damaged = damaged.expect("a recording");
    assert!(matches!(damaged.damage(), Some(RecordingError::Line { line: 3, .. })), "{:?}", damaged.damage());
    for (name, bytes) in
        [("empty.jsonl", ""), ("other.jsonl", "{}\n"), ("half.jsonl", "{\"format\":\"fathom-rec")]
    {
        assert!(matches!(open(name, bytes.as_bytes()), Err(RecordingError::NoRecording { .. })), "{name}");
    }
    let later = header.replace("\"version\":1", "\"version\":9");
    let later = open("later.jsonl", format!("{later}\n").as_bytes());
    assert!(matches!(later, Err(RecordingError::Version { version: 9, .. })), "{later:?}");
    assert!(matches!(Player::open(&directory.path().join("none")), Err(RecordingError::Open { .. })));
    let existing = Recorder::create(&directory.path().join("cut.jsonl"), http());
    assert!(matches!(existing, Err(RecordingError::Create { .. })));
    assert_eq!(CallMeta::CALLER, "caller");
}
