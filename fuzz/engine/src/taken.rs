//! What the server takes from the fuzzed device in one run: logs and the directory go on for this run only, and nobody checks what comes.
//!
//! So whatever the device makes stands where the device looks for it: its own commits, its coming in, its new conversations, its entries.

use std::collections::BTreeMap;

use inmost_core::frames::{self, ConversationState, FetchDirectory, FetchLog, LogItem, LogPage, Synced, Told};
use inmost_public::ids::{Conversation, Group};
use inmost_public::limits::{MAX_HASHES, MAX_PAGE_ITEMS};
use inmost_public::log::{digest, log_next, log_start, Kind};

use crate::world::server::{Room, Server};

#[derive(Default)]
pub struct Taken {
    logs: BTreeMap<Conversation, Log>,
    entries: Vec<Vec<u8>>,
}

/// What stands in a log after what the server itself has of it.
struct Log {
    group: Group,
    first: u64,
    items: Vec<LogItem>,
    hashes: Vec<[u8; 32]>,
    hash_before: [u8; 32],
}

impl Log {
    fn after(room: &Room) -> Self {
        let group = room.group.group();
        let start = log_start(room.group.conversation(), group);
        Log {
            group,
            first: room.log.len() as u64,
            items: vec![],
            hashes: vec![],
            hash_before: room.hashes.last().copied().unwrap_or(start),
        }
    }

    fn new(conversation: Conversation, group: Group) -> Self {
        Log {
            group,
            first: 0,
            items: vec![],
            hashes: vec![],
            hash_before: log_start(conversation, group),
        }
    }

    fn next_n(&self) -> u64 {
        self.first + self.items.len() as u64
    }

    fn hash(&self) -> [u8; 32] {
        self.hashes.last().copied().unwrap_or(self.hash_before)
    }

    fn push(&mut self, kind: Kind, entry: Vec<u8>, at_ms: u64) -> u64 {
        let n = self.next_n();
        self.hashes.push(log_next(&self.hash(), n, kind as u8, &digest(&entry)));
        self.items.push(LogItem {
            n,
            kind: kind as u8,
            entry: Some(entry),
            digest: None,
            at_ms,
        });
        n
    }
}

impl Taken {
    /// A new conversation.
    pub fn begin(&mut self, conversation: Conversation, group: Group) {
        self.logs.insert(conversation, Log::new(conversation, group));
    }

    /// The next entry of a conversation's log: its number, and what its members are told.
    pub fn push(
        &mut self,
        server: &Server,
        conversation: Conversation,
        kind: Kind,
        entry: Vec<u8>,
        at_ms: u64,
    ) -> (u64, Told) {
        let log = self
            .logs
            .entry(conversation)
            .or_insert_with(|| match server.rooms.get(&conversation) {
                Some(room) => Log::after(room),
                None => Log::new(conversation, Group([0; 16])),
            });
        let n = log.push(kind, entry.clone(), at_ms);
        let item = frames::Item {
            conversation,
            n,
            kind: kind as u8,
            entry,
            at_ms,
        };
        (n, item.into())
    }

    /// The next entry of the directory.
    pub fn append(&mut self, server: &Server, entry: Vec<u8>) -> (u64, Told) {
        let n = self.entries_beyond(server);
        self.entries.push(entry.clone());
        (n, frames::DirectoryItem { n, entry }.into())
    }

    fn entries_beyond(&self, server: &Server) -> u64 {
        (server.entries.len() + self.entries.len()) as u64
    }

    pub fn directory_page(&self, server: &Server, fetch: &FetchDirectory) -> Told {
        let every = server.entries.iter().chain(&self.entries);
        let entries = every
            .skip(fetch.first as usize)
            .take(fetch.limit as usize)
            .cloned()
            .collect();
        frames::DirectoryPage {
            re: fetch.id,
            first: fetch.first,
            entries,
            next_n: self.entries_beyond(server),
        }
        .into()
    }

    /// None: no such conversation.
    pub fn log_page(&self, server: &Server, fetch: &FetchLog) -> Option<Told> {
        let (room, log) = (
            server.rooms.get(&fetch.conversation),
            self.logs.get(&fetch.conversation),
        );
        let next_n = log.map(Log::next_n).or(room.map(|room| room.log.len() as u64))?;
        let kept = room.iter().flat_map(|room| room.log.iter().zip(0..));
        let kept = kept.map(|(item, n)| LogItem {
            n,
            kind: item.kind as u8,
            entry: Some(item.entry.clone()),
            digest: None,
            at_ms: item.at_ms,
        });
        let hashes = room.map_or(&[][..], |room| &room.hashes).iter();
        let hashes: Vec<[u8; 32]> = hashes.chain(log.map_or(&[][..], |log| &log.hashes)).copied().collect();
        let most = if fetch.without_messages {
            MAX_HASHES
        } else {
            MAX_PAGE_ITEMS
        };
        let items = kept.chain(log.iter().flat_map(|log| log.items.iter().cloned()));
        let items = items
            .skip(fetch.first as usize)
            .take(most.min(fetch.limit as usize))
            .map(|item| match item {
                LogItem {
                    kind: 4,
                    entry: Some(entry),
                    ..
                } if fetch.without_messages => LogItem {
                    entry: None,
                    digest: Some(digest(&entry)),
                    ..item
                },
                item => item,
            });
        let group = room
            .map(|room| room.group.group())
            .or(log.map(|log| log.group))
            .unwrap_or(Group([0; 16]));
        let first = fetch.first.min(next_n) as usize;
        Some(
            LogPage {
                re: fetch.id,
                conversation: fetch.conversation,
                first: fetch.first,
                hash_before: first
                    .checked_sub(1)
                    .map_or(log_start(fetch.conversation, group), |before| hashes[before]),
                items: items.collect(),
                next_n,
            }
            .into(),
        )
    }

    /// The server's own answer, with what was taken in this run.
    pub fn synced(&self, server: &Server, mut synced: Synced) -> Told {
        for (conversation, log) in &self.logs {
            let mut state = ConversationState {
                conversation: *conversation,
                group: log.group,
                epoch: 0,
                next_n: log.next_n(),
                hash: log.hash(),
                is_member: true,
            };
            let known = |state: &&mut ConversationState| state.conversation == *conversation;
            match synced.conversations.iter_mut().find(known) {
                Some(known) => {
                    (state.group, state.epoch) = (known.group, known.epoch);
                    *known = state;
                }
                None => synced.conversations.push(state),
            }
        }
        synced.directory_next_n = self.entries_beyond(server);
        synced.into()
    }

    /// The present group; its place in the log is the newest.
    pub fn group_now(&self, room: &Room, id: frames::RequestId) -> Told {
        let mut now = room.group_now(id);
        if let Some(log) = self.logs.get(&now.conversation) {
            (now.n, now.hash) = (log.next_n().saturating_sub(1), log.hash());
        }
        now.into()
    }
}
