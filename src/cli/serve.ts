import { once } from 'node:events'
import { join } from 'node:path'
import { toConfig } from '../config/config.ts'
import type { Environment } from '../config/env.ts'
import { toSecrets } from '../config/secrets.ts'
import { startParley } from '../main.ts'
import { forgetDemo, startDemo } from './demo.ts'

/** Runs the gateway until a signal asks it to stop. Resolves once everything is closed. */
export async function serve({
  env,
  unknown,
  isProduction,
  proxyVariables,
  childEnv,
}: Environment): Promise<void> {
  const stop = stopSignal()
  for (const name of unknown) console.error(`parley: ${name} is not a setting; see parley --help`)
  const config = toConfig(env, { cwd: process.cwd(), isProduction })
  const secrets = toSecrets(env, config, proxyVariables)

  await using opened = new AsyncDisposableStack()
  // Closes last: the demo agent must outlive the deliveries that are handed back.
  const afterwards = opened.use(new AsyncDisposableStack())
  const parley = opened.use(await startParley(config, secrets))
  const demo = config.demo ? afterwards.use(await startDemo(parley, config, childEnv, stop)) : undefined
  if (demo === undefined && config.role !== 'worker') await forgetDemo(parley, config)
  parley.announce()
  if (secrets.isAdminKeyNew && process.stdout.isTTY) {
    console.log(`\n  Admin key (kept in ${join(config.dataDir, 'admin.key')}): ${secrets.adminKey}`)
  }
  if (demo !== undefined) console.log(demo.banner)
  await until(stop)
}

/** Aborts at the first SIGINT or SIGTERM; a second one ends the process at once, as if nothing handled it. */
function stopSignal(): AbortSignal {
  const controller = new AbortController()
  for (const signal of ['SIGINT', 'SIGTERM'] as const) {
    process.on(signal, () => {
      if (controller.signal.aborted) {
        process.removeAllListeners(signal)
        process.kill(process.pid, signal)
      }
      controller.abort()
    })
  }
  return controller.signal
}

async function until(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort')
}
