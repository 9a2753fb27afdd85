//! A small reference server in memory: it orders, checks with the public half of the engine, and forgets nothing.

use std::collections::{BTreeMap, BTreeSet};

use inmost_core::frames::*;
use inmost_public::directory::{Applied, Directory};
use inmost_public::group::{ServerGroup, ServerKey, Upload};
use inmost_public::ids::{Conversation, Device, Group, Head, Org, User};
use inmost_public::limits::{MAX_HASHES, MAX_PAGE_ITEMS};
use inmost_public::log::{digest, log_next, log_start, Cause, Commit as CommitEntry, Create, Kind, Link, Proposal};
use inmost_public::provider::Changes;
use inmost_public::roles::Roles;
use inmost_public::settings::ConversationKind;
use inmost_public::Refusal;

pub struct Item_ {
    pub kind: Kind,
    pub entry: Vec<u8>,
    pub at_ms: u64,
}

/// One conversation as the server has it.
pub struct Room {
    pub group: ServerGroup,
    /// The group's rows, as a database has them.
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    pub log: Vec<Item_>,
    pub hashes: Vec<[u8; 32]>,
    pub group_info: Vec<u8>,
    pub trees: BTreeMap<u64, (Vec<u8>, u64, [u8; 32])>,
    pub welcomes: BTreeMap<Device, (u64, u64, Vec<u8>)>,
    pub links: Vec<(u64, u64, Vec<u8>)>,
    pub receipts: BTreeMap<Device, Vec<u8>>,
    /// The epoch after the last removal: what was sealed before is refused.
    pub removed_epoch: u64,
}

pub type Out = Vec<(Device, Vec<u8>)>;

pub struct Server {
    pub now: u64,
    pub directory: Directory,
    pub entries: Vec<Vec<u8>>,
    pub rooms: BTreeMap<Conversation, Room>,
    pub packages: BTreeMap<Device, Vec<Vec<u8>>>,
    pub last_resort: BTreeMap<Device, Vec<u8>>,
    pub vaults: BTreeMap<User, Vec<u8>>,
    pub vault_rows: BTreeMap<User, BTreeMap<Conversation, Vec<u8>>>,
    pub key: ServerKey,
    pub connected: BTreeSet<Device>,
    answers: BTreeMap<(Device, RequestId), Vec<u8>>,
    /// What a test wants the server to do wrong.
    pub swap_packages: BTreeMap<Device, Vec<u8>>,
    pub drop_links: bool,
    pub forge_links: bool,
    pub lists_open: bool,
    pub lets_all_speak: bool,
    pub stale_group: BTreeMap<Conversation, Told>,
    /// Requests about groups as they came, each with the group's rows before it; only kept if a test asks for it.
    pub heard: Option<Vec<Heard>>,
}

