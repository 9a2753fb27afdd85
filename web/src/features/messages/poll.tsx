/** A poll in a timeline: the question, its options with who chose them, and one's own vote. */
import { Check } from "lucide-react";
import { useHere } from "../../app/here";
import type { Conversation, Message, Poll } from "../../client/api";
import { Button } from "../../ui/button";
import { classes } from "../../ui/classes";
import { useForms, useWords } from "../../words/words";
import { type Doing, refOf } from "./doing";
import styles from "./poll.module.css";

export function PollCard(props: { message: Message; poll: Poll; conversation: Conversation; doing: Doing }) {
  const { message, poll, doing } = props;
  const words = useWords();
  const forms = useForms();
  const { me, nameOf } = useHere();
  const target = refOf(message);
  const mine = poll.votes.find((vote) => vote.person === me.user)?.choices ?? [];
  const voters = poll.votes.filter((vote) => vote.choices.length > 0);
  const mayVote = props.conversation.mayPost && !poll.isClosed && target !== null && message.n !== null;
  const choose = (option: number) => {
    if (!target) return;
    const isOn = mine.includes(option);
    const others = poll.isMultiple ? mine.filter((each) => each !== option) : [];
    const choices = (isOn ? others : [...others, option]).sort((one, other) => one - other);
    void doing.send({ type: "vote", target, choices });
  };
  return (
    <section className={styles.poll} aria-label={words.poll.label}>
      <p className={styles.question} dir="auto">
        {poll.question}
      </p>
      <ul className={styles.options}>
        {poll.options.map((option, at) => {
          const people = voters.filter((vote) => vote.choices.includes(at)).map((vote) => vote.person);
          const share = voters.length === 0 ? 0 : people.length / voters.length;
          const isMine = mine.includes(at);
          const who = forms.list(people.map((id) => (id === me.user ? words.you : nameOf(id))));
          return (
            // biome-ignore lint/suspicious/noArrayIndexKey: options are named by their place
            <li key={at}>
              <button
                type="button"
                className={classes(styles.option, isMine && styles.mine)}
                disabled={!mayVote}
                aria-pressed={isMine}
                title={who}
                onClick={() => choose(at)}
              >
                <span className={styles.share} style={{ inlineSize: `${share * 100}%` }} aria-hidden />
                <span className={styles.words} dir="auto">
                  {option}
                </span>
                {isMine && <Check size={16} aria-hidden />}
                <span className={styles.count}>{words.poll.votes(people.length)}</span>
              </button>
            </li>
          );
        })}
      </ul>
      <p className={styles.foot}>
        <span>
          {poll.isClosed ? words.poll.closed : poll.isMultiple ? words.poll.several : words.poll.one}
        </span>
        {!poll.isClosed && message.user === me.user && target && (
          <Button weight="quiet" onPress={() => void doing.send({ type: "close", target })}>
            {words.poll.close}
          </Button>
        )}
      </p>
    </section>
  );
}
