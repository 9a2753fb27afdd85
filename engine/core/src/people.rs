//! What a person does to the directory: invite, withdraw, roles, suspensions, the own name and devices.

use inmost_public::directory::{Change, Invite, Payload, Role};
use inmost_public::ids::Invitation;
use inmost_public::invitation::InvitationLink;
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;

use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::refused::Refused;

impl Machine {
    /// The commands that are one directory entry.
    pub(crate) fn change_directory(
        &mut self,
        command: CommandId,
        name: &str,
        arguments: &Value,
    ) -> Result<(), Refused> {
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let (payload, result) = match name {
            "invite" => self.invite(arguments)?,
            "withdraw" => (
                Payload::Withdraw {
                    invitation: arguments.field("invitation")?,
                },
                map! {},
            ),
            "set_role" => (
                Payload::Role {
                    user: arguments.field("user")?,
                    role: Role::from_name(arguments.get("role").text()?)?,
                },
                map! {},
            ),
            "suspend" => (
                Payload::Suspend {
                    user: arguments.field("user")?,
                    suspended: arguments.field("suspended")?,
                },
                map! {},
            ),
            "rename" => (
                Payload::Profile {
                    name: arguments.field("name")?,
                },
                map! {},
            ),
            "revoke" => (self.revocation(arguments)?, map! {}),
            _ => return Err(Refused::unknown_command()),
        };
        Ok(self.append_own(payload, Some(command), result)?)
    }

    fn invite(&mut self, arguments: &Value) -> Result<(Payload, Value), Refusal> {
        let (seed, invitation) = (self.random(), Invitation(self.random()));
        let (account, expires_ms): (String, u64) = (arguments.field("account")?, arguments.field("expires_ms")?);
        let role = Role::from_name(arguments.get("role").text()?)?;
        let is_bot = arguments.field::<Option<bool>>("is_bot")?.unwrap_or(false);
        let me = self.me()?;
        let link = InvitationLink {
            org: me.org,
            invitation,
            seed,
            account: account.clone(),
            from: Some((self.head()?, me.user)),
        };
        let invite = Invite {
            invitation,
            seed_public: *KeyPair::from_seed(seed).public(),
            role,
            account,
            is_bot,
            expires_ms,
        };
        Ok((
            Payload::Invite(invite),
            map! {"fragment" => link.encode(), "invitation" => invitation, "expires_ms" => expires_ms},
        ))
    }

    fn revocation(&self, arguments: &Value) -> Result<Payload, Refusal> {
        let device = arguments.field("device")?;
        let state = self.directory.device(device).ok_or(Refusal::Unknown)?;
        if state.user != self.me()?.user || state.revoked_n.is_some() {
            return Err(Refusal::NotAllowed);
        }
        self.next_change(Change::Revoke { device })
    }
}
