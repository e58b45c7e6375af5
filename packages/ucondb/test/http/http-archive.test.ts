import { inspect } from 'node:util'
import { type OpenArchiveOptions, openArchive, type RunArchive } from '@holdfast/ucondb'
import { describe, expect, onTestFinished, test } from 'vitest'
import { type FakeServerOptions, FakeUconDbServer, type Fault, PASSWORD } from '../support/fake-ucondb-server.js'

const BODY = Buffer.from('Start of Record\nRun Number: 7\n')

async function serve(options: FakeServerOptions = {}): Promise<FakeUconDbServer> {
  const server = await FakeUconDbServer.start(options)
  onTestFinished(() => server[Symbol.asyncDispose]())
  return server
}

async function open(server: FakeUconDbServer, options: Partial<OpenArchiveOptions> = {}): Promise<RunArchive> {
  const archive = await openArchive({
    serverUrl: server.url,
    folderName: 'runs',
    objectName: 'configuration',
    writer: { user: 'writer', password: PASSWORD },
    timeoutMs: 2_000,
    ...options,
  })
  onTestFinished(() => archive.close())
  return archive
}

describe('put() on a server', () => {
  test('sends the full body each time, asks for a challenge once, and never in chunks', async () => {
    const server = await serve()
    const archive = await open(server)
    for (const key of ['7', '8', '9']) await archive.put(key, BODY)
    expect(server.puts().map(({ status, bodyBytes }) => [status, bodyBytes])).toEqual([
      [401, BODY.length],
      [200, BODY.length],
      [200, BODY.length],
      [200, BODY.length],
    ])
    for (const { headers, url } of server.puts()) {
      expect(headers['transfer-encoding']).toBeUndefined()
      expect(headers.expect).toBeUndefined()
      expect(headers['content-length']).toBe(String(BODY.length))
      expect(url).toMatch(/^\/instance\/app\/data\/runs\/configuration\?full_meta=yes&tag=(\d)&key=\1&override=no$/)
    }
    const counts = server.puts().flatMap(({ headers }) => /nc=(\w+)/.exec(headers.authorization ?? '')?.[1] ?? [])
    expect(counts).toEqual(['00000001', '00000002', '00000003'])
  })

  test('needs one request where the server asks for no credentials', async () => {
    const server = await serve({ authentication: 'none' })
    expect(await (await open(server)).put('7', BODY)).toMatchObject({ outcome: 'stored', size: BODY.length })
    expect(server.puts()).toHaveLength(1)
    expect(server.body('7')).toEqual(BODY)
  })

  test('names an object in the query that may not stand in a path', async () => {
    const server = await serve()
    const archive = await open(server, { objectName: 'run-records' })
    await archive.put('7', BODY)
    expect(Buffer.from(await archive.get('7'))).toEqual(BODY)
    expect(await archive.listRuns()).toEqual([7])
    expect(server.puts()[0]?.url).toMatch(/\/data\?folder=runs&object=run-records&/)
  })

  test('answers a new challenge when the old one has expired', async () => {
    const server = await serve()
    const archive = await open(server)
    await archive.put('7', BODY)
    server.renewNonce()
    expect(await archive.put('8', BODY)).toMatchObject({ outcome: 'stored' })
  })

  test.each([
    ['a wrong password', { writer: { user: 'writer', password: 'guess' } }, 'user or password is wrong'],
    ['an unknown user', { writer: { user: 'nobody', password: PASSWORD } }, 'user or password is wrong'],
  ])('with %s fails at once and stores nothing', async (_, options, message) => {
    const server = await serve()
    const failing = (await open(server, options)).put('7', BODY)
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_ACCESS',
      message: expect.stringContaining(message),
    })
    expect(server.puts()).toHaveLength(2)
    expect(server.keys()).toEqual([])
  })

  test('without credentials says that they are asked for', async () => {
    const server = await serve()
    const archive = await openArchive({ serverUrl: server.url, folderName: 'runs', objectName: 'configuration' })
    onTestFinished(() => archive.close())
    await expect(archive.put('7', BODY)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_ACCESS',
      message: expect.stringContaining('asks for credentials'),
    })
  })

  test('of a key that exists with the same bytes is already-stored, without another upload', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    const archive = await open(server)
    expect(await archive.put('7', BODY)).toMatchObject({ outcome: 'already-stored', size: BODY.length })
    expect(server.puts().map(({ status }) => status)).toEqual([401, 500])
  })

  test('of a key that holds no bytes is damage that names what happened', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', '')
    const failing = (await open(server)).put('7', BODY)
    await expect(failing).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_DAMAGED',
      message: expect.stringContaining('no bytes'),
    })
  })

  test.each<[Fault, number]>([
    ['race', 1],
    ['lose-answer', 1],
    ['overload', 2],
    ['crash', 3],
    ['not-json', 1],
    ['busy', 2],
  ])('succeeds in spite of "%s"', async (fault, times) => {
    const server = await serve()
    const archive = await open(server)
    server.fail(fault, 'put', times)
    expect(['stored', 'already-stored']).toContain((await archive.put('7', BODY)).outcome)
    expect(server.body('7')).toEqual(BODY)
    expect(server.keys()).toEqual(['7'])
  })

  test.each<[Fault, string]>([
    ['wrong-checksum', 'ERR_ARCHIVE_DAMAGED'],
    ['wrong-key', 'ERR_ARCHIVE_DAMAGED'],
    ['store-nothing', 'ERR_ARCHIVE_DAMAGED'],
    ['redirect', 'ERR_ARCHIVE_UNAVAILABLE'],
  ])('does not take "%s" for success and does not try again', async (fault, code) => {
    const server = await serve({ authentication: 'none' })
    server.fail(fault, 'put', 10)
    await expect((await open(server)).put('7', BODY)).rejects.toMatchObject({ code })
    expect(server.puts()).toHaveLength(1)
  })

  test('gives up after a bounded number of attempts, with what to check', async () => {
    const server = await serve({ authentication: 'none' })
    server.fail('crash', 'put', 100)
    await expect((await open(server)).put('7', BODY)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_SERVER',
      message: expect.stringContaining('status 500: server closed the connection unexpectedly'),
      hint: "Look into the server's log",
    })
    expect(server.puts()).toHaveLength(4)
  })

  test('on a server that stalls ends at its deadline, and the socket is destroyed', async () => {
    const server = await serve({ authentication: 'none' })
    server.fail('stall', 'put', 100)
    const archive = await open(server, { timeoutMs: 60 })
    await expect(archive.put('7', BODY)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      message: expect.stringContaining('within 60 ms'),
    })
    // The server notes a request when its connection has ended.
    await expect.poll(() => server.puts().length).toBe(4)
  })

  test.each([
    ['a missing folder', { folders: ['other'] }, "there is no folder 'runs'", 'create-folder'],
    ['a read-only server', { readOnly: true }, 'the server is read-only', 'Use the address of an instance'],
  ])('to %s fails at once', async (_, options, message, hint) => {
    const server = await serve(options)
    await expect((await open(server)).put('7', BODY)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      message: expect.stringContaining(message),
      hint: expect.stringContaining(hint),
    })
    expect(server.puts()).toHaveLength(1)
  })

  test('to nobody says that the connection was refused', async () => {
    const server = await FakeUconDbServer.start()
    const archive = await open(server)
    await server[Symbol.asyncDispose]()
    await expect(archive.put('7', BODY)).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_UNAVAILABLE',
      message: expect.stringContaining('ECONNREFUSED'),
      hint: expect.stringContaining('that the server is up'),
    })
  })
})

