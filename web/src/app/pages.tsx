/** Which page a route that is no conversation leads to. */
import type { ReactNode } from "react";
import type { Conversation } from "../client/api";
import { AlarmsPage } from "../features/alarms/alarms";
import { ChannelsPage } from "../features/conversations/channels";
import { CreatePage } from "../features/conversations/create";
import { DevicesPage } from "../features/devices/devices";
import { SearchPage } from "../features/messages/search";
import { PeoplePage } from "../features/people/people";
import { PersonPage } from "../features/people/person";
import { VerifyPage } from "../features/people/verify";
import { ServerPage } from "../features/server/server";
import { SettingsPage } from "../features/settings/settings";
import type { Route } from "./routes";

export function Pages(props: { route: Route; conversations: readonly Conversation[] }): ReactNode {
  const { route, conversations } = props;
  switch (route.name) {
    case "create":
      return <CreatePage />;
    case "channels":
      return <ChannelsPage />;
    case "search":
      return <SearchPage conversations={conversations} />;
    case "people":
      return <PeoplePage />;
    case "person":
      return <PersonPage key={route.id} id={route.id} conversations={conversations} />;
    case "verify":
      return <VerifyPage key={route.id} id={route.id} />;
    case "devices":
      return <DevicesPage />;
    case "alarms":
      return <AlarmsPage conversations={conversations} />;
    case "server":
      return <ServerPage />;
    case "settings":
      return <SettingsPage />;
    default:
      return null;
  }
}
