//! What the server tells, each to the file that knows it; and what a connection begins and ends with.

use inmost_public::ids::{personal_conversation, Conversation};
use inmost_public::settings::Settings;
use inmost_public::Refusal;

use crate::conversation::{ConvState, Membership};
use crate::frames::{self, Synced, Told};
use crate::machine::Machine;
use crate::map;
use crate::me::Phase;
use crate::refused::Refused;
use crate::session::{Asked, Session, Stage, Wake};

const START_OVER_MS: u64 = 5_000;

impl Machine {
    pub(crate) fn connected(&mut self) -> Result<(), Refusal> {
        let wakes = std::mem::take(&mut self.session.wakes);
        self.session = Session {
            stage: Stage::Syncing,
            wakes,
            before: (self.conversations.iter())
                .map(|(id, conv)| (*id, conv.next_n()))
                .collect(),
            directory_before: self.directory.next_n(),
            ..Session::default()
        };
        for conv in self.conversations.values_mut() {
            conv.unsent = conv.outbox.keys().copied().collect();
        }
        match self.me.as_ref().map(|me| me.phase) {
            Some(Phase::Ready | Phase::Ended) => {
                self.ask(Asked::Sync, |id| frames::Sync { id, after: None }.into());
                Ok(())
            }
            Some(Phase::Claiming | Phase::Recovering) | None => Ok(()),
        }
    }

    pub(crate) fn start_over(&mut self, refusal: &Refusal) {
        self.misbehaved(
            None,
            &format!("a frame that this device cannot follow: {}", refusal.code()),
        );
        let at = self.now + START_OVER_MS;
        self.session.wake(Wake::Resync, at);
    }

    pub(crate) fn disconnected(&mut self) {
        let pages: Vec<_> = std::mem::take(&mut self.session.pages)
            .into_values()
            .flatten()
            .collect();
        for page in pages {
            self.finish(page.command, Err(Refused::offline()));
        }
        let asked = std::mem::take(&mut self.session.asked);
        for asked in asked.into_values() {
            if let Asked::Receipt(_, command) = asked {
                self.finish(command, Err(Refused::offline()));
            }
        }
        if let Some(returning) = self.session.returning.take() {
            self.refuse(returning.command, Refused::offline());
        }
        self.session = Session::default();
    }

    /// When this device has to do something next, whatever it is.
    pub(crate) fn next_wake_ms(&self) -> Option<u64> {
        let ending = self.endings.first().map(|(due_ms, ..)| *due_ms);
        let wakes = self.session.wakes.values().copied();
        wakes.chain(ending).chain(self.signals.next_end_ms()).min()
    }

    pub(crate) fn tick(&mut self) -> Result<(), Refusal> {
        self.end_what_is_due()?;
        self.end_signals();
        let due: Vec<Wake> = self
            .session
            .wakes
            .iter()
            .filter(|(_, at)| **at <= self.now)
            .map(|(why, _)| *why)
            .collect();
        for why in due {
            self.session.wakes.remove(&why);
            if !self.session.is_live() && why != Wake::Resync {
                continue; // what is still due is found again after the sync
            }
            match why {
                Wake::Advance(conversation) => self.advance(conversation)?,
                Wake::Gap(conversation) => self.catch_up(conversation)?,
                Wake::Removal(conversation) => {
                    let is_free = self.conv(conversation)?.pending.is_none() && !self.is_behind(conversation);
                    if is_free && self.conv(conversation)?.is_member() && self.must_remove(conversation)? {
                        self.work_on_removal(conversation, true)?;
                    }
                }
                Wake::Link(conversation) => self.repair_links(conversation)?,
                Wake::VaultRows => {
                    self.put_vault_rows()?;
                    self.put_vault_if_missing()?;
                }
                Wake::KeyPackages => self.publish_key_packages(self.session.key_packages)?,
                Wake::Marks => self.say_marks()?,
                Wake::Presence => self.say_presence()?,
                Wake::Resync => {
                    let pages = std::mem::take(&mut self.session.pages);
                    self.connected()?;
                    self.session.pages = pages;
                }
            }
        }
        Ok(())
    }

