//! The directory: every entry verified in order, heads compared wherever one is heard of, own entries appended.

use inmost_public::directory::{Applied, Change, Draft, Payload, Role};
use inmost_public::ids::{Conversation, Device, Head};
use inmost_public::limits::MAX_PAGE_ITEMS;
use inmost_public::{cbor, Refusal};
use serde::{Deserialize, Serialize};

use crate::alarms::AlarmKind;
use crate::frames::{self, AppendEntry, DirectoryPage, FetchDirectory, RequestId};
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::me::Phase;
use crate::pack::{self, Value};
use crate::refused::Refused;
use crate::rows::Row;
use crate::session::{Asked, Stage};

const MAX_TRIES: u32 = 4;
const MAX_CLAIMED_HEADS: usize = 64;

/// An own entry that waits to be accepted.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub struct PendingEntry {
    pub id: RequestId,
    pub kind: String,
    #[serde(with = "serde_bytes")]
    pub payload: Vec<u8>,
    #[serde(with = "serde_bytes")]
    pub entry: Vec<u8>,
    pub command: Option<CommandId>,
    /// What the command ends in.
    #[serde(with = "serde_bytes")]
    pub result: Vec<u8>,
    pub tries: u32,
}

impl Machine {
    /// See to it that the directory is known up to number next_n - 1.
    pub(crate) fn want_directory(&mut self, next_n: u64) -> Result<(), Refusal> {
        self.session.directory_next_n = self.session.directory_next_n.max(next_n);
        let first = self.directory.next_n();
        if first < self.session.directory_next_n
            && self.session.is_connected()
            && !self.session.is_asked(&Asked::Directory)
        {
            self.ask(Asked::Directory, |id| {
                FetchDirectory {
                    id,
                    first,
                    limit: MAX_PAGE_ITEMS as u64,
                }
                .into()
            });
        }
        Ok(())
    }

    pub(crate) fn directory_page(&mut self, page: &DirectoryPage) -> Result<(), Refusal> {
        for (entry, n) in page.entries.iter().zip(page.first..) {
            if n == self.directory.next_n() && !self.append(entry)? {
                return Ok(());
            }
        }
        self.session.directory_next_n = page.next_n;
        if self.directory.next_n() < page.next_n && !page.entries.is_empty() {
            return self.want_directory(page.next_n);
        }
        self.directory_reached()
    }

    pub(crate) fn directory_item(&mut self, n: u64, entry: &[u8]) -> Result<(), Refusal> {
        match n.cmp(&self.directory.next_n()) {
            std::cmp::Ordering::Less => Ok(()),
            std::cmp::Ordering::Greater => self.want_directory(n + 1),
            std::cmp::Ordering::Equal => {
                if self.append(entry)? && self.session.stage != Stage::Syncing {
                    self.directory_reached()?;
                }
                Ok(())
            }
        }
    }

    /// Verify the next entry. False when it is none: shown, and the directory stays where it is.
    fn append(&mut self, entry: &[u8]) -> Result<bool, Refusal> {
        self.is_directory_changed = true;
        let applied = match self.directory.apply(entry) {
            Ok(applied) => applied,
            Err(Refusal::DirectoryForked) => {
                self.directory_fork("the server gives an entry of another directory");
                return Ok(false);
            }
            Err(refusal) => {
                self.misbehaved(
                    None,
                    &format!(
                        "the server gives a directory entry that does not verify: {}",
                        refusal.code()
                    ),
                );
                return Ok(false);
            }
        };
        self.rows.put_bytes(Row::Entry(applied.n).key(), entry.to_vec());
        self.entry_done(applied.n, entry)?;
        self.out.event("directory", map! {"n" => applied.n});
        self.after_entry(&applied)?;
        Ok(true)
    }

    fn after_entry(&mut self, applied: &Applied) -> Result<(), Refusal> {
        if applied.second_claim {
            self.alarm(
                AlarmKind::InvitationClaimedTwice,
                None,
                applied.device,
                "an invitation was used twice; both are suspended until somebody decides",
            );
        }
        self.devices_ended(&applied.inactive_devices)?;
        if let (Some(user), "role") = (applied.user, applied.kind) {
            self.role_changed(user)?;
        }
        let me = self.me()?;
        let (user, device) = (me.user, me.device);
        if applied.inactive_devices.contains(&device) && me.phase == Phase::Ready {
            self.ended();
        } else if applied.active_devices.contains(&device) && me.phase == Phase::Ended {
            self.set_phase(Phase::Ready); // a suspension was lifted
        }
        let is_own_chain = applied.user == Some(user) && applied.kind == "chain";
        if is_own_chain {
            self.seal_vault_anew()?;
        }
        Ok(())
    }

