//! Secrets: what is relied on is not masked, and what may hold one is.

use std::{collections::BTreeSet, sync::Arc};

use fathom_cloud::model::{Kind, Member, NOT_SECRET, Service, ShapeRef, Structure};
use fathom_content::{Content, ResourceDefinition};

use super::walk::{Source, calls, relied_on, sources};

/// A masked value tells nothing apart: every name would be `(secret)`.
#[test]
fn nothing_that_is_relied_on_is_masked() {
    let content = Content::embedded().unwrap();
    let mut wrong = Vec::new();
    let mut passed = BTreeSet::new();
    let mut seen = 0;
    for definition in content.resources.values() {
        let sources = sources(definition);
        for (what, path) in relied_on(definition) {
            for source in &sources {
                let Some(place) = source.in_answer(&path).and_then(|path| source.walk(&path)) else {
                    continue;
                };
                seen += 1;
                let tags = (what == "tags").then_some(place.end).flatten();
                let parts = tags.map(|end| parts(&source.service, end)).unwrap_or_default();
                let named = parts.iter().map(|part| source.service.shape(part.shape()).name().to_owned());
                passed.extend(
                    place
                        .passed
                        .into_iter()
                        .chain(named)
                        .map(|shape| (source.service.name().to_owned(), shape)),
                );
                let masked = place.masked.or_else(|| {
                    let masked = parts.iter().find(|part| part.is_sensitive())?;
                    Some(source.service.shape(masked.shape()).name().to_owned())
                });
                if let Some(shape) = masked {
                    wrong.push(format!("{}: {what} `{path}` lies behind {shape}", definition.kind));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "the client masks what is relied on: {wrong:#?}");
    assert!(seen >= 1500, "{seen} paths");
    // What is excepted from masking is there to be relied on.
    let tokens = content.resources.values().flat_map(calls).flat_map(|(service, operation)| {
        let source = Source::of(&service, &operation, "@", "");
        let paths =
            source.operation().paginator().map(|pages| pages.output_token.clone()).unwrap_or_default();
        let places = paths.iter().filter_map(|path| Some(source.walk(path)?.passed)).flatten();
        places.map(|shape| (service.clone(), shape)).collect::<Vec<_>>()
    });
    passed.extend(tokens);
    let needless: Vec<_> = NOT_SECRET
        .iter()
        .filter(|(service, shape)| !passed.contains(&((*service).to_owned(), (*shape).to_owned())))
        .collect();
    assert!(needless.is_empty(), "shapes that are shown and that nothing relies on: {needless:?}");
}

/// What tags are made of: a map's keys and values, or the members of a pair.
fn parts<'s>(service: &'s Service, tags: &'s ShapeRef) -> Vec<&'s ShapeRef> {
    match service.shape(tags.shape()).kind() {
        Kind::Map(key, value) => vec![key, value],
        Kind::List(pair) => {
            let structure = service.shape(pair.shape()).structure();
            let members = structure.into_iter().flat_map(Structure::members);
            std::iter::once(pair).chain(members.map(Member::target)).collect()
        }
        _ => Vec::new(),
    }
}

/// Each secret of a definition is hidden in recordings too: in every answer that it comes from, where the model has it.
#[test]
fn every_secret_is_named_where_it_is_answered() {
    let content = Content::embedded().unwrap();
    let mut count = 0;
    for definition in content.resources.values() {
        let alone =
            Content { resources: [(definition.kind.clone(), definition.clone())].into(), ..content.clone() };
        let named: BTreeSet<(String, String, String)> = fathom_see::secrets::members(&alone)
            .into_iter()
            .map(|member| (member.service, member.operation, member.path.to_string()))
            .collect();
        for secret in &definition.secret {
            let mut places = sources(definition).into_iter().filter_map(|source| {
                let path = source.in_answer(secret.as_str())?;
                source.walk(&path)?;
                Some((source.service.name().to_owned(), source.operation.clone(), path))
            });
            // The document itself takes all paths, also those that an enrichment brings.
            let place = places.by_ref().last();
            let place = place.unwrap_or_else(|| panic!("{}: no answer has `{secret}`", definition.kind));
            assert!(named.contains(&place), "{}: {place:?} is not among {named:#?}", definition.kind);
            count += 1;
        }
    }
    assert!(count >= 100, "{count} secrets");
}

/// Words in the names of members that hold secrets themselves.
const SECRETS: [&str; 16] = [
    "token",
    "secret",
    "passw",
    "passphrase",
    "credential",
    "apikey",
    "api_key",
    "authkey",
    "privatekey",
    "userdata",
    "preshared",
    "bearer",
    "connectionstring",
    "webhook",
    "accesskey",
    "signingkey",
];

/// Ends of names that speak of a secret without holding it.
const ABOUT: [&str; 21] = [
    "arn", "id", "ids", "name", "names", "type", "types", "status", "state", "enabled", "validity", "period",
    "version", "mode", "url", "uri", "at", "date", "tokens", "endpoint", "length",
];

/// Words in the names of maps and lists that people fill with what they like, secrets too.
const HOLDERS: [&str; 15] = [
    "environment",
    "variable",
    "header",
    "querystring",
    "argument",
    "param",
    "propert",
    "token",
    "secret",
    "passw",
    "credential",
    "hyperparam",
    "clientproperties",
    "sparkconf",
    "runtimeconf",
];

/// Ends of the names of such maps and lists.
const HOLDER_ENDS: [&str; 5] = ["option", "options", "configuration", "details", "configs"];

/// What the search finds and what holds no secret, by service and the path's end, with the reason.
const NO_SECRETS: &[(&str, &str, &str)] = &[
    ("apigateway", "apiKeySource", "where a key is looked for"),
    ("apigateway", "authorizerCredentials", "the ARN of a role"),
    ("apigateway", "integrationResponses.*.responseParameters.*", "headers that every caller gets"),
    ("apigateway", "methodIntegration.credentials", "the ARN of a role or of users"),
    ("apigatewayv2", "ApiKeySelectionExpression", "where a key is looked for"),
    ("athena", "Parameters.*", "names of functions and catalogs; the one key with secrets is closed"),
    ("backup", "BackupOptions.*", "switches"),
    ("batch", "repositoryCredentials.credentialsParameter", "the ARN of a secret"),
    ("bedrock-agent", "clientToken", "makes a creation unique"),
    ("bedrock-agent", "pineconeConfiguration.connectionString", "the address of an index"),
    ("codebuild", "registryCredential.credential", "the ARN or name of a secret"),
    ("codebuild", "registryCredential.credentialProvider", "the name of a service"),
    ("codepipeline", "configuration.*", "shows what an action does; the keys with secrets are closed"),
    ("cognito-idp", "LambdaConfig.PreTokenGeneration", "the ARN of a function"),
    ("cognito-idp", "ProviderDetails.*", "addresses and names; the keys with secrets are closed"),
    ("cognito-idp", "TokenValidityUnits.AccessToken", "a unit of time"),
    ("cognito-idp", "TokenValidityUnits.IdToken", "a unit of time"),
    ("cognito-idp", "TokenValidityUnits.RefreshToken", "a unit of time"),
    ("config", "ConformancePackInputParameters[].ParameterValue", "what rules compare with"),
    ("config", "scopeConfiguration.scopeValues[]", "names of types"),
    ("dlm", "VariableTags[].Value", "a tag"),
    ("ec2", "ClientToken", "makes a creation unique"),
    ("ec2", "InstanceMetadataDefaults.HttpTokensEnforced", "a switch"),
    ("ec2", "PrivateDnsNameConfiguration.Value", "stands in public DNS"),
    ("ecr", "Scan.nextToken", "where a list goes on"),
    ("ecs", "attachments[].details[].value", "ids of interfaces and subnets"),
    ("ecs", "authorizationConfig.credentialsParameter", "the ARN of a secret"),
    ("ecs", "containerDefinitions[].credentialSpecs[]", "the address of a file"),
    ("ecs", "logConfiguration.options.*", "shows where logs go; the keys with secrets are closed"),
    ("ecs", "nvironmentFiles[].value", "the ARN of an object"),
    ("ecs", "proxyConfiguration.properties[].value", "ports and addresses"),
    ("efs", "ClientToken", "makes a creation unique"),
    ("efs", "CreationToken", "makes a creation unique"),
    ("eks", "clientRequestToken", "makes a creation unique"),
    ("elbv2", "AuthenticationRequestExtraParams.*", "goes through every visitor's browser"),
    ("elbv2", "HostHeaderConfig.RegexValues[]", "names of hosts"),
    ("elbv2", "HostHeaderConfig.Values[]", "names of hosts"),
    ("firehose", "Processors[].Parameters[].ParameterValue", "ARNs, counts and queries over records"),
    ("fms", "PolicyUpdateToken", "guards a change"),
    ("fsx", "DomainJoinServiceAccountSecret", "the ARN of a secret"),
    ("glue", "ConnectionProperties.*", "shows what is connected to; the keys with secrets are closed"),
    ("glue", "Parameters.*", "properties of a catalogue"),
    ("imagebuilder", "workflows[].parameters[].value[]", "choices of a build"),
    ("iot", "republish.headers.userProperties[].value", "sent to every subscriber"),
    ("kinesisanalyticsv2", "ConditionalToken", "guards a change"),
    ("lakeformation", "Parameters.*", "switches"),
    ("network-firewall", "UpdateToken", "guards a change"),
    ("opensearch", "AdvancedOptions.*", "switches and limits"),
    ("pipes", "EnvironmentFiles[].value", "the ARN of an object"),
    ("pipes", "TimestreamParameters.TimeValue", "the path of a moment"),
    ("pipes", "TimestreamParameters.VersionValue", "the path of a number"),
    ("quicksight", "WebCrawlerParameters.PasswordButtonXpath", "a place on a page"),
    ("quicksight", "WebCrawlerParameters.PasswordFieldXpath", "a place on a page"),
    ("redshift-serverless", "configParameters[].parameterValue", "settings of a database"),
    ("sagemaker", "CollectionParameters.*", "what a debugger saves"),
    ("sagemaker", "HookParameters.*", "what a debugger saves"),
    ("sagemaker", "ProfilingParameters.*", "what a profiler saves"),
    ("sagemaker", "RuleParameters.*", "what a debugger checks"),
    ("secretsmanager", "ExternalSecretRotationMetadata[].Value", "how a partner changes a secret"),
    ("secretsmanager", "SecretVersionsToStages.*[]", "names of stages"),
    ("servicecatalog", "Details.TagOptions[].Value", "a tag"),
    ("ses", "AddHeaderAction.HeaderValue", "stands in every mail"),
    ("signer", "signingParameters.*", "choices of a signature"),
    ("ssm", "Parameters[].DefaultValue", "shown to everyone who may run the document"),
    ("wafv2", "ResponseInspection.Header.FailureValues[]", "what a failed sign-in looks like"),
    ("wafv2", "ResponseInspection.Header.SuccessValues[]", "what a sign-in looks like"),
    ("wafv2", "TokenDomains[]", "names of hosts"),
];

/// A text of an answer that a document keeps.
struct Text {
    path: String,
    /// Member names on the way; `*` for a map's values.
    names: Vec<String>,
}

fn texts(service: &Service, at: &ShapeRef, text: &Text, above: &mut Vec<String>, found: &mut Vec<Text>) {
    let shape = service.shape(at.shape());
    if at.is_sensitive() || above.iter().any(|name| name == shape.name()) {
        return;
    }
    above.push(shape.name().to_owned());
    let below = |path: String, name: Option<&str>| Text {
        path,
        names: text.names.iter().cloned().chain(name.map(str::to_owned)).collect(),
    };
    match shape.kind() {
        Kind::Structure(structure) => {
            for member in structure.members() {
                let dot = if text.path.is_empty() { "" } else { "." };
                let path = format!("{}{dot}{}", text.path, member.name());
                texts(service, member.target(), &below(path, Some(member.name())), above, found);
            }
        }
        Kind::List(member) => texts(service, member, &below(format!("{}[]", text.path), None), above, found),
        Kind::Map(_, value) => {
            texts(service, value, &below(format!("{}.*", text.path), Some("*")), above, found);
        }
        Kind::String | Kind::Blob => found.push(below(text.path.clone(), None)),
        Kind::Boolean | Kind::Integer | Kind::Float | Kind::Timestamp => {}
    }
    above.pop();
}

/// Whether names say that a text may be a secret.
fn is_suspect(names: &[String]) -> bool {
    let lower: Vec<String> = names.iter().map(|name| name.to_lowercase()).collect();
    let (Some(last), holder) = (lower.last(), lower.iter().rev().nth(1)) else { return false };
    let holds = |name: &String| {
        HOLDERS.iter().any(|word| name.contains(word))
            || HOLDER_ENDS.iter().any(|end| name.ends_with(end))
            || name == "env"
    };
    let is_value = last.ends_with("value") || last.ends_with("values");
    match last.as_str() {
        "*" | "value" | "values" => holder.is_some_and(holds),
        _ if is_value => holder.is_some_and(holds) || holds(last),
        _ => SECRETS.iter().any(|word| last.contains(word)) && !ABOUT.iter().any(|end| last.ends_with(end)),
    }
}

/// A path without the numbers of elements.
fn plain(path: &str) -> String {
    let mut out = String::new();
    for piece in path.split_inclusive(']') {
        out.push_str(piece.split('[').next().unwrap_or_default());
        if piece.ends_with(']') {
            out.push_str("[]");
        }
    }
    out
}

fn is_closed(definition: &ResourceDefinition, path: &str) -> bool {
    definition.secret.iter().any(|secret| {
        let rest = path.strip_prefix(plain(secret.as_str()).as_str());
        rest.is_some_and(|rest| rest.is_empty() || rest.starts_with(['.', '[']))
    })
}

fn suspects(definition: &ResourceDefinition) -> Vec<(Arc<Service>, String)> {
    let mut suspects = Vec::new();
    for source in sources(definition) {
        let Some(end) = source.walk(&source.base).and_then(|place| place.end) else { continue };
        let into = &source.into;
        let path = if source.many { format!("{into}[]") } else { into.clone() };
        let names = Some(into.clone()).filter(|into| !into.is_empty()).into_iter().collect();
        let mut found = Vec::new();
        texts(&source.service, end, &Text { path, names }, &mut Vec::new(), &mut found);
        let open =
            found.into_iter().filter(|text| is_suspect(&text.names) && !is_closed(definition, &text.path));
        suspects.extend(open.map(|text| (Arc::clone(&source.service), text.path)));
    }
    suspects
}

#[test]
fn members_whose_names_speak_of_secrets_are_closed_or_explained() {
    let content = Content::embedded().unwrap();
    let mut used = BTreeSet::new();
    let mut open = BTreeSet::new();
    for definition in content.resources.values() {
        for (service, path) in suspects(definition) {
            let row = NO_SECRETS.iter().position(|(of, end, _)| *of == service.name() && path.ends_with(end));
            match row {
                Some(row) => _ = used.insert(row),
                None => _ = open.insert(format!("{} ({}): {path}", definition.kind, service.name())),
            }
        }
    }
    assert!(open.is_empty(), "may hold secrets and are neither closed nor explained: {open:#?}");
    let unused: Vec<_> = NO_SECRETS.iter().enumerate().filter(|(row, _)| !used.contains(row)).collect();
    assert!(unused.is_empty(), "exceptions that are none: {unused:?}");
}

/// The search itself finds what is open.
#[test]
fn a_secret_that_is_opened_is_found() {
    let content = Content::embedded().unwrap();
    for (kind, path) in [
        ("AWS::EMR::Cluster", "Configurations[].Properties"),
        ("AWS::Glue::Job", "SourceControlDetails.AuthToken"),
        ("AWS::Events::Rule", "Targets[].HttpParameters.HeaderParameters"),
        ("AWS::CodeBuild::Project", "webhook.secret"),
        ("AWS::Batch::JobDefinition", "eksProperties.podProperties.initContainers[].env[].value"),
        ("AWS::IoT::TopicRule", "rule.errorAction.salesforce.token"),
        ("AWS::IoT::TopicRule", "rule.errorAction.kafka.clientProperties"),
    ] {
        let mut definition = content.resources[kind].clone();
        assert!(definition.secret.iter().any(|secret| secret.as_str() == path), "{kind}: {path} is open");
        definition.secret.retain(|secret| secret.as_str() != path);
        let is_marked = |(_, found): &(Arc<Service>, String)| found.starts_with(path);
        assert!(suspects(&definition).iter().any(is_marked), "{kind}: {path} is not found");
    }
    // Those of a firewall's rules are in each other, where no path leads: the client masks them.
    let source = Source::of("wafv2", "GetWebACL", "@", "");
    let path = "WebACL.Rules[].Action.Allow.CustomRequestHandling.InsertHeaders[].Value";
    assert!(source.walk(path).is_some_and(|place| place.masked.is_some()));
}
