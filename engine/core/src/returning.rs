//! Coming back with the recovery key or a passkey alone: a new device signs itself into the chain, opens the vault, and goes on as any device.

use inmost_public::cbor;
use inmost_public::directory::{Change, Draft};
use inmost_public::ids::{device_id, Conversation, Device, User};
use inmost_public::sign::KeyPair;
use inmost_public::Refusal;
use openmls_traits::OpenMlsProvider;

use crate::alarms::AlarmKind;
use crate::conversation::{Conv, ConvState, EpochKeys, KeySource, Membership};
use crate::frames::{self, AppendEntry, FetchVault};
use crate::input::CommandId;
use crate::machine::Machine;
use crate::map;
use crate::me::{Me, Phase};
use crate::pack::Value;
use crate::recovery::{PaperDevice, PasskeySecret, RecoveryKey, PASSKEY_SECRET_BYTES};
use crate::refused::Refused;
use crate::rows::Row;
use crate::session::Asked;
use crate::vault::{Vault, VaultRow};
use crate::vault_sync::Stored;

/// A return under way. The paper device's keys are in memory only while it lasts.
pub struct Returning {
    pub command: CommandId,
    pub paper: PaperDevice,
    pub revoke_others: bool,
    pub has_vault: bool,
    pub vaulted: Vec<Conversation>,
}

impl std::fmt::Debug for Returning {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Returning(..)")
    }
}

impl Machine {
    /// The command `recover`.
    pub(crate) fn recover(&mut self, command: CommandId, arguments: &Value) -> Result<(), Refused> {
        if self.me.as_ref().is_some_and(|me| me.phase != Phase::Recovering) {
            return Err(Refused::wrong_phase());
        }
        if !self.session.is_connected() {
            return Err(Refused::offline());
        }
        let (org, user): (_, User) = (arguments.field("org")?, arguments.field("user")?);
        let provider = self.provider()?;
        let paper = match arguments.field::<Option<[u8; PASSKEY_SECRET_BYTES]>>("passkey_secret")? {
            Some(secret) => PasskeySecret::from_prf(secret).paper_device(provider.crypto(), org)?,
            None => {
                let text: String = arguments.field("recovery_key")?;
                let key =
                    RecoveryKey::from_text(&text).map_err(|error| Refused::new(error.code(), &error.to_string()))?;
                key.paper_device(provider.crypto(), org)?
            }
        };
        if self.me.as_ref().is_none_or(|me| me.user != user) {
            let (sig_seed, auth_seed, device_seed) = (self.random(), self.random(), self.random());
            let device = device_id(
                KeyPair::from_seed(sig_seed).public(),
                KeyPair::from_seed(auth_seed).public(),
            );
            self.become_device(Me {
                org,
                user,
                device,
                account: arguments.field("account")?,
                name: String::new(),
                origin: arguments.field("origin")?,
                is_bot: false,
                phase: Phase::Recovering,
                invitation: None,
                vouched: None,
                recovery: None,
                server_key: None,
                sig_seed,
                auth_seed,
                device_seed,
                sequence: 0,
                is_vouched: true,
                is_forked: false,
            });
        }
        let revoke_others = arguments.field::<Option<bool>>("revoke_others")?.unwrap_or(false);
        self.session.returning = Some(Returning {
            command,
            paper,
            revoke_others,
            has_vault: false,
            vaulted: vec![],
        });
        let next_n = self.directory.next_n();
        Ok(self.want_directory(next_n + 1)?)
    }

    /// The directory is as far as the server has it: the next step of a return.
    pub(crate) fn go_on_returning(&mut self) -> Result<(), Refusal> {
        let Some(returning) = self.session.returning.take() else {
            return Ok(());
        };
        let (user, device) = (self.me()?.user, self.me()?.device);
        let command = returning.command;
        let result = self.next_return_step(returning, user, device);
        if let Err(refused) = result {
            self.refuse(command, refused);
        }
        Ok(())
    }

    fn next_return_step(&mut self, mut returning: Returning, user: User, device: Device) -> Result<(), Refused> {
        let state = self.directory.user(user).ok_or(Refusal::Unknown)?;
        if !state.paper_keys().any(|keys| keys.key_id() == returning.paper.id()) {
            return Err(Refused::new(
                "WrongRecoveryKey",
                "this is neither the recovery key of this account nor a passkey that opens its vault",
            ));
        }
        let (account, name) = (state.account.clone(), state.name.clone());
        if !self.directory.is_active(device) {
            let keys = self.keys()?;
            let change = Change::add(*keys.sig.public(), *keys.auth.public());
            return Ok(self.append_return(returning, change, true)?);
        }
        let other = self
            .directory
            .active_devices_of(user)
            .into_iter()
            .find(|other| *other != device);
        if let Some(other) = other.filter(|_| returning.revoke_others) {
            return Ok(self.append_return(returning, Change::Revoke { device: other }, false)?);
        }
        if let Some(me) = self.me.as_mut() {
            (me.account, me.name) = (account, name);
        }
        self.save_me();
        returning.has_vault = self.directory.user(user).is_some_and(|state| state.vault.is_some());
        self.session.returning = Some(returning);
        self.ask(Asked::FetchVault, |id| FetchVault { id, after: None }.into());
        Ok(())
    }

