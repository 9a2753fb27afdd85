/** The id of a passkey in what the browser gave. */
import type { MadePasskey } from "../../client/api";

export function credentialOf(made: MadePasskey): string {
  const response = made.response;
  return typeof response === "object" &&
    response !== null &&
    "id" in response &&
    typeof response.id === "string"
    ? response.id
    : "";
}
