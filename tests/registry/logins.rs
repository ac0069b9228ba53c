//! TLS and logins: what is trusted, where a login comes from, where it goes, and that it is
//! shown nowhere.

use std::collections::BTreeMap;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use karat::model::registry::{LoginSource, RegistrySettings};
use karat::registry::{Registries, RegistryError};

use crate::images::{noise, push, read, remote, tag};
use crate::support::faults::{Fault, Faults};
use crate::support::registry::{Certificates, Registry, htpasswd, openssl, skopeo};

const PASSWORD: &str = "hunter2-and-more";

fn with(host: &str, settings: RegistrySettings) -> Registries {
    Registries::new(BTreeMap::from([(host.to_owned(), settings)]))
}

/// A login that a command prints.
fn printed(text: &str) -> LoginSource {
    LoginSource::Command(
        ["sh", "-c", "printf '%s' \"$0\"", text]
            .map(str::to_owned)
            .to_vec(),
    )
}

fn script(path: &Path, text: &str) {
    std::fs::write(path, text).expect("a script");
    std::fs::set_permissions(path, std::fs::Permissions::from_mode(0o755)).expect("a script");
}

/// A registry with TLS and one login.
fn locked() -> (Registry, Certificates) {
    let folder = Registry::folder();
    let certificates = Certificates::make(folder.path());
    let top = htpasswd(folder.path(), "ci", PASSWORD);
    let http = certificates.http(false);
    (Registry::in_folder(folder, &http, &top), certificates)
}

