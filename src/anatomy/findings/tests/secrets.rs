//! Secrets: found, and never told.

use super::*;
use crate::anatomy::components::testing::{TestPackages, labels};
use crate::anatomy::findings::{Redactor, Severity};

/// The findings about secrets in files.
fn ids(findings: &Findings) -> Vec<FindingId> {
    use FindingId as F;
    let about = [
        F::GitDirectory,
        F::EnvFile,
        F::PrivateKey,
        F::CredentialsFile,
        F::HiddenSecret,
        F::ReadableSecret,
    ];
    let mut ids: Vec<FindingId> = findings.all.iter().map(|it| it.id).collect();
    ids.retain(|id| about.contains(id) && *id != F::ReadableSecret);
    ids
}

#[test]
fn secrets_are_known_by_their_paths() {
    use FindingId as F;
    for (path, id) in [
        ("root/.ssh/id_rsa", F::PrivateKey),
        ("home/app/.ssh/id_ed25519", F::PrivateKey),
        ("etc/ssh/ssh_host_rsa_key", F::PrivateKey),
        ("etc/ssl/private/server.key", F::PrivateKey),
        ("app/tls/server.key", F::PrivateKey),
        ("app/privkey.pem", F::PrivateKey),
        ("app/server-key.pem", F::PrivateKey),
        ("app/keystore.jks", F::PrivateKey),
        ("app/client.p12", F::PrivateKey),
        ("app/my-service-account.json", F::PrivateKey),
        ("app/.env", F::EnvFile),
        ("app/.env.production", F::EnvFile),
        ("app/prod.env", F::EnvFile),
        ("root/.aws/credentials", F::CredentialsFile),
        ("root/.npmrc", F::CredentialsFile),
        ("root/.netrc", F::CredentialsFile),
        ("root/.docker/config.json", F::CredentialsFile),
        ("root/.kube/config", F::CredentialsFile),
        ("app/kubeconfig", F::CredentialsFile),
        ("root/.git-credentials", F::CredentialsFile),
        ("root/.pypirc", F::CredentialsFile),
        ("app/terraform.tfstate", F::CredentialsFile),
        ("app/prod.tfvars", F::CredentialsFile),
        ("srv/.htpasswd", F::CredentialsFile),
        ("app/.git/objects/ab/cd", F::GitDirectory),
        ("app/.git/HEAD", F::GitDirectory),
    ] {
        assert_eq!(ids(&found(files(&[path], 100))), [id], "{path}");
    }
}

#[test]
fn what_is_public_or_an_example_is_no_secret() {
    for path in [
        "etc/ssl/certs/ca-certificates.crt",
        "etc/ssl/certs/ACCVRAIZ1.pem",
        "etc/ssl/cert.pem",
        "etc/ssl/certs/java/cacerts",
        "usr/share/ca-certificates/mozilla/x.crt",
        "usr/local/share/ca-certificates/own.crt",
        "etc/pki/tls/certs/ca-bundle.crt",
        "usr/lib/python3/dist-packages/certifi/cacert.pem",
        "usr/local/lib/python3.12/test/certdata/keycert.pem",
        "app/node_modules/public-encrypt/test/test_key.pem",
        "usr/share/doc/openssl/server.key",
        "usr/share/dns/root.key",
        "etc/apk/keys/alpine-devel.rsa.pub",
        "etc/ssh/ssh_host_rsa_key.pub",
        "root/.ssh/id_rsa.pub",
        "app/.env.example",
        "app/.env.sample",
        "app/.env.production.example",
        "app/example.env",
        "app/environment",
        "app/.environment",
        "app/publickey.pem",
        "app/fullchain.pem",
        "app/.gitignore",
        "app/.gitattributes",
        "app/git/HEAD",
        "app/keyboard.json",
        "app/hotkeys.pem",
        "root/.docker/cli-plugins/x",
        "etc/hosts",
    ] {
        assert_eq!(ids(&found(files(&[path], 100))), [], "{path}");
    }
}

#[test]
fn a_directory_of_that_name_is_no_file() {
    let image = TestImage::default().layer("RUN python -m venv .env", |layer| {
        layer.directory("app/.env", 0o755);
        layer.file("app/.env/bin/python", 100);
    });
    assert_eq!(ids(&found(image)), []);
}

#[test]
fn what_a_package_brings_is_everybodys() {
    let image = files(&["usr/lib/ssl/misc/demo.key", "root/.ssh/id_rsa"], 100).build();
    let packages = TestPackages::new(
        &image,
        &[("openssl", &["usr/lib/ssl/misc", "root/.ssh"], &[])],
    );
    assert_eq!(ids(&examined(&image, &packages)), [FindingId::PrivateKey]);
}

