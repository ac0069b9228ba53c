//! Builds on a real engine: what arrives in the image, what a failure says, what a cancel
//! leaves behind (nothing).

use std::collections::BTreeMap;
use std::fs;
use std::io::Write;
use std::path::Path;
use std::time::Duration;

use bollard::Docker;
use bollard::query_parameters::{
    CreateImageOptions, ListContainersOptions, ListImagesOptions, RemoveImageOptions,
};
use futures_util::StreamExt;
use karat::engine::build::{BuildError, BuildRequest, Builder, Built, build, build_by};
use karat::model::progress::{BuildState, Progress};
use karat::model::project::EngineName;
use tokio::sync::mpsc;
use tokio_util::sync::CancellationToken;

/// One test's corner of the engine: a base image and whatever is built on it, all with a
/// label of its own, and taken away at the end, however the test ends.
pub(crate) struct Corner {
    pub(crate) docker: Docker,
    pub(crate) id: String,
    folder: tempfile::TempDir,
}

impl Corner {
    pub(crate) async fn new() -> Self {
        let docker = crate::local::engine().await;
        let corner = Self {
            docker,
            id: format!("karat-test-{:016x}", rand::random::<u64>()),
            folder: tempfile::tempdir().expect("a folder"),
        };
        let options = CreateImageOptions {
            from_src: Some("-".to_owned()),
            repo: Some(format!("{}:1", corner.base())),
            changes: vec![format!("LABEL karat.test={}", corner.id)],
            ..CreateImageOptions::default()
        };
        let body = bollard::body_full(busybox().into());
        let mut answers = Box::pin(corner.docker.create_image(Some(options), Some(body), None));
        while let Some(answer) = answers.next().await {
            answer.expect("the base image is imported");
        }
        drop(answers);
        corner
    }

    pub(crate) fn base(&self) -> String {
        format!("{}/base", self.id)
    }

    pub(crate) fn tag(&self) -> String {
        format!("{}/image:1.0.0", self.id)
    }

    fn write(&self, name: &str, text: &str) {
        let path = self.folder.path().join(name);
        fs::create_dir_all(path.parent().expect("a parent")).expect("folders");
        fs::write(path, text).expect("a file");
    }

    pub(crate) fn request(&self, dockerfile: &str) -> BuildRequest {
        let base = format!("{}:1", self.base());
        self.write("Dockerfile", &dockerfile.replace("BASE", &base));
        BuildRequest {
            engine: EngineName::from("local"),
            what: "image 1.0.0".to_owned(),
            context: self.folder.path().to_owned(),
            dockerfile: self.folder.path().join("Dockerfile"),
            target: None,
            args: BTreeMap::new(),
            labels: BTreeMap::new(),
            tags: vec![self.tag()],
            no_cache: false,
            pull: false,
            logins: karat::engine::Logins::default(),
        }
    }

    async fn build(&self, request: &BuildRequest) -> (Result<Built, BuildError>, Vec<Progress>) {
        let (sender, receiver) = mpsc::channel(64);
        let watch = tokio::spawn(gather(receiver));
        let cancel = CancellationToken::new();
        let outcome = build(&self.docker, request, &sender, &cancel).await;
        drop(sender);
        (outcome, watch.await.expect("progress"))
    }

    /// Everything on the engine that carries this corner's label, containers and images,
    /// but for the base.
    pub(crate) async fn left_over(&self) -> Vec<String> {
        let label = format!("karat.test={}", self.id);
        let filters = Some([("label".to_owned(), vec![label])].into());
        let images = ListImagesOptions {
            all: true,
            filters: filters.clone(),
            ..ListImagesOptions::default()
        };
        let containers = ListContainersOptions {
            all: true,
            filters,
            ..ListContainersOptions::default()
        };
        let images = self.docker.list_images(Some(images)).await.expect("images");
        let containers = self.docker.list_containers(Some(containers)).await;
        // Podman spells the name with its registry.
        let base = format!("{}:1", self.base());
        images
            .into_iter()
            .filter(|image| !image.repo_tags.iter().any(|tag| tag.ends_with(&base)))
            .map(|image| format!("image {} {:?}", image.id, image.repo_tags))
            .chain(
                containers
                    .expect("containers")
                    .into_iter()
                    .filter_map(|c| c.id),
            )
            .collect()
    }

