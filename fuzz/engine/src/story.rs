//! What the fuzzed devices live in: an organisation whose server is asked and never told anything, and Alice, who was away for most of it.

use std::collections::BTreeMap;

use inmost_core::frames::{self, Request, Told};
use inmost_core::input::{Input, InputKind};
use inmost_core::pack::{self, Value};
use inmost_core::{map, Engine};
use inmost_public::ids::{Conversation, Device, Head, Org, User};
use inmost_public::log::{self, Kind};
use inmost_public::sign::KeyPair;

use crate::script::{self, Script};
use crate::taken::Taken;
use crate::world::server::Heard;
use crate::world::{World, ORIGIN};

pub type RowsOfADevice = BTreeMap<Vec<u8>, Vec<u8>>;

const BOB: usize = 0;
const ALICE: usize = 1;
const CAROL: usize = 2;
const DAVE: usize = 3;
/// Frames that an engine may be told in one run: more would be a loop between it and the server.
const MOST_TOLD: usize = 200;

/// Where Alice's device is when a run begins.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Moment {
    /// Knows everything.
    Present,
    /// Was away: commits, removals, a Welcome and messages of every kind are waiting.
    Behind,
    /// Has just claimed: nothing of the directory, no group.
    New,
    /// Has only the recovery key.
    Returning,
}

pub struct Story {
    world: World,
    /// With Bob, Carol and Dave in it, at an epoch that Alice does not know while she is behind.
    pub conversation: Conversation,
    /// Open to everybody; Alice is not in it.
    pub channel: Conversation,
    present: RowsOfADevice,
    behind: RowsOfADevice,
    new: RowsOfADevice,
    new_device: Device,
    recovery_key: String,
    /// Frames that came by themselves or as answers while the story went on.
    told: Vec<Value>,
    pub heard: Vec<Heard>,
    pub parts: Vec<Value>,
}

impl Story {
    pub fn new() -> Self {
        let mut world = World::team(7, &["bob", "alice", "carol", "dave"]);
        world.server.heard = Some(vec![]);
        let conversation = world.create(BOB, "plans", &[ALICE, CAROL, DAVE]);
        for (who, text) in [(BOB, "one"), (ALICE, "two"), (CAROL, "three")] {
            world.send(who, conversation, text);
        }
        let behind = world.clients[ALICE].rows.clone();
        world.disconnect(ALICE);
        let channel = open_channel(&mut world);
        while_away(&mut world, conversation);
        world.connect(ALICE);
        world.settle();
        let told = live(&mut world, conversation);
        let present = world.clients[ALICE].rows.clone();
        let (new, new_device) = newcomer(&mut world);
        let heard = world.server.heard.take().unwrap_or_default();
        let mut parts = vec![];
        told.iter().for_each(|frame| script::parts(frame, &mut parts));
        for heard in &heard {
            script::parts(&script::frame(&heard.request.encode()), &mut parts);
        }
        parts.retain(|part| !matches!(part, Value::Bytes(bytes) if bytes.len() > 4_096));
        let recovery_key = world.clients[ALICE].recovery_key.clone().unwrap_or_default();
        Story {
            world,
            conversation,
            channel,
            present,
            behind,
            new,
            new_device,
            recovery_key,
            told,
            heard,
            parts,
        }
    }

    pub fn now(&self) -> u64 {
        self.world.now
    }

    pub fn org(&self) -> Org {
        self.world.org
    }

    pub fn directory(&self) -> &inmost_public::directory::Directory {
        &self.world.server.directory
    }

    pub fn head(&self) -> Head {
        self.directory().head().unwrap_or(Head { n: 0, hash: [0; 32] })
    }

    /// The newest entry of the conversation's log.
    pub fn log_head(&self) -> Head {
        let room = &self.world.server.rooms[&self.conversation];
        Head {
            n: room.log.len() as u64 - 1,
            hash: room.hashes[room.hashes.len() - 1],
        }
    }

    pub fn room(&self) -> &crate::world::server::Room {
        &self.world.server.rooms[&self.conversation]
    }

    pub fn user(&self, who: usize) -> User {
        self.world.clients[who].user
    }

