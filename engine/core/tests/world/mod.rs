//! Engines, their hosts and a server in one process, with a clock that only moves when a test says so.
#![allow(dead_code, clippy::disallowed_methods, clippy::disallowed_types)]

pub mod server;

use std::collections::{BTreeMap, VecDeque};

use inmost_core::input::{Input, InputKind};
use inmost_core::pack::{self, Value};
use inmost_core::{map, Engine};
use inmost_public::ids::{Conversation, Device, Invitation, Org, User};
use inmost_public::invitation::InvitationLink;
use inmost_public::sign::KeyPair;
use rand_chacha::ChaCha20Rng;
use rand_core::{RngCore, SeedableRng};
use server::Server;

pub const ORIGIN: &str = "https://inmost.test";

/// One device: its engine and what its host keeps.
pub struct Client {
    pub name: String,
    pub engine: Engine,
    pub rows: BTreeMap<Vec<u8>, Vec<u8>>,
    pub messages: BTreeMap<Vec<u8>, Value>,
    pub events: Vec<(String, Value)>,
    pub inbox: VecDeque<Vec<u8>>,
    pub outbox: VecDeque<Vec<u8>>,
    pub user: User,
    pub device: Device,
    pub recovery_key: Option<String>,
    pub is_connected: bool,
    pub is_returning: bool,
    pub wake_at_ms: Option<u64>,
    /// Crash after so many more effects (a transaction of rows counts as one).
    pub crash_in: Option<usize>,
    pub state_rows_written: usize,
}

pub struct World {
    pub now: u64,
    pub rng: ChaCha20Rng,
    pub server: Server,
    pub clients: Vec<Client>,
    pub owner_link: String,
    pub org: Org,
}

pub type Who = usize;

impl World {
    pub fn new(seed: u64) -> Self {
        let now = std::time::SystemTime::now()
            .duration_since(std::time::UNIX_EPOCH)
            .unwrap()
            .as_millis() as u64;
        let org = Org([0xAA; 16]);
        let link = InvitationLink {
            org,
            invitation: Invitation([1; 16]),
            seed: [2; 32],
            account: "owner".into(),
            from: None,
        };
        let server = Server::new(org, *KeyPair::from_seed([2; 32]).public(), now);
        World {
            now,
            rng: ChaCha20Rng::seed_from_u64(seed),
            server,
            clients: vec![],
            owner_link: link.encode(),
            org,
        }
    }

    /// An organisation of people with these names; the first is the owner.
    pub fn team(seed: u64, names: &[&str]) -> Self {
        let mut world = World::new(seed);
        let owner = world.join(names[0], &world.owner_link.clone(), false);
        for name in &names[1..] {
            let link = world.invite(owner, name);
            world.join(name, &link, false);
        }
        world
    }

    pub fn entropy(&mut self) -> [u8; 32] {
        let mut entropy = [0; 32];
        self.rng.fill_bytes(&mut entropy);
        entropy
    }

    pub fn blank(&self, name: &str) -> Client {
        Client {
            name: name.into(),
            engine: Engine::new([]).unwrap(),
            rows: BTreeMap::new(),
            messages: BTreeMap::new(),
            events: vec![],
            inbox: VecDeque::new(),
            outbox: VecDeque::new(),
            user: User([0; 32]),
            device: Device([0; 16]),
            recovery_key: None,
            is_connected: false,
            is_returning: false,
            wake_at_ms: None,
            crash_in: None,
            state_rows_written: 0,
        }
    }

    /// Begin, claim, connect, settle.
    pub fn join(&mut self, name: &str, link: &str, is_bot: bool) -> Who {
        let who = self.clients.len();
        let client = self.blank(name);
        self.clients.push(client);
        let begun = self
            .command(
                who,
                "begin",
                map! {"link" => link, "name" => name, "origin" => ORIGIN, "is_bot" => is_bot},
            )
            .unwrap();
        let client = &mut self.clients[who];
        client.user = begun.field("user").unwrap();
        client.device = begun.field("device").unwrap();
        client.recovery_key = begun.field("recovery_key").unwrap();
        let mut out = vec![];
        self.server
            .append(&begun.field::<Vec<u8>>("entry").unwrap(), &mut out)
            .unwrap();
        self.route(out);
        self.command(who, "claimed", map! {"server_key" => *self.server.key.public()})
            .unwrap();
        self.connect(who);
        self.settle();
        who
    }

