//! What can go wrong with an engine, each as one sentence that says what to do next.

use crate::model::project::EngineName;
use crate::model::time::Span;

/// What can go wrong with an engine.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum EngineError {
    /// No socket: no engine is installed, or it does not run.
    #[error("cannot reach {engine}: {why}; is the engine running? (`systemctl start docker`)")]
    NoEngine {
        /// Which engine.
        engine: EngineName,
        /// In the system's words.
        why: String,
    },
    /// The socket is there, but not for this user.
    #[error(
        "cannot reach {engine}: no permission on its socket; join the group that owns it (`sudo usermod -aG docker $USER`, then log in again) or run as that user"
    )]
    NoPermission {
        /// Which engine.
        engine: EngineName,
    },
    /// The connection failed or broke.
    #[error("cannot reach {engine} while {doing}: {why}; check its address and that it runs")]
    Unreachable {
        /// Which engine.
        engine: EngineName,
        /// What was being done.
        doing: String,
        /// In the system's words.
        why: String,
    },
    /// ssh, or the remote `docker`, said why.
    #[error("cannot reach {engine} through ssh: {why}; try `ssh HOST docker version` by hand")]
    Ssh {
        /// Which engine.
        engine: EngineName,
        /// Its last words.
        why: String,
    },
    /// TLS material or handshake.
    #[error(
        "cannot reach {engine}: TLS: {why}; check the ca.pem, cert.pem and key.pem of its context"
    )]
    Tls {
        /// Which engine.
        engine: EngineName,
        /// In words.
        why: String,
    },
    /// Its address cannot be used at all.
    #[error("cannot use {engine}: {why}")]
    Unusable {
        /// Which engine.
        engine: EngineName,
        /// In words.
        why: String,
    },
    /// No answer in time.
    #[error("{engine} did not answer within {after} while {doing}; it may hang or be overloaded")]
    TimedOut {
        /// Which engine.
        engine: EngineName,
        /// What was being done.
        doing: String,
        /// How long was waited.
        after: Span,
    },
    /// Older than what karat works with.
    #[error(
        "{engine} is too old: version {version} with API {api}; karat needs API 1.41 (Docker 20.10) or newer"
    )]
    TooOld {
        /// Which engine.
        engine: EngineName,
        /// Its version.
        version: String,
        /// Its API.
        api: String,
    },
    /// Its disk is full.
    #[error(
        "{engine} has no space left while {doing}; free some (`docker system df`, `docker image prune`) and try again"
    )]
    NoSpace {
        /// Which engine.
        engine: EngineName,
        /// What was being done.
        doing: String,
    },
    /// It answered with an error.
    #[error("{engine} refused while {doing}: {message}")]
    Answered {
        /// Which engine.
        engine: EngineName,
        /// What was being done.
        doing: String,
        /// The HTTP status.
        status: u16,
        /// In the engine's words.
        message: String,
    },
    /// It answered something karat cannot read.
    #[error("{engine} answered something unexpected while {doing}: {why}")]
    Unreadable {
        /// Which engine.
        engine: EngineName,
        /// What was being done.
        doing: String,
        /// What was wrong with it.
        why: String,
    },
}

impl EngineError {
    /// An answer that is an error.
    #[must_use]
    pub fn answered(engine: &EngineName, doing: &str, status: u16, message: String) -> Self {
        let (engine, doing) = (engine.clone(), doing.to_owned());
        let message = if message.trim().is_empty() {
            format!(
                "HTTP status {status} without a word; is it an engine that answers at this address?"
            )
        } else {
            message
        };
        if message.contains("no space left on device") {
            Self::NoSpace { engine, doing }
        } else {
            Self::Answered {
                engine,
                doing,
                status,
                message,
            }
        }
    }

