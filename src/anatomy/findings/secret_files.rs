//! Files that hold secrets, by their paths, also those that a later layer only hides.

use super::census::Census;
use super::finding::{Finding, Places, Severity};
use super::ids::FindingId;
use crate::anatomy::components::PathText;
use crate::anatomy::components::words::count;
use crate::anatomy::layer::index::Kind;
use crate::anatomy::merged::{Entry, LayerNo, Merged, NodeId};
use crate::model::bytes::Bytes;

/// What kind of secret a path gives away. Of several the first counts.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(super) enum Secret {
    /// A key by its well-known name.
    Key,
    /// A file of credentials by its well-known name.
    Credentials,
    /// Inside `.git`.
    Git,
    /// `.env`.
    Env,
    /// A key by its ending: what is called so among other people's files may be a test.
    LikelyKey,
    /// Configuration that often holds a token, and often not.
    LikelyCredentials,
}

impl Secret {
    /// Whether it is one wherever it lies.
    pub(super) const fn is_certain(self) -> bool {
        matches!(self, Self::Key | Self::Credentials | Self::Git)
    }
}

pub(super) const PATHS: &[(&[&str], Secret)] = &[
    (
        &[
            "**/id_{rsa,dsa,ecdsa,ed25519,ecdsa_sk,ed25519_sk,xmss}",
            "etc/ssh/ssh_host_*_key",
            "etc/ssl/private/*",
            "etc/pki/tls/private/*",
            "etc/letsencrypt/{archive,keys,live}/**/privkey*.pem",
            "**/.gnupg/{private-keys-v1.d/**,secring.gpg}",
            "**/.config/sops/age/keys.txt",
        ],
        Secret::Key,
    ),
    (
        &[
            "**/.aws/credentials",
            "**/.netrc",
            "**/_netrc",
            "**/.git-credentials",
            "**/.config/git/credentials",
            "**/.docker/config.json",
            "**/.dockercfg",
            "**/.kube/config",
            "**/{kubeconfig,*.kubeconfig,admin.conf.kubeconfig}",
            "**/.pypirc",
            "**/.pgpass",
            "**/.my.cnf",
            "**/.cargo/credentials{,.toml}",
            "usr/local/cargo/credentials{,.toml}",
            "**/.gem/credentials",
            "**/.config/gcloud/{application_default_credentials.json,credentials.db,access_tokens.db,legacy_credentials/**}",
            "**/.azure/{accessTokens.json,msal_token_cache.json,msal_token_cache.bin,azureProfile.json,service_principal_entries.json}",
            "**/.config/gh/hosts.yml",
            "**/.config/hub",
            "**/.terraform.d/credentials.tfrc.json",
            "**/{terraform.tfstate,terraform.tfstate.backup}",
            "**/.vault-token",
            "**/.boto",
            "**/.s3cfg",
            "**/.htpasswd",
            "**/auth.json.gpg",
        ],
        Secret::Credentials,
    ),
    (
        &[
            "**/.git/{objects,refs,logs,packs,lfs}/**",
            "**/.git/{HEAD,index,config,packed-refs,FETCH_HEAD,ORIG_HEAD}",
            "**/.{hg,svn}/**",
        ],
        Secret::Git,
    ),
    (&["**/.env", "**/.env.*", "**/*.env"], Secret::Env),
    (
        &[
            "**/*.{key,p12,pfx,jks,keystore,ppk,kdbx}",
            "**/*{key,priv,private}*.pem",
            "**/{server,client,tls,ssl,host,domain}*.key.pem",
            "**/*{service,Service}{_,-,}{account,Account}*.json",
            "**/*-key.json",
        ],
        Secret::LikelyKey,
    ),
    (
        &[
            "**/.npmrc",
            "**/.yarnrc.yml",
            "**/*.tfvars",
            "**/*.tfvars.json",
            "**/.m2/settings.xml",
            "**/.composer/auth.json",
            "**/.config/composer/auth.json",
        ],
        Secret::LikelyCredentials,
    ),
];

