/** How the world reaches this gateway. */
export type PublicAddresses = {
  /** Base of every HTTP address. A slash at its end does not count. */
  readonly http: string
  /** The gRPC listeners: `host:port`, or a URL. */
  readonly grpc: readonly {
    readonly url: string
    /** Id or slug of the agent that answers calls which name none. */
    readonly agent?: string
  }[]
}
