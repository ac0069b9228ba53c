//! Which names say that their value is a secret, and which values cannot be one.

/// Words that make a name one of a secret.
const SECRET_WORDS: &[&str] = &[
    "password",
    "passwd",
    "passphrase",
    "pwd",
    "pass",
    "secret",
    "secrets",
    "token",
    "apikey",
    "credential",
    "credentials",
    "authorization",
    "privatekey",
    "accesskey",
    "secretkey",
    "authtoken",
    "accesstoken",
];
/// Pairs of words that do.
const SECRET_PAIRS: &[(&str, &str)] = &[
    ("api", "key"),
    ("access", "key"),
    ("private", "key"),
    ("secret", "key"),
    ("encryption", "key"),
    ("signing", "key"),
    ("master", "key"),
    ("account", "key"),
    ("license", "key"),
    ("basic", "auth"),
    ("auth", "key"),
    ("connection", "string"),
];
/// Words at its end that say that the value is *about* a secret.
const ABOUT: &[&str] = &[
    "file",
    "files",
    "path",
    "dir",
    "name",
    "names",
    "url",
    "uri",
    "endpoint",
    "ttl",
    "expiry",
    "expires",
    "expiration",
    "length",
    "type",
    "enabled",
    "disabled",
    "policy",
    "algorithm",
    "timeout",
    "version",
    "header",
    "field",
    "issuer",
    "audience",
    "count",
    "limit",
    "store",
    "provider",
    "backend",
    "ref",
    "arn",
    "lifetime",
    "min",
    "max",
    "required",
    "age",
    "rotation",
    "fingerprint",
    "id",
];

/// Whether a name says that its value is secret. Told by whole words, so that `TOKENIZER`
/// and `AUTHOR` are none.
pub(super) fn is_secret_name(name: &str) -> bool {
    let words = name_words(name);
    let Some(last) = words.last() else {
        return false;
    };
    // `AWS_ACCESS_KEY_ID` is half of a credential; other ids are none.
    if ABOUT.contains(&last.as_str()) {
        return false;
    }
    let single = words
        .iter()
        .any(|word| SECRET_WORDS.contains(&word.as_str()));
    // `PWD` and `OLDPWD` are directories.
    let directory = matches!(words.as_slice(), [only] if only == "pwd" || only == "pass");
    let paired = words.windows(2).any(|pair| match pair {
        [one, two] => SECRET_PAIRS.contains(&(one.as_str(), two.as_str())),
        _ => false,
    });
    (single && !directory) || paired
}

/// The words of a name: `dbPassword`, `DB_PASSWORD` and `db.password` alike.
fn name_words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let mut lower = false;
    for c in name.chars() {
        let begins = !c.is_ascii_alphanumeric() || (lower && c.is_ascii_uppercase());
        if begins {
            words.push(String::new());
        }
        if c.is_ascii_alphanumeric()
            && let Some(word) = words.last_mut()
        {
            word.push(c.to_ascii_lowercase());
        }
        lower = c.is_ascii_lowercase();
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Whether a value can be a secret: not a switch, a number, a path, another variable or a
/// gap to be filled.
pub(super) fn is_secret_value(value: &str) -> bool {
    let value = value.trim().trim_matches(['"', '\'']).trim();
    // The scheme of a header is no secret, what follows it is.
    let schemes = ["Bearer ", "Basic ", "Token ", "token ", "bearer "];
    let bare = schemes.iter().find_map(|it| value.strip_prefix(it));
    let value = bare.unwrap_or(value).trim();
    let lower = value.to_ascii_lowercase();
    let switch = matches!(
        lower.as_str(),
        "" | "true"
            | "false"
            | "yes"
            | "no"
            | "on"
            | "off"
            | "none"
            | "null"
            | "nil"
            | "undefined"
            | "-"
            | "unset"
    );
    let number = value.bytes().all(|byte| byte.is_ascii_digit()) && value.len() < 6;
    let path = value.starts_with('/') || value.starts_with("./") || value.starts_with("file:");
    let variable = value.starts_with('$') || value.starts_with('`') || value.starts_with("{{");
    let gap = (value.starts_with('<') && value.ends_with('>'))
        || value
            .bytes()
            .all(|byte| matches!(byte, b'*' | b'x' | b'X' | b'.'));
    !(switch || number || path || variable || gap)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_judged_by_their_words() {
        for name in [
            "DB_PASSWORD",
            "MYSQL_ROOT_PASSWORD",
            "dbPassword",
            "API_KEY",
            "OPENAI_API_KEY",
            "apikey",
            "GITHUB_TOKEN",
            "SECRET_KEY_BASE",
            "AWS_SECRET_ACCESS_KEY",
            "JWT_SECRET",
            "npm.auth.token",
            "DB_PASS",
            "SSH_PASSPHRASE",
            "GOOGLE_CREDENTIALS",
            "PRIVATE_KEY",
            "BASIC_AUTH",
        ] {
            assert!(is_secret_name(name), "{name}");
        }
        for name in [
            "PATH",
            "TOKENIZERS_PARALLELISM",
            "AUTHOR",
            "AUTHORS",
            "POSTGRES_PASSWORD_FILE",
            "GPG_KEY",
            "MAX_TOKENS",
            "PWD",
            "OLDPWD",
            "SECRET_NAME",
            "TOKEN_TTL",
            "KEYBOARD",
            "PASSENGER_VERSION",
            "COMPASS_HOME",
            "API_KEY_HEADER",
            "BYPASS",
            "SECRETARY",
            "",
            "PASSWORD_MIN_LENGTH",
            "TOKEN_URL",
        ] {
            assert!(!is_secret_name(name), "{name}");
        }
    }

    #[test]
    fn values_that_give_nothing_away_are_none() {
        for value in [
            "",
            "true",
            "0",
            "4096",
            "/run/secrets/db",
            "$TOKEN",
            "${TOKEN}",
            "<token>",
            "****",
            "\"\"",
            "none",
        ] {
            assert!(!is_secret_value(value), "{value}");
        }
        for value in ["hunter2", "changeme", "\"s3 cret\"", "123456789"] {
            assert!(is_secret_value(value), "{value}");
        }
    }
}
