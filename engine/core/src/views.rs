//! What a host may ask about state: answers for people and programs, from what is in memory.

use inmost_public::directory::{Entry, Level, Payload};
use inmost_public::ids::{Conversation, User};
use inmost_public::settings::Settings;
use inmost_public::Refusal;

use crate::conversation::{Conv, Membership};
use crate::machine::Machine;
use crate::map;
use crate::me::Phase;
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::Row;
use crate::safety::safety_number;

impl Machine {
    pub(crate) fn view(&self, name: &str, arguments: &Value) -> Result<Value, Refused> {
        Ok(match name {
            "me" => self.view_me(),
            "people" => self.view_people()?,
            "invitations" => self.view_invitations(),
            "conversations" => Value::Array(
                self.conversations
                    .iter()
                    .map(|(id, conv)| self.view_conversation(*id, conv))
                    .collect(),
            ),
            "conversation" => {
                let conversation = arguments.field("conversation")?;
                self.view_conversation(conversation, self.conv(conversation)?)
            }
            "open_channels" => self.view_open_channels()?,
            "devices" => self.view_devices(self.me()?.user),
            "passkey" => self.view_passkey(arguments)?,
            "safety" => map! {"number" => self.safety(arguments.field("user")?)?},
            "alarms" => Value::Array(self.alarms()?.iter().map(|alarm| alarm.to_value()).collect()),
            _ => return Err(Refused::unknown_command()),
        })
    }

    fn view_me(&self) -> Value {
        let outbox: u64 = self.conversations.values().map(|conv| conv.outbox.len() as u64).sum();
        let Some(me) = &self.me else {
            return map! {"phase" => "new", "outbox" => 0u64};
        };
        let state = self.directory.user(me.user);
        let phase = match me.phase {
            Phase::Claiming => "claiming",
            Phase::Recovering => "recovering",
            Phase::Ready => "ready",
            Phase::Ended => "ended",
        };
        map! {
            "org" => me.org, "user" => me.user, "device" => me.device, "account" => me.account.clone(),
            "name" => state.map_or(me.name.clone(), |state| state.name.clone()), "role" => state.map(|state| state.role().name().to_owned()),
            "is_bot" => me.is_bot, "directory_n" => self.directory.head().map(|head| head.n), "phase" => phase, "outbox" => outbox,
        }
    }

    fn view_people(&self) -> Result<Value, Refusal> {
        let person = |(user, state): (User, &inmost_public::directory::UserState)| {
            let level = match state.level() {
                Level::Owner => "owner",
                Level::Link => "link",
            };
            let is_verified = self.is_verified(user);
            map! {
                "user" => user, "account" => state.account.clone(), "name" => state.name.clone(), "role" => state.role().name(), "is_bot" => state.is_bot,
                "suspended" => state.is_suspended(), "level" => if is_verified { "in_person" } else { level }, "verified" => is_verified,
                "devices" => self.view_devices(user), "invited_by" => state.inviter, "presence" => self.signals.presence_of(user),
            }
        };
        Ok(Value::Array(self.directory.users().map(person).collect()))
    }

    fn view_devices(&self, user: User) -> Value {
        let own = self.me.as_ref().map(|me| me.device);
        let device = |(device, state): (inmost_public::ids::Device, &inmost_public::directory::DeviceState)| {
            let added_ms = self
                .rows
                .get_bytes(&Row::Entry(state.added_n).key())
                .and_then(|entry| Entry::decode(entry).ok())
                .map(|entry| entry.draft.time_ms);
            map! {"device" => device, "active" => self.directory.is_active(device), "added_ms" => added_ms, "is_this" => Some(device) == own}
        };
        Value::Array(self.directory.devices_of(user).into_iter().map(device).collect())
    }

