//! Coming in by a Welcome: used only when the log shows its commit in order and every leaf is who the directory says.

use inmost_public::commit::CommitAad;
use inmost_public::credential::Leaf;
use inmost_public::ids::{general_conversation, personal_conversation, Conversation, Device, Group, Head, User};
use inmost_public::log::{self, Kind};
use inmost_public::settings::{frozen, group_extensions, ConversationKind, Settings};
use inmost_public::Refusal;
use openmls::group::StagedWelcome;
use openmls::prelude::tls_codec::{Deserialize as _, Serialize as _};
use openmls::prelude::{MlsMessageBodyIn, MlsMessageIn, ProtocolMessage, RatchetTreeIn};
use openmls_traits::OpenMlsProvider;
use serde::{Deserialize, Serialize};

use crate::alarms::AlarmKind;
use crate::frames::{FetchLog, FetchTree, LogPage, TakeWelcome, Tree, WaitingWelcome};
use crate::log_sync::Entry;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::roster_history::EpochChange;
use crate::rows::Row;
use crate::session::Asked;

use super::commit::message_in;
use super::group::{join_config, Loaded};
use super::simulated::{authenticated_data, Handshake};
use super::{Conv, ConvState, Membership, Prologue, Span};

/// The row of a Welcome that waits.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct Waiting {
    pub group: Group,
    pub epoch: u64,
    pub n: u64,
    #[serde(with = "serde_bytes")]
    pub welcome: Vec<u8>,
}

impl Machine {
    pub(crate) fn welcomed(&mut self, welcome: WaitingWelcome) -> Result<(), Refusal> {
        let WaitingWelcome {
            conversation,
            group,
            epoch,
            n,
            welcome,
        } = welcome;
        let state = self.conversations.get(&conversation).map(|conv| &conv.state);
        let is_late = state.is_some_and(|state| {
            state.membership == Membership::Member && state.epoch >= epoch
                || state
                    .head
                    .is_some_and(|head| head.n >= n && state.membership == Membership::Removed)
        });
        if is_late {
            return self.take_welcome(conversation);
        }
        if state.is_some_and(|state| matches!(state.membership, Membership::Creating | Membership::Member))
            || self
                .conversations
                .get(&conversation)
                .is_some_and(|conv| conv.pending.is_some())
        {
            return Ok(()); // the own way in comes first; the Welcome is handed over again at the next sync
        }
        self.rows.put(
            Row::Welcome(conversation),
            &Waiting {
                group,
                epoch,
                n,
                welcome,
            },
        );
        match self.conversations.get_mut(&conversation) {
            Some(conv) => conv.state.membership = Membership::Welcomed,
            None => drop(
                self.conversations
                    .insert(conversation, Conv::new(ConvState::new(group, Membership::Welcomed))),
            ),
        }
        self.save_conv(conversation);
        self.advance(conversation)
    }

    pub(crate) fn take_welcome(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.rows.delete(Row::Welcome(conversation));
        self.ask(Asked::Taken(conversation), |id| TakeWelcome { id, conversation }.into());
        Ok(())
    }

    pub(crate) fn work_on_welcome(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let Some(waiting) = self.rows.get::<Waiting>(Row::Welcome(conversation))? else {
            return Ok(());
        };
        let is_asked = self.session.is_asked(&Asked::Tree(conversation))
            || self.session.is_asked(&Asked::WelcomeLog(conversation));
        if !is_asked {
            self.ask(Asked::Tree(conversation), |id| {
                FetchTree {
                    id,
                    conversation,
                    epoch: waiting.epoch,
                }
                .into()
            });
        }
        Ok(())
    }

