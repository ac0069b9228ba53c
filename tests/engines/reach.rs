//! Every way to an engine, and engines that cannot be reached: each shows its own error and
//! hides nothing of the others.

use std::os::unix::net::UnixListener;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::place::{REPOSITORY, engine_with, project, run_web, settled};
use crate::support::image::Recipe;
use crate::support::{Api, Engine, Karat, needs, until};

#[test]
fn dead_and_hanging_engines_hide_nothing() {
    let engine = engine_with(&["1.0.0"]);
    let folder = crate::support::folder();
    let dead = folder.join("dead.sock");
    drop(UnixListener::bind(&dead).expect("a socket"));
    let hanging = folder.join("hanging.sock");
    let listener = UnixListener::bind(&hanging).expect("a socket");
    std::thread::spawn(move || {
        // Accepts and never answers.
        let open: Vec<_> = listener.incoming().collect();
        drop(open);
    });
    let missing = folder.join("missing.sock");
    let address = |path: &Path| format!("unix://{}", path.display());
    let karat = Karat::new(&project(&[
        ("good", &[&engine.address()], ""),
        ("dead", &[&address(&dead)], ""),
        ("hanging", &[&address(&hanging)], ""),
        ("missing", &[&address(&missing)], ""),
    ]));
    let begun = Instant::now();
    let status = karat.json(&["status"]);
    assert!(
        begun.elapsed() < Duration::from_secs(35),
        "{:?}",
        begun.elapsed()
    );
    let cell = |name| {
        crate::support::karat::find(
            &crate::support::karat::find(&status["images"], "web")["environments"],
            name,
        )
    };
    assert_eq!(cell("good")["version"], "1.0.0");
    assert_eq!(cell("good")["error"], serde_json::Value::Null);
    for name in ["dead", "hanging", "missing"] {
        assert!(cell(name)["error"].is_string(), "{:#}", cell(name));
        assert_eq!(cell(name)["version"], serde_json::Value::Null);
    }
    // An operation on the good one is none of theirs; one on a dead one is refused.
    karat
        .run(&["rollback", "web", "--env", "good", "--to", "1.0.0", "--yes"])
        .is(0);
    let done = karat.run(&["promote", "web", "--from", "good", "--to", "dead", "--yes"]);
    assert!(matches!(done.code, Some(1 | 3)), "{done:?}");
    let _ = std::fs::remove_dir_all(folder);
}

#[test]
fn no_engine_at_all_is_one_sentence() {
    let karat = Karat::new(&project(&[(
        "prod",
        &["unix:///var/tmp/karat-t-nowhere.sock"],
        "",
    )]));
    let done = karat
        .run(&["rollback", "web", "--env", "prod", "--yes"])
        .is(1);
    assert!(done.err.contains("karat-t-nowhere.sock"), "{}", done.err);
}

fn openssl(folder: &Path, args: &str) {
    let done = Command::new(needs("openssl", "openssl"))
        .args(args.split_whitespace())
        .current_dir(folder)
        .output()
        .expect("openssl runs");
    assert!(
        done.status.success(),
        "openssl {args}: {}",
        String::from_utf8_lossy(&done.stderr)
    );
}

/// A certificate authority, a server for 127.0.0.1, a client, and another authority.
fn certificates(folder: &Path) {
    let file = |name: &str, text: &str| std::fs::write(folder.join(name), text).expect("a file");
    file(
        "server.ext",
        "subjectAltName=IP:127.0.0.1\nextendedKeyUsage=serverAuth\n",
    );
    file("client.ext", "extendedKeyUsage=clientAuth\n");
    for authority in ["ca", "other"] {
        openssl(
            folder,
            &format!(
                "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 2 -subj /CN=karat-test-{authority} -keyout {authority}-key.pem -out {authority}.pem -addext basicConstraints=critical,CA:TRUE -addext keyUsage=critical,keyCertSign"
            ),
        );
    }
    for who in ["server", "client"] {
        openssl(
            folder,
            &format!(
                "req -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -subj /CN={who} -keyout {who}-key.pem -out {who}.csr"
            ),
        );
        openssl(
            folder,
            &format!(
                "x509 -req -in {who}.csr -CA ca.pem -CAkey ca-key.pem -CAcreateserial -days 2 -extfile {who}.ext -out {who}.pem"
            ),
        );
    }
}

