import type { CommandWords, OptionWords, WordKind } from "./command-words.js";

/** A script for fish 3 or later. */
export function fishCompletion(commands: readonly CommandWords[]): string {
  const [program, ...subcommands] = commands;
  const valued = subcommands.flatMap(({ name, options }) =>
    options.filter(({ value }) => value !== null).map(({ long }) => quoted(`${name} ${long}`)),
  );
  return `# fish completion for ucb
# Whether the command is $argv[1] ("" if there is none yet) and as many arguments of it are there as $argv[2] to $argv[3] say.
function __ucb_at
    set -l words (commandline -opc)
    set -l command ''
    set -l places 0
    set -l skip no
    set -l rest no
    for word in $words[2..-1]
        if test $skip = yes
            set skip no
        else if test $rest = no; and test "$word" = --
            set rest yes
        else if test $rest = no; and string match -q -- '-?*' "$word"
            contains -- "$command $word" ${valued.join(" ")}; and set skip yes
        else if test -z "$command"
            set command $word
        else
            set places (math $places + 1)
        end
    end
    test "$command" = "$argv[1]"; or return 1
    not set -q argv[2]; and return 0
    test $places -ge $argv[2]; and test $places -le $argv[3]
end

function __ucb_offer
    set -l words (commandline -opc)
    set -l socket
    for index in (seq (count $words))
        switch "$words[$index]"
            case --socket
                set socket --socket=$words[(math $index + 1)]
            case '--socket=*'
                set socket $words[$index]
        end
    end
    ucb completion $argv[1] $socket 2>/dev/null
end

complete -c ucb -f
${(program?.options ?? []).map((option) => optionLine("", option)).join("")}${subcommands
  .map(({ name, summary }) => `complete -c ucb -n "__ucb_at ''" -a ${name} -d ${quoted(summary)}\n`)
  .join("")}${subcommands.map(commandLines).join("")}`;
}

const mostWords = 1_000_000;

function commandLines({ name, options, arguments: places }: CommandWords): string {
  const lines = places.flatMap(({ words, repeats }, index) => {
    const offer = offerOf(words);
    return offer === ""
      ? []
      : [`complete -c ucb -n '__ucb_at ${name} ${index} ${repeats ? mostWords : index}' ${offer}\n`];
  });
  return [...options.map((option) => optionLine(name, option)), ...lines].join("");
}

function optionLine(command: string, { long, short, description, value }: OptionWords): string {
  const flags = `${short === null ? "" : ` -s ${short.slice(1)}`} -l ${long.slice(2)}`;
  const taken = value === null ? "" : ` -r ${offerOf(value.words) || "-f"}`;
  const condition = command === "" ? `"__ucb_at ''"` : quoted(`__ucb_at ${command}`);
  return `complete -c ucb -n ${condition}${flags}${taken} -d ${quoted(description)}\n`;
}

function offerOf(words: WordKind): string {
  switch (words.kind) {
    case "choice":
      return `-f -a ${quoted(words.choices.join(" "))}`;
    case "file":
      return "-F";
    case "directory":
      return "-f -a '(__fish_complete_directories)'";
    case "group":
      return "-f -a '(__fish_complete_groups)'";
    case "run":
    case "callback":
      // In the order in which they come: newest first.
      return `-f -k -a '(__ucb_offer ${words.kind}s)'`;
    case "free":
      return "";
  }
}

function quoted(text: string): string {
  return `'${text.replace(/[\\']/g, "\\$&")}'`;
}
