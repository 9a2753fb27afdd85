//! What a person wants of a group: intentions that survive races, restarts and lost connections until they are fulfilled.

use std::collections::BTreeMap;

use inmost_public::credential::{is_capable, Leaf};
use inmost_public::directory::Role;
use inmost_public::ids::{Conversation, Device, User};
use inmost_public::settings::Settings as GroupSettings;
use inmost_public::Refusal;
use openmls::prelude::tls_codec::{Deserialize as _, DeserializeBytes as _};
use openmls::prelude::{KeyPackage, KeyPackageIn, MlsMessageBodyIn, MlsMessageIn, ProtocolVersion};
use openmls_traits::OpenMlsProvider;
use serde::{Deserialize, Serialize};

use crate::alarms::AlarmKind;
use crate::content::Content;
use crate::frames::{self, ClaimKeyPackages, Propose};
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::Row;
use crate::session::Asked;

use super::commit::{serialized, PendingCommit, PendingKind, Plan};
use super::settings::SettingsChange;
use super::Membership;

/// A commit with more people would grow beyond what a frame may hold, with ten devices each (MAX_FRAME_BYTES).
const MAX_USERS_ADDED_AT_ONCE: usize = 100;

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub enum Want {
    /// Only to be told when everything before it is done.
    Nothing,
    Add(Vec<User>),
    Remove(Vec<User>),
    /// Fresh keys.
    Rotate,
    Leave,
    /// To come in by itself, and to be told when it is in.
    Join,
    Settings(SettingsChange),
}

#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Intent {
    pub want: Want,
    pub command: Option<CommandId>,
    /// Key packages that were claimed for it, kept so that a lost race claims no more.
    pub packages: Option<Vec<(User, Device, serde_bytes::ByteBuf)>>,
}

