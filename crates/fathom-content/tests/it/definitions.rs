//! The resource definitions that ship: whole, at one with each other, and at one with the service models.

use std::{
    collections::{BTreeMap, BTreeSet},
    io::Write as _,
    path::{Path, PathBuf},
    process::{Command, Stdio},
};

use fathom_content::{Content, ResourceDefinition, resource::Name};

/// Types that relations name and no definition lists, each with the reason.
const NOT_DEFINED: &[(&str, &str)] = &[];

/// Operations that give only part of the answer, or more than is one's own, unless this parameter says so.
const NEEDS_PARAM: &[(&str, &str, &str)] = &[
    ("sqs", "ListQueues", "MaxResults"),
    ("ec2", "DescribeSnapshots", "OwnerIds"),
    ("ec2", "DescribeImages", "Owners"),
    ("ssm", "ListDocuments", "Filters"),
    ("ssm", "DescribePatchBaselines", "Filters"),
    ("rds", "DescribeDBClusters", "Filters"),
    ("docdb", "DescribeDBClusters", "Filters"),
    ("neptune", "DescribeDBClusters", "Filters"),
    ("glue", "GetConnections", "HidePassword"),
];

fn content() -> Content {
    Content::embedded().expect("the content that ships")
}

fn folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../content/resources/aws")
}

#[test]
fn every_file_loads_and_has_a_type_of_its_own() {
    let files = std::fs::read_dir(folder()).expect("the folder of definitions").count();
    let content = content();
    assert_eq!(content.resources.len(), files, "one type a file");
    assert!(files >= 300, "{files} definitions");
    let services: BTreeSet<&str> =
        content.resources.values().map(|definition| definition.service.as_str()).collect();
    assert!(services.len() >= 100, "{} services", services.len());
    let views: BTreeSet<String> =
        content.resources.keys().map(fathom_model::ResourceType::view_name).collect();
    assert_eq!(views.len(), files, "every type has a SQL view of its own");
}

#[test]
fn every_relation_leads_to_a_defined_type() {
    let content = content();
    let mut missing = BTreeSet::new();
    for definition in content.resources.values() {
        for relation in &definition.relations {
            assert!(!relation.to.is_empty(), "{} -{}-> nowhere", definition.kind, relation.kind);
            for to in &relation.to {
                let known = content.resources.contains_key(to)
                    || NOT_DEFINED.iter().any(|(kind, _)| *kind == to.as_str());
                if !known {
                    missing.insert(format!("{} -{}-> {to}", definition.kind, relation.kind));
                }
            }
        }
    }
    assert!(missing.is_empty(), "{missing:#?}");
    for (kind, reason) in NOT_DEFINED {
        assert!(
            !content.resources.contains_key(*kind),
            "{kind} is defined now; take it off the list ({reason})"
        );
    }
}

#[test]
fn ids_and_arns_are_filled_from_the_document() {
    for definition in content().resources.values() {
        for template in [&definition.identity.id, &definition.identity.arn] {
            assert!(template.as_str().contains('{'), "{}: `{template}` is the same for all", definition.kind);
        }
        let arn = definition.identity.arn.as_str();
        assert!(
            arn.starts_with("arn:{partition}:") || arn.starts_with('{'),
            "{}: `{arn}` does not know its partition",
            definition.kind
        );
    }
}

#[test]
fn columns_are_snake_case_and_few() {
    for definition in content().resources.values() {
        let few = !definition.columns.is_empty() && definition.columns.len() <= 13;
        assert!(few, "{} has {} columns", definition.kind, definition.columns.len());
        for name in definition.columns.keys() {
            let snake = name.starts_with(|c: char| c.is_ascii_lowercase())
                && !name.ends_with('_')
                && name.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_');
            assert!(snake, "{}: column `{name}`", definition.kind);
        }
    }
}

#[test]
fn kinds_are_verb_phrases_and_descriptions_sentences() {
    for definition in content().resources.values() {
        for relation in &definition.relations {
            let kind = relation.kind.as_str();
            assert!(kind.chars().all(|c| c.is_ascii_lowercase() || c == '_'), "{}: {kind}", definition.kind);
        }
        let words = &definition.description;
        assert!(words.ends_with('.') && words.len() <= 120, "{}: `{words}`", definition.kind);
    }
}

