//! Tables for what is carried over.

//!
//! Values are passed whole: each is written where it is used.
#![allow(clippy::needless_pass_by_value)]

use serde_json::{Value, json};

use super::{Carried, Carry};

fn carry(old: &Value, old_image: &Value, new_image: &Value, api: (u32, u32)) -> Carried {
    Carry {
        old,
        old_image: Some(old_image),
        new_image: Some(new_image),
        image: "sha256:new",
        api,
        name_of: &|id| (id == "feedbeef").then(|| "gateway".to_owned()),
    }
    .out()
}

fn config(old: Value, image: Value) -> Value {
    let old = json!({ "Id": "0123456789abcdef", "Config": old, "HostConfig": {} });
    carry(
        &old,
        &json!({ "Config": image }),
        &json!({ "Config": {} }),
        (1, 41),
    )
    .body
}

#[test]
fn the_old_images_defaults_are_subtracted() {
    let body = config(
        json!({
            "Env": ["PATH=/bin", "MODE=fast", "TOKEN=s3cret"],
            "Labels": { "vendor": "us", "tier": "gold", "karat.runs": "[]" },
            "User": "app", "WorkingDir": "/srv", "StopSignal": "SIGINT",
            "ExposedPorts": { "80/tcp": {}, "9000/tcp": {} },
            "Volumes": { "/data": {}, "/extra": {} },
        }),
        json!({
            "Env": ["PATH=/bin", "MODE=slow"],
            "Labels": { "vendor": "us", "tier": "iron" },
            "User": "app", "WorkingDir": "/app", "StopSignal": "SIGINT",
            "ExposedPorts": { "80/tcp": {} },
            "Volumes": { "/data": {} },
        }),
    );
    assert_eq!(body["Env"], json!(["MODE=fast", "TOKEN=s3cret"]));
    assert_eq!(body["Labels"], json!({ "tier": "gold" }));
    assert_eq!(body.get("User"), None);
    assert_eq!(body["WorkingDir"], "/srv");
    assert_eq!(body.get("StopSignal"), None);
    assert_eq!(body["ExposedPorts"], json!({ "9000/tcp": {} }));
    assert_eq!(body["Volumes"], json!({ "/extra": {} }));
    assert_eq!(body["Image"], "sha256:new");
}

#[test]
fn a_command_goes_only_with_its_entry_point() {
    let image = json!({ "Entrypoint": ["/entry"], "Cmd": ["serve"] });
    for (old, entrypoint, cmd) in [
        (
            json!({ "Entrypoint": ["/entry"], "Cmd": ["serve"] }),
            None,
            None,
        ),
        (
            json!({ "Entrypoint": ["/entry"], "Cmd": ["other"] }),
            None,
            Some(json!(["other"])),
        ),
        (
            json!({ "Entrypoint": ["/mine"], "Cmd": ["serve"] }),
            Some(json!(["/mine"])),
            Some(json!(["serve"])),
        ),
        (
            json!({ "Entrypoint": null, "Cmd": ["/bin/sleep"] }),
            Some(json!([""])),
            Some(json!(["/bin/sleep"])),
        ),
        (
            json!({ "Entrypoint": ["/entry"], "Cmd": null }),
            Some(json!(["/entry"])),
            Some(Value::Null),
        ),
        (
            json!({ "Entrypoint": [""], "Cmd": null }),
            Some(json!([""])),
            Some(Value::Null),
        ),
    ] {
        let body = config(old.clone(), image.clone());
        assert_eq!(body.get("Entrypoint"), entrypoint.as_ref(), "{old}");
        assert_eq!(body.get("Cmd"), cmd.as_ref(), "{old}");
    }
}

#[test]
fn a_health_check_is_subtracted_field_by_field() {
    let image = json!({ "Healthcheck": { "Test": ["CMD", "a"], "Interval": 5, "Retries": 3 } });
    let same = config(
        json!({ "Healthcheck": { "Test": ["CMD", "a"], "Interval": 5, "Retries": 3 } }),
        image.clone(),
    );
    assert_eq!(same.get("Healthcheck"), None);
    let faster = config(
        json!({ "Healthcheck": { "Test": ["CMD", "a"], "Interval": 1, "Retries": 3 } }),
        image.clone(),
    );
    assert_eq!(faster["Healthcheck"], json!({ "Interval": 1 }));
    let off = config(json!({ "Healthcheck": { "Test": ["NONE"] } }), image);
    assert_eq!(off["Healthcheck"], json!({ "Test": ["NONE"] }));
}