impl Machine {
    /// The commands `add`, `remove`, `leave`, `rotate`.
    pub(crate) fn change_membership(
        &mut self,
        command: CommandId,
        name: &str,
        arguments: &Value,
    ) -> Result<(), Refused> {
        let conversation: Conversation = arguments.field("conversation")?;
        let users = || -> Result<Vec<User>, Refusal> { arguments.field("users") };
        let want = match name {
            "add" => Want::Add(users()?),
            "remove" => Want::Remove(users()?),
            "leave" => Want::Leave,
            _ => Want::Rotate,
        };
        let conv = self.conv(conversation)?;
        if !matches!(conv.state.membership, Membership::Member | Membership::Creating) {
            return Err(Refusal::NotAMember.into());
        }
        if let Want::Add(users) = &want {
            for user in users {
                let state = self.directory.user(*user).ok_or(Refusal::Unknown)?;
                if state.is_suspended() {
                    return Err(Refusal::NotAllowed.into());
                }
            }
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        self.want(conversation, want, Some(command))?;
        Ok(self.advance(conversation)?)
    }

    pub(crate) fn want(
        &mut self,
        conversation: Conversation,
        want: Want,
        command: Option<CommandId>,
    ) -> Result<(), Refusal> {
        let conv = self.conv_mut(conversation)?;
        let sequence = conv.intents.last_key_value().map_or(0, |(last, _)| last + 1);
        let intent = Intent {
            want,
            command,
            packages: None,
        };
        self.rows.put(Row::Intent(conversation, sequence), &intent);
        self.conv_mut(conversation)?.intents.insert(sequence, intent);
        Ok(())
    }

    /// Work on the oldest intention. True when something is under way or was done.
    pub(crate) fn work_on_intent(&mut self, conversation: Conversation) -> Result<bool, Refusal> {
        let Some((sequence, intent)) = self
            .conv(conversation)?
            .intents
            .first_key_value()
            .map(|(sequence, intent)| (*sequence, intent.clone()))
        else {
            return Ok(false);
        };
        let worked = match &intent.want {
            Want::Nothing | Want::Join => {
                self.finish_intent(conversation, sequence, Ok(map! {"conversation" => conversation}));
                return Ok(true);
            }
            Want::Add(users) => self.work_on_add(conversation, sequence, users, &intent),
            Want::Remove(users) => self.work_on_remove(conversation, sequence, users),
            Want::Rotate => self.make_commit(
                conversation,
                Plan {
                    needs_path: true,
                    intents: vec![sequence],
                    ..Plan::default()
                },
            ),
            Want::Leave => self.propose_leaving(conversation, sequence),
            Want::Settings(change) => self.work_on_settings(conversation, sequence, change),
        };
        if let Err(refusal) = worked {
            self.finish_intent(conversation, sequence, Err(refusal.into()));
        }
        Ok(true)
    }

    fn work_on_add(
        &mut self,
        conversation: Conversation,
        sequence: u64,
        users: &[User],
        intent: &Intent,
    ) -> Result<(), Refusal> {
        let turn = &users[..users.len().min(MAX_USERS_ADDED_AT_ONCE)];
        let view = self.group_view(conversation)?;
        let missing = |user: &User| {
            self.directory
                .active_devices_of(*user)
                .into_iter()
                .filter(|device| view.leaf_of(*device).is_none())
                .collect::<Vec<_>>()
        };
        let wanted: BTreeMap<Device, User> = turn
            .iter()
            .flat_map(|user| missing(user).into_iter().map(move |device| (device, *user)))
            .collect();
        if wanted.is_empty() {
            self.end_turn(conversation, sequence); // somebody else did it
            return Ok(());
        }
        if self.me()?.is_forked {
            return Err(Refusal::DirectoryForked);
        }
        let Some(packages) = &intent.packages else {
            if !self.session.is_asked(&Asked::Claim(conversation, sequence)) {
                let mut users: Vec<User> = wanted.values().copied().collect();
                users.sort();
                users.dedup();
                self.ask(Asked::Claim(conversation, sequence), |id| {
                    ClaimKeyPackages { id, users }.into()
                });
            }
            return Ok(());
        };
        let needs_guests = !view.settings.guests && wanted.values().any(|user| self.is_guest(*user));
        if needs_guests {
            // Settings are judged as they were before a commit, so this one comes first; the intent stays.
            let settings = GroupSettings {
                version: view.settings.version + 1,
                guests: true,
                ..view.settings.clone()
            };
            return self.make_commit(
                conversation,
                Plan {
                    settings: Some(settings),
                    needs_path: true,
                    ..Plan::default()
                },
            );
        }
        let mut adds = Vec::new();
        for (user, device, bytes) in packages {
            if wanted.get(device) == Some(user) {
                adds.push(self.verified_package(conversation, *user, *device, bytes)?);
            }
        }
        if adds.is_empty() {
            return Err(Refusal::Unknown);
        }
        self.make_commit(
            conversation,
            Plan {
                adds,
                intents: vec![sequence],
                ..Plan::default()
            },
        )
    }

    pub(crate) fn is_guest(&self, user: User) -> bool {
        self.directory
            .user(user)
            .is_some_and(|state| state.role() == Role::Guest)
    }

    /// A key package is only used for whom the directory says it is: before anything is sealed to it.
    fn verified_package(
        &mut self,
        conversation: Conversation,
        user: User,
        device: Device,
        bytes: &[u8],
    ) -> Result<KeyPackage, Refusal> {
        let verified = self.check_package(user, device, bytes);
        if let Err(Refusal::IdentityMismatch) = verified {
            self.alarm(
                AlarmKind::IdentityMismatch,
                Some(conversation),
                Some(device),
                "the server gave keys that are not this person's; nothing was sent",
            );
        }
        verified
    }

    fn check_package(&mut self, user: User, device: Device, bytes: &[u8]) -> Result<KeyPackage, Refusal> {
        let package = read_package(bytes)?;
        let provider = self.provider()?;
        let package = package
            .validate(provider.crypto(), ProtocolVersion::Mls10)
            .map_err(|_| Refusal::IdentityMismatch)?;
        let leaf = Leaf::of(package.leaf_node())?;
        leaf.check(&self.directory)?;
        let is_right = leaf.identity.user == user
            && leaf.identity.device == device
            && is_capable(package.leaf_node())
            && self.directory.is_active(device);
        if is_right {
            Ok(package)
        } else {
            Err(Refusal::IdentityMismatch)
        }
    }

    pub(crate) fn packages_claimed(
        &mut self,
        conversation: Conversation,
        sequence: u64,
        packages: Vec<(User, Device, Vec<u8>)>,
    ) -> Result<(), Refusal> {
        let Some(intent) = self
            .conversations
            .get_mut(&conversation)
            .and_then(|conv| conv.intents.get_mut(&sequence))
        else {
            return Ok(());
        };
        intent.packages = Some(
            packages
                .into_iter()
                .map(|(user, device, package)| (user, device, package.into()))
                .collect(),
        );
        self.rows.put(Row::Intent(conversation, sequence), intent);
        self.advance(conversation)
    }

    fn work_on_remove(&mut self, conversation: Conversation, sequence: u64, users: &[User]) -> Result<(), Refusal> {
        let view = self.group_view(conversation)?;
        let removes: Vec<u32> = view
            .roster
            .iter()
            .filter(|(_, leaf)| users.contains(&leaf.identity.user))
            .map(|(index, _)| *index)
            .collect();
        if removes.is_empty() {
            self.finish_intent(conversation, sequence, Ok(map! {}));
            return Ok(());
        }
        let pending = |leaf: &u32| view.pending.iter().any(|pending| pending.leaf == *leaf);
        let removes = removes.into_iter().filter(|leaf| !pending(leaf)).collect();
        self.make_commit(
            conversation,
            Plan {
                removes,
                needs_path: true,
                intents: vec![sequence],
                ..Plan::default()
            },
        )
    }

    /// Leaving is proposed; somebody else commits it. Whoever is alone just stays.
    fn propose_leaving(&mut self, conversation: Conversation, sequence: u64) -> Result<(), Refusal> {
        let device = self.me()?.device;
        if self
            .conv(conversation)?
            .state
            .pending
            .iter()
            .any(|pending| pending.device == device)
        {
            return Ok(()); // waits for somebody's commit
        }
        if self.conv(conversation)?.state.devices < 2 {
            return Err(Refusal::NotAllowed);
        }
        self.group(conversation)?;
        let signer = &self.keys.as_ref().ok_or(Refusal::NotAllowed)?.sig;
        let loaded = self.groups.get_mut(&conversation).ok_or(Refusal::Corrupt)?;
        let message = loaded
            .group
            .leave_group_via_self_remove(&loaded.provider, signer)
            .map_err(|_| Refusal::CommitMalformed)?;
        let proposal = serialized(&message)?;
        let (group, epoch) = (
            self.conv(conversation)?.state.group,
            self.conv(conversation)?.state.epoch,
        );
        let id = self.random();
        let message = inmost_public::ids::sha256(&[&proposal]);
        let frame = frames::Request::from(Propose {
            id,
            conversation,
            group,
            epoch,
            proposal,
        })
        .encode();
        let pending = PendingCommit {
            id,
            frame,
            message,
            epoch,
            kind: PendingKind::Propose { intent: sequence },
        };
        self.put_pending(conversation, pending, Asked::Propose(conversation))
    }

    /// The commit that fulfils these intents is in.
    pub(crate) fn fulfilled(
        &mut self,
        conversation: Conversation,
        intents: &[u64],
        has_added: bool,
    ) -> Result<(), Refusal> {
        let mut is_going_on = false;
        let is_about_settings = |sequence| {
            let intent = self
                .conversations
                .get(&conversation)
                .and_then(|conv| conv.intents.get(sequence));
            intent.is_some_and(|intent| matches!(intent.want, Want::Settings(_)))
        };
        if intents.iter().any(is_about_settings) {
            self.make_known(conversation)?;
        }
        for sequence in intents {
            is_going_on |= !self.end_turn(conversation, *sequence);
        }
        let own = self.me()?.user;
        if !self.roles_now(conversation)?.may_name(own) {
            return Ok(());
        }
        let state = &self.conv(conversation)?.state;
        // Whoever comes in would have to walk back to the first message to learn the title.
        let titles = (state.title.clone(), state.topic.clone());
        if has_added && !is_going_on && state.epoch > 1 {
            if let Some((_, text)) = titles.0 {
                self.say(conversation, &Content::Title { text }, None)?;
            }
            if let Some((_, text)) = titles.1 {
                self.say(conversation, &Content::Topic { text }, None)?;
            }
        }
        Ok(())
    }

    /// A commit's worth of an intention is done: it goes on with who is still to be added, or is finished.
    /// True when it is finished.
    fn end_turn(&mut self, conversation: Conversation, sequence: u64) -> bool {
        let intent = self
            .conversations
            .get_mut(&conversation)
            .and_then(|conv| conv.intents.get_mut(&sequence));
        if let Some(intent) = intent {
            if let Want::Add(users) = &mut intent.want {
                if users.len() > MAX_USERS_ADDED_AT_ONCE {
                    users.drain(..MAX_USERS_ADDED_AT_ONCE);
                    intent.packages = None;
                    self.rows.put(Row::Intent(conversation, sequence), intent);
                    return false;
                }
            }
        }
        self.finish_intent(conversation, sequence, Ok(map! {"conversation" => conversation}));
        true
    }

    pub(crate) fn finish_intent(&mut self, conversation: Conversation, sequence: u64, result: Result<Value, Refused>) {
        self.rows.delete(Row::Intent(conversation, sequence));
        let intent = self
            .conversations
            .get_mut(&conversation)
            .and_then(|conv| conv.intents.remove(&sequence));
        self.finish(intent.and_then(|intent| intent.command), result);
    }
}

/// An MLSMessage with a key package in it.
pub fn read_package(bytes: &[u8]) -> Result<KeyPackageIn, Refusal> {
    let message = MlsMessageIn::tls_deserialize_exact(bytes).map_err(|_| Refusal::Malformed)?;
    match message.extract() {
        MlsMessageBodyIn::KeyPackage(package) => Ok(package),
        _ => KeyPackageIn::tls_deserialize_exact_bytes(bytes).map_err(|_| Refusal::Malformed),
    }
}
