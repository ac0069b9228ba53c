//! `channel` of an environment: the moving tag that it is.

use crate::model::channel::{Channel, ChannelPlace, IMAGE_PART};
use crate::model::reference::ImageRef;

use super::sheet::{At, Section, Sheet};

const CHANNEL_KEYS: [&str; 3] = ["tag", "registry", "repository"];

/// Reads `channel = "prod"`, or `{ tag = "prod", registry = "eu.example.com" }`, or
/// `{ tag = "prod", repository = "registry.example.com/live/{image}" }`.
pub(super) fn read(sheet: &mut Sheet<'_>, section: &Section<'_>) -> Option<Channel> {
    let want = "a tag (`channel = \"prod\"`) or a table (`{ tag = \"prod\", registry = \"eu.example.com\" }`)";
    let entry = section.get("channel")?;
    if !entry.is_table() {
        let tag = sheet.text(section, "channel", want)?;
        return Some(Channel {
            tag: checked(sheet, tag)?,
            place: ChannelPlace::Own,
        });
    }
    let what = format!("`channel` of {}", section.what);
    let table = sheet.table(section, "channel", what, want)?;
    sheet.only(&table, &CHANNEL_KEYS);
    if table.get("tag").is_none() {
        let what = format!("{} has no `tag`: name the tag that moves", table.what);
        sheet.wrong(&table.place, what);
    }
    let registry = sheet.text(
        &table,
        "registry",
        "a registry's host (`\"eu.example.com\"`)",
    );
    let repository = sheet.text(
        &table,
        "repository",
        "a repository (`\"registry.example.com/live/{image}\"`)",
    );
    let place = match (registry, repository) {
        (Some(_), Some(second)) => {
            let what = "a channel is in another registry or in another repository: a repository \
                        names its registry itself";
            sheet.wrong(&second.place, what);
            return None;
        }
        (Some(host), None) => ChannelPlace::Registry(a_host(sheet, host)?),
        (None, Some(repository)) => ChannelPlace::Repository(a_repository(sheet, repository)?),
        (None, None) => ChannelPlace::Own,
    };
    let tag = sheet.text(&table, "tag", "a tag (`\"prod\"`)")?;
    Some(Channel {
        tag: checked(sheet, tag)?,
        place,
    })
}

fn checked(sheet: &mut Sheet<'_>, tag: At<String>) -> Option<String> {
    let reads = ImageRef::parse(&format!("x:{}", tag.value));
    if reads.is_ok_and(|read| read.tag.as_deref() == Some(&tag.value) && read.digest.is_none()) {
        return Some(tag.value);
    }
    let what = format!(
        "`{}` is no tag: letters, digits, `.`, `_` and `-`, at most 128 of them",
        tag.value
    );
    sheet.wrong(&tag.place, what);
    None
}

fn a_host(sheet: &mut Sheet<'_>, host: At<String>) -> Option<String> {
    let reads = ImageRef::parse(&format!("{}/x", host.value));
    if reads.is_ok_and(|read| read.repository.registry_host() == Some(&host.value)) {
        return Some(host.value);
    }
    let what = format!(
        "`{}` is no registry: write its host, with a dot or a port (`registry.example.com:5000`)",
        host.value
    );
    sheet.wrong(&host.place, what);
    None
}

/// A repository in a registry. Several images must not end up in one: `{image}` keeps them
/// apart, and where there is but one image nobody needs it.
fn a_repository(sheet: &mut Sheet<'_>, repository: At<String>) -> Option<String> {
    let tried = repository.value.replace(IMAGE_PART, "image");
    let good = ImageRef::parse(&tried).is_ok_and(|read| {
        read.tag.is_none() && read.digest.is_none() && read.repository.registry_host().is_some()
    });
    if good {
        return Some(repository.value);
    }
    let what = format!(
        "`{}` is no repository in a registry: write `host/group/{IMAGE_PART}`",
        repository.value
    );
    sheet.wrong(&repository.place, what);
    None
}