    fn view_invitations(&self) -> Value {
        let invitation = |(id, state): (
            inmost_public::ids::Invitation,
            &inmost_public::directory::InvitationState,
        )| {
            map! {
                "invitation" => id, "account" => state.invite.account.clone(), "role" => state.invite.role.name(), "is_bot" => state.invite.is_bot,
                "expires_ms" => state.invite.expires_ms, "inviter" => state.inviter, "withdrawn" => state.withdrawn, "claimed_by" => state.claimed_by.clone(),
            }
        };
        Value::Array(self.directory.invitations().map(invitation).collect())
    }

    fn view_conversation(&self, conversation: Conversation, conv: &Conv) -> Value {
        let state = &conv.state;
        let membership = match state.membership {
            Membership::Member | Membership::Creating if state.is_waiting => "waiting",
            Membership::Member | Membership::Creating => "member",
            Membership::Joining | Membership::Welcomed => "joining",
            Membership::Removed => "removed",
        };
        let receipts: std::collections::BTreeMap<User, u64> = self
            .rows
            .get(Row::Receipts(conversation))
            .ok()
            .flatten()
            .unwrap_or_default();
        let is_here = |user: &User| state.users.contains(user);
        let receipts: Vec<Value> = receipts
            .into_iter()
            .filter(|(user, _)| is_here(user))
            .map(|(user, n)| map! {"user" => user, "n" => n})
            .collect();
        map! {
            "conversation" => conversation, "kind" => state.kind.clone(), "title" => state.title.as_ref().map(|(_, title)| title.clone()),
            "topic" => state.topic.as_ref().map(|(_, topic)| topic.clone()), "epoch" => state.epoch, "n" => state.head.map(|head| head.n),
            "loaded_first" => state.spans.last().map(|span| span.first), "users" => state.users.clone(), "devices" => state.devices,
            "state" => membership, "removal_pending" => !state.pending.is_empty() || !state.stale.is_empty(), "read_n" => self.read_n(conversation), "last_n" => state.last_n,
            "sealing_stopped" => state.sealing_stopped.clone(), "waiting" => conv.outbox.len() as u64, "receipts" => receipts,
            "settings" => Settings::decode(&state.settings).map_or(Value::Nil, |settings| self.view_settings(&settings)),
            "joined_n" => state.joined_n, "is_pinned" => self.is_pinned(conversation), "is_muted" => self.is_muted(conversation),
            "draft" => self.draft(conversation), "typing" => self.signals.typing_in(conversation).into_iter().filter(is_here).collect::<Vec<User>>(),
        }
    }

    /// The number two people compare: both chains, in full.
    pub(crate) fn safety(&self, user: User) -> Result<String, Refusal> {
        let me = self.me()?;
        Ok(safety_number(me.org, &self.chain_of(me.user)?, &self.chain_of(user)?))
    }

    pub(crate) fn chain_of(&self, user: User) -> Result<Vec<[u8; 32]>, Refusal> {
        let org = self.me()?.org;
        let mut chain = Vec::new();
        let mut last = [0; 32];
        for (_, entry) in self.rows.with_prefix(b"D") {
            let changes = match Entry::decode(&entry)?.draft.payload {
                Payload::Claim(claim) => match claim.changes.first() {
                    Some(first) if inmost_public::directory::user_id(org, first) == user => claim.changes,
                    _ => continue,
                },
                Payload::Chain { user: of, change, .. } if of == user => vec![change],
                _ => continue,
            };
            for change in changes {
                last = inmost_public::directory::chain_next(org, chain.len() as u64, &last, &change);
                chain.push(last);
            }
        }
        if chain.is_empty() {
            return Err(Refusal::Unknown);
        }
        Ok(chain)
    }

    /// The command `mark_verified`.
    pub(crate) fn mark_verified(&mut self, user: User, number: &str) -> Result<(), Refused> {
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if digits(number) != digits(&self.safety(user)?) {
            return Err(Refused::new(
                "IdentityMismatch",
                "the numbers differ: this is not the person, or one of you sees another directory",
            ));
        }
        if let Some(chain) = self.chain_of(user)?.last() {
            self.set_verified_mark(user, *chain)?;
        }
        Ok(())
    }
}
