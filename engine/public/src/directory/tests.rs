//! The authority table of docs/protocol/directory.md, row by row: who may, and who may not.

use super::*;
use crate::fixture::{after, seed, Person, TestDevice, World, ORG, START_MS};
use crate::refusal::Refusal;
use crate::sign::KeyPair;

/// One person of each role, and a bot.
struct Cast {
    world: World,
    owner: Person,
    administrator: Person,
    member: Person,
    guest: Person,
    bot: Person,
}

fn cast() -> Cast {
    let owner = Person::new(1);
    let mut world = World::new(&owner);
    let administrator = world.join(2, Role::Administrator, &owner, false);
    let member = world.join(3, Role::Member, &owner, false);
    let guest = world.join(4, Role::Guest, &owner, false);
    let bot = world.join(5, Role::Member, &owner, true);
    Cast { world, owner, administrator, member, guest, bot }
}

impl Cast {
    fn everybody(&self) -> [&Person; 5] {
        [&self.owner, &self.administrator, &self.member, &self.guest, &self.bot]
    }

    /// Who of (owner, administrator, member, guest, bot) may append this.
    fn may(&self, payload: Payload) -> [bool; 5] {
        self.everybody().map(|person| {
            let verdict = self.world.clone().by(person, payload.clone());
            assert!(matches!(verdict, Ok(_) | Err(Refusal::NotAllowed)), "{verdict:?}");
            verdict.is_ok()
        })
    }
}

const NOBODY: [bool; 5] = [false; 5];
const OWNER: [bool; 5] = [true, false, false, false, false];
const LEADERS: [bool; 5] = [true, true, false, false, false];
const EVERYBODY: [bool; 5] = [true; 5];

#[test]
fn entry_zero_is_the_owners_claim_and_nothing_else_is() {
    let owner = Person::new(1);
    let world = World::new(&owner);
    let state = world.directory.user(owner.user).unwrap();
    assert_eq!((state.role(), state.level(), state.account.as_str()), (Role::Owner, Level::Owner, "olga"));
    assert!(world.directory.is_active(owner.device.id));
    // A second claim of ownership.
    let other = Person::new(2);
    let claim = world.claim_of(&other, Invitation([0; 16]), None, "eve");
    let entry = world.claimed(&other, claim, &KeyPair::from_seed([1; 32]));
    assert_eq!(world.directory.check(&entry), Err(Refusal::NotAllowed));
    // Anything else as entry 0.
    let mut empty = Directory::new(ORG);
    let draft = Draft { head: None, ..world.draft(Some(owner.user), Payload::Profile { name: "Olga".into() }) };
    assert_eq!(empty.apply(&draft.sign(&[owner.device.signer()])), Err(Refusal::NotAllowed));
}

#[test]
fn the_server_takes_only_the_claim_signed_by_its_owner_link() {
    let owner = Person::new(1);
    let world = World::new(&owner);
    let mut server = Directory::for_owner(ORG, *KeyPair::from_seed([1; 32]).public());
    assert!(server.apply(&world.entries[0]).is_ok());
    let mut server = Directory::for_owner(ORG, *KeyPair::from_seed([2; 32]).public());
    assert_eq!(server.apply(&world.entries[0]), Err(Refusal::BadSignature));
}

#[test]
fn a_bot_cannot_own_and_a_person_needs_a_recovery_key() {
    let empty = World { directory: Directory::new(ORG), time_ms: START_MS, entries: vec![] };
    let seed = KeyPair::from_seed([1; 32]);
    let bot = Person { is_bot: true, ..Person::new(1) };
    let entry = empty.claimed(&bot, empty.claim_of(&bot, Invitation([0; 16]), None, "bot"), &seed);
    assert_eq!(empty.directory.check(&entry), Err(Refusal::NotAllowed));
    let person = Person::new(1);
    let mut claim = empty.claim_of(&person, Invitation([0; 16]), None, "olga");
    claim.changes.pop();
    assert_eq!(empty.directory.check(&empty.claimed(&person, claim, &seed)), Err(Refusal::Malformed));
}

