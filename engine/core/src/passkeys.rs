//! Passkeys as paper devices: what a passkey's PRF gives opens the vault, and signs a new device into the chain.

use inmost_public::directory::{Change, Draft};
use inmost_public::ids::{passkey_id, Device};
use openmls_traits::OpenMlsProvider;

use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::pack::Value;
use crate::recovery::{PasskeySecret, PASSKEY_SECRET_BYTES};
use crate::refused::Refused;

impl Machine {
    /// The command `add_passkey`. Given again it is done already.
    pub(crate) fn add_passkey(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let credential: Vec<u8> = arguments.field("credential")?;
        let secret = PasskeySecret::from_prf(arguments.field::<[u8; PASSKEY_SECRET_BYTES]>("secret")?);
        let me = self.me()?.clone();
        let provider = self.provider()?;
        let paper = secret.paper_device(provider.crypto(), me.org)?;
        if self
            .directory
            .user(me.user)
            .is_some_and(|state| state.paper(paper.id()).is_some())
        {
            self.done(command, map! {});
            return Ok(());
        }
        let payload = self.next_change(Change::AddPaper {
            of: passkey_id(&credential),
            sign_public: *paper.sign.public(),
            xwing_public: paper.seal_public.to_vec(),
        })?;
        let draft = Draft {
            org: me.org,
            author: Some(me.user),
            head: Some(self.head()?),
            time_ms: self.now.max(self.directory.time_ms()),
            payload: payload.clone(),
        };
        let entry = draft.sign(&[(me.device.0, &self.keys()?.sig), (paper.id(), &paper.sign)]);
        Ok(self.append_entry(&payload, entry, Some(command), map! {})?)
    }

    /// The command `remove_passkey`: it opens nothing that is sealed from here on. Done already when it opens nothing.
    pub(crate) fn remove_passkey(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        match self.paper_of(&arguments.field::<Vec<u8>>("credential")?)? {
            Some(paper) => {
                let payload = self.next_change(Change::Revoke { device: Device(paper) })?;
                Ok(self.append_own(payload, Some(command), map! {})?)
            }
            None => {
                self.done(command, map! {});
                Ok(())
            }
        }
    }

    /// The view `passkey`: whether this passkey opens the vault.
    pub(crate) fn view_passkey(&self, arguments: &Value) -> Result<Value, Refused> {
        let paper = self.paper_of(&arguments.field::<Vec<u8>>("credential")?)?;
        Ok(map! {"opens_vault" => paper.is_some()})
    }

    fn paper_of(&self, credential: &[u8]) -> Result<Option<[u8; 16]>, Refused> {
        let of = passkey_id(credential);
        let state = self.directory.user(self.me()?.user);
        let paper = state.and_then(|state| state.papers.iter().find(|paper| paper.of == of));
        Ok(paper.map(|paper| paper.keys.key_id()))
    }
}
