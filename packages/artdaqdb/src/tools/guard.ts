/**
 * The program between us and a tool. It leads a process group of its own, starts the tool in it, and ends the whole group when it is told to,
 * when the tool has ended (nothing that it started stays behind) and when its parent is gone, whatever killed it. Because it is alive while it
 * signals its own group, no signal can meet a stranger.
 */
import { type ChildProcess, spawn } from 'node:child_process'
import type { GuardAnswer, GuardOrder } from './guard-messages.js'

let tool: ChildProcess | undefined
let ending = false
let graceMs = 1_000

// The group's signals are meant for the tool; the guard stays to see it end.
for (const signal of ['SIGTERM', 'SIGINT', 'SIGHUP', 'SIGPIPE'] as const) process.on(signal, () => undefined)
process.on('message', (order: GuardOrder) => {
  if (order.type === 'end') end()
  else start(order)
})
process.on('disconnect', end)

function start(order: Extract<GuardOrder, { type: 'start' }>): void {
  graceMs = order.graceMs
  tool = spawn(order.program, order.args, { env: order.env, stdio: [0, 1, 2] })
  tool.once('error', (error) => conclude({ type: 'not-started', code: 'code' in error ? String(error.code) : '' }))
  tool.once('exit', (code, signal) => conclude({ type: 'ended', code, signal }))
}

function end(): void {
  if (ending) return
  ending = true
  signalGroup('SIGTERM')
  setTimeout(() => signalGroup('SIGKILL'), graceMs)
}

function conclude(answer: GuardAnswer): void {
  if (!process.connected) signalGroup('SIGKILL')
  process.send?.(answer, () => signalGroup('SIGKILL'))
}

function signalGroup(signal: 'SIGTERM' | 'SIGKILL'): void {
  process.kill(-process.pid, signal)
}
