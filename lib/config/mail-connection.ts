/**
 * How a mail server is talked to. `tls` and `starttls` mean the same: plain first, encrypted before anything is said; so do
 * `plain` and `none`.
 */
export const connectionTypes = ["plain", "none", "ssl", "tls", "starttls"] as const;
export type ConnectionType = (typeof connectionTypes)[number];

/** Whether a text is one of them, in any case. */
export function isConnectionType(text: string): boolean {
  return connectionTypes.some((type) => type === text.toLowerCase());
}

/** What of a connection is encrypted. Where no type is set, what the server offers is used. */
export function encryptionOf(type: string | null): "always" | "required" | "offered" | "never" {
  switch (type?.toLowerCase()) {
    case "ssl":
      return "always";
    case "tls":
    case "starttls":
      return "required";
    case undefined:
      return "offered";
    default:
      return "never";
  }
}