#[test]
fn who_may_invite_whom() {
    let cast = cast();
    let invite = |role, is_bot| Payload::Invite(cast.world.invite(9, role, "new", is_bot));
    assert_eq!(cast.may(invite(Role::Owner, false)), NOBODY);
    assert_eq!(cast.may(invite(Role::Administrator, false)), OWNER);
    assert_eq!(cast.may(invite(Role::Member, false)), LEADERS);
    assert_eq!(cast.may(invite(Role::Guest, false)), LEADERS);
    assert_eq!(cast.may(invite(Role::Member, true)), LEADERS);
    assert_eq!(cast.may(invite(Role::Guest, true)), NOBODY);
    assert_eq!(cast.may(invite(Role::Administrator, true)), NOBODY);
}

#[test]
fn an_account_is_invited_once_until_it_is_withdrawn_or_expires() {
    let Cast { mut world, owner, .. } = cast();
    let taken = world.invite(8, Role::Member, "account3", false);
    assert_eq!(world.by(&owner, Payload::Invite(taken)), Err(Refusal::AlreadyExists));
    let first = world.invite(8, Role::Member, "new", false);
    world.by(&owner, Payload::Invite(first.clone())).unwrap();
    let second = world.invite(9, Role::Member, "new", false);
    assert_eq!(world.by(&owner, Payload::Invite(second.clone())), Err(Refusal::AlreadyExists));
    assert_eq!(world.by(&owner, Payload::Invite(first)), Err(Refusal::AlreadyExists));
    let mut later = world.clone();
    later.time_ms += 100_000_000;
    assert!(later.by(&owner, Payload::Invite(second.clone())).is_ok());
    world.by(&owner, Payload::Withdraw { invitation: Invitation([8; 16]) }).unwrap();
    assert!(world.by(&owner, Payload::Invite(second)).is_ok());
}

#[test]
fn a_claim_is_as_it_was_invited_and_in_time() {
    let Cast { mut world, owner, administrator, .. } = cast();
    let invite = world.invite(9, Role::Member, "new", false);
    let invitation = invite.invitation;
    let (person, bot) = (Person::new(9), Person { is_bot: true, ..Person::new(9) });
    let claim = world.claim_of(&person, invitation, Some(owner.user), "new");
    let check = |world: &World, person: &Person, claim: &Claim, by: u8| {
        world.directory.check(&world.claimed(person, claim.clone(), &seed(by))).map(|_| ())
    };
    assert_eq!(check(&world, &person, &claim, 9), Err(Refusal::Unknown));
    world.by(&owner, Payload::Invite(invite)).unwrap();
    assert_eq!(check(&world, &person, &claim, 9), Ok(()));
    assert_eq!(check(&world, &person, &claim, 10), Err(Refusal::BadSignature));
    let other = Claim { account: "else".into(), ..claim.clone() };
    assert_eq!(check(&world, &person, &other, 9), Err(Refusal::NotAllowed));
    let other = Claim { inviter: Some(administrator.user), ..claim.clone() };
    assert_eq!(check(&world, &person, &other, 9), Err(Refusal::NotAllowed));
    let other = Claim { is_bot: true, changes: bot.changes(), ..claim.clone() };
    assert_eq!(check(&world, &bot, &other, 9), Err(Refusal::NotAllowed));
    let stolen = Person { device: administrator.device.clone(), ..person.clone() };
    let other = Claim { changes: stolen.changes(), ..claim.clone() };
    assert_eq!(check(&world, &stolen, &other, 9), Err(Refusal::AlreadyExists));
    let mut late = world.clone();
    late.time_ms += 100_000_000;
    assert_eq!(check(&late, &person, &claim, 9), Err(Refusal::InvitationExpired));
    let mut withdrawn = world.clone();
    withdrawn.by(&administrator, Payload::Withdraw { invitation }).unwrap();
    assert_eq!(check(&withdrawn, &person, &claim, 9), Err(Refusal::InvitationExpired));
    let second_owner = Payload::Role { user: administrator.user, role: Role::Owner };
    world.by(&owner, second_owner).unwrap();
    world.suspend(&administrator, owner.user, true).unwrap();
    assert_eq!(check(&world, &person, &claim, 9), Err(Refusal::NotAllowed), "the inviter is suspended");
}

