/** Where something stands, as editors and compilers write it; a part that is 0 or absent means all of it. */
export function placeText({ file, line = 0, column = 0 }: { file: string; line?: number; column?: number }): string {
  if (line === 0) return file;
  return column === 0 ? `${file}:${line}` : `${file}:${line}:${column}`;
}
