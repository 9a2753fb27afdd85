//! Read positions: sealed like messages, one for each reader and conversation, never in the log.

use inmost_public::ids::{Conversation, Device, Message};
use inmost_public::Refusal;

use crate::content::{Content, Kind};
use crate::frames::PutReceipt;
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::message::{seal, Opened, Place, Roster, Sealed, Sealer, Statement};
use crate::pack::Value;
use crate::refused::Refused;
use crate::rows::Row;
use crate::session::Asked;

impl Machine {
    /// The command `read`.
    pub(crate) fn read(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let (conversation, n): (Conversation, u64) = (arguments.field("conversation")?, arguments.field("n")?);
        let conv = self.conv(conversation)?;
        let n = n.min(conv.state.head.map_or(0, |head| head.n)); // nobody has read what is not there
        if conv.state.read_n.is_some_and(|read| read >= n) {
            self.done(command, map! {});
            return Ok(());
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let sealed = self.seal_aside(conversation, &Content::Receipt { n })?;
        self.conv_mut(conversation)?.state.read_n = Some(n);
        self.save_conv(conversation);
        self.set_read_mark(conversation, n)?;
        self.ask(Asked::Receipt(conversation, Some(command)), |id| {
            PutReceipt {
                id,
                conversation,
                sealed,
            }
            .into()
        });
        Ok(())
    }

    /// Nothing is sealed where something is pending, this either.
    pub(crate) fn seal_aside(&mut self, conversation: Conversation, content: &Content) -> Result<Vec<u8>, Refusal> {
        if self.must_remove(conversation)? {
            return Err(Refusal::RemovalPending);
        }
        let (random, id) = (self.random(), Message(self.random()));
        let content_key = self.current_keys(conversation)?;
        let (me, keys, conv) = (self.me()?, self.keys()?, self.conv(conversation)?);
        if !conv.is_member() || conv.state.sealing_stopped.is_some() {
            return Err(Refusal::NotAMember);
        }
        let sealer = Sealer {
            org: me.org,
            conversation,
            group: conv.state.group,
            epoch: conv.state.epoch,
            device: me.device,
            content_key: &content_key,
            signer: &keys.sig,
            device_seed: &keys.seed,
        };
        let statement = Statement {
            content,
            seen: conv.state.head.ok_or(Refusal::NotAMember)?,
            dir: self.head()?,
            time_ms: self.now,
        };
        seal(&sealer, id, &statement, &random)
    }

    /// Open what is not in the log: by this device, of this kind, in the present epoch or one that is known.
    pub(crate) fn open_aside(
        &mut self,
        conversation: Conversation,
        device: Device,
        kind: Kind,
        bytes: &[u8],
    ) -> Result<Opened, Refusal> {
        let sealed = Sealed::parse(bytes)?;
        let keys = self.epoch_keys(conversation, sealed.header.epoch)?;
        let org = self.me()?.org;
        self.rosters(conversation)?;
        let conv = self.conv(conversation)?;
        let place = Place {
            conversation,
            group: conv.state.group,
            epoch: None,
            device: Some(device),
            kind,
        };
        let roster = |epoch, device| match (
            conv.rosters.as_ref().and_then(|rosters| rosters.has(epoch, device)),
            self.directory.device(device),
        ) {
            (Some(true), Some(state)) => Roster::Has {
                sig_public: state.sig_public,
            },
            (None, _) => Roster::NotKnownYet,
            _ => Roster::HasNot,
        };
        sealed.open(org, &place, roster, |_| keys)
    }

    pub(crate) fn receipt(&mut self, conversation: Conversation, device: Device, sealed: &[u8]) -> Result<(), Refusal> {
        if !self.is_in_now(conversation, device)? {
            return Ok(());
        }
        let Ok(Opened {
            content: Content::Receipt { n },
            dir,
            seen,
            ..
        }) = self.open_aside(conversation, device, Kind::Receipt, sealed)
        else {
            return Ok(());
        };
        self.compare_dir(&dir, device)?;
        if self.opened(conversation)?.agrees(&seen) == Some(false) {
            self.fork(conversation, "a member saw another log than this device");
        }
        let Some(user) = self.directory.device(device).map(|state| state.user) else {
            return Ok(());
        };
        if n > seen.n {
            return Ok(()); // nobody has read what they have not seen
        }
        let mut known: std::collections::BTreeMap<inmost_public::ids::User, u64> =
            self.rows.get(Row::Receipts(conversation))?.unwrap_or_default();
        if known.get(&user).is_none_or(|at| *at < n) {
            known.insert(user, n);
            self.rows.put(Row::Receipts(conversation), &known);
            if Some(user) == self.me.as_ref().map(|me| me.user) {
                let state = &mut self.conv_mut(conversation)?.state;
                state.read_n = state.read_n.max(Some(n)); // read on another of one's own devices
                self.save_conv(conversation);
            }
            self.out.event(
                "receipt",
                map! {"conversation" => conversation, "user" => user, "n" => n},
            );
        }
        Ok(())
    }
}
