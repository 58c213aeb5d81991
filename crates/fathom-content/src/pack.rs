//! All content together: embedded in the binary, overridable by a directory.

use std::{collections::BTreeMap, path::Path};

use fathom_model::ResourceType;
use rust_embed::RustEmbed;

use crate::{
    ContentError,
    activity::{ActivityRules, ServiceActivity},
    aws_config::AwsConfigNames,
    declared::DeclaredMaps,
    demands::Demands,
    edits::EditRules,
    finders::FinderRules,
    manifests::ManifestKinds,
    open::OpenRule,
    parse_yaml,
    places::Places,
    protection::ProtectionRules,
    references::ReferenceRules,
    resource::ResourceDefinition,
    service_levels::ServiceLevels,
    vulnerable::VulnerabilityRules,
};

#[derive(RustEmbed)]
#[folder = "../../content"]
#[include = "resources/**"]
#[include = "declared/**"]
#[include = "activity/**"]
#[include = "imports/**"]
#[include = "demands.yaml"]
#[include = "references.yaml"]
#[include = "finders.yaml"]
#[include = "open/**"]
#[include = "vulnerabilities/**"]
#[include = "places.yaml"]
#[include = "service-levels.yaml"]
#[include = "edits.yaml"]
#[include = "protection.yaml"]
#[include = "manifests/**"]
struct Embedded;

/// Everything declarative that Fathom runs on.
#[derive(Debug, Clone)]
pub struct Content {
    /// Resource definitions by type.
    pub resources: BTreeMap<ResourceType, ResourceDefinition>,
    /// How code names what the estate has, by declared type.
    pub declared: DeclaredMaps,
    /// The built-in demands.
    pub demands: Demands,
    /// What looks like a reference wherever it stands.
    pub references: ReferenceRules,
    /// How resources lie in the organisation.
    pub places: Places,
    /// Who else is asked what there is.
    pub finders: FinderRules,
    /// What the events of audit logs mean.
    pub activity: ActivityRules,
    /// What AWS Config names otherwise than the APIs.
    pub aws_config: AwsConfigNames,
    /// What lets in somebody whom nobody asks who they are.
    pub open: Vec<OpenRule>,
    /// Where scans find what is known of weaknesses in software.
    pub vulnerabilities: VulnerabilityRules,
    /// Within how many days findings are fixed.
    pub service_levels: ServiceLevels,
    /// What each class of data demands.
    pub protection: ProtectionRules,
    /// What edits people may ask about.
    pub edits: EditRules,
    /// What Kubernetes manifests declare.
    pub manifests: ManifestKinds,
}

impl Content {
    /// What ships in the binary.
    pub fn embedded() -> Result<Self, ContentError> {
        let mut files = BTreeMap::new();
        for name in Embedded::iter() {
            if let Some(file) = Embedded::get(&name) {
                files.insert(name.to_string(), String::from_utf8_lossy(&file.data).into_owned());
            }
        }
        Self::from_files(&files)
    }

    /// What ships, with each file of a directory in place of the embedded one of the same name, or beside them.
    pub fn with_overrides(directory: &Path) -> Result<Self, ContentError> {
        let mut files = BTreeMap::new();
        for name in Embedded::iter() {
            if let Some(file) = Embedded::get(&name) {
                files.insert(name.to_string(), String::from_utf8_lossy(&file.data).into_owned());
            }
        }
        for prefix in [
            "",
            "resources/aws/",
            "imports/",
            "open/",
            "vulnerabilities/",
            "activity/",
            "activity/aws/",
            "declared/terraform/",
            "declared/cloudformation/",
            "manifests/",
        ] {
            let folder = if prefix.is_empty() { directory.to_owned() } else { directory.join(prefix) };
            let entries = match std::fs::read_dir(&folder) {
                Ok(entries) => entries,
                Err(error) if error.kind() == std::io::ErrorKind::NotFound && !prefix.is_empty() => continue,
                Err(source) => return Err(ContentError::Read { path: folder, source }),
            };
            for entry in entries {
                let path =
                    entry.map_err(|source| ContentError::Read { path: folder.clone(), source })?.path();
                if path.extension().is_some_and(|extension| extension == "yaml") {
                    let name = path.file_name().unwrap_or_default().to_string_lossy();
                    let text = std::fs::read_to_string(&path)
                        .map_err(|source| ContentError::Read { path: path.clone(), source })?;
                    files.insert(format!("{prefix}{name}"), text);
                }
            }
        }
        Self::from_files(&files)
    }

