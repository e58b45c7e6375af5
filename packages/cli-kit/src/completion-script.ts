import type { Completion } from './complete.js'

export const SHELLS = ['bash', 'zsh', 'fish'] as const

export type Shell = (typeof SHELLS)[number]

/**
 * A script for a shell's start-up file. At each Tab it calls `<name> complete -- <words>` and reads what `renderCompletion` wrote, so it stays right when the
 * program changes.
 */
export function completionScript(shell: Shell, name: string): string {
  return SCRIPTS[shell].replaceAll('@{', '${').replaceAll('@NAME@', name).replaceAll('@ID@', name.replace(/\W/g, '_'))
}

/** One line per candidate, `value<Tab>description`; the line `<Tab>:files` asks for file names. */
export function renderCompletion({ candidates, files }: Completion): string {
  const lines = candidates
    // What a line cannot hold, a command line need not offer.
    .filter(({ value }) => PRINTABLE.test(value))
    .map(({ value, description = '' }) => `${value}\t${description.replace(/\s+/g, ' ')}\n`)
  return `${lines.join('')}${files ? '\t:files\n' : ''}`
}

/** The words as a person sees them: bash cuts `--format=csv` in three. */
export function joinBashWords(words: readonly string[]): string[] {
  const joined: string[] = []
  for (const [index, word] of words.entries()) {
    const isSign = word === '=' && words[index - 1]?.startsWith('--') === true
    if (!isSign) joined.push(word)
  }
  return words.at(-1) === '=' ? [...joined, ''] : joined
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: finding them is the purpose
const PRINTABLE = /^[^\u0000-\u001f\u007f-\u009f]+$/

const SCRIPTS: Readonly<Record<Shell, string>> = {
  bash: String.raw`# Completion of @NAME@ for bash. In ~/.bashrc: source <(@NAME@ completion bash)
_@ID@() {
  local line value current=@{COMP_WORDS[COMP_CWORD]}
  [[ $current == = ]] && current=
  COMPREPLY=()
  while IFS= read -r line; do
    if [[ $line == $'\t:files' ]]; then
      compopt -o filenames 2>/dev/null
      while IFS= read -r value; do COMPREPLY+=("$value"); done < <(compgen -f -- "$current")
    else
      value=@{line%%$'\t'*}
      COMPREPLY+=("$(printf '%q' "$value")")
    fi
  done < <("$1" complete --shell bash -- "@{COMP_WORDS[@]:1:COMP_CWORD}" 2>/dev/null)
}
complete -F _@ID@ @NAME@
`,
  zsh: String.raw`#compdef @NAME@
# Completion of @NAME@ for zsh. In ~/.zshrc, after compinit: source <(@NAME@ completion zsh)
_@ID@() {
  local line
  local -a values shown
  for line in "@{(@f)$("@{words[1]}" complete --shell zsh -- "@{(@Q)words[2,CURRENT]}" 2>/dev/null)}"; do
    if [[ $line == $'\t:files' ]]; then
      _files
    elif [[ -n $line ]]; then
      values+=("@{line%%$'\t'*}")
      shown+=("@{line/$'\t'/  -- }")
    fi
  done
  (( $#values )) && compadd -l -d shown -a values
}
if [[ "@{funcstack[1]}" == _@ID@ ]]; then
  _@ID@ "$@"
else
  compdef _@ID@ @NAME@
fi
`,
  fish: String.raw`# Completion of @NAME@ for fish. In ~/.config/fish/config.fish: @NAME@ completion fish | source
function __@ID@_complete
  set -l words (commandline -opc)
  set -l program $words[1]
  set -e words[1]
  set -l current (commandline -ct)
  for line in ($program complete --shell fish -- $words "$current" 2>/dev/null)
    if test "$line" = \t":files"
      __fish_complete_path "$current"
    else
      printf '%s\n' $line
    end
  end
end
complete -c @NAME@ -f -a '(__@ID@_complete)'
`,
}
