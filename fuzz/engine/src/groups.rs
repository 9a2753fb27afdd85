//! What devices upload about MLS groups, as the server takes it: commits with GroupInfo, Welcome and link, proposals, new groups, key packages.

use inmost_core::frames::{Commit, CreateConversation, Propose, PublishKeyPackages, Request};
use inmost_core::pack::Value;
use inmost_public::group::{check_key_package, ServerGroup, Upload};
use inmost_public::ids::{Conversation, Device, Group};

use crate::script::{self, to_item, Script};
use crate::story::{RowsOfADevice, Story};

pub struct Groups {
    story: Story,
}

impl Groups {
    pub fn new() -> Self {
        let mut story = Story::new();
        story.heard.retain(|heard| {
            matches!(
                heard.request,
                Request::Commit(_)
                    | Request::Propose(_)
                    | Request::CreateConversation(_)
                    | Request::PublishKeyPackages(_)
            )
        });
        Groups { story }
    }

    /// Which upload, which part of it, and how its bytes change.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let heard = &self.story.heard[script.below(self.story.heard.len())];
        match &heard.request {
            Request::Commit(commit) => self.commit(commit, &heard.rows, &mut script),
            Request::Propose(propose) => self.propose(propose, &heard.rows, heard.device, &mut script),
            Request::CreateConversation(create) => self.create(create, heard.device, &mut script),
            Request::PublishKeyPackages(publish) => self.publish(publish, heard.device, &mut script),
            _ => {}
        }
    }

    fn group(&self, conversation: Conversation, group: Group, rows: &RowsOfADevice) -> ServerGroup {
        let Ok(group) = ServerGroup::load(self.story.org(), conversation, group, rows.clone()) else {
            unreachable!("rows that the server wrote read")
        };
        group
    }

    fn commit(&self, commit: &Commit, rows: &RowsOfADevice, script: &mut Script<'_>) {
        let mut commit = commit.clone();
        let part = script.byte() % 5;
        match (part, &mut commit.welcome, &mut commit.link) {
            (1, _, _) => script.scratch(&mut commit.group_info),
            (2, Some(welcome), _) => script.scratch(welcome),
            (2, welcome, _) => *welcome = Some(script.rest().to_vec()),
            (3, _, Some(link)) => *link = self.entry(link, script),
            (3, _, link) => *link = Some(script.rest().to_vec()),
            (4, welcome, link) => (*welcome, *link) = (None, None),
            _ => script.scratch(&mut commit.commit),
        }
        let upload = Upload {
            group_info: &commit.group_info,
            welcome: commit.welcome.as_deref(),
            link: commit.link.as_deref(),
        };
        let mut group = self.group(commit.conversation, commit.group, rows);
        let (epoch, roster) = (group.epoch(), group.roster());
        match group.check(&commit.commit, self.story.directory(), self.story.now(), upload) {
            Ok(checked) => {
                assert!(group.merge(checked).is_ok(), "what was checked can be merged");
                assert_eq!(group.epoch(), epoch + 1);
            }
            Err(_) => assert!(
                group.epoch() == epoch && group.roster() == roster,
                "a refused commit changes nothing"
            ),
        }
    }

    fn propose(&self, propose: &Propose, rows: &RowsOfADevice, device: Device, script: &mut Script<'_>) {
        let mut proposal = propose.proposal.clone();
        if script.byte() > 0 {
            script.scratch(&mut proposal);
        }
        let mut group = self.group(propose.conversation, propose.group, rows);
        let _ = group.accept_proposal(&proposal, device);
        let _ = group.accept_proposal(&proposal, Device([0; 16]));
    }

    fn create(&self, create: &CreateConversation, device: Device, script: &mut Script<'_>) {
        let (mut info, mut tree) = (create.group_info.clone(), create.tree.clone());
        match script.byte() % 3 {
            0 => script.scratch(&mut info),
            1 => script.scratch(&mut tree),
            _ => {}
        }
        let made = ServerGroup::create(
            create.conversation,
            create.group,
            &info,
            &tree,
            device,
            self.story.directory(),
        );
        if let Ok((made, _)) = made {
            assert_eq!(made.epoch(), 0);
            let _ = made.tree();
        }
    }

    fn publish(&self, publish: &PublishKeyPackages, device: Device, script: &mut Script<'_>) {
        let packages: Vec<&Vec<u8>> = publish.packages.iter().chain(&publish.last_resort).collect();
        let Some(package) = packages.get(script.below(packages.len())) else {
            return;
        };
        let (mut package, is_changed) = ((*package).clone(), script.byte() > 0);
        if is_changed {
            script.scratch(&mut package);
        }
        let checked = check_key_package(&package, device, self.story.directory(), self.story.now());
        let another = check_key_package(&package, Device([0; 16]), self.story.directory(), self.story.now());
        assert!(another.is_err(), "a key package is its device's");
        if let Ok(checked) = checked {
            assert_eq!(checked.reference.len(), 32);
        }
    }

    fn entry(&self, entry: &[u8], script: &mut Script<'_>) -> Vec<u8> {
        let Ok(item) = inmost_public::cbor::decode(entry) else {
            return script.rest().to_vec();
        };
        let mut value: Value = script::to_value(&item);
        while !script.is_over() {
            script.edit(&mut value, &self.story.parts);
        }
        inmost_public::cbor::encode(&to_item(&value))
    }
}

impl Default for Groups {
    fn default() -> Self {
        Self::new()
    }
}
