//! Habits that the history tells of.

use super::*;
use crate::anatomy::components::testing::{TestLayer, labels};
use crate::anatomy::findings::Severity;

fn habits(findings: &Findings) -> Vec<FindingId> {
    use FindingId as F;
    let about = [
        F::AptUpdateAlone,
        F::AptRecommends,
        F::InstallWithoutCleanup,
        F::SystemUpgrade,
        F::PipKeepsCache,
        F::NpmInstall,
        F::AddRemote,
        F::PipeToShell,
        F::RecursiveOwnership,
        F::Sudo,
        F::ContextCopied,
        F::ConsecutiveRuns,
    ];
    let mut ids: Vec<F> = findings.all.iter().map(|it| it.id).collect();
    ids.retain(|id| about.contains(id));
    ids.sort_unstable();
    ids
}

fn step(instruction: &str, fill: impl FnOnce(&mut TestLayer)) -> Vec<FindingId> {
    habits(&found(TestImage::default().layer(instruction, fill)))
}

#[test]
fn instructions_are_judged_by_what_they_run() {
    use FindingId as F;
    for (instruction, want) in [
        ("RUN apt-get update", vec![F::AptUpdateAlone]),
        (
            "RUN apt-get update && apt-get install -y --no-install-recommends curl",
            vec![],
        ),
        (
            "RUN apt-get update && apt-get install -y curl",
            vec![F::AptRecommends],
        ),
        (
            "RUN apt-get -o APT::Install-Recommends=false install -y curl",
            vec![],
        ),
        ("RUN echo apt-get install", vec![]),
        (
            "RUN apt-get update && apt-get upgrade -y",
            vec![F::SystemUpgrade],
        ),
        ("RUN apk upgrade --no-cache", vec![F::SystemUpgrade]),
        ("RUN dnf update -y", vec![F::SystemUpgrade]),
        ("RUN dnf update -y openssl", vec![]),
        ("RUN npm install", vec![F::NpmInstall]),
        ("RUN cd /app && npm i --omit=dev", vec![F::NpmInstall]),
        ("RUN npm ci", vec![]),
        ("RUN npm install -g yarn", vec![]),
        ("RUN npm install express", vec![]),
        ("ADD https://example.com/x.tar.gz /tmp/", vec![F::AddRemote]),
        (
            "ADD --checksum=sha256:0 https://example.com/x.tar.gz /tmp/",
            vec![],
        ),
        ("ADD rootfs.tar.xz /", vec![]),
        ("ADD file:abc in /", vec![]),
        ("COPY https.txt /", vec![]),
        ("RUN curl -fsSL https://x | sh", vec![F::PipeToShell]),
        (
            "RUN wget -qO- https://x | tee log | sudo bash -s -- -y",
            vec![F::PipeToShell, F::Sudo],
        ),
        (
            "RUN sh -c \"$(curl -fsSL https://x)\"",
            vec![F::PipeToShell],
        ),
        ("RUN curl -o x https://x && sh x", vec![]),
        ("RUN curl https://x | tar xz", vec![]),
        ("RUN curl https://x | sha256sum -c && sh y", vec![]),
        ("RUN cat x | sh", vec![]),
        ("RUN sudo make install", vec![F::Sudo]),
        (
            "RUN apt-get install -y --no-install-recommends sudo",
            vec![],
        ),
        ("CMD [\"curl\", \"x\", \"|\", \"sh\"]", vec![]),
    ] {
        assert_eq!(step(instruction, |_| {}), want, "{instruction}");
    }
}

#[test]
fn what_is_left_in_the_layer_counts_not_what_is_left_unsaid() {
    use FindingId as F;
    let lists = |layer: &mut TestLayer| {
        layer.file("var/lib/apt/lists/x_Packages", 50 * MIB);
    };
    let install = "RUN apt-get update && apt-get install -y --no-install-recommends curl";
    assert_eq!(step(install, lists), [F::InstallWithoutCleanup]);
    // A cache mount, or a base that cleans by itself: nothing was left.
    assert_eq!(step(install, |_| {}), []);
    // Cleaned in a later step: the layer has it all the same.
    let findings = found(
        TestImage::default()
            .layer(install, lists)
            .layer("RUN rm -rf /var/lib/apt/lists/*", |layer| {
                layer.remove("var/lib/apt/lists/x_Packages")
            }),
    );
    let left = only(&findings, F::InstallWithoutCleanup);
    assert_eq!(left.bytes.map(|it| it.0), Some(50 * MIB));
    assert_eq!(left.severity, Severity::Medium);
    // The layer is not there: only what is said counts.
    let said = |instruction: &str| habits(&found(TestImage::default().absent(instruction)));
    assert_eq!(said(install), [F::InstallWithoutCleanup]);
    assert_eq!(
        said(&format!("{install} && rm -rf /var/lib/apt/lists/*")),
        []
    );
    assert_eq!(said("RUN apk add --no-cache curl"), []);
    assert_eq!(said("RUN dnf install -y curl && dnf clean all"), []);
}

