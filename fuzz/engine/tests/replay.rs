//! Every input that a fuzzer ever found worth keeping, run again: an ordinary test, without any fuzzer.
#![allow(clippy::unwrap_used)]

use std::path::Path;

use inmost_fuzz::Moment;

/// Runs a target's folder of fuzz/corpus; a panic names its file.
fn replay(name: &str) {
    let run = inmost_fuzz::target(name).unwrap();
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus").join(name);
    let mut files: Vec<_> = std::fs::read_dir(&folder)
        .unwrap()
        .map(|file| file.unwrap().path())
        .collect();
    files.sort();
    assert!(!files.is_empty(), "no inputs are kept for {name}");
    run(&[]);
    for file in files {
        eprintln!("{}", file.display());
        run(&std::fs::read(&file).unwrap());
    }
}

#[test]
fn any_bytes_are_any_format_or_refused() {
    replay("formats");
}

#[test]
fn any_text_is_a_link_or_a_recovery_key_or_refused() {
    replay("texts");
}

#[test]
fn a_signed_directory_entry_is_applied_whole_or_not_at_all() {
    replay("entries");
}

#[test]
fn a_sealed_link_or_vault_opens_or_is_refused() {
    replay("links");
}

#[test]
fn a_device_goes_on_whatever_the_server_tells() {
    replay("told");
}

#[test]
fn a_device_goes_on_whatever_a_member_says() {
    replay("said");
}

#[test]
fn a_group_takes_an_upload_whole_or_not_at_all() {
    replay("groups");
}

#[test]
fn a_device_goes_on_whatever_its_host_gives() {
    replay("inputs");
}

#[test]
fn every_target_has_a_folder_and_every_folder_a_target() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../corpus");
    for name in inmost_fuzz::TARGETS {
        assert!(folder.join(name).is_dir(), "{name} keeps nothing");
    }
}

#[test]
fn what_is_fuzzed_behind_the_seal_gets_through_when_nothing_is_changed() {
    let said = inmost_fuzz::Said::new();
    for which in 0..8 {
        let events = said.gets_through(which);
        assert!(events.iter().any(|name| name == "message"), "{which}: {events:?}");
        // A message about one that is not there is dropped and shown; the others alarm nobody.
        assert!(
            (2..=3).contains(&which) || !events.iter().any(|name| name == "alarm"),
            "{which}: {events:?}"
        );
    }
}

#[test]
fn what_a_server_tells_gets_through_when_nothing_is_changed() {
    let told = inmost_fuzz::ToldFrames::new();
    for moment in [Moment::Present, Moment::Behind, Moment::New, Moment::Returning] {
        let events = told.gets_through(moment, None);
        let names: Vec<&str> = events.iter().map(|(name, _)| name.as_str()).collect();
        assert!(names.contains(&"ready"), "{moment:?}: {names:?}");
    }
    for command in [
        "send",
        "rename",
        "rotate",
        "create",
        "add",
        "join_channel",
        "add_passkey",
    ] {
        let events = told.gets_through(Moment::Present, Some(command));
        let ended: Vec<_> = events
            .iter()
            .filter(|(name, _)| name == "done" || name == "refused")
            .collect();
        assert!(ended.iter().any(|(name, _)| name == "done"), "{command}: {ended:?}");
        assert!(!events.iter().any(|(name, _)| name == "alarm"), "{command}: {events:?}");
    }
}