#[test]
fn hiding_a_secret_takes_nothing_out() {
    let findings = found(
        TestImage::default()
            .layer("COPY . .", |layer| {
                layer.file("app/id_rsa", 1000);
                layer.file("app/.env", 100);
                layer.file("app/.git/objects/pack/x", 20_000);
            })
            .layer("RUN rm -rf app", |layer| layer.remove("app")),
    );
    let hidden: Vec<&Finding> = findings.of(FindingId::HiddenSecret).collect();
    assert_eq!(hidden.len(), 3);
    for finding in &hidden {
        assert_eq!(finding.severity, Severity::High);
        assert_eq!(finding.place.layer, Some(1));
    }
    let titles: Vec<&str> = hidden.iter().map(|it| it.title.as_str()).collect();
    assert!(
        titles.contains(&"/app/id_rsa is a private key: hidden by step 2, but still in step 1"),
        "{titles:?}"
    );
    assert!(!has(&findings, FindingId::PrivateKey));
}

#[test]
fn a_key_that_all_may_read_is_told_so() {
    let image = |mode| {
        TestImage::default().layer("COPY", |layer| {
            layer.mode("root/.ssh/id_rsa", mode, 100);
        })
    };
    assert!(has(&found(image(0o644)), FindingId::ReadableSecret));
    assert!(!has(&found(image(0o600)), FindingId::ReadableSecret));
}

/// Values that must never be told.
const VALUES: &[&str] = &[
    "hunter2secret",
    "AKIAIOSFODNN7EXAMPLE",
    "ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5",
    "label-value-77",
    "xoxb-12345-abcdefgh",
    "argvalue99",
    "MIIEsecretbody",
    "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig",
    "pa55word",
    "with spaces",
    "optionvalue",
];

fn telling() -> TestImage {
    TestImage::default()
        .layer("FROM", |layer| {
            layer.file("bin/sh", 20_000_000);
        })
        .step("ARG NPM_TOKEN=argvalue99")
        .step("ENV DB_PASSWORD=hunter2secret")
        .layer("RUN |2 API_KEY=with spaces V=1 /bin/sh -c export TOKEN=ghp_a1B2c3D4e5F6g7H8i9J0k1L2m3N4o5 && curl -H 'Authorization: Bearer eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxMjM0In0.sig' x", |layer| {
            layer.file("bin/sh", 20_000_000);
            layer.file("var/log/x.log", 500_000);
            layer.file("root/.netrc", 100);
        })
        .layer("RUN mysql -phunter2secret && git clone https://bob:pa55word@example.com/x && login --password optionvalue && apt-get update", |layer| {
            layer.remove("bin/sh");
            layer.file("var/lib/apt/lists/x", 500_000);
        })
        .step("LABEL key=-----BEGIN RSA PRIVATE KEY-----\nMIIEsecretbody\n-----END RSA PRIVATE KEY-----")
        .settings(|settings| {
            settings.env = vec![
                "PATH=/usr/bin".to_owned(),
                "DB_PASSWORD=hunter2secret".to_owned(),
                "PLAIN=AKIAIOSFODNN7EXAMPLE".to_owned(),
                "EMPTY_TOKEN=".to_owned(),
                "POSTGRES_PASSWORD_FILE=/run/secrets/db".to_owned(),
            ];
            settings.labels = labels(&[
                ("com.example.token", "label-value-77"),
                ("note", "xoxb-12345-abcdefgh"),
                ("maintainer", "somebody"),
            ]);
        })
}

#[test]
fn credentials_are_told_by_name_alone() {
    let findings = found(telling());
    let of = |id| -> Vec<(Severity, String)> {
        let all = findings.of(id);
        all.map(|it| (it.severity, it.title.clone())).collect()
    };
    assert_eq!(
        of(FindingId::SecretInEnv),
        [
            (
                Severity::High,
                "The variable PLAIN looks like an access key of AWS".to_owned()
            ),
            (
                Severity::Medium,
                "The variable DB_PASSWORD has a value, and by its name it is a secret".to_owned()
            ),
        ]
    );
    assert_eq!(of(FindingId::SecretInLabel).len(), 2);
    let history = of(FindingId::SecretInHistory);
    let all: Vec<&str> = history.iter().map(|it| it.1.as_str()).collect();
    for want in [
        "the value of NPM_TOKEN",
        "the value of TOKEN",
        "the value of API_KEY",
        "a private key",
        "an address with a password",
        "the value of password",
    ] {
        assert!(all.iter().any(|it| it.contains(want)), "{want}: {all:?}");
    }
    // The variable is told once, as a variable.
    assert!(!all.iter().any(|it| it.contains("DB_PASSWORD")), "{all:?}");
}

#[test]
fn no_value_of_a_secret_is_in_any_output() {
    let image = telling().build();
    let findings = examined(&image, &NoPackages);
    let redactor = Redactor::new(&image.facts);
    let mut outputs = vec![
        format!("{findings:?}"),
        format!("{findings:#?}"),
        serde_json::to_string(&findings).expect("json"),
        format!("{redactor:?}"),
    ];
    for step in &image.facts.history.steps {
        outputs.push(redactor.redact(&step.raw));
        outputs.push(redactor.redact(&step.instruction));
    }
    for finding in &findings.all {
        outputs.push(finding.title.clone());
        outputs.push(finding.remedy.clone());
    }
    for value in VALUES {
        for output in &outputs {
            assert!(!output.contains(value), "{value} in {output}");
        }
    }
    assert!(outputs.iter().any(|it| it.contains("export TOKEN=***")));
    assert!(outputs.iter().any(|it| it.contains("mysql -p***")));
}