    pub fn invite(&mut self, by: Who, account: &str) -> String {
        let invited = self.command(by, "invite", map! {"account" => account, "role" => "member", "is_bot" => false, "expires_ms" => self.now + 1_000_000, "name" => account});
        invited.unwrap().field("fragment").unwrap()
    }

    pub fn connect(&mut self, who: Who) {
        let client = &mut self.clients[who];
        client.is_connected = true;
        client.inbox.clear();
        client.outbox.clear();
        let device = client.device;
        self.server.connected.insert(device);
        self.step(who, InputKind::Connected);
    }

    pub fn disconnect(&mut self, who: Who) {
        let client = &mut self.clients[who];
        client.is_connected = false;
        client.inbox.clear();
        client.outbox.clear();
        let device = client.device;
        self.server.connected.remove(&device);
        self.step(who, InputKind::Disconnected);
    }

    /// The process dies; what was persisted comes back.
    pub fn restart(&mut self, who: Who) {
        let client = &mut self.clients[who];
        client.engine = Engine::new(client.rows.clone()).unwrap();
        client.is_connected = false;
        client.inbox.clear();
        client.outbox.clear();
        client.wake_at_ms = None;
        self.server.connected.remove(&self.clients[who].device);
    }

    pub fn step(&mut self, who: Who, kind: InputKind) {
        let input = Input {
            now_ms: self.now,
            entropy: self.entropy(),
            kind,
        }
        .encode();
        match self.clients[who].engine.step(&input) {
            Ok(effects) => self.carry_out(who, &effects),
            Err(refused) => panic!("{} refused a step: {refused}", self.clients[who].name),
        }
    }

    /// Rows, frames, events, in this order; a crash cuts them off.
    pub fn carry_out(&mut self, who: Who, effects: &[u8]) {
        let Value::Array(effects) = pack::decode(effects).unwrap() else {
            panic!()
        };
        let client = &mut self.clients[who];
        let mut dies = || match client.crash_in.as_mut() {
            Some(0) => true,
            Some(left) => {
                *left -= 1;
                false
            }
            None => false,
        };
        if dies() {
            return;
        }
        for row in effects[0].list().unwrap() {
            let row = row.list().unwrap();
            let (key, value) = (row[1].bytes().unwrap().to_vec(), row[2].clone());
            if row[0].text().unwrap() == "state" {
                client.state_rows_written += 1;
                match value {
                    Value::Bytes(value) => drop(client.rows.insert(key, value)),
                    _ => drop(client.rows.remove(&key)),
                }
            } else {
                match value {
                    Value::Bytes(value) => drop(client.messages.insert(key, pack::decode(&value).unwrap())),
                    _ => drop(client.messages.remove(&key)),
                }
            }
        }
        for frame in effects[1].list().unwrap() {
            if dies() {
                return;
            }
            if client.is_connected {
                client.outbox.push_back(frame.bytes().unwrap().to_vec());
            }
        }
        for event in effects[2].list().unwrap() {
            let event = event.list().unwrap();
            client
                .events
                .push((event[0].text().unwrap().to_owned(), event[1].clone()));
        }
        client.wake_at_ms = effects[3].uint().ok();
    }

    pub fn route(&mut self, out: server::Out) {
        for (device, frame) in out {
            if let Some(client) = self
                .clients
                .iter_mut()
                .find(|client| client.device == device && client.is_connected)
            {
                client.inbox.push_back(frame);
            }
        }
    }

    /// One frame to the server or one to a client, if there is any.
    pub fn turn(&mut self, who: Who) -> bool {
        if self.clients[who].crash_in == Some(0) {
            return false;
        }
        if let Some(frame) = self.clients[who].outbox.pop_front() {
            let (user, device, is_returning) = (
                self.clients[who].user,
                self.clients[who].device,
                self.clients[who].is_returning,
            );
            self.server.now = self.now;
            let out = if is_returning {
                self.server.handle_returning(user, device, &frame)
            } else {
                self.server.handle(device, &frame)
            };
            self.route(out);
            return true;
        }
        if let Some(frame) = self.clients[who].inbox.pop_front() {
            self.step(who, InputKind::Frame(frame));
            return true;
        }
        false
    }

