/** Text as roff shows it, character for character. */
export function escaped(text: string): string {
  const safe = text
    .replaceAll("\\", "\\(rs")
    .replaceAll("-", "\\-")
    .replaceAll("'", "\\(aq")
    .replaceAll("`", "\\(ga")
    .replaceAll("^", "\\(ha")
    .replaceAll("~", "\\(ti")
    .replaceAll('"', "\\(dq")
    .replace(/[^\x20-\x7e\n]/gu, (c) => `\\[u${(c.codePointAt(0) ?? 0).toString(16).toUpperCase().padStart(4, "0")}]`);
  // What begins a line with a dot would be a request.
  return safe.replace(/^\./gm, "\\&.");
}

/** An argument of a macro. */
export function argument(text: string): string {
  return `"${escaped(text)}"`;
}

export function bold(text: string): string {
  return `\\fB${escaped(text)}\\fR`;
}

/** A paragraph of a text in which what stands in backquotes is to be typed. */
export function prose(text: string): string {
  const parts = text.replace(/\s+/g, " ").trim().split("`");
  return parts.map((part, index) => (index % 2 === 1 ? bold(part) : escaped(part))).join("");
}

/** Lines that are shown as they are. */
export function verbatim(text: string): string {
  return `.RS 4\n.EX\n${escaped(text.replace(/\s+$/, ""))}\n.EE\n.RE\n`;
}

/** `term` is roff already. */
export function entry(term: string, description: string): string {
  return `.TP\n${term}\n${description === "" ? "\\&" : description}\n`;
}

export function section(title: string, body: string): string {
  return body === "" ? "" : `.SH ${argument(title.toUpperCase())}\n${body.replace(/^\.PP\n/, "")}`;
}

/** The first line of a page. `date` is as YYYY-MM-DD. */
export function heading(name: string, part: number, { version, date }: { version: string; date: string }): string {
  return `.TH ${argument(name.toUpperCase())} ${part} "${date}" ${argument(`universal-callbacks ${version}`)}\n`;
}