    /// Loads named texts; names are paths below `content/`.
    pub fn from_files(files: &BTreeMap<String, String>) -> Result<Self, ContentError> {
        let mut resources: BTreeMap<ResourceType, ResourceDefinition> = BTreeMap::new();
        let mut demands = None;
        let mut references = ReferenceRules::default();
        let mut finders = FinderRules::default();
        let mut places = Places::default();
        let mut declared = DeclaredMaps::default();
        let mut activity = ActivityRules::default();
        let mut aws_config = AwsConfigNames::default();
        let mut open: Vec<OpenRule> = Vec::new();
        let mut vulnerabilities = VulnerabilityRules::default();
        let mut service_levels = ServiceLevels::default();
        let mut edits = EditRules::default();
        let mut protection = ProtectionRules::default();
        let mut manifests = ManifestKinds::default();
        for (name, text) in files {
            if name == "demands.yaml" {
                demands = Some(parse_yaml(name, text)?);
            } else if name == "finders.yaml" {
                finders = parse_yaml(name, text)?;
            } else if name.starts_with("open/") && is_yaml(name) {
                open.extend(parse_yaml::<Vec<OpenRule>>(name, text)?);
            } else if name.starts_with("vulnerabilities/") && is_yaml(name) {
                vulnerabilities.add(parse_yaml(name, text)?);
            } else if name == "places.yaml" {
                places = parse_yaml(name, text)?;
            } else if name == "service-levels.yaml" {
                service_levels = parse_yaml(name, text)?;
                if let Some(message) = service_levels.problem() {
                    return Err(ContentError::Invalid { file: name.clone(), message });
                }
            } else if name == "protection.yaml" {
                protection = parse_yaml(name, text)?;
                if let Some(message) = protection.problem() {
                    return Err(ContentError::Invalid { file: name.clone(), message });
                }
            } else if name == "edits.yaml" {
                edits = parse_yaml(name, text)?;
            } else if name == "manifests/kubernetes.yaml" {
                manifests = parse_yaml(name, text)?;
                if let Some(shapes) = files.get("manifests/shapes.json") {
                    let invalid =
                        |message| ContentError::Invalid { file: "manifests/shapes.json".to_owned(), message };
                    manifests.shapes(shapes).map_err(invalid)?;
                }
                if let Some(message) = manifests.problem() {
                    return Err(ContentError::Invalid { file: name.clone(), message });
                }
            } else if name == "references.yaml" {
                references = parse_yaml(name, text)?;
                if let Some(message) = references.problem() {
                    return Err(ContentError::Invalid { file: name.clone(), message });
                }
            } else if name == "imports/aws-config.yaml" {
                aws_config = parse_yaml(name, text)?;
            } else if name == "activity/tools.yaml" {
                activity.tools = parse_yaml(name, text)?;
            } else if name.starts_with("activity/") && is_yaml(name) {
                let service: ServiceActivity = parse_yaml(name, text)?;
                activity.add(name, service)?;
            } else if name.starts_with("declared/") && is_yaml(name) {
                declared.add(name, text)?;
            } else if name.starts_with("resources/") && is_yaml(name) {
                let definition: ResourceDefinition = parse_yaml(name, text)?;
                if let Some(before) = resources.insert(definition.kind.clone(), definition) {
                    return Err(ContentError::Invalid {
                        file: name.clone(),
                        message: format!("`{}` is defined in another file already", before.kind),
                    });
                }
            }
        }
        let content = Self {
            activity,
            aws_config,
            open,
            vulnerabilities,
            service_levels,
            protection,
            edits,
            manifests,
            references,
            finders,
            places,
            resources,
            declared,
            demands: demands.ok_or_else(|| ContentError::Invalid {
                file: "demands.yaml".to_owned(),
                message: "it is missing".to_owned(),
            })?,
        };
        content.check()?;
        Ok(content)
    }

