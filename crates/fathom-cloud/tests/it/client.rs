//! The client against a real moto: signing in, calls of all protocols, roles, permissions, endpoints.

use aws_credential_types::Credentials;
use aws_credential_types::provider::SharedCredentialsProvider;
use fathom_cloud::client::{Account, CallError, Client, ClientOptions, SignInError};
use fathom_model::{Reason, Region};
use fathom_testkit::moto::Moto;
use serde_json::{Value, json};

const HOME: &str = "us-east-1";

pub(crate) fn keys(access: &str, secret: &str) -> SharedCredentialsProvider {
    SharedCredentialsProvider::new(Credentials::new(access, secret, None, None, "test"))
}

pub(crate) fn client(url: &str) -> Client {
    Client::new(ClientOptions::default().with_endpoint(url).expect("an address")).expect("a client")
}

pub(crate) async fn signed_in(client: &Client) -> Account {
    client.sign_in_with(keys("testing", "testing"), &HOME.into()).await.expect("signed in")
}

async fn ok(client: &Client, account: &Account, service: &str, operation: &str, params: Value) -> Value {
    match client.call(account, &HOME.into(), service, operation, &params).await {
        Ok(answer) => answer.value,
        Err(error) => panic!("{service}:{operation}: {error}"),
    }
}

async fn refused(
    client: &Client,
    account: &Account,
    service: &str,
    operation: &str,
    params: Value,
) -> CallError {
    match client.call(account, &HOME.into(), service, operation, &params).await {
        Ok(answer) => panic!("{service}:{operation} answered {}", answer.value),
        Err(error) => error,
    }
}

#[tokio::test]
async fn signs_in_and_reads_services_of_every_protocol() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.url);
    let account = signed_in(&client).await;
    assert_eq!(account.id.as_str(), "123456789012");
    assert_eq!(account.partition.as_str(), "aws");
    let vpcs = ok(&client, &account, "ec2", "DescribeVpcs", json!({})).await;
    assert_eq!(vpcs["Vpcs"][0]["CidrBlock"], "172.31.0.0/16");
    let keys = ok(&client, &account, "kms", "ListKeys", json!({})).await;
    assert!(keys["Keys"].is_array());
    let functions = ok(&client, &account, "lambda", "ListFunctions", json!({})).await;
    assert_eq!(functions["Functions"], json!([]));
    let users = ok(&client, &account, "iam", "ListUsers", json!({})).await;
    assert_eq!(users["IsTruncated"], false);
    let buckets = ok(&client, &account, "s3", "ListBuckets", json!({})).await;
    assert_eq!(buckets["Buckets"], json!([]));
    let counters = client.counters();
    assert_eq!((counters.calls, counters.errors, counters.in_flight), (6, 0, 0));
}

#[tokio::test]
async fn what_cannot_be_called_is_an_error_that_says_so() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.url);
    let account = signed_in(&client).await;
    let error = refused(&client, &account, "ec2", "DescribeVpcs", json!({"VpcIds": ["vpc-0"]})).await;
    assert_eq!(
        (error.reason, error.code.as_deref(), error.calls),
        (Reason::Failed, Some("InvalidVpcID.NotFound"), 1)
    );
    let error = refused(&client, &account, "ec2", "DescribeVpcs", json!({"Vpcs": []})).await;
    assert_eq!(
        (error.reason, error.message.as_str(), error.calls),
        (Reason::Failed, "unknown parameter `Vpcs`", 0)
    );
    let error = refused(&client, &account, "ec2", "TerminateInstances", json!({})).await;
    assert_eq!((error.reason, error.calls), (Reason::Failed, 0));
    // moto answers what it does not know with a web page and status 500 or 404.
    let error = refused(&client, &account, "accessanalyzer", "ListAnalyzers", json!({})).await;
    assert_eq!((error.reason, error.calls), (Reason::NotAnswered, 1), "{error}");
}

