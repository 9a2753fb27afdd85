//! The vault and its rows: written after the claim and on changes, so that a lost person comes back with everything.

use inmost_public::cbor::{self, Item};
use inmost_public::directory::{Payload, Recovery};
use inmost_public::ids::{sha256, Conversation};
use inmost_public::Refusal;
use openmls_traits::OpenMlsProvider;
use serde::{Deserialize, Serialize};

use crate::frames::{PutVault, PutVaultRows};
use crate::machine::Machine;
use crate::me::Phase;
use crate::recovery::PaperPublic;
use crate::rows::Row;
use crate::session::{Asked, Duty, Wake};
use crate::vault::{RowContents, RowPlace, Vault, VaultContents, VaultRow, Writer};

/// The first change goes out at once, then at most one batch in this time.
const BATCH_MS: u64 = 60_000;
const BATCH_ROWS: usize = 100;
/// Each vault is a directory entry, so a new title waits for the next one.
const VAULT_EVERY_MS: u64 = 600_000;

/// What was last put into the vault for a conversation.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Stored {
    pub epoch: u64,
    /// The paper devices it is sealed to, so that another one seals everything anew.
    pub papers: [u8; 16],
    /// Keys that came out of the vault: the log head they were stored with.
    pub head: Option<inmost_public::ids::Head>,
}

/// When the vault was last written by this device, and what it said.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Written {
    chain_k: u64,
    contents: [u8; 16],
    at_ms: u64,
}

impl Machine {
    /// The own paper devices valid now, with what stands for all of them; None while there are none.
    fn papers_now(&self) -> Option<([u8; 16], Vec<PaperPublic>)> {
        let me = self.me.as_ref()?;
        let public = |keys: &Recovery| {
            let seal = keys.xwing_public.as_slice().try_into().ok()?;
            Some(PaperPublic {
                id: keys.key_id(),
                seal,
            })
        };
        let papers: Vec<_> = self.directory.user(me.user)?.paper_keys().filter_map(public).collect();
        let ids: Vec<&[u8]> = papers.iter().map(|paper| &paper.id[..]).collect();
        let mut digest = [0; 16];
        digest.copy_from_slice(&sha256(&ids)[..16]);
        (!papers.is_empty()).then_some((digest, papers))
    }

    fn writes_vault(&self) -> bool {
        let is_strict = self.directory.policy().is_some_and(|policy| policy.strict_recovery);
        self.me
            .as_ref()
            .is_some_and(|me| me.phase == Phase::Ready && !me.is_bot)
            && !is_strict
    }

    /// A conversation's keys changed: its row is due.
    pub(crate) fn wants_vault_row(&mut self, _conversation: Conversation) {
        if self.writes_vault() && self.session.is_connected() {
            let at = self.now.max(self.session.vault_rows_at_ms + BATCH_MS).max(self.now + 1);
            let at = if self.session.vault_rows_at_ms == 0 {
                self.now + 1
            } else {
                at
            };
            self.session.wake(Wake::VaultRows, at);
        }
    }

    /// Put the rows that are due, in one batch.
    pub(crate) fn put_vault_rows(&mut self) -> Result<(), Refusal> {
        let Some((digest, papers)) = self.papers_now() else {
            return Ok(());
        };
        let is_busy = self
            .session
            .asked
            .values()
            .any(|asked| matches!(asked, Asked::VaultRows(_)));
        if !self.writes_vault() || !self.session.is_live() || is_busy {
            return Ok(());
        }
        let mut rows = Vec::new();
        let due: Vec<Conversation> = self.conversations.keys().copied().collect();
        for conversation in due {
            let conv = self.conv(conversation)?;
            let has_revoked_self = conv.state.stale.iter().any(|device| {
                self.directory
                    .device(*device)
                    .is_some_and(|state| Some(state.user) == self.me.as_ref().map(|me| me.user))
            });
            let stored: Option<Stored> = self.rows.get(Row::Vaulted(conversation))?;
            let is_done = stored.is_some_and(|stored| stored.epoch == conv.state.epoch && stored.papers == digest);
            if !conv.is_member() || is_done || has_revoked_self || rows.len() >= BATCH_ROWS {
                continue;
            }
            rows.push((conversation, self.vault_row(conversation, &papers)?));
        }
        if rows.is_empty() {
            return Ok(());
        }
        if rows.len() >= BATCH_ROWS {
            self.session.wake(Wake::VaultRows, self.now + BATCH_MS);
        }
        self.session.vault_rows_at_ms = self.now;
        for (conversation, _) in &rows {
            let epoch = self.conv(*conversation)?.state.epoch;
            self.session.vault_epochs.insert(*conversation, (epoch, digest));
        }
        let conversations = rows.iter().map(|(conversation, _)| *conversation).collect();
        self.ask(Asked::VaultRows(conversations), |id| PutVaultRows { id, rows }.into());
        Ok(())
    }

    fn vault_row(&mut self, conversation: Conversation, papers: &[PaperPublic]) -> Result<Vec<u8>, Refusal> {
        let epoch = self.conv(conversation)?.state.epoch;
        self.epoch_keys(conversation, epoch)?;
        let provider = self.provider()?;
        let conv = self.conv(conversation)?;
        let keys = conv.keys.get(&epoch).ok_or(Refusal::Corrupt)?;
        let contents = RowContents {
            content_key: keys.content.clone(),
            history_key: keys.history.clone().ok_or(Refusal::Corrupt)?,
            log: conv.state.head.ok_or(Refusal::Corrupt)?,
        };
        let place = RowPlace {
            conversation,
            group: conv.state.group,
            epoch,
        };
        VaultRow::seal(provider.crypto(), &self.writer(papers)?, place, &contents)
    }

