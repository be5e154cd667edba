import pc from "picocolors";

const { env } = process;

/** Whether a person reads the stream on a terminal that knows colors, and has not declined them. */
export function wantsColors(stream: { isTTY?: boolean }): boolean {
  return stream.isTTY === true && (env.NO_COLOR ?? "") === "" && env.TERM !== "dumb";
}

export const colors = pc.createColors(wantsColors(process.stdout));
