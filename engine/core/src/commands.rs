//! A person's commands, each to the file that knows it.

use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::me::Phase;
use crate::pack::Value;
use crate::refused::Refused;

impl Machine {
    pub(crate) fn command(&mut self, id: CommandId, name: &str, arguments: &Value) -> Result<(), Refused> {
        let is_ready = self.me.as_ref().is_some_and(|me| me.phase == Phase::Ready);
        match name {
            "begin" => self.begin(id, arguments),
            "claimed" => self.claimed(id, arguments),
            "sign_in" => self.sign_in(id, arguments),
            "recover" => self.recover(id, arguments),
            _ if !is_ready => Err(Refused::wrong_phase()),
            "invite" | "withdraw" | "set_role" | "suspend" | "rename" | "revoke" => {
                self.change_directory(id, name, arguments)
            }
            "add_passkey" => self.add_passkey(id, arguments),
            "remove_passkey" => self.remove_passkey(id, arguments),
            "create" => self.create(id, arguments),
            "add" | "remove" | "leave" | "rotate" => self.change_membership(id, name, arguments),
            "set_settings" | "set_conversation_role" => self.change_settings(id, name, arguments),
            "join_channel" => self.join_channel(id, arguments),
            "send" => self.send(id, arguments),
            "read" => self.read(id, arguments),
            "signal" => self.signal(id, arguments),
            "presence" => self.presence(id, arguments),
            "set_draft" | "mute" | "pin_conversation" => self.set_conversation_mark(id, name, arguments),
            "page" => self.page(id, arguments),
            "mark_verified" => {
                self.mark_verified(arguments.field("user")?, arguments.get("number").text()?)?;
                self.done(id, map! {});
                Ok(())
            }
            _ => Err(Refused::unknown_command()),
        }
    }
}
