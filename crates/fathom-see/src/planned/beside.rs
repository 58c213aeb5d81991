//! What the provider keeps beside a declared resource and changes with it: the network interface of a server. And what a new
//! resource has that is read of another one.

use std::collections::BTreeMap;

use fathom_content::{
    declared::{Beside, DeclaredMap, Parent},
    template::{Fill, fill_value},
};
use fathom_estate::declared::{
    changes::{Does, Proposed},
    write,
};
use fathom_model::{Resource, Uid, path::Path};
use fathom_store::StoreError;
use serde_json::{Map, Value, json};

use super::{Page, Work, find, known_text, page};

/// The network whose addresses stand for public ones that the provider has not given yet (RFC 5737).
const PUBLIC: &str = "198.51.100.";

impl Work<'_> {
    /// Finishes what is new, and changes what stands beside.
    pub(super) async fn beside(
        &mut self,
        at: usize,
        change: &Proposed,
        map: &DeclaredMap,
    ) -> Result<(), StoreError> {
        let Some(uid) = self.given.get(&change.address).cloned() else { return Ok(()) };
        if change.does == Does::Makes {
            self.finish(at, &uid, change, map).await?;
        }
        for beside in &map.beside {
            let own = self
                .pages
                .get(&uid)
                .map(|page| (page.document.clone(), page.account.clone(), page.region.clone()));
            let own = own.or_else(|| {
                let gone = self.removed.get(&uid)?;
                Some((gone.document.value(), gone.account.to_string(), gone.region.to_string()))
            });
            let Some((document, account, region)) = own else { continue };
            if change.does == Does::Makes {
                self.make_beside(at, change, beside, (&document, &account, &region)).await?;
                continue;
            }
            for resource in self.kept_beside(beside, &document, (&account, &region)).await? {
                let other = resource.uid.clone();
                if change.does == Does::Removes {
                    if beside.goes {
                        self.gone.insert(other.clone());
                        self.touches(at, other);
                    }
                    continue;
                }
                let mut written = resource.document.whole().value();
                let found = write::write_beside(&mut written, beside, &change.before, &change.after);
                if !found.changed && found.left.is_empty() {
                    continue;
                }
                let known = self.pages.entry(other.clone()).or_insert_with(|| page(resource));
                write::write_beside(&mut known.document, beside, &change.before, &change.after);
                self.touches(at, other);
            }
        }
        Ok(())
    }

    /// Those that are kept beside a resource.
    pub(super) async fn kept_beside(
        &self,
        beside: &Beside,
        document: &Value,
        (account, region): (&str, &str),
    ) -> Result<Vec<Resource>, StoreError> {
        let fill = Fill { account, region, partition: "aws", document: Some(document), ..Fill::default() };
        let wanted: Option<Vec<(Path, String)>> = beside
            .found
            .iter()
            .map(|(path, template)| Some((path.parse::<Path>().ok()?, template.fill(fill)?)))
            .collect();
        let Some(wanted) = wanted.filter(|wanted| !wanted.is_empty()) else { return Ok(Vec::new()) };
        let all = self.finder.all(&beside.kind, account, region).await?;
        let is_meant = |one: &Resource| {
            let value = one.document.value();
            wanted.iter().all(|(path, text)| path.text(&value).as_ref() == Some(text))
        };
        Ok(all.into_iter().filter(is_meant).collect())
    }

    /// The document of the resource that an attribute names.
    async fn parent(&self, parent: Option<&Parent>, change: &Proposed) -> Result<Option<Value>, StoreError> {
        let Some((kind, name)) =
            parent.and_then(|parent| Some((&parent.kind, known_text(&change.after, &parent.by)?)))
        else {
            return Ok(None);
        };
        let is_it = |(uid, page): &(&Uid, &Page)| {
            page.kind == *kind && find::is_called(uid, &page.id, &page.document, name)
        };
        if let Some((_, page)) = self.pages.iter().find(is_it) {
            return Ok(Some(page.document.clone()));
        }
        let found = self.finder.named(kind, name, change).await?;
        Ok(found.into_iter().next().map(|one| one.document.value()))
    }

    /// What a new resource has that is read of another.
    async fn finish(
        &mut self,
        at: usize,
        uid: &Uid,
        change: &Proposed,
        map: &DeclaredMap,
    ) -> Result<(), StoreError> {
        let later: Vec<(&String, &Value)> =
            map.made.iter().filter(|(_, value)| is_of_parent(value)).collect();
        if later.is_empty() {
            return Ok(());
        }
        let parent = self.parent(map.parent.as_ref(), change).await?;
        let item = self.called(&self.finder.called(change, &map.is), parent.as_ref());
        let Some(page) = self.pages.get_mut(uid) else { return Ok(()) };
        let own = page.document.clone();
        let fill = Fill {
            partition: uid.as_str().split(':').nth(1).unwrap_or("aws"),
            account: &page.account,
            region: &page.region,
            document: Some(&own),
            parent: parent.as_ref(),
            item: Some(&item),
            job: None,
        };
        let mut missing = false;
        for (path, value) in later {
            match fill_value(value, fill) {
                Some(value) => add(&mut page.document, path, value),
                None => missing = true,
            }
        }
        if missing {
            let what = map.parent.as_ref().map_or("", |parent| parent.by.as_str());
            self.not_known(at, format!("what it takes from its {what}: that was not seen"));
        }
        Ok(())
    }

    /// Makes what the provider makes with it.
    async fn make_beside(
        &mut self,
        at: usize,
        change: &Proposed,
        beside: &Beside,
        (own, account, region): (&Value, &str, &str),
    ) -> Result<(), StoreError> {
        if beside.made.is_empty() {
            return Ok(());
        }
        let Some(parent) = self.parent(beside.parent.as_ref(), change).await? else {
            let what = beside.parent.as_ref().map_or("", |parent| parent.by.as_str());
            self.not_known(at, format!("the {} that is made with it: its {what} is not known", beside.kind));
            return Ok(());
        };
        let item = self.called(&self.finder.called(change, &beside.kind), Some(&parent));
        let fill = Fill {
            partition: "aws",
            account,
            region,
            document: Some(own),
            parent: Some(&parent),
            item: Some(&item),
            job: None,
        };
        let mut document = Value::Object(Map::new());
        let mut made: Vec<(&String, &Value)> = beside.made.iter().collect();
        if let Some(public) = &beside.public {
            let says = change.after.get(&public.when).and_then(Value::as_bool);
            if says.unwrap_or_else(|| parent[public.otherwise.as_str()].as_bool() == Some(true)) {
                made.extend(&public.made);
                let told = item["public"].as_str().unwrap_or_default();
                self.assumed(at, format!("{told} stands for the public address that it is given"));
            }
        }
        for (path, value) in made {
            match fill_value(value, fill) {
                Some(value) => write::put(&mut document, path, Some(value)),
                None => self.not_known(at, format!("{path} of the {} that is made with it", beside.kind)),
            }
        }
        write::write_beside(&mut document, beside, &Value::Null, &change.after);
        match self.finder.new_page(&beside.kind, document, (account, region), &change.address) {
            Some((uid, page)) => {
                self.pages.insert(uid.clone(), page);
                self.touches(at, uid);
            }
            None => self.not_known(at, format!("the {} that is made with it", beside.kind)),
        }
        Ok(())
    }

    /// What stands for an id and addresses until the provider gives them: an address of the range of a subnet, from its end.
    fn called(&self, id: &str, parent: Option<&Value>) -> Value {
        let made = self.pages.values().filter(|page| page.before.is_none()).count() as u32;
        let range =
            parent.and_then(|parent| parent["CidrBlock"].as_str()).and_then(|range| range.split_once('/'));
        let last = range.and_then(|(base, bits)| {
            let (base, bits): (std::net::Ipv4Addr, u32) = (base.parse().ok()?, bits.parse().ok()?);
            let size = 1_u32.checked_shl(32_u32.checked_sub(bits)?)?;
            // The last address of a subnet is kept by AWS.
            let offset = size.checked_sub(2)?.checked_sub(made % size.max(5).checked_sub(4)?)?;
            Some(std::net::Ipv4Addr::from(u32::from(base).checked_add(offset)?).to_string())
        });
        json!({ "id": id, "address": last, "public": format!("{PUBLIC}{}", made % 254 + 1) })
    }
}

/// Whether a value is read of another resource.
pub(super) fn is_of_parent(value: &Value) -> bool {
    match value {
        Value::String(text) => text.contains("{parent.") || text.contains("{item.address}"),
        Value::Array(items) => items.iter().any(is_of_parent),
        Value::Object(members) => members.values().any(is_of_parent),
        _ => false,
    }
}

/// Puts a value in; a list goes before what is there.
fn add(document: &mut Value, path: &str, value: Value) {
    let there = path.parse::<Path>().ok().and_then(|path| path.first(document).cloned());
    let value = match (value, there) {
        (Value::Array(first), Some(Value::Array(rest))) => first.into_iter().chain(rest).collect(),
        (value, _) => value,
    };
    write::put(document, path, Some(value));
}

/// Resources that were removed, by uid.
pub(super) type Removed = BTreeMap<Uid, Resource>;
