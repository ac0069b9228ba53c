//! Fleets to look at.

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use crate::pty::{PATH, Term, Variables};
use crate::support::Engine;
use crate::support::image::Recipe;

/// An engine with a fleet on it.
pub(crate) struct Stage {
    pub(crate) engine: Engine,
    folder: tempfile::TempDir,
}

/// The demo fleet, for all tests that take care not to stand in each other's way. It ends
/// with the test's process.
pub(crate) static DEMO: LazyLock<Stage> = LazyLock::new(Stage::demo);

impl Stage {
    /// The demo fleet, laid out by karat itself on an engine of its own.
    pub(crate) fn demo() -> Self {
        let stage = Self::empty();
        let folder = stage.project();
        let home = tempfile::tempdir().expect("a folder");
        let laid = std::process::Command::new(ON_A_LAPTOP[0])
            .args(&ON_A_LAPTOP[1..])
            .args(["demo", "--engine", "--dir"])
            .arg(&folder)
            .env_clear()
            .env("PATH", PATH)
            .envs(stage.variables())
            .envs(at_home(home.path()))
            .current_dir(home.path())
            .output()
            .expect("karat runs");
        assert!(
            laid.status.success(),
            "the demo cannot be laid out: {}",
            String::from_utf8_lossy(&laid.stderr)
        );
        // The engine's name on screen is not to depend on where this test puts its socket.
        let file = folder.join("karat.toml");
        let text = std::fs::read_to_string(&file).expect("the demo's project");
        let text = text.replace(&stage.engine.address(), "context:default");
        std::fs::write(&file, text).expect("the demo's project");
        stage
    }

    /// `web` in `prod`, protected: 2.0.0 runs, and 1.0.0 is there, which takes its time to
    /// become healthy.
    pub(crate) fn slow() -> Self {
        let stage = Self::web("protected = true");
        let changes = ["ENV START_SECONDS=600", SLOW];
        stage.engine.api.image(&Recipe {
            changes: &changes,
            check: false,
            ..Recipe::new("golden/web", "1.0.0")
        });
        stage
    }

    /// `web` in `prod`: 2.0.0 runs.
    pub(crate) fn small() -> Self {
        Self::web("")
    }

    fn web(more: &str) -> Self {
        let stage = Self::empty();
        stage.engine.api.usual("golden/web", "2.0.0");
        stage.engine.api.app("web", "golden/web:2.0.0");
        stage.engine.api.healthy("web");
        std::fs::create_dir_all(stage.project()).expect("a folder");
        let project = format!(
            "[images.web]\nrepository = \"golden/web\"\nversion = \"semver\"\n\
             [environments.prod]\nengines = [\"context:default\"]\nsoak = \"1s\"\n{more}\n"
        );
        std::fs::write(stage.project().join("karat.toml"), project).expect("a file");
        stage
    }

    /// An engine with nothing on it.
    pub(crate) fn empty() -> Self {
        Self {
            engine: Engine::start(),
            // Of the same length everywhere: it is on screen.
            folder: tempfile::tempdir_in("/tmp").expect("a folder"),
        }
    }

    /// The folder of the project.
    pub(crate) fn project(&self) -> PathBuf {
        self.folder.path().join("karat-demo")
    }

    /// What karat is started with.
    pub(crate) fn variables(&self) -> Variables {
        vec![("DOCKER_HOST".to_owned(), self.engine.address())]
    }

    /// Somebody who looks at it, with a home of their own.
    pub(crate) fn somebody(&self) -> Somebody {
        let home = tempfile::tempdir().expect("a folder");
        let mut variables = self.variables();
        variables.extend(at_home(home.path()));
        Somebody {
            home,
            folder: self.project(),
            variables,
        }
    }

    /// What the docker client answers.
    pub(crate) fn docker(&self, args: &[&str]) -> String {
        crate::support::needs("docker", "docker.io");
        let output = std::process::Command::new("docker")
            .args(args)
            .env("DOCKER_HOST", self.engine.address())
            .output()
            .expect("docker runs");
        assert!(
            output.status.success(),
            "docker {args:?}: {}",
            String::from_utf8_lossy(&output.stderr)
        );
        String::from_utf8_lossy(&output.stdout).trim().to_owned()
    }