    /// What one file cannot know: that types it names exist, that parents do not form a circle.
    fn check(&self) -> Result<(), ContentError> {
        if let Some(kind) = self.aws_config.unknown(&|kind| self.resources.contains_key(kind)) {
            return Err(ContentError::Invalid {
                file: "imports/aws-config.yaml".to_owned(),
                message: format!("no resource definition is called `{kind}`"),
            });
        }
        if let Some(kind) = self.places.unknown(&|kind| self.resources.contains_key(kind)) {
            return Err(ContentError::Invalid {
                file: "places.yaml".to_owned(),
                message: format!("no resource definition is called `{kind}`"),
            });
        }
        self.check_open()?;
        if let Some(message) = self.vulnerabilities.problem(&|kind| self.resources.contains_key(kind)) {
            return Err(ContentError::Invalid { file: "vulnerabilities".to_owned(), message });
        }
        if let Some(message) = self.edits.problem(&self.declared, &|kind| self.resources.contains_key(kind)) {
            return Err(ContentError::Invalid { file: "edits.yaml".to_owned(), message });
        }
        for definition in self.resources.values() {
            let invalid = |message: String| {
                Err(ContentError::Invalid { file: format!("resource type {}", definition.kind), message })
            };
            let mut seen = vec![&definition.kind];
            let mut parent = definition.list.for_each.as_ref();
            while let Some(kind) = parent {
                if seen.contains(&kind) {
                    return invalid(format!("`for_each: {kind}` leads back to itself"));
                }
                seen.push(kind);
                match self.resources.get(kind) {
                    Some(next) => parent = next.list.for_each.as_ref(),
                    None => return invalid(format!("`for_each: {kind}` is not a defined type")),
                }
            }
            for relation in &definition.inherit {
                if !definition.relations.iter().any(|r| r.kind == *relation) {
                    return invalid(format!("`inherit: {relation}` is not one of its relations"));
                }
            }
            if let Some(relation) = definition.relations.iter().find(|relation| relation.to.is_empty()) {
                return invalid(format!(
                    "relation `{}` leads to no type; name one under `to`",
                    relation.kind
                ));
            }
            if definition.list.describe.iter().any(|it| it.batch.is_some() && !it.keep.is_empty()) {
                return invalid("`keep` with `batch`: whose it is, is not told".to_owned());
            }
            if let Some(path) = definition.volatile.iter().find(|path| !path.ends_in_member()) {
                return invalid(format!("`volatile: {path}` does not end in a member, or has alternatives"));
            }
            if let Some(common) = &definition.common {
                if definition.provider_made.is_empty() {
                    return invalid(
                        "`common` without `provider_made`: nothing says which they are".to_owned(),
                    );
                }
                if definition.list.describe.is_some() {
                    return invalid("`common` with `describe`: it is told by what the list gives".to_owned());
                }
                if let Some(path) = common.without.iter().find(|path| !path.ends_in_member()) {
                    return invalid(format!(
                        "`without: {path}` does not end in a member, or has alternatives"
                    ));
                }
            }
            if let Some(other) =
                definition.identity.parts.iter().find(|part| !matches!(part.as_str(), "/" | ":"))
            {
                return invalid(format!("`parts: {other}` is neither `/` nor `:`"));
            }
            for member in &definition.enrich {
                if member.into.is_empty() {
                    return invalid(format!("enrichment by {} has no `into`", member.operation));
                }
            }
        }
        Ok(())
    }
}

impl Content {
    /// That rules of what is open are whole, and about types that there are.
    fn check_open(&self) -> Result<(), ContentError> {
        let mut ids = std::collections::BTreeSet::new();
        for rule in &self.open {
            let unknown = rule.kinds().find(|kind| !self.resources.contains_key(*kind));
            let twice = || (!ids.insert(&rule.id)).then(|| format!("`{}` is there twice", rule.id));
            let message = unknown
                .map(|kind| format!("`{}`: no resource definition is called `{kind}`", rule.id))
                .or_else(|| rule.problem())
                .or_else(twice);
            if let Some(message) = message {
                return Err(ContentError::Invalid { file: "open".to_owned(), message });
            }
        }
        Ok(())
    }
}

impl VulnerabilityRules {
    /// What ships in the binary, without all other content.
    ///
    /// # Errors
    /// Never, but that a file is read.
    pub fn embedded() -> Result<Self, ContentError> {
        let mut rules = Self::default();
        for name in Embedded::iter().filter(|name| name.starts_with("vulnerabilities/") && is_yaml(name)) {
            if let Some(file) = Embedded::get(&name) {
                rules.add(parse_yaml(&name, &String::from_utf8_lossy(&file.data))?);
            }
        }
        Ok(rules)
    }
}

fn is_yaml(name: &str) -> bool {
    Path::new(name).extension().is_some_and(|extension| extension == "yaml")
}
