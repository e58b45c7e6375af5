/**
 * What the shell of the other host does. It gets this through its standard input, so that no login shell has to understand it.
 *
 * Arguments: nonce, job (conftool, bulkloader, bulkdownloader), limit in seconds, grace in seconds, bytes of the archive, threads or 0, program,
 * and the program's own. Standard input: this text, lines `NAME=value` for the environment, an empty line, the archive of the files to load, and then
 * nothing until it is closed: that, also when the connection breaks, means that the tool has to end. Standard output: that of conftool, or
 * an archive of the downloaded files. Standard error: what the tools print, and at the end a line with the nonce that tells how it went.
 */
export const REMOTE_SCRIPT: string = [
  'nonce=$1 job=$2 limit=$3 grace=$4 size=$5 threads=$6 program=$7; shift 7',
  'while IFS= read -r line && [ -n "$line" ]; do export "$line"; done',
  'PATH=$PATH:/usr/local/bin:/usr/bin:/bin',
  'exec 3>&1 1>&2 4<&0 </dev/null',
  'dir= pid= watch= group=',
  'say() { echo; echo "holdfast $nonce $1 $2"; }',
  'stop() { if [ -n "$group" ]; then kill -s "$1" -- "-$pid"; elif [ -n "$pid" ]; then kill -s "$1" "$pid"; fi 2>/dev/null; }',
  // What was killed needs a moment to be gone.
  'settle() { n=0; while [ -n "$group" ] && [ "$n" -lt 20 ] && kill -s 0 -- "-$pid" 2>/dev/null; do sleep 0.1; n=$((n+1)); done; }',
  'finish() { trap "" HUP INT TERM PIPE; [ -z "$watch" ] || kill "$watch" 2>/dev/null; stop KILL; settle; cd /; [ -z "$dir" ] || rm -rf "$dir"; }',
  'trap finish EXIT; trap "exit 129" HUP INT TERM PIPE',
  'command -v "$program" >/dev/null 2>&1 || { say error program; exit 1; }',
  // The downloader gives its folder to a shell.
  'tmp=${TMPDIR:-/tmp}; case $tmp in *[!A-Za-z0-9_./+-]* | *schema.fcl*) tmp=/tmp ;; esac',
  'cd "$tmp" || cd /',
  'if [ "$job" != conftool ]; then dir=$(mktemp -d "$tmp/holdfast-artdaqdb-XXXXXXXX") && cd "$dir" || { say error folder; exit 1; }; fi',
  'if [ "$size" -gt 0 ]; then head -c "$size" <&4 | tar -xf - || { say error unpack; exit 1; }; fi',
  'if [ "$threads" -eq 0 ]; then threads=$(( $(nproc 2>/dev/null || echo 2) / 2 )); fi',
  'if [ "$threads" -lt 1 ]; then threads=1; elif [ "$threads" -gt 16 ]; then threads=16; fi',
  'if [ -n "$dir" ]; then set -- "$@" -p "$dir" -t "$threads"; fi',
  'set -- "$program" "$@"',
  'if command -v timeout >/dev/null 2>&1; then set -- timeout -k "$grace" "$limit" "$@"; fi',
  'if command -v setsid >/dev/null 2>&1; then group=1; set -- setsid "$@"; fi',
  'if [ -n "$dir" ]; then "$@" 3>&- 4<&- & pid=$!; else "$@" 1>&3 3>&- 4<&- & pid=$!; fi',
  '( exec 3>&- >/dev/null 2>&1; cat <&4; stop TERM; sleep "$grace"; stop KILL ) & watch=$!',
  'wait "$pid"; code=$?',
  'if [ -z "$group" ]; then pid=; fi',
  'if [ "$job" = bulkdownloader ]; then tar -cf - . >&3 || { say error pack; exit 1; }; fi',
  'say exit "$code"',
  'exit 0',
].join('\n')

/** Reads that text, byte by byte: what follows it is for the text itself. */
export const REMOTE_COMMAND: string = `eval "$(dd bs=1 count=${Buffer.byteLength(REMOTE_SCRIPT)} 2>/dev/null)"`
