/** Several views of one thing, one at a time. */
import type { ReactNode } from "react";
import { Tabs as AriaTabs, Tab, TabList, TabPanel } from "react-aria-components";
import { classes } from "./classes";
import styles from "./tabs.module.css";

export function Tabs(props: {
  label: string;
  tabs: { id: string; label: string; content: ReactNode }[];
  selected?: string;
  onSelect?: (id: string) => void;
}) {
  return (
    <AriaTabs
      className={classes(styles.tabs)}
      {...(props.selected ? { selectedKey: props.selected } : {})}
      {...(props.onSelect ? { onSelectionChange: (key) => props.onSelect?.(String(key)) } : {})}
    >
      <TabList aria-label={props.label} className={classes(styles.list)}>
        {props.tabs.map((tab) => (
          <Tab key={tab.id} id={tab.id} className={classes(styles.tab)}>
            {tab.label}
          </Tab>
        ))}
      </TabList>
      {props.tabs.map((tab) => (
        <TabPanel key={tab.id} id={tab.id} className={classes(styles.panel)}>
          {tab.content}
        </TabPanel>
      ))}
    </AriaTabs>
  );
}
