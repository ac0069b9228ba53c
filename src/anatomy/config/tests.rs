use super::*;

fn diff_id(n: u8) -> String {
    Digest::of(&[n]).to_string()
}

fn with_history(history: &str, layers: u8) -> Configuration {
    let ids: Vec<String> = (0..layers).map(|n| format!("\"{}\"", diff_id(n))).collect();
    let json = format!(
        r#"{{"os":"linux","architecture":"amd64","rootfs":{{"type":"layers","diff_ids":[{}]}}{history}}}"#,
        ids.join(",")
    );
    Configuration::read(json.as_bytes()).expect("a configuration")
}

#[test]
fn a_whole_configuration_is_read() {
    let json = format!(
        r#"{{
        "architecture":"arm64","os":"linux","variant":"v8","created":"2024-05-06T07:08:09.123456789Z",
        "config":{{
            "Env":["PATH=/bin","A="],"Entrypoint":["/entry"],"Cmd":["run","it"],"User":"app:app",
            "WorkingDir":"/app","ExposedPorts":{{"8080/tcp":{{}},"53/udp":{{}}}},"Volumes":{{"/data":{{}}}},
            "Labels":{{"version":"1.4.2","author":"me"}},"Healthcheck":{{"Test":["CMD-SHELL","true"],"Interval":5}},
            "StopSignal":"SIGTERM","Shell":["/bin/bash","-c"],"OnBuild":["RUN x"],"ArgsEscaped":true
        }},
        "container_config":{{"Cmd":["/bin/sh"]}},
        "rootfs":{{"type":"layers","diff_ids":["{}"]}},
        "history":[{{"created":"2024-05-06T07:08:09Z","created_by":"RUN /bin/bash -c make # buildkit","comment":"buildkit.dockerfile.v0"}}]
    }}"#,
        diff_id(1)
    );
    let read = Configuration::read(json.as_bytes()).expect("a configuration");
    assert_eq!(read.digest, Digest::of(json.as_bytes()));
    assert_eq!(read.platform, "linux/arm64/v8");
    assert_eq!(read.created.map(|it| it.timestamp()), Some(1_714_979_289));
    let settings = &read.settings;
    assert_eq!(settings.env, ["PATH=/bin", "A="]);
    assert_eq!((settings.entrypoint.len(), settings.cmd.len()), (1, 2));
    assert_eq!(
        (settings.user.as_str(), settings.working_dir.as_str()),
        ("app:app", "/app")
    );
    assert_eq!(settings.ports, ["53/udp", "8080/tcp"]);
    assert_eq!(settings.volumes, ["/data"]);
    assert_eq!(settings.labels["version"], "1.4.2");
    assert_eq!(settings.health_check, ["CMD-SHELL", "true"]);
    assert_eq!(settings.stop_signal.as_deref(), Some("SIGTERM"));
    assert_eq!(settings.on_build, ["RUN x"]);
    assert_eq!(read.history.fit, Fit::Whole);
    let step = read.steps().remove(0).expect("a step");
    assert_eq!((step.number, step.instruction.as_str()), (1, "RUN make"));
    assert_eq!(step.raw, "RUN /bin/bash -c make # buildkit");
    assert_eq!(step.comment.as_deref(), Some("buildkit.dockerfile.v0"));
}