    pub(crate) fn told(&mut self, told: Told) -> Result<(), Refusal> {
        match told {
            Told::Item(item) => self.item(item),
            Told::DirectoryItem(item) => self.directory_item(item.n, &item.entry),
            Told::Welcomed(frames::Welcomed {
                conversation,
                group,
                epoch,
                n,
                welcome,
            }) => {
                self.session.joinable.remove(&conversation);
                self.welcomed(frames::WaitingWelcome {
                    conversation,
                    group,
                    epoch,
                    n,
                    welcome,
                })
            }
            Told::Deleted(_) | Told::Opened(_) => Ok(()),
            Told::Receipt(receipt) => self.receipt(receipt.conversation, receipt.device, &receipt.sealed),
            Told::Signalled(signal) => self.signalled(signal.conversation, signal.device, &signal.sealed),
            Told::KeyPackagesLow(low) => {
                self.session.key_packages = low.count;
                self.publish_key_packages(low.count)
            }
            Told::Goodbye(goodbye) => {
                if matches!(goodbye.code.as_str(), "revoked" | "suspended") && self.me.is_some() {
                    self.ended();
                }
                self.out.event("closed", map! {"code" => goodbye.code});
                Ok(())
            }
            answer => self.answer(answer),
        }
    }

    fn answer(&mut self, answer: Told) -> Result<(), Refusal> {
        let re = match &answer {
            Told::Done(frames::Done { re })
            | Told::Refused(frames::Refused { re, .. })
            | Told::Appended(frames::Appended { re, .. }) => *re,
            Told::DirectoryPage(page) => page.re,
            Told::Accepted(accepted) => accepted.re,
            Told::LogPage(page) => page.re,
            Told::Links(links) => links.re,
            Told::GroupNow(group) => group.re,
            Told::Tree(tree) => tree.re,
            Told::Online(online) => online.re,
            Told::Synced(synced) => synced.re,
            Told::Receipts(receipts) => receipts.re,
            Told::Published(published) => published.re,
            Told::KeyPackages(packages) => packages.re,
            Told::Vault(vault) => vault.re,
            _ => return Ok(()),
        };
        let Some(asked) = self.session.asked.remove(&re) else {
            return Ok(());
        }; // answered before, or of an earlier connection
        match (asked, answer) {
            (asked, Told::Refused(refused)) => self.refused(asked, &refused),
            (Asked::Sync, Told::Synced(synced)) => self.synced(synced),
            (Asked::Directory, Told::DirectoryPage(page)) => self.directory_page(&page),
            (Asked::Entry(_), Told::Appended(appended)) => self.appended(appended.n),
            (Asked::Vault, Told::Appended(appended)) => self.appended(appended.n),
            (Asked::Create(conversation), Told::Accepted(accepted)) => self.created(conversation, &accepted),
            (Asked::Commit(conversation) | Asked::Propose(conversation), Told::Accepted(accepted)) => {
                self.commit_accepted(conversation, accepted.n)
            }
            (Asked::External(conversation), Told::Accepted(_)) => self.external_accepted(conversation),
            (Asked::Send(conversation, sequence), Told::Accepted(accepted)) => {
                self.send_accepted(conversation, sequence, &accepted)
            }
            (Asked::PutLink(conversation, _), Told::Accepted(accepted)) => {
                self.commit_accepted(conversation, accepted.n)
            }
            (Asked::Log(_), Told::LogPage(page)) => self.log_page(page),
            (Asked::Page(_), Told::LogPage(page)) => self.page_came(page),
            (Asked::Prologue(_), Told::LogPage(page)) => self.prologue_came(&page),
            (Asked::WelcomeLog(conversation), Told::LogPage(page)) => {
                let is_external = self.conv(conversation)?.pending.is_some();
                if is_external {
                    self.external_log(&page)
                } else {
                    self.welcome_log(&page)
                }
            }
            (Asked::Links(_), Told::Links(links)) => self.links(links),
            (Asked::Group(_), Told::GroupNow(group)) => self.group_now(group),
            (Asked::Tree(_), Told::Tree(tree)) => self.welcome_tree(tree),
            (Asked::Claim(conversation, sequence), Told::KeyPackages(packages)) => {
                self.packages_claimed(conversation, sequence, packages.packages)
            }
            (Asked::Publish, Told::Published(published)) => {
                self.session.key_packages = published.count;
                Ok(())
            }
            (Asked::Receipt(_, command), Told::Done(_)) => {
                self.finish(command, Ok(map! {}));
                Ok(())
            }
            (Asked::Receipts(conversation), Told::Receipts(receipts)) => receipts
                .receipts
                .iter()
                .try_for_each(|(device, sealed)| self.receipt(conversation, *device, sealed)),
            (Asked::VaultRows(conversations), Told::Done(_)) => {
                self.vault_rows_stored(&conversations);
                Ok(())
            }
            (Asked::FetchVault, Told::Vault(vault)) => self.vault_came(vault),
            (Asked::Taken(_) | Asked::Complaint | Asked::Signal | Asked::Delete, _) => Ok(()),
            (asked, _) => {
                self.misbehaved(None, &format!("an answer of another kind than asked for ({asked:?})"));
                Ok(())
            }
        }
    }