    pub(crate) fn welcome_tree(&mut self, tree: Tree) -> Result<(), Refusal> {
        let conversation = tree.conversation;
        let Some(waiting) = self.rows.get::<Waiting>(Row::Welcome(conversation))? else {
            return Ok(());
        };
        if tree.n != waiting.n || tree.epoch != waiting.epoch {
            return self.refuse_welcome(
                conversation,
                AlarmKind::ServerMisbehaved,
                "a Welcome whose commit stands elsewhere in the log",
            );
        }
        let first = tree.n;
        self.session.trees.insert(conversation, tree);
        self.ask(Asked::WelcomeLog(conversation), |id| {
            FetchLog {
                id,
                conversation,
                first,
                limit: 1,
                without_messages: true,
            }
            .into()
        });
        Ok(())
    }

    pub(crate) fn welcome_log(&mut self, page: &LogPage) -> Result<(), Refusal> {
        let conversation = page.conversation;
        let (Some(waiting), Some(tree)) = (
            self.rows.get::<Waiting>(Row::Welcome(conversation))?,
            self.session.trees.remove(&conversation),
        ) else {
            return Ok(());
        };
        self.heard_of(conversation, page.next_n);
        let Some(item) = page.items.first().filter(|item| item.n == waiting.n) else {
            return self.refuse_welcome(
                conversation,
                AlarmKind::ServerMisbehaved,
                "the log does not show a Welcome's commit",
            );
        };
        let entry = Entry::of(item)?;
        let head = Head {
            n: item.n,
            hash: log::log_next(&page.hash_before, item.n, item.kind, &entry.digest),
        };
        let (Some(bytes), true) = (entry.bytes, head.hash == tree.hash && item.kind == Kind::Commit as u8) else {
            return self.refuse_welcome(
                conversation,
                AlarmKind::ServerMisbehaved,
                "the log does not show a Welcome's commit",
            );
        };
        let commit = log::Commit::decode(bytes)?;
        let aad = CommitAad::decode(&authenticated_data(&commit.message)?)?;
        match self.directory.hash_at(aad.dir.n) {
            None => return self.stall(conversation, aad.dir.n),
            Some(hash) if hash != aad.dir.hash => {
                self.directory_fork("a Welcome's commit names another directory than this device's");
                return self.refuse_welcome(
                    conversation,
                    AlarmKind::DirectoryForked,
                    "a Welcome's commit names another directory",
                );
            }
            Some(_) => {}
        }
        match self.join_by_welcome(conversation, &waiting, &tree.tree, &commit) {
            Ok(loaded) => {
                let added = Handshake::read(&commit.message)?;
                self.take_welcome(conversation)?;
                self.install(conversation, loaded, head, page.hash_before, &aad)?;
                self.show_own_coming(conversation, item.n, item.at_ms, &added)
            }
            Err(Refusal::IdentityMismatch) => self.refuse_welcome(
                conversation,
                AlarmKind::IdentityMismatch,
                "a Welcome into a group with a leaf that is not who the directory says",
            ),
            Err(refusal) => self.refuse_welcome(
                conversation,
                AlarmKind::CommitRefused,
                &format!("a Welcome that does not fit its commit: {}", refusal.code()),
            ),
        }
    }

    fn refuse_welcome(&mut self, conversation: Conversation, kind: AlarmKind, words: &str) -> Result<(), Refusal> {
        self.alarm(kind, Some(conversation), None, words);
        self.take_welcome(conversation)?;
        let had_history = self.conv(conversation)?.state.head.is_some();
        if had_history {
            self.conv_mut(conversation)?.state.membership = Membership::Removed;
            self.save_conv(conversation);
            return Ok(());
        }
        self.forget(conversation)
    }