#[test]
fn pip_is_judged_by_its_cache() {
    use FindingId as F;
    let cache = |layer: &mut TestLayer| {
        layer.file("root/.cache/pip/http/x", 3 * MIB);
    };
    for (instruction, want) in [
        ("RUN pip install flask", vec![F::PipKeepsCache]),
        (
            "RUN python3 -m pip install -r requirements.txt",
            vec![F::PipKeepsCache],
        ),
        ("RUN pip install --no-cache-dir flask", vec![]),
        ("RUN pip --version", vec![]),
        ("RUN python3 setup.py install", vec![]),
    ] {
        assert_eq!(step(instruction, cache), want, "{instruction}");
    }
    assert_eq!(step("RUN pip install flask", |_| {}), []);
    let by_variable = TestImage::default()
        .layer("RUN pip install flask", cache)
        .settings(|settings| settings.env = vec!["PIP_NO_CACHE_DIR=1".to_owned()]);
    assert_eq!(habits(&found(by_variable)), []);
}

#[test]
fn changing_owners_costs_what_it_copies() {
    use FindingId as F;
    let copies = |layer: &mut TestLayer| {
        layer.file("app/x", 30 * MIB);
    };
    for (instruction, want) in [
        ("RUN chown -R app:app /app", vec![F::RecursiveOwnership]),
        (
            "RUN chmod -R 755 /app && chown -Rv app /app",
            vec![F::RecursiveOwnership],
        ),
        (
            "RUN chown --recursive app /app",
            vec![F::RecursiveOwnership],
        ),
        ("RUN make install && chown -R app /app", vec![]),
        ("RUN chown app /app", vec![]),
        ("RUN chmod --reference=R x y", vec![]),
    ] {
        assert_eq!(step(instruction, copies), want, "{instruction}");
    }
    assert_eq!(step("RUN chown -R app:app /app", |_| {}), []);
}

#[test]
fn a_copied_context_is_told_by_what_it_brought() {
    use FindingId as F;
    let git = |layer: &mut TestLayer| {
        layer.directory("app/.git", 0o755);
        layer.file("app/.git/HEAD", 10);
        layer.file("app/Dockerfile", 10);
    };
    let clean = |layer: &mut TestLayer| {
        layer.file("app/main.py", 10);
        layer.file("app/Dockerfile", 10);
    };
    assert_eq!(step("COPY . .", git), [F::ContextCopied]);
    assert_eq!(
        step("COPY --chown=app . /app # buildkit", git),
        [F::ContextCopied]
    );
    assert_eq!(step("COPY . .", clean), []);
    assert_eq!(step("COPY src /app", git), []);
    assert_eq!(step("COPY --from=build . /app", git), []);
    let findings = found(TestImage::default().layer("COPY . .", git));
    let title = &only(&findings, F::ContextCopied).title;
    assert_eq!(
        title,
        "Step 1 copies the whole build context, .git, Dockerfile included"
    );
}

#[test]
fn runs_in_a_row_are_counted_by_what_they_ship() {
    let run = |image: TestImage| image.layer("RUN make", |_| {});
    let three = run(run(run(TestImage::default())));
    let findings = found(three);
    assert_eq!(
        only(&findings, FindingId::ConsecutiveRuns).title,
        "3 RUN steps in a row, 1 to 3"
    );
    let apart = run(run(TestImage::default()).step("ENV A=1"));
    assert!(!has(&found(run(apart)), FindingId::ConsecutiveRuns));
}

#[test]
fn settings_are_judged() {
    use FindingId as F;
    let with = |user: &str, check: &[&str], told: &[(&str, &str)]| {
        let image = TestImage::default().settings(|settings| {
            settings.user = user.to_owned();
            settings.health_check = check.iter().map(|it| (*it).to_owned()).collect();
            settings.labels = labels(told);
            settings.cmd = vec!["x".to_owned()];
        });
        let about = [
            F::RunsAsRoot,
            F::NoHealthCheck,
            F::BaseUnknown,
            F::BaseNotPinned,
        ];
        let mut ids: Vec<F> = found(image).all.iter().map(|it| it.id).collect();
        ids.retain(|id| about.contains(id));
        ids.sort_unstable();
        ids
    };
    const BASE: &str = "org.opencontainers.image.base.name";
    const DIGEST: &str = "org.opencontainers.image.base.digest";
    let check = ["CMD", "true"];
    assert_eq!(with("app", &check, &[(BASE, "debian:12.5")]), []);
    assert_eq!(
        with("1000:1000", &check, &[(BASE, "registry:5000/debian:12.5")]),
        []
    );
    assert_eq!(
        with(
            "app",
            &check,
            &[(BASE, "debian:latest"), (DIGEST, "sha256:0")]
        ),
        []
    );
    assert_eq!(
        with("app", &check, &[(BASE, "debian:latest")]),
        [F::BaseNotPinned]
    );
    assert_eq!(
        with("app", &check, &[(BASE, "registry:5000/debian")]),
        [F::BaseNotPinned]
    );
    assert_eq!(
        with("0:0", &["NONE"], &[]),
        [F::RunsAsRoot, F::NoHealthCheck, F::BaseUnknown]
    );
    assert_eq!(
        with("root", &check, &[(BASE, "debian:12.5")]),
        [F::RunsAsRoot]
    );
}
