//! An engine of a test's own.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use super::{Api, until};

/// Holds an engine and outlives the test's process: it reads words from the test, and when
/// the test's end of the pipe closes it takes everything away. The engine is a process
/// namespace of its own: with its first process all others go, and their mounts with them.
const KEEPER: &str = r#"
trap '' INT TERM HUP
folder=$1; shift
engine=
start() {
    rm -f "$folder/pid" "$folder/exec/containerd/containerd.pid" "$folder/d.sock"
    unshare --net --mount --pid --fork --kill-child --mount-proc \
        sh -c '
            ip link set lo up 2>/dev/null || busybox ip link set lo up
            folder=$1; shift
            if [ -f "$folder/disk" ]; then
                mount -t tmpfs -o size="$(cat "$folder/disk")" tmpfs "$folder/data"
            fi
            "$@" >>"$folder/log" 2>&1 &
            wait
        ' engine "$folder" "$@" </dev/null &
    engine=$!
    echo "$engine" >"$folder/unshare.pid"
}
cut() {
    [ -n "$engine" ] || return 0
    read -r first rest <"/proc/$engine/task/$engine/children"
    kill -9 "$engine" && wait "$engine"
    engine=
    # Of all in the namespace, its first process is the last to be gone. Until then the old
    # engine may still answer.
    for try in $(seq 400); do
        grep -qs '^State:.[^Z]' "/proc/$first/status" || break
        sleep 0.05
    done
    rm -f "$folder/d.sock"
} 2>/dev/null
start "$@"
while read -r word; do
    case $word in
        cut) cut; echo cut >>"$folder/done" ;;
        start) start "$@" ;;
    esac
done
cut
name=$(basename "$folder")
# What was killed takes a moment to be gone from its control groups.
for try in $(seq 25); do
    find /sys/fs/cgroup -depth -type d \
        \( -path "*/$name" -o -path "*/$name/*" \) -exec rmdir {} \; 2>/dev/null
    rm -rf "$folder" 2>/dev/null
    left=$(find /sys/fs/cgroup -type d -name "$name" 2>/dev/null)
    [ -z "$left" ] && [ ! -e "$folder" ] && break
    sleep 0.2
done
"#;

/// An engine of a test's own; gone when dropped.
pub struct Engine {
    pub folder: PathBuf,
    pub api: Api,
    keeper: Child,
    cuts: usize,
}

impl Engine {
    /// Starts one and waits until it answers.
    pub fn start() -> Self {
        Self::with(&[], None)
    }

    /// One whose disk holds only so much, as `mount` writes it: `40m`.
    pub fn with_disk(size: &str) -> Self {
        Self::with(&[], Some(size))
    }

    /// One with more arguments for `dockerd`. `FOLDER` in them is the engine's folder.
    pub fn with(args: &[&str], disk: Option<&str>) -> Self {
        super::needs("dockerd", "docker.io");
        let folder = super::folder();
        let at = |name: &str| folder.join(name).display().to_string();
        std::fs::create_dir_all(at("data")).expect("a folder");
        std::fs::write(at("config.json"), "{}").expect("a file");
        if let Some(size) = disk {
            std::fs::write(at("disk"), size).expect("a file");
        }
        let name = folder.file_name().expect("a name").display().to_string();
        let mut command = Command::new("sh");
        command
            .args([
                "-c",
                KEEPER,
                "keeper",
                &folder.display().to_string(),
                "dockerd",
            ])
            .args(["--config-file", &at("config.json")])
            .args(["--data-root", &at("data"), "--exec-root", &at("exec")])
            .args([
                "--pidfile",
                &at("pid"),
                "--cgroup-parent",
                &format!("/{name}"),
            ])
            .args(["-H", &format!("unix://{}", at("d.sock"))]);
        for arg in args {
            command.arg(arg.replace("FOLDER", &folder.display().to_string()));
        }
        let more = std::env::var("KARAT_TEST_DOCKERD_ARGS").unwrap_or_default();
        command.args(more.split_whitespace());
        let path = std::env::var("PATH").unwrap_or_default();
        let path = match std::env::var("KARAT_TEST_DOCKERD_PATH") {
            Ok(first) if !first.is_empty() => format!("{first}:{path}:/usr/sbin:/sbin"),
            _ => format!("{path}:/usr/sbin:/sbin"),
        };
        let keeper = command
            .env("PATH", path)
            .env_remove("DOCKER_HOST")
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            // Ctrl-C is for the tests; the keeper ends when they have ended.
            .process_group(0)
            .spawn()
            .expect("a shell");
        let engine = Self {
            api: Api::new(&folder.join("d.sock")),
            folder,
            keeper,
            cuts: 0,
        };
        engine.ready();
        engine
    }

    fn ready(&self) {
        let log = self.folder.join("log");
        let begun = std::time::Instant::now();
        loop {
            let answer = self.api.ask("GET", "/_ping", "text/plain", b"");
            if answer.is_ok_and(|answer| answer.status == 200) {
                return;
            }
            assert!(
                begun.elapsed() < Duration::from_secs(60),
                "no engine could be started (root and kernel namespaces are needed): {}",
                std::fs::read_to_string(&log)
                    .unwrap_or_default()
                    .lines()
                    .rev()
                    .take(5)
                    .collect::<Vec<_>>()
                    .join("\n")
            );
            std::thread::sleep(Duration::from_millis(25));
        }
    }

    fn say(&mut self, word: &str) {
        let stdin = self.keeper.stdin.as_mut().expect("a pipe");
        writeln!(stdin, "{word}").expect("the keeper listens");
    }

    /// Cuts the power: the engine and everything on it is killed at once.
    pub fn cut(&mut self) {
        self.say("cut");
        self.cuts += 1;
        let (done, cuts) = (self.folder.join("done"), self.cuts);
        until("the engine is down", Duration::from_secs(20), || {
            let text = std::fs::read_to_string(&done).unwrap_or_default();
            (text.lines().count() >= cuts).then_some(())
        });
    }

    /// Power again.
    pub fn restart(&mut self) {
        self.say("start");
        self.ready();
    }

    /// As a project file names it.
    pub fn address(&self) -> String {
        format!("unix://{}", self.api.socket.display())
    }

    /// A process in the network namespace of the engine.
    pub fn inside(&self, program: &Path) -> Command {
        let pid = std::fs::read_to_string(self.folder.join("unshare.pid")).expect("a process id");
        let mut command = Command::new("nsenter");
        command.args(["-t", pid.trim(), "-n", "--"]).arg(program);
        command
    }

    /// Waits for everything to be taken away.
    pub fn end(mut self) {
        self.keeper.stdin.take();
        let _ = self.keeper.wait();
    }
}

impl Drop for Engine {
    fn drop(&mut self) {
        // The keeper takes it away by itself; waiting keeps the number of engines that run
        // at one time small.
        self.keeper.stdin.take();
        let _ = self.keeper.wait();
    }
}