#[test]
fn names_by_tag_need_tags() {
    for definition in content().resources.values() {
        if matches!(&definition.identity.name, Some(Name::Tag(_))) {
            assert!(definition.tags.is_some(), "{} is named by a tag and has no tags", definition.kind);
        }
    }
}

#[test]
fn one_bulk_call_serves_all_identities() {
    let content = content();
    let params: BTreeSet<String> = content
        .resources
        .values()
        .filter(|definition| definition.list.operation == "GetAccountAuthorizationDetails")
        .map(|definition| format!("{:?}", definition.list.params))
        .collect();
    assert_eq!(params.len(), 1, "other parameters make another call: {params:?}");
}

#[test]
fn calls_that_hold_back_are_asked_for_all() {
    for definition in content().resources.values() {
        for (service, operation, param) in NEEDS_PARAM {
            if definition.service == *service && definition.list.operation == *operation {
                assert!(
                    definition.list.params.contains_key(*param),
                    "{}: {operation} needs `{param}`",
                    definition.kind
                );
            }
        }
    }
}

#[test]
fn members_that_may_hold_secrets_are_closed() {
    let content = content();
    for (kind, member) in [
        ("AWS::EC2::Instance", "UserData"),
        ("AWS::EC2::LaunchTemplate", "Latest.UserData"),
        ("AWS::Lambda::Function", "Environment.Variables"),
        ("AWS::ECS::TaskDefinition", "taskDefinition.containerDefinitions[].environment[].value"),
        ("AWS::CloudFormation::Stack", "Parameters[].ParameterValue"),
        ("AWS::CodeBuild::Project", "environment.environmentVariables[].value"),
        ("AWS::Glue::Job", "DefaultArguments"),
        ("AWS::AutoScaling::LaunchConfiguration", "UserData"),
        ("AWS::EC2::VPNConnection", "CustomerGatewayConfiguration"),
        ("AWS::EC2::VPNConnection", "Options.TunnelOptions[].PreSharedKey"),
        ("AWS::DirectConnect::VirtualInterface", "authKey"),
        ("AWS::Batch::JobDefinition", "containerProperties.environment[].value"),
        ("AWS::Cognito::UserPoolClient", "ClientSecret"),
        ("AWS::Cognito::UserPoolIdentityProvider", "ProviderDetails.client_secret"),
        ("AWS::KinesisFirehose::DeliveryStream", "Destinations[].SplunkDestinationDescription.HECToken"),
        ("AWS::Amplify::App", "environmentVariables"),
        ("AWS::SageMaker::Model", "PrimaryContainer.Environment"),
        ("AWS::ECS::Task", "overrides.containerOverrides[].environment[].value"),
        ("AWS::ElasticBeanstalk::Environment", "Settings[].Value"),
        ("AWS::CloudFormation::StackSet", "Parameters[].ParameterValue"),
        ("AWS::CodePipeline::Pipeline", "pipeline.stages[].actions[].configuration.OAuthToken"),
        ("AWS::EMR::Cluster", "Configurations[].Properties"),
        ("AWS::Glue::Job", "NonOverridableArguments"),
        ("AWS::IoT::TopicRule", "rule.errorAction.salesforce.token"),
        ("AWS::CodeBuild::Project", "webhook.secret"),
        ("AWS::CloudFormation::Stack", "Parameters[].ResolvedValue"),
    ] {
        let definition = &content.resources[kind];
        assert!(definition.secret.iter().any(|path| path.as_str() == member), "{kind}: {member}");
    }
    // No call that would give the value of a secret is ever made.
    for definition in content.resources.values() {
        for operation in operations(definition) {
            assert!(
                !["GetSecretValue", "GetParameter", "GetParameters", "GetParametersByPath", "Decrypt"]
                    .contains(&operation),
                "{}: {operation}",
                definition.kind
            );
        }
    }
}

