//! A container with every setting there is, replaced: nothing may be lost.

use serde_json::{Value, json};

use crate::compare::losses;
use crate::library::Library;
use crate::support::image::Recipe;
use crate::support::{Api, Engine};
use karat::model::event::Outcome;

const MIB: u64 = 1 << 20;
const SECOND: u64 = 1_000_000_000;

fn project(engine: &Engine) -> String {
    format!(
        "[images.app]\nrepository = \"parity/app\"\n[environments.prod]\nengines = [\"{}\"]\n",
        engine.address()
    )
}

fn engine_with_two_versions(changes: &[&str]) -> Engine {
    let engine = Engine::start();
    for tag in ["1.0.0", "2.0.0"] {
        engine.api.image(&Recipe {
            changes,
            ..Recipe::new("parity/app", tag)
        });
    }
    engine
}

/// Replaces `name` and compares.
async fn replace_and_compare(engine: &Engine, name: &str, also: &[(&str, &str)]) -> (Value, Value) {
    let before = engine.api.container(name).expect("it runs");
    let library = Library::new(&project(engine));
    let report = library.to("app", "prod", "2.0.0").await;
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    assert_eq!(engine.api.version(name), "2.0.0");
    let after = engine.api.container(name).expect("it runs");
    let lost = losses(&before, &after, also);
    assert!(lost.is_empty(), "{name}:\n{}", lost.join("\n"));
    (before, after)
}

fn network(api: &Api, name: &str, subnet: &str) {
    api.post(
        "/networks/create",
        &json!({ "Name": name, "CheckDuplicate": true, "IPAM": { "Config": [{ "Subnet": subnet }] } }),
    );
}

fn everything(folder: &str) -> Value {
    let mut body = config();
    body["HostConfig"] = host_config(folder);
    body["NetworkingConfig"] = json!({ "EndpointsConfig": { "net-one": {
        "IPAMConfig": { "IPv4Address": "10.91.0.20" },
        "Aliases": ["front", "web.internal"],
        "Links": ["db:database"],
        "DriverOpts": { "com.example.option": "x" },
    } } });
    body
}

fn config() -> Value {
    json!({
        "Image": "parity/app:1.0.0",
        "Hostname": "front-1",
        "Domainname": "shop.example",
        "User": "0:2000",
        "AttachStdout": true,
        "OpenStdin": true,
        "Tty": true,
        "Env": ["MODE=live", "VERSION=mine", "EMPTY=", "PASSWORD=a=b c"],
        "Entrypoint": ["/bin/sh", "-c"],
        "Cmd": ["touch /tmp/ok; exec sleep 100000"],
        "WorkingDir": "/work",
        "Labels": { "team": "shop", "org.example.note": "with \"quotes\" and ünïcode" },
        "Healthcheck": {
            "Test": ["CMD", "/bin/test", "-e", "/tmp/ok"],
            "Interval": SECOND / 2, "Timeout": 3 * SECOND, "Retries": 7, "StartPeriod": SECOND,
        },
        "ExposedPorts": { "80/tcp": {}, "53/udp": {}, "9000/tcp": {} },
        "Volumes": { "/anonymous": {} },
        "StopSignal": "SIGINT",
        "StopTimeout": 7,
        "Shell": ["/bin/sh", "-ec"],
        "MacAddress": "02:aa:bb:cc:dd:01",
    })
}