    fn join_by_welcome(
        &mut self,
        conversation: Conversation,
        waiting: &Waiting,
        tree: &[u8],
        commit: &log::Commit,
    ) -> Result<Loaded, Refusal> {
        let message = MlsMessageIn::tls_deserialize_exact(&waiting.welcome[..]).map_err(|_| Refusal::Malformed)?;
        let MlsMessageBodyIn::Welcome(welcome) = message.extract() else {
            return Err(Refusal::Malformed);
        };
        let tree = RatchetTreeIn::tls_deserialize_exact(tree).map_err(|_| Refusal::Malformed)?;
        let provider = self.provider()?;
        let prefix = Row::KeyPackages.key();
        let rows = self
            .rows
            .with_prefix(&prefix)
            .into_iter()
            .map(|(key, value)| (key[prefix.len()..].to_vec(), value));
        provider.storage().load(rows);
        let staged = StagedWelcome::build_from_welcome(&provider, &join_config(), welcome)
            .map_err(|_| Refusal::CommitInvalid)?
            .with_ratchet_tree(tree)
            .skip_lifetime_validation()
            .replace_old_group()
            .build()
            .map_err(|_| Refusal::CommitInvalid)?;
        let group = staged.into_group(&provider).map_err(|_| Refusal::CommitInvalid)?;
        let is_that_commit = matches!(message_in(&commit.message)?, ProtocolMessage::PublicMessage(message) if message.confirmation_tag() == Some(group.confirmation_tag()));
        let is_there = group.group_id().as_slice() == waiting.group.0
            && group.epoch().as_u64() == waiting.epoch
            && commit.epoch.checked_add(1) == Some(waiting.epoch);
        if !is_that_commit || !is_there {
            return Err(Refusal::CommitInvalid); // and the key package is still there for the commit that won
        }
        let slot = 1 - self.conv(conversation)?.state.slot;
        let loaded = self.keep_key_packages(Loaded { provider, group, slot })?;
        self.check_group(conversation, &loaded)?;
        Ok(loaded)
    }

    /// The join used up a key package; its rows are not the group's.
    fn keep_key_packages(&mut self, loaded: Loaded) -> Result<Loaded, Refusal> {
        let id = loaded.group.group_id().as_slice().to_vec();
        let group_rows = inmost_public::provider::group_prefix(&id);
        let fresh = self.provider()?;
        let mut was_last_resort = true; // OpenMLS deletes every other one with its use
        for (key, value) in loaded.provider.storage().take_delta() {
            if !key.starts_with(&group_rows) {
                let row = [&Row::KeyPackages.key()[..], &key].concat();
                match value {
                    Some(value) => self.rows.put_bytes(row, value),
                    None => {
                        was_last_resort = false;
                        self.rows.delete_bytes(&row);
                    }
                }
            }
        }
        if was_last_resort {
            self.rows.delete(Row::KeyPackageState); // a new one is published with the next look at them
            self.session.wake(crate::session::Wake::KeyPackages, self.now + 1);
        }
        fresh.storage().load(loaded.provider.storage().rows_of_group(&id));
        let group = openmls::group::MlsGroup::load(fresh.storage(), loaded.group.group_id())
            .map_err(|_| Refusal::Corrupt)?
            .ok_or(Refusal::Corrupt)?;
        Ok(Loaded {
            provider: fresh,
            group,
            slot: loaded.slot,
        })
    }

    /// Before a group is used: every leaf is the directory's, and there is nothing in it but what version 1 has.
    pub(crate) fn check_group(&mut self, conversation: Conversation, loaded: &Loaded) -> Result<(), Refusal> {
        let extensions = loaded.group.extensions();
        let settings = Settings::of(extensions)?;
        let org = self.me()?.org;
        let key = match extensions.external_senders().and_then(|senders| senders.first()) {
            Some(sender) => {
                let bytes = sender.tls_serialize_detached().map_err(|_| Refusal::Corrupt)?;
                let key: [u8; 32] = bytes
                    .get(1..33)
                    .and_then(|key| key.try_into().ok())
                    .ok_or(Refusal::CommitMalformed)?; // behind its length
                if !self.directory.was_server_key(&key) {
                    return Err(Refusal::CommitMalformed);
                }
                Some(key)
            }
            None => None,
        };
        if frozen(extensions) != frozen(&group_extensions(&settings, org, key)?) {
            return Err(Refusal::CommitMalformed);
        }
        let own = self.me()?.user;
        let is_general = conversation == general_conversation(org);
        let is_personal = conversation == personal_conversation(org, own);
        if is_general != (settings.kind == ConversationKind::General)
            || is_personal != (settings.kind == ConversationKind::Personal)
        {
            return Err(Refusal::WrongPlace);
        }
        for member in loaded.group.members() {
            let leaf = Leaf::new(&member.credential, &member.signature_key)?;
            leaf.check(&self.directory)?;
            if is_personal && leaf.identity.user != own {
                return Err(Refusal::IdentityMismatch);
            }
        }
        Ok(())
    }

