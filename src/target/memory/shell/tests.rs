//! A made-up shell, as somebody at a terminal has it.

use std::collections::BTreeMap;
use std::time::Duration;

use tokio::io::{AsyncRead, AsyncReadExt as _, AsyncWriteExt as _};

use super::super::interior::{File, Interior};
use super::super::tests::{bare, digest, engine, frozen, web};
use super::super::{MemoryTarget, Target as _};
use super::*;
use crate::target::plain::names::Reserved;

const SIZE: WindowSize = WindowSize {
    columns: 100,
    rows: 30,
};

fn at_web() -> ShellAsk {
    ShellAsk::Inside {
        container: "web".to_owned(),
        id: "old".to_owned(),
    }
}

fn of_image(version: &str, like: Option<&str>) -> ShellAsk {
    ShellAsk::ThrowAway {
        image: frozen(version).identity,
        like: like.map(str::to_owned),
        who: "mia@laptop".to_owned(),
    }
}

/// Somebody at a terminal.
struct Seat {
    shell: Shell,
    heard: String,
}

impl Seat {
    async fn take(target: &MemoryTarget, ask: &ShellAsk) -> Self {
        let shell = target.shell(ask, SIZE).await.expect("a shell");
        let mut seat = Self {
            shell,
            heard: String::new(),
        };
        seat.until("# ").await;
        seat
    }

    async fn keys(&mut self, keys: &[u8]) {
        let written = self.shell.input.write_all(keys).await;
        written.expect("it listens");
    }

    /// Reads until what was heard since the last time ends with this; answers that.
    async fn until(&mut self, end: &str) -> String {
        let mut bytes = [0; 256];
        while !self.heard.ends_with(end) {
            let count = read(&mut self.shell.output, &mut bytes).await;
            assert!(count > 0, "it closed before `{end}`: {:?}", self.heard);
            let text = std::str::from_utf8(&bytes[..count]).expect("whole characters");
            self.heard.push_str(text);
        }
        std::mem::take(&mut self.heard)
    }

    /// Types a line; answers what was written between it and the next prompt.
    async fn runs(&mut self, line: &str) -> String {
        self.keys(format!("{line}\r").as_bytes()).await;
        let heard = self.until("# ").await;
        let echo = format!("{line}\r\n");
        let answer = heard.strip_prefix(&echo).expect("what was typed first");
        let end = answer.rfind("root@").expect("a prompt");
        answer[..end].replace("\r\n", "\n")
    }

    async fn closes(&mut self) -> String {
        let mut bytes = [0; 256];
        loop {
            match read(&mut self.shell.output, &mut bytes).await {
                0 => return std::mem::take(&mut self.heard),
                count => self
                    .heard
                    .push_str(&String::from_utf8_lossy(&bytes[..count])),
            }
        }
    }

    async fn ended(&self) -> Option<i64> {
        self.shell.control.end().await.expect("it can be ended")
    }
}

/// The time is made up: what never comes is known at once.
async fn read(output: &mut (impl AsyncRead + Unpin), bytes: &mut [u8]) -> usize {
    let reading = tokio::time::timeout(Duration::from_secs(600), output.read(bytes));
    reading.await.expect("an answer").expect("a whole line")
}

fn shells(target: &MemoryTarget) -> Vec<SimContainer> {
    target.engine.with(|state| {
        let all = state.containers.iter();
        all.filter(|one| Reserved::of(&one.name) == Some(Reserved::Shell))
            .cloned()
            .collect()
    })
}