/// A request, who made it, and the rows of the group it is about (none yet for a new one).
pub struct Heard {
    pub device: Device,
    pub request: Request,
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Room {
    fn next_n(&self) -> u64 {
        self.log.len() as u64
    }

    fn hash_before(&self, n: u64) -> [u8; 32] {
        match n.checked_sub(1) {
            Some(n) => self.hashes[n as usize],
            None => log_start(self.group.conversation(), self.group.group()),
        }
    }

    fn push(&mut self, kind: Kind, entry: Vec<u8>, at_ms: u64) -> u64 {
        let n = self.next_n();
        self.hashes
            .push(log_next(&self.hash_before(n), n, kind as u8, &digest(&entry)));
        self.log.push(Item_ { kind, entry, at_ms });
        n
    }

    fn keep(&mut self, changes: Changes) {
        for (key, value) in changes {
            match value {
                Some(value) => drop(self.rows.insert(key, value)),
                None => drop(self.rows.remove(&key)),
            }
        }
    }

    /// The tree as it would be if this commit had won.
    pub fn tree_after(&self, commit: &Commit, directory: &Directory, now: u64) -> Vec<u8> {
        let (org, rows) = (directory.org(), self.rows.clone());
        let mut group = ServerGroup::load(org, self.group.conversation(), self.group.group(), rows).unwrap();
        let upload = Upload {
            group_info: &commit.group_info,
            welcome: commit.welcome.as_deref(),
            link: commit.link.as_deref(),
        };
        let checked = group.check(&commit.commit, directory, now, upload).unwrap();
        group.merge(checked).unwrap();
        group.tree().unwrap()
    }

    /// Another entry in the place of one that was accepted, and a log that is in itself as if it had always been so.
    pub fn change_entry(&mut self, n: usize, entry: Vec<u8>) {
        self.log[n].entry = entry;
        for n in n..self.log.len() {
            let (before, item) = (self.hash_before(n as u64), &self.log[n]);
            self.hashes[n] = log_next(&before, n as u64, item.kind as u8, &digest(&item.entry));
        }
    }

    pub fn members(&self) -> Vec<Device> {
        self.group.roster().into_iter().map(|(_, _, device)| device).collect()
    }

    fn head(&self) -> Head {
        Head {
            n: self.next_n() - 1,
            hash: *self.hashes.last().unwrap(),
        }
    }
}

impl Server {
    pub fn new(org: Org, owner_seed: [u8; 32], now: u64) -> Self {
        Server {
            now,
            directory: Directory::for_owner(org, owner_seed),
            entries: vec![],
            rooms: BTreeMap::new(),
            packages: BTreeMap::new(),
            last_resort: BTreeMap::new(),
            vaults: BTreeMap::new(),
            vault_rows: BTreeMap::new(),
            key: ServerKey::generate([9; 32]),
            connected: BTreeSet::new(),
            answers: BTreeMap::new(),
            swap_packages: BTreeMap::new(),
            drop_links: false,
            forge_links: false,
            lists_open: false,
            lets_all_speak: false,
            stale_group: BTreeMap::new(),
            heard: None,
        }
    }

    /// Append a directory entry (claims come by REST), tell everybody, ask for the removals it causes.
    pub fn append(&mut self, entry: &[u8], out: &mut Out) -> Result<Applied, Refusal> {
        self.directory.check_time(entry, self.now)?;
        let applied = self.directory.apply(entry)?;
        self.entries.push(entry.to_vec());
        let frame = Told::from(DirectoryItem {
            n: applied.n,
            entry: entry.to_vec(),
        })
        .encode();
        out.extend(self.connected.iter().map(|device| (*device, frame.clone())));
        for device in &applied.inactive_devices {
            self.connected.remove(device);
        }
        let rooms: Vec<Conversation> = self.rooms.keys().copied().collect();
        for conversation in rooms {
            self.ask_removals(conversation, out);
        }
        Ok(applied)
    }

    /// The server's own proposals: leaves whose device the directory ended.
    fn ask_removals(&mut self, conversation: Conversation, out: &mut Out) {
        let Some(room) = self.rooms.get_mut(&conversation) else {
            return;
        };
        for device in room.group.uncovered(&self.directory) {
            let Some(n) = self.directory.cause(device) else {
                continue;
            };
            let epoch = room.group.epoch();
            let Ok((message, changes)) = room.group.propose_remove(device, &self.key) else {
                continue;
            };
            room.keep(changes);
            let entry = Proposal {
                epoch,
                message,
                cause: Some(Cause::Directory { n }),
            }
            .encode();
            let at_ms = self.now;
            let n = room.push(Kind::Proposal, entry, at_ms);
            tell_item(room, &self.connected, n, &[], out);
        }
    }