/// Where such names mean nothing: public certificates, examples, what others ship to be
/// tested with.
pub(super) const HARMLESS: &[&str] = &[
    "**/etc/ssl/certs/**",
    "etc/ssl*/{cert,certs}.pem",
    "etc/pki/{ca-trust,tls/certs,java,nssdb,rpm-gpg,entitlement}/**",
    "etc/ca-certificates/**",
    "usr/{,local/}share/ca-certificates/**",
    "usr/{,local/}share/{doc,keyrings,dns,man,zoneinfo,locale}/**",
    "usr/lib/{ssl,ssl1.1}/certs/**",
    "etc/apk/keys/**",
    "usr/share/apk/keys/**",
    "etc/apt/{keyrings,trusted.gpg.d}/**",
    "**/{site-packages,dist-packages,node_modules,gems,vendor}/**",
    "usr/{,local/}lib/python*/**",
    "usr/{,local/}lib{,64}/{node_modules,ruby,go,go-*,golang,perl5}/**",
    "usr/local/go/**",
    "**/go/pkg/mod/**",
    "**/.cargo/registry/**",
    "usr/local/cargo/registry/**",
    "**/{test,tests,testdata,__tests__,fixtures,spec,examples,example}/**",
    "**/{root,trusted-key,bind.keys,root-anchors}.key",
    "**/*{pub,public}*.{key,pem}",
    "**/*.pub.key",
    "**/.env.{example,sample,template,dist,defaults,default,schema,tpl,test,ci}",
    "**/.env.*.{example,sample,template,dist}",
    "**/{example,sample,template,default,defaults}.env",
    "usr/share/**",
    "opt/java/**/cacerts",
    // Locks and bindings of editors, colour and keyboard tables.
    "**/{keyboard,hotkeys,monkey,turkey}*.pem",
];

/// No more of these are told one by one.
const MOST: usize = 100;

/// One path that holds a secret.
struct Told<'a> {
    secret: Secret,
    node: NodeId,
    /// What holds it, newest first.
    entries: Vec<Entry<'a>>,
    visible: bool,
}

pub(super) fn findings(
    merged: &Merged,
    last: LayerNo,
    census: &Census,
    places: &Places<'_>,
) -> Vec<Finding> {
    let mut told: Vec<Told<'_>> = census
        .secrets
        .iter()
        .map(|(secret, node)| look(merged, last, *secret, *node))
        .collect();
    told.sort_by_cached_key(|it| (it.secret, merged.path(it.node)));
    let (git, others): (Vec<_>, Vec<_>) = told.iter().partition(|it| it.secret == Secret::Git);
    let mut findings = repositories(merged, &git, places);
    for it in others.iter().take(MOST) {
        findings.push(one(merged, it, places));
        if let Some(finding) = readable(merged, it, places) {
            findings.push(finding);
        }
    }
    if let Some(rest) = others.get(MOST..).filter(|rest| !rest.is_empty()) {
        findings.push(many(merged, rest, places));
    }
    findings
}

fn look(merged: &Merged, last: LayerNo, secret: Secret, node: NodeId) -> Told<'_> {
    let entries: Vec<Entry<'_>> = merged
        .history(node)
        .filter_map(|id| merged.entry(id))
        .filter(|entry| matches!(entry.kind, Kind::File | Kind::HardLink))
        .collect();
    let visible = entries
        .iter()
        .any(|entry| merged.is_visible(entry.id, last));
    Told {
        secret,
        node,
        entries,
        visible,
    }
}

/// Repositories: one finding for those that are seen, one for those that are hidden.
fn repositories(merged: &Merged, files: &[&Told<'_>], places: &Places<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for visible in [true, false] {
        let these: Vec<&&Told<'_>> = files.iter().filter(|it| it.visible == visible).collect();
        let Some(first) = these.iter().find_map(|it| it.entries.first()) else {
            continue;
        };
        let bytes = Bytes(these.iter().map(|it| size(it)).sum());
        let files = count(these.len() as u64, "file", "files");
        let paths = these.iter().map(|it| PathText(merged.path(it.node)));
        let finding = if visible {
            Finding::new(
                FindingId::GitDirectory,
                Severity::of_bytes(bytes).max(Severity::Medium),
                format!("A repository with its history is in the image: {bytes} in {files}"),
                "Name .git in .dockerignore, or delete it in the RUN that cloned.",
            )
        } else {
            Finding::new(
                FindingId::HiddenSecret,
                Severity::High,
                format!(
                    "A repository with its history is hidden by a later layer, not gone: {bytes} in {files}"
                ),
                "Keep .git out of the layer that brings it: deleting it later takes nothing out of the image.",
            )
        };
        findings.push(
            finding
                .bytes(bytes)
                .paths(paths, these.len() as u64)
                .at(places.layer(first.layer)),
        );
    }
    findings
}

