/** The little of the package that the tests use; it comes without types. */
declare module 'oidc-provider' {
  import type { RequestListener } from 'node:http'

  // biome-ignore lint/style/noDefaultExport: it is what the package has.
  export default class Provider {
    constructor(issuer: string, configuration: object)
    callback(): RequestListener
  }
}
