/** A hint that says what a picture means, after a moment of rest. */
import type { ReactNode } from "react";
import { Tooltip as AriaTooltip, TooltipTrigger } from "react-aria-components";
import { classes } from "./classes";
import { Kbd } from "./kbd";
import styles from "./tooltip.module.css";

export function Hint({ words, keys, children }: { words: string; keys?: string; children: ReactNode }) {
  return (
    <TooltipTrigger delay={500} closeDelay={80}>
      {children}
      <AriaTooltip offset={6} className={classes(styles.hint)}>
        {words}
        {keys && <Kbd keys={keys} />}
      </AriaTooltip>
    </TooltipTrigger>
  );
}
