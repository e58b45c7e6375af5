import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { existsSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { delimiter, join } from 'node:path'
import { BrowserPage } from './browser-page.js'
import { unpackDebianPackage } from './debian-packages.js'
import { DevToolsPipe } from './dev-tools-pipe.js'

export type { BrowserPage } from './browser-page.js'

/** A real Chromium without a window. Whoever starts it closes it. */
export interface Browser extends AsyncDisposable {
  readonly version: string
  /** A new page that has loaded this address. */
  open(url: string | URL): Promise<BrowserPage>
  close(): Promise<void>
}

/**
 * Starts the Chromium that HOLDFAST_CHROMIUM names, one found in PATH, or Debian's, unpacked without root into `node_modules/.cache` (400 MB, once). Throws
 * where none can be had: a test that needs a browser is never left out.
 *
 * @example await using browser = await startBrowser(); const page = await browser.open(pathToFileURL(file))
 */
export async function startBrowser(): Promise<Browser> {
  const program = findProgram() ?? unpack()
  const profile = mkdtempSync(join(tmpdir(), 'holdfast-browser-'))
  const env = { ...process.env, HOME: profile, TZ: 'UTC', LANG: 'C.UTF-8' }
  const child = spawn(program.path, [...FLAGS, `--user-data-dir=${profile}`, 'about:blank'], {
    stdio: ['ignore', 'ignore', 'pipe', 'pipe', 'pipe'],
    env: program.libraries === undefined ? env : { ...env, LD_LIBRARY_PATH: program.libraries },
    detached: true,
  })
  const close = async (): Promise<void> => {
    await end(child)
    rmSync(profile, { recursive: true, force: true, maxRetries: 5 })
  }
  try {
    const pipe = new DevToolsPipe(child)
    const { product } = await pipe.send('Browser.getVersion')
    return {
      version: String(product),
      open: (url) => BrowserPage.open(pipe, String(url)),
      close,
      [Symbol.asyncDispose]: close,
    }
  } catch (error) {
    await close()
    throw error
  }
}

/** No sandbox: root cannot have one, and what is opened are the tests' own pages. */
const FLAGS = [
  '--headless',
  '--no-sandbox',
  '--disable-gpu',
  '--disable-dev-shm-usage',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
  '--no-first-run',
  '--hide-scrollbars',
  '--remote-debugging-pipe',
]

interface Program {
  readonly path: string
  readonly libraries: string | undefined
}

function findProgram(): Program | undefined {
  const named = process.env['HOLDFAST_CHROMIUM']
  if (named !== undefined && named !== '') return { path: named, libraries: undefined }
  for (const folder of (process.env['PATH'] ?? '').split(delimiter)) {
    for (const name of ['chromium', 'chromium-browser', 'google-chrome']) {
      if (existsSync(join(folder, name))) return { path: join(folder, name), libraries: undefined }
    }
  }
  return undefined
}

function unpack(): Program {
  const { root, libraries } = unpackDebianPackage('chromium')
  return { path: join(root, 'usr/lib/chromium/chromium'), libraries }
}

/** Its helpers are in its process group. */
async function end(child: ChildProcess): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return
  const ended = once(child, 'exit')
  process.kill(-child.pid, 'SIGKILL')
  await ended
}
