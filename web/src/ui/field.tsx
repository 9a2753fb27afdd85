/** Fields to write in: one line, several, a password, a search, and a code in large figures. */
import { Eye, EyeOff, Search, X } from "lucide-react";
import { type ReactNode, useState } from "react";
import {
  Button as AriaButton,
  SearchField as AriaSearchField,
  TextArea as AriaTextArea,
  TextField as AriaTextField,
  FieldError,
  Input,
  Label,
  Text,
} from "react-aria-components";
import { classes } from "./classes";
import styles from "./field.module.css";

interface Common {
  label: string;
  value: string;
  onChange: (value: string) => void;
  /** What is wrong with it; "" when nothing is. */
  wrong?: string;
  help?: ReactNode;
  autoFocus?: boolean;
  isDisabled?: boolean;
  isRequired?: boolean;
  maxLength?: number;
  placeholder?: string;
  name?: string;
}

export interface TextFieldProps extends Common {
  type?: "text" | "email" | "url" | "date";
  autoComplete?: string;
  /** Figures and letters that must not be mistaken for each other. */
  isMono?: boolean;
}

function frame(given: Common) {
  const { label: _label, help: _help, wrong, placeholder: _placeholder, ...rest } = given;
  return {
    ...rest,
    isInvalid: Boolean(wrong),
    validationBehavior: "aria" as const,
    className: classes(styles.field),
  };
}

function Below({ help, wrong }: { help?: ReactNode; wrong?: string | undefined }) {
  return (
    <>
      {help && !wrong && (
        <Text slot="description" className={classes(styles.help)}>
          {help}
        </Text>
      )}
      <FieldError className={classes(styles.wrong)}>{wrong}</FieldError>
    </>
  );
}

export function TextField({ isMono, type = "text", autoComplete = "off", ...given }: TextFieldProps) {
  return (
    <AriaTextField {...frame(given)} type={type} autoComplete={autoComplete}>
      <Label className={classes(styles.label)}>{given.label}</Label>
      <Input
        className={classes(styles.input, isMono && styles.mono)}
        placeholder={given.placeholder ?? ""}
        spellCheck={!isMono}
      />
      <Below help={given.help} wrong={given.wrong} />
    </AriaTextField>
  );
}

export function TextArea({ rows = 3, ...given }: Common & { rows?: number }) {
  return (
    <AriaTextField {...frame(given)}>
      <Label className={classes(styles.label)}>{given.label}</Label>
      <AriaTextArea
        className={classes(styles.input, styles.area)}
        rows={rows}
        placeholder={given.placeholder ?? ""}
      />
      <Below help={given.help} wrong={given.wrong} />
    </AriaTextField>
  );
}

export function PasswordField({
  show,
  hide,
  autoComplete,
  ...given
}: Common & { show: string; hide: string; autoComplete: "new-password" | "current-password" | "off" }) {
  const [isShown, setShown] = useState(false);
  return (
    <AriaTextField {...frame(given)} type={isShown ? "text" : "password"} autoComplete={autoComplete}>
      <Label className={classes(styles.label)}>{given.label}</Label>
      <div className={styles.with}>
        <Input className={classes(styles.input, styles.ending)} spellCheck={false} />
        <AriaButton
          className={classes(styles.inside)}
          aria-label={isShown ? hide : show}
          onPress={() => setShown(!isShown)}
        >
          {isShown ? <EyeOff size={18} /> : <Eye size={18} />}
        </AriaButton>
      </div>
      <Below help={given.help} wrong={given.wrong} />
    </AriaTextField>
  );
}

/** Six figures of an authenticator, or a few characters typed back. */
export function CodeField({ length, letters, ...given }: Common & { length: number; letters?: boolean }) {
  const clean = (typed: string) =>
    (letters ? typed.toUpperCase().replace(/[^0-9A-Z]/g, "") : typed.replace(/\D/g, "")).slice(0, length);
  return (
    <AriaTextField
      {...frame({ ...given, onChange: (typed) => given.onChange(clean(typed)) })}
      inputMode={letters ? "text" : "numeric"}
      autoComplete={letters ? "off" : "one-time-code"}
    >
      <Label className={classes(styles.label)}>{given.label}</Label>
      <Input
        className={classes(styles.input, styles.code)}
        placeholder={given.placeholder ?? ""}
        spellCheck={false}
        autoCapitalize="characters"
      />
      <Below help={given.help} wrong={given.wrong} />
    </AriaTextField>
  );
}

export function SearchField(props: {
  label: string;
  value: string;
  onChange: (value: string) => void;
  clear: string;
  placeholder?: string;
  autoFocus?: boolean;
  onSubmit?: (value: string) => void;
}) {
  return (
    <AriaSearchField
      aria-label={props.label}
      value={props.value}
      onChange={props.onChange}
      {...(props.onSubmit ? { onSubmit: props.onSubmit } : {})}
      autoFocus={props.autoFocus ?? false}
      className={classes(styles.search)}
    >
      <Search size={16} aria-hidden className={styles.lens} />
      <Input
        className={classes(styles.input, styles.searched)}
        placeholder={props.placeholder ?? props.label}
      />
      <AriaButton className={classes(styles.inside, styles.clear)} aria-label={props.clear}>
        <X size={16} />
      </AriaButton>
    </AriaSearchField>
  );
}
