/** The page's first code: connects to the engine's host and shows the app. */
import "./look/look.css";
import { StrictMode } from "react";
import { createRoot } from "react-dom/client";
import { App } from "./app/app";
import { newBuildCame } from "./app/build";
import { takeInvitation } from "./app/invitation";
import { show } from "./app/preferences";
import { AddressRouter } from "./app/router";
import { connect } from "./client/client";
import { makePasskey, passkeysWork, unlockWithPasskey, usePasskey } from "./client/passkey";
import { keepOffline } from "./service/registration";

show();
keepOffline(newBuildCame).catch(() => {});
const invitation = takeInvitation();
const tools = {
  client: connect(),
  passkeys: { make: makePasskey, use: usePasskey, unlock: unlockWithPasskey, isThere: passkeysWork() },
};

const place = document.getElementById("app");
if (place) {
  createRoot(place).render(
    <StrictMode>
      <AddressRouter>
        <App tools={tools} invitation={invitation} />
      </AddressRouter>
    </StrictMode>,
  );
}