/// A statement is judged whole: by effect, principal and condition together.
#[test]
fn principals_are_judged_with_their_statement() {
    let mut judged = 0;
    for definition in content().resources.values() {
        for condition in definition.exposed_when.iter().chain(&definition.provider_made) {
            let path = condition.path.as_str();
            if !path.contains("Statement") {
                continue;
            }
            let inner: Vec<&str> = condition.all.iter().map(|inner| inner.path.as_str()).collect();
            assert!(
                !path.contains("Principal")
                    && inner.contains(&"Effect")
                    && inner.contains(&"Condition")
                    && inner.iter().any(|path| path.contains("Principal")),
                "{}: `{path}` is judged without its effect or condition; copy the rule of sqs.queue.yaml",
                definition.kind
            );
            judged += 1;
        }
    }
    assert!(judged >= 20, "{judged} rules about policies");
}

/// Codes that a service gives for many reasons, where this one is meant: type, code, why.
const ONE_MEANING: &[(&str, &str, &str)] = &[
    ("AWS::EKS::AccessEntry", "InvalidRequestException", "the cluster keeps its users in a map of its own"),
    ("AWS::ResourceGroups::Group", "BadRequestException", "a group that a service set up has no query"),
    ("AWS::Transfer::User", "InvalidRequestException", "the server's users live elsewhere"),
];

/// Such codes: a wrong request, whatever is wrong with it.
const MANY_MEANINGS: [&str; 12] = [
    "BadRequestException",
    "ClientException",
    "InternalException",
    "InvalidGatewayRequestException",
    "InvalidInputException",
    "InvalidParameterException",
    "InvalidParameterValue",
    "InvalidParameterValueException",
    "InvalidParametersException",
    "InvalidRequestException",
    "ValidationError",
    "ValidationException",
];

/// What could not be read is never "none": a code in `absent` says that there is nothing, and no more.
#[test]
fn absent_codes_say_that_there_is_none() {
    let mut used = BTreeSet::new();
    for definition in content().resources.values() {
        let kind = definition.kind.as_str();
        let list = definition.list.absent.iter();
        let describe = definition.list.describe.iter().flat_map(|describe| &describe.absent);
        let enrich = definition.enrich.iter().flat_map(|enrich| &enrich.absent);
        for code in list.chain(describe).chain(enrich) {
            let refuses = ["denied", "unauthorized", "notauthorized", "forbidden", "authfailure", "throttl"];
            let lower = code.to_lowercase();
            assert!(
                !refuses.iter().any(|word| lower.contains(word)),
                "{kind}: `{code}` means that something may not be read, not that there is none"
            );
            if MANY_MEANINGS.contains(&code.as_str()) {
                let row = ONE_MEANING.iter().position(|(of, meant, _)| *of == kind && meant == code);
                used.insert(
                    row.unwrap_or_else(|| panic!("{kind}: `{code}` also means other things than none")),
                );
            }
        }
    }
    assert_eq!(used.len(), ONE_MEANING.len(), "exceptions that are none are left");
}

#[test]
fn only_reading_calls_are_made() {
    for definition in content().resources.values() {
        for operation in operations(definition) {
            let reads = ["Describe", "List", "Get", "BatchGet", "Search"]
                .iter()
                .any(|word| operation.starts_with(word));
            // A report is made, and nothing else changes.
            let reports = definition.enrich.iter().filter_map(|enrich| enrich.job.as_ref());
            let makes_report = operation.starts_with("Generate")
                && reports.map(|job| job.operation.as_str()).any(|job| job == operation);
            assert!(reads || makes_report, "{}: {operation}", definition.kind);
        }
    }
}

fn operations(definition: &ResourceDefinition) -> Vec<&str> {
    definition.calls().map(|(_, operation)| operation).collect()
}

/// The environment that has the service models; none where it is not on this machine.
pub(crate) fn python() -> Option<PathBuf> {
    let home = std::env::var_os("HOME").map(PathBuf::from).unwrap_or_default();
    let python = home.join(".cache/fathom/python/bin/python");
    if !python.is_file() {
        let required = std::env::var("FATHOM_REQUIRE_PEERS").is_ok_and(|value| value == "1");
        assert!(!required, "no {} and FATHOM_REQUIRE_PEERS=1", python.display());
        eprintln!("skipped: no {} (a virtual environment with botocore)", python.display());
        return None;
    }
    Some(python)
}

