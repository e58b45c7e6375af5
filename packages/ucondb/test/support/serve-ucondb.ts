/** The test server as a process of its own: prints its address and serves until it is ended. Usage: node serve-ucondb.ts [port] */
import { FakeUconDbServer, PASSWORD } from './fake-ucondb-server.ts'

const server = await FakeUconDbServer.start({}, Number(process.argv[2] ?? 0))
console.log(JSON.stringify({ serverUrl: server.url, writer: { user: 'writer', password: PASSWORD } }))