    async fn file(&self, path: &str) -> Option<String> {
        let body = bollard::models::ContainerCreateBody {
            image: Some(self.tag()),
            cmd: Some(vec!["/bin/true".to_owned()]),
            ..Default::default()
        };
        let made = self
            .docker
            .create_container(None, body)
            .await
            .expect("a container");
        let options = bollard::query_parameters::DownloadFromContainerOptions {
            path: path.to_owned(),
        };
        let mut tar = Vec::new();
        let mut stream = Box::pin(self.docker.download_from_container(&made.id, Some(options)));
        let mut found = true;
        while let Some(chunk) = stream.next().await {
            match chunk {
                Ok(chunk) => tar.extend_from_slice(&chunk),
                Err(_) => found = false,
            }
        }
        drop(stream);
        self.docker
            .remove_container(&made.id, None)
            .await
            .expect("removed");
        if !found {
            return None;
        }
        let mut archive = tar::Archive::new(tar.as_slice());
        let mut entry = archive.entries().ok()?.next()?.ok()?;
        let mut text = String::new();
        std::io::Read::read_to_string(&mut entry, &mut text).ok()?;
        Some(text)
    }
}

impl Drop for Corner {
    /// Also after a failed assertion: on a thread with a runtime of its own.
    fn drop(&mut self) {
        let id = self.id.clone();
        let sweep = std::thread::spawn(move || {
            let runtime = tokio::runtime::Builder::new_current_thread()
                .enable_all()
                .build();
            runtime.expect("a runtime").block_on(sweep(&id));
        });
        let _ = sweep.join();
    }
}

async fn sweep(id: &str) {
    let docker = crate::local::connect();
    for _ in 0..3 {
        let options = ListImagesOptions {
            filters: Some([("label".to_owned(), vec![format!("karat.test={id}")])].into()),
            ..ListImagesOptions::default()
        };
        for image in docker.list_images(Some(options)).await.unwrap_or_default() {
            let force = RemoveImageOptions {
                force: true,
                ..RemoveImageOptions::default()
            };
            let _ = docker.remove_image(&image.id, Some(force), None).await;
        }
    }
}

pub(crate) async fn gather(mut receiver: mpsc::Receiver<Progress>) -> Vec<Progress> {
    let mut all = Vec::new();
    while let Some(one) = receiver.recv().await {
        all.push(one);
    }
    all
}

/// A root file system of one static program under its many names.
fn busybox() -> Vec<u8> {
    let program = ["/bin/busybox", "/usr/bin/busybox"]
        .iter()
        .find_map(|path| fs::read(path).ok())
        .expect("busybox-static, which these tests build from: apt-get install busybox-static");
    let mut tar = tar::Builder::new(Vec::new());
    let mut header = tar::Header::new_gnu();
    header.set_mode(0o755);
    header.set_size(program.len() as u64);
    tar.append_data(&mut header, "bin/busybox", program.as_slice())
        .expect("a tar");
    for name in ["sh", "sleep", "cat", "echo", "true", "ls", "date", "mkdir"] {
        let mut header = tar::Header::new_gnu();
        header.set_entry_type(tar::EntryType::Symlink);
        header.set_size(0);
        tar.append_link(&mut header, format!("bin/{name}"), "busybox")
            .expect("a tar");
    }
    tar.into_inner().expect("a tar")
}

fn log(progress: &[Progress]) -> String {
    let lines = progress.iter().filter_map(|one| match one {
        Progress::Log(line) => Some(line.as_str()),
        _ => None,
    });
    lines.collect::<Vec<_>>().join("\n")
}

