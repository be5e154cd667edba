// Writes the tables of docs/reference.md that follow from the code. A test holds both together.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { diagnosticCodes } from "../lib/config/diagnostic-codes.js";
import { mailVariables } from "../lib/config/mail-variables.js";
import { errorCodes } from "../lib/errors.js";

export const referencePath = fileURLToPath(new URL("../docs/reference.md", import.meta.url));

const tables: Record<string, Readonly<Record<string, string>>> = {
  "error-codes": errorCodes,
  "diagnostic-codes": diagnosticCodes,
  "mail-variables": mailVariables,
};

/** `text` with the table behind each `<!-- table: NAME -->` brought up to date. */
export function withTables(text: string): string {
  const filled = text.replace(
    /(<!-- table: (\S+) -->\n)(?:\n\|[^\n]*|\n)*?(?=\n\n|\n?$|\n#)/g,
    (_, mark: string, name: string) => {
      const rows = Object.entries(tables[name] ?? {}).map(([code, meaning]) => `| \`${code}\` | ${meaning} |`);
      return `${mark}\n| ${name === "mail-variables" ? "variable" : "code"} | meaning |\n|---|---|\n${rows.join("\n")}`;
    },
  );
  return filled.replace(/\|\n(?=#)/g, "|\n\n");
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  writeFileSync(referencePath, withTables(readFileSync(referencePath, "utf8")));
}