/// `web` as it is, and more to be seen in it.
fn furnished() -> MemoryTarget {
    let target = bare();
    let mut image = super::super::tests::image("1", None);
    image.local.labels = BTreeMap::from([("version".to_owned(), "1".to_owned())]);
    image.command = "/srv/web".to_owned();
    target.engine.lay_image(image);
    let mut web = web();
    web.id = "0123456789abcdef".to_owned();
    web.body.env = vec!["TOKEN".to_owned()];
    web.body.mounts = vec!["web-data → /var/lib/web".to_owned()];
    web.drift = vec![
        ('A', "/tmp/heap.prof".to_owned()),
        ('D', "/etc/gone".to_owned()),
    ];
    target.engine.lay_container(web);
    let files = [
        ("/etc/os-release", File::text("ID=debian\n")),
        ("/etc/gone", File::text("")),
        ("/bin/ls", File::opaque(0o755, 700)),
        ("/srv/.env", File::text("A=b\n")),
    ];
    let files = files.map(|(path, file)| (path.to_owned(), file));
    let interior = Interior {
        files: files.into(),
        ..Interior::default()
    };
    let known = digest("id 1");
    target.engine.furnish(Arc::new(move |image| {
        (*image == known).then(|| interior.clone())
    }));
    target
}

fn inside_furnished() -> ShellAsk {
    ShellAsk::Inside {
        container: "web".to_owned(),
        id: "0123456789abcdef".to_owned(),
    }
}

#[tokio::test(start_paused = true)]
async fn it_greets_echoes_and_ends_with_its_code() {
    let target = engine();
    let shell = target.shell(&at_web(), SIZE).await.expect("a shell");
    let mut seat = Seat {
        shell,
        heard: String::new(),
    };
    let greeting = seat.until("# ").await;
    assert!(greeting.starts_with("DEMO: "), "{greeting}");
    assert!(greeting.ends_with("\r\nroot@old:/# "), "{greeting}");
    assert_eq!(seat.runs("echo hi  there; false").await, "hi there\n");
    assert_eq!(seat.runs("echo $?").await, "1\n");
    assert_eq!(seat.runs("nonsense -x").await, "sh: nonsense: not found\n");
    assert_eq!(seat.runs("echo $?").await, "127\n");
    assert!(seat.runs("exit twice").await.contains("Illegal number"));
    seat.keys(b"exit 260\rnever run\r").await;
    assert_eq!(seat.closes().await, "exit 260\r\n");
    assert_eq!(seat.ended().await, Some(4));
    // Asked again, there is nothing more to tell.
    assert_eq!(seat.ended().await, None);
}

#[tokio::test(start_paused = true)]
async fn keys_take_back_what_was_typed() {
    let target = engine();
    let mut seat = Seat::take(&target, &at_web()).await;
    seat.keys("echo äx\u{7f}\u{7f}日\u{8}b\r".as_bytes()).await;
    let back = "\u{8} \u{8}";
    let echo = format!("echo äx{back}{back}日{back}{back}b\r\n");
    assert_eq!(seat.until("# ").await, format!("{echo}b\r\nroot@old:/# "));
    // A word, the rest, and more than there is.
    seat.keys(b"one two\x17\x15\x7fecho c\r").await;
    assert!(
        seat.until("# ")
            .await
            .ends_with("echo c\r\nc\r\nroot@old:/# ")
    );
    // Arrows, F1, Alt+x and broken text are nothing.
    seat.keys(b"ec\x1b[A\x1b[1;5Cho\x1bOP\x1bx \xff\xc3d\xe2\x82e\r")
        .await;
    let heard = seat.until("# ").await;
    assert_eq!(heard, "echo de\r\nde\r\nroot@old:/# ");
    // A line that is given up is not run.
    seat.keys(b"exit 3\x03echo $?\r").await;
    let heard = seat.until("# ").await;
    assert!(heard.starts_with("exit 3^C\r\nroot@old:/# "), "{heard}");
    assert!(heard.contains("\r\n130\r\n"), "{heard}");
    seat.keys(b"half\x0c").await;
    let heard = seat.until("half").await;
    assert_eq!(heard, "half\x1b[H\x1b[2Jroot@old:/# half");
    // Ctrl-D is nothing within a line, and the end of an empty one.
    seat.keys(b"\x04\x15false\r\x04").await;
    assert!(seat.closes().await.ends_with("\r\n"));
    assert_eq!(seat.ended().await, Some(1));
}

