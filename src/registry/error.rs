//! What can go wrong with a registry, each as one sentence that says what to do next.

use crate::model::bytes::Bytes;
use crate::model::digest::Digest;
use crate::model::nearest;
use crate::model::reference::Repository;
use crate::model::remote::is_technical;
use crate::model::text;
use crate::model::time::Span;

/// What can go wrong with a registry.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RegistryError {
    /// The name has no registry's host: it lives on engines only.
    #[error(
        "`{0}` names no registry, so nothing is looked up for it; write the host before it (`registry.example.com/{0}`; Docker Hub is `registry-1.docker.io`)"
    )]
    NoHost(Repository),
    /// No such host.
    #[error("there is no host `{host}`: {why}; check the registry's name and the network")]
    UnknownHost {
        /// `host[:port]`.
        host: String,
        /// In the system's words.
        why: String,
    },
    /// Nothing listens there.
    #[error(
        "the registry {host} refused the connection while {doing}; check its port and that it runs"
    )]
    Refused {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
    },
    /// The connection failed or broke.
    #[error(
        "cannot reach the registry {host} while {doing}: {why}; try again, or check the network"
    )]
    Unreachable {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
        /// In the system's words.
        why: String,
    },
    /// Nobody that is trusted vouches for its certificate.
    #[error(
        "no trusted authority vouches for the certificate of {host}; name the one that does in karat.toml ([registries.\"{host}\"] ca = \"ca.pem\")"
    )]
    UnknownAuthority {
        /// `host[:port]`.
        host: String,
    },
    /// TLS failed otherwise.
    #[error(
        "TLS to {host} failed: {why}; check its certificate, and `ca`, `cert` and `key` under [registries.\"{host}\"] in karat.toml"
    )]
    Tls {
        /// `host[:port]`.
        host: String,
        /// In words.
        why: String,
    },
    /// It answers plain HTTP.
    #[error(
        "{host} answers plain HTTP where TLS was expected; if that is meant, say so in karat.toml ([registries.\"{host}\"] insecure = true)"
    )]
    PlainHttp {
        /// `host[:port]`.
        host: String,
    },
    /// It wants TLS.
    #[error(
        "{host} wants TLS, and karat.toml says plain HTTP; take `insecure` out of [registries.\"{host}\"]"
    )]
    WantsTls {
        /// `host[:port]`.
        host: String,
    },
    /// Its settings cannot be used.
    #[error("cannot use the registry {host}: {why}; see [registries.\"{host}\"] in karat.toml")]
    Settings {
        /// `host[:port]`.
        host: String,
        /// In words.
        why: String,
    },
    /// The login to it cannot be read.
    #[error("cannot read the login to {host}: {why}")]
    Login {
        /// `host[:port]`.
        host: String,
        /// In words, with what to do.
        why: String,
    },
    /// No login is known, and one is needed.
    #[error(
        "{host} wants a login while {doing}, and none is known: `docker login {host}`, or name one in karat.toml ([registries.\"{host}\"] password_env or credentials)"
    )]
    LoginNeeded {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
    },
    /// The login is wrong.
    #[error(
        "{host} does not accept the login of {who} while {doing}; log in again (`docker login {host}`), or check where karat.toml takes it from"
    )]
    WrongLogin {
        /// `host[:port]`.
        host: String,
        /// Whose.
        who: String,
        /// What was being done.
        doing: String,
    },
    /// The login is right, and allows less.
    #[error(
        "{who} may not {action} {repository}: ask its owner for the right to, or log in as someone who has it"
    )]
    NoPermission {
        /// Which repository.
        repository: String,
        /// `pull`, `push to`, `delete from`.
        action: &'static str,
        /// Who.
        who: String,
    },
    /// No such repository.
    #[error("the registry {host} has no repository `{name}`; check its name, or push to it first")]
    NoRepository {
        /// `host[:port]`.
        host: String,
        /// Its name there.
        name: String,
    },
    /// No such tag or digest.
    #[error("{repository} has no {what}{hint}")]
    NotThere {
        /// Which repository.
        repository: Repository,
        /// ``tag `1.2` ``, `manifest sha256:…`, `blob sha256:…`.
        what: String,
        /// `; did you mean …`, or nothing.
        hint: String,
    },
    /// It answers web pages.
    #[error(
        "{host} answers a web page, not a registry's answer, while {doing}: is the address right?"
    )]
    NotARegistry {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
    },
    /// What came is not what its digest says.
    #[error(
        "what {repository} answered for {asked} is {got}: it was damaged or exchanged on the way, and is not used; try again, and check the registry's storage if it stays so"
    )]
    WrongDigest {
        /// Which repository.
        repository: Repository,
        /// What was asked for.
        asked: String,
        /// The digest of what came.
        got: Digest,
    },
    /// A blob has another length than was said.
    #[error(
        "{repository} answered {got} for {asked}, which has {want}: it is not used; try again, and check the registry's storage if it stays so"
    )]
    WrongSize {
        /// Which repository.
        repository: Repository,
        /// What was asked for.
        asked: String,
        /// How much came.
        got: String,
        /// How much should have.
        want: String,
    },
    /// Larger than is taken into memory.
    #[error("{what} of {repository} is larger than {most}, the most that karat reads of it")]
    TooLarge {
        /// Which repository.
        repository: Repository,
        /// What.
        what: String,
        /// The most.
        most: Bytes,
    },
    /// It asks for patience, and more of it than is had.
    #[error(
        "{host} limits how often it is asked (HTTP status 429) while {doing}; try again {again}"
    )]
    Throttled {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
        /// `in 5 min`, `later`.
        again: String,
    },
    /// It deletes nothing.
    #[error(
        "{host} does not allow deleting; its operator can (for `registry:2`: REGISTRY_STORAGE_DELETE_ENABLED=true)"
    )]
    NoDelete {
        /// `host[:port]`.
        host: String,
    },
    /// No answer in time.
    #[error(
        "{host} sent nothing for {after} while {doing}; it may hang or be overloaded: try again"
    )]
    TimedOut {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
        /// How long was waited.
        after: Span,
    },
    /// It answered with an error.
    #[error("{host} refused while {doing}: {message} (HTTP status {status})")]
    Answered {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// In its words.
        message: String,
    },
    /// It answered something karat cannot read.
    #[error("{host} answered something unexpected while {doing}: {why}")]
    Unreadable {
        /// `host[:port]`.
        host: String,
        /// What was being done.
        doing: String,
        /// What was wrong with it.
        why: String,
    },
    /// A manifest of before 2016.
    #[error(
        "{name} has a manifest of schema 1, which says neither what its layers are nor how large: build or push it anew with a current Docker"
    )]
    SchemaOne {
        /// `repository:tag` or `repository@digest`.
        name: String,
    },
    /// It is no image.
    #[error("{name} is no image: it is {kind}")]
    NotAnImage {
        /// `repository:tag` or `repository@digest`.
        name: String,
        /// What it is.
        kind: String,
    },
    /// Not for that platform.
    #[error("{name} has no image for {wanted}{hint}")]
    NoPlatform {
        /// `repository:tag` or `repository@digest`.
        name: String,
        /// What was wanted.
        wanted: String,
        /// `; there is …`.
        hint: String,
    },
    /// Somebody else wrote the same tag meanwhile.
    #[error(
        "somebody else moved {repository}:{tag} meanwhile: it points to {now}, not to {ours}; look at it before you try again"
    )]
    Overtaken {
        /// Which repository.
        repository: Repository,
        /// Which tag.
        tag: String,
        /// Where it points now.
        now: String,
        /// Where it should.
        ours: Digest,
    },
    /// What was read on behalf of a stream broke off: its own error.
    #[error("canceled")]
    Canceled,
}