fn host_config(folder: &str) -> Value {
    json!({
        "Binds": [format!("{folder}:/bound:ro"), "named-volume:/named"],
        "Tmpfs": { "/tmp": "rw,size=8m,mode=1777" },
        "Mounts": [
            { "Type": "volume", "Source": "mounted-volume", "Target": "/mounted",
              "VolumeOptions": { "NoCopy": true, "Labels": { "kind": "mount" } } },
            { "Type": "volume", "Target": "/nameless" },
            { "Type": "bind", "Source": folder, "Target": "/bound-two", "ReadOnly": true,
              "BindOptions": { "Propagation": "private" } },
            { "Type": "tmpfs", "Target": "/ram", "TmpfsOptions": { "SizeBytes": MIB, "Mode": 448 } },
        ],
        "Memory": 64 * MIB, "MemoryReservation": 32 * MIB, "MemorySwap": 128 * MIB,
        "NanoCpus": 500_000_000, "CpuShares": 512, "CpusetCpus": "0", "PidsLimit": 60,
        "Ulimits": [{ "Name": "nofile", "Soft": 1_024, "Hard": 2_048 }],
        "CapAdd": ["NET_ADMIN"], "CapDrop": ["MKNOD"],
        "SecurityOpt": ["no-new-privileges"],
        "Devices": [{ "PathOnHost": "/dev/null", "PathInContainer": "/dev/nothing", "CgroupPermissions": "rwm" }],
        "DeviceCgroupRules": ["c 1:3 mr"],
        "Sysctls": { "net.ipv4.ip_unprivileged_port_start": "0" },
        "Dns": ["10.0.0.53"], "DnsSearch": ["shop.example"], "DnsOptions": ["ndots:2"],
        "ExtraHosts": ["ledger:10.1.2.3"],
        "RestartPolicy": { "Name": "on-failure", "MaximumRetryCount": 5 },
        "LogConfig": { "Type": "json-file", "Config": { "max-size": "1m", "tag": "shop" } },
        "ReadonlyRootfs": true,
        "Init": true,
        "IpcMode": "shareable",
        "PidMode": "host",
        "ShmSize": 16 * MIB,
        "GroupAdd": ["2001"],
        "OomScoreAdj": 100,
        "NetworkMode": "net-one",
        "PortBindings": { "80/tcp": [{ "HostIp": "127.0.0.1", "HostPort": "8081" }], "53/udp": [{ "HostPort": "5353" }] },
        "ConsoleSize": [40, 120],
        "MaskedPaths": ["/proc/kcore"],
        "ReadonlyPaths": ["/proc/sys"],
    })
}

#[tokio::test]
async fn a_container_with_every_setting_is_recreated_without_loss() {
    let engine = engine_with_two_versions(&["VOLUME /from-image", "EXPOSE 7000", "LABEL maker=us"]);
    let api = &engine.api;
    network(api, "net-one", "10.91.0.0/24");
    network(api, "net-two", "10.92.0.0/24");
    api.usual("parity/db", "1.0.0");
    api.run(
        "db",
        &json!({ "Image": "parity/db:1.0.0", "HostConfig": { "NetworkMode": "net-one" } }),
    );
    let folder = tempfile::tempdir_in("/var/tmp").expect("a folder");
    let id = api.create("front", &everything(&folder.path().display().to_string()));
    api.post(
        "/networks/net-two/connect",
        &json!({ "Container": id, "EndpointConfig": {
            "IPAMConfig": { "IPv4Address": "10.92.0.30" }, "Aliases": ["back"] } }),
    );
    api.post(&format!("/containers/{id}/start"), &Value::Null);
    api.healthy("front");
    let also = [
        (
            "/HostConfig/Binds",
            "volumes without a name are attached by the name the engine gave them; compared below",
        ),
        (
            "/HostConfig/Mounts",
            "the same, for --mount; compared below",
        ),
        (
            "/NetworkSettings/Networks/net-two/MacAddress",
            "nobody asked for it: newer engines make one up",
        ),
    ];
    let (before, after) = replace_and_compare(&engine, "front", &also).await;

    let binds = |inspect: &Value| -> Vec<String> {
        let list = inspect["HostConfig"]["Binds"].as_array().expect("binds");
        list.iter()
            .map(|bind| bind.as_str().expect("text").to_owned())
            .collect()
    };
    let volume = |inspect: &Value, place: &str| -> String {
        let mounts = inspect["Mounts"].as_array().expect("mounts");
        let found = mounts.iter().find(|mount| mount["Destination"] == place);
        found.expect("a mount")["Name"]
            .as_str()
            .expect("a name")
            .to_owned()
    };
    let mut expected = binds(&before);
    expected.push(format!("{}:/anonymous", volume(&before, "/anonymous")));
    expected.push(format!("{}:/from-image", volume(&before, "/from-image")));
    expected.sort();
    let mut found = binds(&after);
    found.sort();
    assert_eq!(found, expected);
    let mut mounts = before["HostConfig"]["Mounts"].clone();
    mounts[1]["Source"] = json!(volume(&before, "/nameless"));
    assert_eq!(after["HostConfig"]["Mounts"], mounts);
}

