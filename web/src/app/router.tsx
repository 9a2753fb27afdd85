/** Where the person is: the address's fragment in the product, a variable in a story. */
import {
  createContext,
  type ReactNode,
  useCallback,
  useContext,
  useMemo,
  useState,
  useSyncExternalStore,
} from "react";
import { type Given, pathOf, type Route, type RouteName, routeOf } from "./routes";

export interface Router {
  route: Route;
  go<Name extends RouteName>(name: Name, given: Given<Name>): void;
  /** Without a step to come back to. */
  replace<Name extends RouteName>(name: Name, given: Given<Name>): void;
  back(): void;
  href<Name extends RouteName>(name: Name, given: Given<Name>): string;
}

const RouterContext = createContext<Router | null>(null);

export function useRouter(): Router {
  const router = useContext(RouterContext);
  if (!router) throw new Error("no router");
  return router;
}

function fragment(): string {
  return location.hash.slice(1) || "/";
}

function hear(listener: () => void): () => void {
  addEventListener("hashchange", listener);
  return () => removeEventListener("hashchange", listener);
}

export function AddressRouter({ children }: { children: ReactNode }) {
  const path = useSyncExternalStore(hear, fragment);
  const router = useMemo<Router>(
    () => ({
      route: routeOf(path),
      go: (name, given) => {
        location.hash = pathOf(name, given);
      },
      replace: (name, given) => {
        history.replaceState(history.state, "", `#${pathOf(name, given)}`);
        dispatchEvent(new HashChangeEvent("hashchange"));
      },
      back: () => history.back(),
      href: (name, given) => `#${pathOf(name, given)}`,
    }),
    [path],
  );
  return <RouterContext value={router}>{children}</RouterContext>;
}

export function StoryRouter({ start, children }: { start: string; children: ReactNode }) {
  const [paths, setPaths] = useState([start]);
  const go = useCallback((path: string) => setPaths((before) => [...before, path]), []);
  const path = paths.at(-1) ?? "/";
  const router = useMemo<Router>(
    () => ({
      route: routeOf(path),
      go: (name, given) => go(pathOf(name, given)),
      replace: (name, given) => setPaths((before) => [...before.slice(0, -1), pathOf(name, given)]),
      back: () => setPaths((before) => (before.length > 1 ? before.slice(0, -1) : ["/"])),
      href: () => location.hash || "#",
    }),
    [path, go],
  );
  return <RouterContext value={router}>{children}</RouterContext>;
}
