/** The invitation in the address, which is a secret: taken out of the address bar at once. */

/** The whole link of `<origin>/join#...`; null: the page was opened otherwise. */
export function takeInvitation(): string | null {
  if (!/\/join\/?$/.test(location.pathname)) return null;
  const link = location.hash.length > 1 ? location.href : null;
  history.replaceState(null, "", "/");
  return link;
}
