/**
 * Loaded into a child by `--import`: counts the operations that change files and ends (or freezes) the process right before the one named in
 * HOLDFAST_CRASH_AT (of those that HOLDFAST_CRASH_OPERATION names, if it does). The program under test is not changed and does not know.
 */
import fs from 'node:fs'
import { syncBuiltinESMExports } from 'node:module'

const crashAt = Number(process.env.HOLDFAST_CRASH_AT)
const only = process.env.HOLDFAST_CRASH_OPERATION
const mode = process.env.HOLDFAST_CRASH_MODE
let operations = 0

function beforeOperation(name: string): void {
  if (only !== undefined && only !== '' && only !== commonName(name)) return
  operations += 1
  if (operations !== crashAt) return
  if (mode === 'stop') {
    process.send?.({ type: 'stopped', operation: name })
    Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
  }
  process.kill(process.pid, 'SIGKILL')
  // The signal is delivered before the system call returns; this line only guards against platforms where it is not.
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0)
}

/** One name for what the callback, promise and synchronous forms do. */
function commonName(name: string): string {
  return name
    .replace(/Sync$/, '')
    .replace(/^fdata/, 'data')
    .replace(/^f(?=sync|truncate|chmod|chown)/, '')
}

// biome-ignore lint/suspicious/noExplicitAny: the functions of node:fs are replaced whatever their types are
type AnyFunction = (...args: any[]) => unknown
type Methods = Record<string, unknown>

function intercept(target: Methods, name: string, changesFiles: (args: readonly unknown[]) => boolean): void {
  const original = target[name]
  if (typeof original !== 'function') return
  const call = original as AnyFunction
  target[name] = function (this: unknown, ...args: unknown[]) {
    if (changesFiles(args)) beforeOperation(name)
    return call.apply(this, args)
  }
}

function opensForWriting(args: readonly unknown[]): boolean {
  const flags = args[1]
  if (typeof flags === 'string') return /[wa+]/.test(flags)
  return (
    typeof flags === 'number' && (flags & (fs.constants.O_WRONLY | fs.constants.O_RDWR | fs.constants.O_CREAT)) !== 0
  )
}

const always = (): boolean => true
const notStandardStream = (args: readonly unknown[]): boolean => typeof args[0] !== 'number' || args[0] > 2

const PATH_OPERATIONS = [
  'rename',
  'link',
  'symlink',
  'unlink',
  'rm',
  'rmdir',
  'mkdir',
  'truncate',
  'writeFile',
  'appendFile',
  'copyFile',
  'chmod',
  'chown',
  'utimes',
]
const DESCRIPTOR_OPERATIONS = ['write', 'writev', 'fsync', 'fdatasync', 'ftruncate', 'fchmod', 'fchown']
const HANDLE_OPERATIONS = [
  'write',
  'writev',
  'writeFile',
  'appendFile',
  'sync',
  'datasync',
  'truncate',
  'chmod',
  'chown',
]

const callbackApi = fs as unknown as Methods
const promiseApi = fs.promises as unknown as Methods
for (const name of PATH_OPERATIONS) {
  intercept(promiseApi, name, always)
  intercept(callbackApi, name, always)
  intercept(callbackApi, `${name}Sync`, always)
}
for (const name of DESCRIPTOR_OPERATIONS) {
  intercept(callbackApi, name, notStandardStream)
  intercept(callbackApi, `${name}Sync`, notStandardStream)
}
for (const api of [callbackApi, promiseApi]) intercept(api, 'open', opensForWriting)
intercept(callbackApi, 'openSync', opensForWriting)

const probe = await fs.promises.open(process.execPath, 'r')
const handlePrototype: Methods = Object.getPrototypeOf(probe)
await probe.close()
for (const name of HANDLE_OPERATIONS) intercept(handlePrototype, name, always)

syncBuiltinESMExports()