#[test]
fn a_claim_without_the_new_devices_or_recovery_keys_signature_is_refused() {
    let Cast { mut world, owner, .. } = cast();
    let invite = world.invite(9, Role::Member, "new", false);
    world.by(&owner, Payload::Invite(invite)).unwrap();
    let person = Person::new(9);
    let claim = world.claim_of(&person, Invitation([9; 16]), Some(owner.user), "new");
    let draft = world.draft(None, Payload::Claim(claim));
    let (seed, device, recovery) = (seed(9), person.device.signer(), person.recovery_signer());
    let by_seed = ([9; 16], &seed);
    assert!(world.directory.check(&draft.sign(&[by_seed, device, recovery])).is_ok());
    let refused = [
        draft.sign(&[by_seed, device]),
        draft.sign(&[by_seed, recovery, device]),
        draft.sign(&[device, recovery]),
        draft.sign(&[by_seed, device, recovery, device]),
        draft.sign(&[]),
    ];
    for entry in refused {
        assert_eq!(world.directory.check(&entry), Err(Refusal::BadSignature));
    }
}

#[test]
fn a_second_claim_suspends_both_and_an_administrator_lifts_it_for_one() {
    let Cast { mut world, owner, administrator, .. } = cast();
    let first = world.join(9, Role::Member, &owner, false);
    let second = Person::new(10);
    let claim = world.claim_of(&second, Invitation([9; 16]), Some(owner.user), "account9");
    let applied = world.append(&world.claimed(&second, claim, &seed(9))).unwrap();
    assert!(applied.second_claim);
    assert_eq!(applied.inactive_devices, vec![first.device.id]);
    assert_eq!(applied.active_devices, vec![]);
    assert_eq!(applied.suspended_users, vec![first.user, second.user]);
    for person in [&first, &second] {
        assert!(!world.directory.is_active(person.device.id));
        assert_eq!(world.directory.cause(person.device.id), Some(applied.n));
        let profile = Payload::Profile { name: "It is me".into() };
        assert_eq!(world.by(person, profile), Err(Refusal::NotAllowed));
    }
    let lifted = world.suspend(&administrator, first.user, false).unwrap();
    assert_eq!(lifted.active_devices, vec![first.device.id]);
    assert!(world.directory.is_active(first.device.id) && !world.directory.is_active(second.device.id));
    assert!(!world.directory.is_active_at(first.device.id, applied.n), "history stays as it was");
}

#[test]
fn a_chain_goes_on_from_its_head_only() {
    let Cast { mut world, member, .. } = cast();
    let (one, two) = (TestDevice::new(20), TestDevice::new(21));
    let payload = world.change(member.user, one.add());
    let stale = world.draft(Some(member.user), world.change(member.user, two.add()));
    let stale = stale.sign(&[member.device.signer(), two.signer()]);
    let head = after(&world, member.user, &one.add());
    let entry = world.draft(Some(member.user), payload).sign(&[member.device.signer(), one.signer()]);
    let applied = world.append(&entry).unwrap();
    assert_eq!((applied.kind, applied.device, applied.active_devices), ("chain", Some(one.id), vec![one.id]));
    assert_eq!(world.directory.user(member.user).unwrap().chain_head, head);
    assert_eq!(world.directory.device(one.id).unwrap().position, 2);
    assert_eq!(world.append(&stale), Err(Refusal::StaleChain));
    let mut restamped = world.draft(Some(member.user), world.change(member.user, two.add()));
    if let Payload::Chain { k, prev, .. } = &mut restamped.payload {
        (*k, *prev) = (2, [1; 32]);
    }
    let entry = restamped.sign(&[member.device.signer(), two.signer()]);
    assert_eq!(world.append(&entry), Err(Refusal::StaleChain));
}

