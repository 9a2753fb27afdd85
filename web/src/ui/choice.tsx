/** Choosing: switch, checkbox, one of several in the open, one of several in a list. */
import { Check, ChevronDown, Minus } from "lucide-react";
import type { ReactNode } from "react";
import {
  Checkbox as AriaCheckbox,
  RadioGroup as AriaRadioGroup,
  Select as AriaSelect,
  Switch as AriaSwitch,
  Button,
  Label,
  ListBox,
  ListBoxItem,
  Popover,
  Radio,
  SelectValue,
} from "react-aria-components";
import styles from "./choice.module.css";
import { classes } from "./classes";

export interface Option<Value extends string> {
  value: Value;
  label: string;
  /** A second line: what it means. */
  more?: string;
  isDisabled?: boolean;
}

export function Switch(props: {
  label: string;
  more?: string;
  isOn: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
}) {
  return (
    <AriaSwitch
      isSelected={props.isOn}
      onChange={props.onChange}
      isDisabled={props.isDisabled ?? false}
      className={classes(styles.switch)}
    >
      <span className={styles.said}>
        {props.label}
        {props.more && <span className={styles.more}>{props.more}</span>}
      </span>
      <span className={styles.track} aria-hidden>
        <span className={styles.thumb} />
      </span>
    </AriaSwitch>
  );
}

export function Checkbox(props: {
  children: ReactNode;
  isOn: boolean;
  isMixed?: boolean;
  onChange: (isOn: boolean) => void;
  isDisabled?: boolean;
}) {
  return (
    <AriaCheckbox
      isSelected={props.isOn}
      isIndeterminate={props.isMixed ?? false}
      onChange={props.onChange}
      isDisabled={props.isDisabled ?? false}
      className={classes(styles.check)}
    >
      <span className={styles.box} aria-hidden>
        {props.isMixed ? <Minus size={14} strokeWidth={3} /> : <Check size={14} strokeWidth={3} />}
      </span>
      <span>{props.children}</span>
    </AriaCheckbox>
  );
}

export function RadioGroup<Value extends string>(props: {
  label: string;
  isLabelHidden?: boolean;
  value: Value | null;
  options: Option<Value>[];
  onChange: (value: Value) => void;
  isRow?: boolean;
}) {
  return (
    <AriaRadioGroup
      value={props.value}
      onChange={(value) => props.onChange(value as Value)}
      className={classes(styles.group)}
      {...(props.isLabelHidden ? { "aria-label": props.label } : {})}
    >
      {!props.isLabelHidden && <Label className={classes(styles.label)}>{props.label}</Label>}
      <div className={classes(styles.radios, props.isRow && styles.row)}>
        {props.options.map((option) => (
          <Radio
            key={option.value}
            value={option.value}
            isDisabled={option.isDisabled ?? false}
            className={classes(styles.radio)}
          >
            <span className={styles.dot} aria-hidden />
            <span className={styles.said}>
              {option.label}
              {option.more && <span className={styles.more}>{option.more}</span>}
            </span>
          </Radio>
        ))}
      </div>
    </AriaRadioGroup>
  );
}

export function Select<Value extends string>(props: {
  label: string;
  isLabelHidden?: boolean;
  value: Value;
  options: Option<Value>[];
  onChange: (value: Value) => void;
  isDisabled?: boolean;
}) {
  return (
    <AriaSelect
      value={props.value}
      onChange={(value) => props.onChange(value as Value)}
      isDisabled={props.isDisabled ?? false}
      className={classes(styles.select)}
      {...(props.isLabelHidden ? { "aria-label": props.label } : {})}
    >
      {!props.isLabelHidden && <Label className={classes(styles.label)}>{props.label}</Label>}
      <Button className={classes(styles.chosen)}>
        <SelectValue className={classes(styles.value)} />
        <ChevronDown size={16} aria-hidden />
      </Button>
      <Popover className={classes(styles.popover)}>
        <ListBox className={classes(styles.options)}>
          {props.options.map((option) => (
            <ListBoxItem
              key={option.value}
              id={option.value}
              textValue={option.label}
              isDisabled={option.isDisabled ?? false}
              className={classes(styles.option)}
            >
              <span className={styles.said}>{option.label}</span>
              <Check size={16} aria-hidden className={styles.tick} />
            </ListBoxItem>
          ))}
        </ListBox>
      </Popover>
    </AriaSelect>
  );
}