#[tokio::test(start_paused = true)]
async fn a_line_has_an_end() {
    let target = engine();
    let mut seat = Seat::take(&target, &at_web()).await;
    seat.keys(&[b'x'; 5_000]).await;
    let heard = seat.until(&"\u{7}".repeat(904)).await;
    assert_eq!(heard.matches('x').count(), 4_096);
}

#[tokio::test(start_paused = true)]
async fn it_tells_what_is_simulated_of_the_container() {
    let target = furnished();
    let mut seat = Seat::take(&target, &inside_furnished()).await;
    for (line, answer) in [
        ("hostname", "0123456789ab\n"),
        (
            "cat /etc/hostname /etc/os-release",
            "0123456789ab\nID=debian\n",
        ),
        (
            "whoami && id",
            "root\nuid=0(root) gid=0(root) groups=0(root)\n",
        ),
        ("echo $V \"${TOKEN}\" '$V' $NONE.", "1 ••• $V .\n"),
        ("printenv HOSTNAME || echo no", "0123456789ab\n"),
        ("printenv NONE || echo no", "no\n"),
        ("cat /run/image-labels", "version=1\n"),
        ("uname -nm", "0123456789ab\n"),
        ("ls /tmp", "heap.prof\n"),
        ("ls /var/lib", "web/\n"),
        ("cd srv; pwd; ls; ls -a", "/srv\nweb\n.env\nweb\n"),
        ("cat .env ../etc/../srv/./.env", "A=b\nA=b\n"),
        (
            "cat /etc/gone",
            "cat: /etc/gone: No such file or directory\n",
        ),
        ("cat /etc", "cat: /etc: Is a directory\n"),
        ("cd .env", "sh: cd: .env: Not a directory\n"),
        (
            "cd /; cd nowhere",
            "sh: cd: nowhere: No such file or directory\n",
        ),
        ("ls -l /bin", "-rwxr-xr-x root         700 ls\n"),
        (
            "tail -n 1 /proc/1/fd/1 | cat",
            "sh: `|` is beyond a shell that is made up: `help` lists what there is\n",
        ),
        ("echo 'a", "sh: syntax error: unterminated quoted string\n"),
        (
            "echo a &&",
            "sh: syntax error: a command is missing at the end\n",
        ),
        ("; echo", "sh: syntax error: `;` unexpected\n"),
        ("", ""),
        ("  # nothing", ""),
    ] {
        assert_eq!(seat.runs(line).await, answer, "{line}");
    }
    let env = seat.runs("env").await;
    for line in ["V=1\n", "TOKEN=•••\n", "PWD=/\n", "HOME=/root\n"] {
        assert!(env.contains(line), "{line} in {env}");
    }
    let processes = seat.runs("ps").await;
    assert!(
        processes.contains("    1 root     /srv/web\n"),
        "{processes}"
    );
    let binary = seat.runs("cat /bin/ls").await;
    assert!(binary.contains(NOT_MADE_UP), "{binary}");
    let log = target.engine.log("web").expect("a log");
    let last = &log.last().expect("a line").1;
    assert_eq!(
        seat.runs("tail -n 1 /proc/1/fd/1").await,
        format!("{last}\n")
    );
    let date = seat.runs("date").await;
    assert!(date.starts_with("Sun Nov 22 03:0"), "{date}");
}

#[tokio::test(start_paused = true)]
async fn what_the_help_lists_is_there() {
    let target = engine();
    let mut seat = Seat::take(&target, &at_web()).await;
    let help = seat.runs("help").await;
    for (usage, _) in commands::COMMANDS {
        assert!(help.contains(usage), "{usage} in {help}");
        let name = usage.split(' ').next().expect("a name");
        if name == "exit" {
            continue;
        }
        seat.keys(format!("{name} \r").as_bytes()).await;
        let answer = seat.until("# ").await;
        assert!(!answer.contains("not found"), "{answer}");
    }
}

#[tokio::test(start_paused = true)]
async fn its_terminal_has_the_size_it_is_given() {
    let target = engine();
    let mut seat = Seat::take(&target, &at_web()).await;
    assert_eq!(seat.runs("stty size").await, "30 100\n");
    let size = WindowSize {
        columns: 90,
        rows: 25,
    };
    seat.shell.control.resize(size).await.expect("resized");
    assert_eq!(seat.runs("stty size").await, "25 90\n");
}