#[test]
fn keys_change_by_an_own_device_or_the_recovery_key_and_the_new_key_signs_too() {
    let Cast { world, owner, member, bot, .. } = cast();
    let new = TestDevice::new(20);
    let draft = world.draft(Some(member.user), world.change(member.user, new.add()));
    let check = |entry: &[u8]| world.directory.check(entry).map(|_| ());
    assert_eq!(check(&draft.sign(&[member.device.signer(), new.signer()])), Ok(()));
    assert_eq!(check(&draft.sign(&[member.recovery_signer(), new.signer()])), Ok(()));
    assert_eq!(check(&draft.sign(&[member.device.signer()])), Err(Refusal::BadSignature));
    assert_eq!(check(&draft.sign(&[owner.device.signer(), new.signer()])), Err(Refusal::NotAllowed));
    let by_owner = Draft { author: Some(owner.user), ..draft };
    assert_eq!(check(&by_owner.sign(&[owner.device.signer(), new.signer()])), Err(Refusal::NotAllowed));
    // A recovery key is set together with itself; a bot has none.
    let key = KeyPair::from_seed([77; 32]);
    let set = Change::SetRecovery { sign_public: *key.public(), xwing_public: vec![1; 1216] };
    let draft = world.draft(Some(member.user), world.change(member.user, set.clone()));
    let new_key = (crate::ids::recovery_id(key.public()), &key);
    assert_eq!(check(&draft.sign(&[member.device.signer(), new_key])), Ok(()));
    assert_eq!(check(&draft.sign(&[member.device.signer()])), Err(Refusal::BadSignature));
    let draft = world.draft(Some(bot.user), world.change(bot.user, set));
    assert_eq!(check(&draft.sign(&[bot.device.signer(), new_key])), Err(Refusal::NotAllowed));
}

#[test]
fn a_revoked_device_signs_nothing_any_more_and_the_last_one_cannot_be_revoked() {
    let Cast { mut world, member, owner, .. } = cast();
    assert_eq!(world.revoke(&member, member.device.id), Err(Refusal::NotAllowed));
    let second = world.add_device(&member, 20);
    assert_eq!(world.revoke(&member, owner.device.id), Err(Refusal::NotAllowed));
    let applied = world.revoke(&member, second.id).unwrap();
    assert_eq!(applied.inactive_devices, vec![second.id]);
    assert_eq!(world.directory.cause(second.id), Some(applied.n));
    let draft = world.draft(Some(member.user), Payload::Profile { name: "Mallory".into() });
    assert_eq!(world.append(&draft.sign(&[second.signer()])), Err(Refusal::NotAllowed));
    assert_eq!(world.revoke(&member, second.id), Err(Refusal::NotAllowed), "it is revoked already");
    // Return by the recovery key: add first, then revoke what was lost.
    let new = TestDevice::new(21);
    let draft = world.draft(Some(member.user), world.change(member.user, new.add()));
    world.append(&draft.sign(&[member.recovery_signer(), new.signer()])).unwrap();
    let revoke = world.change(member.user, Change::Revoke { device: member.device.id });
    let draft = world.draft(Some(member.user), revoke);
    world.append(&draft.sign(&[member.recovery_signer()])).unwrap();
    assert_eq!(world.directory.active_devices_of(member.user), vec![new.id]);
}

fn add_paper(of: u8, key: &KeyPair) -> Change {
    Change::AddPaper { of: [of; 16], sign_public: *key.public(), xwing_public: vec![1; 1216] }
}

/// The passkey `of` of a person becomes a paper device; its key.
fn with_paper(world: &mut World, person: &Person, of: u8) -> KeyPair {
    let key = KeyPair::from_seed([of; 32]);
    let draft = world.draft(Some(person.user), world.change(person.user, add_paper(of, &key)));
    let id = crate::ids::recovery_id(key.public());
    world.append(&draft.sign(&[person.device.signer(), (id, &key)])).unwrap();
    key
}

#[test]
fn a_passkey_signs_chain_entries_until_it_is_revoked_and_nothing_else() {
    let Cast { mut world, member, bot, .. } = cast();
    let key = with_paper(&mut world, &member, 50);
    let id = crate::ids::recovery_id(key.public());
    let profile = world.draft(Some(member.user), Payload::Profile { name: "Mallory".into() });
    assert_eq!(world.directory.check(&profile.sign(&[(id, &key)])), Err(Refusal::BadSignature));
    let new = TestDevice::new(51);
    let add = world.draft(Some(member.user), world.change(member.user, new.add()));
    assert!(world.directory.check(&add.sign(&[(id, &key), new.signer()])).is_ok());
    let of_bot = world.draft(Some(bot.user), world.change(bot.user, add_paper(52, &key)));
    assert_eq!(world.directory.check(&of_bot.sign(&[bot.device.signer(), (id, &key)])), Err(Refusal::NotAllowed));
    let applied = world.revoke(&member, Device(id)).unwrap();
    assert_eq!((applied.device, applied.inactive_devices), (None, vec![]));
    let add = world.draft(Some(member.user), world.change(member.user, new.add()));
    assert_eq!(world.directory.check(&add.sign(&[(id, &key), new.signer()])), Err(Refusal::BadSignature));
    assert_eq!(world.directory.user(member.user).unwrap().paper_keys().count(), 1, "the recovery key");
}

