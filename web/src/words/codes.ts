/** Every refusal and alarm that can reach a person. Each has words in every language, or the build breaks. */

export const REFUSALS = [
  "AlreadyExists", "BadLink", "BadRecoveryKey", "ChallengeRefused", "ClockSkewed", "ConversationExists", "DeviceInactive", "DirectoryBehind", "DirectoryForked",
  "Expired", "IdentityMismatch", "InvitationClaimedTwice", "InvitationExpired", "LastFactor", "LogForked", "Malformed", "NotAMember", "NotAllowed",
  "NotFound", "NotSignedIn", "Offline", "PasskeyNotTaken", "PasskeyRefused", "PasskeysNeedAName", "PasskeyStopped", "PasswordNeeded", "RecoveryKeyNeeded",
  "RemovalPending", "SecondFactorRefused", "ServerMisbehaved", "SignInRefused", "SignatureRefused", "SlowDown", "StaleChain", "StaleEpoch", "StepUpRequired",
  "StoreDamaged", "StoreFull", "StoreTooNew", "TooLarge", "TooManyPasskeys", "Unavailable", "VaultRolledBack", "WeakPassword", "WrongKey", "WrongLink", "WrongNumber",
  "WrongOrigin", "WrongPassphrase", "WrongPhase", "WrongRecoveryKey",
] as const; // prettier-ignore
export type RefusalCode = (typeof REFUSALS)[number];

export const ALARMS = [
  "BackdatedDevice", "BadSeal", "CommitRefused", "DirectoryForked", "Equivocation", "IdentityMismatch", "InvitationClaimedTwice", "LinkMissing",
  "LogForked", "NotAllowed", "RemovalWithoutCause", "ServerMisbehaved", "VaultRolledBack", "WrongLink",
] as const; // prettier-ignore
export type AlarmKind = (typeof ALARMS)[number];

/** What happened, and what to do next. */
export type SaidAndTodo = readonly [said: string, todo: string];
