//! What commands a RUN instruction consists of: as much of the shell's grammar as it takes to
//! tell words from each other and one command from the next.

/// One command.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Command {
    /// Its words, without quotes. Assignments before it are left out.
    pub(super) words: Vec<String>,
    /// Whether the next command reads what it writes.
    pub(super) piped: bool,
}

/// How many commands of one instruction are looked at.
const MOST: usize = 4_096;

impl Command {
    /// The program's name, without its directory.
    pub(super) fn program(&self) -> &str {
        let first = self.words.first().map_or("", String::as_str);
        first.rsplit('/').next().unwrap_or(first)
    }

    /// The words behind the program.
    pub(super) fn arguments(&self) -> impl Iterator<Item = &str> {
        self.words.iter().skip(1).map(String::as_str)
    }

    /// Whether it has one of these words behind the program.
    pub(super) fn has(&self, any: &[&str]) -> bool {
        self.arguments().any(|word| any.contains(&word))
    }

    /// The first word behind the program that is no option: `install` of `apt-get -y install`.
    pub(super) fn verb(&self) -> &str {
        self.arguments()
            .find(|word| !word.starts_with('-'))
            .unwrap_or_default()
    }
}

/// The script of a RUN instruction in shell form; nothing for any other instruction.
pub(super) fn script(instruction: &str) -> Option<&str> {
    let rest = keyword(instruction, "RUN")?;
    let mut rest = rest.trim_start();
    // Flags of RUN itself.
    while rest.starts_with("--") {
        rest = rest.split_once(char::is_whitespace)?.1.trim_start();
    }
    if let Some(bar) = rest.strip_prefix('|') {
        rest = bar
            .find("/bin/")
            .and_then(|at| bar.get(at..))
            .unwrap_or(rest);
    }
    let shells = [
        "/bin/sh -c ",
        "/bin/bash -c ",
        "/bin/ash -eo pipefail -c ",
        "/bin/bash -o pipefail -c ",
    ];
    let bare = shells.iter().find_map(|shell| rest.strip_prefix(shell));
    Some(bare.unwrap_or(rest).trim())
}

/// What stands behind the keyword of an instruction, if it is this one.
pub(super) fn keyword<'a>(instruction: &'a str, keyword: &str) -> Option<&'a str> {
    let instruction = instruction.trim_start();
    let (first, rest) = instruction.split_once(char::is_whitespace)?;
    first.eq_ignore_ascii_case(keyword).then_some(rest)
}

/// Reads a script.
#[derive(Default)]
struct Reader {
    done: Vec<Command>,
    command: Command,
    word: String,
    /// There is a word, if only an empty one in quotes.
    in_word: bool,
}

/// The commands of a script.
pub(super) fn commands(script: &str) -> Vec<Command> {
    let mut reader = Reader::default();
    let mut quote: Option<char> = None;
    let mut chars = script.chars().peekable();
    while let Some(c) = chars.next() {
        if reader.done.len() >= MOST {
            break;
        }
        match (quote, c) {
            (Some(open), _) if c == open => quote = None,
            (Some('"') | None, '\\') => match chars.next() {
                Some('\n') | None => {}
                Some(escaped) => reader.push(escaped),
            },
            (Some(_), _) => reader.push(c),
            (None, '"' | '\'') => {
                quote = Some(c);
                reader.in_word = true;
            }
            (None, '|') if chars.peek() != Some(&'|') => reader.end_command(true),
            (None, '\n' | ';' | '&' | '|' | '(' | ')') => {
                // `2>&1` and `&>` are no ends.
                let redirects =
                    c == '&' && (reader.word.ends_with('>') || chars.peek() == Some(&'>'));
                if redirects {
                    reader.push(c);
                } else {
                    reader.end_command(false);
                }
            }
            (None, '#') if !reader.in_word => {
                while chars.next_if(|next| *next != '\n').is_some() {}
            }
            (None, _) if c.is_whitespace() => reader.end_word(),
            (None, _) => reader.push(c),
        }
    }
    reader.end_command(false);
    reader.done
}

impl Reader {
    fn push(&mut self, c: char) {
        self.word.push(c);
        self.in_word = true;
    }

    fn end_word(&mut self) {
        if !std::mem::take(&mut self.in_word) {
            return;
        }
        let word = std::mem::take(&mut self.word);
        let first = self.command.words.is_empty();
        let before = matches!(
            word.as_str(),
            "then"
                | "else"
                | "do"
                | "if"
                | "while"
                | "!"
                | "{"
                | "exec"
                | "time"
                | "command"
                | "elif"
        );
        if !(first && (before || is_assignment(&word))) {
            self.command.words.push(word);
        }
    }

    fn end_command(&mut self, piped: bool) {
        self.end_word();
        let mut command = std::mem::take(&mut self.command);
        if !command.words.is_empty() {
            command.piped = piped;
            self.done.push(command);
        }
    }
}

fn is_assignment(word: &str) -> bool {
    word.split_once('=').is_some_and(|(name, _)| {
        !name.is_empty()
            && name
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'_')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    fn words(text: &str) -> Vec<Vec<String>> {
        commands(text).into_iter().map(|it| it.words).collect()
    }

    #[test]
    fn commands_are_told_from_each_other() {
        for (text, want) in [
            (
                "apt-get update && apt-get install -y curl",
                vec!["apt-get update", "apt-get install -y curl"],
            ),
            (
                "set -eux; \\\n  make  install ;",
                vec!["set -eux", "make install"],
            ),
            ("A=1 B='x y' make all", vec!["make all"]),
            (
                "curl -fsSL https://x | sh -s -- -y",
                vec!["curl -fsSL https://x", "sh -s -- -y"],
            ),
            ("echo 'a && b' \"c;d\"", vec!["echo a && b c;d"]),
            ("make 2>&1 || true", vec!["make 2>&1", "true"]),
            ("if [ -f x ]; then rm x; fi", vec!["[ -f x ]", "rm x", "fi"]),
            ("# nothing\nmake # all\ntrue", vec!["make", "true"]),
            ("(cd x && make)", vec!["cd x", "make"]),
            ("", vec![]),
        ] {
            let told: Vec<String> = words(text).iter().map(|it| it.join(" ")).collect();
            assert_eq!(told, want, "{text}");
        }
        let piped = commands("curl x | sh");
        assert!(piped[0].piped && !piped[1].piped);
        assert!(!commands("true || sh")[0].piped);
    }

    #[test]
    fn scripts_are_found_in_instructions() {
        for (text, want) in [
            ("RUN make", Some("make")),
            ("RUN /bin/sh -c make all", Some("make all")),
            (
                "run --mount=type=cache,target=/x --network=none make",
                Some("make"),
            ),
            ("RUN |1 A=b /bin/sh -c make", Some("make")),
            ("COPY . .", None),
            ("RUN", None),
            ("RUNNER x", None),
        ] {
            assert_eq!(script(text), want, "{text}");
        }
    }
}
