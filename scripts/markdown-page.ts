import MarkdownIt, { type Token } from "markdown-it";
import type { Edition } from "./command-page.js";
import { argument, bold, entry, escaped, heading, section, verbatim } from "./roff.js";

/** The part of a document below one of its headings of the second level, without that heading. */
export function sectionOf(document: string, title: string): string {
  const start = document.indexOf(`\n## ${title}\n`);
  if (start < 0) throw new Error(`there is no section "${title}"`);
  const begin = start + `\n## ${title}\n`.length;
  const end = document.indexOf("\n## ", begin);
  return document.slice(begin, end < 0 ? undefined : end);
}

/** The manual page of a file format, made of parts of a document. */
export function formatPage(
  { name, about }: { name: string; about: string },
  parts: Readonly<Record<string, string>>,
  edition: Edition,
): string {
  return [
    heading(name, 5, edition),
    section("Name", `${escaped(name)} \\- ${escaped(about)}\n`),
    ...Object.entries(parts).map(([title, text]) => section(title, roffOf(text))),
    section("See also", `${bold("ucb(1)")},\n${bold("ucb-check(1)")}\n`),
  ].join("");
}

const markdown = new MarkdownIt();

/** Markdown as roff: paragraphs, lists, tables, code and subheadings. */
export function roffOf(text: string): string {
  const tokens = markdown.parse(text, {});
  const output: string[] = [];
  let cells: string[] = [];
  let head: string[] = [];
  let isHead = false;
  /** Whether the next paragraph stands behind a bullet. */
  let inItem = false;
  for (const [index, token] of tokens.entries()) {
    const before = tokens[index - 1]?.type;
    switch (token.type) {
      case "list_item_open":
        output.push(".IP \\(bu 2\n");
        inItem = true;
        break;
      case "paragraph_open":
        if (!inItem) output.push(".PP\n");
        inItem = false;
        break;
      case "fence":
        output.push(verbatim(token.content));
        break;
      case "thead_open":
      case "thead_close":
        isHead = token.type === "thead_open";
        break;
      case "tr_open":
        cells = [];
        break;
      case "tr_close":
        if (isHead) head = cells;
        else output.push(rowOf(cells, head));
        break;
      case "inline":
        if (before === "heading_open") output.push(`.SS ${argument(token.content)}\n`);
        else if (before === "td_open" || before === "th_open") cells.push(inlineOf(token));
        else output.push(`${inlineOf(token)}\n`);
        break;
    }
  }
  return output.join("");
}

/** The first cell as a term; of columns behind the second it is said what they are. */
function rowOf([term = "", ...cells]: readonly string[], head: readonly string[]): string {
  const texts = cells.map((cell, index) => (index === 0 || cell === "" ? cell : `${head[index + 1]}: ${cell}`));
  return entry(term, texts.filter((text) => text !== "").join("; "));
}

function inlineOf({ children }: Token): string {
  return (children ?? [])
    .map((token) => {
      if (token.type === "code_inline") return bold(token.content);
      if (token.type === "text") return escaped(token.content);
      if (token.type === "softbreak") return "\n";
      if (token.type === "strong_open") return "\\fB";
      if (token.type === "em_open") return "\\fI";
      return token.type === "strong_close" || token.type === "em_close" ? "\\fR" : "";
    })
    .join("");
}
