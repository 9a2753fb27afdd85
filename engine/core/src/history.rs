//! Content and history keys of each epoch: exported when a commit is in, linked backwards, walked when somebody looks, repaired when wrong.

use inmost_public::ids::{Conversation, Device};
use inmost_public::limits::MAX_PAGE_ITEMS;
use inmost_public::log;
use inmost_public::settings::Settings;
use inmost_public::Refusal;
use serde::{Deserialize, Serialize};

use crate::alarms::AlarmKind;
use crate::conversation::group::{rank_of, Exported};
use crate::conversation::{EpochKeys, KeySource};
use crate::frames::{FetchLinks, Links, PutLink};
use crate::keys::{ContentKey, HistoryKey};
use crate::link::{open_link, HistoryLink};
use crate::log_sync::Entry;
use crate::machine::{prefix, Machine};
use crate::map;
use crate::roster_history::{EpochChange, RosterHistory};
use crate::rows::Row;
use crate::session::{Asked, Wake};
use crate::timeline::message_key;

/// A link comes with its commit; this long after it is missing, and then each device waits for those before it.
const LINK_WAIT_MS: u64 = 3_000;
const RANK_STEP_MS: u64 = 2_000;
const MAX_RANK: u64 = 15;

/// Where a history link led.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Walked {
    /// It does not open, or the key to it is not here.
    Nowhere,
    /// It gives other keys than the ones that are proven here.
    Against,
    Further,
}

/// The row of an epoch's keys. Secret.
#[derive(Serialize, Deserialize)]
struct KeysRow {
    content: [u8; 32],
    history: Option<[u8; 32]>,
    tree_hash: [u8; 32],
    #[serde(default)]
    source: KeySource,
}

impl Machine {
    /// C_e, if this device has it.
    pub(crate) fn epoch_keys(&mut self, conversation: Conversation, epoch: u64) -> Result<Option<ContentKey>, Refusal> {
        if !self.conv(conversation)?.keys.contains_key(&epoch) {
            let Some(row) = self.rows.get::<KeysRow>(Row::Keys(conversation, epoch))? else {
                return Ok(None);
            };
            let keys = EpochKeys {
                content: ContentKey::from_bytes(row.content),
                history: row.history.map(HistoryKey::from_bytes),
                tree_hash: row.tree_hash,
                source: row.source,
            };
            self.conv_mut(conversation)?.keys.insert(epoch, keys);
        }
        Ok(self
            .conv(conversation)?
            .keys
            .get(&epoch)
            .map(|keys| keys.content.clone()))
    }

    pub(crate) fn current_keys(&mut self, conversation: Conversation) -> Result<ContentKey, Refusal> {
        let epoch = self.conv(conversation)?.state.epoch;
        self.epoch_keys(conversation, epoch)?.ok_or(Refusal::Corrupt)
    }

    pub(crate) fn store_keys(&mut self, conversation: Conversation, epoch: u64, keys: &Exported) {
        self.put_keys(
            conversation,
            epoch,
            EpochKeys {
                content: keys.content.clone(),
                history: Some(keys.history.clone()),
                tree_hash: keys.tree_hash,
                source: KeySource::Group,
            },
        );
    }

    pub(crate) fn put_keys(&mut self, conversation: Conversation, epoch: u64, keys: EpochKeys) {
        let row = KeysRow {
            content: *keys.content.as_bytes(),
            history: keys.history.as_ref().map(|key| *key.as_bytes()),
            tree_hash: keys.tree_hash,
            source: keys.source,
        };
        self.rows.put(Row::Keys(conversation, epoch), &row);
        if let Some(conv) = self.conversations.get_mut(&conversation) {
            conv.keys.insert(epoch, keys);
        }
    }

    /// Who was there when, read when first needed.
    pub(crate) fn rosters(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if self.conv(conversation)?.rosters.is_none() {
            let changes = self.numbered::<EpochChange>(&prefix(b'e', conversation))?;
            let mut rosters = RosterHistory::from_changes(changes);
            if let Ok(settings) = Settings::decode(&self.conv(conversation)?.state.settings) {
                rosters.suppose(settings);
            }
            self.conv_mut(conversation)?.rosters = Some(rosters);
        }
        Ok(())
    }

    /// The lowest epoch down to which every content key is here.
    pub(crate) fn lower_keys_from(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let mut from = self.conv(conversation)?.state.keys_from;
        while from > 0 && self.epoch_keys(conversation, from - 1)?.is_some() {
            from -= 1;
        }
        self.conv_mut(conversation)?.state.keys_from = from;
        Ok(())
    }

