import { renderTested, sendTestAlert } from '../alerts/send-test-alert.js'
import { EXIT } from '../cli/exit-codes.js'
import type { Execution } from '../execution.js'
import type { CommandContext } from './command.js'

/** Sends a test message by every enabled channel and says what each answered. In a dry run it only names them. */
export async function testAlerts({ config, signal, now, dryRun }: CommandContext): Promise<Execution> {
  const channels = await sendTestAlert(config, { signal, now, dryRun })
  const isFine = channels.length > 0 && channels.every(({ accepted }) => accepted !== false)
  return { text: renderTested(channels), document: { channels }, exitCode: isFine ? EXIT.success : EXIT.failure }
}