#[test]
fn tcp_with_tls() {
    let folder = tempfile::tempdir().expect("a folder");
    let at = |name: &str| folder.path().join(name).display().to_string();
    certificates(folder.path());
    let engine = Engine::with(
        &[
            "-H",
            "tcp://127.0.0.1:2376",
            "--tlsverify",
            "--tlscacert",
            &at("ca.pem"),
            "--tlscert",
            &at("server.pem"),
            "--tlskey",
            &at("server-key.pem"),
        ],
        None,
    );
    engine.api.usual(REPOSITORY, "1.0.0");
    run_web(&engine.api, "1.0.0");
    let certificates = |karat: &mut Karat, authority: &str, client: &str| {
        let place = karat.home.path().join("certificates");
        std::fs::create_dir_all(&place).expect("a folder");
        for (from, to) in [
            (authority.to_owned(), "ca.pem"),
            (format!("{client}.pem"), "cert.pem"),
            (format!("{client}-key.pem"), "key.pem"),
        ] {
            std::fs::copy(at(&from), place.join(to)).expect("a copy");
        }
        karat.env = vec![
            ("DOCKER_HOST".to_owned(), "tcp://127.0.0.1:2376".to_owned()),
            ("DOCKER_TLS_VERIFY".to_owned(), "1".to_owned()),
            ("DOCKER_CERT_PATH".to_owned(), place.display().to_string()),
        ];
    };
    // No environments in the file: the engine is the one the environment names.
    let mut karat = Karat::new(&format!("[images.web]\nrepository = \"{REPOSITORY}\"\n"));
    certificates(&mut karat, "ca.pem", "client");
    let status = karat
        .run_inside(&engine, &["status", "--json"])
        .is(0)
        .json();
    assert_eq!(
        status["images"][0]["environments"][0]["version"], "1.0.0",
        "{status:#}"
    );
    // Signed by somebody else: said in one sentence.
    certificates(&mut karat, "other.pem", "client");
    let done = karat.run_inside(&engine, &["status"]);
    let said = done.said();
    assert!(said.contains("certificate"), "{said}");
    assert_ne!(done.code, Some(0), "{said}");
}

#[test]
fn ssh_through_the_users_own_ssh() {
    let sshd = needs("sshd", "openssh-server");
    let engine = engine_with(&["1.0.0", "2.0.0"]);
    let folder = tempfile::tempdir_in("/root").expect("a folder");
    let at = |name: &str| folder.path().join(name);
    let keygen = |name: &str| {
        let done = Command::new(needs("ssh-keygen", "openssh-client"))
            .args(["-q", "-t", "ed25519", "-N", "", "-f"])
            .arg(at(name))
            .status();
        assert!(done.expect("ssh-keygen").success());
    };
    keygen("host");
    keygen("user");
    std::fs::copy(at("user.pub"), at("authorized")).expect("a copy");
    let port = std::net::TcpListener::bind("127.0.0.1:0")
        .expect("a port")
        .local_addr()
        .expect("an address")
        .port();
    let config = format!(
        "Port {port}\nListenAddress 127.0.0.1\nHostKey {0}/host\nAuthorizedKeysFile {0}/authorized\nPidFile none\nStrictModes no\nPermitRootLogin yes\nUsePAM no\nSetEnv DOCKER_HOST={1}\n",
        folder.path().display(),
        engine.address()
    );
    std::fs::write(at("sshd_config"), config).expect("a file");
    std::fs::create_dir_all("/run/sshd").expect("sshd's folder");
    let mut server = Command::new(sshd)
        .args(["-D", "-e", "-f"])
        .arg(at("sshd_config"))
        .stderr(Stdio::null())
        .spawn()
        .expect("sshd starts");
    until("sshd listens", Duration::from_secs(10), || {
        std::net::TcpStream::connect(("127.0.0.1", port)).ok()
    });

    // ssh takes the home of the account, whatever HOME says: a wrapper points it elsewhere.
    let client = format!(
        "Host *\n IdentityFile {0}/user\n IdentitiesOnly yes\n UserKnownHostsFile {0}/known\n StrictHostKeyChecking accept-new\n",
        folder.path().display()
    );
    std::fs::write(at("config"), client).expect("a file");
    std::fs::create_dir_all(at("bin")).expect("a folder");
    let wrapper = format!(
        "#!/bin/sh\nexec {} -F {}/config \"$@\"\n",
        needs("ssh", "openssh-client").display(),
        folder.path().display()
    );
    std::fs::write(at("bin/ssh"), wrapper).expect("a file");
    std::fs::set_permissions(
        at("bin/ssh"),
        std::os::unix::fs::PermissionsExt::from_mode(0o755),
    )
    .expect("executable");

    let address = format!("ssh://root@127.0.0.1:{port}");
    let mut karat = Karat::new(&project(&[("prod", &[&address], "")]));
    karat.env = vec![(
        "PATH".to_owned(),
        format!("{}/bin:/usr/bin:/bin", folder.path().display()),
    )];
    assert_eq!(karat.cell("web", "prod")["version"], "1.0.0");
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    settled(&engine.api, &["2.0.0"]);
    // What ssh says is what the user reads.
    std::fs::write(at("authorized"), "").expect("a file");
    let done = karat.run(&["status"]);
    assert!(done.said().contains("Permission denied"), "{}", done.said());
    server.kill().expect("sshd ends");
    server.wait().expect("sshd ended");
}