    pub(crate) fn set_phase(&mut self, phase: Phase) {
        if let Some(me) = self.me.as_mut() {
            me.phase = phase;
        }
        self.save_me();
    }

    /// This device is out.
    pub(crate) fn ended(&mut self) {
        self.set_phase(Phase::Ended);
        self.out.event("revoked", map! {});
    }

    /// The directory is where the server says it is: what waited for it goes on.
    fn directory_reached(&mut self) -> Result<(), Refusal> {
        self.check_vouched()?;
        for (head, by) in std::mem::take(&mut self.session.claimed_heads) {
            if self.directory.hash_at(head.n).is_some() {
                self.compare_dir(&head, by)?;
            }
        }
        if self.me()?.phase == Phase::Recovering {
            return self.go_on_returning();
        }
        let next_n = self.directory.next_n();
        let free: Vec<Conversation> = self
            .session
            .stalled
            .iter()
            .filter(|(_, n)| **n < next_n)
            .map(|(conversation, _)| *conversation)
            .collect();
        for conversation in free {
            self.session.stalled.remove(&conversation);
            self.advance(conversation)?;
        }
        let lying: Vec<Conversation> = self.session.stalled.keys().copied().collect();
        if !lying.is_empty() && self.session.directory_next_n <= next_n {
            for conversation in lying {
                self.session.stalled.remove(&conversation);
                self.cannot_follow(conversation)?;
            }
        }
        match self.session.stage {
            Stage::Directory => self.go_live(),
            Stage::Live => {
                self.settle()?;
                let conversations: Vec<Conversation> = self.conversations.keys().copied().collect();
                conversations
                    .into_iter()
                    .try_for_each(|conversation| self.advance(conversation))
            }
            Stage::Offline | Stage::Syncing => Ok(()),
        }
    }

    /// A commit names a head that the server does not give.
    fn cannot_follow(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.misbehaved(
            Some(conversation),
            "a commit names a directory head that the server does not give",
        );
        self.session.given_up.insert(conversation); // nothing is sealed there, and nothing asked for, until the next connection
        Ok(())
    }

    /// The head of the invitation link must be in the directory, and the inviter somebody who may invite.
    fn check_vouched(&mut self) -> Result<(), Refusal> {
        let me = self.me()?;
        let Some((head, inviter)) = me.vouched.filter(|_| !me.is_vouched) else {
            return Ok(());
        };
        let Some(hash) = self.directory.hash_at(head.n) else {
            return Ok(());
        };
        let may_invite = self.directory.user(inviter).is_some_and(|user| {
            matches!(user.role_at(head.n), Role::Owner | Role::Administrator) && !user.is_suspended_at(head.n)
        });
        if hash == head.hash && may_invite {
            if let Some(me) = self.me.as_mut() {
                me.is_vouched = true;
            }
            self.save_me();
        } else {
            self.directory_fork("the server's directory is not the one that the invitation link names");
        }
        Ok(())
    }

    pub(crate) fn directory_fork(&mut self, words: &str) {
        self.alarm(AlarmKind::DirectoryForked, None, None, words);
        self.note_fork();
    }

    fn note_fork(&mut self) {
        if let Some(me) = self.me.as_mut() {
            me.is_forked = true;
        }
        self.save_me();
    }

    /// A head somebody mentions.
    pub(crate) fn compare_dir(&mut self, dir: &Head, by: Device) -> Result<(), Refusal> {
        match self.directory.hash_at(dir.n) {
            Some(hash) if hash == dir.hash => Ok(()),
            Some(_) => {
                self.alarm(
                    AlarmKind::DirectoryForked,
                    None,
                    Some(by),
                    "a member's directory is another than this device's",
                );
                self.note_fork();
                Ok(())
            }
            None => {
                if self.session.claimed_heads.len() < MAX_CLAIMED_HEADS {
                    self.session.claimed_heads.push((*dir, by));
                }
                self.want_directory(dir.n.saturating_add(1)) // a member says it: it may be any number
            }
        }
    }

    /// Sign and send an entry by this device; the command ends when it stands in the directory.
    pub(crate) fn append_own(
        &mut self,
        payload: Payload,
        command: Option<CommandId>,
        result: Value,
    ) -> Result<(), Refusal> {
        let entry = self.signed_entry(payload.clone())?;
        self.append_entry(&payload, entry, command, result)
    }

