//! `karat layers --tree`, `--find` and `--regex`: the files of an image, listed.

use serde_json::{Value, json};

use crate::anatomy::Anatomy;
use crate::anatomy::components::PathText;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{LayerNo, Merged, NodeId, View};
use crate::anatomy::resolve::{Last, Lost, Resolver};
use crate::anatomy::tree::search::{Query, Scene};
use crate::anatomy::tree::{Mark, Row, Scope, Tree, mode_string};
use crate::cli::anatomy::words;
use crate::cli::args::Layers;
use crate::cli::json::SCHEMA;
use crate::cli::layout::{self, bar, more};
use crate::cli::output::{self, Exit};
use crate::cli::reading::Reading;
use crate::cli::session::Session;
use crate::cli::table::{Colour, Paint};
use crate::model::nearest;
use crate::model::text::printable;

/// How many are listed without `--all`.
const SHOWN: usize = 100;

/// How long a bar of everything in the folder is.
const BAR: usize = 12;

pub(super) fn run(
    session: &Session,
    reading: &Reading<'_>,
    anatomy: &Anatomy,
    args: &Layers,
) -> Result<Exit, Exit> {
    let at = layer(anatomy, args.layer).map_err(|why| reading.refused(&why))?;
    if let Some(path) = &args.tree {
        let listing = listing(anatomy, at, path, args.layer.is_some());
        let listing = listing.map_err(|why| reading.refused(&why))?;
        if session.json {
            output::json(&listing_json(&anatomy.merged, &listing));
        } else {
            let most = if args.all { usize::MAX } else { SHOWN };
            let text = listing_text(&anatomy.merged, &listing, most, session.colour);
            output::result(&text);
        }
        return Ok(Exit::DONE);
    }
    let query = match (&args.find, &args.regex) {
        (_, Some(pattern)) => Query::regex(pattern).map_err(|why| reading.refused(&why))?,
        (letters, None) => Query::fuzzy(letters.as_deref().unwrap_or_default()),
    };
    let most = if args.all || session.json {
        usize::MAX
    } else {
        SHOWN
    };
    let below = NodeId::ROOT;
    let found = query.run(&anatomy.merged, Scene { below, at }, most);
    let view = View::new(&anatomy.merged, at);
    if session.json {
        let paths = found.nodes.iter();
        let paths: Vec<Value> = paths.map(|it| hit(&anatomy.merged, &view, *it)).collect();
        output::json(&json!({ "schema": SCHEMA, "paths": paths }));
        return Ok(Exit::DONE);
    }
    let mut text = String::new();
    for node in &found.nodes {
        let bytes = view.bytes(&anatomy.merged, *node).to_string();
        let path = PathText(anatomy.merged.path(*node));
        text.push_str(&format!("{bytes:>9}  {path}\n"));
    }
    let left_out = found.count.saturating_sub(found.nodes.len());
    more(&mut text, session.colour, left_out, "paths");
    if found.count == 0 {
        session.hint("no path of the image matches");
    }
    output::result(&text);
    Ok(Exit::DONE)
}

/// The layer that was asked for, or the uppermost.
pub(super) fn layer(anatomy: &Anatomy, asked: Option<u16>) -> Result<LayerNo, String> {
    let last = anatomy.merged.last().unwrap_or(LayerNo(0));
    let asked = asked.map_or(last, |number| LayerNo(number.saturating_sub(1)));
    if asked > last {
        return Err(format!(
            "there is no layer {}: the image has {}",
            words::number(asked),
            words::number(last)
        ));
    }
    Ok(asked)
}

/// The path that was asked for, as it is after a layer: found as a program in the image would
/// find it, through symlinks, and never out of the image.
pub(super) fn node(
    anatomy: &Anatomy,
    at: LayerNo,
    path: &str,
    last: Last,
) -> Result<NodeId, String> {
    let merged = &anatomy.merged;
    // What a layer removed is asked for with `--layer`.
    let resolver = Resolver::with_gone(merged, at);
    resolver
        .node(path.as_bytes(), last)
        .map_err(|lost| match lost {
            Lost::NoSuch {
                directory,
                part,
                link,
            } => no_such(merged, directory, &String::from_utf8_lossy(&part), link),
            Lost::TooFar => format!(
                "`{}` leads through more links than Linux follows: they lead in a circle",
                printable(path)
            ),
        })
}

