//! Questions that another tool asks of whole accounts, with its answers: account authorization details as AWS returns
//! them, policies of resources and of an organisation.

use std::{
    fs,
    path::{Path, PathBuf},
    process::Command,
};

use fathom_iam::{Decision, batch};
use serde_json::{Map, Value, json};

#[test]
fn questions_of_whole_accounts_are_answered_as_expected() {
    let shared = match std::env::var_os("FATHOM_SHARED_DATA") {
        Some(directory) => PathBuf::from(directory),
        None => Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data"),
    };
    let questions = shared.join("iam/iamspy-cases.jsonl");
    if !questions.is_file() {
        println!("skipped: {} is not there", questions.display());
        return;
    }
    let unpacked = std::env::temp_dir().join(format!("fathom-iam-{}", std::process::id()));
    fs::create_dir_all(&unpacked).unwrap();
    let archive = shared.join("iam/gaad-examples.tar.zst");
    let status =
        Command::new("tar").args(["-I", "zstd", "-xf"]).arg(archive).arg("-C").arg(&unpacked).status();
    assert!(status.unwrap().success());
    let files =
        find(&unpacked, "files").into_iter().find(|path| path.join("basic-allow.json").is_file()).unwrap();
    let mut wrong = Vec::new();
    let mut asked = 0;
    for line in fs::read_to_string(questions).unwrap().lines() {
        let question: Value = serde_json::from_str(line).unwrap();
        let case = &question["case"];
        let (request, strict) = request(&files, &case[0], &case[1]);
        let answer = batch::answer(&request.to_string()).unwrap().verdict;
        // Without `strict`, the question is whether it can be at all.
        let can = answer.decision == Decision::Allowed || (!strict && answer.decision == Decision::OnlyIf);
        asked += 1;
        if case[2] != can {
            wrong.push(format!("{case}: {answer:?}"));
        }
    }
    fs::remove_dir_all(&unpacked).unwrap();
    println!("{asked} questions");
    assert!(asked > 0 && wrong.is_empty(), "{} of {asked} otherwise:\n{}", wrong.len(), wrong.join("\n"));
}

/// Directories of this name.
fn find(under: &Path, name: &str) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(under).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            found.extend(find(&path, name));
            if path.file_name().is_some_and(|file| file == name) {
                found.push(path);
            }
        }
    }
    found
}

fn read(files: &Path, name: &Value) -> Value {
    serde_json::from_str(&fs::read_to_string(files.join(name.as_str().unwrap())).unwrap()).unwrap()
}

/// The request, and whether keys that are not given are absent.
fn request(files: &Path, sources: &Value, question: &Value) -> (Value, bool) {
    let (principal, arn) = (question[0].as_str().unwrap(), question[2].as_str().unwrap());
    let own = principal.split(':').nth(4).unwrap();
    let strict = question[5] == true;
    let mut context = Map::new();
    for condition in question[3].as_array().into_iter().flatten() {
        let (key, value) = condition.as_str().unwrap().split_once('=').unwrap();
        context.insert(key.to_owned(), json!([value]));
    }
    let mut request = json!({"request": {"principal": principal, "action": question[1], "context": context,
        "context_is_complete": strict, "resource": {"arn": arn}}});
    let mut account = Some(arn.split(':').nth(4).unwrap().to_owned()).filter(|account| !account.is_empty());
    for file in sources["gaads"].as_array().into_iter().flatten() {
        if let Some((identity, boundary)) = policies(&read(files, file), principal) {
            request["identity_policies"] = identity;
            request["permission_boundaries"] = boundary;
        }
    }
    for file in sources["resources"].as_array().into_iter().flatten() {
        for resource in read(files, file).as_array().unwrap() {
            if resource["Resource"] == arn {
                request["resource_policy"] = resource["Policy"].clone();
                account = account.or(resource["Account"].as_str().map(str::to_owned));
            }
        }
    }
    for file in sources["scps"].as_array().into_iter().flatten() {
        let root = read(files, file);
        // The account that manages the organisation is not bound by its policies.
        if root["Arn"].as_str().and_then(|arn| arn.split(':').nth(4)) != Some(own) {
            request["scps"] = json!(path(&root, own).unwrap_or_default());
        }
    }
    request["request"]["resource"]["account"] = json!(account.unwrap_or_else(|| own.to_owned()));
    (request, strict)
}

/// Identity policies and boundary of a principal; none where it is not in these details.
fn policies(details: &Value, principal: &str) -> Option<(Value, Value)> {
    let managed = |arn: &Value| {
        let policy =
            details["Policies"].as_array().unwrap().iter().find(|policy| policy["Arn"] == *arn).unwrap();
        let versions = policy["PolicyVersionList"].as_array().unwrap();
        let version = versions.iter().find(|version| version["IsDefaultVersion"] == true).unwrap();
        json!({"name": policy["PolicyName"], "policy": version["Document"]})
    };
    let all = |identity: &Value, inline: &str| -> Vec<Value> {
        let inline = identity[inline].as_array().into_iter().flatten();
        let inline =
            inline.map(|policy| json!({"name": policy["PolicyName"], "policy": policy["PolicyDocument"]}));
        let attached = identity["AttachedManagedPolicies"].as_array().into_iter().flatten();
        inline.chain(attached.map(|policy| managed(&policy["PolicyArn"]))).collect()
    };
    for (list, inline) in [("UserDetailList", "UserPolicyList"), ("RoleDetailList", "RolePolicyList")] {
        let of = details[list].as_array().into_iter().flatten().find(|identity| identity["Arn"] == principal);
        let Some(identity) = of else { continue };
        let mut found = all(identity, inline);
        for name in identity["GroupList"].as_array().into_iter().flatten() {
            let groups = details["GroupDetailList"].as_array().into_iter().flatten();
            found.extend(
                groups
                    .filter(|group| group["GroupName"] == *name)
                    .flat_map(|group| all(group, "GroupPolicyList")),
            );
        }
        let boundary = &identity["PermissionsBoundary"]["PermissionsBoundaryArn"];
        let boundary = if boundary.is_string() { managed(boundary) } else { Value::Null };
        return Some((json!(found), boundary));
    }
    None
}

/// The levels from the root down to an account; none where the account is not under this one.
fn path(level: &Value, account: &str) -> Option<Vec<Value>> {
    let policies = level["Policies"].as_array().into_iter().flatten();
    let policies: Vec<Value> =
        policies.map(|policy| json!({"name": policy["Name"], "policy": policy["Content"]})).collect();
    let here = json!({"id": level["Id"], "policies": policies});
    if level["Id"] == account {
        return Some(vec![here]);
    }
    let below = level["Children"].as_array().into_iter().flatten().find_map(|child| path(child, account))?;
    Some([vec![here], below].concat())
}
