/** How this browser keeps the key of its store, where no passkey can: a choice with its consequences beside it. */
import { useState } from "react";
import type { Keep } from "../../client/api";
import { Banner } from "../../ui/banner";
import { RadioGroup } from "../../ui/choice";
import { PasswordField } from "../../ui/field";
import { useWords } from "../../words/words";

const SHORTEST_PASSPHRASE = 8;

export interface Custodian {
  custody: "passphrase" | "browser" | null;
  passphrase: string;
  again: string;
}

export const UNDECIDED: Custodian = { custody: null, passphrase: "", again: "" };

/** null: not decided yet, or not well. */
export function keepOf(chosen: Custodian): Keep | null {
  if (chosen.custody === "browser") return { custody: "browser" };
  const isGood = chosen.passphrase.length >= SHORTEST_PASSPHRASE && chosen.passphrase === chosen.again;
  return chosen.custody === "passphrase" && isGood
    ? { custody: "passphrase", passphrase: chosen.passphrase }
    : null;
}

export function CustodyChoice({
  chosen,
  onChange,
}: {
  chosen: Custodian;
  onChange: (chosen: Custodian) => void;
}) {
  const words = useWords();
  const [isLeft, setLeft] = useState(false);
  const differs = isLeft && chosen.again !== "" && chosen.again !== chosen.passphrase;
  return (
    <>
      <RadioGroup
        label={words.join.keepIntro}
        value={chosen.custody}
        onChange={(custody) => onChange({ ...chosen, custody })}
        options={[
          { value: "passphrase", label: words.join.keepPassphrase, more: words.join.keepPassphraseMore },
          { value: "browser", label: words.join.keepBrowser, more: words.join.keepBrowserMore },
        ]}
      />
      {chosen.custody === "passphrase" && (
        <>
          <PasswordField
            label={words.join.passphrase}
            value={chosen.passphrase}
            onChange={(passphrase) => onChange({ ...chosen, passphrase })}
            help={words.join.passphraseHelp}
            show={words.show}
            hide={words.hide}
            autoComplete="new-password"
          />
          {/* biome-ignore lint/a11y/noStaticElementInteractions: it only notes that the field inside was left */}
          <div onBlur={() => setLeft(true)}>
            <PasswordField
              label={words.join.passphraseAgain}
              value={chosen.again}
              onChange={(again) => onChange({ ...chosen, again })}
              wrong={differs ? words.join.passphraseDiffers : ""}
              show={words.show}
              hide={words.hide}
              autoComplete="new-password"
            />
          </div>
        </>
      )}
      {chosen.custody === "browser" && (
        <Banner tone="care">
          <p>{words.join.keepBrowserMore}</p>
        </Banner>
      )}
    </>
  );
}