#[test]
fn a_made_up_hostname_goes_and_a_chosen_one_stays() {
    assert_eq!(
        config(json!({ "Hostname": "0123456789ab" }), json!({})).get("Hostname"),
        None
    );
    assert_eq!(
        config(json!({ "Hostname": "web" }), json!({}))["Hostname"],
        "web"
    );
    for host in [
        json!({ "NetworkMode": "container:feedbeef" }),
        json!({ "UTSMode": "host" }),
    ] {
        let old = json!({ "Id": "x", "Config": { "Hostname": "web", "Domainname": "d" }, "HostConfig": host });
        let body = carry(&old, &json!({}), &json!({}), (1, 41)).body;
        assert_eq!(body.get("Hostname"), None);
    }
}

#[test]
fn other_containers_are_named_not_numbered() {
    let old = json!({ "Id": "x", "Config": {}, "HostConfig": {
        "NetworkMode": "container:feedbeef", "PidMode": "container:feedbeef", "IpcMode": "container:gone",
        "Links": ["/db:/web/store"], "ContainerIDFile": "/tmp/x", "SomethingNew": 7,
    }});
    let host = carry(&old, &json!({}), &json!({}), (1, 41)).body["HostConfig"].clone();
    assert_eq!(host["NetworkMode"], "container:gateway");
    assert_eq!(host["PidMode"], "container:gateway");
    assert_eq!(host["IpcMode"], "container:gone");
    assert_eq!(host["Links"], json!(["db:store"]));
    assert_eq!(host.get("ContainerIDFile"), None);
    assert_eq!(host["SomethingNew"], 7, "what is not known is carried over");
}

#[test]
fn anonymous_volumes_are_attached_by_name() {
    let old = json!({ "Id": "x", "Config": {}, "HostConfig": {
        "Binds": ["named:/named/"],
        "Mounts": [{ "Type": "volume", "Target": "/typed/" }],
    }, "Mounts": [
        { "Type": "volume", "Name": "named", "Destination": "/named", "RW": true },
        { "Type": "volume", "Name": "aaaa", "Destination": "/data", "RW": true },
        { "Type": "volume", "Name": "bbbb", "Destination": "/fixed", "RW": false },
        { "Type": "volume", "Name": "cccc", "Destination": "/typed", "RW": true },
        { "Type": "bind", "Source": "/etc", "Destination": "/host", "RW": true },
    ]});
    let host = carry(&old, &json!({}), &json!({}), (1, 41)).body["HostConfig"].clone();
    assert_eq!(
        host["Binds"],
        json!(["named:/named/", "aaaa:/data", "bbbb:/fixed:ro"])
    );
    assert_eq!(
        host["Mounts"],
        json!([{ "Type": "volume", "Target": "/typed/", "Source": "cccc" }])
    );
}

#[test]
fn endpoints_keep_what_the_user_asked_for() {
    let old = json!({ "Id": "0123456789abcdef", "Config": {}, "HostConfig": { "NetworkMode": "front" },
    "NetworkSettings": { "Networks": {
        "front": { "IPAMConfig": { "IPv4Address": "10.9.0.7" }, "Aliases": ["web", "0123456789ab"],
                   "MacAddress": "02:42:0a:09:00:07", "IPAddress": "10.9.0.7" },
        "back": { "IPAMConfig": null, "Aliases": ["0123456789ab"], "MacAddress": "02:aa:bb:cc:dd:ee",
                  "IPAddress": "10.8.0.2", "DriverOpts": { "k": "v" } },
    }}});
    let older = carry(&old, &json!({}), &json!({}), (1, 41));
    assert_eq!(
        older.body["NetworkingConfig"]["EndpointsConfig"],
        json!({ "front": { "IPAMConfig": { "IPv4Address": "10.9.0.7" }, "Aliases": ["web"] } })
    );
    assert_eq!(
        older.connect,
        vec![(
            "back".to_owned(),
            json!({ "DriverOpts": { "k": "v" }, "MacAddress": "02:aa:bb:cc:dd:ee" })
        )]
    );
    let newer = carry(&old, &json!({}), &json!({}), (1, 45));
    assert!(newer.connect.is_empty());
    assert_eq!(
        newer.body["NetworkingConfig"]["EndpointsConfig"]["back"],
        json!({ "DriverOpts": { "k": "v" } })
    );
}

#[test]
fn changed_defaults_are_told_without_values_of_variables() {
    let old = json!({ "Id": "x", "Config": { "Env": ["A=1", "B=1", "MINE=s3cret"], "Cmd": ["old"], "User": "me" }, "HostConfig": {} });
    let old_image = json!({ "Config": { "Env": ["A=1", "B=1"], "Cmd": ["old"] } });
    let new_image =
        json!({ "Config": { "Env": ["A=2", "C=3"], "Cmd": ["new", "x"], "User": "root" } });
    let changes = carry(&old, &old_image, &new_image, (1, 41)).changes;
    assert_eq!(
        changes,
        [
            "Cmd: `old` → `new x` (image default)",
            "Env A: another value (image default)",
            "Env B: goes (image default)",
            "Env C: is new (image default)",
        ]
    );
}
