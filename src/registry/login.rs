//! Logins: read once a registry asks for one, kept in memory, sent to that registry and the
//! token service it names, and nowhere else. Nothing here can be printed.

use std::fmt;
use std::fs::File;
use std::io::{BufReader, ErrorKind, Write as _};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use docker_credential::{CredentialRetrievalError as Wrong, DockerCredential};

use crate::model::registry::LoginSource;

/// How karat proves who it is to a registry. What it shows of itself has no secret in it.
#[derive(Clone, PartialEq, Eq)]
pub enum Login {
    /// A name and a password.
    Password {
        /// Whose.
        user: String,
        /// The secret.
        password: String,
    },
    /// An identity token, which a token service exchanges for others.
    Identity(String),
    /// A token that is sent as it is.
    Token(String),
}

impl fmt::Debug for Login {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Login({})", self.who())
    }
}

impl Login {
    /// Whose it is, without the secret.
    pub(super) fn who(&self) -> String {
        match self {
            Self::Password { user, .. } => format!("`{user}`"),
            Self::Identity(_) => "an identity token".to_owned(),
            Self::Token(_) => "a token".to_owned(),
        }
    }
}

/// Reads the login to a registry. It may run a program: not for the async threads. The error
/// is the end of a sentence, without anything a program printed.
pub(super) fn read(host: &str, source: &LoginSource) -> Result<Option<Login>, String> {
    match source {
        LoginSource::Docker => docker(host),
        LoginSource::Environment { username, password } => {
            let password = variable(password)?;
            Ok(Some(match username {
                Some(name) => Login::Password {
                    user: variable(name)?,
                    password,
                },
                None => Login::Token(password),
            }))
        }
        LoginSource::Command(words) => command(host, words).map(Some),
    }
}

fn variable(name: &str) -> Result<String, String> {
    std::env::var(name)
        .ok()
        .filter(|value| !value.is_empty())
        .ok_or_else(|| {
            format!("the environment variable `{name}`, which karat.toml names, is not set: set it, or name another")
        })
}

/// The name under which `docker login` keeps the login to Docker Hub.
const HUB_LOGIN: &str = "https://index.docker.io/v1/";

/// Docker Hub's hosts.
pub(super) fn is_hub(host: &str) -> bool {
    matches!(
        host,
        "docker.io" | "index.docker.io" | "registry-1.docker.io"
    )
}

fn docker(host: &str) -> Result<Option<Login>, String> {
    let set = |name: &str| std::env::var_os(name).filter(|value| !value.is_empty());
    let folder = set("DOCKER_CONFIG")
        .map(PathBuf::from)
        .or_else(|| Some(PathBuf::from(set("HOME")?).join(".docker")));
    let Some(path) = folder.map(|folder| folder.join("config.json")) else {
        return Ok(None);
    };
    let file = match File::open(&path) {
        Ok(file) => file,
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(None),
        Err(error) => return Err(format!("{} cannot be read: {error}", path.display())),
    };
    let server = if is_hub(host) { HUB_LOGIN } else { host };
    match docker_credential::get_credential_from_reader(BufReader::new(file), server) {
        Ok(DockerCredential::UsernamePassword(user, password)) => {
            Ok(Some(Login::Password { user, password }))
        }
        Ok(DockerCredential::IdentityToken(token)) => Ok(Some(Login::Identity(token))),
        Err(Wrong::NoCredentialConfigured | Wrong::ConfigNotFound) => Ok(None),
        // What Docker's helpers say where they know nothing.
        Err(Wrong::HelperFailure { stdout, stderr, .. })
            if format!("{stdout}{stderr}").contains("credentials not found") =>
        {
            Ok(None)
        }
        Err(Wrong::HelperFailure { helper, .. }) => Err(format!(
            "`{helper}`, which {} names, failed; run `echo {server} | {helper} get` to see why",
            path.display()
        )),
        Err(Wrong::HelperCommunicationError) => Err(format!(
            "a credential helper that {} names cannot be run, or hangs up; install it, or take it out there and log in again",
            path.display()
        )),
        Err(Wrong::MalformedHelperResponse) => Err(format!(
            "a credential helper that {} names printed something else than a login",
            path.display()
        )),
        Err(_) => Err(format!(
            "{} is damaged; log in again (`docker login {server}`)",
            path.display()
        )),
    }
}

