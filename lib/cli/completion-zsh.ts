import type { ArgumentWords, CommandWords, OptionWords, WordKind } from "./command-words.js";

/** A script for zsh, to be evaluated behind compinit or put into a folder of fpath as _ucb. */
export function zshCompletion(commands: readonly CommandWords[]): string {
  const [program, ...subcommands] = commands;
  return `#compdef ucb
# zsh completion for ucb
_ucb_offer() {
  local -a offered
  local line
  for line in "\${(@f)$(ucb completion $1 \${opt_args[--socket]:+--socket=\${(Q)opt_args[--socket]}} 2>/dev/null)}"; do
    [[ -n $line ]] && offered+=("\${\${line//:/\\\\:}/$'\\t'/:}")
  done
  _describe -V $1 offered
}

_ucb_commands() {
  local -a commands=(
${subcommands.map(({ name, summary }) => `    ${quoted(`${name}:${summary}`)}`).join("\n")}
  )
  _describe command commands
}

_ucb() {
  local curcontext=$curcontext state line
  local -A opt_args
  _arguments -C \\
${(program?.options ?? []).map((option) => `    ${optionSpec(option)} \\\n`).join("")}    '1:command:_ucb_commands' \\
    '*::argument:->argument' && return
  case $words[1] in
${subcommands.map(commandCase).join("\n")}
  esac
}

if [[ $funcstack[1] == _ucb ]]; then
  _ucb "$@"
else
  compdef _ucb ucb
fi
`;
}

function commandCase({ name, options, arguments: places }: CommandWords): string {
  const specs = [...options.map(optionSpec), ...places.map(argumentSpec)];
  return `  ${name})\n    _arguments -S \\\n${specs.map((spec) => `      ${spec}`).join(" \\\n")}\n    ;;`;
}

function optionSpec({ long, short, description, value, repeats }: OptionWords): string {
  const text = `[${description.replace(/[[\]\\:]/g, "\\$&")}]`;
  const taken = value === null ? "" : `:${value.name.replaceAll(":", "\\:")}:${actionOf(value.words)}`;
  const equals = value === null ? "" : "=";
  if (repeats) return quoted(`*${long}${equals}${text}${taken}`);
  if (short === null) return quoted(`${long}${equals}${text}${taken}`);
  return `${quoted(`(${long} ${short})`)}{${long}${equals},${short}${value === null ? "" : "+"}}${quoted(`${text}${taken}`)}`;
}

function argumentSpec({ name, words, repeats }: ArgumentWords, index: number): string {
  return quoted(`${repeats ? "*" : index + 1}:${name}:${actionOf(words)}`);
}

function actionOf(words: WordKind): string {
  switch (words.kind) {
    case "choice":
      return `(${words.choices.join(" ")})`;
    case "file":
      return "_files";
    case "directory":
      return "_files -/";
    case "group":
      return "_groups";
    case "run":
    case "callback":
      return `{_ucb_offer ${words.kind}s}`;
    case "free":
      return " ";
  }
}

function quoted(text: string): string {
  return `'${text.replaceAll("'", "'\\''")}'`;
}
