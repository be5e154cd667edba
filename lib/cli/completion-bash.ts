import type { CommandWords, WordKind } from "./command-words.js";

/** A script for bash 4 or later, alone: it needs no other completions. */
export function bashCompletion(commands: readonly CommandWords[]): string {
  const [program, ...subcommands] = commands;
  const valued = commands.flatMap(({ name, options }) =>
    options
      .filter(({ value }) => value !== null)
      .flatMap((option) => namesOf(option).map((flag) => `"${place(name)} ${flag}"`)),
  );
  return `# bash completion for ucb
_ucb_offer() {
  local word quoted
  while IFS= read -r word; do
    word=\${word%%$'\\t'*}
    [[ $word == "$cur"* ]] || continue
    printf -v quoted %q "$word"
    COMPREPLY+=("$quoted")
  done
}

_ucb() {
  local cur=\${COMP_WORDS[COMP_CWORD]} prev=\${COMP_WORDS[COMP_CWORD-1]}
  local IFS=$' \\t\\n' command="" places=0 skip="" rest="" socket="" word last=""
  COMPREPLY=()
  # "=" is a word of its own to bash.
  if [[ $cur == "=" ]]; then
    cur=""
  elif [[ $prev == "=" ]]; then
    prev=\${COMP_WORDS[COMP_CWORD-2]}
  fi
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    if [[ $word == "=" ]]; then
      skip=yes
    elif [[ -n $skip ]]; then
      skip=""
      [[ $last == --socket ]] && socket=$word
    elif [[ -z $rest && $word == -- ]]; then
      rest=yes
    elif [[ -z $rest && $word == -?* ]]; then
      last=$word
      case "$command $word" in
      ${valued.join(" | ")}) skip=yes ;;
      esac
    elif [[ -z $command ]]; then
      command=$word
    else
      places=$((places + 1))
    fi
  done
  local options=""
  if [[ -n $skip ]]; then
    case "$command $prev" in
${commands
  .flatMap(({ name, options }) =>
    options.flatMap((option) =>
      option.value === null
        ? []
        : [
            `    ${namesOf(option)
              .map((flag) => `"${place(name)} ${flag}"`)
              .join(" | ")}) ${offerOf(option.value.words)} ;;`,
          ],
    ),
  )
  .join("\n")}
    esac
    return
  fi
  if [[ -z $rest && $cur == -* ]]; then
    case $command in
    "") options="${flagsOf(program)}" ;;
${subcommands.map((command) => `    ${command.name}) options="${flagsOf(command)}" ;;`).join("\n")}
    esac
    _ucb_offer < <(printf '%s\\n' $options)
    return
  fi
  case "$command $places" in
${commands.flatMap(({ name, arguments: places }) => places.map(({ words, repeats }, index) => `  "${place(name)} "${repeats ? "*" : index}) ${offerOf(words)} ;;`)).join("\n")}
  esac
}
complete -F _ucb ucb
`;
}

/** What stands in front of an option of a command: nothing, if the command is the program. */
function place(name: string): string {
  return name === "ucb" ? "" : name;
}

function namesOf({ long, short }: { long: string; short: string | null }): string[] {
  return short === null ? [long] : [long, short];
}

function flagsOf(command: CommandWords | undefined): string {
  return (command?.options ?? []).flatMap(namesOf).join(" ");
}

/** What offers words of this kind; for files bash itself knows best what to do about quotes. */
function offerOf(words: WordKind): string {
  switch (words.kind) {
    case "choice":
      return `_ucb_offer < <(printf '%s\\n' ${words.choices.join(" ")})`;
    case "file":
      return "compopt -o default";
    case "directory":
      return "compopt -o dirnames";
    case "group":
      return "_ucb_offer < <(compgen -g)";
    case "run":
    case "callback":
      return `_ucb_offer < <(ucb completion ${words.kind}s \${socket:+--socket="$socket"} 2>/dev/null)`;
    case "free":
      return ":";
  }
}
