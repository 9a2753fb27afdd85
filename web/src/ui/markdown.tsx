/** A message's Markdown as React elements. Nothing in it becomes HTML, a picture, or an address of another kind than http, https and mailto. */
import type { Nodes, Parents, Root } from "mdast";
import { fromMarkdown } from "mdast-util-from-markdown";
import { gfmFromMarkdown } from "mdast-util-gfm";
import { gfm } from "micromark-extension-gfm";
import { Fragment, memo, type ReactNode } from "react";
import { addressOf } from "./links";
import styles from "./markdown.module.css";
import { plain } from "./plain";

export interface MarkdownWords {
  /** Said of a link whose host mixes scripts. */
  mixed: string;
  /** Said of a link whose host is not in Latin letters. */
  foreign: string;
  picture: string;
}

export interface MarkdownProps {
  text: string;
  words: MarkdownWords;
  /** Names that are mentioned, to mark "@Name" in the text. */
  mentions?: { name: string; isMe: boolean }[];
}

/** Deeper than this a text is shown as it was written: nesting costs time, and nobody reads it. */
const DEEPEST = 24;

export const Markdown = memo(function Markdown(props: MarkdownProps) {
  const root = parsed(props.text);
  if (!root || depthOf(root) > DEEPEST) return <p className={styles.plain}>{plain(props.text)}</p>;
  return (
    <div className={styles.markdown} dir="auto">
      {children(root, props, root)}
    </div>
  );
});

function parsed(text: string): Root | null {
  // A long row of opening marks makes any parser slow. What a person writes has none.
  if (/([>*_[(~`])\1{200,}|(?:> ?){60,}|(?:\[[^\]]{0,2}){200,}/.test(text)) return null;
  try {
    return fromMarkdown(text, { extensions: [gfm()], mdastExtensions: [gfmFromMarkdown()] });
  } catch {
    return null;
  }
}

function depthOf(node: Nodes, depth = 0): number {
  if (depth > DEEPEST || !("children" in node)) return depth;
  return node.children.reduce((most, child) => Math.max(most, depthOf(child as Nodes, depth + 1)), depth);
}

function children(node: Parents, props: MarkdownProps, root: Root): ReactNode[] {
  return node.children.map((child, at) => (
    // biome-ignore lint/suspicious/noArrayIndexKey: a text is parsed as a whole each time
    <Fragment key={at}>{element(child as Nodes, props, root)}</Fragment>
  ));
}

function element(node: Nodes, props: MarkdownProps, root: Root): ReactNode {
  switch (node.type) {
    case "text":
      return said(node.value, props);
    case "html":
      return plain(node.value);
    case "paragraph":
      return <p>{children(node, props, root)}</p>;
    case "heading":
      return <p className={styles.heading}>{children(node, props, root)}</p>;
    case "emphasis":
      return <em>{children(node, props, root)}</em>;
    case "strong":
      return <strong>{children(node, props, root)}</strong>;
    case "delete":
      return <del>{children(node, props, root)}</del>;
    case "break":
      return <br />;
    case "thematicBreak":
      return <hr className={styles.rule} />;
    case "inlineCode":
      return <code className={styles.code}>{plain(node.value)}</code>;
    case "code":
      return (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
        <pre className={styles.block} tabIndex={0} dir="ltr">
          <code>{plain(node.value)}</code>
        </pre>
      );
    case "blockquote":
      return <blockquote className={styles.quote}>{children(node, props, root)}</blockquote>;
    case "list":
      return node.ordered ? (
        <ol className={styles.ordered} start={node.start ?? 1}>
          {children(node, props, root)}
        </ol>
      ) : (
        <ul className={styles.list}>{children(node, props, root)}</ul>
      );
    case "listItem":
      return (
        <li>
          {node.checked != null && <span aria-hidden>{node.checked ? "☑ " : "☐ "}</span>}
          {children(node, props, root)}
        </li>
      );
    case "link":
      return link(node.url, children(node, props, root), textOf(node), props);
    case "image":
      return link(node.url, `${props.words.picture} ${node.alt ?? ""}`, "", props);
    case "linkReference":
    case "imageReference": {
      const found = definition(root, node.identifier);
      const words = "children" in node ? children(node, props, root) : (node.alt ?? "");
      return found ? link(found, words, "", props) : words;
    }
    case "table":
      return table(node, props, root);
    case "footnoteReference":
      return `[^${node.identifier}]`;
    case "footnoteDefinition":
      return (
        <div>
          [^{node.identifier}] {children(node, props, root)}
        </div>
      );
    case "definition":
      return null;
    default:
      return "children" in node ? children(node, props, root) : null;
  }
}

function table(node: Extract<Nodes, { type: "table" }>, props: MarkdownProps, root: Root): ReactNode {
  const [head, ...rows] = node.children;
  return (
    // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls must be reachable by keys
    <div className={styles.scroll} tabIndex={0}>
      <table className={styles.table}>
        <thead>
          <tr>
            {head?.children.map((cell, at) => (
              // biome-ignore lint/suspicious/noArrayIndexKey: a text is parsed as a whole each time
              <th key={at}>{children(cell, props, root)}</th>
            ))}
          </tr>
        </thead>
        <tbody>
          {rows.map((row, y) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: a text is parsed as a whole each time
            <tr key={y}>
              {row.children.map((cell, x) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a text is parsed as a whole each time
                <td key={x}>{children(cell, props, root)}</td>
              ))}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  );
}

function definition(root: Root, identifier: string): string | null {
  for (const node of root.children)
    if (node.type === "definition" && node.identifier === identifier) return node.url;
  return null;
}

function textOf(node: Nodes): string {
  if ("value" in node) return node.value;
  return "children" in node ? node.children.map((child) => textOf(child as Nodes)).join("") : "";
}

/** The words of a link with the host it leads to beside them, unless they say it already. */
function link(url: string, words: ReactNode, text: string, props: MarkdownProps): ReactNode {
  const address = addressOf(url);
  if (!address) return words;
  const says = text.toLowerCase().replace(/\/$/, "");
  const isItself =
    says === address.url.toLowerCase().replace(/\/$/, "") ||
    says === address.host ||
    `mailto:${says}` === address.url;
  return (
    <a href={address.url} target="_blank" rel="noreferrer noopener" className={styles.link}>
      {words}
      {(!isItself || address.oddity) && (
        <span className={address.oddity ? styles.odd : styles.host} dir="ltr">
          {" "}
          ({address.host}
          {address.oddity && `: ${props.words[address.oddity]}`})
        </span>
      )}
    </a>
  );
}

/** Text with the people it mentions marked. */
function said(text: string, props: MarkdownProps): ReactNode {
  const mentions = props.mentions?.filter((each) => text.includes(`@${each.name}`)) ?? [];
  if (mentions.length === 0) return plain(text);
  const names = mentions
    .map((each) => each.name.replace(/[.*+?^${}()|[\]\\]/g, "\\$&"))
    .sort((a, b) => b.length - a.length);
  return text.split(new RegExp(`(@(?:${names.join("|")}))`, "u")).map((part, at) => {
    const who = mentions.find((each) => `@${each.name}` === part);
    return who ? (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text
      <bdi key={at} className={who.isMe ? styles.me : styles.mention}>
        {part}
      </bdi>
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: pieces of one text
      <Fragment key={at}>{plain(part)}</Fragment>
    );
  });
}
