//! Views of one thing of the catalogue. All borrow it and are cheap to copy.

use serde::Serialize;

use crate::{
    catalogue::{ActionId, Catalogue},
    kind::{Kind, Level},
};

/// An action, such as `s3:GetObject`.
#[derive(Debug, Clone, Copy)]
pub struct Action<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) id: ActionId,
}

impl<'a> Action<'a> {
    fn row(&self) -> &'a crate::catalogue::ActionRow {
        &self.catalogue.actions[self.id.index()]
    }

    /// Its number.
    pub fn id(&self) -> ActionId {
        self.id
    }

    /// Its name with the service, as AWS spells it.
    pub fn name(&self) -> &'a str {
        &self.row().name
    }

    /// The service it belongs to.
    pub fn service(&self) -> Service<'a> {
        Service { catalogue: self.catalogue, index: self.row().service }
    }

    /// The level that AWS gives it.
    pub fn level(&self) -> Level {
        self.row().level
    }

    /// The group it is shown in.
    pub fn kind(&self) -> Kind {
        self.row().kind
    }

    /// The resource types it can be limited to, in the order of their names. Where there is none, only a policy for the
    /// resource `*` gives it. Where none is required, a request is about one of them.
    pub fn resources(&self) -> impl ExactSizeIterator<Item = ActionResource<'a>> + use<'a> {
        let catalogue = self.catalogue;
        catalogue.resources[self.row().resources.clone()].iter().map(move |row| ActionResource {
            resource_type: ResourceType { catalogue, index: row.resource_type },
            required: row.required,
            keys: row.keys,
        })
    }

    /// Whether it can be limited to no resource: its requests are about `*`.
    pub fn is_without_resource(&self) -> bool {
        self.row().resources.is_empty()
    }

    /// The condition keys that hold whatever the resource is. Those of one resource type are in [`Action::resources`] and
    /// [`ResourceType::condition_keys`]; the global ones (`aws:SourceIp` and so on) hold for every action and are listed
    /// only where the reference does.
    pub fn condition_keys(&self) -> impl ExactSizeIterator<Item = ConditionKey<'a>> + use<'a> {
        self.catalogue.key_set(self.row().keys)
    }

    /// The actions that the caller may need beside it, such as `iam:PassRole` for `lambda:CreateFunction`. None where this
    /// is not known: the source of it is older and lacks the newest actions.
    pub fn needs(&self) -> Option<impl ExactSizeIterator<Item = Action<'a>> + use<'a>> {
        let catalogue = self.catalogue;
        let range = self.row().needs.clone()?;
        Some(catalogue.needs[range].iter().map(move |id| Action { catalogue, id: *id }))
    }
}

/// A resource type as an action has it.
#[derive(Debug, Clone, Copy)]
pub struct ActionResource<'a> {
    /// The type.
    pub resource_type: ResourceType<'a>,
    /// Whether every request names one.
    pub required: bool,
    keys: u32,
}

impl<'a> ActionResource<'a> {
    /// The condition keys that this action has for resources of this type.
    pub fn condition_keys(&self) -> impl ExactSizeIterator<Item = ConditionKey<'a>> + use<'a> {
        self.resource_type.catalogue.key_set(self.keys)
    }
}

/// A resource type of a service, such as `object` of `s3`.
#[derive(Debug, Clone, Copy)]
pub struct ResourceType<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) index: u32,
}

impl<'a> ResourceType<'a> {
    fn row(&self) -> &'a crate::catalogue::TypeRow {
        &self.catalogue.types[self.index as usize]
    }

    /// Its name in the service.
    pub fn name(&self) -> &'a str {
        &self.row().name
    }

    /// The service whose actions are about it. Its ARNs may be those of another service.
    pub fn service(&self) -> Service<'a> {
        Service { catalogue: self.catalogue, index: self.row().service }
    }

    /// What its ARNs look like, with `${Name}` for what differs: `arn:${Partition}:s3:::${BucketName}`. Mostly one.
    pub fn arns(&self) -> impl ExactSizeIterator<Item = &'a str> + use<'a> {
        self.row().arns.iter().map(|arn| &**arn)
    }

    /// The condition keys that tell something of a resource of this type.
    pub fn condition_keys(&self) -> impl ExactSizeIterator<Item = ConditionKey<'a>> + use<'a> {
        self.catalogue.key_set(self.row().keys)
    }
}

/// A service, by the prefix that its actions have.
#[derive(Debug, Clone, Copy)]
pub struct Service<'a> {
    pub(crate) catalogue: &'a Catalogue,
    pub(crate) index: u16,
}

impl<'a> Service<'a> {
    fn row(&self) -> &'a crate::catalogue::ServiceRow {
        &self.catalogue.services[usize::from(self.index)]
    }

    /// What stands before the colon of its actions, in small letters. Several services of AWS may share one.
    pub fn prefix(&self) -> &'a str {
        &self.row().prefix
    }

    /// Its name for people.
    pub fn name(&self) -> &'a str {
        &self.row().name
    }

    /// Its actions, in the order of their names.
    pub fn actions(&self) -> impl ExactSizeIterator<Item = Action<'a>> + use<'a> {
        let catalogue = self.catalogue;
        self.row().actions.clone().map(move |id| Action { catalogue, id: ActionId(id) })
    }

    /// Its resource types, in the order of their names.
    pub fn resource_types(&self) -> impl ExactSizeIterator<Item = ResourceType<'a>> + use<'a> {
        let catalogue = self.catalogue;
        self.row().types.clone().map(move |index| ResourceType { catalogue, index })
    }
}

/// A condition key, such as `s3:prefix` or `aws:ResourceTag/${TagKey}`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ConditionKey<'a> {
    /// As AWS spells it. What the caller chooses stands as `${Name}` or `<name>`.
    pub name: &'a str,
    /// What its values are.
    pub value_type: ValueType,
    /// Whether a request can have several values at once, so that `ForAllValues` and `ForAnyValue` mean something.
    pub is_list: bool,
}

/// What the values of a condition key are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum ValueType {
    /// Text.
    String,
    /// An ARN.
    Arn,
    /// `true` or `false`.
    Bool,
    /// A number.
    Numeric,
    /// A moment.
    Date,
    /// An IP address.
    IpAddress,
}

impl ValueType {
    /// The type as the source writes it, and whether it is a list.
    pub(crate) fn of(written: &str) -> Option<(Self, bool)> {
        let (single, is_list) = match written.strip_prefix("ArrayOf") {
            Some(single) => (single, true),
            None => (written, false),
        };
        let value_type = match single {
            "String" => Self::String,
            "ARN" => Self::Arn,
            "Bool" => Self::Bool,
            "Numeric" => Self::Numeric,
            "Date" => Self::Date,
            "IPAddress" => Self::IpAddress,
            _ => return None,
        };
        Some((value_type, is_list))
    }
}
