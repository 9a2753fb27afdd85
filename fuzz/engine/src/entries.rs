//! Directory entries, rightly signed, of every kind, with one thing or another changed inside: applied whole, or refused and nothing changed.

use inmost_core::pack::Value;
use inmost_public::cbor;
use inmost_public::directory::{Change, Directory, Draft, KeyId, Payload, Role};
use inmost_public::fixture::{seed, Person, TestDevice, World, ORG};
use inmost_public::ids::recovery_id;
use inmost_public::sign::{dev_sign, KeyPair};

use crate::script::{self, to_item, Script};

/// A body that is valid now, and who has to sign it.
struct Template {
    body: Value,
    signers: Vec<(KeyId, KeyPair)>,
}

/// Somebody in every role, a revoked device, a suspended person, and invitations open, withdrawn and used.
pub struct Organisation {
    pub directory: Directory,
    templates: Vec<Template>,
    parts: Vec<Value>,
}

impl Organisation {
    pub fn new() -> Self {
        let owner = Person::new(3);
        let mut world = World::new(&owner);
        let admin = world.join(4, Role::Administrator, &owner, false);
        let member = world.join(5, Role::Member, &admin, false);
        let guest = world.join(6, Role::Guest, &admin, false);
        let bot = world.join(7, Role::Member, &owner, true);
        let gone = world.join(8, Role::Member, &owner, false);
        let second = world.add_device(&member, 20);
        let stolen = world.add_device(&member, 21);
        // A fixture that does not hold is seen by every test of it.
        let _ = world.revoke(&member, stolen.id);
        let _ = world.suspend(&owner, gone.user, true);
        for (number, account) in [(30, "zoe"), (31, "yan"), (32, "a.bot")] {
            let invite = world.invite(number, Role::Member, account, number == 32);
            let _ = world.by(&owner, Payload::Invite(invite));
        }
        let withdrawn = world.invite(33, Role::Guest, "xara", false);
        let invitation = withdrawn.invitation;
        let _ = world.by(&admin, Payload::Invite(withdrawn));
        let _ = world.by(&admin, Payload::Withdraw { invitation });
        let _ = world.by(
            &owner,
            Payload::ServerKey {
                sig_public: *KeyPair::from_seed([9; 32]).public(),
            },
        );
        let _ = world.by(
            &owner,
            Payload::Policy {
                version: 1,
                idle_ms: Some(1_000),
                strict_recovery: false,
            },
        );
        let _ = world.by(
            &member,
            Payload::Vault {
                version: 1,
                hash: [5; 32],
            },
        );

        let mut templates = Templates {
            world: &world,
            made: vec![],
        };
        for by in [&owner, &admin, &member, &guest, &bot] {
            templates.by(
                by,
                Payload::Profile {
                    name: "Somebody Else".into(),
                },
            );
            templates.by(
                by,
                Payload::Vault {
                    version: 2,
                    hash: [6; 32],
                },
            );
        }
        templates.by(
            &owner,
            Payload::Role {
                user: member.user,
                role: Role::Administrator,
            },
        );
        templates.by(
            &admin,
            Payload::Role {
                user: guest.user,
                role: Role::Member,
            },
        );
        templates.by(
            &owner,
            Payload::Suspend {
                user: gone.user,
                suspended: false,
            },
        );
        templates.by(
            &admin,
            Payload::Suspend {
                user: member.user,
                suspended: true,
            },
        );
        templates.by(
            &owner,
            Payload::ServerKey {
                sig_public: *KeyPair::from_seed([10; 32]).public(),
            },
        );
        templates.by(
            &owner,
            Payload::Policy {
                version: 2,
                idle_ms: None,
                strict_recovery: true,
            },
        );
        templates.by(
            &owner,
            Payload::Invite(world.invite(40, Role::Administrator, "walter", false)),
        );
        templates.by(&admin, Payload::Invite(world.invite(41, Role::Member, "vera", true)));
        templates.by(
            &owner,
            Payload::Withdraw {
                invitation: world.invite(30, Role::Member, "zoe", false).invitation,
            },
        );
        let new = TestDevice::new(22);
        let own = member.device.signer();
        templates.chain(&member, new.add(), vec![own, new.signer()]);
        templates.chain(&member, new.add(), vec![member.recovery_signer(), new.signer()]);
        templates.chain(&member, Change::Revoke { device: second.id }, vec![own]);
        let recovery = KeyPair::from_seed([77; 32]);
        let set = Change::SetRecovery {
            sign_public: *recovery.public(),
            xwing_public: vec![8; 1216],
        };
        templates.chain(&member, set, vec![own, (recovery_id(recovery.public()), &recovery)]);
        for (number, is_bot, account) in [(30, false, "zoe"), (32, true, "a.bot")] {
            let person = Person {
                is_bot,
                ..Person::new(number)
            };
            let invitation = inmost_public::ids::Invitation([number; 16]);
            let claim = world.claim_of(&person, invitation, Some(owner.user), account);
            let seed = seed(number);
            let mut signers = vec![(invitation.0, &seed), person.device.signer()];
            signers.extend((!is_bot).then(|| person.recovery_signer()));
            templates.push(world.draft(None, Payload::Claim(claim)), &signers);
        }
        let templates = templates.made;
        let mut parts = vec![];
        templates
            .iter()
            .for_each(|template| script::parts(&template.body, &mut parts));
        Organisation {
            directory: world.directory,
            templates,
            parts,
        }
    }

