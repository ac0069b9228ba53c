//! The instruction behind a step of the history, without what builders put around it.
//!
//! | as the history has it | as it is shown |
//! |---|---|
//! | `/bin/sh -c #(nop)  CMD ["sh"]` | `CMD ["sh"]` |
//! | `/bin/sh -c apt-get update` | `RUN apt-get update` |
//! | `RUN /bin/sh -c make # buildkit` | `RUN make` |
//! | `RUN \|1 TOKEN=x /bin/sh -c make # buildkit` | `RUN make` |
//! | `/bin/sh -c #(nop) COPY dir:5f… in /app` | `COPY dir:5f… /app` |
//!
//! Build arguments are dropped for good, not only as noise: they may be secrets. What no
//! builder wrote this way (a tool's name, a comment) stays as it is; nothing is ever cut.

/// What the classic builder and buildah put before an instruction that runs nothing.
const NO_OPERATION: &str = "#(nop)";

/// How many places are looked at for the shell behind build arguments.
const LOOKED_AT: usize = 64;

/// How shells are called, where the configuration names no other.
const SHELLS: [&str; 8] = [
    "/bin/sh -c ",
    "/bin/bash -c ",
    "/bin/bash -o pipefail -c ",
    "/bin/ash -c ",
    "/bin/sh -ec ",
    "/bin/sh -exc ",
    "cmd /S /C ",
    "powershell -Command ",
];

/// The instruction as a Dockerfile would have it. `shell` is what the image's configuration
/// says that shell forms are run with; empty where it says nothing.
#[must_use]
pub fn instruction(raw: &str, shell: &[String]) -> String {
    let text = raw.trim();
    let text = text.strip_suffix("# buildkit").unwrap_or(text).trim();
    let own = own_shell(shell);
    let (run, rest) = match text.strip_prefix("RUN ") {
        Some(rest) => (true, rest.trim_start()),
        None => (false, text),
    };
    let (arguments, rest) = match without_arguments(rest, own.as_deref()) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    let (shelled, rest) = match without_shell(rest, own.as_deref()) {
        Some(rest) => (true, rest),
        None => (false, rest),
    };
    if let Some(rest) = rest.strip_prefix(NO_OPERATION) {
        return copied(rest.trim());
    }
    if run || arguments || shelled {
        return format!("RUN {rest}");
    }
    rest.to_owned()
}

fn own_shell(shell: &[String]) -> Option<String> {
    (!shell.is_empty()).then(|| format!("{} ", shell.join(" ")))
}

fn shells(own: Option<&str>) -> impl Iterator<Item = &str> {
    own.into_iter().chain(SHELLS)
}

fn without_shell<'a>(text: &'a str, own: Option<&str>) -> Option<&'a str> {
    shells(own)
        .find_map(|shell| text.strip_prefix(shell))
        .map(str::trim_start)
}

/// What is behind `|2 A=1 B=2 `; nothing, when the text does not begin so. A value may
/// have blanks in it, and no quotes around them, so the shell is looked for first.
fn without_arguments<'a>(text: &'a str, own: Option<&str>) -> Option<&'a str> {
    let (count, rest) = text.strip_prefix('|')?.split_once(' ')?;
    let count: usize = count.parse().ok()?;
    let at = shells(own)
        .filter_map(|shell| {
            let places = rest.match_indices(shell).map(|(at, _)| at).take(LOOKED_AT);
            places
                .into_iter()
                .find(|at| is_behind_arguments(rest, *at, count))
        })
        .min();
    if let Some(at) = at {
        return rest.get(at..);
    }
    let mut rest = rest;
    for _ in 0..count {
        let (word, behind) = rest.split_once(' ').unwrap_or((rest, ""));
        if !word.contains('=') {
            break;
        }
        rest = behind.trim_start();
    }
    Some(rest)
}

/// Whether a place is the beginning of a word, and so many `NAME=value` are before it.
fn is_behind_arguments(text: &str, at: usize, count: usize) -> bool {
    let before = text.get(..at).unwrap_or_default();
    let arguments = before.split(' ').filter(|word| word.contains('=')).count();
    (before.is_empty() || before.ends_with(' ')) && arguments >= count
}

/// `COPY file:5f… in /app` is `COPY file:5f… /app`.
fn copied(text: &str) -> String {
    let Some((keyword, operands)) = text.split_once(' ') else {
        return text.to_owned();
    };
    if !matches!(keyword, "ADD" | "COPY") {
        return text.to_owned();
    }
    match operands.split_once(" in ") {
        Some((source, target)) if is_hashed(source) => format!("{keyword} {source} {target}"),
        _ => text.to_owned(),
    }
}

