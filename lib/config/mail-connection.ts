/** How a mail server is talked to; `tls` and `starttls` mean the same: plain first, encrypted before anything is said. */
export const connectionTypes = ["plain", "ssl", "tls", "starttls"] as const;
export type ConnectionType = (typeof connectionTypes)[number];

/** Whether a text is one of them, in any case. */
export function isConnectionType(text: string): boolean {
  return connectionTypes.some((type) => type === text.toLowerCase());
}
