/** Refusals and alarms in German. */
import type { AlarmKind, RefusalCode, SaidAndTodo } from "./codes";

export const refusals: Record<RefusalCode, SaidAndTodo> = {
  AlreadyExists: ["Das gibt es schon.", "Wählen Sie einen anderen Namen oder sehen Sie in der Liste nach."],
  BadLink: ["Das ist kein Einladungslink.", "Kopieren Sie ihn ganz, mit allem nach dem #."],
  BadRecoveryKey: [
    "Das ist kein Wiederherstellungsschlüssel.",
    "Prüfen Sie jede Vierergruppe; es sind sieben.",
  ],
  ChallengeRefused: ["Das hat zu lange gedauert.", "Versuchen Sie es noch einmal."],
  ClockSkewed: [
    "Die Uhr dieses Computers geht um mehr als zwei Minuten falsch.",
    "Stellen Sie die Uhr und versuchen Sie es noch einmal.",
  ],
  ConversationExists: ["Diese Unterhaltung gibt es schon.", "Sie steht in der Liste."],
  DeviceInactive: ["Dieser Browser wurde abgemeldet.", "Melden Sie sich neu an."],
  DirectoryBehind: [
    "Die Liste, wer hier ist, ist nicht auf dem neuesten Stand.",
    "Versuchen Sie es gleich noch einmal.",
  ],
  DirectoryForked: [
    "Der Server zeigt verschiedenen Leuten verschiedene Listen, wer hier ist.",
    "Teilen Sie nichts Vertrauliches und sagen Sie es der Verwaltung auf anderem Weg.",
  ],
  Expired: [
    "Die Zeit der Nachricht war um, bevor sie gesendet werden konnte.",
    "Senden Sie sie noch einmal, wenn sie noch gebraucht wird.",
  ],
  IdentityMismatch: [
    "Jemand ist nicht mehr, wer er war.",
    "Vergleichen Sie die Zahlen, bevor Sie etwas Vertrauliches teilen.",
  ],
  InvitationClaimedTwice: [
    "Jemand anders hat diese Einladung vor Ihnen benutzt. Beide Konten sind angehalten.",
    "Sagen Sie es der Person, die Sie eingeladen hat, am Telefon oder persönlich.",
  ],
  InvitationExpired: ["Diese Einladung ist abgelaufen.", "Bitten Sie um eine neue."],
  LastDevice: [
    "Das ist Ihr einziges Gerät, darum kann es nicht gesperrt werden.",
    "Drücken Sie noch einmal, um trotzdem zu löschen, was hier ist; zurück kommen Sie mit Wiederherstellungsschlüssel oder Passkey.",
  ],
  LastFactor: [
    "Ohne ihn kämen Sie nicht zurück.",
    "Fügen Sie erst einen anderen Passkey oder ein Passwort hinzu.",
  ],
  LogForked: [
    "Der Server zeigt verschiedenen Leuten verschiedene Nachrichten.",
    "Fragen Sie die anderen, was sie sehen, und sagen Sie es der Verwaltung.",
  ],
  Malformed: [
    "Der Server hat das nicht verstanden.",
    "Laden Sie die Seite neu; kommt es wieder, sagen Sie es der Verwaltung.",
  ],
  NotAMember: ["Sie sind nicht in dieser Unterhaltung.", "Bitten Sie jemanden darin, Sie hinzuzufügen."],
  NotAllowed: ["Ihre Rolle erlaubt das nicht.", "Fragen Sie die Leitung oder die Verwaltung."],
  NotFound: ["Das ist nicht mehr hier.", "Gehen Sie zurück und sehen Sie noch einmal nach."],
  NotSignedIn: ["Sie sind nicht mehr angemeldet.", "Laden Sie die Seite neu."],
  Offline: ["Sie sind offline.", "Versuchen Sie es, wenn die Verbindung wieder da ist."],
  PasskeyNotTaken: ["Der Passkey konnte nicht eingerichtet werden.", "Versuchen Sie es noch einmal."],
  PasskeyRefused: [
    "Dieser Passkey öffnet hier nichts.",
    "Nehmen Sie einen anderen oder melden Sie sich mit dem Passwort an.",
  ],
  PasskeysNeedAName: [
    "Passkeys brauchen eine Adresse mit Namen, keine Nummer.",
    "Öffnen Sie die Seite unter dem Namen des Servers oder nehmen Sie ein Passwort.",
  ],
  PasskeyCancelled: ["Es kam kein Passkey.", "Versuchen Sie es noch einmal oder nehmen Sie ein Passwort."],
  PasskeyThere: ["Dieses Gerät hat schon einen Passkey für Sie.", "Nehmen Sie diesen."],
  PasskeysDoNotWork: ["Passkeys gehen hier nicht.", "Nehmen Sie ein Passwort oder einen anderen Browser."],
  NoSecret: [
    "Dieser Passkey gibt nichts, was öffnet, was hier aufbewahrt ist.",
    "Nehmen Sie den, mit dem Sie diesen Browser eingerichtet haben.",
  ],
  Locked: ["Dieser Browser ist gesperrt.", "Öffnen Sie ihn erst."],
  AlreadyHere: [
    "In diesem Browser ist schon ein Konto.",
    "Nehmen Sie einen anderen Browser oder vergessen Sie dieses erst.",
  ],
  Unable: [
    "Inmost ließ sich hier nicht starten.",
    "Laden Sie die Seite neu oder nehmen Sie einen anderen Browser.",
  ],
  Mistake: [
    "Etwas ging schief, was nicht sollte.",
    "Der Fehler liegt bei uns. Laden Sie die Seite neu; was Sie geschrieben haben, bleibt.",
  ],
  PasswordNeeded: ["Hier wird ein Passwort gebraucht.", "Wählen Sie eines."],
  RecoveryKeyNeeded: [
    "Um Ihre Nachrichten zu öffnen, wird Ihr Wiederherstellungsschlüssel gebraucht.",
    "Er ist dort, wo Sie ihn beim Beitreten aufbewahrt haben.",
  ],
  RemovalPending: [
    "Aus dieser Unterhaltung wird gerade jemand entfernt.",
    "Versuchen Sie es gleich noch einmal.",
  ],
  SecondFactorRefused: [
    "Dieser Code stimmt nicht.",
    "Tippen Sie die sechs Ziffern, die Ihre Authenticator-App jetzt zeigt, und prüfen Sie die Uhr dieses Computers.",
  ],
  ServerMisbehaved: [
    "Der Server hat geantwortet wie kein ehrlicher Server.",
    "Versuchen Sie es später; kommt es wieder, sagen Sie es der Verwaltung.",
  ],
  SignInRefused: [
    "Konto, Passwort oder Code stimmt nicht.",
    "Prüfen Sie alle drei; ein Code gilt einmal, eine halbe Minute lang.",
  ],
  SignatureRefused: [
    "Der Server kannte diesen Browser nicht.",
    "Laden Sie die Seite neu; kommt es wieder, melden Sie sich neu an.",
  ],
  SlowDown: ["Zu viele Versuche.", "Warten Sie ein wenig und versuchen Sie es dann noch einmal."],
  StaleChain: ["Ein anderes Ihrer Geräte war schneller.", "Versuchen Sie es noch einmal."],
  StaleEpoch: ["Im selben Augenblick kam oder ging jemand.", "Versuchen Sie es noch einmal."],
  StepUpRequired: [
    "Dafür wird noch einmal Ihr Passkey gebraucht oder Passwort und Code.",
    "Zeigen Sie ihn, dann geht es weiter.",
  ],
  StoreDamaged: [
    "Was dieser Browser aufbewahrt, lässt sich nicht lesen.",
    "Ihre Nachrichten sind auf Ihren anderen Geräten sicher; melden Sie sich hier neu an.",
  ],
  StoreFull: ["Auf diesem Computer ist kein Platz mehr.", "Schaffen Sie Platz und laden Sie die Seite neu."],
  StoreTooNew: ["Hier war ein neueres Inmost.", "Laden Sie die Seite neu, um es zu bekommen."],
  TooLarge: ["Das ist zu lang für eine Nachricht.", "Senden Sie es in Teilen."],
  TooManyPasskeys: ["Mehr als zwanzig Passkeys gehen nicht.", "Entfernen Sie erst einen."],
  Unavailable: [
    "Der Server ist überlastet oder wird repariert.",
    "Versuchen Sie es in einer Minute noch einmal.",
  ],
  VaultRolledBack: [
    "Der Server gab eine alte Fassung dessen, was Ihr Wiederherstellungsschlüssel öffnet.",
    "Sie wurde abgelehnt. Sagen Sie es der Verwaltung.",
  ],
  WeakPassword: [
    "Dieses Passwort ist zu leicht zu erraten.",
    "Nehmen Sie ein längeres: vier oder fünf Wörter, die nicht zusammengehören.",
  ],
  WrongKey: [
    "Dieser Passkey öffnet diesen Browser nicht.",
    "Nehmen Sie den, mit dem Sie ihn eingerichtet haben.",
  ],
  WrongLink: [
    "Das Gerät eines Mitglieds gab falsche Schlüssel zu älteren Nachrichten.",
    "Sie öffnen sich, sobald ein anderes Gerät das repariert hat.",
  ],
  WrongNumber: [
    "Die Zahlen sind verschieden.",
    "Teilen Sie nichts Vertrauliches. Vergleichen Sie noch einmal; bleiben sie verschieden, sagen Sie es der Verwaltung.",
  ],
  WrongOrigin: [
    "Für diese Adresse ist die Einladung nicht.",
    "Öffnen Sie den Link genau so, wie Sie ihn bekommen haben.",
  ],
  WrongPassphrase: [
    "Das ist nicht die Passphrase dieses Browsers.",
    "Achten Sie auf Groß- und Kleinschreibung und versuchen Sie es noch einmal.",
  ],
  WrongPhase: ["Dieser Browser ist noch nicht eingerichtet.", "Treten Sie erst bei oder melden Sie sich an."],
  WrongRecoveryKey: [
    "Das ist nicht der Wiederherstellungsschlüssel dieses Kontos.",
    "Suchen Sie den, den Sie zuletzt aufbewahrt haben.",
  ],
};

