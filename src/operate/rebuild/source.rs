//! Where a build context comes from, as git knows it.

use std::path::Path;
use std::process::{Command, Stdio};

/// What git says about a folder.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Source {
    /// The commit that is checked out, with `-dirty` behind it if the folder differs.
    pub revision: Option<String>,
    /// Where the repository came from, without credentials.
    pub url: Option<String>,
}

impl Source {
    /// Asks git. A folder of which git keeps nothing comes from nowhere, even if it lies
    /// within somebody's repository; so does every folder where there is no git.
    #[must_use]
    pub fn of(folder: &Path) -> Self {
        let kept = git(folder, &["ls-files", "--", "."]);
        if kept.is_none_or(|files| files.is_empty()) {
            return Self::default();
        }
        let revision = git(folder, &["rev-parse", "--verify", "HEAD"]).map(|commit| {
            let changed = git(folder, &["status", "--porcelain", "--", "."]);
            match changed.is_none_or(|lines| lines.is_empty()) {
                true => commit,
                false => format!("{commit}-dirty"),
            }
        });
        let url = git(folder, &["remote", "get-url", "origin"]);
        Self {
            revision,
            url: url.as_deref().map(without_credentials),
        }
    }

    /// Whether the folder differs from its commit.
    #[must_use]
    pub fn is_dirty(&self) -> bool {
        let revision = self.revision.as_deref();
        revision.is_some_and(|revision| revision.ends_with("-dirty"))
    }
}

/// The first 64 kB or so of what git prints; nothing when it fails.
fn git(folder: &Path, args: &[&str]) -> Option<String> {
    let output = Command::new("git")
        // A repository must not be able to make git run something, nor a hook's
        // environment lead it elsewhere.
        .args(["-c", "core.fsmonitor=false"])
        .args(args)
        .current_dir(folder)
        .env_remove("GIT_DIR")
        .env_remove("GIT_WORK_TREE")
        .env_remove("GIT_INDEX_FILE")
        .env("GIT_OPTIONAL_LOCKS", "0")
        .env("GIT_TERMINAL_PROMPT", "0")
        .stdin(Stdio::null())
        .output()
        .ok()?;
    if !output.status.success() {
        return None;
    }
    Some(String::from_utf8_lossy(&output.stdout).trim().to_owned())
}

/// A URL without user, password, query and fragment: each of them may carry a token. The
/// user of an `ssh://` URL stays, and so does the short form `git@host:path`, which has no
/// place for a password.
fn without_credentials(url: &str) -> String {
    let Some((scheme, rest)) = url.split_once("://") else {
        return url.to_owned();
    };
    let rest = rest.split(['?', '#']).next().unwrap_or(rest);
    let (host, path) = match rest.find('/') {
        Some(at) => rest.split_at(at),
        None => (rest, ""),
    };
    let host = match host.rsplit_once('@') {
        Some((user, host)) if scheme.ends_with("ssh") => {
            let user = user.split(':').next().unwrap_or(user);
            format!("{user}@{host}")
        }
        Some((_, host)) => host.to_owned(),
        None => host.to_owned(),
    };
    format!("{scheme}://{host}{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn credentials_never_become_a_label() {
        for (url, want) in [
            ("https://github.com/a/b.git", "https://github.com/a/b.git"),
            ("https://me:t0p@github.com/a/b", "https://github.com/a/b"),
            (
                "https://t0p@github.com/a/b?token=t0p#x",
                "https://github.com/a/b",
            ),
            ("ssh://git:t0p@host:22/a/b", "ssh://git@host:22/a/b"),
            ("git@github.com:a/b.git", "git@github.com:a/b.git"),
            ("/srv/git/a.git", "/srv/git/a.git"),
            ("https://me:t0p@host", "https://host"),
        ] {
            assert_eq!(without_credentials(url), want);
        }
    }

    fn run(folder: &Path, args: &[&str]) {
        let who = ["-c", "user.name=x", "-c", "user.email=x@example.org"];
        let done = Command::new("git")
            .args(who)
            .args(args)
            .current_dir(folder)
            .output()
            .expect("git");
        assert!(done.status.success(), "git {args:?}");
    }

    #[test]
    fn a_folder_is_known_by_its_commit_and_whether_it_differs() {
        let folder = tempfile::tempdir().expect("a folder");
        let (root, image) = (folder.path(), folder.path().join("image"));
        std::fs::create_dir_all(root.join("untracked")).expect("a folder");
        std::fs::create_dir_all(&image).expect("a folder");
        assert_eq!(Source::of(root), Source::default());
        std::fs::write(image.join("a"), "1").expect("a file");
        run(root, &["init", "-q"]);
        run(root, &["add", "."]);
        run(root, &["commit", "-qm", "x"]);
        run(root, &["remote", "add", "origin", "https://me:t0p@host/x"]);
        let clean = Source::of(&image);
        assert_eq!(clean.revision.as_deref().map(str::len), Some(40));
        assert_eq!(clean.url.as_deref(), Some("https://host/x"));
        std::fs::write(root.join("elsewhere"), "1").expect("a file");
        assert_eq!(Source::of(&image), clean);
        std::fs::write(image.join("a"), "2").expect("a file");
        assert!(Source::of(&image).is_dirty());
        assert_eq!(Source::of(&root.join("untracked")), Source::default());
    }
}
