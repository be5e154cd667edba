import pc from "picocolors";

export type Colors = ReturnType<typeof pc.createColors>;

/** What may be written to a stream so that whoever reads it can make sense of it. */
export interface Terminal {
  color: boolean;
  colors: Colors;
  /** Whether characters beyond ASCII are shown. */
  unicode: boolean;
  /** Columns of the terminal; null where there is none and lines may have any length. */
  width: number | null;
}

type Stream = { isTTY?: boolean; columns?: number };

/** `color` is what `--color` or `--no-color` said; without it, colors are for terminals whose user has not declined them. */
export function terminalOf(stream: Stream, color?: boolean): Terminal {
  const { env } = process;
  const isTerminal = stream.isTTY === true;
  const wanted = color ?? (isTerminal && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb");
  const locale = env.LC_ALL || env.LC_CTYPE || env.LANG || "";
  return {
    color: wanted,
    colors: pc.createColors(wanted),
    unicode: /utf-?8/i.test(locale),
    width: isTerminal && stream.columns !== undefined && stream.columns > 0 ? stream.columns : null,
  };
}

/** Text from outside with its control characters made visible, so that it cannot steer a terminal; tabs and line ends stay. */
export function harmless(text: string): string {
  return text.replace(/\r\n/g, "\n").replace(/(?![\t\n])[\p{Cc}\u2028\u2029\u202a-\u202e\u2066-\u2069]/gu, (c) => {
    const code = c.charCodeAt(0);
    return code < 0x100 ? `\\x${code.toString(16).padStart(2, "0")}` : `\\u${code.toString(16).padStart(4, "0")}`;
  });
}
