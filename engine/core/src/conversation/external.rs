//! Coming in by an external commit: own further device, open channel, resync, return after a loss.
//!
//! OpenMLS merges an external commit at once, so the joiner's group waits in the other slot until the log shows the
//! commit in order; the old group, if there is one, stays until then.

use inmost_public::commit::CommitAad;
use inmost_public::credential::capabilities;
use inmost_public::ids::{sha256, Conversation, Group, Head};
use inmost_public::limits::MAX_HASHES;
use inmost_public::log::{self, log_next, Kind};
use inmost_public::Refusal;
use openmls::group::MlsGroup;
use openmls::prelude::tls_codec::Deserialize as _;
use openmls::prelude::{LeafNodeParameters, MlsMessageBodyIn, MlsMessageIn, MlsMessageOut, RatchetTreeIn};
use openmls_traits::OpenMlsProvider;

use crate::frames::{self, FetchGroup, FetchLog, GroupNow, LogPage};
use crate::log_sync::Entry;
use crate::machine::Machine;
use crate::refused::Refused;
use crate::session::{Asked, Wake};

use super::commit::{serialized, PendingCommit, PendingKind};
use super::group::{join_config, Loaded};
use super::{Conv, ConvState, Membership};

const TRY_AGAIN_MS: u64 = 1_500;

impl Machine {
    /// Come into a conversation that this device has no leaf in.
    pub(crate) fn join(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        match self.conversations.get_mut(&conversation) {
            Some(conv) => conv.state.membership = Membership::Joining,
            None => drop(self.conversations.insert(
                conversation,
                Conv::new(ConvState::new(Group([0; 16]), Membership::Joining)),
            )),
        }
        self.save_conv(conversation);
        self.advance(conversation)
    }

    /// The group of an external commit that comes to nothing.
    pub(crate) fn drop_external(&mut self, conversation: Conversation) {
        if let Some(PendingCommit {
            kind: PendingKind::External { slot, .. },
            ..
        }) = self.drop_pending(conversation)
        {
            self.rows
                .delete_prefix(&crate::rows::Row::Group(conversation, slot).key());
        }
    }

    /// Come in anew, because the present group cannot follow.
    pub(crate) fn resync(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.drop_pending(conversation);
        self.conv_mut(conversation)?.state.membership = Membership::Joining;
        self.save_conv(conversation);
        self.session.wake(Wake::Advance(conversation), self.now + 1);
        Ok(())
    }

    pub(crate) fn work_on_join(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if self.conv(conversation)?.pending.is_some() {
            return self.resend_join(conversation);
        }
        if !self.session.is_asked(&Asked::Group(conversation)) && !self.session.join_refused.contains(&conversation) {
            self.ask(Asked::Group(conversation), |id| FetchGroup { id, conversation }.into());
        }
        Ok(())
    }

    fn resend_join(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let Some(pending) = self.conv(conversation)?.pending.clone() else {
            return Ok(());
        };
        if self.session.resent.insert(pending.id) {
            self.ask_with(pending.id, Asked::External(conversation), pending.frame);
        }
        Ok(())
    }

    pub(crate) fn group_now(&mut self, now: GroupNow) -> Result<(), Refusal> {
        let conversation = now.conversation;
        let conv = self.conv(conversation)?;
        if conv.state.membership != Membership::Joining || conv.pending.is_some() {
            return Ok(());
        }
        let known = conv.state.head.or(self.vault_head(conversation)?);
        let is_older = known.is_some_and(|head| now.n < head.n || now.n == head.n && now.hash != head.hash);
        if is_older {
            let words = "the server gives an older state of the group than this device knows";
            self.misbehaved(Some(conversation), words);
            return self.join_failed(conversation, &Refused::new("ServerMisbehaved", words));
        }
        match self.make_external(&now) {
            Ok(()) => Ok(()),
            Err(Refusal::Unknown | Refusal::IdentityMismatch) if self.session.retried.insert(conversation) => {
                // A leaf that the directory does not know here yet: fetch it and look again.
                let next_n = self.directory.next_n();
                self.want_directory(next_n + 1)?;
                self.session.wake(Wake::Advance(conversation), self.now + TRY_AGAIN_MS);
                Ok(())
            }
            Err(Refusal::NotAllowed) => {
                self.misbehaved(
                    Some(conversation),
                    "the server offers an open channel that nobody here asked for",
                );
                self.session.join_refused.insert(conversation);
                self.forget(conversation)
            }
            Err(refusal) => {
                let kind = if refusal == Refusal::IdentityMismatch {
                    crate::alarms::AlarmKind::IdentityMismatch
                } else {
                    crate::alarms::AlarmKind::CommitRefused
                };
                self.alarm(
                    kind,
                    Some(conversation),
                    None,
                    &format!("a group that this device does not join: {}", refusal.code()),
                );
                self.join_failed(conversation, &refusal.into())
            }
        }
    }