    /// The version label of the image a container runs, as the docker client sees it.
    pub(crate) fn version(&self, container: &str) -> String {
        let image = self.docker(&["inspect", "-f", "{{.State.Running}} {{.Image}}", container]);
        let image = image
            .strip_prefix("true ")
            .unwrap_or_else(|| panic!("{container} does not run: {image}"));
        let label = "{{index .Config.Labels \"org.opencontainers.image.version\"}}";
        self.docker(&["image", "inspect", "-f", label, image])
    }
}

/// Waits for health long enough for a test to do something meanwhile.
const SLOW: &str = "HEALTHCHECK --interval=1s --timeout=2s --start-period=600s --retries=3 CMD [\"/bin/sh\",\"-c\",\"test -e /ok\"]";

/// Somebody with a home of their own, in the folder of a project.
pub(crate) struct Somebody {
    home: tempfile::TempDir,
    pub(crate) folder: PathBuf,
    pub(crate) variables: Variables,
}

fn at_home(folder: &Path) -> Variables {
    let folder = folder.display().to_string();
    ["HOME", "KARAT_HOME"]
        .map(|name| (name.to_owned(), folder.clone()))
        .into()
}

pub(crate) const KARAT: &str = env!("CARGO_BIN_EXE_karat");

/// karat on a machine whose name is always the same.
pub(crate) const ON_A_LAPTOP: [&str; 6] = [
    "unshare",
    "--uts",
    "sh",
    "-c",
    "hostname laptop && exec \"$0\" \"$@\"",
    KARAT,
];

impl Somebody {
    /// In a project that names an engine which is nothing but this socket.
    pub(crate) fn before(socket: &Path) -> Self {
        Self::with_project(&format!(
            "[images.web]\nrepository = \"golden/web\"\n\
             [environments.prod]\nengines = [\"unix://{}\"]\n",
            socket.display()
        ))
    }

    /// In a project of which this is the file.
    pub(crate) fn with_project(project: &str) -> Self {
        let home = tempfile::tempdir().expect("a folder");
        std::fs::write(home.path().join("karat.toml"), project).expect("a file");
        Self {
            folder: home.path().to_owned(),
            variables: at_home(home.path()),
            home,
        }
    }

    /// Somebody who has this in a file of their settings folder.
    pub(crate) fn with_file(self, name: &str, text: &str) -> Self {
        let path = self.home().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).expect("a folder");
        }
        std::fs::write(path, text).expect("a file");
        self
    }

    /// Somebody whose environment has this variable, too.
    pub(crate) fn with(mut self, name: &str, value: &str) -> Self {
        self.variables.push((name.to_owned(), value.to_owned()));
        self
    }

    /// Where karat keeps what it writes.
    pub(crate) fn home(&self) -> &Path {
        self.home.path()
    }

    /// Opens karat in a terminal of that many columns and rows.
    pub(crate) fn opens(&self, columns: u16, rows: u16) -> Term {
        Term::open((columns, rows), &[KARAT], &self.folder, &self.variables)
    }

    /// Opens what is made up, in a folder whose project file cannot even be read.
    pub(crate) fn opens_the_demo(&self, more: &[&str], columns: u16, rows: u16) -> Term {
        let words = [&[KARAT, "demo"], more].concat();
        Term::open((columns, rows), &words, &self.folder, &self.variables)
    }

    /// The same on a machine whose name is always the same.
    pub(crate) fn opens_on_a_laptop(&self, columns: u16, rows: u16) -> Term {
        Term::open((columns, rows), &ON_A_LAPTOP, &self.folder, &self.variables)
    }

    /// The same, taking the time until these words are on screen.
    pub(crate) fn opens_watching(&self, mark: &str) -> Term {
        Term::watching((100, 30), &[KARAT], &self.folder, &self.variables, mark)
    }
}
