import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'

/** A folder with a pipeline of five phases, a book, and a file to which its commands add a line when they begin and when they end. */
export interface PipelineSite {
  readonly folder: string
  readonly pipelinePath: string
  readonly inputPath: string
  readonly statePath: string
  /** The path of what is made at last, and what must be in it. */
  readonly book: { readonly path: string; readonly text: string }
}

/** What a command has noted about itself. */
export interface Execution {
  readonly kind: 'begin' | 'end'
  /** The number of the process that ran the pipeline. */
  readonly run: number
  /** `phase3` or `phase3/chunk_7`. */
  readonly unit: string
}

/** The output is written in two parts with a while in between, so that a kill can leave half of it; now and then the while is longer than a new start takes. */
const WORK = `unit="$PIPELINE_PHASE\${PIPELINE_ITEM:+/$PIPELINE_ITEM}"
echo "begin $TORTURE_RUN $unit" >> executions
out="$1"
shift
printf 'made of: ' > "$out"
random=$(od -An -N1 -tu1 /dev/urandom)
if test $((random % 8)) = 0; then sleep 0.7; else sleep "0.0$((random % 5))"; fi
cat "$@" >> "$out"
echo "end $TORTURE_RUN $unit" >> executions
`

const PIPELINE = `name: torture
phases:
  - id: phase1
    command: [sh, -e, work.sh, "\${outputs.text}", "\${input}"]
    outputs: { text: out/text.txt }
    env: { pass: [TORTURE_RUN] }
    retries: { max: 1, delay: 20ms }
  - id: phase2
    command: [sh, -ec, 'sh -e work.sh out/split "$1"; i=0; while read -r line; do i=$((i+1)); echo "$line" > "chunks/chunk_$i.txt"; done < "$1"', sh, "\${input}"]
    outputs: { split: out/split, chunks: "chunks/*.txt" }
    env: { pass: [TORTURE_RUN] }
    needs: [phase1]
  - id: phase3
    items: "\${phases.phase2.outputs.chunks}"
    command: [sh, -e, work.sh, "\${outputs.sound}", "\${item.path}"]
    outputs: { sound: "out/\${item.id}.wav" }
    env: { pass: [TORTURE_RUN] }
    retries: { max: 1, delay: 20ms }
  - id: phase4
    items: "\${phases.phase3.outputs.sound}"
    command: [sh, -e, work.sh, "\${outputs.clean}", "\${item.path}"]
    outputs: { clean: "out/\${item.id}.clean" }
    env: { pass: [TORTURE_RUN] }
  - id: phase5
    command: [sh, -e, work.sh, "\${outputs.book}", "\${phases.phase4.outputs.clean}"]
    outputs: { book: out/book.mp3 }
    env: { pass: [TORTURE_RUN] }
`

export function makePipelineSite(folder: string, chunks: number): PipelineSite {
  mkdirSync(join(folder, 'chunks'), { recursive: true })
  mkdirSync(join(folder, 'out'))
  const lines = Array.from({ length: chunks }, (_, index) => `line ${index + 1}\n`)
  writeFileSync(join(folder, 'work.sh'), WORK)
  writeFileSync(join(folder, 'pipeline.yaml'), PIPELINE)
  writeFileSync(join(folder, 'book.txt'), lines.join(''))
  appendFileSync(join(folder, 'executions'), '')
  return {
    folder,
    pipelinePath: join(folder, 'pipeline.yaml'),
    inputPath: join(folder, 'book.txt'),
    statePath: join(folder, 'pipeline.json'),
    book: {
      path: join(folder, 'out', 'book.mp3'),
      text: `made of: ${lines.map((line) => `made of: made of: ${line}`).join('')}`,
    },
  }
}

export function readExecutions({ folder }: PipelineSite): Execution[] {
  const path = join(folder, 'executions')
  if (!existsSync(path)) return []
  return readFileSync(path, 'utf8')
    .split('\n')
    .slice(0, -1)
    .map((line) => {
      const [kind, run, unit = ''] = line.split(' ')
      return { kind: kind === 'end' ? 'end' : 'begin', run: Number(run), unit }
    })
}
