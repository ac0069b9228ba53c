//! Engines as people write them: `context:NAME`, `unix://`, `tcp://`, `https://`, `ssh://`,
//! `podman`.

use std::net::Ipv6Addr;
use std::path::{Path, PathBuf};

use crate::model::nearest;
use crate::model::project::{EngineAddress, Tls};

use super::context::{Contexts, DEFAULT};
use super::surroundings::Surroundings;

/// The engine that means Podman's socket of this machine.
pub(super) const PODMAN: &str = "podman";

const DOCKER_SOCKET: &str = "/var/run/docker.sock";
const PORT: u16 = 2375;
const TLS_PORT: u16 = 2376;

/// Reads an address that needs nothing but its own text. Stricter than the model's own
/// reading: what could never be connected to is refused here, where its line is known.
///
/// # Errors
/// One sentence. A password in the text is never repeated in it.
pub(super) fn parse(text: &str) -> Result<EngineAddress, String> {
    let Some((scheme, rest)) = text.split_once("://") else {
        let words = [
            "context:", "unix://", "tcp://", "https://", "ssh://", PODMAN,
        ];
        return Err(format!(
            "`{text}` is no engine: write `context:NAME`, `unix:///path`, `tcp://host:port`, \
             `https://host:port`, `ssh://user@host` or `podman`{}",
            nearest::nearest(text, words)
                .map_or_else(String::new, |near| format!("; did you mean `{near}`?"))
        ));
    };
    if rest
        .rsplit_once('@')
        .is_some_and(|(user, _)| user.contains(':'))
    {
        return Err(format!(
            "the `{scheme}://` address has a password in it, which would be shown and \
             stored: write `{scheme}://user@host` and use a key or a certificate"
        ));
    }
    match scheme {
        "unix" => unix(text, rest),
        "tcp" | "http" => tcp(text, rest, None),
        "https" => tcp(text, rest, Some(Tls::default())),
        "ssh" => ssh(text, rest),
        "npipe" | "fd" => Err(format!(
            "`{text}`: karat does not speak `{scheme}://`; it speaks unix, tcp, https and ssh"
        )),
        _ => Err(format!(
            "`{text}`: `{scheme}` is no way to an engine{}",
            nearest::hint(scheme, ["unix", "tcp", "https", "ssh"])
        )),
    }
}

fn unix(text: &str, path: &str) -> Result<EngineAddress, String> {
    let trimmed = path.trim_end_matches('/');
    if trimmed.is_empty() || !path.starts_with('/') {
        return Err(format!(
            "`{text}`: the path of a socket is absolute; write `unix:///run/docker.sock` with \
             three slashes"
        ));
    }
    Ok(EngineAddress::Unix(PathBuf::from(trimmed)))
}

/// `host[:port]` as TCP, encrypted where there is TLS material.
pub(super) fn tcp(text: &str, rest: &str, tls: Option<Tls>) -> Result<EngineAddress, String> {
    let default = if tls.is_some() { TLS_PORT } else { PORT };
    let rest = rest.trim_end_matches('/');
    let (host, port) = match rest.rsplit_once(':') {
        Some((host, port)) if !rest.ends_with(']') => (host, Some(port)),
        _ => (rest, None),
    };
    let host_ok = match host.strip_prefix('[').and_then(|h| h.strip_suffix(']')) {
        Some(v6) => v6.parse::<Ipv6Addr>().is_ok(),
        None => is_host(host),
    };
    if !host_ok {
        return Err(format!(
            "`{text}`: `{host}` is no host name; write `tcp://host:port`, an IPv6 address in \
             brackets"
        ));
    }
    let port = match port {
        None => default,
        Some(port) => port
            .parse::<u16>()
            .ok()
            .filter(|number| *number > 0)
            .ok_or_else(|| {
                format!("`{text}`: `{port}` is no port; write a number from 1 to 65535")
            })?,
    };
    Ok(EngineAddress::Tcp {
        authority: format!("{host}:{port}"),
        tls,
    })
}

fn ssh(text: &str, rest: &str) -> Result<EngineAddress, String> {
    let bare = rest.trim_end_matches('/');
    if bare.contains('/') {
        return Err(format!(
            "`{text}`: an ssh address has no path; karat runs `docker system dial-stdio` on \
             the host, which knows its own socket"
        ));
    }
    let (user, host) = bare.split_once('@').unwrap_or(("x", bare));
    let name = host.split_once(':').map_or(host, |(name, _)| name);
    if !is_host(name) || user.is_empty() || user.starts_with('-') || has_blank(user) {
        return Err(format!(
            "`{text}` is no ssh address; write `ssh://user@host` or `ssh://user@host:port`"
        ));
    }
    text.parse().map_err(|error| format!("{error}"))
}

fn is_host(text: &str) -> bool {
    !text.is_empty()
        && !text.starts_with('-')
        && text
            .chars()
            .all(|c| c.is_alphanumeric() || matches!(c, '.' | '-' | '_'))
}

fn has_blank(text: &str) -> bool {
    text.chars().any(|c| c.is_whitespace() || c.is_control())
}

