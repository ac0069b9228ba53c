//! Shells on a real engine: in a container that runs, and in one that is thrown away.

use std::time::Duration;

use karat::model::digest::Digest;
use karat::model::project::EngineName;
use karat::target::{Shell, ShellAsk, TargetError, Targets, WindowSize};
use serde_json::json;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use crate::place::{REPOSITORY, engine_with, loaded, prod_on, project};
use crate::support::{Api, until};

const SIZE: WindowSize = WindowSize {
    columns: 91,
    rows: 33,
};

/// The targets of a project.
pub(crate) fn targets(text: &str) -> Targets {
    crate::library::targets(&loaded(text))
}

async fn open(address: &str, ask: &ShellAsk) -> Result<Shell, TargetError> {
    let targets = targets(&project(&[("prod", &[address], "")]));
    let target = targets.get(&EngineName::from(address)).expect("a target");
    target.shell(ask, SIZE).await
}

fn inside(api: &Api, container: &str) -> ShellAsk {
    let inspect = api.container(container).expect("it is there");
    ShellAsk::Inside {
        container: container.to_owned(),
        id: inspect["Id"].as_str().expect("an id").to_owned(),
    }
}

fn throw_away(api: &Api, version: &str, like: Option<&str>) -> ShellAsk {
    let image = api.get(&format!("/images/{REPOSITORY}:{version}/json"));
    ShellAsk::ThrowAway {
        image: Digest::parse(image["Id"].as_str().expect("an id")).expect("a digest"),
        like: like.map(str::to_owned),
        who: "tester@here".to_owned(),
    }
}

async fn types(shell: &mut Shell, keys: &str) {
    shell.input.write_all(keys.as_bytes()).await.expect("typed");
    shell.input.flush().await.expect("typed");
}

/// Reads until the shell has written this.
async fn hears(shell: &mut Shell, wanted: &str) -> String {
    let mut heard = String::new();
    let hearing = async {
        let mut buffer = [0; 4_096];
        while !heard.contains(wanted) {
            let count = shell.output.read(&mut buffer).await.expect("a line");
            if count == 0 {
                break;
            }
            heard.push_str(&String::from_utf8_lossy(&buffer[..count]));
        }
    };
    let done = tokio::time::timeout(Duration::from_secs(20), hearing).await;
    assert!(
        done.is_ok() && heard.contains(wanted),
        "no `{wanted}` in {heard:?}"
    );
    heard
}

/// Reads to the end.
async fn ends(shell: &mut Shell) {
    let mut rest = Vec::new();
    let reading = shell.output.read_to_end(&mut rest);
    let ended = tokio::time::timeout(Duration::from_secs(20), reading).await;
    ended.expect("it ends").expect("without an error");
}

fn shells(api: &Api) -> Vec<String> {
    let names = api.names().into_iter();
    names
        .filter(|name| name.starts_with("karat-shell-"))
        .collect()
}