    /// A group that was proved by the log becomes the present one. What lies before it is read when somebody looks.
    pub(crate) fn install(
        &mut self,
        conversation: Conversation,
        loaded: Loaded,
        head: Head,
        before: [u8; 32],
        aad: &CommitAad,
    ) -> Result<(), Refusal> {
        let slot = loaded.slot;
        let epoch = loaded.group.epoch().as_u64();
        let group = Group::from_slice(loaded.group.group_id().as_slice())?;
        let view = super::group::view_of(&loaded.group, Default::default())?;
        self.store_group(conversation, &loaded);
        self.switch_slot(conversation, slot)?;
        self.groups.insert(conversation, loaded);
        for (key, _) in self.rows.with_prefix(&crate::machine::prefix(b'e', conversation)) {
            self.rows.delete_bytes(&key);
        }
        let now = self.now;
        let conv = self.conv_mut(conversation)?;
        conv.rosters = None;
        let state = &mut conv.state;
        if let Some(old) = state.head {
            state.expects.push(old);
        }
        (state.group, state.membership, state.head) = (group, Membership::Member, Some(head));
        (state.joined_n, state.joined_before, state.joined_epoch) = (head.n, before, epoch);
        state.spans = vec![Span {
            first: head.n,
            last: head.n,
            before,
        }];
        state.prologue = Prologue::Wanted;
        (state.last_dir_n, state.last_time_ms, state.pathless_adds) = (aad.dir.n, aad.time_ms, 0);
        (state.own_path_ms, state.group_path_ms) = (now, aad.time_ms);
        state.pending.clear();
        state.link_due.clear();
        state.sealing_stopped = None;
        state.keys_from = epoch;
        let devices: Vec<Device> = view.roster.values().map(|leaf| leaf.identity.device).collect();
        let change = EpochChange {
            n: head.n,
            committer: None,
            joined: devices,
            left: vec![],
            is_start: true,
            settings: Some(view.settings.encode().into()),
            dir_n: aad.dir.n,
        };
        self.add_epoch(conversation, epoch, &change)?;
        self.refresh(conversation)?;
        self.lower_keys_from(conversation)?;
        self.opened(conversation)?.note(head.n, &head.hash);
        self.save_log(conversation);
        self.wants_vault_row(conversation);
        self.out.event(
            "conversation",
            map! {"conversation" => conversation, "change" => "joined"},
        );
        self.heard_of(conversation, head.n + 1);
        self.catch_up(conversation)?;
        if !self.is_behind(conversation) {
            self.caught_up(conversation)?;
        }
        Ok(())
    }

    fn show_own_coming(
        &mut self,
        conversation: Conversation,
        n: u64,
        at_ms: u64,
        commit: &Handshake,
    ) -> Result<(), Refusal> {
        let user_of = |device: &Device| self.directory.device(*device).map(|state| state.user);
        let mut users: Vec<User> = commit.adds.iter().filter_map(user_of).collect();
        users.sort();
        users.dedup();
        let view = self.group_view(conversation)?;
        let by = commit
            .sender
            .and_then(|leaf| view.roster.get(&leaf))
            .map(|leaf| leaf.identity);
        let row = map! {
            "conversation" => conversation, "n" => n, "id" => Value::Nil, "device" => by.map(|by| by.device), "user" => by.map(|by| by.user),
            "time_ms" => at_ms, "at_ms" => at_ms, "epoch" => view.epoch, "type" => "joined", "users" => users, "by" => by.map(|by| by.user),
        };
        self.out
            .message(crate::timeline::message_key(conversation, n), Some(&row));
        Ok(())
    }
}
