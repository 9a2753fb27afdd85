//! Each role and each act, as one table a person can read; and what holds for every table (docs/protocol/conversations.md).

use super::scenery::{empty_commit, leaf};
use super::*;
use crate::directory::{Payload, Role};
use crate::fixture::{Person, TestDevice, World};
use crate::ids::{Device, User};
use crate::refusal::Refusal;
use crate::roles::Roles;
use crate::settings::{ConversationKind, ConversationRole, Settings, WhoMayAdd};

const ROLES: [ConversationRole; 4] = ConversationRole::ALL;

/// The organisation's owner (leaf 0), one of each conversation role (1 to 4), a plain member (5); outside carol and a guest.
struct Stage {
    world: World,
    people: Vec<Person>,
    carol: Person,
    guest: Person,
    view: GroupView,
}

fn stage(kind: ConversationKind) -> Stage {
    let boss = Person::new(1);
    let mut world = World::new(&boss);
    let mut people = vec![boss.clone()];
    people.extend((2..=6).map(|n| world.join(n, Role::Member, &boss, false)));
    let carol = world.join(7, Role::Member, &boss, false);
    let guest = world.join(8, Role::Guest, &boss, false);
    let roster = people.iter().enumerate().map(|(index, person)| (index as u32, leaf(&world, person.device.id)));
    let roster = roster.collect();
    let mut settings = Settings::new(kind, people[1].user);
    if !settings.roles.is_empty() {
        settings.roles = ROLES.iter().zip(&people[1..]).map(|(role, person)| (person.user, *role)).collect();
        settings.roles.retain(|(_, role)| *role != ConversationRole::Member);
        settings.roles.sort_by_key(|(user, _)| *user);
    }
    let facts = GroupFacts { dir_n: 3, time_ms: 1_000_000, pathless_adds: 0 };
    let view = GroupView { epoch: 7, settings, roster, pending: vec![], facts };
    Stage { world, people, carol, guest, view }
}

impl Stage {
    fn commit(&self, by: u32) -> CommitView {
        empty_commit(&self.world, &self.view, by)
    }

    fn adding(&self, by: u32, device: Device) -> CommitView {
        let add = AddView { leaf: leaf(&self.world, device), is_capable: true, reference: vec![] };
        CommitView { adds: vec![add], ..self.commit(by) }
    }

    fn removing(&self, by: u32, who: u32) -> CommitView {
        CommitView { removes: vec![who], ..self.commit(by) }
    }

    fn setting(&self, by: u32, change: impl FnOnce(&mut Settings)) -> CommitView {
        let mut settings = self.view.settings.clone();
        settings.version += 1;
        change(&mut settings);
        settings.roles.sort_by_key(|(user, _)| *user);
        CommitView { settings: Some(settings), ..self.commit(by) }
    }

    fn naming(&self, by: u32, who: u32, role: ConversationRole) -> CommitView {
        let user = self.people[who as usize].user;
        self.setting(by, |settings| {
            settings.roles.retain(|(listed, _)| *listed != user);
            settings.roles.push((user, role));
        })
    }

    fn external(&self, person: &Person) -> CommitView {
        let joiner = JoinerView { leaf: leaf(&self.world, person.device.id), is_capable: true };
        CommitView { committer: Committer::External(joiner), external_inits: 1, path_leaf: None, ..self.commit(0) }
    }

    fn allows(&self, commit: &CommitView) -> bool {
        self.verdict(commit).is_ok()
    }

    fn verdict(&self, commit: &CommitView) -> Result<(), Refusal> {
        commit_allowed(&self.view, commit, &self.world.directory)
    }

    fn roles(&self) -> Roles<'_> {
        Roles::now(&self.view.settings, &self.world.directory)
    }

    fn set_role(&mut self, who: usize, role: Role) {
        let (boss, user) = (self.people[0].clone(), self.people[who].user);
        self.world.by(&boss, Payload::Role { user, role }).unwrap();
    }
}