    /// Send a signed entry; the command ends when it stands in the directory.
    pub(crate) fn append_entry(
        &mut self,
        payload: &Payload,
        entry: Vec<u8>,
        command: Option<CommandId>,
        result: Value,
    ) -> Result<(), Refusal> {
        let (kind, item) = (payload.kind().to_owned(), cbor::encode(&payload.to_item()));
        // Whatever the server would refuse is refused here, without waiting for it.
        match self.directory.check(&entry) {
            Ok(_) | Err(Refusal::StaleChain) => {}
            Err(refusal) => return Err(refusal),
        }
        let sequence = self.next_sequence();
        let pending = PendingEntry {
            id: self.random(),
            kind,
            payload: item,
            entry,
            command,
            result: pack::encode(&result),
            tries: 0,
        };
        self.rows.put(Row::PendingEntry(sequence), &pending);
        self.send_entry(sequence, &pending);
        Ok(())
    }

    fn send_entry(&mut self, sequence: u64, pending: &PendingEntry) {
        let frame = frames::Request::from(AppendEntry {
            id: pending.id,
            entry: pending.entry.clone(),
        })
        .encode();
        self.ask_with(pending.id, Asked::Entry(sequence), frame);
    }

    pub(crate) fn signed_entry(&self, payload: Payload) -> Result<Vec<u8>, Refusal> {
        let me = self.me()?;
        let draft = Draft {
            org: me.org,
            author: Some(me.user),
            head: Some(self.head()?),
            time_ms: self.now.max(self.directory.time_ms()),
            payload,
        };
        Ok(draft.sign(&[(me.device.0, &self.keys()?.sig)]))
    }

    /// The next change of this user's chain.
    pub(crate) fn next_change(&self, change: Change) -> Result<Payload, Refusal> {
        let user = self.me()?.user;
        let state = self.directory.user(user).ok_or(Refusal::Unknown)?;
        Ok(Payload::Chain {
            user,
            k: state.chain_k + 1,
            prev: state.chain_head,
            change,
        })
    }

    pub(crate) fn resend_entries(&mut self) -> Result<(), Refusal> {
        for (sequence, pending) in self.numbered::<PendingEntry>(b"E")? {
            self.send_entry(sequence, &pending);
        }
        Ok(())
    }

    pub(crate) fn appended(&mut self, n: u64) -> Result<(), Refusal> {
        self.want_directory(n + 1)
    }

    /// An entry stands in the directory: if it is an own one that waited, its command is done.
    fn entry_done(&mut self, _n: u64, entry: &[u8]) -> Result<(), Refusal> {
        for (sequence, pending) in self.numbered::<PendingEntry>(b"E")? {
            if pending.entry == entry {
                self.rows.delete(Row::PendingEntry(sequence));
                self.finish(pending.command, Ok(pack::decode(&pending.result)?));
            }
        }
        Ok(())
    }

    pub(crate) fn entry_refused(&mut self, sequence: u64, refused: &frames::Refused) -> Result<(), Refusal> {
        let Some(mut pending) = self.rows.get::<PendingEntry>(Row::PendingEntry(sequence))? else {
            return Ok(());
        };
        pending.tries += 1;
        let may_help = matches!(
            refused.code.as_str(),
            "StaleChain" | "ClockSkewed" | "DirectoryForked" | "DirectoryBehind" | "NotAllowed"
        );
        if may_help && pending.tries < MAX_TRIES && refused.code != "NotAllowed" {
            let payload = match Payload::from_item(&pending.kind, &cbor::decode(&pending.payload)?)? {
                // The passkey has to sign anew, too.
                Payload::Chain {
                    change: Change::AddPaper { .. },
                    ..
                } => return self.entry_given_up(sequence, &pending, refused),
                Payload::Chain { change, .. } => self.next_change(change)?,
                payload => payload,
            };
            pending.entry = self.signed_entry(payload)?;
            pending.id = self.random();
            self.rows.put(Row::PendingEntry(sequence), &pending);
            self.want_directory(self.directory.next_n() + 1)?;
            self.send_entry(sequence, &pending);
            return Ok(());
        }
        self.entry_given_up(sequence, &pending, refused)
    }

    fn entry_given_up(
        &mut self,
        sequence: u64,
        pending: &PendingEntry,
        refused: &frames::Refused,
    ) -> Result<(), Refusal> {
        self.rows.delete(Row::PendingEntry(sequence));
        self.finish(pending.command, Err(Refused::new(&refused.code, &refused.words)));
        Ok(())
    }
}