    /// A link in the log: compared with the own one, or used to open what lies before.
    pub(crate) fn take_link(&mut self, conversation: Conversation, bytes: &[u8]) -> Result<(), Refusal> {
        let Ok(link) = log::Link::decode(bytes) else {
            return Ok(());
        };
        if self.check_link(conversation, &link).is_err() {
            return self.wrong_link(conversation, link.epoch, Some(link.device));
        }
        let epoch = link.epoch;
        match self.expected_link(conversation, epoch)? {
            Some(expected) if expected == link.link => {
                if self.conv_mut(conversation)?.state.link_due.remove(&epoch).is_some() {
                    self.save_conv(conversation);
                }
                self.rows.delete(Row::PendingLink(conversation, epoch));
                Ok(())
            }
            Some(_) => self.wrong_link(conversation, epoch, Some(link.device)),
            None => match self.open_history(conversation, epoch, &link.link)? {
                Walked::Nowhere => Ok(()),
                Walked::Against => self.wrong_link(conversation, epoch, Some(link.device)),
                Walked::Further if !self.conv(conversation)?.state.is_waiting => Ok(()),
                Walked::Further => {
                    self.conv_mut(conversation)?.state.is_waiting = false;
                    self.save_conv(conversation);
                    self.out.event("history", map! {"conversation" => conversation});
                    self.open_newest(conversation)?;
                    self.read_marks_back(conversation)
                }
            },
        }
    }

    fn check_link(&self, conversation: Conversation, link: &log::Link) -> Result<(), Refusal> {
        let device = self.directory.device(link.device).ok_or(Refusal::Unknown)?;
        link.verify(
            &device.sig_public,
            self.me()?.org,
            conversation,
            self.conv(conversation)?.state.group,
        )
    }

    /// The right link, where this device can say: it was there in both epochs. What a link brought proves nothing about links,
    /// or whoever was given a wrong one would defend it and name those who put it right; there the newest counts.
    fn expected_link(&mut self, conversation: Conversation, epoch: u64) -> Result<Option<Vec<u8>>, Refusal> {
        if epoch <= self.conv(conversation)?.state.joined_epoch {
            return Ok(None);
        }
        let Some(keys) = self.exported_of(conversation, epoch)? else {
            return Ok(None);
        };
        match self.signed_link(conversation, epoch, &keys)? {
            Some(entry) => Ok(Some(log::Link::decode(&entry)?.link)),
            None => Ok(None),
        }
    }

    fn exported_of(&mut self, conversation: Conversation, epoch: u64) -> Result<Option<Exported>, Refusal> {
        self.epoch_keys(conversation, epoch)?;
        let keys = self.conv(conversation)?.keys.get(&epoch);
        Ok(keys.and_then(|keys| {
            Some(Exported {
                content: keys.content.clone(),
                history: keys.history.clone()?,
                tree_hash: keys.tree_hash,
            })
        }))
    }

    /// Open the epoch before by its link. Of several that open the newest counts, unless it contradicts what is proven here.
    fn open_history(&mut self, conversation: Conversation, epoch: u64, link: &[u8]) -> Result<Walked, Refusal> {
        let Some(Exported { history, .. }) = self.exported_of(conversation, epoch)? else {
            return Ok(Walked::Nowhere);
        };
        let group = self.conv(conversation)?.state.group;
        let Ok(HistoryLink::Previous {
            content_key,
            tree_hash,
            history_key,
        }) = open_link(&history, group, epoch, link)
        else {
            return Ok(Walked::Nowhere);
        };
        let Some(before) = epoch.checked_sub(1) else {
            return Ok(Walked::Nowhere);
        };
        self.epoch_keys(conversation, before)?;
        let known = self.conv(conversation)?.keys.get(&before).cloned();
        let mut source = KeySource::Link;
        if let Some(known) = known {
            let is_same_content = known.content.as_bytes() == content_key.as_bytes();
            let is_same_history = known.history.as_ref().map(HistoryKey::as_bytes) == Some(history_key.as_bytes());
            match known.source {
                KeySource::Group if known.history.is_some() && !(is_same_content && is_same_history) => {
                    return Ok(Walked::Against)
                }
                KeySource::Group | KeySource::LinkProven if !is_same_content => return Ok(Walked::Against),
                _ if is_same_content && is_same_history => return Ok(Walked::Further),
                KeySource::Link => self.unread(conversation, before)?,
                KeySource::Group | KeySource::LinkProven => {
                    source = known.source;
                    self.unread(conversation, before)?;
                }
            }
        }
        self.put_keys(
            conversation,
            before,
            EpochKeys {
                content: content_key,
                history: Some(history_key),
                tree_hash,
                source,
            },
        );
        self.lower_keys_from(conversation)?;
        self.save_conv(conversation);
        Ok(Walked::Further)
    }