/// Why there is no such path, with the nearest name there is.
fn no_such(merged: &Merged, directory: NodeId, part: &str, link: Option<NodeId>) -> String {
    let place = PathText(merged.path(directory));
    let led = link.map_or_else(String::new, |link| {
        format!(", where the link {} leads", PathText(merged.path(link)))
    });
    let names: Vec<String> = merged
        .every_child(directory)
        .map(|child| String::from_utf8_lossy(merged.name(child)).into_owned())
        .collect();
    let near = nearest::nearest(part, names.iter().map(String::as_str));
    let hint = near.map_or_else(String::new, |near| {
        format!("; did you mean `{}`?", printable(near))
    });
    format!("there is no `{}` in {place}{led}{hint}", printable(part))
}

/// What is in a folder.
struct Listing {
    path: NodeId,
    rows: Vec<Row>,
}

fn listing(anatomy: &Anatomy, at: LayerNo, path: &str, of_layer: bool) -> Result<Listing, String> {
    let merged = &anatomy.merged;
    let path = node(anatomy, at, path, Last::Followed)?;
    let mut tree = Tree::new(merged, at);
    if of_layer {
        tree.set_scope(merged, Scope::Layer);
    }
    let mut rows = tree.list(merged, path);
    if !of_layer {
        // What the last layer removed is nowhere to be seen, and what it did not asked for.
        rows.retain(|row| !matches!(row.mark, Mark::Removed));
        for row in &mut rows {
            row.mark = Mark::Unchanged;
        }
    }
    if rows.is_empty() && !tree.view().is_directory(merged, path) && !of_layer {
        let shown = PathText(merged.path(path));
        return Err(format!("{shown} is not a folder: `--cat` shows a file"));
    }
    Ok(Listing { path, rows })
}

fn listing_text(merged: &Merged, listing: &Listing, most: usize, colour: Colour) -> String {
    let mut out = String::new();
    let width = layout::width();
    for row in listing.rows.iter().take(most) {
        let size = row.bytes.to_string();
        let drawn = bar(thousandths(row.share), 1_000, BAR);
        let mode = row.mode.map_or_else(
            || "d---------".to_owned(),
            |mode| mode_string(row.kind, mode),
        );
        let owner = row.owner.map_or("–".to_owned(), |owner| {
            format!("{}:{}", owner.uid, owner.gid)
        });
        let mut name = name(merged, row.node);
        if row.kind == Kind::Directory {
            name.push('/');
        }
        let target = row.entry.and_then(|id| merged.entry(id)?.target);
        if let Some(target) = target {
            let target = String::from_utf8_lossy(target).into_owned();
            name.push_str(&format!(" -> {}", printable(&target)));
        }
        let (sign, paint) = match row.mark {
            Mark::Added => ("+", Paint::Good),
            Mark::Changed(_) => ("~", Paint::Warn),
            Mark::Removed => ("−", Paint::Bad),
            Mark::Unchanged => (" ", Paint::Plain),
        };
        let line = format!("{sign} {size:>9}  {drawn}  {mode}  {owner:>9}  ");
        let room = width.saturating_sub(50).max(20);
        let name = layout::shortened(&name, room);
        out.push_str(&line);
        out.push_str(&colour.paint(paint, &name));
        out.push('\n');
    }
    let left_out = listing.rows.len().saturating_sub(most);
    more(&mut out, colour, left_out, "entries");
    out
}

/// A share as a whole number, for a bar.
#[allow(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "clamped: from 0 to 1,000"
)]
fn thousandths(share: f64) -> u64 {
    (share.clamp(0.0, 1.0) * 1_000.0) as u64
}

fn name(merged: &Merged, node: NodeId) -> String {
    let text = PathText(merged.name(node).to_vec()).to_string();
    text.strip_prefix('/').unwrap_or(&text).to_owned()
}