    pub fn handle(&mut self, device: Device, bytes: &[u8]) -> Out {
        let mut out = Out::new();
        let request = Request::decode(bytes).expect("engines send frames");
        let id = id_of(&request);
        if let Some(answer) = self.answers.get(&(device, id)) {
            return vec![(device, answer.clone())];
        }
        let is_stored = matches!(
            request,
            Request::Send(_)
                | Request::Commit(_)
                | Request::CreateConversation(_)
                | Request::AppendEntry(_)
                | Request::Propose(_)
                | Request::PutLink(_)
        );
        self.hear(device, &request);
        let mut told = Out::new();
        match self.answer(device, request, &mut told) {
            Ok(Some(answer)) => {
                let answer = answer.encode();
                if is_stored {
                    self.answers.insert((device, id), answer.clone());
                }
                out.push((device, answer));
            }
            Ok(None) => {}
            Err(refusal) => {
                let current_epoch = match refusal {
                    Refusal::StaleEpoch { current_epoch } => Some(current_epoch),
                    _ => None,
                };
                let refused = Refused {
                    re: id,
                    code: refusal.code().into(),
                    words: refusal.to_string(),
                    retry_after_ms: None,
                    current_epoch,
                };
                out.push((device, Told::from(refused).encode()));
            }
        }
        out.extend(told);
        out
    }

    fn hear(&mut self, device: Device, request: &Request) {
        let Some(heard) = &mut self.heard else {
            return;
        };
        let room = match request {
            Request::Commit(commit) => self.rooms.get(&commit.conversation),
            Request::Propose(propose) => self.rooms.get(&propose.conversation),
            _ => None,
        };
        heard.push(Heard {
            device,
            request: request.clone(),
            rows: room.map(|room| room.rows.clone()).unwrap_or_default(),
        });
    }

