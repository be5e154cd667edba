/** The path of the file that was begun so many files before the current one, 0. */
export function numbered(file: string, number: number): string {
  return number === 0 ? file : `${file}.${number}`;
}
