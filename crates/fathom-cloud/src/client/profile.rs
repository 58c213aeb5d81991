//! The AWS tools' shared files, `~/.aws/config` and `~/.aws/credentials`: which profile holds, whether it is there,
//! its credentials, and the endpoint addresses it gives.

use std::{borrow::Cow, fmt, path::PathBuf};

use aws_config::{
    BehaviorVersion, SdkConfig,
    profile::{ProfileFileCredentialsProvider, ProfileFileLoadError, ProfileSet},
    provider_config::ProviderConfig,
};
use aws_credential_types::provider::SharedCredentialsProvider;
use aws_types::{
    os_shim_internal::{Env, Fs},
    region::Region as SdkRegion,
    service_config::ServiceConfigKey,
};
use fathom_model::Region;

use super::options::{ClientOptions, EndpointUrlError, address};
use crate::model::Models;

/// The profile that holds, and where it was looked for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileName {
    /// Its name: as given, as `AWS_PROFILE` says, or `default`.
    pub name: String,
    /// Whether the command or `AWS_PROFILE` named it.
    pub named: bool,
    /// The files that may hold it.
    pub files: [PathBuf; 2],
}

impl ProfileName {
    /// The profile that a command named, or the environment's.
    pub(crate) fn of(named: Option<&str>) -> Self {
        let variable = |name: &str| std::env::var(name).ok().filter(|value| !value.is_empty());
        let home = variable("HOME").map(PathBuf::from).unwrap_or_default();
        let file = |name: &str, usual: &str| variable(name).map_or_else(|| home.join(usual), PathBuf::from);
        let chosen = named.map(ToOwned::to_owned).or_else(|| variable("AWS_PROFILE"));
        Self {
            named: chosen.is_some(),
            name: chosen.unwrap_or_else(|| "default".to_owned()),
            files: [
                file("AWS_CONFIG_FILE", ".aws/config"),
                file("AWS_SHARED_CREDENTIALS_FILE", ".aws/credentials"),
            ],
        }
    }

    /// What both files say.
    #[expect(
        clippy::default_trait_access,
        reason = "the type of the usual files has no name that we can use"
    )]
    pub(crate) async fn read(&self) -> Result<ProfileSet, ProfileFileLoadError> {
        let name = Some(Cow::Owned(self.name.clone()));
        aws_config::profile::load(&Fs::default(), &Env::default(), &Default::default(), name).await
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [config, credentials] = &self.files;
        write!(f, "profile `{}` of {} and {}", self.name, config.display(), credentials.display())
    }
}

/// What the credential chain starts from: the environment, then the profile.
pub(crate) async fn chain(profile: Option<&str>, region: &Region) -> SdkConfig {
    let mut loader =
        aws_config::defaults(BehaviorVersion::latest()).region(SdkRegion::new(region.to_string()));
    if let Some(profile) = profile {
        loader = loader.profile_name(profile);
    }
    loader.load().await
}

/// The credentials of one profile and nothing else: who names a profile does not mean the keys that happen to be in
/// the environment.
pub(crate) fn only(profile: &str, region: &Region) -> SharedCredentialsProvider {
    let config = ProviderConfig::without_region()
        .with_region(Some(SdkRegion::new(region.to_string())))
        .with_behavior_version(Some(BehaviorVersion::latest()));
    let provider = ProfileFileCredentialsProvider::builder().configure(&config).profile_name(profile);
    SharedCredentialsProvider::new(provider.build())
}

impl ClientOptions {
    /// The same with the endpoint addresses of a profile (`endpoint_url`, also in its `services` section), below those
    /// of the environment: one of its own for a service, then one for all, each from the environment before the files.
    ///
    /// # Errors
    /// When one of them is no address.
    pub async fn with_profile_endpoints(mut self, profile: Option<&str>) -> Result<Self, EndpointUrlError> {
        if self.endpoints.all.is_some() {
            return Ok(self);
        }
        let chosen = ProfileName::of(profile);
        // A file that does not read is told when somebody signs in with it.
        let Ok(files) = chosen.read().await else { return Ok(self) };
        let is_true = |value: &str| value.eq_ignore_ascii_case("true");
        let ignored = std::env::var("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS").ok();
        let ignored = ignored.as_deref().or_else(|| files.get("ignore_configured_endpoint_urls"));
        if ignored.is_some_and(is_true) {
            return Ok(self);
        }
        let read = |text: &str| {
            let variable = || format!("endpoint_url in the AWS profile {}", chosen.name);
            address(text).map_err(|source| EndpointUrlError { variable: variable(), source })
        };
        let all = files.get("endpoint_url").filter(|url| !url.is_empty());
        let config = chain(profile, &Region::global()).await;
        let Some(services) = config.service_config() else { return Ok(self) };
        let models = Models::embedded();
        for service in models.services().filter_map(|name| models.service(&name).ok()) {
            let name = service.service_id().to_ascii_uppercase().replace([' ', '-'], "_");
            let key = ServiceConfigKey::builder()
                .service_id(service.service_id())
                .profile("endpoint_url")
                // The environment was read already; a variable of this name is nobody's.
                .env("FATHOM_READS_ONLY_THE_FILES")
                .build();
            let own = key.ok().and_then(|key| services.load_config(key));
            let own = own.filter(|url| !url.is_empty() && Some(url.as_str()) != all);
            if let (false, Some(url)) = (self.endpoints.services.contains_key(&name), own) {
                self.endpoints.services.insert(name, read(&url)?);
            }
        }
        self.endpoints.all = all.map(read).transpose()?;
        Ok(self)
    }
}