#[test]
fn a_passkey_is_countersigned_added_once_and_there_are_seven_at_most() {
    let Cast { mut world, member, owner, .. } = cast();
    let key = KeyPair::from_seed([50; 32]);
    let draft = world.draft(Some(member.user), world.change(member.user, add_paper(50, &key)));
    assert_eq!(world.directory.check(&draft.sign(&[member.device.signer()])), Err(Refusal::BadSignature));
    for of in 0..crate::limits::MAX_PASSKEY_PAPERS as u8 {
        let key = with_paper(&mut world, &member, 50 + of);
        for again in [add_paper(50 + of, &KeyPair::from_seed([99; 32])), add_paper(99, &key)] {
            let draft = world.draft(Some(member.user), world.change(member.user, again));
            let verdict = world.directory.check(&draft.sign(&[member.device.signer()]));
            assert!(matches!(verdict, Err(Refusal::AlreadyExists | Refusal::NotAllowed)), "{verdict:?}");
        }
    }
    let one_more = world.draft(Some(member.user), world.change(member.user, add_paper(80, &key)));
    assert_eq!(world.directory.check(&one_more.sign(&[member.device.signer()])), Err(Refusal::NotAllowed));
    // Nobody revokes another's passkey.
    let id = crate::ids::recovery_id(KeyPair::from_seed([50; 32]).public());
    assert_eq!(world.revoke(&owner, Device(id)), Err(Refusal::NotAllowed));
    let read = Directory::from_snapshot(&world.directory.snapshot()).unwrap();
    assert_eq!(read, world.directory);
}

#[test]
fn a_snapshot_has_everybody_once_and_in_one_order() {
    use crate::cbor::{decode, encode, Item};
    let snapshot = cast().world.directory.snapshot();
    for twisted in [|users: &mut Vec<Item>| users.reverse(), |users: &mut Vec<Item>| users.push(users[1].clone())] {
        let mut item = decode(&snapshot).unwrap();
        let Item::Array(parts) = &mut item else { panic!("a snapshot is an array") };
        let Item::Array(users) = &mut parts[5] else { panic!("users are an array") };
        assert!(users.len() > 1);
        twisted(users);
        assert_eq!(Directory::from_snapshot(&encode(&item)), Err(Refusal::Malformed));
    }
}

#[test]
fn a_snapshot_from_before_passkeys_is_read() {
    use crate::cbor::{decode, encode, Item};
    let world = cast().world;
    let mut snapshot = decode(&world.directory.snapshot()).unwrap();
    let Item::Array(parts) = &mut snapshot else { panic!("a snapshot is an array") };
    parts[0] = Item::from(1u64);
    let Item::Array(users) = &mut parts[5] else { panic!("users are an array") };
    for user in users {
        let Item::Array(fields) = user else { panic!("a user is an array") };
        fields.pop();
    }
    assert_eq!(Directory::from_snapshot(&encode(&snapshot)), Ok(world.directory));
}

#[test]
fn dangerous_acts_are_named_and_no_others() {
    let Cast { mut world, owner, member, .. } = cast();
    let key = with_paper(&mut world, &owner, 50);
    let id = crate::ids::recovery_id(key.public());
    let act = |payload: Payload| {
        let draft = world.draft(Some(owner.user), payload);
        world.directory.dangerous_act(&draft.sign(&[owner.device.signer()]))
    };
    let chain = |change| world.change(owner.user, change);
    assert_eq!(act(Payload::Suspend { user: member.user, suspended: true }), Some("suspend"));
    assert_eq!(act(Payload::Suspend { user: member.user, suspended: false }), Some("suspend"));
    assert_eq!(act(Payload::Role { user: member.user, role: Role::Guest }), Some("role"));
    let invite = |role| Payload::Invite(world.invite(70, role, "new", false));
    assert_eq!(act(invite(Role::Administrator)), Some("invite_administrator"));
    assert_eq!(act(invite(Role::Member)), None);
    assert_eq!(act(chain(add_paper(51, &key))), Some("add_passkey"));
    assert_eq!(act(chain(Change::Revoke { device: Device(id) })), Some("remove_passkey"));
    let recovery = Change::SetRecovery { sign_public: [1; 32], xwing_public: vec![1; 1216] };
    assert_eq!(act(chain(recovery)), Some("recovery_key"));
    assert_eq!(act(chain(Change::Revoke { device: owner.device.id })), None);
    assert_eq!(act(chain(TestDevice::new(60).add())), None);
    assert_eq!(act(Payload::Profile { name: "Olga".into() }), None);
    assert_eq!(world.directory.dangerous_act(b"no entry"), None);
}

