/** The documents of an NDJSON text, which must end with a line end unless it is empty. */
export function ndjson(text: string): Record<string, Record<string, unknown>>[] {
  if (text === "") return [];
  if (!text.endsWith("\n")) throw new Error(`the last line is not whole: ${text.slice(-200)}`);
  return text
    .slice(0, -1)
    .split("\n")
    .map((line) => JSON.parse(line));
}