    /// Its place in the log is what counts; usually the item was faster than this answer.
    fn commit_accepted(&mut self, conversation: Conversation, n: u64) -> Result<(), Refusal> {
        if self.conv(conversation)?.next_n() <= n {
            self.accepted_beyond(conversation, n);
        }
        Ok(())
    }

    fn refused(&mut self, asked: Asked, refused: &frames::Refused) -> Result<(), Refusal> {
        match asked {
            Asked::Send(conversation, sequence) => self.send_refused(conversation, sequence, refused),
            Asked::Commit(conversation) | Asked::Propose(conversation) => self.commit_refused(conversation, refused),
            Asked::External(conversation) => self.external_refused(conversation, refused),
            Asked::Create(conversation) => self.create_refused(conversation, refused),
            Asked::Entry(sequence) if self.session.returning.is_some() => {
                debug_assert_eq!(sequence, 0);
                self.return_refused(refused)
            }
            Asked::Entry(sequence) => self.entry_refused(sequence, refused),
            Asked::Claim(conversation, sequence) => {
                self.finish_intent(conversation, sequence, Err(Refused::new(&refused.code, &refused.words)));
                self.advance(conversation)
            }
            Asked::Group(conversation) => self.join_failed(conversation, &Refused::new(&refused.code, &refused.words)),
            Asked::Tree(conversation) | Asked::WelcomeLog(conversation) => {
                if self.conv(conversation)?.pending.is_none() {
                    self.take_welcome(conversation)?;
                    self.forget(conversation)?;
                }
                Ok(())
            }
            Asked::Receipt(_, command) => {
                self.finish(command, Err(Refused::new(&refused.code, &refused.words)));
                Ok(())
            }
            Asked::Page(conversation) | Asked::Prologue(conversation) | Asked::Links(conversation) => {
                self.page_refused(conversation, refused)
            }
            Asked::Log(conversation) => {
                self.session.fetching.remove(&conversation);
                if refused.code == "NotAMember" {
                    return self.was_removed(conversation);
                }
                let at = self.now + refused.retry_after_ms.unwrap_or(5_000);
                self.session.wake(Wake::Advance(conversation), at);
                Ok(())
            }
            Asked::Vault => self.vault_refused(),
            Asked::Publish => {
                self.publish_refused();
                Ok(())
            }
            Asked::FetchVault => self.return_refused(refused),
            Asked::Sync | Asked::Directory => {
                let at = self.now + refused.retry_after_ms.unwrap_or(5_000);
                self.session.wake(Wake::Resync, at);
                Ok(())
            }
            Asked::PutLink(..)
            | Asked::Complaint
            | Asked::Taken(_)
            | Asked::Receipts(_)
            | Asked::Signal
            | Asked::Delete
            | Asked::VaultRows(_) => Ok(()),
        }
    }

    /// One page of the sync: what there is, and how far.
    fn synced(&mut self, synced: Synced) -> Result<(), Refusal> {
        self.compare_with_before(&synced);
        let after = synced.conversations.last().map(|state| state.conversation);
        self.session.states.extend(synced.conversations);
        self.session.welcomes.extend(synced.welcomes);
        self.session.key_packages = synced.key_packages;
        if synced.more && after.is_some() {
            self.ask(Asked::Sync, |id| frames::Sync { id, after }.into());
            return Ok(());
        }
        self.session.stage = Stage::Directory;
        self.session.directory_next_n = synced.directory_next_n;
        if self.directory.next_n() < synced.directory_next_n {
            return self.want_directory(synced.directory_next_n);
        }
        self.go_live()
    }