    pub fn bob(&self) -> (Device, KeyPair) {
        let rows = &self.world.clients[BOB].rows;
        let me = script::frame(&rows[&b"m"[..]]);
        // The field of `Me` (engine/core/src/me.rs) that holds the seed; a wrong one shows as messages that do not open.
        let seed = me
            .list()
            .ok()
            .and_then(|fields| fields.get(12))
            .map(bytes_of)
            .unwrap_or_default();
        (
            self.world.clients[BOB].device,
            KeyPair::from_seed(seed.try_into().unwrap_or([0; 32])),
        )
    }

    /// The content key of the conversation's present epoch.
    pub fn content_key(&self) -> [u8; 32] {
        self.keys(self.room().group.epoch())
            .map_or([0; 32], |[content, ..]| content)
    }

    /// Content key, tree hash and history key of an epoch, if Alice has them all: the fields of `KeysRow` (engine/core/src/history.rs).
    pub fn keys(&self, epoch: u64) -> Option<[[u8; 32]; 3]> {
        let key = [b"h", &self.conversation.0[..], &epoch.to_be_bytes()].concat();
        let row = script::frame(self.present.get(&key)?);
        let field = |at: usize| -> Option<[u8; 32]> { bytes_of(row.list().ok()?.get(at)?).try_into().ok() };
        Some([field(0)?, field(2)?, field(1)?])
    }

    /// Frames to change: what was told while the story went on.
    pub fn told(&self, script: &mut Script<'_>) -> Value {
        self.told[script.place(self.told.len())].clone()
    }
}

impl Default for Story {
    fn default() -> Self {
        Self::new()
    }
}

fn say(world: &mut World, who: usize, conversation: Conversation, content: Value) {
    let _ = world.command(who, "send", map! {"conversation" => conversation, "content" => content});
}

fn open_channel(world: &mut World) -> Conversation {
    let arguments = map! {"kind" => "channel", "title" => "news", "topic" => "what is new", "users" => Value::Array(vec![]), "open" => true};
    let made = world.command(BOB, "create", arguments);
    let made = made.and_then(|made| made.field("conversation").map_err(|refusal| refusal.code().to_owned()));
    let Ok(channel) = made else {
        unreachable!("an owner opens a channel")
    };
    world.settle();
    world.send(BOB, channel, "welcome");
    channel
}

fn while_away(world: &mut World, conversation: Conversation) {
    let last = world.send(BOB, conversation, "four");
    let first = world.clients[BOB]
        .messages
        .values()
        .find(|row| row.get("type").text() == Ok("text"))
        .cloned();
    if let Some(row) = first {
        let of = Value::Array(vec![row.get("device").clone(), row.get("id").clone()]);
        let none = Value::Array(vec![]);
        say(
            world,
            CAROL,
            conversation,
            map! {"type" => "react", "target" => of, "emoji" => "👍", "on" => true},
        );
        say(
            world,
            BOB,
            conversation,
            map! {"type" => "edit", "target" => of, "text" => "one, better", "mentions" => none},
        );
        say(
            world,
            DAVE,
            conversation,
            map! {"type" => "text", "text" => "re", "reply_to" => of, "mentions" => Value::Array(vec![pack::Field::to_value(&world.user(ALICE))])},
        );
        say(world, BOB, conversation, map! {"type" => "delete", "target" => of});
    }
    say(
        world,
        BOB,
        conversation,
        map! {"type" => "topic", "text" => "what we do on Friday"},
    );
    let _ = world.command(CAROL, "read", map! {"conversation" => conversation, "n" => last});
    let _ = world.command(BOB, "rotate", map! {"conversation" => conversation});
    let erin = world.invite(BOB, "erin");
    let erin = world.join("erin", &erin, false);
    let users = world.people(&[erin]);
    let _ = world.command(BOB, "add", map! {"conversation" => conversation, "users" => users});
    world.send(erin, conversation, "five");
    let users = world.people(&[CAROL]);
    let _ = world.command(BOB, "remove", map! {"conversation" => conversation, "users" => users});
    let _ = world.command(erin, "leave", map! {"conversation" => conversation});
    world.settle();
    let user = world.user(CAROL);
    let _ = world.command(BOB, "suspend", map! {"user" => user, "suspended" => true});
    let _ = world.command(BOB, "rename", map! {"name" => "Robert"});
    world.create(BOB, "second", &[ALICE, DAVE]);
    world.send(BOB, conversation, "six");
    world.settle();
}