fn size(told: &Told<'_>) -> u64 {
    told.entries.iter().map(|entry| entry.size.0).sum()
}

fn one(merged: &Merged, told: &Told<'_>, places: &Places<'_>) -> Finding {
    let path = PathText(merged.path(told.node));
    let layer = told.entries.first().map_or(LayerNo(0), |it| it.layer);
    let likely = matches!(told.secret, Secret::LikelyKey | Secret::LikelyCredentials);
    let (id, severity, what, remedy) = match told.secret {
        Secret::Key | Secret::LikelyKey => (
            FindingId::PrivateKey,
            if likely {
                Severity::Medium
            } else {
                Severity::High
            },
            if likely {
                "looks like a private key"
            } else {
                "is a private key"
            },
            "Mount it when the container starts, or for the one RUN that needs it (--mount=type=secret), and replace the key.",
        ),
        Secret::Env => (
            FindingId::EnvFile,
            Severity::Medium,
            "holds environment variables, where secrets are kept",
            "Name it in .dockerignore and give the variables to the container when it starts.",
        ),
        Secret::Credentials | Secret::LikelyCredentials | Secret::Git => (
            FindingId::CredentialsFile,
            if likely {
                Severity::Low
            } else {
                Severity::High
            },
            if likely {
                "may hold a token"
            } else {
                "holds credentials"
            },
            "Mount it for the one RUN that needs it (--mount=type=secret), and replace the credentials.",
        ),
    };
    let died = told.entries.iter().filter_map(|entry| entry.died).max();
    if !told.visible {
        let hidden = died.map_or_else(String::new, |by| format!(" by {}", places.name(by)));
        let title = format!(
            "{path} {what}: hidden{hidden}, but still in {}",
            places.name(layer)
        );
        return Finding::new(
            FindingId::HiddenSecret,
            if likely { Severity::Medium } else { Severity::High },
            title,
            "Keep it out of the layer that brings it, build anew, and replace the secret: deleting it later takes nothing out of the image.",
        )
        .paths([path], 1)
        .at(places.layer(layer));
    }
    Finding::new(id, severity, format!("{path} {what}"), remedy)
        .paths([path], 1)
        .at(places.layer(layer))
}

/// A visible secret that everybody in the container may read.
fn readable(merged: &Merged, told: &Told<'_>, places: &Places<'_>) -> Option<Finding> {
    let entry = told.entries.first().filter(|_| told.visible)?;
    if entry.mode & 0o004 == 0 || told.secret > Secret::LikelyKey {
        return None;
    }
    let path = PathText(merged.path(told.node));
    let title = format!("{path} can be read by every user of the container");
    let remedy =
        "Take it out of the image; where it has to stay, give it mode 0600 (COPY --chmod=600).";
    Some(
        Finding::new(FindingId::ReadableSecret, Severity::Medium, title, remedy)
            .paths([path], 1)
            .at(places.layer(entry.layer)),
    )
}

fn many(merged: &Merged, rest: &[&Told<'_>], places: &Places<'_>) -> Finding {
    let title = format!("{} more files that look like secrets", rest.len());
    let layer = rest.iter().find_map(|it| it.entries.first());
    let paths = rest.iter().map(|it| PathText(merged.path(it.node)));
    Finding::new(
        FindingId::CredentialsFile,
        Severity::Medium,
        title,
        "Look through them: keep those out of the image that are.",
    )
    .paths(paths, rest.len() as u64)
    .at(layer.map_or_else(Default::default, |it| places.layer(it.layer)))
}
