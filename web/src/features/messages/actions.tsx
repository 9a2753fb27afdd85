/** What can be done with a message: common reactions, answer, thread, and the rest in a menu. */
import {
  Copy,
  CornerUpLeft,
  Ellipsis,
  MessageSquareText,
  Pencil,
  Pin,
  PinOff,
  SmilePlus,
  Trash2,
} from "lucide-react";
import { lazy, Suspense, useState } from "react";
import { useHere } from "../../app/here";
import type { Conversation, Message } from "../../client/api";
import { IconButton } from "../../ui/button";
import { type Entry, Menu, Popover } from "../../ui/menu";
import { toast } from "../../ui/toast";
import { Skeleton } from "../../ui/waiting";
import { useWords } from "../../words/words";
import { type Doing, refOf } from "./doing";
import styles from "./message.module.css";

const EmojiPicker = lazy(() => import("./emoji").then((module) => ({ default: module.EmojiPicker })));
const QUICK = ["👍", "❤️", "✅"];

export function MessageActions(props: {
  message: Message;
  conversation: Conversation;
  doing: Doing;
  isInThread: boolean;
}) {
  const { message, conversation, doing } = props;
  const words = useWords();
  const { me } = useHere();
  const [isPicking, setPicking] = useState(false);
  const target = refOf(message);
  if (!target) return null;
  const isMine = message.user === me.user;
  const mayChange = conversation.role === "owner" || conversation.role === "moderator";
  const mayWrite = conversation.mayPost && conversation.state !== "removed";
  const react = (emoji: string) => {
    const isOn = message.reactions.some((each) => each.emoji === emoji && each.people.includes(me.user));
    void doing.send({ type: "react", target, emoji, on: !isOn });
  };
  const entries: (Entry | null)[] = [
    {
      id: "copy",
      label: words.actions.copy,
      icon: <Copy size={16} />,
      onAction: () => copy(message, words.copied),
    },
  ];
  if (mayWrite && (!conversation.isModerated || mayChange))
    entries.push({
      id: "pin",
      label: message.isPinned ? words.actions.unpin : words.actions.pin,
      icon: message.isPinned ? <PinOff size={16} /> : <Pin size={16} />,
      onAction: () => void doing.send({ type: "pin", target, on: !message.isPinned }),
    });
  if (mayWrite && isMine && message.type === "text")
    entries.push({
      id: "edit",
      label: words.actions.edit,
      icon: <Pencil size={16} />,
      onAction: () => doing.edit(message),
    });
  if (mayWrite && (isMine || mayChange))
    entries.push(null, {
      id: "delete",
      label: words.actions.remove,
      icon: <Trash2 size={16} />,
      isDanger: true,
      onAction: () => doing.askDelete(message),
    });
  return (
    <div className={styles.actions} role="toolbar" aria-label={words.actions.label}>
      {mayWrite &&
        QUICK.map((emoji) => (
          <button
            key={emoji}
            type="button"
            className={styles.quick}
            aria-label={words.actions.reactWith(emoji)}
            onClick={() => react(emoji)}
          >
            <span aria-hidden>{emoji}</span>
          </button>
        ))}
      {mayWrite && (
        <Popover
          label={words.actions.react}
          onOpenChange={setPicking}
          button={
            <IconButton label={words.actions.react} isSmall>
              <SmilePlus size={18} />
            </IconButton>
          }
        >
          {(close) =>
            isPicking && (
              <Suspense fallback={<Skeleton label={words.loading} rows={3} />}>
                <EmojiPicker
                  onPick={(emoji) => {
                    react(emoji);
                    close();
                  }}
                />
              </Suspense>
            )
          }
        </Popover>
      )}
      {mayWrite && (
        <IconButton label={words.actions.reply} isSmall onPress={() => doing.reply(message)}>
          <CornerUpLeft size={18} />
        </IconButton>
      )}
      {!props.isInThread && (
        <IconButton label={words.actions.thread} isSmall onPress={() => doing.openThread(message)}>
          <MessageSquareText size={18} />
        </IconButton>
      )}
      <Menu
        label={words.actions.label}
        button={
          <IconButton label={words.more} isSmall>
            <Ellipsis size={18} />
          </IconButton>
        }
        entries={entries}
      />
    </div>
  );
}

function copy(message: Message, said: string): void {
  navigator.clipboard.writeText(message.text ?? "").then(
    () => toast(said),
    () => {},
  );
}