#[tokio::test]
async fn a_second_and_a_third_time_lose_nothing_either() {
    let engine = engine_with_two_versions(&["VOLUME /from-image"]);
    let api = &engine.api;
    network(api, "net-one", "10.91.0.0/24");
    api.run("front", &json!({
        "Image": "parity/app:1.0.0", "Volumes": { "/anonymous": {} },
        // One field of the health check is the user's; the others stay the image's.
        "Healthcheck": { "Retries": 9 },
        "HostConfig": { "NetworkMode": "net-one", "RestartPolicy": { "Name": "unless-stopped" } },
        "NetworkingConfig": { "EndpointsConfig": { "net-one": { "Aliases": ["front-door"] } } },
    }));
    api.healthy("front");
    let dynamic = [
        ("/HostConfig/Binds", "volumes without a name, by name"),
        ("/Config/Env", "the image's own VERSION; the user set none"),
        ("/Config/Hostname", "the engine's own, from the id"),
        (
            "/NetworkSettings/Networks/net-one/IPAddress",
            "the engine's choice",
        ),
        (
            "/NetworkSettings/Networks/net-one/MacAddress",
            "the engine's choice",
        ),
    ];
    let library = Library::new(&project(&engine));
    let before = api.container("front").expect("it runs");
    for version in ["2.0.0", "1.0.0", "2.0.0"] {
        let report = library.to("app", "prod", version).await;
        assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    }
    let after = api.container("front").expect("it runs");
    let lost = losses(&before, &after, &dynamic);
    assert!(lost.is_empty(), "{}", lost.join("\n"));
    assert_eq!(after["Config"]["Healthcheck"]["Retries"], 9);
    assert_eq!(after["Config"]["Env"], json!(["VERSION=2.0.0"]));
    let binds = after["HostConfig"]["Binds"].as_array().expect("binds");
    assert_eq!(binds.len(), 2, "{binds:?}");
}

#[tokio::test]
async fn the_default_bridge_with_links_and_a_mac() {
    let engine = engine_with_two_versions(&[]);
    let api = &engine.api;
    api.usual("parity/db", "1.0.0");
    api.run("db", &json!({ "Image": "parity/db:1.0.0" }));
    api.run("front", &json!({
        "Image": "parity/app:1.0.0", "MacAddress": "02:aa:bb:cc:dd:02",
        "HostConfig": { "Links": ["db:database", "db:store"], "RestartPolicy": { "Name": "always" } },
    }));
    api.healthy("front");
    let dynamic = [
        ("/Config/Env", "the image's own VERSION"),
        ("/NetworkSettings/IPAddress", "the engine's choice"),
        (
            "/NetworkSettings/Networks/bridge/IPAddress",
            "the engine's choice",
        ),
    ];
    let (_, after) = replace_and_compare(&engine, "front", &dynamic).await;
    assert_eq!(
        after["HostConfig"]["Links"].as_array().map(Vec::len),
        Some(2)
    );
}