    fn make_external(&mut self, now: &GroupNow) -> Result<(), Refusal> {
        let conversation = now.conversation;
        let message = MlsMessageIn::tls_deserialize_exact(&now.group_info[..]).map_err(|_| Refusal::Malformed)?;
        let MlsMessageBodyIn::GroupInfo(info) = message.extract() else {
            return Err(Refusal::Malformed);
        };
        let tree = RatchetTreeIn::tls_deserialize_exact(&now.tree[..]).map_err(|_| Refusal::Malformed)?;
        let is_there = info.group_id().as_slice() == now.group.0 && info.epoch().as_u64() == now.epoch;
        if !is_there {
            return Err(Refusal::GroupInfoMismatch);
        }
        self.name_tree(conversation, now.epoch, info.group_context().tree_hash())?;
        let aad = CommitAad::new(self.head()?, self.now);
        let provider = self.provider()?;
        let credential = self.own_credential()?;
        let parameters = LeafNodeParameters::builder().with_capabilities(capabilities()).build();
        let built = MlsGroup::external_commit_builder()
            .with_ratchet_tree(tree)
            .with_config(join_config())
            .with_aad(aad.encode())
            .skip_lifetime_validation()
            .build_group(&provider, info, credential)
            .map_err(|_| Refusal::GroupInfoMismatch)?
            .leaf_node_parameters(parameters)
            .load_psks(provider.storage())
            .map_err(|_| Refusal::CommitMalformed)?
            .create_group_info(true)
            .build(provider.rand(), provider.crypto(), &self.keys()?.sig, |_| true)
            .map_err(|_| Refusal::CommitMalformed)?;
        let (group, bundle) = built.finalize(&provider).map_err(|_| Refusal::Corrupt)?;
        let (commit, _, group_info) = bundle.into_contents();
        let (commit, group_info) = (
            serialized(&commit)?,
            serialized(&MlsMessageOut::from(group_info.ok_or(Refusal::Corrupt)?))?,
        );
        let slot = 1 - self.conv(conversation)?.state.slot;
        let loaded = Loaded { provider, group, slot };
        self.check_group(conversation, &loaded)?;
        self.check_wished(conversation, &loaded)?;
        self.conv_mut(conversation)?.state.group = now.group;
        let link = self.signed_link(conversation, now.epoch + 1, &loaded.exported(conversation)?)?;
        self.store_group(conversation, &loaded);
        self.save_conv(conversation);
        let id = self.random();
        let message = sha256(&[&commit]);
        let request = frames::Commit {
            id,
            conversation,
            group: now.group,
            epoch: now.epoch,
            commit,
            group_info,
            welcome: None,
            link,
        };
        let frame = frames::Request::from(request).encode();
        let base = Head {
            n: now.n,
            hash: now.hash,
        };
        let pending = PendingCommit {
            id,
            frame,
            message,
            epoch: now.epoch,
            kind: PendingKind::External { slot, base },
        };
        self.put_pending(conversation, pending, Asked::External(conversation))
    }

    /// A server that lists an open channel as if it were the person's own does not get this device into it.
    fn check_wished(&self, conversation: Conversation, loaded: &Loaded) -> Result<(), Refusal> {
        let (own, view) = (self.me()?, super::group::view_of(&loaded.group, Default::default())?);
        let has_other = view
            .roster
            .values()
            .any(|leaf| leaf.identity.user == own.user && leaf.identity.device != own.device);
        if self.is_wished(
            conversation,
            &view.settings,
            has_other || view.settings.is_away(own.user),
        ) {
            Ok(())
        } else {
            Err(Refusal::NotAllowed)
        }
    }

