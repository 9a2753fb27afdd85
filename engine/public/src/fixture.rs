//! For tests: an organisation with deterministic keys, and entries signed by whom the test says.

use crate::directory::{chain_next, user_id, Applied, Change, Claim, Directory, Draft, Invite, KeyId, Payload, Role};
use crate::ids::{recovery_id, Device, Invitation, Org, User};
use crate::refusal::Refusal;
use crate::sign::KeyPair;

pub const ORG: Org = Org([0xAA; 16]);
pub const START_MS: u64 = 1_700_000_000_000;

/// A device with its two key pairs, from one number.
#[derive(Clone, Debug)]
pub struct TestDevice {
    pub sig: KeyPair,
    pub auth: KeyPair,
    pub id: Device,
}

impl TestDevice {
    pub fn new(number: u8) -> Self {
        let (sig, auth) = (KeyPair::from_seed([number; 32]), KeyPair::from_seed([number | 0x80; 32]));
        let id = crate::ids::device_id(sig.public(), auth.public());
        TestDevice { sig, auth, id }
    }

    pub fn add(&self) -> Change {
        Change::add(*self.sig.public(), *self.auth.public())
    }

    pub fn signer(&self) -> (KeyId, &KeyPair) {
        (self.id.0, &self.sig)
    }
}

/// A person or bot: the first device, and for persons a recovery key.
#[derive(Clone, Debug)]
pub struct Person {
    pub user: User,
    pub device: TestDevice,
    pub recovery: KeyPair,
    pub is_bot: bool,
}

impl Person {
    pub fn new(number: u8) -> Self {
        let device = TestDevice::new(number);
        let recovery = KeyPair::from_seed([number | 0x40; 32]);
        Person { user: user_id(ORG, &device.add()), device, recovery, is_bot: false }
    }

    pub fn recovery_signer(&self) -> (KeyId, &KeyPair) {
        (recovery_id(self.recovery.public()), &self.recovery)
    }

    pub fn changes(&self) -> Vec<Change> {
        let recovery = Change::SetRecovery { sign_public: *self.recovery.public(), xwing_public: vec![7; 1216] };
        if self.is_bot {
            vec![self.device.add()]
        } else {
            vec![self.device.add(), recovery]
        }
    }
}

/// A directory and the time, which goes on by a second with each entry.
#[derive(Clone)]
pub struct World {
    pub directory: Directory,
    pub time_ms: u64,
    pub entries: Vec<Vec<u8>>,
}

impl World {
    /// With the owner's claim as entry 0.
    pub fn new(owner: &Person) -> Self {
        let mut world = World { directory: Directory::new(ORG), time_ms: START_MS, entries: vec![] };
        let seed = KeyPair::from_seed([1; 32]);
        let claim = world.claim_of(owner, Invitation([0; 16]), None, "olga");
        world.append(&world.claimed(owner, claim, &seed)).unwrap();
        world
    }

    pub fn draft(&self, author: Option<User>, payload: Payload) -> Draft {
        Draft { org: ORG, author, head: self.directory.head(), time_ms: self.time_ms, payload }
    }

    pub fn append(&mut self, entry: &[u8]) -> Result<Applied, Refusal> {
        let applied = self.directory.apply(entry)?;
        self.entries.push(entry.to_vec());
        self.time_ms += 1_000;
        Ok(applied)
    }

    /// An entry by a person's first device.
    pub fn by(&mut self, author: &Person, payload: Payload) -> Result<Applied, Refusal> {
        let entry = self.draft(Some(author.user), payload).sign(&[author.device.signer()]);
        self.append(&entry)
    }

    pub fn claim_of(&self, person: &Person, invitation: Invitation, inviter: Option<User>, account: &str) -> Claim {
        Claim {
            invitation,
            inviter,
            account: account.into(),
            is_bot: person.is_bot,
            changes: person.changes(),
            name: format!("{account} the {}", if person.is_bot { "bot" } else { "person" }),
            nonce: [9; 16],
        }
    }

    pub fn claimed(&self, person: &Person, claim: Claim, seed: &KeyPair) -> Vec<u8> {
        let mut signers = vec![(claim.invitation.0, seed), person.device.signer()];
        if !person.is_bot {
            signers.push(person.recovery_signer());
        }
        self.draft(None, Payload::Claim(claim)).sign(&signers)
    }

    pub fn invite(&self, number: u8, role: Role, account: &str, is_bot: bool) -> Invite {
        Invite {
            invitation: Invitation([number; 16]),
            seed_public: *seed(number).public(),
            role,
            account: account.into(),
            is_bot,
            expires_ms: self.time_ms + 86_400_000,
        }
    }

    /// Invited by `inviter` and claimed at once.
    pub fn join(&mut self, number: u8, role: Role, inviter: &Person, is_bot: bool) -> Person {
        let person = Person { is_bot, ..Person::new(number) };
        let account = format!("account{number}");
        let invite = self.invite(number, role, &account, is_bot);
        self.by(inviter, Payload::Invite(invite)).unwrap();
        let claim = self.claim_of(&person, Invitation([number; 16]), Some(inviter.user), &account);
        let entry = self.claimed(&person, claim, &seed(number));
        self.append(&entry).unwrap();
        person
    }

    pub fn change(&self, user: User, change: Change) -> Payload {
        let state = self.directory.user(user).unwrap();
        Payload::Chain { user, k: state.chain_k + 1, prev: state.chain_head, change }
    }

    /// A further device, signed by the first one.
    pub fn add_device(&mut self, person: &Person, number: u8) -> TestDevice {
        let device = TestDevice::new(number);
        let draft = self.draft(Some(person.user), self.change(person.user, device.add()));
        self.append(&draft.sign(&[person.device.signer(), device.signer()])).unwrap();
        device
    }

    pub fn revoke(&mut self, person: &Person, device: Device) -> Result<Applied, Refusal> {
        let payload = self.change(person.user, Change::Revoke { device });
        self.by(person, payload)
    }

    pub fn suspend(&mut self, by: &Person, user: User, suspended: bool) -> Result<Applied, Refusal> {
        self.by(by, Payload::Suspend { user, suspended })
    }
}

/// The one-time seed of invitation `number`.
pub fn seed(number: u8) -> KeyPair {
    KeyPair::from_seed([number ^ 0x3F; 32])
}

/// The chain head after this change.
pub fn after(world: &World, user: User, change: &Change) -> [u8; 32] {
    let state = world.directory.user(user).unwrap();
    chain_next(ORG, state.chain_k + 1, &state.chain_head, change)
}