fn trusting(certificates: &Certificates, login: LoginSource) -> RegistrySettings {
    RegistrySettings {
        ca: Some(certificates.ca.clone()),
        login,
        ..RegistrySettings::default()
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_opens_the_door_and_a_wrong_one_is_told() {
    let (registry, certificates) = locked();
    let host = registry.host();
    let right = printed(&format!("ci:{PASSWORD}"));
    let registries = with(&host, trusting(&certificates, right));
    let checked = registries.check(&host).await.expect("let in");
    assert_eq!(
        (checked.scheme.as_str(), checked.who.as_deref()),
        ("https", Some("`ci`"))
    );
    let web = remote(&registries, &host, "golden/web");
    let image = push(&web, Some("1.0.0"), "amd64", &[&noise(14, 100_000)]).await;
    let folder = certificates.ca.parent().expect("a folder").join("trusted");
    std::fs::create_dir(&folder).expect("a folder");
    std::fs::copy(&certificates.ca, folder.join("ca.crt")).expect("copied");
    let told = skopeo(&[
        "inspect",
        "--cert-dir",
        folder.to_str().expect("text"),
        "--creds",
        &format!("ci:{PASSWORD}"),
        &format!("docker://{host}/golden/web:1.0.0"),
    ]);
    assert!(told.contains(image.document.digest.as_str()), "{told}");

    let helper = folder.join("helper");
    script(&helper, "#!/bin/sh\nprintf ci:wrong-secret\n");
    let wrong = LoginSource::Command(vec![helper.display().to_string()]);
    let registries = with(&host, trusting(&certificates, wrong));
    let web = remote(&registries, &host, "golden/web");
    let wrong = web.tags().await.expect_err("kept out");
    assert!(
        matches!(wrong, RegistryError::WrongLogin { .. }),
        "{wrong:?}"
    );
    let told = format!("{wrong} {wrong:?} {registries:?} {web:?}");
    assert!(
        told.contains("`ci`") && !told.contains("wrong-secret"),
        "{told}"
    );

    let nobody = LoginSource::Environment {
        username: None,
        password: "KARAT_TEST_UNSET".to_owned(),
    };
    let registries = with(&host, trusting(&certificates, nobody));
    let wrong = remote(&registries, &host, "golden/web").tags().await;
    let told = wrong.expect_err("no login").to_string();
    assert!(told.contains("`KARAT_TEST_UNSET`"), "{told}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn what_tls_does_not_trust_is_told_with_the_remedy() {
    let (registry, certificates) = locked();
    let host = registry.host();
    let wrong = Registries::default()
        .check(&host)
        .await
        .expect_err("unknown");
    assert!(
        matches!(wrong, RegistryError::UnknownAuthority { .. }),
        "{wrong:?}"
    );
    assert!(wrong.to_string().contains("ca = \"ca.pem\""), "{wrong}");
    let insecure = RegistrySettings {
        insecure: true,
        ..RegistrySettings::default()
    };
    let wrong = with(&host, insecure).check(&host).await.expect_err("TLS");
    assert!(matches!(wrong, RegistryError::WantsTls { .. }), "{wrong:?}");
    let plain = Registry::plain();
    let trusting = trusting(&certificates, LoginSource::Docker);
    let wrong = with(&plain.host(), trusting.clone())
        .check(&plain.host())
        .await;
    assert!(
        matches!(wrong, Err(RegistryError::PlainHttp { .. })),
        "{wrong:?}"
    );
    let missing = RegistrySettings {
        ca: Some("/nonexistent/ca.pem".into()),
        ..RegistrySettings::default()
    };
    let wrong = with(&host, missing)
        .check(&host)
        .await
        .expect_err("no file");
    assert!(wrong.to_string().contains("/nonexistent/ca.pem"), "{wrong}");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_client_certificate_is_shown_where_one_is_asked_for() {
    let folder = Registry::folder();
    let certificates = Certificates::make(folder.path());
    let registry = Registry::in_folder(folder, &certificates.http(true), "");
    let host = registry.host();
    let without = trusting(&certificates, LoginSource::Docker);
    let wrong = with(&host, without.clone())
        .check(&host)
        .await
        .expect_err("no certificate");
    assert!(wrong.to_string().contains("client certificate"), "{wrong}");
    let (cert, key) = certificates.client.clone();
    let shown = RegistrySettings {
        cert: Some(cert),
        key: Some(key),
        ..without
    };
    let registries = with(&host, shown);
    assert_eq!(
        registries.check(&host).await.map(|it| it.scheme),
        Ok("https".to_owned())
    );
    push(
        &remote(&registries, &host, "golden/web"),
        Some("1"),
        "amd64",
        &[b"x"],
    )
    .await;
}

/// Runs one test of this very program with an environment of its own: the environment of a
/// process is one for all its tests.
fn inside(test: &str, variables: &[(&str, String)]) {
    let output = Command::new(std::env::current_exe().expect("itself"))
        .args(["--exact", test, "--nocapture"])
        .env("KARAT_TEST_INSIDE", test)
        .envs(variables.iter().map(|(name, value)| (*name, value.clone())))
        .output()
        .expect("it runs");
    let told = String::from_utf8_lossy(&output.stdout).into_owned()
        + &String::from_utf8_lossy(&output.stderr);
    assert!(
        output.status.success() && told.contains("1 passed"),
        "{told}"
    );
    assert!(!told.contains(PASSWORD), "{told}");
}

fn is_inside(test: &str) -> bool {
    std::env::var("KARAT_TEST_INSIDE").is_ok_and(|inside| inside == test)
}

/// What is tried inside: greets the registry with the login that the environment has.
async fn greet() {
    let of = |name: &str| std::env::var(name).expect(name);
    let login = match of("WAY").as_str() {
        "variables" => LoginSource::Environment {
            username: Some("REG_USER".to_owned()),
            password: "REG_PASSWORD".to_owned(),
        },
        _ => LoginSource::Docker,
    };
    let settings = RegistrySettings {
        ca: Some(of("CA").into()),
        login,
        ..RegistrySettings::default()
    };
    let told = match with(&of("HOST"), settings).check(&of("HOST")).await {
        Ok(checked) => format!("{:?}", checked.who),
        Err(wrong) => wrong.to_string(),
    };
    let want = of("WANT");
    assert!(told.contains(&want), "want {want}\ngot  {told}");
}

/// Helpers as Docker has them: one that knows the login to this host, one that fails.
fn lay_helpers(folder: &Path, host: &str) {
    let known = [
        "#!/bin/sh",
        "read -r server",
        &format!("[ \"$server\" = {host} ] || {{ echo credentials not found; exit 1; }}"),
        &format!("printf '{{\"Username\":\"ci\",\"Secret\":\"{PASSWORD}\"}}'"),
        "",
    ];
    script(&folder.join("docker-credential-own"), &known.join("\n"));
    let broken = format!("#!/bin/sh\nread -r server; echo {PASSWORD}; exit 1\n");
    script(&folder.join("docker-credential-broken"), &broken);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn logins_come_from_docker_helpers_and_variables() {
    const TEST: &str = "logins::logins_come_from_docker_helpers_and_variables";
    if is_inside(TEST) {
        return greet().await;
    }
    let (registry, certificates) = locked();
    let host = registry.host();
    let folder = registry.folder.path();
    lay_helpers(folder, &host);
    let config = |name: &str, text: &str| {
        let folder = folder.join(name);
        std::fs::create_dir_all(&folder).expect("a folder");
        std::fs::write(folder.join("config.json"), text).expect("a file");
        folder.display().to_string()
    };
    let auth = openssl(&["base64", "-A"], format!("ci:{PASSWORD}").as_bytes());
    let auth = String::from_utf8(auth).expect("text");
    let path = std::env::var("PATH").expect("a path");
    let path = format!("{}:{path}", folder.display());
    let base = |docker: String, way: &str, want: &str| {
        vec![
            ("HOST", host.clone()),
            ("CA", certificates.ca.display().to_string()),
            ("DOCKER_CONFIG", docker),
            ("PATH", path.clone()),
            ("WAY", way.to_owned()),
            ("WANT", want.to_owned()),
        ]
    };
    let in_file = config(
        "file",
        &format!(r#"{{"auths":{{"{host}":{{"auth":"{auth}"}}}}}}"#),
    );
    let helper = config(
        "helper",
        &format!(r#"{{"credHelpers":{{"{host}":"own"}}}}"#),
    );
    let store = config("store", r#"{"credsStore":"own"}"#);
    let broken = config("broken", r#"{"credsStore":"broken"}"#);
    let missing = config("missing", r#"{"credsStore":"not-installed"}"#);
    let damaged = config("damaged", "{");
    let none = config("none", "{}");
    for (docker, want) in [
        (in_file, "Some(\"`ci`\")"),
        (helper, "Some(\"`ci`\")"),
        (store, "Some(\"`ci`\")"),
        (broken, "`docker-credential-broken`, which"),
        (missing, "cannot be run, or hangs up"),
        (damaged, "config.json is damaged"),
        (
            none.clone(),
            "wants a login while greeting it, and none is known: `docker login",
        ),
        ("/nonexistent".to_owned(), "wants a login while greeting it"),
    ] {
        inside(TEST, &base(docker, "docker", want));
    }
    let mut variables = base(none, "variables", "Some(\"`ci`\")");
    variables.push(("REG_USER", "ci".to_owned()));
    variables.push(("REG_PASSWORD", PASSWORD.to_owned()));
    inside(TEST, &variables);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_login_goes_to_no_other_host() {
    let folder = Registry::folder();
    let top = htpasswd(folder.path(), "ci", PASSWORD);
    let registry = Registry::in_folder(folder, "", &top);
    let (wire, elsewhere) = (Faults::before(registry.port), Faults::before(registry.port));
    let login = printed(&format!("ci:{PASSWORD}"));
    let settings = RegistrySettings {
        login,
        ..RegistrySettings::default()
    };
    let registries = with(&wire.host(), settings);
    let web = remote(&registries, &wire.host(), "golden/web");
    let bytes = noise(15, 50_000);
    let digest = web.push_bytes(bytes.clone().into()).await.expect("sent");
    let gave = |faults: &Faults| {
        let heads = faults.heads();
        heads
            .iter()
            .filter(|head| head.to_lowercase().contains("authorization:"))
            .count()
    };
    assert!(gave(&wire) > 0);
    let there = format!("http://{}/signed/blob", elsewhere.host());
    wire.next(
        1,
        "GET",
        digest.as_str(),
        Fault::Answer(
            "307 Temporary Redirect",
            vec![("Location", there)],
            String::new(),
        ),
    );
    let text = String::from_utf8_lossy(&bytes[..0]).into_owned() + "what is elsewhere";
    elsewhere.next(
        1,
        "GET",
        "/signed/blob",
        Fault::Answer("200 OK", vec![], text),
    );
    let wrong = read(&web, &digest, None).await.expect_err("other bytes");
    assert!(
        matches!(wrong, RegistryError::WrongDigest { .. }),
        "{wrong:?}"
    );
    assert_eq!(elsewhere.count("GET", "/signed/blob"), 1, "it went there");
    assert_eq!(gave(&elsewhere), 0, "without the login");

    // The same of an upload that goes on elsewhere.
    let there = format!("http://{}/upload/1", elsewhere.host());
    wire.next(
        1,
        "POST",
        "/blobs/uploads/",
        Fault::Answer("202 Accepted", vec![("Location", there)], String::new()),
    );
    elsewhere.next(
        9,
        "PATCH",
        "/upload/1",
        Fault::Answer("403 Forbidden", vec![], String::new()),
    );
    let wrong = web.push_bytes("x".into()).await.expect_err("not there");
    assert_eq!(wrong.status(), Some(403), "{wrong:?}");
    assert!(elsewhere.count("PATCH", "/upload/1") > 0);
    assert_eq!(gave(&elsewhere), 0, "without the login");
    assert_eq!(web.head(&tag("none")).await, Ok(None));
}