/// Whether the last word is a hash the classic builder writes in place of a source.
fn is_hashed(source: &str) -> bool {
    let last = source.rsplit(' ').next().unwrap_or(source);
    ["file:", "dir:", "multi:"]
        .iter()
        .any(|kind| last.starts_with(kind))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn builders_noise_is_removed_and_nothing_else() {
        let long = "apt-get update && ".repeat(5_000);
        for (raw, clean) in [
            // The classic builder, and buildah in its clothes.
            ("/bin/sh -c #(nop)  CMD [\"sh\"]", "CMD [\"sh\"]"),
            ("/bin/sh -c #(nop) WORKDIR /app ", "WORKDIR /app"),
            ("/bin/sh -c #(nop)  ENV A=b  c", "ENV A=b  c"),
            ("/bin/sh -c apt-get update", "RUN apt-get update"),
            ("/bin/sh -c set -x;  \t\tmake", "RUN set -x;  \t\tmake"),
            ("|1 A=1 /bin/sh -c make", "RUN make"),
            ("|2 A=1 B=2 /bin/sh -c make all", "RUN make all"),
            ("|0 /bin/sh -c make", "RUN make"),
            (
                "/bin/sh -c #(nop) COPY dir:5f6a in /app ",
                "COPY dir:5f6a /app",
            ),
            (
                "/bin/sh -c #(nop) COPY --chown=1:1 multi:5f6a in /in here/ ",
                "COPY --chown=1:1 multi:5f6a /in here/",
            ),
            ("/bin/sh -c #(nop) ADD file:5f6a in / ", "ADD file:5f6a /"),
            ("/bin/sh -c #(nop) COPY a in b", "COPY a in b"),
            // BuildKit.
            ("RUN /bin/sh -c make # buildkit", "RUN make"),
            ("RUN /bin/bash -o pipefail -c a | b # buildkit", "RUN a | b"),
            ("RUN |1 A=1 /bin/sh -c make # buildkit", "RUN make"),
            ("COPY . /app # buildkit", "COPY . /app"),
            (
                "CMD [\"/bin/sh\" \"-c\" \"x\"]",
                "CMD [\"/bin/sh\" \"-c\" \"x\"]",
            ),
            ("RUN echo '# buildkit' # buildkit", "RUN echo '# buildkit'"),
            // Exec forms have no shell.
            (
                "RUN |2 A=1 B=2 /app/install --now # buildkit",
                "RUN /app/install --now",
            ),
            ("RUN /app/install # buildkit", "RUN /app/install"),
            // kaniko writes what the Dockerfile has; others write their names.
            ("RUN apk add curl", "RUN apk add curl"),
            ("ko build ko://example.com/x", "ko build ko://example.com/x"),
            ("bazel build ...", "bazel build ..."),
            (
                "# debian.sh --arch 'amd64' out/",
                "# debian.sh --arch 'amd64' out/",
            ),
            ("/bin/bash", "/bin/bash"),
            ("", ""),
            // Windows.
            ("cmd /S /C #(nop)  CMD [\"x\"]", "CMD [\"x\"]"),
            ("powershell -Command Get-Item", "RUN Get-Item"),
            // Odd ones.
            ("|x A=1 make", "|x A=1 make"),
            (
                "|99999999999999999999999 A=1",
                "|99999999999999999999999 A=1",
            ),
            ("|9 A=1 B=2", "RUN "),
            ("RUN", "RUN"),
        ] {
            assert_eq!(instruction(raw, &[]), clean, "{raw}");
        }
        assert_eq!(
            instruction(&format!("/bin/sh -c {long}"), &[]).len(),
            long.len() + 3
        );
    }

    #[test]
    fn arguments_of_the_build_never_show_even_with_blanks_in_them() {
        let raw = "RUN |2 TOKEN=a secret of words B= /bin/sh -c make # buildkit";
        assert_eq!(instruction(raw, &[]), "RUN make");
    }

    #[test]
    fn the_images_own_shell_is_known() {
        let shell = ["/bin/zsh".to_owned(), "-euc".to_owned()];
        let raw = "RUN |1 A=1 /bin/zsh -euc make # buildkit";
        assert_eq!(instruction(raw, &shell), "RUN make");
        assert_eq!(instruction("/bin/zsh -euc make", &shell), "RUN make");
        assert_eq!(instruction("/bin/zsh -euc make", &[]), "/bin/zsh -euc make");
    }
}
