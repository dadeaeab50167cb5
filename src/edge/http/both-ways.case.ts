import { afterEach, describe } from 'node:test'
import { type Script, type ScriptedApp, scriptedApp } from './scripted-app.case.ts'
import { type Listener, listen } from './server.ts'

/** Makes a scripted application and asks it one thing. */
export type Ask = (
  script: Script,
  path: string,
  init: RequestInit,
) => Promise<ScriptedApp & { readonly response: Response }>

const inProcess: Ask = async (script, path, init) => {
  const scripted = scriptedApp(script)
  return { ...scripted, response: await scripted.app.request(path, init) }
}

/** Holds the same cases against the fetch-standard application and against a real listener, which takes the direct route. */
export function describeBothWays(name: string, cases: (ask: Ask) => void): void {
  describe(`${name}, in process`, () => cases(inProcess))
  describe(`${name}, over a socket`, () => {
    const listeners: Listener[] = []
    afterEach(async () => {
      await Promise.all(listeners.splice(0).map((listener) => listener.close(0)))
    })
    cases(async (script, path, init) => {
      const scripted = scriptedApp(script)
      const listener = await listen(scripted.app, { host: '127.0.0.1', port: 0, direct: scripted.direct })
      listeners.push(listener)
      return { ...scripted, response: await fetch(`${listener.url}${path}`, init) }
    })
  })
}
