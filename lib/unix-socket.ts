import { connect } from "node:net";

/** Longest path of a unix socket, in bytes: `sun_path` of Linux less its final NUL. */
export const longestSocketPath = 107;

/** The error code of a connection that is closed at once; null if it was taken. */
export function knock(path: string): Promise<string | null> {
  return new Promise((resolve) => {
    const socket = connect(path, () => {
      socket.destroy();
      resolve(null);
    });
    socket.on("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? "unknown"));
  });
}