    fn append_return(&mut self, returning: Returning, change: Change, is_add: bool) -> Result<(), Refusal> {
        let payload = self.next_change(change)?;
        let me = self.me()?;
        let draft = Draft {
            org: me.org,
            author: Some(me.user),
            head: Some(self.head()?),
            time_ms: self.now.max(self.directory.time_ms()),
            payload,
        };
        let mut signers = vec![(returning.paper.id(), &returning.paper.sign)];
        if is_add {
            signers.push((me.device.0, &self.keys()?.sig));
        }
        let entry = draft.sign(&signers);
        self.session.returning = Some(returning);
        self.ask(Asked::Entry(0), |id| AppendEntry { id, entry }.into());
        Ok(())
    }

    pub(crate) fn return_refused(&mut self, refused: &frames::Refused) -> Result<(), Refusal> {
        if matches!(refused.code.as_str(), "StaleChain" | "DirectoryForked" | "ClockSkewed") {
            return self.want_directory(self.directory.next_n() + 1);
        }
        if let Some(returning) = self.session.returning.take() {
            self.refuse(returning.command, Refused::new(&refused.code, &refused.words));
        }
        Ok(())
    }

    /// The vault and its rows, page by page.
    pub(crate) fn vault_came(&mut self, page: frames::Vault) -> Result<(), Refusal> {
        let Some(mut returning) = self.session.returning.take() else {
            return Ok(());
        };
        if let (Some(vault), true) = (&page.vault, returning.has_vault) {
            if let Err(refusal) = self.open_vault(&returning, vault) {
                self.alarm(
                    AlarmKind::VaultRolledBack,
                    None,
                    None,
                    &format!(
                        "the server's vault is not the one the directory names: {}",
                        refusal.code()
                    ),
                );
            }
        }
        for (conversation, row) in &page.rows {
            if self.open_row(&returning, *conversation, row).is_ok() {
                returning.vaulted.push(*conversation);
            } else {
                self.alarm(
                    AlarmKind::VaultRolledBack,
                    Some(*conversation),
                    None,
                    "a row of the vault does not open; its history waits for another device",
                );
            }
        }
        let last = page.rows.last().map(|(conversation, _)| *conversation);
        if page.more && last.is_some() {
            self.session.returning = Some(returning);
            self.ask(Asked::FetchVault, |id| FetchVault { id, after: last }.into());
            return Ok(());
        }
        self.set_phase(Phase::Ready);
        let device = self.me()?.device;
        self.done(returning.command, map! {"device" => device});
        Ok(())
    }

    fn open_vault(&mut self, returning: &Returning, bytes: &[u8]) -> Result<(), Refusal> {
        let me = self.me()?.clone();
        let (version, hash) = self
            .directory
            .user(me.user)
            .and_then(|state| state.vault)
            .ok_or(Refusal::Unknown)?;
        let vault = Vault::decode(bytes, version, &hash)?;
        let sig = self.own_device_key(vault.device, me.user)?;
        let provider = self.provider()?;
        let contents = vault.open(provider.crypto(), me.org, me.user, &sig, &returning.paper)?;
        self.compare_dir(&contents.dir, vault.device)?;
        for item in cbor::decode(&contents.settings)?.list()? {
            let [conversation, title] = item.array()?;
            let conversation = Conversation::from_item(conversation)?;
            let group = contents
                .conversations
                .iter()
                .find(|(known, _)| *known == conversation)
                .map(|(_, group)| *group);
            if let Some(group) = group {
                let mut state = ConvState::new(group, Membership::Joining);
                state.title = Some((0, title.text()?.to_owned()));
                self.conversations.insert(conversation, Conv::new(state));
                self.save_conv(conversation);
            }
        }
        Ok(())
    }

    fn own_device_key(&self, device: Device, user: User) -> Result<[u8; 32], Refusal> {
        self.directory
            .device(device)
            .filter(|state| state.user == user)
            .map(|state| state.sig_public)
            .ok_or(Refusal::BadSignature)
    }

    fn open_row(&mut self, returning: &Returning, conversation: Conversation, bytes: &[u8]) -> Result<(), Refusal> {
        let me = self.me()?.clone();
        let row = VaultRow::decode(bytes)?;
        let sig = self.own_device_key(row.device, me.user)?;
        if row.place.conversation != conversation {
            return Err(Refusal::WrongPlace);
        }
        let provider = self.provider()?;
        let contents = row.open(provider.crypto(), me.org, me.user, &sig, &returning.paper)?;
        let new = || Conv::new(ConvState::new(row.place.group, Membership::Joining));
        self.conversations.entry(conversation).or_insert_with(new);
        self.save_conv(conversation);
        // The tree hash of that epoch comes with the GroupInfo, if it is still the present one.
        self.put_keys(
            conversation,
            row.place.epoch,
            EpochKeys {
                content: contents.content_key,
                history: Some(contents.history_key),
                tree_hash: [0; 32],
                source: KeySource::Group,
            },
        );
        self.rows.put(
            Row::Vaulted(conversation),
            &Stored {
                epoch: row.place.epoch,
                papers: [0; 16],
                head: Some(contents.log),
            },
        );
        Ok(())
    }
}
