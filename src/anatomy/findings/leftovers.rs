//! Logs, temporary files, and what builds and editors leave lying about.

use super::finding::Severity;
use super::groups::Group;
use super::ids::FindingId;

pub(super) const GROUPS: &[Group] = &[
    Group {
        id: FindingId::EditorFiles,
        paths: &[
            "**/{.DS_Store,Thumbs.db,desktop.ini,.directory}",
            "**/.{vscode,idea,vs,fleet}/**",
            "**/.*.{swp,swo}",
            "**/*~",
            "**/*.orig",
            "**/#*#",
        ],
        except: &["usr/lib/**", "usr/share/**", "var/lib/**", "etc/**"],
        at_least: 0,
        at_most: Severity::Low,
        what: "of files that editors and desktops leave behind",
        remedy: "Name them in .dockerignore.",
    },
    Group {
        id: FindingId::BuildLeftovers,
        paths: &[
            "**/node_modules/.cache/**",
            "**/target/debug/**",
            "**/.{pytest_cache,mypy_cache,ruff_cache,tox,nox,hypothesis,eslintcache,parcel-cache,turbo,nyc_output}/**",
            "**/.{next,nuxt,angular,svelte-kit}/cache/**",
            "**/coverage/{lcov-report/**,lcov.info}",
            "**/*.o",
            "**/CMakeFiles/**",
        ],
        // Start files that a compiler links, and modules of the kernel's build.
        except: &["usr/lib/**", "usr/lib64/**", "usr/local/lib/**", "lib/**"],
        at_least: 10_000,
        at_most: Severity::Medium,
        what: "left by builds, tests and linters",
        remedy: "Build in a stage of its own, and name these folders in .dockerignore.",
    },
    Group {
        id: FindingId::SourceMaps,
        paths: &["**/*.{js,mjs,cjs,css,ts}.map"],
        except: &[],
        at_least: 100_000,
        at_most: Severity::Low,
        what: "of source maps",
        remedy: "Build without them, or send them to the error tracker instead of shipping them.",
    },
    Group {
        id: FindingId::CompiledPython,
        paths: &["**/__pycache__/**", "**/*.{pyc,pyo}"],
        except: &[],
        at_least: 5_000_000,
        at_most: Severity::Low,
        what: "of compiled Python files, which can be made again",
        remedy: "Install with pip install --no-compile and set PYTHONDONTWRITEBYTECODE=1, if a slower first start is acceptable.",
    },
    Group {
        id: FindingId::LogFiles,
        paths: &["var/log/**", "**/{npm-debug,yarn-error,yarn-debug}.log"],
        except: &[],
        at_least: 10_000,
        at_most: Severity::Medium,
        what: "of logs of the build",
        remedy: "Delete them in the RUN that wrote them.",
    },
    Group {
        id: FindingId::TemporaryFiles,
        paths: &[
            "tmp/**",
            "var/tmp/**",
            "{root,home/*}/.cache/**",
            "{root,home/*}/.{bash_history,ash_history,zsh_history,python_history,wget-hsts,lesshst,viminfo}",
        ],
        except: &[
            // Caches that have a finding of their own, and downloads that are the point.
            "{root,home/*}/.cache/{huggingface,torch,whisper,ms-playwright,puppeteer,selenium}/**",
        ],
        at_least: 1_000,
        at_most: Severity::High,
        what: "of temporary files",
        remedy: "Delete them in the RUN that wrote them, or mount a tmpfs there while it runs.",
    },
];
