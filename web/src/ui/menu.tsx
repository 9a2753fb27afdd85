/** Menus on a button, and places that open beside what they belong to. */
import { Check } from "lucide-react";
import type { ReactNode } from "react";
import {
  Menu as AriaMenu,
  Popover as AriaPopover,
  Dialog,
  DialogTrigger,
  MenuItem,
  MenuTrigger,
  Separator,
} from "react-aria-components";
import { classes } from "./classes";
import styles from "./menu.module.css";

export interface Entry {
  id: string;
  label: string;
  icon?: ReactNode;
  /** What it leads to, as small words at the end. */
  more?: string;
  isOn?: boolean;
  isDanger?: boolean;
  isDisabled?: boolean;
  onAction: () => void;
}

/** entries: a null draws a line. The button is what opens it. */
export function Menu(props: {
  label: string;
  button: ReactNode;
  entries: (Entry | null)[];
  placement?: "bottom start" | "bottom end" | "top start" | "top end";
  isOpen?: boolean;
  onOpenChange?: (isOpen: boolean) => void;
}) {
  const opened =
    props.isOpen === undefined
      ? {}
      : { isOpen: props.isOpen, onOpenChange: props.onOpenChange ?? (() => {}) };
  return (
    <MenuTrigger {...opened} {...(props.onOpenChange ? { onOpenChange: props.onOpenChange } : {})}>
      {props.button}
      <AriaPopover placement={props.placement ?? "bottom end"} offset={4} className={classes(styles.popover)}>
        <AriaMenu aria-label={props.label} className={classes(styles.menu)}>
          {props.entries.map((entry, at) =>
            entry ? (
              <MenuItem
                key={entry.id}
                id={entry.id}
                textValue={entry.label}
                onAction={entry.onAction}
                isDisabled={entry.isDisabled ?? false}
                className={classes(styles.entry, entry.isDanger && styles.danger)}
              >
                <span className={styles.icon} aria-hidden>
                  {entry.icon}
                </span>
                <span className={styles.words}>{entry.label}</span>
                {entry.more && <span className={styles.more}>{entry.more}</span>}
                {entry.isOn && <Check size={16} />}
              </MenuItem>
            ) : (
              // biome-ignore lint/suspicious/noArrayIndexKey: a line has no name of its own
              <Separator key={`line ${at}`} className={classes(styles.line)} />
            ),
          )}
        </AriaMenu>
      </AriaPopover>
    </MenuTrigger>
  );
}

export function Popover(props: {
  label: string;
  button: ReactNode;
  children: (close: () => void) => ReactNode;
  placement?: "bottom start" | "bottom end" | "top start" | "top end";
  onOpenChange?: (isOpen: boolean) => void;
}) {
  return (
    <DialogTrigger {...(props.onOpenChange ? { onOpenChange: props.onOpenChange } : {})}>
      {props.button}
      <AriaPopover placement={props.placement ?? "bottom end"} offset={4} className={classes(styles.popover)}>
        <Dialog aria-label={props.label} className={classes(styles.dialog)}>
          {({ close }) => props.children(close)}
        </Dialog>
      </AriaPopover>
    </DialogTrigger>
  );
}
