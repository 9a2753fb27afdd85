/** Choosing people: a search, and a list in which each is on or off. */
import { useMemo, useState } from "react";
import { useHere } from "../../app/here";
import type { Hex } from "../../client/api";
import { Avatar } from "../../ui/avatar";
import { classes } from "../../ui/classes";
import { SearchField } from "../../ui/field";
import { Name } from "../../ui/name";
import { useWords } from "../../words/words";
import styles from "./picker.module.css";

export function PeoplePicker(props: {
  label: string;
  chosen: readonly Hex[];
  onChange: (chosen: Hex[]) => void;
  /** Who is not offered. */
  without: readonly Hex[];
  isSingle?: boolean;
  takesGuests?: boolean;
}) {
  const words = useWords();
  const { people, me } = useHere();
  const [query, setQuery] = useState("");
  const shown = useMemo(() => {
    const asked = query.trim().toLocaleLowerCase();
    return people
      .filter((each) => each.id !== me.user && !each.isSuspended && !props.without.includes(each.id))
      .filter((each) => props.takesGuests !== false || each.role !== "guest")
      .filter((each) => `${each.name} ${each.account}`.toLocaleLowerCase().includes(asked))
      .sort((one, other) => one.name.localeCompare(other.name));
  }, [people, me, query, props.without, props.takesGuests]);
  const toggle = (id: Hex) => {
    const isOn = props.chosen.includes(id);
    if (props.isSingle) return props.onChange(isOn ? [] : [id]);
    props.onChange(isOn ? props.chosen.filter((each) => each !== id) : [...props.chosen, id]);
  };
  return (
    <fieldset className={styles.picker}>
      <legend className={styles.label}>{props.label}</legend>
      <SearchField label={words.create.find} value={query} onChange={setQuery} clear={words.clear} />
      {shown.length === 0 && <p className={styles.none}>{words.create.noneFound}</p>}
      <ul className={styles.list}>
        {shown.map((person) => {
          const isOn = props.chosen.includes(person.id);
          return (
            <li key={person.id}>
              <button
                type="button"
                className={classes(styles.person, isOn && styles.on)}
                aria-pressed={isOn}
                onClick={() => toggle(person.id)}
              >
                <Avatar id={person.id} name={person.name || person.account} size={28} isBot={person.isBot} />
                <span className={styles.name}>
                  <Name name={person.name || person.account} warning={words.oddName} />
                </span>
                <span className={styles.box} aria-hidden>
                  {isOn ? "✓" : ""}
                </span>
              </button>
            </li>
          );
        })}
      </ul>
    </fieldset>
  );
}