    fn writer<'a>(&'a self, papers: &'a [PaperPublic]) -> Result<Writer<'a>, Refusal> {
        let me = self.me()?;
        Ok(Writer {
            org: me.org,
            user: me.user,
            device: me.device,
            signer: &self.keys()?.sig,
            papers,
        })
    }

    pub(crate) fn vault_rows_stored(&mut self, conversations: &[Conversation]) {
        for conversation in conversations {
            if let Some((epoch, papers)) = self.session.vault_epochs.remove(conversation) {
                self.rows.put(
                    Row::Vaulted(*conversation),
                    &Stored {
                        epoch,
                        papers,
                        head: None,
                    },
                );
            }
        }
    }

    /// After a start or a connection: rows that were due and did not get through.
    pub(crate) fn vault_rows_due(&mut self) -> Result<(), Refusal> {
        if let Some(conversation) = self.conversations.keys().next().copied() {
            self.wants_vault_row(conversation);
        }
        Ok(())
    }

    pub(crate) fn put_vault_if_missing(&mut self) -> Result<(), Refusal> {
        let me = self.me()?;
        let Some(state) = self.directory.user(me.user) else {
            return Ok(());
        };
        let (is_there, chain_k) = (state.vault.is_some(), state.chain_k);
        if me.is_bot || self.papers_now().is_none() || !self.session.may(Duty::Vault, self.now) {
            return Ok(());
        }
        let written: Written = self.rows.get(Row::Vault)?.unwrap_or_default();
        let is_right = is_there && written.chain_k == chain_k && written.contents == self.vault_digest();
        let is_due = !is_there || written.chain_k != chain_k || self.now >= written.at_ms + VAULT_EVERY_MS;
        if is_right {
            return Ok(());
        }
        if !is_due {
            self.session.wake(Wake::VaultRows, written.at_ms + VAULT_EVERY_MS);
            return Ok(());
        }
        self.put_vault()
    }

    /// What of the vault's contents would be worth a new one.
    fn vault_digest(&self) -> [u8; 16] {
        let parts: Vec<Vec<u8>> = self
            .conversations
            .iter()
            .filter(|(_, conv)| conv.is_member())
            .map(|(id, conv)| {
                [
                    &id.0[..],
                    conv.state.title.as_ref().map_or(b"", |(_, title)| title.as_bytes()),
                ]
                .concat()
            })
            .collect();
        let mut digest = [0; 16];
        digest.copy_from_slice(&sha256(&[&parts.concat()])[..16]);
        digest
    }

    /// Write the vault, with the entry that pins it.
    pub(crate) fn put_vault(&mut self) -> Result<(), Refusal> {
        let Some((_, papers)) = self.papers_now() else {
            return Ok(());
        };
        if self.session.is_asked(&Asked::Vault) || !self.session.is_connected() || self.me()?.is_bot {
            return Ok(());
        }
        let user = self.me()?.user;
        let version = self
            .directory
            .user(user)
            .and_then(|state| state.vault)
            .map_or(1, |(version, _)| version + 1);
        let titles = |(conversation, conv): (&Conversation, &crate::conversation::Conv)| {
            conv.state
                .title
                .as_ref()
                .map(|(_, title)| inmost_public::cbor![conversation, title])
        };
        let settings = cbor::encode(&Item::Array(self.conversations.iter().filter_map(titles).collect()));
        let conversations = self
            .conversations
            .iter()
            .filter(|(_, conv)| conv.is_member())
            .map(|(conversation, conv)| (*conversation, conv.state.group))
            .collect();
        let contents = VaultContents {
            dir: self.head()?,
            settings,
            conversations,
        };
        let provider = self.provider()?;
        let vault = Vault::seal(provider.crypto(), &self.writer(&papers)?, version, &contents)?;
        let entry = self.signed_entry(Payload::Vault {
            version,
            hash: sha256(&[&vault]),
        })?;
        let chain_k = self.directory.user(user).map_or(0, |state| state.chain_k);
        self.rows.put(
            Row::Vault,
            &Written {
                chain_k,
                contents: self.vault_digest(),
                at_ms: self.now,
            },
        );
        self.ask(Asked::Vault, |id| PutVault { id, vault, entry }.into());
        Ok(())
    }

    /// The own chain changed: everything is sealed anew, to the paper devices valid now.
    pub(crate) fn seal_vault_anew(&mut self) -> Result<(), Refusal> {
        if self.session.stage != crate::session::Stage::Live || !self.writes_vault() {
            return Ok(());
        }
        for conversation in self.conversations.keys().copied().collect::<Vec<_>>() {
            self.rows.delete(Row::Vaulted(conversation));
        }
        self.session.wake(Wake::VaultRows, self.now + 1);
        self.put_vault()
    }

    /// Another device was faster with the version: look again, and write only if it is still missing.
    pub(crate) fn vault_refused(&mut self) -> Result<(), Refusal> {
        self.rows.delete(Row::Vault);
        self.session.put_off(Duty::Vault, self.now);
        self.want_directory(self.directory.next_n() + 1)
    }

    /// The log head that came with a conversation's keys out of the vault.
    pub(crate) fn vault_head(&self, conversation: Conversation) -> Result<Option<inmost_public::ids::Head>, Refusal> {
        Ok(self
            .rows
            .get::<Stored>(Row::Vaulted(conversation))?
            .and_then(|stored| stored.head))
    }
}