#[test]
fn who_may_withdraw_an_invitation() {
    let mut cast = cast();
    let invite = cast.world.invite(9, Role::Member, "new", false);
    let administrator = cast.administrator.clone();
    cast.world.by(&administrator, Payload::Invite(invite)).unwrap();
    assert_eq!(cast.may(Payload::Withdraw { invitation: Invitation([9; 16]) }), LEADERS);
    let owner = cast.owner.clone();
    cast.world.by(&owner, Payload::Role { user: administrator.user, role: Role::Member }).unwrap();
    let inviter = [true, true, false, false, false]; // no administrator any more, but the inviter
    assert_eq!(cast.may(Payload::Withdraw { invitation: Invitation([9; 16]) }), inviter);
    assert_eq!(cast.may(Payload::Withdraw { invitation: Invitation([3; 16]) }), NOBODY, "claimed already");
}

#[test]
fn who_may_give_which_role() {
    let cast = cast();
    let role = |person: &Person, role| Payload::Role { user: person.user, role };
    assert_eq!(cast.may(role(&cast.member, Role::Owner)), OWNER);
    assert_eq!(cast.may(role(&cast.member, Role::Administrator)), OWNER);
    assert_eq!(cast.may(role(&cast.administrator, Role::Member)), OWNER);
    assert_eq!(cast.may(role(&cast.member, Role::Guest)), LEADERS);
    assert_eq!(cast.may(role(&cast.guest, Role::Member)), LEADERS);
    assert_eq!(cast.may(role(&cast.bot, Role::Guest)), NOBODY);
    assert_eq!(cast.may(role(&cast.owner, Role::Member)), NOBODY, "the last owner");
}

#[test]
fn who_may_suspend_whom_and_never_the_last_owner() {
    let cast = cast();
    let suspend = |person: &Person| Payload::Suspend { user: person.user, suspended: true };
    assert_eq!(cast.may(suspend(&cast.owner)), NOBODY);
    assert_eq!(cast.may(suspend(&cast.administrator)), OWNER);
    for person in [&cast.member, &cast.guest, &cast.bot] {
        assert_eq!(cast.may(suspend(person)), LEADERS);
    }
    let Cast { mut world, owner, administrator, member, .. } = cast;
    world.by(&owner, Payload::Role { user: administrator.user, role: Role::Owner }).unwrap();
    world.suspend(&administrator, owner.user, true).unwrap();
    assert_eq!(world.suspend(&administrator, administrator.user, true), Err(Refusal::NotAllowed));
    assert_eq!(world.suspend(&administrator, member.user, false), Err(Refusal::AlreadyExists));
}

#[test]
fn everybody_may_rename_themselves_and_pin_their_vault_one_version_at_a_time() {
    let cast = cast();
    assert_eq!(cast.may(Payload::Profile { name: "New Name".into() }), EVERYBODY);
    assert_eq!(cast.may(Payload::Vault { version: 1, hash: [1; 32] }), EVERYBODY);
    assert_eq!(cast.may(Payload::Vault { version: 2, hash: [1; 32] }), NOBODY);
}

#[test]
fn owners_set_the_servers_key_and_leaders_the_policy_one_version_at_a_time() {
    let cast = cast();
    assert_eq!(cast.may(Payload::ServerKey { sig_public: [1; 32] }), OWNER);
    let policy = |version| Payload::Policy { version, idle_ms: Some(1), strict_recovery: false };
    assert_eq!(cast.may(policy(1)), LEADERS);
    assert_eq!(cast.may(policy(2)), NOBODY);
}

