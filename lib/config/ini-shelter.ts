/** Puts pieces of a text out of reach of a parser that would change them. */
export class Shelter {
  readonly #pieces: string[] = [];

  /** Replaces what the pattern finds. NULs are replaced too, so that in the result one always belongs to a replacement. */
  protect(text: string, pattern: RegExp): string {
    return text.replace(new RegExp(`${pattern.source}|\0`, "g"), (piece) => `\0${this.#pieces.push(piece) - 1}\0`);
  }

  restore(text: string): string {
    return text.replace(/\0([0-9]+)\0/g, (_, index: string) => this.#pieces[Number(index)] ?? "");
  }
}
