/** All keys that do something. */
export function Keys(_: { onClose: () => void }) {
  return null;
}