    pub fn deliver(&mut self) {
        for _ in 0..100_000 {
            let mut moved = false;
            for who in 0..self.clients.len() {
                moved |= self.turn(who);
            }
            if !moved {
                return;
            }
        }
        let mut last = vec![];
        for _ in 0..12 {
            for who in 0..self.clients.len() {
                let client = &self.clients[who];
                let asked = client
                    .outbox
                    .front()
                    .map(|frame| format!("{:.160?}", inmost_core::frames::Request::decode(frame)));
                let told = client
                    .inbox
                    .front()
                    .map(|frame| format!("{:.160?}", inmost_core::frames::Told::decode(frame)));
                last.extend(
                    [asked, told]
                        .into_iter()
                        .flatten()
                        .map(|frame| format!("{}: {frame}", client.name)),
                );
                self.turn(who);
            }
        }
        panic!("frames without end: {last:#?}");
    }

    /// Deliver everything, and let short waits pass (links, turns to remove, gaps).
    pub fn settle(&mut self) {
        for _ in 0..500 {
            self.deliver();
            let due = |client: &&Client| client.is_connected && client.crash_in != Some(0);
            let next = self
                .clients
                .iter()
                .filter(due)
                .filter_map(|client| client.wake_at_ms)
                .min();
            let Some(at) = next.filter(|at| *at <= self.now + 65_000) else {
                return;
            };
            self.now = self.now.max(at);
            for who in 0..self.clients.len() {
                if self.clients[who].is_connected && self.clients[who].wake_at_ms.is_some_and(|at| at <= self.now) {
                    self.step(who, InputKind::Tick);
                }
            }
        }
        panic!("never settles");
    }

    /// Give a command; None if its answer has not come yet.
    pub fn give(&mut self, who: Who, name: &str, arguments: Value) -> [u8; 16] {
        let mut id = [0; 16];
        self.rng.fill_bytes(&mut id);
        self.step(
            who,
            InputKind::Command {
                id,
                name: name.into(),
                arguments,
            },
        );
        id
    }

    pub fn outcome(&self, who: Who, id: [u8; 16]) -> Option<Result<Value, String>> {
        self.clients[who]
            .events
            .iter()
            .find(|(name, details)| {
                (name == "done" || name == "refused") && details.get("command").bytes().ok() == Some(&id)
            })
            .map(|(name, details)| {
                if name == "done" {
                    Ok(details.clone())
                } else {
                    Err(details.get("code").text().unwrap().to_owned())
                }
            })
    }

    /// Give a command and settle until its outcome.
    pub fn command(&mut self, who: Who, name: &str, arguments: Value) -> Result<Value, String> {
        let id = self.give(who, name, arguments);
        if self.outcome(who, id).is_none() {
            self.settle();
        }
        self.outcome(who, id).unwrap_or_else(|| panic!("{name} never ended"))
    }

    pub fn view(&mut self, who: Who, name: &str, arguments: Value) -> Value {
        let question = pack::encode(&Value::Array(vec![Value::Text(name.into()), arguments]));
        pack::decode(&self.clients[who].engine.view(&question).unwrap()).unwrap()
    }

    // ---- the words of the stories ----

    pub fn user(&self, who: Who) -> User {
        self.clients[who].user
    }

    pub fn create(&mut self, by: Who, title: &str, with: &[Who]) -> Conversation {
        let users: Vec<User> = with.iter().map(|who| self.user(*who)).collect();
        let made = self
            .command(
                by,
                "create",
                map! {"kind" => "group", "title" => title, "users" => users},
            )
            .unwrap();
        self.settle();
        made.field("conversation").unwrap()
    }

    pub fn try_send(&mut self, by: Who, to: Conversation, text: &str) -> Result<Value, String> {
        self.command(by, "send", map! {"conversation" => to, "content" => map! {"type" => "text", "text" => text, "reply_to" => Value::Nil, "mentions" => Value::Array(vec![])}})
    }

    pub fn send(&mut self, by: Who, to: Conversation, text: &str) -> u64 {
        let sent = self
            .try_send(by, to, text)
            .unwrap_or_else(|code| panic!("{text:?} was refused: {code}"));
        self.settle();
        sent.field("n").unwrap()
    }

    pub fn people(&self, who: &[Who]) -> Value {
        pack::Field::to_value(&who.iter().map(|who| self.user(*who)).collect::<Vec<User>>())
    }

    /// Texts in a conversation as this device shows them, in order.
    pub fn texts(&self, who: Who, conversation: Conversation) -> Vec<String> {
        let rows = self.clients[who]
            .messages
            .iter()
            .filter(|(key, row)| key.starts_with(&conversation.0) && row.get("n").uint().is_ok());
        rows.filter(|(_, row)| row.get("type").text() == Ok("text"))
            .map(|(_, row)| row.get("text").text().unwrap().to_owned())
            .collect()
    }