    /// Nothing gets shorter than it was when this connection began, and what is as long is the same. Events may have come since
    /// that are newer than the answer.
    fn compare_with_before(&mut self, synced: &Synced) {
        if synced.directory_next_n < self.session.directory_before {
            self.misbehaved(None, "the server's directory is shorter than it was");
        }
        for state in &synced.conversations {
            let Some(conv) = self
                .conversations
                .get(&state.conversation)
                .filter(|conv| conv.is_member() && conv.state.group == state.group)
            else {
                continue;
            };
            let before = self.session.before.get(&state.conversation).copied();
            if before.is_some_and(|before| before > state.next_n) {
                self.misbehaved(Some(state.conversation), "the server's log is shorter than it was");
            } else if conv.next_n() == state.next_n && conv.state.head.is_some_and(|head| head.hash != state.hash) {
                self.fork(
                    state.conversation,
                    "the server's log is not the one this device has verified",
                );
            }
        }
    }

    /// The directory is there: conversations follow.
    pub(crate) fn go_live(&mut self) -> Result<(), Refusal> {
        self.session.stage = Stage::Live;
        let mut listed: Vec<Conversation> = Vec::new();
        for state in std::mem::take(&mut self.session.states) {
            listed.push(state.conversation);
            self.heard_of(state.conversation, state.next_n);
            let is_lost = !self.conversations.contains_key(&state.conversation);
            if !state.is_member || is_lost {
                // No leaf, or a leaf whose keys this device does not have: it comes in by itself, unless a Welcome waits.
                self.session.joinable.insert(state.conversation);
            }
            if !state.is_member {
                self.lost_leaf(state.conversation)?;
            }
        }
        for welcome in std::mem::take(&mut self.session.welcomes) {
            self.session.joinable.remove(&welcome.conversation);
            self.welcomed(welcome)?;
        }
        self.resend_entries()?;
        let conversations: Vec<Conversation> = self.conversations.keys().copied().collect();
        for conversation in conversations {
            if !listed.contains(&conversation) && self.conv(conversation)?.is_member() {
                self.probe(conversation)?;
            }
            self.advance(conversation)?;
            let due = self
                .conversations
                .get(&conversation)
                .and_then(|conv| conv.state.link_due.values().min().copied());
            if let Some(due) = due {
                self.session.wake(Wake::Link(conversation), due);
            }
        }
        self.settle()?;
        self.vault_rows_due()?;
        self.read_marks_back(personal_conversation(self.me()?.org, self.me()?.user))?;
        self.say_presence()?;
        self.say_ready()
    }

    /// The server lists a conversation and says this device has no leaf in it.
    fn lost_leaf(&mut self, conversation: Conversation) -> Result<(), Refusal> {
        let Some(conv) = self.conversations.get(&conversation) else {
            return Ok(());
        };
        match conv.state.membership {
            // Its removal stands in the log, or the server lies; the log says which.
            Membership::Member => self.probe(conversation),
            // The device was removed and the person was not: back by itself. Whoever left an open channel stays out.
            Membership::Removed if !is_open_channel(&conv.state) => self.join(conversation),
            _ => Ok(()),
        }
    }

    /// Say once that everything the server had is here, and that others can reach this device.
    pub(crate) fn say_ready(&mut self) -> Result<(), Refusal> {
        if !self.session.is_live() || self.session.is_ready_said {
            return Ok(());
        }
        let is_behind = self
            .conversations
            .iter()
            .any(|(conversation, conv)| conv.is_member() && self.is_behind(*conversation));
        let is_coming = self
            .conversations
            .values()
            .any(|conv| conv.state.membership == Membership::Welcomed);
        if !is_behind && !is_coming && !self.is_settling()? {
            self.session.is_ready_said = true;
            self.out.event("ready", map! {});
        }
        Ok(())
    }
}

fn is_open_channel(state: &ConvState) -> bool {
    state.kind == "channel" && Settings::decode(&state.settings).is_ok_and(|settings| settings.open)
}