/// The engine a project file means by `text`.
///
/// # Errors
/// One sentence: an unknown context with the nearest name, or an address that makes no
/// sense. A context that exists and is broken is no error but [`EngineAddress::Broken`].
pub(super) fn resolve(
    text: &str,
    s: &Surroundings,
    contexts: &Contexts,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<EngineAddress, String> {
    if let Some(name) = text.strip_prefix("context:") {
        if name == DEFAULT {
            return default_context(s, exists);
        }
        return contexts.get(name).cloned().ok_or_else(|| {
            let known = contexts.names().chain([DEFAULT]).collect::<Vec<_>>();
            format!(
                "there is no Docker context `{name}`{}",
                nearest::hint(name, known.iter().copied())
            )
        });
    }
    if text == PODMAN {
        return podman(s, exists);
    }
    if text == DEFAULT || contexts.get(text).is_some() {
        return Err(format!(
            "`{text}` is no engine; did you mean `context:{text}`?"
        ));
    }
    parse(text)
}

/// What Docker calls the context `default`: `DOCKER_HOST` where it is set, else the
/// platform's own engine.
fn default_context(
    s: &Surroundings,
    exists: &dyn Fn(&Path) -> bool,
) -> Result<EngineAddress, String> {
    match docker_host(s) {
        Some(Ok((_, address))) => Ok(address),
        Some(Err(what)) => Err(format!(
            "`context:default` is what DOCKER_HOST says, and that makes no sense: {what}"
        )),
        None => Ok(platform_default(s, exists).1),
    }
}

/// The engine `DOCKER_HOST` names, with the TLS material of `DOCKER_CERT_PATH` (by default
/// Docker's configuration folder) when `DOCKER_TLS_VERIFY` or `DOCKER_TLS` ask for it.
pub(super) fn docker_host(s: &Surroundings) -> Option<Result<(String, EngineAddress), String>> {
    let host = s.var("DOCKER_HOST")?;
    let verify = s.var("DOCKER_TLS_VERIFY").is_some();
    let encrypted = verify || s.var("DOCKER_TLS").is_some() || host.starts_with("https://");
    let plain = match parse(host) {
        Ok(plain) => plain,
        Err(what) => return Some(Err(what)),
    };
    let rest = ["tcp://", "https://", "http://"]
        .iter()
        .find_map(|scheme| host.strip_prefix(scheme));
    let address = match (rest, encrypted) {
        (Some(rest), true) => {
            let folder = s
                .path_var("DOCKER_CERT_PATH")
                .or_else(|| s.docker_config())
                .unwrap_or_default();
            let material = Tls {
                // Docker's DOCKER_TLS without DOCKER_TLS_VERIFY: encrypted, unchecked.
                skip_verify: !verify && s.var("DOCKER_TLS").is_some(),
                ..tls_in(&folder)
            };
            match tcp(host, rest, Some(material)) {
                Ok(address) => address,
                Err(what) => return Some(Err(what)),
            }
        }
        _ => plain,
    };
    Some(Ok((host.to_owned(), address)))
}

/// The TLS material that lies in a folder; each file may be missing.
pub(super) fn tls_in(folder: &Path) -> Tls {
    let there = |name: &str| Some(folder.join(name)).filter(|path| path.exists());
    Tls {
        ca: there("ca.pem"),
        cert: there("cert.pem"),
        key: there("key.pem"),
        skip_verify: false,
    }
}

/// Docker's own socket; Podman's where Docker's is missing and Podman's is there. With both
/// it is Docker alone: on such machines Podman's socket is mostly there by accident, and
/// the project file can name `podman` beside it.
pub(super) fn platform_default(
    s: &Surroundings,
    exists: &dyn Fn(&Path) -> bool,
) -> (String, EngineAddress) {
    let docker = Path::new(DOCKER_SOCKET);
    match podman_sockets(s).into_iter().find(|path| exists(path)) {
        Some(socket) if !exists(docker) => (PODMAN.to_owned(), EngineAddress::Unix(socket)),
        _ => (
            format!("context:{DEFAULT}"),
            EngineAddress::Unix(docker.to_owned()),
        ),
    }
}

/// Whether the platform's own engine has a socket at all.
pub(super) fn default_is_there(address: &EngineAddress, exists: &dyn Fn(&Path) -> bool) -> bool {
    match address {
        EngineAddress::Unix(path) => exists(path),
        _ => true,
    }
}

/// `podman`: `CONTAINER_HOST` (Podman's own variable), else the user's socket where it is
/// there, else the system's.
fn podman(s: &Surroundings, exists: &dyn Fn(&Path) -> bool) -> Result<EngineAddress, String> {
    if let Some(host) = s.var("CONTAINER_HOST") {
        return parse(host).map_err(|what| {
            format!("`podman` is what CONTAINER_HOST says, and that does not work: {what}")
        });
    }
    let sockets = podman_sockets(s);
    sockets
        .iter()
        .find(|path| exists(path))
        .or(sockets.last())
        .map(|path| EngineAddress::Unix(path.clone()))
        .ok_or_else(|| "there is no place for Podman's socket on this machine".to_owned())
}

fn podman_sockets(s: &Surroundings) -> Vec<PathBuf> {
    s.path_var("XDG_RUNTIME_DIR")
        .into_iter()
        .chain([PathBuf::from("/run")])
        .map(|folder| folder.join("podman/podman.sock"))
        .collect()
}