    /// Which template, edits of its body, then who signs: whom the kind asks for, unless the script says otherwise.
    pub fn run(&self, bytes: &[u8]) {
        let mut script = Script::new(bytes);
        let template = &self.templates[script.below(self.templates.len())];
        let (by, outside) = (script.byte(), script.byte());
        let mut body = template.body.clone();
        while !script.is_over() {
            script.edit(&mut body, &self.parts);
        }
        let body = cbor::encode(&to_item(&body));
        let mut signatures: Vec<Value> = template.signers.iter().map(|signer| signature(signer, &body)).collect();
        match by {
            240..=247 => drop(signatures.pop()),
            248..=251 => signatures.reverse(),
            252.. => signatures.extend(signatures.clone()),
            _ => {}
        }
        let mut entry = Value::Array(vec![Value::Bytes(body), Value::Array(signatures)]);
        if outside >= 128 {
            Script::new(&[outside, by, outside.wrapping_mul(7), by.wrapping_mul(5)]).edit(&mut entry, &self.parts);
        }
        self.apply(&cbor::encode(&to_item(&entry)));
    }

    fn apply(&self, entry: &[u8]) {
        let mut after = self.directory.clone();
        let checked = self.directory.check(entry);
        let _ = self.directory.check_time(entry, 1_700_000_000_000);
        let applied = after.apply(entry);
        assert_eq!(checked.is_ok(), applied.is_ok(), "what is checked is what is applied");
        if applied.is_err() {
            assert!(after == self.directory, "a refused entry changes nothing");
            return;
        }
        assert_eq!(after.next_n(), self.directory.next_n() + 1);
        let read = Directory::from_snapshot(&after.snapshot());
        assert!(read.is_ok_and(|read| read == after), "a snapshot is the whole state");
        assert!(
            after
                .users()
                .any(|(user, state)| state.role() == Role::Owner && !after.active_devices_of(user).is_empty()),
            "there is always an owner"
        );
    }
}

impl Default for Organisation {
    fn default() -> Self {
        Self::new()
    }
}

fn signature((id, key): &(KeyId, KeyPair), body: &[u8]) -> Value {
    let signature = dev_sign(key, "entry", ORG, cbor::Item::from(body));
    Value::Array(vec![Value::Bytes(id.to_vec()), Value::Bytes(signature.to_vec())])
}

struct Templates<'a> {
    world: &'a World,
    made: Vec<Template>,
}

impl Templates<'_> {
    fn push(&mut self, draft: Draft, signers: &[(KeyId, &KeyPair)]) {
        let Ok(body) = cbor::decode(&draft.body()) else { return };
        let signers = signers.iter().map(|(id, key)| (*id, (*key).clone())).collect();
        self.made.push(Template {
            body: script::to_value(&body),
            signers,
        });
    }

    fn by(&mut self, author: &Person, payload: Payload) {
        let draft = self.world.draft(Some(author.user), payload);
        self.push(draft, &[author.device.signer()]);
    }

    fn chain(&mut self, of: &Person, change: Change, signers: Vec<(KeyId, &KeyPair)>) {
        let draft = self.world.draft(Some(of.user), self.world.change(of.user, change));
        self.push(draft, &signers);
    }
}
