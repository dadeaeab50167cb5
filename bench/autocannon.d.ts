/** The part of autocannon 9 that the benchmark uses; the package ships no types. */
declare module 'autocannon' {
  type Options = {
    readonly url: string
    readonly method: 'GET' | 'POST'
    readonly headers: Readonly<Record<string, string>>
    readonly body: string
    readonly connections: number
    /** Requests in all; each connection makes its share and waits for every answer. */
    readonly amount: number
    /** Milliseconds between samples. */
    readonly sampleInt: number
    /** Errors after which it gives up. */
    readonly bailout: number
    readonly verifyBody?: (body: string) => boolean
  }
  type Result = {
    readonly '2xx': number
    readonly errors: number
    readonly mismatches: number
  }
  type Instance = Promise<Result> & {
    on(event: 'response', listener: () => void): void
    stop(): void
  }
  function autocannon(options: Options): Instance
  export = autocannon
}