/// Alice is there: what she is told as it happens, and what she was told when she came back.
fn live(world: &mut World, conversation: Conversation) -> Vec<Value> {
    let mut told = vec![];
    for what in 0..8 {
        match what {
            0 => drop(world.give(BOB, "signal", map! {"conversation" => conversation, "typing" => true})),
            1 => drop(world.give(BOB, "rename", map! {"name" => "Bob"})),
            2 => drop(world.give(BOB, "read", map! {"conversation" => conversation, "n" => 3u64})),
            3 => drop(world.give(DAVE, "rotate", map! {"conversation" => conversation})),
            4 => drop(world.give(
                BOB,
                "create",
                map! {"kind" => "group", "title" => "third", "users" => vec![world.user(ALICE)]},
            )),
            5 => {
                world.disconnect(ALICE);
                world.connect(ALICE);
            }
            6 => drop(world.give(
                ALICE,
                "page",
                map! {"conversation" => conversation, "before" => 9u64, "limit" => 5u64},
            )),
            _ => drop(world.give(
                ALICE,
                "create",
                map! {"kind" => "direct", "title" => Value::Nil, "users" => vec![world.user(DAVE)]},
            )),
        }
        for _ in 0..2_000 {
            told.extend(world.clients[ALICE].inbox.front().map(|frame| script::frame(frame)));
            let moved: Vec<bool> = (0..world.clients.len()).map(|who| world.turn(who)).collect();
            if !moved.contains(&true) {
                break;
            }
        }
        world.settle();
    }
    for rare in [
        Told::from(frames::Goodbye {
            code: "revoked".into(),
            words: "gone".into(),
        }),
        frames::KeyPackagesLow { count: 3 }.into(),
        frames::Deleted { conversation, n: 3 }.into(),
        frames::Refused {
            re: [0; 16],
            code: "StaleEpoch".into(),
            words: "".into(),
            retry_after_ms: Some(5),
            current_epoch: Some(2),
        }
        .into(),
    ] {
        told.push(script::frame(&rare.encode()));
    }
    told
}

/// Somebody who has claimed and never been connected.
fn newcomer(world: &mut World) -> (RowsOfADevice, Device) {
    let link = world.invite(BOB, "nora");
    let who = world.clients.len();
    let client = world.blank("nora");
    world.clients.push(client);
    let begun = world.command(
        who,
        "begin",
        map! {"link" => link, "name" => "Nora", "origin" => ORIGIN, "is_bot" => false},
    );
    let Ok(begun) = begun else {
        unreachable!("an open invitation can be claimed")
    };
    let mut out = vec![];
    let _ = world
        .server
        .append(&begun.field::<Vec<u8>>("entry").unwrap_or_default(), &mut out);
    world.route(out);
    let _ = world.command(who, "claimed", map! {"server_key" => *world.server.key.public()});
    (
        world.clients[who].rows.clone(),
        begun.field("device").unwrap_or(Device([0; 16])),
    )
}

/// rmp-serde writes an array of bytes as an array of numbers.
fn bytes_of(value: &Value) -> Vec<u8> {
    match value {
        Value::Bytes(bytes) => bytes.clone(),
        Value::Array(items) => items
            .iter()
            .filter_map(|item| item.uint().ok())
            .map(|n| n as u8)
            .collect(),
        _ => vec![],
    }
}

/// One engine in a run, and the frames it has asked.
pub struct Fuzzed {
    pub engine: Engine,
    pub events: Vec<(String, Value)>,
    pub rows: Vec<Value>,
    asked: Vec<Vec<u8>>,
    device: Device,
    user: User,
    now: u64,
    steps: u8,
    is_returning: bool,
    taken: Taken,
    places: usize,
}

impl Story {
    /// An engine at this moment, connected; its requests wait in it.
    pub fn device(&mut self, at: Moment) -> Fuzzed {
        let (rows, device) = match at {
            Moment::Present => (self.present.clone(), self.world.clients[ALICE].device),
            Moment::Behind => (self.behind.clone(), self.world.clients[ALICE].device),
            Moment::New => (self.new.clone(), self.new_device),
            Moment::Returning => (RowsOfADevice::new(), Device([0xEE; 16])),
        };
        let Ok(engine) = Engine::new(rows) else {
            unreachable!("rows that an engine wrote read")
        };
        let mut made = Fuzzed {
            engine,
            events: vec![],
            rows: vec![],
            asked: vec![],
            device,
            user: self.world.clients[ALICE].user,
            now: self.world.now,
            steps: 0,
            is_returning: at == Moment::Returning,
            taken: Taken::default(),
            places: 0,
        };
        made.step(InputKind::Connected);
        if made.is_returning {
            let (key, org, user) = (self.recovery_key.clone(), self.org(), made.user);
            let arguments = map! {"recovery_key" => key, "org" => org, "account" => "alice", "user" => user, "origin" => ORIGIN, "revoke_others" => true};
            made.step(InputKind::Command {
                id: [1; 16],
                name: "recover".into(),
                arguments,
            });
        }
        made
    }

