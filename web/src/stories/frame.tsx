/** What a page of joining needs around it in a story. */
import type { ReactNode } from "react";
import { Spoken } from "../app/app";
import { ToolsContext } from "../app/here";
import { StoryRouter } from "../app/router";
import { sampleClient } from "./sample";
import { NO_PASSKEYS } from "./stories";

export function StandingFrame({ children }: { children: ReactNode }) {
  return (
    <StoryRouter start="/">
      <ToolsContext value={{ client: sampleClient(), passkeys: NO_PASSKEYS }}>
        <Spoken>{children}</Spoken>
      </ToolsContext>
    </StoryRouter>
  );
}