impl RegistryError {
    /// From an error of the connection: the innermost that says something decides.
    pub(super) fn from_wire(host: &str, doing: &str, error: &reqwest::Error) -> Self {
        let (host, doing) = (host.to_owned(), doing.to_owned());
        let mut innermost: &(dyn std::error::Error + 'static) = error;
        let mut kind = None;
        loop {
            // What a stream that was being sent ended with is what is to be told.
            if let Some(own) = innermost.downcast_ref::<Self>() {
                return own.clone();
            }
            if let Some(tls) = innermost.downcast_ref::<rustls::Error>() {
                return Self::of_tls(host, tls);
            }
            if let Some(io) = innermost.downcast_ref::<std::io::Error>() {
                kind = Some(io.kind());
            }
            // An io::Error that wraps another error hides it from `source`.
            let wrapped = innermost
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .map(|inner| inner as &(dyn std::error::Error + 'static));
            match wrapped.or_else(|| innermost.source()) {
                Some(source) => innermost = source,
                None => break,
            }
        }
        let why = one_line(&innermost.to_string());
        let resolved = format!("{error:?}");
        if error.is_connect() && resolved.contains("dns error") {
            return Self::UnknownHost { host, why };
        }
        match kind {
            Some(std::io::ErrorKind::ConnectionRefused) => Self::Refused { host, doing },
            _ if error.is_timeout() => Self::TimedOut {
                host,
                doing,
                after: super::http::CONNECT_WITHIN.into(),
            },
            _ => Self::Unreachable { host, doing, why },
        }
    }

    fn of_tls(host: String, error: &rustls::Error) -> Self {
        use rustls::{CertificateError, Error};
        match error {
            Error::InvalidCertificate(CertificateError::UnknownIssuer) => {
                Self::UnknownAuthority { host }
            }
            // What is no TLS at all: its first byte is a letter of `HTTP`.
            Error::InvalidMessage(_) => Self::PlainHttp { host },
            Error::AlertReceived(alert) => Self::Tls {
                why: match format!("{alert:?}").as_str() {
                    "CertificateRequired" | "BadCertificate" | "HandshakeFailure" => {
                        "it wants a client certificate that it knows".to_owned()
                    }
                    other => format!("it ended the handshake ({other})"),
                },
                host,
            },
            other => Self::Tls {
                why: one_line(&other.to_string()),
                host,
            },
        }
    }

    /// The HTTP status, where it answered with an error.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// Whether the same may go well a moment later.
    #[must_use]
    pub const fn is_passing(&self) -> bool {
        match self {
            Self::Unreachable { .. } | Self::TimedOut { .. } => true,
            Self::Answered { status, .. } => matches!(*status, 500 | 502 | 503 | 504),
            _ => false,
        }
    }

    /// Whether what was asked for is not there, as opposed to not to be had.
    #[must_use]
    pub const fn is_not_there(&self) -> bool {
        matches!(self, Self::NotThere { .. } | Self::NoRepository { .. })
    }

    /// Whether what is there is damaged: not what its digest or its form says.
    #[must_use]
    pub const fn is_damaged(&self) -> bool {
        matches!(
            self,
            Self::WrongDigest { .. }
                | Self::WrongSize { .. }
                | Self::TooLarge { .. }
                | Self::Unreadable { .. }
        )
    }

    /// Whether what is there is no image that karat reads: something else that registries keep,
    /// or of a form of long ago.
    #[must_use]
    pub const fn is_no_image(&self) -> bool {
        matches!(
            self,
            Self::NotAnImage { .. } | Self::SchemaOne { .. } | Self::NoPlatform { .. }
        )
    }

    /// A tag that is not there, and the nearest of those that are.
    pub(super) fn no_tag(repository: &Repository, tag: &str, tags: &[String]) -> Self {
        let tags: Vec<&String> = tags.iter().filter(|tag| !is_technical(tag)).collect();
        let names = || tags.iter().map(|tag| tag.as_str());
        // The latest are more likely meant than the first.
        let hint = nearest::nearest(tag, names());
        Self::NotThere {
            repository: repository.clone(),
            what: format!("tag `{tag}`"),
            hint: match (hint, tags.len()) {
                (Some(near), _) => format!("; did you mean `{near}`?"),
                (None, 0) => "; it has no tags at all".to_owned(),
                (None, _) => nearest::hint(tag, names()),
            },
        }
    }
}

/// One line that is safe to show.
pub(super) fn one_line(words: &str) -> String {
    let joined = words.split_whitespace().collect::<Vec<_>>().join(" ");
    text::printable(&joined).into_owned()
}

/// What a registry says in the body of an error: its code and its sentence, of
/// `{"errors":[{"code":…,"message":…}]}`.
pub(super) fn said(body: &[u8]) -> (String, String) {
    let json: serde_json::Value = serde_json::from_slice(body).unwrap_or_default();
    let of = |path: &str| json.pointer(path).and_then(serde_json::Value::as_str);
    let code = of("/errors/0/code").unwrap_or_default();
    let message = [
        of("/errors/0/message"),
        of("/message"),
        of("/details"),
        of("/error"),
    ]
    .into_iter()
    .flatten()
    .find(|text| !text.trim().is_empty())
    .unwrap_or(code);
    let message = if message.is_empty() && !body.trim_ascii_start().starts_with(b"<") {
        String::from_utf8_lossy(body.get(..300).unwrap_or(body)).into_owned()
    } else {
        message.to_owned()
    };
    (code.to_owned(), one_line(message.trim()))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_registries_say_is_found() {
        for (body, code, message) in [
            (
                r#"{"errors":[{"code":"MANIFEST_UNKNOWN","message":"manifest unknown","detail":{}}]}"#,
                "MANIFEST_UNKNOWN",
                "manifest unknown",
            ),
            (r#"{"errors":[{"code":"DENIED"}]}"#, "DENIED", "DENIED"),
            (
                r#"{"details":"incorrect username"}"#,
                "",
                "incorrect username",
            ),
            ("404 page not found\n", "", "404 page not found"),
            ("<html><body>x", "", ""),
            ("", "", ""),
        ] {
            let want = (code.to_owned(), message.to_owned());
            assert_eq!(said(body.as_bytes()), want, "{body}");
        }
    }

    #[test]
    fn a_missing_tag_names_the_nearest() {
        let repository = Repository::new("r.example.com/golden/web");
        let tags = ["1.0.0".to_owned(), "1.2.0".to_owned()];
        for (tag, tags, want) in [
            (
                "1.2.O",
                &tags[..],
                "has no tag `1.2.O`; did you mean `1.2.0`?",
            ),
            (
                "prod",
                &tags[..],
                "has no tag `prod`; there is 1.0.0, 1.2.0",
            ),
            ("prod", &[], "has no tag `prod`; it has no tags at all"),
        ] {
            let told = RegistryError::no_tag(&repository, tag, tags).to_string();
            assert!(told.ends_with(want), "{told}");
        }
    }
}
