/** Refusals and alarms in English. */
import type { AlarmKind, RefusalCode, SaidAndTodo } from "./codes";

export const refusals: Record<RefusalCode, SaidAndTodo> = {
  AlreadyExists: ["That is there already.", "Choose another name, or look in the list."],
  BadLink: ["That is not an invitation link.", "Copy all of it, with everything after the #."],
  BadRecoveryKey: ["That is not a recovery key.", "Check each group of four; there are seven."],
  ChallengeRefused: ["That took too long.", "Try again."],
  ClockSkewed: ["This computer's clock is wrong by more than two minutes.", "Set the clock, then try again."],
  ConversationExists: ["This conversation is there already.", "You find it in the list."],
  DeviceInactive: ["This browser was signed out.", "Sign in again."],
  DirectoryBehind: ["The list of who is here is not up to date.", "Try again in a moment."],
  DirectoryForked: [
    "The server shows different people different lists of who is here.",
    "Share nothing sensitive, and tell an administrator by another way.",
  ],
  Expired: ["The message's time was over before it could be sent.", "Send it again if it is still needed."],
  IdentityMismatch: [
    "Somebody is not who they were.",
    "Compare numbers before you share anything sensitive.",
  ],
  InvitationClaimedTwice: [
    "Somebody else has used this invitation before you. Both accounts are stopped.",
    "Tell the person who invited you, by telephone or face to face.",
  ],
  InvitationExpired: ["This invitation has run out.", "Ask for a new one."],
  LastDevice: [
    "This is your only device, so it cannot be shut out.",
    "Press again to erase what is kept here all the same; you come back with your recovery key or passkey.",
  ],
  LastFactor: ["Without it you could not come back.", "Add another passkey or a password first."],
  LogForked: [
    "The server shows different people different messages.",
    "Ask the others what they see, and tell an administrator.",
  ],
  Malformed: [
    "The server did not understand that.",
    "Reload the page; if it comes again, tell an administrator.",
  ],
  NotAMember: ["You are not in this conversation.", "Ask somebody in it to add you."],
  NotAllowed: ["Your role does not allow this.", "Ask an owner or administrator."],
  NotFound: ["That is not here any more.", "Go back and look again."],
  NotSignedIn: ["You are not signed in any more.", "Reload the page."],
  Offline: ["You are offline.", "Try again when the connection is back."],
  PasskeyNotTaken: ["The passkey could not be set up.", "Try once more."],
  PasskeyRefused: [
    "That passkey does not open anything here.",
    "Take another, or sign in with your password.",
  ],
  PasskeysNeedAName: [
    "Passkeys work at a name, not at a number.",
    "Open this page at the server's name, or use a password.",
  ],
  PasskeyCancelled: ["No passkey was given.", "Try again, or use a password."],
  PasskeyThere: ["This device has a passkey for you already.", "Use that one."],
  PasskeysDoNotWork: ["Passkeys do not work here.", "Use a password, or another browser."],
  NoSecret: [
    "This passkey gives nothing that opens what is kept here.",
    "Use the one you set this browser up with.",
  ],
  Locked: ["This browser is locked.", "Open it first."],
  AlreadyHere: [
    "There is an account in this browser already.",
    "Use another browser, or forget this one first.",
  ],
  Unable: ["Inmost could not be started here.", "Reload the page, or use another browser."],
  Mistake: [
    "Something went wrong that should not.",
    "It is our mistake. Reload the page; what you wrote is kept.",
  ],
  PasswordNeeded: ["A password is needed here.", "Choose one."],
  RecoveryKeyNeeded: [
    "Your recovery key is needed to open your messages.",
    "You find it where you saved it when you joined.",
  ],
  RemovalPending: ["Somebody is being removed from this conversation.", "Try again in a moment."],
  SecondFactorRefused: [
    "That code is not right.",
    "Type the six figures your authenticator shows now, and check the clock of this computer.",
  ],
  ServerMisbehaved: [
    "The server answered as no honest server does.",
    "Try again later; if it comes again, tell an administrator.",
  ],
  SignInRefused: [
    "Account, password or code is not right.",
    "Check all three; a code is good once, for half a minute.",
  ],
  SignatureRefused: [
    "The server did not know this browser.",
    "Reload the page; if it comes again, sign in anew.",
  ],
  SlowDown: ["Too many tries.", "Wait a little, then try again."],
  StaleChain: ["Another of your devices was faster.", "Try again."],
  StaleEpoch: ["Somebody came or went at the same moment.", "Try again."],
  StepUpRequired: [
    "This needs your passkey, or your password and a code, once more.",
    "Show it, and it goes on.",
  ],
  StoreDamaged: [
    "What this browser keeps cannot be read.",
    "Your messages are safe with your other devices; sign in anew here.",
  ],
  StoreFull: ["There is no room left on this computer.", "Make room, then reload the page."],
  StoreTooNew: ["A newer Inmost has been here.", "Reload the page to get it."],
  TooLarge: ["That is too long for one message.", "Send it in parts."],
  TooManyPasskeys: ["Twenty passkeys are the most.", "Remove one first."],
  Unavailable: ["The server is busy or being repaired.", "Try again in a minute."],
  VaultRolledBack: [
    "The server gave an old copy of what your recovery key opens.",
    "It was refused. Tell an administrator.",
  ],
  WeakPassword: [
    "That password is too easy to guess.",
    "Take a longer one: four or five words that do not belong together.",
  ],
  WrongKey: ["That passkey does not open this browser.", "Use the one you set it up with."],
  WrongLink: [
    "A member's device gave wrong keys to older messages.",
    "They open once another device has repaired it.",
  ],
  WrongNumber: [
    "The numbers differ.",
    "Share nothing sensitive. Compare once more; if they still differ, tell an administrator.",
  ],
  WrongOrigin: ["This is not the address the invitation is for.", "Open the link exactly as you got it."],
  WrongPassphrase: ["That is not the passphrase of this browser.", "Check capital letters, and try again."],
  WrongPhase: ["This browser is not set up yet.", "Join or sign in first."],
  WrongRecoveryKey: ["That is not the recovery key of this account.", "Look for the one you saved last."],
};