    fn answer(&mut self, device: Device, request: Request, out: &mut Out) -> Result<Option<Told>, Refusal> {
        let now = self.now;
        Ok(Some(match request {
            Request::AppendEntry(AppendEntry { id, entry }) => Appended {
                re: id,
                n: self.append(&entry, out)?.n,
            }
            .into(),
            Request::FetchDirectory(FetchDirectory { id, first, limit }) => {
                let entries = self
                    .entries
                    .iter()
                    .skip(first as usize)
                    .take(limit as usize)
                    .cloned()
                    .collect();
                DirectoryPage {
                    re: id,
                    first,
                    entries,
                    next_n: self.entries.len() as u64,
                }
                .into()
            }
            Request::CreateConversation(create) => self.create(device, create)?,
            Request::Commit(commit) => self.commit(device, commit, out)?,
            Request::Propose(propose) => {
                let room = self.room(propose.conversation)?;
                let changes = room.group.accept_proposal(&propose.proposal, device)?;
                room.keep(changes);
                let n = room.push(
                    Kind::Proposal,
                    Proposal {
                        epoch: propose.epoch,
                        message: propose.proposal,
                        cause: None,
                    }
                    .encode(),
                    now,
                );
                let connected = self.connected.clone();
                tell_item(self.room(propose.conversation)?, &connected, n, &[], out);
                Accepted {
                    re: propose.id,
                    conversation: propose.conversation,
                    n,
                    at_ms: now,
                }
                .into()
            }
            Request::PutLink(PutLink {
                id,
                conversation,
                epoch,
                link,
            }) => {
                let connected = self.connected.clone();
                let room = self.room(conversation)?;
                if let Some((_, n, _)) = room.links.iter().find(|(of, _, known)| {
                    *of == epoch && Link::decode(known).unwrap().link == Link::decode(&link).unwrap().link
                }) {
                    return Ok(Some(
                        Accepted {
                            re: id,
                            conversation,
                            n: *n,
                            at_ms: now,
                        }
                        .into(),
                    ));
                }
                let n = room.push(Kind::Link, link.clone(), now);
                room.links.push((epoch, n, link));
                tell_item(room, &connected, n, &[], out);
                Accepted {
                    re: id,
                    conversation,
                    n,
                    at_ms: now,
                }
                .into()
            }
            Request::Complain(Complain { id, .. }) | Request::TakeWelcome(TakeWelcome { id, .. }) => {
                if let Request::TakeWelcome(take) = request {
                    self.room(take.conversation)?.welcomes.remove(&device);
                }
                Done { re: id }.into()
            }
            Request::FetchLog(fetch) => self.log(device, &fetch)?,
            Request::FetchLinks(FetchLinks {
                id,
                conversation,
                first_epoch,
                last_epoch,
            }) => {
                let room = self.room(conversation)?;
                let mut links: Vec<_> = room
                    .links
                    .iter()
                    .filter(|(epoch, _, _)| (first_epoch..=last_epoch).contains(epoch))
                    .cloned()
                    .collect();
                links.sort_by_key(|(epoch, n, _)| (*epoch, u64::MAX - n));
                Links {
                    re: id,
                    conversation,
                    links,
                }
                .into()
            }
            Request::FetchGroup(FetchGroup { id, conversation }) => {
                if let Some(Told::GroupNow(stale)) = self.stale_group.get(&conversation) {
                    return Ok(Some(
                        GroupNow {
                            re: id,
                            ..stale.clone()
                        }
                        .into(),
                    ));
                }
                let directory = self.directory.clone();
                let room = self.room(conversation)?;
                if !room.group.may_join(device, &directory) {
                    return Err(Refusal::NotAMember);
                }
                room.group_now(id).into()
            }
            Request::FetchTree(FetchTree {
                id,
                conversation,
                epoch,
            }) => {
                let (tree, n, hash) = self
                    .room(conversation)?
                    .trees
                    .get(&epoch)
                    .cloned()
                    .ok_or(Refusal::Unknown)?;
                Tree {
                    re: id,
                    conversation,
                    epoch,
                    tree,
                    n,
                    hash,
                }
                .into()
            }
            Request::FetchOnline(FetchOnline { id, conversation }) => {
                let connected = self.connected.clone();
                let devices = self
                    .room(conversation)?
                    .members()
                    .into_iter()
                    .filter(|device| connected.contains(device))
                    .collect();
                Online {
                    re: id,
                    conversation,
                    devices,
                }
                .into()
            }
            Request::Sync(Sync { id, .. }) => self.sync(device, id),
            Request::Send(send) => self.send(device, send, out)?,
            Request::PutReceipt(PutReceipt {
                id,
                conversation,
                sealed,
            }) => {
                let connected = self.connected.clone();
                let room = self.room(conversation)?;
                room.receipts.insert(device, sealed.clone());
                let frame = Told::from(Receipt {
                    conversation,
                    device,
                    sealed,
                })
                .encode();
                out.extend(
                    room.members()
                        .into_iter()
                        .filter(|to| connected.contains(to) && *to != device)
                        .map(|to| (to, frame.clone())),
                );
                Done { re: id }.into()
            }
            Request::FetchReceipts(FetchReceipts { id, conversation }) => {
                let receipts = self.room(conversation)?.receipts.clone().into_iter().collect();
                Receipts {
                    re: id,
                    conversation,
                    receipts,
                }
                .into()
            }
            Request::Signal(Signal {
                conversation, sealed, ..
            }) => {
                let connected = self.connected.clone();
                let frame = Told::from(Signalled {
                    conversation,
                    device,
                    sealed,
                })
                .encode();
                let members = self.room(conversation)?.members();
                out.extend(
                    members
                        .into_iter()
                        .filter(|to| connected.contains(to) && *to != device)
                        .map(|to| (to, frame.clone())),
                );
                return Ok(None);
            }
            Request::PublishKeyPackages(PublishKeyPackages {
                id,
                packages,
                last_resort,
            }) => {
                for package in packages.iter().chain(&last_resort) {
                    inmost_public::group::check_key_package(package, device, &self.directory, now)?;
                }
                self.last_resort.extend(last_resort.map(|package| (device, package)));
                let kept = self.packages.entry(device).or_default();
                kept.extend(packages);
                Published {
                    re: id,
                    count: kept.len() as u64,
                }
                .into()
            }
            Request::ClaimKeyPackages(ClaimKeyPackages { id, users }) => {
                let mut packages = vec![];
                for user in users {
                    for device in self.directory.active_devices_of(user) {
                        let package = self
                            .packages
                            .get_mut(&device)
                            .and_then(Vec::pop)
                            .or_else(|| self.last_resort.get(&device).cloned());
                        let package = self.swap_packages.get(&device).cloned().or(package);
                        packages.extend(package.map(|package| (user, device, package)));
                    }
                }
                KeyPackages { re: id, packages }.into()
            }
            Request::PutVault(PutVault { id, vault, entry }) => {
                let applied = self.append(&entry, out)?;
                self.vaults.insert(applied.author.unwrap(), vault);
                Appended { re: id, n: applied.n }.into()
            }
            Request::PutVaultRows(PutVaultRows { id, rows }) => {
                let user = self.directory.device(device).unwrap().user;
                self.vault_rows.entry(user).or_default().extend(rows);
                Done { re: id }.into()
            }
            Request::FetchVault(_) | Request::Open(_) | Request::Delete(_) => return Err(Refusal::Unknown),
        }))
    }