#[test]
fn podman() {
    with_podman(on_podman);
}

/// Does something with a Podman of its own, which ends with it.
#[expect(
    clippy::print_stderr,
    reason = "why a test failed, beside its own words"
)]
pub(crate) fn with_podman(work: fn(&Api)) {
    let podman = needs("podman", "podman");
    let folder = crate::support::folder();
    let at = |name: &str| folder.join(name).display().to_string();
    // Namespaces of its own: a network stack, and mounts that go with it.
    let mut service = Command::new("unshare")
        .args(["--net", "--mount", "--pid", "--fork", "--kill-child", "--mount-proc"])
        .args(["sh", "-c", "mount -t tmpfs tmpfs /run; ip link set lo up 2>/dev/null || busybox ip link set lo up; \"$@\" & wait", "podman"])
        .arg(podman)
        .args(["--root", &at("root"), "--runroot", &at("run"), "--tmpdir", &at("tmp")])
        .args(["--cgroup-manager", "cgroupfs", "--storage-driver", "vfs", "--events-backend", "file"])
        .args(["system", "service", "--time", "0", &format!("unix://{}", at("p.sock"))])
        // It leaves what it takes in there.
        .env("TMPDIR", &folder)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(std::fs::File::create(at("log")).expect("a file"))
        .spawn()
        .expect("podman starts");
    let api = Api::new(&folder.join("p.sock"));
    let tested = std::panic::catch_unwind(|| {
        until("podman answers", Duration::from_secs(30), || {
            api.ask("GET", "/_ping", "text/plain", b"")
                .ok()
                .filter(|answer| answer.status == 200)
        });
        work(&api);
    });
    service.kill().expect("podman ends");
    service.wait().expect("podman ended");
    let log = std::fs::read_to_string(folder.join("log")).unwrap_or_default();
    let _ = Command::new("rm").arg("-rf").arg(&folder).status();
    if let Err(panic) = tested {
        eprintln!("podman said: {log}");
        std::panic::resume_unwind(panic);
    }
}

fn on_podman(api: &Api) {
    for version in ["1.0.0", "2.0.0"] {
        // Its import knows no HEALTHCHECK.
        api.image(&Recipe {
            check: false,
            ..Recipe::new(&format!("localhost/{REPOSITORY}"), version)
        });
    }
    let host = serde_json::json!({ "NetworkMode": "host", "RestartPolicy": { "Name": "always" } });
    api.run("web", &serde_json::json!({ "Image": format!("localhost/{REPOSITORY}:1.0.0"), "HostConfig": host }));
    let text = project(&[("prod", &[&format!("unix://{}", api.socket.display())], "")]);
    let karat = Karat::new(&text.replace(REPOSITORY, &format!("localhost/{REPOSITORY}")));
    assert_eq!(karat.cell("web", "prod")["version"], "1.0.0");
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "2.0.0", "--yes"])
        .is(0);
    assert_eq!(karat.cell("web", "prod")["version"], "2.0.0");
    // A lock that is taken answers 500 here.
    api.create(
        "karat-lock-web",
        &serde_json::json!({ "Image": format!("localhost/{REPOSITORY}:1.0.0") }),
    );
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(7);
    api.remove("karat-lock-web");
    karat
        .run(&["rollback", "web", "--env", "prod", "--to", "1.0.0", "--yes"])
        .is(0);
    assert_eq!(karat.cell("web", "prod")["version"], "1.0.0");
}