#[tokio::test]
async fn arguments_labels_target_and_ignored_files_arrive_as_asked() {
    let corner = Corner::new().await;
    corner.write("kept.txt", "kept");
    corner.write("secret.txt", "no");
    corner.write("folder/deep.md", "deep");
    corner.write(".dockerignore", "*.txt\n!kept.txt\n");
    let mut request = corner.request(
        "FROM BASE AS first\nARG GREETING\nARG API_TOKEN\nCOPY . /context\n\
         RUN echo \"$GREETING with $API_TOKEN\" && echo \"$GREETING\" > /greeting\n\
         FROM first AS second\nRUN exit 3\n",
    );
    request.target = Some("first".to_owned());
    request.args.insert("GREETING".to_owned(), "hey".to_owned());
    request
        .args
        .insert("API_TOKEN".to_owned(), "t0p".to_owned());
    request
        .labels
        .insert("org.example.x".to_owned(), "y z".to_owned());
    let second = format!("{}/image:latest", corner.id);
    request.tags.push(second.clone());

    let (built, progress) = corner.build(&request).await;
    let built = built.expect("a build");
    for tag in [corner.tag(), second] {
        let image = corner.docker.inspect_image(&tag).await.expect("tagged");
        assert_eq!(image.id.as_deref(), Some(built.image_id.as_str()));
        let labels = image
            .config
            .and_then(|config| config.labels)
            .expect("labels");
        assert_eq!(labels["org.example.x"], "y z");
    }
    assert!(log(&progress).contains("hey with •••"), "{progress:#?}");
    assert!(!format!("{progress:?}").contains("t0p"));
    assert!(
        progress
            .iter()
            .any(|one| matches!(one, Progress::Build(step)
        if step.name.contains("COPY . /context") && matches!(step.state, BuildState::Done(_))))
    );
    assert!(
        progress
            .iter()
            .any(|one| matches!(one, Progress::Bytes { done, total, .. }
        if Some(*done) == *total))
    );
    assert_eq!(corner.file("/greeting").await.as_deref(), Some("hey\n"));
    assert_eq!(
        corner.file("/context/kept.txt").await.as_deref(),
        Some("kept")
    );
    assert_eq!(
        corner.file("/context/folder/deep.md").await.as_deref(),
        Some("deep")
    );
    assert_eq!(corner.file("/context/secret.txt").await, None);
}

#[tokio::test]
async fn the_cache_is_used_unless_it_is_not_wanted() {
    let corner = Corner::new().await;
    let mut request = corner.request("FROM BASE\nRUN date +%s%N > /when\n");
    let cached = |progress: &[Progress]| {
        progress.iter().any(|one| {
            matches!(one, Progress::Build(step)
            if step.name.contains("RUN date") && step.state == BuildState::Cached)
        })
    };
    let (first, _) = corner.build(&request).await;
    let (second, progress) = corner.build(&request).await;
    assert!(cached(&progress), "{progress:#?}");
    assert_eq!(
        first.expect("built").image_id,
        second.expect("built").image_id
    );
    let when = corner.file("/when").await;
    request.no_cache = true;
    let (third, progress) = corner.build(&request).await;
    third.expect("built");
    assert!(!cached(&progress));
    assert_ne!(corner.file("/when").await, when);
}

#[tokio::test]
async fn a_failing_step_is_named_with_its_last_lines() {
    let corner = Corner::new().await;
    let request =
        corner.request("FROM BASE\nRUN echo one; echo two >&2; echo no end of line >&2; exit 7\n");
    let (outcome, progress) = corner.build(&request).await;
    let error = outcome.expect_err("a failure");
    let BuildError::Step { step, error, log } = &error else {
        panic!("not the step's failure: {error:?}");
    };
    assert!(step.contains("RUN echo one"), "{step}");
    assert!(error.contains('7'), "{error}");
    for line in ["one", "two", "no end of line"] {
        assert!(log.contains(&line.to_owned()), "{log:?}");
    }
    assert!(
        progress
            .iter()
            .any(|one| matches!(one, Progress::Build(step)
        if matches!(step.state, BuildState::Failed(_))))
    );
    assert_eq!(corner.left_over().await, Vec::<String>::new());
}