    /// What a session that may only recover is allowed.
    pub fn handle_returning(&mut self, user: User, device: Device, bytes: &[u8]) -> Out {
        match Request::decode(bytes).unwrap() {
            Request::FetchVault(FetchVault { id, .. }) => {
                let vault = self.vaults.get(&user).cloned();
                let rows = self
                    .vault_rows
                    .get(&user)
                    .cloned()
                    .unwrap_or_default()
                    .into_iter()
                    .collect();
                vec![(
                    device,
                    Told::from(Vault {
                        re: id,
                        vault,
                        rows,
                        more: false,
                    })
                    .encode(),
                )]
            }
            Request::FetchDirectory(_) | Request::AppendEntry(_) => self.handle(device, bytes),
            other => panic!("a returning device asks {other:?}"),
        }
    }

    fn room(&mut self, conversation: Conversation) -> Result<&mut Room, Refusal> {
        self.rooms.get_mut(&conversation).ok_or(Refusal::Unknown)
    }

    fn create(&mut self, device: Device, create: CreateConversation) -> Result<Told, Refusal> {
        let CreateConversation {
            id,
            conversation,
            group,
            group_info,
            tree,
        } = create;
        if self.rooms.contains_key(&conversation) {
            return Err(Refusal::ConversationExists);
        }
        let (server_group, changes) =
            ServerGroup::create(conversation, group, &group_info, &tree, device, &self.directory)?;
        let mut room = Room {
            group: server_group,
            rows: BTreeMap::new(),
            log: vec![],
            hashes: vec![],
            group_info: group_info.clone(),
            trees: BTreeMap::new(),
            welcomes: BTreeMap::new(),
            links: vec![],
            receipts: BTreeMap::new(),
            removed_epoch: 0,
        };
        room.keep(changes);
        let n = room.push(
            Kind::Create,
            Create {
                group,
                group_info,
                creator: device,
            }
            .encode(),
            self.now,
        );
        self.rooms.insert(conversation, room);
        Ok(Accepted {
            re: id,
            conversation,
            n,
            at_ms: self.now,
        }
        .into())
    }

