//! Logs of containers on a real engine, followed.

use std::time::Duration;

use karat::model::log::{Said, Saying};
use karat::model::project::EngineName;
use karat::observe::logs::follow;
use karat::target::Targets;
use serde_json::{Value, json};
use tokio::sync::mpsc;

use crate::place::{REPOSITORY, project};
use crate::shells::targets;
use crate::support::{Api, Engine, until};

/// How long a log may take to have what a container wrote.
const PATIENCE: Duration = Duration::from_secs(30);

/// Logs that are followed.
struct Following {
    batches: mpsc::Receiver<Vec<Said>>,
    /// Everything that was told, as text: `0 the line`, `1 karat: a note`.
    told: Vec<String>,
    work: tokio::task::JoinHandle<()>,
}

impl Following {
    fn of(targets: &Targets, address: &str, containers: &[&str], last: usize) -> Self {
        let (sender, batches) = mpsc::channel(1);
        let sources: Vec<_> = containers
            .iter()
            .map(|name| (EngineName::from(address), (*name).to_owned()))
            .collect();
        let targets = targets.clone();
        let work = tokio::spawn(async move { follow(&targets, &sources, last, sender).await });
        Self {
            batches,
            told: Vec::new(),
            work,
        }
    }

    /// Waits for a line.
    async fn hears(&mut self, wanted: &str) {
        let hearing = async {
            while !self.told.iter().any(|line| line == wanted) {
                let batch = self.batches.recv().await.expect("it goes on");
                self.told.extend(batch.iter().map(|said| match &said.what {
                    Saying::Line(line) => {
                        format!("{} {}", said.source, String::from_utf8_lossy(&line.bytes))
                    }
                    Saying::Note(note) => format!("{} karat: {note}", said.source),
                }));
            }
        };
        let heard = tokio::time::timeout(PATIENCE, hearing).await;
        assert!(heard.is_ok(), "`{wanted}` was not heard: {:?}", self.told);
    }

    fn count(&self, wanted: &str) -> usize {
        self.told.iter().filter(|line| *line == wanted).count()
    }
}

/// A container that runs a script, on a terminal or not.
fn script(api: &Api, name: &str, script: &str, terminal: bool) -> String {
    api.run(
        name,
        &json!({
            "Image": format!("{REPOSITORY}:1.0.0"),
            "Cmd": ["/bin/sh", "-c", script],
            "Tty": terminal,
            "Healthcheck": { "Test": ["NONE"] },
            "HostConfig": { "AutoRemove": false },
        }),
    )
}

/// Waits until the engine has this of a container's log.
fn has_said(api: &Api, name: &str, word: &str) {
    let path = format!("/containers/{name}/logs?stdout=true");
    until(&format!("{name} said {word}"), PATIENCE, || {
        let answer = api.ask("GET", &path, "text/plain", b"").ok()?;
        let text = String::from_utf8_lossy(&answer.body);
        text.contains(word).then_some(())
    });
}

fn engine() -> Engine {
    let engine = Engine::start();
    engine.api.usual(REPOSITORY, "1.0.0");
    engine
}

/// Says how often it was started, then waits.
const COUNTS: &str = "n=$(cat /n 2>/dev/null || echo 0); n=$((n+1)); echo $n >/n; echo run $n; echo oops $n >&2; exec sleep 1000";

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_log_goes_on_after_a_restart_and_with_a_successor() {
    let engine = engine();
    let address = engine.address();
    let targets = targets(&project(&[("prod", &[&address], "")]));
    script(&engine.api, "web", COUNTS, false);
    let mut log = Following::of(&targets, &address, &["web"], 10);
    log.hears("0 run 1").await;
    log.hears("0 oops 1").await;
    engine.api.post("/containers/web/restart?t=0", &Value::Null);
    log.hears("0 run 2").await;
    log.hears("0 oops 2").await;
    // Another container of the name.
    engine.api.remove("web");
    log.hears("0 karat: web stopped; waiting for it to run again")
        .await;
    script(
        &engine.api,
        "web",
        "echo the successor; exec sleep 1000",
        false,
    );
    log.hears("0 the successor").await;
    for line in [
        "0 run 1",
        "0 oops 1",
        "0 run 2",
        "0 oops 2",
        "0 the successor",
    ] {
        assert_eq!(log.count(line), 1, "{line}: {:?}", log.told);
    }
    // Nobody listens any more: nothing goes on.
    drop(log.batches);
    let ended = tokio::time::timeout(Duration::from_secs(10), log.work).await;
    ended.expect("it ends").expect("without a panic");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn bytes_stay_as_they_are_and_several_are_put_in_order() {
    let engine = engine();
    let address = engine.address();
    let targets = targets(&project(&[("prod", &[&address], "")]));
    let api = &engine.api;
    // Says its second word when it is told to, so that the other's comes in between.
    let twice = "trap 'echo third' USR1; echo first; while :; do sleep 0.1; done";
    script(api, "one", twice, false);
    has_said(api, "one", "first");
    let evil = r"printf '\033[31msecond\001\002\r\n'; exec sleep 1000";
    script(api, "two", evil, true);
    has_said(api, "two", "second");
    api.post("/containers/one/kill?signal=USR1", &Value::Null);
    has_said(api, "one", "third");
    let x = "head -c 100000 /dev/zero | tr '\\0' x; echo; echo done; exec sleep 1000";
    script(api, "long", x, false);
    has_said(api, "long", "done");
    let mut log = Following::of(&targets, &address, &["one", "two"], 10);
    log.hears("0 third").await;
    // The terminal of its own makes one more carriage return.
    let lines: Vec<&str> = log.told.iter().map(|line| line.trim_end()).collect();
    assert_eq!(
        lines,
        ["0 first", "1 \u{1b}[31msecond\u{1}\u{2}", "0 third"]
    );
    let mut last = Following::of(&targets, &address, &["one"], 1);
    last.hears("0 third").await;
    assert_eq!(last.count("0 first"), 0);
    // An engine splits long lines; they come together, up to what anybody would read.
    let mut long = Following::of(&targets, &address, &["long"], 10);
    let whole = format!("0 {}", "x".repeat(64 * 1024));
    long.hears(&whole).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_flood_is_held_back() {
    let engine = engine();
    let address = engine.address();
    let targets = targets(&project(&[("prod", &[&address], "")]));
    script(
        &engine.api,
        "flood",
        "yes a line that comes again and again",
        false,
    );
    let mut log = Following::of(&targets, &address, &["flood"], 1_000);
    log.hears("0 a line that comes again and again").await;
    // Nobody takes anything: what waits is bounded, whatever the container writes. Other
    // tests of this process need memory, too, but not all the time.
    let mut grown = Vec::new();
    for _ in 0..5 {
        let before = resident();
        tokio::time::sleep(Duration::from_secs(2)).await;
        grown.push(resident().saturating_sub(before));
    }
    engine.api.remove("flood");
    let least = grown.iter().min().expect("a figure");
    assert!(*least < 5_000, "{grown:?} kB more while nobody read");
}

/// Memory of this process, in kB.
fn resident() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").expect("a status");
    let line = status.lines().find(|line| line.starts_with("VmRSS:"));
    line.and_then(|line| line.split_whitespace().nth(1)?.parse().ok())
        .expect("a figure")
}
