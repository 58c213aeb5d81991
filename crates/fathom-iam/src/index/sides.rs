//! The resource's side of a question: whom its policy, the grants of a key and the ACLs let in, and how they name them.

use super::{ask::Question, bits::Bits, say::Say, truths::Truths};
use crate::{
    evaluate::tables::{self, NamedAs},
    layers::{AclGrantee, Held, Layer, Path},
    policy::{Effect, Named, PrincipalElement, Statement, grantee},
    truth::Truth,
};

/// Whom the resource's side lets in, by how it names them, and whom it refuses.
pub(super) struct Side {
    granted: Vec<(NamedAs, Truths)>,
    pub(super) deny: Truths,
}

impl Side {
    fn nothing(members: usize) -> Self {
        Self { granted: Vec::new(), deny: Truths::same(members, Truth::No) }
    }

    fn grant(&mut self, named: NamedAs, truths: &Truths) {
        match self.granted.iter_mut().find(|(known, _)| *known == named) {
            Some((_, granted)) => granted.or(truths),
            None => self.granted.push((named, truths.clone())),
        }
    }

    /// Whom what names them so lets in.
    pub(super) fn named_as(&self, named: NamedAs) -> Option<&Truths> {
        self.granted.iter().find(|(known, _)| *known == named).map(|(_, truths)| truths)
    }

    /// Whom it lets in, however it names them.
    pub(super) fn any(&self, members: usize) -> Truths {
        let mut any = Truths::same(members, Truth::No);
        for (_, truths) in &self.granted {
            any.or(truths);
        }
        any
    }
}