/// The acts of the table, each tried as it would be made.
fn acts(stage: &Stage, by: u32) -> Vec<(&'static str, bool)> {
    let (mut moderated, mut announcing) = (stage.view.settings.clone(), stage.view.settings.clone());
    moderated.who_may_add = WhoMayAdd::Moderator;
    announcing.announcement = true;
    let user = stage.people[by as usize].user;
    let roles =
        |settings: &Settings, ask: &dyn Fn(&Roles<'_>) -> bool| ask(&Roles::now(settings, &stage.world.directory));
    vec![
        ("add", stage.allows(&stage.adding(by, stage.carol.device.id))),
        ("add where moderated", {
            let view = GroupView { settings: moderated.clone(), ..stage.view.clone() };
            commit_allowed(&view, &stage.adding(by, stage.carol.device.id), &stage.world.directory).is_ok()
        }),
        ("remove a member", stage.allows(&stage.removing(by, 5))),
        ("remove an owner", stage.allows(&stage.removing(by, 1)) && by != 1),
        ("open it", stage.allows(&stage.setting(by, |settings| settings.open = true))),
        ("let guests in", stage.allows(&stage.setting(by, |settings| settings.guests = true))),
        ("name a moderator", stage.allows(&stage.naming(by, 5, ConversationRole::Moderator))),
        ("name an owner", stage.allows(&stage.naming(by, 5, ConversationRole::Owner))),
        ("make itself the owner", stage.allows(&stage.naming(by, by, ConversationRole::Owner)) && by != 1),
        ("rename", roles(&stage.view.settings, &|roles| roles.may_name(user))),
        ("rename where moderated", roles(&moderated, &|roles| roles.may_name(user))),
        ("post", roles(&Settings { guests: true, ..stage.view.settings.clone() }, &|roles| roles.may_post(user))),
        ("post announcements", roles(&announcing, &|roles| roles.may_post(user))),
        ("renew keys", stage.allows(&stage.commit(by))),
    ]
}

#[test]
fn what_each_role_may_do_in_a_channel() {
    let stage = stage(ConversationKind::Channel);
    let columns: Vec<_> = (1..=4).map(|by| acts(&stage, by)).collect();
    let mut table = String::from("act                     owner  moderator  member  guest\n");
    for (row, (act, _)) in columns[0].iter().enumerate() {
        let mark = |column: &Vec<(&str, bool)>| if column[row].1 { "x" } else { "." };
        let marks: Vec<_> = columns.iter().map(mark).collect();
        let [owner, moderator, member, guest] = marks.as_slice() else { panic!("four roles") };
        table += &format!("{act:24}  {owner}        {moderator}        {member}      {guest}\n");
    }
    let read_and_agreed_to = "\
act                     owner  moderator  member  guest
add                       x        x        x      .
add where moderated       x        x        .      .
remove a member           x        x        .      .
remove an owner           .        .        .      .
open it                   x        x        .      .
let guests in             x        x        .      .
name a moderator          x        .        .      .
name an owner             x        .        .      .
make itself the owner     .        .        .      .
rename                    x        x        x      .
rename where moderated    x        x        .      .
post                      x        x        x      x
post announcements        x        x        .      .
renew keys                x        x        x      x
";
    assert_eq!(table, read_and_agreed_to, "\n{table}");
}

#[test]
fn an_owner_removes_another_owner_and_a_moderator_does_not() {
    let mut stage = stage(ConversationKind::Channel);
    let second = stage.people[5].user;
    stage.view.settings.roles.push((second, ConversationRole::Owner));
    stage.view.settings.roles.sort_by_key(|(user, _)| *user);
    assert_eq!(stage.verdict(&stage.removing(1, 5)), Ok(()));
    assert_eq!(stage.verdict(&stage.removing(2, 5)), Err(Refusal::NotAllowed));
}

#[test]
fn whom_the_organisation_makes_a_guest_is_a_guest_in_every_conversation() {
    let mut stage = stage(ConversationKind::Channel);
    stage.view.settings.guests = true;
    assert_eq!(stage.verdict(&stage.removing(2, 5)), Ok(()));
    let before = stage.removing(2, 5);
    stage.set_role(2, Role::Guest);
    assert_eq!(stage.verdict(&stage.removing(2, 5)), Err(Refusal::NotAllowed), "a moderator no more");
    assert_eq!(stage.verdict(&before), Ok(()), "whoever reads it later decides by the head it names");
    let now = commit_allowed_now(&stage.view, &before, &stage.world.directory, before.aad.time_ms);
    assert_eq!(now, Err(Refusal::NotAllowed), "the server decides by its newest head as well");
    stage.view.facts.dir_n = stage.world.directory.head().unwrap().n;
    assert_eq!(stage.verdict(&before), Err(Refusal::DirectoryBehind), "members too, once the group knows the head");
    let announcing = Settings { announcement: true, ..stage.view.settings.clone() };
    let user = stage.people[2].user;
    assert!(!Roles::now(&announcing, &stage.world.directory).may_post(user));
    assert!(Roles::at(&announcing, &stage.world.directory, before.aad.dir.n).may_post(user), "as it was then");
}

#[test]
fn a_guest_goes_from_where_there_are_none_by_anybodys_commit() {
    let mut stage = stage(ConversationKind::Channel);
    assert_eq!(stage.verdict(&stage.removing(3, 5)), Err(Refusal::NotAllowed));
    stage.set_role(5, Role::Guest);
    assert!(stage.roles().is_out_of_place(stage.people[5].user) && !stage.roles().may_post(stage.people[5].user));
    assert_eq!(stage.verdict(&stage.removing(3, 5)), Ok(()), "a plain member's");
    let person = stage.people[5].clone();
    let back = CommitView { removes: vec![5], ..stage.external(&person) };
    assert_eq!(stage.verdict(&back), Err(Refusal::ExternalForbidden), "nor does it come back by itself");
    stage.view.settings.guests = true;
    assert_eq!(stage.verdict(&stage.removing(3, 5)), Err(Refusal::NotAllowed), "guests are let in here");
}

#[test]
fn who_comes_into_an_open_channel() {
    let mut stage = stage(ConversationKind::Channel);
    let (carol, guest) = (stage.carol.clone(), stage.guest.clone());
    assert_eq!(stage.verdict(&stage.external(&carol)), Err(Refusal::ExternalForbidden), "not open");
    stage.view.settings.open = true;
    assert_eq!(stage.verdict(&stage.external(&carol)), Ok(()));
    assert!(may_join(&stage.view, carol.device.id, &stage.world.directory));
    for with_guests in [false, true] {
        stage.view.settings.guests = with_guests;
        assert_eq!(stage.verdict(&stage.external(&guest)), Err(Refusal::ExternalForbidden), "no guest by itself");
        assert!(!may_join(&stage.view, guest.device.id, &stage.world.directory));
    }
    let boss = stage.people[0].clone();
    stage.world.suspend(&boss, carol.user, true).unwrap();
    assert_eq!(stage.verdict(&stage.external(&carol)), Err(Refusal::NotAMember), "suspended");
    assert!(!may_join(&stage.view, carol.device.id, &stage.world.directory));
}

#[test]
fn in_the_general_channel_the_organisations_roles_count() {
    let mut stage = stage(ConversationKind::General);
    stage.view.settings.roles = vec![(stage.people[1].user, ConversationRole::Owner)];
    let of = |stage: &Stage, who: usize| stage.roles().of(stage.people[who].user);
    assert_eq!((of(&stage, 0), of(&stage, 1)), (ConversationRole::Owner, ConversationRole::Member));
    stage.set_role(3, Role::Administrator);
    assert_eq!(of(&stage, 3), ConversationRole::Moderator);
    assert_eq!(stage.verdict(&stage.removing(3, 5)), Ok(()));
    assert_eq!(stage.verdict(&stage.removing(1, 5)), Err(Refusal::NotAllowed), "listed, and no more than a member");
    let named = stage.naming(0, 5, ConversationRole::Owner);
    assert_eq!(stage.verdict(&named), Err(Refusal::NotAllowed), "there is nothing to list");
    let announcing = stage.setting(0, |settings| settings.announcement = true);
    assert_eq!(stage.verdict(&announcing), Err(Refusal::NotAllowed), "everybody speaks there");
}

#[test]
fn where_no_owner_is_left_an_owner_of_the_organisation_names_one_and_does_nothing_else() {
    let mut stage = stage(ConversationKind::Channel);
    let takes_over = |stage: &Stage| stage.verdict(&stage.naming(0, 5, ConversationRole::Owner));
    assert_eq!(takes_over(&stage), Err(Refusal::NotAllowed), "there is one");
    stage.view.roster.remove(&1);
    assert_eq!(takes_over(&stage), Ok(()));
    assert_eq!(stage.verdict(&stage.setting(0, |settings| settings.open = true)), Err(Refusal::NotAllowed));
    assert_eq!(stage.verdict(&stage.naming(3, 5, ConversationRole::Owner)), Err(Refusal::NotAllowed), "a member");
    stage.view.settings.away = vec![stage.people[1].user];
    assert_eq!(takes_over(&stage), Err(Refusal::NotAllowed), "away comes back");
    let boss = stage.people[0].clone();
    let away = stage.people[1].user;
    stage.world.suspend(&boss, away, true).unwrap();
    assert_eq!(takes_over(&stage), Ok(()));
}

/// Every combination of the four switches.
fn switches() -> impl Iterator<Item = [bool; 4]> {
    (0..16u8).map(|bits| [0, 1, 2, 3].map(|bit| bits & 1 << bit != 0))
}

fn switched(before: &Settings, [open, announcement, guests, moderated]: [bool; 4]) -> Settings {
    let who_may_add = if moderated { WhoMayAdd::Moderator } else { WhoMayAdd::Member };
    Settings { open, announcement, guests, who_may_add, ..before.clone() }
}

/// Each of six people tries each setting with each listing of two others: all 3,072 of them, not a sample.
#[test]
fn settings_change_only_by_the_roles_they_name() {
    let stage = stage(ConversationKind::Channel);
    let (before, mut tried) = (&stage.view.settings, 0);
    let listings = ROLES.iter().flat_map(|first| ROLES.iter().map(move |second| (*first, *second)));
    for (first, second) in listings {
        for (by, switches) in (0..6u32).flat_map(|by| switches().map(move |switches| (by, switches))) {
            for replaces_owner in [false, true] {
                let commit = stage.setting(by, |settings| {
                    *settings = Settings { version: settings.version, ..switched(settings, switches) };
                    let others = [(stage.people[2].user, first), (stage.people[5].user, second)];
                    settings.roles.retain(|(user, role)| {
                        others.iter().all(|(other, _)| other != user)
                            && !(replaces_owner && *role == ConversationRole::Owner)
                    });
                    settings.roles.extend(others);
                });
                tried += 1;
                let after = commit.settings.clone().unwrap();
                let role = stage.roles().of(stage.people[by as usize].user);
                if stage.allows(&commit) {
                    assert!(role.is_moderating(), "{by} {switches:?}");
                    assert!(after.roles == before.roles || role == ConversationRole::Owner, "{by} {switches:?}");
                    assert!(after.is_owned());
                } else {
                    let is_the_owners = role == ConversationRole::Owner && after.is_owned();
                    assert!(!is_the_owners, "the owner may: {switches:?}");
                }
            }
        }
    }
    assert_eq!(tried, 16 * 6 * 16 * 2);
}

#[test]
fn a_higher_role_is_never_allowed_less() {
    let mut stage = stage(ConversationKind::Channel);
    let before = stage.view.settings.clone();
    for switches in switches() {
        stage.view.settings = switched(&before, switches);
        let allowed: Vec<_> = (1..=4)
            .map(|by| {
                let user = stage.people[by].user;
                [stage.roles().may_add(user), stage.roles().may_name(user), stage.roles().may_post(user)]
            })
            .collect();
        for pair in allowed.windows(2) {
            assert!(pair[0].iter().zip(pair[1]).all(|(higher, lower)| *higher || !lower), "{switches:?}");
        }
    }
}

#[test]
fn a_device_that_the_directory_does_not_know_is_a_guest_and_comes_in_nowhere() {
    let mut stage = stage(ConversationKind::Channel);
    stage.view.settings.open = true;
    let nobody = User([0x77; 32]);
    assert_eq!(stage.roles().of(nobody), ConversationRole::Guest);
    assert!(!stage.roles().may_join(nobody) && !stage.roles().may_post(nobody));
    assert!(!may_join(&stage.view, TestDevice::new(0x77).id, &stage.world.directory));
}
