/** The first words of a message without its marks, for a list or a quotation. */
export function firstWords(text: string, most = 160): string {
  return text
    .replace(/\[([^\]]*)\]\([^)]*\)/g, "$1")
    .replace(/[*_~`>#]+/g, "")
    .replace(/\s+/g, " ")
    .trim()
    .slice(0, most);
}