#[tokio::test]
async fn a_recipe_that_cannot_be_is_refused_in_words() {
    let corner = Corner::new().await;
    let request = corner.request("FROM BASE\nNONSENSE here\n");
    let error = corner.build(&request).await.0.expect_err("refused");
    assert!(error.to_string().contains("NONSENSE"), "{error}");

    let request = corner.request("FROM karat-nowhere.invalid/nothing:1\n");
    let error = corner.build(&request).await.0.expect_err("no base");
    assert!(matches!(error, BuildError::NoBase { .. }), "{error:?}");
    assert!(
        error
            .to_string()
            .contains("karat-nowhere.invalid/nothing:1"),
        "{error}"
    );

    let request = corner.request("FROM BASE\nCOPY missing /\n");
    let error = corner.build(&request).await.0.expect_err("nothing to copy");
    assert!(error.to_string().contains("missing"), "{error}");
}

/// Cancels as soon as a step says that it has begun.
fn cancel_once_begun(
    mut receiver: mpsc::Receiver<Progress>,
    cancel: &CancellationToken,
) -> tokio::task::JoinHandle<()> {
    let cancel = cancel.clone();
    tokio::spawn(async move {
        while let Some(one) = receiver.recv().await {
            if one == Progress::Log("begun".to_owned()) {
                cancel.cancel();
            }
        }
    })
}

#[tokio::test]
async fn a_cancel_during_a_step_leaves_nothing() {
    let corner = Corner::new().await;
    let mark = format!("61{}", rand::random::<u16>());
    let request = corner.request(&format!("FROM BASE\nRUN echo begun; sleep {mark}\n"));
    let (sender, receiver) = mpsc::channel(64);
    let cancel = CancellationToken::new();
    let watch = cancel_once_begun(receiver, &cancel);
    let outcome = build(&corner.docker, &request, &sender, &cancel).await;
    drop(sender);
    watch.await.expect("watched");
    assert!(matches!(outcome, Err(BuildError::Cancelled)), "{outcome:?}");
    assert_eq!(corner.left_over().await, Vec::<String>::new());
    for _ in 0..50 {
        if !runs(&mark) {
            return;
        }
        tokio::time::sleep(Duration::from_millis(100)).await;
    }
    panic!("the step still runs five seconds after the cancel");
}

/// Whether a `sleep` of that length runs on this machine.
fn runs(mark: &str) -> bool {
    let processes = fs::read_dir("/proc").expect("/proc");
    processes.flatten().any(|process| {
        fs::read_to_string(process.path().join("cmdline"))
            .is_ok_and(|line| line.starts_with("sleep\0") && line.contains(mark))
    })
}

#[tokio::test]
async fn a_cancel_at_any_moment_leaves_no_tag() {
    let corner = Corner::new().await;
    large_file(&corner.folder.path().join("large"), 24);
    for millis in [0, 3, 30, 80, 150, 250, 350, 450, 600] {
        let mut request = corner.request("FROM BASE\nCOPY large /\nRUN echo x > /x\n");
        request.no_cache = true;
        let (sender, receiver) = mpsc::channel(64);
        let watch = tokio::spawn(gather(receiver));
        let cancel = CancellationToken::new();
        let stop = cancel.clone();
        let timer = tokio::spawn(async move {
            tokio::time::sleep(Duration::from_millis(millis)).await;
            stop.cancel();
        });
        let outcome = build(&corner.docker, &request, &sender, &cancel).await;
        drop(sender);
        watch.await.expect("watched");
        timer.abort();
        if outcome.is_ok() {
            let force = Some(RemoveImageOptions::default());
            corner
                .docker
                .remove_image(&corner.tag(), force, None)
                .await
                .expect("removed");
        } else {
            assert!(matches!(outcome, Err(BuildError::Cancelled)), "{outcome:?}");
            assert_eq!(
                corner.left_over().await,
                Vec::<String>::new(),
                "after {millis} ms"
            );
        }
    }
}

fn large_file(path: &Path, megabytes: usize) {
    let mut file = fs::File::create(path).expect("a file");
    let mut block = vec![0u8; 1 << 20];
    rand::Rng::fill(&mut rand::rng(), block.as_mut_slice());
    for _ in 0..megabytes {
        file.write_all(&block).expect("written");
    }
}

/// The most memory this process ever had, in kilobytes.
fn peak_memory() -> u64 {
    let status = fs::read_to_string("/proc/self/status").expect("/proc");
    let line = status.lines().find_map(|line| line.strip_prefix("VmHWM:"));
    let number = line.and_then(|line| line.split_whitespace().next());
    number
        .and_then(|number| number.parse().ok())
        .expect("a number")
}

