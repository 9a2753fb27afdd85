/** Every page there is, by its place in the address's fragment, which no server sees. The tests go through this list. */

export const ROUTES = {
  home: "/",
  conversation: "/c/:id",
  moment: "/c/:id/at/:n",
  thread: "/c/:id/thread/:device/:message",
  threads: "/c/:id/threads",
  pinned: "/c/:id/pinned",
  details: "/c/:id/details",
  create: "/new",
  channels: "/channels",
  search: "/search",
  people: "/people",
  person: "/people/:id",
  verify: "/people/:id/verify",
  devices: "/devices",
  alarms: "/warnings",
  server: "/server",
  settings: "/settings",
} as const;

export type RouteName = keyof typeof ROUTES;

type Parts<Path extends string> = Path extends `${infer Head}/${infer Tail}`
  ? Parts<Head> | Parts<Tail>
  : Path extends `:${infer Name}`
    ? Name
    : never;
export type Given<Name extends RouteName> = { [Part in Parts<(typeof ROUTES)[Name]>]: string };
export type Route = { [Name in RouteName]: { name: Name } & Given<Name> }[RouteName];

/** The path of a route: pathOf("moment", {id, n: "12"}). */
export function pathOf<Name extends RouteName>(name: Name, given: Given<Name>): string {
  return ROUTES[name].replace(/:(\w+)/g, (_, part: string) =>
    encodeURIComponent((given as Record<string, string>)[part] ?? ""),
  );
}

/** What a path leads to; an unknown one leads home. */
export function routeOf(path: string): Route {
  const parts = (path.split("?")[0] ?? "").split("/").filter(Boolean);
  for (const [name, pattern] of Object.entries(ROUTES)) {
    const given = matched(pattern.split("/").filter(Boolean), parts);
    if (given) return { name, ...given } as Route;
  }
  return { name: "home" };
}

function matched(pattern: string[], parts: string[]): Record<string, string> | null {
  if (pattern.length !== parts.length) return null;
  const given: Record<string, string> = {};
  for (const [at, piece] of pattern.entries()) {
    const part = parts[at] ?? "";
    if (piece.startsWith(":")) given[piece.slice(1)] = decoded(part);
    else if (piece !== part) return null;
  }
  return given;
}

function decoded(part: string): string {
  try {
    return decodeURIComponent(part);
  } catch {
    return "";
  }
}

/** The conversation a route is in, if it is in one. */
export function conversationOf(route: Route): string | null {
  switch (route.name) {
    case "conversation":
    case "moment":
    case "thread":
    case "threads":
    case "pinned":
    case "details":
      return route.id;
    default:
      return null;
  }
}