#[test]
fn history_fits_the_layers_or_claims_nothing() {
    let step =
        |text: &str, empty: bool| format!(r#"{{"created_by":"{text}","empty_layer":{empty}}}"#);
    let (a, b, empty) = (step("a", false), step("b", false), step("e", true));
    for (history, layers, fit, made) in [
        (
            format!("[{a},{empty},{b}]"),
            2,
            Fit::Whole,
            vec![Some(1), Some(3)],
        ),
        (format!("[{empty}]"), 0, Fit::Whole, vec![]),
        ("[]".to_owned(), 0, Fit::Whole, vec![]),
        ("[]".to_owned(), 2, Fit::Missing, vec![None, None]),
        ("null".to_owned(), 1, Fit::Missing, vec![None]),
        ("\"text\"".to_owned(), 1, Fit::Missing, vec![None]),
        (
            format!("[{a},{empty}]"),
            2,
            Fit::Mismatched { told: 1, there: 2 },
            vec![None, None],
        ),
        (
            format!("[{a},{b}]"),
            1,
            Fit::Mismatched { told: 2, there: 1 },
            vec![None],
        ),
        // A step of the wrong type is a step all the same.
        (format!("[7,{b}]"), 2, Fit::Whole, vec![Some(1), Some(2)]),
    ] {
        let read = with_history(&format!(",\"history\":{history}"), layers);
        assert_eq!(read.history.fit, fit, "{history}");
        let numbers: Vec<_> = read
            .steps()
            .iter()
            .map(|it| it.as_ref().map(|it| it.number))
            .collect();
        assert_eq!(numbers, made, "{history}");
    }
    assert_eq!(with_history("", 1).history.fit, Fit::Missing);
}

#[test]
fn values_of_the_wrong_type_count_as_not_there() {
    let json = format!(
        r#"{{"architecture":5,"os":null,"created":"yesterday","config":{{
            "Env":[1,"A=1",null],"Entrypoint":"/entry","Cmd":null,"User":{{}},"ExposedPorts":[80],
            "Labels":{{"a":"b","c":3}},"Healthcheck":"none","Shell":{{}}
        }},"rootfs":{{"diff_ids":["{}"]}},"history":[{{"created":3,"created_by":null,"comment":"Imported from -"}}]}}"#,
        diff_id(1)
    );
    let read = Configuration::read(json.as_bytes()).expect("a configuration");
    assert_eq!(read.platform, "unknown/unknown");
    assert_eq!(read.created, None);
    assert_eq!(read.settings.env, ["A=1"]);
    assert_eq!(read.settings.entrypoint, ["/entry"]);
    assert!(read.settings.cmd.is_empty() && read.settings.ports.is_empty());
    assert_eq!(read.settings.labels.len(), 1);
    let step = read.steps().remove(0).expect("a step");
    assert_eq!((step.raw.as_str(), step.created), ("", None));
    for no_config in ["null", "7", "[]"] {
        let json = format!(r#"{{"config":{no_config},"rootfs":{{}}}}"#);
        let read = Configuration::read(json.as_bytes()).expect("a configuration");
        assert_eq!(
            (read.settings, read.diff_ids),
            (Settings::default(), vec![])
        );
    }
}

#[test]
fn dates_that_are_none_are_no_dates() {
    for (text, known) in [
        ("2024-05-06T07:08:09Z", true),
        ("2024-05-06T07:08:09.5+02:00", true),
        ("1970-01-01T00:00:00Z", true),
        ("0001-01-01T00:00:00Z", false),
        ("2024-13-06T07:08:09Z", false),
        ("", false),
    ] {
        assert_eq!(moment(text).is_some(), known, "{text}");
    }
}

#[test]
fn what_is_no_configuration_is_refused() {
    let not_a_digest = r#"{"rootfs":{"diff_ids":["sha256:12"]}}"#;
    let many = format!(
        r#"{{"rootfs":{{"diff_ids":[{}""]}}}}"#,
        "\"\",".repeat(20_000)
    );
    for (json, says) in [
        ("", "it is not JSON"),
        ("<html>", "it is not JSON"),
        ("[]", "no `rootfs`"),
        ("{}", "no `rootfs`"),
        (r#"{"rootfs":[]}"#, "no `rootfs`"),
        (not_a_digest, "names layer 1 `sha256:12`"),
        (r#"{"rootfs":{"diff_ids":[7]}}"#, "names layer 1 ``"),
        (many.as_str(), "lists 20001 layers"),
    ] {
        let error = Configuration::read(json.as_bytes())
            .expect_err(json)
            .to_string();
        assert!(error.contains(says), "{json:.40}: {error}");
    }
    let deep = format!(
        "{{\"rootfs\":{}{}}}",
        "[".repeat(100_000),
        "]".repeat(100_000)
    );
    assert!(Configuration::read(deep.as_bytes()).is_err());
}