fn listing_json(merged: &Merged, listing: &Listing) -> Value {
    let rows: Vec<Value> = listing.rows.iter().map(|row| entry(merged, row)).collect();
    let (path, path_base64) = words::path_and_bytes(&merged.path(listing.path));
    let mut document = json!({ "schema": SCHEMA, "path": path, "entries": rows });
    put(&mut document, "path_base64", path_base64.map(Value::from));
    document
}

fn entry(merged: &Merged, row: &Row) -> Value {
    let (path, path_base64) = words::path_and_bytes(&merged.path(row.node));
    let target = row.entry.and_then(|id| merged.entry(id)?.target);
    let mut entry = json!({
        "path": path,
        "kind": kind(row.kind),
        "visible_bytes": row.bytes.0,
        "mode": row.mode.map(|mode| format!("{mode:04o}")),
        "uid": row.owner.map(|owner| owner.uid),
        "gid": row.owner.map(|owner| owner.gid),
        "layer": row.layer.map(words::number),
        "target": target.map(String::from_utf8_lossy),
        "mark": words::mark(row.mark),
    });
    put(&mut entry, "path_base64", path_base64.map(Value::from));
    entry
}

fn hit(merged: &Merged, view: &View, node: NodeId) -> Value {
    let (path, path_base64) = words::path_and_bytes(&merged.path(node));
    let entry = merged
        .visible(node, view.at())
        .and_then(|id| merged.entry(id));
    let mut hit = json!({
        "path": path,
        "kind": entry.map_or("directory", |entry| kind(entry.kind)),
        "visible_bytes": view.bytes(merged, node).0,
        "length_bytes": entry.map(|entry| entry.size.0),
        "mode": entry.map(|entry| format!("{:04o}", entry.mode)),
        "uid": entry.map(|entry| entry.owner.uid),
        "gid": entry.map(|entry| entry.owner.gid),
        "layer": entry.map(|entry| words::number(entry.layer)),
        "target": entry.and_then(|entry| entry.target).map(String::from_utf8_lossy),
    });
    put(&mut hit, "path_base64", path_base64.map(Value::from));
    hit
}

fn put(object: &mut Value, key: &str, value: Option<Value>) {
    if let (Value::Object(object), Some(value)) = (object, value) {
        object.insert(key.to_owned(), value);
    }
}

const fn kind(kind: Kind) -> &'static str {
    match kind {
        Kind::Directory => "directory",
        Kind::File | Kind::HardLink => "file",
        Kind::Symlink => "symlink",
        Kind::CharDevice => "character_device",
        Kind::BlockDevice => "block_device",
        Kind::Fifo => "pipe",
        Kind::Whiteout | Kind::Opaque => "whiteout",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::anatomy::sketch;

    fn image() -> Anatomy {
        sketch::image(&["f usr/bin/ls 5 \n l bin usr/bin \n l lost usr/nowhere \n l round round"])
    }

    #[test]
    fn a_folder_that_a_link_leads_to_is_listed() {
        let image = image();
        let at = layer(&image, None).expect("a layer");
        let listing = listing(&image, at, "/bin", false).expect("a listing");
        assert_eq!(image.merged.path(listing.path), b"usr/bin");
        assert_eq!(listing.rows.len(), 1);
    }

    #[test]
    fn a_link_is_asked_for_itself_or_for_what_it_leads_to() {
        let image = image();
        let at = layer(&image, None).expect("a layer");
        let path = |path, last| {
            let node = node(&image, at, path, last);
            node.map(|node| PathText(image.merged.path(node)).to_string())
        };
        assert_eq!(path("/bin", Last::Itself).as_deref(), Ok("/bin"));
        for last in [Last::Itself, Last::Followed] {
            assert_eq!(path("/bin/ls", last).as_deref(), Ok("/usr/bin/ls"));
        }
        for (asked, said) in [
            (
                "/lost",
                "there is no `nowhere` in /usr, where the link /lost leads",
            ),
            (
                "/round",
                "`/round` leads through more links than Linux follows",
            ),
            ("/usr/bn", "did you mean `bin`?"),
        ] {
            let why = path(asked, Last::Followed).expect_err("there is nothing");
            assert!(why.contains(said), "{why}");
        }
    }
}
