/** What an agent is asked to show that it works, as its owner set it. It may cost the agent's operator money each time. */
export type TaskProbe = {
  /** The text of the message that is sent. */
  readonly text: string
  /** Words that the answer must contain, whatever their case; any answer that is no failure will do when absent. */
  readonly expect?: string
  /** How often, in milliseconds. */
  readonly everyMs: number
}