#[tokio::test(start_paused = true)]
async fn a_throw_away_container_is_there_as_long_as_its_shell() {
    let target = engine();
    target.engine.change(|state| {
        let web = state.named_mut("web").expect("web");
        web.body.env = vec!["TOKEN".to_owned()];
    });
    for leave in ["exit", "end", "drop"] {
        let mut seat = Seat::take(&target, &of_image("2", Some("web"))).await;
        let made = shells(&target);
        assert_eq!(made.len(), 1, "{leave}");
        assert_eq!(made[0].image_id, frozen("2").identity);
        let seen = target.observe().await.expect("seen");
        assert_eq!(seen.containers.len(), 1, "it is in no list");
        assert_eq!(
            seat.runs("hostname; echo $V $TOKEN").await,
            "karat-shell\n2 •••\n"
        );
        let processes = seat.runs("ps").await;
        assert!(processes.contains("    1 root     sh\n"), "{processes}");
        match leave {
            "exit" => {
                seat.keys(b"exit\r").await;
                seat.closes().await;
                assert_eq!(shells(&target), [], "gone before its line closes");
                assert_eq!(seat.ended().await, Some(0));
            }
            "end" => assert_eq!(seat.ended().await, None),
            _ => {
                let mut news = target.engine.listen();
                drop(seat);
                let gone = tokio::time::timeout(Duration::from_secs(600), news.changed());
                gone.await.expect("swept").expect("an engine");
            }
        }
        assert_eq!(shells(&target), [], "{leave}");
    }
    // Bare, it has nothing of any container.
    let mut seat = Seat::take(&target, &of_image("2", None)).await;
    assert_eq!(seat.runs("echo $V $TOKEN").await, "2\n");
}

#[tokio::test(start_paused = true)]
async fn it_goes_with_its_container_and_with_its_engine() {
    let target = engine();
    let mut seat = Seat::take(&target, &at_web()).await;
    target.engine.change(|state| {
        let web = state.named_mut("web").expect("web");
        web.life = Life::Created;
    });
    seat.closes().await;
    assert_eq!(seat.ended().await, Some(KILLED));
    let target = engine();
    let mut seat = Seat::take(&target, &of_image("2", None)).await;
    target.engine.set_down(Some("timed out".to_owned()));
    seat.closes().await;
    assert_eq!(seat.ended().await, None);
}

#[tokio::test(start_paused = true)]
async fn what_was_not_confirmed_is_refused() {
    let target = engine();
    let refused = async |ask: &ShellAsk| match target.shell(ask, SIZE).await {
        Ok(_) => panic!("a shell for {ask:?}"),
        Err(error) => error,
    };
    let stale = ShellAsk::Inside {
        container: "web".to_owned(),
        id: "another".to_owned(),
    };
    let error = refused(&stale).await;
    assert!(matches!(error, TargetError::Moved { .. }), "{error}");
    let nobody = ShellAsk::Inside {
        container: "nobody".to_owned(),
        id: "old".to_owned(),
    };
    let error = refused(&nobody).await;
    assert!(matches!(error, TargetError::NoContainer { .. }), "{error}");
    let error = refused(&of_image("9", None)).await;
    assert!(error.to_string().contains("not there any more"), "{error}");
    let error = refused(&of_image("2", Some("nobody"))).await;
    assert!(matches!(error, TargetError::NoContainer { .. }), "{error}");
    target.engine.change(|state| {
        let web = state.named_mut("web").expect("web");
        web.life = Life::Created;
    });
    let error = refused(&at_web()).await;
    assert!(error.to_string().contains("it does not run"), "{error}");
    target.engine.set_down(Some("timed out".to_owned()));
    let error = refused(&at_web()).await;
    assert!(matches!(error, TargetError::Engine(_)), "{error}");
    assert_eq!(shells(&target), []);
}
