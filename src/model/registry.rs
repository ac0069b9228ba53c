//! How registries are reached, and where logins come from: what the project file says of
//! them. Never a secret, only the place of one.

use std::path::PathBuf;

/// How one registry is reached.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct RegistrySettings {
    /// Plain HTTP, without any encryption. A registry on loopback needs no such word.
    pub insecure: bool,
    /// Authorities to trust besides the system's, as PEM; absolute.
    pub ca: Option<PathBuf>,
    /// The client's own certificate chain, as PEM; absolute.
    pub cert: Option<PathBuf>,
    /// The key of that certificate, as PEM; absolute.
    pub key: Option<PathBuf>,
    /// Where the login comes from.
    pub login: LoginSource,
}

/// Where the login to a registry comes from.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub enum LoginSource {
    /// What `docker login` left: `config.json`, credential stores and helpers.
    #[default]
    Docker,
    /// Environment variables, by name.
    Environment {
        /// The variable that holds the user's name. Without one the other holds a token.
        username: Option<String>,
        /// The variable that holds the password or the token.
        password: String,
    },
    /// A command with its arguments, which prints `{"Username":…,"Secret":…}` as Docker's
    /// credential helpers do, or `user:password`, or a token alone.
    Command(Vec<String>),
}