/// The service models are the peer: every operation, parameter and path must be in them.
#[test]
fn definitions_agree_with_the_service_models() {
    let Some(python) = python() else { return };
    let (ok, output) = check(&python, &content().resources.values().collect::<Vec<_>>());
    assert!(ok, "{output}");

    // The check itself finds what is wrong.
    let mut broken: BTreeMap<_, _> = content().resources;
    let volume = broken.get_mut("AWS::EC2::Volume").expect("volumes are defined");
    volume.list.operation = "DescribeVolume".to_owned();
    let key = broken.get_mut("AWS::KMS::Key").expect("keys are defined");
    key.tags = Some("Labels".parse().expect("a path"));
    let (ok, output) = check(&python, &broken.values().collect::<Vec<_>>());
    assert!(!ok, "{output}");
    assert!(output.contains("ec2 has no operation `DescribeVolume`"), "{output}");
    assert!(output.contains("`Labels`"), "{output}");
}

pub(crate) fn check(python: &Path, definitions: &[&ResourceDefinition]) -> (bool, String) {
    let script = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/peer/check_definitions.py");
    let mut child = Command::new(python)
        .arg(script)
        .arg("-")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("python starts");
    let json = serde_json::to_vec(definitions).expect("definitions are JSON");
    child.stdin.take().expect("its input").write_all(&json).expect("it reads");
    let output = child.wait_with_output().expect("it ends");
    let text =
        [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).concat();
    (output.status.success(), text)
}

#[test]
fn rules_that_cannot_be_are_refused() {
    let refused = |file: &str, text: &str| {
        let thing = "type: T\ndescription: A thing.\nservice: box\nlist: { operation: List, items: 'L[]' }\nidentity: { id: '{Id}', arn: '{Arn}' }\n";
        let text = if file.starts_with("resources/") { format!("{thing}{text}") } else { text.to_owned() };
        let files = [("demands.yaml".to_owned(), "always: [owner]".to_owned()), (file.to_owned(), text)];
        Content::from_files(&files.into()).expect_err("it is refused").to_string()
    };
    for (file, text, says) in [
        ("resources/t.yaml", "volatile: ['L[]']", "`volatile: L[]` does not end in a member"),
        ("resources/t.yaml", "volatile: ['A || B']", "does not end in a member, or has alternatives"),
        ("resources/t.yaml", "common: { account: aws }", "`common` without `provider_made`"),
        (
            "resources/t.yaml",
            "provider_made: [{ path: Own }]\ncommon: { account: aws, without: ['L[]'] }",
            "`without: L[]` does not end in a member",
        ),
        ("references.yaml", "ids: { vpc: AWS::EC2::VPC }", "references.yaml: `ids: vpc` does not end in `-`"),
        ("references.yaml", "members: { KmsKeyId: AWS::KMS::Key }", "names are compared in lower case"),
        ("references.yaml", "idz: {}", "references.yaml:1:"),
        ("finders.yaml", "cloud: []", "finders.yaml:1:"),
    ] {
        let message = refused(file, text);
        assert!(message.contains(says), "{message}");
    }
}

#[test]
fn references_by_form_lead_to_defined_types() {
    let content = content();
    let rules = &content.references;
    assert!(rules.ids.len() >= 30 && !rules.members.is_empty());
    let missing: Vec<_> = rules
        .ids
        .values()
        .chain(rules.members.values())
        .filter(|kind| !content.resources.contains_key(*kind))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
    assert_eq!(
        rules.type_of_id("vpc-0a1b2c3d").map(fathom_model::ResourceType::as_str),
        Some("AWS::EC2::VPC")
    );
    let read: Vec<_> =
        content.finders.cloud_control.iter().filter(|kind| content.resources.contains_key(*kind)).collect();
    assert!(read.is_empty(), "a definition reads them now, take them off the list: {read:?}");
}
