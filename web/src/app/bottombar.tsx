/** On a phone: where one can go, under the thumb. */
import { MessagesSquare, Search, User, Users } from "lucide-react";
import type { ReactNode } from "react";
import type { Conversation } from "../client/api";
import { Badge } from "../ui/badge";
import { classes } from "../ui/classes";
import { useForms, useWords } from "../words/words";
import styles from "./bottombar.module.css";
import { useRouter } from "./router";
import { conversationOf } from "./routes";

type Place = "home" | "search" | "people" | "settings";

export function BottomBar({ conversations }: { conversations: readonly Conversation[] }) {
  const words = useWords();
  const forms = useForms();
  const router = useRouter();
  const unread = conversations.filter((each) => each.unread > 0 && !each.isMuted).length;
  if (conversationOf(router.route)) return null;
  const places: { name: Place; label: string; icon: ReactNode }[] = [
    { name: "home", label: words.shell.chats, icon: <MessagesSquare size={22} aria-hidden /> },
    { name: "search", label: words.shell.search, icon: <Search size={22} aria-hidden /> },
    { name: "people", label: words.shell.people, icon: <Users size={22} aria-hidden /> },
    { name: "settings", label: words.shell.you, icon: <User size={22} aria-hidden /> },
  ];
  return (
    <nav className={styles.bar} aria-label={words.shell.bottomBar}>
      {places.map((place) => (
        <a
          key={place.name}
          href={router.href(place.name, {})}
          className={classes(styles.place, router.route.name === place.name && styles.here)}
          aria-current={router.route.name === place.name ? "page" : undefined}
          onClick={(event) => {
            event.preventDefault();
            router.go(place.name, {});
          }}
        >
          <span className={styles.icon}>
            {place.icon}
            {place.name === "home" && unread > 0 && (
              <span className={styles.badge}>
                <Badge tone="accent" label={words.shell.unread(unread, false)}>
                  {forms.number(unread)}
                </Badge>
              </span>
            )}
          </span>
          {place.label}
        </a>
      ))}
    </nav>
  );
}
