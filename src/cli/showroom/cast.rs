//! Who and what the demo is about: names, by the seed.

use std::collections::BTreeMap;

use super::dice::Dice;
use super::table::{COMPANIES, LINES, PEOPLE, Role};
use crate::model::digest::Digest;
use crate::model::project::ImageName;
use crate::model::reference::Repository;

/// Names, by the seed.
#[derive(Clone)]
pub(super) struct Cast {
    pub(super) company: &'static str,
    images: BTreeMap<Role, &'static str>,
    dice: Dice,
}

impl Cast {
    pub(super) fn new(seed: u64) -> Self {
        let dice = Dice::new(seed);
        let at = usize::try_from(seed % COMPANIES.len() as u64).unwrap_or_default();
        let (company, names) = COMPANIES
            .get(at)
            .map_or(("", [""; 9]), |company| (company.name, company.images));
        let roles = LINES.iter().map(|line| line.role);
        Self {
            company,
            images: roles.zip(names).collect(),
            dice,
        }
    }

    /// What the image of a role is called.
    pub(super) fn image(&self, role: Role) -> &'static str {
        self.images.get(&role).copied().unwrap_or_default()
    }

    pub(super) fn name(&self, role: Role) -> ImageName {
        ImageName::from(self.image(role))
    }

    /// Where the versions of an image are named.
    pub(super) fn repository(&self, role: Role, hosted: bool) -> Repository {
        let name = self.image(role);
        if hosted {
            Repository::new(&format!("registry.{}.example/golden/{name}", self.company))
        } else {
            Repository::new(&format!("golden/{name}"))
        }
    }

    /// Somebody who works there.
    pub(super) fn somebody(&self, occasion: &str) -> String {
        let who = self.dice.pick(&format!("who {occasion}"), &PEOPLE);
        who.copied().unwrap_or_default().to_owned()
    }

    /// What a version is recognised by. A build of the same version elsewhere is another.
    pub(super) fn identity(&self, role: Role, version: &str, build: Build) -> Digest {
        self.dice.digest(&format!("{role:?} {version} {build:?}"))
    }
}

/// Which build of a version.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Build {
    /// The one everybody has.
    First,
    /// Somebody built the same version a second time.
    Second,
    /// Its image was removed from every engine.
    Lost,
}
