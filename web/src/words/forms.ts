/** Forms of a word by number, as each language has them. */

export type Forms = Partial<Record<Intl.LDMLPluralRule, string>> & { other: string };

/** plural("en")(2, {one: "# day", other: "# days"}) → "2 days" */
export function plural(language: string): (n: number, forms: Forms) => string {
  const rules = new Intl.PluralRules(language);
  const figures = new Intl.NumberFormat(language);
  return (n, forms) => (forms[rules.select(n)] ?? forms.other).replace("#", figures.format(n));
}