    /// From bollard's error.
    #[must_use]
    pub fn from_bollard(
        engine: &EngineName,
        doing: impl Into<String>,
        error: bollard::errors::Error,
    ) -> Self {
        use bollard::errors::Error as Bollard;
        let doing = doing.into();
        match error {
            Bollard::DockerResponseServerError {
                status_code,
                message,
            } => Self::answered(engine, &doing, status_code, message),
            Bollard::DockerStreamError { error } => Self::answered(engine, &doing, 200, error),
            Bollard::RequestTimeoutError => Self::TimedOut {
                engine: engine.clone(),
                doing,
                after: Span::seconds(super::LONG),
            },
            Bollard::JsonDataError { message, .. } => Self::Unreadable {
                engine: engine.clone(),
                doing,
                why: message,
            },
            other => Self::from_wire(engine, doing, &other),
        }
    }

    /// From an error of the connection: the innermost I/O error decides.
    fn from_wire(engine: &EngineName, doing: String, error: &bollard::errors::Error) -> Self {
        let engine = engine.clone();
        let mut innermost: &dyn std::error::Error = match error {
            // It shows as the error it holds, and hides that one from `source`.
            bollard::errors::Error::IOError { err } => err,
            other => other,
        };
        let mut kind = None;
        loop {
            if let Some(io) = innermost.downcast_ref::<std::io::Error>() {
                kind = Some(io.kind());
            }
            if let Some(tls) = innermost.downcast_ref::<rustls::Error>() {
                return Self::Tls {
                    engine,
                    why: tls.to_string(),
                };
            }
            // An io::Error that wraps another error hides it from `source`.
            let wrapped = innermost
                .downcast_ref::<std::io::Error>()
                .and_then(std::io::Error::get_ref)
                .map(|inner| inner as &dyn std::error::Error);
            match wrapped.or_else(|| innermost.source()) {
                Some(source) => innermost = source,
                None => break,
            }
        }
        let why = in_words(&innermost.to_string(), kind);
        match kind {
            Some(std::io::ErrorKind::PermissionDenied) => Self::NoPermission { engine },
            Some(std::io::ErrorKind::NotFound) => Self::NoEngine { engine, why },
            Some(std::io::ErrorKind::ConnectionRefused) => Self::NoEngine { engine, why },
            _ => Self::Unreachable { engine, doing, why },
        }
    }

    /// The HTTP status, where the engine answered.
    #[must_use]
    pub const fn status(&self) -> Option<u16> {
        match self {
            Self::Answered { status, .. } => Some(*status),
            _ => None,
        }
    }

    /// What was asked for is not there.
    #[must_use]
    pub fn is_not_found(&self) -> bool {
        self.status() == Some(404)
    }

    /// The name is taken: 409 on Docker, 500 on Podman.
    #[must_use]
    pub fn is_name_taken(&self) -> bool {
        matches!(self, Self::Answered { status: 409 | 500, message, .. }
            if message.contains("already in use"))
    }

    /// The engine itself is out of reach, as opposed to an answer it gave.
    #[must_use]
    pub const fn is_out_of_reach(&self) -> bool {
        !matches!(
            self,
            Self::Answered { .. }
                | Self::NoSpace { .. }
                | Self::TooOld { .. }
                | Self::Unreadable { .. }
        )
    }
}

/// What an error says; of one that says nothing, its kind.
fn in_words(text: &str, kind: Option<std::io::ErrorKind>) -> String {
    match (text.trim(), kind) {
        ("", Some(std::io::ErrorKind::TimedOut)) => "timed out while connecting".to_owned(),
        ("", Some(kind)) => kind.to_string(),
        ("", None) => "the connection failed, and nothing says why".to_owned(),
        (text, _) => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::io::{Error, ErrorKind};

    #[test]
    fn nothing_stands_empty_behind_a_colon() {
        let engine = EngineName::from("tcp://10.0.0.1:2375");
        let silent = EngineError::answered(&engine, "asking its version", 404, " ".to_owned());
        assert!(silent.is_not_found());
        let silent = silent.to_string();
        assert!(
            silent.contains("asking its version: HTTP status 404 without a word"),
            "{silent}"
        );
        for (kind, why) in [
            (ErrorKind::TimedOut, ": timed out while connecting;"),
            (ErrorKind::ConnectionReset, ": connection reset;"),
        ] {
            let wire = bollard::errors::Error::IOError {
                err: Error::new(kind, ""),
            };
            let told = EngineError::from_bollard(&engine, "asking", wire).to_string();
            assert!(told.contains(why), "{told}");
        }
    }
}
