/** The frame of a page that is no conversation: a head with its name, and a column to read. */
import { ArrowLeft } from "lucide-react";
import type { ReactNode } from "react";
import { IconButton } from "../ui/button";
import { useWords } from "../words/words";
import styles from "./page.module.css";
import { useRouter } from "./router";

export function Page(props: {
  title: ReactNode;
  intro?: ReactNode;
  actions?: ReactNode;
  children: ReactNode;
}) {
  const words = useWords();
  const router = useRouter();
  return (
    <div className={styles.page}>
      <header className={styles.head}>
        <span className={styles.back}>
          <IconButton label={words.back} onPress={() => router.back()}>
            <ArrowLeft size={20} />
          </IconButton>
        </span>
        <h1 className={styles.title}>{props.title}</h1>
        {props.actions}
      </header>
      {/* biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys */}
      <div className={styles.scroll} tabIndex={0}>
        <div className={styles.column}>
          {props.intro && <p className={styles.intro}>{props.intro}</p>}
          {props.children}
        </div>
      </div>
    </div>
  );
}

export function Section(props: {
  title?: ReactNode;
  more?: ReactNode;
  children: ReactNode;
  actions?: ReactNode;
}) {
  return (
    <section className={styles.section}>
      {(props.title || props.actions) && (
        <div className={styles.sectionHead}>
          {props.title && <h2 className={styles.heading}>{props.title}</h2>}
          {props.actions}
        </div>
      )}
      {props.more && <p className={styles.more}>{props.more}</p>}
      {props.children}
    </section>
  );
}

/** Things below each other, a line between them. */
export function Rows({ children, label }: { children: ReactNode; label?: string }) {
  return (
    <ul className={styles.rows} {...(label ? { "aria-label": label } : {})}>
      {children}
    </ul>
  );
}

export function Row(props: {
  icon?: ReactNode;
  title: ReactNode;
  more?: ReactNode;
  end?: ReactNode;
  onOpen?: () => void;
}) {
  const words = (
    <>
      {props.icon}
      <span className={styles.words}>
        <span className={styles.name}>{props.title}</span>
        {props.more && <span className={styles.under}>{props.more}</span>}
      </span>
    </>
  );
  return (
    <li className={styles.row}>
      {props.onOpen ? (
        <button type="button" className={styles.open} onClick={props.onOpen}>
          {words}
        </button>
      ) : (
        <div className={styles.plain}>{words}</div>
      )}
      {props.end && <span className={styles.end}>{props.end}</span>}
    </li>
  );
}
