/** A window over everything: one question, its answers, and a way out. */
import { X } from "lucide-react";
import type { ReactNode } from "react";
import { Dialog as AriaDialog, Heading, Modal, ModalOverlay } from "react-aria-components";
import { IconButton } from "./button";
import { classes } from "./classes";
import styles from "./dialog.module.css";

export function Dialog(props: {
  title: string;
  close: string;
  isOpen: boolean;
  onClose: () => void;
  children: ReactNode;
  /** The answers, the one to take last. */
  actions?: ReactNode;
  /** It must be answered: pressing beside it does not close it. */
  isFirm?: boolean;
  isAlert?: boolean;
  size?: "small" | "large";
  /** No heading is shown: the content has its own. */
  isBare?: boolean;
}) {
  return (
    <ModalOverlay
      isOpen={props.isOpen}
      onOpenChange={(isOpen) => isOpen || props.onClose()}
      isDismissable={!props.isFirm}
      className={classes(styles.veil)}
    >
      <Modal className={classes(styles.modal, props.size === "large" && styles.large)}>
        <AriaDialog
          role={props.isAlert ? "alertdialog" : "dialog"}
          className={classes(styles.dialog)}
          {...(props.isBare ? { "aria-label": props.title } : {})}
        >
          {!props.isBare && (
            <header className={styles.head}>
              <Heading slot="title" className={classes(styles.title)}>
                {props.title}
              </Heading>
              <IconButton label={props.close} onPress={props.onClose} isSmall>
                <X size={18} />
              </IconButton>
            </header>
          )}
          <div className={props.isBare ? styles.bare : styles.body}>{props.children}</div>
          {props.actions && <footer className={styles.actions}>{props.actions}</footer>}
        </AriaDialog>
      </Modal>
    </ModalOverlay>
  );
}