describe('get() from a server', () => {
  test.each<[Fault, number]>([
    ['cut-body', 2],
    ['wrong-checksum', 1],
    ['overload', 1],
    ['stall-in-body', 1],
    ['drop-headers', 1],
  ])('gives the right bytes in spite of "%s"', async (fault, times) => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    const archive = await open(server, { timeoutMs: 300 })
    server.fail(fault, 'data', times)
    expect(Buffer.from(await archive.get('7'))).toEqual(BODY)
  })

  test('never gives a body that was cut', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    server.fail('cut-body', 'data', 100)
    await expect((await open(server)).get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_UNAVAILABLE' })
  })

  test('tells a version that is stored wrong from a server that is not available', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    server.fail('wrong-checksum', 'data', 100)
    const archive = await open(server)
    const damage = { code: 'ERR_ARCHIVE_DAMAGED', key: '7', message: expect.stringContaining('recorded 30 bytes') }
    await expect(archive.get('7')).rejects.toMatchObject(damage)
    expect(server.requests).toHaveLength(2)
    await expect(archive.put('7', BODY)).rejects.toMatchObject(damage)
  })

  test('of an absent key is not found, whether the object has versions or none', async () => {
    const server = await serve()
    const archive = await open(server)
    await expect(archive.get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_NOT_FOUND' })
    await archive.put('8', BODY)
    await expect(archive.get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_NOT_FOUND' })
    expect(server.requests.filter(({ method }) => method === 'GET')).toHaveLength(2)
  })

  test('from a missing folder is not taken for an absent key', async () => {
    const server = await serve({ folders: [] })
    const archive = await open(server)
    await expect(archive.get('7')).rejects.toMatchObject({ code: 'ERR_ARCHIVE_UNAVAILABLE' })
    await expect(archive.listRuns()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_UNAVAILABLE' })
  })
})

describe('listRuns() from a server', () => {
  test('ignores versions without a key and keys that are no run numbers', async () => {
    const server = await serve()
    for (const key of ['12', null, 'note', '007', '3']) server.store('runs', 'configuration', key, BODY)
    expect(await (await open(server)).listRuns()).toEqual([3, 12])
  })

  test('reads 20,000 versions', async () => {
    const server = await serve()
    for (let run = 0; run < 20_000; run += 1) server.store('runs', 'configuration', String(run), 'x')
    expect(await (await open(server)).listRuns()).toHaveLength(20_000)
  })

  test('does not take a cut list for a whole one', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    const archive = await open(server)
    server.fail('not-json', 'versions', 1)
    expect(await archive.listRuns()).toEqual([7])
    server.fail('not-json', 'versions', 100)
    await expect(archive.listRuns()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_UNAVAILABLE' })
  })
})

describe('check() of a server', () => {
  test.each<[string, FakeServerOptions, Partial<OpenArchiveOptions>, string]>([
    ['a missing folder', { folders: [] }, {}, "There is no folder 'runs'"],
    [
      'wrong credentials on an empty folder',
      {},
      { writer: { user: 'writer', password: 'no' } },
      'user or password is wrong',
    ],
    ['a database that is down', { probe: 'Error: could not connect' }, {}, 'Error: could not connect'],
    ['a read-only server', { readOnly: true }, {}, 'the server is read-only'],
  ])('finds %s', async (_, serverOptions, options, message) => {
    const server = await serve(serverOptions)
    const { usable, problems } = await (await open(server, options)).check()
    expect(usable).toBe(false)
    expect(problems).toEqual([{ message: expect.stringContaining(message), hint: expect.any(String) }])
  })

  test('tries the credentials of puts, which may differ from those for making folders, and stores nothing', async () => {
    const server = await serve({ usersOfRealm: { runs: { somebody: 'else' } } })
    const archive = await open(server)
    expect(await archive.check()).toEqual({ usable: true, folderExists: true, problems: [] })
    expect(server.keys()).toEqual([])
    await expect(archive.createFolder()).rejects.toMatchObject({ code: 'ERR_ARCHIVE_ACCESS' })
  })

  test('finds a server without authentication usable, and stores nothing', async () => {
    const server = await serve({ authentication: 'none' })
    expect(await (await open(server)).check()).toEqual({ usable: true, folderExists: true, problems: [] })
    expect(server.keys()).toEqual([])
  })

  test('reports credentials that are missing, and a name no folder can have, without throwing', async () => {
    const server = await serve({ folders: ['7runs'] })
    const archive = await openArchive({ serverUrl: server.url, folderName: '7runs', objectName: 'configuration' })
    onTestFinished(() => archive.close())
    const { problems } = await archive.check()
    expect(problems).toEqual([
      { message: expect.stringContaining('none are configured'), hint: expect.stringContaining('ucon_db.writer_user') },
    ])
  })

  test('finds wrong credentials where something is archived, and stores nothing', async () => {
    const server = await serve()
    server.store('runs', 'configuration', '7', BODY)
    server.store('runs', 'configuration', '8', 'short')
    const right = await (await open(server)).check()
    expect(right).toEqual({ usable: true, folderExists: true, problems: [] })
    const wrong = await (await open(server, { writer: { user: 'writer', password: 'no' } })).check()
    expect(wrong.problems).toEqual([
      { message: expect.stringContaining('user or password is wrong'), hint: expect.any(String) },
    ])
    expect(server.keys()).toEqual(['7', '8'])
    expect(server.body('8')?.toString()).toBe('short')
  })
})

describe('createFolder() on a server', () => {
  test('makes it once', async () => {
    const server = await serve({ folders: [] })
    const archive = await open(server)
    await archive.createFolder()
    await archive.createFolder()
    expect(server.keys()).toEqual([])
    expect(server.requests.every(({ url }) => !url.includes('drop'))).toBe(true)
  })

  test('refuses a name that the server would change', async () => {
    const server = await serve()
    const archive = await open(server, { folderName: 'MixedCase' })
    await expect(archive.createFolder()).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'folderName',
      message: expect.stringContaining("'MixedCase'"),
    })
    expect(server.requests).toEqual([])
  })
})