    fn commit(&mut self, device: Device, commit: Commit, out: &mut Out) -> Result<Told, Refusal> {
        let (now, connected) = (self.now, self.connected.clone());
        let (drop_links, forge_links) = (self.drop_links, self.forge_links);
        let directory = self.directory.clone();
        let conversation = commit.conversation;
        let room = self.room(conversation)?;
        let upload = Upload {
            group_info: &commit.group_info,
            welcome: commit.welcome.as_deref(),
            link: commit.link.as_deref(),
        };
        let checked = room.group.check(&commit.commit, &directory, now, upload)?;
        assert_eq!(checked.committer.identity.device, device);
        let (adds, removes) = (checked.adds.clone(), checked.removes.clone());
        let before = room.members();
        let changes = room.group.merge(checked)?;
        room.keep(changes);
        let epoch = room.group.epoch();
        let n = room.push(
            Kind::Commit,
            CommitEntry {
                epoch: commit.epoch,
                message: commit.commit,
            }
            .encode(),
            now,
        );
        room.group_info = commit.group_info;
        if !removes.is_empty() {
            room.removed_epoch = epoch;
        }
        let _ = before;
        let removed: Vec<Device> = removes.into_iter().map(|(device, _)| device).collect();
        tell_item(room, &connected, n, &removed, out);
        room.trees
            .insert(epoch, (room.group.tree()?, n, room.hash_before(n + 1)));
        let link = commit
            .link
            .filter(|_| !drop_links)
            .map(|link| if forge_links { forged(&link) } else { link });
        if let Some(link) = link {
            let n = room.push(Kind::Link, link.clone(), now);
            room.links.push((epoch, n, link));
            tell_item(room, &connected, n, &[], out);
        }
        for (device, _) in adds {
            let welcome = commit.welcome.clone().unwrap();
            room.welcomes.insert(device, (epoch, n, welcome.clone()));
            if connected.contains(&device) {
                let group = room.group.group();
                out.push((
                    device,
                    Told::from(Welcomed {
                        conversation,
                        group,
                        epoch,
                        n,
                        welcome,
                    })
                    .encode(),
                ));
            }
        }
        self.ask_removals(conversation, out);
        Ok(Accepted {
            re: commit.id,
            conversation,
            n,
            at_ms: now,
        }
        .into())
    }

    fn send(&mut self, device: Device, send: Send, out: &mut Out) -> Result<Told, Refusal> {
        let (now, connected, lets_all_speak) = (self.now, self.connected.clone(), self.lets_all_speak);
        let directory = self.directory.clone();
        let room = self.room(send.conversation)?;
        if !room.members().contains(&device) {
            return Err(Refusal::NotAMember);
        }
        if !room.group.pending().is_empty() {
            return Err(Refusal::RemovalPending);
        }
        if send.epoch < room.removed_epoch {
            return Err(Refusal::StaleEpoch {
                current_epoch: room.group.epoch(),
            });
        }
        let user = directory.device(device).ok_or(Refusal::Unknown)?.user;
        if !lets_all_speak && !Roles::now(room.group.settings(), &directory).may_post(user) {
            return Err(Refusal::NotAllowed);
        }
        let n = room.push(Kind::Message, send.sealed, now);
        tell_item(room, &connected, n, &[], out);
        Ok(Accepted {
            re: send.id.0,
            conversation: send.conversation,
            n,
            at_ms: now,
        }
        .into())
    }

    fn log(&mut self, device: Device, fetch: &FetchLog) -> Result<Told, Refusal> {
        let room = self.room(fetch.conversation)?;
        let limit = fetch.limit.min(if fetch.without_messages {
            MAX_HASHES
        } else {
            MAX_PAGE_ITEMS
        } as u64);
        let items = (fetch.first..room.next_n().min(fetch.first + limit)).map(|n| {
            let item = &room.log[n as usize];
            let is_digest = fetch.without_messages && item.kind == Kind::Message;
            let (entry, digest) = if is_digest {
                (None, Some(digest(&item.entry)))
            } else {
                (Some(item.entry.clone()), None)
            };
            LogItem {
                n,
                kind: item.kind as u8,
                entry,
                digest,
                at_ms: item.at_ms,
            }
        });
        let items = items.collect();
        let _ = device;
        let hash_before = room.hash_before(fetch.first.min(room.next_n()));
        Ok(LogPage {
            re: fetch.id,
            conversation: fetch.conversation,
            first: fetch.first,
            hash_before,
            items,
            next_n: room.next_n(),
        }
        .into())
    }