#[tokio::test]
async fn the_host_network_and_the_networkless() {
    let engine = engine_with_two_versions(&[]);
    let api = &engine.api;
    for (name, mode) in [("hosted", "host"), ("alone", "none")] {
        api.run(
            name,
            &json!({ "Image": "parity/app:1.0.0", "HostConfig": { "NetworkMode": mode } }),
        );
        api.healthy(name);
    }
    let before: Vec<Value> = ["hosted", "alone"]
        .map(|name| api.container(name).expect("it runs"))
        .into();
    let report = Library::new(&project(&engine))
        .to("app", "prod", "2.0.0")
        .await;
    assert_eq!(report.outcome, Outcome::Done, "{report:#?}");
    for (name, before) in ["hosted", "alone"].iter().zip(&before) {
        let after = api.container(name).expect("it runs");
        let also = [
            ("/Config/Env", "the image's own VERSION"),
            ("/Config/Hostname", "from the id"),
        ];
        let lost = losses(before, &after, &also);
        assert!(lost.is_empty(), "{name}:\n{}", lost.join("\n"));
    }
}

#[tokio::test]
async fn those_who_live_in_its_namespaces_are_recreated_too() {
    let engine = engine_with_two_versions(&[]);
    let api = &engine.api;
    api.usual("parity/side", "1.0.0");
    let id = api.run(
        "front",
        &json!({ "Image": "parity/app:1.0.0",
        "HostConfig": { "IpcMode": "shareable", "RestartPolicy": { "Name": "always" } } }),
    );
    api.healthy("front");
    api.run("net-side", &json!({ "Image": "parity/side:1.0.0",
        "HostConfig": { "NetworkMode": format!("container:{id}"), "RestartPolicy": { "Name": "always" } } }));
    api.run(
        "pid-side",
        &json!({ "Image": "parity/side:1.0.0", "Hostname": "side",
        "HostConfig": { "PidMode": "container:front", "IpcMode": "container:front" } }),
    );
    api.healthy("net-side");
    api.healthy("pid-side");
    let sides = ["net-side", "pid-side"];
    let before: Vec<Value> = sides
        .map(|name| api.container(name).expect("it runs"))
        .into();
    let dynamic = [
        ("/Config/Env", "the image's own VERSION"),
        ("/Config/Hostname", "the engine's own, from the id"),
        ("/HostConfig/NetworkMode", "compared below"),
        ("/HostConfig/PidMode", "compared below"),
        ("/HostConfig/IpcMode", "compared below"),
        ("/HostnamePath", "of the one it lives in"),
        ("/HostsPath", "of the one it lives in"),
        ("/ResolvConfPath", "of the one it lives in"),
        ("/NetworkSettings/IPAddress", "the engine's choice"),
        (
            "/NetworkSettings/Networks/bridge/IPAddress",
            "the engine's choice",
        ),
        (
            "/NetworkSettings/Networks/bridge/MacAddress",
            "the engine's choice",
        ),
        ("/NetworkSettings/MacAddress", "the engine's choice"),
    ];
    let (_, front) = replace_and_compare(&engine, "front", &dynamic).await;
    let new_id = front["Id"].as_str().expect("an id");
    for (name, before) in sides.iter().zip(&before) {
        let after = api.container(name).expect("it runs");
        assert_ne!(after["Id"], before["Id"], "{name} was not recreated");
        assert_eq!(after["State"]["Running"], true);
        assert_eq!(api.version(name), "1.0.0");
        let lost = losses(before, &after, &dynamic);
        assert!(lost.is_empty(), "{name}:\n{}", lost.join("\n"));
        for mode in ["NetworkMode", "PidMode", "IpcMode"] {
            let shared = before["HostConfig"][mode]
                .as_str()
                .unwrap_or_default()
                .starts_with("container:");
            if shared {
                // Engines write the id in, whatever they were given.
                let mode = after["HostConfig"][mode].as_str().expect("a mode");
                assert!(
                    [format!("container:{new_id}"), "container:front".to_owned()]
                        .contains(&mode.to_owned()),
                    "{mode}"
                );
            }
        }
    }
    assert_eq!(api.ordinary(), ["front", "net-side", "pid-side"]);
}
