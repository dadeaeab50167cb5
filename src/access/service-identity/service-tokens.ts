/** What a call to an agent is made with, so that the agent knows that it is us, and on whose behalf. */
export interface ServiceTokens {
  /**
   * A JWT (RFC 9068, RFC 8693 §4.1) for one call to one agent, good for 60 seconds and never the same twice. Rejects with
   * `internal` when no signing key can be had.
   */
  mint(call: ServiceCall): Promise<string>
}

export type ServiceCall = {
  /** The URL of the interface that is called, as the agent's card has it. */
  readonly audience: string
  readonly agentId: string
  /** Of the principal on whose behalf the call is made. */
  readonly tenant: string
  /** Of the same, as `<issuer alias>:<value>`. */
  readonly subject: string
}
