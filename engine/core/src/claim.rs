//! Coming into the organisation: keys, the claim that link and device sign, the recovery key that is shown once.

use inmost_public::cbor;
use inmost_public::directory::{user_id, Change, Claim, Draft, Payload};
use inmost_public::ids::device_id;
use inmost_public::invitation::InvitationLink;
use inmost_public::sign::{dev_sign, KeyPair};
use openmls_traits::OpenMlsProvider;

use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::me::{Keys, Me, Phase};
use crate::pack::Value;
use crate::recovery::{PaperDevice, RecoveryKey};
use crate::refused::Refused;

impl Machine {
    /// The command `begin`.
    pub(crate) fn begin(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        if self.me.as_ref().is_some_and(|me| me.phase != Phase::Claiming) {
            return Err(Refused::wrong_phase());
        }
        let link: String = arguments.field("link")?;
        let fragment = link.rsplit_once('#').map_or(link.as_str(), |(_, fragment)| fragment);
        let link = InvitationLink::decode(fragment.trim()).map_err(|_| Refused::bad_link())?;
        let is_bot = arguments.field::<Option<bool>>("is_bot")?.unwrap_or(false);
        let name: String = arguments.field("name")?;
        // Given again for the same link (the first try did not get through), it is the same person with the same keys.
        let before = self
            .me
            .as_ref()
            .filter(|me| me.invitation == Some(link.invitation) && me.is_bot == is_bot)
            .cloned();
        let (sig_seed, auth_seed, device_seed) = match &before {
            Some(me) => (me.sig_seed, me.auth_seed, me.device_seed),
            None => (self.random(), self.random(), self.random()),
        };
        let (sig, auth) = (KeyPair::from_seed(sig_seed), KeyPair::from_seed(auth_seed));
        let add = Change::add(*sig.public(), *auth.public());
        let user = user_id(link.org, &add);
        let device = device_id(sig.public(), auth.public());
        let mut changes = vec![add];
        let mut recovery = None;
        if !is_bot {
            let random = before.and_then(|me| me.recovery).unwrap_or_else(|| self.random());
            let key = RecoveryKey::from_random(random);
            let provider = self.provider()?;
            let paper = key.paper_device(provider.crypto(), link.org)?;
            changes.push(Change::SetRecovery {
                sign_public: *paper.sign.public(),
                xwing_public: paper.seal_public.to_vec(),
            });
            recovery = Some((key, paper));
        }
        let inviter = link.from.map(|(_, inviter)| inviter);
        let claim = Claim {
            invitation: link.invitation,
            inviter,
            account: link.account.clone(),
            is_bot,
            changes,
            name: name.clone(),
            nonce: self.random(),
        };
        let draft = Draft {
            org: link.org,
            author: None,
            head: link.from.map(|(head, _)| head),
            time_ms: self.now,
            payload: Payload::Claim(claim),
        };
        let entry = sign_claim(&draft, &link, device.0, &sig, recovery.as_ref().map(|(_, paper)| paper));
        let me = Me {
            org: link.org,
            user,
            device,
            account: link.account.clone(),
            name,
            origin: arguments.field("origin")?,
            is_bot,
            phase: Phase::Claiming,
            invitation: Some(link.invitation),
            vouched: link.from,
            recovery: recovery.as_ref().map(|(key, _)| *key.as_bytes()),
            server_key: None,
            sig_seed,
            auth_seed,
            device_seed,
            sequence: 0,
            is_vouched: false,
            is_forked: false,
        };
        self.become_device(me);
        let recovery_key = recovery.map(|(key, _)| key.to_text().to_string());
        self.done(command, map! {"entry" => entry, "org" => link.org, "account" => link.account, "user" => user, "device" => device, "is_bot" => is_bot, "recovery_key" => recovery_key});
        Ok(())
    }

    pub(crate) fn become_device(&mut self, me: Me) {
        self.keys = Some(Keys::of(&me));
        self.directory = inmost_public::directory::Directory::new(me.org);
        self.is_directory_changed = true;
        self.me = Some(me);
        self.save_me();
    }

    /// The command `claimed`.
    pub(crate) fn claimed(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let server_key: Option<[u8; 32]> = arguments.field("server_key")?;
        let Some(me) = self.me.as_mut() else {
            return Err(Refused::wrong_phase());
        };
        if me.phase == Phase::Claiming {
            me.phase = Phase::Ready;
            me.server_key = server_key.filter(|_| me.vouched.is_none());
            me.recovery = None;
            self.save_me();
        }
        self.done(command, map! {});
        if self.session.is_connected() {
            self.connected()?;
        }
        Ok(())
    }

    /// The command `sign_in`: proof that this is the device, for one nonce of one server.
    pub(crate) fn sign_in(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        let (origin, server_nonce): (String, [u8; 32]) = (arguments.field("origin")?, arguments.field("server_nonce")?);
        let client_nonce: [u8; 32] = self.random();
        let me = self.me()?;
        if me.origin != origin {
            return Err(Refused::new("WrongOrigin", "this device belongs to another server"));
        }
        let time_ms = self.now;
        let signed = cbor![origin.as_str(), server_nonce, client_nonce, me.device, time_ms];
        let signature = dev_sign(&self.keys()?.auth, "sign-in", me.org, signed);
        let device = me.device;
        self.done(command, map! {"client_nonce" => client_nonce, "time_ms" => time_ms, "device" => device, "signature" => signature.to_vec()});
        Ok(())
    }
}

fn sign_claim(
    draft: &Draft,
    link: &InvitationLink,
    device: [u8; 16],
    sig: &KeyPair,
    paper: Option<&PaperDevice>,
) -> Vec<u8> {
    let seed = link.key();
    let mut signers = vec![(link.invitation.0, &seed), (device, sig)];
    if let Some(paper) = paper {
        signers.push((paper.id(), &paper.sign));
    }
    draft.sign(&signers)
}