describe('credentials', () => {
  test('are in no error, nor in what caused it', async () => {
    const server = await serve()
    const archive = await open(server, { timeoutMs: 100 })
    await archive.put('1', BODY)
    const errors: unknown[] = []
    const faults = { crash: 4, stall: 4, overload: 4, 'wrong-checksum': 1, redirect: 1, echo: 1 } as const
    for (const fault of ['crash', 'stall', 'overload', 'wrong-checksum', 'redirect', 'echo'] as const) {
      server.fail(fault, 'put', faults[fault])
      errors.push(await archive.put(`key-${fault}`, BODY).catch((error: unknown) => error))
    }
    const wrong = await open(server, { writer: { user: 'writer', password: 'guess-me' } })
    errors.push(await wrong.put('7', BODY).catch((error: unknown) => error))
    const shown = inspect(errors, { depth: 20, showHidden: true })
    expect(errors).toHaveLength(7)
    expect(shown).toContain('Header too large: Authorization: [hidden]')
    for (const secret of [PASSWORD, 'guess-me', 'MTc5', 'response=', 'Digest']) expect(shown).not.toContain(secret)
  })

  test('in the address are refused and not shown', async () => {
    const opening = openArchive({
      serverUrl: 'https://me:hush@host/app',
      folderName: 'runs',
      objectName: 'configuration',
    })
    await expect(opening).rejects.toMatchObject({
      code: 'ERR_ARCHIVE_CONFIG',
      option: 'serverUrl',
      message: expect.not.stringContaining('hush'),
    })
  })
})
