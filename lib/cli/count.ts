/** `1 callback`, `2 callbacks`, and `no callbacks` for none. */
export function count(number: number, noun: string): string {
  return `${number === 0 ? "no" : number} ${noun}${number === 1 ? "" : "s"}`;
}
