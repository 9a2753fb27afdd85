//! A new conversation: a group of this device alone, accepted by the server, then the first people are added.

use inmost_public::ids::{Conversation, Group, User};
use inmost_public::log::{Create, Kind};
use inmost_public::settings::{group_extensions, ConversationKind, Settings, WhoMayAdd};
use inmost_public::Refusal;
use openmls::group::{GroupId, MlsGroup};
use openmls::prelude::tls_codec::Serialize as _;
use openmls_traits::OpenMlsProvider;

use crate::content::Content;
use crate::frames::{self, CreateConversation};
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;
use crate::roster_history::EpochChange;
use crate::session::Asked;

use super::commit::{serialized, PendingCommit, PendingKind};
use super::group::{create_config, Loaded};
use super::membership::Want;
use super::{Conv, ConvState, Membership};

impl Machine {
    /// The command `create`.
    pub(crate) fn create(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let kind = ConversationKind::from_name(arguments.get("kind").text()?)?;
        let title: Option<String> = arguments.field("title")?;
        let users: Vec<User> = arguments.field::<Option<Vec<User>>>("users")?.unwrap_or_default();
        let own = self.me()?.user;
        let others: Vec<User> = users.into_iter().filter(|user| *user != own).collect();
        let is_right = match kind {
            ConversationKind::Direct => others.len() == 1,
            ConversationKind::Group | ConversationKind::Channel => true,
            ConversationKind::General | ConversationKind::Personal => false,
        };
        if !is_right {
            return Err(Refusal::NotAllowed.into());
        }
        for user in &others {
            let state = self.directory.user(*user).ok_or(Refusal::Unknown)?;
            if state.is_suspended() {
                return Err(Refusal::NotAllowed.into());
            }
        }
        let topic: Option<String> = arguments.field("topic")?;
        let names: Vec<Content> = [
            topic.clone().map(|text| Content::Topic { text }),
            title.clone().map(|text| Content::Title { text }),
        ]
        .into_iter()
        .flatten()
        .collect();
        names.iter().try_for_each(Content::check)?;
        let flag = |name| -> Result<bool, Refusal> { Ok(arguments.field::<Option<bool>>(name)?.unwrap_or(false)) };
        let (open, announcement) = (flag("open")?, flag("announcement")?);
        // Whoever wants to find an open channel needs its name.
        if (open || announcement) && kind != ConversationKind::Channel || open && title.is_none() {
            return Err(Refusal::NotAllowed.into());
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let conversation = Conversation(self.random());
        // A conversation belongs to its creator until it says otherwise; a person in it may be moderated from the start.
        let has_guests = others.iter().any(|user| self.is_guest(*user));
        // Who finds the door open needs nobody to add them; so that guests come only by those who moderate, others add nobody.
        let who_may_add = if open || announcement {
            WhoMayAdd::Moderator
        } else {
            WhoMayAdd::Member
        };
        let settings = Settings {
            guests: has_guests,
            open,
            announcement,
            who_may_add,
            ..Settings::new(kind, own)
        };
        self.create_group(conversation, settings)?;
        let state = &mut self.conv_mut(conversation)?.state;
        (state.title, state.topic) = (title.map(|text| (0, text)), topic.map(|text| (0, text)));
        for name in &names {
            self.say(conversation, name, None)?;
        }
        if others.is_empty() {
            self.want(conversation, Want::Nothing, Some(command))?;
        } else {
            self.want(conversation, Want::Add(others), Some(command))?;
        }
        Ok(self.advance(conversation)?)
    }

    /// A group of this device alone, and the request that makes it known.
    pub(crate) fn create_group(&mut self, conversation: Conversation, settings: Settings) -> Result<(), Refusal> {
        let group = Group(self.random());
        let provider = self.provider()?;
        let extensions = group_extensions(&settings, self.me()?.org, self.directory.server_key())?;
        let config = create_config()
            .with_group_context_extensions(extensions)
            .lifetime(self.lifetime())
            .build();
        let credential = self.own_credential()?;
        let signer = &self.keys()?.sig;
        let made = MlsGroup::new_with_group_id(&provider, signer, &config, GroupId::from_slice(&group.0), credential)
            .map_err(|_| Refusal::CommitMalformed)?;
        let info = made
            .export_group_info(provider.crypto(), signer, false)
            .map_err(|_| Refusal::Corrupt)?;
        let tree = made
            .export_ratchet_tree()
            .tls_serialize_detached()
            .map_err(|_| Refusal::Corrupt)?;
        let group_info = serialized(&info)?;
        let loaded = Loaded {
            provider,
            group: made,
            slot: 0,
        };
        let exported = loaded.exported(conversation)?;
        self.store_group(conversation, &loaded);
        self.groups.insert(conversation, loaded);
        let mut state = ConvState::new(group, Membership::Creating);
        (state.own_path_ms, state.group_path_ms, state.last_time_ms) = (self.now, self.now, 0);
        state.joined_before = inmost_public::log::log_start(conversation, group);
        self.conversations.insert(conversation, Conv::new(state));
        self.store_keys(conversation, 0, &exported);
        self.refresh(conversation)?;
        let device = self.me()?.device;
        self.add_epoch(
            conversation,
            0,
            &EpochChange {
                n: 0,
                committer: Some(device),
                joined: vec![device],
                left: vec![],
                is_start: true,
                settings: Some(settings.encode().into()),
                dir_n: self.head()?.n,
            },
        )?;
        let id = self.random();
        let entry = Create {
            group,
            group_info: group_info.clone(),
            creator: device,
        }
        .encode();
        let frame = frames::Request::from(CreateConversation {
            id,
            conversation,
            group,
            group_info,
            tree,
        })
        .encode();
        let message = inmost_public::log::digest(&entry);
        self.put_pending(
            conversation,
            PendingCommit {
                id,
                frame,
                message,
                epoch: 0,
                kind: PendingKind::Create,
            },
            Asked::Create(conversation),
        )
    }

    /// Number 0 of the log.
    pub(crate) fn take_create(&mut self, conversation: Conversation, bytes: &[u8]) -> Result<(), Refusal> {
        let create = Create::decode(bytes)?;
        let conv = self.conv_mut(conversation)?;
        if create.group != conv.state.group {
            return Err(Refusal::WrongPlace);
        }
        if conv.state.membership == Membership::Creating {
            conv.state.membership = Membership::Member;
            self.drop_pending(conversation);
            self.save_conv(conversation);
            self.wants_vault_row(conversation);
            self.out.event(
                "conversation",
                map! {"conversation" => conversation, "change" => "created"},
            );
        }
        Ok(())
    }

    /// The server has it: its log begins with exactly what was sent.
    pub(crate) fn created(&mut self, conversation: Conversation, accepted: &frames::Accepted) -> Result<(), Refusal> {
        let conv = self.conv(conversation)?;
        let Some(pending) = conv
            .pending
            .clone()
            .filter(|pending| pending.kind == PendingKind::Create)
        else {
            return Ok(());
        };
        if accepted.n != 0 || conv.state.head.is_some() {
            self.misbehaved(Some(conversation), "a new conversation does not begin with number 0");
            return Ok(());
        }
        let frames::Request::CreateConversation(request) = frames::Request::decode(&pending.frame)? else {
            return Err(Refusal::Corrupt);
        };
        let entry = Create {
            group: request.group,
            group_info: request.group_info,
            creator: self.me()?.device,
        }
        .encode();
        let item = crate::log_sync::Entry {
            n: 0,
            kind: Kind::Create as u8,
            digest: inmost_public::log::digest(&entry),
            bytes: Some(&entry),
            at_ms: accepted.at_ms,
        };
        self.take(conversation, &item, true)?;
        self.heard_of(conversation, 1);
        self.advance(conversation)
    }

    /// Somebody made it first (general channel, personal group), or it may not be: this device's own try is dropped.
    pub(crate) fn create_refused(
        &mut self,
        conversation: Conversation,
        refused: &frames::Refused,
    ) -> Result<(), Refusal> {
        let conv = self.conv(conversation)?;
        let commands: Vec<CommandId> = conv.intents.values().filter_map(|intent| intent.command).collect();
        self.forget(conversation)?;
        for command in commands {
            self.refuse(command, Refused::new(&refused.code, &refused.words));
        }
        if refused.code == "ConversationExists" {
            return self.join(conversation);
        }
        Ok(())
    }

    /// Drop everything about a conversation but what was shown.
    pub(crate) fn forget(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        self.groups.remove(&conversation);
        self.conversations.remove(&conversation);
        for tag in *b"cehoGipslwrv" {
            self.rows.delete_prefix(&crate::machine::prefix(tag, conversation));
        }
        Ok(())
    }
}
