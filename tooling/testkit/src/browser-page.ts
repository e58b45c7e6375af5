import type { DevToolsPipe, Fields } from './dev-tools-pipe.js'

/** A page in a real browser, and what it did while it was loaded. */
export class BrowserPage {
  /** Addresses that it asked for, its own first. */
  readonly requests: string[] = []
  /** What the browser had to say against it: errors of scripts and of the console, violations of its policy. */
  readonly complaints: string[] = []
  readonly #pipe: DevToolsPipe
  readonly #session: string

  private constructor(pipe: DevToolsPipe, session: string) {
    this.#pipe = pipe
    this.#session = session
  }

  /** Resolves when everything of it has loaded. */
  static async open(pipe: DevToolsPipe, url: string): Promise<BrowserPage> {
    const { targetId } = await pipe.send('Target.createTarget', { url: 'about:blank' })
    const { sessionId } = await pipe.send('Target.attachToTarget', { targetId, flatten: true })
    const page = new BrowserPage(pipe, String(sessionId))
    const loaded = Promise.withResolvers<void>()
    pipe.listen((session, method, params) => {
      if (session !== sessionId) return
      if (method === 'Page.loadEventFired') loaded.resolve()
      else page.#note(method, params)
    })
    for (const domain of ['Page', 'Network', 'Runtime', 'Log']) await page.send(`${domain}.enable`)
    const { errorText } = await page.send('Page.navigate', { url })
    if (errorText !== undefined) throw new Error(`The browser cannot open '${url}': ${String(errorText)}`)
    await loaded.promise
    return page
  }

  /** The value of an expression, or of the promise that it gives, in the page. */
  async evaluate(expression: string): Promise<unknown> {
    const { result, exceptionDetails } = await this.send('Runtime.evaluate', {
      expression,
      returnByValue: true,
      awaitPromise: true,
    })
    if (exceptionDetails !== undefined) throw new Error(`In the page: ${JSON.stringify(exceptionDetails)}`)
    return (result as Fields)['value']
  }

  /** How the page is to be shown from now on; what is left out is as it is on a common screen. */
  async show({ width = 1280, height = 900, colorScheme = 'light', media = 'screen' }: ShowOptions): Promise<void> {
    await this.send('Emulation.setDeviceMetricsOverride', { width, height, deviceScaleFactor: 1, mobile: false })
    const features = [{ name: 'prefers-color-scheme', value: colorScheme }]
    await this.send('Emulation.setEmulatedMedia', { media, features })
  }

  /** The whole page as PNG. */
  async screenshot(): Promise<Buffer> {
    const { data } = await this.send('Page.captureScreenshot', { format: 'png', captureBeyondViewport: true })
    return Buffer.from(String(data), 'base64')
  }

  /** The page on paper, as PDF. */
  async print(): Promise<Buffer> {
    const { data } = await this.send('Page.printToPDF', { preferCSSPageSize: true })
    return Buffer.from(String(data), 'base64')
  }

  /** What is told to those who do not see it: role and name of everything that has them. */
  async accessibleNodes(): Promise<readonly { readonly role: string; readonly name: string }[]> {
    const { nodes } = await this.send('Accessibility.getFullAXTree')
    return (nodes as readonly AxNode[])
      .filter(({ ignored }) => !ignored)
      .map(({ role, name }) => ({ role: String(role?.value ?? ''), name: String(name?.value ?? '') }))
  }

  send(method: string, params: Fields = {}): Promise<Fields> {
    return this.#pipe.send(method, params, this.#session)
  }

  #note(method: string, params: Fields): void {
    if (method === 'Network.requestWillBeSent') this.requests.push(String((params['request'] as Fields)['url']))
    else if (method === 'Runtime.exceptionThrown' || method === 'Log.entryAdded')
      this.complaints.push(JSON.stringify(params))
  }
}

export interface ShowOptions {
  /** In CSS pixels. @default 1280 */
  readonly width?: number
  /** @default 900 */
  readonly height?: number
  /** @default 'light' */
  readonly colorScheme?: 'light' | 'dark'
  /** @default 'screen' */
  readonly media?: 'screen' | 'print'
}

interface AxNode {
  readonly ignored: boolean
  readonly role?: { readonly value?: unknown }
  readonly name?: { readonly value?: unknown }
}
