//! Which image is meant, and from where.

use crate::anatomy::archive::platform::Platform;
use crate::anatomy::archive::source::{Name, NotASource, Source};
use crate::model::nearest;
use crate::model::project::{EngineName, Image, Project};
use crate::model::reference::{ImageRef, Repository};

use super::error::ExplainError;

/// An image that is asked for.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Ask {
    /// As it was written.
    pub text: String,
    /// Where it is to be had.
    pub source: Source,
    /// Only on this environment's engines, or this engine.
    pub engine: Option<String>,
    /// For which platform, where there are several; the engine's by default.
    pub platform: Option<Platform>,
}

impl Ask {
    /// Reads what was written on a command line: a name, an id, or a place.
    ///
    /// # Errors
    /// [`NotASource`].
    pub fn parse(text: &str) -> Result<Self, NotASource> {
        Ok(Self {
            text: text.to_owned(),
            source: Source::parse(text)?,
            engine: None,
            platform: None,
        })
    }

    /// The image of the project that is meant: by its name or repository as it was written,
    /// or by one of the `names` that it turned out to have.
    #[must_use]
    pub fn image<'p>(&self, project: &'p Project, names: &[String]) -> Option<&'p Image> {
        let written = match &self.source {
            Source::Name(Name::Reference(it)) | Source::Engine(Name::Reference(it)) => Some(it),
            Source::Registry(it) => Some(it),
            _ => None,
        };
        let images = &project.images;
        let by_name = written.and_then(|written| {
            let name = written.repository.as_str();
            images.iter().find(|it| it.name.as_str() == name)
        });
        by_name.or_else(|| {
            let read: Vec<ImageRef> = names
                .iter()
                .filter_map(|name| ImageRef::parse(name).ok())
                .collect();
            let mut all = read.iter().chain(written);
            all.find_map(|name| images.iter().find(|it| it.repository == name.repository))
        })
    }

    /// The name in a registry that a plain name stands for where no engine has it: it has a
    /// registry's host, and the project names its repository. Nothing else is ever looked up.
    #[must_use]
    pub fn in_registry(&self, project: &Project) -> Option<&ImageRef> {
        let Source::Name(Name::Reference(written)) = &self.source else {
            return None;
        };
        let repository = &written.repository;
        repository.registry_host()?;
        let of = |image: &Image| {
            let mut all = project.in_registries(image).into_iter();
            image.repository == *repository || all.any(|(_, it)| it == *repository)
        };
        let named = project.images.iter().any(of);
        (named && self.engine.is_none()).then_some(written)
    }

    /// The same image at another version or place: `from` of a rule about growth. A version
    /// alone is one of the image asked for here.
    ///
    /// # Errors
    /// [`NotASource`].
    pub fn against(&self, project: &Project, from: &str) -> Result<Self, NotASource> {
        let own = match &self.source {
            Source::Name(Name::Reference(it)) | Source::Engine(Name::Reference(it)) => Some(it),
            Source::Registry(it) => Some(it),
            _ => None,
        };
        let named = project.images.iter().any(|it| it.name.as_str() == from);
        let a_tag = !named && !from.contains(['/', ':', '@']);
        let text = match own.filter(|_| a_tag) {
            Some(own) => {
                let transport = match &self.source {
                    Source::Registry(_) => "docker://",
                    _ => "",
                };
                format!("{transport}{}:{from}", own.repository)
            }
            None => from.to_owned(),
        };
        Ok(Self {
            engine: self.engine.clone(),
            platform: self.platform.clone(),
            ..Self::parse(&text)?
        })
    }
}

/// What an engine is asked for, in this order: the name as it was written, then what the
/// project means by it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Names {
    /// To be asked for as they are.
    pub(super) plain: Vec<String>,
    /// An image of the project, and the version that was written behind its name: a label
    /// may say which that is where no tag does.
    pub(super) version: Option<(Repository, String)>,
}

impl Names {
    pub(super) fn of(name: &Name, text: &str, project: &Project) -> Self {
        let Name::Reference(reference) = name else {
            return Self {
                plain: vec![text.to_owned()],
                version: None,
            };
        };
        // As it was written: for Docker, `localhost/web` is not `web`.
        let mut plain = vec![text.to_owned()];
        let familiar = reference.to_string();
        if familiar != text {
            plain.push(familiar);
        }
        let named = |image: &&Image| image.name.as_str() == reference.repository.as_str();
        let image = project.images.iter().find(named);
        let mut version = None;
        if let Some(image) = image {
            let mut full = reference.clone();
            full.repository = image.repository.clone();
            let full = full.to_string();
            if !plain.contains(&full) {
                plain.push(full);
            }
        }
        let known = project
            .images
            .iter()
            .find(|image| named(image) || image.repository == reference.repository);
        if let (Some(image), Some(tag), None) = (known, &reference.tag, &reference.digest) {
            version = Some((image.repository.clone(), tag.clone()));
        }
        Self { plain, version }
    }
}