    /// The keys of `epoch` change: what came through them is dropped unless proven, and what was shown is opened anew,
    /// page by page, each proved by the one above it.
    fn unread(&mut self, conversation: Conversation, epoch: u64) -> Result<(), Refusal> {
        for lower in 0..epoch {
            if self.epoch_keys(conversation, lower)?.is_none() {
                continue;
            }
            let conv = self.conv_mut(conversation)?;
            if conv.keys.get(&lower).is_some_and(|keys| keys.source == KeySource::Link) {
                conv.keys.remove(&lower);
                self.rows.delete(Row::Keys(conversation, lower));
            }
        }
        let state = &mut self.conv_mut(conversation)?.state;
        state.keys_from = epoch;
        state.spans.clear();
        state.is_waiting = true; // so that the newest page is opened anew
        Ok(())
    }

    /// A message has opened: its content key is the right one.
    pub(crate) fn prove_keys(&mut self, conversation: Conversation, epoch: u64) -> Result<(), Refusal> {
        let Some(mut keys) = self.conv(conversation)?.keys.get(&epoch).cloned() else {
            return Ok(());
        };
        if keys.source == KeySource::Link {
            keys.source = KeySource::LinkProven;
            self.put_keys(conversation, epoch, keys);
        }
        Ok(())
    }

    /// Whether what does not open may be the fault of the link that brought its key.
    pub(crate) fn is_doubtful(&self, conversation: Conversation, epoch: u64) -> Result<bool, Refusal> {
        let keys = self.conv(conversation)?.keys.get(&epoch);
        Ok(keys.is_some_and(|keys| keys.source == KeySource::Link))
    }

    /// A content key that a link brought opens nothing: the wait for a right link begins, and is shown.
    pub(crate) fn doubt_link(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        if !self.conv(conversation)?.state.is_waiting {
            self.conv_mut(conversation)?.state.is_waiting = true;
            self.save_conv(conversation);
            self.alarm(
                AlarmKind::WrongLink,
                Some(conversation),
                None,
                "older messages do not open with the keys another member's device gave; waiting for one that does",
            );
            self.out.event("waiting", map! {"conversation" => conversation});
        }
        Ok(())
    }

    fn wrong_link(&mut self, conversation: Conversation, epoch: u64, by: Option<Device>) -> Result<(), Refusal> {
        self.alarm(
            AlarmKind::WrongLink,
            Some(conversation),
            by,
            "a history link that does not fit; repaired by a member's device",
        );
        self.repair_link(conversation, epoch, 0)
    }

    /// After a commit: its link should be next.
    pub(crate) fn expect_link(
        &mut self,
        conversation: Conversation,
        epoch: u64,
        _is_external: bool,
    ) -> Result<(), Refusal> {
        if epoch > 0 {
            self.repair_link(conversation, epoch, LINK_WAIT_MS)?;
        }
        Ok(())
    }

    fn repair_link(&mut self, conversation: Conversation, epoch: u64, wait_ms: u64) -> Result<(), Refusal> {
        if self.expected_link(conversation, epoch)?.is_none() {
            return Ok(()); // only who knows both sides can repair
        }
        let device = self.me()?.device;
        let rank = rank_of(&self.group_view(conversation)?.roster, device).min(MAX_RANK);
        let due = self.now + wait_ms + rank * RANK_STEP_MS;
        self.conv_mut(conversation)?.state.link_due.insert(epoch, due);
        self.save_conv(conversation);
        self.session.wake(Wake::Link(conversation), due);
        Ok(())
    }

    /// Upload what is due and nobody else has uploaded.
    pub(crate) fn repair_links(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let conv = self.conv(conversation)?;
        if !conv.is_member() || self.is_behind(conversation) {
            return Ok(());
        }
        let due: Vec<(u64, u64)> = conv.state.link_due.iter().map(|(epoch, at)| (*epoch, *at)).collect();
        for (epoch, at) in due {
            if at > self.now {
                self.session.wake(Wake::Link(conversation), at);
                continue;
            }
            let Some(keys) = self.exported_of(conversation, epoch)? else {
                continue;
            };
            let Some(link) = self.signed_link(conversation, epoch, &keys)? else {
                continue;
            };
            if !self.session.is_asked(&Asked::PutLink(conversation, epoch)) {
                self.ask(Asked::PutLink(conversation, epoch), |id| {
                    PutLink {
                        id,
                        conversation,
                        epoch,
                        link,
                    }
                    .into()
                });
            }
        }
        Ok(())
    }