#[test]
fn names_and_accounts_have_bounds() {
    let Cast { mut world, owner, .. } = cast();
    for name in ["", "a\u{7}b", &"x".repeat(81)] {
        assert_eq!(world.by(&owner, Payload::Profile { name: name.into() }), Err(Refusal::Malformed));
    }
    assert!(world.by(&owner, Payload::Profile { name: "ü".repeat(80) }).is_ok());
    for account in ["", "a b", &"x".repeat(65)] {
        let invite = world.invite(9, Role::Member, account, false);
        assert_eq!(world.by(&owner, Payload::Invite(invite)), Err(Refusal::Malformed));
    }
}

#[test]
fn an_entry_names_an_earlier_head_and_its_time_is_that_of_the_entries_around_it() {
    let Cast { mut world, owner, .. } = cast();
    let draft = world.draft(Some(owner.user), Payload::Profile { name: "Olga".into() });
    let sign = |draft: &Draft| draft.sign(&[owner.device.signer()]);
    let mut head = draft.head.unwrap();
    head.hash[0] ^= 1;
    let forked = sign(&Draft { head: Some(head), ..draft.clone() });
    assert_eq!(world.append(&forked), Err(Refusal::DirectoryForked));
    head.n += 1;
    let ahead = sign(&Draft { head: Some(head), ..draft.clone() });
    assert_eq!(world.append(&ahead), Err(Refusal::DirectoryForked));
    assert_eq!(world.append(&sign(&Draft { head: None, ..draft.clone() })), Err(Refusal::Malformed));
    let early = sign(&Draft { time_ms: world.directory.time_ms() - 120_001, ..draft.clone() });
    assert_eq!(world.append(&early), Err(Refusal::ClockSkewed));
    let elsewhere = sign(&Draft { org: crate::ids::Org([1; 16]), ..draft.clone() });
    assert_eq!(world.append(&elsewhere), Err(Refusal::Malformed));
    let earlier = crate::ids::Head { n: 2, hash: world.directory.hash_at(2).unwrap() };
    assert!(world.append(&sign(&Draft { head: Some(earlier), ..draft.clone() })).is_ok());
    assert_eq!(world.directory.check_time(&sign(&draft), draft.time_ms + 120_000), Ok(()));
    assert_eq!(world.directory.check_time(&sign(&draft), draft.time_ms + 120_001), Err(Refusal::ClockSkewed));
}

#[test]
fn a_refused_entry_changes_nothing_and_no_changed_byte_is_accepted() {
    let Cast { mut world, owner, .. } = cast();
    let before = world.directory.clone();
    let entry = world.draft(Some(owner.user), Payload::Profile { name: "Olga".into() });
    let entry = entry.sign(&[owner.device.signer()]);
    for at in 0..entry.len() {
        let mut changed = entry.clone();
        changed[at] ^= 1;
        assert!(world.append(&changed).is_err(), "byte {at}");
    }
    assert_eq!(world.directory, before);
    assert_eq!(world.directory.check(&vec![0; crate::limits::MAX_ENTRY_BYTES + 1]), Err(Refusal::TooLarge));
    assert!(world.append(&entry).is_ok());
}

#[test]
fn a_snapshot_is_the_whole_state_and_goes_on_like_the_log() {
    let Cast { mut world, owner, member, .. } = cast();
    world.by(&owner, Payload::ServerKey { sig_public: [1; 32] }).unwrap();
    world.by(&owner, Payload::Policy { version: 1, idle_ms: None, strict_recovery: true }).unwrap();
    world.by(&member, Payload::Vault { version: 1, hash: [2; 32] }).unwrap();
    let second = world.add_device(&member, 20);
    world.revoke(&member, second.id).unwrap();
    world.suspend(&owner, member.user, true).unwrap();
    let snapshot = world.directory.snapshot();
    let mut restored = Directory::from_snapshot(&snapshot).unwrap();
    assert_eq!(restored, world.directory);
    assert_eq!(restored.snapshot(), snapshot);
    let entry = world.draft(Some(owner.user), Payload::Suspend { user: member.user, suspended: false });
    let entry = entry.sign(&[owner.device.signer()]);
    assert_eq!(restored.apply(&entry), world.append(&entry));
    let mut replayed = Directory::new(ORG);
    world.entries.iter().for_each(|entry| drop(replayed.apply(entry).unwrap()));
    assert_eq!(replayed, world.directory);
}