/// The engines that are asked, in order: those of an environment, one by its name, or all.
pub(super) fn engines(
    project: &Project,
    local: Option<&EngineName>,
    asked: Option<&str>,
) -> Result<Vec<EngineName>, ExplainError> {
    let Some(asked) = asked else {
        let mut names: Vec<EngineName> = local.into_iter().cloned().collect();
        let in_order = project.environments.iter().flat_map(|it| &it.engines);
        for name in in_order.chain(project.engines.keys()) {
            if !names.contains(name) {
                names.push(name.clone());
            }
        }
        return Ok(names);
    };
    let environment = project
        .environments
        .iter()
        .find(|it| it.name.as_str() == asked);
    if let Some(environment) = environment {
        return Ok(environment.engines.clone());
    }
    let known = || project.engines.keys().chain(local);
    if let Some(name) = known().find(|name| name.as_str() == asked) {
        return Ok(vec![name.clone()]);
    }
    let environments = project.environments.iter().map(|it| it.name.as_str());
    let words: Vec<&str> = environments.chain(known().map(|it| it.as_str())).collect();
    Err(ExplainError::NoSuchEngine {
        asked: asked.to_owned(),
        hint: nearest::hint(asked, words.iter().copied()),
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::testing::{environment, image, project};

    fn shop() -> Project {
        let mut project = project(vec![environment("dev"), environment("prod")]);
        let mut web = image("web");
        web.repository = Repository::new("example.com/golden/web");
        project.images = vec![web];
        project
    }

    fn names(text: &str) -> Names {
        let ask = Ask::parse(text).expect(text);
        let Source::Name(name) = &ask.source else {
            panic!("{ask:?}")
        };
        Names::of(name, text, &shop())
    }

    #[test]
    fn a_name_may_be_one_of_the_project() {
        assert_eq!(names("other:1").plain, ["other:1"]);
        assert_eq!(names("other:1").version, None);
        let local = names("localhost/other:1");
        assert_eq!(local.plain, ["localhost/other:1", "other:1"]);
        let web = names("web:1.4.0");
        assert_eq!(web.plain, ["web:1.4.0", "example.com/golden/web:1.4.0"]);
        assert_eq!(web.version.map(|it| it.1), Some("1.4.0".to_owned()));
        let full = names("example.com/golden/web:1.4.0");
        assert_eq!(full.plain, ["example.com/golden/web:1.4.0"]);
        assert_eq!(full.version.map(|it| it.1), Some("1.4.0".to_owned()));
        let id = format!("sha256:{}", "0".repeat(64));
        assert_eq!(names(&id).plain, [id]);
    }

    #[test]
    fn an_image_of_the_project_is_known_by_its_name_or_repository() {
        let shop = shop();
        let image = |text: &str, names: &[&str]| {
            let names: Vec<String> = names.iter().map(|it| (*it).to_owned()).collect();
            let ask = Ask::parse(text).expect(text);
            ask.image(&shop, &names).map(|it| it.name.0.clone())
        };
        let web = Some("web".to_owned());
        assert_eq!(image("web:1", &[]), web);
        assert_eq!(image("example.com/golden/web:1", &[]), web);
        assert_eq!(
            image("docker-archive:a.tar", &["example.com/golden/web:1"]),
            web
        );
        assert_eq!(image("docker-archive:a.tar", &["x:1"]), None);
        assert_eq!(image("other:1", &[]), None);
    }

    #[test]
    fn a_version_alone_is_one_of_the_same_image() {
        let against = |text: &str, from: &str| {
            let ask = Ask::parse(text).expect(text);
            ask.against(&shop(), from).expect(from).text
        };
        assert_eq!(against("web:2", "1.4.0"), "web:1.4.0");
        assert_eq!(against("web:2", "web:1"), "web:1");
        let there = "docker://example.com/web:2";
        assert_eq!(against(there, "1.4.0"), "docker://example.com/web:1.4.0");
        assert_eq!(against("other:2", "web"), "web");
        assert_eq!(against("docker-archive:a.tar", "web:1"), "web:1");
        assert_eq!(
            against("web:2", "docker-archive:a.tar"),
            "docker-archive:a.tar"
        );
    }

    #[test]
    fn only_a_name_with_a_host_that_the_project_names_stands_for_one_in_a_registry() {
        let shop = shop();
        let reference = |text: &str| {
            let ask = Ask::parse(text).expect(text);
            ask.in_registry(&shop).map(ToString::to_string)
        };
        let full = "example.com/golden/web:1.4.0";
        assert_eq!(reference(full).as_deref(), Some(full));
        for other in [
            "web:1.4.0",
            "golden/web:1.4.0",
            "example.com/golden/other:1.4.0",
            "docker-daemon:example.com/golden/web:1.4.0",
        ] {
            assert_eq!(reference(other), None, "{other}");
        }
        let on_one = Ask {
            engine: Some("prod".to_owned()),
            ..Ask::parse(full).expect(full)
        };
        assert_eq!(on_one.in_registry(&shop), None);
    }

    #[test]
    fn engines_are_asked_in_order() {
        let shop = shop();
        let local = EngineName::from("context:default");
        let ask = |asked| engines(&shop, Some(&local), asked);
        let all: Vec<String> = ask(None).expect("all").into_iter().map(|it| it.0).collect();
        assert_eq!(all, ["context:default", "dev", "prod"]);
        assert_eq!(ask(Some("prod")).expect("one"), [EngineName::from("prod")]);
        assert_eq!(
            ask(Some("context:default")).expect("one"),
            std::slice::from_ref(&local)
        );
        let why = ask(Some("pord")).expect_err("none").to_string();
        assert!(why.contains("did you mean `prod`?"), "{why}");
    }
}
