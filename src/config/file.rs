//! `karat.toml` → images, environments, engines.

use std::collections::BTreeMap;
use std::path::Path;

use toml::de::DeValue;

use crate::model::channel::Channel;
use crate::model::layer_rules::LayerRules;
use crate::model::project::{EngineAddress, EngineName, Environment, Image};
use crate::model::reference::Repository;
use crate::model::registry::RegistrySettings;

use super::address;
use super::context::Contexts;
use super::environment;
use super::image;
use super::layers;
use super::problem::Problem;
use super::registry;
use super::rules;
use super::sheet::{At, Section, Sheet, kind};
use super::surroundings::Surroundings;

/// What a project file says.
#[derive(Debug)]
pub(super) struct Content {
    pub(super) images: Vec<Image>,
    pub(super) environments: Vec<Environment>,
    pub(super) engines: BTreeMap<EngineName, EngineAddress>,
    pub(super) layers: LayerRules,
    pub(super) registries: BTreeMap<String, RegistrySettings>,
}

/// What engines are resolved with.
pub(super) struct Resolver<'a> {
    s: &'a Surroundings,
    contexts: &'a Contexts,
    engines: BTreeMap<EngineName, EngineAddress>,
}

impl Resolver<'_> {
    /// The target that a channel is, which takes part from now on.
    pub(super) fn channel(&mut self, channel: &Channel) -> EngineName {
        let name = channel.name();
        let address = EngineAddress::Channel(channel.clone());
        self.engines.insert(name.clone(), address);
        name
    }

    /// The registry that has the versions of an image, where one does.
    fn registry(&mut self, repository: &Repository) {
        if repository.registry_host().is_some() {
            let address = EngineAddress::Registry(repository.clone());
            let name = EngineName::registry(repository);
            self.engines.insert(name, address);
        }
    }

    /// The engine that a text of the file means, which takes part from now on.
    ///
    /// # Errors
    /// One sentence, as [`address::resolve`] has it.
    pub(super) fn take(&mut self, text: &str) -> Result<EngineName, String> {
        let exists = |path: &Path| path.exists();
        let address = address::resolve(text, self.s, self.contexts, &exists)?;
        let name = EngineName::from(text);
        self.engines.insert(name.clone(), address);
        Ok(name)
    }
}

/// Reads the text of a project file that lies in `folder`.
///
/// # Errors
/// Every problem of the file, in the order of its lines.
pub(super) fn read(
    text: &str,
    folder: &Path,
    s: &Surroundings,
    contexts: &Contexts,
) -> Result<Content, Vec<Problem>> {
    let (mut sheet, table) = Sheet::parse(text)?;
    let root = Section::new("a project file".to_owned(), 0..0, table.get_ref());
    sheet.only(&root, &["images", "environments", "layers", "registries"]);
    let mut resolver = Resolver {
        s,
        contexts,
        engines: BTreeMap::new(),
    };
    let mut drafts = Vec::new();
    for (entry, section) in named(&mut sheet, &root, "environments", "environment") {
        drafts.push(environment::read(
            &mut sheet,
            &entry,
            &section,
            &mut resolver,
        ));
    }
    rules::check(&mut sheet, &drafts, &resolver.engines);
    let names: Vec<String> = drafts
        .iter()
        .map(|draft| draft.environment.name.0.clone())
        .collect();
    let mut images: Vec<Image> = Vec::new();
    for (entry, section) in named(&mut sheet, &root, "images", "image") {
        let read = image::read(&mut sheet, &entry, &section, folder, &mut resolver, &names);
        let Some(image) = read else { continue };
        // A container belongs to one image: the second would never be shown.
        if let Some(first) = images.iter().find(|it| it.repository == image.repository) {
            let what = format!(
                "images `{}` and `{}` have the same repository `{}`: keep one of them",
                first.name, image.name, image.repository
            );
            sheet.wrong(&section.place_of("repository"), what);
        }
        resolver.registry(&image.repository);
        images.push(image);
    }
    let layers = layers::read(&mut sheet, &root, "`layers`");
    let mut registries = BTreeMap::new();
    for (host, section) in named(&mut sheet, &root, "registries", "registry") {
        registry::read(&mut sheet, &host, &section, folder, &mut registries);
    }
    let problems = sheet.into_problems();
    if problems.is_empty() {
        Ok(Content {
            images,
            layers,
            registries,
            environments: rules::in_order(drafts),
            engines: resolver.engines,
        })
    } else {
        Err(problems)
    }
}

/// The named tables below `key`: `[images.NAME]`. Each with its name and its place.
fn named<'a>(
    sheet: &mut Sheet<'_>,
    root: &Section<'a>,
    key: &str,
    one: &str,
) -> Vec<(At<String>, Section<'a>)> {
    let want = format!("tables with a name (`[{key}.NAME]`)");
    let Some(parent) = sheet.table(root, key, format!("`{key}`"), &want) else {
        return Vec::new();
    };
    let mut sections = Vec::new();
    for entry in parent.entries() {
        let place = entry.key_place.clone();
        if entry.key.is_empty() || entry.key.chars().any(char::is_control) {
            sheet.wrong(&place, format!("a name among `{key}` must be a word"));
            continue;
        }
        let DeValue::Table(table) = entry.value.get_ref() else {
            let got = kind(entry.value.get_ref());
            let what = format!("`{}` must be {want}, not {got}", entry.key);
            sheet.wrong(&place, what);
            continue;
        };
        let name = At {
            value: entry.key.to_owned(),
            place: place.clone(),
        };
        let what = format!("{one} `{}`", entry.key);
        sections.push((name, Section::new(what, place, table)));
    }
    sections
}