async fn talks(address: &str, ask: &ShellAsk) {
    let mut shell = open(address, ask).await.expect("a shell");
    types(&mut shell, "echo hi$((1+1)); stty size; exit 7\n").await;
    let heard = hears(&mut shell, "33 91").await;
    assert!(heard.contains("hi2"), "{heard}");
    ends(&mut shell).await;
    assert_eq!(shell.control.end().await, Ok(Some(7)));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_in_a_running_container_talks_and_says_how_it_ended() {
    let engine = engine_with(&["1.0.0"]);
    let ask = inside(&engine.api, "web");
    talks(&engine.address(), &ask).await;
    // It can be made larger.
    let mut shell = open(&engine.address(), &ask).await.expect("a shell");
    let larger = WindowSize {
        columns: 120,
        rows: 50,
    };
    shell.control.resize(larger).await.expect("resized");
    types(&mut shell, "stty size\n").await;
    hears(&mut shell, "50 120").await;
    // Cut off in the middle, it does not stay behind.
    types(&mut shell, "sleep 4321\n").await;
    hears(&mut shell, "4321").await;
    assert_eq!(shell.control.end().await, Ok(None));
    let top = || engine.api.get("/containers/web/top").to_string();
    until("nothing of the shell runs", Duration::from_secs(10), || {
        (!top().contains("4321")).then_some(())
    });
    assert!(top().contains("/app/run.sh"), "the app still runs");
}

/// An engine's socket behind a TCP port, for as long as the test's process lives.
fn behind_tcp(socket: &std::path::Path) -> String {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").expect("a port");
    let port = listener.local_addr().expect("an address").port();
    let socket = socket.to_owned();
    std::thread::spawn(move || {
        for client in listener.incoming().flatten() {
            let server = std::os::unix::net::UnixStream::connect(&socket).expect("the engine");
            let (mut from, mut to) = (
                client.try_clone().expect("a client"),
                server.try_clone().expect("a server"),
            );
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
            let (mut from, mut to) = (server, client);
            std::thread::spawn(move || {
                let _ = std::io::copy(&mut from, &mut to);
                let _ = to.shutdown(std::net::Shutdown::Write);
            });
        }
    });
    format!("tcp://127.0.0.1:{port}")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn shells_work_over_tcp() {
    let engine = engine_with(&["1.0.0"]);
    let address = behind_tcp(&engine.api.socket);
    talks(&address, &inside(&engine.api, "web")).await;
    talks(&address, &throw_away(&engine.api, "1.0.0", None)).await;
    assert!(shells(&engine.api).is_empty());
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_is_refused_where_there_is_none() {
    let engine = engine_with(&["1.0.0"]);
    let address = engine.address();
    // A container of the same name that is another one.
    let other = ShellAsk::Inside {
        container: "web".to_owned(),
        id: "0".repeat(64),
    };
    let moved = open(&address, &other).await.err().expect("refused");
    assert!(matches!(moved, TargetError::Moved { .. }), "{moved}");
    // An image with nothing in it but a program that is no shell.
    engine.api.remove("bare");
    let bare = json!({
        "Image": format!("{REPOSITORY}:1.0.0"),
        "Cmd": ["/bin/sh", "-c", "mv /bin/sh /bin/hidden; rm -f /bin/ash; exec sleep 1000"],
        "Healthcheck": { "Test": ["NONE"] },
    });
    engine.api.run("bare", &bare);
    let why = until("a refusal", Duration::from_secs(10), || {
        let ask = inside(&engine.api, "bare");
        tokio::task::block_in_place(|| {
            tokio::runtime::Handle::current().block_on(async { open(&address, &ask).await.err() })
        })
    });
    let why = why.to_string();
    assert!(
        why.contains("no shell in bare") && why.contains("its image has none"),
        "{why}"
    );
    engine
        .api
        .post("/containers/web/stop?t=0", &serde_json::Value::Null);
    let ask = inside(&engine.api, "web");
    let why = open(&address, &ask)
        .await
        .err()
        .expect("refused")
        .to_string();
    assert!(why.contains("it does not run"), "{why}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throw_away_shell_leaves_nothing_behind() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let (address, api) = (engine.address(), &engine.api);
    let ask = throw_away(api, "2.0.0", None);
    let mut shell = open(&address, &ask).await.expect("a shell");
    types(&mut shell, "cat /version; echo env=$SECRET.\n").await;
    let heard = hears(&mut shell, "env=.").await;
    assert!(heard.contains("2.0.0"), "{heard}");
    let names = shells(api);
    assert_eq!(names.len(), 1);
    let made = api.container(&names[0]).expect("it is there");
    assert_eq!(made["HostConfig"]["AutoRemove"], true);
    assert_eq!(made["HostConfig"]["RestartPolicy"]["Name"], "no");
    assert!(
        made["HostConfig"]["Binds"].is_null(),
        "{}",
        made["HostConfig"]
    );
    // No list shows it.
    let karat = prod_on(&address);
    let status = karat.run(&["status", "--json"]).is(0);
    assert!(!status.out.contains("karat-shell-"), "{}", status.out);
    types(&mut shell, "exit 3\n").await;
    ends(&mut shell).await;
    assert_eq!(shell.control.end().await, Ok(Some(3)));
    assert!(shells(api).is_empty());
    // Ended in the middle.
    let shell = open(&address, &ask).await.expect("a shell");
    assert_eq!(shells(api).len(), 1);
    shell.control.end().await.expect("ended");
    assert!(shells(api).is_empty());
    // The app was left alone.
    assert_eq!(api.version("web"), "1.0.0");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_throw_away_shell_takes_over_settings_but_no_volumes() {
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let (address, api) = (engine.address(), &engine.api);
    let like = json!({
        "Image": format!("{REPOSITORY}:1.0.0"),
        "Env": ["SECRET=known", "VERSION=1.0.0"],
        "WorkingDir": "/app",
        "ExposedPorts": { "80/tcp": {} },
        "HostConfig": {
            "Binds": ["data:/data"],
            "PortBindings": { "80/tcp": [{ "HostPort": "18080" }] },
        },
    });
    api.run("configured", &like);
    let ask = throw_away(api, "2.0.0", Some("configured"));
    let mut shell = open(&address, &ask).await.expect("a shell");
    types(
        &mut shell,
        "pwd; echo $SECRET-$VERSION-$(ls /data 2>&1 | wc -l).\n",
    )
    .await;
    let heard = hears(&mut shell, "known-2.0.0-").await;
    assert!(heard.contains("/app"), "{heard}");
    let made = api.container(&shells(api)[0]).expect("it is there");
    assert_eq!(made["Mounts"], json!([]));
    assert!(
        made["HostConfig"]["PortBindings"]
            .as_object()
            .is_none_or(|it| it.is_empty())
    );
    shell.control.end().await.expect("ended");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_shell_whose_karat_was_killed_is_swept() {
    let engine = engine_with(&["1.0.0"]);
    let api = &engine.api;
    let dead = json!({ "owner": "x@y", "machine": here(), "pid": 999_999_999u32, "started": 1 });
    let alive = json!({ "owner": "x@y", "machine": "another", "pid": 1, "started": 1 });
    for (name, opener) in [
        ("karat-shell-00000001", &dead),
        ("karat-shell-00000002", &alive),
    ] {
        api.run(
            name,
            &json!({
                "Image": format!("{REPOSITORY}:1.0.0"),
                "Cmd": ["/bin/sh", "-c", "exec sleep 1000"],
                "Labels": { "karat.shell.opened-by": opener.to_string() },
                "Healthcheck": { "Test": ["NONE"] },
            }),
        );
    }
    prod_on(&engine.address()).run(&["recover", "--yes"]).is(0);
    assert_eq!(
        shells(api),
        ["karat-shell-00000002"],
        "one may still be in use elsewhere"
    );
}

/// What this machine calls itself.
fn here() -> String {
    let boot = std::fs::read_to_string("/proc/sys/kernel/random/boot_id").expect("a boot");
    let space = std::fs::read_link("/proc/self/ns/pid").expect("a namespace");
    format!("{}/{}", boot.trim(), space.display())
}
