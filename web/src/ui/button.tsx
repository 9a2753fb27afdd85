/** Buttons: with words, with a picture only, and links that look like them. */
import type { ReactNode } from "react";
import {
  Button as AriaButton,
  type ButtonProps as AriaButtonProps,
  ToggleButton,
} from "react-aria-components";
import styles from "./button.module.css";
import { classes } from "./classes";
import { Hint } from "./tooltip";

/** "primary": the one thing to do here. "danger": cannot be undone. */
export type Weight = "primary" | "plain" | "quiet" | "danger";

type Given = Omit<AriaButtonProps, "className" | "style" | "children">;

export interface ButtonProps extends Given {
  weight?: Weight;
  /** As wide as its place. */
  isWide?: boolean;
  isBusy?: boolean;
  icon?: ReactNode;
  children: ReactNode;
}

export function Button({ weight = "plain", isWide, isBusy, icon, children, ...given }: ButtonProps) {
  return (
    <AriaButton
      {...given}
      isPending={isBusy ?? false}
      className={classes(styles.button, styles[weight], isWide && styles.wide)}
    >
      {icon}
      <span className={styles.words}>{children}</span>
      {isBusy && <span className={styles.busy} aria-hidden />}
    </AriaButton>
  );
}

export interface IconButtonProps extends Given {
  /** What it does, said to everybody who cannot see the picture, and shown as a hint. */
  label: string;
  /** The keys that do the same. */
  keys?: string;
  isSmall?: boolean;
  children: ReactNode;
}

export function IconButton({ label, keys, isSmall, children, ...given }: IconButtonProps) {
  return (
    <Hint words={label} {...(keys ? { keys } : {})}>
      <AriaButton {...given} aria-label={label} className={classes(styles.icon, isSmall && styles.small)}>
        {children}
      </AriaButton>
    </Hint>
  );
}

/** A picture that is on or off. */
export function IconToggle(props: {
  label: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  children: ReactNode;
}) {
  return (
    <Hint words={props.label}>
      <ToggleButton
        aria-label={props.label}
        isSelected={props.isOn}
        onChange={props.onChange}
        className={classes(styles.icon)}
      >
        {props.children}
      </ToggleButton>
    </Hint>
  );
}