    /// Ask for the links down to an epoch. False when that is under way or there is nothing to ask.
    pub(crate) fn walk_back(&mut self, conversation: Conversation, down_to: u64) -> Result<bool, Refusal> {
        let from = self.conv(conversation)?.state.keys_from;
        if down_to >= from {
            return Ok(false);
        }
        let last_epoch = from;
        let first_epoch = (down_to + 1).max((from + 1).saturating_sub(MAX_PAGE_ITEMS as u64));
        self.ask(Asked::Links(conversation), |id| {
            FetchLinks {
                id,
                conversation,
                first_epoch,
                last_epoch,
            }
            .into()
        });
        Ok(true)
    }

    /// Links, by epoch, the newest of each first: opened from the newest epoch down.
    pub(crate) fn links(&mut self, links: Links) -> Result<(), Refusal> {
        let conversation = links.conversation;
        let before = self.conv(conversation)?.state.keys_from;
        let mut by_epoch: std::collections::BTreeMap<u64, Vec<log::Link>> = std::collections::BTreeMap::new();
        for (epoch, _, entry) in &links.links {
            if let Ok(link) = log::Link::decode(entry) {
                if link.epoch == *epoch {
                    by_epoch.entry(*epoch).or_default().push(link);
                }
            }
        }
        for (epoch, candidates) in by_epoch.into_iter().rev() {
            if epoch != self.conv(conversation)?.state.keys_from {
                continue;
            }
            for link in candidates {
                if self.check_link(conversation, &link).is_ok()
                    && self.open_history(conversation, epoch, &link.link)? == Walked::Further
                {
                    break;
                }
                // A key that came by a link may be the wrong one itself; then this link's maker has done nothing.
                let is_own_key = epoch >= self.conv(conversation)?.state.joined_epoch;
                self.alarm(
                    AlarmKind::WrongLink,
                    Some(conversation),
                    is_own_key.then_some(link.device),
                    "a history link that does not fit; repaired by a member's device",
                );
            }
        }
        let has_moved = self.conv(conversation)?.state.keys_from < before;
        self.pages_after_links(conversation, has_moved)
    }

    /// Who came and who went with a commit that has just come: a row, and whoever follows the conversation is told.
    pub(crate) fn show_change(
        &mut self,
        conversation: Conversation,
        n: u64,
        epoch: u64,
        at_ms: u64,
    ) -> Result<(), Refusal> {
        if self.write_change(conversation, n, epoch, at_ms)? {
            self.out
                .event("message", map! {"conversation" => conversation, "n" => n});
        }
        Ok(())
    }

    /// The row that says who came and who went with the commit at n; false if nobody did. Persons, not devices: a further device is no event.
    fn write_change(&mut self, conversation: Conversation, n: u64, epoch: u64, at_ms: u64) -> Result<bool, Refusal> {
        let Some(change) = self.rows.get::<EpochChange>(Row::Epoch(conversation, epoch))? else {
            return Ok(false);
        };
        if change.is_start {
            return Ok(false);
        }
        self.rosters(conversation)?;
        let conv = self.conv(conversation)?;
        let was_there =
            |at: u64, device: &Device| conv.rosters.as_ref().and_then(|rosters| rosters.has(at, *device)) == Some(true);
        let persons = |devices: &[Device], at: u64| {
            let mut users = Vec::new();
            for device in devices {
                let Some(state) = self.directory.device(*device) else {
                    continue;
                };
                let has_other = self
                    .directory
                    .devices_of(state.user)
                    .iter()
                    .any(|(other, _)| was_there(at, other));
                if !has_other && !users.contains(&state.user) {
                    users.push(state.user);
                }
            }
            users
        };
        let (joined, left) = (
            persons(&change.joined, epoch.saturating_sub(1)),
            persons(&change.left, epoch),
        );
        let (kind, users) = match (joined.is_empty(), left.is_empty()) {
            (false, _) => ("joined", joined),
            (true, false) => ("left", left),
            _ => return Ok(false),
        };
        let by = change
            .committer
            .and_then(|device| self.directory.device(device))
            .map(|state| state.user);
        let row = map! {
            "conversation" => conversation, "n" => n, "id" => crate::pack::Value::Nil, "device" => change.committer, "user" => by,
            "time_ms" => at_ms, "at_ms" => at_ms, "epoch" => epoch, "type" => kind, "users" => users, "by" => by,
        };
        self.out.message(message_key(conversation, n), Some(&row));
        Ok(true)
    }

    /// The same for a page, where the commit was taken long ago or in the prologue.
    pub(crate) fn show_old_change(&mut self, conversation: Conversation, entry: &Entry<'_>) -> Result<(), Refusal> {
        self.rosters(conversation)?;
        let epoch = self
            .conv(conversation)?
            .rosters
            .as_ref()
            .and_then(|rosters| rosters.epoch_at(entry.n));
        match epoch {
            Some(epoch) => self.write_change(conversation, entry.n, epoch, entry.at_ms).map(drop),
            None => Ok(()),
        }
    }
}