    /// Keys out of the vault come without the tree hash that a history link needs; the GroupInfo of their epoch has it.
    fn name_tree(&mut self, conversation: Conversation, epoch: u64, tree_hash: &[u8]) -> Result<(), Refusal> {
        self.epoch_keys(conversation, epoch)?;
        let Some(mut keys) = self.conv(conversation)?.keys.get(&epoch).cloned() else {
            return Ok(());
        };
        keys.tree_hash = tree_hash.try_into().map_err(|_| Refusal::Malformed)?;
        self.put_keys(conversation, epoch, keys);
        Ok(())
    }

    /// Accepted; what counts is that the log shows it.
    pub(crate) fn external_accepted(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let conv = self.conv(conversation)?;
        let Some(PendingKind::External { base, .. }) = conv.pending.as_ref().map(|pending| pending.kind.clone()) else {
            return Ok(());
        };
        let first = base.n + 1;
        self.ask(Asked::WelcomeLog(conversation), |id| {
            FetchLog {
                id,
                conversation,
                first,
                limit: MAX_HASHES as u64,
                without_messages: true,
            }
            .into()
        });
        Ok(())
    }

    /// The log after the GroupInfo: the own commit must stand there, over the very epoch it was made for.
    pub(crate) fn external_log(&mut self, page: &LogPage) -> Result<(), Refusal> {
        let conversation = page.conversation;
        let Some(pending) = self.conv(conversation)?.pending.clone() else {
            return Ok(());
        };
        let PendingKind::External { slot, base } = pending.kind else {
            return Ok(());
        };
        self.heard_of(conversation, page.next_n);
        if page.first != base.n + 1 || page.hash_before != base.hash {
            self.fork(
                conversation,
                "the log does not continue from the group this device joined",
            );
            return Ok(());
        }
        let mut hash = base.hash;
        for (item, n) in page.items.iter().zip(base.n + 1..) {
            let entry = Entry::of(item)?;
            let before = hash;
            hash = log_next(&before, n, item.kind, &entry.digest);
            if item.n != n {
                self.misbehaved(Some(conversation), "a page of the log has a gap");
                return Ok(());
            }
            if item.kind != Kind::Commit as u8 {
                continue;
            }
            let commit = log::Commit::decode(entry.bytes.ok_or(Refusal::Malformed)?)?;
            if sha256(&[&commit.message]) != pending.message {
                return self.join_again(conversation); // another commit took the epoch
            }
            let aad = CommitAad::decode(&super::simulated::authenticated_data(&commit.message)?)?;
            let loaded = self.load_slot(conversation, slot, &self.conv(conversation)?.state.group.0.clone())?;
            self.drop_pending(conversation);
            return self.install(conversation, loaded, Head { n, hash }, before, &aad);
        }
        self.misbehaved(Some(conversation), "an accepted commit does not stand in the log");
        self.session.wake(Wake::Advance(conversation), self.now + TRY_AGAIN_MS);
        Ok(())
    }

    pub(crate) fn join_again(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.drop_external(conversation);
        self.advance(conversation)
    }

    pub(crate) fn external_refused(
        &mut self,
        conversation: Conversation,
        refused: &frames::Refused,
    ) -> Result<(), Refusal> {
        self.session.back_off(conversation, self.now);
        match refused.code.as_str() {
            "StaleEpoch" => self.join_again(conversation),
            "DirectoryBehind" | "ClockSkewed" | "SlowDown" | "RemovalPending" => {
                self.drop_external(conversation);
                let next_n = self.directory.next_n();
                self.want_directory(next_n + 1)?;
                let at = self.now + refused.retry_after_ms.unwrap_or(TRY_AGAIN_MS);
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
            _ => {
                self.drop_external(conversation);
                self.join_failed(conversation, &Refused::new(&refused.code, &refused.words))
            }
        }
    }
}