const tell = "Tell an administrator, by another way than this conversation.";

export const alarms: Record<AlarmKind, SaidAndTodo> = {
  BackdatedDevice: [
    "A device claims to be older than it is",
    `Do not trust what it says of the past. ${tell}`,
  ],
  BadSeal: [
    "A message is not what a member sealed",
    `It is not shown as theirs. Once may be an error; if it comes again: ${tell}`,
  ],
  CommitRefused: ["A change of who can read was against the rules", `It was not followed. ${tell}`],
  DirectoryForked: [
    "The server shows different people different lists of who is here",
    `Nobody can be added meanwhile. Share nothing sensitive. ${tell}`,
  ],
  Equivocation: [
    "A device sent two different messages as one",
    `The first is shown. Ask its owner, and revoke the device if in doubt. ${tell}`,
  ],
  IdentityMismatch: [
    "Somebody is not who they were",
    "Share nothing sensitive with them until you have compared numbers.",
  ],
  InvitationClaimedTwice: [
    "Two people used one invitation: one of them may have intercepted it",
    "Both accounts are stopped. An administrator asks the invited person, face to face or by telephone, and invites them again.",
  ],
  LinkMissing: [
    "Keys to older messages are missing",
    "They come when a colleague's device has been online. There is nothing to do.",
  ],
  LogForked: [
    "The server shows different people different messages",
    `Ask the others what they see, by telephone. ${tell}`,
  ],
  NotAllowed: [
    "Somebody said what their role does not let them say, and the server let it through",
    `It is not shown. Ask them what they meant. ${tell}`,
  ],
  RemovalWithoutCause: [
    "The server tried to remove somebody without a reason",
    `It was not followed. ${tell}`,
  ],
  ServerMisbehaved: [
    "The server answered as no honest server does",
    `This browser goes on by itself if it can. If it comes again: ${tell}`,
  ],
  VaultRolledBack: ["The server gave an old copy of what your recovery key opens", `It was refused. ${tell}`],
  WrongLink: [
    "A member's device gave wrong keys to older messages",
    `Those messages stay closed until another device repairs it. ${tell}`,
  ],
};