/// Runs a command as Docker runs its helpers: it is told the host on its input.
fn command(host: &str, words: &[String]) -> Result<Login, String> {
    let Some((program, arguments)) = words.split_first() else {
        return Err("karat.toml names an empty command".to_owned());
    };
    let failed = |why: &str| format!("`{program}`, which karat.toml names, {why}");
    let mut child = Command::new(program)
        .args(arguments)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .map_err(|error| failed(&format!("cannot be run: {error}")))?;
    if let Some(mut input) = child.stdin.take() {
        // One that does not read it may have ended already.
        let _ = writeln!(input, "{host}");
    }
    let output = child
        .wait_with_output()
        .map_err(|error| failed(&format!("broke off: {error}")))?;
    if !output.status.success() {
        return Err(failed(&format!(
            "ended with {}; run it by hand to see why",
            output.status
        )));
    }
    printed(&output.stdout).ok_or_else(|| failed("printed no login"))
}

/// A login as commands print it.
fn printed(output: &[u8]) -> Option<Login> {
    let text = std::str::from_utf8(output).ok()?.trim();
    if text.starts_with('{') {
        let json: serde_json::Value = serde_json::from_str(text).ok()?;
        let of = |key: &str| Some(json.get(key)?.as_str()?.to_owned());
        let (user, password) = (of("Username")?, of("Secret")?);
        return Some(if user == "<token>" {
            Login::Identity(password)
        } else {
            Login::Password { user, password }
        });
    }
    let line = text.lines().next()?.trim();
    match line.split_once(':') {
        Some((user, password)) => Some(Login::Password {
            user: user.to_owned(),
            password: password.to_owned(),
        }),
        None if line.is_empty() => None,
        None => Some(Login::Token(line.to_owned())),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_commands_print_is_read_and_never_shown() {
        let password = |user: &str, password: &str| {
            Some(Login::Password {
                user: user.to_owned(),
                password: password.to_owned(),
            })
        };
        for (text, want) in [
            (
                r#"{"ServerURL":"x","Username":"ci","Secret":"hunter2"}"#,
                password("ci", "hunter2"),
            ),
            (
                r#"{"Username":"<token>","Secret":"hunter2"}"#,
                Some(Login::Identity("hunter2".to_owned())),
            ),
            ("ci:hunter2:x\nmore\n", password("ci", "hunter2:x")),
            ("hunter2\n", Some(Login::Token("hunter2".to_owned()))),
            (" \n", None),
            ("{\"Username\":4}", None),
        ] {
            let read = printed(text.as_bytes());
            assert_eq!(read, want, "{text}");
            assert!(!format!("{read:?}").contains("hunter2"));
        }
    }

    #[test]
    fn a_command_that_fails_is_named_and_what_it_prints_is_not() {
        let words = |text: &str| ["sh", "-c", text].map(str::to_owned).to_vec();
        let read = |text: &str| read("r.example.com", &LoginSource::Command(words(text)));
        assert_eq!(
            read("read host; printf 'ci:%s' \"$host\""),
            Ok(Some(Login::Password {
                user: "ci".to_owned(),
                password: "r.example.com".to_owned()
            }))
        );
        let wrong = read("echo hunter2; exit 3").expect_err("it fails");
        assert!(
            wrong.contains("`sh`") && wrong.contains("exit status: 3"),
            "{wrong}"
        );
        assert!(!wrong.contains("hunter2"), "{wrong}");
        let none = LoginSource::Command(vec!["/nonexistent/helper".to_owned()]);
        let wrong = super::read("x.y", &none).expect_err("it is not there");
        assert!(wrong.contains("cannot be run"), "{wrong}");
        let unset = LoginSource::Environment {
            username: None,
            password: "KARAT_TEST_NO_SUCH_VARIABLE".to_owned(),
        };
        let wrong = super::read("x.y", &unset).expect_err("it is not set");
        assert!(wrong.contains("KARAT_TEST_NO_SUCH_VARIABLE"), "{wrong}");
    }
}