const tell = "Sagen Sie es der Verwaltung, auf anderem Weg als in dieser Unterhaltung.";

export const alarms: Record<AlarmKind, SaidAndTodo> = {
  BackdatedDevice: [
    "Ein Gerät gibt sich für älter aus, als es ist",
    `Trauen Sie nicht, was es über Früheres sagt. ${tell}`,
  ],
  BadSeal: [
    "Eine Nachricht ist nicht, was ein Mitglied versiegelt hat",
    `Sie wird nicht als dessen gezeigt. Einmal kann ein Fehler sein; kommt es wieder: ${tell}`,
  ],
  CommitRefused: ["Eine Änderung, wer lesen kann, war gegen die Regeln", `Sie wurde nicht befolgt. ${tell}`],
  DirectoryForked: [
    "Der Server zeigt verschiedenen Leuten verschiedene Listen, wer hier ist",
    `Solange kann niemand dazukommen. Teilen Sie nichts Vertrauliches. ${tell}`,
  ],
  Equivocation: [
    "Ein Gerät hat zwei verschiedene Nachrichten als eine gesendet",
    `Die erste wird gezeigt. Fragen Sie, wem es gehört, und sperren Sie das Gerät im Zweifel. ${tell}`,
  ],
  IdentityMismatch: [
    "Jemand ist nicht mehr, wer er war",
    "Teilen Sie nichts Vertrauliches, bis Sie die Zahlen verglichen haben.",
  ],
  InvitationClaimedTwice: [
    "Zwei haben eine Einladung benutzt: einer könnte sie abgefangen haben",
    "Beide Konten sind angehalten. Die Verwaltung fragt die eingeladene Person, persönlich oder am Telefon, und lädt sie neu ein.",
  ],
  LinkMissing: [
    "Schlüssel zu älteren Nachrichten fehlen",
    "Sie kommen, sobald das Gerät einer Kollegin oder eines Kollegen online war. Es ist nichts zu tun.",
  ],
  LogForked: [
    "Der Server zeigt verschiedenen Leuten verschiedene Nachrichten",
    `Fragen Sie die anderen am Telefon, was sie sehen. ${tell}`,
  ],
  NotAllowed: [
    "Jemand hat gesagt, was die eigene Rolle nicht erlaubt, und der Server ließ es durch",
    `Es wird nicht gezeigt. Fragen Sie, was gemeint war. ${tell}`,
  ],
  RemovalWithoutCause: [
    "Der Server wollte jemanden ohne Grund entfernen",
    `Dem wurde nicht gefolgt. ${tell}`,
  ],
  ServerMisbehaved: [
    "Der Server hat geantwortet wie kein ehrlicher Server",
    `Dieser Browser macht von selbst weiter, wenn er kann. Kommt es wieder: ${tell}`,
  ],
  VaultRolledBack: [
    "Der Server gab eine alte Fassung dessen, was Ihr Wiederherstellungsschlüssel öffnet",
    `Sie wurde abgelehnt. ${tell}`,
  ],
  WrongLink: [
    "Das Gerät eines Mitglieds gab falsche Schlüssel zu älteren Nachrichten",
    `Diese Nachrichten bleiben zu, bis ein anderes Gerät das repariert. ${tell}`,
  ],
};