    pub fn kinds(&self, who: Who, conversation: Conversation) -> Vec<String> {
        let rows = self.clients[who]
            .messages
            .iter()
            .filter(|(key, _)| key.starts_with(&conversation.0));
        rows.map(|(_, row)| row.get("type").text().unwrap().to_owned())
            .collect()
    }

    pub fn alarms(&mut self, who: Who) -> Vec<String> {
        self.view(who, "alarms", map! {})
            .list()
            .unwrap()
            .iter()
            .map(|alarm| {
                format!(
                    "{}: {}",
                    alarm.get("kind").text().unwrap(),
                    alarm.get("words").text().unwrap()
                )
            })
            .collect()
    }

    /// Nobody saw anything alarming.
    pub fn assert_calm(&mut self) {
        for who in 0..self.clients.len() {
            let alarms = self.alarms(who);
            assert!(alarms.is_empty(), "{}: {alarms:?}", self.clients[who].name);
        }
    }

    pub fn epoch(&mut self, who: Who, conversation: Conversation) -> u64 {
        self.view(who, "conversation", map! {"conversation" => conversation})
            .field("epoch")
            .unwrap()
    }
}

impl World {
    /// A new device of a person comes back with the recovery key: through a session that may only recover, then as itself.
    pub fn recover(&mut self, of: Who, revoke_others: bool) -> Result<Who, String> {
        let key = self.clients[of].recovery_key.clone().unwrap();
        self.recover_with(of, &key, revoke_others)
    }

    pub fn recover_with(&mut self, of: Who, key: &str, revoke_others: bool) -> Result<Who, String> {
        self.come_back(of, "recovery_key", Value::Text(key.to_owned()), revoke_others)
    }

    /// The same with what a passkey's PRF gave.
    pub fn recover_by_passkey(&mut self, of: Who, secret: [u8; 32], revoke_others: bool) -> Result<Who, String> {
        self.come_back(of, "passkey_secret", Value::Bytes(secret.to_vec()), revoke_others)
    }

    fn come_back(&mut self, of: Who, by: &str, secret: Value, revoke_others: bool) -> Result<Who, String> {
        let who = self.clients.len();
        let mut client = self.blank(&format!("{} again", self.clients[of].name));
        client.user = self.clients[of].user;
        // Until the engine has named itself, the server knows this connection by a number of its own.
        client.device = Device([0xEE; 16]);
        client.is_returning = true;
        client.recovery_key = self.clients[of].recovery_key.clone();
        self.clients.push(client);
        self.connect(who);
        let account = self.clients[of].name.clone();
        let result = self.command(who, "recover", map! {by => secret, "org" => self.org, "account" => account, "user" => self.user(of), "origin" => ORIGIN, "revoke_others" => revoke_others});
        self.disconnect(who);
        let device = result?.field("device").unwrap();
        self.clients[who].device = device;
        self.clients[who].is_returning = false;
        self.connect(who);
        self.settle();
        Ok(who)
    }

    /// A passkey of a person's device begins to open the vault.
    pub fn add_passkey(&mut self, who: Who, credential: &[u8], secret: [u8; 32]) -> Result<Value, String> {
        let arguments = map! {"credential" => credential.to_vec(), "secret" => Value::Bytes(secret.to_vec())};
        let result = self.command(who, "add_passkey", arguments);
        self.settle();
        result
    }

    /// Under which id the directory knows a passkey with this secret.
    pub fn paper_id(&self, secret: [u8; 32]) -> [u8; 16] {
        let crypto = openmls_libcrux_crypto::CryptoProvider::new().expect("the operating system's entropy");
        let secret = inmost_core::recovery::PasskeySecret::from_prf(secret);
        secret.paper_device(&crypto, self.org).expect("an X-Wing key pair").id()
    }

    /// Read everything back, page by page.
    pub fn read_all(&mut self, who: Who, conversation: Conversation) {
        let mut before = Value::Nil;
        for _ in 0..1_000 {
            let page = self
                .command(
                    who,
                    "page",
                    map! {"conversation" => conversation, "before" => before, "limit" => 100u64},
                )
                .unwrap();
            if page.get("more") == &Value::Bool(false) || page.get("waiting") == &Value::Bool(true) {
                return;
            }
            before = page.get("first").clone();
        }
        panic!("pages without end");
    }

    pub fn alarmed(&mut self, who: Who, kind: &str) -> bool {
        self.alarms(who).iter().any(|alarm| alarm.starts_with(kind))
    }
}
