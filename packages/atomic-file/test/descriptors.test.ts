import { readdirSync, writeFileSync } from 'node:fs'
import {
  makeDirectory,
  moveFile,
  openAppendFile,
  removeFile,
  sweepLeftovers,
  syncDirectory,
  writeFileAtomic,
  writeFilesAtomic,
} from '@holdfast/atomic-file'
import { useTempDir } from '@holdfast/testkit'
import { expect, test } from 'vitest'

const dir = useTempDir()

test.skipIf(process.platform !== 'linux')(
  'no function leaves a file or folder open, whether it succeeds or fails',
  async () => {
    const openNow = (): number => readdirSync('/proc/self/fd').length
    const state = `${dir()}/state`
    const missing = `${dir()}/missing/state`
    writeFileSync(state, 'old')
    const round = async (): Promise<PromiseSettledResult<unknown>[]> =>
      Promise.allSettled([
        writeFileAtomic(state, 'new', { backupPath: `${dir()}/bak` }),
        writeFileAtomic(state, 'new', { overwrite: false }),
        writeFileAtomic(state, 'new', { tempDirectory: missing }),
        writeFileAtomic(missing, 'new'),
        writeFilesAtomic([{ path: state, data: 'new' }]),
        writeFilesAtomic([
          { path: state, data: 'new' },
          { path: missing, data: 'new' },
        ]),
        openAppendFile(`${dir()}/journal`).then((journal) => journal.close()),
        openAppendFile(missing),
        makeDirectory(`${dir()}/a/b`),
        makeDirectory(`${state}/a`),
        moveFile(missing, `${dir()}/moved`),
        removeFile(missing),
        syncDirectory(dir()),
        syncDirectory(missing),
        sweepLeftovers(dir()),
        sweepLeftovers(state),
      ])
    const results = await round()
    expect(results.filter(({ status }) => status === 'rejected')).toHaveLength(9)
    const before = openNow()
    for (let n = 0; n < 10; n += 1) await round()
    expect(openNow()).toBe(before)
  },
)