impl Question<'_> {
    /// What the resource's policy, grants and ACLs say together.
    pub(super) fn resource_side(&self) -> Side {
        let mut side = Side::nothing(self.members());
        if tables::asks_resource_policy(&self.request) {
            self.hear(&mut side, &self.guard.policy);
            self.restrict(&mut side);
        }
        for grant in &self.guard.grants {
            let truth = tables::grant_holds(&self.request, &self.context, grant);
            let Some(named) = grantee(&grant.grantee).filter(|_| truth != Truth::No) else { continue };
            self.grant_to(&mut side, &named, &Say::Same(truth));
        }
        self.hear_acls(&mut side);
        side
    }

    fn hear(&self, side: &mut Side, layer: &Layer) {
        let all = Bits::all(self.members());
        let unread = Truths::within(&all, Truth::Unknown);
        let policies = match layer {
            Layer::None => return,
            Layer::NotRead => {
                side.grant(NamedAs::Star, &unread);
                side.deny.or(&unread);
                return;
            }
            Layer::Policies(policies) => policies,
        };
        for held in policies {
            match held {
                Held::Bad(_) => {
                    side.grant(NamedAs::Star, &unread);
                    side.deny.or(&unread);
                }
                Held::Read(policy) => {
                    for statement in &policy.statements {
                        self.hear_statement(side, statement);
                    }
                }
            }
        }
    }

    fn hear_statement(&self, side: &mut Side, statement: &Statement) {
        let Some(element) = &statement.principal else { return };
        let says = self.to_all(statement);
        if says.is_no() {
            return;
        }
        if element.negated {
            let mut meant = self.but(element, statement.effect);
            meant.and(says);
            let meant = meant.within(&Bits::all(self.members()));
            match statement.effect {
                Effect::Allow => side.grant(NamedAs::Star, &meant),
                Effect::Deny => side.deny.or(&meant),
            }
            return;
        }
        for named in &element.named {
            match statement.effect {
                Effect::Allow => self.grant_to(side, named, &says),
                Effect::Deny => {
                    let Some((mask, truth)) = self.index.members.named(named) else { continue };
                    let mut denied = says.within(&mask);
                    denied.and_same(truth);
                    side.deny.or(&denied);
                }
            }
        }
    }

    fn grant_to(&self, side: &mut Side, named: &Named, says: &Say) {
        let Some((mask, truth)) = self.index.members.named(named) else { return };
        let Some(named_as) = tables::named_as(named) else { return };
        let mut granted = says.within(&mask);
        granted.and_same(truth);
        side.grant(named_as, &granted);
    }

    /// Whom `NotPrincipal` means: by the rules of one caller, which look at boundaries too.
    fn but(&self, element: &PrincipalElement, effect: Effect) -> Say {
        let unbound = &self.index.unbound;
        let boundary = |member| {
            if self.index.unread_boundary.contains(member) {
                Truth::Unknown
            } else {
                Truth::from(!unbound.contains(member))
            }
        };
        self.one_by_one(|member| match self.asked_by(member) {
            Some(request) => tables::means(&request, boundary(member), element, effect),
            None => Truth::No,
        })
    }

    /// Takes back what S3 does not honour, and what binds nobody.
    fn restrict(&self, side: &mut Side) {
        let account = self.request_account();
        let own = account.as_ref().map(|account| self.index.members.of_account(account));
        if tables::is_restricted(&self.request, &self.guard.bucket, &self.guard.policy) {
            let none = Bits::none(self.members());
            for (_, granted) in &mut side.granted {
                granted.keep(own.as_ref().unwrap_or(&none));
            }
        }
        if tables::root_is_let_in(&self.request) {
            let root_users = &self.index.members.root_users;
            if let Some(own) = own {
                side.deny.keep(&own.and(root_users).others());
                return;
            }
            let mut doubtful = side.deny.clone();
            doubtful.keep(root_users);
            doubtful.and_same(Truth::Unknown);
            side.deny.keep(&root_users.others());
            side.deny.or(&doubtful);
        }
    }

    fn hear_acls(&self, side: &mut Side) {
        let bucket = &self.guard.bucket;
        let members = &self.index.members;
        for grant in tables::acl_grants(&self.request, bucket) {
            let all = |truth| Truths::same(self.members(), truth);
            match &grant.grantee {
                AclGrantee::AllUsers | AclGrantee::AuthenticatedUsers if bucket.ignore_public_acls => {}
                AclGrantee::AllUsers => side.grant(NamedAs::Star, &all(Truth::Yes)),
                AclGrantee::AuthenticatedUsers => side.grant(NamedAs::Account, &all(Truth::Yes)),
                AclGrantee::Account(account) => {
                    let these = Truths::within(&members.of_account(account), Truth::Yes);
                    side.grant(NamedAs::Account, &these);
                }
                AclGrantee::Other(_) => side.grant(NamedAs::Account, &all(Truth::Unknown)),
            }
        }
    }

    /// Whom resource control policies refuse.
    pub(super) fn rcps(&self) -> Truths {
        let mut deny = Truths::same(self.members(), Truth::No);
        if !tables::rcps_bind(&self.request) {
            return deny;
        }
        let accounts = &self.index.organisation.accounts;
        match self.request_account() {
            Some(owner) => {
                let path = accounts.get(&owner).map_or(&Path::NotRead, |account| &account.rcps);
                self.refuse(&mut deny, path, &Bits::all(self.members()));
            }
            // Without a resource it is that of who asks.
            None if self.request.resource.arn == "*" => {
                for (account, mask) in &self.index.members.accounts {
                    let path = accounts.get(account).map_or(&Path::NotRead, |account| &account.rcps);
                    self.refuse(&mut deny, path, mask);
                }
            }
            None => {}
        }
        deny.keep(&self.index.members.linked.others());
        deny
    }

    fn refuse(&self, deny: &mut Truths, path: &Path, mask: &Bits) {
        let levels = match path {
            Path::None => return,
            Path::NotRead => return deny.raise_all(mask, Truth::Unknown),
            Path::Levels(levels) => levels,
        };
        for level in levels {
            let mut side = Side::nothing(self.members());
            self.hear(&mut side, &Layer::Policies(level.policies.clone()));
            side.deny.keep(mask);
            deny.or(&side.deny);
        }
    }

    /// The account that owns the resource, where that does not depend on who asks.
    pub(super) fn request_account(&self) -> Option<String> {
        if self.request.resource.arn == "*" {
            return self.request.resource.account.clone();
        }
        self.request.resource_account()
    }
}
