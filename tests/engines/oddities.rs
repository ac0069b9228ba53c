//! Engines that may not be used or are too old, and the smaller commands on real ones.

use std::io::{Read as _, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::os::unix::net::UnixListener;
use std::process::Command;

use crate::place::{engine_with, prod_on, project};
use crate::support::{Karat, ended, folder, needs, until};

#[test]
fn no_permission_on_the_socket_is_one_sentence() {
    let engine = engine_with(&["1.0.0"]);
    let socket = engine.folder.join("d.sock");
    std::fs::set_permissions(&socket, std::fs::Permissions::from_mode(0o600)).expect("a mode");
    std::fs::set_permissions(&engine.folder, std::fs::Permissions::from_mode(0o755))
        .expect("a mode");
    // Somebody else must be able to run the binary and to write a home.
    let home = folder();
    std::fs::set_permissions(&home, std::fs::Permissions::from_mode(0o777)).expect("a mode");
    let binary = home.join("karat");
    std::fs::copy(env!("CARGO_BIN_EXE_karat"), &binary).expect("a copy");
    let done = Command::new(needs("setpriv", "util-linux"))
        .args(["--reuid=65534", "--regid=65534", "--clear-groups"])
        .arg(&binary)
        .arg("status")
        .env_clear()
        .env("KARAT_HOME", home.join("data"))
        .env("HOME", &home)
        .env("DOCKER_HOST", engine.address())
        .current_dir(&home)
        .output()
        .expect("karat runs");
    let said = String::from_utf8_lossy(&done.stderr).into_owned();
    std::fs::remove_dir_all(&home).expect("the folder goes");
    assert_eq!(done.status.code(), Some(1), "{said}");
    assert!(said.contains("no permission on its socket"), "{said}");
    assert!(said.contains("usermod -aG docker"), "{said}");
}

/// No engine that old can be had any more, so this one only says that it is.
#[test]
fn an_engine_too_old_is_one_sentence() {
    let folder = folder();
    let socket = folder.join("old.sock");
    let listener = UnixListener::bind(&socket).expect("a socket");
    std::thread::spawn(move || {
        for mut client in listener.incoming().flatten() {
            let mut request = [0; 4_096];
            let _ = client.read(&mut request);
            let body = r#"{"Version":"18.09.9","ApiVersion":"1.39","Os":"linux","Arch":"amd64"}"#;
            let _ = write!(
                client,
                "HTTP/1.1 200 OK\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: {}\r\n\r\n{body}",
                body.len()
            );
        }
    });
    let karat = prod_on(&format!("unix://{}", socket.display()));
    let done = karat.run(&["status"]).is(1);
    std::fs::remove_dir_all(&folder).expect("the folder goes");
    assert!(
        done.err
            .contains("is too old: version 18.09.9 with API 1.39"),
        "{}",
        done.err
    );
}

#[test]
fn init_writes_what_runs_and_never_over_a_file() {
    let engine = engine_with(&["1.0.0", "1.1.0"]);
    let mut karat = Karat::new("");
    std::fs::remove_file(karat.home.path().join("karat.toml")).expect("no project file");
    karat.env.push(("DOCKER_HOST".to_owned(), engine.address()));
    let found = karat.json(&["status"]);
    assert_eq!(found["project"], serde_json::Value::Null);
    karat.run(&["init"]).is(0);
    let written = karat.json(&["status"]);
    assert!(
        written["project"]
            .as_str()
            .is_some_and(|path| path.ends_with("karat.toml")),
        "{written:#}"
    );
    let shape = |status: &serde_json::Value| {
        let image = &status["images"][0];
        (
            image["name"].clone(),
            image["repository"].clone(),
            image["environments"][0]["version"].clone(),
        )
    };
    assert_eq!(shape(&found), shape(&written));
    let again = karat.run(&["init"]).is(1);
    assert!(again.err.contains("karat.toml"), "{}", again.err);
}

#[test]
fn without_a_terminal_nothing_is_changed_and_no_interface_opens() {
    let engine = engine_with(&["1.0.0", "1.1.0"]);
    let karat = prod_on(&engine.address());
    let asked = karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.1.0"])
        .is(3);
    assert!(asked.err.contains("--yes"), "{}", asked.err);
    assert_eq!(engine.api.version("web"), "1.0.0");
    let opened = karat.run(&[]).is(1);
    assert!(opened.err.contains("terminal"), "{}", opened.err);
    let dry = karat.json(&[
        "rollback",
        "web",
        "--env",
        "prod",
        "--to",
        "1.1.0",
        "--dry-run",
    ]);
    assert_eq!(dry["moves"][0]["to"]["version"], "1.1.0");
    assert_eq!(dry["moves"][0]["containers"][0]["obtain"]["how"], "present");
    assert_eq!(engine.api.version("web"), "1.0.0");
}

#[test]
fn a_rebuild_that_is_interrupted_leaves_nothing() {
    let engine = engine_with(&["1.0.0"]);
    let address = engine.address();
    let karat = Karat::new(&project(&[("prod", &[&address], "")]).replace(
        "repository",
        "build = { context = \"recipe\", engine = \"prod\" }\nrepository",
    ));
    let recipe = karat.home.path().join("recipe");
    std::fs::create_dir(&recipe).expect("a folder");
    std::fs::write(
        recipe.join("Dockerfile"),
        "FROM shop/web:1.0.0\nRUN echo begun && sleep 300\n",
    )
    .expect("a file");
    let before = engine.api.get("/images/json?all=true");
    let child = karat.spawn(&["rebuild", "web", "--yes"]);
    let pid = child.id().to_string();
    until("the step runs", std::time::Duration::from_secs(60), || {
        let done = engine
            .inside("/bin/sh".as_ref())
            .args(["-c", "ps ax"])
            .output()
            .ok()?;
        String::from_utf8_lossy(&done.stdout)
            .contains("sleep 300")
            .then_some(())
    });
    Command::new("kill")
        .args(["-INT", &pid])
        .status()
        .expect("kill");
    let done = ended(child).is(130);
    assert!(done.out.contains("cancelled"), "{done:?}");
    assert_eq!(engine.api.get("/images/json?all=true"), before);
    let history = karat.json(&["history", "web"]);
    assert_eq!(history["events"][0]["outcome"], "cancelled");
}