    /// What the server says to everything that was asked; `changed` may change each answer before it is told, by its place.
    pub fn settle(&mut self, device: &mut Fuzzed, mut changed: impl FnMut(usize, &mut Value)) {
        let most = device.places + MOST_TOLD;
        while !device.asked.is_empty() && device.places < most {
            for request in std::mem::take(&mut device.asked) {
                for answer in self.answers(device, &request) {
                    let mut frame = script::frame(&answer);
                    changed(device.places, &mut frame);
                    device.places += 1;
                    device.told(&pack::encode(&frame));
                }
            }
        }
    }

    /// Reading requests are answered as they are; what writing ones bring counts in this run alone, so that the next finds the same server.
    fn answers(&mut self, device: &mut Fuzzed, bytes: &[u8]) -> Vec<Vec<u8>> {
        let Ok(request) = Request::decode(bytes) else {
            unreachable!("an engine writes frames that read")
        };
        let alice = self.world.clients[ALICE].device;
        let (server, taken, at_ms) = (&mut self.world.server, &mut device.taken, self.world.now);
        let accepted = |re, conversation, n| {
            Told::from(frames::Accepted {
                re,
                conversation,
                n,
                at_ms,
            })
        };
        let told: Vec<Told> = match request {
            Request::Send(send) => {
                let (n, item) = taken.push(server, send.conversation, Kind::Message, send.sealed, at_ms);
                vec![accepted(send.id.0, send.conversation, n), item]
            }
            Request::Commit(commit) => {
                let entry = log::Commit {
                    epoch: commit.epoch,
                    message: commit.commit,
                };
                let (n, item) = taken.push(server, commit.conversation, Kind::Commit, entry.encode(), at_ms);
                let mut told = vec![accepted(commit.id, commit.conversation, n), item];
                told.extend(
                    commit
                        .link
                        .map(|link| taken.push(server, commit.conversation, Kind::Link, link, at_ms).1),
                );
                told
            }
            Request::CreateConversation(create) => {
                taken.begin(create.conversation, create.group);
                let entry = log::Create {
                    group: create.group,
                    group_info: create.group_info,
                    creator: device.device,
                };
                let (n, _) = taken.push(server, create.conversation, Kind::Create, entry.encode(), at_ms);
                vec![accepted(create.id, create.conversation, n)]
            }
            Request::Propose(propose) => {
                let entry = log::Proposal {
                    epoch: propose.epoch,
                    message: propose.proposal,
                    cause: None,
                };
                let (n, item) = taken.push(server, propose.conversation, Kind::Proposal, entry.encode(), at_ms);
                vec![accepted(propose.id, propose.conversation, n), item]
            }
            Request::PutLink(put) => {
                let (n, item) = taken.push(server, put.conversation, Kind::Link, put.link, at_ms);
                vec![accepted(put.id, put.conversation, n), item]
            }
            Request::AppendEntry(frames::AppendEntry { id, entry })
            | Request::PutVault(frames::PutVault { id, entry, .. }) => {
                let (n, item) = taken.append(server, entry);
                vec![frames::Appended { re: id, n }.into(), item]
            }
            Request::PublishKeyPackages(publish) => vec![frames::Published {
                re: publish.id,
                count: publish.packages.len() as u64,
            }
            .into()],
            Request::ClaimKeyPackages(claim) => {
                let packages = self.packages(&claim.users);
                vec![frames::KeyPackages { re: claim.id, packages }.into()]
            }
            Request::PutReceipt(frames::PutReceipt { id, .. })
            | Request::PutVaultRows(frames::PutVaultRows { id, .. })
            | Request::TakeWelcome(frames::TakeWelcome { id, .. })
            | Request::Complain(frames::Complain { id, .. }) => vec![frames::Done { re: id }.into()],
            Request::FetchDirectory(fetch) => vec![taken.directory_page(server, &fetch)],
            Request::FetchLog(fetch) => vec![taken
                .log_page(server, &fetch)
                .unwrap_or_else(|| refused(fetch.id, "Unknown"))],
            Request::FetchGroup(fetch) => {
                let room = server.rooms.get(&fetch.conversation);
                let now = room.map(|room| taken.group_now(room, fetch.id));
                vec![now.unwrap_or_else(|| refused(fetch.id, "Unknown"))]
            }
            Request::Signal(_) | Request::Open(_) | Request::Delete(_) => vec![],
            Request::FetchVault(_) => return frames_of(server.handle_returning(device.user, device.device, bytes)),
            Request::Sync(_) => {
                // A device that has just come back is listed everything of its person's, and is in no group yet.
                let is_known = server.directory.device(device.device).is_some();
                let as_device = if is_known { device.device } else { alice };
                let Some(Ok(Told::Synced(mut synced))) = frames_of(server.handle(as_device, bytes))
                    .first()
                    .map(|answer| Told::decode(answer))
                else {
                    unreachable!("a sync is answered")
                };
                if !is_known {
                    synced.welcomes.clear();
                    synced
                        .conversations
                        .iter_mut()
                        .for_each(|state| state.is_member = false);
                }
                vec![taken.synced(server, synced)]
            }
            _ => return frames_of(server.handle(device.device, bytes)),
        };
        told.iter().map(Told::encode).collect()
    }

