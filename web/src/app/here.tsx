/** What every page needs at hand: the client, passkeys, who one is, and who the others are. */
import { createContext, type ReactNode, useCallback, useContext, useMemo, useState } from "react";
import type { Client, Hex, MadePasskey, Me, Person, RefusalData } from "../client/api";
import { plainName } from "../ui/links";
import { useWords } from "../words/words";
import { useAsked } from "./asked";
import { refusalOf } from "./refusal";

/** The browser's own part of passkeys (src/client/passkey.ts). */
export interface Passkeys {
  make(options: { publicKey: unknown }, name: string): Promise<MadePasskey>;
  use(options: { publicKey: unknown }): Promise<MadePasskey>;
  /** What opens this browser's store; credentials: ids of the passkeys that do. */
  unlock(credentials: string[]): Promise<Uint8Array>;
  isThere: boolean;
}

export interface Tools {
  client: Client;
  passkeys: Passkeys;
}

export const ToolsContext = createContext<Tools | null>(null);

export function useTools(): Tools {
  const tools = useContext(ToolsContext);
  if (!tools) throw new Error("no client");
  return tools;
}

interface Here {
  me: Me;
  people: readonly Person[];
  /** undefined: nobody known by that id. */
  person: (id: Hex | null) => Person | undefined;
  /** Without what is not seen; where the name itself is shown, <Name> marks that instead. */
  nameOf: (id: Hex | null) => string;
}

const HereContext = createContext<Here | null>(null);
const NOBODY: readonly Person[] = [];

export function HereProvider({ me, children }: { me: Me; children: ReactNode }) {
  const { client } = useTools();
  const words = useWords();
  const people = useAsked(client, "people").value ?? NOBODY;
  const here = useMemo<Here>(() => {
    const byId = new Map(people.map((person) => [person.id, person]));
    return {
      me,
      people,
      person: (id) => (id ? byId.get(id) : undefined),
      nameOf: (id) =>
        plainName((id && (byId.get(id)?.name || byId.get(id)?.account)) || "") || words.somebody,
    };
  }, [me, people, words]);
  return <HereContext value={here}>{children}</HereContext>;
}

export function useHere(): Here {
  const here = useContext(HereContext);
  if (!here) throw new Error("not signed in");
  return here;
}

/** Something a person sets going: whether it runs, and why it was refused. */
export function useDoing() {
  const [isBusy, setBusy] = useState(false);
  const [refusal, setRefusal] = useState<RefusalData | null>(null);
  const run = useCallback(async <Value,>(work: () => Promise<Value>): Promise<Value | undefined> => {
    setBusy(true);
    setRefusal(null);
    try {
      return await work();
    } catch (error) {
      setRefusal(refusalOf(error));
      return undefined;
    } finally {
      setBusy(false);
    }
  }, []);
  return { isBusy, refusal, run, setRefusal };
}