#[tokio::test]
async fn a_context_larger_than_the_memory_it_may_take_is_streamed() {
    // Memory is the whole process's: this one needs a process of its own.
    const ALONE: &str = "KARAT_TEST_ALONE";
    if std::env::var_os(ALONE).is_none() {
        let this = "build::a_context_larger_than_the_memory_it_may_take_is_streamed";
        let alone = std::process::Command::new(std::env::current_exe().expect("this program"))
            .args(["--exact", this, "--nocapture"])
            .env(ALONE, "1")
            .output()
            .expect("it runs");
        let said = String::from_utf8_lossy(&alone.stdout).into_owned();
        assert!(alone.status.success(), "{said}");
        assert!(said.contains("1 passed"), "{said}");
        return;
    }
    let corner = Corner::new().await;
    large_file(&corner.folder.path().join("large"), 300);
    let request = corner.request("FROM BASE\nRUN echo nothing of it is copied\n");
    let before = peak_memory();
    corner.build(&request).await.0.expect("built");
    let grown = peak_memory().saturating_sub(before);
    assert!(
        grown < 60_000,
        "memory grew by {grown} kB for a context of 300 MB"
    );
}

#[tokio::test]
async fn the_classic_builder_does_the_same_where_there_is_no_other() {
    let corner = Corner::new().await;
    corner.write("kept", "kept");
    corner.write("left", "left");
    corner.write(".dockerignore", "*\n!kept\n");
    let classic = Some(Builder::Classic);
    let cancel = CancellationToken::new();

    let mut request = corner.request("FROM BASE\nARG API_TOKEN\nCOPY . /c\nRUN echo $API_TOKEN\n");
    request
        .args
        .insert("API_TOKEN".to_owned(), "t0p".to_owned());
    let (sender, receiver) = mpsc::channel(64);
    let watch = tokio::spawn(gather(receiver));
    let built = build_by(&corner.docker, classic, &request, &sender, &cancel).await;
    drop(sender);
    let progress = watch.await.expect("progress");
    built.expect("built");
    assert!(matches!(&progress[0], Progress::Note(note) if note.contains("classic")));
    assert!(
        progress
            .iter()
            .any(|one| matches!(one, Progress::Build(step)
        if step.name == "[3/4] COPY . /c" && matches!(step.state, BuildState::Done(_))))
    );
    assert!(log(&progress).contains("•••") && !format!("{progress:?}").contains("t0p"));
    assert_eq!(corner.file("/c/kept").await.as_deref(), Some("kept"));
    assert_eq!(corner.file("/c/left").await, None);
    assert_eq!(corner.file("/c/Dockerfile").await, None);
    let options = Some(RemoveImageOptions::default());
    corner
        .docker
        .remove_image(&corner.tag(), options, None)
        .await
        .expect("removed");
    assert_eq!(corner.left_over().await, Vec::<String>::new());

    let request = corner.request("FROM BASE\nRUN echo made > /made\nRUN echo the last; exit 5\n");
    let (sender, receiver) = mpsc::channel(64);
    let watch = tokio::spawn(gather(receiver));
    let failed = build_by(&corner.docker, classic, &request, &sender, &cancel).await;
    let BuildError::Step { step, log, .. } = failed.expect_err("a failure") else {
        panic!("not the step's failure");
    };
    assert_eq!(step, "[3/3] RUN echo the last; exit 5");
    assert!(log.contains(&"the last".to_owned()), "{log:?}");
    assert_eq!(corner.left_over().await, Vec::<String>::new());

    drop(sender);
    watch.await.expect("progress");

    let request = corner.request("FROM BASE\nRUN echo more > /made\nRUN echo begun; sleep 97\n");
    let (sender, receiver) = mpsc::channel(64);
    let watch = cancel_once_begun(receiver, &cancel);
    let stopped = build_by(&corner.docker, classic, &request, &sender, &cancel).await;
    assert!(matches!(stopped, Err(BuildError::Cancelled)), "{stopped:?}");
    drop(sender);
    watch.await.expect("watched");
    assert_eq!(corner.left_over().await, Vec::<String>::new());
}
