/** Programs on Windows put a byte order mark in front of what they write; JSON knows none. */
export function withoutByteOrderMark(text: string): string {
  return text.startsWith("\uFEFF") ? text.slice(1) : text;
}