    fn sync(&mut self, device: Device, id: RequestId) -> Told {
        let mut conversations = vec![];
        let mut welcomes = vec![];
        for (conversation, room) in &self.rooms {
            let is_member = room.members().contains(&device);
            let (group, epoch) = (room.group.group(), room.group.epoch());
            let settings = room.group.settings();
            let user = self.directory.device(device).unwrap().user;
            let is_own = room.group.view().has_user(user) || settings.is_away(user);
            let is_listed = is_own || settings.kind == ConversationKind::General || self.lists_open;
            if is_member || is_listed && room.group.may_join(device, &self.directory) {
                conversations.push(ConversationState {
                    conversation: *conversation,
                    group,
                    epoch,
                    next_n: room.next_n(),
                    hash: room.hash_before(room.next_n()),
                    is_member,
                });
            }
            if let Some((epoch, n, welcome)) = room.welcomes.get(&device) {
                welcomes.push(WaitingWelcome {
                    conversation: *conversation,
                    group,
                    epoch: *epoch,
                    n: *n,
                    welcome: welcome.clone(),
                });
            }
        }
        let key_packages = self.packages.get(&device).map_or(0, Vec::len) as u64;
        Synced {
            re: id,
            conversations,
            welcomes,
            directory_next_n: self.entries.len() as u64,
            key_packages,
            more: false,
            now_ms: self.now,
        }
        .into()
    }
}

impl Room {
    pub fn group_now(&self, re: RequestId) -> GroupNow {
        let Head { n, hash } = self.head();
        let (conversation, group): (Conversation, Group) = (self.group.conversation(), self.group.group());
        GroupNow {
            re,
            conversation,
            group,
            epoch: self.group.epoch(),
            group_info: self.group_info.clone(),
            tree: self.group.tree().unwrap(),
            n,
            hash,
        }
    }
}

fn tell_item(room: &Room, connected: &BTreeSet<Device>, n: u64, also: &[Device], out: &mut Out) {
    let item = &room.log[n as usize];
    let frame = Told::from(Item {
        conversation: room.group.conversation(),
        n,
        kind: item.kind as u8,
        entry: item.entry.clone(),
        at_ms: item.at_ms,
    })
    .encode();
    let to = room.members().into_iter().chain(also.iter().copied());
    out.extend(
        to.filter(|device| connected.contains(device))
            .map(|device| (device, frame.clone())),
    );
}

/// The same link with one bit turned, under the committer's own signature: only a malicious member makes that, so here its signature breaks.
fn forged(link: &[u8]) -> Vec<u8> {
    let mut link = Link::decode(link).unwrap();
    link.link[20] ^= 1;
    link.encode()
}

fn id_of(request: &Request) -> RequestId {
    match request {
        Request::Open(r) => r.id,
        Request::AppendEntry(r) => r.id,
        Request::FetchDirectory(r) => r.id,
        Request::CreateConversation(r) => r.id,
        Request::Commit(r) => r.id,
        Request::Propose(r) => r.id,
        Request::PutLink(r) => r.id,
        Request::Complain(r) => r.id,
        Request::FetchLog(r) => r.id,
        Request::FetchLinks(r) => r.id,
        Request::FetchGroup(r) => r.id,
        Request::FetchTree(r) => r.id,
        Request::TakeWelcome(r) => r.id,
        Request::FetchOnline(r) => r.id,
        Request::Sync(r) => r.id,
        Request::Send(r) => r.id.0,
        Request::Delete(r) => r.id,
        Request::PutReceipt(r) => r.id,
        Request::FetchReceipts(r) => r.id,
        Request::Signal(r) => r.id,
        Request::PublishKeyPackages(r) => r.id,
        Request::ClaimKeyPackages(r) => r.id,
        Request::PutVault(r) => r.id,
        Request::PutVaultRows(r) => r.id,
        Request::FetchVault(r) => r.id,
    }
}
