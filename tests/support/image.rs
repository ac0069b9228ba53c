//! Images made from nothing but the host's static busybox: no build, no pull.

use super::Api;

/// Waits a while if told to, says that it is well, and ends when asked to, after a while if
/// told to.
const APP: &str = r#"#!/bin/sh
trap 'echo ending; sleep "${STOP_SECONDS:-0}"; exit 0' TERM
echo "version $(cat /version) starts"
sleep "${START_SECONDS:-0}"
if [ -n "$CRASH" ]; then echo "cannot go on: $CRASH"; exit 3; fi
[ -n "$SICK" ] && echo "I feel sick" || touch /ok
while :; do sleep 1000 & wait $!; done
"#;

/// The health check of all of them.
pub const HEALTH: &str = "HEALTHCHECK --interval=1s --timeout=5s --retries=2 CMD [\"/bin/sh\",\"-c\",\"test -e /ok || { echo no /ok here; exit 1; }\"]";

/// What a version's image is made of.
pub struct Recipe<'a> {
    pub repository: &'a str,
    pub tag: &'a str,
    /// Dockerfile instructions beside the usual ones.
    pub changes: &'a [&'a str],
    /// Whether it has the usual health check.
    pub check: bool,
    /// Bytes of ballast, which cannot be compressed.
    pub ballast: usize,
}

impl<'a> Recipe<'a> {
    pub const fn new(repository: &'a str, tag: &'a str) -> Self {
        Self {
            repository,
            tag,
            changes: &[],
            check: true,
            ballast: 0,
        }
    }
}

impl Api {
    /// Makes a version; answers the image's id. One that must be another image differs by
    /// its tag, which is a file in it.
    pub fn image(&self, recipe: &Recipe<'_>) -> String {
        let mut changes = vec![
            format!("ENV VERSION={}", recipe.tag),
            format!("LABEL org.opencontainers.image.version={}", recipe.tag),
            "CMD [\"/bin/sh\",\"/app/run.sh\"]".to_owned(),
        ];
        if recipe.check {
            changes.push(HEALTH.to_owned());
        }
        changes.extend(recipe.changes.iter().map(|change| (*change).to_owned()));
        let mut query = format!(
            "/images/create?fromSrc=-&repo={}&tag={}",
            recipe.repository, recipe.tag
        );
        for change in &changes {
            query.push_str("&changes=");
            query.push_str(&escaped(change));
        }
        let answer = self
            .ask("POST", &query, "application/x-tar", &layer(recipe))
            .expect("an answer");
        let text = String::from_utf8_lossy(&answer.body).into_owned();
        assert!(
            answer.status == 200 && !text.contains("\"error\""),
            "importing: {text}"
        );
        let name = format!("{}:{}", recipe.repository, recipe.tag);
        let path = format!("/images/{name}/json");
        let found = self
            .ask("GET", &path, "text/plain", b"")
            .expect("an answer");
        if found.status == 404 {
            // Podman does not name what it imports.
            let last = text.lines().last().unwrap_or_default();
            let last: serde_json::Value = serde_json::from_str(last).expect("JSON");
            let id = last["status"].as_str().expect("an id").trim();
            let id = id.trim_start_matches("sha256:");
            self.post(
                &format!(
                    "/images/{id}/tag?repo={}&tag={}",
                    recipe.repository, recipe.tag
                ),
                &serde_json::Value::Null,
            );
        }
        self.get(&path)["Id"].as_str().expect("an id").to_owned()
    }

    /// The usual version.
    pub fn usual(&self, repository: &str, tag: &str) -> String {
        self.image(&Recipe::new(repository, tag))
    }
}

fn layer(recipe: &Recipe<'_>) -> Vec<u8> {
    let busybox = super::needs("busybox", "busybox-static");
    let busybox = std::fs::read(busybox).expect("busybox can be read");
    let mut tar = tar::Builder::new(Vec::new());
    let mut put = |path: &str, mode: u32, bytes: &[u8]| {
        let mut header = tar::Header::new_gnu();
        header.set_size(bytes.len() as u64);
        header.set_mode(mode);
        tar.append_data(&mut header, path, bytes).expect("a file");
    };
    put("bin/busybox", 0o755, &busybox);
    put("app/run.sh", 0o755, APP.as_bytes());
    put("version", 0o644, recipe.tag.as_bytes());
    if recipe.ballast > 0 {
        put("ballast", 0o644, &noise(recipe.ballast));
    }
    for name in ["sh", "sleep", "test", "touch", "cat", "id", "ls", "ps"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        header.set_mode(0o777);
        tar.append_link(&mut header, format!("bin/{name}"), "busybox")
            .expect("a link");
    }
    for folder in ["tmp", "data", "etc", "proc", "sys", "dev", "work"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Directory);
        header.set_size(0);
        header.set_mode(if folder == "tmp" { 0o1777 } else { 0o755 });
        tar.append_data(&mut header, format!("{folder}/"), std::io::empty())
            .expect("a folder");
    }
    tar.into_inner().expect("a tar")
}

/// Bytes that do not compress.
fn noise(count: usize) -> Vec<u8> {
    let mut state = 0x9e37_79b9_7f4a_7c15_u64;
    let mut bytes = Vec::with_capacity(count + 8);
    while bytes.len() < count {
        state ^= state << 13;
        state ^= state >> 7;
        state ^= state << 17;
        bytes.extend_from_slice(&state.to_le_bytes());
    }
    bytes.truncate(count);
    bytes
}

/// For a query.
fn escaped(text: &str) -> String {
    let mut out = String::new();
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-._~".contains(&byte) {
            out.push(char::from(byte));
        } else {
            out.push_str(&format!("%{byte:02X}"));
        }
    }
    out
}