#[tokio::test]
async fn signatures_and_permissions_are_checked_and_roles_assumed() {
    let Some(moto) = Moto::start() else { return };
    let client = client(&moto.url);
    let base = signed_in(&client).await;
    // In another account the caller has another state; the role need not exist while nothing is checked.
    let member =
        client.assume(&base, &"111122223333".into(), "audit/reader", Some("an-id")).await.expect("assumed");
    let identity = ok(&client, &member, "sts", "GetCallerIdentity", json!({})).await;
    assert_eq!(identity["Account"], "111122223333");
    assert_eq!(identity["Arn"], "arn:aws:sts::111122223333:assumed-role/reader/fathom");
    let before = client.counters().calls;
    let again =
        client.assume(&base, &"111122223333".into(), "audit/reader", Some("an-id")).await.expect("cached");
    assert_eq!((again.id.as_str(), client.counters().calls), ("111122223333", before));
    let shown = format!("{member:?}");
    assert!(!shown.to_lowercase().contains("secret") && !shown.contains("token"), "{shown}");

    let script = r#"
import boto3, json, sys
iam = boto3.client("iam", endpoint_url=sys.argv[1], region_name="us-east-1", aws_access_key_id="testing", aws_secret_access_key="testing")
iam.create_user(UserName="reader")
policy = {"Version": "2012-10-17", "Statement": [{"Effect": "Allow", "Action": ["sts:GetCallerIdentity", "ec2:DescribeVpcs", "kms:ListKeys", "s3:ListAllMyBuckets"], "Resource": "*"}]}
iam.put_user_policy(UserName="reader", PolicyName="p", PolicyDocument=json.dumps(policy))
key = iam.create_access_key(UserName="reader")["AccessKey"]
print(json.dumps([key["AccessKeyId"], key["SecretAccessKey"]]))
"#;
    let Some(output) = crate::moto_differential::run_python(&["-c", script, &moto.url], "") else { return };
    let made: Vec<String> = serde_json::from_str(output.trim()).expect("two texts");
    moto.check_access(true);
    let reader = client.sign_in_with(keys(&made[0], &made[1]), &HOME.into()).await.expect("signed in");
    assert_eq!(reader.caller.as_deref(), Some("arn:aws:iam::123456789012:user/reader"));
    ok(&client, &reader, "ec2", "DescribeVpcs", json!({})).await;
    ok(&client, &reader, "kms", "ListKeys", json!({})).await;
    ok(&client, &reader, "s3", "ListBuckets", json!({})).await;
    let error = refused(&client, &reader, "ec2", "DescribeSubnets", json!({})).await;
    assert_eq!(
        (error.reason, error.permission.as_deref()),
        (Reason::Denied, Some("ec2:DescribeSubnets")),
        "{error}"
    );
    let error =
        refused(&client, &reader, "s3", "GetBucketEncryption", json!({"Bucket": "some-bucket"})).await;
    assert_eq!(error.reason, Reason::Denied, "{error}");

    let wrong =
        client.sign_in_with(keys(&made[0], "canary-secret"), &HOME.into()).await.expect_err("a wrong secret");
    assert!(matches!(wrong, SignInError::InvalidSignature(_)), "{wrong:?}");
    assert!(!format!("{wrong:?}").contains("canary"), "{wrong:?}");
    let wrong = client
        .sign_in_with(keys("AKIAUNKNOWN", "canary-secret"), &HOME.into())
        .await
        .expect_err("no such key");
    assert!(matches!(wrong, SignInError::InvalidSignature(_)), "{wrong:?}");
}

#[tokio::test]
async fn an_endpoint_that_is_not_there_is_told_apart() {
    let port =
        std::net::TcpListener::bind("127.0.0.1:0").and_then(|l| l.local_addr()).expect("a port").port();
    let mut options =
        ClientOptions::default().with_endpoint(&format!("http://127.0.0.1:{port}")).expect("an address");
    options.pause = std::time::Duration::from_millis(1);
    let client = Client::new(options).expect("a client");
    let error =
        client.sign_in_with(keys("testing", "testing"), &HOME.into()).await.expect_err("nobody there");
    let SignInError::Endpoint(error) = error else { panic!("{error:?}") };
    assert_eq!((error.reason, error.calls), (Reason::Network, 4));
}

#[tokio::test]
async fn the_environment_gives_credentials_and_endpoint() {
    // The credential chain reads the environment of its process, so a process of its own asks.
    if std::env::var_os("FATHOM_TEST_SIGN_IN").is_none() {
        let Some(moto) = Moto::start() else { return };
        for (secret, wanted) in [(Some("testing"), "account 123456789012"), (None, "NoCredentials")] {
            let mut command = std::process::Command::new(std::env::current_exe().expect("this test"));
            command
                .args(["client::the_environment_gives_credentials_and_endpoint", "--exact", "--nocapture"])
                .env_clear()
                .env("FATHOM_TEST_SIGN_IN", "1")
                .env("AWS_EC2_METADATA_DISABLED", "true")
                .env("AWS_CONFIG_FILE", "/nonexistent")
                .env("AWS_SHARED_CREDENTIALS_FILE", "/nonexistent")
                .env("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
                .env("AWS_ENDPOINT_URL_STS", &moto.url);
            if let Some(secret) = secret {
                command.env("AWS_ACCESS_KEY_ID", "testing").env("AWS_SECRET_ACCESS_KEY", secret);
            }
            let output = command.output().expect("the test runs");
            let said = String::from_utf8_lossy(&output.stdout);
            assert!(said.contains(wanted), "{said}\n{}", String::from_utf8_lossy(&output.stderr));
        }
        return;
    }
    let client =
        Client::new(ClientOptions::from_env(std::env::vars()).expect("addresses")).expect("a client");
    match client.sign_in(None, &Region::new("eu-central-1")).await {
        Ok(account) => println!("account {}", account.id),
        Err(error) => println!("{error:?}"),
    }
}

#[test]
fn calls_can_be_spawned() {
    fn is_send<T: Send>(_: T) {}
    let client = Client::new(ClientOptions::default()).expect("a client");
    let account = Account::played("123456789012", "aws", HOME);
    let (region, params) = (Region::new(HOME), json!({}));
    is_send(client.call(&account, &region, "ec2", "DescribeVpcs", &params));
    is_send(client.pages(&account, &region, "ec2", "DescribeVpcs", &params, |_| std::future::ready(())));
    is_send(client.sign_in(None, &region));
    is_send(client.assume(&account, &account.id, "reader", None));
}