    fn packages(&self, users: &[User]) -> Vec<(User, Device, Vec<u8>)> {
        let server = &self.world.server;
        let of = |user: &User| {
            let user = *user;
            server
                .directory
                .active_devices_of(user)
                .into_iter()
                .filter_map(move |device| {
                    let package = server
                        .packages
                        .get(&device)
                        .and_then(|kept| kept.last())
                        .or_else(|| server.last_resort.get(&device));
                    package.map(|package| (user, device, package.clone()))
                })
        };
        users.iter().flat_map(of).collect()
    }
}

fn frames_of(out: Vec<(Device, Vec<u8>)>) -> Vec<Vec<u8>> {
    out.into_iter().map(|(_, frame)| frame).collect()
}

/// A refusal of a request.
pub fn refused(re: frames::RequestId, code: &str) -> Told {
    frames::Refused {
        re,
        code: code.into(),
        words: String::new(),
        retry_after_ms: None,
        current_epoch: Some(2),
    }
    .into()
}

impl Fuzzed {
    /// A device that has come back with the recovery key connects as itself; false for every other.
    pub fn goes_on_after_return(&mut self) -> bool {
        let has_come_back = self.is_returning && self.events.iter().any(|(name, _)| name == "done");
        if has_come_back {
            self.is_returning = false;
            self.step(InputKind::Disconnected);
            self.asked.clear();
            self.step(InputKind::Connected);
        }
        has_come_back
    }

    pub fn command(&mut self, name: &str, arguments: &Value) -> bool {
        self.step(InputKind::Command {
            id: [3; 16],
            name: name.to_owned(),
            arguments: arguments.clone(),
        })
    }

    /// One input, with entropy that is the same in every run.
    pub fn step(&mut self, kind: InputKind) -> bool {
        self.steps = self.steps.wrapping_add(1);
        let input = Input {
            now_ms: self.now,
            entropy: [self.steps; 32],
            kind,
        };
        self.packed(&input.encode())
    }

    /// An input as bytes; false when it was refused.
    pub fn packed(&mut self, input: &[u8]) -> bool {
        let Ok(effects) = self.engine.step(input) else {
            return false;
        };
        let Ok(Value::Array(effects)) = pack::decode(&effects) else {
            unreachable!("effects are an array")
        };
        let list = |at: usize| effects.get(at).and_then(|value| value.list().ok()).unwrap_or_default();
        self.rows.extend(list(0).iter().cloned());
        self.asked.extend(
            list(1)
                .iter()
                .filter_map(|frame| frame.bytes().ok())
                .map(<[u8]>::to_vec),
        );
        self.events.extend(list(2).iter().filter_map(|event| {
            let [name, details] = event.list().ok()? else {
                return None;
            };
            Some((name.text().ok()?.to_owned(), details.clone()))
        }));
        true
    }

    pub fn told(&mut self, frame: &[u8]) -> bool {
        self.step(InputKind::Frame(frame.to_vec()))
    }

    pub fn tick(&mut self, later_ms: u64) {
        self.now += later_ms;
        self.step(InputKind::Tick);
    }

    pub fn asks_nothing_more(&mut self) {
        self.asked.clear();
    }
}
